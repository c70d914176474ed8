//! An expression with its types: what `check` answers and `eval` runs.

use crate::fault::Span;
use crate::function::Function;
use crate::tree::{Binary, Logic};
use crate::types::Type;
use crate::value::Value;

/// An expression whose every name is known and whose every operator fits its sides.
#[derive(Debug, Clone)]
pub struct Checked {
    pub(crate) root: Typed,
    pub(crate) reads: Vec<Read>,
}

/// A field that an expression reads. Following a reference reads the reference too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// From the root on: `order`, `customer`, `status`.
    pub path: Vec<String>,
    /// The type of the record that has the field, an entity's key; none for a root and for what has no known type.
    pub record: Option<String>,
    pub field: String,
}

impl Checked {
    pub fn ty(&self) -> &Type {
        &self.root.ty
    }

    /// Every field that the value depends on, sorted, each once: the index of triggers by entity and field.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub op: Op,
    pub ty: Type,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Literal(Value),
    /// A value that `Values` answers.
    Path(Vec<String>),
    /// A field of a record that is at hand.
    Member(Box<Typed>, Vec<String>),
    Index(Box<[Typed; 2]>),
    Call(Function, Vec<Typed>),
    Not(Box<Typed>),
    Negate(Box<Typed>),
    Binary {
        operator: Binary,
        /// The sides are keys of options, which are compared without regard to capitals.
        keys: bool,
        sides: Box<[Typed; 2]>,
    },
    Logic(Logic, Vec<Typed>),
    Conditional(Box<[Typed; 3]>),
    List(Vec<Typed>),
}

impl Typed {
    pub(crate) fn new(op: Op, ty: Type, span: Span) -> Self {
        Self { op, ty, span }
    }

    /// The path that leads here, past indexes.
    pub(crate) fn trail(&self) -> Option<Vec<String>> {
        match &self.op {
            Op::Path(path) => Some(path.clone()),
            Op::Index(parts) => parts[0].trail(),
            Op::Member(base, more) => base.trail().map(|mut path| {
                path.extend_from_slice(more);
                path
            }),
            _ => None,
        }
    }
}
