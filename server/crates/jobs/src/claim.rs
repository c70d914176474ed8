//! Taking jobs, keeping them and letting go of them: every statement a worker sends.

use crate::queue::{Fenced, Queue, advance, fence, finish};
use serde_json::Value;
use sqlx::PgConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// A job in the hands of this worker.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: Uuid,
    pub scope: Option<Uuid>,
    pub kind: String,
    pub payload: Value,
    /// 1 for the first try; one that brought the work on ([`Claimed::advance`]) counts as the first.
    pub attempt: i32,
    pub max_attempts: i32,
    /// Counts every take-over; what a fence compares.
    pub claim_no: i64,
    pub(crate) lease: Duration,
    /// Whether this try has brought the work on.
    pub(crate) came_on: Arc<AtomicBool>,
}

impl Claimed {
    /// Whether a failure now would be the last.
    pub fn is_last_attempt(&self) -> bool {
        let attempt = if self.came_on.load(Ordering::Relaxed) { 1 } else { self.attempt };
        attempt >= self.max_attempts
    }

    /// See [`fence`].
    pub async fn fence(&self, conn: &mut PgConnection) -> Result<(), Fenced> {
        fence(conn, self.id, self.claim_no, self.lease).await
    }

    /// See [`advance`]. Say it with [`Claimed::advanced`] once it is committed.
    pub async fn advance(&self, conn: &mut PgConnection) -> Result<(), Fenced> {
        advance(conn, self.id, self.claim_no, self.lease).await
    }

    /// The transaction that called [`Claimed::advance`] is committed: a failure from here on is the first.
    pub fn advanced(&self) {
        self.came_on.store(true, Ordering::Relaxed);
    }

    /// See [`finish`].
    pub async fn finish(&self, conn: &mut PgConnection) -> Result<(), Fenced> {
        finish(conn, self.id, self.claim_no).await
    }
}

/// What a worker may still take of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub kind: &'static str,
    pub count: i32,
}

// Asked at every wake-up, most of which are about something else; the claim itself costs a hundred times as much to plan.
const ANY_DUE: &str = "\
select exists (select from jobs where kind = any ($1) and state = 'queued' and run_at <= now())
    or exists (select from jobs where kind = any ($1) and state = 'running' and lease_until < now())";

const CLAIM: &str = include_str!("claim.sql");

// A row that its own fenced transaction holds is skipped: its lease is that transaction's business, and nobody else can take it meanwhile.
const RENEW: &str = "\
with mine as (
    select j.id from jobs j join unnest($1::uuid[], $2::bigint[]) as m (id, claim_no) on j.id = m.id and j.claim_no = m.claim_no
    where j.state = 'running' for update of j skip locked
)
update jobs j set lease_until = greatest(lease_until, now() + make_interval(secs => $3)) from mine where j.id = mine.id returning j.id";

const STILL_MINE: &str = "\
select j.id from jobs j join unnest($1::uuid[], $2::bigint[]) as m (id, claim_no) on j.id = m.id and j.claim_no = m.claim_no
where j.state = 'running'";

const DONE: &str = "\
update jobs set state = 'done', finished_at = now(), lease_until = null where id = $1 and claim_no = $2 and state = 'running'";

const FAIL: &str = "\
update jobs set state = 'failed', finished_at = now(), lease_until = null, error = $3 where id = $1 and claim_no = $2 and state = 'running'";

// Exponential from $4 seconds up to $5, between half and all of it so that what failed together does not come back together.
const RETRY: &str = "\
update jobs set
    state = case when attempts < max_attempts then 'queued' else 'failed' end,
    run_at = case when attempts < max_attempts
        then now() + make_interval(secs => least($5, $4 * power(2, least(attempts - 1, 40))) * (0.5 + random() / 2)) else run_at end,
    finished_at = case when attempts < max_attempts then null else now() end,
    lease_until = null, error = $3
where id = $1 and claim_no = $2 and state = 'running' returning state";

const LATER: &str = "\
update jobs set state = 'queued', attempts = greatest(attempts - 1, 0), run_at = now() + make_interval(secs => $3), lease_until = null
where id = $1 and claim_no = $2 and state = 'running'";

const HAND_BACK: &str = "\
update jobs j set state = 'queued', attempts = greatest(attempts - 1, 0), run_at = least(run_at, now()), lease_until = null
from unnest($1::uuid[], $2::bigint[]) as m (id, claim_no)
where j.id = m.id and j.claim_no = m.claim_no and j.state = 'running'";

