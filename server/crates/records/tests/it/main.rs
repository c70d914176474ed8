//! The engine against a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where something is not as it should be")]

mod boards;
mod crud;
mod explain;
mod filters;
mod hostile;
mod many;
mod moves;
mod pages;
mod reaching;
mod sample;
mod searching;
mod stale;
mod timeline;
mod totals;
mod world;
