//! Takes an import back, as if it had not been: what it made is removed for good, what it changed is put back. Rows that somebody has worked
//! on since are theirs now; they stay and are named. A few are taken back while the request waits, more by the job (`run`), in batches: no
//! transaction holds more than those, and a row that was taken back is marked with it.
//!
//! Whoever ran the import does so for thirty days, row by row by having done it, whatever else they may. Anybody else, and anybody later, needs
//! for each row the permission to delete it or to change it; rows that lack it stay and are named too. What stayed can be looked at again: by
//! somebody who may more, or once nothing is in the way any more.

use super::run::KIND;
use super::store;
use crate::bulk::titles;
use crate::get::{Held, in_sight, lock};
use crate::index;
use crate::many::{Removed, Updated, remove_many, revert_own_many};
use crate::on_behalf::asked;
use crate::stop;
use crate::way_back;
use domain::imports::{Import, ImportStatus, KeptRow, ListKept, PreviewUndoImport, UndoImport, Undone};
use domain::records::{UNDONE_AT_ONCE, UndoPreview, Values};
use domain::schema::Entity;
use domain::{Error, Kind, Reach, Result};
use jobs::NewJob;
use platform::{Ctx, db_error};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;
use words::{mark, t};

const CHANGED: &str = mark!("It was changed since the import");
const NOT_CHANGED: &str =
    mark!("You may not change it. Without that permission only one's own imports of the last 30 days are taken back");
const NOT_DELETED: &str =
    mark!("You may not delete it. Without that permission only one's own imports of the last 30 days are taken back");
/// Rows of one transaction of the job.
pub const BATCH: i64 = 500;

const BEGIN: &str = "\
update imports set status = 'undoing', error = null, kept = 0, undo_began_at = $3 where tenant_id = $1 and id = $2";
/// What was kept before is looked at again, and has its reason anew where it stays.
const FORGET: &str = "\
update import_rows set problems = null
where tenant_id = $1 and import_id = $2 and outcome in ('created', 'updated') and problems is not null";
/// Those that were kept have a reason.
const WAITING: &str = "\
select row_number, outcome, record_id, version, before from import_rows
where tenant_id = $1 and import_id = $2 and row_number < $3 and outcome in ('created', 'updated')
    and record_id is not null and problems is null
order by row_number desc limit $4";
const MARK: &str = "\
update import_rows r set outcome = coalesce(f.outcome, r.outcome),
    problems = case when f.why is null then null else jsonb_build_array(f.why) end
from unnest($3::bigint[], $4::text[], $5::jsonb[]) as f (row_number, outcome, why)
where r.tenant_id = $1 and r.import_id = $2 and r.row_number = f.row_number";
const TAKEN_BACK: &str = "\
update imports set removed = removed + $3, reverted = reverted + $4, gone = gone + $5, kept = kept + $6
where tenant_id = $1 and id = $2";
/// Rows that were kept have a reason, though the import had taken them.
const KEPT: &str = "\
select record_id, problems from import_rows
where tenant_id = $1 and import_id = $2 and outcome in ('created', 'updated') and problems is not null
order by row_number limit $3";
/// Kept rows that are listed.
const LISTED: i64 = 1000;
const END: &str = "\
update imports set status = 'undone', error = null where tenant_id = $1 and id = $2 returning removed, reverted, kept";

/// What became of a row that is not kept.
const REMOVED: &str = "removed";
const REVERTED: &str = "reverted";
const GONE: &str = "gone";

/// What the import did to one record.
#[derive(sqlx::FromRow)]
pub struct Done {
    row_number: i64,
    outcome: String,
    record_id: Uuid,
    version: Option<i64>,
    /// For records that were there before.
    before: Option<Json<Values>>,
}

impl Done {
    fn version(&self) -> i64 {
        self.version.unwrap_or_default()
    }

    /// What is put back; none where the record was made.
    fn before(&self) -> Option<Values> {
        (self.outcome == "updated").then(|| self.before.as_ref().map(|before| before.0.clone()).unwrap_or_default())
    }
}

