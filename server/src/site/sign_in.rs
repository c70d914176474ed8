//! Signing in and out, in both realms, and who the cookie belongs to. Where there is a second factor, signing in has two pages: the password
//! makes a half-open sign-in, which is no session and opens nothing but the page for the code.

use super::{cookies, draw, oidc, page_context};
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
use platform::audit::sign_ins::SignIn as Told;
use platform::auth::{
    Attempt, CodeAttempt, Current, Finished, Owner, Proved, SignIn, StaffSessions, UserSessions, Users, cookie_name,
};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::{Session, SessionManagerLayer};
use uuid::Uuid;
use words::t;

/// Names a browser that signed in before, or that has just set a new password: it opens nothing, but keeps its owner from being locked out by
/// somebody who guesses.
pub(super) const DEVICE: &str = "nexus_device";
const DEVICE_SECONDS: u32 = 90 * 24 * 3600;

/// A realm's way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    People,
    Staff,
}

impl Door {
    /// Before the paths of the realm.
    pub const fn base(self) -> &'static str {
        match self {
            Self::People => "",
            Self::Staff => "/admin",
        }
    }

    pub const fn sign_in(self) -> &'static str {
        match self {
            Self::People => "/sign-in",
            Self::Staff => "/admin/sign-in",
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::People => "/sign-in/code",
            Self::Staff => "/admin/sign-in/code",
        }
    }

    pub const fn home(self) -> &'static str {
        match self {
            Self::People => "/",
            Self::Staff => "/admin",
        }
    }

    /// Name of the cookie of a half-open sign-in.
    const fn half(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::People, false) => "nexus_half",
            (Self::People, true) => "__Host-nexus_half",
            (Self::Staff, false) => "nexus-staff_half",
            (Self::Staff, true) => "__Host-nexus-staff_half",
        }
    }
}

/// How long the cookie of a half-open sign-in lives; the row behind it decides.
const HALF_SECONDS: u32 = 600;

/// What comes after the password.
#[derive(Deserialize)]
pub struct Code {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
    /// Ask this browser for the password alone from now on.
    #[serde(default)]
    trust: Option<String>,
}

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

/// The signed-in person, for what concerns the account. Refused as JSON or led to the sign-in page, as the caller asks; support staff who act
/// for the person are refused everything of the account.
pub struct Person(pub UserId);

impl FromRequestParts<App> for Person {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, state: &App) -> Result<Self, Response> {
        match current(parts.extensions.get::<Session>()).await {
            Ok(Some(current)) => {
                own(parts, state).await?;
                Ok(Self(UserId(current.owner)))
            }
            Ok(None) => Err(turned_away(state, parts, "/sign-in").await),
            Err(error) => Err(api::problem::Problem { error, request: None }.into_response()),
        }
    }
}

/// Refuses a session in which somebody acts for another.
async fn own(parts: &Parts, state: &App) -> Result<(), Response> {
    let Some(session) = parts.extensions.get::<Session>() else { return Ok(()) };
    let error = match state.platform.services.auth.impersonation(session).await {
        Ok(None) => return Ok(()),
        Ok(Some(_)) => Error::impersonated(),
        Err(error) => error,
    };
    let request = parts.extensions.get::<RequestInfo>().copied();
    Err(match request.filter(|_| wants_page(&parts.headers)) {
        Some(info) => draw::refused(state, &parts.headers, info, &error).await,
        None => api::problem::Problem { error, request: request.map(|info| info.id) }.into_response(),
    })
}

/// The account behind the session, of either realm, with its session.
pub struct Owned {
    pub owner: Owner,
    pub handle: Uuid,
    /// Address or number, as an authenticator app shows it.
    pub account: String,
    /// Of staff; nothing for people, whose roles are their workspaces'.
    pub role: String,
}

