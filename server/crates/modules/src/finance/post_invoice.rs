//! An invoice goes to the books: what the customer owes on one side, sales and tax on the other.

use super::chart;
use super::journal::{self, Entry, Leg, Side};
use super::rates;
use super::values::{date, id, money};
use domain::finance::{PostInvoice, Posted, Source};
use domain::money::{Rounding, scaled};
use domain::records::{GetRecord, Values};
use domain::{Error, Result, Verb};
use platform::Ctx;
use serde_json::json;
use uuid::Uuid;
use words::t;

pub async fn post_invoice(ctx: &mut Ctx, operation: PostInvoice) -> Result<Posted> {
    let entity = ctx.entity("invoice")?;
    let held = records::hold(ctx, &entity, operation.invoice, Verb::Update, false).await?;
    if let Some(entry) = id(&held.values, "entry") {
        return posted_before(ctx, entry).await;
    }
    if held.text("status") != "draft" {
        let message = t!("{number} is cancelled; it is not posted any more", number = held.text("number"));
        return Err(Error::conflict(message));
    }
    let values = &held.values;
    let (net, tax, total) = (money(values, "netAmount")?, money(values, "taxAmount")?, money(values, "totalAmount")?);
    let day = date(values, "invoiceDate")?;
    let rate = rates::at(ctx, total.currency(), day).await?;
    let base = total.converted(rate, &ctx.access.currency, Rounding::HalfUp)?;
    let weights = [net.minor().unsigned_abs(), tax.minor().unsigned_abs()];
    let parts = base.allocate(&weights).map_err(|_| Error::conflict(t!("An invoice of nothing is not posted")))?;
    let [base_net, base_tax] = <[_; 2]>::try_from(parts).map_err(|_| Error::internal())?;
    let customer = id(values, "customer");
    let receivable = chart::open(ctx, "account", "receivable").await?;
    let sales = chart::open(ctx, "account", "sales").await?;
    let mut legs = vec![
        Leg::new(&receivable, Side::Debit, total, base, rate).of(customer),
        Leg::new(&sales, Side::Credit, net, base_net, rate).of(customer),
    ];
    if !tax.is_zero() {
        let account = chart::open(ctx, "account", "tax").await?;
        legs.push(Leg::new(&account, Side::Credit, tax, base_tax, rate).of(customer));
    }
    let entry = Entry {
        posted_on: day,
        description: format!("Invoice {}", held.text("number")),
        source: Some(Source { entity: "invoice".to_owned(), id: operation.invoice }),
        reversal_of: None,
        legs,
    };
    let posted = journal::post(ctx, entry).await?;
    let mut values = Values::new();
    values.insert("entry".to_owned(), json!(posted.entry));
    values.insert("rate".to_owned(), json!(scaled(rate, domain::money::RATE_SCALE)));
    records::transition_internal(ctx, &entity, operation.invoice, None, "post", &values).await?;
    Ok(posted)
}

async fn posted_before(ctx: &mut Ctx, entry: Uuid) -> Result<Posted> {
    let record = ctx.run(GetRecord { entity: "journal_entry".to_owned(), id: entry }).await?;
    Ok(Posted { entry, number: record.text("number").unwrap_or_default().to_owned(), created: false })
}
