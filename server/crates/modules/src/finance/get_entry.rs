//! An entry with its lines.

use domain::finance::{EntryLine, EntryView, GetEntry};
use domain::records::GetRecord;
use domain::{Money, Result};
use platform::{Bind, Ctx, Row, Statement};

const LINES: &str = "\
select l.position, l.account_id, a.code, a.name, l.description, l.currency, l.debit_minor, l.credit_minor, l.base_currency,
    l.base_debit_minor, l.base_credit_minor
from journal_lines l join ledger_accounts a on a.tenant_id = l.tenant_id and a.id = l.account_id
where l.tenant_id = $1 and l.entry_id = $2 order by l.position";

const REVERSED: &str =
    "select id from journal_entries where tenant_id = $1 and reversal_of_id = $2 and deleted_at is null";

pub async fn get_entry(ctx: &mut Ctx, operation: GetEntry) -> Result<EntryView> {
    let entry = ctx.run(GetRecord { entity: "journal_entry".to_owned(), id: operation.id }).await?;
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(operation.id))];
    let rows = ctx.fetch(Statement::new(LINES, binds.clone())).await?;
    let lines = rows.iter().map(line).collect::<Result<_>>()?;
    let reversed = ctx.fetch(Statement::new(REVERSED, binds)).await?;
    let reversed_by = reversed.first().map(|row| row.get(0)).transpose()?;
    Ok(EntryView { entry, lines, reversed_by })
}

fn line(row: &Row) -> Result<EntryLine> {
    let (currency, base): (String, String) = (row.get(5)?, row.get(8)?);
    Ok(EntryLine {
        position: row.get(0)?,
        account: row.get(1)?,
        code: row.get(2)?,
        name: row.get(3)?,
        description: row.get(4)?,
        debit: Money::from_minor(row.get(6)?, &currency)?,
        credit: Money::from_minor(row.get(7)?, &currency)?,
        base_debit: Money::from_minor(row.get(9)?, &base)?,
        base_credit: Money::from_minor(row.get(10)?, &base)?,
    })
}
