//! The token pair: how a program calls as a person who gave it their password.
//!
//! A pair is a session that no browser holds. Its row of `sessions` is listed, limited and ended like any other; `tokens` holds what opens it: an
//! access token for a quarter of an hour, and a refresh token that is exchanged for the next pair, once. One that comes a second time was copied,
//! by whom cannot be told, so the session ends for both. There is no grace for a lost reply: whoever copied the token would have it too.
//! Staff have the same in tables of their own (`Realm`).

use super::bearer::{Bearer, hash};
use super::session_store::{Realm, Sessions};
use super::sessions::{Current, store_agent};
use crate::db::{TenantTx, db_error};
use crate::random::uuid_v7;
use crate::secret::Secret;
use chrono::{DateTime, Duration, Utc};
use domain::{Error, Kind, Result};
use std::net::IpAddr;
use uuid::Uuid;

pub const ACCESS_FOR: Duration = Duration::minutes(15);

/// What a program is given.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// User or member of staff, by the realm.
    pub owner: Uuid,
    /// Handle of the session.
    pub session: Uuid,
    pub access: Secret<String>,
    pub access_until: DateTime<Utc>,
    pub refresh: Secret<String>,
    /// Until when it is good for the next pair.
    pub refresh_until: DateTime<Utc>,
}

impl<R: Realm> Sessions<R> {
    /// Begins a session of tokens for somebody who just signed in.
    pub async fn begin_tokens(&self, owner: Uuid, address: IpAddr, agent: Option<&str>) -> Result<TokenPair> {
        let now = self.clock.now();
        let mut key = vec![0; 32];
        self.random.fill(&mut key);
        let session = uuid_v7(self.clock.as_ref(), self.random.as_ref());
        let end = now + self.limits.absolute;
        let pair = self.pair(owner, session, now, end);
        sqlx::query(R::SQL.tokens.begin)
            .bind(key)
            .bind(session)
            .bind(owner)
            .bind(address.to_canonical().to_string())
            .bind(store_agent(agent))
            .bind(now)
            .bind(pair.refresh_until)
            .bind(hash(pair.access.expose()))
            .bind(pair.access_until)
            .bind(hash(pair.refresh.expose()))
            .bind(end)
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(pair)
    }

    fn pair(&self, owner: Uuid, session: Uuid, now: DateTime<Utc>, until: DateTime<Utc>) -> TokenPair {
        TokenPair {
            owner,
            session,
            access: Secret::new(R::TOKENS.0.mint(self.random.as_ref())),
            access_until: (now + ACCESS_FOR).min(until),
            refresh: Secret::new(R::TOKENS.1.mint(self.random.as_ref())),
            refresh_until: R::REFRESH_FOR.map_or(until, |long| until.min(now + long)),
        }
    }

    /// Exchanges a refresh token for the next pair. One that was exchanged before ends its session.
    pub async fn refresh_tokens(&self, refresh: &str) -> Result<TokenPair> {
        if Bearer::of(refresh) != Some(R::TOKENS.1) {
            return Err(void());
        }
        let (old, now) = (hash(refresh), self.clock.now());
        let mut tx = TenantTx::begin_platform(&self.pool).await.map_err(db_error)?;
        let held: Option<(Uuid, Uuid, DateTime<Utc>)> = sqlx::query_as(R::SQL.tokens.hold)
            .bind(&old)
            .bind(now)
            .fetch_optional(tx.conn())
            .await
            .map_err(db_error)?;
        let Some((session, owner, until)) = held else { return Err(void()) };
        let used = sqlx::query(R::SQL.tokens.take).bind(&old).bind(now).execute(tx.conn()).await.map_err(db_error)?;
        if used.rows_affected() == 0 {
            let ended = sqlx::query(R::SQL.tokens.end).bind(session);
            ended.execute(tx.conn()).await.map_err(db_error)?;
            tx.commit().await.map_err(db_error)?;
            tracing::warn!(%session, %owner, "a refresh token came a second time, so its session was ended");
            return Err(void());
        }
        let pair = self.pair(owner, session, now, until);
        sqlx::query(R::SQL.tokens.next)
            .bind(hash(pair.access.expose()))
            .bind(hash(pair.refresh.expose()))
            .bind(session)
            .bind(pair.access_until)
            .bind(pair.refresh_until)
            .bind(now)
            .execute(tx.conn())
            .await
            .map_err(db_error)?;
        tx.commit().await.map_err(db_error)?;
        Ok(pair)
    }

    /// Whose an access token is, nobody's where it is none or over. `either` takes a refresh token too, for ending the session.
    pub async fn token_owner(&self, value: &str, either: bool) -> Result<Option<Current>> {
        match Bearer::of(value) {
            Some(kind) if kind == R::TOKENS.0 || either && kind == R::TOKENS.1 => {}
            _ => return Ok(None),
        }
        let found: Option<(Uuid, Uuid)> = sqlx::query_as(R::SQL.tokens.owner)
            .bind(hash(value))
            .bind(self.clock.now())
            .bind(either)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(found.map(|(owner, handle)| Current { owner, handle }))
    }

    /// Removes up to `limit` tokens that are over. Those that were exchanged last as long as their session.
    pub async fn purge_tokens(&self, limit: i64) -> Result<u64> {
        let purged = sqlx::query(R::SQL.tokens.purge).bind(self.clock.now()).bind(limit).execute(&self.pool).await;
        Ok(purged.map_err(db_error)?.rows_affected())
    }
}

/// The same for a token that never was, is over, was exchanged before, or whose session was ended.
fn void() -> Error {
    Error {
        code: Some("token_void".to_owned()),
        ..Error::new(Kind::Unauthenticated, "This refresh token is no longer good. Sign in again")
    }
}
