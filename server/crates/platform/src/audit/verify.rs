//! Reading everything again, and saying what is not as it was.

use super::anchor::{self, Anchors};
use super::chain::{Fault, Place, Seal, Stored, Walk, stored};
use super::seal::CONSUMER;
use crate::secret::Keyring;
use serde::Serialize;
use sqlx::{Connection, FromRow, PgConnection};
use std::collections::HashMap;
use uuid::Uuid;

const TENANTS: &str = "\
select t.id, t.slug from tenants t where ($1::text is null or t.slug = $1 or t.id::text = $1) order by t.slug";
const ARCHIVED: &str = "\
select seq, head, changes, file_hash, archived_at, code_key, code from change_archives where tenant_id = $1 order by seq";
const SEALS: &str = "\
select seq, sealed_at, changes, head from change_seals where tenant_id = $1 and seq > $2 order by seq limit 50";
pub(super) const ROWS: &str =
    concat!("select ", stored!(), " from changes c where c.tenant_id = $1 and c.id = any ($2)");
const HEAD: &str = "select seq, head, changes from change_heads where tenant_id = $1";
const IDS: &str = "\
select id, (xid, id) <= (coalesce((select e.xid from event_consumers e where e.name = $3), '0'::xid8),
    coalesce((select e.event_id from event_consumers e where e.name = $3), '00000000-0000-0000-0000-000000000000'::uuid)) as passed
from changes where tenant_id = $1 and id > $2 order by id limit 5000";

/// What one workspace's trail is found to be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub tenant: Uuid,
    pub slug: String,
    pub seals: i64,
    /// Sealed changes, those in archives included.
    pub changes: i64,
    /// Committed a moment ago and not sealed yet.
    pub pending: i64,
    /// Up to which seal the chain was moved into files.
    pub archived: i64,
    /// Anchors that the chain was compared with.
    pub anchors: usize,
    pub faults: Vec<Fault>,
}

#[derive(Debug, Clone, FromRow)]
pub struct Archive {
    pub seq: i64,
    pub head: Vec<u8>,
    pub changes: i64,
    pub file_hash: Vec<u8>,
    pub archived_at: chrono::DateTime<chrono::Utc>,
    pub code_key: String,
    pub code: Vec<u8>,
}

impl Archive {
    /// What its code covers.
    pub fn covered(&self, tenant: Uuid) -> Vec<u8> {
        let (seq, changes, at) =
            (self.seq.to_be_bytes(), self.changes.to_be_bytes(), self.archived_at.timestamp_micros().to_be_bytes());
        let parts: [&[u8]; 7] =
            [b"nexus archive 1", tenant.as_bytes(), &seq, &changes, &at, &self.head, &self.file_hash];
        parts
            .iter()
            .flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.iter().copied()))
            .collect()
    }
}

/// Verifies one workspace, by slug or id, or all of them. All of it is read as of one moment.
pub async fn database(
    conn: &mut PgConnection,
    keyring: &Keyring,
    anchors: &Anchors,
    wanted: Option<&str>,
) -> sqlx::Result<Vec<Report>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the owner's own connection, from the command line: there is no tenant, and nothing is pooled"
    )]
    let mut tx = conn.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let reports = within(&mut tx, keyring, anchors, wanted).await?;
    tx.rollback().await?;
    Ok(reports)
}

/// The same in a transaction that is there already.
pub async fn within(
    conn: &mut PgConnection,
    keyring: &Keyring,
    anchors: &Anchors,
    wanted: Option<&str>,
) -> sqlx::Result<Vec<Report>> {
    let tenants: Vec<(Uuid, String)> = sqlx::query_as(TENANTS).bind(wanted).fetch_all(&mut *conn).await?;
    let mut reports = Vec::with_capacity(tenants.len());
    for (tenant, slug) in tenants {
        reports.push(workspace(conn, keyring, anchors, tenant, slug).await?);
    }
    Ok(reports)
}

async fn workspace(
    conn: &mut PgConnection,
    keyring: &Keyring,
    anchors: &Anchors,
    tenant: Uuid,
    slug: String,
) -> sqlx::Result<Report> {
    let archives: Vec<Archive> = sqlx::query_as(ARCHIVED).bind(tenant).fetch_all(&mut *conn).await?;
    let begin = archives.last().map_or_else(Place::start, |archive| Place {
        seq: archive.seq,
        head: archive.head.clone(),
        changes: archive.changes,
    });
    let archived = begin.seq;
    let mut walk = Walk::from(tenant, begin);
    for archive in &archives {
        if keyring.code(&archive.code_key, &archive.covered(tenant)).is_none_or(|code| code != archive.code) {
            walk.fault(Some(archive.seq), None, "The entry of this archive was not made by this server");
        }
    }
    chain(conn, &mut walk).await?;
    head(conn, &mut walk).await?;
    let pending = unsealed(conn, &mut walk).await?;
    walk.end();
    let kept = anchors.by_tenant.get(&tenant).map(Vec::as_slice).unwrap_or_default();
    walk.faults.extend(anchor::compare(&walk, kept));
    Ok(Report {
        tenant,
        slug,
        seals: walk.place.seq,
        changes: walk.place.changes,
        pending,
        archived,
        anchors: kept.len(),
        faults: walk.faults,
    })
}

async fn chain(conn: &mut PgConnection, walk: &mut Walk) -> sqlx::Result<()> {
    let tenant = walk.tenant();
    loop {
        let seals: Vec<Seal> = sqlx::query_as(SEALS).bind(tenant).bind(walk.place.seq).fetch_all(&mut *conn).await?;
        if seals.is_empty() {
            return Ok(());
        }
        for seal in seals {
            let rows = rows(conn, tenant, &seal.changes).await?;
            walk.link(&seal, &rows);
        }
    }
}

pub(super) async fn rows(conn: &mut PgConnection, tenant: Uuid, ids: &[Uuid]) -> sqlx::Result<HashMap<Uuid, Stored>> {
    let rows: Vec<Stored> = sqlx::query_as(ROWS).bind(tenant).bind(ids).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

async fn head(conn: &mut PgConnection, walk: &mut Walk) -> sqlx::Result<()> {
    let head: Option<Place> = sqlx::query_as(HEAD).bind(walk.tenant()).fetch_optional(conn).await?;
    match head {
        None if walk.place.seq == 0 => {}
        None => walk.fault(Some(walk.place.seq), None, "The head of the chain is missing"),
        Some(head) if head == walk.place => {}
        Some(head) if head.seq > walk.place.seq => {
            let what = format!("The chain ends here, but its head is number {}: the end was cut off", head.seq);
            walk.fault(Some(walk.place.seq + 1), None, what);
        }
        Some(_) => walk.fault(Some(walk.place.seq), None, "The head of the chain does not fit its last seal"),
    }
    Ok(())
}

/// Counts what is not sealed yet, and finds what should be: whatever stands behind the place up to which everything is sealed was put there
/// afterwards.
async fn unsealed(conn: &mut PgConnection, walk: &mut Walk) -> sqlx::Result<i64> {
    let (mut after, mut pending) = (Uuid::nil(), 0);
    loop {
        let ids: Vec<(Uuid, bool)> =
            sqlx::query_as(IDS).bind(walk.tenant()).bind(after).bind(CONSUMER).fetch_all(&mut *conn).await?;
        let Some((last, _)) = ids.last() else { return Ok(pending) };
        after = *last;
        for (id, passed) in ids {
            if walk.sealed.contains(&id) {
                continue;
            }
            if passed {
                walk.fault(None, Some(id), "The change was put in after everything around it was sealed");
            } else {
                pending += 1;
            }
        }
    }
}
