//! Files of records, in and out. What goes out may do nothing where it is opened: it is saved to disk unless it is a raster image, nobody guesses
//! its type, and its own policy is a sandbox in which nothing runs or loads.

use super::draw;
use super::files::{Upload, read, run};
use crate::middleware::request::RequestInfo;
use crate::state::App;
use api::problem::Problem;
use app::page::{Replay, encode};
use axum::Extension;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::records::{FILE_BYTES, FileEntry, GetFile, UploadFile};
use domain::{Error, Operation, Result};
use platform::Caller;
use platform::Idempotent;
use platform::shelf::{FileKey, Shelf};
use serde::Deserialize;
use uuid::Uuid;
use words::t;

const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

#[derive(Deserialize)]
pub struct RecordPath {
    entity: String,
    id: String,
}

#[derive(Deserialize)]
pub struct FilePath {
    entity: String,
    id: String,
    file: String,
}

/// The file and a little for the form around it.
pub fn upload_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(FILE_BYTES + 64 * 1024)
}

pub async fn upload(
    State(state): State<App>,
    Path(path): Path<RecordPath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let home = format!("/w/{}", caller.access.slug);
    // Only an id becomes part of an address.
    let page = match Uuid::try_parse(&path.id) {
        Ok(id) => draw::local_path(Some(&format!("{home}/{}/{id}?write=file", path.entity)), &home),
        Err(_) => home.clone(),
    };
    match accept(&state, &caller, &path, form).await {
        Ok(()) => Redirect::to(page.trim_end_matches("?write=file")).into_response(),
        Err(error) => {
            let replay = Replay { operation: UploadFile::NAME.to_owned(), fields: Vec::new(), error };
            draw::replay(&state, &headers, info, &caller, &page, replay).await
        }
    }
}

async fn accept(
    state: &App,
    caller: &Caller,
    path: &RecordPath,
    form: Result<Multipart, MultipartRejection>,
) -> Result<()> {
    let catalog = state.platform.services.catalogs.of(&caller.access.industry);
    let entity = catalog.by_plural(&path.entity).ok_or_else(Error::not_found)?;
    let record = Uuid::try_parse(&path.id).map_err(|_| Error::not_found())?;
    let Upload { key, name, content, .. } = read(form, t!("Choose a file to keep here"), &mut Vec::new()).await?;
    let once = (!key.is_empty()).then(|| Idempotent::new(format!("FORM {} {record}", UploadFile::NAME), key, &content));
    run(state, caller, UploadFile { entity: entity.key.clone(), record, name, content }, once).await.map(drop)
}

pub async fn content(
    State(state): State<App>,
    Path(path): Path<FilePath>,
    Extension(caller): Extension<Caller>,
    Extension(info): Extension<RequestInfo>,
) -> Response {
    match fetch(&state, caller, &path).await {
        Ok((file, content)) => served(&file, content),
        Err(error) => Problem { error, request: Some(info.id) }.into_response(),
    }
}

async fn fetch(state: &App, caller: Caller, path: &FilePath) -> Result<(FileEntry, Vec<u8>)> {
    let catalog = state.platform.services.catalogs.of(&caller.access.industry);
    let entity = catalog.by_plural(&path.entity).ok_or_else(Error::not_found)?.key.clone();
    let id = |text: &str| Uuid::try_parse(text).map_err(|_| Error::not_found());
    let (record, id) = (id(&path.id)?, id(&path.file)?);
    let key = FileKey::new(caller.access.tenant, id);
    let file = state.platform.clone().backend(caller).run(GetFile { entity, record, id }).await?;
    let shelf = state.platform.registry().hooks::<Shelf>();
    let shelf = shelf.first().ok_or_else(|| Error::unavailable(t!("No file store is set up here")))?;
    Ok((file, shelf.store.get(&key).await?))
}

fn served(file: &FileEntry, content: Vec<u8>) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(&file.media_type);
    let kind = match file.media_type.as_str() {
        "text/plain" => HeaderValue::from_static("text/plain; charset=utf-8"),
        _ => kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    };
    headers.insert(header::CONTENT_TYPE, kind);
    let how = if file.shown_inline() { "inline" } else { "attachment" };
    let plain: String = file
        .name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_. ".contains(letter) { letter } else { '_' })
        .collect();
    let named = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", encode(&file.name));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&named).unwrap_or(HeaderValue::from_static("attachment")),
    );
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
