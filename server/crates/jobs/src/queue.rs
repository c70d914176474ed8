//! Putting jobs in, fencing the work they do, and looking after what is there.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

const ENQUEUE: &str = "\
insert into jobs (id, tenant_id, kind, payload, run_at, max_attempts, unique_key)
values ($1, $2, $3, $4, coalesce($5, now()), $6, $7)
on conflict (tenant_id, unique_key) where state in ('queued', 'running') and unique_key is not null do nothing";

const FENCE: &str = "\
update jobs set lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => $3))
where id = $1 and claim_no = $2 and state = 'running'";

const ADVANCE: &str = "\
update jobs set lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => $3)), attempts = 1
where id = $1 and claim_no = $2 and state = 'running'";

const FINISH: &str = "\
update jobs set state = 'done', finished_at = clock_timestamp(), lease_until = null
where id = $1 and claim_no = $2 and state = 'running'";

const STATS: &str = "\
select kind,
    count(*) filter (where state = 'queued'),
    count(*) filter (where state = 'running'),
    count(*) filter (where state = 'failed'),
    extract(epoch from now() - min(run_at) filter (where state = 'queued' and run_at <= now()))::float8
from jobs where state in ('queued', 'running', 'failed') group by kind order by kind";

const PURGE: &str = "\
delete from jobs where id in (
    select id from jobs where state = 'done' and finished_at < now() - make_interval(secs => $1)
    order by finished_at limit $2 for update skip locked)";

const RETRY_FAILED: &str = "\
update jobs set state = 'queued', attempts = 0, run_at = now(), finished_at = null where id = $1 and state = 'failed'";

/// A job to be.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: Uuid,
    /// Whose job it is; `None` for maintenance.
    pub scope: Option<Uuid>,
    pub kind: &'static str,
    pub payload: Value,
    /// `None` is now, by the database's clock.
    pub run_at: Option<DateTime<Utc>>,
    /// Tries altogether, those included that a worker did not survive; since the work last came on ([`advance`]), where it does so by steps.
    pub max_attempts: i32,
    /// Names one piece of work within the scope, such as `import:<id>`: while a job of the same key waits or runs, no second one is queued.
    /// Not for signals like "something changed": a running job may have looked already.
    pub unique_key: Option<String>,
}

impl NewJob {
    pub const fn new(id: Uuid, kind: &'static str, payload: Value) -> Self {
        Self { id, scope: None, kind, payload, run_at: None, max_attempts: 5, unique_key: None }
    }

    pub const fn scope(mut self, scope: Uuid) -> Self {
        self.scope = Some(scope);
        self
    }

    pub const fn at(mut self, run_at: DateTime<Utc>) -> Self {
        self.run_at = Some(run_at);
        self
    }

    pub const fn attempts(mut self, max: i32) -> Self {
        self.max_attempts = max;
        self
    }

    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }
}

/// Another worker has the job by now, or it ended. Whoever gets this must not commit.
#[derive(Debug, thiserror::Error)]
pub enum Fenced {
    #[error("the job was taken over by another worker")]
    Lost,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Queues a job in the caller's transaction. `false` where its unique key is taken. Wake the workers after the commit.
pub async fn enqueue(conn: &mut PgConnection, job: NewJob) -> sqlx::Result<bool> {
    let done = sqlx::query(ENQUEUE)
        .bind(job.id)
        .bind(job.scope)
        .bind(job.kind)
        .bind(job.payload)
        .bind(job.run_at)
        .bind(job.max_attempts)
        .bind(job.unique_key)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes sure, inside the business transaction, that the job is still this claim's, and keeps it so until the commit. Call it last: it holds
/// the job's row, and the lease counts from here.
pub async fn fence(conn: &mut PgConnection, job: Uuid, claim_no: i64, lease: Duration) -> Result<(), Fenced> {
    let held = sqlx::query(FENCE).bind(job).bind(claim_no).bind(lease.as_secs_f64()).execute(conn).await?;
    if held.rows_affected() == 1 { Ok(()) } else { Err(Fenced::Lost) }
}

/// [`fence`] for a transaction that brings the work on, so that less is left of it: with its commit the job has all its tries again. A job of a
/// thousand steps meets more passing faults than one of a single step, and none of them is a reason to give it up.
pub async fn advance(conn: &mut PgConnection, job: Uuid, claim_no: i64, lease: Duration) -> Result<(), Fenced> {
    let held = sqlx::query(ADVANCE).bind(job).bind(claim_no).bind(lease.as_secs_f64()).execute(conn).await?;
    if held.rows_affected() == 1 { Ok(()) } else { Err(Fenced::Lost) }
}

/// Ends the job inside the business transaction, so that work and end commit together: exactly once. The handler then answers
/// [`Outcome::Done`](crate::Outcome::Done).
pub async fn finish(conn: &mut PgConnection, job: Uuid, claim_no: i64) -> Result<(), Fenced> {
    let held = sqlx::query(FINISH).bind(job).bind(claim_no).execute(conn).await?;
    if held.rows_affected() == 1 { Ok(()) } else { Err(Fenced::Lost) }
}

/// How a kind of job is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    pub kind: String,
    pub queued: i64,
    pub running: i64,
    pub failed: i64,
    /// How long the longest waiting job has been due.
    pub lag_seconds: f64,
}

/// The queue across all scopes, over the pool of a role that may see every job.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(crate) pool: PgPool,
}

impl Queue {
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// [`enqueue`] outside any transaction, for maintenance.
    pub async fn enqueue(&self, job: NewJob) -> sqlx::Result<bool> {
        let mut conn = self.pool.acquire().await?;
        enqueue(&mut conn, job).await
    }

    pub async fn stats(&self) -> sqlx::Result<Vec<Stats>> {
        let rows: Vec<(String, i64, i64, i64, Option<f64>)> = sqlx::query_as(STATS).fetch_all(&self.pool).await?;
        let stats = |(kind, queued, running, failed, lag): (String, i64, i64, i64, Option<f64>)| Stats {
            kind,
            queued,
            running,
            failed,
            lag_seconds: lag.unwrap_or_default(),
        };
        Ok(rows.into_iter().map(stats).collect())
    }

    /// Removes up to `limit` jobs that were done longer ago than `kept`. Failed ones stay until somebody has looked at them.
    pub async fn purge(&self, kept: Duration, limit: i64) -> sqlx::Result<u64> {
        Ok(sqlx::query(PURGE).bind(kept.as_secs_f64()).bind(limit).execute(&self.pool).await?.rows_affected())
    }

    /// Gives a failed job all its tries again. `false` where it did not fail (any more).
    pub async fn retry_failed(&self, job: Uuid) -> sqlx::Result<bool> {
        Ok(sqlx::query(RETRY_FAILED).bind(job).execute(&self.pool).await?.rows_affected() == 1)
    }
}
