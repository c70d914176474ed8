//! Takes a change of many rows back. Rows that somebody has worked on since are theirs now; they stay and are named.

use super::store::{self, Outcomes};
use crate::get::{Held, lock};
use crate::hook::TransitionHook;
use crate::import::plan_anew;
use crate::many::{Updated, revert_many};
use domain::records::{Bulk, BulkAction, BulkStatus, DeleteRecord, RestoreRecord, UndoBulk, UndoneBulk, Values};
use domain::schema::Entity;
use domain::{Error, Reach, Result};
use platform::{Ctx, db_error};
use serde_json::json;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

const CHANGED: &str = "It was changed since";
/// Rows at once, all in one transaction.
const BATCH: usize = 1000;

const ROWS: &str = "\
select position, record_id, version, before from bulk_rows
where tenant_id = $1 and bulk_id = $2 and outcome = 'changed' and version is not null order by position";
const END: &str = "update bulk_changes set status = 'undone', kept = $3 where tenant_id = $1 and id = $2";

/// What the change did to one row.
#[derive(sqlx::FromRow)]
struct Done {
    position: i64,
    record_id: Uuid,
    version: i64,
    before: Option<Json<Values>>,
}

pub async fn undo_bulk(ctx: &mut Ctx, input: UndoBulk) -> Result<UndoneBulk> {
    let bulk = store::lock(ctx, input.id).await?;
    match bulk.status {
        BulkStatus::Done | BulkStatus::Failed => {}
        BulkStatus::Undone => return Err(Error::conflict("This change was taken back already")),
        BulkStatus::Queued | BulkStatus::Running => {
            return Err(Error::conflict(
                "The rows are still being changed. Wait until that is done, then take it back",
            ));
        }
    }
    let entity = ctx.entity(&bulk.entity)?;
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("bulk", Some(bulk.id));
    plan_anew(ctx.conn().await?).await?;
    let tenant = ctx.access.tenant.0;
    let done: Vec<Done> =
        sqlx::query_as(ROWS).bind(tenant).bind(bulk.id).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let mut kept = Outcomes::default();
    for batch in done.chunks(BATCH) {
        match bulk.change.action {
            BulkAction::Move if sets_going(ctx, &entity) => {
                for row in batch {
                    kept.kept(row.position, "The move set other things going; take it back by hand".to_owned());
                }
            }
            BulkAction::Set | BulkAction::Move => put_back(ctx, &entity, batch, &mut kept).await?,
            BulkAction::Delete | BulkAction::Restore => turn_round(ctx, &entity, &bulk, batch, &mut kept).await?,
        }
    }
    ctx.flush().await?;
    let count = kept.len();
    let reverted = i64::try_from(done.len()).unwrap_or_default() - count;
    kept.keep(ctx, bulk.id).await?;
    sqlx::query(END).bind(tenant).bind(bulk.id).bind(count).execute(ctx.conn().await?).await.map_err(db_error)?;
    store::changed(ctx, bulk.id, json!({ "status": "undone", "reverted": reverted, "kept": count }));
    let said = match count {
        0 => format!("{reverted} put back"),
        count => format!("{reverted} put back, {count} kept because they were changed since"),
    };
    Ok(UndoneBulk { reverted, kept: count, said })
}

/// Whether moves of this entity did more than move.
fn sets_going(ctx: &Ctx, entity: &Entity) -> bool {
    let hooks = ctx.hooks::<TransitionHook>();
    entity.moves_one_by_one() || hooks.iter().any(|hook| hook.entity == Some(entity.key.as_str()))
}

async fn put_back(ctx: &mut Ctx, entity: &Entity, batch: &[Done], kept: &mut Outcomes) -> Result<()> {
    let before = |row: &Done| row.before.as_ref().map(|before| before.0.clone()).unwrap_or_default();
    let rows = batch.iter().map(|row| (row.record_id, row.version, before(row))).collect();
    for (row, answer) in batch.iter().zip(revert_many(ctx, entity, rows).await?) {
        match answer {
            Updated::Changed { .. } | Updated::Same { .. } => {}
            Updated::Stale { .. } => kept.kept(row.position, CHANGED.to_owned()),
            Updated::Missing => kept.kept(row.position, "It is gone, or yours to change no longer".to_owned()),
            Updated::Refused(error) => kept.kept(row.position, error.message),
        }
    }
    Ok(())
}

/// Out of the trash what was thrown away, and back into it what was taken out.
async fn turn_round(ctx: &mut Ctx, entity: &Entity, bulk: &Bulk, batch: &[Done], kept: &mut Outcomes) -> Result<()> {
    let ids: Vec<Uuid> = batch.iter().map(|row| row.record_id).collect();
    let held: HashMap<Uuid, Held> =
        lock(ctx, entity, &ids, Reach::All).await?.into_iter().map(|held| (held.id, held)).collect();
    for row in batch {
        let Some(held) = held.get(&row.record_id) else {
            kept.kept(row.position, "It is gone".to_owned());
            continue;
        };
        if held.version != row.version {
            kept.kept(row.position, CHANGED.to_owned());
            continue;
        }
        let (entity, id) = (entity.key.clone(), held.id);
        let answer = if bulk.change.action == BulkAction::Delete {
            ctx.attempt(RestoreRecord { entity, id }).await?
        } else {
            ctx.attempt(DeleteRecord { entity, id, version: Some(held.version) }).await?
        };
        if let Err(error) = answer {
            kept.kept(row.position, error.message);
        }
    }
    Ok(())
}
