//! The engine against a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where something is not as it should be")]

mod approvals;
mod definitions;
mod fault;
mod golden;
mod machine;
mod once;
mod order;
mod race;
mod reach;
mod shown;
mod stubs;
mod versions;
mod world;
