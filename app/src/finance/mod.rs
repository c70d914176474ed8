//! Invoices, payments and the books.

mod document;
mod invoice;
mod ledger;

pub use document::DocumentPage;
pub use invoice::{entry_panel, invoice_actions, invoice_panel, payment_dialog};
pub use ledger::{LedgerPage, ReceivablesPage, TrialBalancePage, age_chart};

use crate::layout::nav::words;
use crate::page::Viewer;

/// What an option of a field is called; its key as words where no description has it.
fn option_words(viewer: &Viewer, entity: &str, field: &str, key: &str) -> String {
    let field = viewer.catalog.get(entity).and_then(|entity| entity.field(field));
    let choice = field.and_then(|field| field.choices().iter().find(|choice| choice.key == key));
    choice.map_or_else(|| words(key), |choice| choice.label.clone())
}