impl FromRequestParts<App> for Owned {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, state: &App) -> Result<Self, Response> {
        let problem = |error| api::problem::Problem { error, request: None }.into_response();
        let door = parts.extensions.get::<Door>().copied().unwrap_or(Door::People);
        let Some(current) = current(parts.extensions.get::<Session>()).await.map_err(problem)? else {
            return Err(match door {
                Door::People => turned_away(state, parts, door.sign_in()).await,
                Door::Staff => not_staff(state, parts).await,
            });
        };
        let (auth, pool) = (&state.platform.services.auth, &state.platform.services.pools.platform);
        match door {
            Door::People => {
                own(parts, state).await?;
                let account = auth.login_of_user(UserId(current.owner)).await.map_err(problem)?;
                let account = account.ok_or_else(|| problem(Error::unauthenticated()))?;
                let owner = Owner::User(current.owner);
                Ok(Self { owner, handle: current.handle, account, role: String::new() })
            }
            Door::Staff => {
                let access = platform::auth::staff_access(pool, current.owner).await.map_err(problem)?;
                let owner = Owner::Staff(current.owner);
                Ok(Self { owner, handle: current.handle, account: access.email, role: access.role })
            }
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
            Ok(None) => Err(not_staff(state, parts).await),
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

/// Bytes of a form that are read to be shown once more.
const SHOWN: usize = 256 * 1024;

/// What a form said that came after its session had ended: shown to its sender, who may have typed for an hour, and kept nowhere. Passwords and
/// codes are not sent back.
pub async fn typed(parts: &Parts, body: axum::body::Body) -> Vec<(String, String)> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !wants_page(&parts.headers) || !kind.starts_with("application/x-www-form-urlencoded") {
        return Vec::new();
    }
    let Ok(body) = axum::body::to_bytes(body, SHOWN).await else { return Vec::new() };
    let secret = |name: &str| {
        let own = name.trim_start_matches('_').rsplit('.').next().unwrap_or_default();
        own.to_lowercase().contains("password") || matches!(own, "current" | "code" | "secret" | "token")
    };
    let mut fields = std::str::from_utf8(&body).map(cookies::query_pairs).unwrap_or_default();
    let all = fields.len();
    fields.retain(|(name, _)| !secret(name));
    if fields.len() < all {
        // Without its secret it is not the same form: it is shown, and cannot go again from there.
        fields.retain(|(name, _)| name != "_key");
    }
    fields
}

/// The page for whoever sent a form without being signed in: what happened, what was typed, and the way on.
pub async fn ended(
    state: &App,
    parts: &Parts,
    info: RequestInfo,
    sign_in: &str,
    mut fields: Vec<(String, String)>,
) -> Response {
    let original = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
    // What has no key might be done twice.
    let whole = fields.iter().any(|(name, _)| name == "_key") && original.path().contains("/do/");
    fields.retain(|(name, _)| name != "_action" && name != "_sign_in");
    if whole {
        fields.push(("_action".to_owned(), original.path().to_owned()));
    }
    fields.push(("_sign_in".to_owned(), sign_in.to_owned()));
    let error = Error::unauthenticated();
    let page = page_context::public(state, &parts.headers, info, app::page::STAND_IN);
    let replay = Replay { operation: "ended".to_owned(), fields, error };
    let page = PageContext { replay: Some(Arc::new(replay)), ..page };
    draw::draw(state, page, None, Some(axum::http::StatusCode::UNAUTHORIZED)).await
}

/// [`unauthenticated`], with a page for a form too.
async fn turned_away(state: &App, parts: &Parts, sign_in: &str) -> Response {
    let info = parts.extensions.get::<RequestInfo>().copied();
    match info.filter(|_| parts.method != axum::http::Method::GET && wants_page(&parts.headers)) {
        Some(info) => ended(state, parts, info, sign_in, Vec::new()).await,
        None => unauthenticated(parts, sign_in),
    }
}

/// Whoever is signed in to workspaces alone: the platform's own pages are not there for them (B-09). Support that acts for somebody came from there.
async fn is_of_workspaces(state: &App, parts: &Parts) -> bool {
    let auth = &state.platform.services.auth;
    let secure = state.config.secure();
    let held = cookies::read(&parts.headers, &cookie_name::<Users>(secure), secure);
    let Some(held) = held.and_then(|held| held.parse().ok()) else { return false };
    let session = Session::new(Some(held), Arc::new(auth.users.clone()), None);
    matches!(current(Some(&session)).await, Ok(Some(_))) && matches!(auth.impersonation(&session).await, Ok(None))
}

pub(super) async fn not_staff(state: &App, parts: &Parts) -> Response {
    if !is_of_workspaces(state, parts).await {
        return turned_away(state, parts, Door::Staff.sign_in()).await;
    }
    let error = Error::not_found();
    let info = parts.extensions.get::<RequestInfo>().copied();
    match info.filter(|_| wants_page(&parts.headers)) {
        Some(info) => draw::refused(state, &parts.headers, info, &error).await,
        None => api::problem::Problem { error, request: info.map(|info| info.id) }.into_response(),
    }
}

/// A page leads to the sign-in page and back; everything else hears 401.
pub fn unauthenticated(parts: &Parts, sign_in: &str) -> Response {
    if parts.method == axum::http::Method::GET && wants_page(&parts.headers) {
        let original = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let next = original.path_and_query().map_or("/", |address| address.as_str());
        return Redirect::to(&format!("{sign_in}?next={}", app::page::encode(next))).into_response();
    }
    let request = parts.extensions.get::<RequestInfo>().map(|info| info.id);
    api::problem::Problem { error: Error::unauthenticated(), request }.into_response()
}

pub fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

pub async fn sign_in(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    Form(form): Form<Credentials>,
) -> Response {
    let auth = &state.platform.services.auth;
    let device = cookies::read(&headers, DEVICE, state.config.secure());
    let (address, agent) = (info.address, agent(&headers));
    let attempt = Attempt { login: &form.login, password: &form.password, address, device, agent };
    let user = match auth.sign_in(&attempt).await {
        Ok(SignIn::Whole(user)) => user,
        Ok(SignIn::Half(half)) => return to_code(&state, Door::People, half.expose(), &form.next),
        Err(error) => return again(&state, &headers, info, Door::People, &form, error).await,
    };
    match let_in(&state, &session, info, &headers, user, How::default()).await {
        Ok(cookie) => came_in(&state, Door::People, &form.next, cookie),
        Err(error) => again(&state, &headers, info, Door::People, &form, error).await,
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
        match auth.sign_in_staff(&attempt).await? {
            SignIn::Whole(staff) => let_staff_in(&state, &session, info, &headers, staff).await.map(|()| None),
            SignIn::Half(half) => Ok(Some(half)),
        }
    };
    match begun.await {
        Ok(None) => came_in(&state, Door::Staff, &form.next, None),
        Ok(Some(half)) => to_code(&state, Door::Staff, half.expose(), &form.next),
        Err(error) => again(&state, &headers, info, Door::Staff, &form, error).await,
    }
}

/// How somebody comes in, beyond who it is.
#[derive(Default)]
pub(super) struct How {
    /// Ask this browser for the password alone from now on.
    pub trust: bool,
    /// The provider that they came from, where it was one.
    pub issuer: Option<String>,
    /// For the first time.
    pub linked: bool,
    /// What was proved there, and nothing here.
    pub proved: Option<Proved>,
}

/// Begins the session of a person, and keeps the browser. The cookie that names the browser.
pub(super) async fn let_in(
    state: &App,
    session: &Session,
    info: RequestInfo,
    headers: &HeaderMap,
    user: UserId,
    how: How,
) -> Result<Option<HeaderValue>> {
    let auth = &state.platform.services.auth;
    let handle = auth.users.begin(session, user.0, Some(info.address), agent(headers)).await?;
    let client = Client::new(info.address, agent(headers));
    if let Some(proved) = how.proved
        && let Err(error) = auth.users.prove(handle, proved).await
    {
        auth.users.finish(session).await?;
        return Err(error);
    }
    let How { trust, issuer, linked, .. } = how;
    let told = Told { user: Some(user.0), client, session: Some(handle), issuer, linked, ..Told::default() };
    // Nobody comes in without it being written down.
    if let Err(error) = auth.write_down(&told).await {
        auth.users.finish(session).await?;
        return Err(error);
    }
    if linked {
        oidc::tell(state, user).await?;
    }
    let device = auth.keep_device(user, cookies::read(headers, DEVICE, state.config.secure())).await?;
    if trust {
        auth.trust_device(user.0, &device).await?;
    }
    Ok(device_cookie(state, &device))
}

/// The cookie that names a browser.
pub(super) fn device_cookie(state: &App, device: &str) -> Option<HeaderValue> {
    cookies::set(DEVICE, device, DEVICE_SECONDS, state.config.secure())
}

async fn let_staff_in(
    state: &App,
    session: &Session,
    info: RequestInfo,
    headers: &HeaderMap,
    staff: Uuid,
) -> Result<()> {
    let auth = &state.platform.services.auth;
    auth.staff.begin(session, staff, Some(info.address), agent(headers)).await?;
    auth.staff_came_in(staff).await
}

pub(super) fn came_in(state: &App, door: Door, next: &str, cookie: Option<HeaderValue>) -> Response {
    let secure = state.config.secure();
    let mut response = Redirect::to(&draw::local_path(Some(next), door.home())).into_response();
    // A session may have run out without a sign-out: what somebody looked at last is nothing for whoever signs in after them.
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"storage\""));
    let headers = response.headers_mut();
    for cookie in [cookie, cookies::set(door.half(secure), "", 0, secure)].into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// From the password to the page for the code.
