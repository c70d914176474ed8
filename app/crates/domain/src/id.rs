//! Identifiers. All of them are version 7 UUIDs made by the server's context; nothing here makes one.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A workspace, in the database's eyes.
    TenantId
);
id!(
    /// A person, across workspaces: who signs in.
    UserId
);
id!(
    /// A person (or an automation) in one workspace: who owns, creates and changes rows.
    MemberId
);
