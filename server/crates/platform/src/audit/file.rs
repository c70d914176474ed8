//! Chains in files: one line of JSON for the beginning, each seal, each change and the end.
//!
//! A file can be verified by itself; with anchors and keys it is also compared with those. Archives are the same files: the oldest part of a
//! chain is written out, verified from the file, and only then taken out of the database, which keeps the head to go on from.

use super::anchor::{self, Anchors};
use super::chain::{Fault, Place, Seal, Stored, Walk};
use super::verify::{self, Archive};
use crate::secret::Keyring;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use uuid::Uuid;

const FORMAT: &str = "nexus audit 2";
/// Of files from before changes kept who acted for their member. They are verified as they were.
const FIRST_FORMAT: &str = "nexus audit 1";

const TENANT: &str = "select id, slug from tenants where slug = $1 or id::text = $1";
const BEGIN: &str = "select seq, head, changes from change_archives where tenant_id = $1 order by seq desc limit 1";
const SEALS: &str = "\
select seq, sealed_at, changes, head from change_seals
where tenant_id = $1 and seq > $2 and ($3::timestamptz is null or sealed_at < $3) order by seq limit 50";
const KEEP: &str = "\
insert into change_archives (tenant_id, seq, head, changes, file_hash, archived_at, code_key, code) values ($1, $2, $3, $4, $5, $6, $7, $8)";
const CLEAR: &str = "\
delete from changes c using (select unnest(s.changes) as id from change_seals s where s.tenant_id = $1 and s.seq <= $2) a
where c.tenant_id = $1 and c.id = a.id";
const CLEAR_SEALS: &str = "delete from change_seals where tenant_id = $1 and seq <= $2";

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("{0}")]
    Refused(String),
}

type Result<T> = std::result::Result<T, FileError>;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Begin(Begin),
    Seal(Seal),
    Change(Box<Stored>),
    End(Place),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begin {
    format: String,
    tenant: Uuid,
    slug: String,
    from: Place,
    written_at: DateTime<Utc>,
}

/// What a file holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReport {
    pub tenant: Uuid,
    pub slug: String,
    /// Seals before its first, which are not in it.
    pub after: i64,
    pub through: i64,
    pub changes: i64,
    /// Anchors that it was compared with.
    pub anchors: usize,
    pub faults: Vec<Fault>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub tenant: Uuid,
    pub from: Place,
    pub end: Place,
}

/// Writes a workspace's chain as the database has it, up to the last seal from before a moment where one is given. The file is new and readable
/// by its owner alone.
pub async fn export(
    conn: &mut PgConnection,
    workspace: &str,
    before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    path: &Path,
) -> Result<Written> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the owner's own connection, from the command line: there is no tenant, and nothing is pooled"
    )]
    let mut tx = conn.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let found: Option<(Uuid, String)> = sqlx::query_as(TENANT).bind(workspace).fetch_optional(&mut *tx).await?;
    let (tenant, slug) = found.ok_or_else(|| FileError::Refused(format!("There is no workspace {workspace}")))?;
    let from: Option<Place> = sqlx::query_as(BEGIN).bind(tenant).fetch_optional(&mut *tx).await?;
    let from = from.unwrap_or_else(Place::start);
    let mut place = from.clone();
    let mut out = BufWriter::new(private(path)?);
    line(&mut out, &Line::Begin(Begin { format: FORMAT.into(), tenant, slug, from: from.clone(), written_at: now }))?;
    loop {
        let seals: Vec<Seal> =
            sqlx::query_as(SEALS).bind(tenant).bind(place.seq).bind(before).fetch_all(&mut *tx).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            let mut rows = verify::rows(&mut tx, tenant, &seal.changes).await?;
            place = Place {
                seq: seal.seq,
                head: seal.head.clone(),
                changes: place.changes + i64::try_from(seal.changes.len()).unwrap_or_default(),
            };
            let changes = seal.changes.clone();
            line(&mut out, &Line::Seal(seal))?;
            for row in changes.iter().filter_map(|id| rows.remove(id)) {
                line(&mut out, &Line::Change(Box::new(row)))?;
            }
        }
    }
    line(&mut out, &Line::End(place.clone()))?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    tx.rollback().await?;
    Ok(Written { tenant, from, end: place })
}

fn private(path: &Path) -> Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    Ok(File::options().write(true).create_new(true).mode(0o600).open(path)?)
}

