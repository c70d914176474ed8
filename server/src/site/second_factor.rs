//! The second factor of the own account: setting it up, new recovery codes, taking it away. The same pages for people and for staff.
//!
//! Each of these wants a confirmation, gives the session a new id and ends every other one: they were begun under the rules before. What was
//! done stands in the log of every workspace that the person works in.

use super::confirm::{Asked, Fields, fields};
use super::sign_in::{Door, Owned};
use super::{cookies, draw, page_context};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::{About, FactorPage, PageContext, Picture, Replay};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::SecondsFormat;
use domain::{Error, Result, UserId};
use platform::auth::Owner;
use platform::{Caller, Change, TxMode};
use serde_json::json;
use std::sync::Arc;
use tower_sessions::Session;
use words::t;

/// Staff who keep their second factor once they have one.
const FIXED: &[&str] = &["SUPER_ADMIN", "ADMIN"];

/// What every handler here is given.
#[derive(axum::extract::FromRequestParts)]
#[from_request(state(App))]
pub struct Request {
    #[from_request(via(State))]
    state: App,
    #[from_request(via(Extension))]
    door: Door,
    session: Session,
    owned: Owned,
    #[from_request(via(Extension))]
    info: RequestInfo,
    headers: HeaderMap,
}

impl Request {
    fn path(&self, rest: &str) -> String {
        format!("{}/second-factor{rest}", self.door.base())
    }

    /// The form's fields, once the session was confirmed.
    async fn confirmed(&self, rest: &str, body: &[u8]) -> Result<Fields, Response> {
        let (action, back) = (self.path(rest), self.path(""));
        let asked = Asked {
            state: &self.state,
            door: self.door,
            session: &self.session,
            headers: &self.headers,
            info: self.info,
            action: &action,
            back: &back,
        };
        asked.confirmed(fields(body)).await
    }

