//! Seeding through the engine, on a real database.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use domain::Kind;
use domain::records::{ListRecords, RecordTimeline};
use domain::schema::{Filter, ListQuery};
use packs::seed::{Outcome, Size, seed};
use sqlx::{AssertSqlSafe, PgPool};
use testkit::TestWorld;

const TABLES: [&str; 7] =
    ["customers", "contacts", "automotive_dealers", "leads", "opportunities", "activities", "tasks"];

async fn world() -> (TestWorld, PgPool) {
    let world = TestWorld::new(|registry| {
        records::register(registry);
        modules::register(registry);
    })
    .await;
    let owner = world.owner().await;
    (world, owner)
}

async fn count(owner: &PgPool, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(owner).await.unwrap()
}

async fn fill(world: &TestWorld, size: Size, tenant: &str) -> domain::Result<Outcome> {
    seed(&world.platform, &world.library, "automotive", size, tenant).await
}

/// Orders, invoices and payments of a workspace.
async fn traded(owner: &PgPool, slug: &str) -> u64 {
    let mut all = 0;
    for table in ["orders", "invoices", "payments"] {
        let of =
            format!("select count(*) from {table} where tenant_id = (select id from tenants where slug = '{slug}')");
        all += u64::try_from(count(owner, &of).await).unwrap();
    }
    all
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_another_size_adds_its_own() {
    let (world, owner) = world().await;
    let tenant = world.tenant("acme", "automotive").await;
    let amina = world.member(&tenant, "Amina", &["OWNER"]).await;
    let records = match fill(&world, Size::Small, "acme").await.unwrap() {
        Outcome::Seeded { records } => records,
        seeded => panic!("{seeded:?}"),
    };
    let small = traded(&owner, "acme").await;
    assert!(small > 3 && records == 72 + small, "{records} with {small}");
    let before = world.fingerprint(&TABLES).await;
    assert_eq!(fill(&world, Size::Small, "acme").await.unwrap(), Outcome::AlreadySeeded);
    assert_eq!(world.fingerprint(&TABLES).await, before);

    // Even without its mark a run finds every record by its key.
    sqlx::query("delete from demo_audit").execute(&owner).await.unwrap();
    assert_eq!(fill(&world, Size::Small, "acme").await.unwrap(), Outcome::Seeded { records: 0 });
    assert_eq!(world.fingerprint(&TABLES).await, before);

    let Outcome::Seeded { records } = fill(&world, Size::Medium, "acme").await.unwrap() else {
        panic!("seeded before")
    };
    assert_eq!(records, 720 + traded(&owner, "acme").await - small);
    assert_eq!(count(&owner, "select count(*) from leads").await, 110);
    assert_eq!(
        count(&owner, "select count(*) from changes where operation = 'demo.seed' and record_id is not null").await,
        792
    );
    assert_eq!(count(&owner, "select count(distinct number) from leads where number ~ '^LEAD-[0-9]{6}$'").await, 110);

    // What a person of the workspace sees of it.
    let opportunity = world.library.catalog("automotive").unwrap().get("opportunity").unwrap().clone();
    let filter = Filter::parse("status = test_drive and owner = me", &opportunity).unwrap();
    let query = ListQuery { filter: Some(filter), ..ListQuery::default() };
    let page = world.run(&amina, ListRecords { entity: "opportunity".to_owned(), query }).await.unwrap();
    let rows = page.records().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.label("customer").is_some()), "{rows:?}");
    let timeline = RecordTimeline { entity: "opportunity".to_owned(), id: rows[0].id, limit: 5, before: None };
    let told = world.run(&amina, timeline).await.unwrap();
    assert_eq!(told[0].cause.as_ref().unwrap().kind, "seed");
    world.end().await;
}

#[tokio::test]
async fn a_large_demo_is_made_at_once_in_a_workspace_of_its_own() {
    let (world, owner) = world().await;
    world.tenant("neighbour", "automotive").await;
    let Outcome::Seeded { records } = fill(&world, Size::Large, "north-coast").await.unwrap() else {
        panic!("seeded before")
    };
    assert_eq!(records, 7200 + traded(&owner, "north-coast").await);
    // What was sold, billed and paid holds together.
    for (wrong, sql) in [
        (
            "entries",
            "select count(*) from (select entry_id from journal_lines group by entry_id having sum(base_debit_minor) <> sum(base_credit_minor)) e",
        ),
        (
            "stock",
            "select count(*) from products p where p.quantity <> (select coalesce(sum(quantity), 0) from stock_movements m where m.product_id = p.id)",
        ),
        (
            "paid",
            "select count(*) from invoices i where i.paid_amount_minor <> (select coalesce(sum(a.amount_minor), 0) from payment_allocations a where a.invoice_id = i.id)",
        ),
        (
            "shipped without an invoice",
            "select count(*) from orders o where o.status in ('shipped', 'delivered', 'invoiced') and not exists (select from invoices i where i.order_id = o.id)",
        ),
        ("states that nobody is in", "select 10 - count(distinct status) from orders"),
    ] {
        assert_eq!(count(&owner, sql).await, 0, "{wrong}");
    }
    assert_eq!(
        count(&owner, "select count(*) from tenants where slug = 'north-coast' and name = 'Automotive North Coast'")
            .await,
        1
    );
    assert_eq!(count(&owner, "select count(distinct tenant_id) from leads").await, 1);
    assert_eq!(
        count(&owner, "select count(*) from leads where owner_id is not null").await,
        0,
        "there are no people yet"
    );
    let taken = fill(&world, Size::Small, "neighbour").await.unwrap();
    let records = 72 + traded(&owner, "neighbour").await;
    assert_eq!(taken, Outcome::Seeded { records }, "another workspace's records are in nobody's way");
    world.end().await;
}

