//! The job: rows in batches, each batch with its records, its outcomes and the progress in one transaction.
//!
//! After a crash the next worker goes on behind the last batch that was committed, so no row is worked twice. Who started the import is
//! asked about before every batch: a permission that is taken away stops it. The way back is worked in batches too ([`undo`]); how the import
//! stands says which way a job goes.

use super::check::{BATCH, Checked, Checker, Numbered, Update, Verdict};
use super::file::File;
use super::plan::Plan;
use super::store;
use super::undo;
use crate::ending::{Errand, failed};
use crate::many::{NewRow, Updated, create_many, update_many};
use crate::on_behalf::{Asker, named};
use crate::stop;
use domain::error::BUSY;
use domain::imports::{Import, ImportStatus, Problem, StartImport, UndoImport};
use domain::records::Values;
use domain::schema::Entity;
use domain::{Error, Operation, Result, Verb};
use jobs::{BoxFuture, Claimed, Handler, Outcome};
use platform::{Ctx, Platform, Stop, TxMode, db_error};
use sqlx::types::Json;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

pub const KIND: &str = "records.import";

const BEGIN: &str = "\
update imports set status = 'running', started_at = coalesce(started_at, $3), error = null where tenant_id = $1 and id = $2";
const PROGRESS: &str = "\
update imports set done = $3, created = created + $4, updated = updated + $5, unchanged = unchanged + $6, refused = refused + $7
where tenant_id = $1 and id = $2";
const END: &str = "update imports set status = 'done', finished_at = $3 where tenant_id = $1 and id = $2";
const REFUSED: &str = "select row_number from import_rows where tenant_id = $1 and import_id = $2 and outcome = 'refused' and row_number <= $3";
const OUTCOMES: &str = "\
insert into import_rows (tenant_id, import_id, row_number, outcome, record_id, version, before, problems, cells)
select $1, $2, r.row_number, r.outcome, r.record_id, r.version, r.before, r.problems, r.cells
from unnest($3::bigint[], $4::text[], $5::uuid[], $6::bigint[], $7::jsonb[], $8::jsonb[], $9::jsonb[])
    as r (row_number, outcome, record_id, version, before, problems, cells)";

/// Works imports that were started.
pub struct ImportJob {
    platform: Arc<Platform>,
}

pub fn job_handler(platform: Arc<Platform>) -> ImportJob {
    ImportJob { platform }
}

impl Handler for ImportJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn concurrency(&self) -> usize {
        2
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(work) = Work::of(&self.platform, job) else {
                return Outcome::Fail("the job names no workspace, import and member".to_owned());
            };
            let (outcome, error) = stop::outcome(words::scope(work.asker.language, work.run()).await, job);
            if let Some(error) = error {
                let errand = (Errand::Import, work.import);
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
    import: Uuid,
}

impl<'a> Work<'a> {
    /// The workspace is the job's own: an import of another one is not found.
    fn of(platform: &'a Arc<Platform>, job: &'a Claimed) -> Option<Self> {
        Some(Self { platform, job, asker: Asker::of(job)?, import: named(job, "import")? })
    }

    async fn run(&self) -> Result<(), Stop> {
        let mut ctx = self.open().await?;
        let (import, entity) = store::lock(&mut ctx, self.import).await?;
        match import.status {
            ImportStatus::Queued | ImportStatus::Running => {}
            ImportStatus::Undoing => {
                drop(ctx);
                return self.back().await;
            }
            _ => return Ok(()),
        }
        let now = ctx.now();
        sqlx::query(BEGIN)
            .bind(self.asker.tenant.0)
            .bind(self.import)
            .bind(now)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        let plan = Plan::new(entity, &ctx.access.grants, import.columns.clone(), &import.mapping)?;
        let mut file = File::open(&mut ctx, self.import, import.bytes, import.mapping.header).await?;
        let mut checker = Checker::new(&mut ctx, plan).await?;
        skip(&mut ctx, &import, &mut file, &mut checker).await?;
        // Nothing is done yet: a try that comes no further than here counts.
        ctx.flush().await?;
        self.job.fence(ctx.conn().await?).await?;
        ctx.commit().await?;
        while self.batch(&mut file, &mut checker).await? {}
        Ok(())
    }

    async fn open(&self) -> Result<Ctx> {
        let caller = self.asker.caller(self.platform, ("import", self.import)).await?;
        let mut ctx = self.platform.open(&caller, StartImport::NAME, TxMode::ReadWrite).await?;
        store::plan_anew(ctx.conn().await?).await?;
        Ok(ctx)
    }

