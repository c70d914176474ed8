//! The context: tenant, actor, permissions, clock, random source and transaction of one operation. No query runs without one.

use crate::access::{Access, StaffAccess};
use crate::audit::Client;
use crate::change::{self, Change};
use crate::db::{TenantTx, TxMode, db_error};
use crate::dispatch::Platform;
use crate::idempotency::Idempotent;
use crate::services::Services;
use crate::shared::Shared;
use crate::statement::{Row, Statement};
use chrono::{DateTime, NaiveDate, Utc};
use domain::schema::{Catalog, Entity};
use domain::{BackendHandle, Error, Operation, Reach, Result, Verb};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

/// Where a change comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    pub request: Option<Uuid>,
    /// What led to it: `request`, `impersonation`, `api_key`, `import`, `bulk`, `merge`, `undo`, `seed`, `event`, `run`, `delivery`, `sign_in`. Operations
    /// set it to what they are; who acted is not here but in the access ([`crate::Access::through`]).
    pub cause_kind: &'static str,
    pub cause_id: Option<Uuid>,
    /// The same for everything that followed from one first event.
    pub correlation: Uuid,
    /// The event that led here.
    pub causation: Option<Uuid>,
    /// Events between the first one and this.
    pub depth: i16,
    /// Who asked from outside; none for what happens on its own.
    pub client: Option<Arc<Client>>,
}

pub struct Ctx {
    pub access: Arc<Access>,
    pub catalog: Arc<Catalog>,
    pub services: Arc<Services>,
    pub origin: Origin,
    /// Stable name of the operation that runs.
    pub operation: &'static str,
    /// The session that asks, by its handle; none for jobs.
    pub session: Option<Uuid>,
    /// What the operations of the same request share; a context of a job, or inside another, has one of its own.
    pub shared: Arc<Shared>,
    pub(crate) platform: Arc<Platform>,
    pub(crate) mode: TxMode,
    /// Begun where something needs it: most reads need none (`read.rs`).
    pub(crate) tx: Option<TenantTx>,
    pub(crate) changes: Vec<Change>,
    /// Of what the changes tell: `done` or `refused`.
    pub(crate) outcome: &'static str,
    pub(crate) wrote_events: bool,
}

impl Ctx {
    /// The connection of this context's transaction.
    pub async fn conn(&mut self) -> Result<&mut PgConnection> {
        let tx = match self.tx.take() {
            Some(tx) => tx,
            None => TenantTx::begin(&self.services.pools.app, self.access.tenant, self.mode).await.map_err(db_error)?,
        };
        Ok(self.tx.insert(tx).conn())
    }

    /// The rows of a statement: in the transaction where there is one, else in one round trip of its own.
    pub async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>> {
        if let (None, TxMode::ReadOnly, Some(readers)) = (&self.tx, self.mode, &self.services.pools.readers) {
            return readers.app.of_tenant(self.access.tenant, &statement).await;
        }
        let rows = statement.query().fetch_all(self.conn().await?).await.map_err(db_error)?;
        Ok(rows.into_iter().map(Row::Written).collect())
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.services.clock.now()
    }

    /// Today in the workspace's time zone.
    pub fn today(&self) -> NaiveDate {
        crate::clock::today_in(&self.access.timezone, self.now())
    }

    /// An id above all that this process gave before.
    pub fn new_id(&self) -> Uuid {
        self.services.ids.next(self.services.clock.as_ref(), self.services.random.as_ref())
    }

    /// The description of an entity, or *not found* for one that this workspace's industry does not have.
    pub fn entity(&self, key: &str) -> Result<Arc<Entity>> {
        self.catalog.get(key).cloned().ok_or_else(Error::not_found)
    }

    pub fn require(&self, permission: &str) -> Result<Reach> {
        self.access.require(permission)
    }

    pub fn reach(&self, entity: &Entity, verb: Verb) -> Result<Reach> {
        self.access.require(&entity.permission(verb))
    }

    /// Reports a change. It is written, with its event, by one statement before the transaction commits.
    pub fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Writes the collected changes now: for jobs that work in batches of their own.
    pub async fn flush(&mut self) -> Result<()> {
        self.flush_with(None).await
    }

