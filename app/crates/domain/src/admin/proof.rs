//! How workspaces are kept apart, as the database itself says it now, and what the tests of this build hold.

use super::STAFF_ROLES;
use crate::operation::{Operation, OperationKind, Realm, Requires};
use serde::{Deserialize, Serialize};

/// Reads the database's catalogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ShowProof {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Proof {
    /// PostgreSQL's own name for itself.
    pub database: String,
    pub roles: Vec<RoleProof>,
    /// Tables of workspaces first, each group by name.
    pub tables: Vec<TableProof>,
    pub bars: Vec<Bar>,
    /// The last run of the matrix that was recorded; nothing where none was.
    pub matrix: Option<MatrixRun>,
}

/// A login of the server at the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RoleProof {
    pub name: String,
    pub superuser: bool,
    /// Whether row security is nothing to it.
    pub bypasses: bool,
    /// Tables that it owns, and could change.
    pub owns: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TableProof {
    pub name: String,
    /// Whether its rows belong to workspaces; the others are the platform's.
    pub of_workspace: bool,
    pub enabled: bool,
    pub forced: bool,
    pub policies: Vec<Policy>,
    pub grants: Vec<Grant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    pub name: String,
    pub roles: Vec<String>,
    /// `all`, `select`, `insert`, `update` or `delete`.
    pub command: String,
    /// Whether it shows the rows of the transaction's workspace alone.
    pub own_rows: bool,
}

/// What a role may do with a table, before row security.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Grant {
    pub role: String,
    pub may: Vec<String>,
}

/// What is promised, with the number of tests that hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Bar {
    pub id: String,
    pub says: String,
    pub tests: usize,
}

/// A run of every operation by everybody about everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MatrixRun {
    /// The day, as YYYY-MM-DD.
    pub at: String,
    pub cells: usize,
    pub denied: usize,
    pub roles: usize,
    pub operations: usize,
    pub wrong: usize,
    /// SHA-256 of the tables that say who may what.
    pub tables: String,
    /// Whether those tables are still the ones of this build; found out when it is read.
    #[serde(default)]
    pub current: bool,
}

impl TableProof {
    /// A table of workspaces is sealed off when its policies bind everybody, and the server's role sees the rows of one workspace alone.
    pub fn is_sealed_off(&self) -> bool {
        let serves = |policy: &&Policy| policy.roles.iter().any(|role| matches!(role.as_str(), "nexus_app" | "PUBLIC"));
        let mut serving = self.policies.iter().filter(serves).peekable();
        self.enabled && self.forced && serving.peek().is_some() && serving.all(|policy| policy.own_rows)
    }
}

impl Operation for ShowProof {
    const NAME: &'static str = "admin.show_proof";
    const KIND: OperationKind = OperationKind::Read;
    const REALM: Realm = Realm::Platform;
    type Output = Proof;
    fn requires(&self) -> Requires<'_> {
        Requires::Staff(STAFF_ROLES)
    }
}
