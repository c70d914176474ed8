//! Support staff acting for a member: choosing whom, beginning, and stopping. `platform/src/auth/impersonate.rs` says what holds meanwhile.

use super::confirm::{Asked, Fields, fields};
use super::sign_in::{Door, Staff, agent};
use super::{cookies, draw, page_context};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use app::page::{About, ImpersonatePage, PageContext, Replay};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Error, MemberId, Result, TenantId};
use platform::auth::{Impersonate, Prepared, Users, cookie_name};
use platform::{Caller, Change, TxMode};
use serde_json::{Value, json};
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;
use words::t;

fn value<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().rev().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
}

pub async fn show(
    State(state): State<App>,
    staff: Staff,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = cookies::query_pairs(query.as_deref().unwrap_or_default());
    page(&state, &staff, info, &headers, value(&pairs, "workspace"), None).await
}

async fn page(
    state: &App,
    staff: &Staff,
    info: RequestInfo,
    headers: &HeaderMap,
    slug: &str,
    refused: Option<(Fields, Error)>,
) -> Response {
    let services = &state.platform.services;
    let found = match services.auth.members_of(&services.pools, &staff.0, slug).await {
        Ok(Some(found)) => found,
        Ok(None) => return draw::refused(state, headers, info, &Error::not_found()).await,
        Err(error) => return draw::refused(state, headers, info, &error).await,
    };
    let about = ImpersonatePage {
        slug: slug.to_owned(),
        workspace: found.name,
        tenant: found.tenant.to_string(),
        allowed: found.allowed,
        members: found
            .members
            .into_iter()
            .map(|(id, name, email, roles)| (id.to_string(), name, email.unwrap_or_else(|| roles.join(", "))))
            .collect(),
    };
    let address = format!("/admin/impersonate?workspace={}", app::page::encode(slug));
    let status = refused.as_ref().map(|(_, error)| draw::form_status(error.kind));
    let replay = refused.map(|(fields, error)| Arc::new(Replay { operation: "impersonate".to_owned(), fields, error }));
    let page = page_context::staff(state, headers, info, &address, &staff.0);
    let page = PageContext { about: Some(Arc::new(About::Impersonate(about))), replay, ..page };
    draw::draw(state, page, None, status).await
}

