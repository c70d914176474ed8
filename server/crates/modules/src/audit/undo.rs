//! `audit.undo` and its preview: back to how it was before an operation, as far as nobody has gone on from there.
//!
//! Each change of the operation is taken back by the engine's own operations, the newest first, so permissions, gates, hooks and the other
//! workspaces' walls hold as for any write. A field that somebody changed since stays theirs. The preview does the same and rolls it back:
//! what it shows is what the engine answered, not a guess at it.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::audit::{AuditChange, PreviewUndo, Undo, UndoPlan, UndoStep};
use domain::records::{
    DeleteRecord, GetRecord, Record, RestoreRecord, TickRecord, TransitionRecord, UpdateRecord, Values,
};
use domain::schema::checklist::{CHECKLIST, with_only};
use domain::schema::{Entity, PIPELINE, STATUS_DUE, STATUS_SINCE};
use domain::{Error, Kind, Result};
use platform::{Bind, Change, Ctx, Row, Statement};
use serde_json::{Value, json};
use uuid::Uuid;
use words::t;

/// Changes that are taken back at once.
const MOST: usize = 500;

macro_rules! done {
    ($which:literal) => {
        concat!(
            "select c.id, c.at, c.operation, c.entity, c.record_id, ",
            platform::actor_name!(),
            ", c.cause_kind, c.cause_id, c.before::text, c.after::text from changes c",
            platform::actor_joins!(),
            "where c.tenant_id = $1 and c.outcome = 'done' and ",
            $which,
            " order by c.id desc limit 501"
        )
    };
}

/// The change alone, or all of its transaction, whose ids are minutes apart at most; what was refused has changed nothing.
const BY_CHANGE: &str = done!(
    "c.id >= $4 and c.id < $5
  and (c.id = $2 or not $3 and c.xid <> '0' and c.xid = (select o.xid from changes o where o.tenant_id = $1 and o.id = $2))"
);
/// The id of a request begins with its moment, and its changes come within minutes of it.
const BY_REQUEST: &str = done!("c.request_id = $2 and c.id >= $3 and c.id < $4");
/// Whoever changed a record that was made, beside the changes that are taken back.
const SINCE: &str = concat!(
    "select ",
    platform::actor_name!(),
    " from changes c",
    platform::actor_joins!(),
    "where c.tenant_id = $1 and c.record_id = $2 and c.outcome = 'done' and not c.id = any ($3)
order by c.id desc limit 1"
);

/// What is to be taken back.
struct Target {
    change: Option<Uuid>,
    request: Option<Uuid>,
    alone: bool,
}

struct Done {
    id: Uuid,
    at: DateTime<Utc>,
    operation: String,
    entity: String,
    record: Option<Uuid>,
    actor: Option<String>,
    cause: String,
    before: Option<Values>,
    after: Option<Values>,
}

pub async fn preview_undo(ctx: &mut Ctx, input: PreviewUndo) -> Result<UndoPlan> {
    let mut rehearsal = ctx.rehearsal().await?;
    let target = Target { change: input.change, request: input.request, alone: input.alone };
    // Dropped and not committed.
    carry_out(&mut rehearsal, &target).await
}

pub async fn undo(ctx: &mut Ctx, input: Undo) -> Result<UndoPlan> {
    let target = Target { change: input.change, request: input.request, alone: input.alone };
    let plan = carry_out(ctx, &target).await?;
    if plan.done == 0 {
        let why = plan.steps.iter().flat_map(|step| step.kept.first()).next().cloned().unwrap_or_default();
        return Err(Error::conflict(t!("Nothing could be taken back. {why}", why)));
    }
    let kept: Vec<&String> = plan.steps.iter().flat_map(|step| &step.kept).collect();
    ctx.changed(Change {
        entity: "change".to_owned(),
        record: plan.steps.last().map(|step| step.change),
        before: None,
        after: Some(json!({ "operation": plan.operation, "done": plan.done, "kept": kept })),
        event: None,
    });
    Ok(plan)
}

