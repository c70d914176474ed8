//! Natural keys: `LEAD-000123`, counted per workspace and entity. They may have gaps.
//!
//! Counting in the writing transaction locks the counter until that transaction ends, so creations of one workspace would wait for each
//! other's commit. Where numbers are taken in quick succession, a block is therefore fetched ahead in a transaction of its own and given
//! away from memory; a workspace that creates a record now and then never sees a gap.

use crate::memo::Memo;
use chrono::Duration;
use domain::schema::Entity;
use domain::{Result, TenantId};
use platform::{Ctx, Services, TenantTx, TxMode, db_error};
use sqlx::PgConnection;
use std::sync::{Arc, PoisonError};

/// Numbers taken within this time of each other are in quick succession, and this many of them are worth a block.
const QUICK: Duration = Duration::milliseconds(100);
const MANY: u32 = 8;
const LEAST: i64 = 16;
const MOST: i64 = 512;

const TAKE: &str = "\
insert into number_series as s (tenant_id, entity, next) values ($1, $2, 1 + $3)
on conflict (tenant_id, entity) do update set next = s.next + $3
returning next - $3";

pub fn print(entity: &Entity, number: i64) -> String {
    format!("{}-{number:06}", entity.prefix)
}

/// The first of `count` numbers in a row.
pub async fn take(ctx: &mut Ctx, entity: &Entity, count: i64) -> Result<i64> {
    if count == 1
        && let Some(number) = from_memory(ctx, entity)
    {
        return Ok(number);
    }
    let tenant = ctx.access.tenant;
    advance(ctx.conn().await?, tenant, &entity.key, count).await.map_err(db_error)
}

async fn advance(connection: &mut PgConnection, tenant: TenantId, entity: &str, count: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(TAKE).bind(tenant.0).bind(entity).bind(count).fetch_one(connection).await
}

fn from_memory(ctx: &Ctx, entity: &Entity) -> Option<i64> {
    let memo = Memo::of(&ctx.services);
    let key = (ctx.access.tenant.0, entity.key.clone());
    let mut all = memo.numbers.lock().unwrap_or_else(PoisonError::into_inner);
    let series = all.entry(key.clone()).or_default();
    let now = ctx.now();
    series.streak =
        if series.last.is_some_and(|last| now - last < QUICK) { series.streak.saturating_add(1) } else { 0 };
    series.last = Some(now);
    let number = series.take();
    // Half a block is left for those who ask while the next one is fetched.
    if series.streak >= MANY && !series.filling && series.left() <= series.size / 2 {
        series.filling = true;
        series.size = (series.size * 2).clamp(LEAST, MOST);
        tokio::spawn(fill(ctx.services.clone(), ctx.access.tenant, key.1, series.size));
    }
    number
}

/// On a connection of its own, which nobody waits for.
async fn fill(services: Arc<Services>, tenant: TenantId, entity: String, size: i64) {
    let taken = take_apart(&services, tenant, &entity, size).await;
    let memo = Memo::of(&services);
    let mut all = memo.numbers.lock().unwrap_or_else(PoisonError::into_inner);
    let series = all.entry((tenant.0, entity)).or_default();
    series.filling = false;
    match taken {
        Ok(first) => series.blocks.push_back((first, first + size)),
        Err(error) => tracing::warn!(%error, "no numbers could be fetched ahead; they are counted one by one"),
    }
}

async fn take_apart(services: &Services, tenant: TenantId, entity: &str, size: i64) -> sqlx::Result<i64> {
    let mut tx = TenantTx::begin(&services.pools.app, tenant, TxMode::ReadWrite).await?;
    let first = advance(tx.conn(), tenant, entity, size).await?;
    tx.commit().await?;
    Ok(first)
}
