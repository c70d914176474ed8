//! Taking runs, keeping them, and writing down how far they got: every statement that decides who may go on with a run.

use chrono::{DateTime, Utc};
use domain::{Error, Result};
use platform::{Ctx, db_error};
use serde_json::Value;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// A run that no worker has survived so often is given up, so that it cannot take down one worker after the other.
pub const MOST_CLAIMS: i32 = 10;

/// A run in the hands of this worker, with the event that began it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Claimed {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub workflow_id: Uuid,
    pub version: i32,
    pub state: String,
    pub event_id: Uuid,
    pub entity: Option<String>,
    pub record_id: Option<Uuid>,
    pub started_by: Option<Uuid>,
    pub correlation_id: Uuid,
    pub depth: i16,
    pub step: Option<String>,
    pub context: String,
    pub tries: i32,
    pub lease_token: i64,
    pub lineage: Uuid,
    /// Nothing where a person started it.
    pub event_type: Option<String>,
    pub event_at: Option<DateTime<Utc>>,
    pub event_actor: Option<Uuid>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// What the step's waitpoint was resolved with.
    pub resumed: Option<String>,
}

// Two workers never take one run: rows that another is taking are skipped. In a line of runs only the first goes. Runs of dead workers come
// first: they have waited a lease longer.
const CLAIM: &str = "\
with expired as (
    select tenant_id, id from runs where state = 'RUNNING' and lease_until < now() order by lease_until limit $1 for update skip locked
), due as (
    select r.tenant_id, r.id from runs r
    where r.state = 'PENDING' and r.due_at <= now() and (not r.ordered or not exists (
        select from runs e
        where e.tenant_id = r.tenant_id and e.workflow_id = r.workflow_id and e.record_id is not distinct from r.record_id and e.ordered
          and e.state in ('PENDING', 'RUNNING', 'WAITING', 'WAITING_APPROVAL', 'PAUSED')
          and (e.state <> 'PENDING' or (e.begun_at, e.id) < (r.begun_at, r.id)) and e.id <> r.id and r.record_id is not null))
    order by r.due_at, r.begun_at limit $1 for update of r skip locked
), taken as (select * from expired union all select * from due limit $1),
claimed as (
    update runs r set
        state = case when claims < $4 then 'RUNNING' else 'FAILED' end,
        lease_token = lease_token + 1, claims = claims + 1,
        lease_owner = $2,
        lease_until = case when claims < $4 then now() + make_interval(secs => $3) end,
        started_at = coalesce(started_at, now()),
        finished_at = case when claims < $4 then null else now() end,
        error = case when claims < $4 then error else jsonb_build_object('kind', 'internal', 'message',
            format('Given up: %s workers that took this run stopped without an answer, the last one was %s', claims, coalesce(lease_owner, 'unknown'))) end
    from taken t where r.tenant_id = t.tenant_id and r.id = t.id
    returning r.*
)
select r.tenant_id, r.id, r.workflow_id, r.version, r.state, r.event_id, r.entity, r.record_id, r.started_by, r.correlation_id, r.depth,
    r.step, r.context::text as context, r.tries, r.lease_token, coalesce(r.replayed_from, r.id) as lineage,
    e.type as event_type, e.at as event_at, e.actor_id as event_actor, c.before::text as before, c.after::text as after,
    w.payload::text as resumed
from claimed r
left join events e on e.tenant_id = r.tenant_id and e.id = r.event_id
left join changes c on c.tenant_id = e.tenant_id and c.id = e.change_id
left join waitpoints w on w.tenant_id = r.tenant_id and w.run_id = r.id and w.step = r.step and w.state = 'resolved'
order by r.due_at, r.begun_at";

const RENEW: &str = "\
with mine as (
    select r.tenant_id, r.id from runs r join unnest($1::uuid[], $2::uuid[], $3::bigint[]) as m (tenant_id, id, token)
        on r.tenant_id = m.tenant_id and r.id = m.id and r.lease_token = m.token
    where r.state = 'RUNNING' for update of r skip locked
)
update runs r set lease_until = greatest(lease_until, now() + make_interval(secs => $4))
from mine where r.tenant_id = mine.tenant_id and r.id = mine.id";

// Through no fault of the run: the take-up does not count.
const HAND_BACK: &str = "\
update runs set state = 'PENDING', lease_until = null, due_at = now() + interval '1 second', claims = greatest(claims - 1, 0)
where tenant_id = $1 and id = $2 and lease_token = $3 and state = 'RUNNING'";

// Asked at every wake-up, most of which are about something else.
const ANY: &str = "\
select exists (select from runs where state = 'PENDING' and due_at <= now())
    or exists (select from runs where state = 'RUNNING' and lease_until < now())";

