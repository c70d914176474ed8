//! What is hashed, and how: the digest of a change, the leaf that stands for it in the chain, the head after a seal.
//!
//! Every part goes in behind its length, so that no two lists of parts read alike, and every hash begins with what it is for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The head of a chain that has no seal yet.
pub const NO_HEAD: [u8; 32] = [0; 32];

/// A row of `changes`, as it is in the database and in files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub operation: String,
    pub entity: String,
    pub record_id: Option<Uuid>,
    pub actor_id: Option<Uuid>,
    pub cause_kind: String,
    pub cause_id: Option<Uuid>,
    pub request_id: Option<Uuid>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    #[serde(with = "hex::serde")]
    pub salt: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub digest: Vec<u8>,
    pub address: Option<String>,
    pub agent: Option<String>,
    pub session_id: Option<Uuid>,
    pub outcome: String,
    /// Who acted for the member, `impersonation` or `api_key`: no change from before the trail knew has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_id: Option<Uuid>,
    /// The number of the transaction that wrote it.
    pub xid: String,
}

/// Columns of [`Stored`]. A salt that is missing reads as an empty one: what was erased.
macro_rules! stored {
    () => {
        "c.tenant_id, c.id, c.at, c.operation, c.entity, c.record_id, c.actor_id, c.cause_kind, c.cause_id, c.request_id, c.before, c.after, \
         coalesce(c.salt, ''::bytea) as salt, c.digest, c.address, c.agent, c.session_id, c.outcome, c.through_kind, c.through_id, c.xid::text as xid"
    };
}
pub(crate) use stored;

struct Parts(Sha256);

