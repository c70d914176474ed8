//! One array of rows, as the API gives them. The rows pass from the engine to the socket as they are.

use super::{Source, body_of};
use axum::body::Body;
use bytes::Bytes;
use domain::records::Page;
use domain::{Error, Result};

pub fn body(source: Source, first: &Page) -> Result<Body> {
    let bytes = Bytes::from(format!("[{}", inside(&first.rows.json()?)?));
    Ok(body_of(source, bytes, more, "]"))
}

/// The rows behind others. A page behind the first may be empty, when its rows have gone meanwhile.
fn more(_: &Source, page: &Page, _: bool) -> Result<Bytes> {
    let rows = page.rows.json()?;
    let rows = inside(&rows)?;
    Ok(if rows.is_empty() { Bytes::new() } else { Bytes::from(format!(",{rows}")) })
}

/// What stands between the brackets of the page's own array.
fn inside(rows: &str) -> Result<&str> {
    rows.trim().strip_prefix('[').and_then(|rows| rows.strip_suffix(']')).ok_or_else(Error::internal)
}
