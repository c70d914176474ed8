//! Members of the workspace and the caller's own sessions.

mod list_members;
mod roles;
pub mod roles_guard;
mod sessions;

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
        .add(sessions::end_other_sessions);
}
