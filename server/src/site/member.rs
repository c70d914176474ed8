//! The membership layer: the workspace comes from the path and the membership of the signed-in person, and from nothing else that a client
//! can send. Roles are read for each request, so that a change holds on the next one.

use super::{draw, sign_in};
use crate::middleware::limits;
use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::ApiCaller;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::{Error, Kind, Result, UserId};
use platform::{Access, Caller};
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;

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
    let (mut parts, body) = request.into_parts();
    let Some(info) = parts.extensions.get::<RequestInfo>().copied() else {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let session = parts.extensions.get::<Session>().cloned();
    let entered = match (&session, &slug) {
        (Some(session), Some(slug)) => {
            let services = &state.platform.services;
            services.auth.users.enter(&services.pools, session, slug, wants_page(&parts)).await
        }
        _ => Ok(None),
    };
    let (handle, access) = match entered {
        Ok(Some((current, access))) => (current.handle, Arc::new(access)),
        Ok(None) => match told(&state, &parts, info, session.as_ref(), slug).await {
            Ok(found) => found,
            Err(refusal) => return *refusal,
        },
        Err(error) => return api::problem::Problem { error, request: Some(info.id) }.into_response(),
    };
    if let Err(refusal) = limits::person(&state, &access, info) {
        return refusal;
    }
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let client = Some(Arc::new(platform::audit::Client::new(info.address, agent)));
    let origin = platform::ctx::Origin { client, ..state.platform.origin(Some(info.id)) };
    let caller = Caller { access, session: Some(handle), origin };
    parts.extensions.insert(ApiCaller { platform: state.platform.clone(), caller: caller.clone(), request: info.id });
    parts.extensions.insert(caller);
    next.run(Request::from_parts(parts, body)).await
}

/// Session and membership one after the other, and the refusal that fits what is missing.
async fn told(
    state: &App,
    parts: &Parts,
    info: RequestInfo,
    session: Option<&Session>,
    slug: Option<String>,
) -> Result<(Uuid, Arc<Access>), Box<Response>> {
    let problem = |error| Box::new(api::problem::Problem { error, request: Some(info.id) }.into_response());
    let Some(current) = sign_in::current(session).await.map_err(problem)? else {
        // Nobody's: it belongs into no workspace's trail.
        tracing::warn!(address = %info.address, method = %parts.method, path = parts.uri.path(), "nobody is signed in");
        return Err(Box::new(sign_in::unauthenticated(parts, "/sign-in")));
    };
    match find(state, UserId(current.owner), slug).await {
        Ok(access) => Ok((current.handle, Arc::new(access))),
        Err(error) => Err(if wants_page(parts) {
            Box::new(draw::refused(state, &parts.headers, info, &error).await)
        } else {
            problem(error)
        }),
    }
}

fn wants_page(parts: &Parts) -> bool {
    parts
        .headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

async fn find(state: &App, user: UserId, slug: Option<String>) -> Result<Access> {
    let pools = &state.platform.services.pools;
    let slug = match slug {
        Some(slug) => slug,
        None => {
            let mut links = platform::auth::workspaces(pools, user).await?;
            match (links.pop(), links.is_empty()) {
                (Some(link), true) => link.slug,
                (None, _) => return Err(Error::not_found()),
                _ => {
                    return Err(Error::new(
                        Kind::Invalid,
                        "You belong to several workspaces: call /w/{workspace}/api/v1/... instead",
                    ));
                }
            }
        }
    };
    platform::auth::access(pools, user, &slug).await
}
