//! Mail: queued by operations, delivered by the job, through a real mail server of the test.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where its world breaks")]

mod delivery;
mod hostile;
mod messages;
mod rights;
mod templates;
mod world;
