//! `messaging.resend`: the same text to the same address, as a message of its own that names the one it repeats.

use super::{send, store};
use domain::messaging::{Queued, ResendMessage};
use domain::records::Values;
use domain::{Error, Result, Verb};
use platform::Ctx;
use serde_json::json;
use words::t;

/// What a repetition takes over.
const COPIED: [&str; 12] = [
    "subject",
    "recipient",
    "replyTo",
    "channel",
    "direction",
    "template",
    "language",
    "recordEntity",
    "recordId",
    "bodyText",
    "bodyHtml",
    "owner",
];

pub async fn resend(ctx: &mut Ctx, input: ResendMessage) -> Result<Queued> {
    let entity = store::entity(ctx)?;
    let key = match input.key.as_deref() {
        Some(key) => send::key(key)?.to_owned(),
        None => format!("resend:{}:{}", input.id, ctx.new_id()),
    };
    let held = records::hold(ctx, &entity, input.id, Verb::Read, false).await?;
    if let Some(message) = store::claim_key(ctx, &key).await? {
        return Ok(Queued { message, created: false });
    }
    if matches!(held.text("status"), "queued" | "sending") {
        return Err(Error::conflict(t!(
            "This message is still on its way; cancel it first, or wait until it has arrived or failed"
        )));
    }
    let mut values: Values = COPIED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), held.values.get(*name)?.clone())))
        .filter(|(_, value)| !value.is_null())
        .collect();
    values.insert("attempts".to_owned(), json!(0));
    values.insert("repeats".to_owned(), json!(input.id));
    values.insert("key".to_owned(), json!(key));
    let attachments = store::attachments(ctx, input.id).await?;
    store::queue(ctx, &values, &attachments).await
}
