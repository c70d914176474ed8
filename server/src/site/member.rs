//! The membership layer: the workspace comes from the path and the membership of the signed-in person, and from nothing else that a client
//! can send. Roles are read for each request, so that a change holds on the next one.

use super::sign_in::wants_page;
use super::{draw, machine, sign_in};
use crate::middleware::request::RequestInfo;
use crate::middleware::{language, limits};
use crate::state::App;
use api::ApiCaller;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Error, Kind, Result, UserId};
use platform::Caller;
use std::sync::Arc;
use tower_sessions::Session;
use words::Language;

/// For everything below `/w/{workspace}`.
pub async fn of_path(State(state): State<App>, params: RawPathParams, request: Request, next: Next) -> Response {
    let slug =
        params.iter().find(|(name, _)| *name == "workspace").map(|(_, value)| value.to_owned()).unwrap_or_default();
    admit(state, request, next, Some(slug)).await
}

/// For `/api/v1` without a workspace in the path: whoever has one workspace only means that one.
pub async fn only_one(State(state): State<App>, request: Request, next: Next) -> Response {
    admit(state, request, next, None).await
}

/// For `/api/{industry}`, behind [`only_one`]: another industry's paths are not there.
pub async fn of_industry(params: RawPathParams, request: Request, next: Next) -> Response {
    let named = params.iter().find(|(name, _)| *name == "industry").map(|(_, value)| value.to_owned());
    match request.extensions().get::<ApiCaller>() {
        Some(caller) if named.as_deref() == Some(&*caller.caller.access.industry) => next.run(request).await,
        Some(caller) => caller.problem(Error::not_found()).into_response(),
        None => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn admit(state: App, request: Request, next: Next, slug: Option<String>) -> Response {
    let (mut parts, mut body) = request.into_parts();
    let Some(info) = parts.extensions.get::<RequestInfo>().copied() else {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let by_program = machine::carried(&parts).is_some();
    let admitted = match machine::carried(&parts) {
        // Whoever brings one comes in by it or not at all: a cookie beside it is not looked at.
        Some(value) => machine::admit(&state, &parts, info, slug, value).await,
        None => by_session(&state, &parts, &mut body, info, slug).await,
    };
    let Admitted { access, session } = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal,
    };
    let decision = match limits::member(&state, &access) {
        Ok(decision) => decision,
        Err(full) => return limits::refused(&state, &parts.headers, info, &full).await,
    };
    let agent = parts.headers.get(axum::http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let client = Some(Arc::new(platform::audit::Client::new(info.address, agent)));
    let mut origin = platform::ctx::Origin { client, ..state.platform.origin(Some(info.id)) };
    // The cause of what has no nearer one. Who acted is kept beside it, whatever the cause becomes (platform/src/change.rs).
    if let Some(through) = access.through() {
        (origin.cause_kind, origin.cause_id) = (through.kind, Some(through.id));
    }
    let by_key = access.key.is_some();
    // Programs are answered in English, people in theirs, which the browser keeps for the pages that know nobody.
    let language = if by_program { Language::English } else { access.language };
    let secure = state.config.secure();
    let unkept = wants_page(&parts.headers) && language::of_browser(&parts.headers, secure) != language;
    let caller = Caller { access: Arc::new(access), session, origin };
    parts.extensions.insert(ApiCaller { platform: state.platform.clone(), caller: caller.clone(), request: info.id });
    parts.extensions.insert(caller);
    let mut response = words::scope(language, next.run(Request::from_parts(parts, body))).await;
    if unkept && let Some(cookie) = language::keep(language, secure) {
        response.headers_mut().append(axum::http::header::SET_COOKIE, cookie);
    }
    if by_key {
        limits::mark(&mut response, &decision);
    }
    response
}

/// Who is let into a workspace, and by which session.
pub struct Admitted {
    pub access: platform::Access,
    pub session: Option<uuid::Uuid>,
}

/// What was sent is read where nobody is signed in, and otherwise left.
async fn by_session(
    state: &App,
    parts: &Parts,
    body: &mut Body,
    info: RequestInfo,
    slug: Option<String>,
) -> Result<Admitted, Response> {
    let session = parts.extensions.get::<Session>().cloned();
    let problem = |error| api::problem::Problem { error, request: Some(info.id) }.into_response();
    let slug = match (slug, &session) {
        (Some(slug), _) => slug,
        (None, session) => match sign_in::current(session.as_ref()).await.map_err(problem)? {
            Some(current) => the_only(state, UserId(current.owner)).await.map_err(problem)?,
            None => return Err(nobody(state, parts, std::mem::take(body), info).await),
        },
    };
    let services = &state.platform.services;
    let entered = match &session {
        Some(session) if super::live::is_stream(parts) => {
            services.auth.users.look_in(&services.pools, session, &slug).await
        }
        Some(session) => services.auth.users.enter(&services.pools, session, &slug, wants_page(&parts.headers)).await,
        None => Ok(None),
    };
    let entered = match entered {
        Ok(Some(entered)) => entered,
        Ok(None) => return Err(told(state, parts, std::mem::take(body), info, session.as_ref(), &slug).await),
        Err(error) => return Err(problem(error)),
    };
    if entered.factor_missing {
        return Err(to_second_factor(state, parts, info).await);
    }
    let handle = entered.current.handle;
    if let Some(session) = &session
        && entered.rotate
        && wants_page(&parts.headers)
    {
        services.auth.users.renew(session, handle).await.map_err(problem)?;
    }
    Ok(Admitted { access: entered.access, session: Some(handle) })
}

/// The workspace asks for a second factor, and the person has none: pages lead to where one is set up.
async fn to_second_factor(state: &App, parts: &Parts, info: RequestInfo) -> Response {
    let error = Error::second_factor_required();
    if !wants_page(&parts.headers) {
        return api::problem::Problem { error, request: Some(info.id) }.into_response();
    }
    if parts.method != axum::http::Method::GET {
        return draw::refused(state, &parts.headers, info, &error).await;
    }
    let original = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
    let next = original.path_and_query().map_or("/", |address| address.as_str());
    Redirect::to(&format!("/second-factor?required=1&next={}", app::page::encode(next))).into_response()
}

/// Nobody is signed in (any more): a page leads to the sign-in page, a form is shown what it said, a program hears 401.
async fn nobody(state: &App, parts: &Parts, body: Body, info: RequestInfo) -> Response {
    if parts.method == axum::http::Method::GET || !wants_page(&parts.headers) {
        return sign_in::unauthenticated(parts, "/sign-in");
    }
    let typed = sign_in::typed(parts, body).await;
    sign_in::ended(state, parts, info, "/sign-in", typed).await
}

/// Session and membership one after the other, for the refusal that fits what is missing.
async fn told(
    state: &App,
    parts: &Parts,
    body: Body,
    info: RequestInfo,
    session: Option<&Session>,
    slug: &str,
) -> Response {
    let problem = |error| api::problem::Problem { error, request: Some(info.id) }.into_response();
    let current = match sign_in::current(session).await {
        Ok(Some(current)) => current,
        Ok(None) => {
            // Nobody's: it belongs into no workspace's trail.
            tracing::warn!(address = %info.address, method = %parts.method, path = parts.uri.path(), "nobody is signed in");
            return nobody(state, parts, body, info).await;
        }
        Err(error) => return problem(error),
    };
    let error = match acts_elsewhere(state, session).await {
        Ok(true) => Error::not_found(),
        Ok(false) => match platform::auth::access(&state.platform.services.pools, UserId(current.owner), slug).await {
            // A member with a session that the workspace's own limits end.
            Ok(_) => return nobody(state, parts, body, info).await,
            // Sent twice: whoever has left is led to where the first one led. A workspace that never was looks the same.
            Err(error) if error.kind == Kind::NotFound && is_leaving(parts) => {
                return Redirect::to("/workspaces").into_response();
            }
            Err(error) => error,
        },
        Err(error) => error,
    };
    if wants_page(&parts.headers) { draw::refused(state, &parts.headers, info, &error).await } else { problem(error) }
}

fn is_leaving(parts: &Parts) -> bool {
    parts.method == axum::http::Method::POST
        && wants_page(&parts.headers)
        && parts.uri.path().ends_with("/do/people.leave")
}

/// Whether somebody acts for another here, and so has no business in any other workspace.
async fn acts_elsewhere(state: &App, session: Option<&Session>) -> Result<bool> {
    match session {
        Some(session) => Ok(state.platform.services.auth.impersonation(session).await?.is_some()),
        None => Ok(false),
    }
}

/// The workspace of whoever has one only.
pub async fn the_only(state: &App, user: UserId) -> Result<String> {
    let mut links = platform::auth::workspaces(&state.platform.services.pools, user).await?;
    match (links.pop(), links.is_empty()) {
        (Some(link), true) => Ok(link.slug),
        (None, _) => Err(Error::not_found()),
        _ => Err(Error::new(Kind::Invalid, "You belong to several workspaces: call /w/{workspace}/api/v1/... instead")),
    }
}
