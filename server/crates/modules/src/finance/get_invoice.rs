//! An invoice with its lines and what was paid on it.

use domain::finance::{GetInvoice, InvoiceLine, InvoicePayment, InvoiceView};
use domain::money::{Percent, QUANTITY_SCALE, scaled};
use domain::records::GetRecord;
use domain::{Error, Money, Result};
use platform::{Bind, Ctx, Row, Statement};

const LINES: &str = "\
select l.position, l.product_id, p.sku, l.description, l.quantity, p.unit, l.currency, l.unit_price_minor, l.discount, l.tax_percent,
    l.net_minor, l.tax_minor, l.total_minor
from invoice_lines l left join products p on p.tenant_id = l.tenant_id and p.id = l.product_id
where l.tenant_id = $1 and l.invoice_id = $2 order by l.position";

const PAYMENTS: &str = "\
select p.id, p.number, p.received_on, p.method, p.reference, a.amount_minor, a.currency
from payment_allocations a join payments p on p.tenant_id = a.tenant_id and p.id = a.payment_id
where a.tenant_id = $1 and a.invoice_id = $2 order by p.received_on, p.id";

pub async fn get_invoice(ctx: &mut Ctx, operation: GetInvoice) -> Result<InvoiceView> {
    let invoice = ctx.run(GetRecord { entity: "invoice".to_owned(), id: operation.id }).await?;
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(operation.id))];
    let lines = ctx.fetch(Statement::new(LINES, binds.clone())).await?;
    let lines = lines.iter().map(line).collect::<Result<_>>()?;
    let payments = ctx.fetch(Statement::new(PAYMENTS, binds)).await?;
    let payments = payments.iter().map(payment).collect::<Result<_>>()?;
    Ok(InvoiceView { invoice, lines, payments })
}

fn line(row: &Row) -> Result<InvoiceLine> {
    let currency: String = row.get(6)?;
    let money = |at| -> Result<Money> { Ok(Money::from_minor(row.get(at)?, &currency)?) };
    let percent = |at| -> Result<Percent> { Percent::from_thousandths(row.get(at)?).ok_or_else(Error::internal) };
    Ok(InvoiceLine {
        position: row.get(0)?,
        product: row.get(1)?,
        sku: row.get(2)?,
        description: row.get(3)?,
        quantity: scaled(row.get(4)?, QUANTITY_SCALE),
        unit: row.get(5)?,
        unit_price: money(7)?,
        discount: percent(8)?,
        tax_percent: percent(9)?,
        net: money(10)?,
        tax: money(11)?,
        total: money(12)?,
    })
}

fn payment(row: &Row) -> Result<InvoicePayment> {
    let currency: String = row.get(6)?;
    Ok(InvoicePayment {
        payment: row.get(0)?,
        number: row.get(1)?,
        received_on: row.get(2)?,
        method: row.get(3)?,
        reference: row.get(4)?,
        amount: Money::from_minor(row.get(5)?, &currency)?,
    })
}