    async fn about(&self, next: String) -> Result<FactorPage> {
        let auth = &self.state.platform.services.auth;
        let held = auth.second_factor(self.owned.owner.id()).await?;
        let ready = auth.prepared_second_factor(self.owned.owner, &self.owned.account).await?;
        Ok(FactorPage {
            base: self.door.base(),
            since: held.map(|held| held.set_up_at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            codes_left: held.map_or(0, |held| held.codes_left),
            picture: ready.map(|ready| Picture {
                seed: ready.seed.into_exposed(),
                uri: ready.uri.into_exposed(),
                dark: ready.dark.into_exposed(),
                width: ready.width,
            }),
            codes: Vec::new(),
            required: false,
            fixed: FIXED.contains(&self.owned.role.as_str()),
            next,
        })
    }

    async fn draw(&self, about: FactorPage, error: Option<Error>) -> Response {
        let status = error.as_ref().map(|error| draw::form_status(error.kind));
        let page = page_context::public(&self.state, &self.headers, self.info, &self.path(""));
        let replay =
            error.map(|error| Arc::new(Replay { operation: "second_factor".to_owned(), fields: Vec::new(), error }));
        let page = PageContext { about: Some(Arc::new(About::Factor(about))), replay, ..page };
        draw::draw(&self.state, page, None, status).await
    }

    async fn refused(&self, error: &Error) -> Response {
        draw::refused(&self.state, &self.headers, self.info, error).await
    }

    /// After a change of what signing in needs: a new id for this session, an end for every other.
    async fn renew(&self) -> Result<()> {
        let auth = &self.state.platform.services.auth;
        let owner = self.owned.owner.id();
        match self.door {
            Door::People => {
                auth.users.rotate(&self.session).await?;
                auth.users.end_others(owner, self.owned.handle).await?;
            }
            Door::Staff => {
                auth.staff.rotate(&self.session).await?;
                auth.staff.end_others(owner, self.owned.handle).await?;
            }
        }
        Ok(())
    }

    /// Into the log of every workspace that the person works in. Staff have none.
    async fn report(&self, before: bool, after: bool, event: &str) -> Result<()> {
        let Owner::User(user) = self.owned.owner else { return Ok(()) };
        let (platform, pools) = (&self.state.platform, &self.state.platform.services.pools);
        for link in platform::auth::workspaces(pools, UserId(user)).await? {
            let access = platform::auth::access(pools, UserId(user), &link.slug).await?;
            let record = Some(access.member.0);
            let caller = Caller {
                access: Arc::new(access),
                session: Some(self.owned.handle),
                origin: platform.origin(Some(self.info.id)),
            };
            let mut ctx = platform.open(&caller, "account.second_factor", TxMode::ReadWrite).await?;
            ctx.changed(Change {
                entity: "member".to_owned(),
                record,
                before: Some(json!({ "secondFactor": before })),
                after: Some(json!({ "secondFactor": after })),
                event: Some(event.to_owned()),
            });
            ctx.commit().await?;
        }
        Ok(())
    }

    fn onward(&self, next: &str, words: &str) -> Response {
        let mut response = Redirect::to(&draw::local_path(Some(next), &self.path(""))).into_response();
        if let Some(cookie) = cookies::flash(words, self.state.config.secure()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

fn next_of(fields: &Fields) -> String {
    let next = fields.iter().rev().find(|(name, _)| name == "next").map(|(_, value)| value.as_str());
    draw::local_path(next, "")
}

pub async fn show(request: Request, RawQuery(query): RawQuery) -> Response {
    let pairs = cookies::query_pairs(query.as_deref().unwrap_or_default());
    let required = pairs.iter().any(|(name, value)| name == "required" && value == "1");
    match request.about(next_of(&pairs)).await {
        Ok(about) => request.draw(FactorPage { required, ..about }, None).await,
        Err(error) => request.refused(&error).await,
    }
}

/// Makes a seed and shows it.
pub async fn prepare(request: Request, body: Bytes) -> Response {
    let fields = match request.confirmed("/prepare", &body).await {
        Ok(fields) => fields,
        Err(page) => return page,
    };
    match request.state.platform.services.auth.prepare_second_factor(request.owned.owner).await {
        Ok(()) => {
            let next = app::page::encode(&next_of(&fields));
            Redirect::to(&format!("{}?next={next}", request.path(""))).into_response()
        }
        Err(error) => request.refused(&error).await,
    }
}

/// Takes the first code. The answer shows the recovery codes, and no other one does.
pub async fn finish(request: Request, body: Bytes) -> Response {
    let fields = match request.confirmed("", &body).await {
        Ok(fields) => fields,
        Err(page) => return page,
    };
    let next = next_of(&fields);
    let code = fields.iter().rev().find(|(name, _)| name == "code").map_or("", |(_, value)| value.as_str());
    let auth = &request.state.platform.services.auth;
    let done = async {
        let had = auth.second_factor(request.owned.owner.id()).await?.is_some();
        let codes = auth.finish_second_factor(request.owned.owner, code, request.info.address).await?;
        request.renew().await?;
        request.report(had, true, "people.second_factor.set_up").await?;
        Ok(codes)
    };
    match (done.await, request.about(next).await) {
        (Ok(codes), Ok(about)) => request.draw(FactorPage { codes, ..about }, None).await,
        (Err(error), Ok(about)) => request.draw(about, Some(error)).await,
        (_, Err(error)) => request.refused(&error).await,
    }
}

pub async fn codes(request: Request, body: Bytes) -> Response {
    let fields = match request.confirmed("/codes", &body).await {
        Ok(fields) => fields,
        Err(page) => return page,
    };
    let done = async {
        let codes = request.state.platform.services.auth.new_recovery_codes(request.owned.owner.id()).await?;
        request.report(true, true, "people.second_factor.new_codes").await?;
        Ok::<_, Error>(codes)
    };
    match (done.await, request.about(next_of(&fields)).await) {
        (Ok(codes), Ok(about)) => request.draw(FactorPage { codes, ..about }, None).await,
        (Err(error), Ok(about)) => request.draw(about, Some(error)).await,
        (_, Err(error)) => request.refused(&error).await,
    }
}

pub async fn off(request: Request, body: Bytes) -> Response {
    let fields = match request.confirmed("/off", &body).await {
        Ok(fields) => fields,
        Err(page) => return page,
    };
    let done = async {
        if FIXED.contains(&request.owned.role.as_str()) {
            return Err(Error::new(
                domain::Kind::Forbidden,
                t!("Administrators of the platform keep their second factor. Move it to another phone instead"),
            ));
        }
        if request.state.platform.services.auth.remove_second_factor(request.owned.owner).await? {
            request.renew().await?;
            request.report(true, false, "people.second_factor.removed").await?;
        }
        Ok(())
    };
    match done.await {
        Ok(()) => request.onward(&next_of(&fields), t!("The second factor is off")),
        Err(error) => match request.about(next_of(&fields)).await {
            Ok(about) => request.draw(about, Some(error)).await,
            Err(error) => request.refused(&error).await,
        },
    }
}
