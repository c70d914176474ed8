//! What is wrong with an expression: where, in plain words, and what was probably meant.

use domain::text::nearest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in the source: bytes, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the start of one to the end of the other.
    pub const fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }
}

/// Why a text is no expression, or not one over these names. Found before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub span: Span,
    /// Counted from one.
    pub line: usize,
    /// Counted in characters, from one.
    pub column: usize,
    pub message: String,
    /// What was probably meant, ready to be put in the place of the span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meant: Option<String>,
}

impl Fault {
    pub(crate) fn new(source: &str, span: Span, message: impl Into<String>) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            span,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            meant: None,
        }
    }

    pub(crate) fn meaning(self, meant: Option<impl Into<String>>) -> Self {
        Self { meant: meant.map(Into::into), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

/// The longest word for which a suggestion is looked for: the search costs the product of the lengths.
const MAX_WORD: usize = 40;

/// The nearest of `known`, if it is near enough to be what was meant.
pub(crate) fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > MAX_WORD { None } else { nearest(word, known) }
}

/// Why a sound expression has no value this time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvalFault {
    pub kind: EvalFaultKind,
    /// The part of the source that failed.
    pub span: Span,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvalFaultKind {
    /// A number, day or moment outside of what can be held.
    Overflow,
    DivisionByZero,
    /// Amounts of different currencies were added or put in order.
    Currencies,
    /// A value whose type was not known beforehand does not fit.
    Mismatch,
    /// A text or list is longer than allowed.
    TooLarge,
    /// The budget of steps is used up.
    TooLong,
    /// The values do not hold what the expression was checked against.
    Data,
}

impl EvalFault {
    pub(crate) fn new(kind: EvalFaultKind, span: Span, message: impl Into<String>) -> Self {
        Self { kind, span, message: message.into() }
    }
}

impl fmt::Display for EvalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters() {
        let fault = Fault::new("'é' +\n 'ü' ~", Span::new(13, 14), "no").meaning(Some("+"));
        assert_eq!((fault.line, fault.column), (2, 6));
        assert_eq!(fault.to_string(), "line 2, column 6: no; did you mean +?");
    }
}
