//! What the step `run_operation` may run, and what a person needs for the same. It is a list of what is allowed: an operation that is not on it,
//! and so one that is new, is not for workflows. A test has each of the others on a list of its own, so that a new one is decided about.
//!
//! Not for workflows is what concerns people, roles, keys, settings, the audit trail or undo, and what only the person may do who asks for it; what
//! reads, because nobody can foresee how much of an answer a workflow goes on with; and what has a step type of its own, which knows the fields
//! that it sets.

use crate::needs;
use domain::Verb::{self, Create, Delete, Read, Update};
use domain::schema::{Catalog, Entity};
use domain::workflow::Step;
use domain::{Grants, Reach};
use serde_json::Value;
use std::sync::Arc;

/// How much of a row an operation has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// What it says of itself.
    Named,
    /// It copies whatever stands in the fields, or sets it.
    Fields,
    /// It answers the row as the automation sees it, with the figures that are counted for it.
    Answered,
}

/// Rows of an entity that an operation has to do with.
#[derive(Debug)]
pub(crate) struct Rows {
    /// None is the entity that the input names.
    entity: Option<&'static str>,
    verbs: &'static [Verb],
    depth: Depth,
}

impl Rows {
    /// Whether the operation may take them through moves of its own. Those of an entity that its input names have none.
    pub(crate) fn may_move(&self) -> bool {
        self.entity.is_some() && self.verbs.contains(&Update)
    }
}

const fn named(entity: &'static str, verbs: &'static [Verb]) -> Rows {
    Rows { entity: Some(entity), verbs, depth: Depth::Named }
}

const fn fields(entity: &'static str, verbs: &'static [Verb]) -> Rows {
    Rows { entity: Some(entity), verbs, depth: Depth::Fields }
}

const fn answered(entity: &'static str, verbs: &'static [Verb]) -> Rows {
    Rows { entity: Some(entity), verbs, depth: Depth::Answered }
}

const fn of_input(verbs: &'static [Verb], depth: Depth) -> Rows {
    Rows { entity: None, verbs, depth }
}

#[derive(Debug)]
pub(crate) struct Runnable {
    name: &'static str,
    rows: &'static [Rows],
    /// Permissions beside those of entities.
    also: &'static [&'static str],
}

const fn run(name: &'static str, rows: &'static [Rows]) -> Runnable {
    Runnable { name, rows, also: &[] }
}

static CONVERT_LEAD: [Rows; 4] = [
    fields("lead", &[Read, Update]),
    fields("customer", &[Read, Create]),
    fields("contact", &[Create]),
    fields("opportunity", &[Create]),
];
static AGE_INVOICES: [Rows; 1] = [named("invoice", &[Update])];
static CANCEL_INVOICE: [Rows; 3] =
    [answered("invoice", &[Read, Update]), named("journal_entry", &[Read, Create]), named("payment", &[Read])];
static POST_INVOICE: [Rows; 2] = [named("invoice", &[Read, Update]), named("journal_entry", &[Read])];
static POST_LEDGER: [Rows; 1] = [named("journal_entry", &[Create])];
static RECORD_PAYMENT: [Rows; 2] = [named("payment", &[Create]), named("invoice", &[Read, Update])];
static REVERSE_ENTRY: [Rows; 1] = [named("journal_entry", &[Read, Create])];
static ADJUST: [Rows; 1] = [named("product", &[Read])];
static CANCEL_MESSAGE: [Rows; 1] = [named("message", &[Read, Update])];
static RESEND_MESSAGE: [Rows; 1] = [fields("message", &[Read, Create])];
static ADD_NOTE: [Rows; 1] = [of_input(&[Read, Update], Depth::Named)];
static DELETE: [Rows; 1] = [of_input(&[Read, Delete], Depth::Answered)];
static TICK: [Rows; 1] = [of_input(&[Read, Update], Depth::Answered)];
static CREATE_INVOICE: [Rows; 2] = [named("invoice", &[Create]), fields("order", &[Read])];
static MAKE_ORDER: [Rows; 4] = [
    answered("order", &[Read, Create]),
    fields("opportunity", &[Read]),
    named("customer", &[Read]),
    named("product", &[Read]),
];
static SAVE_ORDER_LINES: [Rows; 3] =
    [answered("order", &[Read, Update]), named("customer", &[Read]), named("product", &[Read])];

