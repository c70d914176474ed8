//! The ledger and what is posted to it: invoices, payments, single entries, and what they add up to.

mod age_invoices;
mod cancel_invoice;
mod chart;
mod get_entry;
mod get_invoice;
pub(crate) mod journal;
mod ledger;
mod post_invoice;
mod post_ledger;
mod rates;
mod receivables_by_age;
mod record_payment;
mod reverse_entry;
pub mod series;
mod trial_balance;
pub(crate) mod values;

pub use age_invoices::age_all;

use domain::{Reach, Result};
use platform::{Ctx, Registry};
use words::t;

pub fn register(registry: &mut Registry) {
    registry
        .add(age_invoices::age_invoices)
        .add(cancel_invoice::cancel_invoice)
        .add(get_entry::get_entry)
        .add(get_invoice::get_invoice)
        .add(ledger::ledger)
        .add(post_invoice::post_invoice)
        .add(post_ledger::post_ledger)
        .add(receivables_by_age::receivables_by_age)
        .add(record_payment::record_payment)
        .add(reverse_entry::reverse_entry)
        .add(trial_balance::trial_balance);
}

/// Sums over everybody's rows are for those who may read them all.
fn whole(ctx: &Ctx, permission: &str) -> Result<()> {
    if ctx.require(permission)? == Reach::All {
        return Ok(());
    }
    let mut error = domain::Error::forbidden(permission, &ctx.access.role);
    error.message =
        t!("This adds up rows of everybody; it needs the permission {permission} for all of them", permission);
    Err(error)
}
