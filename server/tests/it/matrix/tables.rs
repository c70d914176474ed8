//! Whether a call has changed anything: every table of the database, as its catalogue lists them, but for what is said here.

use crate::support::Server;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeMap;

/// Tables that are not looked at, each with the reason: they change though a call is refused, or while nobody calls.
const ASIDE: &[(&str, &str)] = &[
    ("change_heads", "seals of the trail, which holds refusals too"),
    ("change_seals", "as change_heads"),
    ("event_consumers", "how far each reader of events has come"),
    ("rate_counters", "how many requests came, which is what limits go by"),
    ("sign_in_attempts", "tries with a wrong password or key, counted by account and address"),
    ("sign_ins", "who came in, on the way to the trails of their workspaces"),
];

/// Rows that are looked at in part: the table, what is read of a row, which rows, and the reason.
const IN_PART: &[(&str, &str, &str, &str)] = &[
    (
        "changes",
        "t::text",
        "t.outcome = 'done' and t.entity <> 'session' and t.operation not like '%.export'",
        "that somebody was refused, came in or took a file out is written down, and changes nothing",
    ),
    ("sessions", "t.id::text", "true", "when it was last seen stands in the row"),
    ("staff_sessions", "t.id::text", "true", "as sessions"),
    ("api_keys", "(to_jsonb(t) - 'last_used_at')::text", "true", "when it was last used stands in the row"),
    ("known_devices", "(to_jsonb(t) - 'last_used_at')::text", "true", "as api_keys"),
];

// A partition is read through its parent.
const TABLES: &str = "\
select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind in ('r', 'p') and not c.relispartition order by 1";

/// What every table holds, as it was when it was last looked at.
pub struct Watch {
    /// The superuser's: row security hides nothing from it.
    admin: PgConnection,
    statement: String,
    known: BTreeMap<String, String>,
}

impl Watch {
    pub async fn new(server: &Server) -> Self {
        let mut admin = PgConnection::connect(&server.world.urls.admin).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut admin).await.unwrap();
        let named = ASIDE.iter().map(|(name, _)| *name).chain(IN_PART.iter().map(|(name, ..)| *name));
        for name in named {
            assert!(tables.iter().any(|table| table == name), "there is no table {name} any more");
        }
        let looked: Vec<&String> = tables.iter().filter(|table| ASIDE.iter().all(|(name, _)| name != table)).collect();
        assert!(looked.len() > 60, "only {} tables were found", looked.len());
        // The sum says the same whatever the order, and needs no sorting.
        let parts = looked.iter().map(|table| {
            let part = IN_PART.iter().find(|(name, ..)| name == *table);
            let (row, which) = part.map_or(("t::text", "true"), |(_, row, which, _)| (*row, *which));
            format!(
                "select '{table}'::text, count(*)::text || ' ' || coalesce(sum(hashtextextended({row}, 0)), 0)::text from {table} t where {which}"
            )
        });
        let statement = parts.collect::<Vec<_>>().join(" union all ");
        let mut watch = Self { admin, statement, known: BTreeMap::new() };
        watch.changed().await;
        watch
    }

    /// Tables that hold something else than at the last look.
    pub async fn changed(&mut self) -> Vec<String> {
        let statement = AssertSqlSafe(self.statement.clone());
        let rows: Vec<(String, String)> = sqlx::query_as(statement).fetch_all(&mut self.admin).await.unwrap();
        let now: BTreeMap<String, String> = rows.into_iter().collect();
        let differ = |(table, held): &(&String, &String)| self.known.get(*table) != Some(*held);
        let changed = now.iter().filter(differ).map(|(table, _)| table.clone()).collect();
        self.known = now;
        changed
    }

    /// How many tables are looked at.
    pub fn tables(&self) -> usize {
        self.known.len()
    }
}
