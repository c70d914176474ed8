//! Pools and the tenant transaction: the only place in the server where a transaction begins.

use crate::idempotency;
use crate::read::Reader;
use crate::statement::{Bind, Row, Statement};
use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleResult, Timeouts};
use domain::error::BUSY;
use domain::{Error, Kind, TenantId};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow, PgTransactionManager};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Row as _, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;
use words::t;

/// One pool per database role. The owner's is opened for migrations only and closed again.
#[derive(Debug, Clone)]
pub struct Pools {
    /// `nexus_app`: one tenant at a time, by the transaction's setting.
    pub app: TenantPool,
    /// `nexus_platform`: sign-in, the admin realm, claiming jobs, reading events across workspaces.
    pub platform: PgPool,
    /// The same two roles for reads that need one statement each, where the database can be reached so.
    pub readers: Option<Readers>,
}

#[derive(Debug, Clone)]
pub struct Readers {
    pub app: Reader,
    pub platform: Reader,
}

impl Readers {
    /// `None` where [`Reader::connect`] serves neither.
    pub fn connect(app_url: &str, platform_url: &str, max_connections: u32) -> Option<Self> {
        let app = Reader::connect(app_url, max_connections.max(2), "nexus-read")?;
        let platform = Reader::connect(platform_url, (max_connections / 2).max(2), "nexus-platform-read")?;
        Some(Self { app, platform })
    }
}

impl Pools {
    /// `max_connections` is of the app role; the platform role gets half as many. Readers get half of either's.
    pub async fn connect(app_url: &str, platform_url: &str, max_connections: u32) -> sqlx::Result<Self> {
        let readers = Readers::connect(app_url, platform_url, max_connections / 2);
        let most = if readers.is_some() { max_connections / 2 } else { max_connections };
        let app = TenantPool::connect(app_url, most.max(2)).await?;
        let platform = pool(platform_url, (most / 2).max(4), "nexus-platform").await?;
        Ok(Self { app, platform, readers })
    }

    /// The rows of one statement of the platform role, outside any transaction.
    pub async fn ask_platform(&self, sql: &'static str, binds: Vec<Bind>) -> domain::Result<Vec<Row>> {
        let statement = Statement::new(sql, binds);
        if let Some(readers) = &self.readers {
            return readers.platform.of_role(&statement).await;
        }
        let rows = statement.query().fetch_all(&self.platform).await.map_err(db_error)?;
        Ok(rows.into_iter().map(Row::Written).collect())
    }

    pub async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.app.close().await;
            readers.platform.close().await;
        }
        self.app.close();
        self.platform.close().await;
    }
}

fn options(url: &str, name: &str) -> sqlx::Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)?.application_name(name).statement_cache_capacity(256))
}

pub async fn pool(url: &str, max_connections: u32, name: &str) -> sqlx::Result<PgPool> {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(PATIENCE)
        // A connection is checked when it comes back (below); asking again before each use would cost a round trip.
        .test_before_acquire(false)
        .idle_timeout(IDLE)
        .connect_with(options(url, name)?)
        .await
}

/// How long somebody waits for a free connection, and how long one may lie idle.
const PATIENCE: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(300);

/// Connections of `nexus_app`, each lent to one [`TenantTx`] at a time.
///
/// Not `sqlx`'s pool: that one asks every connection that comes back whether it is alive, which is a round trip for each write. A
/// transaction knows what state it leaves its connection in.
#[derive(Debug, Clone)]
pub struct TenantPool(managed::Pool<Connections>);

pub struct Connections(PgConnectOptions);

/// The options hold a password.
impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").field("to", &self.0.get_host()).finish_non_exhaustive()
    }
}

impl managed::Manager for Connections {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<PgConnection> {
        let mut connection = PgConnection::connect_with(&self.0).await?;
        sqlx::raw_sql(idempotency::PREPARE).execute(&mut connection).await?;
        Ok(connection)
    }

    async fn recycle(&self, _: &mut PgConnection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        Ok(())
    }
}

impl TenantPool {
    /// Opens one connection, so that a wrong address is known at once, and closes those that lie idle for as long as the pool lives.
    async fn connect(url: &str, max_connections: u32) -> sqlx::Result<Self> {
        let pool = Self::lazy(options(url, "nexus")?, max_connections);
        drop(pool.acquire().await?);
        let weak = pool.0.weak();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE / 5).await;
                let Some(pool) = weak.upgrade().filter(|pool| !pool.is_closed()) else { return };
                pool.retain(|_, metrics| metrics.last_used() < IDLE);
            }
        });
        Ok(pool)
    }

    /// Opens none before the first use.
    #[expect(clippy::expect_used, reason = "it fails only for timeouts without a runtime")]
    pub fn lazy(options: PgConnectOptions, max_connections: u32) -> Self {
        let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE * 5), recycle: None };
        let pool = managed::Pool::builder(Connections(options))
            .max_size(usize::try_from(max_connections).unwrap_or(2))
            .timeouts(timeouts)
            // The one used last: the others become idle and are closed.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build();
        Self(pool.expect("a pool with timeouts has a runtime"))
    }

    async fn acquire(&self) -> sqlx::Result<Object<Connections>> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            PoolError::Closed => sqlx::Error::PoolClosed,
            _ => sqlx::Error::PoolTimedOut,
        })
    }

    fn close(&self) {
        self.0.close();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TxMode {
    ReadOnly,
    ReadWrite,
}

/// When what a consumer of events writes outlives a crash of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// When its commit was answered.
    AtOnce,
    /// Within a second, in the order of the commits. For whoever does what is lost once more, with the same result: the disk is not waited for.
    Soon,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// BEGIN or COMMIT was sent and not answered, or failed: nobody knows what the connection holds.
    Unsure,
    Open,
    Done,
}

