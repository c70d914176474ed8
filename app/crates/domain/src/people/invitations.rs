//! Invitations into a workspace: bound to one address and one workspace, good once and for seven days.

use crate::operation::{Requires, declare};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Days until an invitation that nobody took up is void.
pub const VALID_DAYS: i64 = 7;

declare!(
    /// Invites somebody by e-mail address or phone number. Nobody gives a role that holds more than their own.
    "people.invite" Write Requires::Permission("people.member.create"), Invite {
        /// E-mail address or phone number.
        login: String,
        #[serde(default)] name: Option<String>,
        #[serde(default, deserialize_with = "ticked")] roles: Vec<String>,
        #[serde(default)] manager: Option<Uuid>,
        #[serde(default)] location: Option<Uuid>,
    } -> Invited
);
declare!("people.list_invitations" Read Requires::Permission("people.member.read"), ListInvitations {} -> Vec<Invitation>);
declare!(
    /// Sends the invitation once more, good for another seven days. The link sent before is void.
    "people.resend_invitation" Write Requires::Permission("people.member.create"), ResendInvitation { id: Uuid } -> ()
);
declare!("people.revoke_invitation" Write Requires::Permission("people.member.create"), RevokeInvitation { id: Uuid } -> ());

declare!(
    /// Every role of the workspace, with what keeps the caller from giving it.
    "people.givable_roles" Read Requires::Permission("people.member.create"), GivableRoles {} -> Vec<GivableRole>
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct GivableRole {
    pub key: String,
    pub label: String,
    /// Why the caller may not give it.
    pub beyond: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Invited {
    pub id: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub id: Uuid,
    pub login: String,
    pub name: Option<String>,
    pub roles: Vec<String>,
    /// What the workspace calls them, in the same order.
    #[serde(default)]
    pub role_labels: Vec<String>,
    pub invited_by: String,
    /// RFC 3339; none while the mail waits to be sent.
    pub sent_at: Option<String>,
    pub expires_at: String,
    pub expired: bool,
}

/// A list, or what a form of ticks sends: `{"USER": true}`.
fn ticked<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Ticked {
        List(Vec<String>),
        Ticks(BTreeMap<String, bool>),
        One(String),
    }
    Ok(match Ticked::deserialize(from)? {
        Ticked::List(list) => list,
        Ticked::Ticks(ticks) => ticks.into_iter().filter(|(_, on)| *on).map(|(role, _)| role).collect(),
        Ticked::One(role) => vec![role],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_come_as_a_list_or_as_ticks() {
        for roles in [r#"["SALES_REP","USER"]"#, r#"{"USER":true,"SALES_REP":true,"OWNER":false}"#] {
            let invite: Invite =
                serde_json::from_str(&format!(r#"{{"login":"a@b.example","roles":{roles}}}"#)).unwrap();
            assert_eq!(invite.roles, ["SALES_REP", "USER"]);
        }
    }
}
