//! `records.past`, `records.put_back`, and lists as they stood: rows as they were.
//!
//! A row of the past is the row that is there now, with every change since then taken back, the newest first. It is put before the engine's
//! own statements as if it stood in the table (`jsonb_populate_recordset`), so that readable fields, filters, orders and titles are theirs:
//! there is no second reading of rows that could show more. Whoever may see a row now may see what it was, as in its timeline; what is out of
//! reach now stays so, whoever it once belonged to.

mod candidates;

use crate::get::visible;
use crate::project::{Projection, readable};
use crate::sql::{Argument, Bind, Sql};
use crate::store::columns;
use candidates::Then;
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, SecondsFormat, Utc};
use domain::records::{PastRecord, PutBack, Record, UpdateRecord, Values, WasPutBack};
use domain::schema::checklist::CHECKLIST;
use domain::schema::value::show;
use domain::schema::{Entity, ListQuery, PIPELINE, STATUS_DUE, STATUS_SINCE};
use domain::{Error, Reach, Result, Verb};
use platform::clock::moment_in;
use platform::{Ctx, Statement};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration as Wait;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;
use words::t;

/// Rows that are taken back for one list.
const MOST_ROWS: u32 = 2_000;
/// Changes that are read for it.
const MOST_CHANGES: usize = 20_000;
/// Bytes of text that its changes may hold together, and its rows.
const MOST_BYTES: i64 = 16 * 1024 * 1024;
/// Lists that one process goes back through at the same time, and how long one more waits for its turn.
static PLACES: Semaphore = Semaphore::const_new(2);
const PATIENCE: Wait = Wait::from_secs(5);
/// How long what was worked out serves the operations of one request: a page that adds up and shows groups asks for the same rows many times.
const SERVES: Duration = Duration::seconds(30);

/// What was done since a moment, the newest first: by version, since ids that two processes give within one millisecond come in no order. Ids begin
/// with their moment, so most partitions are not looked at.
/// The bytes are those of a change and all that come before it here; what lies behind the bound stays in the database.
const SINCE: &str = "\
select s.record_id, s.before, s.bytes from (
    select r.record_id, r.before, r.version, r.id, octet_length(r.before) as length,
        sum(coalesce(octet_length(r.before), 0)) over (order by r.version desc nulls last, r.id desc) as bytes
    from (
        select c.record_id, c.before::text as before, (c.before ->> 'version')::bigint as version, c.id from changes c
        where c.tenant_id = $1 and c.entity = $2 and c.record_id = any ($3) and c.outcome = 'done' and c.at > $4 and c.id >= $5
        order by (c.before ->> 'version')::bigint desc nulls last, c.id desc limit 20001
    ) r
) s where s.bytes - coalesce(s.length, 0) <= $6 order by s.version desc nulls last, s.id desc";
/// The same of one row, since a version.
const SINCE_VERSION: &str = "\
select c.record_id, c.before::text, 0::bigint from changes c
where c.tenant_id = $1 and c.entity = $2 and c.record_id = any ($3) and c.outcome = 'done' and (c.after ->> 'version')::bigint > $4
order by (c.before ->> 'version')::bigint desc nulls last, c.id desc limit 20001";
/// Who changed each row last, as it stood then.
const LAST: &str = "\
select distinct on (c.record_id) c.record_id, c.at, c.actor_id from changes c
where c.tenant_id = $1 and c.entity = $2 and c.record_id = any ($3) and c.outcome = 'done' and c.at <= $4
order by c.record_id, (c.after ->> 'version')::bigint desc nulls last, c.id desc";
const LAST_OF_VERSION: &str = "\
select c.record_id, c.at, c.actor_id from changes c
where c.tenant_id = $1 and c.entity = $2 and c.record_id = any ($3) and c.outcome = 'done' and (c.after ->> 'version')::bigint <= $4
order by (c.after ->> 'version')::bigint desc, c.id desc limit 1";

