//! Texts with expressions in them: `Invoice #{{invoice.invoiceNumber}}`.
//!
//! Everything between `{{` and `}}` is an expression; everything else stands as it is. Two braces that mean themselves are written
//! `{{'{{'}}`. Values are shown as the product shows them (`Value::show`), null as nothing, a referenced record as its title.

use crate::check::{MAX_FAULTS, check_shown};
use crate::checked::{Checked, Read};
use crate::env::Env;
use crate::eval::render;
use crate::fault::{EvalFault, Fault, Span};
use crate::parse::Parser;
use crate::print::print;
use crate::scope::Scope;
use crate::tree::Node;
use crate::values::Values;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Bytes of one template.
pub const MAX_TEMPLATE: usize = 65_536;

/// A parsed text. Two are equal when they show the same; in JSON it is its source.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    source: Arc<str>,
    parts: Vec<Part<Node>>,
}

/// A template whose every name is known.
#[derive(Debug, Clone)]
pub struct CheckedTemplate {
    parts: Vec<Part<Checked>>,
    reads: Vec<Read>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part<E> {
    Text(String),
    Shown(E),
}

impl Template {
    /// Reads at most `MAX_TEMPLATE` bytes; places of faults are places of the whole text.
    pub fn parse(source: &str) -> Result<Self, Fault> {
        if source.len() > MAX_TEMPLATE {
            let message = format!("The text is longer than {MAX_TEMPLATE} bytes");
            let start = source.floor_char_boundary(MAX_TEMPLATE);
            return Err(Fault::new(source, Span::new(start, source.len()), message));
        }
        let (mut parts, mut at) = (Vec::new(), 0);
        while let Some(open) = source[at..].find("{{").map(|offset| at + offset) {
            if open > at {
                parts.push(Part::Text(source[at..open].to_owned()));
            }
            let (node, end) = Parser::new(source, open + 2)?.embedded()?;
            parts.push(Part::Shown(node));
            at = end;
        }
        if at < source.len() {
            parts.push(Part::Text(source[at..].to_owned()));
        }
        Ok(Self { source: source.into(), parts })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Types all expressions against the names of `scope`, and tells all faults.
    pub fn check(&self, scope: &dyn Scope) -> Result<CheckedTemplate, Vec<Fault>> {
        let (mut parts, mut reads, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for part in &self.parts {
            if faults.len() >= MAX_FAULTS {
                break;
            }
            match part {
                Part::Text(text) => parts.push(Part::Text(text.clone())),
                Part::Shown(node) => match check_shown(&self.source, node, scope) {
                    Ok(checked) => {
                        reads.extend_from_slice(&checked.reads);
                        parts.push(Part::Shown(checked));
                    }
                    Err(found) => faults.extend(found),
                },
            }
        }
        reads.sort();
        reads.dedup();
        if faults.is_empty() { Ok(CheckedTemplate { parts, reads }) } else { Err(faults) }
    }
}

impl CheckedTemplate {
    /// Every field that the text depends on, sorted, each once.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// The text as it is, for subjects, messages and titles. All expressions share one budget of steps.
    pub fn render(&self, values: &dyn Values, env: &Env) -> Result<String, EvalFault> {
        self.render_with(values, env, &str::to_owned)
    }

    /// Passes every shown value through `escape`, as a text in HTML needs it. What stands between expressions is left alone.
    pub fn render_with(
        &self,
        values: &dyn Values,
        env: &Env,
        escape: &dyn Fn(&str) -> String,
    ) -> Result<String, EvalFault> {
        render(&self.parts, values, env, escape)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Shown(node) => write!(f, "{{{{{}}}}}", print(node)),
        })
    }
}

impl FromStr for Template {
    type Err = Fault;
    fn from_str(source: &str) -> Result<Self, Fault> {
        Self::parse(source)
    }
}

impl TryFrom<String> for Template {
    type Error = Fault;
    fn try_from(source: String) -> Result<Self, Fault> {
        Self::parse(&source)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.source().to_owned()
    }
}