/// A transaction of one tenant.
///
/// `sqlx`'s own `begin` counts the transaction only after BEGIN was answered: a request cancelled in between hands a connection back to the
/// pool with a transaction that nobody will ever commit. This type closes the connection whenever the answer to BEGIN or COMMIT was not
/// seen, and folds BEGIN and the tenant setting into one round trip.
#[derive(Debug)]
pub struct TenantTx {
    /// Always there, until it is dropped.
    lent: Option<Lent>,
    state: State,
}

#[derive(Debug)]
enum Lent {
    /// `sqlx` does not know of its transaction: with what it would do for one, nothing could be asked beside BEGIN.
    Tenant(Object<Connections>),
    Platform(PoolConnection<Postgres>),
}

impl Lent {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Tenant(connection) => connection,
            Self::Platform(connection) => connection,
        }
    }
}

/// The id is a UUID that we print ourselves; a statement of several commands takes no arguments.
fn of(tenant: TenantId) -> String {
    format!("set local app.tenant_id = '{tenant}'")
}

/// The call of a statement that every connection has prepared. Arguments stand in its text, since it goes out with others; text goes as the
/// hexadecimal digits of its bytes, so that nothing that a caller wrote is ever read as SQL.
#[derive(Debug, Clone)]
pub(crate) struct Prepared(String);

/// An argument of [`Prepared`].
pub(crate) enum Given<'a> {
    Id(Uuid),
    Text(&'a str),
}

impl Prepared {
    pub fn new(name: &'static str, given: &[Given<'_>]) -> Self {
        let printed: Vec<String> = given
            .iter()
            .map(|given| match given {
                Given::Id(id) => format!("'{id}'"),
                Given::Text(text) => format!("convert_from('\\x{}', 'UTF8')", hex::encode(text)),
            })
            .collect();
        Self(format!("execute {name} ({})", printed.join(", ")))
    }
}

impl TenantTx {
    pub async fn begin(pool: &TenantPool, tenant: TenantId, mode: TxMode) -> sqlx::Result<Self> {
        let mode = match mode {
            TxMode::ReadOnly => " read only",
            TxMode::ReadWrite => "",
        };
        Ok(Self::begin_tenant(pool, format!("begin{mode}; {}", of(tenant))).await?.0)
    }

    /// A transaction that may write, and in the same round trip whether it got an advisory lock, and the row that a statement found which every
    /// connection has prepared. It looks after the lock, in a snapshot of its own: what the holder before has committed, it sees.
    pub(crate) async fn begin_locked(
        pool: &TenantPool,
        tenant: TenantId,
        lock: i64,
        prepared: &Prepared,
    ) -> sqlx::Result<(Self, bool, Option<PgRow>)> {
        let lock = format!("select pg_try_advisory_xact_lock({lock})");
        let (tx, rows) = Self::begin_tenant(pool, format!("begin; {}; {lock}; {}", of(tenant), prepared.0)).await?;
        let mut rows = rows.into_iter();
        let locked = rows.next().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?;
        Ok((tx, locked, rows.next()))
    }

    async fn begin_tenant(pool: &TenantPool, sql: String) -> sqlx::Result<(Self, Vec<PgRow>)> {
        let lent = Lent::Tenant(pool.acquire().await?);
        let mut tx = Self { lent: Some(lent), state: State::Unsure };
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(tx.conn()).await?;
        tx.state = State::Open;
        Ok((tx, rows))
    }

    /// A transaction of the platform role, which has no tenant.
    pub async fn begin_platform(pool: &PgPool) -> sqlx::Result<Self> {
        Self::begin_with(Lent::Platform(pool.acquire().await?), "begin").await
    }

