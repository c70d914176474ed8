//! Export of the current view as CSV, streamed page by page: memory stays flat however many rows match.

use crate::caller::ApiCaller;
use crate::problem::Problem;
use crate::query::list_query;
use crate::records::{ListPath, Pairs};
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::records::{ExportRecords, Record};
use domain::schema::value::{money, show};
use domain::schema::{Count, Entity, Field, FieldKind, ListQuery};
use domain::{BackendHandle, Error, Result};
use futures::Stream;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

pub async fn export(
    caller: ApiCaller,
    Path(path): Path<ListPath>,
    Query(mut pairs): Pairs,
) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let wanted = pairs.iter().find(|(name, _)| name == "format").map_or("csv", |(_, value)| value.as_str());
    if wanted != "csv" {
        return Err(caller.problem(Error::field("format", "Use csv")));
    }
    pairs.retain(|(name, _)| name != "format");
    let query = list_query(&entity, &pairs, true).map_err(|error| caller.problem(error))?;
    let backend = caller.platform.clone().backend(caller.caller.clone());
    CsvStream::start(backend, entity, query).await.map_err(|error| caller.problem(error))
}

/// Rows that are fetched at a time.
const PAGE: u32 = 500;

/// The pages of an export, one after another.
pub struct CsvStream {
    backend: BackendHandle,
    entity: Arc<Entity>,
    query: ListQuery,
    fields: Vec<Field>,
    waiting: VecDeque<Bytes>,
    more: bool,
}

impl CsvStream {
    /// Fetches the first page, so that a refusal is an answer of its own and not a broken file, then streams the rest.
    pub async fn start(backend: BackendHandle, entity: Arc<Entity>, mut query: ListQuery) -> Result<Response> {
        let fields: Vec<Field> = if query.fields.is_empty() {
            entity
                .fields
                .iter()
                .filter(|field| !matches!(field.key.as_str(), "createdBy" | "updatedBy"))
                .cloned()
                .collect()
        } else {
            query.fields.iter().filter_map(|key| entity.field(key).cloned()).collect()
        };
        query.fields = fields.iter().map(|field| field.key.clone()).collect();
        query.limit = PAGE;
        query.offset = 0;
        query.cursor = None;
        query.count = Count::None;
        let name = format!("{}.csv", entity.plural);
        let mut stream = Self { backend, entity, query, fields, waiting: VecDeque::new(), more: true };
        stream.waiting.push_back(stream.header());
        stream.fetch().await?;
        let body = Body::from_stream(stream.into_stream());
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        Ok(response)
    }

    fn into_stream(self) -> impl Stream<Item = std::result::Result<Bytes, std::io::Error>> {
        futures::stream::try_unfold(self, |mut export| async move {
            loop {
                if let Some(bytes) = export.waiting.pop_front() {
                    return Ok(Some((bytes, export)));
                }
                if !export.more {
                    return Ok(None);
                }
                // The file ends early and the client sees it: a row must never be missing silently.
                export.fetch().await.map_err(|error| std::io::Error::other(error.message))?;
            }
        })
    }

    async fn fetch(&mut self) -> Result<()> {
        let page =
            self.backend.run(ExportRecords { entity: self.entity.key.clone(), query: self.query.clone() }).await?;
        let mut text = String::new();
        for record in page.records()? {
            self.row(&mut text, &record);
        }
        self.query.cursor = page.next;
        self.more = self.query.cursor.is_some();
        if !text.is_empty() {
            self.waiting.push_back(Bytes::from(text));
        }
        Ok(())
    }

    /// A byte order mark first: without it spreadsheets read UTF-8 as something else.
    fn header(&self) -> Bytes {
        let mut cells = Vec::new();
        for field in &self.fields {
            cells.push(csv_cell(&field.label));
            if matches!(field.kind, FieldKind::Money { .. }) {
                cells.push(csv_cell(&format!("{} currency", field.label)));
            }
        }
        Bytes::from(format!("\u{feff}{}\r\n", cells.join(",")))
    }

    fn row(&self, out: &mut String, record: &Record) {
        let mut cells = Vec::with_capacity(self.fields.len() + 1);
        for field in &self.fields {
            let value = record.values.get(&field.key).unwrap_or(&Value::Null);
            if matches!(field.kind, FieldKind::Money { .. }) {
                let money = money(value);
                cells.push(money.as_ref().map(domain::Money::amount).unwrap_or_default());
                cells.push(money.map(|money| money.currency().to_owned()).unwrap_or_default());
            } else {
                cells.push(csv_cell(&plain(&self.entity, field, value, record.label(&field.key))));
            }
        }
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
}

/// Dates stay as machines write them; what has words is shown in words.
fn plain(entity: &Entity, field: &Field, value: &Value, label: Option<&str>) -> String {
    match (&field.kind, value) {
        (FieldKind::Date { .. } | FieldKind::Datetime, Value::String(text)) => text.clone(),
        (FieldKind::Integer { .. }, Value::Number(number)) => number.to_string(),
        _ => show(field, entity.states.as_ref(), value, label),
    }
}

/// A quoted cell in which no spreadsheet finds a formula.
pub fn csv_cell(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if risky { "'" } else { "" };
    if risky || text.contains([',', '"', '\n', '\r', ';', '\t']) {
        format!("\"{mark}{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(csv_cell("Lakeside"), "Lakeside");
        assert_eq!(csv_cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
        for formula in ["=1+1", "+254 700", "-2", "@sum", "\tx", "\rx"] {
            assert!(csv_cell(formula).starts_with("\"'"), "{formula:?}");
        }
    }
}
