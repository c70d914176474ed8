//! Where sessions are kept. Three things the stock store does otherwise:
//!
//! - the key is the SHA-256 of the cookie's value, so that reading the table steals no session;
//! - saving is a plain update: a session that was ended stays dead, whatever a request that was under way writes afterwards;
//! - a session exists only after somebody signed in and belongs to that person; it is refused on load when it is idle or over, or when the
//!   person was disabled in the meantime.
//!
//! What `tower_sessions` believes about expiry is not read: the row and the injected clock decide.

use super::bearer::Bearer;
use super::kept::Memberships;
use super::sessions::{Begin, HANDLE, NEW, OWNER, ROTATED};
use crate::clock::Clock;
use crate::random::{Random, token_hash, uuid_v7};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::PgPool;
use sqlx::types::Json;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use time::OffsetDateTime;
use tower_sessions::SessionManagerLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Expiry, Id, Record};
use tower_sessions::session_store::{Error, Result, SessionStore};
use uuid::Uuid;

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without a request. Counted from the last one that was written down, which is at most a minute too early.
    pub idle: chrono::Duration,
    /// From sign-in, whatever happens.
    pub absolute: chrono::Duration,
}

impl Limits {
    pub const fn of<R: Realm>() -> Self {
        R::LIMITS
    }
}

/// Requests closer together than this are not written down one by one.
const TOUCH_SECONDS: i64 = 60;

/// The statements of one realm.
pub struct Statements {
    pub(super) load: &'static str,
    pub(super) touch: &'static str,
    pub(super) save: &'static str,
    pub(super) create: &'static str,
    pub(super) delete: &'static str,
    pub(super) rotate: &'static str,
    pub(super) list: &'static str,
    pub(super) end: &'static str,
    pub(super) end_all: &'static str,
    pub(super) purge: &'static str,
    pub(super) confirm: &'static str,
    pub(super) confirmed: &'static str,
    pub(super) tokens: TokenStatements,
}

/// Those of its token pairs.
pub(super) struct TokenStatements {
    pub begin: &'static str,
    pub hold: &'static str,
    pub take: &'static str,
    pub next: &'static str,
    pub owner: &'static str,
    pub end: &'static str,
    pub purge: &'static str,
}

macro_rules! statements {
    ($sessions:literal, $owner:literal, $people:literal, $tokens:literal) => {
        Statements {
            load: concat!(
                "select s.id, s.", $owner, ", s.data, s.expires_at, s.last_seen_at from ", $sessions, " s join ", $people, " p on p.id = s.", $owner,
                " where s.key = $1 and s.idle_until > $2 and p.status = 'ACTIVE'"
            ),
            touch: concat!(
                "update ", $sessions, " set last_seen_at = $2, idle_until = least(expires_at, $3) where key = $1 and idle_until > $2 and last_seen_at < $2"
            ),
            save: concat!("update ", $sessions, " set data = $2 where key = $1"),
            create: concat!(
                "insert into ", $sessions, " (key, id, ", $owner, ", data, address, agent, created_at, last_seen_at, idle_until, expires_at, confirmed_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $7)"
            ),
            delete: concat!("delete from ", $sessions, " where key = $1"),
            rotate: concat!("update ", $sessions, " set key = $2 where key = $1 and idle_until > $3"),
            list: concat!(
                "select id, kind, address, agent, created_at, last_seen_at, expires_at from ", $sessions, " where ", $owner,
                " = $1 and idle_until > $2 order by last_seen_at desc, id"
            ),
            end: concat!("delete from ", $sessions, " where ", $owner, " = $1 and id = $2"),
            end_all: concat!("delete from ", $sessions, " where ", $owner, " = $1 and id is distinct from $2"),
            confirm: concat!("update ", $sessions, " set confirmed_at = $3 where ", $owner, " = $1 and id = $2 and idle_until > $3"),
            confirmed: concat!("select confirmed_at >= $2 from ", $sessions, " where id = $1"),
            purge: concat!(
                "delete from ", $sessions, " where key in (select key from ", $sessions,
                " where idle_until <= $1 order by idle_until limit $2 for update skip locked)"
            ),
            tokens: TokenStatements {
                // Nobody's cookie has random bytes as its hash, so the row opens to tokens alone.
                begin: concat!(
                    "with begun as (insert into ", $sessions, " (key, id, ", $owner, ", kind, address, agent, created_at, last_seen_at, idle_until, expires_at, confirmed_at)
                        values ($1, $2, $3, 'token', $4, $5, $6, $6, $7, $11, $6) returning id, expires_at)
                     insert into ", $tokens, " (hash, session_id, kind, expires_at)
                     select t.hash, b.id, t.kind, least(t.until, b.expires_at)
                     from begun b, (values ($8::bytea, 'access', $9::timestamptz), ($10::bytea, 'refresh', $7::timestamptz)) as t (hash, kind, until)"
                ),
                // Locked before its tokens, as ending it does: the two never wait for each other in a circle.
                hold: concat!(
                    "select s.id, s.", $owner, ", s.expires_at from ", $sessions, " s join ", $people, " p on p.id = s.", $owner,
                    " where s.id = (select t.session_id from ", $tokens, " t where t.hash = $1 and t.kind = 'refresh')
                        and s.idle_until > $2 and p.status = 'ACTIVE' for no key update of s"
                ),
                take: concat!("update ", $tokens, " set used_at = $2 where hash = $1 and used_at is null"),
                next: concat!(
                    "with seen as (update ", $sessions, " set last_seen_at = $6, idle_until = $5 where id = $3)
                     insert into ", $tokens, " (hash, session_id, kind, expires_at)
                     values ($1, $3, 'access', least($4::timestamptz, $5::timestamptz)), ($2, $3, 'refresh', $5)"
                ),
                owner: concat!(
                    "select s.", $owner, " as owner, s.id as handle from ", $tokens, " t join ", $sessions, " s on s.id = t.session_id join ", $people,
                    " p on p.id = s.", $owner,
                    " where t.hash = $1 and t.expires_at > $2 and s.idle_until > $2 and p.status = 'ACTIVE' and (t.kind = 'access' or $3)"
                ),
                end: concat!("delete from ", $sessions, " where id = $1"),
                purge: concat!(
                    "delete from ", $tokens, " where hash in (select hash from ", $tokens,
                    " where expires_at <= $1 order by expires_at limit $2 for update skip locked)"
                ),
            },
        }
    };
}

