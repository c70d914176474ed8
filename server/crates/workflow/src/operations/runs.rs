//! Runs as people look at them and act on them: list, get, start, retry, cancel.

use super::{definitions, moment, sight, why};
use crate::approvals::{end, list as approvals};
use crate::waits;
use domain::workflow::{
    AttemptRow, CancelRun, Definition, EffectRow, GetRun, ListRuns, RetryRun, RunRow, RunState, RunView, StartWorkflow,
    TriggerKind,
};
use domain::{Error, Result};
use platform::{Bind, Change, Ctx, Row, Statement, db_error};
use serde_json::{Value, json};
use uuid::Uuid;
use words::t;

macro_rules! select {
    ($columns:literal, $condition:literal) => {
        concat!(
            "select r.id, r.workflow_id, w.name, r.version, r.state, r.entity, r.record_id, r.step, r.error ->> 'message', r.outcome, ",
            moment!("r.created_at"), ", ", moment!("r.finished_at"), $columns,
            " from runs r join workflows w on w.tenant_id = r.tenant_id and w.id = r.workflow_id where r.tenant_id = $1 and ",
            $condition
        )
    };
}

const ALL: &str = select!("", "($2::uuid is null or r.id < $2) order by r.id desc limit $3");
const OF_STATE: &str = select!("", "r.state = $4 and ($2::uuid is null or r.id < $2) order by r.id desc limit $3");
const OF_WORKFLOW: &str = select!(
    "",
    "r.workflow_id = $4 and ($5::text is null or r.state = $5) and ($2::uuid is null or r.id < $2) order by r.id desc limit $3"
);
const OF_RECORD: &str = select!(
    "",
    "r.record_id = $4 and ($5::text is null or r.state = $5) and ($2::uuid is null or r.id < $2) order by r.id desc limit $3"
);
const ONE: &str = select!(
    ", (select v.definition::text from workflow_versions v where v.tenant_id = r.tenant_id and v.workflow_id = r.workflow_id and v.version = r.version),
    r.replayed_from, case when r.state in ('PENDING', 'WAITING', 'WAITING_APPROVAL') then (select to_char(coalesce(w2.due_at, r.due_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
        from (select 1) one left join waitpoints w2 on w2.tenant_id = r.tenant_id and w2.run_id = r.id and w2.step = r.step and w2.state = 'open') end,
    r.lease_token, r.event_id, (select m.name from members m where m.tenant_id = r.tenant_id and m.id = r.started_by)",
    "r.id = $2"
);
// From what the run has changed to what that set going: a job of a hundred thousand rows is one act, and what came of all of them has one correlation.
// A workflow changes records alone, so that the events of a change are found by its record.
const CONSEQUENCES: &str = select!(
    "",
    "r.event_id = any (array(
        select e.id from changes c join events e on e.tenant_id = c.tenant_id and e.record_id = c.record_id and e.change_id = c.id
        where c.tenant_id = $1 and c.cause_id = $2
    )) order by r.id limit 200"
);
const ATTEMPTS: &str = concat!(
    "select step, attempt, outcome, input::text, coalesce(output::text, 'null'), error::text, ",
    moment!("started_at"),
    ", ",
    moment!("finished_at"),
    " from step_attempts where tenant_id = $1 and run_id = $2 order by started_at, step, attempt"
);
const EFFECTS: &str = concat!(
    "select id, ",
    moment!("at"),
    ", operation, entity, record_id, coalesce(before::text, 'null'), coalesce(after::text, 'null')
from changes where tenant_id = $1 and cause_id = $2 and cause_kind = 'run' order by id limit 500"
);
const CAUSE: &str = concat!(
    "select change_id, type, id, entity, record_id, ",
    moment!("at"),
    " from events where tenant_id = $1 and id = $2"
);
const START: &str = "\
insert into runs (tenant_id, id, workflow_id, version, event_id, entity, record_id, started_by, correlation_id, depth, ordered, context, created_at)
values ($1, $2, $3, $4, $2, $5, $6, $7, $8, 1, $9, $10::jsonb, $11)";
const RETRY: &str = "\
update runs set state = 'PENDING', due_at = now(), tries = 0, claims = 0, error = null, finished_at = null
where tenant_id = $1 and id = $2 and state in ('FAILED', 'PAUSED') returning coalesce(step, '')";
// A worker that holds it gets nothing back from its fence, and rolls its work back.
const CANCEL: &str = "\
update runs set state = 'CANCELLED', finished_at = now(), lease_until = null, lease_token = lease_token + 1, outcome = 'cancelled',
    error = case when $3::text is null then error else jsonb_build_object('kind', 'conflict', 'message', $3) end
where tenant_id = $1 and id = $2 and state not in ('COMPLETED', 'FAILED', 'CANCELLED') returning id";

