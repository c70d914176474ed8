//! Files of records, beside them and as values of their fields. What a file is, is found out from its content; what it was called is only shown.
//! The content lies in the file store under a key made of ids; a row is written once it lies there, and without a row nothing is ever served.
//! What was deleted, and what no record was written with, goes for good after a while (`erase`).

pub mod erase;
mod room;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::records::{
    AttachFile, DeleteFile, FILE_BYTES, FileEntry, GetFile, ListFiles, RestoreFile, ScanFile, UploadFile,
};
use domain::schema::upload::word;
use domain::schema::{Entity, Field};
use domain::text::nearest;
use domain::{Error, Kind, Result, Verb};
use platform::shelf::{self, FileKey, Scan, Shelf};
use platform::{Bind, Change, Ctx, Registry, Row, Statement};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use words::t;

macro_rules! files {
    ($which:literal) => {
        concat!(
            "select f.id, f.name, f.media_type, f.bytes, f.state, m.name, f.uploaded_at, f.deleted_at is not null, f.field
from files f join members m on m.tenant_id = f.tenant_id and m.id = f.uploaded_by
where f.tenant_id = $1 and f.entity = $2 and ",
            $which
        )
    };
}
// Those that were taken away are there for the quarter of an hour in which people notice.
const LIST: &str = files!(
    "f.record_id = $3 and f.field is null and (f.deleted_at is null or f.deleted_at > $4) order by f.uploaded_at desc, f.id desc limit 500"
);
const ONE: &str = files!("f.record_id = $3 and f.id = $4");
const LOCK: &str = files!("f.record_id = $3 and f.id = $4 for update of f");
/// One that no record was written with yet: `$3` is empty.
const NOBODYS: &str = files!("f.record_id is null and $3::uuid is null and f.id = $4");
const INSERT: &str = "\
insert into files (tenant_id, id, entity, record_id, field, name, media_type, bytes, sha256, state, uploaded_by, uploaded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const DELETE: &str = "update files set deleted_at = $3 where tenant_id = $1 and id = $2";
const STATE: &str = "update files set state = $3 where tenant_id = $1 and id = $2";

/// Minutes in which a file that was taken away is offered back.
const OFFERED: i64 = 15;
/// Characters of a name.
const NAME: usize = 200;

pub fn register(registry: &mut Registry) {
    registry.add(list).add(get).add(upload).add(attach).add(delete).add(restore).add(scan);
}

pub async fn list(ctx: &mut Ctx, input: ListFiles) -> Result<Vec<FileEntry>> {
    let entity = ctx.entity(&input.entity)?;
    records::visible(ctx, &entity, input.record).await?;
    let since = ctx.now() - chrono::Duration::minutes(OFFERED);
    let mut binds = of(ctx, &entity, Some(input.record));
    binds.push(Bind::Moment(Some(since)));
    ctx.fetch(Statement::new(LIST, binds)).await?.iter().map(entry).collect()
}

/// What may be fetched: there, not taken away, and past the scanner.
pub async fn get(ctx: &mut Ctx, input: GetFile) -> Result<FileEntry> {
    let entity = ctx.entity(&input.entity)?;
    records::visible(ctx, &entity, input.record).await?;
    let file = one(ctx, ONE, &entity, Some(input.record), input.id).await?;
    open(ctx, &entity, &file)?;
    match file.state.as_str() {
        _ if file.deleted => Err(Error::not_found()),
        "ready" => Ok(file),
        "held" => {
            let message = t!("This file waits for the scanner. Try again when it has been looked at");
            Err(Error::new(Kind::Forbidden, message))
        }
        _ => {
            let message = t!("The scanner found something harmful in this file. It cannot be fetched");
            Err(Error::new(Kind::Forbidden, message))
        }
    }
}

pub async fn upload(ctx: &mut Ctx, input: UploadFile) -> Result<FileEntry> {
    let entity = ctx.entity(&input.entity)?;
    records::hold(ctx, &entity, input.record, Verb::Update, false).await?;
    let media_type = checked(&input.content, "file")?;
    let (place, sent) = (Place { entity: &entity, record: Some(input.record), field: None }, input.content);
    keep(ctx, place, &input.name, media_type, sent).await
}