/// How far back.
#[derive(Debug, Clone, Copy)]
enum Point {
    Moment(DateTime<Utc>),
    Version(i64),
}

/// A whole row as it was, whoever asks. Never shown to anybody as it is.
struct Was {
    id: Uuid,
    version: i64,
    values: Values,
    deleted: Value,
}

/// Rows of the past, as the column types of the entity's table read them.
pub struct Past(Arc<String>);

pub async fn past(ctx: &mut Ctx, operation: PastRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    let now = visible(ctx, &entity, operation.id).await?;
    let point = point(ctx, &operation)?;
    let was = of(ctx, &entity, &now, point).await?;
    shown(ctx, &entity, was).await
}

fn point(ctx: &Ctx, operation: &PastRecord) -> Result<Point> {
    match (operation.version, operation.at.as_deref()) {
        (Some(version), None) => Ok(Point::Version(version)),
        (None, Some(at)) => moment(ctx, at, "at").map(Point::Moment),
        _ => Err(Error::field("version", t!("Name a version or a moment, and not both"))),
    }
}

/// RFC 3339, a time such as `2026-11-28T09:30` on the workspace's clock, or a day, which means its end.
fn moment(ctx: &Ctx, text: &str, field: &str) -> Result<DateTime<Utc>> {
    let (text, zone) = (text.trim(), &ctx.access.timezone);
    let exact = DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.with_timezone(&Utc));
    let day = || {
        let next = text.parse::<NaiveDate>().ok()?.succ_opt()?.and_time(NaiveTime::MIN);
        moment_in(zone, &next.format("%Y-%m-%dT%H:%M").to_string())?.checked_sub_signed(Duration::microseconds(1))
    };
    let now = ctx.now();
    let Some(moment) = exact.or_else(|| moment_in(zone, text)).or_else(day) else {
        return Err(Error::field(field, t!("Use a day such as 2026-11-28, or a moment such as 2026-11-28T09:30")));
    };
    // The end of today is now.
    let today = text.parse::<NaiveDate>().is_ok_and(|day| day == ctx.today());
    match moment {
        _ if today => Ok(now),
        moment if moment > now => Err(Error::field(field, t!("That moment is still to come"))),
        moment => Ok(moment),
    }
}

/// One row, of which the caller sees what it is now.
async fn of(ctx: &mut Ctx, entity: &Entity, now: &Record, point: Point) -> Result<Was> {
    let never = || match point {
        Point::Version(version) => Error::field(
            "version",
            t!(
                "There is no version {version}; this {one} has 1 to {last}",
                version,
                one = entity.labels.one.to_lowercase(),
                last = now.version
            ),
        ),
        Point::Moment(_) => {
            let one = entity.labels.one.to_lowercase();
            Error::field("at", t!("This {one} was not there at that moment", one))
        }
    };
    if let Point::Version(version) = point
        && !(1..=now.version).contains(&version)
    {
        return Err(never());
    }
    let mut whole = Whole::of(ctx, entity);
    whole.sql.push(" and t.id = ");
    whole.sql.bind(Bind::Id(Some(now.id)));
    let rows = whole.rows(ctx).await?;
    taken_back(ctx, entity, rows, point).await?.pop().ok_or_else(never)
}

