//! Workflows as people keep them: list, get, save, switch on and off, delete.

use super::{moment, word};
use crate::check::{KnownOperation, Operations, catalogue, compile};
use crate::needs;
use crate::schedule;
use domain::workflow::{
    Definition, DefinitionFault, DeleteWorkflow, GetWorkflow, ListWorkflows, SaveWorkflow, SetActive, VersionRow,
    WorkflowRow, WorkflowView,
};
use domain::{Error, FieldError, Result};
use platform::{Bind, Change, Ctx, Row, Statement, db_error};
use serde_json::json;
use uuid::Uuid;
use words::{t, tn};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "select w.id, w.key, w.name, w.active, w.version, w.template is not null, w.entity, w.trigger, v.definition::text,
    (select ", moment!("r.created_at"), " from runs r where r.tenant_id = w.tenant_id and r.workflow_id = w.id order by r.id desc limit 1),
    coalesce(f.runs, 0), coalesce(f.failed, 0), ", moment!("w.next_tick_at"), "
from workflows w
join workflow_versions v on v.tenant_id = w.tenant_id and v.workflow_id = w.id and v.version = w.version
left join (
    select workflow_id, count(*) as runs, count(*) filter (where state = 'FAILED') as failed from runs
    where tenant_id = $1 and created_at > $2 group by workflow_id
) f on f.workflow_id = w.id
where w.tenant_id = $1 and w.deleted_at is null ",
            $condition
        )
    };
}

const LIST: &str = select!("order by w.name, w.id");
const ONE: &str = select!("and w.id = $3");
const VERSIONS: &str = concat!(
    "select v.version::int8, ",
    moment!("v.created_at"),
    ", m.name, v.definition::text from workflow_versions v
left join members m on m.tenant_id = v.tenant_id and m.id = v.created_by
where v.tenant_id = $1 and v.workflow_id = $2 order by v.version desc"
);
const TAKEN: &str = "select exists (select from workflows where tenant_id = $1 and key = $2 and deleted_at is null and id is distinct from $3)";
const NEW: &str = "\
insert into workflows (tenant_id, id, key, name, entity, trigger, next_tick_at, created_by, created_at, updated_at, active_since)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9)";
const LOCK: &str = "select version from workflows where tenant_id = $1 and id = $2 and deleted_at is null for update";
const NEXT: &str = "\
update workflows set key = $3, name = $4, entity = $5, trigger = $6, next_tick_at = $7, version = $8, updated_at = $9
where tenant_id = $1 and id = $2";
const VERSION: &str = "\
insert into workflow_versions (tenant_id, workflow_id, version, definition, created_by, created_at) values ($1, $2, $3, $4::jsonb, $5, $6)";
const ACTIVE: &str = "\
update workflows set active = $3, updated_at = $4, active_since = case when $3 and not active then $4 else active_since end, next_tick_at = $5
where tenant_id = $1 and id = $2 and deleted_at is null returning key";
const DELETE: &str = "\
update workflows set deleted_at = $3, updated_at = $3, active = false where tenant_id = $1 and id = $2 and deleted_at is null returning key";

/// Runs of so many days count in the list.
const DAYS: i64 = 30;

pub async fn list(ctx: &mut Ctx, _: ListWorkflows) -> Result<Vec<WorkflowRow>> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), since(ctx)];
    ctx.fetch(Statement::new(LIST, binds)).await?.iter().map(|row| read(row).map(|(row, _)| row)).collect()
}

fn since(ctx: &Ctx) -> Bind {
    Bind::Moment(Some(ctx.now() - chrono::Duration::days(DAYS)))
}

fn read(row: &Row) -> Result<(WorkflowRow, Definition)> {
    let definition: Definition = serde_json::from_str(row.get(8)?).map_err(|error| {
        tracing::error!(%error, "a definition cannot be read");
        Error::internal()
    })?;
    let shown = WorkflowRow {
        id: row.get(0)?,
        key: row.get(1)?,
        name: row.get(2)?,
        help: definition.help.clone(),
        active: row.get(3)?,
        version: row.get(4)?,
        template: row.get(5)?,
        entity: row.get(6)?,
        trigger: row.get(7)?,
        steps: u32::try_from(definition.steps.len()).unwrap_or(u32::MAX),
        last_run_at: row.get(9)?,
        runs: row.get(10)?,
        failed: row.get(11)?,
        next_tick_at: row.get(12)?,
    };
    Ok((shown, definition))
}

async fn one(ctx: &mut Ctx, id: Uuid) -> Result<(WorkflowRow, Definition)> {
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), since(ctx), Bind::Id(Some(id))];
    let rows = ctx.fetch(Statement::new(ONE, binds)).await?;
    read(rows.first().ok_or_else(Error::not_found)?)
}

/// The definition that new runs of a workflow begin with.
pub async fn definition_of(ctx: &mut Ctx, id: Uuid) -> Result<(WorkflowRow, Definition)> {
    one(ctx, id).await
}

pub async fn get(ctx: &mut Ctx, get: GetWorkflow) -> Result<WorkflowView> {
    let (row, mut definition) = one(ctx, get.id).await?;
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(get.id))];
    let mut versions = Vec::new();
    for found in ctx.fetch(Statement::new(VERSIONS, binds)).await? {
        let version: i64 = found.get(0)?;
        let version = i32::try_from(version).unwrap_or(i32::MAX);
        if get.version == Some(version) {
            definition = serde_json::from_str(found.get(3)?).map_err(|_| Error::internal())?;
        }
        versions.push(VersionRow { version, created_at: found.get(1)?, created_by: found.get(2)? });
    }
    if get.version.is_some_and(|version| versions.iter().all(|known| known.version != version)) {
        return Err(Error::not_found());
    }
    let faults = compile(&definition, &ctx.catalog, &operations(ctx)).err().unwrap_or_default();
    Ok(WorkflowView { row, definition, faults, versions })
}

