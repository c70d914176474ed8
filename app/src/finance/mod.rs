//! Invoices, payments and the books.

mod document;
mod invoice;
mod ledger;

pub use document::DocumentPage;
pub use invoice::{entry_panel, invoice_actions, invoice_panel, payment_dialog};
pub use ledger::{LedgerPage, ReceivablesPage, TrialBalancePage, age_chart};
