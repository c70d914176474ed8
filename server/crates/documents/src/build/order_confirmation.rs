//! An order confirmation: what was ordered at which price, when it comes and where to.

use super::money::Amounts;
use super::{Head, Sheet, TaxTotal, before_total, column, total};
use crate::model::{Align, Cell, Document, Emphasis, Section, Table, Total};
use crate::words::Words;
use domain::Money;

/// Dates, quantities and rates come as the reader's words for them; amounts as money.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderInput {
    pub head: Head,
    pub order_date: String,
    pub expected_delivery: Option<String>,
    pub lines: Vec<OrderLine>,
    pub subtotal: Money,
    pub taxes: Vec<TaxTotal>,
    pub total: Money,
    /// Where the goods go, a line each; empty where they go to the buyer's address.
    pub deliver_to: Vec<String>,
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
    let amounts = input.head.amounts();
    let delivery = (!input.deliver_to.is_empty()).then(|| Section {
        heading: words.deliver_to.to_owned(),
        paragraphs: vec![input.deliver_to.join("\n")],
        facts: Vec::new(),
    });
    let sheet = Sheet {
        title: words.order_confirmation,
        issuer: words.from,
        recipient: words.customer,
        number: words.order_number,
        facts: vec![
            (words.order_date, Some(input.order_date.as_str())),
            (words.expected_delivery, input.expected_delivery.as_deref()),
        ],
        lead: None,
        table: lines(input, &amounts, words),
        totals: totals(input, &amounts, words),
        sections: delivery.into_iter().collect(),
    };
    input.head.document(sheet, words)
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
    let mut totals = before_total(&input.subtotal, &input.taxes, amounts, words);
    totals.push(total(words.total, amounts.full(&input.total), Emphasis::Grand));
    totals
}