async fn carry_out(ctx: &mut Ctx, target: &Target) -> Result<UndoPlan> {
    let changes = load(ctx, target).await?;
    let Some(first) = changes.last() else { return Err(Error::not_found()) };
    if changes.len() > MOST {
        return Err(Error::conflict(t!(
            "More than {most} changes were made at once. Take them back one by one, or restore what you need from an export",
            most = MOST
        )));
    }
    // What follows is told as an undo, and leads back to what it undid.
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("undo", Some(first.id));
    let ids: Vec<Uuid> = changes.iter().map(|change| change.id).collect();
    let (mut steps, mut seen) = (Vec::with_capacity(changes.len()), false);
    for change in &changes {
        let (step, known) = take_back(ctx, change, &ids).await?;
        seen |= known;
        steps.push(step);
    }
    // Whoever sees none of it learns nothing of it.
    if !seen {
        return Err(Error::not_found());
    }
    let done = u32::try_from(steps.iter().filter(|step| step.action.is_some()).count()).unwrap_or(u32::MAX);
    let kept = steps.iter().filter(|step| !step.kept.is_empty()).count();
    let said = match (done, kept) {
        (1, 0) => t!("Taken back").to_owned(),
        (done, 0) => t!("{done} changes taken back", done),
        (done, _) => {
            t!("{done} of {all} changes taken back; the others say why they stay", done, all = steps.len())
        }
    };
    Ok(UndoPlan {
        operation: first.operation.clone(),
        at: first.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        actor: first.actor.clone(),
        steps,
        done,
        said,
    })
}

async fn load(ctx: &mut Ctx, target: &Target) -> Result<Vec<Done>> {
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    let statement = match (target.change, target.request) {
        (Some(change), _) => {
            let [begin, end] = around(change, QUARTER, QUARTER);
            Statement::new(BY_CHANGE, vec![tenant, Bind::Id(Some(change)), Bind::Bool(Some(target.alone)), begin, end])
        }
        (None, Some(request)) => {
            let [begin, end] = around(request, 0, QUARTER);
            Statement::new(BY_REQUEST, vec![tenant, Bind::Id(Some(request)), begin, end])
        }
        (None, None) => return Err(Error::field("change", t!("Say which change or which request to take back"))),
    };
    ctx.fetch(statement).await?.iter().map(done).collect()
}

/// Fifteen minutes.
const QUARTER: u128 = 900_000;

/// Version 7 ids from so many milliseconds before an id to so many after it.
fn around(id: Uuid, before: u128, after: u128) -> [Bind; 2] {
    let millis = id.as_u128() >> 80;
    let floor = |millis: u128| Bind::Id(Some(Uuid::from_u128(millis.min((1 << 48) - 1) << 80)));
    [floor(millis.saturating_sub(before)), floor(millis + after + 1)]
}

fn done(row: &Row) -> Result<Done> {
    let side = |at: usize| -> Result<Option<Values>> {
        let text: Option<&str> = row.get(at)?;
        let value = text.map(serde_json::from_str::<Value>).transpose().map_err(|_| Error::internal())?;
        Ok(value.and_then(|value| value.as_object().cloned()))
    };
    Ok(Done {
        id: row.get(0)?,
        at: row.get(1)?,
        operation: row.get(2)?,
        entity: row.get(3)?,
        record: row.get(4)?,
        actor: row.get(5)?,
        cause: row.get(6)?,
        before: side(8)?,
        after: side(9)?,
    })
}

/// Takes one change back as far as that can be done, and whether the caller may see what it is about.
async fn take_back(ctx: &mut Ctx, change: &Done, undoing: &[Uuid]) -> Result<(UndoStep, bool)> {
    let mut step = UndoStep {
        change: change.id,
        entity: change.entity.clone(),
        record: None,
        title: String::new(),
        action: None,
        fields: Vec::new(),
        kept: Vec::new(),
    };
    let described = ctx.catalog.get(&change.entity).cloned();
    let (Some(entity), Some(id)) = (described, change.record) else {
        // Stock, ledger, settings, sessions: each has an operation of its own that sets it right.
        let operation = &change.operation;
        step.kept.push(t!("{operation} is no change of a record; use its own page to set it right", operation));
        let known = ctx.access.grants.allows(domain::audit::READ);
        if !known {
            step.entity = "other".to_owned();
            step.kept = vec![t!("It is not about a record").to_owned()];
        }
        return Ok((step, known));
    };
    let get = ctx.attempt(GetRecord { entity: entity.key.clone(), id }).await?;
    let Ok(record) = get else {
        step.kept.push(t!("It is not there any more, or out of your reach").to_owned());
        return Ok((step, false));
    };
    step.record = Some(id);
    step.title = [entity.title.as_str(), "number"]
        .into_iter()
        .find_map(|key| record.text(key).filter(|text| !text.is_empty()))
        .unwrap_or_default()
        .to_owned();
    if change.cause == "import" {
        step.kept.push(t!("It came with an import: take that back on its own page").to_owned());
    } else if change.cause == "merge" {
        step.kept.push(t!("It came with a merge: take that back on the merge page of the record").to_owned());
    } else {
        kind(ctx, &entity, &record, change, undoing, &mut step).await?;
    }
    Ok((step, true))
}

