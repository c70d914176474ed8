//! Imports and the search index, against a real PostgreSQL.

mod bad_input;
mod index;
mod leads_10k;
mod rows;
mod safety;
mod support;
mod undo;
