//! The whole server over HTTP, against a real PostgreSQL. One binary; areas carry the names that they have everywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where its world breaks")]

mod api;
mod audit;
mod authz;
mod beside;
mod bleed;
mod boards;
mod broken;
mod browser;
mod business;
mod calendar;
mod cancel;
mod catalogue;
mod dashboards;
mod door;
mod drivers;
mod ended;
mod exercise;
mod factor;
mod forms;
mod help;
mod hostile;
mod isolation;
mod kept;
mod kill;
mod leaks;
mod ledger;
mod lists;
mod live;
mod machines;
mod mail;
mod matrix;
mod notifications;
#[cfg(feature = "oidc")]
mod oidc;
mod openapi;
mod own_packs;
mod people;
mod proof;
mod references;
mod roles;
mod secrets;
mod sessions;
mod several;
mod sockets;
mod spoken;
mod stages;
mod stored;
mod support;
mod tidy;
