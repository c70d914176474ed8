//! What the keys of the audit trail are called: operations, what they are about, and the values of what no description names.

use crate::layout::nav::words;
use words::{mark, say};

/// Operations whose name is not their verb's.
const OPERATIONS: [(&str, &str); 5] = [
    ("people.sign_in", mark!("Sign in")),
    ("people.sign_out", mark!("Sign out")),
    ("records.transition", mark!("Move")),
    ("records.tick", mark!("Tick of a checklist")),
    ("demo.seed", mark!("Demo data")),
];

/// Operations by what stands behind their area.
const VERBS: &[(&str, &str)] = &[
    ("accept_invitation", mark!("Accept invitation")),
    ("add", mark!("Add")),
    ("add_location", mark!("Add location")),
    ("adjust", mark!("Adjust")),
    ("attach", mark!("Attach")),
    ("bulk", mark!("Bulk")),
    ("cancel", mark!("Cancel")),
    ("cancel_invoice", mark!("Cancel invoice")),
    ("cancel_run", mark!("Cancel run")),
    ("change_email", mark!("Change email")),
    ("change_password", mark!("Change password")),
    ("choose_notifications", mark!("Choose notifications")),
    ("convert_lead", mark!("Convert lead")),
    ("create", mark!("Create")),
    ("create_invoice", mark!("Create invoice")),
    ("create_key", mark!("Create key")),
    ("create_role", mark!("Create role")),
    ("decide_approval", mark!("Decide approval")),
    ("delete", mark!("Delete")),
    ("delete_role", mark!("Delete role")),
    ("edit", mark!("Edit")),
    ("edit_step", mark!("Edit step")),
    ("end_member_sessions", mark!("End member sessions")),
    ("end_other_sessions", mark!("End other sessions")),
    ("end_session", mark!("End session")),
    ("export", mark!("Export")),
    ("fetch", mark!("Fetch")),
    ("give_feedback", mark!("Give feedback")),
    ("hand_over", mark!("Hand over")),
    ("invite", mark!("Invite")),
    ("leave", mark!("Leave")),
    ("make_order", mark!("Make order")),
    ("map", mark!("Map")),
    ("merge", mark!("Merge")),
    ("move", mark!("Move")),
    ("notify", mark!("Notify")),
    ("pin", mark!("Pin")),
    ("post_invoice", mark!("Post invoice")),
    ("post_ledger", mark!("Post ledger")),
    ("put_away", mark!("Put away")),
    ("put_back", mark!("Put back" in "operation")),
    ("read_notifications", mark!("Read notifications")),
    ("record_payment", mark!("Record payment")),
    ("rename_location", mark!("Rename location")),
    ("resend", mark!("Resend")),
    ("resend_invitation", mark!("Resend invitation")),
    ("restore", mark!("Restore")),
    ("restore_member", mark!("Restore member")),
    ("retry_run", mark!("Retry run")),
    ("reverse_entry", mark!("Reverse entry")),
    ("revoke_invitation", mark!("Revoke invitation")),
    ("revoke_key", mark!("Revoke key")),
    ("save", mark!("Save")),
    ("save_order_lines", mark!("Save order lines")),
    ("save_security", mark!("Save security")),
    ("scan", mark!("Scan")),
    ("send", mark!("Send")),
    ("send_feedback", mark!("Send feedback")),
    ("set_active", mark!("Set active")),
    ("set_roles", mark!("Set roles")),
    ("snooze_notification", mark!("Snooze notification")),
    ("start", mark!("Start")),
    ("suspend_member", mark!("Suspend member")),
    ("undo", mark!("Undo")),
    ("undo_bulk", mark!("Undo bulk")),
    ("unmerge", mark!("Unmerge")),
    ("update", mark!("Update")),
    ("update_member", mark!("Update member")),
    ("update_profile", mark!("Update profile")),
    ("update_role", mark!("Update role")),
    ("upload", mark!("Upload")),
];

/// What is no described entity.
const THINGS: [(&str, &str); 17] = [
    ("api_key", mark!("Api key")),
    ("bulk_change", mark!("Bulk change")),
    ("change", mark!("Change" in "noun")),
    ("company", mark!("Company")),
    ("export", mark!("Export" in "noun")),
    ("feedback", mark!("Feedback")),
    ("file", mark!("File")),
    ("first_steps", mark!("First steps")),
    ("import", mark!("Import" in "noun")),
    ("invitation", mark!("Invitation")),
    ("location", mark!("Location")),
    ("member", mark!("Member")),
    ("note", mark!("Note")),
    ("role", mark!("Role")),
    ("saved_view", mark!("Saved view")),
    ("security", mark!("Security")),
    ("session", mark!("Session")),
];

/// Values of such things.
const VALUES: [(&str, &str); 20] = [
    ("about", mark!("About")),
    ("addresses", mark!("Addresses")),
    ("body", mark!("Body")),
    ("deleted", mark!("Deleted")),
    ("deletedAt", mark!("Deleted at")),
    ("email", mark!("Email")),
    ("entity", mark!("Entity")),
    ("fields", mark!("Fields")),
    ("grants", mark!("Grants")),
    ("label", mark!("Label")),
    ("language", mark!("Language")),
    ("location", mark!("Location")),
    ("manager", mark!("Manager")),
    ("name", mark!("Name")),
    ("phone", mark!("Phone")),
    ("records", mark!("Records")),
    ("roles", mark!("Roles")),
    ("rows", mark!("Rows")),
    ("status", mark!("Status")),
    ("timezone", mark!("Timezone")),
];

fn called(known: &[(&str, &str)], key: &str) -> Option<String> {
    known.iter().find(|(name, _)| *name == key).map(|(_, text)| say(text).to_owned())
}

/// A key that no table has, in words.
fn spelt(key: &str) -> String {
    say(&words(key)).to_owned()
}

/// `records.create` as "Create", `sales.make_order` as "Make order".
pub fn operation_words(operation: &str) -> String {
    let verb = operation.split_once('.').map_or(operation, |(_, verb)| verb);
    called(&OPERATIONS, operation).or_else(|| called(VERBS, verb)).unwrap_or_else(|| spelt(verb))
}

pub(super) fn thing_words(entity: &str) -> String {
    called(&THINGS, entity).unwrap_or_else(|| spelt(entity))
}

pub(super) fn value_words(key: &str) -> String {
    called(&VALUES, key).unwrap_or_else(|| spelt(key))
}