/// Keeps a file for a field. It is nobody's until a record is written with it.
pub async fn attach(ctx: &mut Ctx, input: AttachFile) -> Result<FileEntry> {
    let entity = ctx.entity(&input.entity)?;
    let field = upload_field(ctx, &entity, &input.field)?;
    let Some(takes) = field.upload() else { return Err(Error::internal()) };
    if input.content.len() as u64 > u64::from(takes.max_size) {
        let takes = lower(&takes.says());
        let message = t!("The file is too large. {field} is {takes}", field = field.label, takes);
        return Err(Error { kind: Kind::TooLarge, ..Error::field(&field.key, message) });
    }
    let media_type = checked(&input.content, &field.key)?;
    if !takes.takes(media_type) {
        let (what, takes) = (what(media_type), lower(&takes.says()));
        let message = t!("The file is {what}. {field} is {takes}", what, field = field.label, takes);
        return Err(Error::field(&field.key, message));
    }
    let place = Place { entity: &entity, record: None, field: Some(field) };
    keep(ctx, place, &input.name, media_type, input.content).await
}

/// The field, where the caller may put a file into it.
fn upload_field<'a>(ctx: &Ctx, entity: &'a Entity, key: &str) -> Result<&'a Field> {
    let readable = |field: &&Field| field.readable(&ctx.access.grants);
    let field = entity.editable().filter(readable).find(|field| field.key == key && field.is_upload());
    let Some(field) = field else {
        let uploads = entity.editable().filter(readable).filter(|field| field.is_upload());
        let meant = nearest(key, uploads.map(|field| field.key.as_str()));
        let entities = &entity.labels.many;
        let message = match meant {
            Some(meant) => {
                t!("{key} is no field of {entities} that holds a file; did you mean {meant}?", key, entities, meant)
            }
            None => t!("{key} is no field of {entities} that holds a file", key, entities),
        };
        return Err(Error::field("field", message));
    };
    match field.write_missing(&ctx.access.grants) {
        Some(permission) => Err(Error::forbidden(permission.to_owned(), &ctx.access.role)),
        None => Ok(field),
    }
}

/// What the content is, if it is one that is kept at all. `field` is where a refusal stands.
fn checked(content: &[u8], field: &str) -> Result<&'static str> {
    if content.is_empty() {
        return Err(Error::field(field, t!("The file is empty. Choose another")));
    }
    if content.len() > FILE_BYTES {
        let message = t!("The file is larger than 25 MB. Make it smaller, or keep it elsewhere and note where");
        return Err(Error { kind: Kind::TooLarge, ..Error::field(field, message) });
    }
    let media_type = media_type(content);
    match refused(media_type) {
        Some(what) => Err(Error::field(field, t!("The file is {what}. Such files are not kept here", what))),
        None => Ok(media_type),
    }
}

/// Where a file goes.
struct Place<'a> {
    entity: &'a Entity,
    record: Option<Uuid>,
    field: Option<&'a Field>,
}

async fn keep(
    ctx: &mut Ctx,
    place: Place<'_>,
    given: &str,
    media_type: &'static str,
    content: Vec<u8>,
) -> Result<FileEntry> {
    let shelf = shelf::of(ctx)?;
    let said_at = place.field.map_or("file", |field| field.key.as_str());
    let bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
    // Asked before anything is stored, and once more where nobody else is about to take the room.
    if !room::is_there(ctx, bytes).await? {
        return Err(full(said_at));
    }
    let state = looked_at(&shelf, &content).await;
    if let (Some(field), "refused") = (place.field, state) {
        let message = t!("The scanner found something harmful in this file. Choose another");
        return Err(Error::field(&field.key, message));
    }
    let (id, name, sha256) = (ctx.new_id(), name(given), Sha256::digest(&content).to_vec());
    if state != "refused" {
        shelf::begin(ctx, id).await?;
        shelf.store.put(&FileKey::new(ctx.access.tenant, id), content).await?;
        shelf::kept(ctx, id).await?;
    }
    if !room::take(ctx, bytes).await? {
        return Err(full(said_at));
    }
    let field = place.field.map(|field| field.key.clone());
    let binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        Bind::Id(Some(id)),
        Bind::text(place.entity.key.clone()),
        Bind::Id(place.record),
        Bind::Text(field.clone()),
        Bind::text(name.clone()),
        Bind::text(media_type),
        Bind::Int(Some(bytes)),
        Bind::Bytes(Some(sha256)),
        Bind::text(state),
        Bind::Id(Some(ctx.access.member.0)),
        Bind::Moment(Some(ctx.now())),
    ];
    ctx.fetch(Statement::new(INSERT, binds)).await?;
    let mut after = json!({
        "entity": place.entity.key, "recordId": place.record, "name": name, "mediaType": media_type, "bytes": bytes, "state": state,
    });
    if let Some(field) = field {
        after["field"] = json!(field);
    }
    told(ctx, id, None, Some(after));
    let found = if place.record.is_some() { ONE } else { NOBODYS };
    one(ctx, found, place.entity, place.record, id).await
}

