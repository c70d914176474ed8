//! What is inside the cluster: the roles, the database and the URLs that lead to it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

/// The superuser of the private cluster. Only ever used to make roles and databases.
pub(crate) const ADMIN: &str = "nexus_admin";
/// The database that Nexus lives in.
pub const DATABASE: &str = "nexus";
/// The statements that make the roles; an operator runs the same file with psql on a database of their own.
pub const ROLES_SQL: &str = include_str!("../../../../scripts/roles.sql");

/// Connection URLs of one database, one for each role.
#[derive(Debug, Clone)]
pub struct Urls {
    /// Serves tenants under row security (`DATABASE_URL`).
    pub app: String,
    /// Owns the schema and migrates (`DATABASE_OWNER_URL`).
    pub owner: String,
    /// Reads across tenants for the admin realm and claims jobs (`DATABASE_PLATFORM_URL`).
    pub platform: String,
    /// Reads one tenant, for assistants.
    pub ai: String,
    /// The superuser, for tests that make databases and look into the catalogue.
    pub admin: String,
}

impl Urls {
    pub(crate) fn new(socket: &Path, database: &str) -> Self {
        let url = |role: &str| {
            format!("postgres://{role}@{}/{}?sslmode=disable", encode(&socket.to_string_lossy()), encode(database))
        };
        Self {
            app: url("nexus_app"),
            owner: url("nexus_owner"),
            platform: url("nexus_platform"),
            ai: url("nexus_ai"),
            admin: url(ADMIN),
        }
    }
}

/// Percent-encodes everything but letters, digits, `-`, `_` and `.`, as a URL's host and path need.
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

pub(crate) async fn connect(socket: &Path, database: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(5432)
        .username(ADMIN)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
        .disable_statement_logging()
        .connect()
        .await
}

/// Makes the database unless it is there, then the roles and rights in it. Harmless to repeat.
pub(crate) async fn prepare(socket: &Path, database: &str) -> Result<()> {
    check_name(database)?;
    let mut admin = connect(socket, "postgres").await.context("cannot connect as the superuser")?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(database)
        .fetch_one(&mut admin)
        .await?;
    if !there {
        // The name was checked above; a statement that makes a database takes no parameters.
        let create = AssertSqlSafe(format!("create database \"{database}\" template template0 encoding 'UTF8'"));
        sqlx::raw_sql(create)
            .execute(&mut admin)
            .await
            .with_context(|| format!("cannot create the database {database}"))?;
    }
    admin.close().await?;
    let mut inside =
        connect(socket, database).await.with_context(|| format!("cannot connect to the database {database}"))?;
    sqlx::raw_sql(ROLES_SQL).execute(&mut inside).await.context("scripts/roles.sql failed")?;
    inside.close().await?;
    Ok(())
}

pub(crate) async fn drop_database(socket: &Path, database: &str) -> Result<()> {
    check_name(database)?;
    let mut admin = connect(socket, "postgres").await.context("cannot connect as the superuser")?;
    let drop = AssertSqlSafe(format!("drop database if exists \"{database}\" with (force)"));
    sqlx::raw_sql(drop).execute(&mut admin).await.with_context(|| format!("cannot drop the database {database}"))?;
    admin.close().await?;
    Ok(())
}

pub(crate) fn check_name(database: &str) -> Result<()> {
    let fits = !database.is_empty()
        && database.len() <= 63
        && database.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    ensure!(
        fits,
        "the database name {database:?} is refused: use at most 63 lower-case letters, digits and underscores"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_folder_with_odd_characters_survives_the_url() {
        let urls = Urls::new(Path::new("/tmp/a b%/ü:@?#"), "nexus");
        let options: PgConnectOptions = urls.app.parse().unwrap();
        assert_eq!(options.get_socket().unwrap(), Path::new("/tmp/a b%/ü:@?#"));
        assert_eq!(options.get_username(), "nexus_app");
        assert_eq!(options.get_database(), Some("nexus"));
    }

    #[test]
    fn a_database_name_cannot_carry_sql() {
        assert!(check_name("nexus_test_7").is_ok());
        for bad in ["", "Nexus", "a\"; drop database nexus; --", "é"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
