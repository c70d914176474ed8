//! Roles: listing, making, changing and deleting them, and giving them to members.

use super::roles_guard::{Held, above, beyond, called, is_mighty, named, person, rank, refused};
use domain::people::{CreateRole, Decides, DeleteRole, ListRoles, MANAGE, RoleRow, SetRoles, UpdateRole};
use domain::permission::{LADDER, ROLES, is_pattern};
use domain::{Error, Grants, Kind, Result};
use platform::{Change, Ctx, db_error};
use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use std::collections::BTreeMap;
use uuid::Uuid;
use words::{t, tn};

/// Grants of one role; a grid of all of them has fewer.
const MOST_GRANTS: usize = 1000;
const MOST_ROLES: i64 = 200;

macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "select r.key, r.label, r.about, r.rank, r.grants, r.version,
    (select count(*) from members m where m.tenant_id = r.tenant_id and r.key = any (m.roles)) as members
from roles r where r.tenant_id = $1 ",
            $rest
        )
    };
}

const LIST: &str = rows!("order by r.rank desc nulls last, lower(r.label) limit 200");
const ONE: &str = rows!("and r.key = $2");
const HOLD: &str = "select key from roles where tenant_id = $1 and key = $2 for update";
const COUNT: &str = "select count(*), count(*) filter (where lower(label) = lower($2)) from roles where tenant_id = $1";
const INSERT: &str = "\
insert into roles (tenant_id, key, label, about, rank, grants) values ($1, $2, $3, '', null, $4) on conflict do nothing";
const UPDATE: &str =
    "update roles set label = $3, about = $4, grants = $5, version = version + 1 where tenant_id = $1 and key = $2";
const DELETE: &str = "delete from roles where tenant_id = $1 and key = $2";
/// The approvals that workflows ask for now, with the roles that decide them.
const APPROVERS: &str = "\
select w.id, w.name, r.role #>> '{}' from workflows w
join workflow_versions v on v.tenant_id = w.tenant_id and v.workflow_id = w.id and v.version = w.version
cross join lateral jsonb_path_query(v.definition, '$.steps[*] ? (@.type == \"approval\").input.roles[*]') as r (role)
where w.tenant_id = $1 and w.deleted_at is null order by lower(w.name), w.id";
// No key of the row changes: who works under the member meanwhile need not wait, nor can two wait for each other in a circle.
const MEMBER: &str =
    "select name, kind, status, roles, user_id from members where tenant_id = $1 and id = $2 for no key update";
const SET: &str = "update members set roles = $3, updated_at = $4 where tenant_id = $1 and id = $2";

#[derive(FromRow)]
struct Row {
    key: String,
    label: String,
    about: String,
    rank: Option<i16>,
    grants: Json<Grants>,
    version: i64,
    members: i64,
}

impl Row {
    fn held(&self) -> Held {
        Held { key: self.key.clone(), label: self.label.clone(), rank: self.rank, grants: self.grants.clone() }
    }

    fn seeded(&self) -> bool {
        ROLES.iter().any(|seed| seed.key == self.key)
    }

    fn image(&self) -> Value {
        json!({ "key": self.key, "label": self.label, "about": self.about, "grants": *self.grants })
    }
}

pub async fn list_roles(ctx: &mut Ctx, _: ListRoles) -> Result<Vec<RoleRow>> {
    let tenant = ctx.access.tenant.0;
    let rows: Vec<Row> = sqlx::query_as(LIST).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let (rank, mut decides) = (rank(ctx).await?, decides(ctx).await?);
    Ok(rows.into_iter().map(|row| shown(ctx, row, rank, &mut decides)).collect())
}

fn shown(ctx: &Ctx, row: Row, rank: i16, decides: &mut BTreeMap<String, Vec<Decides>>) -> RoleRow {
    let decides = decides.remove(&row.key).unwrap_or_default();
    let beyond = beyond(&ctx.access.grants, rank, &row.held());
    let fixed = closed(&row).or_else(|| beyond.clone());
    let kept = kept(&row, &decides).or_else(|| beyond.clone());
    RoleRow {
        decides,
        fixed,
        kept,
        beyond,
        key: row.key,
        label: row.label,
        about: row.about,
        rank: row.rank,
        grants: row.grants.0,
        version: row.version,
        members: row.members,
    }
}

/// Why nobody changes a role.
fn closed(row: &Row) -> Option<String> {
    is_mighty(&row.key).then(|| {
        t!(
            "{role} can do everything and stays so, so that a workspace can always be put right; change a copy of it",
            role = called(&row.key, &row.label)
        )
    })
}

