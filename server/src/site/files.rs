//! Files in and out: the upload of an import, its refused rows, and the export of the current view.

use super::forms::{PATIENCE, in_words};
use super::sign_in::wants_page;
use super::{cookies, draw};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::Format;
use api::problem::Problem;
use app::exports::asking;
use app::page::{Replay, encode};
use axum::Extension;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, OriginalUri, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::error::CONFIRMATION_REQUIRED;
use domain::exports::{AT_ONCE, FetchExport};
use domain::imports::{CreateImport, ImportErrorFile, MAX_FILE_BYTES};
use domain::records::{ListRecords, MOST_NAMED};
use domain::schema::{Count, Entity, ListQuery};
use domain::{BackendHandle, Error, Kind, Operation, Result};
use platform::Caller;
use platform::Idempotent;
use platform::shelf::Shelf;
use serde::Deserialize;
use uuid::Uuid;
use words::t;

#[derive(Deserialize)]
pub struct EntityPath {
    entity: String,
}

#[derive(Deserialize)]
pub struct IdPath {
    id: String,
}

/// The file and a little for the form around it.
pub fn upload_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MAX_FILE_BYTES + 64 * 1024)
}

pub async fn upload(
    State(state): State<App>,
    Path(path): Path<EntityPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let slug = caller.access.slug.clone();
    let mut typed = Vec::new();
    match accept(&state, &caller, &path.entity, form, &mut typed).await {
        Ok(import) => Redirect::to(&format!("/w/{slug}/imports/{import}")).into_response(),
        Err(error) => {
            let address = draw::local_path(Some(&format!("/w/{slug}/{}/import", path.entity)), &format!("/w/{slug}"));
            let replay = Replay { operation: "imports.create".to_owned(), fields: typed, error };
            draw::replay(&state, &headers, info, &caller, &address, replay).await
        }
    }
}

async fn accept(
    state: &App,
    caller: &Caller,
    plural: &str,
    form: Result<Multipart, MultipartRejection>,
    typed: &mut Vec<(String, String)>,
) -> Result<Uuid> {
    let catalog = state.platform.services.catalogs.of(&caller.access.industry);
    let entity = catalog.by_plural(plural).ok_or_else(Error::not_found)?;
    let Upload { key, name: file_name, content, sheet } = read(form, t!("Choose a file to import"), typed).await?;
    let about = format!("FORM {} {} {}", CreateImport::NAME, entity.key, sheet.as_deref().unwrap_or_default());
    let once = (!key.is_empty()).then(|| Idempotent::new(about, key, &content));
    let operation = CreateImport { entity: entity.key.clone(), file_name, content, sheet };
    Ok(run(state, caller, operation, once).await?.id)
}

/// What a form with a file says.
pub struct Upload {
    pub key: String,
    pub name: String,
    pub content: Vec<u8>,
    /// Of a spreadsheet: which of its sheets.
    pub sheet: Option<String>,
}

/// Reads a form with a file, in whatever order its parts come. Nothing but these is looked at, least of all where a file might lie. What was typed is
/// kept for the page, should the file be refused.
pub async fn read(
    form: Result<Multipart, MultipartRejection>,
    nothing: &str,
    typed: &mut Vec<(String, String)>,
) -> Result<Upload> {
    let mut form = form.map_err(|_| Error::field("file", nothing))?;
    let (mut key, mut sheet, mut file) = (String::new(), None, None);
    while let Some(part) = form.next_field().await.map_err(|error| unreadable(&error))? {
        if part.name() == Some("_key") {
            key = part.text().await.map_err(|error| unreadable(&error))?;
            continue;
        }
        if part.name() == Some("sheet") {
            let name = part.text().await.map_err(|error| unreadable(&error))?;
            typed.push(("sheet".to_owned(), name.clone()));
            sheet = Some(name);
            continue;
        }
        // A browser sends a form without a chosen file with an empty name.
        if file.is_some() || part.name() != Some("file") || part.file_name().is_none_or(str::is_empty) {
            continue;
        }
        let name: String = part.file_name().unwrap_or_default().chars().take(255).collect();
        file = Some((name, part.bytes().await.map_err(|error| unreadable(&error))?.to_vec()));
    }
    let (name, content) = file.ok_or_else(|| Error::field("file", nothing))?;
    Ok(Upload { key, name, content, sheet })
}

/// Runs an operation, once where the form has a key.
pub async fn run<O: Operation>(
    state: &App,
    caller: &Caller,
    operation: O,
    once: Option<Idempotent>,
) -> Result<O::Output> {
    match once {
        Some(once) => {
            let once = once.patient(PATIENCE);
            state.platform.clone().run_typed_once(caller.clone(), operation, once).await.map_err(in_words)
        }
        None => state.platform.clone().backend(caller.clone()).run(operation).await,
    }
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> Error {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        let words = t!("The file is larger than 25 MB. Split it, or leave out columns that are not needed");
        return Error { kind: Kind::TooLarge, ..Error::field("file", words) };
    }
    Error::field("file", t!("The upload broke off. Try again"))
}

