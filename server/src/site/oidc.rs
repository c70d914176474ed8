//! Signing in by a provider over HTTP: to it and back. The way back is a GET that another site began, so its cookies are `SameSite=Lax` like all of
//! ours and nothing here is a form. What stands in its address (a code, a state) is used up when it arrives, and stands in no log.

use super::sign_in::{DEVICE, Door, How, agent, came_in, let_in, to_code, with_next};
use super::{cookies, draw, page_context};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::{Guard, Table};
use app::page::{PageContext, Replay};
use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::{Error, Kind, Result, UserId};
use modules::people::{self, AccountMail};
use platform::auth::oidc::{self, Came, Entry, JOURNEY_SECONDS, Missed, Person, Provider, Returned};
use platform::auth::{self, Proved};
use std::sync::Arc;
use tower_sessions::Session;
use words::t;

/// Of a journey to the provider and back.
const JOURNEY: &str = "nexus_oidc";
const BACK: &str = "/sign-in/oidc/return";

/// There in every build with the feature; *not found* where nobody is set up.
pub fn table() -> Table<App> {
    Table::new().route(Method::GET, "/sign-in/oidc", Guard::Public, get(begin)).route(
        Method::GET,
        BACK,
        Guard::Public,
        get(finish),
    )
}

fn provider(state: &App) -> Option<Arc<Provider>> {
    state.platform.registry().hooks::<Provider>().pop()
}

/// Whom people may sign in with.
pub fn name(state: &App) -> Option<String> {
    provider(state).map(|provider| provider.settings.name.clone())
}

/// Tells somebody that their account opens by the provider from now on.
pub async fn tell(state: &App, user: UserId) -> Result<()> {
    let Some(provider) = name(state) else { return Ok(()) };
    people::queue_now(&state.platform.services, &AccountMail::ProviderLinked { user: user.0, provider }).await
}

