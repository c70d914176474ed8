//! Members of the workspace and the caller's own sessions.

mod list_members;
mod sessions;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry
        .add(list_members::list_members)
        .add(sessions::list_sessions)
        .add(sessions::end_session)
        .add(sessions::end_other_sessions);
}