/// Begins it: confirmed, written down, told to the workspace, and only then opened, in the realm of people and under a cookie of that realm.
pub async fn begin(
    State(state): State<App>,
    staff: Staff,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let all = fields(&body);
    let slug = value(&all, "workspace").to_owned();
    let back = format!("/admin/impersonate?workspace={}", app::page::encode(&slug));
    let asked = Asked {
        state: &state,
        door: Door::Staff,
        session: &session,
        headers: &headers,
        info,
        action: "/admin/impersonate",
        back: &back,
    };
    let form = match asked.confirmed(all).await {
        Ok(form) => form,
        Err(page) => return page,
    };
    match open(&state, &staff, info, &headers, &form).await {
        Ok((slug, cookie)) => {
            let mut response = Redirect::to(&format!("/w/{slug}")).into_response();
            if let Some(cookie) =
                cookies::set(&cookie_name::<Users>(state.config.secure()), &cookie, 3600, state.config.secure())
            {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => page(&state, &staff, info, &headers, &slug, Some((form, error))).await,
    }
}

async fn open(
    state: &App,
    staff: &Staff,
    info: RequestInfo,
    headers: &HeaderMap,
    form: &Fields,
) -> Result<(String, String)> {
    let auth = &state.platform.services.auth;
    let id =
        |name: &str| Uuid::try_parse(value(form, name)).map_err(|_| Error::field(name, t!("Choose for whom to act")));
    let ask = Impersonate {
        tenant: TenantId(id("tenant")?),
        member: MemberId(id("member")?),
        reason: value(form, "reason").to_owned(),
        minutes: value(form, "minutes").parse().unwrap_or(0),
    };
    let prepared = auth.prepare_impersonation(&staff.0, &ask).await?;
    let told = tell(state, info, &prepared, &staff.0.name, "people.impersonation.began").await;
    if let Err(error) = told {
        auth.end_impersonation(prepared.id).await?;
        return Err(error);
    }
    // Whoever was signed in here before is signed out.
    let held = cookies::read(headers, &cookie_name::<Users>(state.config.secure()), state.config.secure())
        .and_then(|held| held.parse().ok());
    let session = Session::new(held, Arc::new(auth.users.clone()), None);
    auth.impersonate(&session, &prepared, Some(info.address), agent(headers)).await?;
    let cookie = session.id().ok_or_else(Error::internal)?.to_string();
    Ok((prepared.slug, cookie))
}

/// Into the workspace's own log, with both names.
async fn tell(state: &App, info: RequestInfo, prepared: &Prepared, staff: &str, event: &str) -> Result<()> {
    let after = json!({ "staff": staff, "reason": prepared.reason, "until": prepared.until });
    note(state, Some(info.id), prepared.tenant, prepared.member, prepared.id, after, event).await
}

async fn note(
    state: &App,
    request: Option<Uuid>,
    tenant: TenantId,
    member: MemberId,
    id: Uuid,
    mut after: Value,
    event: &str,
) -> Result<()> {
    let access = platform::auth::member(&state.platform.services.pools, tenant, member).await?;
    after["member"] = json!({ "id": member, "name": access.name });
    let mut origin = state.platform.origin(request);
    (origin.cause_kind, origin.cause_id) = ("impersonation", Some(id));
    let caller = Caller { access: Arc::new(access), session: None, origin };
    let mut ctx = state.platform.open(&caller, "account.impersonate", TxMode::ReadWrite).await?;
    ctx.changed(Change {
        entity: "impersonation".to_owned(),
        record: Some(id),
        before: None,
        after: Some(after),
        event: Some(event.to_owned()),
    });
    ctx.commit().await
}

/// Ends those that ran out and that nobody stopped, and says so in the workspace's log. Their sessions opened nothing since.
pub async fn end_overdue(state: &App, limit: i64) -> Result<u64> {
    let auth = &state.platform.services.auth;
    let mut ended = 0;
    for (id, tenant, member) in auth.overdue_impersonations(limit).await? {
        // Another process may have been quicker.
        if auth.end_impersonation(id).await?.is_none() {
            continue;
        }
        ended += 1;
        let after = json!({ "reason": "Its time was over" });
        if let Err(error) = note(state, None, tenant, member, id, after, "people.impersonation.ended").await {
            tracing::warn!(%error, impersonation = %id, "the end of an impersonation could not be written down");
        }
    }
    Ok(ended)
}

/// Stops it, from the banner. The session ends; the way leads back to the platform's own.
pub async fn stop(
    State(state): State<App>,
    session: Session,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let auth = &state.platform.services.auth;
    let ended = async {
        platform::auth::current(&session).await?.ok_or_else(Error::unauthenticated)?;
        let Some(acting) = auth.impersonation(&session).await? else { return Ok(false) };
        let whose = auth.end_impersonation(acting.id).await?;
        session
            .flush()
            .await
            .map_err(|_| Error::unavailable(t!("The session could not be ended. Try again in a moment")))?;
        if let Some((tenant, member)) = whose {
            note(&state, Some(info.id), tenant, member, acting.id, json!({}), "people.impersonation.ended").await?;
        }
        Ok::<_, Error>(true)
    };
    match ended.await {
        Ok(true) => Redirect::to("/admin").into_response(),
        Err(error) if error.kind == domain::Kind::Unauthenticated => {
            api::problem::Problem { error, request: Some(info.id) }.into_response()
        }
        // A session of one's own has nothing to stop.
        Ok(false) => Redirect::to("/").into_response(),
        Err(error) => draw::refused(&state, &headers, info, &error).await,
    }
}