fn full(field: &str) -> Error {
    let error = Error::field(
        field,
        t!(
            "The files of this workspace fill its 10 GB. Delete some that nobody needs, and try again a quarter of an hour later"
        ),
    );
    Error { kind: Kind::TooLarge, ..error }
}

/// Whoever may not read a field does not fetch its files either.
fn open(ctx: &Ctx, entity: &Entity, file: &FileEntry) -> Result<()> {
    let readable = |key: &String| entity.field(key).is_some_and(|field| field.readable(&ctx.access.grants));
    if file.field.as_ref().is_none_or(readable) { Ok(()) } else { Err(Error::not_found()) }
}

/// Words for what a file is, in the middle of a sentence.
fn what(media_type: &str) -> &str {
    match media_type {
        "application/octet-stream" => t!("of a kind that nobody here knows"),
        known => word(known),
    }
}

/// `Up to 25 MB` in the middle of a sentence; names of formats stay as they are.
fn lower(says: &str) -> String {
    says.strip_prefix("Up").map_or_else(|| says.to_owned(), |rest| format!("up{rest}"))
}

pub async fn delete(ctx: &mut Ctx, input: DeleteFile) -> Result<FileEntry> {
    gone(ctx, &input.entity, input.record, input.id, true).await
}

pub async fn restore(ctx: &mut Ctx, input: RestoreFile) -> Result<FileEntry> {
    gone(ctx, &input.entity, input.record, input.id, false).await
}

async fn gone(ctx: &mut Ctx, key: &str, record: Uuid, id: Uuid, deleted: bool) -> Result<FileEntry> {
    let entity = ctx.entity(key)?;
    records::hold(ctx, &entity, record, Verb::Update, false).await?;
    let file = one(ctx, LOCK, &entity, Some(record), id).await?;
    open(ctx, &entity, &file)?;
    if let Some(field) = file.field.as_ref().and_then(|key| entity.field(key)) {
        let message = t!("This file is the {field} of the record. Take it out there", field = field.label);
        return Err(Error::conflict(message));
    }
    if file.deleted == deleted {
        return Ok(file);
    }
    let at = deleted.then(|| ctx.now());
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(id)), Bind::Moment(at)];
    ctx.fetch(Statement::new(DELETE, binds)).await?;
    told(ctx, id, Some(json!({ "deleted": !deleted })), Some(json!({ "deleted": deleted })));
    one(ctx, ONE, &entity, Some(record), id).await
}

/// Asks the scanner again for a file that is held.
pub async fn scan(ctx: &mut Ctx, input: ScanFile) -> Result<FileEntry> {
    let entity = ctx.entity(&input.entity)?;
    records::hold(ctx, &entity, input.record, Verb::Update, false).await?;
    let file = one(ctx, LOCK, &entity, Some(input.record), input.id).await?;
    open(ctx, &entity, &file)?;
    if file.deleted {
        return Err(Error::not_found());
    }
    if file.state != "held" {
        return Ok(file);
    }
    let shelf = shelf::of(ctx)?;
    let content = shelf.store.get(&FileKey::new(ctx.access.tenant, input.id)).await?;
    let state = looked_at(&shelf, &content).await;
    if state == "held" {
        return Err(Error::unavailable(t!("The scanner cannot be reached. Try again in a moment")));
    }
    let binds = vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::Id(Some(input.id)), Bind::text(state)];
    ctx.fetch(Statement::new(STATE, binds)).await?;
    told(ctx, input.id, Some(json!({ "state": file.state })), Some(json!({ "state": state })));
    one(ctx, ONE, &entity, Some(input.record), input.id).await
}

async fn looked_at(shelf: &Shelf, content: &[u8]) -> &'static str {
    let Some(scanner) = &shelf.scanner else { return "ready" };
    match scanner.scan(content).await {
        Scan::Clean => "ready",
        Scan::Found(name) => {
            tracing::warn!(name, "the scanner found something harmful in a file that was uploaded");
            "refused"
        }
        Scan::Later(why) => {
            tracing::warn!(why, "the scanner could not be asked; the file is held");
            "held"
        }
    }
}

