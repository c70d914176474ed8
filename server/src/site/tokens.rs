//! The token pair over HTTP: signing a program in as a person, the next pair, signing out, and whose key or token it is. The same tries, waits and
//! words as the sign-in page; no cookie is read or set.

use super::machine::{bearer, refusal, token_over};
use super::page_context;
use super::sign_in::{Person, agent};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::problem::Problem;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::error::CODE_REQUIRED;
use domain::{Error, Kind, Result, UserId};
use platform::audit::Client;
use platform::audit::sign_ins::SignIn as Told;
use platform::auth::{ACCESS_FOR, Attempt, Bearer, CodeAttempt, Current, Owner, SignIn, TokenPair};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Login {
    /// Address or number; also under the names that requirements 68 and 78 have for it.
    #[serde(alias = "email", alias = "phone")]
    pub login: String,
    pub password: String,
    /// Of the second factor, for who has one.
    #[serde(default)]
    pub code: Option<String>,
}

impl Login {
    /// Of the second factor, asked for once the password was right.
    pub(super) fn code(&self) -> Result<&str> {
        let code = self.code.as_deref().filter(|code| !code.is_empty());
        code.ok_or_else(|| {
            let words = "This account has a second factor: send the code of the app, or a recovery code, as code";
            Error { code: Some(CODE_REQUIRED.to_owned()), ..Error::new(Kind::Unauthenticated, words) }
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refresh {
    refresh_token: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Logout {
    refresh_token: Option<String>,
}

/// The body, where it says that it is JSON: no form of another site can.
pub(super) fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim() != "application/json" {
        return Err(Error::invalid("Send the body as application/json"));
    }
    // What is wrong with it is not repeated word by word: it may hold a password.
    serde_json::from_slice(body)
        .map_err(|_| Error::invalid("The body is not the JSON object that docs/api.md describes"))
}

pub async fn login(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let done = async {
        let login: Login = read(&headers, &body)?;
        let user = sign_in(&state, info, &headers, &login).await?;
        let auth = &state.platform.services.auth;
        let pair = auth.users.begin_tokens(user.0, info.address, agent(&headers)).await?;
        let client = Client::new(info.address, agent(&headers));
        let told = Told { user: Some(user.0), client, session: Some(pair.session), ..Told::default() };
        // Nobody comes in without it being written down.
        if let Err(error) = auth.write_down(&told).await {
            auth.users.end(user.0, pair.session).await?;
            return Err(error);
        }
        answer(&state, &pair).await
    };
    done.await.unwrap_or_else(|error| problem(info, error))
}

async fn sign_in(state: &App, info: RequestInfo, headers: &HeaderMap, login: &Login) -> Result<UserId> {
    let auth = &state.platform.services.auth;
    let address = info.address;
    let attempt =
        Attempt { login: &login.login, password: &login.password, address, device: None, agent: agent(headers) };
    let half = match auth.sign_in(&attempt).await? {
        SignIn::Whole(user) => return Ok(user),
        SignIn::Half(half) => half,
    };
    match auth.finish_sign_in(&CodeAttempt { half: half.expose(), code: login.code()?, address, device: None }).await? {
        Owner::User(user) => Ok(UserId(user)),
        Owner::Staff(_) => Err(Error::unauthenticated()),
    }
}

pub async fn refresh(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refresh: Refresh = match read(&headers, &body) {
        Ok(refresh) => refresh,
        Err(error) => return problem(info, error),
    };
    match state.platform.services.auth.users.refresh_tokens(&refresh.refresh_token).await {
        Ok(pair) => answer(&state, &pair).await.unwrap_or_else(|error| problem(info, error)),
        Err(error) => refusal(&state, info, error).await,
    }
}

/// Ends the session of the access token, or of a refresh token in the body, where the other is over already.
pub async fn logout(
    State(state): State<App>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let auth = &state.platform.services.auth;
    let done = async {
        let logout: Logout = if body.is_empty() { Logout::default() } else { read(&headers, &body)? };
        let value = logout.refresh_token.as_deref().or(bearer(&headers)).unwrap_or_default();
        let Current { owner, handle } = auth.users.token_owner(value, true).await?.ok_or_else(token_over)?;
        auth.users.end(owner, handle).await?;
        let client = Client::new(info.address, agent(&headers));
        auth.write_down(&Told { user: Some(owner), out: true, client, session: Some(handle), ..Told::default() }).await
    };
    match done.await {
        Ok(()) => json_text(&json!({ "message": "Signed out" })),
        Err(error) => refusal(&state, info, error).await,
    }
}

/// Whose key, token or session it is, and which workspaces it opens.
pub async fn me(State(state): State<App>, Extension(info): Extension<RequestInfo>, mut parts: Parts) -> Response {
    let services = &state.platform.services;
    let Some(value) = bearer(&parts.headers).map(str::to_owned) else {
        return match Person::from_request_parts(&mut parts, &state).await {
            Ok(Person(user)) => of_user(&state, user).await.unwrap_or_else(|error| problem(info, error)),
            Err(refusal) => refusal,
        };
    };
    let found = async {
        if Bearer::of(&value) == Some(Bearer::Access) {
            let current = services.auth.users.token_owner(&value, false).await?.ok_or_else(token_over)?;
            return of_user(&state, UserId(current.owner)).await;
        }
        let access = services.auth.enter_by_key(&services.pools, &value, info.address).await?;
        let workspace = json!({ "slug": access.slug, "name": access.workspace, "industry": access.industry });
        let member = json!({ "id": access.member.0, "name": access.name });
        let key = access.key.map(|key| json!({ "id": key.id, "perMinute": key.per_minute, "grants": access.grants }));
        Ok(json_text(&json!({ "data": { "key": key, "member": member, "workspaces": [workspace] } })))
    };
    match found.await {
        Ok(response) => response,
        Err(error) => refusal(&state, info, error).await,
    }
}

async fn of_user(state: &App, user: UserId) -> Result<Response> {
    let links = page_context::links(state, user).await?;
    let workspaces: Vec<Value> = links
        .into_iter()
        .map(|link| json!({ "slug": link.slug, "name": link.name, "industry": link.industry }))
        .collect();
    Ok(json_text(&json!({ "data": { "user": shown(state, user).await?, "workspaces": workspaces } })))
}

async fn shown(state: &App, user: UserId) -> Result<Value> {
    let found = state.platform.services.auth.identity(user).await?;
    let (name, email, phone): (String, Option<String>, Option<String>) = found.ok_or_else(Error::unauthenticated)?;
    Ok(json!({ "id": user.0, "name": name, "email": email, "phone": phone }))
}

/// As requirement 78 has it, and what else a program needs to know.
async fn answer(state: &App, pair: &TokenPair) -> Result<Response> {
    let text = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(json_text(&json!({
        "user": shown(state, UserId(pair.owner)).await?,
        "accessToken": pair.access.expose(),
        "refreshToken": pair.refresh.expose(),
        "tokenType": "Bearer",
        "expiresIn": ACCESS_FOR.num_seconds(),
        "expiresAt": text(pair.access_until),
        "refreshExpiresAt": text(pair.refresh_until),
    })))
}

pub(super) fn json_text(value: &Value) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

pub(super) fn problem(info: RequestInfo, error: Error) -> Response {
    Problem { error, request: Some(info.id) }.into_response()
}
