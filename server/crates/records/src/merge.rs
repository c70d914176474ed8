//! `records.preview_merge`, `records.merge` and `records.unmerge`: two records that are one become one, and two again.
//!
//! What points at the one that goes is turned to the one that stays, in the trash or not, and nothing is left behind: what the caller may not
//! change, or the database keeps as it is, stops the merge with its name. The one that goes is put into the trash before the one that stays
//! takes its values, so that unique ones are free. Every change carries the merge as its cause. The undo reads those changes, the newest
//! first, and puts back what nobody has changed since; what somebody has stays, and is told.

use crate::beside;
use crate::gate;
use crate::get::{Held, hold, lock};
use crate::input::{self, all_right};
use crate::kept;
use crate::many::{store, tell};
use crate::pointer::{Pointer, pointing_at};
use crate::project::readable;
use crate::sql::{Bind, Sql};
use crate::write::{Edit, write};
use chrono::{DateTime, Duration, Utc};
use domain::records::{
    MergeMoves, MergePlan, MergeRecords, Merged, PreviewMerge, Record, UnmergeRecords, Unmerged, Values,
};
use domain::schema::checklist::{self, CHECKLIST};
use domain::schema::{Catalog, Entity, FieldKind, pointing};
use domain::{Error, Reach, Result, Verb};
use platform::{Ctx, Statement};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// Rows of one entity that are turned at once.
const MOST: usize = 5_000;
/// Days in which a merge can be taken back.
const DAYS: i64 = 30;

const INSERT: &str = "\
insert into merges (tenant_id, id, entity, kept_id, merged_id, merged_at, merged_by) values ($1, $2, $3, $4, $5, $6, $7)";
const FIND: &str = "\
select kept_id, merged_id, merged_at, undone_at from merges where tenant_id = $1 and id = $2 and entity = $3 for update";
const END: &str = "update merges set undone_at = $3, undone_by = $4 where tenant_id = $1 and id = $2";
/// The merge of a record that is not undone, the newest: `kept` or `merged`.
const LATEST: &str = "\
select id, merged_at from merges
where tenant_id = $1 and entity = $2 and (kept_id = $3 or merged_id = $3) and undone_at is null order by merged_at desc limit 1";
/// Ids begin with their moment, so that only the partitions of that day are read.
const CHANGES: &str = "\
select c.entity, c.record_id, c.before::text, c.after::text from changes c
where c.tenant_id = $1 and c.cause_kind = 'merge' and c.cause_id = $2 and c.outcome = 'done' and c.id >= $3 and c.id < $4
order by c.id desc";
/// Tables with a key into this one. Row security lets everybody read the catalogue.
const KEYS: &str = "\
select distinct o.relname::text from pg_constraint k join pg_class t on t.oid = k.confrelid join pg_class o on o.oid = k.conrelid
where k.contype = 'f' and t.relname = $1 and k.conparentid = 0";

struct Two {
    entity: Arc<Entity>,
    kept: Held,
    merged: Held,
}

async fn two(ctx: &mut Ctx, key: &str, kept: Uuid, merged: Uuid) -> Result<Two> {
    let entity = ctx.entity(key)?;
    if let Some(how) = &entity.managed {
        return Err(Error::conflict(format!("{how}. They cannot be merged")));
    }
    let kept = hold(ctx, &entity, kept, Verb::Update, false).await?;
    if kept.id == merged {
        return Err(Error::field("merged", "A record cannot be merged with itself; choose another"));
    }
    let merged = hold(ctx, &entity, merged, Verb::Delete, false).await?;
    gate::allowed(&entity, &kept, "EDIT")?;
    gate::allowed(&entity, &merged, "DELETE")?;
    whole(ctx, &entity).await?;
    Ok(Two { entity, kept, merged })
}

