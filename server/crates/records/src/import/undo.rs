//! Takes an import back, as if it had not been: what it made is removed for good, what it changed is put back. Rows that somebody has worked
//! on since are theirs now; they stay and are named.

use super::store;
use crate::get::{Held, lock};
use crate::index;
use crate::many::{Removed, Updated, remove_many, revert_many};
use domain::imports::{ImportStatus, KeptRow, ListKept, UndoImport, Undone};
use domain::records::Values;
use domain::schema::Entity;
use domain::{Error, Reach, Result};
use platform::{Ctx, db_error};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;
use words::{mark, t};

const CHANGED: &str = mark!("It was changed since the import");
/// Rows at once, all in one transaction.
const BATCH: usize = 1000;

const ROWS: &str = "\
select outcome, record_id, version, before from import_rows
where tenant_id = $1 and import_id = $2 and outcome in ('created', 'updated') and record_id is not null order by row_number";
const KEEP: &str = "\
update import_rows r set problems = jsonb_build_array(k.why)
from unnest($3::uuid[], $4::jsonb[]) as k (record_id, why)
where r.tenant_id = $1 and r.import_id = $2 and r.record_id = k.record_id and r.outcome in ('created', 'updated')";
/// Rows that were kept have a reason, though the import had taken them.
const KEPT: &str = "\
select record_id, problems from import_rows
where tenant_id = $1 and import_id = $2 and outcome in ('created', 'updated') and problems is not null
order by row_number limit $3";
/// Kept rows that are listed.
const LISTED: i64 = 1000;
const END: &str = "update imports set status = 'undone', kept = $3 where tenant_id = $1 and id = $2";

/// Outcome, record, version and the values of before.
type Outcome = (String, Uuid, Option<i64>, Option<Json<Values>>);

/// What the import did to one record.
struct Done {
    id: Uuid,
    version: i64,
    /// For records that were there before.
    before: Option<Values>,
}

pub async fn undo(ctx: &mut Ctx, input: UndoImport) -> Result<Undone> {
    let (import, entity) = store::lock(ctx, input.id).await?;
    match import.status {
        ImportStatus::Done | ImportStatus::Failed => {}
        ImportStatus::Undone => return Err(Error::conflict(t!("This import was taken back already"))),
        ImportStatus::Queued | ImportStatus::Running => {
            return Err(Error::conflict(t!(
                "This import is still being worked on. Wait until it is done, then take it back"
            )));
        }
        ImportStatus::Uploaded | ImportStatus::Mapped => {
            return Err(Error::conflict(t!("This import has not been started, so there is nothing to take back")));
        }
    }
    // The timeline of a record that comes or goes this way leads to the import.
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("import", Some(import.id));
    store::plan_anew(ctx.conn().await?).await?;
    let done = read(ctx, import.id).await?;
    let mut undone = Undone { removed: 0, reverted: 0, kept: Vec::new() };
    for batch in done.chunks(BATCH) {
        undo_batch(ctx, &entity, batch, &mut undone).await?;
    }
    keep(ctx, import.id, &undone.kept).await?;
    for row in &mut undone.kept {
        row.reason = words::say(&row.reason).to_owned();
    }
    let (tenant, kept) = (ctx.access.tenant.0, i64::try_from(undone.kept.len()).unwrap_or_default());
    sqlx::query(END).bind(tenant).bind(import.id).bind(kept).execute(ctx.conn().await?).await.map_err(db_error)?;
    store::changed(
        ctx,
        import.id,
        json!({ "status": "undone", "removed": undone.removed, "reverted": undone.reverted, "kept": kept }),
    );
    Ok(undone)
}

/// What an undo left in place, for the page of the import.
pub async fn kept(ctx: &mut Ctx, input: ListKept) -> Result<Vec<KeptRow>> {
    let (import, _) = store::load(ctx, input.id).await?;
    let tenant = ctx.access.tenant.0;
    let rows: Vec<(Uuid, Json<Vec<Kept>>)> = sqlx::query_as(KEPT)
        .bind(tenant)
        .bind(import.id)
        .bind(LISTED)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let row = |(id, why): (Uuid, Json<Vec<Kept>>)| {
        let Kept { title, reason } = why.0.into_iter().next()?;
        Some(KeptRow { id, title, reason: words::say(&reason).to_owned() })
    };
    Ok(rows.into_iter().filter_map(row).collect())
}

