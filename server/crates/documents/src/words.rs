//! The words that builders put around the data. English and Swahili are here; a workspace that renames things passes its own.

mod english;
mod swahili;

pub use english::ENGLISH;
pub use swahili::SWAHILI;

use crate::model::Direction;

/// Every word on a document that is not data. Names in braces are filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words<'a> {
    /// BCP 47.
    pub language: &'a str,
    pub direction: Direction,

    pub invoice: &'a str,
    pub order_confirmation: &'a str,
    pub receipt: &'a str,

    pub from: &'a str,
    pub issued_by: &'a str,
    pub bill_to: &'a str,
    pub customer: &'a str,
    pub received_from: &'a str,
    pub deliver_to: &'a str,
    pub tax_id: &'a str,

    pub invoice_number: &'a str,
    pub invoice_date: &'a str,
    pub due_date: &'a str,
    pub order_number: &'a str,
    pub order_date: &'a str,
    pub expected_delivery: &'a str,
    pub receipt_number: &'a str,
    pub payment_date: &'a str,
    pub payment_method: &'a str,
    pub terms: &'a str,
    pub reference: &'a str,
    pub currency: &'a str,

    /// `{amount}`, `{date}`.
    pub due_by: &'a str,
    pub paid_in_full: &'a str,
    /// `{amount}`, `{date}`.
    pub received_on: &'a str,

    /// Captions of the tables.
    pub lines: &'a str,
    pub paid_invoices: &'a str,
    pub totals: &'a str,

    pub description: &'a str,
    pub quantity: &'a str,
    pub unit_price: &'a str,
    pub tax_rate: &'a str,
    pub tax: &'a str,
    pub amount: &'a str,
    pub invoice_total: &'a str,
    pub paid_now: &'a str,

    pub subtotal: &'a str,
    /// `{rate}`, `{base}`. Read from right to left, a left-to-right mark before each keeps `−` and `%` at the side where columns have them.
    pub tax_on: &'a str,
    pub total: &'a str,
    pub amount_paid: &'a str,
    pub balance_due: &'a str,
    /// Instead of it, where the seller owes.
    pub in_your_favour: &'a str,
    pub amount_received: &'a str,
    pub unallocated: &'a str,

    pub how_to_pay: &'a str,
    pub account_name: &'a str,
    pub bank: &'a str,
    pub branch: &'a str,
    pub account_number: &'a str,
    pub notes: &'a str,

    /// `{page}`, `{pages}`.
    pub page_label: &'a str,
}
