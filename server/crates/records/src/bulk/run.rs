//! The job: rows in batches, each batch with what became of its rows in one transaction. Every row is changed by the operation that changes
//! it by itself, as the member who asked: their permission, their reach and the gate of a move hold for each row anew. A batch is one part of
//! its transaction; where a row of it is refused, each row becomes a part of its own, so that the refused ones alone are left out. The way back is
//! worked in the same batches ([`undo`]); how the change stands says which way a job goes.

use super::store::{self, Outcomes};
use super::undo;
use crate::ending::{Errand, failed};
use crate::get::{Held, lock_each};
use crate::import::{plan_anew, plan_once};
use crate::on_behalf::{Asker, named};
use crate::stop;
use domain::records::{
    Bulk, BulkAction, BulkRecords, BulkStatus, DeleteRecord, Record, RestoreRecord, TransitionRecord, UndoBulk,
    UpdateRecord, Values,
};
use domain::schema::{Entity, PIPELINE, STATUS_DUE, STATUS_SINCE};
use domain::{Error, Operation, Result};
use jobs::{BoxFuture, Claimed, Handler, Outcome};
use platform::{Ctx, Platform, Stop, TxMode, db_error};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;
use words::mark;

pub const KIND: &str = "records.bulk";
/// Rows of one transaction.
const BATCH: i64 = 50;

const END: &str = "update bulk_changes set status = 'done', finished_at = $3 where tenant_id = $1 and id = $2";

/// Works changes that were started.
pub struct BulkJob {
    platform: Arc<Platform>,
}

pub fn job_handler(platform: Arc<Platform>) -> BulkJob {
    BulkJob { platform }
}

impl Handler for BulkJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn concurrency(&self) -> usize {
        2
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(work) = Work::of(&self.platform, job) else {
                return Outcome::Fail("the job names no workspace, change and member".to_owned());
            };
            let (outcome, error) = stop::outcome(words::scope(work.asker.language, work.run()).await, job);
            if let Some(error) = error {
                let errand = (Errand::Bulk, work.bulk);
                failed(&self.platform.services, &work.asker, job, errand, &error).await;
            }
            outcome
        })
    }
}

struct Work<'a> {
    platform: &'a Arc<Platform>,
    job: &'a Claimed,
    asker: Asker,
    bulk: Uuid,
}

impl<'a> Work<'a> {
    fn of(platform: &'a Arc<Platform>, job: &'a Claimed) -> Option<Self> {
        Some(Self { platform, job, asker: Asker::of(job)?, bulk: named(job, "bulk")? })
    }

    async fn run(&self) -> Result<(), Stop> {
        // Where the rows begin that may have to be put back; those before were come to.
        let mut after = 0;
        while let Some(last) = self.batch(after).await? {
            after = last;
        }
        Ok(())
    }

    async fn open(&self) -> Result<Ctx> {
        let caller = self.asker.caller(self.platform, ("bulk", self.bulk)).await?;
        let mut ctx = self.platform.open(&caller, BulkRecords::NAME, TxMode::ReadWrite).await?;
        plan_anew(ctx.conn().await?).await?;
        Ok(ctx)
    }

    /// One transaction of rows; none when none is left, else up to which position the way back is done.
    async fn batch(&self, after: i64) -> Result<Option<i64>, Stop> {
        let mut ctx = self.open().await?;
        let bulk = store::lock(&mut ctx, self.bulk).await?;
        match bulk.status {
            BulkStatus::Queued | BulkStatus::Running => Ok(self.there(ctx, &bulk).await?.then_some(after)),
            BulkStatus::Undoing => self.back(ctx, &bulk, after).await,
            BulkStatus::Done | BulkStatus::Failed | BulkStatus::Undone => Ok(None),
        }
    }

