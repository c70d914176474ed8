//! Confirmation: proving once more who one is, before something that a stolen session must not do.
//!
//! A form that needs it is not lost: the page that asks carries its fields along and sends them where they were going, together with the
//! password or the code. What was in a field for a password is not sent back to the browser.

use super::sign_in::{DEVICE, Door, Owned};
use super::{cookies, draw, page_context};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::{About, ConfirmPage, PageContext};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Error, Kind, Result};
use platform::auth::Proof;
use std::sync::Arc;
use tower_sessions::Session;

/// Fields of the page itself; what was to be done never sees them.
const WITH: &str = "_with";
const PASSWORD: &str = "_password";
const CODE: &str = "_code";

pub type Fields = Vec<(String, String)>;

/// A request that may have to be confirmed first.
pub struct Asked<'a> {
    pub state: &'a App,
    pub door: Door,
    pub session: &'a Session,
    pub headers: &'a HeaderMap,
    pub info: RequestInfo,
    /// Where the form posts to.
    pub action: &'a str,
    /// Where "Cancel" leads.
    pub back: &'a str,
}

impl Asked<'_> {
    /// The form's own fields, when the session was confirmed by now; else the page that asks.
    pub async fn confirmed(&self, fields: Fields) -> Result<Fields, Response> {
        let (proof, fields): (Fields, Fields) = fields.into_iter().partition(|(name, _)| is_proof(name));
        let by_code = value(&proof, WITH) == Some("code");
        if let Some(given) = value(&proof, if by_code { CODE } else { PASSWORD }) {
            let proof = if by_code { Proof::Code(given) } else { Proof::Password(given) };
            return match self.prove(proof).await {
                Ok(()) => Ok(fields),
                Err(error) => Err(self.page(fields, by_code, Some(error)).await),
            };
        }
        match self.is_confirmed().await {
            Ok(true) => Ok(fields),
            Ok(false) => Err(self.page(fields, by_code, None).await),
            Err(error) => Err(self.refused(&error).await),
        }
    }

    async fn prove(&self, proof: Proof<'_>) -> Result<()> {
        let auth = &self.state.platform.services.auth;
        match self.door {
            Door::People => {
                // Who acts for somebody has no password of theirs to try.
                if auth.impersonation(self.session).await?.is_some() {
                    return Err(Error::impersonated());
                }
                let device = cookies::read(self.headers, DEVICE, self.state.config.secure());
                auth.confirm_user(self.session, proof, self.info.address, device).await
            }
            Door::Staff => auth.confirm_staff(self.session, proof, self.info.address).await,
        }
    }

    pub async fn is_confirmed(&self) -> Result<bool> {
        let auth = &self.state.platform.services.auth;
        let current = platform::auth::current(self.session).await?.ok_or_else(Error::unauthenticated)?;
        match self.door {
            Door::People => auth.users.is_confirmed(current.handle).await,
            Door::Staff => auth.staff.is_confirmed(current.handle).await,
        }
    }

    /// The page that asks. 403, since what was to be done was not done.
    pub async fn page(&self, fields: Fields, by_code: bool, problem: Option<Error>) -> Response {
        let has_factor = match platform::auth::current(self.session).await {
            Ok(Some(current)) => self.state.platform.services.auth.second_factor(current.owner).await,
            Ok(None) => Err(Error::unauthenticated()),
            Err(error) => Err(error),
        };
        let has_factor = match has_factor {
            Ok(found) => found.is_some(),
            Err(error) => return self.refused(&error).await,
        };
        let status = match &problem {
            Some(error) if matches!(error.kind, Kind::Unauthenticated | Kind::Forbidden) => {
                return self.refused(error).await;
            }
            Some(error) => draw::form_status(error.kind),
            None => StatusCode::FORBIDDEN,
        };
        let about = ConfirmPage {
            base: self.door.base(),
            action: self.action.to_owned(),
            fields: fields.into_iter().filter(|(name, _)| !name.to_lowercase().contains("password")).collect(),
            by_code: by_code && has_factor,
            has_factor,
            back: self.back.to_owned(),
            problem: problem.map(|error| error.message),
        };
        let address = format!("{}/confirm", self.door.base());
        let page = page_context::public(self.state, self.headers, self.info, &address);
        let page = PageContext { about: Some(Arc::new(About::Confirm(about))), ..page };
        draw::draw(self.state, page, None, Some(status)).await
    }

    async fn refused(&self, error: &Error) -> Response {
        if error.kind == Kind::Unauthenticated {
            return Redirect::to(self.door.sign_in()).into_response();
        }
        draw::refused(self.state, self.headers, self.info, error).await
    }
}

fn is_proof(name: &str) -> bool {
    matches!(name, WITH | PASSWORD | CODE)
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let found = fields.iter().rev().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Whether a form brings a proof along: then it is looked at before anything else.
pub fn brings_proof(fields: &Fields) -> bool {
    fields.iter().any(|(name, _)| is_proof(name))
}

/// The fields of a form, in order.
pub fn fields(body: &[u8]) -> Fields {
    std::str::from_utf8(body).map(cookies::query_pairs).unwrap_or_default()
}

pub async fn show(
    State(state): State<App>,
    Extension(door): Extension<Door>,
    session: Session,
    _owned: Owned,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = cookies::query_pairs(query.as_deref().unwrap_or_default());
    let next = draw::local_path(value(&pairs, "next"), door.home());
    let action = format!("{}/confirm", door.base());
    let asked =
        Asked { state: &state, door, session: &session, headers: &headers, info, action: &action, back: door.home() };
    match asked.is_confirmed().await {
        Ok(true) => Redirect::to(&next).into_response(),
        Ok(false) => {
            let mut response = asked.page(vec![("next".to_owned(), next)], false, None).await;
            // Nothing was refused: somebody came to confirm.
            if response.status() == StatusCode::FORBIDDEN {
                *response.status_mut() = StatusCode::OK;
            }
            response
        }
        Err(error) => asked.refused(&error).await,
    }
}

pub async fn confirm(
    State(state): State<App>,
    Extension(door): Extension<Door>,
    session: Session,
    _owned: Owned,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = fields(&body);
    let next = draw::local_path(value(&fields, "next"), door.home());
    let action = format!("{}/confirm", door.base());
    let asked =
        Asked { state: &state, door, session: &session, headers: &headers, info, action: &action, back: door.home() };
    match asked.confirmed(fields).await {
        Ok(_) => Redirect::to(&next).into_response(),
        Err(page) => page,
    }
}
