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
    let world = TestWorld::new(records::register).await;
    let owner = world.owner().await;
    (world, owner)
}

async fn count(owner: &PgPool, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(owner).await.unwrap()
}

async fn fill(world: &TestWorld, size: Size, tenant: &str) -> domain::Result<Outcome> {
    seed(&world.platform, &world.library, "automotive", size, tenant).await
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_another_size_adds_its_own() {
    let (world, owner) = world().await;
    let tenant = world.tenant("acme", "automotive").await;
    let amina = world.member(&tenant, "Amina", &["OWNER"]).await;
    assert_eq!(fill(&world, Size::Small, "acme").await.unwrap(), Outcome::Seeded { records: 62 });
    let before = world.fingerprint(&TABLES).await;
    assert_eq!(fill(&world, Size::Small, "acme").await.unwrap(), Outcome::AlreadySeeded);
    assert_eq!(world.fingerprint(&TABLES).await, before);

    // Even without its mark a run finds every record by its key.
    sqlx::query("delete from demo_audit").execute(&owner).await.unwrap();
    assert_eq!(fill(&world, Size::Small, "acme").await.unwrap(), Outcome::Seeded { records: 0 });
    assert_eq!(world.fingerprint(&TABLES).await, before);

    assert_eq!(fill(&world, Size::Medium, "acme").await.unwrap(), Outcome::Seeded { records: 620 });
    assert_eq!(count(&owner, "select count(*) from leads").await, 110);
    assert_eq!(
        count(&owner, "select count(*) from changes where cause_kind = 'seed' and record_id is not null").await,
        682
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
    assert_eq!(fill(&world, Size::Large, "north-coast").await.unwrap(), Outcome::Seeded { records: 6200 });
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
    assert_eq!(taken, Outcome::Seeded { records: 62 }, "another workspace's records are in nobody's way");
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
    assert_eq!(fill(&world, Size::Small, "acme").await.unwrap(), Outcome::Seeded { records: 62 });
    assert_eq!(
        count(&owner, "select count(*) from demo_audit where action = 'seed_completed' and records_created = 62").await,
        1
    );
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
    assert_eq!(outcomes, [Outcome::Seeded { records: 620 }, Outcome::AlreadySeeded]);
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
