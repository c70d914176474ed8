//! Tables that no migration makes: those of packs that an operator keeps beside the build's.

use super::Difference;
use super::compare::{alter, compare};
use super::table::Table;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

/// What came of it.
#[derive(Debug)]
pub struct Made {
    /// How many tables there were not.
    pub tables: usize,
    /// What else differs. Where anything does, nothing was made.
    pub left: Vec<Difference>,
}

/// One at a time: several processes may start at once.
const LOCK: &str = "select pg_advisory_lock(7305)";
const UNLOCK: &str = "select pg_advisory_unlock(7305)";

/// Makes the tables that the database does not have, all or none, as the role that owns the schema. A table that there is is left as it is.
pub async fn make(owner: &PgPool, tables: &[Table]) -> sqlx::Result<Made> {
    let mut conn = owner.acquire().await?;
    sqlx::query(LOCK).execute(&mut *conn).await?;
    let made = under_lock(owner, &mut conn, tables).await;
    sqlx::query(UNLOCK).execute(&mut *conn).await?;
    made
}

async fn under_lock(owner: &PgPool, conn: &mut PgConnection, tables: &[Table]) -> sqlx::Result<Made> {
    let differences = compare(owner, tables).await?;
    let (missing, left): (Vec<Difference>, Vec<Difference>) = differences.into_iter().partition(Difference::is_table);
    if missing.is_empty() || !left.is_empty() {
        return Ok(Made { tables: 0, left });
    }
    // Several statements in one message are one transaction.
    sqlx::raw_sql(AssertSqlSafe(alter(&missing))).execute(&mut *conn).await?;
    Ok(Made { tables: missing.len(), left })
}
