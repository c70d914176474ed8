//! What stands beside a record: notes and files. Whoever may see the record sees them; whoever may change it may add to them.

use super::*;
use crate::schema::upload::PICTURES;

/// Characters of a note.
pub const NOTE_LENGTH: usize = 20_000;
/// The event of a note that names members who were not named in it before: `mentioned` of its change.
pub const MENTIONED: &str = "records.note.mentioned";
/// Bytes of one file.
pub const FILE_BYTES: usize = 25 * 1024 * 1024;
/// Bytes of all files of a workspace.
pub const WORKSPACE_BYTES: i64 = 10 * 1024 * 1024 * 1024;

entity_operation!(
    /// The notes of a record: those that are pinned, then the newest first.
    "notes.list" Read Read ListNotes { record: Uuid } -> Vec<Note>
);
entity_operation!(
    /// Writes a note in Markdown. `@` and the name of a member mentions them.
    "notes.add" Write Update AddNote { record: Uuid, body: String } -> Note
);
entity_operation!(
    /// One's own note. `version` is the one that was read.
    "notes.edit" Write Update EditNote { record: Uuid, id: Uuid, version: i64, body: String } -> Note
);
entity_operation!(
    /// One's own note, or anybody's for those who may delete the record. It can be restored.
    "notes.delete" Write Update DeleteNote { record: Uuid, id: Uuid } -> Note
);
entity_operation!("notes.restore" Write Update RestoreNote { record: Uuid, id: Uuid } -> Note);
entity_operation!(
    /// Pins a note to the top, or lets it go.
    "notes.pin" Write Update PinNote { record: Uuid, id: Uuid, pinned: bool } -> Note
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Note {
    pub id: Uuid,
    pub version: i64,
    pub author: Uuid,
    pub author_name: String,
    /// As it was typed.
    pub body: String,
    /// The body as HTML of a few harmless elements.
    pub html: String,
    pub mentions: Vec<Uuid>,
    pub pinned: bool,
    /// RFC 3339.
    pub at: String,
    pub edited_at: Option<String>,
    /// Whether the caller may change it.
    pub own: bool,
    pub may_delete: bool,
    pub deleted: bool,
}

entity_operation!("files.list" Read Read ListFiles { record: Uuid } -> Vec<FileEntry>);
entity_operation!(
    /// One file, if it may be fetched. Its content is served at its address.
    "files.get" Read Read GetFile { record: Uuid, id: Uuid } -> FileEntry
);
entity_operation!(
    /// Keeps a file with the record. What it is, is found out from its content.
    "files.upload" Write Update UploadFile { record: Uuid, name: String, content: Vec<u8> } -> FileEntry
);
entity_operation!(
    /// Keeps a file for a field of a record that is about to be written: the id that it answers is the field's value in that write. Until then
    /// it is nobody's, and only who sent it can put it into a record.
    "files.attach" Write Update AttachFile { field: String, name: String, content: Vec<u8> } -> FileEntry
);
entity_operation!(
    /// Takes a file away. It can be restored.
    "files.delete" Write Update DeleteFile { record: Uuid, id: Uuid } -> FileEntry
);
entity_operation!("files.restore" Write Update RestoreFile { record: Uuid, id: Uuid } -> FileEntry);

entity_operation!(
    /// Asks the scanner again for a file that is held.
    "files.scan" Write Update ScanFile { record: Uuid, id: Uuid } -> FileEntry
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub bytes: i64,
    /// `ready`, `held` until it was scanned, or `refused` by the scanner.
    pub state: String,
    pub uploaded_by: String,
    /// RFC 3339.
    pub at: String,
    pub deleted: bool,
    /// The field that it was kept for; none of a file that stands beside the record.
    #[serde(default)]
    pub field: Option<String>,
}

impl FileEntry {
    /// Raster images may be shown in the page; everything else is saved to disk.
    pub fn shown_inline(&self) -> bool {
        PICTURES.contains(&self.media_type.as_str())
    }
}
