//! Changing, suspending and restoring members. Managers form chains without circles, and an owner always stays.

use super::roles_guard::{may_put_at, may_put_under, not_above};
use domain::people::{RestoreMember, SuspendMember, UpdateMember};
use domain::{Error, Result};
use platform::{Change, Ctx, db_error};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;
use words::t;

const HOLD: &str = "\
select name, roles, status, manager_id, location_id from members where tenant_id = $1 and id = $2 and kind = 'person' for no key update";
// One change of managers at a time in a workspace: two that are right each could close a circle together.
const CHAIN_LOCK: &str = "select pg_advisory_xact_lock(hashtextextended($1::text || ':managers', 0))";
const ABOVE: &str = "\
with recursive above as (
    select id, manager_id from members where tenant_id = $1 and id = $2
    union
    select m.id, m.manager_id from members m join above a on m.tenant_id = $1 and m.id = a.manager_id
) select exists (select from above where id = $3)";
const UPDATE: &str = "\
update members set name = $3, manager_id = $4, location_id = $5, updated_at = $6 where tenant_id = $1 and id = $2";
const STATUS: &str = "update members set status = $3, updated_at = $4 where tenant_id = $1 and id = $2";

#[derive(FromRow)]
pub struct Held {
    pub name: String,
    pub roles: Vec<String>,
    pub status: String,
    manager_id: Option<Uuid>,
    location_id: Option<Uuid>,
}

pub async fn hold(ctx: &mut Ctx, id: Uuid) -> Result<Held> {
    let tenant = ctx.access.tenant.0;
    let held = sqlx::query_as(HOLD).bind(tenant).bind(id).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    held.ok_or_else(Error::not_found)
}

pub async fn update_member(ctx: &mut Ctx, update: UpdateMember) -> Result<()> {
    let name = person_name(&update.name)?;
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    sqlx::query(CHAIN_LOCK).bind(tenant).execute(ctx.conn().await?).await.map_err(db_error)?;
    let held = hold(ctx, update.id).await?;
    not_above(ctx, &held.name, &held.roles).await?;
    if let Some(manager) = update.manager {
        let circle: bool = sqlx::query_scalar(ABOVE)
            .bind(tenant)
            .bind(manager)
            .bind(update.id)
            .fetch_one(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        if circle {
            let message =
                t!("This person reports to the one whose manager they would be. Choose somebody who does not");
            return Err(Error::field("manager", message));
        }
        if update.manager != held.manager_id {
            may_put_under(ctx, Some(update.id), manager).await?;
        }
    }
    if let Some(location) = update.location.filter(|location| Some(*location) != held.location_id) {
        may_put_at(ctx, &held.name, &held.roles, location).await?;
    }
    let changed = sqlx::query(UPDATE)
        .bind(tenant)
        .bind(update.id)
        .bind(&name)
        .bind(update.manager)
        .bind(update.location)
        .bind(now)
        .execute(ctx.conn().await?)
        .await;
    changed.map_err(|error| match error.as_database_error().and_then(|error| error.constraint()) {
        Some("members_manager") => Error::field("manager", t!("This manager is not a member of the workspace")),
        Some("members_location") => Error::field("location", t!("There is no such location in this workspace")),
        _ => db_error(error),
    })?;
    let before = json!({ "name": held.name, "manager": held.manager_id, "location": held.location_id });
    let after = json!({ "name": name, "manager": update.manager, "location": update.location });
    if before != after {
        report(ctx, update.id, Some(before), after, "people.member.updated");
    }
    Ok(())
}

pub async fn suspend_member(ctx: &mut Ctx, suspend: SuspendMember) -> Result<()> {
    if suspend.id == ctx.access.member.0 {
        return Err(Error::conflict(t!("You cannot suspend yourself. To go, leave the workspace in your profile")));
    }
    let held = hold(ctx, suspend.id).await?;
    not_above(ctx, &held.name, &held.roles).await?;
    set_status(ctx, suspend.id, &held, "ACTIVE", "SUSPENDED", "people.member.suspended").await
}

pub async fn restore_member(ctx: &mut Ctx, restore: RestoreMember) -> Result<()> {
    let held = hold(ctx, restore.id).await?;
    not_above(ctx, &held.name, &held.roles).await?;
    set_status(ctx, restore.id, &held, "SUSPENDED", "ACTIVE", "people.member.restored").await
}

/// From one status to the other; said once is enough.
pub async fn set_status(ctx: &mut Ctx, id: Uuid, held: &Held, from: &str, to: &str, event: &str) -> Result<()> {
    if held.status == to {
        return Ok(());
    }
    if held.status != from {
        return Err(Error::conflict(t!("{name} has left this workspace. Invite them again", name = held.name)));
    }
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    sqlx::query(STATUS).bind(tenant).bind(id).bind(to).bind(now).execute(ctx.conn().await?).await.map_err(db_error)?;
    report(ctx, id, Some(json!({ "status": from })), json!({ "status": to }), event);
    Ok(())
}

pub fn report(ctx: &mut Ctx, id: Uuid, before: Option<Value>, after: Value, event: &str) {
    ctx.changed(Change {
        entity: "member".to_owned(),
        record: Some(id),
        before,
        after: Some(after),
        event: Some(event.to_owned()),
    });
}

/// A person's name as it is kept.
pub fn person_name(typed: &str) -> Result<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
        return Err(Error::field("name", t!("Type a name of 1 to 120 characters")));
    }
    Ok(name)
}
