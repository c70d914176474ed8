//! An order confirmation: what was ordered at which price, when it comes and where to.

use super::money::Amounts;
use super::{Business, TaxTotal, column, facts, notes, total};
use crate::model::{Align, Cell, Document, Emphasis, Logo, PageSize, Section, Table, Total};
use crate::text::fill;
use crate::words::Words;
use chrono::NaiveDate;
use domain::Money;

/// Dates, quantities and rates come as the reader's words for them; amounts as money.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderInput {
    pub page: PageSize,
    pub logo: Option<Logo>,
    pub seller: Business,
    pub buyer: Business,
    pub number: String,
    /// For the properties of the PDF; `order_date` is what is printed.
    pub issued: Option<NaiveDate>,
    pub order_date: String,
    pub expected_delivery: Option<String>,
    pub terms: Option<String>,
    pub reference: Option<String>,
    pub currency: String,
    pub lines: Vec<OrderLine>,
    pub subtotal: Money,
    pub taxes: Vec<TaxTotal>,
    pub total: Money,
    /// Where the goods go, a line each; empty where they go to the buyer's address.
    pub deliver_to: Vec<String>,
    pub notes: Vec<String>,
    pub footer: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderLine {
    pub description: String,
    pub detail: Option<String>,
    pub quantity: String,
    pub unit_price: Money,
    pub total: Money,
}

pub fn order_confirmation(input: &OrderInput, words: &Words) -> Document {
    let amounts = Amounts { currency: &input.currency };
    let delivery = (!input.deliver_to.is_empty()).then(|| Section {
        heading: words.deliver_to.to_owned(),
        paragraphs: vec![input.deliver_to.join("\n")],
        facts: Vec::new(),
    });
    Document {
        language: words.language.to_owned(),
        direction: words.direction,
        page: input.page,
        name: format!("{} {}", words.order_confirmation, input.number),
        issued: input.issued,
        title: words.order_confirmation.to_owned(),
        logo: input.logo.clone(),
        issuer: input.seller.party(words.from, words),
        recipient: input.buyer.party(words.customer, words),
        facts: facts([
            (words.order_number, Some(input.number.as_str())),
            (words.order_date, Some(&input.order_date)),
            (words.expected_delivery, input.expected_delivery.as_deref()),
            (words.terms, input.terms.as_deref()),
            (words.reference, input.reference.as_deref()),
            (words.currency, Some(&input.currency)),
        ]),
        lead: None,
        table: lines(input, &amounts, words),
        totals_caption: words.totals.to_owned(),
        totals: totals(input, &amounts, words),
        sections: delivery.into_iter().chain(notes(&input.notes, words)).collect(),
        footer: input.footer.clone(),
        page_label: words.page_label.to_owned(),
    }
}

fn lines(input: &OrderInput, amounts: &Amounts, words: &Words) -> Table {
    let row = |line: &OrderLine| {
        vec![
            Cell { main: line.description.clone(), detail: line.detail.clone() },
            Cell::new(&line.quantity),
            Cell::new(amounts.short(&line.unit_price)),
            Cell::new(amounts.short(&line.total)),
        ]
    };
    Table {
        caption: words.lines.to_owned(),
        columns: vec![
            column(words.description, Align::Start, 52),
            column(words.quantity, Align::End, 14),
            column(words.unit_price, Align::End, 16),
            column(words.amount, Align::End, 18),
        ],
        rows: input.lines.iter().map(row).collect(),
    }
}

fn totals(input: &OrderInput, amounts: &Amounts, words: &Words) -> Vec<Total> {
    let mut totals = vec![total(words.subtotal, amounts.short(&input.subtotal), Emphasis::Plain)];
    for tax in &input.taxes {
        let label = fill(words.tax_on, &[("rate", &tax.rate), ("base", &amounts.short(&tax.base))]);
        totals.push(total(label, amounts.short(&tax.tax), Emphasis::Plain));
    }
    totals.push(total(words.total, amounts.full(&input.total), Emphasis::Grand));
    totals
}
