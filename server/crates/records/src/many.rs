//! Changing and removing many rows at once, for imports and for taking them back. Making many is in `create`.

pub use crate::create::{Created, NewRow, create_many};
use crate::derive::Formulas;
use crate::gate::{self, Wanted};
use crate::get::{Held, lock, reached};
use crate::holder::Holders;
use crate::input::{id_of, permitted};
use crate::pointer::pointing_at;
use crate::project;
use crate::refuse;
use crate::sql::{Bind, Sql};
use crate::standing;
use crate::store::columns;
use chrono::{DateTime, Duration};
use domain::records::Values;
use domain::schema::{Entity, Field, STATUS_SINCE};
use domain::{Error, Reach, Result, Verb};
use platform::{Change, Ctx};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;
use words::t;

/// What became of one row of an `update_many`.
#[derive(Debug, Clone, PartialEq)]
pub enum Updated {
    /// Changed; `before` holds what the changed fields had, for taking it back.
    Changed { version: i64, before: Values },
    /// It holds these values already.
    Same { version: i64 },
    /// Somebody has changed it since that version.
    Stale { version: i64 },
    /// Gone, in the trash, or out of the caller's reach.
    Missing,
    /// The move that a `status` among the values asks for is not possible.
    Refused(Error),
}

/// Days in which whoever made or changed rows takes that back by having done it, whatever else they may.
pub const OWN_DAYS: i64 = 30;

/// By what right many rows are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    /// That of any change, through the gates.
    Forth,
    /// The same without gates.
    Back,
    /// Without gates, and also for rows that the caller was the last to change, not long ago.
    OwnBack,
}

/// Changes many rows by one statement: id, the version expected, and canonical, checked values. A `status` among the values is a move and
/// has to pass its gate. Answers in the order of the rows.
pub async fn update_many(ctx: &mut Ctx, entity: &Entity, rows: Vec<(Uuid, i64, Values)>) -> Result<Vec<Updated>> {
    change_many(ctx, entity, rows, Right::Forth).await
}

/// The same without gates: puts back what was there before.
pub async fn revert_many(ctx: &mut Ctx, entity: &Entity, rows: Vec<(Uuid, i64, Values)>) -> Result<Vec<Updated>> {
    change_many(ctx, entity, rows, Right::Back).await
}

/// [`revert_many`] for taking an import back: rows that the caller was the last to change, not long ago, need no permission any more. Others that
/// they may not change are `Missing`.
pub async fn revert_own_many(ctx: &mut Ctx, entity: &Entity, rows: Vec<(Uuid, i64, Values)>) -> Result<Vec<Updated>> {
    change_many(ctx, entity, rows, Right::OwnBack).await
}

/// Whether the caller did this to the row, and not long ago: what is taken back then is their own work, as they left it.
fn lately(ctx: &Ctx, row: &Held, by: &str, at: &str) -> bool {
    let who = row.values.get(by).and_then(id_of);
    let when = DateTime::parse_from_rfc3339(row.text(at));
    who == Some(ctx.access.member.0)
        && when.is_ok_and(|when| ctx.now().signed_duration_since(when) <= Duration::days(OWN_DAYS))
}

async fn change_many(
    ctx: &mut Ctx,
    entity: &Entity,
    rows: Vec<(Uuid, i64, Values)>,
    right: Right,
) -> Result<Vec<Updated>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let gated = right == Right::Forth;
    let holders = if gated { Holders::load(ctx, entity).await? } else { Holders::default() };
    let ids: Vec<Uuid> = rows.iter().map(|(id, ..)| *id).collect();
    let mut held = if right == Right::OwnBack {
        let mut held = held_by_id(ctx, entity, &ids, Reach::All).await?;
        let changeable = reached(ctx, entity, &ids, Verb::Update).await?;
        held.retain(|id, row| changeable.contains(id) || lately(ctx, row, "updatedBy", "updatedAt"));
        held
    } else {
        let reach = ctx.reach(entity, Verb::Update)?.min(ctx.reach(entity, Verb::Read)?);
        held_by_id(ctx, entity, &ids, reach).await?
    };
    let formulas = Formulas::of(entity)?;
    let mut answers = Vec::with_capacity(rows.len());
    let mut edits: Vec<(Held, Values)> = Vec::new();
    for (id, version, values) in rows {
        // Taken out, so that a row named twice is changed once.
        let Some(row) = held.remove(&id).filter(|row| !row.deleted) else {
            answers.push(Updated::Missing);
            continue;
        };
        if gated && values.contains_key("status") && values.get("status") != row.values.get("status") {
            one_by_one(entity)?;
        }
        // What is computed follows from the others, and is nobody's to write.
        let computed = |key: &str| entity.field(key).is_some_and(Field::is_computed);
        let differing = values
            .iter()
            .filter(|(key, value)| row.values.get(*key).unwrap_or(&Value::Null) != *value && !computed(key));
        permitted(&ctx.access, entity, &differing.map(|(key, value)| (key.clone(), value.clone())).collect())?;
        let (answer, edit) = judge(ctx, entity, &formulas, row, version, values, gated.then_some(&holders));
        answers.push(answer);
        edits.extend(edit);
    }
    if !edits.is_empty() {
        store(ctx, entity, &edits).await?;
        for (held, values) in edits {
            tell(ctx, entity, &held, values);
        }
    }
    Ok(answers)
}

