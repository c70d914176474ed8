//! `audit.give_feedback`: what somebody who reviewed an entry says of it (R74).

use domain::audit::GiveFeedback;
use domain::{Error, Result};
use platform::{Bind, Change, Ctx, Statement};
use serde_json::json;

const VERDICTS: [&str; 3] = ["expected", "unexpected", "unsure"];
const NOTE: usize = 2000;

const KNOWN: &str = "select 1 from changes where tenant_id = $1 and id = $2";

pub async fn give_feedback(ctx: &mut Ctx, operation: GiveFeedback) -> Result<()> {
    if !VERDICTS.contains(&operation.verdict.as_str()) {
        return Err(Error::field("verdict", "Use expected, unexpected or unsure"));
    }
    let note = operation.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > NOTE) {
        return Err(Error::field("note", format!("A note has {NOTE} characters at most")));
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
