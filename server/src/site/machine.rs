//! Programs: what they carry in `Authorization: Bearer` in place of a cookie. A key acts for a member in one workspace, an access token for a
//! person in each of theirs. Both open the API and no page.

use super::member::{Admitted, the_only};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use axum::extract::{OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::{Error, Kind, UserId};
use platform::auth::Bearer;

/// Where programs sign in, of either realm. They carry nothing yet.
const SIGN_IN: [&str; 2] = ["/api/v1/auth/", "/api/admin/auth/"];
/// What all that is given out here begins with.
const OURS: &str = "nx_";

/// What stands behind `Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, value) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(value.trim())
}

/// Whether a path of the whole server is one of the API.
fn is_api(path: &str) -> bool {
    let below = path.strip_prefix("/w/").and_then(|rest| rest.split_once('/'));
    path.starts_with("/api/") || below.is_some_and(|(_, rest)| rest.starts_with("api/"))
}

/// Whether a request is that of a program, with nothing of a browser's: it carries a key or token, or signs in for one, and no cookie.
pub fn is_program(request: &Request) -> bool {
    let (path, headers) = (request.uri().path(), request.headers());
    let signs_in = SIGN_IN.iter().any(|below| path.starts_with(below));
    !headers.contains_key(header::COOKIE) && is_api(path) && (bearer(headers).is_some() || signs_in)
}

/// What a program carries to a workspace. In front of pages only what was given out here counts: a proxy may have a use of its own for the
/// header.
pub fn carried(parts: &Parts) -> Option<&str> {
    bearer(&parts.headers).filter(|value| is_api(path(parts)) || value.starts_with(OURS))
}

fn path(parts: &Parts) -> &str {
    parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.0.path())
}

/// Lets a program into a workspace: of the path, of the key, or the only one of the token's person.
pub async fn admit(
    state: &App,
    parts: &Parts,
    info: RequestInfo,
    slug: Option<String>,
    value: &str,
) -> Result<Admitted, Response> {
    if !is_api(path(parts)) {
        let error = Error::new(
            Kind::Unauthenticated,
            "Keys and tokens open the API, not pages: call /w/{workspace}/api/v1/...",
        );
        return Err(refusal(state, info, error).await);
    }
    let admitted = if Bearer::of(value) == Some(Bearer::Access) {
        by_token(state, slug, value).await
    } else {
        by_key(state, info, slug, value).await
    };
    match admitted {
        Ok(admitted) => Ok(admitted),
        Err(error) => Err(refusal(state, info, error).await),
    }
}

async fn by_key(state: &App, info: RequestInfo, slug: Option<String>, value: &str) -> domain::Result<Admitted> {
    let services = &state.platform.services;
    let access = services.auth.enter_by_key(&services.pools, value, info.address).await?;
    match slug {
        // Another workspace is as unknown to it as to any stranger.
        Some(slug) if slug != access.slug => Err(Error::not_found()),
        _ => Ok(Admitted { access, session: None }),
    }
}

async fn by_token(state: &App, slug: Option<String>, value: &str) -> domain::Result<Admitted> {
    let services = &state.platform.services;
    let slug = match slug {
        Some(slug) => slug,
        None => {
            let current = services.auth.users.token_owner(value, false).await?.ok_or_else(token_over)?;
            the_only(state, UserId(current.owner)).await?
        }
    };
    if let Some(entered) = services.auth.users.enter_by_token(&services.pools, value, &slug).await? {
        if entered.factor_missing {
            return Err(Error::second_factor_required());
        }
        return Ok(Admitted { access: entered.access, session: Some(entered.current.handle) });
    }
    // Why not, in the order in which a browser's session would be told.
    let current = services.auth.users.token_owner(value, false).await?.ok_or_else(token_over)?;
    platform::auth::access(&services.pools, UserId(current.owner), &slug).await?;
    Err(token_over())
}

pub fn token_over() -> Error {
    let words = "This access token is not right or is over. Exchange the refresh token at /api/v1/auth/refresh, or sign in again";
    Error { code: Some("token_over".to_owned()), ..Error::new(Kind::Unauthenticated, words) }
}

/// Why a program is not let in. What came with a key or token that opens nothing is counted by its address.
pub async fn refusal(state: &App, info: RequestInfo, error: Error) -> Response {
    let problem = |error| api::problem::Problem { error, request: Some(info.id) }.into_response();
    if error.kind != Kind::Unauthenticated {
        return problem(error);
    }
    tracing::warn!(address = %info.address, code = error.code.as_deref().unwrap_or_default(), "a key or token was refused");
    if let Err(error) = state.platform.services.auth.count_refused_key(info.address).await {
        return problem(error);
    }
    let mut response = problem(error);
    let challenge = HeaderValue::from_static("Bearer realm=\"nexus\", error=\"invalid_token\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, headers: &[(&'static str, &str)]) -> Request {
        let request = headers.iter().fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        request.body(axum::body::Body::empty()).unwrap()
    }

    /// D-01: exempt is who carries a key or token and no cookie, on paths of the API alone.
    #[test]
    fn who_is_a_program() {
        let key = ("authorization", "Bearer nx_live_x");
        for (path, headers, program) in [
            ("/w/lakeside/api/v1/leads", &[key][..], true),
            ("/api/v1/leads", &[key], true),
            ("/api/automotive/orders", &[("authorization", "bearer x")], true),
            ("/api/v1/auth/login", &[], true),
            ("/api/v1/auth/login", &[("cookie", "nexus=x")], false),
            ("/api/admin/auth/login", &[], true),
            ("/api/admin/auth/refresh", &[("cookie", "nexus-staff_refresh=x")], false),
            ("/api/admin/login", &[], false),
            ("/w/lakeside/api/v1/leads", &[key, ("cookie", "nexus=x")], false),
            ("/w/lakeside/api/v1/leads", &[key, ("cookie", "")], false),
            ("/w/lakeside/api/v1/leads", &[], false),
            ("/w/lakeside/api/v1/leads", &[("authorization", "Basic eDp4")], false),
            ("/w/lakeside/do/records.create", &[key], false),
            ("/w/api/do/records.create", &[key], false),
            ("/w/lakeside/apis", &[key], false),
            ("/sign-in", &[key], false),
            ("/api", &[key], false),
        ] {
            assert_eq!(is_program(&request(path, headers)), program, "{path} {headers:?}");
        }
    }
}
