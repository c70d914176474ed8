//! What the database keeps of secrets, column by column, and moving what is sealed to the newest key while the server runs.
//!
//! [`COLUMNS`] is the one list: tests/it/secrets.rs asks PostgreSQL's catalogue for every column that looks as if it held a secret, and fails
//! on the first one that is not on it. [`rotate`] goes through everything that names an outer key. Each row is written by itself, and only as
//! long as it is the one that was read, so whoever signs in, sets something up or stores a secret meanwhile never waits and loses nothing.

use crate::db::{Pools, TenantTx, TxMode, db_error};
use crate::random::Random;
use crate::secret::{Keyring, Vault};
use domain::{Result, TenantId};
use sqlx::PgPool;
use uuid::Uuid;

/// How a column keeps a secret, or why it holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// XChaCha20-Poly1305, bound to tenant, table, column and row. An outer key seals it, and `sealed_by` of the row names that key.
    Sealed,
    /// The same, by a key of the workspace that `tenant_keys` keeps, itself sealed.
    SealedByWorkspace,
    /// SHA-256 of at least 120 random bits, or with a salt: nobody finds what it was made of.
    Hashed,
    /// Argon2id, for what people choose themselves.
    Password,
    /// Looks like a secret and is none.
    Open(&'static str),
}

use Kept::{Hashed, Open, Password, Sealed, SealedByWorkspace};

pub const COLUMNS: &[(&str, &str, Kept)] = &[
    ("tenant_keys", "sealed", Sealed),
    ("tenant_keys", "sealed_by", Open("name of the key")),
    ("secrets", "sealed", SealedByWorkspace),
    ("second_factors", "sealed", Sealed),
    ("second_factors", "sealed_by", Open("name of the key")),
    ("second_factor_setups", "sealed", Sealed),
    ("second_factor_setups", "sealed_by", Open("name of the key")),
    ("recovery_codes", "hash", Hashed),
    ("half_sign_ins", "key", Hashed),
    ("oidc_returns", "key", Hashed),
    ("sessions", "key", Hashed),
    ("staff_sessions", "key", Hashed),
    ("known_devices", "key", Hashed),
    ("invitations", "key", Hashed),
    ("api_keys", "hash", Hashed),
    ("tokens", "hash", Hashed),
    ("staff_tokens", "hash", Hashed),
    ("sign_ups", "key", Hashed),
    // Six digits are soon tried. They are good for minutes and a few tries, and go with the sign-up.
    ("sign_ups", "code", Hashed),
    ("account_links", "key", Hashed),
    ("account_links", "state", Hashed),
    ("user_credentials", "password_hash", Password),
    ("staff_credentials", "password_hash", Password),
    ("sign_ups", "password_hash", Password),
    ("changes", "digest", Open("shows that an entry is as it was")),
    ("files", "sha256", Open("shows that a file is as it was brought")),
    ("changes", "salt", Open("hides what a digest was made of, and is erased with it")),
    ("change_seals", "head", Open("of the chain of the audit trail")),
    ("change_heads", "head", Open("of the chain of the audit trail")),
    ("change_archives", "head", Open("of the chain of the audit trail")),
    ("change_archives", "file_hash", Open("of a file that was moved out")),
    ("change_archives", "code", Open("made with a key that the database never sees; shows nothing of it")),
    ("idempotency_keys", "body_hash", Open("of a request, for a day")),
    ("idempotency_keys", "rights", Open("of what a member might do at a request, for a day")),
    ("sign_in_attempts", "subject", Open("hash of whom somebody tried to be")),
    ("import_chunks", "content", Open("rows of an upload, as the records that they become")),
    ("_sqlx_migrations", "checksum", Open("of a migration's text")),
];

/// Tables with a key's name beside what it seals, counted by that key.
const BY_KEY: &str = "\
select sealed_by, count(*) from (
    select sealed_by from tenant_keys union all select sealed_by from second_factors union all select sealed_by from second_factor_setups) s
group by sealed_by order by sealed_by";