static RUNNABLE: [Runnable; 17] = [
    run("crm.convert_lead", &CONVERT_LEAD),
    run("finance.age_invoices", &AGE_INVOICES),
    run("finance.cancel_invoice", &CANCEL_INVOICE),
    run("finance.post_invoice", &POST_INVOICE),
    run("finance.post_ledger", &POST_LEDGER),
    run("finance.record_payment", &RECORD_PAYMENT),
    run("finance.reverse_entry", &REVERSE_ENTRY),
    Runnable { name: "inventory.adjust", rows: &ADJUST, also: &["inventory.stock.update"] },
    run("messaging.cancel", &CANCEL_MESSAGE),
    run("messaging.resend", &RESEND_MESSAGE),
    run("notes.add", &ADD_NOTE),
    run("records.delete", &DELETE),
    run("records.restore", &DELETE),
    run("records.tick", &TICK),
    run("sales.create_invoice", &CREATE_INVOICE),
    run("sales.make_order", &MAKE_ORDER),
    run("sales.save_order_lines", &SAVE_ORDER_LINES),
];

impl Runnable {
    pub(crate) fn by_name(name: &str) -> Option<&'static Self> {
        RUNNABLE.iter().find(|known| known.name == name)
    }

    /// Whether the input says which entity it is about.
    pub(crate) fn names_entity(&self) -> bool {
        self.rows.iter().any(|rows| rows.entity.is_none())
    }

    /// The entities whose rows it has to do with, of those that there are here.
    pub(crate) fn entities(&self, catalog: &Catalog, input: Option<&str>) -> Vec<(&'static Rows, Arc<Entity>)> {
        let known = |rows: &'static Rows| Some((rows, catalog.get(rows.entity.or(input)?)?.clone()));
        self.rows.iter().filter_map(known).collect()
    }

    pub(crate) fn needs(&self, catalog: &Catalog, input: Option<&str>) -> Grants {
        let mut needed = Grants::default();
        for (rows, entity) in self.entities(catalog, input) {
            needs::rows(&mut needed, &entity, rows.verbs);
            if rows.depth != Depth::Named {
                let writes = rows.verbs.iter().any(|verb| matches!(verb, Create | Update));
                needs::fields(&mut needed, &entity, writes);
            }
            if rows.depth == Depth::Answered {
                needs::figures(&mut needed, catalog, &entity.fields);
            }
        }
        for permission in self.also {
            needs::need(&mut needed, (*permission).to_owned(), Reach::All);
        }
        needed
    }
}

/// Whether a step may run an operation. What is none of the product's is what tests put in the place of its parts.
pub(crate) fn is_open(name: &str) -> bool {
    Runnable::by_name(name).is_some() || !domain::operation::CATALOGUE.contains(&name)
}

/// The entity that the input of a step's operation names, where that stands fixed: an expression could name another in each run.
pub(crate) fn entity_of(step: &Step) -> Option<&str> {
    word(step.input.get("values")?.get("entity").and_then(Value::as_str)?)
}

/// The word that an expression is when it is nothing but one in quotes: `'lead'`.
fn word(text: &str) -> Option<&str> {
    let text = text.trim();
    let inside = ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))?;
    let plain = inside.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (plain && !inside.is_empty()).then_some(inside)
}

/// Names of everything that a step may run.
pub fn names() -> impl Iterator<Item = &'static str> {
    RUNNABLE.iter().map(|known| known.name)
}

