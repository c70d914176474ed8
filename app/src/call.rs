//! The two generic server functions through which islands reach the dispatcher. There is none per feature.
//!
//! Both post JSON, so the cross-site check covers them, and both are bound to the workspace by the path of the page that calls:
//! `/w/{workspace}/call/...`.

use domain::{Error, Kind, Operation, Result};
use serde_json::Value;

/// Runs an operation by name for the caller in the workspace of this page and answers its output.
///
/// In the browser this is one `fetch` of `POST /w/{workspace}/call/{operation}` with the operation as JSON.
pub async fn run<O: Operation>(workspace: &str, operation: &O) -> Result<O::Output> {
    let body = serde_json::to_string(operation).map_err(|_| Error::internal())?;
    let answer = crate::islands::http::post(&format!("/w/{workspace}/call/{}", O::NAME), &body).await?;
    serde_json::from_str(&answer).map_err(|_| Error::internal())
}

/// The error of a failed call, from its problem body.
pub fn problem(status: u16, body: &str) -> Error {
    if let Ok(error) = serde_json::from_str::<Value>(body)
        && let Some(error) = error.get("nexusError")
        && let Ok(error) = serde_json::from_value::<Error>(error.clone())
    {
        return error;
    }
    let kind = match status {
        401 => Kind::Unauthenticated,
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        429 => Kind::RateLimited,
        503 => Kind::Unavailable,
        _ => Kind::Internal,
    };
    Error::new(kind, "That did not work. Reload the page and try again")
}
