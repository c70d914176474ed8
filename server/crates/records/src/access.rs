//! `records.access` and `records.may`: who can do what with a row, by the same rules that `reach` compiles into statements.
//!
//! The rules are written a second time here, over people instead of rows, because the question is turned round: not which rows somebody
//! reaches, but who reaches this row. A test asks every member for every row and holds the answers to these.

use crate::get::{in_trash, visible};
use crate::project::{self, readable};
use crate::reach;
use crate::sql::{Bind, Sql};
use domain::records::{AccessRow, Because, MayRecords, RecordAccess};
use domain::schema::Entity;
use domain::{Error, Grants, Reach, Result, Verb};
use platform::{Ctx, db_error};
use sqlx::FromRow;
use sqlx::types::Json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;
use words::t;

/// Ids of one `records.may`: a board shows fewer.
const MOST_IDS: usize = 2000;

const MEMBERS: &str = "\
select id, name, kind = 'automation' as automation, roles, manager_id, location_id from members
where tenant_id = $1 and status = 'ACTIVE' order by kind, lower(name), id limit 2000";
const ROLES: &str = "select key, label, grants from roles where tenant_id = $1";

#[derive(FromRow)]
struct Member {
    id: Uuid,
    name: String,
    automation: bool,
    roles: Vec<String>,
    manager_id: Option<Uuid>,
    location_id: Option<Uuid>,
}

#[derive(FromRow)]
struct Role {
    key: String,
    label: String,
    grants: Json<Grants>,
}

/// What of a row decides who reaches it.
struct Row {
    owner: Option<Uuid>,
    location: Option<Uuid>,
    deleted: bool,
}

pub async fn access(ctx: &mut Ctx, operation: RecordAccess) -> Result<Vec<AccessRow>> {
    let entity = ctx.entity(&operation.entity)?;
    // Whoever may not see the row learns nothing of who may.
    visible(ctx, &entity, operation.id).await?;
    ctx.require("people.member.read")?;
    let row = row(ctx, &entity, operation.id).await?;
    let tenant = ctx.access.tenant.0;
    let members: Vec<Member> =
        sqlx::query_as(MEMBERS).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let roles: Vec<Role> = sqlx::query_as(ROLES).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let roles: HashMap<&str, &Role> = roles.iter().map(|role| (role.key.as_str(), role)).collect();
    let above = row.owner.map(|owner| above(&members, owner)).unwrap_or_default();
    let known: Vec<_> = entity.fields.iter().filter(|field| readable(&ctx.access, field)).collect();
    let mut rows = Vec::new();
    for member in &members {
        let held: Vec<&Role> = member.roles.iter().filter_map(|key| roles.get(key.as_str()).copied()).collect();
        let can = |verb: Verb| because(&entity.permission(verb), member, &held, &row, &above);
        let delete = can(Verb::Delete);
        // What lies in the trash is there for those who may empty it.
        let Some(read) = can(Verb::Read).filter(|_| !row.deleted || delete.is_some()) else { continue };
        let mut grants = Grants::default();
        for role in &held {
            grants.merge(&role.grants);
        }
        rows.push(AccessRow {
            member: member.id,
            name: member.name.clone(),
            automation: member.automation,
            read,
            update: can(Verb::Update).filter(|_| !row.deleted),
            delete,
            hidden: known.iter().filter(|field| !field.readable(&grants)).map(|field| field.key.clone()).collect(),
        });
    }
    Ok(rows)
}

async fn row(ctx: &mut Ctx, entity: &Entity, id: Uuid) -> Result<Row> {
    let mut sql = Sql::new("select t.owner_id, t.location_id, t.deleted_at is not null from ");
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.name(&entity.table).push(" t where t.tenant_id = ").again(tenant).push(" and t.id = ");
    sql.bind(Bind::Id(Some(id)));
    let row = sql.optional(ctx).await?.ok_or_else(Error::not_found)?;
    Ok(Row { owner: row.get(0)?, location: row.get(1)?, deleted: row.get(2)? })
}

/// The owner and everybody above in the manager chain. A circle ends where it began.
fn above(members: &[Member], owner: Uuid) -> HashSet<Uuid> {
    let managers: HashMap<Uuid, Option<Uuid>> = members.iter().map(|member| (member.id, member.manager_id)).collect();
    let mut found = HashSet::new();
    let mut next = Some(owner);
    while let Some(id) = next.filter(|id| found.insert(*id)) {
        next = managers.get(&id).copied().flatten();
    }
    found
}

/// The role that goes farthest among those that reach the row.
fn because(permission: &str, member: &Member, held: &[&Role], row: &Row, above: &HashSet<Uuid>) -> Option<Because> {
    let own = row.owner == Some(member.id);
    let reaches = |reach: Reach| match reach {
        Reach::All => true,
        Reach::Own => own,
        Reach::Team => above.contains(&member.id),
        Reach::Location => {
            above.contains(&member.id) || (member.location_id.is_some() && member.location_id == row.location)
        }
    };
    let granted = held.iter().filter_map(|role| role.grants.reach(permission).map(|reach| (reach, *role)));
    // Of two that go as far the one that the member's row names first, which is the higher.
    let (reach, role) = granted.filter(|(reach, _)| reaches(*reach)).rev().max_by_key(|(reach, _)| *reach)?;
    Some(Because { role: words::say(&role.label).to_owned(), reach, own })
}

pub async fn may(ctx: &mut Ctx, operation: MayRecords) -> Result<Vec<Uuid>> {
    if operation.ids.len() > MOST_IDS {
        return Err(Error::field("ids", t!("At most {most} rows are asked about at once", most = MOST_IDS)));
    }
    let entity = ctx.entity(&operation.entity)?;
    let reach = ctx.reach(&entity, operation.verb)?.min(ctx.reach(&entity, Verb::Read)?);
    let mut sql = Sql::new("select t.id from ");
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.name(&entity.table).push(" t where t.tenant_id = ").again(tenant).push(" and t.id = any (");
    sql.bind(Bind::ids(operation.ids));
    sql.push(")");
    reach::and(&mut sql, &ctx.access, reach, tenant);
    in_trash(&mut sql, ctx, ctx.access.grants.reach(&entity.permission(Verb::Delete)), tenant);
    let rows = sql.all(ctx).await?;
    rows.iter().map(|row| row.get(0)).collect()
}
