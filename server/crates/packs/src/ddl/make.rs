//! Tables that no migration makes: those of packs that an operator keeps beside the build's, and what a later release adds to them by itself.

use super::Difference;
use super::compare::{alter, compare};
use super::table::Table;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

/// What came of it.
#[derive(Debug)]
pub struct Made {
    /// How many tables there were not.
    pub tables: usize,
    /// What else differs, indexes of the build's tables apart. Where anything does, nothing was made.
    pub left: Vec<Difference>,
}

/// One at a time: several processes may start at once.
const LOCK: &str = "select pg_advisory_lock(7305)";
const UNLOCK: &str = "select pg_advisory_unlock(7305)";

/// Makes the tables that the database does not have, all or none, as the role that owns the schema. A table that there is is left as it is, but for
/// columns that the database fills from another one and for indexes. Of those of the build's tables that are others than described, it only says so:
/// while processes of two releases run, one of them would undo what the other one's migration has done.
pub async fn make(owner: &PgPool, tables: &[Table]) -> sqlx::Result<Made> {
    let mut conn = owner.acquire().await?;
    sqlx::query(LOCK).execute(&mut *conn).await?;
    let made = under_lock(owner, &mut conn, tables).await;
    sqlx::query(UNLOCK).execute(&mut *conn).await?;
    made
}

async fn under_lock(owner: &PgPool, conn: &mut PgConnection, tables: &[Table]) -> sqlx::Result<Made> {
    let differences = compare(owner, tables).await?;
    let (standing, differences): (Vec<Difference>, Vec<Difference>) =
        differences.into_iter().partition(Difference::is_standing);
    for difference in &standing {
        tracing::warn!(%difference, "left to the migrations; another release may be running too");
    }
    let (missing, left): (Vec<Difference>, Vec<Difference>) = differences.into_iter().partition(Difference::is_new);
    if missing.is_empty() || !left.is_empty() {
        return Ok(Made { tables: 0, left });
    }
    // Several statements in one message are one transaction.
    sqlx::raw_sql(AssertSqlSafe(alter(&missing))).execute(&mut *conn).await?;
    Ok(Made { tables: missing.iter().filter(|difference| difference.is_table()).count(), left })
}