    async fn flush_with(&mut self, reply: Option<(&Idempotent, &str)>) -> Result<()> {
        let changes = std::mem::take(&mut self.changes);
        change::write(self, changes, reply).await
    }

    /// Runs another operation in the same transaction, with its own permission check and its own change rows.
    pub async fn run<O: Operation>(&mut self, operation: O) -> Result<O::Output> {
        let platform = self.platform.clone();
        platform.run_nested(self, operation).await
    }

    /// The same as a part that may fail: what it did is undone then, and the transaction goes on.
    pub async fn attempt<O: Operation>(&mut self, operation: O) -> Result<Result<O::Output>> {
        self.begin_part().await?;
        let result = self.run(operation).await;
        self.end_part(result.is_ok()).await?;
        Ok(result)
    }

    /// Begins a part of the transaction that is done or not at all, so that what stands in its way leaves the rest as it was. What is to be told
    /// so far is written first: it is of the rest.
    pub async fn begin_part(&mut self) -> Result<()> {
        self.flush().await?;
        sqlx::query("savepoint part").execute(self.conn().await?).await.map_err(db_error)?;
        Ok(())
    }

    /// Keeps what was done since [`Ctx::begin_part`], or makes it undone, and what was to be told of it.
    pub async fn end_part(&mut self, done: bool) -> Result<()> {
        let end = if done { "release savepoint part" } else { "rollback to savepoint part" };
        if !done {
            self.changes.clear();
        }
        sqlx::query(end).execute(self.conn().await?).await.map_err(db_error)?;
        Ok(())
    }

    /// Whether the caller may ask for another operation, by what they are and hold; which rows they reach is left to it. For what is asked for now
    /// and done later, with other rights.
    pub async fn may<O: Operation>(&self, operation: O) -> Result<()> {
        self.platform.may(self, operation).await
    }

    /// A context of the same caller that may write, for finding out what would happen. Whatever is done in it is undone when it is dropped.
    pub async fn rehearsal(&self) -> Result<Self> {
        let caller =
            crate::dispatch::Caller { access: self.access.clone(), session: self.session, origin: self.origin.clone() };
        self.platform.open(&caller, self.operation, TxMode::ReadWrite).await
    }

    /// [`Ctx::run`] by name, for callers that know an operation from data: steps of workflows.
    pub async fn run_named(&mut self, name: &str, input: serde_json::Value) -> Result<serde_json::Value> {
        let platform = self.platform.clone();
        platform.run_named(self, name, input).await
    }

    /// Everything that was added to an extension point.
    pub fn hooks<H: std::any::Any + Send + Sync>(&self) -> Vec<Arc<H>> {
        self.platform.registry().hooks()
    }

    /// Commits a context that was opened by `Platform::open`, and wakes whoever waits for its events.
    pub async fn commit(self) -> Result<()> {
        self.commit_with(None).await
    }

    /// The same, keeping what to answer should the request be sent again.
    pub(crate) async fn commit_with(mut self, reply: Option<(&Idempotent, &str)>) -> Result<()> {
        self.flush_with(reply).await?;
        let (wake, wrote) = (self.services.wake.clone(), self.wrote_events);
        if let Some(tx) = self.tx {
            tx.commit().await.map_err(db_error)?;
        }
        if wrote {
            wake.after_commit();
        }
        Ok(())
    }

    /// A door for work that needs transactions of its own, bound to the same caller.
    pub fn backend(&self) -> BackendHandle {
        self.platform.clone().backend(crate::dispatch::Caller {
            access: self.access.clone(),
            session: self.session,
            origin: self.origin.clone(),
        })
    }
}

/// The context of the platform realm: across workspaces, under the platform role.
pub struct StaffCtx {
    pub access: Arc<StaffAccess>,
    pub services: Arc<Services>,
    pub operation: &'static str,
    pub(crate) tx: TenantTx,
}

impl StaffCtx {
    pub fn conn(&mut self) -> &mut PgConnection {
        self.tx.conn()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.services.clock.now()
    }
}
