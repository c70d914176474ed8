//! Workflows: how many three-step runs two workers finish in a second, and how long one takes from its event to its end at half of that.
//!
//! The events are written by the database as an operation would write them, so that what is measured is matching, claiming and doing.

use super::Arguments;
use super::bars::Measured;
use super::process::Nexus;
use super::world::World;
use crate::out;
use anyhow::{Context, Result, bail};
use serde_json::json;
use sqlx::PgConnection;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Runs of one round.
const RUNS: u32 = 6000;
const ROUNDS: usize = 3;
/// Longest wait for a round.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long events come in at half the load, and how often some of them do.
const STEADY: Duration = Duration::from_secs(6);
const TICK: Duration = Duration::from_millis(10);

const WORKFLOW: &str = "\
insert into workflows (tenant_id, id, key, name, active, entity, trigger, created_by, active_since)
values ($1, $2, 'bench', 'Bench', true, 'lead', 'event', $3, now() - interval '1 minute')";
const VERSION: &str = "insert into workflow_versions (tenant_id, workflow_id, version, definition, created_by) values ($1, $2, 1, $3::jsonb, $4)";
const EVENTS: &str = "\
insert into events (tenant_id, id, at, type, entity, record_id, actor_id, source, correlation_id)
select $1, fresh.id, clock_timestamp(), 'bench.tick', 'lead', t.record, $2, 'request', fresh.id
from unnest($3::uuid[]) as t (record),
    lateral (select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid as id
        from (select md5(t.record::text || clock_timestamp()::text) as h) hashed) fresh";
const DONE: &str = "select count(*) filter (where state = 'COMPLETED'), count(*) filter (where state in ('FAILED', 'PAUSED')) from runs where tenant_id = $1 and created_at >= $2";
const LATENCY: &str = "\
select percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from r.finished_at - e.at)::float8) from runs r
join events e on e.tenant_id = r.tenant_id and e.id = r.event_id
where r.tenant_id = $1 and r.created_at >= $2 and r.state = 'COMPLETED'";

pub async fn measure(world: &World, arguments: &Arguments, rows: u32) -> Result<Vec<Measured>> {
    if !arguments.wants_any(&["P-12", "P-13"]) {
        return Ok(Vec::new());
    }
    let mut admin = world.admin().await?;
    install(&mut admin, world).await?;
    let (first, second) = (Nexus::start(world).await?, Nexus::start(world).await?);
    let sample = world.sample(rows, RUNS).await?;
    let mut measured = Vec::new();
    out::line("Measuring P-12 ...");
    let mut rates = Vec::new();
    for round in 0..=ROUNDS {
        let rate = round_of(&mut admin, world, &sample).await?;
        // The first one is to warm up.
        if round > 0 {
            rates.push(rate);
        }
    }
    let rate = super::load::median(&mut rates);
    if arguments.wants("P-12") {
        measured.push(Measured::new("P-12", "", rate));
    }
    if arguments.wants("P-13") {
        out::line("Measuring P-13 ...");
        let (half, whole) = steady(&mut admin, world, &sample, rate / 2.0).await?;
        measured.push(Measured::new("P-13", "p50", half));
        measured.push(Measured::new("P-13", "p99", whole));
    }
    first.stop().await?;
    second.stop().await?;
    sqlx::raw_sql("truncate runs, step_attempts, waitpoints, notifications, workflows, workflow_versions, approvals, approval_decisions; truncate changes, events")
        .execute(&mut admin)
        .await?;
    Ok(measured)
}

/// A condition, an update and a message in the product.
async fn install(admin: &mut PgConnection, world: &World) -> Result<()> {
    let definition = json!({
        "key": "bench", "name": "Bench", "active": true, "maxPerMinute": 10_000_000,
        "trigger": { "on": "event", "event": "bench.tick", "entity": "lead" },
        "steps": [
            { "key": "worth_it", "type": "branch", "input": { "if": "lead.name != ''", "else": "end" } },
            { "key": "note", "type": "update_record", "input": { "values": { "nextStep": "{{ lead.name }} at {{ now() }}" } } },
            { "key": "tell", "type": "notify", "input": { "member": "lead.owner", "title": "{{ lead.name }} was looked at" } },
        ],
    });
    let id = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
    sqlx::raw_sql("truncate runs, step_attempts, waitpoints, notifications, workflows, workflow_versions, approvals, approval_decisions")
        .execute(&mut *admin)
        .await?;
    sqlx::query(WORKFLOW).bind(world.tenant.0).bind(id).bind(world.member.0).execute(&mut *admin).await?;
    let version = sqlx::query(VERSION).bind(world.tenant.0).bind(id).bind(definition.to_string()).bind(world.member.0);
    version.execute(&mut *admin).await?;
    Ok(())
}

async fn begin(admin: &mut PgConnection, world: &World, records: &[Uuid]) -> Result<()> {
    sqlx::query(EVENTS).bind(world.tenant.0).bind(world.member.0).bind(records).execute(&mut *admin).await?;
    sqlx::query("select pg_notify('nexus_wake', '')").execute(&mut *admin).await?;
    Ok(())
}

async fn now(admin: &mut PgConnection) -> Result<chrono::DateTime<chrono::Utc>> {
    Ok(sqlx::query_scalar("select clock_timestamp()").fetch_one(admin).await?)
}

/// Waits until so many runs that began since then are complete.
async fn finished(
    admin: &mut PgConnection,
    world: &World,
    since: chrono::DateTime<chrono::Utc>,
    wanted: i64,
) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let (done, stopped): (i64, i64) =
            sqlx::query_as(DONE).bind(world.tenant.0).bind(since).fetch_one(&mut *admin).await?;
        if stopped > 0 {
            let why: Option<String> =
                sqlx::query_scalar("select error::text from runs where error is not null limit 1")
                    .fetch_optional(&mut *admin)
                    .await?
                    .flatten();
            bail!("{stopped} runs stopped: {}", why.unwrap_or_default());
        }
        if done >= wanted {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("Only {done} of {wanted} runs were done in {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs per second, from the events' commit to the end of the last run.
async fn round_of(admin: &mut PgConnection, world: &World, sample: &[Uuid]) -> Result<f64> {
    let since = now(admin).await?;
    let began = Instant::now();
    begin(admin, world, sample).await?;
    finished(admin, world, since, i64::try_from(sample.len())?).await?;
    Ok(sample.len() as f64 / began.elapsed().as_secs_f64())
}

/// Median and 99th percentile in milliseconds, at so many events a second.
async fn steady(admin: &mut PgConnection, world: &World, sample: &[Uuid], rate: f64) -> Result<(f64, f64)> {
    let since = now(admin).await?;
    let (began, mut sent) = (Instant::now(), 0_usize);
    let mut timer = tokio::time::interval(TICK);
    while began.elapsed() < STEADY && sent < sample.len() {
        timer.tick().await;
        let due = (began.elapsed().as_secs_f64() * rate) as usize;
        let due = due.min(sample.len());
        if due > sent {
            begin(admin, world, &sample[sent..due]).await?;
            sent = due;
        }
    }
    finished(admin, world, since, i64::try_from(sent)?).await?;
    let found: Option<Vec<f64>> =
        sqlx::query_scalar(LATENCY).bind(world.tenant.0).bind(since).fetch_one(&mut *admin).await?;
    match found.as_deref() {
        Some([half, whole]) => Ok((half * 1000.0, whole * 1000.0)),
        _ => None.context("No run was finished"),
    }
}
