//! What keeps people from rising by themselves: nobody gives, takes or edits a role that goes beyond their own. One place for all ways in
//! which a role reaches somebody: a member's row, an invitation, a role that is edited.

use domain::people::{GivableRole, GivableRoles};
use domain::permission::{LADDER, ROLES};
use domain::{Error, Grants, Kind, Reach, Result};
use platform::{Ctx, db_error};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;
use words::t;

/// A role as it is held to the caller's.
#[derive(Debug, Clone, FromRow)]
pub struct Held {
    pub key: String,
    pub label: String,
    pub rank: Option<i16>,
    pub grants: Json<Grants>,
}

const HELD: &str = "select key, label, rank, grants from roles where tenant_id = $1 and key = any ($2) for key share";
/// Keys that no role has any more grant nothing and are in nobody's way.
const PRESENT: &str = "select key, label, rank, grants from roles where tenant_id = $1 and key = any ($2) order by key";
const ALL: &str =
    "select key, label, rank, grants from roles where tenant_id = $1 order by rank nulls last, label, key";
/// Whoever is somebody's manager, and everybody above.
const CHAIN: &str = "\
with recursive above as (
    select id, manager_id from members where tenant_id = $1 and id = $2
    union
    select m.id, m.manager_id from members m join above a on m.tenant_id = $1 and m.id = a.manager_id
) select m.id, m.name, m.roles from members m join above a using (id) where m.tenant_id = $1 order by m.id";
const LOCATION: &str = "select location_id from members where tenant_id = $1 and id = $2";
const RANK: &str = "select max(rank) from roles where tenant_id = $1 and key = any ($2)";

/// The caller's place on the ladder; 0 for those who hold job roles alone.
pub async fn rank(ctx: &mut Ctx) -> Result<i16> {
    let (tenant, roles) = (ctx.access.tenant.0, ctx.access.roles.clone());
    let rank: Option<i16> =
        sqlx::query_scalar(RANK).bind(tenant).bind(roles).fetch_one(ctx.conn().await?).await.map_err(db_error)?;
    Ok(rank.unwrap_or_default())
}

/// The roles of these keys, kept from being deleted until the transaction ends. One that does not exist is named.
pub async fn named(ctx: &mut Ctx, keys: &[String]) -> Result<Vec<Held>> {
    let tenant = ctx.access.tenant.0;
    let held: Vec<Held> =
        sqlx::query_as(HELD).bind(tenant).bind(keys).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    match keys.iter().find(|key| held.iter().all(|role| role.key != **key)) {
        Some(key) => Err(Error::field("roles", t!("There is no role {role} in this workspace", role = key))),
        None => Ok(held),
    }
}

/// What a role is called: one that comes with Nexus in the language that is spoken, any other as the workspace named it.
pub fn called<'a>(key: &str, label: &'a str) -> &'a str {
    if ROLES.iter().any(|seed| seed.key == key) { words::say(label) } else { label }
}

/// Why the caller may not give or take a role, or nothing.
pub fn beyond(grants: &Grants, rank: i16, role: &Held) -> Option<String> {
    let name = called(&role.key, &role.label);
    if role.rank.unwrap_or_default() > rank {
        return Some(t!("{role} stands above your own role", role = name));
    }
    let (pattern, reach) = grants.beyond(&role.grants)?;
    let rows = reach.rows();
    Some(t!("{role} includes {pattern} for {rows}, which goes beyond your own roles", role = name, pattern, rows))
}

/// Refuses unless the caller may give each of these roles. For whoever hands out roles: members' rows and invitations.
pub async fn may_give(ctx: &mut Ctx, keys: &[String]) -> Result<()> {
    if keys.is_empty() {
        return Err(Error::field("roles", t!("Choose at least one role")));
    }
    let rank = rank(ctx).await?;
    let held = named(ctx, keys).await?;
    match held.iter().find_map(|role| beyond(&ctx.access.grants, rank, role)) {
        Some(why) => Err(refused(ctx, &why)),
        None => Ok(()),
    }
}

/// Refuses to act on somebody who holds more than the caller does.
pub async fn not_above(ctx: &mut Ctx, name: &str, keys: &[String]) -> Result<()> {
    match above(ctx, keys).await? {
        None => Ok(()),
        Some(why) => {
            let message =
                t!("{name} holds a role beyond yours: {why}. Ask somebody who holds as much to do it", name, why);
            Err(Error { user_role: Some(ctx.access.role.clone()), ..Error::new(Kind::Forbidden, message) })
        }
    }
}

/// Why one of the roles goes beyond the caller's, or nothing.
pub async fn above(ctx: &mut Ctx, keys: &[String]) -> Result<Option<String>> {
    let rank = rank(ctx).await?;
    let tenant = ctx.access.tenant.0;
    let held: Vec<Held> =
        sqlx::query_as(PRESENT).bind(tenant).bind(keys).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    Ok(held.iter().find_map(|role| beyond(&ctx.access.grants, rank, role)))
}

