//! Money comes in for an invoice: bank against receivable, and the invoice knows what is left.

use super::chart;
use super::journal::{self, Entry, Leg, Side, not_to_come};
use super::rates;
use super::values::{decimal, id, money};
use domain::finance::{PaymentRecorded, RecordPayment, Source};
use domain::money::{RATE_SCALE, Rounding};
use domain::records::Values;
use domain::{Error, Money, Result, Verb};
use platform::{Ctx, db_error};
use records::{Edit, Held, NewRow};
use serde_json::json;
use uuid::Uuid;
use words::t;

const ALLOCATE: &str = "\
insert into payment_allocations (tenant_id, payment_id, invoice_id, amount_minor, currency) values ($1, $2, $3, $4, $5)";

pub async fn record_payment(ctx: &mut Ctx, operation: RecordPayment) -> Result<PaymentRecorded> {
    let entity = ctx.entity("invoice")?;
    // Locked: of two payments at once the second sees what the first has left.
    let held = records::hold(ctx, &entity, operation.invoice, Verb::Update, false).await?;
    let number = held.text("number").to_owned();
    payable(&held)?;
    let open = money(&held.values, "openAmount")?;
    let amount = match &operation.amount {
        Some(amount) => amount.of(open.currency())?,
        None => open.clone(),
    };
    let left = open.checked_sub(&amount)?;
    if amount.minor() <= 0 {
        return Err(Error::field("amount", t!("Record an amount above zero")));
    }
    if left.minor() < 0 {
        let (open, amount) = (open.display(), amount.display());
        let message = t!("{number} has {open} open; {amount} are more than that", number, open, amount);
        return Err(Error::field("amount", message));
    }
    let today = ctx.today();
    let day = not_to_come(ctx, "receivedOn", operation.received_on.unwrap_or(today))?;
    let payment = ctx.new_id();
    let paid = money(&held.values, "paidAmount")?.checked_add(&amount)?;
    let legs = legs(ctx, &held, &amount, &paid, day).await?;
    let source = Some(Source { entity: "payment".to_owned(), id: payment });
    let description = format!("Payment of {number}");
    let entry = journal::post(ctx, Entry { posted_on: day, description, source, reversal_of: None, legs }).await?;
    let mut values = Values::new();
    values.insert("customer".to_owned(), held.values.get("customer").cloned().unwrap_or_default());
    values.insert("amount".to_owned(), json!(amount));
    values.insert("receivedOn".to_owned(), json!(day));
    values.insert("method".to_owned(), json!(operation.method.as_deref().unwrap_or("bank_transfer")));
    values.insert("reference".to_owned(), json!(operation.reference));
    values.insert("entry".to_owned(), json!(entry.entry));
    values.insert("owner".to_owned(), held.values.get("owner").cloned().unwrap_or_default());
    let payments = ctx.entity("payment")?;
    let row = NewRow { id: Some(payment), values, status: None };
    let record = records::insert_own(ctx, &payments, row, None).await?;
    allocate(ctx, payment, operation.invoice, &amount).await?;
    let status = settle(ctx, &held, paid, &left).await?;
    let number = record.text("number").unwrap_or_default().to_owned();
    Ok(PaymentRecorded { payment, number, entry: entry.entry, open: left, status })
}

fn payable(held: &Held) -> Result<()> {
    let number = held.text("number");
    let message = match held.text("status") {
        "posted" | "partially_paid" => return Ok(()),
        "draft" => t!("{number} is not posted yet; post it, then record the payment", number),
        "paid" => t!("{number} is paid already; nothing is open", number),
        _ => t!("{number} is cancelled; nothing can be paid on it", number),
    };
    Err(Error::conflict(message))
}

/// The bank gets the money at the day's rate; the receivable goes down at the rate that it was posted at. What lies between is a
/// difference of exchange.
async fn legs(ctx: &mut Ctx, held: &Held, amount: &Money, paid: &Money, day: chrono::NaiveDate) -> Result<Vec<Leg>> {
    let base = ctx.access.currency.clone();
    let customer = id(&held.values, "customer");
    let frozen = decimal(&held.values, "rate", RATE_SCALE)?;
    let rate = rates::at(ctx, amount.currency(), day).await?;
    let bank = chart::open(ctx, "account", "bank").await?;
    let receivable = chart::open(ctx, "account", "receivable").await?;
    let received = amount.converted(rate, &base, Rounding::HalfUp)?;
    // From what was paid before to what is paid now, so that the parts of an invoice add up to its whole.
    let before = paid.checked_sub(amount)?.converted(frozen, &base, Rounding::HalfUp)?;
    let cleared = paid.converted(frozen, &base, Rounding::HalfUp)?.checked_sub(&before)?;
    let difference = received.checked_sub(&cleared)?;
    let mut legs = vec![
        Leg::new(&bank, Side::Debit, amount.clone(), received, rate),
        Leg::new(&receivable, Side::Credit, amount.clone(), cleared, frozen).of(customer),
    ];
    if !difference.is_zero() {
        let exchange = chart::open(ctx, "account", "exchange").await?;
        let (side, base) =
            if difference.minor() > 0 { (Side::Credit, difference) } else { (Side::Debit, difference.checked_neg()?) };
        legs.push(Leg::new(&exchange, side, Money::zero(amount.currency())?, base, rate));
    }
    Ok(legs)
}

async fn allocate(ctx: &mut Ctx, payment: Uuid, invoice: Uuid, amount: &Money) -> Result<()> {
    let tenant = ctx.access.tenant.0;
    let query = sqlx::query(ALLOCATE).bind(tenant).bind(payment).bind(invoice).bind(amount.minor());
    query.bind(amount.currency()).execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

async fn settle(ctx: &mut Ctx, held: &Held, paid: Money, left: &Money) -> Result<String> {
    let entity = ctx.entity("invoice")?;
    let mut values = Values::new();
    values.insert("paidAmount".to_owned(), json!(paid));
    values.insert("openAmount".to_owned(), json!(left));
    if left.is_zero() {
        let now = ctx.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        values.insert("paidAt".to_owned(), json!(now));
        values.insert("daysOverdue".to_owned(), json!(0));
        records::transition_internal(ctx, &entity, held.id, None, "pay", &values).await?;
        return Ok("paid".to_owned());
    }
    if held.text("status") == "posted" {
        records::transition_internal(ctx, &entity, held.id, None, "pay_part", &values).await?;
    } else {
        records::write(ctx, &entity, held, Edit::values(values), "paid_in_part").await?;
    }
    Ok("partially_paid".to_owned())
}
