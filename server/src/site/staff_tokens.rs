//! The token pair of the platform's staff (R78). The access token is in the reply; the refresh token travels in a cookie that scripts cannot read and
//! that goes to these paths alone. Tries, waits and second factor are those of the staff's sign-in page. Nothing of it opens a workspace.

use super::machine::{bearer, refusal, token_over};
use super::sign_in::{agent, not_staff};
use super::tokens::{Login, json_text, problem, read};
use super::{cookies, machine};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use domain::{Error, Result};
use platform::StaffAccess;
use platform::auth::{Attempt, CodeAttempt, Current, Owner, SignIn, TokenPair};
use serde_json::{Value, json};
use uuid::Uuid;

const BELOW: &str = "/api/admin/auth";
const REFRESH: &str = "nexus-staff_refresh";

pub async fn login(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let done = async {
        let login: Login = read(&headers, &body)?;
        let staff = sign_in(&state, info, &headers, &login).await?;
        let auth = &state.platform.services.auth;
        let pair = auth.staff.begin_tokens(staff, info.address, agent(&headers)).await?;
        auth.staff_came_in(staff).await?;
        answer(&state, &pair).await
    };
    done.await.unwrap_or_else(|error| problem(info, error))
}

async fn sign_in(state: &App, info: RequestInfo, headers: &HeaderMap, login: &Login) -> Result<Uuid> {
    let auth = &state.platform.services.auth;
    let address = info.address;
    let attempt =
        Attempt { login: &login.login, password: &login.password, address, device: None, agent: agent(headers) };
    let half = match auth.sign_in_staff(&attempt).await? {
        SignIn::Whole(staff) => return Ok(staff),
        SignIn::Half(half) => half,
    };
    match auth.finish_sign_in(&CodeAttempt { half: half.expose(), code: login.code()?, address, device: None }).await? {
        Owner::Staff(staff) => Ok(staff),
        Owner::User(_) => Err(Error::unauthenticated()),
    }
}

fn held<'a>(state: &App, headers: &'a HeaderMap) -> &'a str {
    let secure = state.config.secure();
    cookies::read(headers, &cookies::below(REFRESH, secure), secure).unwrap_or_default()
}

/// The next pair; the refresh token of the cookie is used up.
pub async fn refresh(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let auth = &state.platform.services.auth;
    let done = async { answer(&state, &auth.staff.refresh_tokens(held(&state, &headers)).await?).await };
    match done.await {
        Ok(response) => response,
        Err(error) => without_cookie(&state, refusal(&state, info, error).await),
    }
}

/// Ends the session of the cookie's refresh token or of the access token. The cookie goes, whether or not there was one.
pub async fn logout(State(state): State<App>, Extension(info): Extension<RequestInfo>, headers: HeaderMap) -> Response {
    let auth = &state.platform.services.auth;
    let done = async {
        let value = Some(held(&state, &headers)).filter(|held| !held.is_empty()).or(bearer(&headers));
        let found = auth.staff.token_owner(value.unwrap_or_default(), true).await?;
        let Current { owner, handle } = found.ok_or_else(token_over)?;
        auth.staff.end(owner, handle).await
    };
    let response = match done.await {
        Ok(_) => json_text(&json!({ "message": "Signed out" })),
        Err(error) => refusal(&state, info, error).await,
    };
    without_cookie(&state, response)
}

/// Whose the access token is. Somebody without one is told as at the platform's pages: to people of workspaces this is not there.
pub async fn verify(State(state): State<App>, Extension(info): Extension<RequestInfo>, parts: Parts) -> Response {
    let Some(value) = machine::bearer(&parts.headers) else { return not_staff(&state, &parts).await };
    let services = &state.platform.services;
    let found = async {
        let current = services.auth.staff.token_owner(value, false).await?.ok_or_else(token_over)?;
        let staff = platform::auth::staff_access(&services.pools.platform, current.owner).await?;
        Ok(json_text(&json!({ "user": shown(&staff) })))
    };
    match found.await {
        Ok(response) => response,
        Err(error) => refusal(&state, info, error).await,
    }
}

fn shown(staff: &StaffAccess) -> Value {
    json!({ "id": staff.id, "name": staff.name, "email": staff.email, "role": staff.role })
}

/// `{ user, accessToken }` and the cookie.
async fn answer(state: &App, pair: &TokenPair) -> Result<Response> {
    let services = &state.platform.services;
    let staff = platform::auth::staff_access(&services.pools.platform, pair.owner).await?;
    let mut response = json_text(&json!({ "user": shown(&staff), "accessToken": pair.access.expose() }));
    let seconds = (pair.refresh_until - services.clock.now()).num_seconds();
    let cookie = cookies::set_below(BELOW, REFRESH, pair.refresh.expose(), seconds, state.config.secure());
    response.headers_mut().append(header::SET_COOKIE, cookie.ok_or_else(Error::internal)?);
    Ok(response)
}

fn without_cookie(state: &App, mut response: Response) -> Response {
    if let Some(cookie) = cookies::set_below(BELOW, REFRESH, "", 0, state.config.secure()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
