//! An amount between two accounts, such as workflows post it.

use super::chart;
use super::journal::{self, Entry, Leg, not_to_come};
use super::rates;
use domain::finance::{Amount, PostLedger, Posted, Side};
use domain::money::Rounding;
use domain::{Error, Result};
use platform::Ctx;
use words::t;

pub async fn post_ledger(ctx: &mut Ctx, operation: PostLedger) -> Result<Posted> {
    let (side, amount) = side(&operation)?;
    let currency = operation.currency.as_deref().or(amount.currency()).unwrap_or(&ctx.access.currency).to_owned();
    let amount = amount.of(&currency)?;
    if amount.minor() <= 0 {
        let message = t!("Post an amount above zero; change the sides for the other direction");
        return Err(Error::field("amount", message));
    }
    let today = ctx.today();
    let day = not_to_come(ctx, "postedOn", operation.posted_on.unwrap_or(today))?;
    let account = chart::open(ctx, "account", &operation.account).await?;
    let counter = chart::open(ctx, "counterAccount", &operation.counter_account).await?;
    if account.id == counter.id {
        return Err(Error::field("counterAccount", t!("The two accounts are one; name another")));
    }
    let description = operation.description.trim().to_owned();
    if description.is_empty() {
        return Err(Error::field("description", t!("Say what it is for")));
    }
    let rate = rates::at(ctx, &currency, day).await?;
    let base = amount.converted(rate, &ctx.access.currency, Rounding::HalfUp)?;
    let other = match side {
        journal::Side::Debit => journal::Side::Credit,
        journal::Side::Credit => journal::Side::Debit,
    };
    let legs = vec![
        Leg::new(&account, side, amount.clone(), base.clone(), rate),
        Leg::new(&counter, other, amount, base, rate),
    ];
    journal::post(ctx, Entry { posted_on: day, description, source: operation.source, reversal_of: None, legs }).await
}

/// On which side `account` is, and how much.
fn side(operation: &PostLedger) -> Result<(journal::Side, &Amount)> {
    let amount_of = |side: &'_ Option<Side>| match side {
        Some(Side::Amount(_)) | Some(Side::Is(true)) => true,
        Some(Side::Is(false)) | None => false,
    };
    let (debit, credit) = (amount_of(&operation.debit), amount_of(&operation.credit));
    let (side, given) = match (debit, credit) {
        (true, true) => {
            return Err(Error::field("credit", t!("An account is on one side of an entry; give debit or credit")));
        }
        (_, false) => (journal::Side::Debit, &operation.debit),
        (false, true) => (journal::Side::Credit, &operation.credit),
    };
    let inside = match given {
        Some(Side::Amount(amount)) => Some(amount),
        _ => None,
    };
    let amount = inside.or(operation.amount.as_ref());
    Ok((side, amount.ok_or_else(|| Error::field("amount", t!("Say how much to post")))?))
}
