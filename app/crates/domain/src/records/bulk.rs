//! Many rows at once: what is done to them, how far it is, what was refused, and taking it back.

use super::Values;
use crate::operation::{Operation, OperationKind, Requires, declare};
use crate::permission::Verb;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Rows of one change.
pub const MOST_ROWS: u32 = 100_000;
/// Rows that are put back while the request waits.
pub const UNDONE_AT_ONCE: i64 = 200;
/// Rows that are named one by one; more are meant by a filter.
pub const MOST_NAMED: usize = 1000;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Gives fields other values.
    #[default]
    Set,
    /// Gives fields that hold several values some more, beside those that each row has.
    Add,
    /// Takes values out of fields that hold several, wherever a row has them.
    Remove,
    /// Moves to another state, each row through the gate of its move.
    Move,
    Delete,
    Restore,
}

impl BulkAction {
    /// What it takes for each row, there and back.
    pub const fn verb(self) -> Verb {
        match self {
            Self::Set | Self::Add | Self::Remove | Self::Move => Verb::Update,
            Self::Delete | Self::Restore => Verb::Delete,
        }
    }
}

/// Starts a change of many rows: those named, or with `all` every one that the filter and the search match. A worker goes through them one by
/// one, by the same operation that changes a single row, so that whoever may not change a row by itself does not change it here either.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BulkRecords {
    pub entity: String,
    pub action: BulkAction,
    #[serde(default)]
    pub ids: Vec<Uuid>,
    #[serde(default)]
    pub all: bool,
    /// In the syntax of `filter=`.
    #[serde(default)]
    pub filter: Option<String>,
    #[serde(default)]
    pub search: Option<String>,
    /// What fields are set to, or what is added to those that hold several values, or taken out of them.
    #[serde(default)]
    pub values: Values,
    /// The state to move to.
    #[serde(default)]
    pub to: Option<String>,
}

impl Operation for BulkRecords {
    const NAME: &'static str = "records.bulk";
    const KIND: OperationKind = OperationKind::Write;
    type Output = Bulk;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: &self.entity, verb: self.action.verb() }
    }
}

declare!(
    /// How far a change is. Whoever started it sees it.
    "records.get_bulk" Read Requires::Member, GetBulk { id: Uuid } -> Bulk
);
declare!(
    /// Rows that were refused, or kept by an undo, with the reason; the first thousand.
    "records.bulk_rows" Read Requires::Member, BulkRows { id: Uuid } -> Vec<BulkRow>
);
declare!(
    /// Puts back what the change did. Rows that somebody has worked on since are kept and listed. Up to 200 rows are put back before the
    /// answer; more by a worker, while the change is `undoing`.
    "records.undo_bulk" Write Requires::Member, UndoBulk { id: Uuid } -> UndoneBulk
);
declare!(
    /// What an undo would come to, as things are now. Nothing is changed.
    "records.preview_undo_bulk" Read Requires::Member, PreviewUndoBulk { id: Uuid } -> UndoPreview
);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Bulk {
    pub id: Uuid,
    pub entity: String,
    pub change: BulkChange,
    pub status: BulkStatus,
    pub rows: i64,
    pub changed: i64,
    /// Were so already.
    pub unchanged: i64,
    pub refused: i64,
    /// Put back, on the way back and after it.
    #[serde(default)]
    pub reverted: i64,
    /// On the way back and after it: rows that could not be put back, each for its reason.
    pub kept: i64,
    /// Why the job as a whole failed.
    pub error: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    pub finished_at: Option<String>,
}

impl Bulk {
    pub const fn done(&self) -> i64 {
        self.changed + self.unchanged + self.refused
    }

    /// Rows that an undo has come to.
    pub const fn taken_back(&self) -> i64 {
        self.reverted + self.kept
    }
}

/// What is done to each row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BulkChange {
    pub action: BulkAction,
    #[serde(default)]
    pub values: Values,
    #[serde(default)]
    pub to: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BulkStatus {
    Queued,
    Running,
    Done,
    Failed,
    /// Rows are being put back.
    Undoing,
    Undone,
}

impl BulkStatus {
    pub const ALL: [Self; 6] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Undoing, Self::Undone];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct BulkRow {
    pub id: Uuid,
    /// What the row is called, where the caller may see it.
    pub title: Option<String>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UndoneBulk {
    pub reverted: i64,
    pub kept: i64,
    /// Rows that a worker puts back from now on; none where all is done.
    #[serde(default)]
    pub waiting: i64,
    /// For people: "12 put back, 1 kept".
    pub said: String,
}

/// What taking many rows back would come to, counted over the first 10,000 of them. A value that another row has taken since is found out only when
/// its turn comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UndoPreview {
    /// Would be put back, or removed where they were made.
    pub back: i64,
    /// Would stay, because somebody has changed them since, or thrown them away.
    pub changed: i64,
    /// Would stay, because the caller may not do that to them.
    pub barred: i64,
    /// Would stay for another reason: something refers to them, they are gone, or their move set other things going.
    pub other: i64,
    /// Whether there are more rows than were counted.
    pub more: bool,
}

impl UndoPreview {
    /// Would stay, whatever the reason.
    pub const fn kept(&self) -> i64 {
        self.changed + self.barred + self.other
    }
}
