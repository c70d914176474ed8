//! Descriptions: what an entity is, which fields, states and views it has, and the rules over their values.
//!
//! A description is data (TOML in a pack). From it come the table, the forms, the lists, the filters, the REST paths, the permissions and
//! the events, so everything that a screen or an endpoint needs to know about an entity is here and nowhere else.

mod catalog;
pub mod checklist;
mod choice;
pub mod dashboard;
pub mod duration;
mod entity;
mod field;
pub mod filter;
mod pipeline;
pub mod place;
pub mod pointing;
pub mod query;
mod states;
mod stretch;
mod texts;
pub mod upload;
pub mod value;

pub use catalog::{Catalog, CatalogFault};
pub use dashboard::{Block, BlockSize, ChartKind, Dashboard, DashboardFault, Grouping, Range, Step};
pub use entity::{Entity, Labels, STATUS_DUE, STATUS_SINCE, View, ViewKind};
pub use field::{
    ADDRESS, Aggregate, Choice, Field, FieldKind, FieldPermissions, LONGEST_URL, MOST_REFERENCES, Pattern, Rollup,
    Storage,
};
pub use filter::{Comparison, Filter, FilterError, Test};
pub use pipeline::{PIPELINE, Pipeline};
pub use query::{Count, ListQuery, Sort};
pub use states::{Gate, REJECTED, State, StateKind, States, Transition};
pub use stretch::stretch;
pub use upload::Upload;
