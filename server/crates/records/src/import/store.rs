//! Imports in the database: their row, the pieces of their file, and who may reach them.

use super::{lookup, sniff};
use crate::on_behalf::{wait_as_usual, wait_briefly};
use crate::project::readable;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::imports::{Import, ImportStatus, Mapping};
use domain::schema::Entity;
use domain::{Error, Reach, Result, Verb};
use platform::{Change, Ctx, db_error};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::Json;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// Size of a piece of a file.
pub const PIECE: usize = 1024 * 1024;
/// Imports in a list.
const LISTED: i64 = 100;

#[derive(sqlx::FromRow)]
struct ImportRow {
    id: Uuid,
    entity: String,
    file_name: String,
    status: String,
    bytes: i64,
    columns: Json<Vec<String>>,
    sample: Json<Vec<Vec<String>>>,
    header_doubt: Option<String>,
    mapping: Json<Mapping>,
    rows: i64,
    done: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    kept: i64,
    removed: i64,
    reverted: i64,
    gone: i64,
    undo_began_at: Option<DateTime<Utc>>,
    error: Option<String>,
    created_by: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    owner: Uuid,
    location_id: Option<Uuid>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select i.id, i.entity, i.file_name, i.status, i.bytes, i.columns, i.sample, i.header_doubt, i.mapping, i.rows, i.done, ",
            "i.created, i.updated, i.unchanged, i.refused, i.kept, i.error, m.name as created_by, i.created_at, i.started_at, ",
            "i.finished_at, i.removed, i.reverted, i.gone, i.undo_began_at, i.created_by as owner, i.location_id ",
            "from imports i join members m on m.tenant_id = i.tenant_id and m.id = i.created_by where i.tenant_id = $1 and ",
            $rest
        )
    };
}

const GET: &str = select!("i.id = $2");
const LOCK: &str = select!("i.id = $2 for update of i");
const LIST: &str = select!("i.entity = $2 order by i.id desc limit $3");

impl ImportRow {
    fn import(self) -> Result<Import> {
        let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Ok(Import {
            id: self.id,
            entity: self.entity,
            file_name: self.file_name,
            status: ImportStatus::parse(&self.status).ok_or_else(Error::internal)?,
            bytes: self.bytes,
            columns: self.columns.0,
            sample: self.sample.0,
            header_doubt: self.header_doubt.as_deref().map(sniff::said),
            mapping: self.mapping.0,
            rows: self.rows,
            done: self.done,
            created: self.created,
            updated: self.updated,
            unchanged: self.unchanged,
            refused: self.refused,
            error: self.error,
            created_by: self.created_by,
            created_at: moment(self.created_at),
            started_at: self.started_at.map(moment),
            finished_at: self.finished_at.map(moment),
            kept: self.kept,
            removed: self.removed,
            reverted: self.reverted,
            gone: self.gone,
            undo_began_at: self.undo_began_at.map(moment),
        })
    }
}

/// An import and the entity it is about. What the caller may not reach is as unknown as what never was.
pub async fn load(ctx: &mut Ctx, id: Uuid) -> Result<(Import, Arc<Entity>)> {
    let (mut import, entity) = load_with(ctx, id, GET).await?;
    blank(ctx, &entity, &mut import);
    Ok((import, entity))
}

/// Columns that feed a field which the caller may not read: a file that somebody else brought shows no more than its records do.
pub fn hidden_columns(ctx: &Ctx, entity: &Entity, import: &Import) -> HashSet<usize> {
    let hidden = |key: &str| {
        let key = key.split('.').next().unwrap_or(key);
        entity.field(key).is_some_and(|field| !readable(&ctx.access, field))
    };
    let columns = import.mapping.columns.iter().filter(|(_, key)| hidden(key));
    columns.filter_map(|(column, _)| usize::try_from(*column).ok()).collect()
}

fn blank(ctx: &Ctx, entity: &Entity, import: &mut Import) {
    for column in hidden_columns(ctx, entity, import) {
        for cell in import.sample.iter_mut().filter_map(|row| row.get_mut(column)) {
            cell.clear();
        }
    }
}

/// The same, kept from others until the end of the transaction.
pub async fn lock(ctx: &mut Ctx, id: Uuid) -> Result<(Import, Arc<Entity>)> {
    load_with(ctx, id, LOCK).await
}

/// The same, or *conflict* where somebody goes on holding it, such as a batch that is under way.
pub async fn lock_now(ctx: &mut Ctx, id: Uuid) -> Result<(Import, Arc<Entity>)> {
    wait_briefly(ctx).await?;
    let found = lock(ctx, id).await?;
    wait_as_usual(ctx).await?;
    Ok(found)
}

