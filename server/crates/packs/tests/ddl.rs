//! The migrations against the descriptions, on a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use cluster::Cluster;
use packs::Library;
use packs::ddl::{self, Difference};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::path::Path;

struct Database {
    cluster: Cluster,
    owner: PgPool,
    app: PgPool,
    _folder: tempfile::TempDir,
}

impl Database {
    async fn migrated() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::Builder::new()
            .prefix("nexus-ddl-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()
            .unwrap();
        let cluster = Cluster::start_throwaway(folder.path()).await.unwrap();
        let connect = |url: &str| PgPoolOptions::new().max_connections(2).connect_lazy(url).unwrap();
        let (owner, app) = (connect(&cluster.urls().owner), connect(&cluster.urls().app));
        let database = Self { cluster, owner, app, _folder: folder };
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../migrations");
        let mut files: Vec<_> = std::fs::read_dir(migrations).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "sql")) {
            database.run(&std::fs::read_to_string(file).unwrap()).await;
        }
        database
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&self.owner)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }

    async fn differences(&self) -> Vec<Difference> {
        ddl::compare(&self.owner, &Library::load().unwrap().tables()).await.unwrap()
    }

    /// What the tenant role is told when it runs this in a workspace.
    async fn refused(&self, sql: &str) -> String {
        let text = format!("begin; select set_config('app.tenant_id', '{TENANT}', true); {sql}; commit");
        let mut connection = self.app.acquire().await.unwrap();
        let answer = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *connection).await;
        sqlx::raw_sql("rollback").execute(&mut *connection).await.unwrap();
        answer
            .expect_err("the database took it")
            .as_database_error()
            .and_then(|error| error.constraint())
            .unwrap_or("-")
            .to_owned()
    }

    async fn stop(self) {
        self.owner.close().await;
        self.app.close().await;
        self.cluster.stop().await.unwrap();
    }
}

const TENANT: &str = "00000000-0000-7000-8000-000000000001";
const OTHER: &str = "00000000-0000-7000-8000-000000000002";

