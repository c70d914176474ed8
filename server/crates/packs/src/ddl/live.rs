//! The tables as PostgreSQL's own catalogue knows them.

use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};

/// What there is of one table.
#[derive(Debug, Clone, Default)]
pub struct Live {
    pub columns: BTreeMap<String, LiveColumn>,
    /// Definitions by the name of the constraint, as `pg_get_constraintdef` prints them.
    pub constraints: BTreeMap<String, String>,
    pub indexes: BTreeMap<String, LiveIndex>,
    /// Row security enabled and forced.
    pub secured: bool,
    pub policies: BTreeSet<String>,
    /// Those that are switched on.
    pub triggers: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct LiveColumn {
    pub sql: String,
    pub required: bool,
    pub collation: Option<String>,
    pub default: Option<String>,
}

#[derive(Debug, Clone)]
pub struct LiveIndex {
    pub unique: bool,
    pub columns: Vec<String>,
    pub predicate: Option<String>,
    /// False for what an interrupted `create index concurrently` leaves behind.
    pub valid: bool,
}

/// Those of the named tables that exist.
pub async fn read(pool: &PgPool, names: &[String]) -> sqlx::Result<BTreeMap<String, Live>> {
    let mut out: BTreeMap<String, Live> = BTreeMap::new();
    for (name, secured) in sqlx::query_as::<_, (String, bool)>(TABLES).bind(names).fetch_all(pool).await? {
        out.insert(name, Live { secured, ..Live::default() });
    }
    for (table, name, sql, required, collation, default) in
        sqlx::query_as::<_, (String, String, String, bool, Option<String>, Option<String>)>(COLUMNS)
            .bind(names)
            .fetch_all(pool)
            .await?
    {
        let column = LiveColumn { sql, required, collation, default };
        out.entry(table).or_default().columns.insert(name, column);
    }
    for (table, name, definition) in
        sqlx::query_as::<_, (String, String, String)>(CONSTRAINTS).bind(names).fetch_all(pool).await?
    {
        out.entry(table).or_default().constraints.insert(name, definition);
    }
    for (table, name, unique, valid, columns, predicate) in
        sqlx::query_as::<_, (String, String, bool, bool, Vec<String>, Option<String>)>(INDEXES)
            .bind(names)
            .fetch_all(pool)
            .await?
    {
        let index = LiveIndex { unique, columns, predicate, valid };
        out.entry(table).or_default().indexes.insert(name, index);
    }
    for (table, name) in sqlx::query_as::<_, (String, String)>(POLICIES).bind(names).fetch_all(pool).await? {
        out.entry(table).or_default().policies.insert(name);
    }
    for (table, name) in sqlx::query_as::<_, (String, String)>(TRIGGERS).bind(names).fetch_all(pool).await? {
        out.entry(table).or_default().triggers.insert(name);
    }
    Ok(out)
}

const TABLES: &str = "
select relname::text, relrowsecurity and relforcerowsecurity
from pg_class where relname = any($1) and relkind in ('r', 'p') and pg_table_is_visible(oid)";

const COLUMNS: &str = "
select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname::text,
    pg_get_expr(d.adbin, d.adrelid)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_collation l on l.oid = a.attcollation
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relname = any($1) and c.relkind in ('r', 'p') and pg_table_is_visible(c.oid)";

const CONSTRAINTS: &str = "
select c.relname::text, k.conname::text, pg_get_constraintdef(k.oid)
from pg_class c join pg_constraint k on k.conrelid = c.oid
where c.relname = any($1) and c.relkind in ('r', 'p') and pg_table_is_visible(c.oid)";

const INDEXES: &str = "
select c.relname::text, i.relname::text, x.indisunique, x.indisvalid,
    array(select pg_get_indexdef(x.indexrelid, place, true) from generate_series(1, x.indnkeyatts) place order by place),
    pg_get_expr(x.indpred, x.indrelid)
from pg_class c join pg_index x on x.indrelid = c.oid join pg_class i on i.oid = x.indexrelid
where c.relname = any($1) and c.relkind in ('r', 'p') and pg_table_is_visible(c.oid)";

const TRIGGERS: &str = "
select c.relname::text, t.tgname::text
from pg_class c join pg_trigger t on t.tgrelid = c.oid
where c.relname = any($1) and pg_table_is_visible(c.oid) and not t.tgisinternal and t.tgenabled = 'O'";

const POLICIES: &str = "
select c.relname::text, p.polname::text
from pg_class c join pg_policy p on p.polrelid = c.oid
where c.relname = any($1) and pg_table_is_visible(c.oid)";