fn judge(
    ctx: &Ctx,
    entity: &Entity,
    formulas: &Formulas<'_>,
    held: Held,
    version: i64,
    mut values: Values,
    gated: Option<&Holders>,
) -> (Updated, Option<(Held, Values)>) {
    if held.version != version {
        return (Updated::Stale { version: held.version }, None);
    }
    // What is put back stands since when it stood, where that is told, be it since when it stands now.
    let stands = gated.is_none() && values.contains_key(STATUS_SINCE);
    values.retain(|key, value| held.values.get(key).unwrap_or(&Value::Null) != value);
    if values.is_empty() {
        return (Updated::Same { version }, None);
    }
    if let Some(holders) = gated
        && let Some(Err(error)) = values.get("status").map(|status| moves(ctx, entity, holders, &held, &values, status))
    {
        return (Updated::Refused(error), None);
    }
    // A move among the values has passed its own gate.
    if gated.is_some()
        && !values.contains_key("status")
        && let Err(error) = gate::editable(entity, &held, &values)
    {
        return (Updated::Refused(error), None);
    }
    if let Some(status) = values.get("status").and_then(Value::as_str) {
        let entered = standing::entered(ctx, entity, status, ctx.now());
        if !stands {
            values.extend(entered);
            values.retain(|key, value| held.values.get(key).unwrap_or(&Value::Null) != value);
        }
    }
    let status = values.get("status").and_then(Value::as_str).map(str::to_owned);
    formulas.follow(&held, &mut values, status.as_deref());
    let before = values.keys().map(|key| (key.clone(), held.values.get(key).cloned().unwrap_or(Value::Null))).collect();
    (Updated::Changed { version: version + 1, before }, Some((held, values)))
}

/// Moving many rows at once passes by what a single move would set going.
fn one_by_one(entity: &Entity) -> Result<()> {
    if !entity.moves_one_by_one() {
        return Ok(());
    }
    let many = &entity.labels.many;
    let message = t!("{many} are moved one by one, because a move sets other things going", many);
    Err(Error::field("status", message))
}

fn moves(ctx: &Ctx, entity: &Entity, holders: &Holders, held: &Held, values: &Values, status: &Value) -> Result<()> {
    let (Some(states), Some(to)) = (&entity.states, status.as_str()) else {
        return Err(Error::field("status", t!("{one} has no such state", one = entity.labels.one)));
    };
    let transition = gate::find(entity, states, held.text("status"), Wanted::To(to), false)?;
    let mut arriving = held.values.clone();
    arriving.extend(values.clone());
    gate::pass(&ctx.access, entity, states, transition, Some(held.text("status")), &arriving)?;
    holders.fit(states, &transition.to, &arriving)
}

async fn held_by_id(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid], reach: Reach) -> Result<HashMap<Uuid, Held>> {
    Ok(lock(ctx, entity, ids, reach).await?.into_iter().map(|row| (row.id, row)).collect())
}

/// One array for every column that any of the rows changes; the others give back what they have.
pub async fn store(ctx: &mut Ctx, entity: &Entity, edits: &[(Held, Values)]) -> Result<()> {
    let keys: HashSet<&String> = edits.iter().flat_map(|(_, values)| values.keys()).collect();
    let mut arrays: BTreeMap<String, Bind> = BTreeMap::new();
    // Columns whose values are lists, which go as their literals.
    let mut lists: HashMap<String, &'static str> = HashMap::new();
    for (held, values) in edits {
        for key in &keys {
            let field = entity.field(key).ok_or_else(Error::internal)?;
            let value = values.get(*key).or_else(|| held.values.get(*key)).unwrap_or(&Value::Null);
            for (name, bind) in columns(field, value)? {
                if !bind.cast().is_empty() {
                    lists.insert(name.clone(), bind.cast());
                }
                arrays.entry(name).or_insert_with(|| bind.list()).append(bind)?;
            }
        }
    }
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("update ").name(&entity.table).push(" t set version = t.version + 1, updated_by = ");
    sql.bind(Bind::Id(Some(ctx.access.member.0)));
    sql.push(", updated_at = ");
    sql.bind(Bind::Moment(Some(ctx.now())));
    for name in arrays.keys() {
        let cast = lists.get(name).copied().unwrap_or_default();
        sql.push(", ").name(name).push(" = ").column("v", name).push(cast);
    }
    let names: Vec<String> = arrays.keys().cloned().collect();
    sql.push(" from unnest(");
    sql.bind(Bind::ids(edits.iter().map(|(held, _)| held.id)));
    for values in arrays.into_values() {
        sql.push(", ");
        sql.bind(values);
    }
    sql.push(") v (id");
    for name in &names {
        sql.push(", ").name(name);
    }
    sql.push(") where t.tenant_id = ").again(tenant).push(" and t.id = v.id");
    sql.try_all(ctx.conn().await?).await?.map_err(|error| refuse::from_database(entity, error))?;
    Ok(())
}

