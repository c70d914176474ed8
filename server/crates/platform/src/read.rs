//! Reading in one round trip.
//!
//! A read under row security is a transaction of its own: begin with the tenant, the statement, the end. `sqlx` waits for each answer before
//! it sends the next, and asks after the connection when it comes back to the pool: four turns of client and database. Here all of it goes
//! out at once. Measured together with one statement for session and member, one record went from 0.16 to 0.27 of the ceiling.
//!
//! The transaction begins and ends within what one call sends, so nothing is left open when a request is cancelled, and the tenant never
//! outlives its statement. What reads several statements reads each in a transaction of its own, which under READ COMMITTED is what one
//! transaction would have seen too.
//!
//! Only for databases on this machine, or where TLS is switched off: this driver is not given TLS, and must not send in clear what the other
//! would have encrypted. Elsewhere reads go through [`TenantTx`](crate::TenantTx).

use crate::db::fault;
use crate::statement::{Row, Statement};
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolConfig, PoolError, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use domain::{Error, Result, TenantId};
use futures::join;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};

/// Statements that a connection keeps prepared at most; then it forgets them all.
const PREPARED: usize = 256;

/// Ten times what PostgreSQL assumes. Its helpers are processes that begin anew for each statement: a search of two words among a million leads took
/// three times as long with them as without, while what adds up all of these is still worth them.
const HELPERS_COST: &str = "parallel_setup_cost=10000";

/// Connections that small statements share (`Reader::of_role`).
const SHARED: usize = 2;

/// A pool of one database role, for reading.
#[derive(Clone)]
pub struct Reader {
    pool: Pool,
    shared: Arc<[Mutex<Option<Arc<Object>>>; SHARED]>,
    turn: Arc<AtomicUsize>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

impl Reader {
    /// `None` where the database is reached in a way that this driver does not serve.
    pub fn connect(url: &str, max_connections: u32, name: &str) -> Option<Self> {
        let config = config(url, name)?;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let wait = Some(Duration::from_secs(2));
        let limits = PoolConfig {
            max_size: max_connections as usize,
            timeouts: Timeouts { wait, create: wait, recycle: wait },
            // The connection used last is the one whose caches are warm.
            queue_mode: QueueMode::Lifo,
        };
        Pool::builder(manager).config(limits).runtime(Runtime::Tokio1).build().ok().map(|pool| Self {
            pool,
            shared: Arc::default(),
            turn: Arc::default(),
        })
    }

    pub async fn close(&self) {
        self.pool.close();
        for held in self.shared.iter() {
            held.lock().await.take();
        }
    }

    /// The rows of one statement, under the tenant's own eyes.
    pub async fn of_tenant(&self, tenant: TenantId, statement: &Statement) -> Result<Vec<Row>> {
        let client = self.client().await?;
        // The id is a UUID that we print ourselves; a statement of several commands takes no arguments.
        let mut begin = format!("begin read only; set local app.tenant_id = '{tenant}'");
        // All three are sent whatever becomes of the first: where a refusal comes back while the rest is still to be sent, whoever waits for
        // the first fault alone leaves the transaction open, and the next on this connection is refused for it.
        let (begun, rows, ended) = if statement.fresh {
            begin.push_str("; set local plan_cache_mode = force_custom_plan");
            join!(client.batch_execute(&begin), planned_anew(&client, statement), client.batch_execute("rollback"))
        } else {
            // Before the transaction begins: whoever is cut off while waiting for this leaves nothing behind.
            let prepared = prepared(&client, statement).await?;
            let arguments = arguments(statement);
            join!(client.batch_execute(&begin), client.query(&prepared, &arguments), client.batch_execute("rollback"))
        };
        begun.map_err(failed)?;
        let rows = rows.map_err(failed)?;
        ended.map_err(failed)?;
        Ok(rows.into_iter().map(Row::Read).collect())
    }

    /// The rows of one small statement of a role that has no tenant. A statement alone needs no connection to itself: those of many requests
    /// follow each other on the same few, whose caches are warm, and one write to the socket carries several of them.
    pub async fn of_role(&self, statement: &Statement) -> Result<Vec<Row>> {
        let client = self.shared().await?;
        let prepared = prepared(&client, statement).await?;
        let rows = client.query(&prepared, &arguments(statement)).await.map_err(failed)?;
        Ok(rows.into_iter().map(Row::Read).collect())
    }