#[tokio::test]
async fn a_failure_leaves_nothing_but_its_mark_and_can_be_tried_again() {
    let (world, owner) = world().await;
    world.tenant("acme", "automotive").await;
    sqlx::query("revoke insert on tasks from nexus_app").execute(&owner).await.unwrap();
    fill(&world, Size::Small, "acme").await.unwrap_err();
    for table in TABLES {
        assert_eq!(count(&owner, &format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert_eq!(
        count(&owner, "select count(*) from demo_audit where action = 'seed_failed' and error is not null").await,
        1
    );
    sqlx::query("grant insert on tasks to nexus_app").execute(&owner).await.unwrap();
    let seeded = fill(&world, Size::Small, "acme").await.unwrap();
    let records = 72 + traded(&owner, "acme").await;
    assert_eq!(seeded, Outcome::Seeded { records });
    let told = "select records_created from demo_audit where action = 'seed_completed'";
    assert_eq!(count(&owner, told).await, i64::try_from(records).unwrap());
    world.end().await;
}

#[tokio::test]
async fn somebody_who_has_the_address_already_keeps_it() {
    let (world, owner) = world().await;
    world.tenant("acme", "automotive").await;
    fill(&world, Size::Small, "acme").await.unwrap();
    let mail: String =
        sqlx::query_scalar("select email_norm from customers order by id limit 1").fetch_one(&owner).await.unwrap();
    for table in TABLES {
        sqlx::query(AssertSqlSafe(format!("truncate {table} cascade"))).execute(&owner).await.unwrap();
    }
    sqlx::query("delete from demo_audit").execute(&owner).await.unwrap();
    sqlx::query(
        "insert into customers (tenant_id, id, number, status, name, email, email_norm, created_by)
         select tenant_id, id, 'CUST-9', 'active', 'Real', $1, $1, id from members limit 1",
    )
    .bind(&mail)
    .execute(&owner)
    .await
    .unwrap();
    // Without the customer its opportunity cannot be, while contact, activity and task do without it.
    assert_eq!(fill(&world, Size::Small, "acme").await.unwrap(), Outcome::Seeded { records: 60 });
    assert_eq!(count(&owner, "select count(*) from customers where name = 'Real'").await, 1);
    world.end().await;
}

#[tokio::test]
async fn two_runs_at_once_make_it_once() {
    let (world, owner) = world().await;
    world.tenant("acme", "automotive").await;
    let (first, second) = tokio::join!(fill(&world, Size::Medium, "acme"), fill(&world, Size::Medium, "acme"));
    let mut outcomes = [first.unwrap(), second.unwrap()];
    outcomes.sort_by_key(|outcome| *outcome == Outcome::AlreadySeeded);
    let records = 720 + traded(&owner, "acme").await;
    assert_eq!(outcomes, [Outcome::Seeded { records }, Outcome::AlreadySeeded]);
    assert_eq!(count(&owner, "select count(*) from leads").await, 100);
    world.end().await;
}

#[tokio::test]
async fn the_wrong_industry_is_refused_in_words() {
    let (world, _) = world().await;
    world.tenant("plain", "core").await;
    let refused = fill(&world, Size::Small, "plain").await.unwrap_err();
    assert_eq!(refused.kind, Kind::Invalid);
    let told = refused.fields.first().map_or(refused.message.clone(), |field| field.message.clone());
    assert!(told.contains("plain is a workspace of the industry core"), "{told}");
    world.end().await;
}

#[tokio::test]
async fn a_showroom_is_filled_with_projects_of_every_stage() {
    let (world, owner) = world().await;
    let tenant = world.tenant("bowman", "home-showrooms").await;
    world.furnish(&tenant).await;
    for (name, role) in [("Ann", "CONSULTANT"), ("Sam", "SURVEYOR"), ("Dee", "DESIGNER"), ("Ina", "INSTALLER")] {
        world.member(&tenant, name, &[role]).await;
    }
    let filled = seed(&world.platform, &world.library, "home-showrooms", Size::Medium, "bowman").await.unwrap();
    assert!(matches!(filled, Outcome::Seeded { records } if records > 600), "{filled:?}");
    for (what, sql, wanted) in [
        ("projects", "select count(*) from showroom_projects", 100),
        ("stages", "select count(distinct status) from showroom_projects", 13),
        ("since", "select count(*) from showroom_projects where status_since is null", 0),
        ("due", "select count(*) from showroom_projects where (status_due is null) <> (status = 'completed')", 0),
        (
            "days",
            "select count(*) from showroom_projects where status = 'enquiry' and status_due <> (status_since at time zone 'Africa/Nairobi')::date + 2",
            0,
        ),
        (
            "owners",
            "select count(*) from showroom_projects p join members m on m.tenant_id = p.tenant_id and m.id = p.owner_id
             where p.status like 'survey%' and m.name <> 'Sam' or p.status = 'installing' and m.name <> 'Ina'",
            0,
        ),
        (
            "open before",
            "select count(*) from showroom_projects where status <> 'enquiry' and not checklist ? 'client_called'",
            0,
        ),
        (
            "roles",
            "select count(*) from roles where key in ('CONSULTANT', 'SURVEYOR', 'DESIGNER', 'COORDINATOR', 'INSTALLER')",
            5,
        ),
    ] {
        assert_eq!(count(&owner, sql).await, wanted, "{what}");
    }
    let again = seed(&world.platform, &world.library, "home-showrooms", Size::Medium, "bowman").await.unwrap();
    assert_eq!(again, Outcome::AlreadySeeded);
    world.end().await;
}
