//! Beginning, changing, listing and ending sessions.

use super::session_store::{Realm, Sessions, key};
use crate::db::db_error;
use chrono::{DateTime, Utc};
use domain::{Error, Result};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use tower_sessions::Session;
use uuid::Uuid;
use words::t;

// Names in a session that the store reads and writes itself; what else begins with `~` is not kept.
pub(super) const OWNER: &str = "~owner";
pub(super) const HANDLE: &str = "~session";
pub(super) const NEW: &str = "~new";
pub(super) const ROTATED: &str = "~rotated";

const AGENT_CHARS: usize = 400;

#[derive(Serialize, Deserialize)]
pub(super) struct Begin {
    pub owner: Uuid,
    pub address: Option<String>,
    pub agent: Option<String>,
    /// Ends earlier than others do.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
}

/// Who is signed in, and by which session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    /// User or member of staff, by the realm of the session.
    pub owner: Uuid,
    /// The session's handle: what lists show and [`Sessions::end`] takes.
    pub handle: Uuid,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionInfo {
    pub id: Uuid,
    /// `browser`, or `token` for a pair of tokens.
    pub kind: String,
    pub address: Option<String>,
    pub agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Who is signed in, `None` for nobody. Reads the database at most once per request.
pub async fn current(session: &Session) -> Result<Option<Current>> {
    if session.id().is_none() {
        return Ok(None);
    }
    let owner: Option<Uuid> = session.get(OWNER).await.map_err(store_error)?;
    let handle: Option<Uuid> = session.get(HANDLE).await.map_err(store_error)?;
    Ok(owner.zip(handle).map(|(owner, handle)| Current { owner, handle }))
}

/// What a browser or program says it is, as it is kept.
pub(super) fn store_agent(agent: Option<&str>) -> Option<String> {
    agent.map(|agent| agent.chars().filter(|letter| !letter.is_control()).take(AGENT_CHARS).collect())
}

impl<R: Realm> Sessions<R> {
    /// Begins a session for somebody who just signed in, under a new id. One that the browser had before ends, whosever it was.
    pub async fn begin(
        &self,
        session: &Session,
        owner: Uuid,
        address: Option<IpAddr>,
        agent: Option<&str>,
    ) -> Result<Uuid> {
        self.begin_until(session, owner, address, agent, None).await
    }

    pub(super) async fn begin_until(
        &self,
        session: &Session,
        owner: Uuid,
        address: Option<IpAddr>,
        agent: Option<&str>,
        until: Option<DateTime<Utc>>,
    ) -> Result<Uuid> {
        if session.id().is_some() {
            session.cycle_id().await.map_err(store_error)?;
            session.clear().await;
        }
        let agent = store_agent(agent);
        let address = address.map(|address| address.to_canonical().to_string());
        let begin = Begin { owner, address, agent, until };
        session.insert(NEW, begin).await.map_err(store_error)?;
        // Now, so that a fault is the handler's answer and not found out after it.
        session.save().await.map_err(store_error)?;
        let handle: Option<Uuid> = session.get(HANDLE).await.map_err(store_error)?;
        handle.ok_or_else(Error::internal)
    }

    /// Gives the session of a signed-in person a new id, after a change of what it may do (password, second factor). Not
    /// `Session::cycle_id`: that removes the row and makes another one, and a sign-out in between would be lost. Here it is one row all along.
    pub async fn rotate(&self, session: &Session) -> Result<()> {
        let Some(old) = session.id() else { return Err(Error::unauthenticated()) };
        // Loads the record while the old id still leads to it.
        if current(session).await?.is_none() {
            return Err(Error::unauthenticated());
        }
        let new = self.new_id();
        let moved =
            sqlx::query(R::SQL.rotate).bind(key(old)).bind(key(new)).bind(self.clock.now()).execute(&self.pool).await;
        if moved.map_err(db_error)?.rows_affected() == 0 {
            session.clear().await;
            return Err(Error::unauthenticated());
        }
        session.insert(ROTATED, new.to_string()).await.map_err(store_error)?;
        session.cycle_id().await.map_err(store_error)?;
        session.save().await.map_err(store_error)
    }

    /// Signs out. Ends the session by its handle, so that an id it is being given at this moment dies with it.
    pub async fn finish(&self, session: &Session) -> Result<()> {
        if let Some(current) = current(session).await? {
            self.end(current.owner, current.handle).await?;
        }
        session.flush().await.map_err(store_error)
    }

    pub async fn list(&self, owner: Uuid) -> Result<Vec<SessionInfo>> {
        let list = sqlx::query_as(R::SQL.list).bind(owner).bind(self.clock.now()).fetch_all(&self.pool);
        list.await.map_err(db_error)
    }

    /// Ends one session of a person. `false` where there is none of that handle.
    pub async fn end(&self, owner: Uuid, handle: Uuid) -> Result<bool> {
        let ended = sqlx::query(R::SQL.end).bind(owner).bind(handle).execute(&self.pool);
        Ok(ended.await.map_err(db_error)?.rows_affected() > 0)
    }

    /// Ends every session of a person but the one of this handle. Returns how many.
    pub async fn end_others(&self, owner: Uuid, except: Uuid) -> Result<u64> {
        self.end_but(owner, Some(except)).await
    }

    pub async fn end_all(&self, owner: Uuid) -> Result<u64> {
        self.end_but(owner, None).await
    }

    async fn end_but(&self, owner: Uuid, except: Option<Uuid>) -> Result<u64> {
        let ended = sqlx::query(R::SQL.end_all).bind(owner).bind(except).execute(&self.pool);
        Ok(ended.await.map_err(db_error)?.rows_affected())
    }

    /// Removes up to `limit` sessions that are over.
    pub async fn purge_expired(&self, limit: i64) -> Result<u64> {
        let purged = sqlx::query(R::SQL.purge).bind(self.clock.now()).bind(limit).execute(&self.pool);
        Ok(purged.await.map_err(db_error)?.rows_affected())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as map_err(store_error)")]
pub(super) fn store_error(error: tower_sessions::session::Error) -> Error {
    tracing::error!(%error, "the session store failed");
    Error::unavailable(t!("Your session could not be read or written. Try again in a moment"))
}
