//! Reading the audit trail, and undo.

mod feedback;
mod list;
mod summary;
mod undo;
mod withheld;

use platform::Registry;

pub fn register(registry: &mut Registry) {
    registry
        .add(list::list)
        .add(list::export)
        .add(summary::summary)
        .add(feedback::give_feedback)
        .add(feedback::send_feedback)
        .add(feedback::list_feedback)
        .add(undo::preview_undo)
        .add(undo::undo);
}