/// The rows as they stood at a moment, those within the caller's reach now, in the trash or not: all of them, or those that the query may mean.
pub async fn rows(ctx: &mut Ctx, entity: &Entity, at: &str, reach: Reach, query: &ListQuery) -> Result<Past> {
    let trash = ctx.access.grants.reach(&entity.permission(Verb::Delete));
    let whole = format!("past {} {at} {reach:?} {trash:?}", entity.key);
    let narrowed = format!("{whole} {:?} {:?} {}", query.filter, query.ids, query.trash);
    let at = moment(ctx, at, "asOf")?;
    for key in [&whole, &narrowed] {
        if let Some(rows) = ctx.shared.get::<String>(key, ctx.now(), SERVES) {
            return Ok(Past(rows));
        }
    }
    let _turn = turn(&PLACES, PATIENCE).await?;
    let then = Then { at, reach, trash };
    let (key, rows) = match candidates::all(ctx, entity, then).await? {
        Some(rows) => (whole, rows),
        None => (narrowed, candidates::of(ctx, entity, then, query).await?),
    };
    let rows = taken_back(ctx, entity, rows, Point::Moment(at)).await?;
    let rows = rows.into_iter().map(|was| row(ctx, entity, was)).collect::<Result<Vec<Value>>>()?;
    let rows = Arc::new(serde_json::to_string(&rows).map_err(|_| Error::internal())?);
    if rows.len() as i64 > MOST_BYTES {
        return Err(too_much());
    }
    ctx.shared.put(key, ctx.now(), rows.clone());
    Ok(Past(rows))
}

fn too_much() -> Error {
    Error::field(
        "asOf",
        t!(
            "More was written since then than can be gone through at once. Choose a later moment, or open one of them to see what it was"
        ),
    )
}

fn too_many_changes() -> Error {
    let message =
        t!("More than 20,000 changes were made since then, too many to go back through at once. Choose a later moment");
    Error::field("asOf", message)
}

/// Going back takes memory and time by the thousand rows: a few do it at once, and the others wait a little.
async fn turn(places: &Semaphore, patience: Wait) -> Result<SemaphorePermit<'_>> {
    match tokio::time::timeout(patience, places.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => {
            Err(Error::unavailable(t!("Many lists of the past are being worked out right now. Try again in a moment")))
        }
    }
}

/// `rows` in the place of the entity's table, as `t`.
pub fn table(sql: &mut Sql, entity: &Entity, rows: &Past) {
    sql.push("jsonb_populate_recordset(null::").name(&entity.table).push(", ");
    sql.bind(Bind::Text(Some(rows.0.as_ref().clone())));
    sql.push("::text::jsonb) t");
}

/// The row as its reader may see it: by the projection that reads rows of the present, with the titles of today.
async fn shown(ctx: &mut Ctx, entity: &Entity, was: Was) -> Result<Record> {
    let catalog = ctx.catalog.clone();
    let projection = Projection::of(&ctx.access, &catalog, entity, &[])?.without_figures();
    let rows = vec![row(ctx, entity, was)?];
    let rows = Past(Arc::new(serde_json::to_string(&rows).map_err(|_| Error::internal())?));
    let mut sql = Sql::new("select ");
    let tenant = crate::project::tenant(&mut sql, &ctx.access);
    projection.select(&mut sql);
    sql.push(" from (select ");
    projection.columns(&mut sql, "t");
    sql.push(" from ");
    table(&mut sql, entity, &rows);
    sql.push(" where t.tenant_id = ").again(tenant).push(") r");
    projection.joins(&mut sql, ctx, tenant)?;
    projection.record(&sql.one(ctx).await?)
}

/// A statement for whole rows as they are now, named `t`, whose last condition is still to come.
struct Whole<'a> {
    sql: Sql,
    tenant: Argument,
    projection: Projection<'a>,
}

impl<'a> Whole<'a> {
    fn of(ctx: &Ctx, entity: &'a Entity) -> Self {
        let projection = Projection::whole(entity);
        let mut sql = Sql::new("select ");
        let tenant = crate::project::tenant(&mut sql, &ctx.access);
        projection.columns(&mut sql, "t");
        sql.push(" from ").name(&entity.table).push(" t where t.tenant_id = ").again(tenant);
        Self { sql, tenant, projection }
    }

    async fn rows(self, ctx: &mut Ctx) -> Result<Vec<Was>> {
        let Self { sql, projection, .. } = self;
        let rows = sql.all(ctx).await?;
        rows.iter()
            .map(|row| {
                let record = projection.record(row)?;
                let deleted = record.deleted_at.map_or(Value::Null, Value::String);
                Ok(Was { id: record.id, version: record.version, values: record.values, deleted })
            })
            .collect()
    }
}

