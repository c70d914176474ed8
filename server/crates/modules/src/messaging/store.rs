//! Rows of messages: the key that makes one happen once, what goes with it, and the job that delivers it.

use super::{attach, deliver};
use domain::messaging::{Attachment, Queued};
use domain::records::Values;
use domain::schema::Entity;
use domain::{Error, Result};
use jobs::NewJob;
use platform::{Ctx, db_error};
use records::By;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// Held until the end of the transaction: of two with the same key the second waits, and finds the first one's message.
const CLAIM: &str = "select pg_advisory_xact_lock(hashtextextended($1::text || ' message ' || $2, 7))";
const KNOWN: &str = "select id from messages where tenant_id = $1 and key = $2";
const ATTACH: &str = "\
insert into message_attachments (tenant_id, message_id, position, document, source_id)
select $1, $2, a.position - 1, a.document, a.source_id from unnest($3::text[], $4::uuid[]) with ordinality as a (document, source_id, position)";
const ATTACHED: &str = "\
select document, source_id from message_attachments where tenant_id = $1 and message_id = $2 order by position";

pub fn entity(ctx: &Ctx) -> Result<Arc<Entity>> {
    ctx.entity("message")
}

/// The message that the key made before, if it did. Nobody else makes one until this transaction ends.
pub async fn claim_key(ctx: &mut Ctx, key: &str) -> Result<Option<Uuid>> {
    let tenant = ctx.access.tenant.0;
    sqlx::query(CLAIM).bind(tenant).bind(key).execute(ctx.conn().await?).await.map_err(db_error)?;
    sqlx::query_scalar(KNOWN).bind(tenant).bind(key).fetch_optional(ctx.conn().await?).await.map_err(db_error)
}

/// Writes a message and queues its delivery, in the caller's transaction. Nothing goes along that the caller would not get.
pub async fn queue(ctx: &mut Ctx, values: &Values, attachments: &[Attachment]) -> Result<Queued> {
    attach::permitted(ctx, attachments).await?;
    let entity = entity(ctx)?;
    let record = records::insert(ctx, &entity, values, By::Server).await?;
    let tenant = ctx.access.tenant.0;
    if !attachments.is_empty() {
        let (documents, sources): (Vec<&str>, Vec<Uuid>) =
            attachments.iter().map(|attachment| (attachment.document.as_str(), attachment.id)).unzip();
        let attached = sqlx::query(ATTACH).bind(tenant).bind(record.id).bind(documents).bind(sources);
        attached.execute(ctx.conn().await?).await.map_err(db_error)?;
    }
    let job = NewJob::new(ctx.new_id(), deliver::KIND, json!({ "message": record.id }))
        .scope(tenant)
        .attempts(deliver::MAX_TRIES)
        .unique(job_key(record.id));
    if !jobs::enqueue(ctx.conn().await?, job).await.map_err(db_error)? {
        // The id is new, so nothing else can wait under it.
        return Err(Error::internal());
    }
    Ok(Queued { message: record.id, created: true })
}

/// Under which a message's delivery waits.
pub fn job_key(message: Uuid) -> String {
    format!("message:{message}")
}

pub async fn attachments(ctx: &mut Ctx, message: Uuid) -> Result<Vec<Attachment>> {
    let rows: Vec<(String, Uuid)> = sqlx::query_as(ATTACHED)
        .bind(ctx.access.tenant.0)
        .bind(message)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(rows.into_iter().map(|(document, id)| Attachment { document, id }).collect())
}
