//! What the platform promises, against a real PostgreSQL and real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and tells its figures"
)]
#![allow(clippy::disallowed_methods, reason = "a test stands outside of `Ctx`")]

mod database;
mod egress;
mod factor;
mod feed;
mod idempotency;
mod limits;
mod rotation;
mod secrets;
mod sessions;
mod sign_in;
mod workspaces;
