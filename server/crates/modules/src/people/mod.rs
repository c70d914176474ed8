//! Members of the workspace and the caller's own sessions.

mod list_members;
mod security;
mod sessions;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry
        .add(list_members::list_members)
        .add(sessions::list_sessions)
        .add(sessions::end_session)
        .add(sessions::end_other_sessions)
        .add(sessions::list_member_sessions)
        .add(sessions::end_member_sessions)
        .add(security::get_security)
        .add(security::save_security);
}
