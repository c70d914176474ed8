//! Rows in the table of every described entity, so many that PostgreSQL has a choice how to read them. What stands in one column says nothing of
//! what stands in another, but that numbers rise with the moments in which rows are made.

use domain::schema::{Field, FieldKind, Storage};
use platform::Caller;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::{BTreeMap, BTreeSet};
use testkit::TestWorld;

/// A table as the descriptions of all industries together have it.
#[derive(Default)]
struct Described {
    prefix: String,
    fields: BTreeMap<String, Field>,
    states: BTreeSet<String>,
}

#[derive(sqlx::FromRow)]
struct Column {
    name: String,
    required: bool,
    filled: bool,
    sql: String,
}

const COLUMNS: &str = "\
select a.attname::text as name, a.attnotnull as required, a.atthasdef as filled, format_type(a.atttypid, null) as sql
from pg_attribute a
where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum";
/// Rows are made by no operation, and hold what a rule of the table would refuse: a rate of two years ago, an order that went nowhere.
const CHECKS: &str = "\
select format('alter table %s drop constraint %I', c.conrelid::regclass, c.conname)
from pg_constraint c join unnest($1::text[]) t (name) on c.conrelid = to_regclass(t.name) where c.contype = 'c'";
const INDEXES: &str = "\
select i.indexname::text, i.indexdef from pg_indexes i
where i.schemaname = 'public' and i.tablename = any ($1) and i.indexdef not like 'CREATE UNIQUE %'";

/// Fills the tables, of all entities or of those named, with so many rows for each of these members' workspaces, and answers the rows of each. Half
/// of them are the member's own.
pub async fn fill(world: &TestWorld, whose: &[(&Caller, i64)], tables: &[&str]) -> BTreeMap<String, f64> {
    let (mut described, targets) = described(world);
    described.retain(|table, _| tables.is_empty() || tables.contains(&table.as_str()));
    let names: Vec<String> = described.keys().cloned().collect();
    let mut admin = PgConnection::connect(&world.urls.admin).await.unwrap();
    let checks: Vec<String> = sqlx::query_scalar(CHECKS).bind(&names).fetch_all(&mut admin).await.unwrap();
    let indexes: Vec<(String, String)> = sqlx::query_as(INDEXES).bind(&names).fetch_all(&mut admin).await.unwrap();
    // Nothing looks at what is written: not the triggers, nor the keys between the tables. Indexes are made when the rows are there.
    let dropped = indexes.iter().map(|(name, _)| format!("drop index \"{name}\""));
    let bare: Vec<String> =
        checks.into_iter().chain(dropped).chain(["set session_replication_role = replica".to_owned()]).collect();
    sqlx::raw_sql(AssertSqlSafe(bare.join("; "))).execute(&mut admin).await.unwrap();
    let mut large = BTreeMap::new();
    for (table, description) in &described {
        let columns: Vec<Column> = sqlx::query_as(COLUMNS).bind(table).fetch_all(&mut admin).await.unwrap();
        let sql = insert(table, description, &columns, &targets);
        for (caller, rows) in whose {
            let (tenant, member) = (caller.access.tenant.0, caller.access.member.0);
            let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(tenant).bind(member).bind(*rows);
            if let Err(error) = query.execute(&mut admin).await {
                panic!("{table} cannot be filled: {error}\n{sql}");
            }
        }
        let count = format!("select count(*)::float8 from \"{table}\"");
        let rows: f64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut admin).await.unwrap();
        large.insert(table.clone(), rows);
    }
    let made: Vec<String> = indexes.into_iter().map(|(_, sql)| sql).collect();
    sqlx::raw_sql(AssertSqlSafe(made.join("; "))).execute(&mut admin).await.unwrap();
    let quoted: Vec<String> = names.iter().map(|table| format!("\"{table}\"")).collect();
    let looked = format!("vacuum (analyze) {}", quoted.join(", "));
    sqlx::raw_sql(AssertSqlSafe(looked)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    large
}

/// The tables, and which of them holds the rows of each entity.
fn described(world: &TestWorld) -> (BTreeMap<String, Described>, BTreeMap<String, String>) {
    let catalogs = &world.services().catalogs;
    let all = std::iter::once(catalogs.core()).chain(catalogs.industries().map(|(_, catalog)| catalog));
    let (mut tables, mut targets) = (BTreeMap::<String, Described>::new(), BTreeMap::new());
    for entity in all.flat_map(|catalog| catalog.iter()) {
        targets.insert(entity.key.clone(), entity.table.clone());
        let table = tables.entry(entity.table.clone()).or_default();
        table.prefix.clone_from(&entity.prefix);
        for field in &entity.fields {
            table.fields.entry(field.key.clone()).or_insert_with(|| field.clone());
        }
        table.states.extend(entity.states.iter().flat_map(|states| &states.list).map(|state| state.key.clone()));
    }
    (tables, targets)
}

/// `$1` is the workspace, `$2` the member, `$3` how many rows.
fn insert(table: &str, described: &Described, columns: &[Column], targets: &BTreeMap<String, String>) -> String {
    let mut values: BTreeMap<String, Given> = BTreeMap::new();
    for (salt, field) in described.fields.values().enumerate() {
        values.extend(given(field, salt, described, targets));
    }
    values.insert("tenant_id".to_owned(), Given::always("$1".to_owned()));
    values.insert("id".to_owned(), Given::always(id_of(table, "i")));
    let (mut names, mut expressions) = (Vec::new(), Vec::new());
    for column in columns {
        let expression = match values.remove(&column.name) {
            Some(Given { sql, blank: Some(blank) }) if !column.required => {
                format!("case when {blank} then null else {sql} end")
            }
            Some(Given { sql, .. }) => sql,
            None if !column.required || column.filled => continue,
            None => plain(&column.sql),
        };
        names.push(format!("\"{}\"", column.name));
        expressions.push(expression);
    }
    format!(
        "insert into \"{table}\" ({}) select {} from generate_series(1::bigint, $3) i on conflict do nothing",
        names.join(", "),
        expressions.join(", ")
    )
}