/// One of the two worlds that share no session.
pub trait Realm: Send + Sync + 'static {
    const LIMITS: Limits;
    #[doc(hidden)]
    const SQL: Statements;
    const COOKIE: &'static str;
    /// Access and refresh token: what opens one realm has not even the form of what opens the other.
    const TOKENS: (Bearer, Bearer);
    /// How long a refresh token waits to be exchanged; `None` for as long as the session may last.
    const REFRESH_FOR: Option<chrono::Duration>;
}

/// People of workspaces.
pub enum Users {}

impl Realm for Users {
    const LIMITS: Limits = Limits { idle: chrono::Duration::hours(8), absolute: chrono::Duration::days(7) };
    const SQL: Statements = statements!("sessions", "user_id", "users", "tokens");
    const TOKENS: (Bearer, Bearer) = (Bearer::Access, Bearer::Refresh);
    const REFRESH_FOR: Option<chrono::Duration> = None;
    const COOKIE: &'static str = "nexus";
}

/// The platform's own staff.
pub enum Staff {}

impl Realm for Staff {
    const LIMITS: Limits = Limits { idle: chrono::Duration::minutes(15), absolute: chrono::Duration::hours(8) };
    const SQL: Statements = statements!("staff_sessions", "staff_id", "staff", "staff_tokens");
    const TOKENS: (Bearer, Bearer) = (Bearer::StaffAccess, Bearer::StaffRefresh);
    /// The access token's quarter of an hour, and the quarter of an hour that staff may be idle.
    const REFRESH_FOR: Option<chrono::Duration> = Some(chrono::Duration::minutes(30));
    const COOKIE: &'static str = "nexus-staff";
}

/// Name of a realm's cookie. Over https browsers hold `__Host-` to Secure, Path=/ and this very host.
pub fn cookie_name<R: Realm>(secure: bool) -> String {
    if secure { format!("__Host-{}", R::COOKIE) } else { R::COOKIE.to_owned() }
}

pub type UserSessions = Sessions<Users>;
pub type StaffSessions = Sessions<Staff>;

/// The sessions of one realm. Cheap to clone.
pub struct Sessions<R> {
    pub(super) pool: PgPool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) limits: Limits,
    pub(super) memberships: Arc<Memberships>,
    realm: PhantomData<R>,
}

impl<R> Clone for Sessions<R> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            limits: self.limits,
            memberships: self.memberships.clone(),
            realm: PhantomData,
        }
    }
}