/// The same rows at the point; those that were made later are gone.
async fn taken_back(ctx: &mut Ctx, entity: &Entity, rows: Vec<Was>, point: Point) -> Result<Vec<Was>> {
    let binds = |statement: Point| {
        let ids = Bind::ids(rows.iter().map(|row| row.id));
        let mut binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::text(entity.key.clone()), ids];
        binds.push(match statement {
            Point::Moment(at) => Bind::Moment(Some(at)),
            Point::Version(version) => Bind::Int(Some(version)),
        });
        binds
    };
    let (since, last) = match point {
        Point::Moment(at) => {
            let mut since = binds(point);
            since.extend([floor(at), Bind::Int(Some(MOST_BYTES))]);
            (Statement::new(SINCE, since), Statement::new(LAST, binds(point)))
        }
        Point::Version(_) => {
            (Statement::new(SINCE_VERSION, binds(point)), Statement::new(LAST_OF_VERSION, binds(point)))
        }
    };
    let changes = ctx.fetch(since).await?;
    if changes.len() > MOST_CHANGES {
        return Err(too_many_changes());
    }
    let bytes: i64 = changes.last().map_or(Ok(0), |last| last.get(2))?;
    if bytes > MOST_BYTES {
        return Err(too_much());
    }
    let mut by_id: HashMap<Uuid, Was> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut later: HashSet<Uuid> = HashSet::new();
    for change in &changes {
        let id: Uuid = change.get(0)?;
        let before: Option<&str> = change.get(1)?;
        let Some(was) = by_id.get_mut(&id) else { continue };
        match before.map(serde_json::from_str::<Values>).transpose().map_err(|_| Error::internal())? {
            // It was made then.
            None => {
                later.insert(id);
            }
            Some(before) => was.take_back(before),
        }
    }
    for row in &ctx.fetch(last).await? {
        let (id, at, actor): (Uuid, DateTime<Utc>, Option<Uuid>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if let Some(was) = by_id.get_mut(&id) {
            was.values.insert("updatedAt".to_owned(), json!(at.to_rfc3339_opts(SecondsFormat::Micros, true)));
            was.values.insert("updatedBy".to_owned(), json!(actor));
        }
    }
    by_id.retain(|id, _| !later.contains(id));
    Ok(by_id.into_values().collect())
}

impl Was {
    fn take_back(&mut self, mut before: Values) {
        if let Some(version) = before.remove("version").and_then(|version| version.as_i64()) {
            self.version = version;
        }
        if let Some(deleted) = before.remove("deletedAt") {
            self.deleted = deleted;
        }
        self.values.extend(before);
    }
}

/// The least id that a change of this moment can have, and a little less: clocks of several servers differ.
fn floor(at: DateTime<Utc>) -> Bind {
    let millis = u128::try_from((at - Duration::seconds(10)).timestamp_millis()).unwrap_or(0);
    Bind::Id(Some(Uuid::from_u128(millis.min((1 << 48) - 1) << 80)))
}

/// A row by column, as `jsonb_populate_recordset` reads it.
fn row(ctx: &Ctx, entity: &Entity, was: Was) -> Result<Value> {
    let mut row = Map::new();
    for field in &entity.fields {
        let value = was.values.get(&field.key).unwrap_or(&Value::Null);
        for (name, bind) in columns(field, value)? {
            row.insert(name, plain(bind));
        }
    }
    row.insert("tenant_id".to_owned(), json!(ctx.access.tenant.0));
    row.insert("id".to_owned(), json!(was.id));
    row.insert("version".to_owned(), json!(was.version));
    row.insert("deleted_at".to_owned(), was.deleted);
    Ok(Value::Object(row))
}