/// What there is to run here.
pub fn operations(ctx: &Ctx) -> Operations {
    let mut known = catalogue();
    known.extend(ctx.hooks::<KnownOperation>().iter().map(|operation| operation.0.to_owned()));
    known
}

/// One error for all faults, each at its step and field.
pub fn refused(faults: Vec<DefinitionFault>) -> Error {
    let count = faults.len();
    let fields: Vec<FieldError> =
        faults.into_iter().map(|fault| FieldError { field: fault.place(), message: fault.message }).collect();
    let mut error = Error::fields(fields);
    if count > 1 {
        error.message = tn!(
            count,
            "This workflow could not run; {count} place needs another look",
            "This workflow could not run; {count} places need another look"
        );
    }
    error
}

pub async fn save(ctx: &mut Ctx, save: SaveWorkflow) -> Result<WorkflowRow> {
    let definition = save.definition;
    let compiled = compile(&definition, &ctx.catalog, &operations(ctx)).map_err(refused)?;
    needs::within(&ctx.access, &compiled)?;
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let taken: bool = sqlx::query_scalar(TAKEN)
        .bind(tenant)
        .bind(&definition.key)
        .bind(save.id)
        .fetch_one(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if taken {
        return Err(Error::field("key", t!("There is a workflow with the key {key} already", key = definition.key)));
    }
    let database = schedule::now(ctx).await?;
    let tick = schedule::next(&definition.trigger, &ctx.access.timezone, database);
    let text = serde_json::to_string(&definition).map_err(|_| Error::internal())?;
    let (id, version) = match save.id {
        None => {
            let id = ctx.new_id();
            let new = sqlx::query(NEW).bind(tenant).bind(id).bind(&definition.key).bind(&definition.name);
            let new = new.bind(&definition.trigger.entity).bind(word(definition.trigger.on)).bind(tick).bind(member);
            new.bind(now).execute(ctx.conn().await?).await.map_err(db_error)?;
            (id, 1)
        }
        Some(id) => {
            let held: Option<i32> = sqlx::query_scalar(LOCK)
                .bind(tenant)
                .bind(id)
                .fetch_optional(ctx.conn().await?)
                .await
                .map_err(db_error)?;
            let held = held.ok_or_else(Error::not_found)?;
            if save.version.is_some_and(|version| version != held) {
                return Err(Error::conflict(t!(
                    "Somebody saved version {version} meanwhile. Look at it, then save yours again",
                    version = held
                )));
            }
            let (row, current) = one(ctx, id).await?;
            if current == definition {
                // A form that is sent again as it stands says nothing new.
                return Ok(row);
            }
            let next = sqlx::query(NEXT).bind(tenant).bind(id).bind(&definition.key).bind(&definition.name);
            let next =
                next.bind(&definition.trigger.entity).bind(word(definition.trigger.on)).bind(tick).bind(held + 1);
            next.bind(now).execute(ctx.conn().await?).await.map_err(db_error)?;
            (id, held + 1)
        }
    };
    let kept = sqlx::query(VERSION).bind(tenant).bind(id).bind(version).bind(text).bind(member).bind(now);
    kept.execute(ctx.conn().await?).await.map_err(db_error)?;
    let before = (version > 1).then(|| json!({ "version": version - 1 }));
    tell(ctx, id, before, json!({ "version": version, "key": definition.key }), "saved");
    one(ctx, id).await.map(|(row, _)| row)
}

pub async fn set_active(ctx: &mut Ctx, set: SetActive) -> Result<WorkflowRow> {
    let (row, definition) = one(ctx, set.id).await?;
    if set.active {
        // What was right when it was saved may have been overtaken by the descriptions.
        let compiled = compile(&definition, &ctx.catalog, &operations(ctx)).map_err(refused)?;
        // Nor was everybody who may switch it on its author: a template comes from nobody.
        needs::within(&ctx.access, &compiled)?;
    }
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let database = schedule::now(ctx).await?;
    let tick = schedule::next(&definition.trigger, &ctx.access.timezone, database);
    let key: Option<String> = sqlx::query_scalar(ACTIVE)
        .bind(tenant)
        .bind(set.id)
        .bind(set.active)
        .bind(now)
        .bind(tick)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    key.ok_or_else(Error::not_found)?;
    if row.active != set.active {
        let (before, after) = (json!({ "active": row.active }), json!({ "active": set.active }));
        tell(ctx, set.id, Some(before), after, if set.active { "switched_on" } else { "switched_off" });
    }
    Ok(WorkflowRow { active: set.active, ..row })
}

pub async fn delete(ctx: &mut Ctx, delete: DeleteWorkflow) -> Result<()> {
    let (tenant, now) = (ctx.access.tenant.0, ctx.now());
    let key: Option<String> = sqlx::query_scalar(DELETE)
        .bind(tenant)
        .bind(delete.id)
        .bind(now)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let key = key.ok_or_else(Error::not_found)?;
    tell(ctx, delete.id, Some(json!({ "key": key })), json!({ "deleted": true }), "deleted");
    Ok(())
}

fn tell(ctx: &mut Ctx, id: Uuid, before: Option<serde_json::Value>, after: serde_json::Value, event: &str) {
    ctx.changed(Change {
        entity: "workflow".to_owned(),
        record: Some(id),
        before,
        after: Some(after),
        event: Some(format!("workflow.workflow.{event}")),
    });
}
