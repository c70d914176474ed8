//! Import of files: upload, map columns, look at what would happen, run as a job, and take it back.

mod csv;
mod sniff;
