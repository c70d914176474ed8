//! Descriptions: what an entity is, which fields, states and views it has, and the rules over their values.
//!
//! A description is data (TOML in a pack). From it come the table, the forms, the lists, the filters, the REST paths, the permissions and
//! the events, so everything that a screen or an endpoint needs to know about an entity is here and nowhere else.

mod catalog;
mod entity;
mod field;
pub mod filter;
pub mod query;
mod states;
pub mod value;

pub use catalog::{Catalog, CatalogFault};
pub use entity::{Entity, Labels, View, ViewKind};
pub use field::{Choice, Field, FieldKind, FieldPermissions, Storage};
pub use filter::{Comparison, Filter, FilterError, Test};
pub use query::{Count, ListQuery, Sort};
pub use states::{Gate, State, StateKind, States, Transition};
