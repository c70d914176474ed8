//! Signing in and out, in both realms, and who the cookie belongs to.

use super::{cookies, draw, page_context};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::{PageContext, Replay};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use domain::{Error, Result, UserId};
use platform::StaffAccess;
use platform::audit::Client;
use platform::audit::sign_ins::SignIn;
use platform::auth::{Attempt, Current, StaffSessions, UserSessions};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::{Session, SessionManagerLayer};

/// Names a browser that signed in before: it opens nothing, but keeps its owner from being locked out by somebody who guesses.
const DEVICE: &str = "nexus_device";
const DEVICE_SECONDS: u32 = 90 * 24 * 3600;

#[derive(Deserialize)]
pub struct Credentials {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

pub fn user_sessions(app: &App) -> SessionManagerLayer<UserSessions> {
    app.platform.services.auth.users.layer(app.config.secure())
}

pub fn staff_sessions(app: &App) -> SessionManagerLayer<StaffSessions> {
    app.platform.services.auth.staff.layer(app.config.secure())
}

/// The signed-in person. Refused as JSON or led to the sign-in page, as the caller asks.
pub struct Person(pub UserId);

impl FromRequestParts<App> for Person {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _state: &App) -> Result<Self, Response> {
        match current(parts.extensions.get::<Session>()).await {
            Ok(Some(current)) => Ok(Self(UserId(current.owner))),
            Ok(None) => Err(unauthenticated(parts, "/sign-in")),
            Err(error) => Err(api::problem::Problem { error, request: None }.into_response()),
        }
    }
}

/// Platform staff.
pub struct Staff(pub Arc<StaffAccess>);

impl FromRequestParts<App> for Staff {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, state: &App) -> Result<Self, Response> {
        let session = parts.extensions.get::<Session>().cloned();
        let found = async {
            let Some(current) = current(session.as_ref()).await? else { return Ok(None) };
            platform::auth::staff_access(&state.platform.services.pools.platform, current.owner).await.map(Some)
        };
        match found.await {
            Ok(Some(access)) => Ok(Self(Arc::new(access))),
            Ok(None) => Err(unauthenticated(parts, "/admin/sign-in")),
            Err(error) => Err(api::problem::Problem { error, request: None }.into_response()),
        }
    }
}

/// Who the session belongs to; nobody when there is none or it ended.
pub async fn current(session: Option<&Session>) -> Result<Option<Current>> {
    match session {
        Some(session) => platform::auth::current(session).await,
        None => Ok(None),
    }
}

/// A page leads to the sign-in page and back; everything else hears 401.
pub fn unauthenticated(parts: &Parts, sign_in: &str) -> Response {
    let wants_page = parts.method == axum::http::Method::GET
        && parts
            .headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"));
    if wants_page {
        let original = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let next = original.path_and_query().map_or("/", |address| address.as_str());
        return Redirect::to(&format!("{sign_in}?next={}", app::page::encode(next))).into_response();
    }
    let request = parts.extensions.get::<RequestInfo>().map(|info| info.id);
    api::problem::Problem { error: Error::unauthenticated(), request }.into_response()
}

pub async fn sign_in(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    Form(form): Form<Credentials>,
) -> Response {
    let auth = &state.platform.services.auth;
    let begun = async {
        let device = cookies::read(&headers, DEVICE);
        let (address, agent) = (info.address, agent(&headers));
        let attempt = Attempt { login: &form.login, password: &form.password, address, device, agent };
        let user = auth.sign_in(&attempt).await?;
        let handle = auth.users.begin(&session, user.0, Some(address), agent).await?;
        let client = Client::new(address, agent);
        let told = SignIn { user: Some(user.0), client, session: Some(handle), ..SignIn::default() };
        // Nobody comes in without it being written down.
        if let Err(error) = auth.write_down(&told).await {
            auth.users.finish(&session).await?;
            return Err(error);
        }
        auth.keep_device(user, device).await
    };
    match begun.await {
        Ok(device) => {
            let mut response = Redirect::to(&draw::local_path(Some(&form.next), "/")).into_response();
            if let Some(cookie) = cookies::set(DEVICE, &device, DEVICE_SECONDS, state.config.secure()) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => again(&state, &headers, info, "/sign-in", &form, error).await,
    }
}

pub async fn staff_sign_in(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    Form(form): Form<Credentials>,
) -> Response {
    let auth = &state.platform.services.auth;
    let begun = async {
        let (address, agent) = (info.address, agent(&headers));
        let attempt = Attempt { login: &form.login, password: &form.password, address, device: None, agent };
        let staff = auth.sign_in_staff(&attempt).await?;
        auth.staff.begin(&session, staff, Some(address), agent).await
    };
    match begun.await {
        Ok(_) => Redirect::to(&draw::local_path(Some(&form.next), "/admin")).into_response(),
        Err(error) => again(&state, &headers, info, "/admin/sign-in", &form, error).await,
    }
}

fn agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok())
}

/// The sign-in page again, with the login that was typed; the password is not sent back.
async fn again(
    state: &App,
    headers: &HeaderMap,
    info: RequestInfo,
    path: &str,
    form: &Credentials,
    error: Error,
) -> Response {
    let status = match error.kind {
        domain::Kind::Unauthenticated => axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        kind => draw::form_status(kind),
    };
    let address =
        if form.next.is_empty() { path.to_owned() } else { format!("{path}?next={}", app::page::encode(&form.next)) };
    let replay =
        Replay { operation: "sign_in".to_owned(), fields: vec![("login".to_owned(), form.login.clone())], error };
    let page = PageContext { replay: Some(Arc::new(replay)), ..page_context::public(state, headers, info, &address) };
    draw::draw(state, page, None, Some(status)).await
}

pub async fn sign_out(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let auth = &state.platform.services.auth;
    let ended = async {
        let who = current(Some(&session)).await?;
        auth.users.finish(&session).await?;
        let Some(who) = who else { return Ok(()) };
        let client = Client::new(info.address, agent(&headers));
        let told = SignIn { user: Some(who.owner), out: true, client, session: Some(who.handle), ..SignIn::default() };
        auth.write_down(&told).await
    };
    let ended = ended.await;
    signed_out(&state, ended, "/sign-in")
}

pub async fn staff_sign_out(State(state): State<App>, session: Session) -> Response {
    let ended = state.platform.services.auth.staff.finish(&session).await;
    signed_out(&state, ended, "/admin/sign-in")
}

fn signed_out(state: &App, ended: Result<()>, next: &str) -> Response {
    if let Err(error) = ended {
        return api::problem::Problem { error, request: None }.into_response();
    }
    let mut response = Redirect::to(next).into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\", \"storage\""));
    if let Some(cookie) = cookies::flash("You are signed out", state.config.secure()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// The front door: to the workspace, to the choice of workspaces, or to sign in.
pub async fn home(State(state): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let user = match current(parts.extensions.get::<Session>()).await {
        Ok(Some(current)) => UserId(current.owner),
        Ok(None) => return Redirect::to("/sign-in").into_response(),
        Err(error) => return api::problem::Problem { error, request: None }.into_response(),
    };
    match page_context::links(&state, user).await {
        Ok(links) if links.len() == 1 => Redirect::to(&format!("/w/{}", links[0].slug)).into_response(),
        Ok(_) => Redirect::to("/workspaces").into_response(),
        Err(error) => api::problem::Problem { error, request: None }.into_response(),
    }
}
