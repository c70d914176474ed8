//! Job roles that an industry brings along, and what descriptions say of roles.

use crate::lint::Finding;
use domain::permission::{FIXED, ROLES, is_pattern};
use domain::schema::{Catalog, CatalogFault, Entity};
use domain::text::nearest;
use domain::{Error, Grants, Reach, Result, Verb};
use platform::{Ctx, db_error};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A role that workspaces of the industry have beside those of every workspace. They may change it as any other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobRole {
    /// As descriptions and workflows name it: `SURVEYOR`.
    pub key: String,
    pub label: String,
    #[serde(default)]
    pub about: String,
    /// Permissions and how far they go: `"crm.project.read" = "all"`.
    pub grants: BTreeMap<String, Reach>,
}

/// What the database holds keys to (`roles_key_shape`).
fn is_key(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_uppercase())
        && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What is wrong with the roles of a pack.
pub(crate) fn check(roles: &[JobRole], catalog: &Catalog) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |place: String, word: &str, message: String| {
        findings.push(Finding { place, word: word.to_owned(), message });
    };
    let known = permissions(catalog);
    let (mut keys, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for role in roles {
        let place = || format!("roles.{}", role.key);
        if !is_key(&role.key) {
            add("roles".to_owned(), &role.key, format!("{} must be capital letters, digits and _", role.key));
        }
        if ROLES.iter().any(|seed| seed.key == role.key) || !keys.insert(&role.key) {
            add("roles".to_owned(), &role.key, format!("there is a role {} already", role.key));
        }
        let label = role.label.trim().to_lowercase();
        let length = role.label.chars().count();
        if !(1..=60).contains(&length) || role.about.chars().count() > 500 {
            add(place(), "label", format!("{} has a name of 1 to 60 letters, and at most 500 about it", role.key));
        }
        if ROLES.iter().any(|seed| seed.label.to_lowercase() == label) || !labels.insert(label) {
            add(place(), &role.label, format!("{} is the name of another role", role.label));
        }
        for (pattern, reach) in &role.grants {
            let held = Grants([(pattern.clone(), *reach)].into());
            if is_pattern(pattern) && known.iter().any(|permission| held.allows(permission)) {
                continue;
            }
            let meant = nearest(pattern, known.iter().map(String::as_str));
            let hint = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            add(format!("roles.{}.grants", role.key), pattern, format!("{pattern} grants nothing{hint}"));
        }
    }
    findings
}

/// Every permission that there is in the industry.
fn permissions(catalog: &Catalog) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = FIXED.iter().map(|fixed| fixed.key.to_owned()).collect();
    for entity in catalog.iter() {
        all.extend(Verb::ALL.map(|verb| entity.permission(verb)));
        let fields = entity.fields.iter();
        all.extend(fields.flat_map(|field| [&field.permissions.read, &field.permissions.write]).flatten().cloned());
    }
    all
}

/// Roles that an entity's states and gates name, and that no workspace of the industry begins with.
pub(crate) fn unknown(entity: &Entity, own: &[JobRole]) -> Vec<CatalogFault> {
    let Some(states) = &entity.states else { return Vec::new() };
    let known: Vec<&str> = ROLES.iter().map(|seed| seed.key).chain(own.iter().map(|role| role.key.as_str())).collect();
    let owners = states.list.iter().filter_map(|state| {
        state.owner_role.as_deref().map(|role| (format!("states.list.{}", state.key), "ownerRole", role))
    });
    let gates = states.transitions.iter().flat_map(|transition| {
        let asked = transition.gate.approval.iter().flat_map(|approval| &approval.roles);
        let place = format!("states.transitions.{}.gate", transition.name);
        transition.gate.roles.iter().chain(asked).map(move |role| (place.clone(), "", role.as_str()))
    });
    let named = owners.chain(gates).filter(|(.., role)| !known.contains(role));
    named
        .map(|(place, word, role)| CatalogFault {
            entity: entity.key.clone(),
            place,
            word: if word.is_empty() { role.to_owned() } else { word.to_owned() },
            message: format!("{role} is not a role"),
            meant: nearest(role, known.iter().copied()).map(str::to_owned),
        })
        .collect()
}

const ADD: &str = "\
insert into roles (tenant_id, key, label, about, grants)
select $1, key, label, about, grants::jsonb from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as r (key, label, about, grants)
on conflict do nothing";

/// Gives a workspace those of the roles that it lacks. What it changed about its own stays.
pub(crate) async fn furnish(ctx: &mut Ctx, roles: &[JobRole]) -> Result<()> {
    if roles.is_empty() {
        return Ok(());
    }
    let tenant = ctx.access.tenant.0;
    let column = |of: fn(&JobRole) -> &String| roles.iter().map(|role| of(role).clone()).collect::<Vec<String>>();
    let grants = roles.iter().map(|role| serde_json::to_string(&role.grants)).collect::<Result<Vec<_>, _>>();
    sqlx::query(ADD)
        .bind(tenant)
        .bind(column(|role| &role.key))
        .bind(column(|role| &role.label))
        .bind(column(|role| &role.about))
        .bind(grants.map_err(|_| Error::internal())?)
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}