async fn kind(
    ctx: &mut Ctx,
    entity: &Entity,
    record: &Record,
    change: &Done,
    undoing: &[Uuid],
    step: &mut UndoStep,
) -> Result<()> {
    let (key, id) = (entity.key.clone(), record.id);
    let set = |side: &Option<Values>, key: &str| {
        side.as_ref().and_then(|side| side.get(key)).is_some_and(|value| !value.is_null())
    };
    match (&change.before, &change.after) {
        (_, None) => step.kept.push(t!("It was removed for good").to_owned()),
        (None, Some(_)) => {
            if record.deleted_at.is_some() {
                step.kept.push(t!("It is in the trash already").to_owned());
            } else if let Some(who) = since(ctx, id, undoing).await? {
                step.kept.push(t!("{who} has changed it since", who));
            } else {
                attempt(ctx, step, "trash", DeleteRecord { entity: key, id, version: None }).await?;
            }
        }
        (Some(_), Some(_)) if set(&change.after, "deletedAt") => match record.deleted_at {
            Some(_) => attempt(ctx, step, "restore", RestoreRecord { entity: key, id }).await?,
            None => step.kept.push(t!("It was taken out of the trash since").to_owned()),
        },
        (Some(_), Some(_)) if set(&change.before, "deletedAt") => match record.deleted_at {
            None => attempt(ctx, step, "trash", DeleteRecord { entity: key, id, version: None }).await?,
            Some(_) => step.kept.push(t!("It is in the trash already").to_owned()),
        },
        (Some(_), Some(_)) if record.deleted_at.is_some() => {
            step.kept.push(t!("It is in the trash. Restore it first").to_owned());
        }
        (Some(before), Some(after)) => put_back(ctx, entity, record, before, after, step).await?,
    }
    Ok(())
}

async fn put_back(
    ctx: &mut Ctx,
    entity: &Entity,
    record: &Record,
    before: &Values,
    after: &Values,
    step: &mut UndoStep,
) -> Result<()> {
    let nothing = Value::Null;
    if before.contains_key(CHECKLIST) {
        return untick(ctx, entity, record, before, after, step).await;
    }
    let (mut values, mut state) = (Values::new(), None);
    for (key, was) in before {
        let Some(field) = entity.field(key) else { continue };
        // What comes with the state goes back with it, and what is computed follows.
        let follows = field.is_computed() || matches!(key.as_str(), STATUS_SINCE | STATUS_DUE | PIPELINE);
        if follows || matches!(key.as_str(), "updatedAt" | "updatedBy" | "createdAt" | "createdBy") {
            continue;
        }
        if !records::readable(&ctx.access, field) {
            step.kept.push(t!("A field that you may not see stays as it is").to_owned());
            continue;
        }
        let (became, now) = (after.get(key).unwrap_or(&nothing), record.values.get(key).unwrap_or(&nothing));
        let (label, stay) = (&field.label, step.kept.len());
        if now == was {
            continue;
        } else if now != became {
            step.kept.push(t!("{field} was changed since", field = label));
        } else if key == "status" {
            state = was.as_str().map(str::to_owned);
        } else if field.read_only {
            step.kept.push(t!("{field} is set by Nexus and stays", field = label));
        } else {
            values.insert(key.clone(), was.clone());
        }
        if step.kept.len() == stay {
            let (before, after) = (now.clone(), was.clone());
            step.fields.push(AuditChange { field: key.clone(), label: label.clone(), before, after });
        }
    }
    let (key, id, version) = (entity.key.clone(), record.id, Some(record.version));
    match state {
        Some(to) => {
            let (states, now) = (entity.states.as_ref(), record.text("status").unwrap_or_default());
            let way = states.and_then(|states| states.between(now, &to));
            // Out of a pipeline leads no transition; a move into it does.
            let pipeline = states.and_then(|states| states.crossed(now, &to)).map(|pipeline| pipeline.key.clone());
            if pipeline.is_none() && way.is_none_or(|way| way.internal) {
                let (from, back) = (entity.state_label(now), entity.state_label(&to));
                step.kept.push(t!("No move leads from {from} back to {back}", from, back));
                step.fields.retain(|field| field.field != "status");
                return update(ctx, step, key, id, version, values).await;
            }
            attempt(
                ctx,
                step,
                "put_back",
                TransitionRecord { entity: key, id, version, name: None, to: Some(to), pipeline, values },
            )
            .await
        }
        None => update(ctx, step, key, id, version, values).await,
    }
}

