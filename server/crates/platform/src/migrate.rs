//! Migrations: embedded, run as the owner under a lock, so that any number of processes may start at once.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::str::FromStr;

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations");

/// Brings the schema up to date and makes partitions for the year to come. Answers how many migrations were new.
pub async fn migrate(owner_url: &str) -> Result<usize, sqlx::migrate::MigrateError> {
    // A whole migration that took more than a second would be in the log, as a slow statement.
    let options = PgConnectOptions::from_str(owner_url)?.disable_statement_logging();
    let mut connection = PgConnection::connect_with(&options).await?;
    let before = applied(&mut connection).await;
    MIGRATIONS.run(&mut connection).await?;
    sqlx::query("call ensure_partitions(12)").execute(&mut connection).await?;
    let new = MIGRATIONS.iter().count().saturating_sub(before);
    connection.close().await?;
    Ok(new)
}

/// Whether the schema is the one that this build was made for.
pub async fn is_current(connection: &mut PgConnection) -> bool {
    applied(connection).await >= MIGRATIONS.iter().count()
}

async fn applied(connection: &mut PgConnection) -> usize {
    let count =
        sqlx::query_scalar::<_, i64>("select count(*) from _sqlx_migrations where success").fetch_one(connection).await;
    count.ok().and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

/// A mark of the embedded migrations: databases made from other ones must not be reused.
pub fn fingerprint() -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for migration in MIGRATIONS.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(migration.checksum.as_ref());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
