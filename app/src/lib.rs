//! The pages of Nexus. HTML first: every page is a server component that awaits operations through the `Backend` of its request, and every
//! write is a real form. Islands add what needs a hand under it.
//!
//! This crate may reach the browser, so it names nothing of the server: no pool, no context, no session. The server hands it a
//! [`page::PageContext`] per request.

mod admin;
pub mod call;
mod dashboards;
pub mod exports;
mod finance;
mod help;
mod home;
mod imports;
pub mod islands;
mod layout;
mod messaging;
pub mod page;
mod records;
mod routes;
mod sales;
mod search;
pub mod session;
mod settings;
mod time;
mod workflow;

pub use routes::{App, shell};
