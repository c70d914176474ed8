//! `records.preview_merge`, `records.merge` and `records.unmerge`: two records that are one become one, and two again.
//!
//! What points at the one that goes is turned to the one that stays, in the trash or not, and nothing is left behind: what the caller may not
//! change, or the database keeps as it is, stops the merge with its name. The one that goes is put into the trash before the one that stays
//! takes its values, so that unique ones are free. Every change carries the merge as its cause.

mod plan;
mod unmerge;

pub use plan::preview_merge;
pub use unmerge::{latest_merge, unmerge};

use crate::beside;
use crate::gate;
use crate::get::{Held, Hold, hold_for, in_trash, lock};
use crate::input::{self, all_right};
use crate::kept;
use crate::many::{store, tell};
use crate::pointer::{Pointer, pointing_at};
use crate::project::readable;
use crate::sql::{Bind, Sql};
use crate::write::{Edit, write};
use domain::records::{MergeRecords, Merged, Record, Values};
use domain::schema::checklist::{self, CHECKLIST};
use domain::schema::{Catalog, Entity, FieldKind, pointing};
use domain::{Error, Reach, Result, Verb};
use platform::{Access, Ctx, Statement};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;
use words::t;

/// Rows of one entity that are turned at once.
const MOST: u32 = 5_000;

const INSERT: &str = "\
insert into merges (tenant_id, id, entity, kept_id, merged_id, merged_at, merged_by) values ($1, $2, $3, $4, $5, $6, $7)";
/// Tables with a key into this one, and the column that points. Row security lets everybody read the catalogue.
const KEYS: &str = "\
select distinct o.relname::text, a.attname::text from pg_constraint k join pg_class t on t.oid = k.confrelid join pg_class o on o.oid = k.conrelid
join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[array_upper(k.conkey, 1)]
where k.contype = 'f' and t.relname = $1 and k.conparentid = 0 order by 1, 2";

struct Two {
    entity: Arc<Entity>,
    kept: Held,
    merged: Held,
}

async fn two(ctx: &mut Ctx, key: &str, kept: Uuid, merged: Uuid, how: Hold) -> Result<Two> {
    let entity = ctx.entity(key)?;
    if let Some(how) = &entity.managed {
        return Err(Error::conflict(t!("{how}. They cannot be merged", how)));
    }
    let kept = hold_for(ctx, &entity, kept, Verb::Update, false, how).await?;
    if kept.id == merged {
        return Err(Error::field("merged", t!("A record cannot be merged with itself; choose another")));
    }
    let merged = hold_for(ctx, &entity, merged, Verb::Delete, false, how).await?;
    gate::allowed(&entity, &kept, "EDIT")?;
    gate::allowed(&entity, &merged, "DELETE")?;
    Ok(Two { entity, kept, merged })
}

/// What points at the one that goes has to be described, or the merge would leave it behind: lines of the ledger stay as they were posted. What
/// only another industry describes holds no rows of this workspace.
async fn left_behind(ctx: &mut Ctx, entity: &Entity, id: Uuid) -> Result<Option<Error>> {
    let rows = ctx.fetch(Statement::new(KEYS, vec![Bind::text(entity.table.clone())])).await?;
    let (catalog, services) = (ctx.catalog.clone(), ctx.services.clone());
    let industries: Vec<_> = services.catalogs.industries().map(|(_, catalog)| catalog).collect();
    for row in &rows {
        let table: String = row.get(0)?;
        let links =
            |other: &Entity| other.fields.iter().any(|field| field.link_table(&other.table).as_ref() == Some(&table));
        let described = |catalog: &Catalog| catalog.iter().any(|other| other.table == table || links(other));
        if described(&catalog) || industries.iter().any(|catalog| described(catalog)) {
            continue;
        }
        let column: String = row.get(1)?;
        let mut sql = Sql::new("select exists (select from ");
        sql.name(&table).push(" o where o.tenant_id = ");
        sql.bind(Bind::Id(Some(ctx.access.tenant.0)));
        sql.push(" and ").column("o", &column).push(" = ");
        sql.bind(Bind::Id(Some(id)));
        sql.push(")");
        if sql.one(ctx).await?.get::<bool>(0)? {
            return Ok(Some(other_way(t!("records"))));
        }
    }
    Ok(None)
}

