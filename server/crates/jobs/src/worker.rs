//! The worker: claims what is due, runs handlers, renews leases and lets go in an orderly way.

use crate::claim::{Claimed, Wanted};
use crate::queue::Queue;
use futures::FutureExt as _;
use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use uuid::Uuid;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Something that may pass; tried again later, until the tries are used up.
    Retry(String),
    /// No use in trying again.
    Fail(String),
    /// Not now, through no fault of the job: comes back after this time, and the try does not count.
    Later(Duration),
}

/// Does the work of one kind of job.
pub trait Handler: Send + Sync + 'static {
    fn kind(&self) -> &'static str;

    /// Jobs of this kind at once in one worker.
    fn concurrency(&self) -> usize {
        4
    }

    /// May be dropped at any await when the worker stops or has lost the job. A panic counts as [`Outcome::Retry`].
    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome>;
}

#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// For people who look at a job: host and process, say.
    pub name: String,
    /// After this time without a sign of life another worker takes over.
    pub lease: Duration,
    /// How often to look when nobody wakes the worker.
    pub poll: Duration,
    /// Jobs at once, all kinds together.
    pub concurrency: usize,
    /// Wait before the second try; doubles with every further one.
    pub retry_base: Duration,
    pub retry_cap: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            name: format!("worker-{}", std::process::id()),
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            concurrency: 8,
            retry_base: Duration::from_secs(2),
            retry_cap: Duration::from_secs(3600),
        }
    }
}

pub struct Worker {
    queue: Queue,
    config: WorkerConfig,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
}

impl Worker {
    pub fn new(queue: Queue, config: WorkerConfig) -> Self {
        Self { queue, config, handlers: HashMap::new() }
    }

    /// The last handler of a kind wins.
    #[must_use]
    pub fn with(mut self, handler: impl Handler) -> Self {
        self.add(Arc::new(handler));
        self
    }

    pub fn add(&mut self, handler: Arc<dyn Handler>) {
        self.handlers.insert(handler.kind(), handler);
    }

    /// Works in tasks of its own until stopped.
    pub fn start(self) -> Running {
        let (stop, stopped) = watch::channel(None);
        let wake = Arc::new(Notify::new());
        let held = Held::default();
        let state = Loop {
            queue: self.queue.clone(),
            config: self.config.clone(),
            handlers: self.handlers,
            held: held.clone(),
            wake: wake.clone(),
            tasks: JoinSet::new(),
        };
        let heartbeat = tokio::spawn(renew_forever(self.queue, held, self.config.lease));
        Running { stop, wake, work: tokio::spawn(state.run(stopped)), heartbeat }
    }
}

/// A worker at work. Dropping it without [`Running::stop`] is like pulling the plug: its jobs wait for their leases to run out.
pub struct Running {
    stop: watch::Sender<Option<Duration>>,
    wake: Arc<Notify>,
    work: JoinHandle<()>,
    heartbeat: JoinHandle<()>,
}

impl Running {
    /// Call `notify_one` on it when something was queued.
    pub fn waker(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// Takes nothing new, gives what runs `grace` to end, hands the rest back to be taken at once by others.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(Some(grace));
        if let Err(error) = (&mut self.work).await {
            tracing::error!(%error, "the worker did not end well");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.work.abort();
        self.heartbeat.abort();
    }
}

/// The jobs in this worker's hands.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<HashMap<Uuid, Holding>>>);

struct Holding {
    kind: &'static str,
    claim_no: i64,
    /// When the lease was last known to be ours.
    sure_at: Instant,
    lost: watch::Sender<bool>,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Holding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self) -> Vec<(Uuid, i64)> {
        self.lock().iter().map(|(id, holding)| (*id, holding.claim_no)).collect()
    }

    fn remove(&self, job: &Claimed) {
        let mut held = self.lock();
        // This worker may hold the job again already, under a later claim.
        if held.get(&job.id).is_some_and(|holding| holding.claim_no == job.claim_no) {
            held.remove(&job.id);
        }
    }
}

struct Loop {
    queue: Queue,
    config: WorkerConfig,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    held: Held,
    wake: Arc<Notify>,
    tasks: JoinSet<()>,
}

impl Loop {
    async fn run(mut self, mut stopped: watch::Receiver<Option<Duration>>) {
        while stopped.borrow().is_none() {
            if self.take().await {
                continue;
            }
            tokio::select! {
                changed = stopped.changed() => if changed.is_err() { return },
                Some(_) = self.tasks.join_next() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(self.config.poll) => {}
            }
            // Everything that ended in the meantime makes room for the next round.
            while self.tasks.try_join_next().is_some() {}
        }
        let grace = stopped.borrow().unwrap_or_default();
        self.leave(grace).await;
    }

