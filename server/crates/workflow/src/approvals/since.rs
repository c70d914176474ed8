//! What an approval is about: its record as it stands now, and what was done to it since the approval was asked for.

use crate::approvals::{Approval, deciders};
use domain::schema::Entity;
use domain::{Error, Kind, Result, Verb};
use platform::{Bind, Ctx, Row, Statement};
use records::Hold;
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;
use words::t;

/// The version that each of these changes made is in it, that of an order's lines too: they are saved with their order.
const SINCE: &str = concat!(
    "select a.id, c.actor_id, ",
    platform::actor_name!(),
    ", (c.after ->> 'version')::bigint, c.before::text, c.after::text
from approvals a join changes c on c.tenant_id = a.tenant_id and c.record_id = a.record_id and c.entity = a.entity",
    platform::actor_joins!(),
    "where a.tenant_id = $1 and a.id = any ($2) and c.outcome = 'done' and (c.after ->> 'version')::bigint > a.record_version
order by (c.after ->> 'version')::bigint"
);

/// A change of the record since the approval was asked for.
#[derive(Debug, Clone)]
pub struct Changed {
    pub approval: Uuid,
    pub actor: Option<Uuid>,
    /// Their name, with that of whoever acted for them.
    pub by: Option<String>,
    /// The version that came of it.
    pub version: i64,
    /// Keys of what differs.
    differing: Vec<String>,
}

/// The record's description and the version that it has now; nothing where there is no record, or none that is described.
pub async fn standing(
    ctx: &mut Ctx,
    entity: Option<&str>,
    record: Option<Uuid>,
    how: Hold,
) -> Result<Option<(Arc<Entity>, i64)>> {
    let (Some(entity), Some(record)) = (entity.and_then(|key| ctx.catalog.get(key).cloned()), record) else {
        return Ok(None);
    };
    let versions = records::versions(ctx, &entity, &[record], how).await?;
    Ok(versions.first().map(|(_, version)| (entity, *version)))
}

/// What was done to the records of these approvals since they were asked for, oldest first.
pub async fn changes(ctx: &mut Ctx, approvals: &[Uuid]) -> Result<Vec<Changed>> {
    if approvals.is_empty() {
        return Ok(Vec::new());
    }
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::ids(approvals.iter().copied())];
    ctx.fetch(Statement::new(SINCE, binds)).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Changed> {
    let values = |text: Option<String>| -> Map<String, Value> {
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    let (before, after) = (values(row.get(4)?), values(row.get(5)?));
    let differing = after.iter().filter(|(key, value)| before.get(key.as_str()).unwrap_or(&Value::Null) != *value);
    let differing = differing.map(|(key, _)| key.clone()).collect();
    Ok(Changed { approval: row.get(0)?, actor: row.get(1)?, by: row.get(2)?, version: row.get(3)?, differing })
}

/// Who made these changes, each once.
pub fn names<'a>(changes: impl Iterator<Item = &'a Changed>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for by in changes.filter_map(|change| change.by.as_ref()) {
        if !names.contains(by) {
            names.push(by.clone());
        }
    }
    names
}

/// Refuses whoever has changed the record since the approval was asked for, and what is decided about a version that the record no longer has.
/// Automation is a member of its own, so what it did keeps nobody from deciding; it has to be looked at like any other change. `version` is
/// what the record has now, `looked` what the caller was shown.
pub async fn check(
    ctx: &mut Ctx,
    approval: &Approval,
    entity: &Entity,
    version: i64,
    looked: Option<i64>,
) -> Result<()> {
    let changes = match approval.record_version {
        Some(asked) if asked != version => changes(ctx, &[approval.id]).await?,
        _ => Vec::new(),
    };
    let me = ctx.access.member.0;
    if !approval.self_approval && changes.iter().any(|change| change.actor == Some(me)) {
        let who = deciders(ctx, &approval.roles, &approval.members).await?;
        let message = t!(
            "You have changed this {one} since the approval was asked for, so somebody else has to decide it: {who}",
            one = entity.labels.one.to_lowercase(),
            who
        );
        return Err(Error { user_role: Some(ctx.access.role.clone()), ..Error::new(Kind::Forbidden, message) });
    }
    let about = looked.or(approval.record_version).unwrap_or(version);
    if about == version {
        return Ok(());
    }
    let later: Vec<Changed> = changes.into_iter().filter(|change| change.version > about).collect();
    Err(outdated(ctx, approval, entity, &later).await?)
}

/// Says who changed the record, and which fields of those that the caller may read.
async fn outdated(ctx: &mut Ctx, approval: &Approval, entity: &Entity, later: &[Changed]) -> Result<Error> {
    let sees = match approval.record_id {
        Some(record) => records::reaches(ctx, entity, record, Verb::Read).await?,
        None => false,
    };
    let changed = |key: &String| later.iter().any(|change| change.differing.contains(key));
    let fields: Vec<&str> = entity
        .fields
        .iter()
        .filter(|field| sees && records::readable(&ctx.access, field) && changed(&field.key))
        .map(|field| field.label.as_str())
        .collect();
    let (one, by) = (entity.labels.one.to_lowercase(), names(later.iter()));
    let by = if by.is_empty() { t!("Somebody else").to_owned() } else { by.join(", ") };
    let message = if fields.is_empty() {
        t!("{by} changed this {one} since you looked. Nothing was decided; look at it again, then decide", by, one)
    } else {
        t!(
            "{by} changed this {one} since you looked: {fields}. Nothing was decided; look at it again, then decide",
            by,
            one,
            fields = fields.join(", ")
        )
    };
    Ok(Error { resource_id: approval.record_id.map(|record| record.to_string()), ..Error::conflict(message) })
}
