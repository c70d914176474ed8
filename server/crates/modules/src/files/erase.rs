//! Takes files for good. First the row, and with it what is counted; then the content, which lies where no transaction reaches. `erasures` says what
//! content is to go, so whatever a process that died left behind is found there by the next sweep. Several processes may sweep at once.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Result, TenantId};
use platform::shelf::{FileKey, Shelf};
use platform::{Ctx, Platform, db_error};
use sqlx::PgPool;
use uuid::Uuid;

/// How long a file that was deleted is kept, unless its workspace needs the room.
pub const DELETED_KEPT: TimeDelta = TimeDelta::days(30);
/// How long a file is kept for a field of a record that is still to be written.
pub const NOBODYS_KEPT: TimeDelta = TimeDelta::hours(24);

macro_rules! erase {
    ($which:literal) => {
        concat!(
            "with held as (",
            $which,
            " for update of f skip locked),
gone as (delete from files f using held h where f.tenant_id = h.tenant_id and f.id = h.id returning f.tenant_id, f.id)
insert into erasures (tenant_id, id, due_at) select tenant_id, id, $1 from gone on conflict do nothing"
        )
    };
}
// Those that are values of fields are never deleted by themselves: what their record was holds them.
const DELETED: &str = erase!(
    "select f.tenant_id, f.id from files f where f.deleted_at < $2 and f.field is null order by f.deleted_at limit $3"
);
const NOBODYS: &str = erase!(
    "select f.tenant_id, f.id from files f where f.record_id is null and f.uploaded_at < $2 order by f.uploaded_at limit $3"
);
const OLDEST: &str = erase!(
    "select f.tenant_id, f.id from files f join (
    select o.id, sum(o.bytes) over (order by o.deleted_at, o.id) - o.bytes as before
    from files o where o.tenant_id = $3 and o.deleted_at <= $2 and o.field is null
) o on o.id = f.id and o.before < $4 where f.tenant_id = $3 and f.deleted_at <= $2 and f.field is null"
);
const DUE: &str = "\
select e.tenant_id, e.id from erasures e
where e.due_at <= $1 and not exists (select from files f where f.tenant_id = e.tenant_id and f.id = e.id) order by e.due_at limit $2";
const ERASED: &str = "delete from erasures where tenant_id = $1 and id = $2";

/// Takes the rows of up to `limit` files that were deleted [`DELETED_KEPT`] ago, across workspaces. Returns how many.
pub async fn deleted(pool: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    swept(pool, DELETED, (now, now - DELETED_KEPT), limit).await
}

/// The same for files that no record was written with within [`NOBODYS_KEPT`].
pub async fn nobodys(pool: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    swept(pool, NOBODYS, (now, now - NOBODYS_KEPT), limit).await
}

async fn swept(
    pool: &PgPool,
    sql: &'static str,
    (now, before): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<u64> {
    let swept = sqlx::query(sql).bind(now).bind(before).bind(limit).execute(pool).await;
    Ok(swept.map_err(db_error)?.rows_affected())
}

/// Erases the content of up to `limit` files that are no more. Returns how many; what the store refuses is tried again by the next sweep.
pub async fn contents(platform: &Platform, pool: &PgPool, limit: i64) -> Result<u64> {
    let Some(shelf) = platform.registry().hooks::<Shelf>().first().cloned() else { return Ok(0) };
    let now = platform.services.clock.now();
    let due: Vec<(Uuid, Uuid)> = sqlx::query_as(DUE).bind(now).bind(limit).fetch_all(pool).await.map_err(db_error)?;
    let mut erased = 0;
    for (tenant, id) in due {
        shelf.store.delete(&FileKey::new(TenantId(tenant), id)).await?;
        sqlx::query(ERASED).bind(tenant).bind(id).execute(pool).await.map_err(db_error)?;
        erased += 1;
    }
    Ok(erased)
}

/// Takes rows of the workspace's files that were deleted until `before`, the oldest first, until they come to so many bytes.
pub(super) async fn oldest(ctx: &Ctx, before: DateTime<Utc>, bytes: i64) -> Result<()> {
    let erased = sqlx::query(OLDEST).bind(ctx.now()).bind(before).bind(ctx.access.tenant.0).bind(bytes);
    let erased = erased.execute(&ctx.services.pools.platform).await.map_err(db_error)?.rows_affected();
    tracing::info!(erased, "files that were deleted made room for others");
    Ok(())
}
