//! Export of the current view as CSV, as a workbook or as JSON, read page by page behind a cursor: memory stays flat however many rows match.

mod csv;
mod json;
mod xlsx;

pub use csv::csv_cell;

use crate::caller::ApiCaller;
use crate::problem::Problem;
use crate::query::list_query;
use crate::records::{ListPath, Pairs};
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::exports::{ExportFile, ExportFormat, Place, fields};
use domain::records::{ExportRecords, Page};
use domain::schema::value::show;
use domain::schema::{Count, Entity, Field, FieldKind, ListQuery};
use domain::{BackendHandle, Error, Grants, Result, TenantId};
use futures::Stream;
use platform::shelf::{FileKey, Shelf};
use serde_json::Value;
use std::sync::Arc;

/// What the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
    Json,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Json];

    /// As in `format=`, and at the end of the file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
        }
    }
}

pub async fn export(
    caller: ApiCaller,
    Path(path): Path<ListPath>,
    Query(mut pairs): Pairs,
) -> Result<Response, Problem> {
    let entity = caller.entity(&path.entity)?;
    let wanted = pairs.iter().find(|(name, _)| name == "format").map_or("csv", |(_, value)| value.as_str());
    let Some(format) = Format::parse(wanted) else {
        return Err(caller.problem(Error::field("format", "Use csv, xlsx or json")));
    };
    pairs.retain(|(name, _)| name != "format");
    let query = list_query(&entity.known_to(&caller.caller.access.grants), &pairs, true)
        .map_err(|error| caller.problem(error))?;
    let backend = caller.platform.clone().backend(caller.caller.clone());
    file(backend, &caller.caller.access.grants, entity, query, format).await.map_err(|error| caller.problem(error))
}

/// The file as an answer, with the fields that the query names, or else those that may be read. Its first page is fetched before it begins, so that a refusal is an answer of its own and not a broken file.
pub async fn file(
    backend: BackendHandle,
    grants: &Grants,
    entity: Arc<Entity>,
    mut query: ListQuery,
    format: Format,
) -> Result<Response> {
    if query.fields.is_empty() {
        query.fields = fields(&entity, grants);
    }
    let name = format!("{}.{}", entity.plural, format.as_str());
    let mut source = Source::new(backend, entity, query);
    let first = source.next().await?.ok_or_else(Error::internal)?;
    let body = match format {
        Format::Csv => csv::body(source, &first),
        Format::Json => json::body(source, &first),
        Format::Xlsx => xlsx::body(source, first).await,
    }?;
    Ok(saved(body, format, &name))
}

/// A body that is saved to disk under a name.
fn saved(body: Body, format: Format, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// A page of rows as the same file has it, for a worker that writes it page by page: one behind the other they are what [`file`] sends.
pub fn part(
    format: ExportFormat,
    entity: &Arc<Entity>,
    fields: &[String],
    page: &Page,
    place: Place,
) -> Result<Vec<u8>> {
    let sheet = Sheet::new(entity.clone(), fields);
    let bytes = match format {
        ExportFormat::Csv => csv::lines(&sheet, page, place.first)?,
        ExportFormat::Json => json::rows(&sheet, page, place.first)?,
    };
    let mut bytes = Vec::from(bytes);
    if place.last && format == ExportFormat::Json {
        bytes.extend_from_slice(json::END.as_bytes());
    }
    Ok(bytes)
}

/// A file that a worker has written, one part in memory at a time. It ends early where a part cannot be had, and the client sees it.
pub fn stored(file: ExportFile, tenant: TenantId, shelf: Arc<Shelf>) -> Response {
    let parts = file.parts.into_iter();
    let body = Body::from_stream(futures::stream::try_unfold((parts, shelf), move |(mut parts, shelf)| async move {
        let Some(part) = parts.next() else { return Ok::<_, std::io::Error>(None) };
        let content = shelf.store.get(&FileKey::new(tenant, part)).await;
        let content = content.map_err(|error| std::io::Error::other(error.message))?;
        Ok(Some((Bytes::from(content), (parts, shelf))))
    }));
    let format = match file.format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Json => Format::Json,
    };
    saved(body, format, &file.file_name)
}

