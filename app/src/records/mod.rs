//! The generic pages that draw any described entity: its list, its board, its records and their forms.

mod about;
pub mod address;
mod board;
mod choices;
mod columns;
mod composer;
mod conflict;
mod convert;
mod edit;
mod extras;
mod filter_fold;
mod filter_form;
#[cfg(test)]
mod fixture;
mod form;
mod list;
mod list_parts;
mod list_state;
mod new;
pub mod post;
mod record;
mod related;
mod rights;
mod sentence;
mod table;
mod timeline;
mod transition;
mod undo;
pub mod values;
mod who;

pub use edit::EditPage;
pub use list::ListPage;
pub use list_parts::lower;
pub use new::NewPage;
pub use record::RecordPage;
pub use undo::UndoPage;
pub use who::AccessPage;

#[cfg(all(test, feature = "ssr"))]
mod tests;
