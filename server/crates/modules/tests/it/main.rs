//! Lead to cash against a real database: one binary for all of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod finance;
mod inventory;
mod messaging;
mod sales;
mod world;
