//! An invoice: what was sold, what it costs with which tax, what is still to pay, by when and how.

use super::money::Amounts;
use super::{Business, column, facts, notes, total};
use crate::model::{Align, Cell, Document, Emphasis, Fact, Logo, PageSize, Section, Table, Total};
use crate::text::fill;
use crate::words::Words;
use chrono::NaiveDate;
use domain::Money;

/// Dates, quantities and rates come as the reader's words for them; amounts as money.
#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceInput {
    pub page: PageSize,
    pub logo: Option<Logo>,
    pub seller: Business,
    pub buyer: Business,
    pub number: String,
    /// For the properties of the PDF; `invoice_date` is what is printed.
    pub issued: Option<NaiveDate>,
    pub invoice_date: String,
    pub due_date: Option<String>,
    pub terms: Option<String>,
    pub reference: Option<String>,
    /// ISO 4217. Amounts in it are printed without it, except for the last ones.
    pub currency: String,
    pub lines: Vec<InvoiceLine>,
    pub subtotal: Money,
    pub taxes: Vec<TaxTotal>,
    pub total: Money,
    pub amount_paid: Money,
    pub balance_due: Money,
    pub notes: Vec<String>,
    /// Printed while something is due.
    pub bank: Option<BankDetails>,
    pub footer: String,
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

#[derive(Debug, Clone, PartialEq)]
pub struct TaxTotal {
    pub rate: String,
    pub base: Money,
    pub tax: Money,
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
    let amounts = Amounts { currency: &input.currency };
    Document {
        language: words.language.to_owned(),
        direction: words.direction,
        page: input.page,
        name: format!("{} {}", words.invoice, input.number),
        issued: input.issued,
        title: words.invoice.to_owned(),
        logo: input.logo.clone(),
        issuer: input.seller.party(words.from, words),
        recipient: input.buyer.party(words.bill_to, words),
        facts: facts([
            (words.invoice_number, Some(input.number.as_str())),
            (words.invoice_date, Some(&input.invoice_date)),
            (words.due_date, input.due_date.as_deref()),
            (words.terms, input.terms.as_deref()),
            (words.reference, input.reference.as_deref()),
            (words.currency, Some(&input.currency)),
        ]),
        lead: lead(input, &amounts, words),
        table: lines(input, &amounts, words),
        totals_caption: words.totals.to_owned(),
        totals: totals(input, &amounts, words),
        sections: sections(input, words),
        footer: input.footer.clone(),
        page_label: words.page_label.to_owned(),
    }
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
    let mut totals = vec![total(words.subtotal, amounts.short(&input.subtotal), Emphasis::Plain)];
    for tax in &input.taxes {
        let label = fill(words.tax_on, &[("rate", &tax.rate), ("base", &amounts.short(&tax.base))]);
        totals.push(total(label, amounts.short(&tax.tax), Emphasis::Plain));
    }
    totals.push(total(words.total, amounts.full(&input.total), Emphasis::Strong));
    if input.amount_paid.minor() != 0 {
        totals.push(total(words.amount_paid, amounts.short(&input.amount_paid), Emphasis::Plain));
    }
    totals.push(total(words.balance_due, amounts.full(&input.balance_due), Emphasis::Grand));
    totals
}

fn sections(input: &InvoiceInput, words: &Words) -> Vec<Section> {
    let bank = input.bank.as_ref().filter(|_| input.balance_due.minor() > 0);
    bank.map(|bank| how_to_pay(bank, words)).into_iter().chain(notes(&input.notes, words)).collect()
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
