//! Coming in by a key: who it acts for, what of their rights its scopes leave, and why it is refused.
//!
//! Whoever holds a key that was given out may be told what is wrong with it; for everything else there is one answer. The member, their roles
//! and the workspace are read in the same statement, for each request, so nothing that is taken from them outlives the request before.

use super::bearer::{Bearer, hash};
use super::sign_in::Auth;
use super::workspace::{BY_KEY, Entry, granted};
use crate::access::{Access, Key};
use crate::db::{Pools, db_error};
use crate::statement::Bind;
use domain::{Error, Grants, Kind, Result};
use std::net::IpAddr;
use uuid::Uuid;

/// Of a key whose member or workspace lets nobody in.
const WHOSE: &str = "select id from api_keys where hash = $1 and revoked_at is null";

const USED: &str = "\
update api_keys set last_used_at = $3
where tenant_id = $1 and id = $2 and (last_used_at is null or last_used_at <= $3 - interval '1 minute')";

/// Columns of [`BY_KEY`] before those of the member.
const BEFORE: usize = 7;

impl Auth {
    /// The member that a key acts for, with what its scopes leave of their grants.
    pub async fn enter_by_key(&self, pools: &Pools, value: &str, address: IpAddr) -> Result<Access> {
        if Bearer::of(value) != Some(Bearer::Key) {
            return Err(refused("key_unknown", UNKNOWN));
        }
        let (hash, now) = (hash(value), self.clock.now());
        let binds = vec![
            Bind::Bytes(Some(hash.clone())),
            Bind::Moment(Some(now)),
            Bind::text(address.to_canonical().to_string()),
        ];
        let Some(row) = pools.ask_platform(BY_KEY, binds).await?.into_iter().next() else {
            let known = pools.ask_platform(WHOSE, vec![Bind::Bytes(Some(hash))]).await?;
            return Err(if known.is_empty() {
                refused("key_unknown", UNKNOWN)
            } else {
                refused("key_asleep", "The member for whom this key acts is suspended or has left, so it opens nothing")
            });
        };
        if row.get::<bool>(3)? {
            return Err(refused("key_revoked", "This key was revoked. Make another one in Settings, API keys"));
        }
        if row.get::<bool>(4)? {
            return Err(refused("key_expired", "This key has expired. Make another one in Settings, API keys"));
        }
        if row.get::<bool>(5)? {
            let words = format!(
                "This key may not be used from {}: its list of addresses does not have it",
                address.to_canonical()
            );
            return Err(refused("key_address", words));
        }
        let scopes: Grants = serde_json::from_str(row.get(1)?).map_err(|error| {
            tracing::error!(%error, "the scopes of a key cannot be read");
            Error::internal()
        })?;
        let mut access = granted(Some(Entry::read(&row, BEFORE)?))?;
        access.grants = access.grants.within(&scopes);
        let id: Uuid = row.get(0)?;
        access.key = Some(Key { id, per_minute: u32::try_from(row.get::<i64>(2)?).unwrap_or(1) });
        if row.get::<bool>(6)? {
            let used = sqlx::query(USED).bind(access.tenant.0).bind(id).bind(now);
            used.execute(&self.pool).await.map_err(db_error)?;
        }
        Ok(access)
    }

    /// Counts a key or token that was refused, by the address that it came from.
    pub async fn count_refused_key(&self, address: IpAddr) -> Result<()> {
        self.throttle.count_key(&self.pool, address, self.clock.now()).await
    }
}

/// The same for everything that was never given out.
const UNKNOWN: &str = "This key is not right. Check that all of it was copied; keys begin with nx_live_";

fn refused(code: &str, message: impl Into<String>) -> Error {
    Error { code: Some(code.to_owned()), ..Error::new(Kind::Unauthenticated, message) }
}
