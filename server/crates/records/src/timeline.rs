//! `records.timeline`: what has happened to a row, read from its changes.

use crate::get::visible;
use crate::project::{readable, title_column};
use crate::reach;
use crate::sql::{Bind, Sql};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::records::{Cause, FieldChange, RecordTimeline, TimelineEntry};
use domain::schema::{Entity, FieldKind};
use domain::{Error, Result};
use platform::{Access, Ctx, db_error};
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

const MOST: u32 = 500;

// Who acted for a member is named with the member.
const ENTRIES: &str = "\
select c.id, c.operation, c.at, coalesce(i.staff_name || ' for ' || m.name, m.name) as name, c.cause_kind, c.cause_id, c.before, c.after
from changes c left join members m on m.tenant_id = c.tenant_id and m.id = c.actor_id
left join impersonations i on c.cause_kind = 'impersonation' and i.tenant_id = c.tenant_id and i.id = c.cause_id
where c.tenant_id = $1 and c.record_id = $2 and c.entity = $3 and ($4::uuid is null or c.id < $4)
order by c.id desc limit $5";

pub async fn timeline(ctx: &mut Ctx, operation: RecordTimeline) -> Result<Vec<TimelineEntry>> {
    if operation.limit == 0 || operation.limit > MOST {
        return Err(Error::field(
            "limit",
            format!("A timeline shows 1 to {MOST} entries at a time, not {}", operation.limit),
        ));
    }
    let entity = ctx.entity(&operation.entity)?;
    // Whoever may not see the row may not see its past.
    visible(ctx, &entity, operation.id).await?;
    let tenant = ctx.access.tenant.0;
    let rows = sqlx::query(ENTRIES)
        .bind(tenant)
        .bind(operation.id)
        .bind(&entity.key)
        .bind(operation.before)
        .bind(i64::from(operation.limit))
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let access = ctx.access.clone();
    let mut entries =
        rows.iter().map(|row| entry(&access, &entity, row)).collect::<sqlx::Result<Vec<_>>>().map_err(db_error)?;
    let titles = titles(ctx, &entity, &entries).await?;
    for change in entries.iter_mut().flat_map(|entry| &mut entry.changes) {
        let title =
            |value: &Value| value.as_str().and_then(|id| titles.get(&(change.field.as_str(), id.to_owned()))).cloned();
        (change.before_label, change.after_label) = (title(&change.before), title(&change.after));
    }
    Ok(entries)
}

fn entry(access: &Access, entity: &Entity, row: &PgRow) -> sqlx::Result<TimelineEntry> {
    let at: DateTime<Utc> = row.try_get("at")?;
    let kind: String = row.try_get("cause_kind")?;
    let cause = Cause { id: row.try_get("cause_id")?, kind };
    let (before, after): (Option<Value>, Option<Value>) = (row.try_get("before")?, row.try_get("after")?);
    Ok(TimelineEntry {
        id: row.try_get("id")?,
        operation: row.try_get("operation")?,
        at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        actor: row.try_get("name")?,
        cause: (cause.kind != "request").then_some(cause),
        changes: changes(access, entity, before.as_ref(), after.as_ref()),
    })
}

/// In the order of the description. Fields that the reader may not know, and those that no longer exist, are left out.
fn changes(access: &Access, entity: &Entity, before: Option<&Value>, after: Option<&Value>) -> Vec<FieldChange> {
    let value = |side: Option<&Value>, key: &str| side.and_then(|side| side.get(key)).cloned().unwrap_or(Value::Null);
    entity
        .fields
        .iter()
        .filter(|field| readable(access, field))
        .map(|field| FieldChange {
            field: field.key.clone(),
            before: value(before, &field.key),
            after: value(after, &field.key),
            before_label: None,
            after_label: None,
        })
        .filter(|change| change.before != change.after)
        .collect()
}

/// Titles by field and id of everything that the entries point at, one statement for each table.
async fn titles<'a>(
    ctx: &mut Ctx,
    entity: &'a Entity,
    entries: &[TimelineEntry],
) -> Result<HashMap<(&'a str, String), String>> {
    // By the entity pointed at; none for members.
    let mut wanted: BTreeMap<Option<&'a str>, Vec<(&'a str, Uuid)>> = BTreeMap::new();
    for field in &entity.fields {
        let target = match &field.kind {
            FieldKind::Member => None,
            FieldKind::Reference { entity } => Some(entity.as_str()),
            _ => continue,
        };
        let changes = entries.iter().flat_map(|entry| &entry.changes).filter(|change| change.field == field.key);
        let ids = changes.flat_map(|change| [&change.before, &change.after]).filter_map(crate::input::id_of);
        wanted.entry(target).or_default().extend(ids.map(|id| (field.key.as_str(), id)));
    }
    let mut out = HashMap::new();
    for (target, pointers) in wanted.into_iter().filter(|(_, pointers)| !pointers.is_empty()) {
        let titles = titles_of(ctx, target, pointers.iter().map(|(_, id)| *id).collect()).await?;
        for (field, id) in pointers {
            if let Some(title) = titles.get(&id) {
                out.insert((field, id.to_string()), title.clone());
            }
        }
    }
    Ok(out)
}

async fn titles_of(ctx: &mut Ctx, target: Option<&str>, ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
    let access = ctx.access.clone();
    let mut sql = Sql::new("select t.id, ");
    let tenant = crate::project::tenant(&mut sql, &access);
    let reach = match target {
        None => {
            sql.push("t.name from members t");
            None
        }
        Some(target) => {
            let target = ctx.entity(target)?;
            let Some((title, reach)) = title_column(&access, &target) else { return Ok(HashMap::new()) };
            sql.column("t", &title).push(" from ").name(&target.table).push(" t");
            Some(reach)
        }
    };
    sql.push(" where t.tenant_id = ").again(tenant).push(" and t.id = any (");
    sql.bind(Bind::ids(ids));
    sql.push(")");
    if let Some(reach) = reach {
        reach::and(&mut sql, &access, reach, tenant);
    }
    let rows = sql.all(ctx).await?;
    let found = rows.iter().map(|row| Ok((row.get(0)?, row.get::<Option<String>>(1)?)));
    let found = found.collect::<Result<Vec<_>>>()?;
    Ok(found.into_iter().filter_map(|(id, title)| Some((id, title?))).collect())
}
