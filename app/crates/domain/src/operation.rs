//! An operation is the unit of everything that can be done: a plain struct that names its output, its stable name, what it requires and
//! whether it reads or writes. Pages, REST, steps of workflows and imports all run the same one through the same dispatcher.

use crate::permission::Verb;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    Read,
    Write,
}

/// Which of the two worlds an operation belongs to. They share no session, cookie or role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    Workspace,
    Platform,
}

/// What the caller must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requires<'a> {
    /// Being a member is enough: the operation concerns the caller alone.
    Member,
    /// A fixed permission, `area.noun.verb`.
    Permission(&'static str),
    /// The permission of a described entity; the area comes from its description. `entity` is the description's key.
    Entity { entity: &'a str, verb: Verb },
    /// Platform realm: one of these staff roles.
    Staff(&'static [&'static str]),
}

/// What can say what it is made of: the document of the API is derived from the types. The browser has no use for it.
#[cfg(not(target_arch = "wasm32"))]
pub use schemars::JsonSchema as Described;
#[cfg(target_arch = "wasm32")]
pub trait Described {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> Described for T {}

pub trait Operation: Serialize + DeserializeOwned + Described + Send + Sync + 'static {
    /// Stable name, `area.verb_noun`; its tail is the handler's name.
    const NAME: &'static str;
    const KIND: OperationKind;
    const REALM: Realm = Realm::Workspace;
    type Output: Serialize + DeserializeOwned + Described + Send + 'static;

    fn requires(&self) -> Requires<'_>;
}

/// Reads what is an object and nothing else: left to itself, serde takes a list for the members of a struct in their order.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        members @ serde_json::Value::Object(_) => serde_json::from_value(members).map_err(D::Error::custom),
        _ => Err(D::Error::custom("an object is needed here")),
    }
}

/// The catalogue: the stable name of every operation. Compared with the registry at start and by a test, so that none is unregistered and
/// none unknown.
pub const CATALOGUE: &[&str] = &[
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
    "crm.convert_lead",
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
    "finance.age_invoices",
    "finance.cancel_invoice",
    "finance.get_entry",
    "finance.get_invoice",
    "finance.ledger",
    "finance.post_invoice",
    "finance.post_ledger",
    "finance.receivables_by_age",
    "finance.record_payment",
    "finance.reverse_entry",
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
    "inventory.adjust",
    "inventory.movements",
    "messaging.cancel",
    "messaging.deliveries",
    "messaging.preview",
    "messaging.resend",
    "messaging.send",
    "notes.add",
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
    "records.delete",
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
    "records.restore",
    "records.search",
    "records.summarise",
    "records.tick",
    "records.timeline",
    "records.transition",
    "records.undo_bulk",
    "records.unmerge",
    "records.update",
    "records.versions",
    "sales.create_invoice",
    "sales.get_order",
    "sales.make_order",
    "sales.save_order_lines",
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

/// What a stolen session must not be enough for: these want a confirmation (password or code) from the last five minutes, and nobody does
/// them in another person's name. Sorted.
pub const SENSITIVE: &[&str] = &[
    "audit.export",
    // Holds the bank account that customers pay to.
    "company.save",
    "exports.fetch",
    "exports.start",
    "people.change_email",
    "people.create_key",
    "people.create_role",
    "people.delete_role",
    "people.end_member_sessions",
    "people.end_other_sessions",
    "people.end_session",
    "people.hand_over",
    // Whoever joins stays when the session that let them in is over.
    "people.invite",
    "people.save_security",
    "people.set_roles",
    "people.update_role",
    "records.export",
];

/// What support does not do in a member's name either, though it wants no confirmation: who belongs to the workspace and how far they reach, what
/// concerns the person alone, what is decided by a person, and what would go on acting when support has left. Sorted.
pub const IN_PERSON: &[&str] = &[
    "audit.give_feedback",
    "people.change_password",
    "people.leave",
    "people.resend_invitation",
    "people.restore_member",
    "people.revoke_invitation",
    "people.revoke_key",
    "people.suspend_member",
    "people.update_member",
    "people.update_profile",
    "workflow.choose_notifications",
    "workflow.decide_approval",
    "workflow.delete",
    "workflow.edit_step",
    "workflow.save",
    "workflow.set_active",
];

/// Those of [`SENSITIVE`] that a key may do by itself where its scopes hold them: a key cannot confirm, and was made under a confirmation.
pub const SENSITIVE_BY_KEY: &[&str] = &["records.export"];

/// What a key never does, whatever its scopes: it goes on acting beyond them, with rights that are given to people, to jobs or to workflows. Sorted.
pub const PEOPLE_ONLY: &[&str] =
    &["people.invite", "records.bulk", "workflow.edit_step", "workflow.save", "workflow.set_active"];

/// What is open to every member and to keys too: without it, what they read has no names. Everything else of that kind is the person's own
/// account, or answers to what a person is asked. Sorted.
pub const MEMBER_BY_KEY: &[&str] = &["company.get", "people.list_locations", "people.list_members", "records.search"];

/// Operations whose answer holds what is shown once, and the member that holds it: it is left out of what is kept for a request that is sent
/// again.
pub const SHOWN_ONCE: &[(&str, &str)] = &[("people.create_key", "key")];

/// Whether support may ask for an operation while acting for a member.
pub fn open_to_support(name: &str) -> bool {
    SENSITIVE.binary_search(&name).is_err() && IN_PERSON.binary_search(&name).is_err()
}

/// Whether a key may ask for an operation at all. Its scopes are asked after that.
pub fn open_to_keys(name: &str, requires: Requires<'_>) -> bool {
    let closed = SENSITIVE.contains(&name) && !SENSITIVE_BY_KEY.contains(&name) || PEOPLE_ONLY.contains(&name);
    !closed && (requires != Requires::Member || MEMBER_BY_KEY.contains(&name))
}

/// Says of a struct that it is an operation: `operation!(GetOrder: Read "sales.get_order" of "order", Read -> OrderView)` needs the
/// permission of an entity, `operation!(Adjust: Write "inventory.adjust" by "inventory.stock.update" -> StockLevel)` one of its own.
macro_rules! operation {
    ($type:ty: $kind:ident $name:literal of $entity:literal, $verb:ident -> $output:ty) => {
        operation!(@ $type, $kind, $name, $crate::Requires::Entity { entity: $entity, verb: $crate::Verb::$verb }, $output);
    };
    ($type:ty: $kind:ident $name:literal by $permission:literal -> $output:ty) => {
        operation!(@ $type, $kind, $name, $crate::Requires::Permission($permission), $output);
    };
    (@ $type:ty, $kind:ident, $name:literal, $requires:expr, $output:ty) => {
        impl $crate::Operation for $type {
            const NAME: &'static str = $name;
            const KIND: $crate::OperationKind = $crate::OperationKind::$kind;
            type Output = $output;
            fn requires(&self) -> $crate::Requires<'_> {
                $requires
            }
        }
    };
}
pub(crate) use operation;

/// Declares an operation whole, its struct included: name, kind, what it requires, fields, output.
macro_rules! declare {
    ($(#[$doc:meta])* $name:literal $kind:ident $requires:expr, $type:ident { $($(#[$of_field:meta])* $field:ident : $of:ty),* $(,)? } -> $output:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $type { $($(#[$of_field])* pub $field: $of,)* }

        impl $crate::Operation for $type {
            const NAME: &'static str = $name;
            const KIND: $crate::OperationKind = $crate::OperationKind::$kind;
            type Output = $output;
            fn requires(&self) -> $crate::Requires<'_> {
                $requires
            }
        }
    };
}
pub(crate) use declare;