    async fn shared(&self) -> Result<Arc<Object>> {
        let mut held = self.shared[self.turn.fetch_add(1, Ordering::Relaxed) % SHARED].lock().await;
        match &*held {
            Some(client) if !client.is_closed() => Ok(client.clone()),
            _ => Ok(held.insert(Arc::new(self.client().await?)).clone()),
        }
    }

    async fn client(&self) -> Result<Object> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(_) => fault(None, false, true, &error),
            PoolError::Backend(error) => failed(error),
            error => fault(None, true, false, &error),
        })
    }
}

async fn prepared(client: &Object, statement: &Statement) -> Result<tokio_postgres::Statement> {
    if client.statement_cache.size() >= PREPARED {
        client.statement_cache.clear();
    }
    let types: Vec<Type> = statement.binds.iter().map(crate::statement::Bind::of_type).collect();
    client.prepare_typed_cached(&statement.text, &types).await.map_err(failed)
}

fn arguments(statement: &Statement) -> Vec<&(dyn ToSql + Sync)> {
    statement.binds.iter().map(|bind| bind as &(dyn ToSql + Sync)).collect()
}

async fn planned_anew(
    client: &Client,
    statement: &Statement,
) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    let arguments: Vec<(&(dyn ToSql + Sync), Type)> =
        statement.binds.iter().map(|bind| (bind as &(dyn ToSql + Sync), bind.of_type())).collect();
    client.query_typed(&statement.text, &arguments).await
}

#[expect(clippy::needless_pass_by_value, reason = "used as map_err(failed)")]
fn failed(error: tokio_postgres::Error) -> Error {
    let code = error.code().map(tokio_postgres::error::SqlState::code).map(str::to_owned);
    let away = error.is_closed() || (code.is_none() && error.as_db_error().is_none());
    // The error itself says only that it is one of the database.
    match error.as_db_error() {
        Some(said) => fault(code.as_deref(), away, false, &format!("{} ({})", said.message(), said.code().code())),
        None => fault(code.as_deref(), away, false, &error),
    }
}

/// What of the URL this driver understands, where it may speak without TLS.
fn config(url: &str, name: &str) -> Option<tokio_postgres::Config> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let kept: Vec<String> = pairs
        .iter()
        .filter(|(key, _)| matches!(*key, "host" | "port" | "user" | "password" | "dbname" | "options"))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let mut config = tokio_postgres::Config::from_str(&format!("{base}?{}", kept.join("&"))).ok()?;
    let off = pairs.iter().any(|(key, value)| matches!(*key, "sslmode" | "ssl-mode") && *value == "disable");
    let here = config.get_hosts().iter().all(|host| match host {
        tokio_postgres::config::Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        tokio_postgres::config::Host::Unix(_) => true,
    });
    if config.get_hosts().is_empty() || !(here || off) {
        return None;
    }
    // What is prepared is planned once: whoever builds a statement says so where that would be wrong (`Statement::fresh`). Left to itself
    // PostgreSQL plans a list of six tables anew each time, which costs more than reading it.
    let options = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{options} -c plan_cache_mode=force_generic_plan -c {HELPERS_COST}").trim_start());
    config.application_name(name).ssl_mode(tokio_postgres::config::SslMode::Disable);
    Some(config)
}

#[cfg(test)]
mod tests {
    use super::config;

    #[test]
    fn nothing_goes_out_in_clear_that_might_have_been_encrypted() {
        for served in [
            "postgresql://nexus_app@%2Frun%2Fnexus:5432/nexus",
            "postgres://nexus_app:secret@localhost:5433/nexus",
            "postgres://nexus_app:secret@127.0.0.1/nexus?sslmode=prefer&statement-cache-capacity=10",
            "postgres:///nexus?host=/var/run/postgresql&user=nexus_app",
            "postgres://nexus_app@db.internal/nexus?sslmode=disable",
        ] {
            assert!(config(served, "nexus").is_some(), "{served}");
        }
        for left in [
            "postgres://nexus_app@db.internal/nexus",
            "postgres://nexus_app@10.0.0.5/nexus?sslmode=require",
            "postgres://nexus_app@db.internal/nexus?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        ] {
            assert!(config(left, "nexus").is_none(), "{left}");
        }
    }
}
