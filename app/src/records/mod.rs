//! The generic pages that draw any described entity: its list, its board, its records and their forms.

mod about;
pub mod address;
mod board;
mod bulk;
mod bulk_parts;
mod checklist;
mod choices;
mod chooser;
mod columns;
mod composer;
mod conflict;
mod convert;
mod dates;
mod edit;
mod extras;
mod files;
mod filter_fold;
mod filter_form;
mod filter_tree;
#[cfg(test)]
pub mod fixture;
mod form;
mod grouped;
mod holders;
mod list;
mod list_parts;
mod list_state;
mod live;
mod merge;
mod new;
mod notes;
mod past;
mod pipelines;
pub mod post;
mod record;
mod related;
mod rights;
mod saved;
mod sentence;
mod standing;
mod table;
mod timeline;
mod transition;
mod undo;
mod upload;
mod value_columns;
mod value_move;
pub mod values;
mod versions;
mod views;
mod who;

pub use bulk::{BulkPage, BulkProgressPage};
pub use edit::EditPage;
pub use grouped::label as group_label;
pub use list::ListPage;
pub use list_parts::lower;
pub use merge::MergePage;
pub use new::NewPage;
pub use record::RecordPage;
pub use undo::UndoPage;
pub use versions::VersionsPage;
pub use views::ViewsPage;
pub use who::AccessPage;

#[cfg(all(test, feature = "ssr"))]
mod tests;
