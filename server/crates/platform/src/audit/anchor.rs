//! Anchors: the heads of all chains, kept outside the database.
//!
//! One line of JSON for each head that moved, appended to `anchors/YYYY-MM.jsonl` in the data folder every half minute. Each line carries a
//! code (HMAC-SHA-256) under a key that is derived from the outer encryption key, and the code of the line before: whoever may write to the
//! database, and even to this folder, can neither make a line nor take one out of the middle. What no file can show of itself is that its last
//! lines are missing: copy the folder to another machine, or to storage that only grows (docs/audit.md).

use super::chain::{Fault, Walk};
use crate::db::db_error;
use crate::dispatch::Platform;
use crate::secret::Keyring;
use chrono::{DateTime, Utc};
use domain::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// Bar G-05 allows a minute.
const EVERY: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    pub at: DateTime<Utc>,
    pub tenant: Uuid,
    pub seq: i64,
    pub changes: i64,
    #[serde(with = "hex::serde")]
    pub head: Vec<u8>,
    /// Name of the encryption key that the code is made with.
    pub key: String,
    /// Code of the line before it in the file; empty for the first.
    #[serde(with = "hex::serde")]
    pub previous: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub code: Vec<u8>,
}

impl Anchor {
    fn covered(&self) -> Vec<u8> {
        let (at, seq, changes) = (self.at.timestamp_micros(), self.seq, self.changes);
        let mut out = Vec::new();
        let parts: [&[u8]; 8] = [
            b"nexus anchor 1",
            &at.to_be_bytes(),
            self.tenant.as_bytes(),
            &seq.to_be_bytes(),
            &changes.to_be_bytes(),
            &self.head,
            self.key.as_bytes(),
            &self.previous,
        ];
        for part in parts {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

/// The folder in the data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join("anchors")
}

/// Appends a line for each head that is not the one that `known` holds. The file is on disk when this returns.
pub async fn write(platform: &Arc<Platform>, folder: &Path, known: &mut HashMap<Uuid, i64>) -> Result<usize> {
    let services = &platform.services;
    let heads: Vec<(Uuid, i64, Vec<u8>, i64)> =
        sqlx::query_as("select tenant_id, seq, head, changes from change_heads order by tenant_id")
            .fetch_all(&services.pools.platform)
            .await
            .map_err(db_error)?;
    let moved: Vec<_> = heads.into_iter().filter(|(tenant, seq, ..)| known.get(tenant) != Some(seq)).collect();
    if moved.is_empty() {
        return Ok(0);
    }
    let (keyring, now, folder) = (services.keyring.clone(), services.clock.now(), folder.to_owned());
    let places: Vec<(Uuid, i64)> = moved.iter().map(|(tenant, seq, ..)| (*tenant, *seq)).collect();
    let appended = tokio::task::spawn_blocking(move || append(&folder, &keyring, now, moved)).await;
    appended.map_err(|_| Error::internal())?.map_err(|error| {
        tracing::error!(%error, "the heads of the audit trail could not be kept outside the database");
        Error::internal()
    })?;
    known.extend(places.iter().copied());
    Ok(places.len())
}

fn append(
    folder: &Path,
    keyring: &Keyring,
    now: DateTime<Utc>,
    moved: Vec<(Uuid, i64, Vec<u8>, i64)>,
) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}.jsonl", now.format("%Y-%m")));
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(&path)?;
    // Two processes on one data folder take turns.
    file.lock()?;
    let mut previous = last_code(&file)?;
    let mut text = String::new();
    for (tenant, seq, head, changes) in moved {
        let key = keyring.current().to_owned();
        let mut anchor = Anchor { at: now, tenant, seq, changes, head, key, previous, code: Vec::new() };
        anchor.code = keyring.code(&anchor.key, &anchor.covered()).unwrap_or_default();
        text.push_str(&serde_json::to_string(&anchor)?);
        text.push('\n');
        previous = anchor.code;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Code of the last whole line.
fn last_code(file: &File) -> std::io::Result<Vec<u8>> {
    let mut last = Vec::new();
    for line in BufReader::new(file).lines() {
        if let Ok(anchor) = serde_json::from_str::<Anchor>(&line?) {
            last = anchor.code;
        }
    }
    Ok(last)
}

/// Writes anchors until told to stop, and once more at the end.
pub async fn run_forever(platform: Arc<Platform>, folder: PathBuf, mut stop: watch::Receiver<bool>) {
    let mut known = HashMap::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        if let Err(error) = write(&platform, &folder, &mut known).await {
            tracing::warn!(%error, "anchors of the audit trail were not written; trying again");
        }
        if *stop.borrow() {
            return;
        }
    }
}

/// What was read from a folder of anchors.
#[derive(Debug, Default)]
pub struct Anchors {
    pub by_tenant: HashMap<Uuid, Vec<Anchor>>,
    /// Lines that nobody with a key of ours has written, and places where lines are missing.
    pub faults: Vec<String>,
}

/// Reads every file. A folder that is not there holds none.
pub fn read(folder: &Path, keyring: &Keyring) -> std::io::Result<Anchors> {
    let mut anchors = Anchors::default();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(anchors),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut previous = Vec::new();
        for (place, line) in BufReader::new(File::open(&path)?).lines().enumerate() {
            let place = format!("{name}, line {}", place + 1);
            let Ok(anchor) = serde_json::from_str::<Anchor>(&line?) else {
                anchors.faults.push(format!("{place}: is no anchor"));
                continue;
            };
            match keyring.code(&anchor.key, &anchor.covered()) {
                None => anchors.faults.push(format!("{place}: the key {} is not among the keys", anchor.key)),
                Some(code) if code != anchor.code => anchors.faults.push(format!("{place}: was altered")),
                Some(_) if anchor.previous != previous => {
                    anchors.faults.push(format!("{place}: lines before it are missing"));
                }
                Some(_) => {}
            }
            previous.clone_from(&anchor.code);
            let genuine = keyring.code(&anchor.key, &anchor.covered()).is_some_and(|code| code == anchor.code);
            if genuine {
                anchors.by_tenant.entry(anchor.tenant).or_default().push(anchor);
            }
        }
    }
    Ok(anchors)
}

/// Compares the heads of a walk with those that were kept. Anchors of what was archived before the walk began are left to the archive.
pub fn compare(walk: &Walk, anchors: &[Anchor]) -> Vec<Fault> {
    let first = walk.heads.keys().min().copied().unwrap_or_default();
    let mut faults = Vec::new();
    for anchor in anchors.iter().filter(|anchor| anchor.seq >= first) {
        let what = match walk.heads.get(&anchor.seq) {
            None => "The chain ends before it, or lacks it",
            Some((head, changes)) if *head != anchor.head || *changes != anchor.changes => {
                "The chain was rewritten up to here"
            }
            Some(_) => continue,
        };
        let what = format!("{what}: the anchor of {} holds another head", anchor.at.format("%Y-%m-%d %H:%M:%S UTC"));
        faults.push(Fault { seq: Some(anchor.seq), change: None, what });
    }
    faults
}
