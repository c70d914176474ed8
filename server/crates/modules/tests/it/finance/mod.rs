//! The ledger: balance, immutability, numbers, payments and reports.

mod documents;
mod ledger;
mod numbers;
mod payments;
mod reports;
