//! The database's own catalogue against what is promised of it: row security on every tenant table, keys led by the tenant, no floats in
//! money, append-only changes, states and references held by the database. One query finds what a reviewer would overlook.

use sqlx::{AssertSqlSafe, PgPool};
use testkit::TestWorld;

/// Tables without a tenant, each with the reason why. Reviewed; only ever shorter.
const GLOBAL: &[(&str, &str)] = &[
    ("tenants", "is the tenant; its policy compares the id"),
    ("users", "people are global; the platform role alone reads them"),
    ("user_credentials", "as users"),
    ("known_devices", "as users"),
    ("sign_ups", "people to be; as users"),
    ("account_links", "as users"),
    ("sessions", "as users"),
    ("tokens", "as sessions"),
    ("second_factors", "as users, and the platform realm"),
    ("second_factor_setups", "as second_factors"),
    ("recovery_codes", "as second_factors"),
    ("half_sign_ins", "as second_factors"),
    ("user_identities", "as users"),
    ("oidc_returns", "hashes of journeys to a sign-in provider that ended"),
    ("staff", "the platform realm"),
    ("staff_credentials", "the platform realm"),
    ("staff_sessions", "the platform realm"),
    ("staff_tokens", "the platform realm"),
    ("sign_in_attempts", "hashed subjects of the throttle"),
    ("sign_ins", "tries of people, told to their workspaces from there; the platform role alone reads them"),
    ("rate_counters", "counters by hashed or opaque key"),
    ("event_consumers", "positions of readers"),
    ("_sqlx_migrations", "the list of migrations"),
];

const TENANT_TABLES: &str = "\
select c.oid, c.relname, c.relrowsecurity and c.relforcerowsecurity as forced, c.relispartition
from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind in ('r', 'p')
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
order by c.relname";

async fn names(owner: &PgPool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(owner).await.unwrap()
}

/// What shows a workspace its own rows and no other.
const OWN_ROWS: &str = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";

/// Policies that show the tenant role, or the assistants', anything but its own rows, and tables without one that shows them. Policies that permit
/// are joined by *or*: one that is open opens its table, whatever stands beside it. One without a role is everybody's.
const OPEN_POLICIES: &str = "\
with guarded as (
    select c.oid, c.relname, c.relispartition from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    where c.relkind in ('r', 'p')
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
), granting as (
    select t.oid, t.relname, r.rolname, p.polname, p.polcmd, p.polqual is not null as shows,
        coalesce(pg_get_expr(p.polqual, p.polrelid), $1) = $1 and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), $1) = $1 as own
    from guarded t join pg_policy p on p.polrelid = t.oid and p.polpermissive
    join pg_roles r on r.rolname in ('nexus_app', 'nexus_ai')
        and exists (select from unnest(p.polroles) as holder where holder = 0 or pg_has_role(r.oid, holder, 'usage'))
)
select format('%s: policy %s shows %s more than its own rows', relname, polname, rolname) from granting where not own
union all
select format('%s: no policy shows the tenant role its own rows', t.relname) from guarded t
where not t.relispartition
  and not exists (select from granting g where g.oid = t.oid and g.rolname = 'nexus_app' and g.own and g.shows and g.polcmd in ('*', 'r'))
order by 1";

async fn run(owner: &PgPool, statement: &str) {
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(owner).await.unwrap();
}

/// [`OPEN_POLICIES`], by the wording that PostgreSQL itself gives to [`OWN_ROWS`].
async fn open_policies(owner: &PgPool) -> Vec<String> {
    run(owner, "create table sample (tenant_id uuid)").await;
    run(owner, &format!("create policy own on sample using ({OWN_ROWS})")).await;
    let wording: String =
        sqlx::query_scalar("select pg_get_expr(polqual, polrelid) from pg_policy where polrelid = 'sample'::regclass")
            .fetch_one(owner)
            .await
            .unwrap();
    run(owner, "drop table sample").await;
    sqlx::query_scalar(OPEN_POLICIES).bind(wording).fetch_all(owner).await.unwrap()
}