/// What points at rows of the entity has to be described, or the merge would leave it behind. What only another industry describes holds no
/// rows of this workspace.
async fn whole(ctx: &mut Ctx, entity: &Entity) -> Result<()> {
    let rows = ctx.fetch(Statement::new(KEYS, vec![Bind::text(entity.table.clone())])).await?;
    let (catalog, services) = (ctx.catalog.clone(), ctx.services.clone());
    let industries: Vec<_> = services.catalogs.industries().map(|(_, catalog)| catalog).collect();
    for row in &rows {
        let table: String = row.get(0)?;
        let links =
            |other: &Entity| other.fields.iter().any(|field| field.link_table(&other.table).as_ref() == Some(&table));
        let described = |catalog: &Catalog| catalog.iter().any(|other| other.table == table || links(other));
        if !described(&catalog) && !industries.iter().any(|catalog| described(catalog)) {
            let many = &entity.labels.many;
            return Err(Error::conflict(format!(
                "{many} are part of {}, which stay as they are. They cannot be merged",
                table.replace('_', " ")
            )));
        }
    }
    Ok(())
}

/// Values that the one that stays takes from the other: those chosen, and those that it lacks.
fn taken(ctx: &Ctx, two: &Two, take: &BTreeMap<String, String>) -> Result<Values> {
    let mut values = Values::new();
    for (key, side) in take {
        let known = two.entity.field(key).filter(|field| readable(&ctx.access, field) && !field.read_only);
        let Some(field) = known else {
            return Err(Error::field(key, format!("{} has no field {key} to choose", two.entity.labels.one)));
        };
        match side.as_str() {
            "kept" => {}
            "merged" => {
                values.insert(field.key.clone(), two.merged.values.get(key).cloned().unwrap_or(Value::Null));
            }
            _ => return Err(Error::field(key, "Say kept or merged")),
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

pub async fn preview_merge(ctx: &mut Ctx, operation: PreviewMerge) -> Result<MergePlan> {
    let mut rehearsal = ctx.rehearsal().await?;
    // Dropped and not committed.
    let ctx = &mut rehearsal;
    let two = two(ctx, &operation.entity, operation.kept, operation.merged).await?;
    let mut moves = Vec::new();
    for pointer in pointing_at(&ctx.catalog.clone(), &two.entity) {
        let count = count(ctx, &pointer, two.merged.id).await?;
        if count > 0 {
            let (what, by) = (pointer.entity.labels.many.clone(), pointer.field.label.clone());
            moves.push(MergeMoves { what, by, count });
        }
    }
    for table in beside::ALL {
        let count = table.count(ctx, &two.entity, two.merged.id).await?;
        if count > 0 {
            moves.push(MergeMoves { what: table.many.to_owned(), by: String::new(), count });
        }
    }
    let fields: Vec<String> = two
        .entity
        .fields
        .iter()
        .filter(|field| readable(&ctx.access, field) && !field.read_only && field.key != "status")
        .filter(|field| two.kept.values.get(&field.key) != two.merged.values.get(&field.key))
        .map(|field| field.key.clone())
        .collect();
    let refused = carry_out(ctx, &two, Values::new()).await.err().map(|error| error.message);
    Ok(MergePlan { fields, moves, refused })
}

pub async fn merge(ctx: &mut Ctx, operation: MergeRecords) -> Result<Merged> {
    let two = two(ctx, &operation.entity, operation.kept, operation.merged).await?;
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

async fn count(ctx: &mut Ctx, pointer: &Pointer, id: Uuid) -> Result<i64> {
    let access = ctx.access.clone();
    let mut sql = Sql::new("select count(*) from ");
    sql.name(&pointer.entity.table).push(" t where t.tenant_id = ");
    let tenant = crate::project::tenant(&mut sql, &access);
    sql.again(tenant).push(" and ");
    pointer.at(&mut sql, "t", tenant, |sql| {
        sql.bind(Bind::Id(Some(id)));
    });
    sql.one(ctx).await?.get(0)
}

/// Turns every row that points at one to the other. All of them or none: the caller has to reach each.
async fn turn(ctx: &mut Ctx, pointer: &Pointer, from: Uuid, to: Uuid) -> Result<()> {
    let (other, field) = (&pointer.entity, &pointer.field);
    let all = count(ctx, pointer, from).await?;
    if all == 0 {
        return Ok(());
    }
    let many = other.labels.many.to_lowercase();
    if usize::try_from(all).map_or(true, |all| all > MOST) {
        return Err(Error::conflict(format!("{all} {many} point at the one that goes, too many to turn at once")));
    }
    let reach = ctx.reach(other, Verb::Update)?;
    let mut sql = Sql::new("select t.id from ");
    let access = ctx.access.clone();
    sql.name(&other.table).push(" t where t.tenant_id = ");
    let tenant = crate::project::tenant(&mut sql, &access);
    sql.again(tenant).push(" and ");
    pointer.at(&mut sql, "t", tenant, |sql| {
        sql.bind(Bind::Id(Some(from)));
    });
    crate::reach::and(&mut sql, &access, reach, tenant);
    let ids = sql.all(ctx).await?.iter().map(|row| row.get(0)).collect::<Result<Vec<Uuid>>>()?;
    if ids.len() as i64 != all {
        let missing = all - ids.len() as i64;
        return Err(Error::conflict(format!(
            "{missing} of {all} {many} are not yours to change. Somebody whose permission reaches them has to merge these two"
        )));
    }
    let rows = lock(ctx, other, &ids, Reach::All).await?;
    let edits: Vec<(Held, Values)> = rows
        .into_iter()
        .map(|row| {
            // What stays does not come to point at itself.
            let to = (row.id != to).then_some(to);
            let value = turned(row.values.get(&field.key).unwrap_or(&Value::Null), from, to);
            (row, Values::from_iter([(field.key.clone(), value)]))
        })
        .collect();
    store(ctx, other, &edits).await.map_err(|error| kept_as_it_is(other, error))?;
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
fn kept_as_it_is(other: &Entity, error: Error) -> Error {
    match error.kind {
        domain::Kind::Forbidden | domain::Kind::NotFound => error,
        _ => Error::conflict(format!(
            "Some {} that point at the one that goes are kept as they are. Merge the other way round",
            other.labels.many.to_lowercase()
        )),
    }
}

/// The merge that a record came out of or went into, while it can be taken back.
pub async fn latest_merge(
    ctx: &mut Ctx,
    operation: domain::records::LatestMerge,
) -> Result<Option<domain::records::PastMerge>> {
    let entity = ctx.entity(&operation.entity)?;
    crate::get::visible(ctx, &entity, operation.id).await?;
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::text(entity.key.clone()), Bind::Id(Some(operation.id))];
    let rows = ctx.fetch(Statement::new(LATEST, binds)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (id, at): (Uuid, DateTime<Utc>) = (row.get(0)?, row.get(1)?);
    let at_text = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Ok((ctx.now() - at <= Duration::days(DAYS)).then_some(domain::records::PastMerge { id, at: at_text }))
}

pub async fn unmerge(ctx: &mut Ctx, operation: UnmergeRecords) -> Result<Unmerged> {
    let entity = ctx.entity(&operation.entity)?;
    let tenant = Bind::Id(Some(ctx.access.tenant.0));
    let binds = vec![tenant.clone(), Bind::Id(Some(operation.merge)), Bind::text(entity.key.clone())];
    let rows = ctx.fetch(Statement::new(FIND, binds)).await?;
    let row = rows.first().ok_or_else(Error::not_found)?;
    let (kept, merged): (Uuid, Uuid) = (row.get(0)?, row.get(1)?);
    let (at, undone): (DateTime<Utc>, Option<DateTime<Utc>>) = (row.get(2)?, row.get(3)?);
    // Who may undo it may change the one and take the other out of the trash.
    hold(ctx, &entity, kept, Verb::Update, false).await?;
    let goes_back =
        lock(ctx, &entity, &[merged], ctx.reach(&entity, Verb::Delete)?).await?.pop().ok_or_else(Error::not_found)?;
    if undone.is_some() {
        return Err(Error::conflict("This merge was taken back already"));
    }
    if ctx.now() - at > Duration::days(DAYS) {
        return Err(Error::conflict(format!("A merge can be taken back for {DAYS} days; this one is older")));
    }
    (ctx.origin.cause_kind, ctx.origin.cause_id) = ("undo", Some(operation.merge));
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    let id = |millis: u128| Bind::Id(Some(Uuid::from_u128(millis << 80)));
    let binds =
        vec![tenant.clone(), Bind::Id(Some(operation.merge)), id(millis.saturating_sub(60_000)), id(millis + 900_000)];
    let changes = ctx.fetch(Statement::new(CHANGES, binds)).await?;
    let (mut undo, mut kept_as_is) = (Undo::default(), Vec::new());
    if !goes_back.deleted {
        kept_as_is.push(format!("{} was taken out of the trash since", title(&entity, &goes_back)));
    }
    for change in &changes {
        let (key, record): (String, Option<Uuid>) = (change.get(0)?, change.get(1)?);
        let side = |at: usize| -> Result<Values> {
            let text: Option<&str> = change.get(at)?;
            text.map_or(Ok(Values::new()), |text| serde_json::from_str(text).map_err(|_| Error::internal()))
        };
        let Some(record) = record else { continue };
        let (before, after) = (side(2)?, side(3)?);
        match beside::ALL.iter().find(|table| table.key == key) {
            Some(table) => {
                let owner = |values: &Values| values.get("recordId").and_then(input::id_of).ok_or_else(Error::internal);
                if table.turn_one(ctx, &entity, record, owner(&after)?, owner(&before)?).await? {
                    undo.done += 1;
                }
            }
            None => undo.take_back(ctx, &key, record, &before, &after, &mut kept_as_is).await?,
        }
    }
    let binds = vec![
        tenant,
        Bind::Id(Some(operation.merge)),
        Bind::Moment(Some(ctx.now())),
        Bind::Id(Some(ctx.access.member.0)),
    ];
    ctx.fetch(Statement::new(END, binds)).await?;
    let said = match kept_as_is.len() {
        0 => "Both are as they were before the merge".to_owned(),
        _ => format!("They are two again. What was changed since stays: {}", kept_as_is.join("; ")),
    };
    Ok(Unmerged { id: kept, merged, done: undo.done, kept: kept_as_is, said })
}

#[derive(Default)]
struct Undo {
    done: u32,
}

impl Undo {
    /// One change of the merge, as far as nobody has gone on from there.
    async fn take_back(
        &mut self,
        ctx: &mut Ctx,
        key: &str,
        id: Uuid,
        before: &Values,
        after: &Values,
        kept: &mut Vec<String>,
    ) -> Result<()> {
        let Some(entity) = ctx.catalog.get(key).cloned() else { return Ok(()) };
        let Some(held) = lock(ctx, &entity, &[id], Reach::All).await?.pop() else {
            kept.push(format!("{} that was removed for good", entity.labels.one));
            return Ok(());
        };
        let nothing = Value::Null;
        if after.get("deletedAt").is_some_and(|at| !at.is_null()) {
            if held.deleted {
                write_back(ctx, &entity, &held, Edit { deleted: Some(false), ..Edit::default() }).await?;
                self.done += 1;
            }
            return Ok(());
        }
        let mut values = Values::new();
        for (field, was) in before.iter().filter_map(|(field, was)| Some((entity.field(field)?, was))) {
            let (now, became) =
                (held.values.get(&field.key).unwrap_or(&nothing), after.get(&field.key).unwrap_or(&nothing));
            if now == became {
                values.insert(field.key.clone(), was.clone());
            } else if now != was {
                // A hidden field is not named to those who may not know it.
                let label = if readable(&ctx.access, field) { field.label.as_str() } else { "another field" };
                kept.push(format!("{label} of {}", title(&entity, &held)));
            }
        }
        if !values.is_empty() {
            let edits = [(held, values)];
            store(ctx, &entity, &edits).await?;
            for (held, values) in edits {
                tell(ctx, &entity, &held, values);
            }
            self.done += 1;
        }
        Ok(())
    }
}

/// Out of the trash; a unique value that somebody has taken since is said in words.
async fn write_back(ctx: &mut Ctx, entity: &Entity, held: &Held, edit: Edit) -> Result<()> {
    if let Some(taken) = crate::refuse::holder(ctx, entity, &held.values, Some(held.id)).await? {
        return Err(taken);
    }
    write(ctx, entity, held, edit, "restored").await.map(drop)
}

fn title(entity: &Entity, held: &Held) -> String {
    let title = [held.text(&entity.title), held.text("number")].into_iter().find(|text| !text.is_empty());
    title.unwrap_or(&entity.labels.one).to_owned()
}
