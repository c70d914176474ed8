//! What stands beside records, over HTTP: files (A-12, E-10), files as values and files that go for good, notes, versions and the past, the trash, rows that look alike, and the merge.

mod erased;
mod files;
mod pages;
mod stream;
mod values;