/// Values that the one that stays takes from the other: those chosen, and those that it lacks.
fn taken(ctx: &Ctx, two: &Two, take: &BTreeMap<String, String>) -> Result<Values> {
    let mut values = Values::new();
    for (key, side) in take {
        let known = two.entity.field(key).filter(|field| readable(&ctx.access, field) && !field.read_only);
        let Some(field) = known else {
            let message = t!("{one} has no field {key} to choose", one = two.entity.labels.one, key);
            return Err(Error::field(key, message));
        };
        match side.as_str() {
            "kept" => {}
            "merged" => {
                values.insert(field.key.clone(), two.merged.values.get(key).cloned().unwrap_or(Value::Null));
            }
            _ => return Err(Error::field(key, t!("Say kept or merged"))),
        }
    }
    for field in two.entity.fields.iter().filter(|field| readable(&ctx.access, field) && !field.read_only) {
        let (mine, theirs) = (two.kept.values.get(&field.key), two.merged.values.get(&field.key));
        let lacks = mine.is_none_or(Value::is_null) && field.writable(&ctx.access.grants) && field.key != "status";
        if let (true, false, Some(theirs)) =
            (lacks, take.contains_key(&field.key), theirs.filter(|value| !value.is_null()))
        {
            values.insert(field.key.clone(), theirs.clone());
        }
    }
    values.remove("status");
    // What either of them has done is done.
    if let (Some(mine), Some(theirs)) = (two.kept.values.get(CHECKLIST), two.merged.values.get(CHECKLIST)) {
        values.insert(CHECKLIST.to_owned(), checklist::together(mine, theirs));
    }
    // A record that pointed at the other does not come to point at itself.
    values.retain(|_, value| input::id_of(value) != Some(two.kept.id));
    for (key, value) in &mut values {
        if two.entity.field(key).is_some_and(|field| matches!(field.kind, FieldKind::References { .. })) {
            *value = turned(value, two.kept.id, None);
        }
    }
    input::permitted(&ctx.access, &two.entity, &values)?;
    Ok(values)
}

pub async fn merge(ctx: &mut Ctx, operation: MergeRecords) -> Result<Merged> {
    let two = two(ctx, &operation.entity, operation.kept, operation.merged, Hold::Locked).await?;
    for (held, read) in [(&two.kept, operation.version), (&two.merged, operation.merged_version)] {
        if let Some(version) = read.filter(|version| *version != held.version) {
            return Err(crate::stale::error(ctx, &two.entity, held, version, &Values::new(), None).await?);
        }
    }
    let values = taken(ctx, &two, &operation.take)?;
    all_right(input::pointing(ctx, &two.entity, &[&two.kept, &two.merged], &values, Verb::Update).await?)?;
    let merge = ctx.new_id();
    let binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(merge)),
        Bind::text(two.entity.key.clone()),
        Bind::Id(Some(two.kept.id)),
        Bind::Id(Some(two.merged.id)),
        Bind::Moment(Some(ctx.now())),
        Bind::Id(Some(ctx.access.member.0)),
    ];
    ctx.fetch(Statement::new(INSERT, binds)).await?;
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("merge", Some(merge));
    let record = carry_out(ctx, &two, values).await?;
    Ok(Merged { id: record.id, merge, record })
}

async fn carry_out(ctx: &mut Ctx, two: &Two, values: Values) -> Result<Record> {
    let (from, to) = (two.merged.id, two.kept.id);
    for pointer in pointing_at(&ctx.catalog.clone(), &two.entity) {
        turn(ctx, &pointer, from, to).await?;
    }
    if let Some(error) = left_behind(ctx, &two.entity, from).await? {
        return Err(error);
    }
    for table in beside::ALL {
        table.turn(ctx, &two.entity, from, to).await?;
    }
    // A picture goes with the value: what the one that stays does not take is kept with the one that goes.
    for file in kept::ids(&two.entity, &values) {
        beside::FILES.turn_one(ctx, &two.entity, file, from, to).await?;
    }
    // Turning may have touched either of the two, where the entity points at itself.
    let (kept, merged) = (again(ctx, two, to).await?, again(ctx, two, from).await?);
    write(ctx, &two.entity, &merged, Edit { deleted: Some(true), ..Edit::default() }, "deleted").await?;
    write(ctx, &two.entity, &kept, Edit::values(values), "updated").await
}

async fn again(ctx: &mut Ctx, two: &Two, id: Uuid) -> Result<Held> {
    lock(ctx, &two.entity, &[id], Reach::All).await?.pop().ok_or_else(Error::not_found)
}

/// Rows that point at the one that goes, counted up to one more than can be turned.
struct Pointing {
    all: i64,
    /// Those that the caller may see.
    seen: i64,
    /// Those that the caller may change.
    mine: i64,
}

async fn counted(ctx: &mut Ctx, pointer: &Pointer, id: Uuid) -> Result<Pointing> {
    let (access, other) = (ctx.access.clone(), &pointer.entity);
    let reach = |verb| access.grants.reach(&other.permission(verb));
    let mut sql = Sql::new("select count(*), count(*) filter (where ");
    let tenant = crate::project::tenant(&mut sql, &access);
    let within = |sql: &mut Sql, reach: Option<Reach>| match reach {
        Some(reach) => crate::reach::within(sql, &access, reach, tenant, |sql| {
            sql.push("t");
        }),
        None => {
            sql.push("false");
        }
    };
    // By a field that the caller may not know nothing is seen to point here.
    within(&mut sql, reach(Verb::Read).filter(|_| readable(&access, &pointer.field)));
    in_trash(&mut sql, ctx, reach(Verb::Delete), tenant);
    sql.push("), count(*) filter (where ");
    within(&mut sql, reach(Verb::Update));
    sql.push(") from (select t.* from ").name(&other.table).push(" t where t.tenant_id = ").again(tenant).push(" and ");
    pointer.at(&mut sql, "t", tenant, |sql| {
        sql.bind(Bind::Id(Some(id)));
    });
    sql.push(" limit ").number(MOST + 1).push(") t");
    let row = sql.one(ctx).await?;
    Ok(Pointing { all: row.get(0)?, seen: row.get(1)?, mine: row.get(2)? })
}