/// Refuses to put somebody under a manager unless the caller reaches their rows already: the manager, and whoever stands above, then reach them
/// as far as grants for a team go, and grants for a location, which include the team. `member` is nothing for somebody who is invited, and has no
/// rows yet but will.
pub async fn may_put_under(ctx: &mut Ctx, member: Option<Uuid>, manager: Uuid) -> Result<()> {
    let (tenant, me) = (ctx.access.tenant.0, ctx.access.member.0);
    let in_my_team = match member {
        Some(member) => chain(ctx, member).await?.iter().any(|(id, ..)| *id == me),
        None => false,
    };
    // Whoever works at the caller's location may own rows of other locations: only all rows, or the team's, are sure to have theirs among them.
    let near = if in_my_team { Reach::Team } else { Reach::All };
    for (_, name, roles) in chain(ctx, manager).await? {
        let held: Vec<Held> =
            sqlx::query_as(PRESENT).bind(tenant).bind(&roles).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
        if let Some((pattern, reach)) = farther(&ctx.access.grants, &held, &[Reach::Team, Reach::Location], near) {
            return Err(placed(ctx, "manager", &name, &pattern, reach));
        }
    }
    Ok(())
}

/// Refuses to move somebody to a location unless the caller reaches its rows already: whoever holds grants for a location then does.
pub async fn may_put_at(ctx: &mut Ctx, name: &str, roles: &[String], location: Uuid) -> Result<()> {
    let (tenant, me) = (ctx.access.tenant.0, ctx.access.member.0);
    let own: Option<Option<Uuid>> =
        sqlx::query_scalar(LOCATION).bind(tenant).bind(me).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    let held: Vec<Held> =
        sqlx::query_as(PRESENT).bind(tenant).bind(roles).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let near = if own.flatten() == Some(location) { Reach::Location } else { Reach::All };
    match farther(&ctx.access.grants, &held, &[Reach::Location], near) {
        Some((pattern, reach)) => Err(placed(ctx, "location", name, &pattern, reach)),
        None => Ok(()),
    }
}

async fn chain(ctx: &mut Ctx, member: Uuid) -> Result<Vec<(Uuid, String, Vec<String>)>> {
    let tenant = ctx.access.tenant.0;
    sqlx::query_as(CHAIN).bind(tenant).bind(member).fetch_all(ctx.conn().await?).await.map_err(db_error)
}

/// The first grant of one of these reaches that the caller does not have as far as `near`, which is how far they need to go to reach the same rows.
fn farther(grants: &Grants, roles: &[Held], reaches: &[Reach], near: Reach) -> Option<(String, Reach)> {
    let given = roles.iter().flat_map(|role| &role.grants.0.0).filter(|(_, far)| reaches.contains(far));
    given.map(|(pattern, far)| (pattern.clone(), *far)).find(|(pattern, _)| !grants.cover(pattern, near))
}

fn placed(ctx: &Ctx, field: &str, name: &str, pattern: &str, reach: Reach) -> Error {
    let rows = reach.rows();
    let message = t!(
        "{name} would have {pattern} for {rows} over rows that your own roles do not reach. Ask somebody whose roles do",
        name,
        pattern,
        rows
    );
    let user_role = Some(ctx.access.role.clone());
    Error { kind: Kind::Forbidden, user_role, ..Error::field(field, message) }
}

pub async fn givable_roles(ctx: &mut Ctx, _: GivableRoles) -> Result<Vec<GivableRole>> {
    let rank = rank(ctx).await?;
    let tenant = ctx.access.tenant.0;
    let held: Vec<Held> = sqlx::query_as(ALL).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let grants = &ctx.access.grants;
    Ok(held
        .into_iter()
        .map(|role| GivableRole { beyond: beyond(grants, rank, &role), key: role.key, label: role.label })
        .collect())
}

/// The refusal, at the field that the form calls roles.
pub fn refused(ctx: &Ctx, why: &str) -> Error {
    let message = t!("{why}. Ask somebody who holds as much to do it", why);
    let at = Error::field("roles", message);
    Error {
        kind: Kind::Forbidden,
        required_permission: Some(domain::people::SET_ROLES.to_owned()),
        user_role: Some(ctx.access.role.clone()),
        ..at
    }
}

/// Roles are given by people. Automation would give them on behalf of whoever wrote a workflow.
pub fn person(ctx: &Ctx) -> Result<()> {
    match ctx.access.user {
        Some(_) => Ok(()),
        None => Err(Error {
            user_role: Some(ctx.access.role.clone()),
            ..Error::new(
                Kind::Forbidden,
                t!("Roles are given and changed by people, not by automation; sign in and do it yourself"),
            )
        }),
    }
}

/// The two roles that can do everything. They stay as they are, so that a workspace can always be put right.
pub fn is_mighty(key: &str) -> bool {
    LADDER.iter().rev().take(2).any(|mighty| *mighty == key)
}