    /// False when no row is left.
    async fn there(&self, mut ctx: Ctx, bulk: &Bulk) -> Result<bool, Stop> {
        let entity = ctx.entity(&bulk.entity)?;
        let rows = store::waiting(&mut ctx, bulk.id, BATCH).await?;
        if rows.is_empty() {
            let (tenant, now) = (self.asker.tenant.0, ctx.now());
            sqlx::query(END).bind(tenant).bind(bulk.id).bind(now).execute(ctx.conn().await?).await.map_err(db_error)?;
            store::changed(
                &mut ctx,
                bulk.id,
                json!({ "status": "done", "changed": bulk.changed, "refused": bulk.refused }),
            );
            stop::finish(ctx, self.job).await?;
            return Ok(false);
        }
        let last = stop::is_last(&mut ctx, self.job).await?;
        let outcomes = worked(&mut ctx, &entity, bulk, &rows, last).await?;
        outcomes.progress(&mut ctx, bulk.id).await?;
        stop::step(ctx, self.job).await?;
        Ok(true)
    }

    /// The way back: up to which position it is done, or none when it is at its end.
    async fn back(&self, mut ctx: Ctx, bulk: &Bulk, after: i64) -> Result<Option<i64>, Stop> {
        ctx.operation = UndoBulk::NAME;
        let last = stop::is_last(&mut ctx, self.job).await?;
        let rows = undo::changed(&mut ctx, bulk.id, after, BATCH).await?;
        let Some(end) = undo::last(&rows) else {
            undo::end(&mut ctx, bulk.id).await?;
            stop::finish(ctx, self.job).await?;
            return Ok(None);
        };
        undo::batch(&mut ctx, bulk, &rows, last).await?;
        stop::step(ctx, self.job).await?;
        Ok(Some(end))
    }
}

/// What became of each row of a batch; `last` with the last try.
async fn worked(ctx: &mut Ctx, entity: &Entity, bulk: &Bulk, rows: &[(i64, Uuid)], last: bool) -> Result<Outcomes> {
    if !last && let Some(outcomes) = together(ctx, entity, bulk, rows).await? {
        return Ok(outcomes);
    }
    let mut outcomes = Outcomes::default();
    for (position, id) in rows {
        // Locked before it is looked at, so that what is put back some day is what was there.
        let held = lock_each(ctx, entity, &[*id], last).await?.remove(id);
        change(ctx, entity, bulk, (*position, held), Part::Row { last }, &mut outcomes).await?;
    }
    ctx.flush().await?;
    Ok(outcomes)
}

/// The rows as one part, which most batches can be: three statements for each in place of seven. None where one was refused, and then nothing was
/// done.
async fn together(ctx: &mut Ctx, entity: &Entity, bulk: &Bulk, rows: &[(i64, Uuid)]) -> Result<Option<Outcomes>> {
    ctx.begin_part().await?;
    let worked = all(ctx, entity, bulk, rows).await;
    ctx.end_part(worked.is_ok()).await?;
    match worked {
        Ok(outcomes) => Ok(Some(outcomes)),
        Err(error) if stop::is_of_no_row(&error, false) => Err(error),
        Err(_) => Ok(None),
    }
}

async fn all(ctx: &mut Ctx, entity: &Entity, bulk: &Bulk, rows: &[(i64, Uuid)]) -> Result<Outcomes> {
    let ids: Vec<Uuid> = rows.iter().map(|(_, id)| *id).collect();
    let mut held = lock_each(ctx, entity, &ids, false).await?;
    let mut outcomes = Outcomes::default();
    plan_once(ctx.conn().await?).await?;
    for (position, id) in rows {
        change(ctx, entity, bulk, (*position, held.remove(id)), Part::Batch, &mut outcomes).await?;
    }
    ctx.flush().await?;
    plan_anew(ctx.conn().await?).await?;
    Ok(outcomes)
}

/// What is undone when a row is refused.
#[derive(Clone, Copy)]
enum Part {
    /// The whole batch: the refusal is its error.
    Batch,
    /// That row alone; `last` with the last try.
    Row { last: bool },
}

