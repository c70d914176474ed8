//! Sealing: what was committed goes onto its workspace's chain, within a second, in batches.
//!
//! The order is that of `(xid, id)`, and no further than the oldest transaction still running, as consumers of events do it: nothing that
//! commits later can come before. The lock on the consumer's row makes one process at a time the sealer of all chains.

use super::chain::{Leaf, Place, head};
use crate::db::{Durable, TenantTx, db_error};
use crate::dispatch::Platform;
use chrono::{DateTime, Utc};
use domain::Result;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

pub const CONSUMER: &str = "audit";
/// Changes sealed at once.
const BATCH: i64 = 4000;
/// Of one seal at most, so that a seal is verified in little memory.
const SEAL: usize = 1000;
const POLL: Duration = Duration::from_millis(500);
/// Between rounds that found something: under steady writing each then seals many changes.
const BREATH: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_secs(2);

const REGISTER: &str = "insert into event_consumers (name) values ($1) on conflict do nothing";
const ANY: &str = "\
select exists (select from changes c where (c.xid, c.id) > (
    coalesce((select e.xid from event_consumers e where e.name = $1), '0'::xid8),
    coalesce((select e.event_id from event_consumers e where e.name = $1), '00000000-0000-0000-0000-000000000000'::uuid)))";
const PLACE: &str = "select xid::text, event_id from event_consumers where name = $1 for update skip locked";
const LEAVES: &str = "\
select tenant_id, id, at, operation, entity, record_id, actor_id, cause_kind, cause_id, request_id, digest, session_id, outcome, through_kind, through_id, xid::text as xid
from changes where (xid, id) > ($1::text::xid8, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by changes.xid, id limit $3";
const REST: &str = "\
select tenant_id, id, at, operation, entity, record_id, actor_id, cause_kind, cause_id, request_id, digest, session_id, outcome, through_kind, through_id, xid::text as xid
from changes where xid = $1::text::xid8 and id > $2 order by id";
const HEADS: &str = "select tenant_id, seq, head, changes from change_heads where tenant_id = any ($1)";
const SEALED: &str = "\
with moved as (
    insert into change_heads (tenant_id, seq, head, changes) values ($1, $2, $3, $4)
    on conflict (tenant_id) do update set seq = $2, head = $3, changes = $4
)
insert into change_seals (tenant_id, seq, sealed_at, changes, head) values ($1, $2, $5, $6, $3)";
const MOVE: &str = "update event_consumers set xid = $2::text::xid8, event_id = $3, moved_at = now() where name = $1";

/// Seals what is there, at most one batch, and answers how many changes that were; 0 also while another process is at it.
pub async fn run_once(platform: &Arc<Platform>) -> Result<usize> {
    let services = &platform.services;
    let pool = &services.pools.platform;
    let mut tx = TenantTx::begin_feed(pool, Durable::AtOnce).await.map_err(db_error)?;
    // Asked without a lock first: with nothing to do, nothing is written.
    if !sqlx::query_scalar::<_, bool>(ANY).bind(CONSUMER).fetch_one(tx.conn()).await.map_err(db_error)? {
        tx.commit().await.map_err(db_error)?;
        return Ok(0);
    }
    sqlx::query(REGISTER).bind(CONSUMER).execute(tx.conn()).await.map_err(db_error)?;
    let place: Option<(String, Uuid)> =
        sqlx::query_as(PLACE).bind(CONSUMER).fetch_optional(tx.conn()).await.map_err(db_error)?;
    let Some((xid, id)) = place else { return Ok(0) };
    let mut leaves: Vec<Leaf> =
        sqlx::query_as(LEAVES).bind(xid).bind(id).bind(BATCH).fetch_all(tx.conn()).await.map_err(db_error)?;
    let Some((xid, id)) = leaves.last().map(|leaf| (leaf.xid.clone(), leaf.id)) else { return Ok(0) };
    if i64::try_from(leaves.len()).is_ok_and(|count| count >= BATCH) {
        let rest: Vec<Leaf> = sqlx::query_as(REST).bind(&xid).bind(id).fetch_all(tx.conn()).await.map_err(db_error)?;
        leaves.extend(rest);
    }
    let count = leaves.len();
    seal(tx.conn(), services.clock.now(), leaves).await?;
    // A transaction is sealed whole, so that nothing can be added to it afterwards and pass for the rest of it.
    sqlx::query(MOVE).bind(CONSUMER).bind(xid).bind(Uuid::max()).execute(tx.conn()).await.map_err(db_error)?;
    tx.commit().await.map_err(db_error)?;
    Ok(count)
}

async fn seal(conn: &mut PgConnection, now: DateTime<Utc>, leaves: Vec<Leaf>) -> Result<()> {
    let mut chains: BTreeMap<Uuid, Vec<Leaf>> = BTreeMap::new();
    for leaf in leaves {
        chains.entry(leaf.tenant_id).or_default().push(leaf);
    }
    let tenants: Vec<Uuid> = chains.keys().copied().collect();
    let heads: Vec<(Uuid, i64, Vec<u8>, i64)> =
        sqlx::query_as(HEADS).bind(tenants).fetch_all(&mut *conn).await.map_err(db_error)?;
    let mut places: BTreeMap<Uuid, Place> =
        heads.into_iter().map(|(tenant, seq, head, changes)| (tenant, Place { seq, head, changes })).collect();
    for (tenant, leaves) in chains {
        let mut place = places.remove(&tenant).unwrap_or_else(Place::start);
        for part in leaves.chunks(SEAL) {
            let hashes: Vec<Vec<u8>> = part.iter().map(Leaf::hash).collect();
            let ids: Vec<Uuid> = part.iter().map(|leaf| leaf.id).collect();
            place = Place {
                seq: place.seq + 1,
                head: head(tenant, place.seq + 1, &place.head, now, &hashes),
                changes: place.changes + i64::try_from(part.len()).unwrap_or_default(),
            };
            sqlx::query(SEALED)
                .bind(tenant)
                .bind(place.seq)
                .bind(&place.head)
                .bind(place.changes)
                .bind(now)
                .bind(ids)
                .execute(&mut *conn)
                .await
                .map_err(db_error)?;
        }
    }
    Ok(())
}

/// Runs until told to stop, and tells workspaces who signed in on the way.
pub async fn run_forever(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    let wake = platform.services.wake.clone();
    while !*stop.borrow() {
        let woken = wake.local.notified();
        let round = async {
            super::sign_ins::tell(&platform).await?;
            run_once(&platform).await
        };
        let wait = match round.await {
            Ok(sealed) if i64::try_from(sealed).is_ok_and(|sealed| sealed >= BATCH) => continue,
            Ok(0) => POLL,
            Ok(_) => BREATH,
            Err(error) => {
                tracing::warn!(%error, "the audit trail could not be sealed; trying again");
                PAUSE
            }
        };
        tokio::select! {
            () = woken, if wait == POLL => {}
            () = tokio::time::sleep(wait) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}
