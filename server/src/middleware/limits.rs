//! Rate limits: by address before anything is known, by key, member and workspace after. The answer says how much is left and when more comes.

use super::request::RequestInfo;
use crate::site::draw;
use crate::site::sign_in::wants_page;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Error, Kind};
use platform::Access;
use platform::limit::{Decision, LimitKey};
use std::time::Duration;
use words::tn;

/// Limits count over this time.
const WINDOW: Duration = Duration::from_secs(10);
/// Those of keys are said by the minute.
const KEY_WINDOW: Duration = Duration::from_mins(1);
const LIMIT: &str = "ratelimit-limit";

pub async fn by_address(State(state): State<App>, request: Request, next: Next) -> Response {
    let Some(info) = request.extensions().get::<RequestInfo>().copied() else { return next.run(request).await };
    let decision =
        state.limiter.check(&[LimitKey::address("address", info.address, state.config.limits.address, WINDOW)]);
    if !decision.allowed {
        return marked(problem(too_many(&decision), info), &decision);
    }
    let mut response = next.run(request).await;
    // What was said of a key, or of the limit that was reached, is nearer.
    if !response.headers().contains_key(LIMIT) {
        mark(&mut response, &decision);
    }
    response
}

/// After sign-in: the key, the member across devices and keys, and the workspace as a whole.
pub fn member(state: &App, access: &Access) -> Result<Decision, Decision> {
    let limits = state.config.limits;
    let key = access.key.map(|key| LimitKey::new("api_key", key.id.to_string(), key.per_minute, KEY_WINDOW));
    let others = [
        LimitKey::new("member", access.member.to_string(), limits.member, WINDOW),
        LimitKey::new("workspace", access.tenant.to_string(), limits.workspace, WINDOW),
    ];
    let keys: Vec<LimitKey> = key.into_iter().chain(others).collect();
    let decision = state.limiter.check(&keys);
    if decision.allowed { Ok(decision) } else { Err(decision) }
}

/// What a member hears who asked too much: people on a page. By address there is none, because a flood is not to cost a page for each request.
pub async fn refused(state: &App, headers: &HeaderMap, info: RequestInfo, decision: &Decision) -> Response {
    let error = too_many(decision);
    let response =
        if wants_page(headers) { draw::refused(state, headers, info, &error).await } else { problem(error, info) };
    marked(response, decision)
}

fn problem(error: Error, info: RequestInfo) -> Response {
    api::problem::Problem { error, request: Some(info.id) }.into_response()
}

fn too_many(decision: &Decision) -> Error {
    let seconds = decision.reset_seconds.max(1);
    let words = tn!(
        seconds,
        "Too many requests in a short time. Try again in {count} second",
        "Too many requests in a short time. Try again in {count} seconds"
    );
    Error { retry_after: Some(seconds), ..Error::new(Kind::RateLimited, words) }
}

fn marked(mut response: Response, decision: &Decision) -> Response {
    mark(&mut response, decision);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(decision.reset_seconds.max(1)));
    response
}

pub fn mark(response: &mut Response, decision: &Decision) {
    let headers = response.headers_mut();
    for (name, value) in [
        (LIMIT, decision.limit),
        ("ratelimit-remaining", decision.remaining),
        ("ratelimit-reset", decision.reset_seconds),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}