    /// Claims as much as there is room for. Whether there was any, so that there may be more.
    async fn take(&mut self) -> bool {
        let (wanted, room) = self.room();
        if room == 0 {
            return false;
        }
        let jobs = match self.queue.claim(&wanted, room, self.config.lease, &self.config.name).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(%error, "could not look for jobs; trying again");
                return false;
            }
        };
        let some = !jobs.is_empty();
        for job in jobs {
            self.spawn(job);
        }
        some
    }

    fn room(&self) -> (Vec<Wanted>, i32) {
        let held = self.held.lock();
        let room = self.config.concurrency.saturating_sub(held.len());
        let mut wanted = Vec::with_capacity(self.handlers.len());
        for (kind, handler) in &self.handlers {
            let running = held.values().filter(|holding| holding.kind == *kind).count();
            let count = handler.concurrency().saturating_sub(running).min(room);
            if count > 0 {
                wanted.push(Wanted { kind, count: i32::try_from(count).unwrap_or(i32::MAX) });
            }
        }
        let room = if wanted.is_empty() { 0 } else { i32::try_from(room).unwrap_or(i32::MAX) };
        (wanted, room)
    }

    fn spawn(&mut self, job: Claimed) {
        // Only kinds with a handler are claimed.
        let Some((kind, handler)) = self.handlers.get_key_value(job.kind.as_str()) else { return };
        let (lost, mut is_lost) = watch::channel(false);
        let holding = Holding { kind, claim_no: job.claim_no, sure_at: Instant::now(), lost };
        self.held.lock().insert(job.id, holding);
        let (handler, queue, held, config) =
            (handler.clone(), self.queue.clone(), self.held.clone(), self.config.clone());
        self.tasks.spawn(async move {
            let outcome = tokio::select! {
                outcome = AssertUnwindSafe(handler.run(&job)).catch_unwind() => outcome.unwrap_or_else(|panic| Outcome::Retry(panicked(panic.as_ref()))),
                _ = is_lost.wait_for(|lost| *lost) => {
                    tracing::warn!(job = %job.id, kind = job.kind, claim = job.claim_no, "lost a job to another worker; stopped working on it");
                    held.remove(&job);
                    return;
                }
            };
            settle(&queue, &config, &job, outcome).await;
            held.remove(&job);
        });
    }

    async fn leave(mut self, grace: Duration) {
        let all_ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all_ended).await.is_ok() {
            return;
        }
        self.tasks.shutdown().await;
        let left = self.held.list();
        match self.queue.hand_back(&left).await {
            Ok(count) => tracing::info!(count, "handed jobs back that did not end in time"),
            Err(error) => tracing::warn!(%error, "could not hand jobs back; they wait for their leases to run out"),
        }
    }
}

/// Writes down what became of a job. When the database does not answer for long, the lease runs out and the job runs again.
async fn settle(queue: &Queue, config: &WorkerConfig, job: &Claimed, outcome: Outcome) {
    for wait in [0, 100, 500, 2000] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let written = match &outcome {
            Outcome::Done => queue.done(job).await,
            Outcome::Later(wait) => queue.later(job, *wait).await,
            Outcome::Fail(error) => {
                tracing::error!(job = %job.id, kind = job.kind, error, "a job failed");
                queue.fail(job, error).await
            }
            Outcome::Retry(error) => queue.retry(job, error, config.retry_base, config.retry_cap).await.map(|again| {
                tracing::warn!(job = %job.id, kind = job.kind, attempt = job.attempt, error, again, "a job did not succeed");
            }),
        };
        match written {
            Ok(()) => return,
            Err(error) => tracing::warn!(job = %job.id, %error, "could not write down the outcome of a job"),
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> String {
    let words =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the handler panicked: {}", words.unwrap_or_else(|| "without a message".to_owned()))
}

/// Renews the leases of everything that is held, three times per lease. What cannot be renewed for a whole lease counts as lost: somebody
/// else may have it by now.
async fn renew_forever(queue: Queue, held: Held, lease: Duration) {
    let mut beat = tokio::time::interval(lease / 3);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let list = held.list();
        if list.is_empty() {
            continue;
        }
        let asked_at = Instant::now();
        // A database that hangs must not keep this from noticing that the lease ran out.
        let answer = tokio::time::timeout(lease / 3, queue.renew(&list, lease)).await;
        let mut held = held.lock();
        match answer {
            Ok(Ok(lost)) => {
                for (id, claim_no) in list {
                    if let Some(holding) = held.get_mut(&id).filter(|holding| holding.claim_no == claim_no) {
                        if lost.contains(&id) {
                            holding.lost.send_replace(true);
                        } else {
                            holding.sure_at = asked_at;
                        }
                    }
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "could not renew leases"),
            Err(_) => tracing::warn!("the database did not renew leases in time"),
        }
        for holding in held.values().filter(|holding| holding.sure_at.elapsed() >= lease) {
            holding.lost.send_replace(true);
        }
    }
}
