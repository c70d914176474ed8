//! The request id: made here, never taken from the client; in the answer, in every log line, in changes, on error pages.

use crate::state::App;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, SocketAddr};
use tracing::Instrument;
use uuid::Uuid;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Debug, Clone, Copy)]
pub struct RequestInfo {
    pub id: Uuid,
    /// The client's, by the socket or a trusted proxy.
    pub address: IpAddr,
}

/// Behind these stands what opens an account.
const LINKS: [&str; 4] = ["/email/", "/invitations/", "/reset-password/", "/sign-up/"];

/// A path as it may stand in a log. tests/it/secrets.rs walks every route that takes a token.
pub fn shown(path: &str) -> &str {
    LINKS.into_iter().find(|link| path.starts_with(link)).unwrap_or(path)
}

pub async fn request(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip());
    let address = platform::limit::client_address(peer, request.headers(), &app.config.trusted_proxies);
    let services = &app.platform.services;
    let id = platform::random::uuid_v7(services.clock.as_ref(), services.random.as_ref());
    request.extensions_mut().insert(RequestInfo { id, address });
    let began = services.clock.now();
    let (method, path) = (request.method().clone(), shown(request.uri().path()).to_owned());
    let span = tracing::info_span!("request", %id, %method, path);
    let mut response = next.run(request).instrument(span.clone()).await;
    let taken = (services.clock.now() - began).num_milliseconds();
    let status = response.status().as_u16();
    span.in_scope(|| match status {
        500.. => tracing::error!(status, taken, "answered"),
        _ => tracing::debug!(status, taken, "answered"),
    });
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