pub fn tell(ctx: &mut Ctx, entity: &Entity, held: &Held, values: Values) {
    let mut before: Values =
        values.keys().map(|key| (key.clone(), held.values.get(key).cloned().unwrap_or(Value::Null))).collect();
    let mut after = values;
    before.insert("version".to_owned(), json!(held.version));
    after.insert("version".to_owned(), json!(held.version + 1));
    ctx.changed(Change {
        entity: entity.key.clone(),
        record: Some(held.id),
        before: Some(Value::Object(before)),
        after: Some(Value::Object(after)),
        event: Some(format!("{}.{}.updated", entity.area, entity.key)),
    });
}

/// What became of one row of a `remove_many`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    Gone,
    /// Somebody has changed it since that version.
    Stale {
        version: i64,
    },
    /// Another row points at it.
    InUse,
    /// Somebody else made it, or it is too long ago, and the caller may not delete it.
    Forbidden,
    Missing,
}

/// Removes rows for good, as if they had never been: for taking back what an import made. Whoever made a row not long ago may, and whoever may
/// delete it. Answers in the order of the rows.
pub async fn remove_many(ctx: &mut Ctx, entity: &Entity, rows: Vec<(Uuid, i64)>) -> Result<Vec<Removed>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let held = held_by_id(ctx, entity, &ids, Reach::All).await?;
    let deletable = reached(ctx, entity, &ids, Verb::Delete).await?;
    let made = held.values().filter(|row| lately(ctx, row, "createdBy", "createdAt")).map(|row| row.id);
    let removable: HashSet<Uuid> = made.chain(deletable).collect();
    let wanted: Vec<Uuid> = rows
        .iter()
        .filter(|(id, version)| removable.contains(id) && held.get(id).is_some_and(|row| row.version == *version))
        .map(|row| row.0)
        .collect();
    let gone = unreferenced(ctx, entity, &wanted).await?;
    let answers = rows
        .iter()
        .map(|(id, version)| match held.get(id) {
            None => Removed::Missing,
            Some(row) if row.version != *version => Removed::Stale { version: row.version },
            Some(_) if !removable.contains(id) => Removed::Forbidden,
            Some(_) if gone.contains(id) => Removed::Gone,
            Some(_) => Removed::InUse,
        })
        .collect();
    for (id, row) in held {
        if gone.contains(&id) {
            let mut before = row.values;
            before.retain(|_, value| !value.is_null());
            before.insert("version".to_owned(), json!(row.version));
            ctx.changed(Change {
                entity: entity.key.clone(),
                record: Some(id),
                before: Some(Value::Object(before)),
                after: None,
                event: Some(format!("{}.{}.deleted", entity.area, entity.key)),
            });
        }
    }
    Ok(answers)
}

/// Deletes the rows that nothing points at, and answers which those were.
async fn unreferenced(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let catalog = ctx.catalog.clone();
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("delete from ")
        .name(&entity.table)
        .push(" t where t.tenant_id = ")
        .again(tenant)
        .push(" and t.id = any (");
    let ids = sql.bind(Bind::ids(ids.iter().copied()));
    sql.push(")");
    for pointer in pointing_at(&catalog, entity) {
        sql.push(" and not ");
        pointer.any(&mut sql, tenant);
        // Rows that go together may point at each other.
        if pointer.entity.table == entity.table {
            sql.push(" and o.id <> all (").again(ids).push(")");
        }
        sql.push(")");
    }
    sql.push(" returning t.id");
    let rows = sql.try_all(ctx.conn().await?).await?.map_err(|error| refuse::from_database(entity, error))?;
    rows.iter().map(|row| row.get(0)).collect()
}
