//! `records.get`, and reading one row for the writes.

use crate::known::known_ids;
use crate::project::Projection;
use crate::reach;
use crate::select::one;
use crate::sql::{Argument, Sql};
use crate::stop::is_of_no_row;
use domain::records::{GetRecord, Record, Values};
use domain::schema::Entity;
use domain::{Error, Reach, Result, Verb};
use platform::{Ctx, Row};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

pub async fn get(ctx: &mut Ctx, operation: GetRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    visible(ctx, &entity, operation.id).await
}

/// The row as its reader sees it. A row of another workspace, one out of reach and one that never was are the same: not found. Rows in the
/// trash are there for those who may empty it.
pub async fn visible(ctx: &mut Ctx, entity: &Entity, id: Uuid) -> Result<Record> {
    let reach = ctx.reach(entity, Verb::Read)?;
    let trash = ctx.access.grants.reach(&entity.permission(Verb::Delete));
    let catalog = ctx.catalog.clone();
    let projection = Projection::of(&ctx.access, &catalog, entity, &[])?;
    let mut sql = Sql::new("select ");
    let tenant = crate::project::tenant(&mut sql, &ctx.access);
    projection.select(&mut sql);
    sql.push(" from (select ");
    projection.columns(&mut sql, "t");
    sql.push(" from ").name(&entity.table).push(" t where ");
    one(&mut sql, &ctx.access, reach, tenant, id);
    in_trash(&mut sql, ctx, trash, tenant);
    sql.push(") r");
    projection.joins(&mut sql, ctx, tenant)?;
    let row = sql.optional(ctx).await?.ok_or_else(Error::not_found)?;
    projection.record(&row)
}

pub fn in_trash(sql: &mut Sql, ctx: &Ctx, trash: Option<Reach>, tenant: Argument) {
    match trash {
        Some(Reach::All) => {}
        Some(trash) => {
            sql.push(" and (t.deleted_at is null or ");
            reach::within(sql, &ctx.access, trash, tenant, |sql| {
                sql.push("t");
            });
            sql.push(")");
        }
        None => {
            sql.push(" and t.deleted_at is null");
        }
    }
}

/// A row as the writes compare it: every field, whoever asks, locked until the transaction ends.
#[derive(Debug, Clone)]
pub struct Held {
    pub id: Uuid,
    pub version: i64,
    pub values: Values,
    pub deleted: bool,
}

impl Held {
    pub fn text(&self, key: &str) -> &str {
        self.values.get(key).and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    fn of(projection: &Projection<'_>, row: &Row) -> Result<Self> {
        let record = projection.record(row)?;
        Ok(Self { id: record.id, version: record.version, values: record.values, deleted: record.deleted_at.is_some() })
    }
}

/// Whether rows that are read for a verb are kept from others until the transaction ends, or only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    Locked,
    Looked,
}

/// Reads and locks a row for a verb. Out of the reader's sight it is not found; in sight but out of the verb's reach it is forbidden, which
/// tells nothing that the reader does not see.
pub async fn hold(ctx: &mut Ctx, entity: &Entity, id: Uuid, verb: Verb, deleted: bool) -> Result<Held> {
    hold_for(ctx, entity, id, verb, deleted, Hold::Locked).await
}

/// The same for what may only be looked at.
pub async fn hold_for(ctx: &mut Ctx, entity: &Entity, id: Uuid, verb: Verb, deleted: bool, how: Hold) -> Result<Held> {
    let (reach, sight) = (ctx.reach(entity, verb)?, ctx.reach(entity, Verb::Read)?);
    let held = whole(ctx, entity, &[id], reach.min(sight), how).await?.pop();
    match held {
        Some(held) if held.deleted == deleted => Ok(held),
        None if sight > reach => {
            let record = visible(ctx, entity, id).await?;
            if record.deleted_at.is_some() != deleted {
                return Err(Error::not_found());
            }
            Err(Error::forbidden(entity.permission(verb), &ctx.access.role))
        }
        _ => Err(Error::not_found()),
    }
}

/// Rows by id, locked in the order of their ids, so that two writers of the same rows do not wait for each other in a circle.
pub async fn lock(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid], reach: Reach) -> Result<Vec<Held>> {
    whole(ctx, entity, ids, reach, Hold::Locked).await
}

/// [`lock`] for a batch of a job. With its last try each is locked by itself, and one that somebody goes on holding comes as the error that says so.
pub async fn lock_each(
    ctx: &mut Ctx,
    entity: &Entity,
    ids: &[Uuid],
    last: bool,
) -> Result<HashMap<Uuid, Result<Held>>> {
    if !last {
        let held = lock(ctx, entity, ids, Reach::All).await?;
        return Ok(held.into_iter().map(|held| (held.id, Ok(held))).collect());
    }
    let mut each = HashMap::new();
    for id in ids {
        ctx.begin_part().await?;
        let held = lock(ctx, entity, std::slice::from_ref(id), Reach::All).await;
        ctx.end_part(held.is_ok()).await?;
        match held {
            Ok(held) => each.extend(held.into_iter().map(|held| (held.id, Ok(held)))),
            Err(error) if is_of_no_row(&error, last) => return Err(error),
            Err(error) => {
                each.insert(*id, Err(error));
            }
        }
    }
    Ok(each)
}