/// What goes into a column, and in which rows nothing does, where the column can be empty.
struct Given {
    sql: String,
    blank: Option<String>,
}

impl Given {
    fn always(sql: String) -> Self {
        Self { sql, blank: None }
    }
}

fn id_of(table: &str, row: &str) -> String {
    format!("md5($1::text || ' {table} ' || {row})::uuid")
}

fn of_list<'a>(words: impl Iterator<Item = &'a str>, number: &str) -> String {
    let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    format!("(array[{}])[1 + mod({number}, {})::int]", words.join(", "), words.len())
}

/// Columns of a field. `hash` is a number that has nothing to do with that of another field, `once` one that no other row has.
fn given(field: &Field, salt: usize, table: &Described, targets: &BTreeMap<String, String>) -> Vec<(String, Given)> {
    let hash = format!("abs(hashint8extended(i, {salt}) % 1000003)");
    let once = "mod(i * 7919, 1000003)";
    let moment = "timestamptz '2026-11-20 12:00:00+00'";
    let word = field.key.to_lowercase();
    let text = match &field.kind {
        FieldKind::Email => format!("{once} || '@x.example'"),
        _ if field.unique => format!("'{word} ' || {once}"),
        // So the table alone has it.
        _ if field.key == "key" => format!("'{word} ' || {once}"),
        FieldKind::Phone => format!("'+254 ' || mod({hash}, 3000)"),
        FieldKind::Url => format!("'https://x.example/' || mod({hash}, 3000)"),
        FieldKind::Number => format!("'{}-' || lpad(i::text, 6, '0')", table.prefix),
        _ => format!("'{word} ' || mod({hash}, 3000)"),
    };
    let sql = match &field.kind {
        FieldKind::State => of_list(table.states.iter().map(String::as_str), &hash),
        // Of what may be held by one row only, nothing.
        FieldKind::Option { .. } if field.unique && !field.required => return Vec::new(),
        FieldKind::Option { options } => {
            let keys = || options.iter().map(|choice| choice.key.as_str());
            let first = keys().next().unwrap_or_default();
            format!("case when mod({hash}, 2) = 0 then '{first}' else {} end", of_list(keys(), &format!("{hash} / 2")))
        }
        FieldKind::Options { options } => match options.first() {
            Some(choice) => format!("array['{}']", choice.key),
            None => return Vec::new(),
        },
        FieldKind::Country => of_list(["KE", "UG", "TZ", "DE"].into_iter(), &hash),
        FieldKind::Boolean => format!("mod({hash}, 2) = 0"),
        FieldKind::Date { .. } => format!("date '2026-11-20' + 60 - mod({hash}, 1500)::int"),
        FieldKind::Datetime if field.key == "createdAt" => {
            format!("{moment} - make_interval(mins => (20 * ($3 - i))::int)")
        }
        FieldKind::Datetime => format!("{moment} - make_interval(mins => {hash}::int)"),
        FieldKind::Reference { entity } => match targets.get(entity) {
            Some(target) => id_of(target, "(1 + mod(i * 7919, $3))"),
            None => return Vec::new(),
        },
        FieldKind::Member if matches!(field.key.as_str(), "createdBy" | "updatedBy") => "$2".to_owned(),
        FieldKind::Member => {
            format!("case when mod({hash}, 2) = 0 then $2 else md5('member ' || mod({hash}, 7))::uuid end")
        }
        FieldKind::LongText { .. } => "'Some words'".to_owned(),
        FieldKind::Integer { .. }
        | FieldKind::Decimal { .. }
        | FieldKind::Percentage { .. }
        | FieldKind::Duration { .. } => format!("mod({hash}, 5000)"),
        FieldKind::Money { .. } => hash.clone(),
        FieldKind::Text { .. } | FieldKind::Email | FieldKind::Phone | FieldKind::Url | FieldKind::Number => text,
        FieldKind::References { .. }
        | FieldKind::AnyReference { .. }
        | FieldKind::File { .. }
        | FieldKind::Image { .. }
        | FieldKind::Address
        | FieldKind::Geo
        | FieldKind::Checklist => return Vec::new(),
    };
    let blank = (!field.required && !field.unique).then(|| format!("mod({hash} / 10, 10) = 3"));
    let column = |name: String, sql: String| (name, Given { sql, blank: blank.clone() });
    match field.storage() {
        Storage::Column { name, .. } => vec![column(name, sql)],
        // Never empty: what is compared would have to be empty in the same rows.
        Storage::Normalised { name, norm } => {
            vec![(name, Given::always(sql.clone())), (norm, Given::always(sql))]
        }
        Storage::Money { minor, currency } => vec![column(minor, sql), column(currency, "'KES'".to_owned())],
        Storage::Address(_) | Storage::Geo { .. } | Storage::Any(_) | Storage::Elsewhere => Vec::new(),
    }
}

/// Something for a column that no description knows and that cannot be empty.
fn plain(sql: &str) -> String {
    let value = match sql {
        "text" => "''",
        "uuid" => "md5($1::text || i)::uuid",
        "bigint" | "integer" | "smallint" | "numeric" => "0",
        "boolean" => "false",
        "date" => "date '2026-11-20'",
        "timestamp with time zone" => "timestamptz '2026-11-20 12:00:00+00'",
        "jsonb" => "'{}'",
        other => panic!("say what goes into a column of the type {other}"),
    };
    value.to_owned()
}
