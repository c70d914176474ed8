//! The HTML of a message, for the frame on its page: under a policy of its own, in which nothing runs, loads, sends or leaves.

use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::problem::Problem;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::Error;
use domain::messaging::PreviewMessage;
use platform::Caller;
use serde::Deserialize;
use uuid::Uuid;

/// Mail carries its styles inline. `sandbox` holds even where the document is opened by itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

#[derive(Deserialize)]
pub struct MessagePath {
    id: String,
}

pub async fn content(
    State(state): State<App>,
    Path(path): Path<MessagePath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
) -> Response {
    let found = async {
        let id = Uuid::try_parse(&path.id).map_err(|_| Error::not_found())?;
        state.platform.clone().backend(caller).run(PreviewMessage { id }).await
    };
    match found.await {
        Ok(message) => {
            let mut response = message.html.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
            response
        }
        Err(error) => Problem { error, request: Some(info.id) }.into_response(),
    }
}
