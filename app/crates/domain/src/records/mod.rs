//! Generic operations over described entities. The engine behind them is the crate `records`.

mod bulk;
mod page;

pub use bulk::{
    Bulk, BulkAction, BulkChange, BulkRecords, BulkRow, BulkRows, BulkStatus, GetBulk, MOST_NAMED, MOST_ROWS,
    PreviewUndoBulk, UNDONE_AT_ONCE, UndoBulk, UndoPreview, UndoneBulk,
};
pub use page::{Page, Record, Rows, Total};

use crate::operation::{Operation, OperationKind, Requires};
use crate::permission::{Reach, Verb};
use crate::schema::ListQuery;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Values by camelCase field key, in the canonical JSON form of `schema::value`.
pub type Values = Map<String, Value>;

macro_rules! entity_operation {
    ($(#[$doc:meta])* $name:literal $kind:ident $verb:ident $type:ident { $($(#[$field_doc:meta])* $field:ident : $of:ty),* $(,)? } -> $output:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $type {
            /// Key of the description: `lead`.
            pub entity: String,
            $($(#[$field_doc])* pub $field: $of,)*
        }

        impl Operation for $type {
            const NAME: &'static str = $name;
            const KIND: OperationKind = OperationKind::$kind;
            type Output = $output;
            fn requires(&self) -> Requires<'_> {
                Requires::Entity { entity: &self.entity, verb: Verb::$verb }
            }
        }
    };
}

mod beside;
pub use beside::*;

entity_operation!(
    /// A page of rows that match, in order.
    "records.list" Read Read ListRecords { #[serde(default, deserialize_with = "crate::operation::object")] query: ListQuery } -> Page
);
entity_operation!(
    /// The same page for a file: needs the export permission, up to 500 rows a call. It writes down that somebody took data out, so it is a
    /// write.
    "records.export" Write Export ExportRecords { #[serde(default, deserialize_with = "crate::operation::object")] query: ListQuery } -> Page
);
entity_operation!("records.get" Read Read GetRecord { id: Uuid } -> Record);
entity_operation!("records.create" Write Create CreateRecord { values: Values } -> Record);
entity_operation!(
    /// Changes the named fields. `version` is the one that was read; `base` the values that were read, where the caller kept them, so
    /// that a stale write can say what it was, yours and theirs.
    "records.update" Write Update UpdateRecord { id: Uuid, version: Option<i64>, values: Values, #[serde(default)] base: Option<Values> } -> Record
);
entity_operation!("records.delete" Write Delete DeleteRecord { id: Uuid, version: Option<i64> } -> Record);
entity_operation!("records.restore" Write Delete RestoreRecord { id: Uuid } -> Record);
entity_operation!(
    /// Takes the transition named, or the one that leads to the state `to`, through its gate. `values` are set in the same write. With the key
    /// of another `pipeline` the row moves into that one: to the state `to` of it, or to the one in which rows begin there.
    "records.transition" Write Update TransitionRecord { id: Uuid, version: Option<i64>, #[serde(default)] name: Option<String>, #[serde(default)] to: Option<String>, #[serde(default)] pipeline: Option<String>, #[serde(default)] values: Values } -> Record
);
entity_operation!(
    /// Ticks an item of a checklist, or takes its tick back (`done` is false). `version` is the one that was read.
    "records.tick" Write Update TickRecord { id: Uuid, version: Option<i64>, item: String, done: bool } -> Record
);
entity_operation!(
    /// What has happened to a row, newest first.
    "records.timeline" Read Read RecordTimeline { id: Uuid, limit: u32, #[serde(default)] before: Option<Uuid> } -> Vec<TimelineEntry>
);
entity_operation!(
    /// The changes that made the versions of a row, the newest first. `before` is the version that the page before ended with.
    "records.versions" Read Read RecordVersions { id: Uuid, limit: u32, #[serde(default)] before: Option<i64> } -> Vec<RecordVersion>
);
entity_operation!(
    /// A row as it was: at a version, or at a moment (RFC 3339, or a day or a time on the workspace's clock). Who may see the row now may see
    /// what it was, in the fields that they may see now.
    "records.past" Read Read PastRecord { id: Uuid, #[serde(default)] version: Option<i64>, #[serde(default)] at: Option<String> } -> Record
);
entity_operation!(
    /// Writes the values of an earlier version into a row, as an update by the caller. `version` is the one that was read, `old_version` the
    /// one whose values are wanted. The state stays: a row is moved by its moves.
    "records.put_back" Write Update PutBack { id: Uuid, version: Option<i64>, old_version: i64 } -> WasPutBack
);
entity_operation!(
    /// Rows that look like one with these values: the same e-mail, the same digits of a telephone number, or the same name and company. `except`
    /// is the row itself.
    "records.alike" Read Read AlikeRecords { values: Values, #[serde(default)] except: Option<Uuid> } -> Vec<Alike>
);
entity_operation!(
    /// In what two rows differ, what would move from the one that goes to the one that stays, and why they cannot be merged.
    "records.preview_merge" Read Update PreviewMerge { kept: Uuid, merged: Uuid } -> MergePlan
);
entity_operation!(
    /// Makes one of two rows: everything that points at `merged` points at `kept`, which takes the fields that `take` names with `merged`, and
    /// those that it lacks. `merged` goes to the trash.
    "records.merge" Write Update MergeRecords { kept: Uuid, merged: Uuid, #[serde(default)] version: Option<i64>, #[serde(default)] merged_version: Option<i64>, #[serde(default)] take: BTreeMap<String, String> } -> Merged
);
entity_operation!(
    /// Takes a merge back, for thirty days: what somebody has changed since stays, and is named.
    "records.unmerge" Write Update UnmergeRecords { merge: Uuid } -> Unmerged
);
entity_operation!(
    /// The merge that the row came out of or went into, while it can be taken back.
    "records.latest_merge" Read Read LatestMerge { id: Uuid } -> Option<PastMerge>
);
entity_operation!(
    /// Counts and sums of the matching rows by the values of a field, and inside each by those of another. Of `limit` groups at most, those that
    /// weigh most; the rest is one group behind them. With `weighted`, and without `limit` and `inner`, sums come by the chances of the states too.
    "records.summarise" Read Read SummariseRecords { #[serde(default, deserialize_with = "crate::operation::object")] query: ListQuery, group: GroupBy, measure: Option<String>, #[serde(default)] limit: Option<u32>, #[serde(default)] inner: Option<Inner>, #[serde(default)] weighted: bool } -> Vec<Group>
);
entity_operation!(
    /// Every column of a board with its count, its sums and its first cards.
    "records.board" Read Read BoardRecords { #[serde(default, deserialize_with = "crate::operation::object")] query: ListQuery, measure: Option<String>, cards: u32 } -> Vec<BoardColumn>
);

entity_operation!(
    /// Who can see this row, change it and delete it, and by which role. Needs `people.member.read` too, since it tells roles.
    "records.access" Read Read RecordAccess { id: Uuid } -> Vec<AccessRow>
);

/// Which of these rows the caller's permission reaches: what pages ask before they offer something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MayRecords {
    pub entity: String,
    pub verb: Verb,
    pub ids: Vec<Uuid>,
}

impl Operation for MayRecords {
    const NAME: &'static str = "records.may";
    const KIND: OperationKind = OperationKind::Read;
    type Output = Vec<Uuid>;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: &self.entity, verb: self.verb }
    }
}

/// A member who can see a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccessRow {
    pub member: Uuid,
    pub name: String,
    pub automation: bool,
    pub read: Because,
    pub update: Option<Because>,
    pub delete: Option<Because>,
    /// Keys of the fields that they do not see, among those that the caller sees.
    pub hidden: Vec<String>,
}

/// What lets somebody do something with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Because {
    /// Label of the role.
    pub role: String,
    /// How far that role goes.
    pub reach: Reach,
    /// Whether the row is their own; with the reach of a team or a location it need not be.
    pub own: bool,
}

/// Looks the words up in every entity that the caller may read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SearchRecords {
    pub words: String,
    pub limit: u32,
}

impl Operation for SearchRecords {
    const NAME: &'static str = "records.search";
    const KIND: OperationKind = OperationKind::Read;
    type Output = Vec<SearchHit>;
    fn requires(&self) -> Requires<'_> {
        Requires::Member
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SearchHit {
    pub entity: String,
    pub id: Uuid,
    pub title: String,
    pub subtitle: Option<String>,
    pub status: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The state, an option, a reference, a member or a boolean.
    Field(String),
    /// Calendar months of a date or datetime, `2026-11`.
    Month(String),
    /// Weeks of a date or datetime by their Monday, `2026-11-16`.
    Week(String),
    /// Days of a date or datetime, `2026-11-21`.
    Day(String),
    /// One group of all rows.
    All,
}

/// What makes groups inside groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Inner {
    pub group: GroupBy,
    /// As `limit` of the operation: the same inner groups in every outer one.
    #[serde(default)]
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Group {
    /// Value of the field, `None` for rows without one.
    pub key: Option<String>,
    pub count: i64,
    /// One sum per currency for money, one without currency for numbers, as decimal strings.
    pub sums: Vec<Sum>,
    /// The same of the rows that are still on their way, each weighed by the chance of its state; where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weighted: Vec<Sum>,
    /// Whether these are the rows of all groups beyond the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rest: bool,
    /// Where groups inside groups were asked for: they add up to this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Self>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Sum {
    pub currency: Option<String>,
    pub amount: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct BoardColumn {
    pub state: String,
    pub count: i64,
    pub sums: Vec<Sum>,
    pub cards: Vec<Record>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    pub id: Uuid,
    /// Stable operation name: `records.update`.
    pub operation: String,
    /// RFC 3339.
    pub at: String,
    /// Name of the member who did it.
    pub actor: Option<String>,
    /// What caused it, where that was not a person's click: `import`.
    pub cause: Option<Cause>,
    /// Changed fields with their raw values before and after.
    pub changes: Vec<FieldChange>,
}

/// A version of a row, by the change that made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecordVersion {
    pub version: i64,
    pub change: TimelineEntry,
}

/// What became of putting an earlier version back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WasPutBack {
    pub record: Record,
    /// Labels of the fields that hold their earlier value again.
    pub fields: Vec<String>,
    /// What stays as it is, and why.
    pub kept: Vec<String>,
    /// In words for people.
    pub said: String,
}

/// A row that looks like another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Alike {
    pub id: Uuid,
    pub number: String,
    pub title: String,
    /// Label of what is the same: "E-mail".
    pub same: String,
}

/// What a merge would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MergePlan {
    /// Keys of the fields in which the two differ.
    pub fields: Vec<String>,
    /// Of what the caller may see.
    pub moves: Vec<MergeMoves>,
    /// Whether something would move that the caller may not see.
    pub others: bool,
    /// Why it cannot be done, as far as that is found without doing it.
    pub refused: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MergeMoves {
    /// "Activities".
    pub what: String,
    /// Label of the field by which they point here.
    pub by: String,
    pub count: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Merged {
    /// Of the row that stayed.
    pub id: Uuid,
    pub merge: Uuid,
    pub record: Record,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PastMerge {
    pub id: Uuid,
    /// RFC 3339.
    pub at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Unmerged {
    /// Of the row that had stayed, and of the one that is there again.
    pub id: Uuid,
    pub merged: Uuid,
    /// Changes taken back.
    pub done: u32,
    /// What stays because it was changed since.
    pub kept: Vec<String>,
    /// In words for people.
    pub said: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct FieldChange {
    pub field: String,
    pub before: Value,
    pub after: Value,
    /// Titles of referenced rows, where the field holds one.
    pub before_label: Option<String>,
    pub after_label: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Cause {
    /// `request`, `import`, `event`, `run`, `seed`.
    pub kind: String,
    pub id: Option<Uuid>,
}