/// What a person needs for what a step does by an operation; `entity` is the one that the input names, where it names one.
pub fn needs(name: &str, catalog: &Catalog, entity: &str) -> Option<Grants> {
    Runnable::by_name(name).map(|known| known.needs(catalog, Some(entity)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::operation::{CATALOGUE, SENSITIVE};
    use std::collections::BTreeSet;

    /// Decided against. A new operation joins this list, or the one above with what a person needs for it.
    const CLOSED: &[&str] = &[
        "admin.list_tenants",
        "admin.show_proof",
        "audit.export",
        "audit.give_feedback",
        "audit.list",
        "audit.list_feedback",
        "audit.preview_undo",
        "audit.send_feedback",
        "audit.summary",
        "audit.undo",
        "company.get",
        "company.save",
        "documents.file",
        "documents.html",
        "exports.cancel",
        "exports.fetch",
        "exports.get",
        "exports.list",
        "exports.start",
        "files.attach",
        "files.delete",
        "files.get",
        "files.list",
        "files.restore",
        "files.scan",
        "files.upload",
        "finance.get_entry",
        "finance.get_invoice",
        "finance.ledger",
        "finance.receivables_by_age",
        "finance.trial_balance",
        "help.list",
        "help.read",
        "imports.create",
        "imports.error_file",
        "imports.get",
        "imports.kept",
        "imports.list",
        "imports.map",
        "imports.preview",
        "imports.preview_undo",
        "imports.problems",
        "imports.start",
        "imports.undo",
        "inventory.movements",
        "messaging.deliveries",
        "messaging.preview",
        "messaging.send",
        "notes.delete",
        "notes.edit",
        "notes.list",
        "notes.pin",
        "notes.restore",
        "onboarding.put_away",
        "onboarding.steps",
        "people.add_location",
        "people.change_email",
        "people.change_password",
        "people.create_key",
        "people.create_role",
        "people.delete_role",
        "people.end_member_sessions",
        "people.end_other_sessions",
        "people.end_session",
        "people.get_profile",
        "people.get_security",
        "people.givable_roles",
        "people.hand_over",
        "people.invite",
        "people.leave",
        "people.list_invitations",
        "people.list_keys",
        "people.list_locations",
        "people.list_member_sessions",
        "people.list_members",
        "people.list_roles",
        "people.list_sessions",
        "people.owned_records",
        "people.rename_location",
        "people.resend_invitation",
        "people.restore_member",
        "people.revoke_invitation",
        "people.revoke_key",
        "people.save_security",
        "people.set_roles",
        "people.suspend_member",
        "people.update_member",
        "people.update_profile",
        "people.update_role",
        "records.access",
        "records.alike",
        "records.board",
        "records.bulk",
        "records.bulk_rows",
        "records.create",
        "records.export",
        "records.get",
        "records.get_bulk",
        "records.latest_merge",
        "records.list",
        "records.may",
        "records.merge",
        "records.past",
        "records.preview_merge",
        "records.preview_undo_bulk",
        "records.put_back",
        "records.search",
        "records.summarise",
        "records.timeline",
        "records.transition",
        "records.undo_bulk",
        "records.unmerge",
        "records.update",
        "records.versions",
        "sales.get_order",
        "views.create",
        "views.delete",
        "views.list",
        "views.move",
        "views.save",
        "views.update",
        "workflow.cancel_run",
        "workflow.choose_notifications",
        "workflow.decide_approval",
        "workflow.delete",
        "workflow.edit_step",
        "workflow.get",
        "workflow.get_approval",
        "workflow.get_run",
        "workflow.list",
        "workflow.list_approvals",
        "workflow.list_notifications",
        "workflow.list_runs",
        "workflow.notification_kinds",
        "workflow.notify",
        "workflow.read_notifications",
        "workflow.retry_run",
        "workflow.save",
        "workflow.set_active",
        "workflow.snooze_notification",
        "workflow.start",
        "workflow.step_types",
        "workflow.test",
        "workflow.why",
    ];

    #[test]
    fn every_operation_was_decided_about() {
        let decided: BTreeSet<&str> = CLOSED.iter().copied().chain(names()).collect();
        let known: BTreeSet<&str> = CATALOGUE.iter().copied().collect();
        let (new, gone): (Vec<_>, Vec<_>) =
            (known.difference(&decided).collect(), decided.difference(&known).collect());
        assert!(new.is_empty(), "may a step of a workflow run these? {new:?}");
        assert!(gone.is_empty(), "no operations any more: {gone:?}");
        assert_eq!(decided.len(), CLOSED.len() + names().count(), "one is on both lists");
        for name in names() {
            let people =
                ["admin.", "audit.", "company.", "people.", "workflow."].iter().any(|area| name.starts_with(area));
            assert!(is_open(name) && !people && !SENSITIVE.contains(&name), "{name} is not for workflows");
        }
        assert!(CLOSED.iter().all(|name| !is_open(name)));
    }

    #[test]
    fn an_entity_stands_fixed() {
        for (text, entity) in [("'lead'", Some("lead")), (" \"journal_entry\" ", Some("journal_entry"))] {
            assert_eq!(word(text), entity);
        }
        for text in ["lead", "form.entity", "'lead", "''", "'", "'a' + 'b'", "{{'lead'}}", "'Lead'"] {
            assert_eq!(word(text), None, "{text}");
        }
    }
}
