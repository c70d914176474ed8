//! `messaging.send`: checks the address, fills the template in, and queues the message with the caller's other writes.

use super::render::{Given, MAX_SUBJECT, render};
use super::store;
use super::template::{LANGUAGES, Library, Template, library};
use domain::messaging::{Attachment, MAX_ATTACHMENTS, Queued, RecordRef, SendMessage};
use domain::records::{GetRecord, Record, Values};
use domain::schema::value::{Rules, check};
use domain::text::nearest;
use domain::{Error, Result};
use platform::capability::{BaseUrl, Documents};
use platform::{Ctx, db_error};
use serde_json::{Value, json};
use std::sync::Arc;
use words::t;

const LOCALE: &str = "select locale from tenants where id = $1";
const LONGEST_KEY: usize = 200;

pub async fn send(ctx: &mut Ctx, send: SendMessage) -> Result<Queued> {
    let key = key(&send.key)?;
    let (library, template) = template(&send.template)?;
    let to = address(ctx, "to", "recipient", &send.to)?;
    let reply_to = reply_to(ctx, send.reply_to.as_deref())?;
    let subject = send.subject.as_deref().map(subject).transpose()?;
    attachable(ctx, &send.attachments)?;
    if let Some(message) = store::claim_key(ctx, key).await? {
        return Ok(Queued { message, created: false });
    }
    let about = about(ctx, send.record.as_ref()).await?;
    let link = link(ctx, send.record.as_ref(), send.values.get("link"))?;
    let language = language(ctx, send.language.as_deref()).await?;
    let given = Given {
        name: &send.template,
        language: &language,
        subject,
        link,
        attached: !send.attachments.is_empty(),
        values: send.values,
    };
    let rendered = render(ctx, library, template, given)?;
    let mut values = Values::new();
    for (name, value) in [
        ("subject", json!(rendered.subject)),
        ("recipient", to),
        ("replyTo", reply_to),
        ("attempts", json!(0)),
        ("channel", json!(send.channel.as_str())),
        ("direction", json!("outbound")),
        ("template", json!(send.template)),
        ("language", json!(rendered.language)),
        ("recordEntity", json!(send.record.as_ref().map(|record| &record.entity))),
        ("recordId", json!(send.record.as_ref().map(|record| record.id))),
        ("key", json!(key)),
        ("bodyText", json!(rendered.text)),
        ("bodyHtml", json!(rendered.html)),
    ] {
        values.insert(name.to_owned(), value);
    }
    // Whoever looks after the record looks after what is written about it.
    if let Some(owner) = about.and_then(|record| record.values.get("owner").cloned()).filter(|owner| !owner.is_null()) {
        values.insert("owner".to_owned(), owner);
    }
    store::queue(ctx, &values, &send.attachments).await
}

/// A key as it is kept; an empty one makes nothing happen once.
pub fn key(given: &str) -> Result<&str> {
    let key = given.trim();
    if key.is_empty() || key.chars().count() > LONGEST_KEY || key.contains(char::is_control) {
        let message =
            t!("Give a key of 1 to {most} letters that names this message, such as invoice:<id>", most = LONGEST_KEY);
        return Err(Error::field("key", message));
    }
    Ok(key)
}

fn template(name: &str) -> Result<(&'static Library, &'static Template)> {
    // The server does not start over templates that are at fault.
    let library = library().map_err(|_| Error::internal())?;
    let template = library.get(name).ok_or_else(|| {
        let known = library.names().collect::<Vec<_>>().join(", ");
        let message = match nearest(name, library.names()) {
            Some(meant) => t!("There is no template {name}; did you mean {meant}?", name, meant),
            None => t!("There is no template {name}; there are {known}", name, known),
        };
        Error::field("template", message)
    })?;
    Ok((library, template))
}

/// An address in its canonical form. One with a line break is refused rather than mended: it was meant to do harm, or is two.
fn address(ctx: &Ctx, name: &str, field: &str, given: &str) -> Result<Value> {
    if given.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Error::field(name, t!("An address is one line; write one address alone")));
    }
    let entity = store::entity(ctx)?;
    let field = entity.field(field).ok_or_else(Error::internal)?;
    match check(field, &json!(given), Rules { today: ctx.today() }) {
        Ok(Value::Null) => Err(Error::field(name, t!("Say to which address the message goes; there is none"))),
        Ok(address) => Ok(address),
        Err(problem) => Err(Error::field(name, problem)),
    }
}