fn words(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn every_description_has_its_table_and_what_is_missing_is_named_and_printed() {
    let database = Database::migrated().await;
    assert_eq!(words(&database.differences().await), Vec::<String>::new());

    // What the database fills by itself is made at the start, with nobody's decision, as a missing table is.
    database.run("alter table leads drop column phone_digits").await;
    assert_eq!(
        words(&database.differences().await),
        ["leads: column phone_digits is missing", "leads: index leads_phone_digits_order is missing"]
    );
    // So is a missing index, unless rows could stand in its way. One that is another one may be that of a release beside this one: it stands, and
    // stops nothing, yet it is told.
    database
        .run(
            "drop index leads_customer_id_order; drop index leads_city_norm_order; drop index leads_email_key;
            create index leads_customer_id_order on leads (tenant_id, customer_id, id) where deleted_at is null",
        )
        .await;
    let tables = Library::load().unwrap().tables();
    assert!(tables.iter().all(|table| table.migrated), "the build has tables that no migration makes");
    let made = ddl::make(&database.owner, &tables).await.unwrap();
    assert!(made.tables == 0 && made.left.is_empty(), "{:?}", made.left);
    let standing = database.differences().await;
    let wanted = ["leads: index leads_email_key is missing", "leads: index leads_customer_id_order is another one"];
    let told = words(&standing);
    assert!(told.len() == 2 && wanted.iter().all(|wanted| told.iter().any(|told| told == wanted)), "{told:#?}");
    // The same of a table that no migration makes is mended by itself, and a unique one is somebody's to decide.
    let own: Vec<ddl::Table> = tables.into_iter().map(|table| ddl::Table { migrated: false, ..table }).collect();
    let made = ddl::make(&database.owner, &own).await.unwrap();
    assert_eq!(words(&made.left), ["leads: index leads_email_key is missing"]);
    database
        .run(
            "create unique index leads_email_key on leads (tenant_id, email_norm)
            where deleted_at is null and email_norm <> ''",
        )
        .await;
    let made = ddl::make(&database.owner, &own).await.unwrap();
    assert!(made.tables == 0 && made.left.is_empty(), "{:?}", made.left);
    assert_eq!(words(&database.differences().await), Vec::<String>::new());

    database
        .run(
            "alter table leads drop column phone cascade; drop index leads_email_key; alter table leads drop constraint leads_value_whole;
            alter table opportunities drop constraint opportunities_status_known;
            alter table opportunities add constraint opportunities_status_known check (status in ('won', 'lost'));
            alter table contacts drop constraint contacts_customer_id_fkey; alter table tasks alter column title drop not null;
            alter table customers alter column name_norm type text collate \"default\"; drop table automotive_dealers;
            drop index tasks_due_on_order; create index tasks_due_on_order on tasks (due_on);
            alter table activities no force row level security; alter table activities alter column version drop default;
            drop table opportunities_participants; drop trigger opportunities_participants_made on opportunities",
        )
        .await;
    let found = database.differences().await;
    let named = words(&found);
    for wanted in [
        "leads: column phone is missing",
        "leads: index leads_phone_order is missing",
        "leads: column phone_digits is missing",
        "leads: index leads_phone_digits_order is missing",
        "leads: index leads_email_key is missing",
        "leads: constraint leads_value_whole is missing",
        "contacts: constraint contacts_customer_id_fkey is missing",
        "tasks: column title may hold null",
        "customers: column name_norm does not sort by bytes",
        "automotive_dealers: the table is missing",
        "tasks: index tasks_due_on_order is another one",
        "activities: row security is not forced or a policy is missing",
        "activities: column version has another default",
        "opportunities: the links opportunities_participants are missing",
    ] {
        assert!(named.iter().any(|difference| difference == wanted), "{wanted} in {named:#?}");
    }
    assert!(named.iter().any(|difference| difference.starts_with("opportunities: constraint opportunities_status_known is another")));
    assert_eq!(named.len(), 15, "{named:#?}");

    database.run(&ddl::alter(&found)).await;
    let left = words(&database.differences().await);
    assert_eq!(
        left,
        ["activities: row security is not forced or a policy is missing", "tasks: column title may hold null"]
            .iter()
            .map(ToString::to_string)
            .rev()
            .collect::<Vec<_>>(),
        "what needs a decision is left, and nothing else"
    );
    database.stop().await;
}

#[tokio::test]
async fn the_database_refuses_what_a_description_forbids() {
    let database = Database::migrated().await;
    for (tenant, slug) in [(TENANT, "one"), (OTHER, "two")] {
        database
            .run(&format!(
                "insert into tenants (id, slug, name, industry) values ('{tenant}', '{slug}', '{slug}', 'automotive');
                insert into members (tenant_id, id, name) values ('{tenant}', '{tenant}', 'Amina');
                insert into customers (tenant_id, id, number, status, name, created_by)
                    values ('{tenant}', '{tenant}', 'CUST-1', 'active', 'Baobab', '{tenant}')"
            ))
            .await;
    }
    let other = "10000000-0000-7000-8000-000000000001";
    database
        .run(&format!(
            "insert into customers (tenant_id, id, number, status, name, created_by)
                values ('{OTHER}', '{other}', 'CUST-2', 'active', 'Acacia', '{OTHER}')"
        ))
        .await;
    let lead = |columns: &str, values: &str| {
        format!(
            "insert into leads (tenant_id, id, number, name, created_by{columns})
                values ('{TENANT}', gen_random_uuid(), 'LEAD-' || gen_random_uuid(), 'A', '{TENANT}'{values})"
        )
    };
    let twice = format!(
        "{}; {}",
        lead(", status, email_norm", ", 'new', 'a@example.com'"),
        lead(", status, email_norm", ", 'new', 'a@example.com'")
    );
    for (sql, constraint) in [
        (lead(", status", ", 'hot'"), "leads_status_known"),
        (lead(", status, source", ", 'new', 'radio'"), "leads_source_known"),
        (lead(", status, value_minor", ", 'new', 100"), "leads_value_whole"),
        (lead(", status, value_minor, value_currency", ", 'new', 100, 'kes'"), "leads_value_currency_shape"),
        (lead(", status, value_minor, value_currency", ", 'new', -1, 'KES'"), "leads_value_range"),
        (lead(", status, country", ", 'new', 'Kenya'"), "leads_country_shape"),
        // A customer of another workspace is none.
        (lead(", status, customer_id", &format!(", 'new', '{other}'")), "leads_customer_id_fkey"),
        (lead(", status, owner_id", &format!(", 'new', '{OTHER}'")), "leads_owner_id_fkey"),
        (twice, "leads_email_key"),
    ] {
        assert_eq!(database.refused(&sql).await, constraint, "{sql}");
    }
    database.stop().await;
}