    /// One transaction of rows; false at the end of the file.
    async fn batch(&self, file: &mut File, checker: &mut Checker) -> Result<bool, Stop> {
        let mut ctx = self.open().await?;
        let (_, entity) = store::lock(&mut ctx, self.import).await?;
        ctx.require(&entity.permission(Verb::Create))?;
        let last_try = stop::is_last(&mut ctx, self.job).await?;
        let rows = file.batch(&mut ctx, BATCH).await?;
        let Some(last) = rows.last().map(|row| row.row) else {
            let now = ctx.now();
            sqlx::query(END)
                .bind(self.asker.tenant.0)
                .bind(self.import)
                .bind(now)
                .execute(ctx.conn().await?)
                .await
                .map_err(db_error)?;
            store::changed(&mut ctx, self.import, serde_json::json!({ "status": "done" }));
            stop::finish(ctx, self.job).await?;
            return Ok(false);
        };
        checker.refresh();
        let checked = checker.check(&mut ctx, rows).await?;
        let outcomes = write(&mut ctx, &entity, checked, last_try).await?;
        outcomes.keep(&mut ctx, self.import, last).await?;
        stop::step(ctx, self.job).await?;
        Ok(true)
    }

    /// The way back, from the last row to the first: a row goes before those that it was made to refer to.
    async fn back(&self) -> Result<(), Stop> {
        // Those from here on were come to.
        let mut before = i64::MAX;
        while let Some(last) = self.batch_back(before).await? {
            before = last;
        }
        Ok(())
    }

