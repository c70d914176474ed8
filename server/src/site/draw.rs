//! Drawing pages. One handler per realm makes the page's context; one router inside draws it.

use super::sign_in::wants_page;
use super::{cookies, page_context};
use crate::middleware::headers::page_policy;
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::{About, PageContext, Replay, WorkspaceLink};
use app::session::AccountFacts;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Error, Kind};
use leptos::config::LeptosOptions;
use leptos::nonce::Nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::render_app_async_with_context;
use platform::Caller;
use std::sync::Arc;
use tower::ServiceExt;

/// The router that draws: any GET becomes the page of its path, with what its extensions carry.
pub fn drawing(options: LeptosOptions) -> Router {
    // Leptos spawns on the executor of the process; only its own route list would set it.
    let _ = any_spawner::Executor::init_tokio();
    let handler = render_app_async_with_context(provide, move || app::shell(options.clone()));
    Router::new().fallback(handler)
}

/// Hands what the request carries to the components.
fn provide() {
    let Some(parts) = use_context::<axum::http::request::Parts>() else { return };
    if let Some(page) = parts.extensions.get::<PageContext>() {
        provide_context(page.clone());
    }
    if let Some(links) = parts.extensions.get::<Vec<WorkspaceLink>>() {
        provide_context(links.clone());
    }
    if let Some(facts) = parts.extensions.get::<AccountFacts>() {
        provide_context(facts.clone());
    }
    // Over the one that Leptos made: header and scripts must carry the same.
    if let Some(nonce) = parts.extensions.get::<Nonce>() {
        provide_context(nonce.clone());
    }
}

/// Draws one page. `address` is its path and query, `status` overrides the page's own.
pub async fn draw(
    state: &App,
    page: PageContext,
    links: Option<Vec<WorkspaceLink>>,
    status: Option<StatusCode>,
) -> Response {
    drawn(state, page, status, |extensions| {
        if let Some(links) = links {
            extensions.insert(links);
        }
    })
    .await
}

/// A page about an account, with what its link or form is about.
pub async fn draw_account(
    state: &App,
    page: PageContext,
    facts: Option<AccountFacts>,
    status: Option<StatusCode>,
) -> Response {
    drawn(state, page, status, |extensions| {
        if let Some(facts) = facts {
            extensions.insert(facts);
        }
    })
    .await
}

