//! An order with its lines, what its state allows, and its invoice.

use domain::money::{Percent, QUANTITY_SCALE, scaled};
use domain::records::GetRecord;
use domain::sales::{GetOrder, OrderLine, OrderView};
use domain::{Error, Money, Result};
use platform::{Bind, Ctx, Row, Statement};
use uuid::Uuid;

const LINES: &str = "\
select l.id, l.position, l.product_id, p.sku, l.description, l.quantity, p.unit, l.currency, l.unit_price_minor, l.discount, l.tax_rate_id,
    l.tax_percent, l.net_minor, l.tax_minor, l.total_minor, l.reserved, l.shipped
from order_lines l left join products p on p.tenant_id = l.tenant_id and p.id = l.product_id
where l.tenant_id = $1 and l.order_id = $2 order by l.position";

const INVOICE: &str = "select id from invoices where tenant_id = $1 and order_id = $2 and deleted_at is null";

pub async fn get_order(ctx: &mut Ctx, operation: GetOrder) -> Result<OrderView> {
    let entity = ctx.entity("order")?;
    let order = ctx.run(GetRecord { entity: "order".to_owned(), id: operation.id }).await?;
    let lines = order_lines(ctx, operation.id).await?;
    let state = entity.states.as_ref().and_then(|states| states.get(order.text("status").unwrap_or_default()));
    let actions = state.and_then(|state| state.actions.clone()).unwrap_or_default();
    let invoice = if ctx.access.grants.allows("finance.invoice.read") {
        let rows = ctx.fetch(Statement::new(INVOICE, binds(ctx, operation.id))).await?;
        rows.first().map(|row| row.get(0)).transpose()?
    } else {
        None
    };
    Ok(OrderView { order, lines, actions, invoice })
}

/// The lines of an order that the caller was found to read.
pub async fn order_lines(ctx: &mut Ctx, order: Uuid) -> Result<Vec<OrderLine>> {
    let binds = binds(ctx, order);
    let rows = ctx.fetch(Statement::new(LINES, binds)).await?;
    rows.iter().map(line).collect()
}

fn binds(ctx: &Ctx, order: Uuid) -> Vec<Bind> {
    vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(order))]
}

fn line(row: &Row) -> Result<OrderLine> {
    let currency: String = row.get(7)?;
    let money = |at| -> Result<Money> { Ok(Money::from_minor(row.get(at)?, &currency)?) };
    let percent = |at| -> Result<Percent> { Percent::from_thousandths(row.get(at)?).ok_or_else(Error::internal) };
    let amount = |at| -> Result<String> { Ok(scaled(row.get(at)?, QUANTITY_SCALE)) };
    Ok(OrderLine {
        id: row.get(0)?,
        position: row.get(1)?,
        product: row.get(2)?,
        sku: row.get(3)?,
        description: row.get(4)?,
        quantity: amount(5)?,
        unit: row.get(6)?,
        unit_price: money(8)?,
        discount: percent(9)?,
        tax_rate: row.get(10)?,
        tax_percent: percent(11)?,
        net: money(12)?,
        tax: money(13)?,
        total: money(14)?,
        reserved: amount(15)?,
        shipped: amount(16)?,
    })
}
