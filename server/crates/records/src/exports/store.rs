//! Exports in the database, and who sees them: whoever started one, until it runs out, and nobody else.

use super::meant::Meant;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::exports::{Export, ExportFormat, ExportStatus, KEPT_DAYS};
use domain::schema::{Entity, ListQuery};
use domain::{Error, Reach, Result};
use platform::{Ctx, db_error};
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

/// Files of a member that are kept: when more are started, the oldest run out before their time.
const FILES: i64 = 10;
/// How long what came to no file can be looked at.
const ENDED: TimeDelta = TimeDelta::days(1);
/// How long the content of a file stays once nobody can begin to fetch it any more: longer than fetching it takes.
const FETCHED: TimeDelta = TimeDelta::hours(6);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, entity, format, query, reach, status, rows, total, cursor, parts, file_name, error, created_at, expires_at, ",
            "location_id, team ",
            "from exports where tenant_id = $1 and created_by = $2 and expires_at > $3",
            $rest
        )
    };
}

const GET: &str = select!(" and id = $4");
const LIST: &str = select!(" order by id desc limit 100");
const OPEN: &str = "\
select count(*) from exports where tenant_id = $1 and created_by = $2 and expires_at > $3 and status in ('queued', 'running')";
const INSERT: &str = "\
insert into exports (tenant_id, id, entity, format, query, reach, status, total, file_name, created_by, created_at, expires_at, location_id, team)
values ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11, $12, $13)";
const CROWDED: &str = "\
update exports set expires_at = $3 where tenant_id = $1 and id in (
    select id from exports where tenant_id = $1 and created_by = $2 and expires_at > $3 and status = 'done' order by id desc offset $4)";
// Nobody waits for whoever writes a part: where the export was ended, or another worker has written it, nothing is changed.
const ADVANCE: &str = "\
update exports set status = case when $6 then 'done' else 'running' end, started_at = coalesce(started_at, $7),
    finished_at = case when $6 then $7::timestamptz end, rows = rows + $4, cursor = $5, parts = parts || $3::uuid
where tenant_id = $1 and id = $2 and status in ('queued', 'running') and expires_at > $7 and cardinality(parts) = $8";
const CANCEL: &str = "\
update exports set status = 'cancelled', finished_at = $4, expires_at = least(expires_at, $5)
where tenant_id = $1 and created_by = $2 and id = $3 and status in ('queued', 'running')";
/// A file that is being fetched is read to its end: what its row said is known to whoever reads it, and the parts go later.
const EXPIRED: &str = "\
with gone as (
    delete from exports where (tenant_id, id) in (select tenant_id, id from exports where expires_at <= $1 order by expires_at limit $2)
    returning tenant_id, parts, status),
left_over as (
    insert into erasures (tenant_id, id, due_at)
    select g.tenant_id, p.id, case g.status when 'done' then $3 else $1 end from gone g, unnest(g.parts) as p (id) on conflict do nothing)
select count(*) from gone";

#[derive(sqlx::FromRow)]
struct ExportRecord {
    id: Uuid,
    entity: String,
    format: String,
    query: Json<ListQuery>,
    reach: String,
    status: String,
    rows: i64,
    total: Option<i64>,
    cursor: Option<String>,
    parts: Vec<Uuid>,
    file_name: String,
    error: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    location_id: Option<Uuid>,
    team: Option<Vec<Uuid>>,
}

/// An export with what its job needs.
pub struct Kept {
    pub export: Export,
    pub reach: Reach,
    pub meant: Meant,
    pub cursor: Option<String>,
    pub parts: Vec<Uuid>,
}

