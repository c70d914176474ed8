//! Approvals: asked for by a step of a run or by the state machine, decided once, by those who may.

pub mod ask;
pub mod decide;
pub mod end;
pub mod gate;
pub mod list;
pub mod since;

use domain::{Error, Result};
use platform::{Access, Ctx, db_error};
use uuid::Uuid;
use words::t;

/// An approval as deciding needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Approval {
    pub id: Uuid,
    pub state: String,
    pub run_id: Option<Uuid>,
    pub step: Option<String>,
    pub entity: Option<String>,
    pub record_id: Option<Uuid>,
    pub transition: Option<String>,
    pub roles: Vec<String>,
    pub members: Vec<Uuid>,
    pub policy: String,
    pub required: i16,
    pub self_approval: bool,
    pub requested_by: Option<Uuid>,
    /// The version that its record had when it was asked for.
    pub record_version: Option<i64>,
    /// Its time is over, though nobody has written that down yet.
    pub late: bool,
}

const READ: &str = "\
select id, state, run_id, step, entity, record_id, transition, roles, members, policy, required, self_approval, requested_by,
    record_version, coalesce(expires_at <= now(), false) as late
from approvals where tenant_id = $1 and id = $2";
const LOCK: &str = "\
select id, state, run_id, step, entity, record_id, transition, roles, members, policy, required, self_approval, requested_by,
    record_version, coalesce(expires_at <= now(), false) as late
from approvals where tenant_id = $1 and id = $2 for update";

impl Approval {
    async fn read(ctx: &mut Ctx, id: Uuid) -> Result<Self> {
        Self::by(ctx, READ, id).await
    }

    async fn lock(ctx: &mut Ctx, id: Uuid) -> Result<Self> {
        Self::by(ctx, LOCK, id).await
    }

    async fn by(ctx: &mut Ctx, sql: &'static str, id: Uuid) -> Result<Self> {
        let tenant = ctx.access.tenant.0;
        let found = sqlx::query_as(sql).bind(tenant).bind(id).fetch_optional(ctx.conn().await?).await;
        found.map_err(db_error)?.ok_or_else(Error::not_found)
    }
}

/// Whether it is among those whom an approval asks.
pub fn is_asked(access: &Access, roles: &[String], members: &[Uuid]) -> bool {
    members.contains(&access.member.0) || roles.iter().any(|role| access.roles.contains(role))
}

/// Those who can decide, for people: names where there are few, else roles.
pub async fn deciders(ctx: &mut Ctx, roles: &[String], members: &[Uuid]) -> Result<String> {
    const NAMES: &str = "\
select name from members where tenant_id = $1 and status = 'ACTIVE' and kind = 'person' and (roles && $2::text[] or id = any ($3))
order by name limit 6";
    let tenant = ctx.access.tenant.0;
    let names: Vec<String> = sqlx::query_scalar(NAMES)
        .bind(tenant)
        .bind(roles)
        .bind(members)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(match names.as_slice() {
        [] => t!("somebody with the role {roles} (nobody has it yet)", roles = either(roles)),
        few if few.len() <= 5 => few.join(", "),
        _ => t!("somebody with the role {roles}", roles = either(roles)),
    })
}

/// `ADMIN or OWNER`.
pub fn either(roles: &[String]) -> String {
    roles.join(&format!(" {} ", t!("or")))
}

/// How an approval ended, inside a sentence.
pub fn ended(state: &str) -> &'static str {
    match state {
        "APPROVED" => t!("approved" in "approval"),
        "REJECTED" => t!("rejected" in "approval"),
        "EXPIRED" => t!("expired" in "approval"),
        _ => t!("cancelled" in "approval"),
    }
}
