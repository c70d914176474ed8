//! The invoice of an order: one, whoever asks and however often.

use crate::finance::series;
use crate::finance::values::money;
use chrono::{Days, NaiveDate};
use domain::records::{GetRecord, Values};
use domain::sales::{CreateInvoice, InvoiceCreated};
use domain::{Error, Money, Result};
use platform::{Ctx, db_error};
use records::NewRow;
use serde_json::json;
use uuid::Uuid;
use words::t;

/// Requirement 121.
const DUE_AFTER: Days = Days::new(30);

/// Two who invoice the same order meet here.
const LOCK: &str = "select status from orders where tenant_id = $1 and id = $2 for update";

const EXISTING: &str = "select id, number from invoices where tenant_id = $1 and order_id = $2 and deleted_at is null";

const LINES: &str = "\
insert into invoice_lines (tenant_id, invoice_id, position, product_id, description, quantity, currency, unit_price_minor, discount,
    tax_percent, net_minor, tax_minor, total_minor)
select tenant_id, $3, position, product_id, description, quantity, currency, unit_price_minor, discount, tax_percent, net_minor, tax_minor,
    total_minor
from order_lines where tenant_id = $1 and order_id = $2";

pub async fn create_invoice(ctx: &mut Ctx, operation: CreateInvoice) -> Result<InvoiceCreated> {
    let tenant = ctx.access.tenant.0;
    // Not found for who may not see it.
    ctx.run(GetRecord { entity: "order".to_owned(), id: operation.order }).await?;
    let query = sqlx::query_scalar(LOCK).bind(tenant).bind(operation.order);
    let status: String = query.fetch_one(ctx.conn().await?).await.map_err(db_error)?;
    let query = sqlx::query_as(EXISTING).bind(tenant).bind(operation.order);
    let existing: Option<(Uuid, String)> = query.fetch_optional(ctx.conn().await?).await.map_err(db_error)?;
    if let Some((invoice, number)) = existing {
        return Ok(InvoiceCreated { invoice, number, created: false });
    }
    // Read again: what it was before the lock may have changed.
    let order = ctx.run(GetRecord { entity: "order".to_owned(), id: operation.order }).await?;
    let label = ctx.entity("order")?.state_label(&status).to_owned();
    let number = order.text("number").unwrap_or_default();
    if !matches!(status.as_str(), "shipped" | "delivered") || order.deleted_at.is_some() {
        let message = t!("{number} is {state}; its invoice is made once it has shipped", number, state = label);
        return Err(Error::conflict(message));
    }
    let total = money(&order.values, "totalAmount")?;
    if total.is_zero() {
        return Err(Error::conflict(t!("{number} costs nothing, so there is nothing to invoice", number)));
    }
    let (issued, due) = days(ctx, &operation)?;
    let values = values(ctx, &order.values, issued, due, &total)?;
    insert(ctx, operation.order, values).await
}

fn days(ctx: &Ctx, operation: &CreateInvoice) -> Result<(NaiveDate, NaiveDate)> {
    let today = ctx.today();
    let issued = operation.issued_on.unwrap_or(today);
    if issued > today {
        return Err(Error::field("issuedOn", t!("{day} is still to come", day = issued)));
    }
    let due = operation.due_on.or(issued.checked_add_days(DUE_AFTER)).ok_or_else(Error::internal)?;
    if due < issued {
        return Err(Error::field("dueOn", t!("{due} is before the invoice's own date, {issued}", due, issued)));
    }
    Ok((issued, due))
}

fn values(ctx: &Ctx, order: &Values, issued: NaiveDate, due: NaiveDate, total: &Money) -> Result<Values> {
    let mut values = Values::new();
    for key in ["customer", "reference", "owner"] {
        values.insert(key.to_owned(), order.get(key).cloned().unwrap_or_default());
    }
    for key in ["netAmount", "taxAmount", "totalAmount"] {
        values.insert(key.to_owned(), json!(money(order, key)?));
    }
    values.insert("currency".to_owned(), json!(total.currency()));
    values.insert("openAmount".to_owned(), json!(total));
    values.insert("paidAmount".to_owned(), json!(Money::zero(total.currency())?));
    values.insert("invoiceDate".to_owned(), json!(issued));
    values.insert("dueDate".to_owned(), json!(due));
    values.insert("daysOverdue".to_owned(), json!((ctx.today() - due).num_days().max(0)));
    Ok(values)
}

async fn insert(ctx: &mut Ctx, order: Uuid, mut values: Values) -> Result<InvoiceCreated> {
    values.insert("order".to_owned(), json!(order));
    let entity = ctx.entity("invoice")?;
    let number = series::take(ctx, series::INVOICE).await?;
    let record = records::insert_own(ctx, &entity, NewRow { values, ..NewRow::default() }, Some(number)).await?;
    let tenant = ctx.access.tenant.0;
    let query = sqlx::query(LINES).bind(tenant).bind(order).bind(record.id);
    query.execute(ctx.conn().await?).await.map_err(db_error)?;
    let number = record.text("number").unwrap_or_default().to_owned();
    Ok(InvoiceCreated { invoice: record.id, number, created: true })
}