async fn whole(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid], reach: Reach, how: Hold) -> Result<Vec<Held>> {
    let projection = Projection::whole(entity);
    let mut sql = Sql::new("select ");
    let tenant = crate::project::tenant(&mut sql, &ctx.access);
    projection.columns(&mut sql, "t");
    sql.push(" from ").name(&entity.table).push(" t where t.tenant_id = ").again(tenant).push(" and ");
    if let [id] = ids {
        sql.push("t.id = ");
        sql.bind(crate::sql::Bind::Id(Some(*id)));
    } else {
        sql.push("t.id = any (");
        sql.bind(crate::sql::Bind::ids(ids.iter().copied()));
        sql.push(")");
    }
    reach::and(&mut sql, &ctx.access, reach, tenant);
    sql.push(" order by t.id");
    if how == Hold::Locked {
        sql.push(" for update");
    }
    let rows = sql.all(ctx).await?;
    rows.iter().map(|row| Held::of(&projection, row)).collect()
}

/// The versions of rows, those in the trash included, whoever asks: what is decided about a row is decided about one of them.
pub async fn versions(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid], how: Hold) -> Result<Vec<(Uuid, i64)>> {
    let mut sql = Sql::new("select t.id, t.version from ");
    let tenant = crate::project::tenant(&mut sql, &ctx.access);
    sql.name(&entity.table).push(" t where t.tenant_id = ").again(tenant).push(" and t.id = any (");
    sql.bind(crate::sql::Bind::ids(ids.iter().copied()));
    sql.push(") order by t.id");
    if how == Hold::Locked {
        sql.push(" for update");
    }
    sql.all(ctx).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Whose rows are, whoever asks, of those outside the trash that are somebody's: for telling them that something happened to one.
pub async fn owners(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let mut sql = Sql::new("select t.id, t.owner_id from ");
    let tenant = crate::project::tenant(&mut sql, &ctx.access);
    sql.name(&entity.table).push(" t where t.tenant_id = ").again(tenant).push(" and t.id = any (");
    sql.bind(crate::sql::Bind::ids(ids.iter().copied()));
    sql.push(") and t.owner_id is not null and t.deleted_at is null");
    sql.all(ctx).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Which of these rows the caller may see, those in the trash included: for telling that something happened to them, not what.
pub async fn seen(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let reach = ctx.reach(entity, Verb::Read)?;
    among(ctx, entity, ids, reach).await
}

/// Whether a row is one that the caller may do this to, by reach: what stands beside a row follows what may be done to the row. Not where the
/// permission is missing altogether.
pub async fn reaches(ctx: &mut Ctx, entity: &Entity, id: Uuid, verb: Verb) -> Result<bool> {
    match ctx.access.grants.reach(&entity.permission(verb)) {
        Some(reach) => Ok(!among(ctx, entity, &[id], reach).await?.is_empty()),
        None => Ok(false),
    }
}

/// Those of the rows that the caller sees and may do this to, by reach. None of them where a permission is missing altogether.
pub async fn reached(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid], verb: Verb) -> Result<HashSet<Uuid>> {
    let reaches = [verb, Verb::Read].map(|verb| ctx.access.grants.reach(&entity.permission(verb)));
    let [Some(reach), Some(sight)] = reaches else { return Ok(HashSet::new()) };
    Ok(among(ctx, entity, ids, reach.min(sight)).await?.into_iter().collect())
}

/// Those of the rows that the caller sees, in the trash or not.
pub async fn in_sight(ctx: &mut Ctx, entity: &Entity, ids: Vec<Uuid>) -> Result<Vec<Uuid>> {
    let reach = |verb| ctx.access.grants.reach(&entity.permission(verb));
    let (reach, trash) = (reach(Verb::Read), reach(Verb::Delete));
    let Some(reach) = reach else { return Ok(Vec::new()) };
    if reach == Reach::All && trash == Some(Reach::All) {
        return Ok(ids);
    }
    let mut sql = Sql::new("select t.id from ");
    let tenant = crate::project::tenant(&mut sql, &ctx.access);
    sql.name(&entity.table).push(" t where t.tenant_id = ").again(tenant).push(" and t.id = any (");
    sql.bind(crate::sql::Bind::ids(ids));
    sql.push(")");
    reach::and(&mut sql, &ctx.access, reach, tenant);
    in_trash(&mut sql, ctx, trash, tenant);
    sql.all(ctx).await?.iter().map(|row| row.get(0)).collect()
}

/// Those of the rows of which the caller may read what is kept beside them, such as a log: those in sight. What is gone for good is left to those
/// whose reach is everybody's, since nobody can tell any more whose it was.
pub async fn legible(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let mut legible: HashSet<Uuid> = in_sight(ctx, entity, ids.to_vec()).await?.into_iter().collect();
    let all = ctx.access.grants.reach(&entity.permission(Verb::Read)) == Some(Reach::All);
    if all && ids.iter().any(|id| !legible.contains(id)) {
        let there = known_ids(ctx, entity, ids.to_vec()).await?;
        legible.extend(ids.iter().filter(|id| !there.contains(*id)));
    }
    Ok(legible)
}

/// Those of the rows that are within reach.
async fn among(ctx: &mut Ctx, entity: &Entity, ids: &[Uuid], reach: Reach) -> Result<Vec<Uuid>> {
    if reach == Reach::All {
        return Ok(ids.to_vec());
    }
    let mut sql = Sql::new("select t.id from ");
    sql.name(&entity.table).push(" t where ");
    let tenant = crate::project::tenant(&mut sql, &ctx.access);
    sql.push("t.tenant_id = ").again(tenant).push(" and t.id = any (");
    sql.bind(crate::sql::Bind::ids(ids.iter().copied()));
    sql.push(")");
    reach::and(&mut sql, &ctx.access, reach, tenant);
    sql.all(ctx).await?.iter().map(|row| row.get(0)).collect()
}