#[tokio::test]
async fn every_tenant_table_forces_row_security() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let tables: Vec<(sqlx::postgres::types::Oid, String, bool, bool)> =
        sqlx::query_as(TENANT_TABLES).fetch_all(&owner).await.unwrap();
    assert!(tables.len() > 20, "only {} tenant tables were found", tables.len());
    let open: Vec<&String> = tables.iter().filter(|(_, _, forced, _)| !forced).map(|(_, name, _, _)| name).collect();
    assert!(open.is_empty(), "row security is not forced on {open:?}");
    // A table without a policy for the tenant role shows it nothing; a partition is reached through its parent alone.
    let unguarded = open_policies(&owner).await;
    assert!(unguarded.is_empty(), "{unguarded:#?}");
    println!("bar=A-01 tables={} unforced=0 open_policies=0 pass=1", tables.len());
    owner.close().await;
    world.end().await;
}

#[tokio::test]
async fn every_other_table_is_on_the_reviewed_list() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let without = names(
        &owner,
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         where c.relkind in ('r', 'p') and not exists
             (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)",
    )
    .await;
    let unknown: Vec<&String> = without.iter().filter(|name| GLOBAL.iter().all(|(known, _)| known != name)).collect();
    assert!(unknown.is_empty(), "{unknown:?} have no tenant and are on no reviewed list");
    let granted = names(
        &owner,
        "select table_name || ' to ' || grantee from information_schema.role_table_grants
         where grantee in ('nexus_app', 'nexus_ai', 'PUBLIC') and table_schema = 'public'
           and table_name in ('users', 'user_credentials', 'known_devices', 'sign_ups', 'account_links', 'sessions', 'tokens', 'staff', 'staff_tokens', 'staff_credentials',
               'staff_sessions', 'sign_in_attempts', 'sign_ins', 'rate_counters', 'second_factors', 'second_factor_setups', 'recovery_codes', 'half_sign_ins',
               'user_identities', 'oidc_returns',
               'event_consumers')",
    )
    .await;
    assert!(granted.is_empty(), "the tenant role reaches {granted:?}");
    owner.close().await;
    world.end().await;
}

#[tokio::test]
async fn no_key_crosses_tenants() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let crossing = names(
        &owner,
        "with tenant_tables as (
             select c.oid, c.relname, a.attnum from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped where c.relkind in ('r', 'p')
         )
         select format('%s: unique index %s does not begin with tenant_id', t.relname, i.indexrelid::regclass)
         from tenant_tables t join pg_index i on i.indrelid = t.oid
         where i.indisunique and i.indkey[0] <> t.attnum and t.relname <> 'jobs'
         union all
         select format('%s: foreign key %s leaves the tenant', t.relname, k.conname)
         from tenant_tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
         join tenant_tables target on target.oid = k.confrelid
         where k.conkey[1] <> t.attnum or k.confkey[1] <> target.attnum
         union all
         select format('%s: view sees past row security', c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         where c.relkind in ('v', 'm') and not coalesce('security_invoker=true' = any (c.reloptions), false)
         union all
         select format('%s: function runs with its owner''s rights', p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'public'
         where p.prosecdef",
    )
    .await;
    assert!(crossing.is_empty(), "{crossing:#?}");
    owner.close().await;
    world.end().await;
}

/// Keys to tables whose rows are deleted one by one, without an index that holds every row which may point there. The database looks for those
/// whenever one is deleted, the trash included: without an index it reads the whole table for each.
const BLIND_KEYS: &str = "\
select format('%s: %s', k.conrelid::regclass, k.conname)
from pg_constraint k
where k.contype = 'f' and k.conparentid = 0 and k.confrelid = any (select name::regclass from unnest($1::text[]) as name)
  and not exists (
      select from pg_index x
      where x.indrelid = k.conrelid and x.indisvalid
        and (string_to_array(x.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)] @> k.conkey
        and (x.indpred is null or pg_get_expr(x.indpred, x.indrelid) = any (
            select format('(%I IS NOT NULL)', a.attname) from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey)
        ))
  )
order by 1";

