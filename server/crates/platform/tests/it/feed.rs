//! What runs beside requests: how it looks for what was committed, and how it is woken to look.

use crate::database::TestDb;
use nexus_platform::wake::Wake;
use nexus_platform::{Kept, TenantTx};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Left to itself PostgreSQL plans the tables of all months anew in every round, for hours where a workspace is busy.
#[tokio::test]
async fn a_look_for_what_was_committed_is_planned_once() {
    let db = TestDb::new().await;
    let mut tx = TenantTx::begin_feed(&db.pools.platform, Kept::Soon).await.unwrap();
    for limit in 1..=8_i64 {
        sqlx::query("select id from events where (xid, id) > ($1::text::xid8, $2) order by xid, id limit $3")
            .bind("0")
            .bind(Uuid::nil())
            .bind(limit)
            .fetch_all(tx.conn())
            .await
            .unwrap();
    }
    let plans: (i64, i64) = sqlx::query_as(
        "select generic_plans, custom_plans from pg_prepared_statements where statement like 'select id from events%'",
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    assert_eq!(plans, (8, 0));
    tx.commit().await.unwrap();
    // What holds for the look ends with it.
    for setting in ["plan_cache_mode", "synchronous_commit", "enable_seqscan"] {
        let (now, default): (String, String) =
            sqlx::query_as("select current_setting(name), reset_val from pg_settings where name = $1")
                .bind(setting)
                .fetch_one(&db.pools.platform)
                .await
                .unwrap();
        assert_eq!(now, default, "{setting}");
    }
    db.close().await;
}

/// Counts how often a worker of a process is woken.
fn worker(wake: &Arc<Wake>) -> Arc<AtomicUsize> {
    let (wake, woken) = (wake.clone(), Arc::new(AtomicUsize::new(0)));
    let count = woken.clone();
    tokio::spawn(async move {
        loop {
            wake.local.notified().await;
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    woken
}

/// Commits until somebody else was woken: at first they may not be listening yet.
async fn heard(from: &Arc<Wake>, by: &AtomicUsize) {
    let before = by.load(Ordering::SeqCst);
    for _ in 0..200 {
        from.after_commit();
        tokio::time::sleep(Duration::from_millis(50)).await;
        if by.load(Ordering::SeqCst) > before {
            return;
        }
    }
    panic!("the other process was never woken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_woken_by_the_others_and_once_by_itself() {
    let db = TestDb::new().await;
    let [one, other] = [1, 2].map(|process| Arc::new(Wake::new(Uuid::from_u128(process))));
    let mut tasks = Vec::new();
    for wake in [&one, &other] {
        tasks.push(tokio::spawn(wake.clone().send_forever(db.pools.clone())));
        tasks.push(tokio::spawn(wake.clone().listen_forever(db.pools.clone())));
    }
    let (own, others) = (worker(&one), worker(&other));
    heard(&one, &others).await;
    heard(&other, &own).await;
    // Both listen. A quiet moment later one commit wakes each of them once.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = (own.load(Ordering::SeqCst), others.load(Ordering::SeqCst));
    one.after_commit();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = (own.load(Ordering::SeqCst), others.load(Ordering::SeqCst));
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1));
    for task in tasks {
        task.abort();
    }
    db.close().await;
}
