//! What the platform promises, against a real PostgreSQL and real sockets.

mod database;
mod egress;
mod idempotency;
mod limits;
mod secrets;
mod sessions;
mod sign_in;
mod workspaces;
