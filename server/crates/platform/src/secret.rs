//! Secrets at rest: sealed with a key of the workspace, which is itself sealed with a key that the database never sees.
//!
//! XChaCha20-Poly1305 with a random nonce. What is sealed is bound to its place (tenant, table, column, row): a ciphertext that is copied to
//! another row or workspace does not open. The outer keys come from the settings, several at a time: the first seals, all of them open, and
//! [`rotate`] moves a workspace to the first one, so that an old key can be retired while the server runs.

use crate::db::db_error;
use crate::random::Random;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::{Error, Result, TenantId};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sqlx::PgConnection;
use std::fmt;
use uuid::Uuid;
use words::t;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// A value that no log and no error prints. [`Secret::expose`] is the one way to it, easy to search for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    pub const fn expose(&self) -> &T {
        &self.0
    }

    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// The outer keys.
pub struct Keyring {
    /// The first one seals. Never empty.
    keys: Vec<(String, XChaCha20Poly1305)>,
    /// Derived from each of them, for codes that only this server can make.
    codes: Vec<(String, Hmac<Sha256>)>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error(
        "NEXUS_ENCRYPTION_KEYS holds no key. Give at least one as id:base64, for example the output of `echo k1:$(openssl rand -base64 32)`"
    )]
    Empty,
    #[error(
        "key number {0} of NEXUS_ENCRYPTION_KEYS is not of the form id:base64, with an id of letters, digits, - and _"
    )]
    Form(usize),
    #[error("the key {0} of NEXUS_ENCRYPTION_KEYS is not 32 bytes in base64")]
    Length(String),
    #[error("the key {0} is twice in NEXUS_ENCRYPTION_KEYS")]
    Twice(String),
}

impl Keyring {
    /// Reads `id:base64key,id:base64key,...`.
    pub fn parse(setting: &str) -> Result<Self, KeyringError> {
        let mut keys: Vec<(String, XChaCha20Poly1305)> = Vec::new();
        let mut codes = Vec::new();
        for (place, entry) in setting.split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
            let (id, key) = entry.split_once(':').ok_or(KeyringError::Form(place + 1))?;
            let fits =
                !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if !fits {
                return Err(KeyringError::Form(place + 1));
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(KeyringError::Twice(id.to_owned()));
            }
            let bytes = decode(key).ok_or_else(|| KeyringError::Length(id.to_owned()))?;
            let (cipher, code) =
                cipher(&bytes).zip(code_key(&bytes)).ok_or_else(|| KeyringError::Length(id.to_owned()))?;
            keys.push((id.to_owned(), cipher));
            codes.push((id.to_owned(), code));
        }
        if keys.is_empty() { Err(KeyringError::Empty) } else { Ok(Self { keys, codes }) }
    }

    /// A new key in the form that [`Keyring::parse`] reads, for the key file that a first start makes.
    pub fn generate(id: &str, random: &dyn Random) -> Secret<String> {
        let mut key = [0; KEY_BYTES];
        random.fill(&mut key);
        Secret(format!("{id}:{}", STANDARD.encode(key)))
    }

    /// Name of the key that seals now.
    pub fn current(&self) -> &str {
        self.keys.first().map_or("", |(id, _)| id)
    }

    /// Seals what belongs to no workspace, such as a person's second factor: with the outer key itself, bound to its place.
    pub fn seal_at(&self, at: (&str, &str, Uuid), plain: &[u8], random: &dyn Random) -> Result<(String, Vec<u8>)> {
        self.seal(&place(TenantId(Uuid::nil()), at.0, at.1, at.2), plain, random)
    }

    /// Opens what [`Keyring::seal_at`] sealed with the key of this id.
    pub fn open_at(&self, id: &str, at: (&str, &str, Uuid), sealed: &[u8]) -> Result<Secret<Vec<u8>>> {
        self.open(id, &place(TenantId(Uuid::nil()), at.0, at.1, at.2), sealed)
    }

    /// HMAC-SHA-256 over a message, by the key of that name; `None` where there is none.
    pub fn code(&self, id: &str, message: &[u8]) -> Option<Vec<u8>> {
        let (_, key) = self.codes.iter().find(|(known, _)| known == id)?;
        Some(key.clone().chain_update(message).finalize().into_bytes().to_vec())
    }

    fn seal(&self, aad: &[u8], plain: &[u8], random: &dyn Random) -> Result<(String, Vec<u8>)> {
        let (id, key) = self.keys.first().ok_or_else(Error::internal)?;
        Ok((id.clone(), seal(key, aad, plain, random)?))
    }

    fn open(&self, id: &str, aad: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>> {
        let Some((_, key)) = self.keys.iter().find(|(known, _)| known == id) else {
            tracing::error!(
                key = id,
                "a workspace's key is sealed with a key that NEXUS_ENCRYPTION_KEYS does not hold (any more)"
            );
            return Err(Error::internal());
        };
        open(key, aad, sealed)
    }
}

fn decode(key: &str) -> Option<Vec<u8>> {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|alphabet| alphabet.decode(key.trim()).ok())
}

