//! What a business sends to its customers: invoices, order confirmations, receipts. A builder turns plain input into one [`Document`], and two
//! writers draw that, so that the PDF that is sent says what the page on the screen said, in the same order.
//!
//! ```text
//! InvoiceInput ---+
//! OrderInput -----+--> Document --+--> html::fragment, html::page    with html::CSS served as a file
//! ReceiptInput ---+               +--> layout::compose --> pdf::write
//! ```
//!
//! A document holds strings that are already formatted; only the builders know money. Both writers pass every string through
//! [`text::clean`], so neither control characters nor direction overrides reach a page. Nothing asks a clock or draws a random number: the
//! same document gives the same bytes.
//!
//! The fonts (see `fonts/README.md`) cover Latin, Greek, Cyrillic, Arabic and Hebrew. A character beyond them, such as an emoji or a Chinese
//! name, is drawn in a PDF as the font's empty box, and still copies as the character that it is.

mod build;
pub mod html;
pub mod layout;
mod model;
pub mod pdf;
pub mod text;
mod words;

pub use build::{
    Allocation, BankDetails, Business, Head, InvoiceInput, InvoiceLine, OrderInput, OrderLine, ReceiptInput, TaxTotal,
    invoice, order_confirmation, receipt,
};
pub use model::{
    Align, Cell, Column, Direction, Document, Emphasis, Fact, Logo, PageSize, Party, Section, Table, Total,
};
pub use words::{ENGLISH, SWAHILI, Words};
