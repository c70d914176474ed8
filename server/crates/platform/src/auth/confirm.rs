//! Confirmation: a session that was stolen, or left open on a desk, is not enough for what cannot be taken back. Who asks proves once more who
//! they are, by password or by code, and for five minutes the session may do it.

use super::second_factor::Owner;
use super::session_store::{Realm, Sessions, UserSessions};
use super::sessions::current;
use super::sign_in::Auth;
use super::throttle::Account;
use crate::db::db_error;
use chrono::{DateTime, Duration, Utc};
use domain::{Error, Result};
use std::net::IpAddr;
use tower_sessions::Session;
use uuid::Uuid;
use words::t;

/// How long a confirmation holds; signing in is one.
pub const CONFIRMED_FOR: Duration = Duration::minutes(5);

/// How somebody proves who they are.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    Password(&'a str),
    /// Of the second factor.
    Code(&'a str),
}

/// What somebody proved to a provider that they came from, beyond who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proved {
    /// When they were last asked there; `None` where the provider does not say. Coming from one that still knew them confirms nothing.
    pub at: Option<DateTime<Utc>>,
    /// By more than one factor, and that is believed: a workspace that asks for a second one is content.
    pub strong: bool,
}

impl UserSessions {
    /// Keeps what a provider proved in a session that has just begun: it is confirmed since then, and not by having begun.
    pub async fn prove(&self, handle: Uuid, proved: Proved) -> Result<()> {
        let long_ago = self.clock.now() - Duration::days(1);
        let done = sqlx::query("update sessions set confirmed_at = $2, strong = $3 where id = $1");
        let done = done.bind(handle).bind(proved.at.unwrap_or(long_ago)).bind(proved.strong).execute(&self.pool);
        match done.await.map_err(db_error)?.rows_affected() {
            0 => Err(Error::unauthenticated()),
            _ => Ok(()),
        }
    }
}

impl<R: Realm> Sessions<R> {
    /// Whether the session of this handle was confirmed in the last five minutes.
    pub async fn is_confirmed(&self, handle: Uuid) -> Result<bool> {
        let since = self.clock.now() - CONFIRMED_FOR;
        let found: Option<bool> = sqlx::query_scalar(R::SQL.confirmed)
            .bind(handle)
            .bind(since)
            .fetch_optional(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(found.unwrap_or(false))
    }

    /// Writes down that its person proved who they are, under a new id: what it may do has changed.
    async fn confirm(&self, session: &Session) -> Result<()> {
        let now = current(session).await?.ok_or_else(Error::unauthenticated)?;
        self.rotate(session).await?;
        let done = sqlx::query(R::SQL.confirm).bind(now.owner).bind(now.handle).bind(self.clock.now());
        match done.execute(&self.pool).await.map_err(db_error)?.rows_affected() {
            0 => Err(Error::unauthenticated()),
            _ => Ok(()),
        }
    }
}

impl Auth {
    /// Confirms a session of a person.
    pub async fn confirm_user(
        &self,
        session: &Session,
        proof: Proof<'_>,
        address: IpAddr,
        device: Option<&str>,
    ) -> Result<()> {
        let now = current(session).await?.ok_or_else(Error::unauthenticated)?;
        self.prove(Owner::User(now.owner), proof, address, device).await?;
        self.users.confirm(session).await
    }

    /// Confirms a session of staff.
    pub async fn confirm_staff(&self, session: &Session, proof: Proof<'_>, address: IpAddr) -> Result<()> {
        let now = current(session).await?.ok_or_else(Error::unauthenticated)?;
        self.prove(Owner::Staff(now.owner), proof, address, None).await?;
        self.staff.confirm(session).await
    }

    async fn prove(&self, owner: Owner, proof: Proof<'_>, address: IpAddr, device: Option<&str>) -> Result<()> {
        let password = match proof {
            Proof::Code(code) => return self.check_code(owner, code, address, device).await,
            Proof::Password(password) => password,
        };
        let sql = match owner {
            Owner::User(_) => "select password_hash from user_credentials where user_id = $1",
            Owner::Staff(_) => "select password_hash from staff_credentials where staff_id = $1",
        };
        let hash: Option<String> =
            sqlx::query_scalar(sql).bind(owner.id()).fetch_optional(&self.pool).await.map_err(db_error)?;
        let counted = self
            .throttle
            .count(&self.pool, Account::new("confirm", owner.id().as_bytes()), address, self.clock.now())
            .await?;
        match self.passwords().verify(password, hash.as_deref()).await {
            Ok(verdict) if verdict.matches => counted.right(&self.pool).await,
            Ok(_) => {
                counted.wrong(&self.pool).await?;
                Err(Error::field("password", t!("This is not your password. Check it and try again")))
            }
            Err(error) => {
                counted.undo(&self.pool).await?;
                Err(error)
            }
        }
    }
}
