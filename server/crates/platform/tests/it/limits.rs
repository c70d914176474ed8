//! One limit for several processes.

use crate::database::TestDb;
use nexus_platform::limit::{LimitKey, Limiter};
use std::time::Duration;

fn key() -> LimitKey {
    LimitKey::new("member", "somebody", 100, Duration::from_secs(60))
}

#[tokio::test]
async fn processes_share_what_they_counted() {
    let db = TestDb::new().await;
    db.clock.set("2026-03-01T10:00:00Z".parse().unwrap());
    let processes = [Limiter::new(db.clock.clone()), Limiter::new(db.clock.clone()), Limiter::new(db.clock.clone())];
    let pool = &db.pools.platform;
    let mut allowed = 0;
    for _ in 0..30 {
        for process in &processes {
            allowed += (0..5).filter(|_| process.check(&[key()]).allowed).count();
        }
        for process in &processes {
            process.flush(pool).await.unwrap();
        }
        // Who flushed first learns of the others with its next flush.
        db.clock.advance(chrono::Duration::seconds(1));
    }
    assert!((100..=130).contains(&allowed), "{allowed}");
    // A process that starts now learns with its first flush what was asked before it came.
    let late = Limiter::new(db.clock.clone());
    assert!(late.check(&[key()]).allowed);
    late.flush(pool).await.unwrap();
    assert!(!late.check(&[key()]).allowed);
    db.clock.advance(chrono::Duration::seconds(35));
    let after = Limiter::new(db.clock.clone());
    assert!(after.check(&[key()]).allowed);
    after.flush(pool).await.unwrap();
    assert!(!after.check(&[key()]).allowed, "the window before is still in sight");
    db.clock.advance(chrono::Duration::seconds(300));
    assert!(processes[0].check(&[key()]).allowed);
    assert_eq!(processes[0].purge(pool, 100).await.unwrap(), 2);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_flush_at_once_do_not_hinder_each_other() {
    let db = TestDb::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (pool, clock) = (db.pools.platform.clone(), db.clock.clone());
        tasks.spawn(async move {
            let process = Limiter::new(clock);
            for _ in 0..5 {
                for one in 0..2_000 {
                    process.check(&[LimitKey::new("member", format!("{one}"), 100, Duration::from_secs(3600))]);
                }
                process.flush(&pool).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let (rows, hits): (i64, i64) =
        sqlx::query_as("select count(*), sum(hits)::bigint from rate_counters").fetch_one(&db.owner).await.unwrap();
    assert_eq!((rows, hits), (2_000, 4 * 5 * 2_000));
    db.close().await;
}
