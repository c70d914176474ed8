//! One array of rows, as the API gives them. The rows pass from the engine to the socket as they are.

use super::{Source, body_of};
use axum::body::Body;
use bytes::Bytes;
use domain::records::Page;
use domain::{Error, Result};

pub fn body(source: Source, first: &Page) -> Body {
    let rows = inside(first).unwrap_or_default();
    let bytes = Bytes::from(format!("[{rows}"));
    body_of(source, bytes, more, "]")
}

/// The rows behind others. A page behind the first may be empty, when its rows have gone meanwhile.
fn more(_: &Source, page: &Page, _: bool) -> Result<Bytes> {
    let rows = inside(page).ok_or_else(Error::internal)?;
    Ok(if rows.is_empty() { Bytes::new() } else { Bytes::from(format!(",{rows}")) })
}

/// What stands between the brackets of the page's own array.
fn inside(page: &Page) -> Option<&str> {
    page.rows.get().trim().strip_prefix('[')?.strip_suffix(']')
}