impl Part {
    async fn run<O: Operation>(self, ctx: &mut Ctx, operation: O) -> Result<Result<O::Output>> {
        match self {
            Self::Batch => ctx.run(operation).await.map(Ok),
            Self::Row { .. } => ctx.attempt(operation).await,
        }
    }
}

/// One row as it was locked, and what it was before.
async fn change(
    ctx: &mut Ctx,
    entity: &Entity,
    bulk: &Bulk,
    (position, held): (i64, Option<Result<Held>>),
    part: Part,
    outcomes: &mut Outcomes,
) -> Result<()> {
    let held = match held {
        Some(Ok(held)) => held,
        Some(Err(error)) => {
            outcomes.refused(position, reason(&error));
            return Ok(());
        }
        None => {
            outcomes.refused(position, mark!("It is gone").to_owned());
            return Ok(());
        }
    };
    match attempt(ctx, bulk, &held, part).await? {
        Ok(record) if record.version == held.version => outcomes.unchanged(position),
        Ok(record) => outcomes.changed(position, record.version, before(entity, bulk, &held)),
        Err(error) if matches!(part, Part::Row { last } if stop::is_of_no_row(&error, last)) => return Err(error),
        Err(error) => outcomes.refused(position, reason(&error)),
    }
    Ok(())
}

async fn attempt(ctx: &mut Ctx, bulk: &Bulk, held: &Held, part: Part) -> Result<Result<Record>> {
    let (entity, id, version) = (bulk.entity.clone(), held.id, Some(held.version));
    let values = bulk.change.values.clone();
    match bulk.change.action {
        BulkAction::Set => part.run(ctx, UpdateRecord { entity, id, version, values, base: None }).await,
        BulkAction::Add | BulkAction::Remove => {
            let values = mixed(bulk.change.action, &values, held);
            part.run(ctx, UpdateRecord { entity, id, version, values, base: None }).await
        }
        BulkAction::Move => {
            let to = bulk.change.to.clone();
            part.run(ctx, TransitionRecord { entity, id, version, name: None, to, pipeline: None, values }).await
        }
        BulkAction::Delete => part.run(ctx, DeleteRecord { entity, id, version }).await,
        BulkAction::Restore => part.run(ctx, RestoreRecord { entity, id }).await,
    }
}

/// What the fields of a row hold once values are added to them or taken out. Fields that have them already, or have them not, are left out: the
/// update that is left is none, and still asks whether the row is the member's to change.
fn mixed(action: BulkAction, given: &Values, held: &Held) -> Values {
    let mut mixed = Values::new();
    for (key, given) in given {
        let given = given.as_array().map(Vec::as_slice).unwrap_or_default();
        let had = held.values.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let all: Vec<Value> = if action == BulkAction::Add {
            had.iter().chain(given.iter().filter(|value| !had.contains(value))).cloned().collect()
        } else {
            had.iter().filter(|value| !given.contains(value)).cloned().collect()
        };
        // Each value stands once in a list, so that another list is a longer or a shorter one.
        if all.len() != had.len() {
            mixed.insert(key.clone(), Value::Array(all));
        }
    }
    mixed
}

/// What an undo puts back. Of a move also what came with the state: since when the row stood there, until when, and in which pipeline.
fn before(entity: &Entity, bulk: &Bulk, held: &Held) -> Value {
    let mut keys: Vec<&str> = bulk.change.values.keys().map(String::as_str).collect();
    if bulk.change.action == BulkAction::Move {
        let with_it = ["status", PIPELINE, STATUS_SINCE, STATUS_DUE];
        keys.extend(with_it.into_iter().filter(|key| entity.field(key).is_some()));
    }
    let value = |key: &str| held.values.get(key).cloned().unwrap_or(Value::Null);
    Value::Object(keys.into_iter().map(|key| (key.to_owned(), value(key))).collect::<Map<_, _>>())
}

/// All that is wrong, in one line.
fn reason(error: &Error) -> String {
    match error.fields.as_slice() {
        [] | [_] => error.message.clone(),
        many => many.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; "),
    }
}
