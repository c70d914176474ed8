//! The ledger: postings, payments and what they add up to.

mod reports;

pub use reports::{
    AccountBalance, AgeBucket, AgedCustomer, Ledger, LedgerLine, LedgerPage, Receivables, ReceivablesByAge, Trial,
    TrialBalance,
};

use crate::money::{Money, Percent};
use crate::operation::operation;
use crate::records::Record;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use words::t;

/// An amount as callers have it: `"12.50"`, `12`, or money with its currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Amount {
    Money(Money),
    Text(String),
    Number(serde_json::Number),
}

impl Amount {
    /// As money of the currency. An amount that names another one is refused.
    pub fn of(&self, currency: &str) -> crate::Result<Money> {
        match self {
            Self::Money(money) if money.currency() == currency => Ok(money.clone()),
            Self::Money(money) => {
                let message = t!("The amount is in {given}, not in {currency}", given = money.currency(), currency);
                Err(crate::Error::field("amount", message))
            }
            Self::Text(text) => Money::parse(text, currency).map_err(|e| crate::Error::field("amount", e.to_string())),
            Self::Number(number) => {
                Money::parse(&number.to_string(), currency).map_err(|e| crate::Error::field("amount", e.to_string()))
            }
        }
    }

    pub fn currency(&self) -> Option<&str> {
        match self {
            Self::Money(money) => Some(money.currency()),
            _ => None,
        }
    }
}

/// Posts an invoice: what the customer owes against sales and tax, at the exchange rate of its date. Once; a second call answers the entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PostInvoice {
    pub invoice: Uuid,
}
operation!(PostInvoice: Write "finance.post_invoice" of "invoice", Update -> Posted);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Posted {
    pub entry: Uuid,
    pub number: String,
    /// False where it had been posted before.
    pub created: bool,
}

/// Posts an amount between two accounts, each named by its code, its purpose (`receivable`, `AR`) or its id. `debit` or `credit` says which
/// side `account` is on; either may hold the amount itself or `true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PostLedger {
    pub account: String,
    #[serde(default)]
    pub debit: Option<Side>,
    #[serde(default)]
    pub credit: Option<Side>,
    pub counter_account: String,
    #[serde(default)]
    pub amount: Option<Amount>,
    /// The amount's or the workspace's when absent.
    #[serde(default)]
    pub currency: Option<String>,
    pub description: String,
    /// Today when absent.
    #[serde(default)]
    pub posted_on: Option<NaiveDate>,
    #[serde(default)]
    pub source: Option<Source>,
}
operation!(PostLedger: Write "finance.post_ledger" of "journal_entry", Create -> Posted);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Side {
    Is(bool),
    Amount(Amount),
}

/// The record that a posting comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Source {
    pub entity: String,
    pub id: Uuid,
}

/// Records what a customer paid on an invoice: the whole of what is open when no amount is given, and never more. Posts bank against
/// receivable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecordPayment {
    pub invoice: Uuid,
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Today when absent.
    #[serde(default)]
    pub received_on: Option<NaiveDate>,
    /// bank_transfer when absent.
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub reference: Option<String>,
}
operation!(RecordPayment: Write "finance.record_payment" of "payment", Create -> PaymentRecorded);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PaymentRecorded {
    pub payment: Uuid,
    pub number: String,
    pub entry: Uuid,
    /// Of the invoice, afterwards.
    pub open: Money,
    pub status: String,
}

/// Takes an entry back by another one with the sides changed. Each entry once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReverseEntry {
    pub entry: Uuid,
    pub reason: String,
    /// Today when absent.
    #[serde(default)]
    pub posted_on: Option<NaiveDate>,
}
operation!(ReverseEntry: Write "finance.reverse_entry" of "journal_entry", Create -> Posted);

/// Cancels an invoice that nobody has paid on; a posted one is reversed. It keeps its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CancelInvoice {
    pub invoice: Uuid,
    pub reason: String,
}
operation!(CancelInvoice: Write "finance.cancel_invoice" of "invoice", Update -> InvoiceView);

/// Counts anew how many days each open invoice is overdue. The server does it once a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AgeInvoices {}
operation!(AgeInvoices: Write "finance.age_invoices" of "invoice", Update -> u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct GetInvoice {
    pub id: Uuid,
}
operation!(GetInvoice: Read "finance.get_invoice" of "invoice", Read -> InvoiceView);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct InvoiceView {
    pub invoice: Record,
    pub lines: Vec<InvoiceLine>,
    pub payments: Vec<InvoicePayment>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InvoiceLine {
    pub position: i32,
    pub product: Option<Uuid>,
    pub sku: Option<String>,
    pub description: String,
    pub quantity: String,
    pub unit: Option<String>,
    pub unit_price: Money,
    pub discount: Percent,
    pub tax_percent: Percent,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
}

/// What a payment paid on an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InvoicePayment {
    pub payment: Uuid,
    pub number: String,
    pub received_on: NaiveDate,
    pub method: String,
    pub reference: Option<String>,
    pub amount: Money,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct GetEntry {
    pub id: Uuid,
}
operation!(GetEntry: Read "finance.get_entry" of "journal_entry", Read -> EntryView);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    pub entry: Record,
    pub lines: Vec<EntryLine>,
    /// The entry that took this one back.
    pub reversed_by: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EntryLine {
    pub position: i64,
    pub account: Uuid,
    pub code: String,
    pub name: String,
    pub description: String,
    pub debit: Money,
    pub credit: Money,
    /// The same in the currency of the workspace.
    pub base_debit: Money,
    pub base_credit: Money,
}