fn plain(bind: Bind) -> Value {
    match bind {
        Bind::Text(text) => json!(text),
        Bind::Int(number) => json!(number),
        Bind::Id(id) => json!(id),
        Bind::Date(day) => json!(day.map(|day| day.to_string())),
        Bind::Moment(at) => json!(at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))),
        Bind::Bool(yes) => json!(yes),
        Bind::Words(words) => json!(words),
        Bind::Several(ids) => json!(ids),
        Bind::Json(value) => value.unwrap_or_default(),
        _ => Value::Null,
    }
}

pub async fn put_back(ctx: &mut Ctx, operation: PutBack) -> Result<WasPutBack> {
    let entity = ctx.entity(&operation.entity)?;
    let now = visible(ctx, &entity, operation.id).await?;
    if now.deleted_at.is_some() {
        return Err(Error::not_found());
    }
    let was = of(ctx, &entity, &now, Point::Version(operation.old_version)).await?;
    let (mut values, mut fields, mut kept) = (Values::new(), Vec::new(), Vec::new());
    for field in entity.fields.iter().filter(|field| readable(&ctx.access, field)) {
        let (then, is) = (was.values.get(&field.key), now.values.get(&field.key));
        if then.unwrap_or(&Value::Null) == is.unwrap_or(&Value::Null) || unsaid(&field.key) || field.is_computed() {
            continue;
        }
        let label = &field.label;
        if field.key == "status" {
            let state = then.and_then(Value::as_str).unwrap_or_default();
            let was = entity.state_label(state);
            kept.push(t!("{field} was {value}: a move leads there, not this", field = label, value = was));
        } else if field.key == PIPELINE {
            let pipeline = then.map(|then| show(field, None, then, None)).unwrap_or_default();
            kept.push(t!("{field} was {value}: a move leads there, not this", field = label, value = pipeline));
        } else if field.key == CHECKLIST {
            kept.push(t!("{field} stays: its items are ticked one by one", field = label));
        } else if field.read_only {
            kept.push(t!("{field} is set by Nexus and stays", field = label));
        } else if !field.writable(&ctx.access.grants) {
            kept.push(t!("{field} is not yours to change", field = label));
        } else {
            fields.push(label.clone());
            values.insert(field.key.clone(), then.cloned().unwrap_or(Value::Null));
        }
    }
    // The permission and the version are asked for even where nothing is left to do.
    let (id, version) = (operation.id, operation.version);
    let record = ctx.run(UpdateRecord { entity: entity.key.clone(), id, version, values, base: None }).await?;
    let said = match (fields.len(), kept.len()) {
        (0, 0) => t!("It holds the values of version {version} already", version = operation.old_version),
        (0, _) => t!("Nothing was put back. {kept}", kept = kept.join(". ")),
        (_, 0) => t!("{fields} put back", fields = fields.join(", ")),
        _ => t!("{fields} put back. {kept}", fields = fields.join(", "), kept = kept.join(". ")),
    };
    Ok(WasPutBack { record, fields, kept, said })
}

/// What a row says of itself and nobody puts back.
fn unsaid(key: &str) -> bool {
    matches!(key, "createdAt" | "createdBy" | "updatedAt" | "updatedBy" | "number" | STATUS_SINCE | STATUS_DUE)
}

#[cfg(test)]
mod tests {
    use super::{Wait, turn};
    use domain::Kind;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn a_few_go_back_at_once_and_the_next_waits_and_is_told() {
        let places = Semaphore::new(2);
        let (first, second) = (turn(&places, Wait::ZERO).await.unwrap(), turn(&places, Wait::ZERO).await.unwrap());
        let refused = turn(&places, Wait::from_millis(5)).await.unwrap_err();
        assert!(refused.kind == Kind::Unavailable && refused.retry_after.is_some(), "{refused:?}");
        drop(first);
        assert!(turn(&places, Wait::from_millis(5)).await.is_ok(), "somebody has left");
        drop(second);
    }
}
