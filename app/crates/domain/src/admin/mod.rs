//! The platform realm: what its staff may do across workspaces.

mod proof;

pub use proof::{Bar, Grant, MatrixRun, Policy, Proof, RoleProof, ShowProof, TableProof};

use crate::operation::{Operation, OperationKind, Realm, Requires};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Roles of platform staff (requirement 96).
pub const STAFF_ROLES: &[&str] = &["SUPER_ADMIN", "ADMIN", "DEVELOPER", "SUPPORT", "MARKETING", "FINANCE", "SALES"];

/// Workspaces with their size, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ListTenants {
    /// Part of the name or slug.
    pub search: Option<String>,
    pub status: Option<String>,
    pub limit: Option<u32>,
    pub offset: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Tenants {
    pub rows: Vec<TenantRow>,
    pub total: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TenantRow {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub industry: String,
    pub plan: String,
    pub status: String,
    pub members: i64,
    pub leads: i64,
    pub created_at: String,
    pub last_seen_at: Option<String>,
}

impl Operation for ListTenants {
    const NAME: &'static str = "admin.list_tenants";
    const KIND: OperationKind = OperationKind::Read;
    const REALM: Realm = Realm::Platform;
    type Output = Tenants;
    fn requires(&self) -> Requires<'_> {
        Requires::Staff(STAFF_ROLES)
    }
}
