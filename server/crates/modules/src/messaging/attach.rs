//! Documents that go with a message: asked for by whoever queues it, made when it is delivered.

use domain::messaging::Attachment;
use domain::{Error, Result};
use platform::Ctx;
use platform::capability::{Documents, File};
use std::sync::Arc;
use words::t;

/// Delivery makes them with the automation's rights, which reach every record, so that whoever queues the message has to be one who gets each by
/// asking for it.
pub async fn permitted(ctx: &mut Ctx, attachments: &[Attachment]) -> Result<()> {
    for attachment in attachments {
        source(ctx, attachment)?.permitted(ctx, &attachment.document, attachment.id).await?;
    }
    Ok(())
}

pub async fn file(ctx: &mut Ctx, attachment: &Attachment) -> Result<File> {
    source(ctx, attachment)?.pdf(ctx, &attachment.document, attachment.id).await
}

/// Who makes the document.
fn source(ctx: &Ctx, attachment: &Attachment) -> Result<Arc<Documents>> {
    let document = &attachment.document;
    let source = ctx.hooks::<Documents>().into_iter().find(|source| source.renders(document));
    source.ok_or_else(|| Error::field("attachments", t!("There is no document {document}", document)))
}
