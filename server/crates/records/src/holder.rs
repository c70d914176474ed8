//! Owners by role: a state may say which role whoever owns a row in it has to hold. The move that leads there hands the row over.

use crate::input::id_of;
use domain::permission::role_label;
use domain::records::Values;
use domain::schema::{Entity, State, States};
use domain::text::listed;
use domain::{Error, FieldError, Kind, Result};
use platform::{Ctx, db_error};
use std::collections::HashMap;
use uuid::Uuid;
use words::t;

/// Members whose names are told, where somebody has to be chosen.
const NAMED: usize = 5;

const MEMBERS: &str = "\
select m.id, m.name, m.status = 'ACTIVE', m.kind = 'person', array(select r from unnest(m.roles) r where r = any ($2))
from members m where m.tenant_id = $1 order by lower(m.name), m.id";
const HOLDS: &str = "\
select exists (select from members where tenant_id = $1 and id = $2 and status = 'ACTIVE' and $3 = any (roles))";
const LABELS: &str = "select key, label from roles where tenant_id = $1 and key = any ($2)";

/// Who may own rows of an entity in those of its states that ask for a role.
#[derive(Debug, Default)]
pub struct Holders {
    members: HashMap<Uuid, Member>,
    /// Names of those who hold a role, in order.
    names: HashMap<String, Vec<String>>,
    labels: HashMap<String, String>,
    /// What demo data tells of was handed over in its story.
    excused: bool,
}

#[derive(Debug)]
struct Member {
    name: String,
    active: bool,
    roles: Vec<String>,
}

impl Holders {
    /// Asks the database only where a state asks for a role.
    pub async fn load(ctx: &mut Ctx, entity: &Entity) -> Result<Self> {
        let states = entity.states.iter().flat_map(|states| &states.list);
        let roles: Vec<String> = states.filter_map(|state| state.owner_role.clone()).collect();
        Self::of(ctx, roles).await
    }

    /// The same as [`Self::fit`] for one row.
    pub async fn check(ctx: &mut Ctx, states: &States, to: &str, values: &Values) -> Result<()> {
        let Some(role) = states.get(to).and_then(|state| state.owner_role.clone()) else { return Ok(()) };
        let (tenant, owner) = (ctx.access.tenant.0, values.get("owner").and_then(id_of));
        let holds = sqlx::query_scalar(HOLDS).bind(tenant).bind(owner).bind(&role).fetch_one(ctx.conn().await?).await;
        if holds.map_err(db_error)? {
            return Ok(());
        }
        // Only a refusal needs to know who else there is.
        Self::of(ctx, vec![role]).await?.fit(states, to, values)
    }

    async fn of(ctx: &mut Ctx, roles: Vec<String>) -> Result<Self> {
        let mut holders = Self { excused: ctx.origin.cause_kind == "seed", ..Self::default() };
        if roles.is_empty() || holders.excused {
            return Ok(holders);
        }
        let tenant = ctx.access.tenant.0;
        let rows: Vec<(Uuid, String, bool, bool, Vec<String>)> =
            sqlx::query_as(MEMBERS).bind(tenant).bind(&roles).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
        for (id, name, active, person, roles) in rows {
            for role in roles.iter().filter(|_| active && person) {
                holders.names.entry(role.clone()).or_default().push(name.clone());
            }
            holders.members.insert(id, Member { name, active, roles });
        }
        let labels: Vec<(String, String)> =
            sqlx::query_as(LABELS).bind(tenant).bind(&roles).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
        holders.labels = labels.into_iter().collect();
        Ok(holders)
    }

    /// Whether this member may own rows of the state.
    fn may_own(&self, state: &State, member: Option<Uuid>) -> bool {
        let Some(role) = state.owner_role.as_ref().filter(|_| !self.excused) else { return true };
        let member = member.and_then(|id| self.members.get(&id));
        member.is_some_and(|member| member.active && member.roles.contains(role))
    }

    /// Refuses values of a row that comes into a state with an owner who lacks its role, saying who could be the owner.
    pub fn fit(&self, states: &States, to: &str, values: &Values) -> Result<()> {
        let Some(state) = states.get(to) else { return Ok(()) };
        let owner = values.get("owner").and_then(id_of);
        if self.may_own(state, owner) {
            return Ok(());
        }
        let key = state.owner_role.as_deref().unwrap_or_default();
        let role = self.labels.get(key).map_or_else(|| role_label(key), |label| words::say(label).to_owned());
        let why = match owner.and_then(|id| self.members.get(&id)) {
            Some(member) if member.active => t!("{name} does not have it", name = member.name),
            Some(member) => t!("{name} does not work here any more", name = member.name),
            None => t!("it has no owner").to_owned(),
        };
        let choose = match self.names.get(key).map(Vec::as_slice).unwrap_or_default() {
            [] => t!("Nobody has the role yet: give it to somebody under Settings, Roles").to_owned(),
            names if names.len() <= NAMED => t!("Choose {names}", names = listed(names, t!("or"))),
            _ => t!("Choose somebody who has it").to_owned(),
        };
        let state = &state.label;
        let message = t!("{state} is for an owner with the role {role}, and {why}. {choose}", state, role, why, choose);
        let fields = vec![FieldError { field: "owner".to_owned(), message: message.clone() }];
        Err(Error { kind: Kind::Conflict, message, ..Error::fields(fields) })
    }
}