pub async fn list_runs(ctx: &mut Ctx, list: ListRuns) -> Result<Vec<RunRow>> {
    let state = list.state.map(|state| state.as_str().to_owned());
    let mut binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(list.before),
        Bind::Int(Some(i64::from(list.limit.clamp(1, 500)))),
    ];
    let sql = match (list.record, list.workflow, state) {
        (Some(record), _, state) => {
            binds.extend([Bind::Id(Some(record)), Bind::Text(state)]);
            OF_RECORD
        }
        (None, Some(workflow), state) => {
            binds.extend([Bind::Id(Some(workflow)), Bind::Text(state)]);
            OF_WORKFLOW
        }
        (None, None, Some(state)) => {
            binds.push(Bind::text(state));
            OF_STATE
        }
        (None, None, None) => ALL,
    };
    let mut runs = ctx.fetch(Statement::new(sql, binds)).await?.iter().map(read).collect::<Result<Vec<RunRow>>>()?;
    sight::runs(ctx, &mut runs).await?;
    // Who may not see a record is not told which runs were about it.
    if list.record.is_some() {
        runs.retain(|run| run.record.is_some());
    }
    Ok(runs)
}

fn read(row: &Row) -> Result<RunRow> {
    let state: String = row.get(4)?;
    Ok(RunRow {
        id: row.get(0)?,
        workflow: row.get(1)?,
        workflow_name: row.get(2)?,
        version: row.get(3)?,
        state: RunState::parse(&state).ok_or_else(Error::internal)?,
        entity: row.get(5)?,
        record: row.get(6)?,
        step: row.get(7)?,
        error: row.get(8)?,
        outcome: row.get(9)?,
        created_at: row.get(10)?,
        finished_at: row.get(11)?,
    })
}

async fn row(ctx: &mut Ctx, id: Uuid) -> Result<Row> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(id))];
    ctx.fetch(Statement::new(ONE, binds)).await?.pop().ok_or_else(Error::not_found)
}

pub async fn get_run(ctx: &mut Ctx, get: GetRun) -> Result<RunView> {
    let found = row(ctx, get.id).await?;
    let definition: Definition = serde_json::from_str(found.get(12)?).map_err(|_| Error::internal())?;
    let event: Uuid = found.get(16)?;
    let mut view = RunView {
        run: read(&found)?,
        causes: causes(ctx, event, found.get(17)?, found.get(10)?).await?,
        attempts: attempts(ctx, get.id, &definition).await?,
        approvals: approvals::of_run(ctx, get.id).await?,
        effects: effects(ctx, get.id).await?,
        consequences: consequences(ctx, get.id).await?,
        replayed_from: found.get(13)?,
        due_at: found.get(14)?,
        claims: found.get(15)?,
        definition,
    };
    sight::run(ctx, &mut view).await?;
    Ok(view)
}

/// A run as the caller may see it.
async fn shown(ctx: &mut Ctx, id: Uuid) -> Result<RunRow> {
    let mut run = read(&row(ctx, id).await?)?;
    sight::runs(ctx, std::slice::from_mut(&mut run)).await?;
    Ok(run)
}

async fn causes(
    ctx: &mut Ctx,
    event: Uuid,
    starter: Option<String>,
    at: String,
) -> Result<Vec<domain::workflow::CauseLink>> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(event))];
    let link = |kind: &str, what: String, at: String| domain::workflow::CauseLink {
        kind: kind.to_owned(),
        what,
        id: None,
        entity: None,
        record: None,
        actor: None,
        at,
    };
    let rows = ctx.fetch(Statement::new(CAUSE, binds)).await?;
    let Some(found) = rows.first() else {
        let by_hand = link("request", t!("Started by hand").to_owned(), at);
        return Ok(vec![domain::workflow::CauseLink { actor: starter, ..by_hand }]);
    };
    let told = domain::workflow::CauseLink {
        id: found.get(2)?,
        entity: found.get(3)?,
        record: found.get(4)?,
        ..link("event", found.get(1)?, found.get(5)?)
    };
    let mut chain = vec![told];
    if let Some(change) = found.get::<Option<Uuid>>(0)? {
        chain.extend(why::causes(ctx, [change]).await?.remove(&change).unwrap_or_default());
    }
    Ok(chain)
}

/// In the order of the steps, which is that of time: a run goes forwards only, and the clock may not tell steps of one moment apart.
async fn attempts(ctx: &mut Ctx, run: Uuid, definition: &Definition) -> Result<Vec<AttemptRow>> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(run))];
    let rows = ctx.fetch(Statement::new(ATTEMPTS, binds)).await?;
    let read = rows
        .iter()
        .map(|row| {
            Ok(AttemptRow {
                step: row.get(0)?,
                attempt: row.get(1)?,
                outcome: row.get(2)?,
                input: json_of(row.get(3)?),
                output: json_of(row.get(4)?),
                error: row.get::<Option<String>>(5)?.map(|text| json_of(&text)),
                started_at: row.get(6)?,
                finished_at: row.get(7)?,
            })
        })
        .collect::<Result<Vec<AttemptRow>>>();
    let mut attempts = read?;
    let place = |key: &str| definition.steps.iter().position(|step| step.key == key);
    attempts.sort_by_key(|attempt| (place(&attempt.step), attempt.attempt));
    Ok(attempts)
}

