//! People of a workspace: members, invitations, locations, the caller's own account and sessions.

pub mod account;
pub mod invitations;
pub mod keys;
pub mod locations;
pub mod members;

pub use account::{ChangeEmail, ChangePassword, GetProfile, Leave, Profile, UpdateProfile};
pub use invitations::{
    GivableRole, GivableRoles, Invitation, Invite, Invited, ListInvitations, ResendInvitation, RevokeInvitation,
};
pub use keys::{CreateKey, KeyAccess, KeyRow, ListKeys, NewKey, RevokeKey};
pub use locations::{AddLocation, ListLocations, Location, RenameLocation};
pub use members::{HandOver, HandedOver, Owned, OwnedRecords, RestoreMember, SuspendMember, UpdateMember};

mod roles;

pub use roles::{CreateRole, Decides, DeleteRole, ListRoles, MANAGE, RoleRow, SET_ROLES, SetRoles, UpdateRole};

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

declare!(
    /// Everyone in the workspace, by name. Names are needed to show owners, so being a member is enough; addresses are left out for those
    /// who may not read members.
    "people.list_members" Read Requires::Member, ListMembers {} -> Vec<Member>
);
declare!("people.list_sessions" Read Requires::Member, ListSessions {} -> Vec<SessionRow>);
declare!(
    /// Ends one session of the caller.
    "people.end_session" Write Requires::Member, EndSession { id: Uuid } -> ()
);
declare!(
    /// Ends every session of the caller but the one that asks.
    "people.end_other_sessions" Write Requires::Member, EndOtherSessions {} -> u64
);

declare!(
    /// A member's sessions that were in this workspace. Where else the person is signed in is not its business.
    "people.list_member_sessions" Read Requires::Permission("people.session.manage"), ListMemberSessions { member: Uuid } -> Vec<SessionRow>
);
declare!(
    /// Ends one of those sessions, or all of them.
    "people.end_member_sessions" Write Requires::Permission("people.session.manage"), EndMemberSessions { member: Uuid, #[serde(default)] id: Option<Uuid> } -> u64
);
declare!(
    /// What the workspace asks of those who come in. Everybody may know what is asked of them.
    "people.get_security" Read Requires::Member, GetSecurity {} -> Security
);
declare!(
    "people.save_security" Write Requires::Permission("people.security.manage"), SaveSecurity {
        second_factor: String,
        /// Ticked roles, where it is `roles`.
        #[serde(default)] roles: BTreeMap<String, bool>,
        #[serde(default, deserialize_with = "keys::number")] idle_minutes: Option<i64>,
        #[serde(default, deserialize_with = "keys::number")] absolute_minutes: Option<i64>,
        #[serde(default)] support_access: bool,
    } -> SecurityPolicy
);

/// Limits of sessions that hold for everybody, in minutes: a workspace may tighten them.
pub const IDLE_MINUTES: i64 = 8 * 60;
pub const ABSOLUTE_MINUTES: i64 = 7 * 24 * 60;

/// What is asked, and what the caller has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Security {
    #[serde(flatten)]
    pub policy: SecurityPolicy,
    /// Whether the caller has set up a second factor.
    pub own_factor: bool,
}

/// What a workspace asks of those who come in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityPolicy {
    /// Who needs a second factor: `nobody`, `roles`, `everybody`.
    pub second_factor: String,
    /// Keys of the roles that need one, where it is `roles`.
    pub second_factor_roles: Vec<String>,
    /// Minutes without a request until a session ends; none for the 8 hours of everybody.
    pub idle_minutes: Option<i64>,
    /// Minutes from sign-in until a session ends; none for the 7 days of everybody.
    pub absolute_minutes: Option<i64>,
    /// Whether Nexus support may act for a member, with a reason, for an hour at most.
    pub support_access: bool,
}

impl Default for SecurityPolicy {
    fn default() -> Self {
        Self {
            second_factor: "nobody".to_owned(),
            second_factor_roles: Vec::new(),
            idle_minutes: None,
            absolute_minutes: None,
            support_access: true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub roles: Vec<String>,
    /// What the workspace calls them, in the same order.
    #[serde(default)]
    pub role_labels: Vec<String>,
    /// `active`, `suspended`, `left`, `automation`.
    pub status: String,
    pub manager: Option<Uuid>,
    #[serde(default)]
    pub location: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// A handle of its own; not the cookie's value nor its hash.
    pub id: Uuid,
    pub current: bool,
    /// A token pair that a program holds, not a browser.
    #[serde(default)]
    pub token: bool,
    pub address: Option<String>,
    pub agent: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    pub last_seen_at: String,
    pub expires_at: String,
}
