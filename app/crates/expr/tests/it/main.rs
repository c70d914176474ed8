//! The language from the outside: one file for each promise.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod checking;
mod common;
mod entities;
mod functions;
mod operators;
mod parsing;
mod properties;
mod requirements;
mod templates;
