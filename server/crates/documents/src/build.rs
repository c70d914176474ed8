//! From business input to a [`Document`]: which facts stand on it, in which order, under which words.

mod invoice;
mod money;
mod order_confirmation;
mod receipt;

pub use invoice::{BankDetails, InvoiceInput, InvoiceLine, TaxTotal, invoice};
pub use order_confirmation::{OrderInput, OrderLine, order_confirmation};
pub use receipt::{Allocation, ReceiptInput, receipt};

use crate::model::{Align, Column, Emphasis, Fact, Party, Section, Total};
use crate::words::Words;

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