fn reply_to(ctx: &Ctx, given: Option<&str>) -> Result<Value> {
    match given.filter(|given| !given.trim().is_empty()) {
        Some(given) => address(ctx, "replyTo", "replyTo", given),
        None => match ctx.access.email.as_deref().filter(|_| ctx.access.user.is_some()) {
            // The caller's own address is nothing that the caller could mend here.
            Some(own) => Ok(address(ctx, "replyTo", "replyTo", own).unwrap_or_default()),
            None => Ok(Value::Null),
        },
    }
}

fn subject(given: &str) -> Result<&str> {
    if given.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(Error::field("subject", t!("A subject is one line; take the line breaks out")));
    }
    let length = given.chars().count();
    if given.trim().is_empty() || length > MAX_SUBJECT {
        let message = t!("A subject has 1 to {most} letters; this one has {length}", most = MAX_SUBJECT, length);
        return Err(Error::field("subject", message));
    }
    Ok(given)
}

fn attachable(ctx: &Ctx, attachments: &[Attachment]) -> Result<()> {
    if attachments.len() > MAX_ATTACHMENTS {
        let message = t!("At most {most} documents go with a message", most = MAX_ATTACHMENTS);
        return Err(Error::field("attachments", message));
    }
    let sources = ctx.hooks::<Documents>();
    let known: Vec<&str> = sources.iter().flat_map(|source| source.kinds().iter().copied()).collect();
    for attachment in attachments {
        if !known.contains(&attachment.document.as_str()) {
            let (document, known) = (&attachment.document, known.join(", "));
            let message = t!("There is no document {document}; there are {known}", document, known);
            return Err(Error::field("attachments", message));
        }
    }
    Ok(())
}

/// The record that the message is about, as the caller may see it.
async fn about(ctx: &mut Ctx, record: Option<&RecordRef>) -> Result<Option<Record>> {
    let Some(RecordRef { entity, id }) = record else { return Ok(None) };
    let found = ctx.run(GetRecord { entity: entity.clone(), id: *id }).await;
    found.map(Some).map_err(|error| {
        Error::field("record", t!("The message cannot be about {entity} {id}: {error}", entity, id, error))
    })
}

/// The page that the message leads to: the record's, or another one of this workspace. Never anywhere else.
fn link(ctx: &Ctx, record: Option<&RecordRef>, asked: Option<&Value>) -> Result<Option<String>> {
    let base = ctx.hooks::<BaseUrl>().first().cloned().unwrap_or_else(|| Arc::new(BaseUrl(String::new())));
    let home = format!("{}/w/{}", base.0, ctx.access.slug);
    match asked.filter(|asked| !asked.is_null()) {
        Some(Value::String(path)) if is_path(path) => Ok(Some(format!("{home}{path}"))),
        Some(_) => Err(Error::field("values.link", t!("A link is a path inside the workspace, such as /approvals"))),
        None => {
            record.map(|record| Ok(format!("{home}/{}/{}", ctx.entity(&record.entity)?.plural, record.id))).transpose()
        }
    }
}

fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains("//")
        && !path.contains("..")
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.?=&%".contains(&b))
}

async fn language(ctx: &mut Ctx, asked: Option<&str>) -> Result<String> {
    match asked.map(str::trim).filter(|asked| !asked.is_empty()) {
        Some(asked) => Ok(asked.to_lowercase()),
        None => {
            let locale: Option<String> = sqlx::query_scalar(LOCALE)
                .bind(ctx.access.tenant.0)
                .fetch_optional(ctx.conn().await?)
                .await
                .map_err(db_error)?;
            // `sw-KE` speaks `sw`.
            let language = locale.as_deref().and_then(|locale| locale.split(['-', '_']).next());
            Ok(language.unwrap_or(LANGUAGES[0]).to_lowercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_inside() {
        for good in ["/approvals", "/orders/0193?tab=a&x=1%20"] {
            assert!(is_path(good), "{good}");
        }
        for bad in
            ["https://evil.example", "//evil.example", "approvals", "/../../admin", "/a b", "/a\"onclick", "/@evil"]
        {
            assert!(!is_path(bad), "{bad}");
        }
    }

    #[test]
    fn keys_and_subjects_are_one_line_and_bounded() {
        assert_eq!(key(" invoice:1 ").unwrap(), "invoice:1");
        assert!(key("").is_err() && key("a\nb").is_err() && key(&"k".repeat(201)).is_err());
        assert!(subject("Invoice #1").is_ok());
        assert!(subject("a\r\nBcc: b").is_err() && subject(" ").is_err() && subject(&"s".repeat(256)).is_err());
    }
}
