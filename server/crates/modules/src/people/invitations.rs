//! Inviting people, sending an invitation again, and taking it back.

use super::account_mail::{AccountMail, queue};
use super::roles_guard::{may_give, may_put_at, may_put_under};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use domain::people::invitations::VALID_DAYS;
use domain::people::{Invitation, Invite, Invited, ListInvitations, ResendInvitation, RevokeInvitation};
use domain::{Error, Result};
use platform::{Change, Ctx, auth, db_error};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;
use words::t;

const MEMBER: &str = "\
select exists (select from members where tenant_id = $1 and email_norm = $2 and status <> 'LEFT' and kind = 'person')";
const INSERT: &str = "\
insert into invitations (tenant_id, id, name, email, email_norm, phone, roles, location_id, manager_id, invited_by, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const LIST: &str = "\
select i.id, coalesce(i.email, i.phone) as login, i.name, i.roles, m.name as invited_by, i.sent_at, i.expires_at,
    array(select coalesce(r.label, u.key) from unnest(i.roles) with ordinality as u (key, place)
        left join roles r on r.tenant_id = i.tenant_id and r.key = u.key order by u.place) as role_labels
from invitations i join members m on m.tenant_id = i.tenant_id and m.id = i.invited_by
where i.tenant_id = $1 and i.status = 'PENDING' order by i.created_at desc, i.id limit 500";
// Who sends it again stands for it from then on.
const AGAIN: &str = "\
update invitations set expires_at = $3, sent_at = null, key = null, invited_by = $4 where tenant_id = $1 and id = $2 and status = 'PENDING'
returning coalesce(email, phone), roles";
const REVOKE: &str = "\
update invitations set status = 'REVOKED', key = null, ended_at = $3 where tenant_id = $1 and id = $2 and status = 'PENDING'
returning coalesce(email, phone), roles";
// An invitation that ran out makes way for a new one.
const EXPIRED: &str = "\
update invitations set status = 'REVOKED', key = null, ended_at = $3
where tenant_id = $1 and coalesce(email_norm, phone) = $2 and status = 'PENDING' and expires_at <= $3";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    login: String,
    name: Option<String>,
    roles: Vec<String>,
    role_labels: Vec<String>,
    invited_by: String,
    sent_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
}

pub async fn invite(ctx: &mut Ctx, mut invite: Invite) -> Result<Invited> {
    let login = auth::login_of(&invite.login)?;
    invite.roles.sort();
    invite.roles.dedup();
    may_give(ctx, &invite.roles).await?;
    let name = invite.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > 120) {
        return Err(Error::field("name", t!("A name has at most 120 characters")));
    }
    if let Some(manager) = invite.manager {
        may_put_under(ctx, None, manager).await?;
    }
    if let Some(location) = invite.location {
        may_put_at(ctx, name.unwrap_or(&login.shown), &invite.roles, location).await?;
    }
    let (tenant, me, now, id) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now(), ctx.new_id());
    // Who is a member is no secret to who may invite: members are listed to them.
    let member: bool = sqlx::query_scalar(MEMBER)
        .bind(tenant)
        .bind(&login.email)
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if member {
        let message = t!("{login} is a member of this workspace already", login = login.shown);
        return Err(Error::field("login", message));
    }
    let key = login.email.as_ref().or(login.phone.as_ref());
    sqlx::query(EXPIRED).bind(tenant).bind(key).bind(now).execute(ctx.conn().await?).await.map_err(db_error)?;
    let made = sqlx::query(INSERT)
        .bind(tenant)
        .bind(id)
        .bind(name)
        .bind(login.email.is_some().then_some(&login.shown))
        .bind(&login.email)
        .bind(&login.phone)
        .bind(&invite.roles)
        .bind(invite.location)
        .bind(invite.manager)
        .bind(me)
        .bind(now)
        .bind(now + Duration::days(VALID_DAYS))
        .execute(ctx.conn().await?)
        .await;
    made.map_err(|error| named(error, &login.shown))?;
    queue(ctx, &AccountMail::Invitation { tenant, id }).await?;
    ctx.changed(Change {
        entity: "invitation".to_owned(),
        record: Some(id),
        before: None,
        after: Some(json!({ "login": login.shown, "roles": invite.roles, "manager": invite.manager, "location": invite.location })),
        event: Some("people.invitation.created".to_owned()),
    });
    Ok(Invited { id })
}

fn named(error: sqlx::Error, login: &str) -> Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("invitations_pending_key") => Error::field(
            "login",
            t!("{login} is invited already. Send that invitation again, or take it back first", login),
        ),
        Some("invitations_manager") => Error::field("manager", t!("This manager is not a member of the workspace")),
        Some("invitations_location") => Error::field("location", t!("There is no such location in this workspace")),
        _ => db_error(error),
    }
}

pub async fn list_invitations(ctx: &mut Ctx, _: ListInvitations) -> Result<Vec<Invitation>> {
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let rows: Vec<Row> = sqlx::query_as(LIST).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let text = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(rows
        .into_iter()
        .map(|row| Invitation {
            id: row.id,
            login: row.login,
            name: row.name,
            roles: row.roles,
            role_labels: row.role_labels,
            invited_by: row.invited_by,
            sent_at: row.sent_at.map(text),
            expired: row.expires_at <= now,
            expires_at: text(row.expires_at),
        })
        .collect())
}

pub async fn resend_invitation(ctx: &mut Ctx, again: ResendInvitation) -> Result<()> {
    let (tenant, me, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let found: Option<(String, Vec<String>)> = sqlx::query_as(AGAIN)
        .bind(tenant)
        .bind(again.id)
        .bind(now + Duration::days(VALID_DAYS))
        .bind(me)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let (login, given) = found.ok_or_else(Error::not_found)?;
    may_give(ctx, &given).await?;
    queue(ctx, &AccountMail::Invitation { tenant, id: again.id }).await?;
    ctx.changed(Change {
        entity: "invitation".to_owned(),
        record: Some(again.id),
        before: None,
        after: Some(json!({ "login": login, "roles": given, "sentAgain": true })),
        event: Some("people.invitation.sent_again".to_owned()),
    });
    Ok(())
}

pub async fn revoke_invitation(ctx: &mut Ctx, revoke: RevokeInvitation) -> Result<()> {
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let found: Option<(String, Vec<String>)> = sqlx::query_as(REVOKE)
        .bind(tenant)
        .bind(revoke.id)
        .bind(now)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let (login, given) = found.ok_or_else(Error::not_found)?;
    ctx.changed(Change {
        entity: "invitation".to_owned(),
        record: Some(revoke.id),
        before: Some(json!({ "login": login, "roles": given, "status": "PENDING" })),
        after: Some(json!({ "status": "REVOKED" })),
        event: Some("people.invitation.revoked".to_owned()),
    });
    Ok(())
}
