//! Idempotency keys: a write that is sent twice happens once and is answered twice with the same bytes.
//!
//! The key is written with the reply at the end of the write's own transaction, so that key, change and reply commit together or not at all:
//! a crash in the middle leaves no key behind and the next try simply runs. At the start an advisory lock is tried, and then the key looked up:
//! while one request holds the lock, a second one is told so at once instead of waiting with a database connection in its hand, and whoever gets it
//! sees what the holder before has committed. Should a key come about in another way, the primary key refuses the second at its end.
//!
//! A reply shows what its reader might see when it was made, and whoever sends the same once more is not asked by the operation whether they still
//! may. So the rights it was made with are kept beside it, and with others it is not shown again.

use crate::ctx::Ctx;
use crate::db::{Given, Prepared, TenantPool, TenantTx, db_error};
use crate::statement::{Bind, Statement};
use chrono::{DateTime, Utc};
use domain::{Error, Kind, MemberId, Result, TenantId};
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection, PgPool};
use std::time::Duration;
use words::t;

/// How long a key is remembered at least.
pub const KEPT_HOURS: i64 = 24;
const MAX_KEY_BYTES: usize = 255;

/// A key that makes a write happen once, whatever the network does.
#[derive(Debug, Clone)]
pub struct Idempotent {
    /// Method and path.
    pub route: String,
    pub key: String,
    /// SHA-256.
    pub body_hash: Vec<u8>,
    /// How long a second request waits for the answer of the first, instead of being told at once that there is one.
    pub patience: Duration,
}

impl Idempotent {
    pub fn new(route: String, key: String, body: &[u8]) -> Self {
        Self { route, key, body_hash: Sha256::digest(body).to_vec(), patience: Duration::ZERO }
    }

    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// Whose key it is, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub tenant: TenantId,
    pub member: MemberId,
    /// A digest ([`crate::Access::holder`]).
    pub rights: Vec<u8>,
}

/// What a key means at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not seen before: go on, and [`finish`] before the commit.
    Fresh,
    /// Done before; this was the reply.
    Replay { status: u16, body: String },
    /// Another request is at it right now.
    InFlight,
    /// The key was used for something else.
    OtherBody,
    /// Done before, when its holder might do other things than now.
    OtherRights,
}

/// Made ready on every connection of tenants, so that it goes out with the beginning of the transaction ([`claim`]).
pub(crate) const PREPARE: &str = "\
prepare claim (uuid, uuid, text, text) as
select body_hash, status, reply, rights from idempotency_keys where tenant_id = $1 and member_id = $2 and route = $3 and key = $4";

const FINISH: &str = "\
insert into idempotency_keys (tenant_id, member_id, route, key, body_hash, status, reply, created_at, rights)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// What the primary key of the table is called: broken where a key came about beside its lock.
const KEY: &str = "idempotency_keys_pkey";

const REPLY: &str = "\
select reply from idempotency_keys where tenant_id = $1 and member_id = $2 and route = $3 and key = $4 and body_hash = $5";

// The primary key leads to the member's own keys of one route, of which a day has few. A key that is there already is answered by its reply.
const ALIKE: &str = "\
select exists (
    select from idempotency_keys where tenant_id = $1 and member_id = $2 and route = $3 and key <> $4 and body_hash = $5 and created_at > $6
) and not exists (select from idempotency_keys where tenant_id = $1 and member_id = $2 and route = $3 and key = $4)";

// Row security lets the platform role see and remove only what is older than a day.
const PURGE: &str = "\
delete from idempotency_keys where (tenant_id, member_id, route, key) in (
    select tenant_id, member_id, route, key from idempotency_keys
    where created_at < $1 order by created_at limit $2)";

/// Begins a write transaction of the tenant, and claims a key in it: one round trip.
pub async fn claim(pool: &TenantPool, holder: &Holder, once: &Idempotent) -> Result<(TenantTx, Outcome)> {
    check_key(&once.key)?;
    let (tenant, member) = (holder.tenant, holder.member);
    let given = [Given::Id(tenant.0), Given::Id(member.0), Given::Text(&once.route), Given::Text(&once.key)];
    // The lock is tried, not waited for: the holder is the one request that runs, and its row is not visible before it commits.
    let lock = lock_number(tenant, member, once);
    let asked = TenantTx::begin_locked(pool, tenant, lock, &Prepared::new("claim", &given)).await;
    let (tx, locked, row) = asked.map_err(db_error)?;
    let outcome = match row {
        Some(row) => {
            let (hash, status, body, rights): (Vec<u8>, Option<i16>, Option<String>, Vec<u8>) =
                FromRow::from_row(&row).map_err(db_error)?;
            match (status, body) {
                _ if hash != once.body_hash => Outcome::OtherBody,
                (Some(_), Some(_)) if rights != holder.rights => Outcome::OtherRights,
                (Some(status), Some(body)) => Outcome::Replay { status: u16::try_from(status).unwrap_or(200), body },
                _ => Outcome::InFlight,
            }
        }
        None if locked => Outcome::Fresh,
        None => Outcome::InFlight,
    };
    Ok((tx, outcome))
}

