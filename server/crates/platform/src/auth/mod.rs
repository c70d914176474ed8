//! Who is asking: passwords, sessions, sign-in, throttling and what a member may do in a workspace.
//!
//! Two realms that share no table, cookie or session: people of workspaces and the platform's own staff. Everything here runs over the
//! platform role's pool, because people are global and no tenant transaction can see them.

mod accounts;
mod api_keys;
mod bearer;
mod confirm;
mod impersonate;
mod invitations;
mod kept;
#[cfg(feature = "oidc")]
pub mod oidc;
mod password;
mod recovery;
mod second_factor;
mod session_store;
mod sessions;
mod sign_in;
mod sign_up;
mod throttle;
mod tokens;
mod workspace;

pub use accounts::{NewTenant, add_member, create_staff, create_tenant, create_user, ensure_roles};
pub use bearer::Bearer;
pub use confirm::{CONFIRMED_FOR, Proof, Proved};
pub use impersonate::{Acting, Impersonate, Impersonation, MAY_IMPERSONATE, Prepared, Workspace};
pub use invitations::{InvitationMail, OpenInvitation, invitation_link, open_invitation};
pub use password::{Cost, Passwords, check_password};
pub use recovery::{EmailLink, NewEmail, PasswordLink};
pub use second_factor::{CodeAttempt, Finished, Owner, SecondFactor, SetUp};
pub use session_store::{Limits, Realm, Sessions, Staff, StaffSessions, UserSessions, Users, cookie_name};
pub use sessions::{Current, SessionInfo, current};
pub use sign_in::{Attempt, Auth, AuthConfig, SignIn};
pub use sign_up::{MadeWorkspace, NewWorkspace, SignUp, SignUpMail, Waiting, make_workspace};
pub use throttle::Throttle;
pub use tokens::{ACCESS_FOR, TokenPair};
pub use workspace::{Entered, WorkspaceLink, access, automation, member, member_of_job, staff_access, workspaces};

/// An e-mail address or a phone number as it is compared, or why it is neither.
pub fn login_of(login: &str) -> domain::Result<Login> {
    let login = login.trim();
    if let Some(phone) = sign_in::phone_norm(login) {
        return Ok(Login { shown: phone.clone(), email: None, phone: Some(phone) });
    }
    let fits = login.len() <= 254
        && !login.chars().any(|letter| {
            letter.is_whitespace() || letter.is_control() || matches!(letter, ',' | ';' | '<' | '>' | '"')
        })
        && login.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && !host.contains('@')
                && host.split('.').count() > 1
                && host.split('.').all(|part| !part.is_empty())
        });
    if fits {
        Ok(Login { shown: login.to_owned(), email: Some(sign_in::email_norm(login)), phone: None })
    } else {
        Err(domain::Error::field(
            "login",
            words::t!("This is neither an e-mail address nor a phone number. Type one such as amina@example.com"),
        ))
    }
}

/// What somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// As typed; a number by its digits.
    pub shown: String,
    /// For comparing.
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// Name that violates a unique constraint, if that is what went wrong.
fn taken(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().filter(|error| error.is_unique_violation()).and_then(|error| error.constraint())
}