pub async fn undo(ctx: &mut Ctx, input: UndoImport) -> Result<Undone> {
    // Looked at before it is locked: whoever asks while a batch is under way is told so.
    let (import, _) = store::load(ctx, input.id).await?;
    can_be_undone(&import)?;
    let (import, entity) = store::lock_now(ctx, input.id).await?;
    can_be_undone(&import)?;
    // The timeline of a record that comes or goes this way leads to the import.
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("import", Some(import.id));
    store::plan_anew(ctx.conn().await?).await?;
    begin(ctx, &import).await?;
    let rows = waiting(ctx, import.id, i64::MAX, UNDONE_AT_ONCE + 1).await?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > UNDONE_AT_ONCE) {
        return later(ctx, &import).await;
    }
    let fates = batch(ctx, import.id, &entity, &rows, false).await?;
    end(ctx, import.id).await?;
    let kept = listed(ctx, import.id, &entity).await?;
    Ok(Undone { removed: fates.of(REMOVED), reverted: fates.of(REVERTED), kept, waiting: 0 })
}

fn can_be_undone(import: &Import) -> Result<()> {
    match import.status {
        ImportStatus::Done | ImportStatus::Failed => Ok(()),
        ImportStatus::Undone if import.kept > 0 => Ok(()),
        ImportStatus::Undone => Err(Error::conflict(t!("This import was taken back already"))),
        ImportStatus::Undoing => Err(Error::conflict(t!("This import is being taken back already"))),
        ImportStatus::Queued | ImportStatus::Running => {
            Err(Error::conflict(t!("This import is still being worked on. Wait until it is done, then take it back")))
        }
        ImportStatus::Uploaded | ImportStatus::Mapped => {
            Err(Error::conflict(t!("This import has not been started, so there is nothing to take back")))
        }
    }
}

async fn begin(ctx: &mut Ctx, import: &Import) -> Result<()> {
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    if import.kept > 0 {
        sqlx::query(FORGET).bind(tenant).bind(import.id).execute(ctx.conn().await?).await.map_err(db_error)?;
    }
    sqlx::query(BEGIN).bind(tenant).bind(import.id).bind(now).execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

/// Has a worker do it. No row is changed before that, and none is held.
async fn later(ctx: &mut Ctx, import: &Import) -> Result<Undone> {
    let payload = asked(ctx, "import", import.id);
    let job = NewJob::new(ctx.new_id(), KIND, payload)
        .scope(ctx.access.tenant.0)
        .attempts(stop::TRIES)
        .unique(format!("import-undo:{}", import.id));
    if !jobs::enqueue(ctx.conn().await?, job).await.map_err(db_error)? {
        return Err(Error::conflict(t!("This import is being taken back already")));
    }
    let waiting = import.left();
    store::changed(ctx, import.id, json!({ "status": "undoing", "rows": waiting }));
    Ok(Undone { removed: 0, reverted: 0, kept: Vec::new(), waiting })
}

/// Rows before one that the import made or changed and that the undo has not come to, from the last to the first.
pub async fn waiting(ctx: &mut Ctx, import: Uuid, before: i64, most: i64) -> Result<Vec<Done>> {
    let tenant = ctx.access.tenant.0;
    sqlx::query_as(WAITING)
        .bind(tenant)
        .bind(import)
        .bind(before)
        .bind(most)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)
}

/// The number of the last of them.
pub fn last(rows: &[Done]) -> Option<i64> {
    rows.last().map(|row| row.row_number)
}

/// Takes rows back, and keeps what became of each; `last` with the last try of a job.
pub async fn batch(ctx: &mut Ctx, import: Uuid, entity: &Entity, rows: &[Done], last: bool) -> Result<Fates> {
    let fates = if let Ok(fates) = together(ctx, entity, rows, last).await? {
        fates
    } else {
        one_by_one(ctx, entity, rows, last).await?
    };
    fates.keep(ctx, import).await?;
    Ok(fates)
}

