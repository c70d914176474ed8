//! Changes of many rows in the database, and who sees them: whoever started one, and nobody else.

use crate::on_behalf::{wait_as_usual, wait_briefly};
use crate::project::{self, readable};
use crate::reach;
use crate::sql::{Bind, Sql};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::records::{Bulk, BulkChange, BulkRow, BulkStatus};
use domain::schema::Entity;
use domain::{Error, Result, Verb};
use platform::{Change, Ctx, db_error};
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

/// Rows that are listed with a reason.
const LISTED: i64 = 1000;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, entity, change, status, rows, changed, unchanged, refused, reverted, kept, error, created_at, finished_at ",
            "from bulk_changes where tenant_id = $1 and id = $2 and created_by = $3",
            $rest
        )
    };
}

const GET: &str = select!("");
const LOCK: &str = select!(" for update");
const INSERT: &str = "\
insert into bulk_changes (tenant_id, id, entity, change, status, created_by, created_at) values ($1, $2, $3, $4, 'queued', $5, $6)";
const COUNT: &str = "update bulk_changes set rows = $3 where tenant_id = $1 and id = $2";
const NAMED: &str = "\
select record_id, reason from bulk_rows
where tenant_id = $1 and bulk_id = $2 and outcome in ('refused', 'kept') order by position limit $3";
const WAITING: &str = "\
select position, record_id from bulk_rows where tenant_id = $1 and bulk_id = $2 and outcome is null order by position limit $3";
const KEEP: &str = "\
update bulk_rows b set outcome = r.outcome, version = r.version, before = r.before, reason = r.reason
from unnest($3::bigint[], $4::text[], $5::bigint[], $6::jsonb[], $7::text[]) as r (position, outcome, version, before, reason)
where b.tenant_id = $1 and b.bulk_id = $2 and b.position = r.position";
const PROGRESS: &str = "\
update bulk_changes set status = 'running', started_at = coalesce(started_at, $6), changed = changed + $3, unchanged = unchanged + $4,
    refused = refused + $5
where tenant_id = $1 and id = $2";

const TAKEN_BACK: &str = "\
update bulk_changes set reverted = reverted + $3, kept = kept + $4 where tenant_id = $1 and id = $2";

#[derive(sqlx::FromRow)]
struct BulkRecord {
    id: Uuid,
    entity: String,
    change: Json<BulkChange>,
    status: String,
    rows: i64,
    changed: i64,
    unchanged: i64,
    refused: i64,
    reverted: i64,
    kept: i64,
    error: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl BulkRecord {
    fn bulk(self) -> Result<Bulk> {
        let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Ok(Bulk {
            id: self.id,
            entity: self.entity,
            change: self.change.0,
            status: BulkStatus::parse(&self.status).ok_or_else(Error::internal)?,
            rows: self.rows,
            changed: self.changed,
            unchanged: self.unchanged,
            refused: self.refused,
            reverted: self.reverted,
            kept: self.kept,
            error: self.error,
            created_at: moment(self.created_at),
            finished_at: self.finished_at.map(moment),
        })
    }
}

pub async fn load(ctx: &mut Ctx, id: Uuid) -> Result<Bulk> {
    find(ctx, id, GET).await
}

/// The same, kept from others until the end of the transaction.
pub async fn lock(ctx: &mut Ctx, id: Uuid) -> Result<Bulk> {
    find(ctx, id, LOCK).await
}

/// The same, or *conflict* where somebody goes on holding it, such as a batch that is under way.
pub async fn lock_now(ctx: &mut Ctx, id: Uuid) -> Result<Bulk> {
    wait_briefly(ctx).await?;
    let found = lock(ctx, id).await?;
    wait_as_usual(ctx).await?;
    Ok(found)
}

async fn find(ctx: &mut Ctx, id: Uuid, sql: &'static str) -> Result<Bulk> {
    let (tenant, member) = (ctx.access.tenant.0, ctx.access.member.0);
    let found: Option<BulkRecord> = sqlx::query_as(sql)
        .bind(tenant)
        .bind(id)
        .bind(member)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    found.ok_or_else(Error::not_found)?.bulk()
}

pub async fn insert(ctx: &mut Ctx, id: Uuid, entity: &Entity, change: &BulkChange) -> Result<()> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    sqlx::query(INSERT)
        .bind(tenant)
        .bind(id)
        .bind(&entity.key)
        .bind(Json(change))
        .bind(member)
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn count(ctx: &mut Ctx, id: Uuid, rows: i64) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    sqlx::query(COUNT).bind(tenant).bind(id).bind(rows).execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

/// Rows that nobody has come to yet.
pub async fn waiting(ctx: &mut Ctx, id: Uuid, most: i64) -> Result<Vec<(i64, Uuid)>> {
    let tenant = ctx.access.tenant.0;
    sqlx::query_as(WAITING).bind(tenant).bind(id).bind(most).fetch_all(ctx.conn().await?).await.map_err(db_error)
}

/// What became of rows, in columns.
#[derive(Default)]
pub struct Outcomes {
    positions: Vec<i64>,
    outcomes: Vec<&'static str>,
    versions: Vec<Option<i64>>,
    befores: Vec<Option<Json<serde_json::Value>>>,
    reasons: Vec<Option<String>>,
}

impl Outcomes {
    pub fn changed(&mut self, position: i64, version: i64, before: serde_json::Value) {
        self.push(position, "changed", Some(version), Some(before), None);
    }

