//! A forgotten password, a new address, and changing the password while signed in.

use super::super::forms::{PATIENCE, in_words};
use super::*;
use platform::Idempotent;
use platform::auth::{Users, cookie_name};

/// Of the cookie; the session behind it ends by itself.
const SESSION_SECONDS: u32 = 7 * 24 * 3600;

pub async fn forgot(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    let services = &state.platform.services;
    let sent = async {
        let login = text(&fields, "login");
        auth::login_of(&login)?;
        services.auth.count_mail(info.address).await?;
        people::queue_now(services, &AccountMail::Forgot { login }).await
    };
    match sent.await {
        Ok(()) => Redirect::to("/forgot-password?sent=1").into_response(),
        Err(error) => asked.again("/forgot-password", "forgot_password", fields, error, Some(asked.choosing())).await,
    }
}

async fn reset_facts(state: &App, token: &str) -> Option<AccountFacts> {
    let found = state.platform.services.auth.open_password_link(token).await.ok().flatten();
    found.map(|(_, login)| AccountFacts::Reset { login })
}

pub async fn reset_page(
    State(state): State<App>,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let facts = reset_facts(&state, &path.token).await;
    asked.page(&format!("/reset-password/{}", app::page::encode(&path.token)), facts).await
}

/// Sets the password and asks to sign in with it: a link is not a second factor. The browser is known from now on, so that the tries of others do not
/// keep it from signing in.
pub async fn reset(
    State(state): State<App>,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    let services = &state.platform.services;
    let done = async {
        let (user, device) = services.auth.reset_password(&path.token, &text(&fields, "password")).await?;
        people::queue_now(services, &AccountMail::PasswordChanged { user: user.0 }).await?;
        people::password_reset(&state.platform, user, info.id).await?;
        Ok::<_, Error>(device)
    };
    match done.await {
        Ok(device) => {
            let mut response = asked.said(t!("Your password is changed. Sign in with it"), "/sign-in");
            if let Some(cookie) = sign_in::device_cookie(&state, &device) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let facts = reset_facts(&state, &path.token).await;
            asked
                .again(
                    &format!("/reset-password/{}", app::page::encode(&path.token)),
                    "reset_password",
                    fields,
                    error,
                    facts,
                )
                .await
        }
    }
}

pub async fn email_page(
    State(state): State<App>,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let found = state.platform.services.auth.open_email_link(&path.token).await.ok().flatten();
    asked
        .page(&format!("/email/{}", app::page::encode(&path.token)), found.map(|email| AccountFacts::Email { email }))
        .await
}

pub async fn confirm_email(
    State(state): State<App>,
    Path(path): Path<TokenPath>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let services = &state.platform.services;
    let changed = async {
        let new = services.auth.take_email_link(&path.token).await?;
        people::address_changed(&state.platform, &new).await?;
        Ok::<_, Error>(new)
    };
    match changed.await {
        Ok(new) => asked.said(&t!("You sign in with {login} from now on", login = new.email), "/"),
        Err(error) => {
            let found = services.auth.open_email_link(&path.token).await.ok().flatten();
            let facts = found.map(|email| AccountFacts::Email { email });
            asked
                .again(&format!("/email/{}", app::page::encode(&path.token)), "confirm_email", Vec::new(), error, facts)
                .await
        }
    }
}

/// Of the profile page: a route of its own, because the session that asks gets a new id.
pub async fn change_password(
    State(state): State<App>,
    session: Session,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { state: &state, headers: &headers, info };
    let fields = fields(&body);
    let services = &state.platform.services;
    let profile = format!("/w/{}/settings/profile", caller.access.slug);
    let change = ChangePassword { current: text(&fields, "current"), password: text(&fields, "password") };
    // By its key alone: no hash of what was typed is kept anywhere but in the account.
    let once = own(&fields, "_key")
        .map(|key| Idempotent::new("FORM people.change_password".to_owned(), key, b"").patient(PATIENCE));
    let changed = async {
        let platform = state.platform.clone();
        let Some(once) = once else {
            platform.backend(caller.clone()).run(change).await?;
            return services.auth.users.rotate(&session).await.map(|()| None);
        };
        let input = serde_json::to_value(&change).map_err(|_| Error::internal())?;
        let reply = platform.run_once(caller.clone(), "people.change_password".to_owned(), input, once).await;
        if !reply.map_err(in_words)?.replayed {
            return services.auth.users.rotate(&session).await.map(|()| None);
        }
        // The second click of a double click: the first one moves the session that both came with, and may have been answered to nobody. This one
        // proved as much, so it gets one of its own.
        let Some(user) = caller.access.user else { return Ok(None) };
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let other = Session::new(None, Arc::new(services.auth.users.clone()), None);
        services.auth.users.begin(&other, user.0, Some(info.address), agent).await?;
        Ok(other.id())
    };
    match changed.await {
        Ok(begun) => {
            let mut response = asked.said(t!("Your password is changed, and your other sessions are ended"), &profile);
            let (name, secure) = (cookie_name::<Users>(state.config.secure()), state.config.secure());
            let cookie = begun.and_then(|id| cookies::set(&name, &id.to_string(), SESSION_SECONDS, secure));
            if let Some(cookie) = cookie {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let replay = Replay { operation: "people.change_password".to_owned(), fields: Vec::new(), error };
            draw::replay(&state, &headers, info, &caller, &profile, replay).await
        }
    }
}
