//! A job that works by steps has all its tries again with each of them.

use crate::database::TestDb;
use crate::{id, set_tenant, start, until_state, works};
use jobs::{NewJob, Outcome, Queue};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Tries that bring the work on before they fail.
const STEPS: u32 = 5;

#[tokio::test]
async fn what_comes_on_has_all_its_tries_again_and_what_does_not_is_given_up() {
    let db = TestDb::new().await;
    let tenant = db.tenant().await;
    let job = id();
    let new = NewJob::new(job, "work", json!({})).scope(tenant).attempts(2);
    Queue::new(db.platform.clone()).enqueue(new).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let (pool, counted) = (db.app.clone(), runs.clone());
    let worker = start(
        &db,
        "a",
        works("work", move |job| {
            let (pool, counted) = (pool.clone(), counted.clone());
            Box::pin(async move {
                if counted.fetch_add(1, Ordering::Relaxed) < STEPS {
                    let mut tx = pool.begin().await.unwrap();
                    set_tenant(&mut tx, tenant).await;
                    job.advance(&mut tx).await.unwrap();
                    // What is rolled back has brought nothing on.
                    assert_eq!(job.is_last_attempt(), job.attempt == 2);
                    tx.commit().await.unwrap();
                    job.advanced();
                    assert!(!job.is_last_attempt());
                }
                Outcome::Retry("away".into())
            })
        }),
    );
    let (_, attempts, _, error) = until_state(&db, job, "failed").await;
    assert_eq!((attempts, error.as_deref()), (2, Some("away")));
    assert_eq!(runs.load(Ordering::Relaxed), STEPS + 1);
    worker.stop(Duration::from_secs(1)).await;
    db.close().await;
}
