//! The job: rows in batches, each batch with what became of its rows in one transaction. Every row is changed by the operation that changes
//! it by itself, as the member who asked: their permission, their reach and the gate of a move hold for each row anew. The way back is worked
//! in the same batches ([`undo`]); how the change stands says which way a job goes.

use super::store::{self, Outcomes};
use super::undo;
use crate::get::{Held, lock};
use crate::import::plan_anew;
use crate::on_behalf::{Asker, named};
use crate::stop;
use domain::records::{
    Bulk, BulkAction, BulkRecords, BulkStatus, DeleteRecord, Record, RestoreRecord, TransitionRecord, UndoBulk,
    UpdateRecord,
};
use domain::schema::Entity;
use domain::{Error, Kind, Operation, Reach, Result};
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
const FAIL: &str = "\
update bulk_changes set status = 'failed', finished_at = $3, error = $4
where tenant_id = $1 and id = $2 and status in ('queued', 'running', 'undoing')";

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
                work.fail(&error).await;
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

    /// False when no row is left. The fence comes last: it holds the job's row.
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
            ctx.flush().await?;
            self.job.finish(ctx.conn().await?).await?;
            ctx.commit().await?;
            return Ok(false);
        }
        let mut outcomes = Outcomes::default();
        for (position, id) in rows {
            change(&mut ctx, &entity, bulk, position, id, &mut outcomes).await?;
        }
        ctx.flush().await?;
        outcomes.progress(&mut ctx, bulk.id).await?;
        self.job.fence(ctx.conn().await?).await?;
        ctx.commit().await?;
        Ok(true)
    }

    /// The way back: up to which position it is done, or none when it is at its end.
    async fn back(&self, mut ctx: Ctx, bulk: &Bulk, after: i64) -> Result<Option<i64>, Stop> {
        ctx.operation = UndoBulk::NAME;
        let rows = undo::changed(&mut ctx, bulk.id, after, BATCH).await?;
        let Some(last) = undo::last(&rows) else {
            undo::end(&mut ctx, bulk.id).await?;
            ctx.flush().await?;
            self.job.finish(ctx.conn().await?).await?;
            ctx.commit().await?;
            return Ok(None);
        };
        undo::batch(&mut ctx, bulk, &rows).await?;
        ctx.flush().await?;
        self.job.fence(ctx.conn().await?).await?;
        ctx.commit().await?;
        Ok(Some(last))
    }

    /// Says why it ended. What was changed stays, and can be taken back.
    async fn fail(&self, error: &Error) {
        let pool = &self.platform.services.pools.app;
        let now = self.platform.services.clock.now();
        let done = async {
            let mut tx = platform::TenantTx::begin(pool, self.asker.tenant, TxMode::ReadWrite).await?;
            sqlx::query(FAIL)
                .bind(self.asker.tenant.0)
                .bind(self.bulk)
                .bind(now)
                .bind(&error.message)
                .execute(tx.conn())
                .await?;
            tx.commit().await
        };
        if let Err(problem) = done.await {
            tracing::error!(%problem, bulk = %self.bulk, "could not note that a change of many rows failed");
        }
    }
}

/// One row, and what it was before.
async fn change(
    ctx: &mut Ctx,
    entity: &Entity,
    bulk: &Bulk,
    position: i64,
    id: Uuid,
    outcomes: &mut Outcomes,
) -> Result<()> {
    // Locked before it is looked at, so that what is put back some day is what was there.
    let Some(held) = lock(ctx, entity, &[id], Reach::All).await?.pop() else {
        outcomes.refused(position, mark!("It is gone").to_owned());
        return Ok(());
    };
    match attempt(ctx, bulk, &held).await? {
        Ok(record) if record.version == held.version => outcomes.unchanged(position),
        Ok(record) => outcomes.changed(position, record.version, before(bulk, &held)),
        // Not the row's fault: the job tries again.
        Err(error) if matches!(error.kind, Kind::Internal | Kind::Unavailable) => return Err(error),
        Err(error) => outcomes.refused(position, reason(&error)),
    }
    Ok(())
}

async fn attempt(ctx: &mut Ctx, bulk: &Bulk, held: &Held) -> Result<Result<Record>> {
    let (entity, id, version) = (bulk.entity.clone(), held.id, Some(held.version));
    let values = bulk.change.values.clone();
    match bulk.change.action {
        BulkAction::Set => ctx.attempt(UpdateRecord { entity, id, version, values, base: None }).await,
        BulkAction::Move => {
            let to = bulk.change.to.clone();
            ctx.attempt(TransitionRecord { entity, id, version, name: None, to, pipeline: None, values }).await
        }
        BulkAction::Delete => ctx.attempt(DeleteRecord { entity, id, version }).await,
        BulkAction::Restore => ctx.attempt(RestoreRecord { entity, id }).await,
    }
}

/// What an undo puts back.
fn before(bulk: &Bulk, held: &Held) -> Value {
    let mut keys: Vec<&str> = bulk.change.values.keys().map(String::as_str).collect();
    if bulk.change.action == BulkAction::Move {
        keys.push("status");
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
