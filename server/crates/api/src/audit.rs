//! The audit trail over REST (R74, R196).

use crate::caller::ApiCaller;
use crate::problem::Problem;
use crate::records::{Pairs, Write, json_text, mark_replay};
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Error;
use domain::audit::{AuditQuery, ListAudit, SummariseAudit};
use serde_json::{Value, json};

/// Takes `person`, `operation`, `entity`, `record`, `request`, `change`, `outcome`, `from`, `to`, `before` and `limit`.
pub async fn logs(caller: ApiCaller, Query(pairs): Pairs) -> Result<Response, Problem> {
    // A form sends every field that it has; a program that sends an empty day means something else.
    let empty =
        pairs.iter().find(|(name, value)| value.trim().is_empty() && !matches!(name.as_str(), "operation" | "entity"));
    if let Some((name, _)) = empty {
        return Err(caller.problem(Error::field(name, "Say which, or leave it out")));
    }
    let named = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let query = AuditQuery::from_pairs(named).map_err(|error| caller.problem(error))?;
    let page = caller.run(ListAudit { query }).await?;
    let body = json!({ "data": page.entries, "next": page.next, "timestamp": caller.timestamp() });
    Ok(json_text(StatusCode::OK, body.to_string()))
}

pub async fn summary(caller: ApiCaller, Query(pairs): Pairs) -> Result<Response, Problem> {
    let days = match pairs.iter().find(|(name, _)| name == "days").map(|(_, value)| value.parse()) {
        None => None,
        Some(Ok(days)) => Some(days),
        Some(Err(_)) => return Err(caller.problem(Error::field("days", "Use a whole number of days"))),
    };
    let summary = caller.run(SummariseAudit { days }).await?;
    Ok(json_text(StatusCode::OK, json!({ "data": summary, "timestamp": caller.timestamp() }).to_string()))
}

pub async fn feedback(caller: ApiCaller, request: Write) -> Result<Response, Problem> {
    let input = Value::Object(request.object(&caller)?);
    let reply = caller.run_json("audit.give_feedback", input, request.once).await?;
    let mut response =
        json_text(StatusCode::CREATED, json!({ "data": null, "timestamp": caller.timestamp() }).to_string());
    mark_replay(&mut response, &reply);
    Ok(response)
}