pub(super) fn to_code(state: &App, door: Door, half: &str, next: &str) -> Response {
    let secure = state.config.secure();
    let mut response = Redirect::to(&with_next(door.code(), next)).into_response();
    if let Some(cookie) = cookies::set(door.half(secure), half, HALF_SECONDS, secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() { path.to_owned() } else { format!("{path}?next={}", app::page::encode(next)) }
}

/// The page for the code; to the page for the password where none was given.
pub async fn code_page(
    State(state): State<App>,
    Extension(door): Extension<Door>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let half = cookies::read(&headers, door.half(state.config.secure()), state.config.secure()).unwrap_or_default();
    match state.platform.services.auth.is_half_open(half).await {
        Ok(true) => draw::public_page(State(state), request).await,
        Ok(false) => Redirect::to(door.sign_in()).into_response(),
        Err(error) => draw::refused(&state, &headers, info, &error).await,
    }
}

/// The second half of signing in.
pub async fn code(
    State(state): State<App>,
    Extension(door): Extension<Door>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    Form(form): Form<Code>,
) -> Response {
    let auth = &state.platform.services.auth;
    let secure = state.config.secure();
    let half = cookies::read(&headers, door.half(secure), secure).unwrap_or_default();
    let device = cookies::read(&headers, DEVICE, secure).filter(|_| door == Door::People);
    let attempt = CodeAttempt { half, code: &form.code, address: info.address, device };
    let begun = async {
        let Finished { owner, issuer, linked } = auth.finish_half(&attempt).await?;
        match (owner, door) {
            (Owner::User(user), Door::People) => {
                let how = How { trust: form.trust.is_some(), issuer, linked, ..How::default() };
                let_in(&state, &session, info, &headers, UserId(user), how).await
            }
            (Owner::Staff(staff), Door::Staff) => {
                let_staff_in(&state, &session, info, &headers, staff).await.map(|()| None)
            }
            // A half-open sign-in of the other realm.
            _ => Err(Error::unauthenticated()),
        }
    };
    match begun.await {
        Ok(cookie) => came_in(&state, door, &form.next, cookie),
        Err(error) if error.kind == domain::Kind::Unauthenticated => {
            let mut response = Redirect::to(&with_next(door.sign_in(), &form.next)).into_response();
            let words = cookies::flash(&error.message, secure);
            for cookie in [words, cookies::set(door.half(secure), "", 0, secure)].into_iter().flatten() {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let address = with_next(door.code(), &form.next);
            let fields = form.trust.iter().map(|trust| ("trust".to_owned(), trust.clone())).collect();
            let status = draw::form_status(error.kind);
            let replay = Replay { operation: "sign_in_code".to_owned(), fields, error };
            let page = page_context::public(&state, &headers, info, &address);
            draw::draw(&state, PageContext { replay: Some(Arc::new(replay)), ..page }, None, Some(status)).await
        }
    }
}

pub(super) fn agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok())
}