fn line(out: &mut impl Write, line: &Line) -> Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// Verifies a file without a database.
pub fn verify(path: &Path, anchors: &Anchors) -> Result<FileReport> {
    let mut lines = BufReader::new(File::open(path)?).lines().enumerate();
    let no_export = || FileError::Refused(format!("{} is no export of the audit trail", path.display()));
    let first = lines.next().ok_or_else(no_export)?.1?;
    let Ok(Line::Begin(begin)) = serde_json::from_str(&first) else { return Err(no_export()) };
    if begin.format != FORMAT && begin.format != FIRST_FORMAT {
        return Err(FileError::Refused(format!(
            "{} is of a format that is not known: {}",
            path.display(),
            begin.format
        )));
    }
    let after = begin.from.clone();
    let mut walk = Walk::from(begin.tenant, begin.from);
    if after.seq == 0 && after != Place::start() {
        walk.fault(None, None, "The file says that it begins with the first seal, but holds a head from before it");
    }
    let (mut open, mut rows, mut end): (Option<Seal>, HashMap<Uuid, Stored>, Option<Place>) = Default::default();
    for (number, text) in lines {
        let parsed = serde_json::from_str::<Line>(&text?);
        if !matches!(parsed, Ok(Line::Change(_)))
            && let Some(seal) = open.take()
        {
            walk.link(&seal, &std::mem::take(&mut rows));
        }
        match parsed {
            Ok(Line::Seal(seal)) => open = Some(seal),
            Ok(Line::Change(row)) => {
                let known = open.as_ref().is_some_and(|seal| seal.changes.contains(&row.id));
                if !known || rows.insert(row.id, *row).is_some() {
                    walk.fault(None, None, format!("Line {}: a change that its seal does not list", number + 1));
                }
            }
            Ok(Line::End(place)) => end = Some(place),
            Ok(Line::Begin(_)) | Err(_) => walk.fault(None, None, format!("Line {} cannot be read", number + 1)),
        }
    }
    if let Some(seal) = open.take() {
        walk.link(&seal, &rows);
    }
    match end {
        Some(end) if end == walk.place => {}
        Some(_) => walk.fault(Some(walk.place.seq), None, "The end of the file does not fit its last seal"),
        None => walk.fault(Some(walk.place.seq), None, "The file has no end: it was cut off"),
    }
    walk.end();
    let kept = anchors.by_tenant.get(&begin.tenant).map(Vec::as_slice).unwrap_or_default();
    // The chain went on after the file was written.
    let within: Vec<_> = kept.iter().filter(|anchor| anchor.seq <= walk.place.seq).cloned().collect();
    walk.faults.extend(anchor::compare(&walk, &within));
    Ok(FileReport {
        tenant: begin.tenant,
        slug: begin.slug,
        after: after.seq,
        through: walk.place.seq,
        changes: walk.place.changes - after.changes,
        anchors: within.len(),
        faults: walk.faults,
    })
}

/// Moves the part of a chain from before a moment into a file. Nothing is taken out of the database unless the file verifies as a whole.
/// `conn` is the owner's: nobody else may remove changes.
pub async fn archive(
    conn: &mut PgConnection,
    keyring: &Keyring,
    anchors: &Anchors,
    workspace: &str,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    path: &Path,
) -> Result<Written> {
    let written = export(conn, workspace, Some(before), now, path).await?;
    if written.end.seq == written.from.seq {
        std::fs::remove_file(path)?;
        return Err(FileError::Refused(format!(
            "Nothing of {workspace} was sealed before {}",
            before.format("%Y-%m-%d")
        )));
    }
    let report = verify(path, anchors)?;
    if let Some(fault) = report.faults.first() {
        return Err(FileError::Refused(format!(
            "The trail is not whole, so nothing was taken out of the database: {}. Run `nexus audit verify`",
            fault.what
        )));
    }
    let mut archive = Archive {
        seq: written.end.seq,
        head: written.end.head.clone(),
        changes: written.end.changes,
        file_hash: hash(path)?,
        // As far as the database keeps it.
        archived_at: DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now),
        code_key: keyring.current().to_owned(),
        code: Vec::new(),
    };
    let code = keyring.code(&archive.code_key, &archive.covered(written.tenant));
    archive.code = code.ok_or_else(|| FileError::Refused("No encryption key is set".to_owned()))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the owner's own connection, from the command line: there is no tenant, and nothing is pooled"
    )]
    let mut tx = conn.begin().await?;
    sqlx::query(KEEP)
        .bind(written.tenant)
        .bind(archive.seq)
        .bind(&archive.head)
        .bind(archive.changes)
        .bind(&archive.file_hash)
        .bind(archive.archived_at)
        .bind(&archive.code_key)
        .bind(&archive.code)
        .execute(&mut *tx)
        .await?;
    sqlx::query(CLEAR).bind(written.tenant).bind(archive.seq).execute(&mut *tx).await?;
    sqlx::query(CLEAR_SEALS).bind(written.tenant).bind(archive.seq).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(written)
}

fn hash(path: &Path) -> Result<Vec<u8>> {
    let (mut file, mut hash) = (BufReader::new(File::open(path)?), Sha256::new());
    loop {
        let part = file.fill_buf()?;
        if part.is_empty() {
            return Ok(hash.finalize().to_vec());
        }
        hash.update(part);
        let read = part.len();
        file.consume(read);
    }
}
