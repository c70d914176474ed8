//! From descriptions to tables: prints the SQL that a description asks for and holds it against a live database.

mod compare;
mod live;
mod make;
mod print;
mod table;

pub use compare::{Difference, alter, compare};
pub use make::{Made, make};
pub use print::print;
pub use table::{Check, Column, ForeignKey, Index, Rule, Statuses, Table, describe};