async fn drawn(
    state: &App,
    page: PageContext,
    status: Option<StatusCode>,
    carry: impl FnOnce(&mut Extensions),
) -> Response {
    let nonce = Nonce::new();
    let had_flash = page.flash.is_some();
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = page.address().parse().unwrap_or_default();
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    let extensions = request.extensions_mut();
    extensions.insert(page);
    extensions.insert(nonce.clone());
    carry(extensions);
    let Ok(mut response) = state.draw.clone().oneshot(request).await;
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, page_policy(&nonce.to_string()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if had_flash && let Some(cookie) = cookies::set(cookies::FLASH, "", 0, state.config.secure()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// A page inside a workspace. The caller was put there by the membership layer.
pub async fn page(State(state): State<App>, request: Request) -> Response {
    let address = full_address(&request);
    let (Some(info), Some(caller)) = (info(&request), request.extensions().get::<Caller>().cloned()) else {
        return super::problem(&Error::unauthenticated(), &request).into_response();
    };
    match page_context::workspace(&state, request.headers(), info, &address, &caller).await {
        Ok(context) => draw(&state, context, None, None).await,
        Err(error) => refused(&state, request.headers(), info, &error).await,
    }
}

/// The page that a refused form came from, with what was typed and what is wrong.
pub async fn replay(
    state: &App,
    headers: &HeaderMap,
    info: RequestInfo,
    caller: &Caller,
    address: &str,
    replay: Replay,
) -> Response {
    let status = form_status(replay.error.kind);
    match page_context::workspace(state, headers, info, address, caller).await {
        Ok(page) => {
            // What is still being worked on keeps its key: sent again, it must not count as another one.
            let kept = platform::idempotency::is_in_flight(&replay.error).then(|| replay.form_key()).flatten();
            let form_key = kept.map_or(page.form_key, str::to_owned);
            draw(state, PageContext { replay: Some(Arc::new(replay)), form_key, ..page }, None, Some(status)).await
        }
        Err(error) => refused(state, headers, info, &error).await,
    }
}

/// The page of a form, with what it made and shows this once.
pub async fn shown(
    state: &App,
    headers: &HeaderMap,
    info: RequestInfo,
    caller: &Caller,
    address: &str,
    about: About,
) -> Response {
    match page_context::workspace(state, headers, info, address, caller).await {
        Ok(page) => draw(state, PageContext { about: Some(Arc::new(about)), ..page }, None, None).await,
        Err(error) => refused(state, headers, info, &error).await,
    }
}

/// Forms answer 422 and 409 where the API answers 400 and 412.
pub fn form_status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Stale | Kind::VersionRequired => StatusCode::CONFLICT,
        other => StatusCode::from_u16(other.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// A page that anyone may see.
pub async fn public_page(State(state): State<App>, request: Request) -> Response {
    let Some(info) = info(&request) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let address = full_address(&request);
    draw(&state, page_context::public(&state, request.headers(), info, &address), None, None).await
}

/// The chooser of workspaces.
pub async fn workspaces(State(state): State<App>, person: super::sign_in::Person, request: Request) -> Response {
    let Some(info) = info(&request) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    match page_context::links(&state, person.0).await {
        Ok(links) => {
            draw(&state, page_context::public(&state, request.headers(), info, "/workspaces"), Some(links), None).await
        }
        Err(error) => refused(&state, request.headers(), info, &error).await,
    }
}

/// A page of the platform realm.
pub async fn staff_page(State(state): State<App>, staff: super::sign_in::Staff, request: Request) -> Response {
    let Some(info) = info(&request) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let address = full_address(&request);
    draw(&state, page_context::staff(&state, request.headers(), info, &address, &staff.0), None, None).await
}

/// No such path. The API hears it as JSON; an address with a slash too many is led to the one without.
pub async fn missing(State(state): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if request.method() == Method::GET && path.len() > 1 && path.ends_with('/') && !path.starts_with("//") {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return Redirect::permanent(&format!("{}{query}", path.trim_end_matches('/'))).into_response();
    }
    match info(&request) {
        Some(info) if wants_page(request.headers()) => {
            refused(&state, request.headers(), info, &Error::not_found()).await
        }
        _ => super::problem(&Error::not_found(), &request).into_response(),
    }
}

/// A path that only takes forms, asked for a page: by whoever goes to the address of an answer once more. They are led to what is nearest to it. A
/// program hears that this is not the method.
pub async fn no_page(request: Request) -> Response {
    let address = full_address(&request);
    let near = nearest(address.split('?').next().unwrap_or_default());
    match near.filter(|_| request.method() == Method::GET && wants_page(request.headers())) {
        Some(near) => Redirect::to(&near).into_response(),
        None => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The page nearest to a path that takes forms; none where programs call.
fn nearest(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api", ..] | ["w", _, "api", ..] => None,
        ["w", workspace, entity, id, "files"] => Some(format!("/w/{workspace}/{entity}/{id}")),
        ["w", workspace, ..] => Some(format!("/w/{workspace}")),
        ["admin", ..] => Some("/admin".to_owned()),
        _ => Some("/".to_owned()),
    }
}

/// The error page outside any workspace.
pub async fn refused(state: &App, headers: &HeaderMap, info: RequestInfo, error: &Error) -> Response {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let page = page_context::public(state, headers, info, app::page::STAND_IN);
    let replay = Replay { operation: "refused".to_owned(), fields: Vec::new(), error: error.clone() };
    draw(state, PageContext { replay: Some(Arc::new(replay)), ..page }, None, Some(status)).await
}

/// Marks what [`panicked`] answers, for [`broken`].
#[derive(Clone)]
struct Panicked;

/// What broke is answered with the reference under which the log has it, and on a page where a page was asked for.
pub async fn broken(State(state): State<App>, request: Request, next: Next) -> Response {
    let info = info(&request);
    let page = request.method() == Method::GET && wants_page(request.headers());
    let headers = page.then(|| request.headers().clone());
    let response = next.run(request).await;
    if response.extensions().get::<Panicked>().is_none() {
        return response;
    }
    match (info, headers) {
        (Some(info), Some(headers)) => refused(&state, &headers, info, &Error::internal()).await,
        _ => api::problem::Problem { error: Error::internal(), request: info.map(|info| info.id) }.into_response(),
    }
}

/// A panic is ours: logged with its words, answered without them.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
pub fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response<Body> {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(words, "a handler panicked");
    let mut response = api::problem::Problem { error: Error::internal(), request: None }.into_response();
    response.extensions_mut().insert(Panicked);
    response
}

pub fn info(request: &Request) -> Option<RequestInfo> {
    request.extensions().get::<RequestInfo>().copied()
}

/// Path and query as the browser sent them; nested routers shorten `uri()`.
fn full_address(request: &Request) -> String {
    let original = request.extensions().get::<axum::extract::OriginalUri>().map_or(request.uri(), |uri| &uri.0);
    original.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// A path of this site to go to, or `otherwise`. Anything that a browser could read as another site is refused.
pub fn local_path(wanted: Option<&str>, otherwise: &str) -> String {
    match wanted {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && !path.contains(['\\', '\r', '\n', '\t', '\0'])
                && path.is_ascii() =>
        {
            path.to_owned()
        }
        _ => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{local_path, nearest};

    #[test]
    fn beside_a_path_of_forms_there_is_a_page() {
        for (path, near) in [
            ("/w/lakeside/do/records.update", Some("/w/lakeside")),
            ("/w/lakeside/account/password", Some("/w/lakeside")),
            ("/w/lakeside/leads/7/files", Some("/w/lakeside/leads/7")),
            ("/admin/second-factor/codes", Some("/admin")),
            ("/sign-out", Some("/")),
            ("/w/lakeside/api/v1/operations/records.get", None),
            ("/api/v1/auth/login", None),
        ] {
            assert_eq!(nearest(path).as_deref(), near, "{path}");
        }
    }

    #[test]
    fn only_paths_of_this_site() {
        assert_eq!(local_path(Some("/w/lakeside/leads?view=mine"), "/"), "/w/lakeside/leads?view=mine");
        for foreign in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil",
            "/a\r\nSet-Cookie: x=1",
            "",
        ] {
            assert_eq!(local_path(Some(foreign), "/"), "/", "{foreign:?}");
        }
    }
}
