//! What runs beside requests: jobs, workflows, the search index, wake-ups, shared rate limits, and clearing away what has run out.

use crate::state::App;
use jobs::{Queue, Running, Worker, WorkerConfig};
use modules::files::erase;
use modules::messaging::delivery_job;
use modules::people::{account_mail_job, hand_over_job};
use platform::audit;
use platform::capability::Mailer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use workflow::{Engine, EngineConfig};

pub struct Background {
    tasks: Vec<JoinHandle<()>>,
    jobs: Option<Running>,
    /// Goes on with runs until told to stop; what it has in hand comes to its end.
    runs: Option<JoinHandle<()>>,
    /// Keeps the heads of the audit trail once more before it ends.
    anchoring: Option<JoinHandle<()>>,
}

/// How long work in hand may take to come to an end.
const GRACE: Duration = Duration::from_secs(10);

/// What work needs beside the application.
pub struct Tools {
    pub mailer: Arc<dyn Mailer>,
    /// Those that new workspaces get.
    pub workflows: workflow::Templates,
}

pub fn start(app: &App, work: bool, tools: Tools, stopped: watch::Receiver<bool>) -> Background {
    let services = app.platform.services.clone();
    let pools = services.pools.clone();
    let mut tasks = vec![
        tokio::spawn(services.wake.clone().send_forever(pools.clone())),
        tokio::spawn(app.limiter.clone().share_forever(pools.platform.clone())),
        tokio::spawn(app.presence.clone().share_forever(pools.clone())),
        tokio::spawn(app.live.clone().read_forever(pools.clone(), services.wake.clone(), stopped.clone())),
    ];
    if !work {
        return Background { tasks, jobs: None, runs: None, anchoring: None };
    }
    tasks.push(tokio::spawn(services.wake.clone().listen_forever(pools.clone())));
    tasks.push(tokio::spawn(records::index::run_forever(app.platform.clone(), stopped.clone())));
    tasks.push(tokio::spawn(audit::seal::run_forever(app.platform.clone(), stopped.clone())));
    let anchors = audit::anchor::folder(&app.config.data_dir);
    let anchoring = Some(tokio::spawn(audit::anchor::run_forever(app.platform.clone(), anchors, stopped.clone())));
    let lease = app.config.lease;
    let settings = EngineConfig { lease, ..EngineConfig::default() };
    let engine = Engine::new(app.platform.clone(), tools.workflows, settings);
    tasks.push(tokio::spawn(workflow::matcher::run_forever(engine.clone(), stopped.clone())));
    tasks.push(tokio::spawn(workflow::timers::run_forever(engine.clone(), stopped.clone())));
    tasks.push(tokio::spawn(workflow::templates::furnish_forever(engine.clone(), stopped.clone())));
    let runs = Some(tokio::spawn(workflow::worker::run_forever(engine, stopped)));
    tasks.push(tokio::spawn(sweep(app.clone())));
    tasks.push(tokio::spawn(age(app.clone())));
    let running = Worker::new(Queue::new(pools.platform.clone()), WorkerConfig { lease, ..WorkerConfig::default() })
        .with(records::import::job_handler(app.platform.clone()))
        .with(records::bulk::job_handler(app.platform.clone()))
        .with(records::exports::job_handler(app.platform.clone(), api::export_part))
        .with(hand_over_job(app.platform.clone()))
        .with(account_mail_job(
            app.platform.clone(),
            tools.mailer.clone(),
            app.config.base_url.clone(),
            app.config.data_dir.join("outbox"),
        ))
        .with(delivery_job(app.platform.clone(), tools.mailer))
        .start();
    let waker = running.waker();
    tasks.push(tokio::spawn(async move {
        loop {
            // Asked for before telling, so that a commit in between is not missed.
            let woken = services.wake.local.notified();
            waker.notify_one();
            woken.await;
        }
    }));
    Background { tasks, jobs: Some(running), runs, anchoring }
}

impl Background {
    pub async fn end(self) {
        if let Some(jobs) = self.jobs {
            jobs.stop(GRACE).await;
        }
        if let Some(mut runs) = self.runs
            && tokio::time::timeout(GRACE, &mut runs).await.is_err()
        {
            runs.abort();
        }
        if let Some(mut anchoring) = self.anchoring
            && tokio::time::timeout(GRACE, &mut anchoring).await.is_err()
        {
            anchoring.abort();
        }
        for task in self.tasks {
            task.abort();
        }
    }
}

/// Counts how many days invoices are overdue. A day begins at another hour in each zone, so it looks more often than once a day; where
/// nothing is to be counted it is one small statement.
async fn age(app: App) {
    loop {
        match modules::finance::age_all(&app.platform, &app.platform.services.pools.platform).await {
            Ok(0) => {}
            Ok(aged) => tracing::info!(aged, "invoices counted as overdue"),
            Err(error) => tracing::warn!(%error, "invoices could not be counted as overdue"),
        }
        tokio::time::sleep(Duration::from_secs(900)).await;
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
            ("impersonations", crate::site::impersonation::end_overdue(&app, BATCH).await),
            ("links of accounts", services.auth.purge_links(BATCH).await),
            ("sign-in attempts", services.auth.purge(BATCH).await),
            ("idempotency keys", platform::idempotency::purge(&pool, now, BATCH).await),
            ("finished jobs", queue.purge(KEPT, BATCH).await.map_err(platform::db_error)),
            ("rate counters", app.limiter.purge(&pool, BATCH).await),
            ("files that were deleted", erase::deleted(&pool, now, BATCH).await),
            ("files of no record", erase::nobodys(&pool, now, BATCH).await),
            ("what jobs left behind open", records::end_abandoned(&app.platform, BATCH).await),
            ("exports", records::exports::expired(&pool, now, BATCH).await),
            ("content of files", erase::contents(&app.platform, &pool, BATCH).await),
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
