//! Locations: branches, showrooms, depots. A member may belong to one, and a grant may reach as far as it.

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

declare!("people.list_locations" Read Requires::Member, ListLocations {} -> Vec<Location>);
declare!("people.add_location" Write Requires::Permission("people.location.create"), AddLocation { name: String } -> Location);
declare!("people.rename_location" Write Requires::Permission("people.location.update"), RenameLocation { id: Uuid, name: String } -> ());

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Location {
    pub id: Uuid,
    pub name: String,
    /// People who belong to it and are not suspended.
    pub members: i64,
}
