//! Debits and credits of every account up to a day.

use super::whole;
use domain::finance::{AccountBalance, Trial, TrialBalance};
use domain::{Money, Result};
use platform::{Bind, Ctx, Row, Statement};

const ACCOUNTS: &str = "\
select a.id, a.code, a.name, a.type, sum(l.base_debit_minor)::bigint, sum(l.base_credit_minor)::bigint
from journal_lines l join ledger_accounts a on a.tenant_id = l.tenant_id and a.id = l.account_id
where l.tenant_id = $1 and l.posted_on <= $2
group by a.id, a.code, a.name, a.type order by a.code, a.id";

pub async fn trial_balance(ctx: &mut Ctx, operation: TrialBalance) -> Result<Trial> {
    whole(ctx, "finance.journal_entry.read")?;
    let on = operation.on.unwrap_or_else(|| ctx.today());
    let currency = ctx.access.currency.clone();
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Date(Some(on))];
    let rows = ctx.fetch(Statement::new(ACCOUNTS, binds)).await?;
    let accounts: Vec<AccountBalance> = rows.iter().map(|row| account(row, &currency)).collect::<Result<_>>()?;
    let debit = Money::sum(&currency, accounts.iter().map(|account| &account.debit))?;
    let credit = Money::sum(&currency, accounts.iter().map(|account| &account.credit))?;
    Ok(Trial { on, currency, accounts, debit, credit })
}

fn account(row: &Row, currency: &str) -> Result<AccountBalance> {
    let debit = Money::from_minor(row.get(4)?, currency)?;
    let credit = Money::from_minor(row.get(5)?, currency)?;
    Ok(AccountBalance {
        account: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        kind: row.get(3)?,
        balance: debit.checked_sub(&credit)?,
        debit,
        credit,
    })
}