impl Parts {
    fn new(purpose: &str) -> Self {
        let mut parts = Self(Sha256::new());
        parts.add(purpose.as_bytes());
        parts
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn id(&mut self, id: Option<&Uuid>) {
        self.add(id.map_or(&[][..], |id| id.as_bytes().as_slice()));
    }

    fn moment(&mut self, at: DateTime<Utc>) {
        // As far as the database keeps it.
        self.add(&at.timestamp_micros().to_be_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        // Nothing and an empty text are two things.
        self.add(text.map_or("-".to_owned(), |text| format!("={text}")).as_bytes());
    }

    /// Known since 0033, so it goes in behind all else and only where there is some: what was hashed without it reads as it did, and no list
    /// with these two parts is one without them.
    fn through(&mut self, kind: Option<&str>, id: Option<&Uuid>) {
        if kind.is_some() || id.is_some() {
            self.text(kind);
            self.id(id);
        }
    }

    fn end(self) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

/// JSON as one text, whoever wrote it: keys in order, whole numbers without a point. `jsonb` keeps neither order nor notation.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (place, (key, value)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(out, value);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (place, value) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(out, value);
            }
            out.push(']');
        }
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 => {
                let text = format!("{whole:.0}");
                out.push_str(if text == "-0" { "0" } else { &text });
            }
            _ => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

/// SHA-256 over the salt and everything that the writer knew: what must not be altered unnoticed. The chain covers digests, so that erasing a
/// payload with its salt leaves the chain whole and nobody able to guess at it.
pub fn digest(row: &Stored) -> Vec<u8> {
    let mut parts = Parts::new("nexus change 2");
    parts.add(&row.salt);
    parts.id(Some(&row.tenant_id));
    parts.id(Some(&row.id));
    parts.moment(row.at);
    parts.text(Some(&row.operation));
    parts.text(Some(&row.entity));
    parts.id(row.record_id.as_ref());
    parts.id(row.actor_id.as_ref());
    parts.text(Some(&row.cause_kind));
    parts.id(row.cause_id.as_ref());
    parts.id(row.request_id.as_ref());
    parts.text(row.before.as_ref().map(canonical).as_deref());
    parts.text(row.after.as_ref().map(canonical).as_deref());
    parts.text(row.address.as_deref());
    parts.text(row.agent.as_deref());
    parts.id(row.session_id.as_ref());
    parts.text(Some(&row.outcome));
    parts.through(row.through_kind.as_deref(), row.through_id.as_ref());
    parts.end()
}

/// The digest of rows from before the trail knew addresses.
fn first_digest(row: &Stored) -> Vec<u8> {
    let text = |side: Option<&Value>| side.map(Value::to_string).unwrap_or_default();
    let mut parts = Parts(Sha256::new());
    parts.add(&row.salt);
    parts.id(Some(&row.tenant_id));
    parts.id(Some(&row.id));
    parts.add(row.operation.as_bytes());
    parts.add(row.entity.as_bytes());
    parts.id(row.record_id.as_ref());
    parts.id(row.actor_id.as_ref());
    parts.add(text(row.before.as_ref()).as_bytes());
    parts.add(text(row.after.as_ref()).as_bytes());
    parts.end()
}

/// What the chain holds of a change. All of it stays when the change's content is erased.
#[derive(Debug, Clone, FromRow)]
pub struct Leaf {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub operation: String,
    pub entity: String,
    pub record_id: Option<Uuid>,
    pub actor_id: Option<Uuid>,
    pub cause_kind: String,
    pub cause_id: Option<Uuid>,
    pub request_id: Option<Uuid>,
    pub digest: Vec<u8>,
    pub session_id: Option<Uuid>,
    pub outcome: String,
    pub through_kind: Option<String>,
    pub through_id: Option<Uuid>,
    pub xid: String,
}

impl Leaf {
    pub fn hash(&self) -> Vec<u8> {
        let mut parts = Parts::new("nexus leaf 1");
        parts.add(&self.digest);
        parts.id(Some(&self.tenant_id));
        parts.id(Some(&self.id));
        parts.moment(self.at);
        parts.text(Some(&self.operation));
        parts.text(Some(&self.entity));
        parts.id(self.record_id.as_ref());
        parts.id(self.actor_id.as_ref());
        parts.text(Some(&self.cause_kind));
        parts.id(self.cause_id.as_ref());
        parts.id(self.request_id.as_ref());
        parts.id(self.session_id.as_ref());
        parts.text(Some(&self.outcome));
        parts.text(Some(&self.xid));
        parts.through(self.through_kind.as_deref(), self.through_id.as_ref());
        parts.end()
    }
}

impl From<&Stored> for Leaf {
    fn from(row: &Stored) -> Self {
        Self {
            tenant_id: row.tenant_id,
            id: row.id,
            at: row.at,
            operation: row.operation.clone(),
            entity: row.entity.clone(),
            record_id: row.record_id,
            actor_id: row.actor_id,
            cause_kind: row.cause_kind.clone(),
            cause_id: row.cause_id,
            request_id: row.request_id,
            digest: row.digest.clone(),
            session_id: row.session_id,
            outcome: row.outcome.clone(),
            through_kind: row.through_kind.clone(),
            through_id: row.through_id,
            xid: row.xid.clone(),
        }
    }
}

/// One link of the chain: changes in their order, and the head after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Seal {
    pub seq: i64,
    pub sealed_at: DateTime<Utc>,
    pub changes: Vec<Uuid>,
    #[serde(with = "hex::serde")]
    pub head: Vec<u8>,
}

pub fn head(tenant: Uuid, seq: i64, previous: &[u8], sealed_at: DateTime<Utc>, leaves: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = Parts::new("nexus seal 1");
    parts.id(Some(&tenant));
    parts.add(&seq.to_be_bytes());
    parts.add(previous);
    parts.moment(sealed_at);
    parts.add(&(leaves.len() as u64).to_be_bytes());
    for leaf in leaves {
        parts.add(leaf);
    }
    parts.end()
}

/// Where a chain stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct Place {
    pub seq: i64,
    #[serde(with = "hex::serde")]
    pub head: Vec<u8>,
    /// Changes up to here.
    pub changes: i64,
}