/// One stands in the way of all, such as a value that another row has taken since: it is found, and the others go on.
async fn one_by_one(ctx: &mut Ctx, entity: &Entity, rows: &[Done], last: bool) -> Result<Fates> {
    let mut fates = Fates::default();
    for row in rows {
        match together(ctx, entity, std::slice::from_ref(row), last).await? {
            Ok(one) => fates.append(one),
            Err(error) => fates.kept(row.row_number, &error.message),
        }
    }
    Ok(fates)
}

/// Says that it is done, and what came of it.
pub async fn end(ctx: &mut Ctx, import: Uuid) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let (removed, reverted, kept): (i64, i64, i64) =
        sqlx::query_as(END).bind(tenant).bind(import).fetch_one(ctx.conn().await?).await.map_err(db_error)?;
    let after = json!({ "status": "undone", "removed": removed, "reverted": reverted, "kept": kept });
    store::changed(ctx, import, after);
    Ok(())
}

/// What an undo would come to.
pub async fn preview(ctx: &mut Ctx, input: PreviewUndoImport) -> Result<UndoPreview> {
    let (import, entity) = store::load(ctx, input.id).await?;
    way_back::of_import(ctx, &entity, &import).await
}

/// What an undo left in place, for the page of the import.
pub async fn kept(ctx: &mut Ctx, input: ListKept) -> Result<Vec<KeptRow>> {
    let (import, entity) = store::load(ctx, input.id).await?;
    listed(ctx, import.id, &entity).await
}

async fn listed(ctx: &mut Ctx, import: Uuid, entity: &Entity) -> Result<Vec<KeptRow>> {
    let tenant = ctx.access.tenant.0;
    let rows: Vec<(Uuid, Json<Vec<Kept>>)> = sqlx::query_as(KEPT)
        .bind(tenant)
        .bind(import)
        .bind(LISTED)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let row = |(id, why): (Uuid, Json<Vec<Kept>>)| {
        let reason = why.0.into_iter().next()?.reason;
        Some(KeptRow { id, title: String::new(), reason })
    };
    let mut kept = rows.into_iter().filter_map(row).collect::<Vec<_>>();
    said(ctx, entity, &mut kept).await?;
    Ok(kept)
}

/// Why a row was kept, as it stands with the row; in English where the words are ours alone. What the row is called does not stand there: not
/// everybody who sees the import sees all of its rows.
#[derive(Serialize, Deserialize)]
struct Kept {
    reason: String,
}

/// In the words of whoever reads it, with the names of the rows that they see.
async fn said(ctx: &mut Ctx, entity: &Entity, rows: &mut [KeptRow]) -> Result<()> {
    let seen = in_sight(ctx, entity, rows.iter().map(|row| row.id).collect()).await?;
    let mut titles = titles(ctx, entity, seen).await?;
    for row in rows {
        row.title = titles.remove(&row.id).unwrap_or_default();
        row.reason = words::say(&row.reason).to_owned();
    }
    Ok(())
}

/// What became of rows, in columns: what was done, or why it was not.
#[derive(Default)]
pub struct Fates {
    rows: Vec<i64>,
    outcomes: Vec<Option<&'static str>>,
    reasons: Vec<Option<Json<Kept>>>,
}

impl Fates {
    fn push(&mut self, row: i64, outcome: Option<&'static str>, reason: Option<&str>) {
        self.rows.push(row);
        self.outcomes.push(outcome);
        self.reasons.push(reason.map(|reason| Json(Kept { reason: reason.to_owned() })));
    }

    fn done(&mut self, row: i64, outcome: &'static str) {
        self.push(row, Some(outcome), None);
    }

    fn kept(&mut self, row: i64, reason: &str) {
        self.push(row, None, Some(reason));
    }

    fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.outcomes.extend(other.outcomes);
        self.reasons.extend(other.reasons);
    }

    fn count(&self, outcome: Option<&str>) -> i64 {
        i64::try_from(self.outcomes.iter().filter(|other| **other == outcome).count()).unwrap_or_default()
    }

    fn of(&self, outcome: &str) -> i64 {
        self.count(Some(outcome))
    }

    /// Keeps them with the rows, and with the import how far it is.
    async fn keep(&self, ctx: &mut Ctx, import: Uuid) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let tenant = ctx.access.tenant.0;
        sqlx::query(MARK)
            .bind(tenant)
            .bind(import)
            .bind(&self.rows)
            .bind(&self.outcomes)
            .bind(&self.reasons)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        sqlx::query(TAKEN_BACK)
            .bind(tenant)
            .bind(import)
            .bind(self.of(REMOVED))
            .bind(self.of(REVERTED))
            .bind(self.of(GONE))
            .bind(self.count(None))
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        Ok(())
    }
}

/// All of them or none: a refusal for what rows hold leaves the transaction as it was. That somebody else was at them is no such one: it passes, and
/// what would be written down of a row would stay.
async fn together(ctx: &mut Ctx, entity: &Entity, rows: &[Done], last: bool) -> Result<Result<Fates>> {
    ctx.begin_part().await?;
    let fates = take_back(ctx, entity, rows).await;
    ctx.end_part(fates.is_ok()).await?;
    match fates {
        Err(error) if stop::is_of_no_row(&error, last) => Err(error),
        Err(error) if !matches!(error.kind, Kind::Conflict | Kind::Invalid | Kind::Forbidden) => Err(error),
        fates => Ok(fates),
    }
}

/// What it tells is written at once, so that nothing is left to be told of rows that stay after all.
async fn take_back(ctx: &mut Ctx, entity: &Entity, rows: &[Done]) -> Result<Fates> {
    let ids: Vec<Uuid> = rows.iter().map(|done| done.record_id).collect();
    // Whoever may not take a row back is told why it stays, so that all are looked at.
    let held: HashMap<Uuid, Held> =
        lock(ctx, entity, &ids, Reach::All).await?.into_iter().map(|held| (held.id, held)).collect();
    let mut fates = Fates::default();
    let (mut remove, mut revert) = (Vec::new(), Vec::new());
    let (mut to_remove, mut to_revert) = (Vec::new(), Vec::new());
    for done in rows {
        let (row, id, version) = (done.row_number, done.record_id, done.version());
        let Some(held) = held.get(&id) else {
            fates.done(row, GONE);
            continue;
        };
        if held.deleted {
            fates.kept(row, mark!("It was moved to the trash since the import"));
        } else if held.version != version {
            fates.kept(row, CHANGED);
        } else if let Some(before) = done.before() {
            to_revert.push(row);
            revert.push((id, version, before));
        } else {
            to_remove.push((row, id));
            remove.push((id, version));
        }
    }
    let answers = revert_own_many(ctx, entity, revert).await?;
    ctx.flush().await?;
    for (row, answer) in to_revert.into_iter().zip(answers) {
        match answer {
            Updated::Changed { .. } | Updated::Same { .. } => fates.done(row, REVERTED),
            Updated::Stale { .. } => fates.kept(row, CHANGED),
            Updated::Missing => fates.kept(row, NOT_CHANGED),
            Updated::Refused(error) => fates.kept(row, &error.message),
        }
    }
    let answers = remove_many(ctx, entity, remove).await?;
    ctx.flush().await?;
    let mut removed = Vec::new();
    for ((row, id), answer) in to_remove.into_iter().zip(answers) {
        match answer {
            Removed::Gone => {
                removed.push(id);
                fates.done(row, REMOVED);
            }
            Removed::Stale { .. } => fates.kept(row, CHANGED),
            Removed::InUse => fates.kept(row, mark!("Another record refers to it")),
            Removed::Forbidden => fates.kept(row, NOT_DELETED),
            Removed::Missing => fates.kept(row, mark!("It is out of your reach")),
        }
    }
    let tenant = ctx.access.tenant;
    index::remove(ctx.conn().await?, tenant, &removed).await?;
    Ok(fates)
}
