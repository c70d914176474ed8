//! Feedback (R74): what somebody who reviewed an entry says of it, and what anybody says of the page they are on. Both are entries of the trail:
//! it keeps who said it and when, and nobody changes it afterwards.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::audit::{FEEDBACK, FEEDBACK_LENGTH, Feedback, FeedbackPage, GiveFeedback, ListFeedback, SendFeedback};
use domain::{Error, FieldError, Result};
use platform::{Bind, Change, Ctx, Row, Statement};
use serde_json::{Value, json};
use uuid::Uuid;
use words::t;

const VERDICTS: [&str; 3] = ["expected", "unexpected", "unsure"];
/// Characters of an address; longer ones are those of no page of ours.
const ADDRESS: usize = 1000;
const LIMIT: i64 = 50;

// The operations stand in the text, so that the index of them alone serves (migrations/0018).
const LIST: &str = concat!(
    "select c.id, c.at, ",
    platform::actor_name!(),
    ", c.record_id, c.after::text from changes c",
    platform::actor_joins!(),
    "where c.tenant_id = $1 and c.operation in ('audit.give_feedback', 'audit.send_feedback') and c.outcome = 'done' and c.id < $2
order by c.id desc limit $3"
);

const KNOWN: &str = "select 1 from changes where tenant_id = $1 and id = $2";

pub async fn give_feedback(ctx: &mut Ctx, operation: GiveFeedback) -> Result<()> {
    if !VERDICTS.contains(&operation.verdict.as_str()) {
        return Err(Error::field("verdict", t!("Use expected, unexpected or unsure")));
    }
    let note = operation.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > FEEDBACK_LENGTH) {
        return Err(Error::field("note", t!("A note has {most} characters at most", most = FEEDBACK_LENGTH)));
    }
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(operation.change))];
    if ctx.fetch(Statement::new(KNOWN, binds)).await?.is_empty() {
        return Err(Error::not_found());
    }
    ctx.changed(Change {
        entity: "change".to_owned(),
        record: Some(operation.change),
        before: None,
        after: Some(json!({ "verdict": operation.verdict, "note": note })),
        event: None,
    });
    Ok(())
}

pub async fn send_feedback(ctx: &mut Ctx, operation: SendFeedback) -> Result<()> {
    let text = operation.text.trim();
    let page = operation.page.as_deref().filter(|page| !page.is_empty());
    let mut faults = Vec::new();
    let mut fault = |field: &str, message: String| faults.push(FieldError { field: field.to_owned(), message });
    if FEEDBACK.iter().all(|(kind, _)| *kind != operation.kind) {
        let message = t!("Choose what it is: an idea, something that is wrong, or something that is good");
        fault("kind", message.to_owned());
    }
    if text.is_empty() {
        fault("text", t!("Say what you mean in a few words").to_owned());
    } else if text.chars().count() > FEEDBACK_LENGTH {
        fault("text", t!("Feedback has {most} characters at most", most = FEEDBACK_LENGTH));
    }
    // It is shown as a link to whoever reads it, so it leads nowhere but into this workspace.
    if page.is_some_and(|page| !is_within(page, &ctx.access.slug)) {
        fault("page", t!("This is no page of the workspace").to_owned());
    }
    if !faults.is_empty() {
        return Err(Error::fields(faults));
    }
    ctx.changed(Change {
        entity: "feedback".to_owned(),
        record: None,
        before: None,
        after: Some(json!({ "kind": operation.kind, "text": text, "page": page })),
        event: None,
    });
    Ok(())
}

fn is_within(page: &str, slug: &str) -> bool {
    let rest = page.strip_prefix("/w/").and_then(|rest| rest.strip_prefix(slug));
    let plain = !page.contains(|letter: char| letter.is_control() || letter.is_whitespace() || letter == '\\');
    // Browsers take these, written either way, as a step upwards.
    let path = page.split(['?', '#']).next().unwrap_or_default().to_lowercase().replace("%2e", ".");
    let upwards = path.split('/').any(|part| part == "..");
    plain
        && !upwards
        && page.len() <= ADDRESS
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

pub async fn list_feedback(ctx: &mut Ctx, operation: ListFeedback) -> Result<FeedbackPage> {
    let before = operation.before.unwrap_or(Uuid::max());
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(before)), Bind::Int(Some(LIMIT))];
    let rows = ctx.fetch(Statement::new(LIST, binds)).await?;
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>>>()?;
    let full = i64::try_from(entries.len()).is_ok_and(|count| count == LIMIT);
    let next = entries.last().filter(|_| full).map(|entry| entry.id);
    Ok(FeedbackPage { entries, next })
}

fn entry(row: &Row) -> Result<Feedback> {
    let at: DateTime<Utc> = row.get(1)?;
    let after: Option<&str> = row.get(4)?;
    let after: Value =
        after.map_or(Ok(Value::Null), |text| serde_json::from_str(text).map_err(|_| Error::internal()))?;
    let said = |name: &str| after.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Feedback {
        id: row.get(0)?,
        at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
        name: row.get(2)?,
        kind: said("kind").or_else(|| said("verdict")).unwrap_or_default(),
        text: said("text").or_else(|| said("note")),
        page: said("page"),
        change: row.get(3)?,
    })
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn feedback_leads_into_its_own_workspace_alone() {
        for page in ["/w/lakeside", "/w/lakeside/leads?view=mine&q=%20", "/w/lakeside?x"] {
            assert!(is_within(page, "lakeside"), "{page}");
        }
        for page in [
            "",
            "/",
            "/w/lakeside-2",
            "/w/harbour",
            "//w/lakeside",
            "javascript:alert(1)",
            "https://evil.example/w/lakeside",
            "/w/lakeside/\\evil",
            "/w/lakeside/../harbour",
            "/w/lakeside/%2e%2E/harbour",
            "/w/lakeside/a b",
            "/w/lakeside/\n",
        ] {
            assert!(!is_within(page, "lakeside"), "{page:?}");
        }
        assert!(!is_within(&format!("/w/lakeside/{}", "x".repeat(1000)), "lakeside"));
    }
}
