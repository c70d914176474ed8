//! The audit trail as people read it, and taking back what was done.

use crate::error::{Error, FieldError, Result};
use crate::operation::{Requires, declare};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use words::{mark, t};

/// Who may read the trail of the whole workspace. No star of an area includes it: it shows everybody's doing, and from where.
pub const READ: &str = "audit.change.read";
/// Entries of one page at most.
pub const MOST: u32 = 500;

declare!("audit.list" Read Requires::Permission(READ), ListAudit { #[serde(default, deserialize_with = "crate::operation::object")] query: AuditQuery } -> AuditPage);
declare!(
    /// The same page for a file. It writes down that somebody took the trail out, so it is a write.
    "audit.export" Write Requires::Permission(READ), ExportAudit { #[serde(default, deserialize_with = "crate::operation::object")] query: AuditQuery } -> AuditPage
);
declare!(
    /// Counts over the last days, and how far the trail is sealed.
    "audit.summary" Read Requires::Permission(READ), SummariseAudit { #[serde(default)] days: Option<u16> } -> AuditSummary
);
declare!(
    /// What somebody who reviewed an entry says of it. It becomes an entry itself.
    "audit.give_feedback" Write Requires::Permission(READ), GiveFeedback { change: Uuid, verdict: String, #[serde(default)] note: Option<String> } -> ()
);
declare!(
    /// What somebody has to say of Nexus or of how the workspace has set it up, and on which page. Everybody may; it becomes an entry.
    "audit.send_feedback" Write Requires::Member, SendFeedback { kind: String, text: String, #[serde(default)] page: Option<String> } -> ()
);
declare!(
    /// What people sent and what reviewers said of entries, newest first; `before` is `next` of the page before.
    "audit.list_feedback" Read Requires::Permission(READ), ListFeedback { #[serde(default)] before: Option<Uuid> } -> FeedbackPage
);
declare!(
    /// What an undo would put back and what it could not: it is done for real and rolled back.
    "audit.preview_undo" Read Requires::Member, PreviewUndo { #[serde(default)] change: Option<Uuid>, #[serde(default)] request: Option<Uuid>, #[serde(default)] alone: bool } -> UndoPlan
);
declare!(
    /// Takes back what a request did, or the transaction of a change; with `alone` that change only. Each step passes the permissions and gates
    /// of any other write, and is a change itself.
    "audit.undo" Write Requires::Member, Undo { #[serde(default)] change: Option<Uuid>, #[serde(default)] request: Option<Uuid>, #[serde(default)] alone: bool } -> UndoPlan
);

/// What feedback may be about, with its words, which are said with `words::say`.
pub const FEEDBACK: [(&str, &str); 3] =
    [("idea", mark!("An idea")), ("problem", mark!("Something is wrong")), ("praise", mark!("Something is good"))];
/// Characters of it at most.
pub const FEEDBACK_LENGTH: usize = 2000;

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AuditQuery {
    pub person: Option<Uuid>,
    pub operation: Option<String>,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    pub request: Option<Uuid>,
    pub change: Option<Uuid>,
    pub outcome: Option<String>,
    /// Days of the workspace's calendar, both included.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Entries older than this one.
    pub before: Option<Uuid>,
    pub limit: Option<u32>,
}

impl AuditQuery {
    /// From query parameters. Everything that is wrong is named at once; unknown ones are somebody else's.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let (mut query, mut faults) = (Self::default(), Vec::new());
        for (name, value) in pairs {
            let value = value.trim();
            if !value.is_empty()
                && let Err(message) = query.set(name, value)
            {
                faults.push(FieldError { field: name.to_owned(), message: message.to_owned() });
            }
        }
        if faults.is_empty() { Ok(query) } else { Err(Error::fields(faults)) }
    }

    fn set(&mut self, name: &str, value: &str) -> std::result::Result<(), &'static str> {
        let id = || Uuid::try_parse(value).map(Some).map_err(|_| t!("Use an id, as entries show it"));
        let day = || value.parse().map(Some).map_err(|_| t!("Use a day such as 2026-11-28"));
        match name {
            "person" => self.person = id()?,
            "record" => self.record = id()?,
            "request" => self.request = id()?,
            "change" => self.change = id()?,
            "before" => self.before = id()?,
            "operation" => self.operation = Some(value.to_owned()),
            "entity" => self.entity = Some(value.to_owned()),
            "outcome" if matches!(value, "done" | "refused") => self.outcome = Some(value.to_owned()),
            "outcome" => return Err(t!("Use done or refused")),
            "from" => self.from = day()?,
            "to" => self.to = day()?,
            "limit" => match value.parse() {
                Ok(limit @ 1..=MOST) => self.limit = Some(limit),
                _ => return Err(t!("Use a whole number from 1 to 500")),
            },
            _ => {}
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// `before` of the page after it.
    pub next: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    pub id: Uuid,
    /// RFC 3339.
    pub at: String,
    pub operation: String,
    pub entity: String,
    pub record: Option<Uuid>,
    pub person: Option<Uuid>,
    pub name: Option<String>,
    /// `done` or `refused`.
    pub outcome: String,
    /// Why it was refused.
    pub reason: Option<String>,
    pub cause: String,
    pub cause_id: Option<Uuid>,
    pub request: Option<Uuid>,
    pub session: Option<Uuid>,
    pub address: Option<String>,
    pub agent: Option<String>,
    pub changes: Vec<AuditChange>,
}

/// One value of an entry. Fields that the reader may not know are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuditChange {
    pub field: String,
    pub label: String,
    pub before: Value,
    pub after: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct FeedbackPage {
    pub entries: Vec<Feedback>,
    /// `before` of the page after it.
    pub next: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Feedback {
    pub id: Uuid,
    /// RFC 3339.
    pub at: String,
    pub name: Option<String>,
    /// One of [`FEEDBACK`]; of what a reviewer said, the verdict.
    pub kind: String,
    pub text: Option<String>,
    /// Address within the workspace that it was sent from.
    pub page: Option<String>,
    /// The entry that a reviewer spoke of.
    pub change: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditSummary {
    pub days: u16,
    pub entries: i64,
    pub refused: i64,
    pub sign_ins: i64,
    pub exports: i64,
    /// Most frequent first.
    pub operations: Vec<Tally>,
    pub people: Vec<Tally>,
    pub sealed: Option<Sealed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Tally {
    pub key: String,
    pub label: String,
    pub count: i64,
}

/// How far the chain goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    pub seq: i64,
    pub changes: i64,
    pub at: Option<String>,
    /// In hexadecimal digits.
    pub head: String,
}

/// What an undo does, record by record, the newest change first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UndoPlan {
    pub operation: String,
    pub at: String,
    pub actor: Option<String>,
    pub steps: Vec<UndoStep>,
    /// How many steps do something.
    pub done: u32,
    /// In words for people.
    pub said: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UndoStep {
    pub change: Uuid,
    pub entity: String,
    pub record: Option<Uuid>,
    pub title: String,
    /// `put_back`, `trash`, `restore`; nothing where nothing can be done.
    pub action: Option<String>,
    pub fields: Vec<AuditChange>,
    /// What stays as it is, and why.
    pub kept: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::AuditQuery;

    #[test]
    fn every_wrong_parameter_is_named() {
        let read = |pairs: &[(&'static str, &'static str)]| AuditQuery::from_pairs(pairs.iter().copied());
        let query = read(&[("outcome", "refused"), ("from", "2026-11-01"), ("person", ""), ("theme", "dark")]).unwrap();
        assert_eq!((query.outcome.as_deref(), query.from.is_some(), query.person), (Some("refused"), true, None));
        let wrong = read(&[("person", "Amina"), ("limit", "501"), ("to", "yesterday"), ("outcome", "maybe")]);
        assert_eq!(wrong.unwrap_err().fields.len(), 4);
    }
}