impl Place {
    pub fn start() -> Self {
        Self { seq: 0, head: NO_HEAD.to_vec(), changes: 0 }
    }
}

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// The seal where it shows.
    pub seq: Option<i64>,
    pub change: Option<Uuid>,
    pub what: String,
}

/// A walk along one chain, from wherever its links come.
#[derive(Debug)]
pub struct Walk {
    tenant: Uuid,
    pub place: Place,
    /// Heads by seal, for comparing with what is kept elsewhere.
    pub heads: HashMap<i64, (Vec<u8>, i64)>,
    pub sealed: HashSet<Uuid>,
    pub faults: Vec<Fault>,
    erased: Vec<(i64, Uuid)>,
    erasures: HashSet<Uuid>,
    last_at: Option<DateTime<Utc>>,
}

/// The operation whose changes name what was erased.
pub const ERASURE: &str = "audit.erase";

impl Walk {
    pub fn from(tenant: Uuid, place: Place) -> Self {
        let heads = HashMap::from([(place.seq, (place.head.clone(), place.changes))]);
        Self {
            tenant,
            place,
            heads,
            sealed: HashSet::new(),
            faults: Vec::new(),
            erased: Vec::new(),
            erasures: HashSet::new(),
            last_at: None,
        }
    }

    pub const fn tenant(&self) -> Uuid {
        self.tenant
    }

    pub fn fault(&mut self, seq: Option<i64>, change: Option<Uuid>, what: impl Into<String>) {
        self.faults.push(Fault { seq, change, what: what.into() });
    }

    /// The next link, with those of its changes that are there. After a fault it goes on from what the link itself says, so that each fault is
    /// told once.
    pub fn link(&mut self, seal: &Seal, rows: &HashMap<Uuid, Stored>) {
        let whole = seal.seq == self.place.seq + 1;
        if !whole {
            self.fault(Some(self.place.seq + 1), None, format!("Seals are missing before number {}", seal.seq));
        }
        if self.last_at.is_some_and(|last| seal.sealed_at < last) {
            self.fault(Some(seal.seq), None, "The seal is older than the one before it");
        }
        let (mut leaves, before) = (Vec::with_capacity(seal.changes.len()), self.faults.len());
        for id in &seal.changes {
            if !self.sealed.insert(*id) {
                self.fault(Some(seal.seq), Some(*id), "The change is in the chain twice");
            }
            match rows.get(id) {
                None => self.fault(Some(seal.seq), Some(*id), "The change was removed, or moved to another workspace"),
                Some(row) => {
                    self.content(seal.seq, row);
                    leaves.push(Leaf::from(row).hash());
                }
            }
        }
        let told = self.faults.len() > before;
        let computed = head(self.tenant, seal.seq, &self.place.head, seal.sealed_at, &leaves);
        if whole && !told && computed != seal.head {
            self.fault(Some(seal.seq), None, "The seal does not fit its changes, or those before it");
        }
        self.place = Place {
            seq: seal.seq,
            head: seal.head.clone(),
            changes: self.place.changes + i64::try_from(seal.changes.len()).unwrap_or(i64::MAX),
        };
        self.heads.insert(seal.seq, (self.place.head.clone(), self.place.changes));
        self.last_at = Some(seal.sealed_at);
    }

    fn content(&mut self, seq: i64, row: &Stored) {
        if row.operation == ERASURE {
            self.erasures.extend(row.record_id);
        }
        let empty = row.before.is_none() && row.after.is_none() && row.address.is_none() && row.agent.is_none();
        if row.salt.is_empty() && empty {
            self.erased.push((seq, row.id));
        } else if digest(row) != row.digest && first_digest(row) != row.digest {
            self.fault(Some(seq), Some(row.id), "The change was altered after it was written");
        }
    }

