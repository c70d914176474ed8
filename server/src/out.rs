//! Words for the person at the terminal. Everything else is a log line.

use std::io::Write;

pub fn line(text: &str) {
    // A closed pipe is no reason to stop.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

pub fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
