//! Who somebody is and what they may do: accounts, access, passwords, sessions, throttles.

mod access;
mod accounts;

pub use access::{WorkspaceLink, access, access_of_member, workspaces};
pub use accounts::{NewTenant, ensure_member, ensure_staff, ensure_tenant, ensure_user, set_manager};
