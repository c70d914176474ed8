//! A receipt: what was received, when and how, and which invoices it paid.

use super::money::Amounts;
use super::{Head, Sheet, column, total};
use crate::model::{Align, Cell, Document, Emphasis, Table, Total};
use crate::text::fill;
use crate::words::Words;
use domain::Money;

/// Dates come as the reader's words for them; amounts as money.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiptInput {
    pub head: Head,
    pub payment_date: String,
    pub method: Option<String>,
    pub amount: Money,
    /// Those that the reader may know of; what all of them come to is `amount` without `unallocated`.
    pub allocations: Vec<Allocation>,
    /// What paid no invoice yet.
    pub unallocated: Money,
}

/// A part of the payment and the invoice that it paid.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    pub invoice_number: String,
    pub invoice_date: String,
    pub invoice_total: Money,
    pub paid: Money,
    /// What remains to pay on that invoice.
    pub balance_due: Money,
}

pub fn receipt(input: &ReceiptInput, words: &Words) -> Document {
    let amounts = input.head.amounts();
    let received = [("amount", &*amounts.full(&input.amount)), ("date", &input.payment_date)];
    let sheet = Sheet {
        title: words.receipt,
        issuer: words.issued_by,
        recipient: words.received_from,
        number: words.receipt_number,
        facts: vec![
            (words.payment_date, Some(input.payment_date.as_str())),
            (words.payment_method, input.method.as_deref()),
        ],
        lead: Some(fill(words.received_on, &received)),
        table: allocations(input, &amounts, words),
        totals: totals(input, &amounts, words),
        sections: Vec::new(),
    };
    input.head.document(sheet, words)
}

fn allocations(input: &ReceiptInput, amounts: &Amounts, words: &Words) -> Table {
    let row = |allocation: &Allocation| {
        vec![
            Cell::new(&allocation.invoice_number),
            Cell::new(&allocation.invoice_date),
            Cell::new(amounts.short(&allocation.invoice_total)),
            Cell::new(amounts.short(&allocation.paid)),
            Cell::new(amounts.short(&allocation.balance_due)),
        ]
    };
    Table {
        caption: words.paid_invoices.to_owned(),
        columns: vec![
            column(words.invoice_number, Align::Start, 24),
            column(words.invoice_date, Align::Start, 22),
            column(words.invoice_total, Align::End, 18),
            column(words.paid_now, Align::End, 18),
            column(words.balance_due, Align::End, 18),
        ],
        rows: input.allocations.iter().map(row).collect(),
    }
}

fn totals(input: &ReceiptInput, amounts: &Amounts, words: &Words) -> Vec<Total> {
    let mut totals = Vec::new();
    let kept = !input.unallocated.is_zero();
    let allocated = input.amount.checked_sub(&input.unallocated).ok().filter(|paid| !paid.is_zero());
    let listed = Money::sum(input.amount.currency(), input.allocations.iter().map(|allocation| &allocation.paid)).ok();
    // What paid invoices is said where something did not, and where the rows do not come to it.
    let allocated = allocated.filter(|paid| kept || listed.as_ref() != Some(paid));
    totals.extend(allocated.map(|paid| total(words.paid_invoices, amounts.short(&paid), Emphasis::Plain)));
    if kept {
        totals.push(total(words.unallocated, amounts.short(&input.unallocated), Emphasis::Plain));
    }
    totals.push(total(words.amount_received, amounts.full(&input.amount), Emphasis::Grand));
    totals
}
