//! The token pair: how a program calls as a person who gave it their password.
//!
//! A pair is a session that no browser holds. Its row of `sessions` is listed, limited and ended like any other; `tokens` holds what opens it: an
//! access token for a quarter of an hour, and a refresh token that is exchanged for the next pair, once. One that comes a second time was copied,
//! by whom cannot be told, so the session ends for both. There is no grace for a lost reply: whoever copied the token would have it too.

use super::bearer::{Bearer, hash};
use super::sessions::{Current, store_agent};
use super::sign_in::Auth;
use crate::db::db_error;
use crate::random::uuid_v7;
use crate::secret::Secret;
use chrono::{DateTime, Duration, Utc};
use domain::{Error, Kind, Result, UserId};
use std::net::IpAddr;
use uuid::Uuid;

pub const ACCESS_FOR: Duration = Duration::minutes(15);

// Nobody's cookie has random bytes as its hash, so the row opens to tokens alone.
const BEGIN: &str = "\
with begun as (
    insert into sessions (key, id, user_id, kind, address, agent, created_at, last_seen_at, idle_until, expires_at, confirmed_at)
    values ($1, $2, $3, 'token', $4, $5, $6, $6, $7, $7, $6) returning id, expires_at)
insert into tokens (hash, session_id, kind, expires_at)
select t.hash, b.id, t.kind, least(t.until, b.expires_at)
from begun b, (values ($8::bytea, 'access', $9::timestamptz), ($10::bytea, 'refresh', $7::timestamptz)) as t (hash, kind, until)";

// Locked before its tokens, as ending it does: the two never wait for each other in a circle.
const HOLD: &str = "\
select s.id, s.user_id, s.expires_at from sessions s join users u on u.id = s.user_id
where s.id = (select t.session_id from tokens t where t.hash = $1 and t.kind = 'refresh')
    and s.idle_until > $2 and u.status = 'ACTIVE' for no key update of s";

const USE: &str = "update tokens set used_at = $2 where hash = $1 and used_at is null";

const NEXT: &str = "\
insert into tokens (hash, session_id, kind, expires_at)
values ($1, $3, 'access', least($4::timestamptz, $5::timestamptz)), ($2, $3, 'refresh', $5)";

const OWNER: &str = "\
select s.user_id as owner, s.id as handle from tokens t join sessions s on s.id = t.session_id join users u on u.id = s.user_id
where t.hash = $1 and t.expires_at > $2 and s.idle_until > $2 and u.status = 'ACTIVE' and (t.kind = 'access' or $3)";

const PURGE: &str = "\
delete from tokens where hash in (select hash from tokens where expires_at <= $1 order by expires_at limit $2 for update skip locked)";

/// What a program is given.
#[derive(Debug, Clone)]
pub struct TokenPair {
    pub user: UserId,
    /// Handle of the session.
    pub session: Uuid,
    pub access: Secret<String>,
    pub access_until: DateTime<Utc>,
    pub refresh: Secret<String>,
    /// When it has to sign in again, whatever happens.
    pub refresh_until: DateTime<Utc>,
}

impl Auth {
    /// Begins a session of tokens for somebody who just signed in.
    pub async fn begin_tokens(&self, user: UserId, address: IpAddr, agent: Option<&str>) -> Result<TokenPair> {
        let now = self.clock.now();
        let mut key = vec![0; 32];
        self.random.fill(&mut key);
        let session = uuid_v7(self.clock.as_ref(), self.random.as_ref());
        let pair = self.pair(user, session, now, now + self.users.limits.absolute);
        sqlx::query(BEGIN)
            .bind(key)
            .bind(session)
            .bind(user.0)
            .bind(address.to_canonical().to_string())
            .bind(store_agent(agent))
            .bind(now)
            .bind(pair.refresh_until)
            .bind(hash(pair.access.expose()))
            .bind(pair.access_until)
            .bind(hash(pair.refresh.expose()))
            .execute(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(pair)
    }

    fn pair(&self, user: UserId, session: Uuid, now: DateTime<Utc>, until: DateTime<Utc>) -> TokenPair {
        TokenPair {
            user,
            session,
            access: Secret::new(Bearer::Access.mint(self.random.as_ref())),
            access_until: (now + ACCESS_FOR).min(until),
            refresh: Secret::new(Bearer::Refresh.mint(self.random.as_ref())),
            refresh_until: until,
        }
    }

    /// Exchanges a refresh token for the next pair. One that was exchanged before ends its session.
    pub async fn refresh_tokens(&self, refresh: &str) -> Result<TokenPair> {
        if Bearer::of(refresh) != Some(Bearer::Refresh) {
            return Err(void());
        }
        let (old, now) = (hash(refresh), self.clock.now());
        let mut tx = self.begin_tx().await?;
        let held: Option<(Uuid, Uuid, DateTime<Utc>)> =
            sqlx::query_as(HOLD).bind(&old).bind(now).fetch_optional(tx.conn()).await.map_err(db_error)?;
        let Some((session, user, until)) = held else { return Err(void()) };
        let used = sqlx::query(USE).bind(&old).bind(now).execute(tx.conn()).await.map_err(db_error)?;
        if used.rows_affected() == 0 {
            let ended = sqlx::query("delete from sessions where id = $1").bind(session);
            ended.execute(tx.conn()).await.map_err(db_error)?;
            tx.commit().await.map_err(db_error)?;
            tracing::warn!(%session, %user, "a refresh token came a second time, so its session was ended");
            return Err(void());
        }
        let pair = self.pair(UserId(user), session, now, until);
        sqlx::query(NEXT)
            .bind(hash(pair.access.expose()))
            .bind(hash(pair.refresh.expose()))
            .bind(session)
            .bind(pair.access_until)
            .bind(until)
            .execute(tx.conn())
            .await
            .map_err(db_error)?;
        tx.commit().await.map_err(db_error)?;
        Ok(pair)
    }

    /// Whose an access token is, nobody's where it is none or over. `either` takes a refresh token too, for ending the session.
    pub async fn token_owner(&self, value: &str, either: bool) -> Result<Option<Current>> {
        match Bearer::of(value) {
            Some(Bearer::Access) => {}
            Some(Bearer::Refresh) if either => {}
            _ => return Ok(None),
        }
        let found: Option<(Uuid, Uuid)> = sqlx::query_as(OWNER)
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
        let purged = sqlx::query(PURGE).bind(self.clock.now()).bind(limit).execute(&self.pool).await;
        Ok(purged.map_err(db_error)?.rows_affected())
    }
}

/// The same for a token that never was, is over, was exchanged before, or whose session was ended.
fn void() -> Error {
    Error {
        code: Some("token_void".to_owned()),
        ..Error::new(Kind::Unauthenticated, "This refresh token is no longer good. Sign in again at /api/v1/auth/login")
    }
}