    /// At the end of the chain: what was erased has to be told of by a change of its own.
    pub fn end(&mut self) {
        for (seq, id) in std::mem::take(&mut self.erased) {
            if !self.erasures.contains(&id) {
                self.fault(Some(seq), Some(id), "The change was emptied, and no erasure tells of it");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaf, Stored, canonical, digest};
    use chrono::DateTime;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn row() -> Stored {
        let id = |number| Some(Uuid::from_u128(number));
        Stored {
            tenant_id: Uuid::from_u128(1),
            id: Uuid::from_u128(2),
            at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            operation: "records.update".to_owned(),
            entity: "lead".to_owned(),
            record_id: None,
            actor_id: id(3),
            cause_kind: "merge".to_owned(),
            cause_id: id(4),
            request_id: None,
            before: None,
            after: Some(json!({ "name": "A" })),
            salt: vec![7; 16],
            digest: Vec::new(),
            address: None,
            agent: None,
            session_id: None,
            outcome: "done".to_owned(),
            through_kind: None,
            through_id: None,
            xid: "5".to_owned(),
        }
    }

    /// Digest and leaf of a row, as text.
    fn hashes(mut row: Stored) -> (String, String) {
        row.digest = digest(&row);
        (hex::encode(&row.digest), hex::encode(Leaf::from(&row).hash()))
    }

    #[test]
    fn rows_from_before_who_acted_was_kept_have_the_hashes_that_they_had() {
        let (digest, leaf) = hashes(row());
        assert_eq!(digest, "ecd5f66e428b72828795425ee2b3e4542e60939539528b191694777009067e25");
        assert_eq!(leaf, "beca41f38686994eeb23f0b3cb72ee5e8a670c2d5c996313120182f4410569d7");
        // Nor does their line in a file change.
        let line = serde_json::to_value(row()).unwrap();
        assert!(line.get("throughKind").is_none() && line.get("throughId").is_none(), "{line}");
        assert_eq!(serde_json::from_value::<Stored>(line).unwrap(), row());
    }

    #[test]
    fn who_acted_is_bound_to_digest_and_leaf() {
        let by = |kind: &str, id| Stored {
            through_kind: Some(kind.to_owned()),
            through_id: Some(Uuid::from_u128(id)),
            ..row()
        };
        let (digest, leaf) = hashes(by("impersonation", 5));
        assert_eq!(digest, "86fc606ce58876416713072a9d8ce8c40e0fca5f23028e3b687d2bf081a77004");
        assert_eq!(leaf, "a55271b22d0f1ef5e76c4265a0dec7e7ab64b0edb6ba6393b165301fa11bd3fa");
        for other in [row(), by("api_key", 5), by("impersonation", 6)] {
            let told = hashes(other);
            assert!(told.0 != digest && told.1 != leaf, "{told:?}");
        }
        // Where the content was erased, the digest stays and the leaf alone tells.
        let kept = Leaf::from(&Stored { digest: vec![1], ..by("impersonation", 5) }).hash();
        assert_ne!(kept, Leaf::from(&Stored { digest: vec![1], ..row() }).hash());
    }

    #[test]
    fn json_reads_alike_whoever_wrote_it() {
        let written = json!({ "b": 5.0, "a": [1e16, -0.0, 0.5, "\u{1b}[31m\r\n"], "c": { "z": null, "y": true } });
        // As `jsonb` gives it back.
        let stored: Value = serde_json::from_str(
            r#"{"a": [10000000000000000, 0.0, 0.5, "\u001b[31m\r\n"], "b": 5.0, "c": {"y": true, "z": null}}"#,
        )
        .unwrap();
        assert_eq!(canonical(&written), canonical(&stored));
        assert_eq!(canonical(&json!(5)), canonical(&json!(5.0)));
        assert_ne!(canonical(&json!({ "a": 1 })), canonical(&json!({ "a": "1" })));
        assert_eq!(canonical(&json!(-10.0)), "-10");
    }
}
