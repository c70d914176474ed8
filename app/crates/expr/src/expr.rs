//! An expression as it was written: parsed, not yet checked.

use crate::fault::Fault;
use crate::parse::Parser;
use crate::print::print;
use crate::tree::Node;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A parsed expression. Two are equal when their trees are; `Display` prints the canonical source, which parses to the same tree. In JSON
/// it is its source.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expr {
    pub(crate) source: Arc<str>,
    pub(crate) root: Node,
}

impl Expr {
    /// Reads at most `MAX_LENGTH` bytes. Unknown functions and wrong numbers of arguments are found here, unknown names by `check`.
    pub fn parse(source: &str) -> Result<Self, Fault> {
        let root = Parser::new(source, 0)?.whole()?;
        Ok(Self { source: source.into(), root })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(&self.root))
    }
}

impl FromStr for Expr {
    type Err = Fault;
    fn from_str(source: &str) -> Result<Self, Fault> {
        Self::parse(source)
    }
}

impl TryFrom<String> for Expr {
    type Error = Fault;
    fn try_from(source: String) -> Result<Self, Fault> {
        Self::parse(&source)
    }
}

impl From<Expr> for String {
    fn from(expr: Expr) -> Self {
        expr.source().to_owned()
    }
}
