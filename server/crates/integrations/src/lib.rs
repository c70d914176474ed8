//! Services outside, one file each, behind the traits of `platform::capability`.
//!
//! Nothing here knows the business or the database. A service that is not configured has a sandbox in its place: what would have gone out is
//! recorded and shown, never sent and never dropped.

pub mod files;
pub mod sandbox;
pub mod smtp;

pub use files::{Clamd, ObjectFiles, S3Settings};
pub use sandbox::Sandbox;
pub use smtp::{Smtp, SmtpSettings};