async fn effects(ctx: &mut Ctx, run: Uuid) -> Result<Vec<EffectRow>> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(run))];
    let rows = ctx.fetch(Statement::new(EFFECTS, binds)).await?;
    rows.iter()
        .map(|row| {
            Ok(EffectRow {
                change: row.get(0)?,
                at: row.get(1)?,
                operation: row.get(2)?,
                entity: row.get(3)?,
                record: row.get(4)?,
                before: json_of(row.get(5)?),
                after: json_of(row.get(6)?),
            })
        })
        .collect()
}

async fn consequences(ctx: &mut Ctx, run: Uuid) -> Result<Vec<RunRow>> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(run))];
    ctx.fetch(Statement::new(CONSEQUENCES, binds)).await?.iter().map(read).collect()
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

pub async fn start(ctx: &mut Ctx, start: StartWorkflow) -> Result<RunRow> {
    let (workflow, definition) = definitions::definition_of(ctx, start.id).await?;
    if definition.trigger.on != TriggerKind::ByHand {
        return Err(Error::conflict(t!(
            "{workflow} begins by itself; only a workflow that is started by hand can be started here",
            workflow = workflow.name
        )));
    }
    if !workflow.active {
        return Err(Error::conflict(t!(
            "{workflow} is switched off. Switch it on, then start it",
            workflow = workflow.name
        )));
    }
    match (&definition.trigger.entity, start.record) {
        (Some(entity), Some(record)) => {
            let entity = ctx.entity(entity)?;
            records::visible(ctx, &entity, record).await?;
        }
        (Some(entity), None) => {
            return Err(Error::field("record", t!("Say for which {entity} to start it", entity)));
        }
        (None, Some(_)) => return Err(Error::field("record", t!("This workflow is not about a record"))),
        (None, None) => {}
    }
    let id = ctx.new_id();
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    sqlx::query(START)
        .bind(tenant)
        .bind(id)
        .bind(start.id)
        .bind(workflow.version)
        .bind(&definition.trigger.entity)
        .bind(start.record)
        .bind(member)
        .bind(ctx.origin.correlation)
        .bind(!definition.overlapping)
        .bind(json!({ "form": start.form }).to_string())
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    tell(ctx, id, json!({ "state": "PENDING", "workflow": workflow.key }), "started");
    shown(ctx, id).await
}

pub async fn retry_run(ctx: &mut Ctx, retry: RetryRun) -> Result<RunRow> {
    let tenant = ctx.access.tenant.0;
    let known = read(&row(ctx, retry.id).await?)?;
    let step: Option<String> = sqlx::query_scalar(RETRY)
        .bind(tenant)
        .bind(retry.id)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if step.is_none() {
        return Err(Error::conflict(t!(
            "This run is {state}; only one that has failed or was held can be tried again",
            state = state_words(known.state)
        )));
    }
    // Whatever its step waited for is asked for anew.
    waits::cancel(ctx, retry.id).await?;
    tell(ctx, retry.id, json!({ "state": "PENDING" }), "retried");
    shown(ctx, retry.id).await
}

pub async fn cancel_run(ctx: &mut Ctx, cancel: CancelRun) -> Result<RunRow> {
    let tenant = ctx.access.tenant.0;
    let known = read(&row(ctx, cancel.id).await?)?;
    // Before the run: in the order in which a decision locks them.
    end::cancel_of_run(ctx, cancel.id).await?;
    let done: Option<Uuid> = sqlx::query_scalar(CANCEL)
        .bind(tenant)
        .bind(cancel.id)
        .bind(&cancel.reason)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if done.is_none() {
        return Err(Error::conflict(t!(
            "This run is over ({state}); there is nothing left to cancel",
            state = state_words(known.state)
        )));
    }
    end::cancel_of_run(ctx, cancel.id).await?;
    waits::cancel(ctx, cancel.id).await?;
    tell(ctx, cancel.id, json!({ "state": "CANCELLED", "reason": cancel.reason }), "cancelled");
    shown(ctx, cancel.id).await
}

/// A state inside a sentence.
fn state_words(state: RunState) -> &'static str {
    match state {
        RunState::Pending => t!("pending" in "run"),
        RunState::Running => t!("running" in "run"),
        RunState::Waiting => t!("waiting" in "run"),
        RunState::WaitingApproval => t!("waiting approval" in "run"),
        RunState::Paused => t!("paused" in "run"),
        RunState::Completed => t!("completed" in "run"),
        RunState::Failed => t!("failed" in "run"),
        RunState::Cancelled => t!("cancelled" in "run"),
    }
}

fn tell(ctx: &mut Ctx, run: Uuid, after: Value, event: &str) {
    ctx.changed(Change {
        entity: "run".to_owned(),
        record: Some(run),
        before: None,
        after: Some(after),
        event: Some(format!("workflow.run.{event}")),
    });
}