/// Why a role cannot be deleted.
fn kept(row: &Row, decides: &[Decides]) -> Option<String> {
    if LADDER.contains(&row.key.as_str()) {
        let role = called(&row.key, &row.label);
        return Some(t!("{role} is a step of the ladder, which every workspace has", role));
    }
    if row.members > 0 {
        return Some(tn!(
            row.members,
            "One member holds it; give them another role first",
            "{count} members hold it; give them another role first"
        ));
    }
    decides.first().map(|first| t!("{what} waits for its holders; name another role there first", what = first.what))
}

/// What asks for each role: gates of moves, states that are for owners who hold it, and approvals of workflows.
async fn decides(ctx: &mut Ctx) -> Result<BTreeMap<String, Vec<Decides>>> {
    let mut asked: BTreeMap<String, Vec<Decides>> = BTreeMap::new();
    let catalog = ctx.catalog.clone();
    for entity in catalog.iter() {
        for state in entity.states.iter().flat_map(|states| &states.list) {
            let what = format!("{}: {}", entity.labels.one, state.label);
            if let Some(role) = &state.owner_role {
                asked.entry(role.clone()).or_default().push(Decides { what, workflow: None });
            }
        }
        for step in entity.states.iter().flat_map(|states| &states.transitions) {
            let what = format!("{}: {}", entity.labels.one, step.label);
            let gate = step.gate.roles.iter().chain(step.gate.approval.iter().flat_map(|approval| &approval.roles));
            for role in gate {
                asked.entry(role.clone()).or_default().push(Decides { what: what.clone(), workflow: None });
            }
        }
    }
    let tenant = ctx.access.tenant.0;
    let rows: Vec<(Uuid, String, String)> =
        sqlx::query_as(APPROVERS).bind(tenant).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    for (workflow, name, role) in rows {
        let list = asked.entry(role).or_default();
        if list.iter().all(|one| one.workflow != Some(workflow)) {
            list.push(Decides { what: name, workflow: Some(workflow) });
        }
    }
    Ok(asked)
}

async fn answer(ctx: &mut Ctx, key: &str) -> Result<RoleRow> {
    let row = one(ctx, key).await?;
    let (rank, mut decides) = (rank(ctx).await?, decides(ctx).await?);
    Ok(shown(ctx, row, rank, &mut decides))
}

async fn one(ctx: &mut Ctx, key: &str) -> Result<Row> {
    let tenant = ctx.access.tenant.0;
    let row: Option<Row> =
        sqlx::query_as(ONE).bind(tenant).bind(key).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    row.ok_or_else(Error::not_found)
}

/// Roles beyond one's own are not edited, nor copied.
fn not_yours(ctx: &Ctx, why: &str) -> Error {
    Error { fields: Vec::new(), required_permission: Some(MANAGE.to_owned()), ..refused(ctx, why) }
}

/// The role, locked. What is read afterwards is as of the lock.
async fn hold(ctx: &mut Ctx, key: &str) -> Result<Row> {
    let tenant = ctx.access.tenant.0;
    let held: Option<String> =
        sqlx::query_scalar(HOLD).bind(tenant).bind(key).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    held.ok_or_else(Error::not_found)?;
    one(ctx, key).await
}

fn read_version(row: &Row, version: Option<i64>) -> Result<()> {
    match version {
        None => Err(Error::new(
            Kind::VersionRequired,
            t!("Say which version of the role you have read, so that nobody's work is overwritten"),
        )),
        Some(version) if version != row.version => Err(Error::conflict(t!(
            "{role} was changed by somebody else after you read it. Nothing was saved; read it again and repeat your change",
            role = called(&row.key, &row.label)
        ))),
        Some(_) => Ok(()),
    }
}

fn named_well(label: &str) -> Result<String> {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    match label.chars().count() {
        1..=60 if !label.contains('\0') => Ok(label),
        _ => Err(Error::field("label", t!("A role has a name of 1 to 60 letters"))),
    }
}

/// `Showroom lead` as `SHOWROOM_LEAD`: what workflows and descriptions call the role.
fn key_of(label: &str) -> String {
    let mut key = String::new();
    for letter in label.chars().map(|letter| letter.to_ascii_uppercase()) {
        match letter {
            'A'..='Z' | '0'..='9' => key.push(letter),
            _ if key.is_empty() || key.ends_with('_') => {}
            _ => key.push('_'),
        }
    }
    let key = key.trim_end_matches('_');
    let key =
        if key.starts_with(|first: char| first.is_ascii_uppercase()) { key.to_owned() } else { format!("ROLE_{key}") };
    key.chars().take(36).collect::<String>().trim_end_matches('_').to_owned()
}

