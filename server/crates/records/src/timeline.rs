//! `records.timeline`: what has happened to a row, read from its changes.

use crate::get::visible;
use crate::project::{readable, title_column};
use crate::reach;
use crate::sql::{Bind, Sql};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::records::{Cause, FieldChange, RecordTimeline, RecordVersion, RecordVersions, TimelineEntry};
use domain::schema::{Entity, Field, FieldKind, pointing};
use domain::{Error, Result};
use platform::{Access, Ctx, db_error};
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;
use words::t;

const MOST: u32 = 500;

// Who acted for a member is named with the member.
macro_rules! entries {
    ($which:literal) => {
        concat!(
            "select c.id, c.operation, c.at, ",
            platform::actor_name!(),
            " as name, c.cause_kind, c.cause_id, c.before, c.after from changes c",
            platform::actor_joins!(),
            "where c.tenant_id = $1 and c.record_id = $2 and c.entity = $3 and ",
            $which
        )
    };
}

const ENTRIES: &str = entries!("($4::uuid is null or c.id < $4) order by c.id desc limit $5");
/// What was refused made no version.
const VERSIONS: &str = entries!(
    "c.outcome = 'done' and c.after ->> 'version' is not null and ($4::bigint is null or (c.after ->> 'version')::bigint < $4)
order by (c.after ->> 'version')::bigint desc, c.id desc limit $5"
);

pub async fn timeline(ctx: &mut Ctx, operation: RecordTimeline) -> Result<Vec<TimelineEntry>> {
    if operation.limit == 0 || operation.limit > MOST {
        return Err(Error::field(
            "limit",
            t!("A timeline shows 1 to {most} entries at a time, not {asked}", most = MOST, asked = operation.limit),
        ));
    }
    let entity = ctx.entity(&operation.entity)?;
    let rows = entries(ctx, ENTRIES, &entity, operation.id, operation.before, operation.limit).await?;
    read(ctx, &entity, &rows).await
}

/// The entries of a row before one of them, the newest first. `before` is what the statement counts back from: an id, or a version.
async fn entries<'a, B>(
    ctx: &mut Ctx,
    sql: &'static str,
    entity: &Entity,
    id: Uuid,
    before: Option<B>,
    limit: u32,
) -> Result<Vec<PgRow>>
where
    B: sqlx::Encode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + 'a,
{
    // Whoever may not see the row may not see its past.
    visible(ctx, entity, id).await?;
    let tenant = ctx.access.tenant.0;
    let asked = sqlx::query(sql).bind(tenant).bind(id).bind(entity.key.clone()).bind(before).bind(i64::from(limit));
    asked.fetch_all(ctx.conn().await?).await.map_err(db_error)
}

/// The versions of a row: the entries of its timeline that made one.
pub async fn versions(ctx: &mut Ctx, operation: RecordVersions) -> Result<Vec<RecordVersion>> {
    if operation.limit == 0 || operation.limit > MOST {
        let message = t!("A page holds 1 to {most} versions, not {asked}", most = MOST, asked = operation.limit);
        return Err(Error::field("limit", message));
    }
    let entity = ctx.entity(&operation.entity)?;
    let rows = entries(ctx, VERSIONS, &entity, operation.id, operation.before, operation.limit).await?;
    let entries = read(ctx, &entity, &rows).await?;
    let made = |row: &PgRow| -> sqlx::Result<i64> {
        let after: Value = row.try_get("after")?;
        Ok(after.get("version").and_then(Value::as_i64).unwrap_or_default())
    };
    rows.iter()
        .zip(entries)
        .map(|(row, change)| Ok(RecordVersion { version: made(row).map_err(db_error)?, change }))
        .collect()
}

async fn read(ctx: &mut Ctx, entity: &Entity, rows: &[PgRow]) -> Result<Vec<TimelineEntry>> {
    let access = ctx.access.clone();
    let mut entries =
        rows.iter().map(|row| entry(&access, entity, row)).collect::<sqlx::Result<Vec<_>>>().map_err(db_error)?;
    let titles = titles(ctx, entity, &entries).await?;
    for change in entries.iter_mut().flat_map(|entry| &mut entry.changes) {
        let named = |id: &str| titles.get(&(change.field.as_str(), id.to_owned())).cloned();
        let title = |value: &Value| match value {
            // Of several those that the reader may see.
            Value::Array(ids) => {
                let names: Vec<String> = ids.iter().filter_map(Value::as_str).filter_map(named).collect();
                (!names.is_empty()).then(|| names.join(", "))
            }
            one => one.as_str().or_else(|| pointing::parts(one).map(|(_, id)| id)).and_then(named),
        };
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

/// Whose titles are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target<'a> {
    Members,
    Files,
    Rows(&'a str),
}

impl Target<'_> {
    /// Whether a value may point at one of these: one that says its entity points at no other.
    fn holds(self, value: &Value) -> bool {
        match (self, pointing::parts(value)) {
            (Self::Rows(entity), Some((named, _))) => entity == named,
            _ => true,
        }
    }
}

/// Of what the values of a field may be; of several entities each.
fn targets(field: &Field) -> Vec<Target<'_>> {
    match &field.kind {
        FieldKind::Member => vec![Target::Members],
        FieldKind::File { .. } | FieldKind::Image { .. } => vec![Target::Files],
        _ => field.entities().iter().map(|entity| Target::Rows(entity)).collect(),
    }
}

/// Titles by field and id of everything that the entries point at, one statement for each table.
async fn titles<'a>(
    ctx: &mut Ctx,
    entity: &'a Entity,
    entries: &[TimelineEntry],
) -> Result<HashMap<(&'a str, String), String>> {
    let mut wanted: BTreeMap<Target<'a>, Vec<(&'a str, Uuid)>> = BTreeMap::new();
    for field in &entity.fields {
        for target in targets(field) {
            let changes = entries.iter().flat_map(|entry| &entry.changes).filter(|change| change.field == field.key);
            let sides = changes.flat_map(|change| [&change.before, &change.after]);
            let ids = sides.filter(|side| target.holds(side)).flat_map(pointed);
            wanted.entry(target).or_default().extend(ids.map(|id| (field.key.as_str(), id)));
        }
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

/// What a value points at, one or several.
fn pointed(value: &Value) -> Vec<Uuid> {
    crate::input::ids_of(value).unwrap_or_else(|| crate::input::id_of(value).into_iter().collect())
}

async fn titles_of(ctx: &mut Ctx, target: Target<'_>, ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
    let access = ctx.access.clone();
    let mut sql = Sql::new("select t.id, ");
    let tenant = crate::project::tenant(&mut sql, &access);
    let reach = match target {
        Target::Members => {
            sql.push("t.name from members t");
            None
        }
        // Named to whoever may read the field; the entries hold no other.
        Target::Files => {
            sql.push("t.name from files t");
            None
        }
        Target::Rows(target) => {
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
