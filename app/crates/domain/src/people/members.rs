//! Members: who manages whom, suspending, restoring, handing records over.

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

declare!(
    /// Name, manager and location of a member. A manager that is not given is taken away.
    "people.update_member" Write Requires::Permission("people.member.update"), UpdateMember {
        id: Uuid,
        name: String,
        #[serde(default)] manager: Option<Uuid>,
        #[serde(default)] location: Option<Uuid>,
    } -> ()
);
declare!(
    /// Keeps a member out of the workspace from the next request on. What they own stays theirs.
    "people.suspend_member" Write Requires::Permission("people.member.update"), SuspendMember { id: Uuid } -> ()
);
declare!("people.restore_member" Write Requires::Permission("people.member.update"), RestoreMember { id: Uuid } -> ());
declare!(
    /// How many records a member owns, by entity; those alone that the caller may read.
    "people.owned_records" Read Requires::Permission("people.member.read"), OwnedRecords { member: Uuid } -> Vec<Owned>
);
declare!(
    /// Makes one member the owner of everything that another one owns, in the background and with the rights of the caller.
    "people.hand_over" Write Requires::Permission("people.member.update"), HandOver { from: Uuid, to: Uuid } -> HandedOver
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Owned {
    /// Key of the description.
    pub entity: String,
    pub label: String,
    pub count: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HandedOver {
    /// Records that were there when it was asked for.
    pub records: i64,
}
