//! Who the workspace is on paper: the sender of its invoices, order confirmations and receipts.

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};

/// Who may change it.
pub const UPDATE: &str = "settings.company.update";
/// Letters in a line, and in what has several.
pub const LINE: usize = 200;
pub const TEXT: usize = 2000;

declare!(
    /// As it was saved last; empty where it never was. Documents show it to everybody, so being a member is enough.
    "company.get" Read Requires::Member, GetCompany {} -> CompanyView
);
declare!(
    /// All of it anew: what is left out is emptied. `version` is the one that was read, 0 for the first time.
    "company.save" Write Requires::Permission(UPDATE), SaveCompany { version: i64, #[serde(default)] company: Company } -> CompanyView
);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Company {
    /// The workspace's name where there is none.
    pub legal_name: Option<String>,
    /// Lines of the address.
    pub address: Option<String>,
    pub tax_number: Option<String>,
    pub registration: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub website: Option<String>,
    /// In whose name the account is, where that is another one.
    pub account_name: Option<String>,
    pub bank: Option<String>,
    pub branch: Option<String>,
    pub account_number: Option<String>,
    pub iban: Option<String>,
    pub swift: Option<String>,
    /// Other ways to pay: a till number, say.
    pub payment_instructions: Option<String>,
    /// Beside the due date: "30 days net".
    pub payment_terms: Option<String>,
    /// At the end of every invoice.
    pub invoice_note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CompanyView {
    pub version: i64,
    pub company: Company,
}