async fn load_with(ctx: &mut Ctx, id: Uuid, sql: &'static str) -> Result<(Import, Arc<Entity>)> {
    let tenant = ctx.access.tenant.0;
    let row: Option<ImportRow> =
        sqlx::query_as(sql).bind(tenant).bind(id).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    let row = row.ok_or_else(Error::not_found)?;
    let entity = ctx.entity(&row.entity)?;
    let reach = seen(ctx, &entity)?;
    let team = lookup::owners(ctx, reach).await?;
    if !within(&row, ctx, reach, team.as_ref()) {
        return Err(Error::not_found());
    }
    Ok((row.import()?, entity))
}

pub async fn list(ctx: &mut Ctx, entity: &Entity) -> Result<Vec<Import>> {
    let reach = seen(ctx, entity)?;
    let tenant = ctx.access.tenant.0;
    let rows: Vec<ImportRow> = sqlx::query_as(LIST)
        .bind(tenant)
        .bind(&entity.key)
        .bind(LISTED)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let team = lookup::owners(ctx, reach).await?;
    let seen = rows.into_iter().filter(|row| within(row, ctx, reach, team.as_ref()));
    seen.map(|row| {
        let mut import = row.import()?;
        blank(ctx, entity, &mut import);
        Ok(import)
    })
    .collect()
}

/// Whose imports the caller sees. An import shows its rows, so nobody sees one farther than they may read rows. What they may take back of one is
/// asked for row by row (`undo`).
fn seen(ctx: &Ctx, entity: &Entity) -> Result<Reach> {
    let reach = ctx.require(&entity.permission(Verb::Import))?;
    Ok(reach.min(ctx.access.grants.reach(&entity.permission(Verb::Read)).unwrap_or(Reach::Own)))
}

/// The location is that in which an import was started, and until then that in which its file was uploaded: whoever moves its member to their own moves
/// no import with them.
fn within(row: &ImportRow, ctx: &Ctx, reach: Reach, team: Option<&HashSet<Uuid>>) -> bool {
    let near = reach == Reach::Location && row.location_id.is_some() && row.location_id == ctx.access.location;
    near || team.is_none_or(|team| team.contains(&row.owner))
}

/// Keeps the uploaded file in pieces.
pub async fn keep_file(ctx: &mut Ctx, import: Uuid, content: &[u8]) -> Result<()> {
    const SQL: &str = "insert into import_chunks (tenant_id, import_id, position, content) values ($1, $2, $3, $4)";
    let tenant = ctx.access.tenant.0;
    for (position, piece) in (0_i32..).zip(content.chunks(PIECE)) {
        sqlx::query(SQL)
            .bind(tenant)
            .bind(import)
            .bind(position)
            .bind(piece)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
    }
    Ok(())
}

/// The bytes of the file from `offset` to the end of the piece that holds it.
pub async fn piece(ctx: &mut Ctx, import: Uuid, offset: u64) -> Result<Vec<u8>> {
    const SQL: &str = "select content from import_chunks where tenant_id = $1 and import_id = $2 and position = $3";
    let tenant = ctx.access.tenant.0;
    let size = PIECE as u64;
    let position = i32::try_from(offset / size).map_err(|_| Error::internal())?;
    let content: Option<Vec<u8>> = sqlx::query_scalar(SQL)
        .bind(tenant)
        .bind(import)
        .bind(position)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let mut content = content.unwrap_or_default();
    content.drain(..content.len().min(usize::try_from(offset % size).unwrap_or(usize::MAX)));
    Ok(content)
}

/// Has the statements of this transaction planned for the tables as they are now. A prepared statement soon keeps its plan, and one that was
/// made while a table held a few rows reads all of them for every batch once there are many.
pub async fn plan_anew(conn: &mut PgConnection) -> Result<()> {
    sqlx::query("set local plan_cache_mode = 'force_custom_plan'").execute(conn).await.map_err(db_error)?;
    Ok(())
}

/// From here on statements keep their plans again, as those do that come to one row by its id: planning one takes longer than the row.
pub async fn plan_once(conn: &mut PgConnection) -> Result<()> {
    sqlx::query("set local plan_cache_mode = 'auto'").execute(conn).await.map_err(db_error)?;
    Ok(())
}

/// Reports a step of an import, for the audit trail.
pub fn changed(ctx: &mut Ctx, import: Uuid, after: serde_json::Value) {
    ctx.changed(Change {
        entity: "import".to_owned(),
        record: Some(import),
        before: None,
        after: Some(after),
        event: None,
    });
}

/// Says how an import stands: who takes over reads it here.
pub async fn set_status(ctx: &mut Ctx, import: Uuid, status: ImportStatus) -> Result<()> {
    const SQL: &str = "update imports set status = $3, error = null where tenant_id = $1 and id = $2";
    let tenant = ctx.access.tenant.0;
    sqlx::query(SQL)
        .bind(tenant)
        .bind(import)
        .bind(status.as_str())
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    changed(ctx, import, json!({ "status": status.as_str() }));
    Ok(())
}
