//! The engine against a real PostgreSQL.

mod boards;
mod crud;
mod explain;
mod filters;
mod hostile;
mod many;
mod moves;
mod pages;
mod reaching;
mod sample;
mod searching;
mod stale;
mod timeline;
mod totals;
mod world;
