//! Whether a run begins, and writing down those that do.

use super::{Event, Listening, MAX_DEPTH, scan};
use crate::check::Compiled;
use crate::roots::{Roots, with_env};
use crate::trigger::{Images, TICKED};
use domain::Result;
use domain::workflow::TriggerKind;
use expr::JsonValues;
use platform::{Ctx, db_error};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;
use words::t;

const INSERT: &str = "\
insert into runs (tenant_id, id, workflow_id, version, state, event_id, entity, record_id, started_by, correlation_id, depth, ordered,
    error, created_at, finished_at)
select $1, r.id, r.workflow_id, r.version, r.state, r.event_id, r.entity, r.record_id, r.started_by, r.correlation_id, r.depth, r.ordered,
    r.error::jsonb, $2, case when r.state = 'FAILED' then $2 end
from unnest($3::uuid[], $4::uuid[], $5::int4[], $6::text[], $7::uuid[], $8::text[], $9::uuid[], $10::uuid[], $11::uuid[], $12::int2[],
    $13::bool[], $14::text[])
    as r (id, workflow_id, version, state, event_id, entity, record_id, started_by, correlation_id, depth, ordered, error)
on conflict do nothing";

// From the run that wrote the event back to the first: whose workflows they are, the nearest first.
const LOOP: &str = "\
with recursive back (run_id, workflow_id, event_id, level) as (
    select r.id, r.workflow_id, r.event_id, 1 from runs r where r.tenant_id = $1 and r.id = $2
    union all
    select r.id, r.workflow_id, r.event_id, b.level + 1 from back b
    join events e on e.tenant_id = $1 and e.id = b.event_id
    join changes c on c.tenant_id = $1 and c.id = e.change_id and c.cause_kind = 'run'
    join runs r on r.tenant_id = $1 and r.id = c.cause_id
    where b.level < 16
)
select w.name from back b join workflows w on w.tenant_id = $1 and w.id = b.workflow_id order by b.level";

/// A run to be.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub id: Uuid,
    pub workflow: Uuid,
    pub version: i32,
    pub state: &'static str,
    pub event: Uuid,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    pub started_by: Option<Uuid>,
    pub correlation: Uuid,
    pub depth: i16,
    pub ordered: bool,
    pub error: Option<Value>,
}

/// Runs begun by each workflow in the minute that is.
#[derive(Debug, Default)]
pub struct Rates(HashMap<Uuid, (i64, u32)>);

impl Rates {
    /// Whether one more is within the limit.
    fn admit(&mut self, workflow: Uuid, minute: i64, most: u32) -> bool {
        let counted = self.0.entry(workflow).or_insert((minute, 0));
        if counted.0 != minute {
            *counted = (minute, 0);
        }
        counted.1 = counted.1.saturating_add(1);
        counted.1 <= most
    }
}

/// The runs that an event begins: one, none, or one for each record that a schedule finds.
pub async fn runs(
    ctx: &mut Ctx,
    rates: &mut Rates,
    workflow: &Listening,
    event: &Event,
    images: &Images,
) -> Result<Vec<NewRun>> {
    let Ok(compiled) = workflow.shelved.as_ref() else { return Ok(Vec::new()) };
    let found = if event.kind == TICKED && compiled.entity.is_some() {
        scan::records(ctx, compiled).await?.into_iter().map(|(id, holds)| (Some(id), holds)).collect()
    } else {
        let record = compiled.entity.as_ref().and(event.record_id);
        vec![(record, holds(ctx, compiled, event, images).await?)]
    };
    let mut runs = Vec::new();
    for (record, holds) in found {
        let mut run = NewRun {
            id: ctx.new_id(),
            workflow: workflow.id,
            version: workflow.version,
            state: "PENDING",
            event: event.id,
            entity: compiled.entity.as_ref().map(|entity| entity.key.clone()),
            record,
            started_by: if event.cause_run.is_some() { event.started_by } else { event.actor_id },
            correlation: event.correlation_id,
            depth: event.depth.saturating_add(1),
            ordered: !compiled.definition.overlapping,
            error: None,
        };
        match holds {
            Holds::No => continue,
            Holds::Yes => {}
            Holds::Fault(message) => stop(&mut run, "FAILED", &message),
        }
        let minute = ctx.now().timestamp().div_euclid(60);
        let most = compiled.definition.max_per_minute;
        if event.depth >= MAX_DEPTH {
            let message = around(ctx, event, &compiled.definition.name).await?;
            stop(&mut run, "FAILED", &message);
        } else if !rates.admit(workflow.id, minute, most) {
            let message = format!(
                "More than {most} runs began within a minute. This one is held: retry it to let it go on, or cancel it"
            );
            stop(&mut run, "PAUSED", &message);
        }
        runs.push(run);
    }
    Ok(runs)
}

