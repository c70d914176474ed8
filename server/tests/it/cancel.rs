//! A request that is cut off, above all while BEGIN is under way, must leave no transaction behind, and no later write may vanish in one.

use domain::records::CreateRecord;
use platform::{TenantTx, TxMode};
use serde_json::json;
use sqlx::Connection;
use std::time::Duration;
use testkit::TestWorld;

const OPEN: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_cancelled_requests_leave_nothing_open() {
    let world = TestWorld::new(|registry| *registry = nexus_server::start::registry()).await;
    let tenant = world.tenant("lakeside", "automotive").await;
    let amina = world.member(&tenant, "Amina", &["USER"]).await;
    let pool = world.services().pools.app.clone();
    let mut cut = 0;
    for round in 0..2_000u64 {
        let begin = async {
            let mut tx = TenantTx::begin(&pool, tenant.id, TxMode::ReadWrite).await?;
            sqlx::query("select 1").execute(tx.conn()).await?;
            tx.commit().await
        };
        // From before the first byte leaves to after the answer came.
        let patience = Duration::from_micros(round % 40 * 20);
        cut += u32::from(tokio::time::timeout(patience, begin).await.is_err());
    }
    assert!(cut > 400, "only {cut} of 2,000 were cut off: the test did not test");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut owner = sqlx::PgConnection::connect(&world.urls.owner).await.unwrap();
    let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&mut owner).await.unwrap();
    assert_eq!(open, 0, "connections were left in a transaction");
    for number in 0..1_000 {
        let values = json!({ "name": format!("Lead {number}") }).as_object().cloned().unwrap_or_default();
        world.run(&amina, CreateRecord { entity: "lead".to_owned(), values }).await.unwrap();
    }
    // Another connection than those that wrote: what it does not see was never committed.
    let written: i64 = sqlx::query_scalar("select count(*) from leads").fetch_one(&mut owner).await.unwrap();
    assert_eq!(written, 1_000, "acknowledged writes are missing");
    let _ = owner.close().await;
    world.end().await;
}

/// A BEGIN that fails must not pool an aborted connection.
#[tokio::test]
async fn a_failed_commit_poisons_no_connection() {
    let world = TestWorld::new(|_| {}).await;
    let tenant = world.tenant("lakeside", "core").await;
    let pool = world.services().pools.app.clone();
    for _ in 0..20 {
        let mut tx = TenantTx::begin(&pool, tenant.id, TxMode::ReadWrite).await.unwrap();
        assert!(sqlx::query("select 1 / 0").execute(tx.conn()).await.is_err());
        drop(tx);
        let mut tx = TenantTx::begin(&pool, tenant.id, TxMode::ReadOnly).await.unwrap();
        let seen: i64 = sqlx::query_scalar("select count(*) from members").fetch_one(tx.conn()).await.unwrap();
        assert_eq!(seen, 1);
    }
    world.end().await;
}