/// Why a row was kept, as it stands with the row; in English where the words are ours alone.
#[derive(Serialize, Deserialize)]
struct Kept {
    title: String,
    reason: String,
}

async fn keep(ctx: &mut Ctx, import: Uuid, kept: &[KeptRow]) -> Result<()> {
    if kept.is_empty() {
        return Ok(());
    }
    let tenant = ctx.access.tenant.0;
    let ids: Vec<Uuid> = kept.iter().map(|row| row.id).collect();
    let why: Vec<Json<Kept>> =
        kept.iter().map(|row| Json(Kept { title: row.title.clone(), reason: row.reason.clone() })).collect();
    sqlx::query(KEEP)
        .bind(tenant)
        .bind(import)
        .bind(ids)
        .bind(why)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}

async fn read(ctx: &mut Ctx, import: Uuid) -> Result<Vec<Done>> {
    let tenant = ctx.access.tenant.0;
    let rows: Vec<Outcome> =
        sqlx::query_as(ROWS).bind(tenant).bind(import).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let done = rows.into_iter().map(|(outcome, id, version, before)| Done {
        id,
        version: version.unwrap_or_default(),
        before: (outcome == "updated").then(|| before.map(|before| before.0).unwrap_or_default()),
    });
    Ok(done.collect())
}

async fn undo_batch(ctx: &mut Ctx, entity: &Entity, batch: &[Done], undone: &mut Undone) -> Result<()> {
    let ids: Vec<Uuid> = batch.iter().map(|done| done.id).collect();
    // The import is what the caller may take back, whoever owns its rows by now.
    let rows: HashMap<Uuid, Held> =
        lock(ctx, entity, &ids, Reach::All).await?.into_iter().map(|held| (held.id, held)).collect();
    let mut keep = |id: &Uuid, reason: &str| {
        let Some(held) = rows.get(id) else { return };
        let title =
            [entity.title.as_str(), "number"].into_iter().map(|key| held.text(key)).find(|text| !text.is_empty());
        undone.kept.push(KeptRow { id: *id, title: title.unwrap_or_default().to_owned(), reason: reason.to_owned() });
    };
    let (mut remove, mut revert) = (Vec::new(), Vec::new());
    for done in batch {
        match (rows.get(&done.id), &done.before) {
            // Gone already.
            (None, _) => {}
            (Some(held), _) if held.deleted => {
                keep(&done.id, mark!("It was moved to the trash since the import"));
            }
            (Some(_), Some(before)) => revert.push((done.id, done.version, before.clone())),
            (Some(_), None) => remove.push((done.id, done.version)),
        }
    }
    let reverted: Vec<Uuid> = revert.iter().map(|(id, ..)| *id).collect();
    for (id, answer) in reverted.iter().zip(revert_many(ctx, entity, revert).await?) {
        match answer {
            Updated::Changed { .. } | Updated::Same { .. } => undone.reverted += 1,
            Updated::Stale { .. } => keep(id, CHANGED),
            Updated::Missing => keep(id, mark!("You may not change it any more")),
            Updated::Refused(error) => keep(id, &error.message),
        }
    }
    let mut removed: Vec<Uuid> = remove.iter().map(|(id, _)| *id).collect();
    let answers = remove_many(ctx, entity, remove).await?;
    for (id, answer) in removed.iter().zip(&answers) {
        match answer {
            Removed::Gone => undone.removed += 1,
            Removed::Stale { .. } => keep(id, CHANGED),
            Removed::InUse => keep(id, mark!("Another record refers to it")),
            Removed::Missing => keep(id, mark!("It is out of your reach")),
        }
    }
    let mut answers = answers.into_iter();
    removed.retain(|_| answers.next() == Some(Removed::Gone));
    let tenant = ctx.access.tenant;
    index::remove(ctx.conn().await?, tenant, &removed).await
}
