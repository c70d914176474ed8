//! Who is asking: passwords, sessions, sign-in, throttling and what a member may do in a workspace.
//!
//! Two realms that share no table, cookie or session: people of workspaces and the platform's own staff. Everything here runs over the
//! platform role's pool, because people are global and no tenant transaction can see them.

mod accounts;
mod confirm;
mod impersonate;
mod password;
mod second_factor;
mod session_store;
mod sessions;
mod sign_in;
mod throttle;
mod workspace;

pub use accounts::{NewTenant, add_member, create_staff, create_tenant, create_user, ensure_roles, login_of};
pub use confirm::{CONFIRMED_FOR, Proof};
pub use impersonate::{Acting, Impersonate, Impersonation, MAY_IMPERSONATE, Prepared, Workspace};
pub use password::{Cost, Passwords, check_password};
pub use second_factor::{CodeAttempt, Owner, SecondFactor, SetUp};
pub use session_store::{Limits, Realm, Sessions, Staff, StaffSessions, UserSessions, Users, cookie_name};
pub use sessions::{Current, SessionInfo, current};
pub use sign_in::{Attempt, Auth, AuthConfig, SignIn};
pub use throttle::Throttle;
pub use workspace::{Entered, WorkspaceLink, access, automation, member, staff_access, workspaces};

/// Name that violates a unique constraint, if that is what went wrong.
fn taken(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().filter(|error| error.is_unique_violation()).and_then(|error| error.constraint())
}
