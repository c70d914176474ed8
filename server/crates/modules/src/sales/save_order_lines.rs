//! The lines of an order, as a whole set, while its state lets them be changed.

use super::lines::{self, Line, Sums};
use crate::finance::values::id;
use domain::records::Values;
use domain::sales::{GetOrder, OrderView, SaveOrderLines};
use domain::{Error, Kind, Result, Verb, currency};
use platform::{Change, Ctx, db_error};
use records::Held;
use serde_json::json;
use words::t;

const TOTALS: &str = "\
update orders set version = version + 1, updated_by = $3, updated_at = $4, currency = $5, net_amount_minor = $6, net_amount_currency = $5,
    tax_amount_minor = $7, tax_amount_currency = $5, total_amount_minor = $8, total_amount_currency = $5
where tenant_id = $1 and id = $2";

const BEFORE: &str = "\
select coalesce(json_agg(json_build_object('product', product_id, 'description', description, 'quantity', quantity) order by position), '[]')::text
from order_lines where tenant_id = $1 and order_id = $2";

pub async fn save_order_lines(ctx: &mut Ctx, operation: SaveOrderLines) -> Result<OrderView> {
    let entity = ctx.entity("order")?;
    let Some(version) = operation.version else {
        let message = t!("Say which version of the order you have read, so that nobody's work is overwritten");
        return Err(Error::new(Kind::VersionRequired, message));
    };
    let held = records::hold(ctx, &entity, operation.id, Verb::Update, false).await?;
    if held.version != version {
        return Err(records::stale(ctx, &entity, &held, version, &Values::new(), None).await?);
    }
    records::allowed(&entity, &held, "EDIT_ITEMS")?;
    let code = code(ctx, operation.currency.as_deref(), &held)?;
    let lines = lines::complete(ctx, &code, id(&held.values, "customer"), &operation.lines).await?;
    write(ctx, &held, &code, &lines).await?;
    ctx.run(GetOrder { id: operation.id }).await
}

fn code(ctx: &Ctx, wanted: Option<&str>, held: &Held) -> Result<String> {
    let code = match wanted.map(str::trim).filter(|code| !code.is_empty()) {
        Some(code) => code.to_uppercase(),
        None if held.text("currency").is_empty() => ctx.access.currency.clone(),
        None => held.text("currency").to_owned(),
    };
    match currency::decimals(&code) {
        Some(_) => Ok(code),
        None => {
            Err(Error::field("currency", t!("{code} is not a currency; use three letters such as KES or EUR", code)))
        }
    }
}

/// Lines and the order's sums; the order is held.
pub async fn write(ctx: &mut Ctx, held: &Held, currency: &str, lines: &[Line]) -> Result<()> {
    let (tenant, member, now) = (ctx.access.tenant.0, ctx.access.member.0, ctx.now());
    let sums = Sums::of(currency, lines)?;
    let query = sqlx::query_scalar(BEFORE).bind(tenant).bind(held.id);
    let before: String = query.fetch_one(ctx.conn().await?).await.map_err(db_error)?;
    let before: serde_json::Value = serde_json::from_str(&before).map_err(|_| Error::internal())?;
    lines::replace(ctx, held.id, currency, lines).await?;
    sqlx::query(TOTALS)
        .bind(tenant)
        .bind(held.id)
        .bind(member)
        .bind(now)
        .bind(currency)
        .bind(sums.net.minor())
        .bind(sums.tax.minor())
        .bind(sums.total.minor())
        .execute(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let value = |key: &str| held.values.get(key).cloned().unwrap_or_default();
    ctx.changed(Change {
        entity: "order".to_owned(),
        record: Some(held.id),
        before: Some(json!({
            "netAmount": value("netAmount"), "taxAmount": value("taxAmount"), "totalAmount": value("totalAmount"),
            "currency": value("currency"), "version": held.version, "lines": before,
        })),
        after: Some(json!({
            "netAmount": sums.net, "taxAmount": sums.tax, "totalAmount": sums.total, "currency": currency,
            "version": held.version + 1, "lines": lines::told(lines),
        })),
        event: Some("sales.order.lines_saved".to_owned()),
    });
    Ok(())
}
