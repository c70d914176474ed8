//! What was posted is taken back by an entry with the sides changed, at the rates of the first.

use super::journal::{self, Entry, Leg, Side, not_to_come};
use super::values::id;
use domain::finance::{Posted, ReverseEntry, Source};
use domain::records::{GetRecord, Record};
use domain::{Error, Money, Result};
use platform::{Ctx, db_error};
use sqlx::FromRow;
use uuid::Uuid;
use words::t;

const LINES: &str = "\
select account_id, customer_id, currency, debit_minor, credit_minor, base_currency, base_debit_minor, base_credit_minor, rate
from journal_lines where tenant_id = $1 and entry_id = $2 order by position";

/// An entry cannot be locked by who may not change it, so two who take the same one back meet here.
const MEET: &str = "select pg_advisory_xact_lock(hashtextextended('journal_entry ' || $1::text, 0))";

const REVERSAL: &str = "\
select number from journal_entries where tenant_id = $1 and reversal_of_id = $2 and deleted_at is null";

#[derive(FromRow)]
struct Line {
    account_id: Uuid,
    customer_id: Option<Uuid>,
    currency: String,
    debit_minor: i64,
    credit_minor: i64,
    base_currency: String,
    base_debit_minor: i64,
    base_credit_minor: i64,
    rate: i64,
}

pub async fn reverse_entry(ctx: &mut Ctx, operation: ReverseEntry) -> Result<Posted> {
    let record = ctx.run(GetRecord { entity: "journal_entry".to_owned(), id: operation.entry }).await?;
    let of_document = ["invoice", "payment"].into_iter().find(|kind| record.text("sourceEntity") == Some(*kind));
    if let Some(kind) = of_document {
        let number = printed(&record);
        return Err(Error::conflict(match kind {
            "invoice" => {
                t!("{number} belongs to a document: cancel the invoice instead, so that it does not stay open", number)
            }
            _ => t!("{number} belongs to a document: a payment stays as it was recorded", number),
        }));
    }
    reverse(ctx, &record, &operation.reason, operation.posted_on).await
}

/// The same for the operations that own the document behind the entry.
pub async fn reverse(
    ctx: &mut Ctx,
    record: &Record,
    reason: &str,
    posted_on: Option<chrono::NaiveDate>,
) -> Result<Posted> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::field("reason", t!("Say why it is taken back")));
    }
    let today = ctx.today();
    let day = not_to_come(ctx, "postedOn", posted_on.unwrap_or(today))?;
    let tenant = ctx.access.tenant.0;
    sqlx::query(MEET).bind(record.id).execute(ctx.conn().await?).await.map_err(db_error)?;
    let before: Option<String> = sqlx::query_scalar(REVERSAL)
        .bind(tenant)
        .bind(record.id)
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let number = printed(record);
    if let Some(other) = before {
        return Err(Error::conflict(t!("{number} was taken back before, by {other}", number, other)));
    }
    if id(&record.values, "reversalOf").is_some() {
        return Err(Error::conflict(t!("{number} takes another entry back; post that one anew instead", number)));
    }
    let lines: Vec<Line> =
        sqlx::query_as(LINES).bind(tenant).bind(record.id).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let entry = Entry {
        posted_on: day,
        description: format!("{number} taken back: {reason}"),
        source: Some(Source { entity: "journal_entry".to_owned(), id: record.id }),
        reversal_of: Some(record.id),
        legs: lines.iter().map(turned).collect::<Result<_>>()?,
    };
    journal::post(ctx, entry).await
}

fn printed(record: &Record) -> &str {
    record.text("number").unwrap_or_default()
}

fn turned(line: &Line) -> Result<Leg> {
    let was_debit = line.debit_minor + line.base_debit_minor > 0;
    Ok(Leg {
        account: line.account_id,
        side: if was_debit { Side::Credit } else { Side::Debit },
        amount: Money::from_minor(line.debit_minor + line.credit_minor, &line.currency)?,
        base: Money::from_minor(line.base_debit_minor + line.base_credit_minor, &line.base_currency)?,
        rate: line.rate,
        customer: line.customer_id,
    })
}