/// Rows by the key that seals them.
pub async fn by_key(platform: &PgPool) -> Result<Vec<(String, i64)>> {
    sqlx::query_as(BY_KEY).fetch_all(platform).await.map_err(db_error)
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    pub workspace_keys: u64,
    pub second_factors: u64,
    /// Of those, the ones that could not be opened; the log says which.
    pub stuck: u64,
}

/// Goes through everything that another key than the first one seals, `batch` rows at a time. Again finds what others have sealed meanwhile.
pub async fn rotate(pools: &Pools, keyring: &Keyring, random: &dyn Random, batch: i64) -> Result<Rotated> {
    let mut done = Rotated::default();
    workspaces(pools, keyring, random, batch, &mut done).await?;
    for table in [&SECOND_FACTORS, &SETUPS] {
        factors(&pools.platform, keyring, random, batch, table, &mut done).await?;
    }
    Ok(done)
}

async fn workspaces(
    pools: &Pools,
    keyring: &Keyring,
    random: &dyn Random,
    batch: i64,
    done: &mut Rotated,
) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let tenants: Vec<Uuid> = sqlx::query_scalar(
            "select distinct tenant_id from tenant_keys where sealed_by <> $1 and tenant_id > $2 order by tenant_id limit $3",
        )
        .bind(keyring.current())
        .bind(after)
        .bind(batch)
        .fetch_all(&pools.platform)
        .await
        .map_err(db_error)?;
        let Some(last) = tenants.last().copied() else { return Ok(()) };
        after = last;
        for tenant in tenants {
            let mut tx = TenantTx::begin(&pools.app, TenantId(tenant), TxMode::ReadWrite).await.map_err(db_error)?;
            let vault = Vault { tenant: TenantId(tenant), keyring, random };
            match vault.rotate(tx.conn()).await {
                Ok(moved) => {
                    tx.commit().await.map_err(db_error)?;
                    done.workspace_keys += moved;
                }
                Err(error) => {
                    tracing::error!(%tenant, %error, "the keys of a workspace stay as they are");
                    done.stuck += 1;
                }
            }
        }
    }
}

/// A table of seeds: what it is called where it is sealed, and its two statements.
struct Seeds {
    name: &'static str,
    find: &'static str,
    write: &'static str,
}

const SECOND_FACTORS: Seeds = Seeds {
    name: "second_factors",
    find: "select owner, sealed_by, sealed from second_factors where sealed_by <> $1 and owner > $2 order by owner limit $3",
    write: "update second_factors set sealed_by = $3, sealed = $4 where owner = $1 and sealed = $2",
};
const SETUPS: Seeds = Seeds {
    name: "second_factor_setups",
    find: "select owner, sealed_by, sealed from second_factor_setups where sealed_by <> $1 and owner > $2 order by owner limit $3",
    write: "update second_factor_setups set sealed_by = $3, sealed = $4 where owner = $1 and sealed = $2",
};

async fn factors(
    pool: &PgPool,
    keyring: &Keyring,
    random: &dyn Random,
    batch: i64,
    table: &Seeds,
    done: &mut Rotated,
) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let old: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(table.find)
            .bind(keyring.current())
            .bind(after)
            .bind(batch)
            .fetch_all(pool)
            .await
            .map_err(db_error)?;
        let Some((last, ..)) = old.last() else { return Ok(()) };
        after = *last;
        for (owner, sealed_by, sealed) in old {
            let place = (table.name, "sealed", owner);
            let Ok(seed) = keyring.open_at(&sealed_by, place, &sealed) else {
                tracing::error!(%owner, table = table.name, "a second factor stays as it is");
                done.stuck += 1;
                continue;
            };
            let (by, fresh) = keyring.seal_at(place, seed.expose(), random)?;
            let written = sqlx::query(table.write).bind(owner).bind(sealed).bind(by).bind(fresh).execute(pool);
            done.second_factors += written.await.map_err(db_error)?.rows_affected();
        }
    }
}