impl<R> fmt::Debug for Sessions<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<R: Realm> Sessions<R> {
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, random: Arc<dyn Random>, limits: Limits) -> Self {
        Self { pool, clock, random, limits, memberships: Arc::default(), realm: PhantomData }
    }

    /// The layer that reads and writes this realm's cookie. `secure` is whether the server is reached over https.
    pub fn layer(&self, secure: bool) -> SessionManagerLayer<Self> {
        let layer = SessionManagerLayer::new(self.clone())
            .with_name(cookie_name::<R>(secure))
            .with_secure(secure)
            .with_http_only(true)
            .with_path("/")
            // Strict would drop the cookie on the way back from a mail or another sign-in.
            .with_same_site(SameSite::Lax);
        // Outlives the browser only where the session outlives a working day.
        match self.limits.absolute.num_days() {
            0 => layer,
            days => layer.with_expiry(Expiry::OnInactivity(time::Duration::days(days))),
        }
    }

    pub(super) fn new_id(&self) -> Id {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        Id(i128::from_le_bytes(bytes))
    }

    async fn insert(&self, record: &mut Record, begin: Begin) -> Result<()> {
        let now = self.clock.now();
        let expires_at = (now + self.limits.absolute).min(begin.until.unwrap_or(DateTime::<Utc>::MAX_UTC));
        let handle = uuid_v7(self.clock.as_ref(), self.random.as_ref());
        record.id = self.new_id();
        sqlx::query(R::SQL.create)
            .bind(key(record.id))
            .bind(handle)
            .bind(begin.owner)
            .bind(kept(&record.data))
            .bind(&begin.address)
            .bind(&begin.agent)
            .bind(now)
            .bind((now + self.limits.idle).min(expires_at))
            .bind(expires_at)
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        record.data.remove(NEW);
        record.data.insert(OWNER.to_owned(), begin.owner.to_string().into());
        record.data.insert(HANDLE.to_owned(), handle.to_string().into());
        Ok(())
    }

    pub(super) async fn touch(&self, key: &[u8], seen: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
        if (now - seen).num_seconds() >= TOUCH_SECONDS {
            let touch = sqlx::query(R::SQL.touch).bind(key).bind(now).bind(now + self.limits.idle);
            touch.execute(&self.pool).await.map_err(backend)?;
        }
        Ok(())
    }
}

type Loaded = (Uuid, Uuid, Json<HashMap<String, Value>>, DateTime<Utc>, DateTime<Utc>);

#[async_trait]
impl<R: Realm> SessionStore for Sessions<R> {
    /// Reached where there was no session: after [`Sessions::begin`] or [`Sessions::rotate`], and never otherwise. A handler that writes
    /// into a session nobody signed in to gets an error instead of an anonymous session.
    async fn create(&self, record: &mut Record) -> Result<()> {
        if let Some(begin) = record.data.get(NEW).cloned() {
            let begin = serde_json::from_value(begin).map_err(|error| Error::Decode(error.to_string()))?;
            return self.insert(record, begin).await;
        }
        if let Some(id) = record.data.remove(ROTATED).and_then(|id| id.as_str().and_then(|id| id.parse().ok())) {
            record.id = id;
            return self.save(record).await;
        }
        Err(Error::Backend("a session begins with a sign-in; nothing else may be kept in one".to_owned()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        // No row is no error: the session was ended while the request was under way, and stays so.
        sqlx::query(R::SQL.save)
            .bind(key(record.id))
            .bind(kept(&record.data))
            .execute(&self.pool)
            .await
            .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let (key, now) = (key(*id), self.clock.now());
        let found: Option<Loaded> =
            sqlx::query_as(R::SQL.load).bind(&key).bind(now).fetch_optional(&self.pool).await.map_err(backend)?;
        let Some((handle, owner, Json(mut data), expires_at, seen)) = found else { return Ok(None) };
        self.touch(&key, seen, now).await?;
        data.insert(OWNER.to_owned(), owner.to_string().into());
        data.insert(HANDLE.to_owned(), handle.to_string().into());
        let expiry_date = OffsetDateTime::from_unix_timestamp(expires_at.timestamp())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query(R::SQL.delete).bind(key(*id)).execute(&self.pool).await.map_err(backend)?;
        Ok(())
    }
}

pub(super) fn key(id: Id) -> Vec<u8> {
    token_hash(&id.0.to_le_bytes()).to_vec()
}

/// What a session holds beside what its row says in columns.
fn kept(data: &HashMap<String, Value>) -> Json<Map<String, Value>> {
    Json(
        data.iter()
            .filter(|(name, _)| !name.starts_with('~'))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "used as map_err(backend)")]
fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}