impl ExportRecord {
    fn kept(self) -> Result<Kept> {
        let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let reach = Reach::ALL.into_iter().find(|reach| reach.as_str() == self.reach);
        let export = Export {
            id: self.id,
            entity: self.entity,
            format: ExportFormat::parse(&self.format).ok_or_else(Error::internal)?,
            query: self.query.0,
            status: ExportStatus::parse(&self.status).ok_or_else(Error::internal)?,
            rows: self.rows,
            total: self.total,
            file_name: self.file_name,
            error: self.error,
            created_at: moment(self.created_at),
            expires_at: moment(self.expires_at),
        };
        let reach = reach.ok_or_else(Error::internal)?;
        let meant = Meant { location: self.location_id, team: self.team };
        Ok(Kept { export, reach, meant, cursor: self.cursor, parts: self.parts })
    }
}

pub async fn load(ctx: &mut Ctx, id: Uuid) -> Result<Kept> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let found: Option<ExportRecord> = sqlx::query_as(GET)
        .bind(tenant)
        .bind(member)
        .bind(now)
        .bind(id)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    found.ok_or_else(Error::not_found)?.kept()
}

pub async fn list(ctx: &mut Ctx) -> Result<Vec<Export>> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let found: Vec<ExportRecord> = sqlx::query_as(LIST)
        .bind(tenant)
        .bind(member)
        .bind(now)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    found.into_iter().map(|record| Ok(record.kept()?.export)).collect()
}

/// How many of the caller's wait or are being written.
pub async fn open(ctx: &mut Ctx) -> Result<i64> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let open = sqlx::query_scalar(OPEN).bind(tenant).bind(member).bind(now);
    open.fetch_one(ctx.conn().await?).await.map_err(db_error)
}

/// What is known of an export when it is started.
pub struct New<'a> {
    pub entity: &'a Entity,
    pub format: ExportFormat,
    pub query: &'a ListQuery,
    pub reach: Reach,
    pub meant: Meant,
    pub total: Option<i64>,
    pub name: String,
}

pub async fn insert(ctx: &mut Ctx, id: Uuid, new: &New<'_>) -> Result<()> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    sqlx::query(CROWDED)
        .bind(tenant)
        .bind(member)
        .bind(now)
        .bind(FILES - 1)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    sqlx::query(INSERT)
        .bind(tenant)
        .bind(id)
        .bind(&new.entity.key)
        .bind(new.format.as_str())
        .bind(Json(new.query))
        .bind(new.reach.as_str())
        .bind(new.total)
        .bind(&new.name)
        .bind(member)
        .bind(now)
        .bind(now + TimeDelta::days(KEPT_DAYS))
        .bind(new.meant.location)
        .bind(&new.meant.team)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// One part more.
pub struct Part {
    pub id: Uuid,
    pub rows: i64,
    /// Where the next one begins; none behind the last.
    pub next: Option<String>,
}

/// Counts a part in. False where the export has ended meanwhile.
pub async fn advance(ctx: &mut Ctx, kept: &Kept, part: &Part) -> Result<bool> {
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let before = i32::try_from(kept.parts.len()).map_err(|_| Error::internal())?;
    let done = sqlx::query(ADVANCE)
        .bind(tenant)
        .bind(kept.export.id)
        .bind(part.id)
        .bind(part.rows)
        .bind(part.next.as_deref())
        .bind(part.next.is_none())
        .bind(now)
        .bind(before)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected() == 1)
}

/// Whether there was something to stop.
pub async fn cancel(ctx: &mut Ctx, id: Uuid) -> Result<bool> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let done = sqlx::query(CANCEL)
        .bind(tenant)
        .bind(member)
        .bind(id)
        .bind(now)
        .bind(now + ENDED)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected() == 1)
}

/// Until when an export that failed now can be looked at.
pub fn ends(now: DateTime<Utc>) -> DateTime<Utc> {
    now + ENDED
}

/// Takes up to `limit` exports that have run out, across workspaces. What is to go from the file store is in `erasures` then. Returns how many.
pub async fn expired(pool: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let gone = sqlx::query_scalar(EXPIRED).bind(now).bind(limit).bind(now + FETCHED);
    let gone: i64 = gone.fetch_one(pool).await.map_err(db_error)?;
    Ok(u64::try_from(gone).unwrap_or_default())
}