#[tokio::test]
async fn whoever_deletes_a_row_finds_what_points_at_it_by_an_index() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let mut tables: Vec<String> = world.library.tables().into_iter().map(|table| table.name).collect();
    tables.push("files".to_owned());
    let blind: Vec<String> = sqlx::query_scalar(BLIND_KEYS).bind(&tables).fetch_all(&owner).await.unwrap();
    assert!(blind.is_empty(), "{blind:#?}");
    // It must be able to fail.
    run(&owner, "drop index activities_lead_id_order").await;
    run(&owner, "create index on activities (tenant_id, lead_id, id) where deleted_at is null").await;
    let blind: Vec<String> = sqlx::query_scalar(BLIND_KEYS).bind(&tables).fetch_all(&owner).await.unwrap();
    assert_eq!(blind, ["activities: activities_lead_id_fkey"]);
    owner.close().await;
    world.end().await;
}

/// The queries above must be able to fail.
#[tokio::test]
async fn planted_faults_are_found() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    for (fault, tables) in [
        ("alter table leads no force row level security", 1),
        ("alter table customers disable row level security", 2),
        ("create table planted (tenant_id uuid not null, id uuid primary key)", 3),
    ] {
        run(&owner, fault).await;
        let open: Vec<(sqlx::postgres::types::Oid, String, bool, bool)> =
            sqlx::query_as(TENANT_TABLES).fetch_all(&owner).await.unwrap();
        assert_eq!(open.iter().filter(|(_, _, forced, _)| !forced).count(), tables, "{fault}");
    }
    owner.close().await;
    world.end().await;
}

/// A table whose security is forced and whose policy lets everything through, and every way in which a good policy opens.
#[tokio::test]
async fn planted_policies_are_found() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    assert_eq!(open_policies(&owner).await, Vec::<String>::new());
    run(&owner, "create table planted (tenant_id uuid not null, id uuid, primary key (tenant_id, id))").await;
    run(&owner, "alter table planted enable row level security").await;
    run(&owner, "alter table planted force row level security").await;
    let none = "planted: no policy shows the tenant role its own rows";
    assert_eq!(open_policies(&owner).await, [none]);
    let open = "planted: policy tenant shows nexus_app more than its own rows";
    run(&owner, "create policy tenant on planted to nexus_app using (true)").await;
    assert_eq!(open_policies(&owner).await, [none, open]);
    let own = format!("alter policy tenant on planted using ({OWN_ROWS}) with check ({OWN_ROWS})");
    let own = own.as_str();
    let mut found = 2;
    for (fault, cure, says) in [
        ("alter policy tenant on planted using (true)".to_owned(), own, vec![none, open]),
        ("alter policy tenant on planted with check (true)".to_owned(), own, vec![none, open]),
        ("alter policy tenant on planted using (tenant_id is not null)".to_owned(), own, vec![none, open]),
        (format!("alter policy tenant on planted using ({OWN_ROWS} or id is null)"), own, vec![none, open]),
        (format!("alter policy tenant on planted using (({OWN_ROWS}) is not null)"), own, vec![none, open]),
        (
            "create policy ajar on planted for select to nexus_app using (true)".to_owned(),
            "drop policy ajar on planted",
            vec!["planted: policy ajar shows nexus_app more than its own rows"],
        ),
        (
            "create policy ajar on planted for insert to nexus_app with check (true)".to_owned(),
            "drop policy ajar on planted",
            vec!["planted: policy ajar shows nexus_app more than its own rows"],
        ),
        (
            "create policy ajar on planted using (true)".to_owned(),
            "drop policy ajar on planted",
            vec![
                "planted: policy ajar shows nexus_ai more than its own rows",
                "planted: policy ajar shows nexus_app more than its own rows",
            ],
        ),
        (
            "alter policy tenant on planted to nexus_platform".to_owned(),
            "alter policy tenant on planted to nexus_app",
            vec![none],
        ),
    ] {
        run(&owner, own).await;
        assert_eq!(open_policies(&owner).await, Vec::<String>::new(), "before {fault}");
        run(&owner, &fault).await;
        assert_eq!(open_policies(&owner).await, says, "{fault}");
        run(&owner, cure).await;
        found += 1;
    }
    println!("bar=A-01 planted={found} found={found} pass=1");
    owner.close().await;
    world.end().await;
}

