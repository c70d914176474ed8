//! What happens because time passes: waiting runs go on, approvals expire, schedules tick. By the database's clock, so that no two
//! processes disagree about the time.

use crate::approvals::end;
use crate::engine::Engine;
use crate::schedule;
use crate::trigger::TICKED;
use crate::waits;
use chrono::{DateTime, Utc};
use domain::Result;
use domain::workflow::Definition;
use platform::{Change, TxMode, db_error};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// Of one kind at once; what is left comes a moment later.
const BATCH: i64 = 200;

const DUE: &str = "\
select tenant_id, run_id, step from waitpoints where state = 'open' and kind = 'time' and due_at <= now() order by due_at limit $1";
const EXPIRED: &str = "\
select tenant_id, id from approvals where state = 'PENDING' and expires_at <= now() order by expires_at limit $1";
const TICKING: &str = "\
select tenant_id, id from workflows where active and deleted_at is null and next_tick_at <= now() order by next_tick_at limit $1";
// Whoever locks the row makes it tick; `next_tick_at` is moved in the same transaction, so that a tick happens once.
const TICK: &str = "\
select w.key, v.definition::text, now() from workflows w
join workflow_versions v on v.tenant_id = w.tenant_id and v.workflow_id = w.id and v.version = w.version
where w.tenant_id = $1 and w.id = $2 and w.active and w.deleted_at is null and w.next_tick_at <= now() for update of w skip locked";
const NEXT: &str = "update workflows set next_tick_at = $3 where tenant_id = $1 and id = $2";

/// One look at everything. Answers how much was due.
pub async fn run_once(engine: &Arc<Engine>) -> Result<usize> {
    let pool = &engine.platform.services.pools.platform;
    let due: Vec<(Uuid, Uuid, String)> = sqlx::query_as(DUE).bind(BATCH).fetch_all(pool).await.map_err(db_error)?;
    let expired: Vec<(Uuid, Uuid)> = sqlx::query_as(EXPIRED).bind(BATCH).fetch_all(pool).await.map_err(db_error)?;
    let ticking: Vec<(Uuid, Uuid)> = sqlx::query_as(TICKING).bind(BATCH).fetch_all(pool).await.map_err(db_error)?;
    let mut done = 0;
    for (tenant, run, step) in due {
        done += usize::from(said(go_on(engine, tenant, run, &step).await));
    }
    for (tenant, approval) in expired {
        done += usize::from(said(expire(engine, tenant, approval).await));
    }
    for (tenant, workflow) in ticking {
        done += usize::from(said(tick(engine, tenant, workflow).await));
    }
    if done > 0 {
        engine.platform.services.wake.after_commit();
    }
    Ok(done)
}

/// One that cannot be done must not keep the others from their turn.
fn said(result: Result<bool>) -> bool {
    result.unwrap_or_else(|error| {
        tracing::warn!(%error, "something that was due could not be done; trying again");
        false
    })
}

pub async fn run_forever(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match run_once(&engine).await {
            Ok(done) if done > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "could not look for what is due; trying again"),
        }
        tokio::select! {
            () = tokio::time::sleep(engine.config.poll) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

async fn go_on(engine: &Engine, tenant: Uuid, run: Uuid, step: &str) -> Result<bool> {
    let caller = engine.caller(tenant).await?;
    let mut ctx = engine.platform.open(&caller, "workflow.wait", TxMode::ReadWrite).await?;
    let done = waits::resolve(&mut ctx, run, step, &json!({ "waited": true })).await?;
    ctx.commit().await?;
    Ok(done)
}

async fn expire(engine: &Engine, tenant: Uuid, approval: Uuid) -> Result<bool> {
    let caller = engine.caller(tenant).await?;
    let mut ctx = engine.platform.open(&caller, "workflow.expire_approval", TxMode::ReadWrite).await?;
    let done = end::expire(&mut ctx, approval).await?;
    ctx.commit().await?;
    Ok(done)
}

/// Writes the event of a schedule, and when the next one is. The matcher does the rest.
async fn tick(engine: &Engine, tenant: Uuid, workflow: Uuid) -> Result<bool> {
    let caller = engine.caller(tenant).await?;
    let mut ctx = engine.platform.open(&caller, "workflow.tick", TxMode::ReadWrite).await?;
    let found: Option<(String, String, DateTime<Utc>)> =
        sqlx::query_as(TICK).bind(tenant).bind(workflow).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    let Some((key, definition, now)) = found else { return Ok(false) };
    let next = serde_json::from_str::<Definition>(&definition)
        .ok()
        .and_then(|definition| schedule::next(&definition.trigger, &caller.access.timezone, now));
    let moved = sqlx::query(NEXT).bind(tenant).bind(workflow).bind(next);
    moved.execute(ctx.conn().await?).await.map_err(db_error)?;
    ctx.changed(Change {
        entity: "workflow".to_owned(),
        record: Some(workflow),
        before: None,
        after: Some(json!({ "key": key, "nextTickAt": next })),
        event: Some(TICKED.to_owned()),
    });
    ctx.commit().await?;
    Ok(true)
}
