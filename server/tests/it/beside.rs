//! What stands beside records, over HTTP: files (A-12, E-10) and files as values, notes, versions and the past, the trash, rows that look alike, and the merge.

mod files;
mod pages;
mod values;