    /// One transaction of rows; down to which it is done, or none when it is at its end.
    async fn batch_back(&self, before: i64) -> Result<Option<i64>, Stop> {
        let mut ctx = self.open().await?;
        ctx.operation = UndoImport::NAME;
        let (import, entity) = store::lock(&mut ctx, self.import).await?;
        if import.status != ImportStatus::Undoing {
            return Ok(None);
        }
        let last = stop::is_last(&mut ctx, self.job).await?;
        let rows = undo::waiting(&mut ctx, import.id, before, undo::BATCH).await?;
        let Some(end) = undo::last(&rows) else {
            undo::end(&mut ctx, import.id).await?;
            stop::finish(ctx, self.job).await?;
            return Ok(None);
        };
        undo::batch(&mut ctx, import.id, &entity, &rows, last).await?;
        stop::step(ctx, self.job).await?;
        Ok(Some(end))
    }
}

/// Goes past the rows that an earlier run has worked, taking note of the keys that they hold.
async fn skip(ctx: &mut Ctx, import: &Import, file: &mut File, checker: &mut Checker) -> Result<()> {
    if import.done == 0 {
        return Ok(());
    }
    let tenant = ctx.access.tenant.0;
    let refused: Vec<i64> = sqlx::query_scalar(REFUSED)
        .bind(tenant)
        .bind(import.id)
        .bind(import.done)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let refused: HashSet<i64> = refused.into_iter().collect();
    let mut left = usize::try_from(import.done).unwrap_or_default();
    while left > 0 {
        let rows: Vec<Numbered> = file.batch(ctx, left.min(BATCH)).await?;
        if rows.is_empty() {
            break;
        }
        left -= rows.len();
        for row in rows.iter().filter(|row| !refused.contains(&row.row)) {
            checker.take_note(row);
        }
    }
    Ok(())
}

/// What became of the rows of a batch, in columns.
#[derive(Default)]
struct Outcomes {
    numbers: Vec<i64>,
    outcomes: Vec<&'static str>,
    records: Vec<Option<Uuid>>,
    versions: Vec<Option<i64>>,
    befores: Vec<Option<Json<Values>>>,
    problems: Vec<Option<Json<Vec<Problem>>>>,
    cells: Vec<Option<Json<Vec<String>>>>,
}

/// A row that changes a record.
struct Changed {
    number: i64,
    update: Update,
    cells: Vec<String>,
}

/// Writes the records of a batch; `last` with the last try.
async fn write(ctx: &mut Ctx, entity: &Arc<Entity>, checked: Vec<Checked>, last: bool) -> Result<Outcomes> {
    let mut outcomes = Outcomes::default();
    let (mut new, mut numbers) = (Vec::new(), Vec::new());
    let mut changed = Vec::new();
    for row in checked {
        match row.verdict {
            Verdict::Create => {
                numbers.push(row.row);
                new.push(NewRow { id: None, values: row.values, status: row.status });
            }
            Verdict::Update(update) => changed.push(Changed { number: row.row, update, cells: row.cells }),
            Verdict::Unchanged(id) => outcomes.push(row.row, "unchanged", Some(id), None),
            Verdict::Refused => outcomes.refused(row.row, row.problems, row.cells),
        }
    }
    let created = create_many(ctx, entity, new).await?;
    for (number, row) in numbers.into_iter().zip(created) {
        outcomes.push(number, "created", Some(row.id), Some(row.version));
    }
    update(ctx, entity, changed, last, &mut outcomes).await?;
    Ok(outcomes)
}

impl Changed {
    fn edit(&self) -> (Uuid, i64, Values) {
        (self.update.id, self.update.version, self.update.after.clone())
    }
}

/// With the last try each by itself: one that somebody goes on holding is refused, and the others are not given up for it.
async fn one_by_one(ctx: &mut Ctx, entity: &Entity, changed: &[Changed]) -> Result<Vec<Updated>> {
    let mut answers = Vec::with_capacity(changed.len());
    for row in changed {
        ctx.begin_part().await?;
        let answer = update_many(ctx, entity, vec![row.edit()]).await;
        ctx.end_part(answer.is_ok()).await?;
        match answer {
            Ok(one) => answers.extend(one),
            Err(error) if error.is(BUSY) => answers.push(Updated::Refused(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(answers)
}

async fn update(
    ctx: &mut Ctx,
    entity: &Entity,
    changed: Vec<Changed>,
    last: bool,
    outcomes: &mut Outcomes,
) -> Result<()> {
    let answers = if last {
        one_by_one(ctx, entity, &changed).await?
    } else {
        update_many(ctx, entity, changed.iter().map(Changed::edit).collect()).await?
    };
    for (row, answer) in changed.into_iter().zip(answers) {
        let id = Some(row.update.id);
        match answer {
            Updated::Changed { version, before } => {
                outcomes.push(row.number, "updated", id, Some(version));
                outcomes.before(before);
            }
            Updated::Same { .. } => outcomes.push(row.number, "unchanged", id, None),
            // The whole batch is checked again.
            Updated::Stale { .. } | Updated::Missing => {
                return Err(Error::conflict(t!("A record was changed by somebody while it was being imported")));
            }
            Updated::Refused(error) => {
                let problem = Problem { row: row.number, column: None, value: None, reason: error.message };
                outcomes.refused(row.number, vec![problem], row.cells);
            }
        }
    }
    Ok(())
}

impl Outcomes {
    fn push(&mut self, number: i64, outcome: &'static str, record: Option<Uuid>, version: Option<i64>) {
        self.numbers.push(number);
        self.outcomes.push(outcome);
        self.records.push(record);
        self.versions.push(version);
        self.befores.push(None);
        self.problems.push(None);
        self.cells.push(None);
    }

    /// What the last row was before.
    fn before(&mut self, values: Values) {
        if let Some(last) = self.befores.last_mut() {
            *last = Some(Json(values));
        }
    }

    fn refused(&mut self, number: i64, problems: Vec<Problem>, cells: Vec<String>) {
        self.push(number, "refused", None, None);
        if let (Some(last), Some(cells_of_last)) = (self.problems.last_mut(), self.cells.last_mut()) {
            (*last, *cells_of_last) = (Some(Json(problems)), Some(Json(cells)));
        }
    }

    fn count(&self, outcome: &str) -> i64 {
        i64::try_from(self.outcomes.iter().filter(|other| **other == outcome).count()).unwrap_or_default()
    }

    /// Keeps them, with the progress. `last` is the number of the last row of the batch.
    async fn keep(self, ctx: &mut Ctx, import: Uuid, last: i64) -> Result<()> {
        let tenant = ctx.access.tenant.0;
        sqlx::query(PROGRESS)
            .bind(tenant)
            .bind(import)
            .bind(last)
            .bind(self.count("created"))
            .bind(self.count("updated"))
            .bind(self.count("unchanged"))
            .bind(self.count("refused"))
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        sqlx::query(OUTCOMES)
            .bind(tenant)
            .bind(import)
            .bind(self.numbers)
            .bind(self.outcomes)
            .bind(self.records)
            .bind(self.versions)
            .bind(self.befores)
            .bind(self.problems)
            .bind(self.cells)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        Ok(())
    }
}
