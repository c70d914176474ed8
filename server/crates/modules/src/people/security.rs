//! What a workspace asks of those who come in: a second factor, shorter sessions, and whether support may act for a member.

use domain::people::{ABSOLUTE_MINUTES, GetSecurity, IDLE_MINUTES, SaveSecurity, Security, SecurityPolicy};
use domain::{Error, FieldError, Result};
use platform::{Change, Ctx, db_error};
use serde_json::json;
use sqlx::FromRow;
use words::t;

const READ: &str = "\
select second_factor, second_factor_roles, idle_minutes, absolute_minutes, support_access from security_policies where tenant_id = $1";

const WRITE: &str = "\
insert into security_policies (tenant_id, second_factor, second_factor_roles, idle_minutes, absolute_minutes, support_access, updated_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (tenant_id) do update set second_factor = $2, second_factor_roles = $3, idle_minutes = $4, absolute_minutes = $5,
    support_access = $6, updated_at = $7";

#[derive(FromRow)]
struct Row {
    second_factor: String,
    second_factor_roles: Vec<String>,
    idle_minutes: Option<i64>,
    absolute_minutes: Option<i64>,
    support_access: bool,
}

pub async fn get_security(ctx: &mut Ctx, _: GetSecurity) -> Result<Security> {
    let policy = held(ctx).await?;
    let own_factor = match ctx.access.user {
        Some(user) => ctx.services.auth.second_factor(user.0).await?.is_some(),
        None => false,
    };
    Ok(Security { policy, own_factor })
}

async fn held(ctx: &mut Ctx) -> Result<SecurityPolicy> {
    let tenant = ctx.access.tenant.0;
    let row: Option<Row> =
        sqlx::query_as(READ).bind(tenant).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    Ok(row.map(policy).unwrap_or_default())
}

pub async fn save_security(ctx: &mut Ctx, save: SaveSecurity) -> Result<SecurityPolicy> {
    let wanted = SecurityPolicy {
        second_factor: save.second_factor,
        second_factor_roles: save.roles.into_iter().filter(|(_, ticked)| *ticked).map(|(role, _)| role).collect(),
        idle_minutes: save.idle_minutes,
        absolute_minutes: save.absolute_minutes,
        support_access: save.support_access,
    };
    let wanted = checked(ctx, wanted).await?;
    let before = held(ctx).await?;
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    sqlx::query(WRITE)
        .bind(tenant)
        .bind(&wanted.second_factor)
        .bind(&wanted.second_factor_roles)
        .bind(wanted.idle_minutes)
        .bind(wanted.absolute_minutes)
        .bind(wanted.support_access)
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    ctx.changed(Change {
        entity: "security".to_owned(),
        record: None,
        before: Some(json!(before)),
        after: Some(json!(wanted)),
        event: Some("people.security.changed".to_owned()),
    });
    Ok(wanted)
}

fn policy(row: Row) -> SecurityPolicy {
    SecurityPolicy {
        second_factor: row.second_factor,
        second_factor_roles: row.second_factor_roles,
        idle_minutes: row.idle_minutes,
        absolute_minutes: row.absolute_minutes,
        support_access: row.support_access,
    }
}

/// Every fault at once, in words.
async fn checked(ctx: &mut Ctx, mut wanted: SecurityPolicy) -> Result<SecurityPolicy> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, message: String| faults.push(FieldError { field: field.to_owned(), message });
    match wanted.second_factor.as_str() {
        "nobody" | "everybody" => wanted.second_factor_roles.clear(),
        "roles" if wanted.second_factor_roles.is_empty() => {
            fault("secondFactorRoles", t!("Choose at least one role, or nobody").to_owned());
        }
        "roles" => {
            let known: Vec<String> = sqlx::query_scalar("select key from roles where tenant_id = $1")
                .bind(ctx.access.tenant.0)
                .fetch_all(ctx.conn().await?)
                .await
                .map_err(db_error)?;
            if let Some(unknown) = wanted.second_factor_roles.iter().find(|role| !known.contains(role)) {
                fault("secondFactorRoles", t!("There is no role {role} in this workspace", role = unknown));
            }
        }
        _ => fault("secondFactor", t!("Choose nobody, roles or everybody").to_owned()),
    }
    // The limits of everybody are no tightening: they are kept as nothing.
    wanted.idle_minutes = wanted.idle_minutes.filter(|minutes| *minutes != IDLE_MINUTES);
    wanted.absolute_minutes = wanted.absolute_minutes.filter(|minutes| *minutes != ABSOLUTE_MINUTES);
    if wanted.idle_minutes.is_some_and(|minutes| !(5..IDLE_MINUTES).contains(&minutes)) {
        fault("idleMinutes", t!("Choose from 5 minutes to 8 hours").to_owned());
    }
    if wanted.absolute_minutes.is_some_and(|minutes| !(30..ABSOLUTE_MINUTES).contains(&minutes)) {
        fault("absoluteMinutes", t!("Choose from 30 minutes to 7 days").to_owned());
    }
    if faults.is_empty() { Ok(wanted) } else { Err(Error::fields(faults)) }
}