/// Why the rows of one pointer cannot be turned, as far as that is known before they are. No number is told: it may be one of rows that the
/// caller does not see.
fn refusal(access: &Access, other: &Entity, found: &Pointing) -> Option<Error> {
    if found.all > i64::from(MOST) {
        let many = called(access, other);
        return Some(Error::conflict(t!("Too many {many} point at the one that goes to be turned at once", many)));
    }
    (found.mine < found.all).then(|| not_yours(access, other, t!("has to merge these two")))
}

/// Rows of an entity, inside a sentence; to those who may not read any, they are no orders and no invoices.
fn called(access: &Access, entity: &Entity) -> String {
    if access.grants.allows(&entity.permission(Verb::Read)) {
        entity.labels.many.to_lowercase()
    } else {
        t!("records").to_owned()
    }
}

/// What is said where rows would have to change that the caller may not. `who` says what somebody else has to do.
fn not_yours(access: &Access, other: &Entity, who: &str) -> Error {
    let permission = other.permission(Verb::Update);
    if access.grants.allows(&other.permission(Verb::Read)) && !access.grants.allows(&permission) {
        return Error::forbidden(permission, &access.role);
    }
    let many = called(access, other);
    Error::conflict(t!("Some {many} are not yours to change. Somebody whose permission reaches them {who}", many, who))
}

/// Turns every row that points at one to the other. All of them or none: the caller has to reach each.
async fn turn(ctx: &mut Ctx, pointer: &Pointer, from: Uuid, to: Uuid) -> Result<()> {
    let (other, field) = (&pointer.entity, &pointer.field);
    let found = counted(ctx, pointer, from).await?;
    if found.all == 0 {
        return Ok(());
    }
    if let Some(error) = refusal(&ctx.access, other, &found) {
        return Err(error);
    }
    let mut sql = Sql::new("select t.id from ");
    let access = ctx.access.clone();
    sql.name(&other.table).push(" t where t.tenant_id = ");
    let tenant = crate::project::tenant(&mut sql, &access);
    sql.again(tenant).push(" and ");
    pointer.at(&mut sql, "t", tenant, |sql| {
        sql.bind(Bind::Id(Some(from)));
    });
    let ids = sql.all(ctx).await?.iter().map(|row| row.get(0)).collect::<Result<Vec<Uuid>>>()?;
    let reach = ctx.reach(other, Verb::Update)?;
    let rows = lock(ctx, other, &ids, reach).await?;
    if rows.len() != ids.len() {
        return Err(not_yours(&access, other, t!("has to merge these two")));
    }
    let edits: Vec<(Held, Values)> = rows
        .into_iter()
        .map(|row| {
            // What stays does not come to point at itself.
            let to = (row.id != to).then_some(to);
            let value = turned(row.values.get(&field.key).unwrap_or(&Value::Null), from, to);
            (row, Values::from_iter([(field.key.clone(), value)]))
        })
        .collect();
    store(ctx, other, &edits).await.map_err(|error| kept_as_it_is(&access, other, error))?;
    for (held, values) in edits {
        tell(ctx, other, &held, values);
    }
    Ok(())
}

/// A reference, or several, with another row in the place of one. Several stay each once and in the order of their ids; what says its entity goes on
/// saying so, since both rows are of the same.
fn turned(value: &Value, from: Uuid, to: Option<Uuid>) -> Value {
    if let Some((entity, _)) = pointing::parts(value) {
        return to.map_or(Value::Null, |to| pointing::value(entity, to));
    }
    let Some(ids) = input::ids_of(value) else { return to.map_or(Value::Null, |to| Value::String(to.to_string())) };
    let ids: BTreeSet<Uuid> = ids.into_iter().filter_map(|id| if id == from { to } else { Some(id) }).collect();
    if ids.is_empty() { Value::Null } else { ids.into_iter().map(|id| Value::String(id.to_string())).collect() }
}

/// What the database keeps as it is, such as what is posted.
fn kept_as_it_is(access: &Access, other: &Entity, error: Error) -> Error {
    match error.kind {
        domain::Kind::Forbidden | domain::Kind::NotFound => error,
        _ => stays(access, other),
    }
}

fn stays(access: &Access, other: &Entity) -> Error {
    other_way(&called(access, other))
}

fn other_way(many: &str) -> Error {
    Error::conflict(t!(
        "Some {many} that point at the one that goes are kept as they are. Merge the other way round",
        many
    ))
}
