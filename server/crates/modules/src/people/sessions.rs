//! Sessions: the caller's own, and those of a member as an administrator sees them.

use super::roles_guard::not_above;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::people::{EndMemberSessions, EndOtherSessions, EndSession, ListMemberSessions, ListSessions, SessionRow};
use domain::{Error, Result, UserId};
use platform::auth::SessionInfo;
use platform::{Change, Ctx, db_error};
use serde_json::json;
use uuid::Uuid;
use words::t;

const MEMBER: &str = "select user_id, name, roles from members where tenant_id = $1 and id = $2 and kind = 'person'";

pub async fn list_sessions(ctx: &mut Ctx, _: ListSessions) -> Result<Vec<SessionRow>> {
    let user = person(ctx)?;
    let sessions = ctx.services.auth.users.list(user.0).await?;
    Ok(sessions.into_iter().map(|session| row(session, ctx.session)).collect())
}

fn row(session: SessionInfo, current: Option<Uuid>) -> SessionRow {
    let text = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    SessionRow {
        id: session.id,
        current: current == Some(session.id),
        token: session.kind == "token",
        address: session.address,
        agent: session.agent,
        created_at: text(session.created_at),
        last_seen_at: text(session.last_seen_at),
        expires_at: text(session.expires_at),
    }
}

pub async fn end_session(ctx: &mut Ctx, session: EndSession) -> Result<()> {
    let user = person(ctx)?;
    if !ctx.services.auth.users.end(user.0, session.id).await? {
        return Err(Error::not_found());
    }
    report(ctx, Some(session.id), "people.session.ended");
    Ok(())
}

pub async fn end_other_sessions(ctx: &mut Ctx, _: EndOtherSessions) -> Result<u64> {
    let user = person(ctx)?;
    let current = ctx.session.ok_or_else(|| Error::invalid(t!("Only a signed-in browser can end the others")))?;
    let ended = ctx.services.auth.users.end_others(user.0, current).await?;
    report(ctx, None, "people.sessions.ended");
    Ok(ended)
}

pub async fn list_member_sessions(ctx: &mut Ctx, query: ListMemberSessions) -> Result<Vec<SessionRow>> {
    let user = member(ctx, query.member).await?;
    let sessions = ctx.services.auth.users.list_in(user, ctx.access.tenant).await?;
    Ok(sessions.into_iter().map(|session| row(session, ctx.session)).collect())
}

pub async fn end_member_sessions(ctx: &mut Ctx, end: EndMemberSessions) -> Result<u64> {
    let user = member(ctx, end.member).await?;
    let ended = ctx.services.auth.users.end_in(user, ctx.access.tenant, end.id).await?;
    if end.id.is_some() && ended == 0 {
        return Err(Error::not_found());
    }
    ctx.changed(Change {
        entity: "session".to_owned(),
        record: end.id,
        before: None,
        after: Some(json!({ "member": end.member, "ended": ended })),
        event: Some("people.sessions.ended".to_owned()),
    });
    Ok(ended)
}

/// The person behind a member. Who holds more than the caller is not the caller's to look after.
async fn member(ctx: &mut Ctx, member: Uuid) -> Result<UserId> {
    let found: Option<(Option<Uuid>, String, Vec<String>)> = sqlx::query_as(MEMBER)
        .bind(ctx.access.tenant.0)
        .bind(member)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let Some((Some(user), name, roles)) = found else { return Err(Error::not_found()) };
    not_above(ctx, &name, &roles).await?;
    Ok(UserId(user))
}

fn person(ctx: &Ctx) -> Result<UserId> {
    // Where else the person is signed in is theirs to know.
    if ctx.access.impersonation.is_some() {
        return Err(Error::impersonated());
    }
    ctx.access.user.ok_or_else(|| Error::invalid(t!("Automation has no sessions")))
}

fn report(ctx: &mut Ctx, record: Option<Uuid>, event: &str) {
    ctx.changed(Change {
        entity: "session".to_owned(),
        record,
        before: None,
        after: None,
        event: Some(event.to_owned()),
    });
}
