//! Takes a change of many rows back. Rows that somebody has worked on since are theirs now; they stay and are named, as do those that the caller
//! may not write and those whose move set other things going. A few are put back while the request waits, more by the job (`run`), in the same
//! batches as on the way there: no transaction holds more than those.

use super::run::KIND;
use super::store::{self, Outcomes};
use crate::get::lock_each;
use crate::hook::TransitionHook;
use crate::import::plan_anew;
use crate::many::{Updated, revert_many};
use crate::on_behalf::asked;
use crate::stop;
use crate::way_back;
use domain::records::{
    Bulk, BulkAction, BulkStatus, DeleteRecord, PreviewUndoBulk, RestoreRecord, UNDONE_AT_ONCE, UndoBulk, UndoPreview,
    UndoneBulk, Values,
};
use domain::schema::Entity;
use domain::{Error, Kind, Result};
use jobs::NewJob;
use platform::{Ctx, db_error};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;
use words::{mark, t, tn};

const CHANGED: &str = mark!("It was changed since");

const ROWS: &str = "\
select position, record_id, version, before from bulk_rows
where tenant_id = $1 and bulk_id = $2 and position > $3 and outcome = 'changed' and version is not null order by position limit $4";
const BEGIN: &str = "update bulk_changes set status = 'undoing', error = null where tenant_id = $1 and id = $2";
const END: &str = "\
update bulk_changes set status = 'undone', error = null where tenant_id = $1 and id = $2 returning reverted, kept";

/// What the change did to one row.
#[derive(sqlx::FromRow)]
pub struct Done {
    position: i64,
    record_id: Uuid,
    version: i64,
    before: Option<Json<Values>>,
}

pub async fn undo_bulk(ctx: &mut Ctx, input: UndoBulk) -> Result<UndoneBulk> {
    let bulk = store::lock_now(ctx, input.id).await?;
    match bulk.status {
        BulkStatus::Done | BulkStatus::Failed => {}
        BulkStatus::Undone => return Err(Error::conflict(t!("This change was taken back already"))),
        BulkStatus::Undoing => return Err(Error::conflict(t!("This change is being taken back already"))),
        BulkStatus::Queued | BulkStatus::Running => {
            return Err(Error::conflict(t!(
                "The rows are still being changed. Wait until that is done, then take it back"
            )));
        }
    }
    permitted(ctx, &bulk)?;
    plan_anew(ctx.conn().await?).await?;
    let rows = changed(ctx, bulk.id, 0, UNDONE_AT_ONCE + 1).await?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > UNDONE_AT_ONCE) {
        return later(ctx, &bulk).await;
    }
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("bulk", Some(bulk.id));
    batch(ctx, &bulk, &rows, false).await?;
    end(ctx, bulk.id).await
}

/// What an undo would come to.
pub async fn preview_undo(ctx: &mut Ctx, input: PreviewUndoBulk) -> Result<UndoPreview> {
    let bulk = store::load(ctx, input.id).await?;
    let entity = ctx.entity(&bulk.entity)?;
    let by_hand = bulk.change.action == BulkAction::Move && sets_going(ctx, &entity);
    way_back::of_bulk(ctx, &entity, &bulk, by_hand).await
}

/// Has a worker do it. Nothing is changed before that, and no row is held.
async fn later(ctx: &mut Ctx, bulk: &Bulk) -> Result<UndoneBulk> {
    let tenant = ctx.access.tenant.0;
    let payload = asked(ctx, "bulk", bulk.id);
    let job = NewJob::new(ctx.new_id(), KIND, payload).scope(tenant).attempts(stop::TRIES);
    let job = job.unique(format!("bulk-undo:{}", bulk.id));
    if !jobs::enqueue(ctx.conn().await?, job).await.map_err(db_error)? {
        return Err(Error::conflict(t!("This change is being taken back already")));
    }
    sqlx::query(BEGIN).bind(tenant).bind(bulk.id).execute(ctx.conn().await?).await.map_err(db_error)?;
    let waiting = bulk.changed - bulk.taken_back();
    store::changed(ctx, bulk.id, json!({ "status": "undoing", "rows": waiting }));
    let said = tn!(waiting, "{count} is being put back", "{count} are being put back");
    Ok(UndoneBulk { reverted: 0, kept: 0, waiting, said })
}

/// Whoever may not do to rows what the way back does to them is told so, before every row of them is.
fn permitted(ctx: &Ctx, bulk: &Bulk) -> Result<()> {
    let entity = ctx.entity(&bulk.entity)?;
    ctx.reach(&entity, bulk.change.action.verb()).map(|_| ())
}

/// Rows behind a position that the change has left its mark on, in their order.
pub async fn changed(ctx: &mut Ctx, bulk: Uuid, after: i64, most: i64) -> Result<Vec<Done>> {
    let tenant = ctx.access.tenant.0;
    sqlx::query_as(ROWS)
        .bind(tenant)
        .bind(bulk)
        .bind(after)
        .bind(most)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)
}

/// The position of the last of them.
pub fn last(rows: &[Done]) -> Option<i64> {
    rows.last().map(|row| row.position)
}

