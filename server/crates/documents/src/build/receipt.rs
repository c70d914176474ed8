//! A receipt: what was received, when and how, and which invoices it paid.

use super::money::Amounts;
use super::{Business, column, facts, notes, total};
use crate::model::{Align, Cell, Document, Emphasis, Logo, PageSize, Table, Total};
use crate::text::fill;
use crate::words::Words;
use chrono::NaiveDate;
use domain::Money;

/// Dates come as the reader's words for them; amounts as money.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiptInput {
    pub page: PageSize,
    pub logo: Option<Logo>,
    pub seller: Business,
    pub buyer: Business,
    pub number: String,
    /// For the properties of the PDF; `payment_date` is what is printed.
    pub issued: Option<NaiveDate>,
    pub payment_date: String,
    pub method: Option<String>,
    /// The bank's or the telephone company's number of the payment.
    pub reference: Option<String>,
    pub currency: String,
    pub amount: Money,
    pub allocations: Vec<Allocation>,
    /// What paid no invoice yet.
    pub unallocated: Money,
    pub notes: Vec<String>,
    pub footer: String,
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
    let amounts = Amounts { currency: &input.currency };
    let received = [("amount", &*amounts.full(&input.amount)), ("date", &input.payment_date)];
    Document {
        language: words.language.to_owned(),
        direction: words.direction,
        page: input.page,
        name: format!("{} {}", words.receipt, input.number),
        issued: input.issued,
        title: words.receipt.to_owned(),
        logo: input.logo.clone(),
        issuer: input.seller.party(words.from, words),
        recipient: input.buyer.party(words.received_from, words),
        facts: facts([
            (words.receipt_number, Some(input.number.as_str())),
            (words.payment_date, Some(&input.payment_date)),
            (words.payment_method, input.method.as_deref()),
            (words.reference, input.reference.as_deref()),
            (words.currency, Some(&input.currency)),
        ]),
        lead: Some(fill(words.received_on, &received)),
        table: allocations(input, &amounts, words),
        totals_caption: words.totals.to_owned(),
        totals: totals(input, &amounts, words),
        sections: notes(&input.notes, words).into_iter().collect(),
        footer: input.footer.clone(),
        page_label: words.page_label.to_owned(),
    }
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
    if input.unallocated.minor() != 0 {
        totals.push(total(words.unallocated, amounts.short(&input.unallocated), Emphasis::Plain));
    }
    totals.push(total(words.amount_received, amounts.full(&input.amount), Emphasis::Grand));
    totals
}