fn stop(run: &mut NewRun, state: &'static str, message: &str) {
    run.state = state;
    run.error = Some(json!({ "kind": "conflict", "message": message }));
}

/// Names the circle that was stopped.
async fn around(ctx: &mut Ctx, event: &Event, last: &str) -> Result<String> {
    let tenant = ctx.access.tenant.0;
    let mut names: Vec<String> = sqlx::query_scalar(LOOP)
        .bind(tenant)
        .bind(event.cause_run)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    names.reverse();
    names.push(last.to_owned());
    Ok(format!(
        "Stopped after {MAX_DEPTH} workflows that set off one another: {}. Give one of them a condition that ends the circle",
        names.join(" → ")
    ))
}

pub enum Holds {
    Yes,
    No,
    /// It could not be found out, which somebody has to see.
    Fault(String),
}

async fn holds(ctx: &mut Ctx, compiled: &Compiled, event: &Event, images: &Images) -> Result<Holds> {
    if compiled.reads.is_empty() && compiled.when.is_none() && compiled.conditions.is_empty() {
        return Ok(Holds::Yes);
    }
    let mut roots = match Roots::of_images(compiled, event.record_id, images) {
        Some(roots) => roots,
        None => {
            let (before, after) = (images.before.as_ref(), images.after.as_ref());
            Roots::of_record(ctx, compiled, event.record_id, before, after).await?
        }
    };
    roots.set("event", json!({ "type": event.kind, "at": event.at.to_rfc3339(), "actor": event.actor_id }));
    roots.gather(ctx, &compiled.catalog, &compiled.reads).await?;
    let now = test(ctx, compiled, &roots);
    if compiled.definition.trigger.on == TriggerKind::Threshold && matches!(now, Holds::Yes) && images.before.is_some()
    {
        return Ok(crossed(ctx, compiled, &roots));
    }
    Ok(now)
}

/// Whether the trigger's expression and all conditions hold.
pub fn test(ctx: &Ctx, compiled: &Compiled, roots: &Roots) -> Holds {
    let values = JsonValues(&roots.0);
    for (of_trigger, checked) in
        compiled.when.iter().map(|when| (true, when)).chain(compiled.conditions.iter().map(|checked| (false, checked)))
    {
        match with_env(ctx, |env| checked.test(&values, env)) {
            Ok(true) => {}
            Ok(false) => return Holds::No,
            Err(fault) if of_trigger => {
                return Holds::Fault(t!("The trigger could not be worked out: {fault}", fault));
            }
            Err(fault) => return Holds::Fault(t!("The condition could not be worked out: {fault}", fault)),
        }
    }
    Holds::Yes
}

/// A threshold is crossed where it was not before the change.
fn crossed(ctx: &Ctx, compiled: &Compiled, roots: &Roots) -> Holds {
    let (Some(entity), Some(when)) = (&compiled.entity, &compiled.when) else { return Holds::Yes };
    let mut was = roots.clone();
    for name in [Some(&entity.key), compiled.definition.trigger.also.as_ref()].into_iter().flatten() {
        was.set(name, roots.0.get("previous").cloned().unwrap_or_default());
    }
    match with_env(ctx, |env| when.test(&JsonValues(&was.0), env)) {
        Ok(true) => Holds::No,
        Ok(false) | Err(_) => Holds::Yes,
    }
}

/// Begins runs; those that began before, by the same event, are left alone. Answers how many began.
pub async fn insert(ctx: &mut Ctx, runs: &[NewRun]) -> Result<u64> {
    if runs.is_empty() {
        return Ok(0);
    }
    fn column<T>(runs: &[NewRun], of: impl Fn(&NewRun) -> T) -> Vec<T> {
        runs.iter().map(of).collect()
    }
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let done = sqlx::query(INSERT)
        .bind(tenant)
        .bind(now)
        .bind(column(runs, |run| run.id))
        .bind(column(runs, |run| run.workflow))
        .bind(column(runs, |run| run.version))
        .bind(column(runs, |run| run.state.to_owned()))
        .bind(column(runs, |run| run.event))
        .bind(column(runs, |run| run.entity.clone()))
        .bind(column(runs, |run| run.record))
        .bind(column(runs, |run| run.started_by))
        .bind(column(runs, |run| run.correlation))
        .bind(column(runs, |run| run.depth))
        .bind(column(runs, |run| run.ordered))
        .bind(column(runs, |run| run.error.as_ref().map(Value::to_string)))
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected())
}