/// What the content is. Text that a browser would take for a page or a picture with scripts in it is only text.
fn media_type(content: &[u8]) -> &'static str {
    match infer::get(content).map(|kind| kind.mime_type()) {
        Some("text/html" | "text/xml" | "image/svg+xml") => "text/plain",
        Some(known) => known,
        None if std::str::from_utf8(content).is_ok_and(|text| !text.contains('\0')) => "text/plain",
        None => "application/octet-stream",
    }
}

/// What nobody keeps with a record: what would run where it is opened.
fn refused(media_type: &str) -> Option<&'static str> {
    match media_type {
        "application/vnd.microsoft.portable-executable"
        | "application/x-executable"
        | "application/x-mach-binary"
        | "application/x-elf"
        | "application/x-msi"
        | "application/x-ole-storage-exe"
        | "application/java"
        | "application/x-llvm"
        | "application/wasm"
        | "application/vnd.android.dex"
        | "application/vnd.android.dey" => Some(t!("a program")),
        "text/x-shellscript" => Some(t!("a script that runs")),
        _ => None,
    }
}

/// The last part of what it was called, without what could be taken for a path, a header or another name.
fn name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns = |letter: char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let clean: String = last
        .chars()
        .filter(|letter| !letter.is_control() && !turns(*letter))
        .map(|letter| if matches!(letter, '"' | '<' | '>' | ':' | '|' | '?' | '*') { '_' } else { letter })
        .take(NAME)
        .collect();
    let clean = clean.trim().trim_start_matches('.').trim();
    if clean.is_empty() { "file".to_owned() } else { clean.to_owned() }
}

fn of(ctx: &Ctx, entity: &Entity, record: Option<Uuid>) -> Vec<Bind> {
    vec![Bind::Id(Some(ctx.access.tenant.0)), Bind::text(entity.key.clone()), Bind::Id(record)]
}

async fn one(
    ctx: &mut Ctx,
    statement: &'static str,
    entity: &Entity,
    record: Option<Uuid>,
    id: Uuid,
) -> Result<FileEntry> {
    let mut binds = of(ctx, entity, record);
    binds.push(Bind::Id(Some(id)));
    let rows = ctx.fetch(Statement::new(statement, binds)).await?;
    rows.first().map(entry).transpose()?.ok_or_else(Error::not_found)
}

fn entry(row: &Row) -> Result<FileEntry> {
    let at: DateTime<Utc> = row.get(6)?;
    Ok(FileEntry {
        id: row.get(0)?,
        name: row.get(1)?,
        media_type: row.get(2)?,
        bytes: row.get(3)?,
        state: row.get(4)?,
        uploaded_by: row.get(5)?,
        at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        deleted: row.get(7)?,
        field: row.get(8)?,
    })
}

fn told(ctx: &mut Ctx, file: Uuid, before: Option<Value>, after: Option<Value>) {
    ctx.changed(Change { entity: "file".to_owned(), record: Some(file), before, after, event: None });
}

#[cfg(test)]
mod tests {
    use super::{media_type, name, refused};

    #[test]
    fn names_are_no_paths() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\offer.pdf", "offer.pdf"),
            ("a\r\nSet-Cookie: x", "aSet-Cookie_ x"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("..", "file"),
            ("", "file"),
            (".htaccess", "htaccess"),
            ("offer \"final\".pdf", "offer _final_.pdf"),
            ("Übersicht für Müller.pdf", "Übersicht für Müller.pdf"),
        ] {
            assert_eq!(name(given), kept, "{given:?}");
        }
        assert_eq!(name(&"é".repeat(500)).chars().count(), 200);
    }

    #[test]
    fn what_a_file_is_comes_from_its_content() {
        for (content, kind) in [
            (&b"%PDF-1.7\n"[..], "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
            (b"name,city\nAmina,Kisumu\n", "text/plain"),
            (b"\0\x01\x02", "application/octet-stream"),
        ] {
            assert_eq!(media_type(content), kind);
        }
        assert!(refused(media_type(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")).is_some());
        assert!(refused(media_type(b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff")).is_some());
        assert!(refused(media_type(b"#!/bin/sh\nrm -rf /\n")).is_some());
        assert!(refused("application/pdf").is_none());
    }
}
