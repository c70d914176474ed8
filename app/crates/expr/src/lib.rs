//! The expression language of Nexus.

pub mod decimal;

pub use decimal::{Decimal, DecimalFault};
