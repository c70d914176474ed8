//! An invoice: what was sold, what it costs with which tax, what is still to pay, by when and how.

use super::money::Amounts;
use super::{Head, Sheet, TaxTotal, before_total, column, facts, total};
use crate::model::{Align, Cell, Document, Emphasis, Fact, Section, Table, Total};
use crate::text::fill;
use crate::words::Words;
use domain::Money;

/// Dates, quantities and rates come as the reader's words for them; amounts as money.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceInput {
    pub head: Head,
    pub invoice_date: String,
    pub due_date: Option<String>,
    pub lines: Vec<InvoiceLine>,
    pub subtotal: Money,
    pub taxes: Vec<TaxTotal>,
    pub total: Money,
    pub amount_paid: Money,
    pub balance_due: Money,
    /// Printed while something is due.
    pub bank: Option<BankDetails>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceLine {
    pub description: String,
    pub detail: Option<String>,
    /// `12`, `1.5 h`.
    pub quantity: String,
    pub unit_price: Money,
    /// `16%`.
    pub tax_rate: String,
    pub tax: Money,
    /// As `subtotal` counts it: with or without tax.
    pub total: Money,
}

/// Where to pay. `more` is for what only some have: a paybill number, a routing code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BankDetails {
    pub account_name: Option<String>,
    pub bank: Option<String>,
    pub branch: Option<String>,
    pub account_number: Option<String>,
    pub iban: Option<String>,
    pub swift: Option<String>,
    pub more: Vec<Fact>,
    pub instructions: Vec<String>,
}

pub fn invoice(input: &InvoiceInput, words: &Words) -> Document {
    let amounts = input.head.amounts();
    let sheet = Sheet {
        title: words.invoice,
        issuer: words.from,
        recipient: words.bill_to,
        number: words.invoice_number,
        facts: vec![
            (words.invoice_date, Some(input.invoice_date.as_str())),
            (words.due_date, input.due_date.as_deref()),
        ],
        lead: lead(input, &amounts, words),
        table: lines(input, &amounts, words),
        totals: totals(input, &amounts, words),
        sections: sections(input, words),
    };
    input.head.document(sheet, words)
}

/// What the buyer has to do. Nothing where the seller owes: a credit is not for an invoice to explain.
fn lead(input: &InvoiceInput, amounts: &Amounts, words: &Words) -> Option<String> {
    let due = &input.balance_due;
    match (due.minor(), &input.due_date) {
        (0, _) => Some(words.paid_in_full.to_owned()),
        (1.., Some(date)) => Some(fill(words.due_by, &[("amount", &amounts.full(due)), ("date", date)])),
        _ => None,
    }
}

fn lines(input: &InvoiceInput, amounts: &Amounts, words: &Words) -> Table {
    let row = |line: &InvoiceLine| {
        vec![
            Cell { main: line.description.clone(), detail: line.detail.clone() },
            Cell::new(&line.quantity),
            Cell::new(amounts.short(&line.unit_price)),
            Cell::new(&line.tax_rate),
            Cell::new(amounts.short(&line.tax)),
            Cell::new(amounts.short(&line.total)),
        ]
    };
    Table {
        caption: words.lines.to_owned(),
        columns: vec![
            column(words.description, Align::Start, 38),
            column(words.quantity, Align::End, 10),
            column(words.unit_price, Align::End, 14),
            column(words.tax_rate, Align::End, 10),
            column(words.tax, Align::End, 12),
            column(words.amount, Align::End, 16),
        ],
        rows: input.lines.iter().map(row).collect(),
    }
}

fn totals(input: &InvoiceInput, amounts: &Amounts, words: &Words) -> Vec<Total> {
    let mut totals = before_total(&input.subtotal, &input.taxes, amounts, words);
    totals.push(total(words.total, amounts.full(&input.total), Emphasis::Strong));
    if input.amount_paid.minor() != 0 {
        totals.push(total(words.amount_paid, amounts.short(&input.amount_paid), Emphasis::Plain));
    }
    let due = &input.balance_due;
    totals.push(if due.minor() < 0 {
        total(words.in_your_favour, amounts.full_reversed(due), Emphasis::Grand)
    } else {
        total(words.balance_due, amounts.full(due), Emphasis::Grand)
    });
    totals
}

fn sections(input: &InvoiceInput, words: &Words) -> Vec<Section> {
    let bank = input.bank.as_ref().filter(|_| input.balance_due.minor() > 0);
    bank.map(|bank| how_to_pay(bank, words)).into_iter().collect()
}

fn how_to_pay(bank: &BankDetails, words: &Words) -> Section {
    let mut known = facts([
        (words.account_name, bank.account_name.as_deref()),
        (words.bank, bank.bank.as_deref()),
        (words.branch, bank.branch.as_deref()),
        (words.account_number, bank.account_number.as_deref()),
        ("IBAN", bank.iban.as_deref()),
        ("SWIFT/BIC", bank.swift.as_deref()),
    ]);
    known.extend(bank.more.iter().cloned());
    Section { heading: words.how_to_pay.to_owned(), paragraphs: bank.instructions.clone(), facts: known }
}