/// [`claim`] in the dispatcher's words: the transaction to go on in, or the earlier reply, or the refusal.
pub async fn begin(pool: &TenantPool, holder: &Holder, once: &Idempotent) -> Result<Result<TenantTx, String>> {
    let (tx, outcome) = claim(pool, holder, once).await?;
    match outcome {
        Outcome::Fresh => Ok(Ok(tx)),
        Outcome::Replay { body, .. } => Ok(Err(body)),
        Outcome::InFlight => Err(in_flight()),
        Outcome::OtherRights => Err(Error::conflict(t!(
            "This was done already. What you may do has changed since, so its answer is not shown again; look at what it did"
        ))),
        Outcome::OtherBody => Err(Error {
            kind: Kind::KeyReused,
            ..Error::field(
                "Idempotency-Key",
                "This idempotency key was used before for a request with other content. Use a new key for a new request",
            )
        }),
    }
}

fn in_flight() -> Error {
    let message =
        t!("The same request is being worked on right now. Wait a moment and send it again to get its answer");
    Error { retry_after: Some(1), ..Error::conflict(message) }
}

/// Whether this is what a second request is told while the first is under way.
pub fn is_in_flight(error: &Error) -> bool {
    error.kind == Kind::Conflict && error.retry_after.is_some()
}

/// What the key was answered, if it was used for the same.
pub(crate) async fn reply(ctx: &mut Ctx, once: &Idempotent) -> Result<Option<String>> {
    let rows = ctx.fetch(Statement::new(REPLY, binds(ctx, once))).await?;
    rows.first().map_or(Ok(None), |row| row.get(0))
}

/// Whether the member had the same done under another key since then.
pub(crate) async fn alike(ctx: &mut Ctx, once: &Idempotent, since: DateTime<Utc>) -> Result<bool> {
    let mut binds = binds(ctx, once);
    binds.push(Bind::Moment(Some(since)));
    let rows = ctx.fetch(Statement::new(ALIKE, binds)).await?;
    rows.first().map_or(Ok(false), |row| row.get(0))
}

fn binds(ctx: &Ctx, once: &Idempotent) -> Vec<Bind> {
    vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(ctx.access.member.0)),
        Bind::text(&once.route),
        Bind::text(&once.key),
        Bind::Bytes(Some(once.body_hash.clone())),
    ]
}

/// The fault of a statement that stores a key, in words: it is there already.
pub(crate) fn refused(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
        Some(KEY) => in_flight(),
        _ => db_error(error),
    }
}

/// Stores the key and the reply, before the commit.
pub async fn finish(
    conn: &mut PgConnection,
    holder: &Holder,
    once: &Idempotent,
    now: DateTime<Utc>,
    reply: &str,
) -> Result<()> {
    finish_with(conn, holder, once, now, 200, reply).await
}

/// [`finish`] for a reply whose status is not 200.
pub async fn finish_with(
    conn: &mut PgConnection,
    holder: &Holder,
    once: &Idempotent,
    now: DateTime<Utc>,
    status: u16,
    reply: &str,
) -> Result<()> {
    sqlx::query(FINISH)
        .bind(holder.tenant.0)
        .bind(holder.member.0)
        .bind(&once.route)
        .bind(&once.key)
        .bind(&once.body_hash)
        .bind(i16::try_from(status).unwrap_or(200))
        .bind(reply)
        .bind(now)
        .bind(&holder.rights)
        .execute(conn)
        .await
        .map_err(refused)?;
    Ok(())
}

/// Forgets up to `limit` keys that are older than [`KEPT_HOURS`], across workspaces. Returns how many.
pub async fn purge(platform: &PgPool, now: DateTime<Utc>, limit: i64) -> Result<u64> {
    let purged = sqlx::query(PURGE).bind(now - chrono::Duration::hours(KEPT_HOURS)).bind(limit).execute(platform).await;
    Ok(purged.map_err(db_error)?.rows_affected())
}

fn check_key(key: &str) -> Result<()> {
    let fits = !key.is_empty() && key.len() <= MAX_KEY_BYTES && key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if fits {
        return Ok(());
    }
    Err(Error::field(
        "Idempotency-Key",
        "An idempotency key is 1 to 255 printable ASCII characters; a UUID is a good one",
    ))
}

/// The advisory lock of one key. Two keys that share a number would only be told to wait for each other.
fn lock_number(tenant: TenantId, member: MemberId, once: &Idempotent) -> i64 {
    let mut hash = Sha256::new();
    for part in [tenant.0.as_bytes().as_slice(), member.0.as_bytes(), once.route.as_bytes(), once.key.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    i64::from_be_bytes([digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_printable() {
        assert!(check_key("0192f0c1-7d3a-7aaa-8000-0123456789ab").is_ok());
        for bad in ["", "a\nb", "ü", &"x".repeat(256)] {
            assert_eq!(check_key(bad).unwrap_err().kind, Kind::Invalid);
        }
    }
}
