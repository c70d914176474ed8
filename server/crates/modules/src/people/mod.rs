//! People of the workspace: members, invitations, locations, the caller's own account and sessions.

mod accept_invitation;
mod account;
pub mod account_mail;
mod account_text;
mod hand_over;
mod invitations;
mod keys;
mod list_members;
mod locations;
mod members;
mod roles;
pub mod roles_guard;
mod security;
mod sessions;

pub use accept_invitation::accept_invitation;
pub use account::{address_changed, password_reset};
pub use account_mail::{AccountMail, account_mail_job, queue_now};
pub use hand_over::hand_over_job;
pub use members::person_name;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry
        .add(list_members::list_members)
        .add(roles::list_roles)
        .add(roles::create_role)
        .add(roles::update_role)
        .add(roles::delete_role)
        .add(roles::set_roles)
        .add(sessions::list_sessions)
        .add(sessions::end_session)
        .add(sessions::end_other_sessions)
        .add(sessions::list_member_sessions)
        .add(sessions::end_member_sessions)
        .add(security::get_security)
        .add(security::save_security)
        .add(roles_guard::givable_roles)
        .add(invitations::invite)
        .add(invitations::list_invitations)
        .add(invitations::resend_invitation)
        .add(invitations::revoke_invitation)
        .add(keys::create_key)
        .add(keys::list_keys)
        .add(keys::revoke_key)
        .add(locations::list_locations)
        .add(locations::add_location)
        .add(locations::rename_location)
        .add(members::update_member)
        .add(members::suspend_member)
        .add(members::restore_member)
        .add(hand_over::owned_records)
        .add(hand_over::hand_over)
        .add(account::get_profile)
        .add(account::update_profile)
        .add(account::change_password)
        .add(account::change_email)
        .add(account::leave);
}
