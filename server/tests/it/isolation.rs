//! what the database itself lets the server's role do with the rows of a workspace: each table, each way to reach a row, as the
//! workspace whose row it is, as another one, and with no tenant, an empty one and one that is none. Tables, columns and rights are read from
//! the catalogue, so a new table is in it from its migration on. It stands here and not in pgTAP, because the tests clone their database, know
//! how a workspace is filled, and run where no extension can be installed.

mod rows;

use crate::support::Server;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::collections::BTreeSet;
use testkit::TestTenant;
use uuid::Uuid;

/// Tables of which no workspace has a row in this test, with the reason.
const WITHOUT_ROWS: &[(&str, &str)] = &[];

const OPERATIONS: [Act; 6] = [Act::Select, Act::Insert, Act::Update, Act::Delete, Act::Move, Act::Plant];
const CONTEXTS: [Context; 5] = [Context::Own, Context::Other, Context::Unset, Context::Empty, Context::Garbage];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Select,
    Insert,
    Update,
    Delete,
    /// An update that gives the row to another workspace.
    Move,
    /// An insert with another workspace's id.
    Plant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Own,
    Other,
    Unset,
    Empty,
    Garbage,
}

/// A table with a column `tenant_id`.
#[derive(Debug, sqlx::FromRow)]
struct Table {
    name: String,
    partition: bool,
    /// What may be written at all; generated columns may not.
    columns: Vec<String>,
    /// What the server's role may change.
    changeable: Option<String>,
    rights: Vec<String>,
}

const TABLES: &str = "\
select c.relname::text as name, c.relispartition as partition,
    (select array_agg(quote_ident(a.attname) order by a.attnum) from pg_attribute a
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = '') as columns,
    (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         and has_column_privilege('nexus_app', c.oid, a.attnum, 'update') order by a.attname <> 'tenant_id', a.attnum limit 1) as changeable,
    array_remove(array[
        case when has_table_privilege('nexus_app', c.oid, 'select') then 'select' end,
        case when has_table_privilege('nexus_app', c.oid, 'insert') then 'insert' end,
        case when has_any_column_privilege('nexus_app', c.oid, 'update') then 'update' end,
        case when has_table_privilege('nexus_app', c.oid, 'delete') then 'delete' end], null) as rights
from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind in ('r', 'p')
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
order by c.relname";

/// What came of a statement: rows, or the code of the refusal.
type Outcome = Result<u64, String>;

struct Wall {
    ours: Uuid,
    theirs: Uuid,
    third: Uuid,
    /// A connection on which a tenant was set and one on which none ever was.
    set: PgConnection,
    bare: PgConnection,
}

impl Wall {
    /// In a transaction that is taken back, whatever came of it.
    async fn run(&mut self, context: Context, sql: String, counted: bool) -> Outcome {
        let tenant = match context {
            Context::Own => Some(self.ours.to_string()),
            Context::Other => Some(self.theirs.to_string()),
            Context::Unset => None,
            Context::Empty => Some(String::new()),
            Context::Garbage => Some("no'; drop table leads; --".to_owned()),
        };
        let conn = if tenant.is_some() { &mut self.set } else { &mut self.bare };
        sqlx::query("begin").execute(&mut *conn).await.unwrap();
        if let Some(tenant) = tenant {
            let set = sqlx::query("select set_config('app.tenant_id', $1, true)").bind(tenant);
            set.execute(&mut *conn).await.unwrap();
        }
        let outcome = if counted {
            let rows = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut *conn).await;
            rows.map(|rows| u64::try_from(rows).unwrap())
        } else {
            let done = sqlx::query(AssertSqlSafe(sql)).persistent(false).execute(&mut *conn).await;
            done.map(|done| done.rows_affected())
        };
        sqlx::query("rollback").execute(&mut *conn).await.unwrap();
        outcome.map_err(|error| match error.as_database_error().and_then(sqlx::error::DatabaseError::code) {
            Some(code) => code.into_owned(),
            None => panic!("{error}"),
        })
    }

    /// Every cell of a table: how many were tried, and those that are wrong. `row` is one of our rows, as JSON.
    async fn cells(&mut self, table: &Table, row: Option<&str>) -> (usize, Vec<String>) {
        let Table { name, columns, .. } = table;
        let changed = table.changeable.as_deref().unwrap_or("tenant_id");
        let (ours, mut tried, mut wrong) = (self.ours, 0, Vec::new());
        let columns = columns.join(", ");
        let insert = |tenant: Uuid, row: &str| {
            let row = row.replace('\'', "''");
            format!(
                "insert into {name} ({columns}) select {columns} from jsonb_populate_record(null::{name}, '{row}'::jsonb || '{{\"tenant_id\": \"{tenant}\"}}')"
            )
        };
        for context in CONTEXTS {
            for act in OPERATIONS {
                let sql = match act {
                    Act::Select => format!("select count(*) from {name} where tenant_id = '{ours}'"),
                    Act::Update => format!("update {name} set {changed} = {changed} where tenant_id = '{ours}'"),
                    Act::Delete => format!("delete from {name} where tenant_id = '{ours}'"),
                    Act::Move => format!("update {name} set tenant_id = '{}' where tenant_id = '{ours}'", self.theirs),
                    Act::Insert => insert(ours, row.unwrap_or("{}")),
                    Act::Plant if context == Context::Own => insert(self.theirs, row.unwrap_or("{}")),
                    Act::Plant => insert(self.third, row.unwrap_or("{}")),
                };
                let outcome = self.run(context, sql, act == Act::Select).await;
                tried += 1;
                if !right(table, context, act, row.is_some(), &outcome) {
                    wrong.push(format!("{name}: {act:?} as {context:?}: {outcome:?}"));
                }
            }
        }
        // Whoever looks at everything sees what is theirs.
        let foreign = format!("select count(*) from {name} where tenant_id is distinct from '{}'", self.theirs);
        let outcome = self.run(Context::Other, foreign, true).await;
        tried += 1;
        if !refused(Context::Other, &outcome) {
            wrong.push(format!("{name}: all rows as Other: {outcome:?}"));
        }
        (tried, wrong)
    }
}

