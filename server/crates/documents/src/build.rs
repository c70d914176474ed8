//! From business input to a [`Document`]: which facts stand on it, in which order, under which words.

mod invoice;
mod money;
mod order_confirmation;
mod receipt;

pub use invoice::{BankDetails, InvoiceInput, InvoiceLine, invoice};
pub use order_confirmation::{OrderInput, OrderLine, order_confirmation};
pub use receipt::{Allocation, ReceiptInput, receipt};

use crate::model::{Align, Column, Document, Emphasis, Fact, Logo, PageSize, Party, Section, Table, Total};
use crate::text::fill;
use crate::words::Words;
use chrono::NaiveDate;
use domain::Money;
use money::Amounts;

/// A seller or a buyer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Business {
    pub name: String,
    pub address: Vec<String>,
    pub tax_id: Option<String>,
    /// Mail, telephone, site: a line each.
    pub contact: Vec<String>,
}

impl Business {
    fn party(&self, label: &str, words: &Words) -> Party {
        let tax_id = self.tax_id.iter().map(|id| format!("{} {id}", words.tax_id));
        let lines = self.address.iter().cloned().chain(tax_id).chain(self.contact.iter().cloned());
        Party { label: label.to_owned(), name: self.name.clone(), lines: lines.collect() }
    }
}

/// What every document has, whatever it is about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Head {
    pub page: PageSize,
    pub logo: Option<Logo>,
    pub seller: Business,
    pub buyer: Business,
    pub number: String,
    /// For the properties of the PDF; what is printed comes in words.
    pub issued: Option<NaiveDate>,
    pub terms: Option<String>,
    /// The buyer's own number for it, or the bank's.
    pub reference: Option<String>,
    /// ISO 4217. Amounts in it are printed without it, except for the last ones.
    pub currency: String,
    pub notes: Vec<String>,
    pub footer: String,
}

/// What is a document's own.
struct Sheet<'a> {
    title: &'a str,
    /// What the seller is here: who bills, who took the payment.
    issuer: &'a str,
    /// What the buyer is here: who is billed, who paid.
    recipient: &'a str,
    number: &'a str,
    /// Between the number and the terms.
    facts: Vec<(&'a str, Option<&'a str>)>,
    lead: Option<String>,
    table: Table,
    totals: Vec<Total>,
    /// Before the notes.
    sections: Vec<Section>,
}

impl Head {
    fn amounts(&self) -> Amounts<'_> {
        Amounts { currency: &self.currency }
    }

    fn document(&self, sheet: Sheet<'_>, words: &Words) -> Document {
        let number = [(sheet.number, Some(self.number.as_str()))];
        let rest = [
            (words.terms, self.terms.as_deref()),
            (words.reference, self.reference.as_deref()),
            (words.currency, Some(self.currency.as_str())),
        ];
        Document {
            language: words.language.to_owned(),
            direction: words.direction,
            page: self.page,
            name: format!("{} {}", sheet.title, self.number),
            issued: self.issued,
            title: sheet.title.to_owned(),
            logo: self.logo.clone(),
            issuer: self.seller.party(sheet.issuer, words),
            recipient: self.buyer.party(sheet.recipient, words),
            facts: facts(number.into_iter().chain(sheet.facts).chain(rest)),
            lead: sheet.lead,
            table: sheet.table,
            totals_caption: words.totals.to_owned(),
            totals: sheet.totals,
            sections: sheet.sections.into_iter().chain(notes(&self.notes, words)).collect(),
            footer: self.footer.clone(),
            page_label: words.page_label.to_owned(),
        }
    }
}

/// The tax at one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct TaxTotal {
    pub rate: String,
    pub base: Money,
    pub tax: Money,
}

/// The subtotal, and the tax at each rate below it.
fn before_total(subtotal: &Money, taxes: &[TaxTotal], amounts: &Amounts, words: &Words) -> Vec<Total> {
    let taxes = taxes.iter().map(|tax| {
        let label = fill(words.tax_on, &[("rate", &tax.rate), ("base", &amounts.short(&tax.base))]);
        total(label, amounts.short(&tax.tax), Emphasis::Plain)
    });
    std::iter::once(total(words.subtotal, amounts.short(subtotal), Emphasis::Plain)).chain(taxes).collect()
}

/// The facts that have a value.
fn facts<'a>(given: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Vec<Fact> {
    let known = given.into_iter().filter_map(|(label, value)| Some((label, value.filter(|text| !text.is_empty())?)));
    known.map(|(label, value)| Fact::new(label, value)).collect()
}

fn column(label: &str, align: Align, width: u8) -> Column {
    Column { label: label.to_owned(), align, width }
}

fn total(label: impl Into<String>, value: String, emphasis: Emphasis) -> Total {
    Total { label: label.into(), value, emphasis }
}

fn notes(paragraphs: &[String], words: &Words) -> Option<Section> {
    let heading = words.notes.to_owned();
    (!paragraphs.is_empty()).then(|| Section { heading, paragraphs: paragraphs.to_vec(), facts: Vec::new() })
}
