//! What runs beside requests: jobs, the search index, wake-ups, shared rate limits, and clearing away what has run out.

use crate::state::App;
use jobs::{Queue, Running, Worker, WorkerConfig};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub struct Background {
    tasks: Vec<JoinHandle<()>>,
    jobs: Option<Running>,
}

/// Jobs are looked for no more often than this, however much is committed.
const GATHER: Duration = Duration::from_millis(20);
/// How long work in hand may take to come to an end.
const GRACE: Duration = Duration::from_secs(10);

pub fn start(app: &App, work: bool, stopped: watch::Receiver<bool>) -> Background {
    let services = app.platform.services.clone();
    let pools = services.pools.clone();
    let mut tasks = vec![
        tokio::spawn(services.wake.clone().send_forever(pools.clone())),
        tokio::spawn(app.limiter.clone().share_forever(pools.platform.clone())),
    ];
    if !work {
        return Background { tasks, jobs: None };
    }
    tasks.push(tokio::spawn(services.wake.clone().listen_forever(pools.clone())));
    tasks.push(tokio::spawn(records::index::run_forever(app.platform.clone(), stopped)));
    tasks.push(tokio::spawn(sweep(app.clone())));
    let running = Worker::new(Queue::new(pools.platform.clone()), WorkerConfig::default())
        .with(records::import::job_handler(app.platform.clone()))
        .start();
    let waker = running.waker();
    tasks.push(tokio::spawn(async move {
        let mut woken = pin!(services.wake.local.notified());
        loop {
            woken.as_mut().await;
            waker.notify_one();
            // Under steady writing one look serves many commits. Those in between are waited for from here on.
            woken.set(services.wake.local.notified());
            woken.as_mut().enable();
            tokio::time::sleep(GATHER).await;
        }
    }));
    Background { tasks, jobs: Some(running) }
}

impl Background {
    pub async fn end(self) {
        if let Some(jobs) = self.jobs {
            jobs.stop(GRACE).await;
        }
        for task in self.tasks {
            task.abort();
        }
    }
}

/// Removes what has run out, in small batches, every ten minutes.
async fn sweep(app: App) {
    const BATCH: i64 = 1000;
    /// Finished jobs are looked at for a while, then nobody asks.
    const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
    let services = app.platform.services.clone();
    let pool = services.pools.platform.clone();
    let queue = Queue::new(pool.clone());
    loop {
        tokio::time::sleep(Duration::from_secs(600)).await;
        let now = services.clock.now();
        let swept = [
            ("sessions", services.auth.users.purge_expired(BATCH).await),
            ("staff sessions", services.auth.staff.purge_expired(BATCH).await),
            ("sign-in attempts", services.auth.purge(BATCH).await),
            ("idempotency keys", platform::idempotency::purge(&pool, now, BATCH).await),
            ("finished jobs", queue.purge(KEPT, BATCH).await.map_err(platform::db_error)),
            ("rate counters", app.limiter.purge(&pool, BATCH).await),
        ];
        for (what, result) in swept {
            match result {
                Ok(0) => {}
                Ok(removed) => tracing::debug!(removed, what, "cleared away"),
                Err(error) => tracing::warn!(%error, what, "could not be cleared away"),
            }
        }
    }
}
