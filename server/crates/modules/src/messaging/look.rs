//! `messaging.preview` and `messaging.deliveries`: what a message says, and what became of it.

use super::store;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::messaging::{
    DeliveryAttempt, DeliveryLog, DeliveryOutcome, ListDeliveries, MessagePreview, PreviewMessage, RecordRef,
};
use domain::records::GetRecord;
use domain::{Error, Result};
use platform::{Ctx, db_error};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

const ATTEMPTS: &str = "\
select attempt, at, outcome, response, duration_ms from delivery_attempts
where tenant_id = $1 and message_id = $2 order by attempt limit 500";
const NEXT: &str = "select run_at from jobs where tenant_id = $1 and unique_key = $2 and state = 'queued'";

pub async fn preview(ctx: &mut Ctx, input: PreviewMessage) -> Result<MessagePreview> {
    let record = ctx.run(GetRecord { entity: "message".to_owned(), id: input.id }).await?;
    let text = |name: &str| record.text(name).map(str::to_owned);
    let id = |name: &str| record.text(name).and_then(|text| Uuid::try_parse(text).ok());
    let about = text("recordEntity").zip(id("recordId")).map(|(entity, id)| RecordRef { entity, id });
    let attachments = store::attachments(ctx, input.id).await?;
    Ok(MessagePreview {
        id: record.id,
        number: text("number").unwrap_or_default(),
        status: text("status").unwrap_or_default(),
        version: record.version,
        to: text("recipient").unwrap_or_default(),
        reply_to: text("replyTo"),
        subject: text("subject").unwrap_or_default(),
        template: text("template").unwrap_or_default(),
        language: text("language").unwrap_or_default(),
        text: text("bodyText").unwrap_or_default(),
        html: text("bodyHtml").unwrap_or_default(),
        attachments,
        record: about,
        repeats: record.values.get("repeats").and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok()),
        error: text("error"),
        created_at: text("createdAt").unwrap_or_default(),
        sent_at: text("sentAt"),
    })
}

#[derive(FromRow)]
struct Row {
    attempt: i64,
    at: DateTime<Utc>,
    outcome: String,
    response: Option<String>,
    duration_ms: Option<i64>,
}

pub async fn deliveries(ctx: &mut Ctx, input: ListDeliveries) -> Result<DeliveryLog> {
    // Whoever may not see the message may not see its log.
    ctx.run(GetRecord { entity: "message".to_owned(), id: input.id }).await?;
    let tenant = ctx.access.tenant.0;
    let rows: Vec<Row> =
        sqlx::query_as(ATTEMPTS).bind(tenant).bind(input.id).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
    let next: Option<DateTime<Utc>> = sqlx::query_scalar(NEXT)
        .bind(tenant)
        .bind(store::job_key(input.id))
        .fetch_optional(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let attempts = rows.into_iter().map(attempt).collect::<Result<_>>()?;
    Ok(DeliveryLog { attempts, next_at: next.map(words) })
}

fn attempt(row: Row) -> Result<DeliveryAttempt> {
    Ok(DeliveryAttempt {
        attempt: row.attempt,
        at: words(row.at),
        outcome: DeliveryOutcome::parse(&row.outcome).ok_or_else(Error::internal)?,
        response: row.response,
        duration_ms: row.duration_ms,
    })
}

fn words(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
