//! One file per command.

pub mod audit;
pub mod check;
pub mod migrate;
pub mod openapi;
pub mod routes;
pub mod secrets;
pub mod seed;
pub mod serve;
