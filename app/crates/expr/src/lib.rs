//! The expression language of Nexus.

mod decimal;
mod expr;
mod fault;
mod function;
mod parse;
mod print;
mod token;
mod tree;

pub use decimal::{Decimal, DecimalFault};
pub use expr::Expr;
pub use fault::{EvalFault, EvalFaultKind, Fault, Span};
pub use parse::{MAX_DEPTH, MAX_LENGTH, MAX_NODES};
