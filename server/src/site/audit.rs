//! The audit trail as a file for a spreadsheet, page by page: memory stays flat however long it is.

use super::{cookies, files};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::csv_cell;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::audit::{AuditEntry, AuditPage, AuditQuery, ExportAudit, MOST};
use domain::{BackendHandle, Result};
use platform::Caller;
use serde_json::Value;
use words::mark;

const HEADINGS: [&str; 16] = [
    mark!("Time"),
    mark!("Person"),
    mark!("Operation"),
    mark!("Outcome"),
    mark!("Entity"),
    mark!("Record"),
    mark!("Field"),
    mark!("Before"),
    mark!("After"),
    mark!("Reason"),
    mark!("Cause"),
    mark!("Request"),
    mark!("Session"),
    mark!("Address"),
    mark!("Agent"),
    mark!("Entry"),
];

pub async fn csv(
    State(state): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    OriginalUri(address): OriginalUri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = cookies::query_pairs(query.as_deref().unwrap_or_default());
    let backend = state.platform.clone().backend(caller);
    files::exported(&state, &headers, info, &address, start(backend, &pairs).await).await
}

/// The first page before anything is sent, so that a refusal is an answer of its own and not a broken file.
async fn start(backend: BackendHandle, pairs: &[(String, String)]) -> Result<Response> {
    let mut query = AuditQuery::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    query.limit = Some(MOST);
    let first = backend.run(ExportAudit { query: query.clone() }).await?;
    let headings = HEADINGS.map(|heading| csv_cell(words::say(heading))).join(",");
    let text = format!("\u{feff}{headings}\r\n{}", lines(&first));
    // The body is read after the request was answered.
    let language = words::current();
    let stream =
        futures::stream::try_unfold((Some((text, first.next)), backend, query), move |(here, backend, query)| {
            words::scope(language, async move {
                let Some((text, next)) = here else { return Ok::<_, std::io::Error>(None) };
                let mut query = query;
                let following = match next {
                    None => None,
                    Some(before) => {
                        query.before = Some(before);
                        // The file ends early and the client sees it: an entry must never be missing silently.
                        let page = backend.run(ExportAudit { query: query.clone() }).await;
                        let page = page.map_err(|error| std::io::Error::other(error.message))?;
                        Some((lines(&page), page.next))
                    }
                };
                Ok(Some((Bytes::from(text), (following, backend, query))))
            })
        });
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\""));
    Ok(response)
}

/// One line for each value that changed, or one for an entry without any.
fn lines(page: &AuditPage) -> String {
    let mut out = String::new();
    for entry in &page.entries {
        if entry.changes.is_empty() {
            line(&mut out, entry, ["", "", ""].map(str::to_owned));
        }
        for change in &entry.changes {
            line(&mut out, entry, [change.label.clone(), text(&change.before), text(&change.after)]);
        }
    }
    out
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(out: &mut String, entry: &AuditEntry, [field, before, after]: [String; 3]) {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let cells = [
        entry.at.clone(),
        entry.name.clone().unwrap_or_default(),
        entry.operation.clone(),
        entry.outcome.clone(),
        entry.entity.clone(),
        id(entry.record),
        field,
        before,
        after,
        entry.reason.clone().unwrap_or_default(),
        entry.cause.clone(),
        id(entry.request),
        id(entry.session),
        entry.address.clone().unwrap_or_default(),
        entry.agent.clone().unwrap_or_default(),
        entry.id.to_string(),
    ];
    out.push_str(&cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(","));
    out.push_str("\r\n");
}
