//! The room that the files of a workspace have. What was deleted takes it up until it is erased, and gives way to what is uploaded.

use super::{OFFERED, erase};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Result;
use domain::records::WORKSPACE_BYTES;
use platform::{Bind, Ctx, Statement, db_error};

const ONE_BY_ONE: &str = "select pg_advisory_xact_lock(hashtextextended($1::text || ':files', 0))";
// All of it, and what of it gives way to nothing.
const USED: &str = "\
select coalesce(sum(bytes), 0)::bigint,
    coalesce(sum(bytes) filter (where deleted_at is null or deleted_at > $2 or field is not null), 0)::bigint
from files where tenant_id = $1";

/// Whether so many bytes more find room.
pub async fn is_there(ctx: &mut Ctx, bytes: i64) -> Result<bool> {
    let (_, stays) = used(ctx).await?;
    Ok(stays.saturating_add(bytes) <= WORKSPACE_BYTES)
}

/// The same, and takes the room: until the transaction ends nobody else in the workspace does, so that two uploads do not take the same. Where
/// deleted files are in the way, the oldest of them go for good.
pub async fn take(ctx: &mut Ctx, bytes: i64) -> Result<bool> {
    sqlx::query(ONE_BY_ONE).bind(ctx.access.tenant.0).execute(ctx.conn().await?).await.map_err(db_error)?;
    let (all, stays) = used(ctx).await?;
    if stays.saturating_add(bytes) > WORKSPACE_BYTES {
        return Ok(false);
    }
    let over = all.saturating_add(bytes) - WORKSPACE_BYTES;
    if over > 0 {
        erase::oldest(ctx, offered(ctx), over).await?;
    }
    Ok(true)
}

async fn used(ctx: &mut Ctx) -> Result<(i64, i64)> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Moment(Some(offered(ctx)))];
    let rows = ctx.fetch(Statement::new(USED, binds)).await?;
    rows.first().map_or(Ok((0, 0)), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// What was deleted since is offered back, and stays.
fn offered(ctx: &Ctx) -> DateTime<Utc> {
    ctx.now() - TimeDelta::minutes(OFFERED)
}
