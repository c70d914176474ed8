//! A request that is cut off, above all while BEGIN is under way, must leave no transaction behind, and no later write may vanish in one.

use domain::records::CreateRecord;
use platform::{Statement, TenantTx, TxMode};
use serde_json::json;
use sqlx::Connection;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use testkit::TestWorld;

/// Counts connections that are in a transaction and do nothing.
pub const OPEN: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";

/// Statements that fail, each with another after it.
const FAILURES: usize = 300;

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
    assert!(cut > 100, "only {cut} of 2,000 were cut off: the test did not test");
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

/// What a transaction sets ends with it: whoever gets the connection next, by whatever way, is in no workspace at all.
#[tokio::test]
async fn the_workspace_of_a_connection_ends_with_its_transaction() {
    let world = TestWorld::new(|_| {}).await;
    let tenant = world.tenant("lakeside", "core").await;
    let mut seen_inside = 0;
    for end in ["commit", "rollback"] {
        let mut tx = TenantTx::begin(&world.services().pools.app, tenant.id, TxMode::ReadWrite).await.unwrap();
        let workspace = "select coalesce(current_setting('app.tenant_id', true), '')";
        let within: String = sqlx::query_scalar(workspace).fetch_one(tx.conn()).await.unwrap();
        assert_eq!(within, tenant.id.to_string());
        seen_inside += sqlx::query_scalar::<_, i64>("select count(*) from roles").fetch_one(tx.conn()).await.unwrap();
        sqlx::query(end).execute(tx.conn()).await.unwrap();
        let after: String = sqlx::query_scalar(workspace).fetch_one(tx.conn()).await.unwrap();
        let rows: i64 = sqlx::query_scalar("select count(*) from roles").fetch_one(tx.conn()).await.unwrap();
        assert_eq!((after.as_str(), rows), ("", 0), "after {end}");
        let _ = tx.commit().await;
    }
    assert!(seen_inside > 0);
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

/// Reads that go out in one piece: cut off at any moment they leave no transaction, and no tenant, behind for the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_cancelled_reads_leave_nothing_open() {
    let world = TestWorld::new(|_| {}).await;
    let (one, other) = (world.tenant("lakeside", "core").await, world.tenant("harbour", "core").await);
    let reader = world.services().pools.readers.clone().expect("the test's database is on this machine").app;
    let (mut cut, mut seen) = (0, 0);
    for round in 0..2_000u64 {
        let tenant = if round % 2 == 0 { one.id } else { other.id };
        let text = format!("select tenant_id, {} from members", round % 7);
        let statement = Statement { text, binds: Vec::new(), fresh: round % 3 == 0 };
        // Cut off after so many steps: a read is over before the shortest time that a timer knows.
        let mut read = pin!(reader.of_tenant(tenant, &statement));
        let mut answer = None;
        for _ in 0..round % 8 {
            if let Poll::Ready(rows) = futures::poll!(read.as_mut()) {
                answer = Some(rows);
                break;
            }
            tokio::task::yield_now().await;
        }
        if answer.is_none() && round % 5 == 0 {
            answer = Some(read.await);
        }
        let Some(rows) = answer else {
            cut += 1;
            continue;
        };
        let rows = rows.unwrap();
        assert!(!rows.is_empty(), "a workspace sees its own members");
        for row in rows {
            assert_eq!(row.get::<uuid::Uuid>(0).unwrap(), tenant.0, "a foreign row");
        }
        seen += 1;
    }
    assert!(cut > 200 && seen > 200, "{cut} were cut off and {seen} answered: the test did not test");
    // A statement that fails ends its transaction too, also where the machine is so busy that its answer is there before the end was sent.
    let done = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..6)
        .map(|_| {
            let done = done.clone();
            std::thread::spawn(move || while !done.load(Ordering::Relaxed) {})
        })
        .collect();
    let members = Statement::new("select tenant_id from members", Vec::new());
    let mut after = Vec::new();
    for _ in 0..FAILURES {
        assert!(reader.of_tenant(one.id, &Statement::new("select 1 / 0", Vec::new())).await.is_err());
        after.push(reader.of_tenant(other.id, &members).await);
    }
    done.store(true, Ordering::Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
    let refused = after.iter().filter(|rows| rows.is_err()).count();
    assert_eq!(refused, 0, "{refused} of {FAILURES} were refused for what somebody else did before them");
    let rows = reader.of_role(&members).await.unwrap();
    assert!(rows.is_empty(), "a tenant outlived its statement");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut owner = sqlx::PgConnection::connect(&world.urls.owner).await.unwrap();
    let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&mut owner).await.unwrap();
    assert_eq!(open, 0, "connections were left in a transaction");
    let _ = owner.close().await;
    world.end().await;
}
