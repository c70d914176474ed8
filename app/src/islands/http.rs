//! The one way an island talks to the server: same-origin `fetch` with JSON.

use domain::Result;

#[cfg(feature = "hydrate")]
pub async fn post(path: &str, body: &str) -> Result<String> {
    let _ = (path, body);
    Err(domain::Error::internal())
}

/// On the server an island only draws; nothing there calls.
#[cfg(not(feature = "hydrate"))]
pub async fn post(_path: &str, _body: &str) -> Result<String> {
    Err(domain::Error::internal())
}