/// Puts rows back, and keeps what became of each; `last` with the last try of a job.
pub async fn batch(ctx: &mut Ctx, bulk: &Bulk, rows: &[Done], last: bool) -> Result<()> {
    permitted(ctx, bulk)?;
    let entity = ctx.entity(&bulk.entity)?;
    let mut outcomes = Outcomes::default();
    match bulk.change.action {
        BulkAction::Move if sets_going(ctx, &entity) => {
            for row in rows {
                let reason = mark!("The move set other things going; take it back by hand");
                outcomes.kept(row.position, reason.to_owned());
            }
        }
        BulkAction::Set | BulkAction::Add | BulkAction::Remove | BulkAction::Move => {
            put_back(ctx, &entity, rows, last, &mut outcomes).await?;
        }
        BulkAction::Delete | BulkAction::Restore => turn_round(ctx, &entity, bulk, rows, last, &mut outcomes).await?,
    }
    ctx.flush().await?;
    outcomes.taken_back(ctx, bulk.id).await
}

/// Says that it is done, and what came of it.
pub async fn end(ctx: &mut Ctx, bulk: Uuid) -> Result<UndoneBulk> {
    let tenant = ctx.access.tenant.0;
    let (reverted, kept): (i64, i64) =
        sqlx::query_as(END).bind(tenant).bind(bulk).fetch_one(ctx.conn().await?).await.map_err(db_error)?;
    store::changed(ctx, bulk, json!({ "status": "undone", "reverted": reverted, "kept": kept }));
    let said = match kept {
        0 => t!("{count} put back", count = reverted),
        kept => tn!(
            kept,
            "{reverted} put back, {count} was kept; its reason is listed",
            "{reverted} put back, {count} were kept; their reasons are listed",
            reverted
        ),
    };
    Ok(UndoneBulk { reverted, kept, waiting: 0, said })
}

/// Whether moves of this entity did more than move.
fn sets_going(ctx: &Ctx, entity: &Entity) -> bool {
    let hooks = ctx.hooks::<TransitionHook>();
    entity.moves_one_by_one() || hooks.iter().any(|hook| hook.entity == Some(entity.key.as_str()))
}

async fn put_back(ctx: &mut Ctx, entity: &Entity, rows: &[Done], last: bool, outcomes: &mut Outcomes) -> Result<()> {
    if let Ok(answers) = together(ctx, entity, rows, last).await? {
        for (row, answer) in rows.iter().zip(answers) {
            told(outcomes, row, answer);
        }
        return Ok(());
    }
    // One stands in the way of all, such as a value that another row has taken since: it is found, and the others go on.
    for row in rows {
        match together(ctx, entity, std::slice::from_ref(row), last).await? {
            Ok(answers) => answers.into_iter().for_each(|answer| told(outcomes, row, answer)),
            Err(error) => outcomes.kept(row.position, error.message),
        }
    }
    Ok(())
}

/// By one statement or not at all: a refusal for what rows hold leaves the transaction as it was. That somebody else was at them is no such one:
/// it passes, and what would be written down of a row would stay.
async fn together(ctx: &mut Ctx, entity: &Entity, rows: &[Done], last: bool) -> Result<Result<Vec<Updated>>> {
    ctx.begin_part().await?;
    let before = |row: &Done| row.before.as_ref().map(|before| before.0.clone()).unwrap_or_default();
    let wanted = rows.iter().map(|row| (row.record_id, row.version, before(row))).collect();
    let answers = revert_many(ctx, entity, wanted).await;
    ctx.end_part(answers.is_ok()).await?;
    match answers {
        Err(error) if stop::is_of_no_row(&error, last) => Err(error),
        Err(error) if !matches!(error.kind, Kind::Conflict | Kind::Invalid) => Err(error),
        answers => Ok(answers),
    }
}

fn told(outcomes: &mut Outcomes, row: &Done, answer: Updated) {
    match answer {
        Updated::Changed { .. } | Updated::Same { .. } => outcomes.reverted(row.position),
        Updated::Stale { .. } => outcomes.kept(row.position, CHANGED.to_owned()),
        Updated::Missing => outcomes.kept(row.position, mark!("It is gone, or yours to change no longer").to_owned()),
        Updated::Refused(error) => outcomes.kept(row.position, error.message),
    }
}

/// Out of the trash what was thrown away, and back into it what was taken out.
async fn turn_round(
    ctx: &mut Ctx,
    entity: &Entity,
    bulk: &Bulk,
    rows: &[Done],
    last: bool,
    outcomes: &mut Outcomes,
) -> Result<()> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.record_id).collect();
    let mut held = lock_each(ctx, entity, &ids, last).await?;
    for row in rows {
        let held = match held.remove(&row.record_id) {
            Some(Ok(held)) => held,
            Some(Err(error)) => {
                outcomes.kept(row.position, error.message);
                continue;
            }
            None => {
                outcomes.kept(row.position, mark!("It is gone").to_owned());
                continue;
            }
        };
        if held.version != row.version {
            outcomes.kept(row.position, CHANGED.to_owned());
            continue;
        }
        let (entity, id) = (entity.key.clone(), held.id);
        let answer = if bulk.change.action == BulkAction::Delete {
            ctx.attempt(RestoreRecord { entity, id }).await?
        } else {
            ctx.attempt(DeleteRecord { entity, id, version: Some(held.version) }).await?
        };
        match answer {
            Ok(_) => outcomes.reverted(row.position),
            Err(error) if stop::is_of_no_row(&error, last) => return Err(error),
            Err(error) => outcomes.kept(row.position, error.message),
        }
    }
    Ok(())
}