/// The sign-in page again, with the login that was typed; the password is not sent back.
async fn again(
    state: &App,
    headers: &HeaderMap,
    info: RequestInfo,
    door: Door,
    form: &Credentials,
    error: Error,
) -> Response {
    let status = match error.kind {
        domain::Kind::Unauthenticated => axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        kind => draw::form_status(kind),
    };
    let address = with_next(door.sign_in(), &form.next);
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
    // Who acts for somebody stops acting, and the workspace's log says so.
    match state.platform.services.auth.impersonation(&session).await {
        Ok(None) | Err(_) => {}
        Ok(Some(_)) => return super::impersonation::stop(State(state), session, Extension(info), headers).await,
    }
    let auth = &state.platform.services.auth;
    let ended = async {
        let who = current(Some(&session)).await?;
        auth.users.finish(&session).await?;
        let Some(who) = who else { return Ok(()) };
        let client = Client::new(info.address, agent(&headers));
        let told = Told { user: Some(who.owner), out: true, client, session: Some(who.handle), ..Told::default() };
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
    if let Some(cookie) = cookies::flash(t!("You are signed out"), state.config.secure()) {
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
    if let Some(session) = parts.extensions.get::<Session>()
        && let Ok(Some(acting)) = state.platform.services.auth.impersonation(session).await
    {
        return Redirect::to(&format!("/w/{}", acting.slug)).into_response();
    }
    match page_context::links(&state, user).await {
        Ok(links) if links.len() == 1 => Redirect::to(&format!("/w/{}", links[0].slug)).into_response(),
        Ok(_) => Redirect::to("/workspaces").into_response(),
        Err(error) => api::problem::Problem { error, request: None }.into_response(),
    }
}
