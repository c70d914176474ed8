//! Files in and out: the upload of an import, its refused rows, and the export of the current view.

use super::forms::{PATIENCE, in_words};
use super::sign_in::wants_page;
use super::{cookies, draw};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::CsvStream;
use api::problem::Problem;
use app::page::Replay;
use axum::Extension;
use axum::extract::{DefaultBodyLimit, Multipart, OriginalUri, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::error::CONFIRMATION_REQUIRED;
use domain::imports::{CreateImport, ImportErrorFile, MAX_FILE_BYTES};
use domain::{Error, Kind, Operation, Result};
use platform::Caller;
use platform::dispatch::Idempotent;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Deserialize)]
pub struct EntityPath {
    entity: String,
}

#[derive(Deserialize)]
pub struct ImportPath {
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
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Response {
    let slug = caller.access.slug.clone();
    match accept(&state, &caller, &path.entity, form).await {
        Ok(import) => Redirect::to(&format!("/w/{slug}/imports/{import}")).into_response(),
        Err(error) => {
            let address = draw::local_path(Some(&format!("/w/{slug}/{}/import", path.entity)), &format!("/w/{slug}"));
            let replay = Replay { operation: "imports.create".to_owned(), fields: Vec::new(), error };
            draw::replay(&state, &headers, info, &caller, &address, replay).await
        }
    }
}

async fn accept(
    state: &App,
    caller: &Caller,
    plural: &str,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Uuid> {
    let catalog = state.platform.services.catalogs.of(&caller.access.industry);
    let entity = catalog.by_plural(plural).ok_or_else(Error::not_found)?;
    let mut form = form.map_err(|_| Error::field("file", "Choose a file to import"))?;
    let mut key = String::new();
    while let Some(part) = form.next_field().await.map_err(|error| unreadable(&error))? {
        if part.name() == Some("_key") {
            key = part.text().await.map_err(|error| unreadable(&error))?;
            continue;
        }
        if part.name() != Some("file") {
            continue;
        }
        let file_name = part.file_name().unwrap_or("upload.csv").chars().take(255).collect();
        let content = part.bytes().await.map_err(|error| unreadable(&error))?.to_vec();
        if key.is_empty() {
            let operation = CreateImport { entity: entity.key.clone(), file_name, content };
            return Ok(state.platform.clone().backend(caller.clone()).run(operation).await?.id);
        }
        // The key stands before the file in the form, since a form is read in its order.
        let once = Idempotent::new(format!("FORM {} {}", CreateImport::NAME, entity.key), key, &content);
        let operation = CreateImport { entity: entity.key.clone(), file_name, content };
        let import = state.platform.clone().run_typed_once(caller.clone(), operation, once.patient(PATIENCE)).await;
        return Ok(import.map_err(in_words)?.id);
    }
    Err(Error::field("file", "Choose a file to import"))
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> Error {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        let error =
            Error::field("file", "The file is larger than 25 MB. Split it, or leave out columns that are not needed");
        return Error { kind: Kind::TooLarge, ..error };
    }
    Error::field("file", "The upload broke off. Try again")
}

pub async fn export(
    State(state): State<App>,
    Path(path): Path<EntityPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    OriginalUri(address): OriginalUri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
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
        let query = api::query::list_query(&entity, &pairs, false)?;
        CsvStream::start(state.platform.clone().backend(caller.clone()), entity, query).await
    };
    match started.await {
        Ok(response) => response,
        Err(error) if error.is(CONFIRMATION_REQUIRED) && wants_page(&headers) => {
            let next = address.path_and_query().map_or("/", |address| address.as_str());
            Redirect::to(&format!("/confirm?next={}", app::page::encode(next))).into_response()
        }
        Err(error) => Problem { error, request: Some(info.id) }.into_response(),
    }
}

pub async fn error_file(
    State(state): State<App>,
    Path(path): Path<ImportPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
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
        Err(error) => Problem { error, request: Some(info.id) }.into_response(),
    }
}