/// No row, or no right; with what is no tenant the policy may also fail.
fn refused(context: Context, outcome: &Outcome) -> bool {
    match outcome {
        Ok(rows) => *rows == 0,
        Err(code) => code == "42501" || context == Context::Garbage && code == "22P02",
    }
}

fn right(table: &Table, context: Context, act: Act, filled: bool, outcome: &Outcome) -> bool {
    let held = match act {
        Act::Select => "select",
        Act::Insert => "insert",
        Act::Update => "update",
        Act::Delete => "delete",
        Act::Move | Act::Plant => "",
    };
    if context != Context::Own || !table.rights.iter().any(|right| right == held) {
        return refused(context, outcome);
    }
    // Our own: the policy lets it through. A key that is taken, or that others hold on to, may refuse it behind that.
    match outcome {
        Ok(rows) => *rows > 0 || !filled,
        Err(code) => act != Act::Select && matches!(code.as_str(), "23503" | "23505"),
    }
}

async fn one_row(owner: &PgPool, table: &Table, tenant: &TestTenant) -> Option<String> {
    let sql = format!("select to_jsonb(t)::text from {} t where tenant_id = $1 limit 1", table.name);
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.id.0).fetch_optional(owner).await.unwrap()
}

async fn execute(owner: &PgPool, sql: String) {
    sqlx::query(AssertSqlSafe(sql)).persistent(false).execute(owner).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_closed_to_every_other_context() {
    let server = Server::new().await;
    let world = &server.world;
    let lakeside = world.tenant("lakeside", "automotive").await;
    let (harbour, third) = (world.tenant("harbour", "automotive").await, world.tenant("third", "automotive").await);
    rows::fill(&server, &lakeside).await;
    let owner = world.owner().await;
    let tables: Vec<Table> = sqlx::query_as(TABLES).fetch_all(&owner).await.unwrap();
    let mut wall = Wall {
        ours: lakeside.id.0,
        theirs: harbour.id.0,
        third: third.id.0,
        set: PgConnection::connect(&world.urls.app).await.unwrap(),
        bare: PgConnection::connect(&world.urls.app).await.unwrap(),
    };
    let (mut cells, mut wrong, mut empty) = (0, Vec::new(), BTreeSet::new());
    let (mut planted, mut unseen) = (0, Vec::new());
    for table in &tables {
        // Rules of the business refuse some of it before the policy is asked. Without them the policy stands alone.
        execute(&owner, format!("alter table {} disable trigger user", table.name)).await;
        let row = one_row(&owner, table, &lakeside).await;
        // A partition is reached through its parent alone, so what it holds does not matter.
        if row.is_none() && !table.partition {
            empty.insert(table.name.as_str());
        }
        let (tried, found) = wall.cells(table, row.as_deref()).await;
        (cells, wrong) = (cells + tried, [wrong, found].concat());
        if table.partition {
            continue;
        }
        // the policy is what protects. Opened or switched off, the cells above tell.
        let name = &table.name;
        let mine = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";
        for (fault, cure) in [
            (
                format!("alter policy tenant on {name} using (true) with check (true)"),
                format!("alter policy tenant on {name} using ({mine}) with check ({mine})"),
            ),
            (
                format!("alter table {name} disable row level security"),
                format!("alter table {name} enable row level security"),
            ),
        ] {
            execute(&owner, fault.clone()).await;
            let (_, found) = wall.cells(table, row.as_deref()).await;
            execute(&owner, cure).await;
            planted += 1;
            if found.is_empty() {
                unseen.push(fault);
            }
        }
    }
    let listed: BTreeSet<&str> = WITHOUT_ROWS.iter().map(|(name, _)| *name).collect();
    println!(
        "bar=A-04 tables={} cells={cells} wrong={} pass={}",
        tables.len(),
        wrong.len(),
        u8::from(wrong.is_empty())
    );
    println!("bar=A-17 planted={planted} caught={} pass={}", planted - unseen.len(), u8::from(unseen.is_empty()));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(unseen.is_empty(), "nobody noticed:\n{}", unseen.join("\n"));
    assert_eq!(empty, listed, "these tables have no row to try with, or have one and need not be listed");
    assert_eq!(cells, tables.len() * (OPERATIONS.len() * CONTEXTS.len() + 1));
    owner.close().await;
    server.end().await;
}
