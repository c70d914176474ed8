//! Posting an entry: the only way into the journal. It is checked here, so that whoever posts is told what differs, and once more by the
//! database when the transaction commits.

use super::chart::Account;
use super::series;
use chrono::NaiveDate;
use domain::finance::{Posted, Source};
use domain::records::Values;
use domain::{Error, Money, Result};
use platform::{Ctx, db_error};
use records::NewRow;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;
use words::t;

const LINES: &str = "\
insert into journal_lines (tenant_id, entry_id, position, account_id, posted_on, sequence, description, customer_id, currency, debit_minor,
    credit_minor, base_currency, base_debit_minor, base_credit_minor, rate)
select $1, $2, l.position, l.account, $3, $4, l.description, l.customer, l.currency, l.debit, l.credit, $5, l.base_debit, l.base_credit, l.rate
from unnest($6::uuid[], $7::text[], $8::uuid[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
    with ordinality l (account, description, customer, currency, debit, credit, base_debit, base_credit, rate, position)";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Debit,
    Credit,
}

/// One line to be. Amounts are not negative.
#[derive(Debug, Clone)]
pub struct Leg {
    pub account: Uuid,
    pub side: Side,
    pub amount: Money,
    /// In the currency of the workspace.
    pub base: Money,
    pub rate: i64,
    pub customer: Option<Uuid>,
}

impl Leg {
    pub fn new(account: &Account, side: Side, amount: Money, base: Money, rate: i64) -> Self {
        Self { account: account.id, side, amount, base, rate, customer: None }
    }

    pub fn of(self, customer: Option<Uuid>) -> Self {
        Self { customer, ..self }
    }

    fn is_nothing(&self) -> bool {
        self.amount.is_zero() && self.base.is_zero()
    }
}

/// An entry to be.
#[derive(Debug, Clone)]
pub struct Entry {
    pub posted_on: NaiveDate,
    pub description: String,
    pub source: Option<Source>,
    pub reversal_of: Option<Uuid>,
    pub legs: Vec<Leg>,
}

pub async fn post(ctx: &mut Ctx, entry: Entry) -> Result<Posted> {
    let Entry { posted_on, description, source, reversal_of, mut legs } = entry;
    legs.retain(|leg| !leg.is_nothing());
    let amount = balanced(&ctx.access.currency, &legs)?;
    let mut values = Values::new();
    values.insert("description".to_owned(), json!(description));
    values.insert("postedOn".to_owned(), json!(posted_on));
    values.insert("amount".to_owned(), json!(amount));
    values.insert("lineCount".to_owned(), json!(legs.len()));
    if let Some(Source { entity, id }) = source {
        values.insert("sourceEntity".to_owned(), json!(entity));
        values.insert("sourceRecord".to_owned(), json!(id));
    }
    if let Some(reversed) = reversal_of {
        values.insert("reversalOf".to_owned(), json!(reversed));
    }
    let entity = ctx.entity("journal_entry")?;
    let number = series::take(ctx, series::ENTRY).await?;
    let record = records::insert_own(ctx, &entity, NewRow { values, ..NewRow::default() }, Some(number)).await?;
    lines(ctx, record.id, number, posted_on, &description, &legs).await?;
    let printed = record.text("number").unwrap_or_default().to_owned();
    Ok(Posted { entry: record.id, number: printed, created: true })
}

/// The sum of the debits in the workspace's currency; or what is wrong.
fn balanced(base: &str, legs: &[Leg]) -> Result<Money> {
    if legs.len() < 2 {
        return Err(Error::invalid(t!(
            "An entry needs two lines at least, one on each side, and an amount other than zero"
        )));
    }
    let mut sums: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
    let mut whole = (Money::zero(base)?, Money::zero(base)?);
    for leg in legs {
        let nothing = Money::zero(leg.amount.currency())?;
        let sum = sums.entry(leg.amount.currency()).or_insert_with(|| (nothing.clone(), nothing));
        match leg.side {
            Side::Debit => {
                sum.0 = sum.0.checked_add(&leg.amount)?;
                whole.0 = whole.0.checked_add(&leg.base)?;
            }
            Side::Credit => {
                sum.1 = sum.1.checked_add(&leg.amount)?;
                whole.1 = whole.1.checked_add(&leg.base)?;
            }
        }
    }
    let unequal = sums.values().chain([&whole]).find(|(debit, credit)| debit != credit).cloned();
    match unequal {
        None => Ok(whole.0),
        Some((debit, credit)) => Err(Error::invalid(t!(
            "The entry does not balance: {debit} on the debit side, {credit} on the credit side",
            debit = debit.display(),
            credit = credit.display()
        ))),
    }
}

async fn lines(
    ctx: &mut Ctx,
    entry: Uuid,
    number: i64,
    posted_on: NaiveDate,
    description: &str,
    legs: &[Leg],
) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let base = ctx.access.currency.clone();
    let on = |side: Side, money: fn(&Leg) -> &Money| -> Vec<i64> {
        legs.iter().map(|leg| if leg.side == side { money(leg).minor() } else { 0 }).collect()
    };
    sqlx::query(LINES)
        .bind(tenant)
        .bind(entry)
        .bind(posted_on)
        .bind(number)
        .bind(base)
        .bind(legs.iter().map(|leg| leg.account).collect::<Vec<_>>())
        .bind(vec![description; legs.len()])
        .bind(legs.iter().map(|leg| leg.customer).collect::<Vec<_>>())
        .bind(legs.iter().map(|leg| leg.amount.currency()).collect::<Vec<_>>())
        .bind(on(Side::Debit, |leg| &leg.amount))
        .bind(on(Side::Credit, |leg| &leg.amount))
        .bind(on(Side::Debit, |leg| &leg.base))
        .bind(on(Side::Credit, |leg| &leg.base))
        .bind(legs.iter().map(|leg| leg.rate).collect::<Vec<_>>())
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// Refuses a day that has not come.
pub fn not_to_come(ctx: &Ctx, field: &str, day: NaiveDate) -> Result<NaiveDate> {
    if day > ctx.today() {
        return Err(Error::field(field, t!("{day} is still to come", day)));
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(side: Side, minor: i64, currency: &str, base: i64) -> Leg {
        Leg {
            account: Uuid::nil(),
            side,
            amount: Money::from_minor(minor, currency).unwrap(),
            base: Money::from_minor(base, "KES").unwrap(),
            rate: 1,
            customer: None,
        }
    }

    #[test]
    fn both_sides_are_equal_in_each_currency_and_in_the_workspaces() {
        let good = [leg(Side::Debit, 100, "USD", 12_900), leg(Side::Credit, 100, "USD", 12_900)];
        assert_eq!(balanced("KES", &good).unwrap().minor(), 12_900);
        for (name, legs) in [
            ("one", vec![leg(Side::Debit, 1, "KES", 1)]),
            ("none", vec![]),
            ("amount", vec![leg(Side::Debit, 100, "USD", 12_900), leg(Side::Credit, 99, "USD", 12_900)]),
            ("base", vec![leg(Side::Debit, 100, "USD", 12_900), leg(Side::Credit, 100, "USD", 12_899)]),
            ("currency", vec![leg(Side::Debit, 100, "USD", 100), leg(Side::Credit, 100, "EUR", 100)]),
        ] {
            assert!(balanced("KES", &legs).is_err(), "{name}");
        }
    }
}
