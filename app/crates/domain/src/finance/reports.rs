//! What the ledger adds up to.

use crate::money::Money;
use crate::operation::operation;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Debits and credits of every account up to a day, in the currency of the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TrialBalance {
    /// Today when absent.
    pub on: Option<NaiveDate>,
}
operation!(TrialBalance: Read "finance.trial_balance" by "finance.journal_entry.read" -> Trial);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Trial {
    pub on: NaiveDate,
    pub currency: String,
    /// Accounts with postings, by code.
    pub accounts: Vec<AccountBalance>,
    /// Sums of all; equal.
    pub debit: Money,
    pub credit: Money,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AccountBalance {
    pub account: Uuid,
    pub code: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub debit: Money,
    pub credit: Money,
    /// Debit less credit.
    pub balance: Money,
}

/// What customers owe, by how long it is overdue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ReceivablesByAge {
    /// Counted to this day; today when absent. The amounts are those that are open now.
    pub on: Option<NaiveDate>,
}
operation!(ReceivablesByAge: Read "finance.receivables_by_age" by "finance.invoice.read" -> Receivables);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Receivables {
    pub on: NaiveDate,
    /// `0-30` (what is not due yet is in it), `31-60`, `61-90`, `90+`.
    pub buckets: Vec<AgeBucket>,
    /// Who owes most first, up to a hundred of each currency.
    pub customers: Vec<AgedCustomer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AgeBucket {
    pub key: String,
    pub count: i64,
    /// One for each currency.
    pub open: Vec<Money>,
    /// In the currency of the workspace, at the rates that the invoices were posted at.
    pub base: Money,
    /// The invoices of it, in the syntax of `filter=`.
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AgedCustomer {
    pub customer: Uuid,
    pub name: String,
    pub total: Money,
    /// In the order of the buckets.
    pub open: Vec<Money>,
}

/// The lines of an account by day, oldest first, with the balance before the first and after each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Ledger {
    /// Code, purpose or id.
    pub account: String,
    #[serde(default)]
    pub from: Option<NaiveDate>,
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// 50 when absent, at most 500.
    #[serde(default)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}
operation!(Ledger: Read "finance.ledger" by "finance.journal_entry.read" -> LedgerPage);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct LedgerPage {
    pub account: Uuid,
    pub code: String,
    pub name: String,
    /// Before the first line of this page.
    pub opening: Money,
    pub lines: Vec<LedgerLine>,
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LedgerLine {
    pub entry: Uuid,
    pub number: String,
    pub posted_on: NaiveDate,
    pub description: String,
    /// As it was posted.
    pub debit: Money,
    pub credit: Money,
    /// In the currency of the workspace.
    pub base_debit: Money,
    pub base_credit: Money,
    pub balance: Money,
}