    pub fn unchanged(&mut self, position: i64) {
        self.push(position, "unchanged", None, None, None);
    }

    pub fn refused(&mut self, position: i64, reason: String) {
        self.push(position, "refused", None, None, Some(reason));
    }

    pub fn kept(&mut self, position: i64, reason: String) {
        self.push(position, "kept", None, None, Some(reason));
    }

    pub fn reverted(&mut self, position: i64) {
        self.push(position, "reverted", None, None, None);
    }

    fn push(
        &mut self,
        position: i64,
        outcome: &'static str,
        version: Option<i64>,
        before: Option<serde_json::Value>,
        reason: Option<String>,
    ) {
        self.positions.push(position);
        self.outcomes.push(outcome);
        self.versions.push(version);
        self.befores.push(before.map(Json));
        self.reasons.push(reason);
    }

    fn of(&self, outcome: &str) -> i64 {
        i64::try_from(self.outcomes.iter().filter(|other| **other == outcome).count()).unwrap_or_default()
    }

    /// Keeps them, and how far the whole is.
    pub async fn progress(self, ctx: &mut Ctx, id: Uuid) -> Result<()> {
        let (tenant, now) = (ctx.access.tenant.0, ctx.now());
        sqlx::query(PROGRESS)
            .bind(tenant)
            .bind(id)
            .bind(self.of("changed"))
            .bind(self.of("unchanged"))
            .bind(self.of("refused"))
            .bind(now)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        self.keep(ctx, id).await
    }

    /// The same on the way back.
    pub async fn taken_back(self, ctx: &mut Ctx, id: Uuid) -> Result<()> {
        let tenant = ctx.access.tenant.0;
        sqlx::query(TAKEN_BACK)
            .bind(tenant)
            .bind(id)
            .bind(self.of("reverted"))
            .bind(self.of("kept"))
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        self.keep(ctx, id).await
    }

    async fn keep(self, ctx: &mut Ctx, id: Uuid) -> Result<()> {
        if self.positions.is_empty() {
            return Ok(());
        }
        let tenant = ctx.access.tenant.0;
        sqlx::query(KEEP)
            .bind(tenant)
            .bind(id)
            .bind(self.positions)
            .bind(self.outcomes)
            .bind(self.versions)
            .bind(self.befores)
            .bind(self.reasons)
            .execute(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        Ok(())
    }
}

/// Rows with a reason, called what their reader may call them.
pub async fn named(ctx: &mut Ctx, bulk: &Bulk) -> Result<Vec<BulkRow>> {
    let tenant = ctx.access.tenant.0;
    let rows: Vec<(Uuid, Option<String>)> = sqlx::query_as(NAMED)
        .bind(tenant)
        .bind(bulk.id)
        .bind(LISTED)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let entity = ctx.entity(&bulk.entity)?;
    let mut titles = titles(ctx, &entity, rows.iter().map(|(id, _)| *id).collect()).await?;
    let row = |(id, reason): (Uuid, Option<String>)| BulkRow {
        id,
        title: titles.remove(&id),
        reason: reason.map(|reason| words::say(&reason).to_owned()).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// What rows are called that the reader may see.
pub async fn titles(ctx: &mut Ctx, entity: &Entity, ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
    let (Some(reach), false) = (ctx.access.grants.reach(&entity.permission(Verb::Read)), ids.is_empty()) else {
        return Ok(HashMap::new());
    };
    let title = entity.field(&entity.title).filter(|field| readable(&ctx.access, field));
    let mut sql = Sql::new("select t.id, ");
    match title {
        Some(field) => sql.column("t", &field.column()).push("::text, "),
        None => sql.push("null::text, "),
    };
    sql.push("t.number from ").name(&entity.table).push(" t where t.tenant_id = ");
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.again(tenant).push(" and t.id = any (");
    sql.bind(Bind::ids(ids));
    sql.push(")");
    reach::and(&mut sql, &ctx.access, reach, tenant);
    let mut titles = HashMap::new();
    for row in sql.all(ctx).await? {
        let title: Option<String> = row.get(1)?;
        let title = title.filter(|title| !title.is_empty());
        titles.insert(row.get(0)?, title.map_or_else(|| row.get(2), Ok)?);
    }
    Ok(titles)
}

/// Reports a step of the whole, for the audit trail.
pub fn changed(ctx: &mut Ctx, id: Uuid, after: serde_json::Value) {
    ctx.changed(Change {
        entity: "bulk_change".to_owned(),
        record: Some(id),
        before: None,
        after: Some(after),
        event: None,
    });
}
