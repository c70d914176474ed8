//! The lines of one account, a page at a time, with the balance running along.

use super::{chart, whole};
use chrono::NaiveDate;
use domain::finance::{Ledger, LedgerLine, LedgerPage};
use domain::{Error, Money, Result};
use platform::{Bind, Ctx, Row, Statement};
use words::t;

/// By day, number of the entry and position: the place after which the page begins.
const LINES: &str = "\
select l.entry_id, e.number, l.posted_on, l.description, l.currency, l.debit_minor, l.credit_minor, l.base_currency, l.base_debit_minor,
    l.base_credit_minor, l.sequence, l.position
from journal_lines l join journal_entries e on e.tenant_id = l.tenant_id and e.id = l.entry_id
where l.tenant_id = $1 and l.account_id = $2 and (l.posted_on, l.sequence, l.position) > ($3, $4, $5) and l.posted_on <= $6
order by l.posted_on, l.sequence, l.position limit $7";

/// Everything up to that place.
const OPENING: &str = "\
select coalesce(sum(base_debit_minor - base_credit_minor), 0)::bigint from journal_lines
where tenant_id = $1 and account_id = $2 and (posted_on, sequence, position) <= ($3, $4, $5)";

const DAYS: (i32, i32) = (1900, 9999);

#[derive(Clone, Copy)]
struct Place {
    day: NaiveDate,
    sequence: i64,
    position: i64,
}

pub async fn ledger(ctx: &mut Ctx, operation: Ledger) -> Result<LedgerPage> {
    whole(ctx, "finance.journal_entry.read")?;
    let limit = operation.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        return Err(Error::field("limit", t!("Use a whole number from 1 to 500")));
    }
    let account = chart::any(ctx, "account", &operation.account).await?;
    let after = match &operation.cursor {
        Some(cursor) => place(cursor)?,
        None => Place { day: operation.from.or(first(DAYS.0)).ok_or_else(Error::internal)?, sequence: 0, position: 0 },
    };
    let to = operation.to.or(first(DAYS.1)).ok_or_else(Error::internal)?;
    let base = ctx.access.currency.clone();
    let start = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(account.id)),
        Bind::Date(Some(after.day)),
        Bind::Int(Some(after.sequence)),
        Bind::Int(Some(after.position)),
    ];
    let opening = ctx.fetch(Statement::new(OPENING, start.clone())).await?;
    let opening = Money::from_minor(opening.first().map(|row| row.get(0)).transpose()?.unwrap_or(0), &base)?;
    let mut binds = start;
    binds.extend([Bind::Date(Some(to)), Bind::Int(Some(i64::from(limit) + 1))]);
    let rows = ctx.fetch(Statement::new(LINES, binds)).await?;
    let (lines, last) = lines(&rows, limit as usize, &opening)?;
    let next = last
        .filter(|_| rows.len() > limit as usize)
        .map(|last| format!("{}.{}.{}", last.day, last.sequence, last.position));
    Ok(LedgerPage { account: account.id, code: account.code, name: account.name, opening, lines, next })
}

fn first(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, 1, 1)
}

fn place(cursor: &str) -> Result<Place> {
    let mut parts = cursor.split('.');
    let mut read = || -> Option<Place> {
        let place = Place {
            day: parts.next()?.parse().ok()?,
            sequence: parts.next()?.parse().ok()?,
            position: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    };
    read().ok_or_else(|| Error::field("cursor", t!("Use the `next` of the page before")))
}

fn lines(rows: &[Row], limit: usize, opening: &Money) -> Result<(Vec<LedgerLine>, Option<Place>)> {
    let (mut balance, mut last) = (opening.clone(), None);
    let mut out = Vec::with_capacity(rows.len());
    for row in rows.iter().take(limit) {
        let (currency, base): (String, String) = (row.get(4)?, row.get(7)?);
        let base_debit = Money::from_minor(row.get(8)?, &base)?;
        let base_credit = Money::from_minor(row.get(9)?, &base)?;
        balance = balance.checked_add(&base_debit)?.checked_sub(&base_credit)?;
        last = Some(Place { day: row.get(2)?, sequence: row.get(10)?, position: row.get(11)? });
        out.push(LedgerLine {
            entry: row.get(0)?,
            number: row.get(1)?,
            posted_on: row.get(2)?,
            description: row.get(3)?,
            debit: Money::from_minor(row.get(5)?, &currency)?,
            credit: Money::from_minor(row.get(6)?, &currency)?,
            base_debit,
            base_credit,
            balance: balance.clone(),
        });
    }
    Ok((out, last))
}