/// Rows that are fetched at a time.
const PAGE: u32 = 500;

/// The pages of an export, one after another.
struct Source {
    backend: BackendHandle,
    sheet: Sheet,
    query: ListQuery,
    more: bool,
}

impl Source {
    fn new(backend: BackendHandle, entity: Arc<Entity>, mut query: ListQuery) -> Self {
        let sheet = Sheet::new(entity, &query.fields);
        query.limit = PAGE;
        query.offset = 0;
        query.cursor = None;
        query.count = Count::None;
        Self { backend, sheet, query, more: true }
    }

    /// The next page; none behind the last.
    async fn next(&mut self) -> Result<Option<Page>> {
        if !self.more {
            return Ok(None);
        }
        let operation = ExportRecords { entity: self.sheet.entity.key.clone(), query: self.query.clone() };
        let page = self.backend.run(operation).await?;
        self.query.cursor.clone_from(&page.next);
        self.more = page.next.is_some();
        Ok(Some(page))
    }
}

/// Rows of what, and with which fields.
struct Sheet {
    entity: Arc<Entity>,
    fields: Vec<Field>,
}

impl Sheet {
    fn new(entity: Arc<Entity>, keys: &[String]) -> Self {
        let fields = keys.iter().filter_map(|key| entity.field(key).cloned()).collect();
        Self { entity, fields }
    }

    /// The columns: a value of several parts takes one for each, as an import takes it.
    fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        self.fields.iter().flat_map(|field| {
            let parts = field.parts().iter().map(move |part| Column { field, part: Some(part) });
            let whole = field.parts().is_empty().then_some(Column { field, part: None });
            parts.chain(whole)
        })
    }
}

/// A column of a file: a field, or a part of one.
#[derive(Clone, Copy)]
struct Column<'a> {
    field: &'a Field,
    part: Option<&'static (&'static str, &'static str)>,
}

impl Column<'_> {
    /// An amount is called like its field, and what stands beside it by its own name too.
    fn heading(&self) -> String {
        match self.part {
            None | Some(("amount", _)) => self.field.label.clone(),
            Some((_, label)) => format!("{} {}", self.field.label, words::say(label).to_lowercase()),
        }
    }

    /// A part is text as it is.
    fn part_of(&self, value: &Value) -> Option<String> {
        let (key, _) = self.part?;
        Some(value.get(*key).and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}

/// What is written of each page; the first begins the file.
type Write = fn(&Sheet, &Page, bool) -> Result<Bytes>;

/// Text that goes out as its pages come in. The file ends early when a page cannot be had, and the client sees it: a row must never be
/// missing silently.
fn stream(
    source: Source,
    first: Bytes,
    write: Write,
    end: &'static str,
) -> impl Stream<Item = std::result::Result<Bytes, std::io::Error>> {
    // The body is read after the request was answered.
    let language = words::current();
    futures::stream::try_unfold((source, Some(first), false), move |(mut source, waiting, ended)| {
        words::scope(language, async move {
            if let Some(bytes) = waiting {
                return Ok::<_, std::io::Error>(Some((bytes, (source, None, ended))));
            }
            if ended {
                return Ok(None);
            }
            let broken = |error: Error| std::io::Error::other(error.message);
            match source.next().await.map_err(broken)? {
                Some(page) => {
                    let bytes = write(&source.sheet, &page, false).map_err(broken)?;
                    Ok(Some((bytes, (source, None, false))))
                }
                None => Ok(Some((Bytes::from_static(end.as_bytes()), (source, None, true)))),
            }
        })
    })
}

fn body_of(source: Source, first: Bytes, write: Write, end: &'static str) -> Body {
    Body::from_stream(stream(source, first, write, end))
}

/// Dates stay as machines write them; what has words is shown in words.
fn plain(entity: &Entity, field: &Field, value: &Value, label: Option<&str>) -> String {
    match (&field.kind, value) {
        (FieldKind::Date { .. } | FieldKind::Datetime, Value::String(text)) => text.clone(),
        (FieldKind::Integer { .. }, Value::Number(number)) => number.to_string(),
        (FieldKind::Percentage { .. }, Value::String(share)) => share.clone(),
        _ => show(field, entity.states.as_ref(), value, label),
    }
}