pub async fn create_role(ctx: &mut Ctx, create: CreateRole) -> Result<RoleRow> {
    person(ctx)?;
    let label = named_well(&create.label)?;
    let grants = match &create.copy_of {
        None => Grants::default(),
        Some(key) => {
            let rank = rank(ctx).await?;
            let mut held =
                named(ctx, std::slice::from_ref(key)).await.map_err(|error| Error::field("copyOf", error.message))?;
            let source = held.pop().ok_or_else(Error::not_found)?;
            // A copy has no place on the ladder, so what counts is what it grants.
            let copy = Held { rank: None, ..source };
            match beyond(&ctx.access.grants, rank, &copy) {
                Some(why) => return Err(not_yours(ctx, &why)),
                None => copy.grants.0,
            }
        }
    };
    let tenant = ctx.access.tenant.0;
    let (all, same): (i64, i64) =
        sqlx::query_as(COUNT).bind(tenant).bind(&label).fetch_one(ctx.conn().await?).await.map_err(db_error)?;
    if same > 0 {
        return Err(Error::field("label", t!("There is a role {label} already; choose another name", label)));
    }
    if all >= MOST_ROLES {
        return Err(Error::conflict(t!(
            "A workspace has at most {most} roles; delete one that nobody holds",
            most = MOST_ROLES
        )));
    }
    let base = key_of(&label);
    for attempt in 1..=20 {
        let key = if attempt == 1 { base.clone() } else { format!("{base}_{attempt}") };
        if insert(ctx.conn().await?, tenant, &key, &label, &grants).await? {
            let row = one(ctx, &key).await?;
            tell(ctx, None, Some(row.image()), "created");
            return answer(ctx, &key).await;
        }
    }
    Err(Error::conflict(t!("Somebody else was making the same role. Nothing was saved; try again")))
}

async fn insert(connection: &mut PgConnection, tenant: Uuid, key: &str, label: &str, grants: &Grants) -> Result<bool> {
    let made = sqlx::query(INSERT)
        .bind(tenant)
        .bind(key)
        .bind(label)
        .bind(Json(grants))
        .execute(connection)
        .await
        .map_err(db_error)?;
    Ok(made.rows_affected() == 1)
}

pub async fn update_role(ctx: &mut Ctx, update: UpdateRole) -> Result<RoleRow> {
    person(ctx)?;
    let row = hold(ctx, &update.key).await?;
    if let Some(why) = closed(&row) {
        return Err(Error::conflict(why));
    }
    let rank = rank(ctx).await?;
    if let Some(why) = beyond(&ctx.access.grants, rank, &row.held()) {
        return Err(not_yours(ctx, &why));
    }
    read_version(&row, update.version)?;
    let label = match &update.label {
        Some(label) => named_well(label)?,
        None => row.label.clone(),
    };
    if label != row.label && row.seeded() {
        let role = called(&row.key, &row.label);
        let message = t!("{role} comes with Nexus and keeps its name; make a copy for another one", role);
        return Err(Error::field("label", message));
    }
    let about = update.about.clone().map_or_else(|| row.about.clone(), |about| about.trim().to_owned());
    if about.chars().count() > 500 || about.contains('\0') {
        return Err(Error::field("about", t!("A description has at most 500 letters")));
    }
    let grants = update.grants.clone().unwrap_or_else(|| row.grants.0.clone());
    well_formed(&grants)?;
    if let Some((pattern, reach)) = ctx.access.grants.beyond(&grants) {
        let rows = reach.rows();
        let message =
            t!("You cannot grant {pattern} for {rows}, because your own roles do not reach that far", pattern, rows);
        let error = Error::forbidden(pattern, &ctx.access.role);
        let at = Error::field("grants", message.clone());
        return Err(Error { message, fields: at.fields, ..error });
    }
    let tenant = ctx.access.tenant.0;
    let same = label == row.label && about == row.about && grants == row.grants.0;
    if !same {
        let done = sqlx::query(UPDATE)
            .bind(tenant)
            .bind(&row.key)
            .bind(&label)
            .bind(&about)
            .bind(Json(&grants))
            .execute(ctx.conn().await?)
            .await;
        done.map_err(|error| match error.as_database_error().and_then(|error| error.constraint()) {
            Some("roles_label_key") => {
                Error::field("label", t!("There is a role {label} already; choose another name", label))
            }
            _ => db_error(error),
        })?;
        let after = one(ctx, &row.key).await?;
        tell(ctx, Some(row.image()), Some(after.image()), "updated");
    }
    answer(ctx, &row.key).await
}

