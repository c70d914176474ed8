//! One array of rows, as the API gives them. The rows pass from the engine to the socket as they are.

use super::{Sheet, Source, body_of};
use axum::body::Body;
use bytes::Bytes;
use domain::records::Page;
use domain::{Error, Result};

/// Behind the last row.
pub const END: &str = "]";

pub fn body(source: Source, first: &Page) -> Result<Body> {
    let bytes = rows(&source.sheet, first, true)?;
    Ok(body_of(source, bytes, rows, END))
}

/// A page behind the first may be empty, when its rows have gone meanwhile.
pub fn rows(_: &Sheet, page: &Page, first: bool) -> Result<Bytes> {
    let rows = page.rows.json()?;
    let rows = inside(&rows)?;
    Ok(Bytes::from(match (first, rows.is_empty()) {
        (true, _) => format!("[{rows}"),
        (false, true) => String::new(),
        (false, false) => format!(",{rows}"),
    }))
}

/// What stands between the brackets of the page's own array.
fn inside(rows: &str) -> Result<&str> {
    rows.trim().strip_prefix('[').and_then(|rows| rows.strip_suffix(']')).ok_or_else(Error::internal)
}
