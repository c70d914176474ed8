//! Waitpoints: what a paused run waits for. One for each run and step, resolved once.

use chrono::{DateTime, Utc};
use domain::Result;
use platform::{Ctx, db_error};
use serde_json::Value;
use uuid::Uuid;

// Relative times go by the database's clock. A step that is tried again by hand opens its waitpoint anew.
const OPEN: &str = "\
insert into waitpoints (tenant_id, run_id, step, kind, due_at)
values ($1, $2, $3, $4, coalesce($5, now() + make_interval(secs => $6::float8)))
on conflict (tenant_id, run_id, step) do update
    set kind = excluded.kind, state = 'open', due_at = excluded.due_at, payload = null, created_at = now(), resolved_at = null";

const RESOLVE: &str = "\
with resolved as (
    update waitpoints set state = 'resolved', payload = $4::jsonb, resolved_at = now()
    where tenant_id = $1 and run_id = $2 and step = $3 and state = 'open' returning run_id
)
update runs set state = 'PENDING', due_at = now()
where tenant_id = $1 and id = (select run_id from resolved) and state in ('WAITING', 'WAITING_APPROVAL')";

const CANCEL: &str = "\
update waitpoints set state = 'cancelled', resolved_at = now() where tenant_id = $1 and run_id = $2 and state in ('open', 'resolved')";

/// `seconds` from now, at a moment, or for as long as it takes.
pub async fn open(
    ctx: &mut Ctx,
    run: Uuid,
    step: &str,
    kind: &str,
    seconds: Option<i64>,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    #[expect(
        clippy::cast_precision_loss,
        reason = "an interval takes seconds as a float, and waits are far below 2^52"
    )]
    let seconds = seconds.map(|seconds| seconds as f64);
    sqlx::query(OPEN)
        .bind(tenant)
        .bind(run)
        .bind(step)
        .bind(kind)
        .bind(at)
        .bind(seconds)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// Lets the run go on with a payload. `false` where nothing waits there (any more).
pub async fn resolve(ctx: &mut Ctx, run: Uuid, step: &str, payload: &Value) -> Result<bool> {
    let tenant = ctx.access.tenant.0;
    let done = sqlx::query(RESOLVE)
        .bind(tenant)
        .bind(run)
        .bind(step)
        .bind(payload.to_string())
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected() == 1)
}

/// Nothing is waited for any more.
pub async fn cancel(ctx: &mut Ctx, run: Uuid) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    sqlx::query(CANCEL).bind(tenant).bind(run).execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}
