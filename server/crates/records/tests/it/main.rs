//! The engine against a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where something is not as it should be")]

mod acting;
mod boards;
mod bulk;
mod bulk_kills;
mod bulk_undo;
mod crossing;
mod crud;
mod dates;
mod explain;
mod explain_views;
mod exports;
mod exports_faults;
mod filled;
mod filters;
mod hostile;
mod logged;
mod many;
mod merging;
mod moves;
mod pages;
mod past;
mod pipelines;
mod plans;
mod reaching;
mod replies;
mod sample;
mod searching;
mod several;
mod stages;
mod stale;
mod timeline;
mod totals;
mod world;
