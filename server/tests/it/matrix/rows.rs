//! What `operations.toml` says: who may call an operation about whose objects, and what is answered to everybody else.

use domain::Grants;
use domain::operation::CATALOGUE;
use domain::permission::{ROLES, Reach};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub const OPERATIONS: &str = include_str!("operations.toml");
/// In place of a permission: being a member is enough.
const MEMBER: &str = "member";
/// In place of a permission: whoever the object belongs to, and nobody else.
const NOBODY: &str = "nobody";

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub needs: String,
    #[serde(default)]
    pub about: Option<String>,
    #[serde(default)]
    pub input: String,
    #[serde(default)]
    pub sees: Option<String>,
    #[serde(default)]
    pub then: Option<String>,
    #[serde(default)]
    pub theirs: Option<String>,
    #[serde(default)]
    pub hidden: bool,
    #[serde(default)]
    pub all: bool,
    #[serde(default)]
    pub late: bool,
    #[serde(default)]
    pub restores: bool,
    #[serde(default)]
    pub trash: bool,
    #[serde(default)]
    pub rowwise: bool,
    #[serde(default)]
    pub last: bool,
    #[serde(default)]
    pub unseen: Option<u16>,
    #[serde(default)]
    pub refused: Option<u16>,
    #[serde(default)]
    pub also: Vec<u16>,
    /// The reason for whatever is answered in place of a success, 403 or 404.
    #[serde(default)]
    pub why: String,
}

impl Row {
    /// For what needs a permission and no more.
    pub fn needing(needs: String) -> Self {
        Self { needs, ..Self::default() }
    }

    /// Of the same noun as the permission.
    pub fn verb(&self, verb: &str) -> String {
        format!("{}.{verb}", self.needs.rsplit_once('.').unwrap_or_default().0)
    }

    /// By which permission the object is seen.
    fn sees(&self) -> String {
        self.sees.clone().unwrap_or_else(|| self.verb("read"))
    }

    /// Whether a refusal has the status that it should have.
    pub fn refuses(&self, wanted: Wanted, status: u16) -> bool {
        match wanted {
            Wanted::Allowed => false,
            Wanted::Forbidden => status == 403,
            Wanted::Beyond => status == 403 || self.refused == Some(status),
            Wanted::Unseen => status == self.unseen.unwrap_or(404),
        }
    }
}

/// The operation of a row: what stands behind `#` tells two rows of one operation apart.
pub fn operation(name: &str) -> &str {
    name.split('#').next().unwrap_or_default()
}

/// Every row. An operation of workspaces that has none, a row without an operation, and another status without a reason are faults.
pub fn all() -> BTreeMap<String, Row> {
    let rows: BTreeMap<String, Row> =
        toml::from_str(OPERATIONS).unwrap_or_else(|fault| panic!("operations.toml: {fault}"));
    for name in CATALOGUE.iter().filter(|name| !name.starts_with("admin.")) {
        assert!(rows.contains_key(*name), "{name} has no row in tests/it/matrix/operations.toml");
    }
    for (name, row) in &rows {
        assert!(CATALOGUE.contains(&operation(name)), "{name} is no operation");
        let odd = !row.also.is_empty() || row.unseen.is_some() || row.refused.is_some() || row.rowwise;
        assert_eq!(odd, row.why.len() > 15, "{name}: another status than usual has a reason, and nothing else has");
    }
    rows
}

/// How many operations the rows are about.
pub fn operations(rows: &BTreeMap<String, Row>) -> usize {
    rows.keys().map(|name| operation(name)).collect::<BTreeSet<_>>().len()
}

/// A role's grants as a new workspace has them.
pub fn grants(role: &str) -> Grants {
    let seed = ROLES.iter().find(|seed| seed.key == role).unwrap();
    Grants(seed.grants.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect())
}

/// Whose the object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    Own,
    Colleagues,
    Trashed,
    Foreign,
    Random,
    /// Something of another workspace, said to be beside something that the caller sees.
    ForeignPart,
    /// Something of a colleague's record, said to be beside the caller's own.
    OtherPart,
}

pub const OBJECTS: [Object; 7] = [
    Object::Own,
    Object::Colleagues,
    Object::Trashed,
    Object::Foreign,
    Object::Random,
    Object::ForeignPart,
    Object::OtherPart,
];

/// What the table says about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Allowed,
    /// The permission is missing: 403, whatever the object.
    Forbidden,
    /// The object may be seen, and this may not be done with it.
    Beyond,
    /// The object cannot be seen: as if it never was.
    Unseen,
}

pub fn wanted(row: &Row, held: &Grants, object: Option<Object>) -> Wanted {
    let everybodys = row.needs == MEMBER;
    let reach = if everybodys { Some(Reach::All) } else { held.reach(&row.needs) };
    let ours = matches!(object, None | Some(Object::Own | Object::Colleagues));
    let Some(reach) = reach.filter(|reach| !row.all || *reach == Reach::All) else {
        return if row.late && !ours { Wanted::Unseen } else { Wanted::Forbidden };
    };
    let seen = if everybodys && row.sees.is_none() { Some(Reach::All) } else { held.reach(&row.sees()) };
    let far = |permission: &Option<String>| permission.as_ref().map(|needs| held.reach(needs));
    match object {
        None | Some(Object::Own) if row.sees.is_none() || seen.is_some() => match far(&row.then) {
            Some(None) => Wanted::Beyond,
            _ => Wanted::Allowed,
        },
        Some(Object::Colleagues) if seen == Some(Reach::All) && reach == Reach::All => colleagues(row, held),
        // What may be seen and not changed is refused in words; what may not be seen never was.
        Some(Object::Colleagues) if seen == Some(Reach::All) && row.sees.is_none() && !row.restores => Wanted::Beyond,
        Some(Object::Trashed) if row.trash && held.reach(&row.verb("delete")) == Some(Reach::All) => Wanted::Allowed,
        Some(Object::ForeignPart | Object::OtherPart) if far(&row.then) == Some(None) => Wanted::Beyond,
        _ => Wanted::Unseen,
    }
}

/// About what a colleague owns, for whoever's permission goes that far.
fn colleagues(row: &Row, held: &Grants) -> Wanted {
    if row.then.as_ref().is_some_and(|needs| held.reach(needs) != Some(Reach::All)) {
        return Wanted::Beyond;
    }
    match &row.theirs {
        Some(needs) if needs == NOBODY || held.reach(needs) != Some(Reach::All) => {
            if row.hidden {
                Wanted::Unseen
            } else {
                Wanted::Beyond
            }
        }
        _ => Wanted::Allowed,
    }
}