/// A key of its own for codes: what seals must serve nothing else.
fn code_key(key: &[u8]) -> Option<Hmac<Sha256>> {
    let derived = Hmac::<Sha256>::new_from_slice(key).ok()?.chain_update(b"nexus codes 1").finalize().into_bytes();
    Hmac::new_from_slice(&derived).ok()
}

fn cipher(key: &[u8]) -> Option<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key).ok()
}

/// Nonce, then ciphertext with its tag.
fn seal(key: &XChaCha20Poly1305, aad: &[u8], msg: &[u8], random: &dyn Random) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce);
    let sealed = key.encrypt(&XNonce::from(nonce), Payload { msg, aad }).map_err(|_| Error::internal())?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &XChaCha20Poly1305, aad: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>> {
    let opened = sealed.split_at_checked(NONCE_BYTES).and_then(|(nonce, msg)| {
        let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).ok()?;
        key.decrypt(&XNonce::from(nonce), Payload { msg, aad }).ok()
    });
    opened.map(Secret).ok_or_else(|| {
        tracing::error!(
            "a sealed value does not open: it was changed, moved to another place, or its key is another one"
        );
        Error::internal()
    })
}

/// Where a sealed value lives. Each part goes in with its length, so that no two places read alike.
fn place(tenant: TenantId, table: &str, column: &str, row: Uuid) -> Vec<u8> {
    let parts = [tenant.0.as_bytes().as_slice(), table.as_bytes(), column.as_bytes(), row.as_bytes()];
    let mut aad = Vec::with_capacity(80);
    for part in parts {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part);
    }
    aad
}

/// A secret with the key it is sealed with: id and ciphertext, then the key's id, outer key and ciphertext.
type Stored = (Uuid, Vec<u8>, Uuid, String, Vec<u8>);

/// Secrets of one workspace, over a transaction that is set to it.
pub struct Vault<'a> {
    pub tenant: TenantId,
    pub keyring: &'a Keyring,
    pub random: &'a dyn Random,
}

