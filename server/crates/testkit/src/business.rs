//! What the tables of a business hold, row by row and column by column: for asking whether something left them as they were, and for saying in
//! which rows it did not. [`TestWorld::fingerprint`] tells only that they differ.

use crate::TestWorld;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::{BTreeMap, BTreeSet};

/// Tables that tell of work instead of holding what came of it. What was done, asked for and counted stays told when it is taken back.
const TOLD: &[&str] = &[
    "access_versions",
    "bulk_changes",
    "bulk_rows",
    "change_archives",
    "change_heads",
    "change_seals",
    "exports",
    "idempotency_keys",
    "import_chunks",
    "import_rows",
    "imports",
    "jobs",
    "merges",
    "number_series",
    "sign_ins",
];

/// The other tables that belong to workspaces. Changes and events have partitions, and are told of too.
const TABLES: &str = "\
select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind = 'r' and not c.relispartition and c.relname <> all ($1)
    and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
order by 1";

/// What the business tables hold, whoever's it is, without what every write leaves in a row: its version, and who wrote last and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Business(BTreeMap<(String, String), BTreeMap<String, String>>);

impl Business {
    /// Every column that became another, and every row that came or went, each as a line that begins with the table and the id of the row.
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let none = BTreeMap::new();
        let mut found = Vec::new();
        let rows: BTreeSet<&(String, String)> = self.0.keys().chain(later.0.keys()).collect();
        for row in rows {
            let (table, id) = row;
            match (self.0.get(row), later.0.get(row)) {
                (Some(_), None) => found.push(format!("{table} {id} is gone")),
                (None, Some(_)) => found.push(format!("{table} {id} has come")),
                (was, is) => {
                    let (was, is) = (was.unwrap_or(&none), is.unwrap_or(&none));
                    let columns = was.iter().filter(|(column, value)| is.get(*column) != Some(*value));
                    found.extend(columns.map(|(column, value)| {
                        let now = is.get(column).map_or("nothing", String::as_str);
                        format!("{table} {id} {column} was {value} and is {now}")
                    }));
                }
            }
        }
        found
    }

    /// Number of rows, so that a test can tell whether it looked at any.
    pub fn rows(&self) -> usize {
        self.0.len()
    }
}

impl TestWorld {
    /// What the business tables hold now.
    pub async fn business(&self) -> Business {
        let mut owner = PgConnection::connect(&self.urls.owner).await.expect("the owner's connection");
        let told: Vec<String> = TOLD.iter().map(|table| (*table).to_owned()).collect();
        let tables: Vec<String> =
            sqlx::query_scalar(TABLES).bind(told).fetch_all(&mut owner).await.expect("the names of the tables");
        let mut held = Business::default();
        for table in tables {
            let sql = format!(
                "select coalesce(r.held ->> 'id', md5(r.held::text)), f.key, f.value::text
                 from (select to_jsonb(t) - array['version', 'updated_at', 'updated_by'] as held from \"{table}\" t) r,
                     jsonb_each(r.held) f"
            );
            let cells: Vec<(String, String, String)> =
                sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut owner).await.expect("the rows of a table");
            for (id, column, value) in cells {
                held.0.entry((table.clone(), id)).or_default().insert(column, value);
            }
        }
        held
    }
}
