//! From descriptions to tables: prints the SQL that a description asks for and holds it against a live database.

mod compare;
mod live;
mod print;
mod table;

pub use compare::{Difference, alter, check};
pub use print::create;
pub use table::{Check, Column, ForeignKey, Index, Rule, Statuses, Table, describe};