impl Vault<'_> {
    /// Stores a secret under a name, over one of the same name. `new_id` is used where there was none.
    pub async fn put(
        &self,
        conn: &mut PgConnection,
        name: &str,
        value: &Secret<Vec<u8>>,
        new_id: Uuid,
    ) -> Result<Uuid> {
        // Who finds no row makes one; where somebody else was faster, theirs is found on the second turn.
        for _ in 0..2 {
            let known: Option<(Uuid,)> =
                sqlx::query_as("select id from secrets where tenant_id = $1 and name = $2 for update")
                    .bind(self.tenant.0)
                    .bind(name)
                    .fetch_optional(&mut *conn)
                    .await
                    .map_err(db_error)?;
            let id = known.map_or(new_id, |(id,)| id);
            let (key_id, key) = self.key(conn).await?;
            let sealed = seal(&key, &place(self.tenant, "secrets", "sealed", id), value.expose(), self.random)?;
            let written = sqlx::query(
                "insert into secrets (tenant_id, id, name, key_id, sealed) values ($1, $2, $3, $4, $5)
                 on conflict (tenant_id, name) do update set key_id = $4, sealed = $5, updated_at = now() where secrets.id = $2",
            )
            .bind(self.tenant.0)
            .bind(id)
            .bind(name)
            .bind(key_id)
            .bind(sealed)
            .execute(&mut *conn)
            .await
            .map_err(db_error)?;
            if written.rows_affected() == 1 {
                return Ok(id);
            }
        }
        Err(Error::conflict(t!("Somebody else was storing the same secret. Nothing was saved; try again")))
    }

    pub async fn get(&self, conn: &mut PgConnection, name: &str) -> Result<Option<Secret<Vec<u8>>>> {
        let found: Option<Stored> = sqlx::query_as(
            "select s.id, s.sealed, k.id, k.sealed_by, k.sealed from secrets s
             join tenant_keys k on k.tenant_id = s.tenant_id and k.id = s.key_id where s.tenant_id = $1 and s.name = $2",
        )
        .bind(self.tenant.0)
        .bind(name)
        .fetch_optional(conn)
        .await
        .map_err(db_error)?;
        let Some((id, sealed, key_id, sealed_by, sealed_key)) = found else { return Ok(None) };
        let key = self.open_key(key_id, &sealed_by, &sealed_key)?;
        open(&key, &place(self.tenant, "secrets", "sealed", id), &sealed).map(Some)
    }

    /// Whether there was one.
    pub async fn delete(&self, conn: &mut PgConnection, name: &str) -> Result<bool> {
        let gone = sqlx::query("delete from secrets where tenant_id = $1 and name = $2")
            .bind(self.tenant.0)
            .bind(name)
            .execute(conn);
        Ok(gone.await.map_err(db_error)?.rows_affected() > 0)
    }

    /// Seals the workspace's keys anew with the first outer key. Secrets stay as they are. Returns how many keys moved.
    pub async fn rotate(&self, conn: &mut PgConnection) -> Result<u64> {
        let old: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(
            "select id, sealed_by, sealed from tenant_keys where tenant_id = $1 and sealed_by <> $2 for update",
        )
        .bind(self.tenant.0)
        .bind(self.keyring.current())
        .fetch_all(&mut *conn)
        .await
        .map_err(db_error)?;
        let mut moved = 0;
        for (id, sealed_by, sealed) in old {
            let aad = place(self.tenant, "tenant_keys", "sealed", id);
            let key = self.keyring.open(&sealed_by, &aad, &sealed)?;
            let (sealed_by, sealed) = self.keyring.seal(&aad, key.expose(), self.random)?;
            let update = "update tenant_keys set sealed_by = $3, sealed = $4 where tenant_id = $1 and id = $2";
            let done =
                sqlx::query(update).bind(self.tenant.0).bind(id).bind(sealed_by).bind(sealed).execute(&mut *conn);
            moved += done.await.map_err(db_error)?.rows_affected();
        }
        Ok(moved)
    }

    /// The workspace's newest key, made where there is none yet. Two at once make two; each secret names the one it is sealed with.
    async fn key(&self, conn: &mut PgConnection) -> Result<(Uuid, XChaCha20Poly1305)> {
        let newest = "select id, sealed_by, sealed from tenant_keys where tenant_id = $1 order by created_at desc, id desc limit 1";
        let found: Option<(Uuid, String, Vec<u8>)> =
            sqlx::query_as(newest).bind(self.tenant.0).fetch_optional(&mut *conn).await.map_err(db_error)?;
        if let Some((id, sealed_by, sealed)) = found {
            return Ok((id, self.open_key(id, &sealed_by, &sealed)?));
        }
        let (mut raw, mut id) = ([0; KEY_BYTES], [0; 16]);
        self.random.fill(&mut raw);
        self.random.fill(&mut id);
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        let (sealed_by, sealed) =
            self.keyring.seal(&place(self.tenant, "tenant_keys", "sealed", id), &raw, self.random)?;
        sqlx::query("insert into tenant_keys (tenant_id, id, sealed_by, sealed) values ($1, $2, $3, $4)")
            .bind(self.tenant.0)
            .bind(id)
            .bind(sealed_by)
            .bind(sealed)
            .execute(conn)
            .await
            .map_err(db_error)?;
        Ok((id, cipher(&raw).ok_or_else(Error::internal)?))
    }

    fn open_key(&self, id: Uuid, sealed_by: &str, sealed: &[u8]) -> Result<XChaCha20Poly1305> {
        let raw = self.keyring.open(sealed_by, &place(self.tenant, "tenant_keys", "sealed", id), sealed)?;
        cipher(raw.expose()).ok_or_else(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{SeededRandom, SystemRandom};

    fn keyring(seed: u64) -> Keyring {
        Keyring::parse(Keyring::generate("k1", &SeededRandom::new(seed)).expose()).unwrap()
    }

    #[test]
    fn the_setting_is_read_or_refused_in_words() {
        let (first, second) = (Keyring::generate("a", &SystemRandom), Keyring::generate("b", &SystemRandom));
        let both = format!("{},{}", first.expose(), second.expose());
        assert_eq!(Keyring::parse(&both).unwrap().current(), "a");
        assert_eq!(Keyring::parse(" ").unwrap_err(), KeyringError::Empty);
        assert_eq!(Keyring::parse("nokey").unwrap_err(), KeyringError::Form(1));
        assert_eq!(Keyring::parse("a b:xx").unwrap_err(), KeyringError::Form(1));
        assert_eq!(Keyring::parse("a:AAAA").unwrap_err(), KeyringError::Length("a".into()));
        assert_eq!(Keyring::parse(&format!("{0},{0}", first.expose())).unwrap_err(), KeyringError::Twice("a".into()));
    }

    #[test]
    fn nothing_prints_a_secret() {
        let ring = keyring(1);
        let printed = format!("{:?} {} {ring:?}", Secret::new("hunter2"), Secret::new("hunter2"));
        assert_eq!(printed, r#"(secret) (secret) ["k1"]"#);
    }

    #[test]
    fn opens_only_where_it_was_sealed() {
        let ring = keyring(1);
        let (tenant, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let row = Uuid::from_u128(3);
        let home = place(tenant, "secrets", "sealed", row);
        let (id, sealed) = ring.seal(&home, b"hunter2", &SystemRandom).unwrap();
        assert_eq!(ring.open(&id, &home, &sealed).unwrap().expose(), b"hunter2");
        for elsewhere in [
            place(other, "secrets", "sealed", row),
            place(tenant, "secret", "ssealed", row),
            place(tenant, "secrets", "other", row),
            place(tenant, "secrets", "sealed", Uuid::from_u128(4)),
        ] {
            assert!(ring.open(&id, &elsewhere, &sealed).is_err());
        }
        assert!(keyring(2).open(&id, &home, &sealed).is_err());
        for place in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[place] ^= 1;
            assert!(ring.open(&id, &home, &bent).is_err());
        }
        assert!(ring.open(&id, &home, &[]).is_err());
    }
}