    /// A transaction of the platform role that reads what was committed since it last looked. PostgreSQL keeps the plan of such a statement,
    /// and one that it made while a month had hardly any rows reads and hashes all of them in every round, until somebody analyses the tables.
    /// Their indexes are right for few rows and for many, so nothing else is considered. Which of the indexes is a matter of how large a month has
    /// become, and is decided in each round (`plan_cache_mode` stays as it is): a plan that is kept from the first of a month reads a month's worth
    /// of another index for each event, until somebody analyses.
    pub async fn begin_feed(pool: &PgPool, durable: Durable) -> sqlx::Result<Self> {
        macro_rules! by_index {
            ($more:literal) => {
                concat!(
                    "begin; set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off",
                    $more
                )
            };
        }
        let by_index = match durable {
            Durable::AtOnce => by_index!(""),
            Durable::Soon => by_index!("; set local synchronous_commit = off"),
        };
        Self::begin_with(Lent::Platform(pool.acquire().await?), by_index).await
    }

    async fn begin_with(lent: Lent, sql: &'static str) -> sqlx::Result<Self> {
        let mut tx = Self { lent: Some(lent), state: State::Unsure };
        PgTransactionManager::begin(tx.conn(), Some(sql.into_sql_str())).await?;
        tx.state = State::Open;
        Ok(tx)
    }

    pub async fn commit(mut self) -> sqlx::Result<()> {
        self.state = State::Unsure;
        if matches!(self.lent, Some(Lent::Tenant(_))) {
            sqlx::raw_sql("commit").execute(self.conn()).await?;
        } else {
            PgTransactionManager::commit(self.conn()).await?;
        }
        self.state = State::Done;
        Ok(())
    }

    #[expect(clippy::expect_used, reason = "taken only when it is dropped")]
    pub fn conn(&mut self) -> &mut PgConnection {
        self.lent.as_mut().expect("a transaction holds its connection").connection()
    }
}

impl Drop for TenantTx {
    fn drop(&mut self) {
        let Some(lent) = self.lent.take() else { return };
        match (self.state, lent) {
            (State::Done, _) => {}
            (State::Open, Lent::Platform(mut connection)) => {
                // Queued; the pool's own check on return sends it, off the request's path.
                PgTransactionManager::start_rollback(&mut connection);
            }
            (State::Open, Lent::Tenant(connection)) => roll_back(connection),
            (State::Unsure, Lent::Platform(mut connection)) => connection.close_on_drop(),
            (State::Unsure, Lent::Tenant(connection)) => drop(Object::take(connection)),
        }
    }
}

/// Ends a transaction that was left open, off the request's path, and gives the connection back only when that was answered.
fn roll_back(mut connection: Object<Connections>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        drop(Object::take(connection));
        return;
    };
    runtime.spawn(async move {
        if sqlx::raw_sql("rollback").execute(&mut *connection).await.is_err() {
            drop(Object::take(connection));
        }
    });
}

/// Turns a database fault into what a person may see. What they may not see is logged here.
#[expect(clippy::needless_pass_by_value, reason = "used as map_err(db_error)")]
pub fn db_error(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some("members_owner_stays") {
        let words = t!("A workspace keeps at least one owner. Make somebody else an owner first");
        return Error::new(Kind::Conflict, words);
    }
    let (away, busy) = (matches!(error, sqlx::Error::Io(_)), matches!(error, sqlx::Error::PoolTimedOut));
    fault(code.as_deref(), away, busy, &error)
}

/// The same for either driver: the SQLSTATE, whether the connection is gone, whether none was free.
pub(crate) fn fault(code: Option<&str>, away: bool, busy: bool, error: &dyn std::fmt::Display) -> Error {
    if busy {
        tracing::warn!("no database connection became free in time");
        return Error::unavailable(t!("Too much is going on right now. Nothing was saved; try again in a moment"));
    }
    match code.unwrap_or_default() {
        // Serialisation failure, deadlock, lock timeout: another try will do.
        "40001" | "40P01" | "55P03" => {
            let words = t!("Somebody else was changing the same thing. Nothing was saved; try again");
            Error { code: Some(BUSY.to_owned()), ..Error::new(Kind::Conflict, words) }
        }
        "57014" => {
            tracing::warn!(%error, "a statement ran out of time");
            Error::unavailable(t!("This took too long and was stopped. Narrow the filter, or try again"))
        }
        // Text that PostgreSQL cannot hold, such as a NUL.
        "22021" | "22P05" => Error::invalid(t!("The text holds a character that cannot be stored")),
        code if away || matches!(code, "57P01" | "57P02" | "57P03" | "08006" | "08003") => {
            tracing::error!(%error, "the database went away");
            Error::unavailable(t!("The database is not answering. Nothing was saved; try again in a moment"))
        }
        _ => {
            tracing::error!(%error, "database error");
            Error::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_wrote_is_digits_in_the_text_of_a_statement() {
        let given = [Given::Id(Uuid::nil()), Given::Text("'); drop table leads; -- \\ ü")];
        let call = Prepared::new("claim", &given).0;
        assert_eq!(
            call,
            "execute claim ('00000000-0000-0000-0000-000000000000', \
             convert_from('\\x27293b2064726f70207461626c65206c656164733b202d2d205c20c3bc', 'UTF8'))"
        );
    }
}