// The fence: the run has to be this claim's still, and stays so until the commit, because its row is locked from here on. A worker whose
// lease ran out, and whose run another has taken or somebody has cancelled, gets nothing back and rolls all of its work back.
const ADVANCE: &str = "\
with mine as (
    update runs set state = $4, step = $5, context = $6::jsonb, tries = $7, due_at = now() + make_interval(secs => $8),
        error = $9::jsonb, outcome = $10, claims = 0, lease_until = null,
        finished_at = case when $4 in ('COMPLETED', 'FAILED', 'CANCELLED') then clock_timestamp() end
    where tenant_id = $1 and id = $2 and lease_token = $3 and state = 'RUNNING'
    returning id
), kept as (
    insert into step_attempts (tenant_id, run_id, step, attempt, outcome, input, output, error, started_at, finished_at)
    select $1, $2, a.step,
        coalesce((select max(attempt) from step_attempts s where s.tenant_id = $1 and s.run_id = $2 and s.step = a.step), 0) + 1,
        a.outcome, a.input::jsonb, a.output::jsonb, a.error::jsonb, a.started_at, case when a.outcome <> 'waiting' then a.finished_at end
    from mine, unnest($11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::timestamptz[])
        as a (step, outcome, input, output, error, started_at, finished_at)
)
select id from mine";

/// Whether a worker may still write what it did.
#[derive(Debug)]
pub enum Fenced {
    /// Another worker has the run, or it was cancelled: nothing of this may be committed.
    Lost,
    Failed(Error),
}

impl From<Error> for Fenced {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How a step went, as its attempt row keeps it.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub step: String,
    pub outcome: &'static str,
    pub input: Value,
    pub output: Option<Value>,
    pub error: Option<Value>,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
}

/// Where a run stands after what was done.
#[derive(Debug, Clone)]
pub struct Place {
    pub state: &'static str,
    pub step: Option<String>,
    pub context: String,
    pub tries: i32,
    /// Seconds until it may go on.
    pub pause: f64,
    pub error: Option<Value>,
    pub outcome: Option<String>,
}

/// Takes up to `most` runs for a worker. Those that no worker survived come back as failed, and are nobody's.
pub async fn claim(pool: &PgPool, most: usize, lease: Duration, owner: &str) -> Result<Vec<Claimed>> {
    if !sqlx::query_scalar::<_, bool>(ANY).fetch_one(pool).await.map_err(db_error)? {
        return Ok(Vec::new());
    }
    let mut claimed: Vec<Claimed> = sqlx::query_as(CLAIM)
        .bind(i64::try_from(most).unwrap_or(1))
        .bind(owner)
        .bind(lease.as_secs_f64())
        .bind(MOST_CLAIMS)
        .fetch_all(pool)
        .await
        .map_err(db_error)?;
    claimed.retain(|run| run.state == "RUNNING");
    Ok(claimed)
}

/// Lets go of a run that could not be gone on with, so that nobody waits for its lease.
pub async fn hand_back(pool: &PgPool, run: &Claimed) -> Result<()> {
    let back = sqlx::query(HAND_BACK).bind(run.tenant_id).bind(run.id).bind(run.lease_token);
    back.execute(pool).await.map_err(db_error)?;
    Ok(())
}

/// Keeps leases from running out while their runs are being worked on.
pub async fn renew(pool: &PgPool, held: &[(Uuid, Uuid, i64)], lease: Duration) -> Result<()> {
    let tenants: Vec<Uuid> = held.iter().map(|(tenant, ..)| *tenant).collect();
    let ids: Vec<Uuid> = held.iter().map(|(_, id, _)| *id).collect();
    let tokens: Vec<i64> = held.iter().map(|(.., token)| *token).collect();
    let renewed = sqlx::query(RENEW).bind(tenants).bind(ids).bind(tokens).bind(lease.as_secs_f64()).execute(pool);
    renewed.await.map_err(db_error)?;
    Ok(())
}

/// Writes down, in the step's own transaction, what was done and where the run stands: only while the run is still this claim's.
pub async fn advance(ctx: &mut Ctx, run: &Claimed, place: &Place, attempts: &[Attempt]) -> Result<(), Fenced> {
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let (steps, outcomes): (Vec<&str>, Vec<&str>) =
        attempts.iter().map(|attempt| (attempt.step.as_str(), attempt.outcome)).unzip();
    let inputs: Vec<String> = attempts.iter().map(|attempt| attempt.input.to_string()).collect();
    let outputs: Vec<Option<String>> = attempts.iter().map(|attempt| text(&attempt.output)).collect();
    let errors: Vec<Option<String>> = attempts.iter().map(|attempt| text(&attempt.error)).collect();
    let started: Vec<DateTime<Utc>> = attempts.iter().map(|attempt| attempt.started_at).collect();
    let finished: Vec<DateTime<Utc>> = attempts.iter().map(|attempt| attempt.finished_at).collect();
    let mine: Option<Uuid> = sqlx::query_scalar(ADVANCE)
        .bind(run.tenant_id)
        .bind(run.id)
        .bind(run.lease_token)
        .bind(place.state)
        .bind(&place.step)
        .bind(&place.context)
        .bind(place.tries)
        .bind(place.pause)
        .bind(text(&place.error))
        .bind(&place.outcome)
        .bind(steps)
        .bind(outcomes)
        .bind(inputs)
        .bind(outputs)
        .bind(errors)
        .bind(started)
        .bind(finished)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    match mine {
        Some(_) => Ok(()),
        None => Err(Fenced::Lost),
    }
}
