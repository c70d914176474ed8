//! Imports and the search index, against a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where its world breaks")]

mod as_before;
mod bad_input;
mod index;
mod leads_10k;
mod rows;
mod safety;
mod support;
mod undo;
mod undo_job;
