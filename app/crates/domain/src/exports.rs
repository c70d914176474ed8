//! Export of many rows: a worker writes the file part by part, and whoever started it fetches it when it is done.

use crate::operation::{Operation, OperationKind, Requires, declare};
use crate::permission::{Grants, Verb};
use crate::schema::{Entity, ListQuery};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Up to so many rows a file goes out while its reader waits; beyond, a worker writes it.
pub const AT_ONCE: i64 = 50_000;
/// Days that a file is kept.
pub const KEPT_DAYS: i64 = 7;
/// Exports of one member that wait or are written at the same time.
pub const MOST_AT_A_TIME: i64 = 3;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    #[default]
    Csv,
    Json,
}

impl ExportFormat {
    pub const ALL: [Self; 2] = [Self::Csv, Self::Json];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }
}

/// The fields of a file for which none are named: those that the reader may see, without who wrote the row.
pub fn fields(entity: &Entity, grants: &Grants) -> Vec<String> {
    let readable = entity.fields.iter().filter(|field| field.readable(grants));
    let shown = readable.filter(|field| !matches!(field.key.as_str(), "createdBy" | "updatedBy"));
    shown.map(|field| field.key.clone()).collect()
}

/// Starts the export of a list, in the words of its address. A worker writes the file with the rights that the caller has at each part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartExport {
    pub entity: String,
    pub format: ExportFormat,
    /// In the syntax of `filter=`.
    #[serde(default)]
    pub filter: Option<String>,
    /// In the syntax of `sort=`.
    #[serde(default)]
    pub sort: Option<String>,
    #[serde(default)]
    pub search: Option<String>,
    /// Keys, separated by commas; all readable fields where none are named.
    #[serde(default)]
    pub fields: Option<String>,
    /// Rows in the trash instead of the living ones.
    #[serde(default)]
    pub trash: bool,
}

impl Operation for StartExport {
    const NAME: &'static str = "exports.start";
    const KIND: OperationKind = OperationKind::Write;
    type Output = Export;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: &self.entity, verb: Verb::Export }
    }
}

declare!(
    /// How far an export is. Whoever started it sees it.
    "exports.get" Read Requires::Member, GetExport { id: Uuid } -> Export
);
declare!(
    /// The caller's exports, the newest first.
    "exports.list" Read Requires::Member, ListExports {} -> Vec<Export>
);
declare!(
    /// Stops an export that waits or is being written. One that has ended stays as it is.
    "exports.cancel" Write Requires::Member, CancelExport { id: Uuid } -> Export
);
declare!(
    /// Where the file of an export lies, for whoever started it, while they may still export all that is in it. That it left is written down, so
    /// it is a write.
    "exports.fetch" Write Requires::Member, FetchExport { id: Uuid } -> ExportFile
);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Export {
    pub id: Uuid,
    pub entity: String,
    pub format: ExportFormat,
    /// What was asked for, by which it can be started again.
    pub query: ListQuery,
    pub status: ExportStatus,
    /// Written so far.
    pub rows: i64,
    /// An estimate, where there are many.
    pub total: Option<i64>,
    pub file_name: String,
    /// Why it failed.
    pub error: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    pub expires_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportStatus {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl ExportStatus {
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether more is to come.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// What a file is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExportFile {
    pub file_name: String,
    pub format: ExportFormat,
    /// Objects of the file store, in their order.
    pub parts: Vec<Uuid>,
}

/// Where some rows stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub first: bool,
    pub last: bool,
}