/// Our address for the way back: from the settings, whatever the request says.
fn back(state: &App) -> String {
    format!("{}{BACK}", state.config.base_url)
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

async fn begin(State(state): State<App>, Extension(info): Extension<RequestInfo>, request: Request) -> Response {
    let Some(provider) = provider(&state) else { return draw::missing(State(state), request).await };
    let pairs = cookies::query_pairs(request.uri().query().unwrap_or_default());
    let next = draw::local_path(value(&pairs, "next"), "");
    let headers = request.headers();
    // Another site may show people where to sign in, and not begin it for them.
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site") {
        return Redirect::to(&with_next(Door::People.sign_in(), &next)).into_response();
    }
    let again = value(&pairs, "again") == Some("1");
    match state.platform.services.auth.begin_by_provider(&provider, &back(&state), &next, again).await {
        Ok(begun) => {
            let mut response = Redirect::to(&begun.address).into_response();
            let cookie = cookies::set(JOURNEY, begun.cookie.expose(), JOURNEY_SECONDS, state.config.secure());
            if let Some(cookie) = cookie {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => refused(&state, headers, info, &next, error).await,
    }
}

async fn finish(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let Some(provider) = provider(&state) else { return draw::missing(State(state), request).await };
    let pairs = cookies::query_pairs(query.as_deref().unwrap_or_default());
    let (secure, back) = (state.config.secure(), back(&state));
    let returned = Returned {
        cookie: cookies::read(&headers, JOURNEY, secure),
        state: value(&pairs, "state").unwrap_or_default(),
        code: value(&pairs, "code"),
        error: value(&pairs, "error"),
        issuer: value(&pairs, "iss"),
        back: &back,
        address: info.address,
        device: cookies::read(&headers, DEVICE, secure),
        agent: agent(&headers),
    };
    let came = state.platform.services.auth.finish_by_provider(&provider, returned).await;
    let (mut response, over) = match came {
        Ok(Came { next, entry }) => {
            let next = draw::local_path(Some(&next), "");
            let entered = enter(&state, &session, &provider, info, &headers, &next, entry).await;
            match entered {
                Ok(response) => (response, true),
                Err(error) => (refused(&state, &headers, info, &next, error).await, true),
            }
        }
        Err(Missed { error, next, over }) => {
            let next = draw::local_path(Some(&next), "");
            (refused(&state, &headers, info, &next, error).await, over)
        }
    };
    if over && let Some(cookie) = cookies::set(JOURNEY, "", 0, secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn enter(
    state: &App,
    session: &Session,
    provider: &Provider,
    info: RequestInfo,
    headers: &HeaderMap,
    next: &str,
    entry: Entry,
) -> Result<Response> {
    let how = |linked, proved: Proved| {
        let issuer = Some(provider.settings.issuer.clone());
        How { issuer, linked, proved: Some(proved), ..How::default() }
    };
    match entry {
        Entry::Half(half) => Ok(to_code(state, Door::People, half.expose(), next)),
        Entry::Whole { user, linked, proved } => {
            let cookie = let_in(state, session, info, headers, user, how(linked, proved)).await?;
            Ok(came_in(state, Door::People, next, cookie))
        }
        Entry::Stranger { person, proved } => {
            let (user, slug) = invited(state, provider, &person, next).await?;
            // Said in no mail: the account has never been opened in another way.
            let cookie = let_in(state, session, info, headers, user, how(false, proved)).await?;
            Ok(came_in(state, Door::People, &format!("/w/{slug}"), cookie))
        }
    }
}

/// Somebody without an account, who came here by the link of an invitation to the address that the provider has verified: the account, and where they
/// are a member now.
async fn invited(state: &App, provider: &Provider, person: &Person, next: &str) -> Result<(UserId, String)> {
    let unknown = || oidc::unknown(&person.email);
    let services = &state.platform.services;
    let (clock, random) = (services.clock.as_ref(), services.random.as_ref());
    let token =
        next.strip_prefix("/invitations/").filter(|token| !token.contains(['/', '?', '#'])).ok_or_else(unknown)?;
    let open = auth::open_invitation(&services.pools.platform, clock, token).await?.ok_or_else(unknown)?;
    let invited = auth::login_of(&open.login)?;
    if invited.email.as_deref() != Some(person.email_norm.as_str()) {
        let words = t!(
            "This invitation is for {login}, and {provider} says that you are {address}. Choose the account there that was invited, or ask for an invitation of your own",
            login = open.login,
            provider = provider.settings.name,
            address = person.email
        );
        return Err(Error::new(Kind::Forbidden, words));
    }
    let name = open.name.as_deref().or(person.name.as_deref()).unwrap_or_default();
    let name = people::person_name(name).unwrap_or_else(|_| open.login.chars().take(60).collect());
    // Nobody knows this password; "Forgot your password?" sets one.
    let password = platform::random::token(random, 32);
    let hash = services.auth.passwords().hash(&password, random).await?;
    let user = auth::create_user(&services.pools.platform, clock, random, &name, &open.login, &hash).await?;
    services.auth.link_person(provider, user, person).await?;
    let slug = people::accept_invitation(&state.platform, &open, user).await?;
    Ok((user, slug))
}

/// The sign-in page, with why it did not work: from there one goes on by the provider again, or with a password.
async fn refused(state: &App, headers: &HeaderMap, info: RequestInfo, next: &str, error: Error) -> Response {
    let status = match error.kind {
        Kind::Unauthenticated => StatusCode::FORBIDDEN,
        kind => draw::form_status(kind),
    };
    let retry = error.retry_after;
    let replay = Replay { operation: "sign_in".to_owned(), fields: Vec::new(), error };
    let page = page_context::public(state, headers, info, &with_next(Door::People.sign_in(), next));
    let page = PageContext { replay: Some(Arc::new(replay)), ..page };
    let mut response = draw::draw(state, page, None, Some(status)).await;
    // The address of this page has a code in it: no request is to carry it.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    if let Some(seconds) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
