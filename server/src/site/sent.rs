//! What a form sends: its fields, and the files among them. A file is kept first, as the value of its field; the form is then one of fields alone, and
//! whatever becomes of it, what was typed is there for the page.
//!
//! `_file.{field}` is a chosen file, `_without.{field}` a tick that takes out what is there, `_name.{field}` what the page calls a file that it
//! has sent and no record holds yet.

use super::confirm::{self, Fields};
use super::files::run;
use super::form_values::own;
use crate::state::App;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::records::{AttachFile, FILE_BYTES};
use domain::{Error, FieldError, Kind, Operation, Result};
use platform::Caller;
use platform::Idempotent;
use std::hash::{DefaultHasher, Hash, Hasher};
use words::t;

/// Bytes of a form without files.
const PLAIN: usize = 2 * 1024 * 1024;
/// Bytes of a form with files: two of the largest, and what is typed beside them.
const PARTS: usize = 2 * FILE_BYTES + 4 * 1024 * 1024;
/// Parts of a form; no form of ours comes near.
const MOST_PARTS: usize = 10_000;
/// Letters of a file's name that are looked at.
const NAME: usize = 255;

const FILE: &str = "_file.";
const WITHOUT: &str = "_without.";

#[derive(Default)]
pub struct Sent {
    pub fields: Fields,
    files: Vec<Chosen>,
    /// Why not all of it could be read.
    broken: Option<Error>,
}

struct Chosen {
    field: String,
    name: String,
    content: Vec<u8>,
}

impl Sent {
    /// Reads a form of either kind. What cannot be read at all is answered at once.
    pub async fn read(mut request: Request) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let in_parts = kind.starts_with("multipart/form-data");
        DefaultBodyLimit::max(if in_parts { PARTS } else { PLAIN }).apply(&mut request);
        if !in_parts {
            let body = Bytes::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
            return Ok(Self { fields: confirm::fields(&body), ..Self::default() });
        }
        let form = Multipart::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
        let mut sent = Self::default();
        sent.broken = sent.parts(form).await.err();
        Ok(sent)
    }

    /// The parts in whatever order they come. Of a file that is too large the rest is passed over, so that the fields behind it are read.
    async fn parts(&mut self, mut form: Multipart) -> Result<()> {
        let mut at = "file".to_owned();
        while let Some(mut part) = form.next_field().await.map_err(|error| unreadable(&error, &at))? {
            if self.fields.len() + self.files.len() >= MOST_PARTS {
                return Err(Error::invalid(t!(
                    "This form has more fields than can be taken at once. Send it in parts"
                )));
            }
            let name = part.name().unwrap_or_default().to_owned();
            let Some(field) = name.strip_prefix(FILE) else {
                let text = part.text().await.map_err(|error| unreadable(&error, &at))?;
                self.fields.push((name, text));
                continue;
            };
            field.clone_into(&mut at);
            let called: String = part.file_name().unwrap_or_default().chars().take(NAME).collect();
            let mut content = Vec::new();
            while let Some(piece) = part.chunk().await.map_err(|error| unreadable(&error, &at))? {
                let room = (FILE_BYTES + 1).saturating_sub(content.len());
                content.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            // A browser sends a box in which nothing was chosen with an empty name.
            if !called.is_empty() {
                self.files.push(Chosen { field: field.to_owned(), name: called, content });
            }
        }
        Ok(())
    }

    /// Keeps the files, each once however often the form is sent, and puts their ids among the fields. Every file that is refused is named.
    pub async fn keep(&mut self, state: &App, caller: &Caller) -> Result<()> {
        let without: Vec<String> =
            self.fields.iter().filter_map(|(name, _)| name.strip_prefix(WITHOUT).map(str::to_owned)).collect();
        self.fields.extend(without.into_iter().map(|field| (format!("values.{field}"), String::new())));
        let files = std::mem::take(&mut self.files);
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let entity = own(&self.fields, "entity").unwrap_or_default();
        let key = own(&self.fields, "_key");
        let (mut faults, mut kind): (Vec<FieldError>, _) = (Vec::new(), Kind::Invalid);
        for Chosen { field, name, content } in files {
            let once = key.as_deref().map(|key| once(key, &entity, &field, &content));
            let asked = AttachFile { entity: entity.clone(), field: field.clone(), name, content };
            match run(state, caller, asked, once).await {
                Ok(kept) => {
                    self.fields.push((format!("values.{field}"), kept.id.to_string()));
                    self.fields.push((format!("_name.{field}"), kept.name));
                }
                Err(error) if error.fields.is_empty() => return Err(error),
                Err(error) => {
                    kind = error.kind;
                    faults.extend(error.fields);
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error { kind, ..Error::fields(faults) }) }
    }
}

/// The key of one file of a form. A page that was refused keeps its key, and another file may then be chosen on it: the key goes by the content
/// too.
fn once(key: &str, entity: &str, field: &str, content: &[u8]) -> Idempotent {
    let mut content_hash = DefaultHasher::new();
    content.hash(&mut content_hash);
    let key = format!("{key}-{field}-{:x}", content_hash.finish());
    Idempotent::new(format!("FORM {} {entity} {field}", AttachFile::NAME), key, content)
}

fn unreadable(error: &MultipartError, field: &str) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let error = Error::field(field, t!("The files are larger than 50 MB together. Choose smaller ones"));
        return Error { kind: Kind::TooLarge, ..error };
    }
    Error::field(field, t!("The upload broke off. Try again"))
}