type Row = (Uuid, Option<Uuid>, String, Value, i32, i32, i64, String);

impl Queue {
    pub(crate) async fn claim(
        &self,
        wanted: &[Wanted],
        limit: i32,
        lease: Duration,
        worker: &str,
    ) -> sqlx::Result<Vec<Claimed>> {
        let (kinds, counts): (Vec<&str>, Vec<i32>) = wanted.iter().map(|wanted| (wanted.kind, wanted.count)).unzip();
        if !sqlx::query_scalar::<_, bool>(ANY_DUE).bind(&kinds).fetch_one(&self.pool).await? {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = sqlx::query_as(CLAIM)
            .bind(kinds)
            .bind(counts)
            .bind(limit)
            .bind(lease.as_secs_f64())
            .bind(worker)
            .fetch_all(&self.pool)
            .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for (id, scope, kind, payload, attempt, max_attempts, claim_no, state) in rows {
            if state == "failed" {
                tracing::error!(job = %id, kind, "a job was given up: no worker survived it");
            } else {
                let came_on = Arc::default();
                claimed.push(Claimed { id, scope, kind, payload, attempt, max_attempts, claim_no, lease, came_on });
            }
        }
        Ok(claimed)
    }

    /// Renews leases; answers with the jobs that are no longer this worker's.
    pub(crate) async fn renew(&self, held: &[(Uuid, i64)], lease: Duration) -> sqlx::Result<Vec<Uuid>> {
        let renewed: Vec<(Uuid,)> = self.over(RENEW, held).bind(lease.as_secs_f64()).fetch_all(&self.pool).await?;
        let mut missing: Vec<(Uuid, i64)> = held.to_vec();
        missing.retain(|(id, _)| !renewed.iter().any(|(kept,)| kept == id));
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let locked: Vec<(Uuid,)> = self.over(STILL_MINE, &missing).fetch_all(&self.pool).await?;
        missing.retain(|(id, _)| !locked.iter().any(|(kept,)| kept == id));
        Ok(missing.into_iter().map(|(id, _)| id).collect())
    }

    pub(crate) async fn hand_back(&self, held: &[(Uuid, i64)]) -> sqlx::Result<u64> {
        let (ids, claims): (Vec<Uuid>, Vec<i64>) = held.iter().copied().unzip();
        Ok(sqlx::query(HAND_BACK).bind(ids).bind(claims).execute(&self.pool).await?.rows_affected())
    }

    fn over(
        &self,
        sql: &'static str,
        held: &[(Uuid, i64)],
    ) -> sqlx::query::QueryAs<'static, sqlx::Postgres, (Uuid,), sqlx::postgres::PgArguments> {
        let (ids, claims): (Vec<Uuid>, Vec<i64>) = held.iter().copied().unzip();
        sqlx::query_as(sql).bind(ids).bind(claims)
    }

    pub(crate) async fn done(&self, job: &Claimed) -> sqlx::Result<()> {
        sqlx::query(DONE).bind(job.id).bind(job.claim_no).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn fail(&self, job: &Claimed, error: &str) -> sqlx::Result<()> {
        sqlx::query(FAIL).bind(job.id).bind(job.claim_no).bind(printable(error)).execute(&self.pool).await?;
        Ok(())
    }

    /// Whether the job got another try.
    pub(crate) async fn retry(&self, job: &Claimed, error: &str, base: Duration, cap: Duration) -> sqlx::Result<bool> {
        let state: Option<(String,)> = sqlx::query_as(RETRY)
            .bind(job.id)
            .bind(job.claim_no)
            .bind(printable(error))
            .bind(base.as_secs_f64())
            .bind(cap.as_secs_f64())
            .fetch_optional(&self.pool)
            .await?;
        Ok(state.is_some_and(|(state,)| state == "queued"))
    }

    pub(crate) async fn later(&self, job: &Claimed, wait: Duration) -> sqlx::Result<()> {
        sqlx::query(LATER).bind(job.id).bind(job.claim_no).bind(wait.as_secs_f64()).execute(&self.pool).await?;
        Ok(())
    }
}

/// PostgreSQL holds no NUL in text, and an error that cannot be stored would hide the one it reports.
fn printable(error: &str) -> String {
    error.replace('\0', "\u{fffd}")
}