fn well_formed(grants: &Grants) -> Result<()> {
    if grants.0.len() > MOST_GRANTS {
        return Err(Error::field("grants", t!("A role has at most {most} grants", most = MOST_GRANTS)));
    }
    match grants.0.keys().find(|pattern| !is_pattern(pattern)) {
        Some(pattern) => {
            let shown: String = pattern.chars().take(60).collect();
            let message = t!("{wrong} is no permission; it looks like crm.lead.read or crm.*.read", wrong = shown);
            Err(Error::field("grants", message))
        }
        None => Ok(()),
    }
}

pub async fn delete_role(ctx: &mut Ctx, delete: DeleteRole) -> Result<()> {
    person(ctx)?;
    let row = hold(ctx, &delete.key).await?;
    let decides = decides(ctx).await?.remove(&row.key).unwrap_or_default();
    if let Some(why) = kept(&row, &decides) {
        return Err(Error::conflict(why));
    }
    let rank = rank(ctx).await?;
    if let Some(why) = beyond(&ctx.access.grants, rank, &row.held()) {
        return Err(not_yours(ctx, &why));
    }
    read_version(&row, delete.version)?;
    let tenant = ctx.access.tenant.0;
    sqlx::query(DELETE).bind(tenant).bind(&row.key).execute(ctx.conn().await?).await.map_err(db_error)?;
    tell(ctx, Some(row.image()), None, "deleted");
    Ok(())
}

fn tell(ctx: &mut Ctx, before: Option<Value>, after: Option<Value>, what: &str) {
    let event = Some(format!("people.role.{what}"));
    ctx.changed(Change { entity: "role".to_owned(), record: None, before, after, event });
}

#[derive(FromRow)]
struct MemberRow {
    name: String,
    kind: String,
    status: String,
    roles: Vec<String>,
    user_id: Option<Uuid>,
}

/// Both what is given and what the member has must lie within what the caller holds: otherwise one could take an owner's place by taking
/// the owner's role away. That an owner stays is the database's to hold (`members_owner_stays`).
pub async fn set_roles(ctx: &mut Ctx, set: SetRoles) -> Result<Vec<String>> {
    person(ctx)?;
    let SetRoles { member, mut roles } = set;
    roles.sort();
    roles.dedup();
    let tenant = ctx.access.tenant.0;
    let held: Option<MemberRow> =
        sqlx::query_as(MEMBER).bind(tenant).bind(member).fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    let held = held.ok_or_else(Error::not_found)?;
    if held.kind != "person" {
        let message = t!("The automation keeps its role, because the workspace's own rules run with it");
        return Err(Error::conflict(message));
    }
    if held.status == "LEFT" {
        return Err(Error::conflict(t!(
            "{name} has left the workspace; invite them again to give them roles",
            name = held.name
        )));
    }
    if roles.is_empty() {
        let message = t!("A member holds at least one role; to keep somebody out, suspend them");
        return Err(Error::field("roles", message));
    }
    let wanted = named(ctx, &roles).await?;
    let rank = rank(ctx).await?;
    if let Some(why) = above(ctx, &held.roles).await? {
        return Err(refused(ctx, &t!("{name} holds a role beyond yours: {why}", name = held.name, why)));
    }
    if let Some(why) = wanted.iter().find_map(|role| beyond(&ctx.access.grants, rank, role)) {
        return Err(refused(ctx, &why));
    }
    // From the top of the ladder; job roles behind, by name.
    let mut ordered: Vec<&Held> = wanted.iter().collect();
    ordered.sort_by(|one, other| (other.rank, &one.key).cmp(&(one.rank, &other.key)));
    let roles: Vec<String> = ordered.into_iter().map(|role| role.key.clone()).collect();
    if roles == held.roles {
        return Ok(roles);
    }
    let now = ctx.now();
    sqlx::query(SET)
        .bind(tenant)
        .bind(member)
        .bind(&roles)
        .bind(now)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    if let Some(user) = held.user_id {
        let less = held.roles.iter().any(|role| !roles.contains(role));
        let services = ctx.services.clone();
        services.auth.users.rights_changed(domain::UserId(user), ctx.access.tenant, less, ctx.session).await?;
    }
    ctx.changed(Change {
        entity: "member".to_owned(),
        record: Some(member),
        before: Some(json!({ "roles": held.roles })),
        after: Some(json!({ "roles": roles })),
        event: Some("people.member.roles_set".to_owned()),
    });
    Ok(roles)
}