/// Ticks go back item by item: what others have ticked since stays.
async fn untick(
    ctx: &mut Ctx,
    entity: &Entity,
    record: &Record,
    before: &Values,
    after: &Values,
    step: &mut UndoStep,
) -> Result<()> {
    let ticks = |values: &Values| values.get(CHECKLIST).cloned().unwrap_or_default();
    let (was, became, now) = (ticks(before), ticks(after), ticks(&record.values));
    let mut version = record.version;
    for (_, item) in entity.states.iter().flat_map(domain::schema::States::items) {
        let [was, became, now] = [&was, &became, &now].map(|ticks| with_only(ticks, &item.key));
        if was.is_null() == became.is_null() || now == was {
            continue;
        }
        if now != became {
            step.kept.push(t!("{item} was ticked or taken back since", item = item.label));
            continue;
        }
        let (key, id, done) = (entity.key.clone(), record.id, !was.is_null());
        let ticking = TickRecord { entity: key, id, version: Some(version), item: item.key.clone(), done };
        match ctx.attempt(ticking).await? {
            Ok(record) => {
                version = record.version;
                step.action = Some("put_back".to_owned());
                let (field, label) = (CHECKLIST.to_owned(), t!("Checklist").to_owned());
                step.fields.push(AuditChange { field, label, before: now, after: was });
            }
            Err(error) if matches!(error.kind, Kind::Internal | Kind::Unavailable) => return Err(error),
            Err(error) => step.kept.push(error.message),
        }
    }
    if step.action.is_none() && step.kept.is_empty() {
        step.kept.push(t!("It is as it was already").to_owned());
    }
    Ok(())
}

async fn update(
    ctx: &mut Ctx,
    step: &mut UndoStep,
    entity: String,
    id: Uuid,
    version: Option<i64>,
    values: Values,
) -> Result<()> {
    if values.is_empty() {
        if step.kept.is_empty() {
            step.kept.push(t!("It is as it was already").to_owned());
        }
        return Ok(());
    }
    attempt(ctx, step, "put_back", UpdateRecord { entity, id, version, values, base: None }).await
}

/// Runs a step; what refuses it is told and leaves nothing behind.
async fn attempt<O: domain::Operation>(ctx: &mut Ctx, step: &mut UndoStep, action: &str, operation: O) -> Result<()> {
    match ctx.attempt(operation).await? {
        Ok(_) => step.action = Some(action.to_owned()),
        Err(error) if matches!(error.kind, Kind::Internal | Kind::Unavailable) => return Err(error),
        Err(error) => {
            step.fields.clear();
            step.kept.push(error.message);
        }
    }
    Ok(())
}

async fn since(ctx: &mut Ctx, record: Uuid, undoing: &[Uuid]) -> Result<Option<String>> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(record)), Bind::ids(undoing.iter().copied())];
    let rows = ctx.fetch(Statement::new(SINCE, binds)).await?;
    let name = rows.first().map(|row| row.get::<Option<String>>(0)).transpose()?;
    Ok(name.map(|name| name.unwrap_or_else(|| t!("Somebody").to_owned())))
}
