//! Packs: what industries are made of. Loads the TOML under `server/packs`, holds it to its schema and to itself, prints the tables that
//! it asks for and fills a workspace with demo records. All industry knowledge is in the files; nothing here names an industry.

pub mod ddl;
pub mod demo;
mod document;
mod fault;
mod files;
mod library;
mod lint;
mod pack;
mod roles;
pub mod schema;
pub mod seed;
mod shape;
mod sources;
mod spoken;
pub mod start;
mod trade;

pub use fault::Fault;
pub use library::Library;
pub use pack::{Overlay, Pack, Relabel};
pub use roles::JobRole;
pub use spoken::Words;
