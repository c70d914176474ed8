//! What is wrong in a pack: file, line, what, and what was probably meant.

use std::fmt;

/// Ordered by place, so that a list of faults reads like the files do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub file: String,
    /// From 1; 0 where the fault is of the file as a whole.
    pub line: usize,
    pub message: String,
    pub meant: Option<String>,
}

impl Fault {
    pub(crate) fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into(), meant: None }
    }

    pub(crate) fn or(self, meant: Option<&str>) -> Self {
        Self { meant: meant.map(str::to_owned), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message)?,
            line => write!(f, "{}:{line}: {}", self.file, self.message)?,
        }
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
