//! Keys that programs call with, on behalf of the member who made them.

use crate::Grants;
use crate::operation::{Requires, declare};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Makes keys of one's own.
pub const CREATE_KEY: &str = "people.key.create";
/// Sees and revokes everybody's.
pub const MANAGE_KEYS: &str = "people.key.manage";

/// Requests a minute of a key that says nothing else.
pub const PER_MINUTE: i64 = 600;
pub const MOST_PER_MINUTE: i64 = 60_000;
pub const MOST_DAYS: i64 = 5 * 366;

declare!(
    /// Makes a key on the caller's own behalf. The answer holds it, this once.
    "people.create_key" Write Requires::Permission("people.key.create"), CreateKey {
        name: String,
        /// `read`, `write` (reading and writing), `areas` (as `areas` says), `scopes` (as `scopes` says).
        #[serde(default)] access: KeyAccess,
        /// By area, `read` or `write`. What is not named is closed.
        #[serde(default)] areas: BTreeMap<String, String>,
        /// Grants, none of which may go beyond the caller's.
        #[serde(default)] scopes: Grants,
        /// Addresses and networks that it may be used from, separated by spaces, commas or lines; none for any.
        #[serde(default)] addresses: Option<String>,
        /// Days until it ends; none for never.
        #[serde(default, deserialize_with = "number")] days: Option<i64>,
        /// Requests a minute; none for 600.
        #[serde(default, deserialize_with = "number")] per_minute: Option<i64>,
    } -> NewKey
);
declare!(
    /// The caller's own keys, or everybody's for who looks after them.
    "people.list_keys" Read Requires::Member, ListKeys {} -> Vec<KeyRow>
);
declare!(
    /// Ends a key at once. One's own; everybody's for who looks after them.
    "people.revoke_key" Write Requires::Member, RevokeKey { id: Uuid } -> ()
);

/// How what a key may do was chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyAccess {
    Read,
    Write,
    Areas,
    #[default]
    Scopes,
}

/// A key that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewKey {
    pub id: Uuid,
    pub name: String,
    pub prefix: String,
    /// The key itself. Nothing once the same request is answered again: it was shown before, and is kept nowhere.
    pub key: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyRow {
    pub id: Uuid,
    pub name: String,
    /// The first letters behind `nx_live_`.
    pub prefix: String,
    pub scopes: Grants,
    pub addresses: Vec<String>,
    pub per_minute: i64,
    /// For whom it acts.
    pub member: Uuid,
    pub member_name: String,
    /// `active`, `expired`, `revoked`, or `asleep` while its member is suspended or has left.
    pub state: String,
    /// RFC 3339, as those below.
    pub created_at: String,
    pub expires_at: Option<String>,
    pub last_used_at: Option<String>,
    pub revoked_at: Option<String>,
}

/// A number, also as a form sends it.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Number(i64),
        Text(String),
    }
    match Option::<Number>::deserialize(from)? {
        None => Ok(None),
        Some(Number::Number(number)) => Ok(Some(number)),
        Some(Number::Text(text)) => text.trim().parse().map(Some).map_err(serde::de::Error::custom),
    }
}
