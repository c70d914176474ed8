//! What runs beside requests: how it looks for what was committed, and how it is woken to look.

use crate::database::TestDb;
use nexus_platform::wake::{GATHER, Wake};
use nexus_platform::{Durable, TenantTx};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// What holds for the look ends with it; and the disk is not waited for by those alone who do what is lost once more.
#[tokio::test]
async fn a_look_for_what_was_committed_leaves_its_connection_as_it_was() {
    let db = TestDb::new().await;
    for (durable, waits) in [(Durable::Soon, "off"), (Durable::AtOnce, "on")] {
        let mut tx = TenantTx::begin_feed(&db.pools.platform, durable).await.unwrap();
        for (setting, wanted) in [("synchronous_commit", waits), ("enable_seqscan", "off"), ("plan_cache_mode", "auto")]
        {
            let now: String =
                sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(tx.conn()).await.unwrap();
            // The databases of tests wait for no disk at all.
            assert!(now == wanted || setting == "synchronous_commit" && now == "off", "{setting} is {now}");
        }
        tx.commit().await.unwrap();
        for setting in ["synchronous_commit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin"] {
            let (now, default): (String, String) =
                sqlx::query_as("select current_setting(name), reset_val from pg_settings where name = $1")
                    .bind(setting)
                    .fetch_one(&db.pools.platform)
                    .await
                    .unwrap();
            assert_eq!(now, default, "{setting}");
        }
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

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Waits until the worker has been woken so often.
async fn until(woken: &AtomicUsize, times: usize) {
    while woken.load(Ordering::SeqCst) < times {
        pass(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn one_commit_wakes_and_many_wake_together() {
    let wake = Arc::new(Wake::new(Uuid::nil()));
    let woken = worker(&wake);
    tokio::task::yield_now().await;
    wake.after_commit();
    until(&woken, 1).await;
    for _ in 0..1000 {
        wake.after_commit();
    }
    until(&woken, 2).await;
    pass(GATHER * 3).await;
    // However slow the machine: of a thousand commits without a pause one or two stretches.
    assert!(woken.load(Ordering::SeqCst) <= 3, "{} times", woken.load(Ordering::SeqCst));
}

/// At whatever moment of a stretch somebody commits, somebody is woken afterwards; if not, this does not end.
#[tokio::test]
async fn no_commit_is_left_untold() {
    let wake = Arc::new(Wake::new(Uuid::nil()));
    let woken = worker(&wake);
    tokio::task::yield_now().await;
    for step in 0..40_u64 {
        let before = woken.load(Ordering::SeqCst);
        wake.after_commit();
        pass(Duration::from_millis(step)).await;
        until(&woken, before + 1).await;
    }
}
