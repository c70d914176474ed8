//! People of a workspace and their sessions.

mod roles;

pub use roles::{CreateRole, Decides, DeleteRole, ListRoles, MANAGE, RoleRow, SET_ROLES, SetRoles, UpdateRole};

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub roles: Vec<String>,
    /// `active`, `suspended`, `automation`.
    pub status: String,
    pub manager: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// A handle of its own; not the cookie's value nor its hash.
    pub id: Uuid,
    pub current: bool,
    pub address: Option<String>,
    pub agent: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    pub last_seen_at: String,
    pub expires_at: String,
}
