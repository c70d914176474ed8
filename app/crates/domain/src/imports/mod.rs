//! Import of files: upload, map columns, look at what would happen, run as a job, and take it back.

use crate::operation::{Operation, OperationKind, Requires};
use crate::permission::Verb;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Largest file.
pub const MAX_FILE_BYTES: usize = 25 * 1024 * 1024;
/// Largest cell; longer ones refuse their row.
pub const MAX_CELL_BYTES: usize = 64 * 1024;

/// Keeps the uploaded file and proposes a mapping from its header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreateImport {
    pub entity: String,
    pub file_name: String,
    /// CSV, or a spreadsheet (XLSX).
    pub content: Vec<u8>,
    /// Of a spreadsheet: the sheet that is meant. The first that holds anything when absent.
    #[serde(default)]
    pub sheet: Option<String>,
}

/// Columns of the file to fields of the entity, and how to meet rows that exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MapImport {
    pub id: Uuid,
    pub mapping: Mapping,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Mapping {
    /// Whether the first row names the columns.
    pub header: bool,
    /// Column position (0-based) to field key; money currencies are `value.currency`. Columns not named are left out.
    pub columns: BTreeMap<u32, String>,
    /// The unique field by which existing rows are recognised.
    pub key: Option<String>,
    pub existing: Existing,
    /// Currency of amounts whose column has none.
    pub currency: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Rows that exist already are left as they are.
    #[default]
    Skip,
    /// Rows that exist already take the file's values.
    Update,
}

macro_rules! import_operation {
    ($(#[$doc:meta])* $name:literal $kind:ident $type:ident -> $output:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        pub struct $type {
            pub id: Uuid,
        }
        impl Operation for $type {
            const NAME: &'static str = $name;
            const KIND: OperationKind = OperationKind::$kind;
            type Output = $output;
            // The import knows its entity; the handler checks that entity's import permission.
            fn requires(&self) -> Requires<'_> {
                Requires::Member
            }
        }
    };
}

import_operation!("imports.get" Read GetImport -> Import);
import_operation!(
    /// The first rows as they would become, with what is wrong in them, and counts over the whole file.
    "imports.preview" Read PreviewImport -> Preview
);
import_operation!("imports.start" Write StartImport -> Import);
import_operation!(
    /// Removes what the import made, and puts back what it changed. Rows that somebody changed since are kept and listed, and so are rows that the
    /// caller may not delete or change, unless it is an import of their own of the last 30 days. Sent once more, it looks at what was kept. Up to
    /// 200 rows are taken back before the answer; more by a worker, while the import is `undoing`.
    "imports.undo" Write UndoImport -> Undone
);
import_operation!(
    /// What an undo would come to, as things are now. Nothing is changed.
    "imports.preview_undo" Read PreviewUndoImport -> crate::records::UndoPreview
);
import_operation!("imports.problems" Read ListProblems -> Vec<Problem>);
import_operation!(
    /// What an undo left in place, and why.
    "imports.kept" Read ListKept -> Vec<KeptRow>
);
import_operation!(
    /// The refused rows as a CSV file: the columns of the upload, then row, column and reason.
    "imports.error_file" Read ImportErrorFile -> ErrorFile
);

impl Operation for CreateImport {
    const NAME: &'static str = "imports.create";
    const KIND: OperationKind = OperationKind::Write;
    type Output = Import;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: &self.entity, verb: Verb::Import }
    }
}

impl Operation for MapImport {
    const NAME: &'static str = "imports.map";
    const KIND: OperationKind = OperationKind::Write;
    type Output = Import;
    fn requires(&self) -> Requires<'_> {
        Requires::Member
    }
}

/// Imports of an entity, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ListImports {
    pub entity: String,
}

impl Operation for ListImports {
    const NAME: &'static str = "imports.list";
    const KIND: OperationKind = OperationKind::Read;
    type Output = Vec<Import>;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: &self.entity, verb: Verb::Import }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Import {
    pub id: Uuid,
    pub entity: String,
    pub file_name: String,
    pub status: ImportStatus,
    pub bytes: i64,
    /// Header cells, or `Column 1` ... where the file has no header.
    pub columns: Vec<String>,
    /// Cells of the first data rows, for the mapping page.
    pub sample: Vec<Vec<String>>,
    /// Why the first row does not look like a header, where it does not.
    pub header_doubt: Option<String>,
    pub mapping: Mapping,
    /// Data rows in the file.
    pub rows: i64,
    /// Rows worked so far.
    pub done: i64,
    pub created: i64,
    pub updated: i64,
    /// Existed already and were left as they are.
    pub unchanged: i64,
    pub refused: i64,
    /// Why the job as a whole failed.
    pub error: Option<String>,
    pub created_by: Option<String>,
    pub created_at: String,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    /// On the way back and after it: rows that were kept.
    pub kept: i64,
    /// Removed by undos.
    #[serde(default)]
    pub removed: i64,
    /// Put back by undos to what they were before the import.
    #[serde(default)]
    pub reverted: i64,
    /// Were gone for good already when an undo came to them.
    #[serde(default)]
    pub gone: i64,
    /// When an undo was last asked for.
    #[serde(default)]
    pub undo_began_at: Option<String>,
}

impl Import {
    /// Rows that an undo has to do with: those that the import left its mark on.
    pub const fn marked(&self) -> i64 {
        self.created + self.updated
    }

    /// Those of them that no undo has taken back, the kept ones among them.
    pub const fn left(&self) -> i64 {
        self.marked() - self.removed - self.reverted - self.gone
    }

    /// Those that the undo has come to.
    pub const fn looked_at(&self) -> i64 {
        self.marked() - self.left() + self.kept
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    Uploaded,
    Mapped,
    Queued,
    Running,
    Done,
    Failed,
    /// Rows are being taken back.
    Undoing,
    Undone,
}

impl ImportStatus {
    const ALL: [Self; 8] = [
        Self::Uploaded,
        Self::Mapped,
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Undoing,
        Self::Undone,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Mapped => "mapped",
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
#[serde(rename_all = "camelCase")]
pub struct Preview {
    pub rows: Vec<PreviewRow>,
    pub would_create: i64,
    pub would_update: i64,
    pub unchanged: i64,
    pub refused: i64,
    /// The first problems of the file.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PreviewRow {
    /// Data row, from 1.
    pub row: i64,
    pub values: crate::records::Values,
    pub problems: Vec<Problem>,
}

/// One thing that is wrong in one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Problem {
    /// Data row, from 1 (the header is not counted).
    pub row: i64,
    /// Header of the column, or nothing where the row as a whole is wrong.
    pub column: Option<String>,
    /// What stands there, cut to 200 characters.
    pub value: Option<String>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Undone {
    pub removed: i64,
    /// Rows put back to what they were before the import.
    pub reverted: i64,
    /// Rows that were kept: changed since, in use, or not the caller's to take back. The first thousand.
    pub kept: Vec<KeptRow>,
    /// Rows that a worker takes back from now on; none where all is done.
    #[serde(default)]
    pub waiting: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct KeptRow {
    pub id: Uuid,
    /// Empty where the reader may not see the row.
    pub title: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErrorFile {
    pub file_name: String,
    pub content: String,
}
