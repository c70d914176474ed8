//! The caller's own sessions: where they are signed in, and ending it there.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::people::{EndOtherSessions, EndSession, ListSessions, SessionRow};
use domain::{Error, Result, UserId};
use platform::auth::SessionInfo;
use platform::{Change, Ctx};
use uuid::Uuid;

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
    let current = ctx.session.ok_or_else(|| Error::invalid("Only a signed-in browser can end the others"))?;
    let ended = ctx.services.auth.users.end_others(user.0, current).await?;
    report(ctx, None, "people.sessions.ended");
    Ok(ended)
}

fn person(ctx: &Ctx) -> Result<UserId> {
    ctx.access.user.ok_or_else(|| Error::invalid("Automation has no sessions"))
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
