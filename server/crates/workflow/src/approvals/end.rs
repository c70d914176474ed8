//! How approvals end: decided, expired, or cancelled with what they were for.

use crate::waits;
use domain::Result;
use platform::{Change, Ctx, db_error};
use serde_json::json;
use uuid::Uuid;

const SETTLE: &str =
    "update approvals set state = $3, decided_at = now() where tenant_id = $1 and id = $2 and state = 'PENDING'";
const EXPIRE: &str = "\
update approvals set state = 'EXPIRED', decided_at = now()
where tenant_id = $1 and id = $2 and state = 'PENDING' and expires_at <= now() returning run_id, step";
const CANCEL: &str = "\
update approvals set state = 'CANCELLED', decided_at = now() where tenant_id = $1 and run_id = $2 and state = 'PENDING' returning id";

/// The caller holds the row.
pub async fn settle(ctx: &mut Ctx, id: Uuid, state: &str) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let settled = sqlx::query(SETTLE).bind(tenant).bind(id).bind(state);
    settled.execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

/// `false` where somebody was first.
pub async fn expire(ctx: &mut Ctx, id: Uuid) -> Result<bool> {
    let tenant = ctx.access.tenant.0;
    let expired: Option<(Option<Uuid>, Option<String>)> =
        sqlx::query_as(EXPIRE).bind(tenant).bind(id).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    let Some((run, step)) = expired else { return Ok(false) };
    tell(ctx, id, "EXPIRED");
    if let (Some(run), Some(step)) = (run, step) {
        waits::resolve(ctx, run, &step, &json!({ "decision": "expired" })).await?;
    }
    Ok(true)
}

pub async fn cancel_of_run(ctx: &mut Ctx, run: Uuid) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let cancelled: Vec<Uuid> =
        sqlx::query_scalar(CANCEL).bind(tenant).bind(run).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    for id in cancelled {
        tell(ctx, id, "CANCELLED");
    }
    Ok(())
}

pub fn tell(ctx: &mut Ctx, id: Uuid, state: &str) {
    ctx.changed(Change {
        entity: "approval".to_owned(),
        record: Some(id),
        before: Some(json!({ "state": "PENDING" })),
        after: Some(json!({ "state": state })),
        event: Some(format!("workflow.approval.{}", state.to_lowercase())),
    });
}
