//! Roles of a workspace: bundles of grants that it edits, and who holds them. Nobody gives, takes or edits a role that goes beyond their own.

use crate::operation::{Requires, declare};
use crate::permission::{Grants, Reach};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Makes, changes and deletes roles.
pub const MANAGE: &str = "people.role.manage";
/// Gives roles to members and takes them.
pub const SET_ROLES: &str = "people.member.set_roles";

declare!(
    /// Every role: the ladder from the top, then the others by name.
    "people.list_roles" Read Requires::Permission("people.role.read"), ListRoles {} -> Vec<RoleRow>
);
declare!(
    /// A new role with the grants of another one, or with none.
    "people.create_role" Write Requires::Permission(MANAGE), CreateRole {
        label: String,
        #[serde(default)] copy_of: Option<String>,
    } -> RoleRow
);
declare!(
    /// Changes a role that is still the one that was read. `grants` replaces all that it has.
    "people.update_role" Write Requires::Permission(MANAGE), UpdateRole {
        key: String,
        version: Option<i64>,
        #[serde(default)] label: Option<String>,
        #[serde(default)] about: Option<String>,
        #[serde(default, deserialize_with = "grants_sent")] grants: Option<Grants>,
    } -> RoleRow
);
declare!(
    /// Deletes a role that nobody holds.
    "people.delete_role" Write Requires::Permission(MANAGE), DeleteRole { key: String, version: Option<i64> } -> ()
);
declare!(
    /// The roles that a member holds from now on; answers them.
    "people.set_roles" Write Requires::Permission(SET_ROLES), SetRoles {
        member: Uuid,
        #[serde(default, deserialize_with = "keys_sent")] roles: Vec<String>,
    } -> Vec<String>
);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoleRow {
    pub key: String,
    pub label: String,
    pub about: String,
    /// Place on the ladder; job roles have none.
    pub rank: Option<i16>,
    pub grants: Grants,
    pub version: i64,
    /// How many members hold it.
    pub members: i64,
    /// What its holders decide: moves and workflows that ask for their approval.
    pub decides: Vec<Decides>,
    /// Why the caller may not change it.
    pub fixed: Option<String>,
    /// Why it cannot be deleted.
    pub kept: Option<String>,
    /// Why the caller may not give or take it.
    pub beyond: Option<String>,
}

/// Something that asks the holders of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Decides {
    pub what: String,
    /// The workflow that asks; none where a description does.
    pub workflow: Option<Uuid>,
}

/// `{"crm.lead.read": "own"}`, or the same in levels as a form sends it: `{"crm": {"lead": {"read": "own"}}}`.
fn grants_sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Grants>, D::Error> {
    let Some(value) = Option::<Value>::deserialize(deserializer)? else { return Ok(None) };
    let mut grants = BTreeMap::new();
    level(&value, String::new(), &mut grants).map_err(serde::de::Error::custom)?;
    Ok(Some(Grants(grants)))
}

fn level(value: &Value, path: String, grants: &mut BTreeMap<String, Reach>) -> Result<(), String> {
    match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                level(value, path, grants)?;
            }
            Ok(())
        }
        // A form that grants nothing says so by one that is off.
        Value::Null | Value::Bool(false) => Ok(()),
        other => {
            let reach = serde_json::from_value(other.clone())
                .map_err(|_| format!("{path} reaches own, team, location or all, not {other}"))?;
            grants.insert(path, reach);
            Ok(())
        }
    }
}

/// `["USER"]`, or as ticks of a form: `{"USER": true}`.
fn keys_sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let keys = match Value::deserialize(deserializer)? {
        Value::Array(keys) => keys.iter().map(|key| key.as_str().map(str::to_owned)).collect(),
        Value::Object(ticks) => {
            Some(ticks.into_iter().filter(|(_, tick)| *tick == Value::Bool(true)).map(|(key, _)| key).collect())
        }
        Value::Null => Some(Vec::new()),
        _ => None,
    };
    keys.ok_or_else(|| serde::de::Error::custom("roles is a list of keys such as [\"USER\"]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms_and_callers_say_the_same() {
        let flat = json!({ "key": "X", "version": 1, "grants": { "crm.lead.read": "own", "*.*.read": "all" } });
        let levels = json!({ "key": "X", "version": 1, "grants": { "crm": { "lead": { "read": "own", "update": null } }, "*": { "*": { "read": "all" } } } });
        let read = |value| serde_json::from_value::<UpdateRole>(value).unwrap();
        assert_eq!(read(flat), read(levels));
        let ticks = json!({ "member": Uuid::nil(), "roles": { "USER": true, "ADMIN": false } });
        assert_eq!(serde_json::from_value::<SetRoles>(ticks).unwrap().roles, ["USER"]);
        let wrong = json!({ "key": "X", "version": 1, "grants": { "crm.lead.read": "everything" } });
        assert!(serde_json::from_value::<UpdateRole>(wrong).is_err());
    }
}