/// The last part of the path says which kind of file.
pub async fn export(
    State(state): State<App>,
    Path(path): Path<EntityPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    OriginalUri(address): OriginalUri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let ending = address.path().rsplit('.').next().unwrap_or_default();
    let format = Format::parse(ending).unwrap_or(Format::Csv);
    let catalog = state.platform.services.catalogs.of(&caller.access.industry);
    let started = async {
        let entity = catalog.by_plural(&path.entity).ok_or_else(Error::not_found)?.clone();
        let pairs = cookies::query_pairs(query.as_deref().unwrap_or_default());
        let mut pairs: Vec<(String, String)> = pairs.into_iter().filter(|(name, _)| name != "limit").collect();
        // A view's own filter, sort and columns count as the list page counts them.
        if let Some(view) = pairs.iter().find(|(name, _)| name == "view").and_then(|(_, key)| entity.view(key)) {
            if let Some(filter) = &view.filter {
                pairs.push(("filter".to_owned(), filter.clone()));
            }
            if let (Some(sort), false) = (&view.sort, pairs.iter().any(|(name, _)| name == "sort")) {
                pairs.push(("sort".to_owned(), sort.clone()));
            }
        }
        let mut query = api::query::list_query(&entity.known_to(&caller.access.grants), &pairs, false)?;
        // Rows that somebody has ticked in the list.
        let chosen = pairs.iter().filter(|(name, _)| name == "row").filter_map(|(_, id)| Uuid::try_parse(id).ok());
        query.ids = chosen.take(MOST_NAMED).collect();
        if query.ids.is_empty() && pairs.iter().any(|(name, _)| name == "row") {
            return Err(Error::field("row", t!("None of these rows is one")));
        }
        let backend = state.platform.clone().backend(caller.clone());
        // A workbook is one piece, and rows of the past are read whole: neither can be written part by part.
        let parts = format != Format::Xlsx && query.ids.is_empty() && query.as_of.is_none();
        if parts && wants_page(&headers) && many(&backend, &entity, &query).await? {
            let asks = format!("/w/{}/exports?{}", caller.access.slug, asking(&entity, &query, format.as_str()));
            return Ok(Redirect::to(&asks).into_response());
        }
        api::export_file(backend, &caller.access.grants, entity, query, format).await
    };
    exported(&state, &headers, info, &address, started.await).await
}

/// Whether there are more rows than somebody waits for, counted as lists count them.
async fn many(backend: &BackendHandle, entity: &Entity, query: &ListQuery) -> Result<bool> {
    let query = ListQuery {
        sort: Vec::new(),
        fields: vec!["number".to_owned()],
        limit: 1,
        offset: 0,
        cursor: None,
        count: Count::Estimated,
        ..query.clone()
    };
    let found = backend.run(ListRecords { entity: entity.key.clone(), query }).await?;
    Ok(found.total.is_some_and(|total| total.value > AT_ONCE))
}

/// What a worker has written.
pub async fn exported_file(
    State(state): State<App>,
    Path(path): Path<IdPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    OriginalUri(address): OriginalUri,
    headers: HeaderMap,
) -> Response {
    let tenant = caller.access.tenant;
    let started = async {
        let id = Uuid::try_parse(&path.id).map_err(|_| Error::not_found())?;
        let file = state.platform.clone().backend(caller).run(FetchExport { id }).await?;
        let shelf = state.platform.registry().hooks::<Shelf>().first().cloned();
        let shelf = shelf.ok_or_else(|| Error::unavailable(t!("No file store is set up here")))?;
        Ok::<_, Error>(api::export_stored(file, tenant, shelf))
    };
    exported(&state, &headers, info, &address, started.await).await
}

/// A file that is exported; somebody at a browser who has to confirm first is led there and back.
pub async fn exported(
    state: &App,
    headers: &HeaderMap,
    info: RequestInfo,
    address: &Uri,
    started: Result<Response>,
) -> Response {
    match started {
        Ok(response) => response,
        Err(error) if error.is(CONFIRMATION_REQUIRED) && wants_page(headers) => {
            let next = address.path_and_query().map_or("/", |address| address.as_str());
            Redirect::to(&format!("/confirm?next={}", encode(next))).into_response()
        }
        Err(error) => refused(state, headers, info, error).await,
    }
}

pub async fn error_file(
    State(state): State<App>,
    Path(path): Path<IdPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let id = Uuid::try_parse(&path.id).map_err(|_| Error::not_found())?;
        state.platform.clone().backend(caller).run(ImportErrorFile { id }).await
    };
    match found.await {
        Ok(file) => {
            let name: String = file
                .file_name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
                .collect();
            let mut response = format!("\u{feff}{}", file.content).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Err(error) => refused(&state, &headers, info, error).await,
    }
}

/// A file that cannot be had is said on a page to whoever followed a link, and as a problem to programs.
async fn refused(state: &App, headers: &HeaderMap, info: RequestInfo, error: Error) -> Response {
    if wants_page(headers) {
        return draw::refused(state, headers, info, &error).await;
    }
    Problem { error, request: Some(info.id) }.into_response()
}