#[tokio::test]
async fn roles_own_nothing_and_bypass_nothing() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let mighty = names(
        &owner,
        "select rolname::text from pg_roles where rolname in ('nexus_app', 'nexus_platform', 'nexus_ai', 'nexus_owner')
         and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)",
    )
    .await;
    assert!(mighty.is_empty(), "{mighty:?} can do too much");
    let owned = names(
        &owner,
        "select c.relname::text from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname in ('nexus_app', 'nexus_platform', 'nexus_ai')",
    )
    .await;
    assert!(owned.is_empty(), "{owned:?} belong to a serving role");
    let truncating = names(
        &owner,
        "select table_name || ' by ' || grantee from information_schema.role_table_grants
         where grantee in ('nexus_app', 'nexus_platform', 'nexus_ai', 'PUBLIC') and table_schema = 'public' and privilege_type in ('TRUNCATE', 'TRIGGER', 'REFERENCES')",
    )
    .await;
    assert!(truncating.is_empty(), "{truncating:?}");
    owner.close().await;
    world.end().await;
}

#[tokio::test]
async fn changes_are_append_only() {
    let world = TestWorld::new(|_| {}).await;
    let tenant = world.tenant("lakeside", "core").await;
    let mut tx =
        platform::TenantTx::begin(&world.services().pools.app, tenant.id, platform::TxMode::ReadWrite).await.unwrap();
    for statement in [
        "update changes set after = null",
        "delete from changes",
        "truncate changes",
        "insert into change_seals (tenant_id, seq, sealed_at, changes, head) select tenant_id, 1, now(), '{}', '' from members",
        "update change_seals set head = ''",
        "delete from change_seals",
        "update change_heads set seq = 0",
        "delete from change_archives",
        "update events set type = 'x'",
        "delete from events",
    ] {
        sqlx::query("savepoint s").execute(tx.conn()).await.unwrap();
        let error = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(tx.conn()).await.unwrap_err();
        let code =
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{statement}: {error}");
        sqlx::query("rollback to savepoint s").execute(tx.conn()).await.unwrap();
    }
    drop(tx);
    world.end().await;
}

#[tokio::test]
async fn money_is_never_a_float() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let floats = names(
        &owner,
        "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' and data_type in ('real', 'double precision', 'money', 'numeric')",
    )
    .await;
    assert!(floats.is_empty(), "{floats:?}");
    owner.close().await;
    world.end().await;
}

#[tokio::test]
async fn references_and_states_are_held_by_the_database() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    // Ids that point at whatever the row's entity says, at what is kept elsewhere on purpose, or that repeat what the row beside them holds
    // (migrations 4 and 39).
    let loose = names(
        &owner,
        "select c.relname || '.' || a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname like '%\\_id'
         where c.relkind in ('r', 'p') and not c.relispartition
           and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any (k.conkey))
           and c.relname || '.' || a.attname not in ('changes.record_id', 'changes.cause_id', 'changes.request_id', 'changes.session_id', 'changes.through_id', 'sign_ins.session_id', 'events.record_id', 'events.change_id',
               'events.correlation_id', 'events.causation_id', 'event_consumers.event_id', 'search_terms.record_id', 'import_rows.record_id', 'bulk_rows.record_id',
               'changes.tenant_id', 'events.tenant_id', 'search_terms.tenant_id', 'search_spellings.tenant_id', 'idempotency_keys.tenant_id', 'events.actor_id', 'changes.actor_id',
               'idempotency_keys.member_id', 'messages.record_id', 'message_attachments.source_id', 'runs.event_id', 'runs.record_id',
               'runs.correlation_id', 'approvals.record_id', 'notifications.record_id', 'merges.kept_id', 'merges.merged_id', 'notes.record_id',
               'files.record_id')",
    )
    .await;
    assert!(loose.is_empty(), "{loose:?} have no foreign key");
    let free = names(
        &owner,
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'status' and not a.attisdropped
         where c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'idempotency_keys'
           and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any (k.conkey))",
    )
    .await;
    assert!(free.is_empty(), "{free:?} take any status");
    owner.close().await;
    world.end().await;
}

/// Descriptions and tables say the same.
#[tokio::test]
async fn descriptions_fit_the_tables() {
    let world = TestWorld::new(|_| {}).await;
    let owner = world.owner().await;
    let differences = packs::ddl::compare(&owner, &world.library.tables()).await.unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
    owner.close().await;
    world.end().await;
}
