//! The wake-up for workers: one NOTIFY for many commits, never inside a business transaction, where it would serialise commits.

use crate::db::Pools;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

const CHANNEL: &str = "nexus_wake";
/// At most one NOTIFY in this time.
const PAUSE: Duration = Duration::from_millis(10);
/// Workers of this process are woken no more often than this. Under steady writing one look then serves many commits; looking after each of
/// them took more of the machine than the writing.
pub const GATHER: Duration = Duration::from_millis(20);

pub struct Wake {
    /// Tells this process' own NOTIFY from that of the others: its workers are awake already.
    own: String,
    /// Workers of this process wait on it; `notified()` may also return without cause, so they look for themselves.
    pub local: Notify,
    /// The workers were woken just now; who commits meanwhile is told of when it is over.
    gathering: AtomicBool,
    gathered: AtomicBool,
    pending: AtomicBool,
    send: Notify,
}

impl Wake {
    /// `own` is what tells this process from the others.
    pub fn new(own: Uuid) -> Self {
        Self {
            own: own.to_string(),
            local: Notify::new(),
            gathering: AtomicBool::new(false),
            gathered: AtomicBool::new(false),
            pending: AtomicBool::new(false),
            send: Notify::new(),
        }
    }

    /// Called after a commit that left something to do: at once after a quiet moment, otherwise together with those that come meanwhile.
    pub fn after_commit(self: &Arc<Self>) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.send.notify_one();
        }
        self.gathered.store(true, Ordering::SeqCst);
        if !self.gathering.swap(true, Ordering::SeqCst) {
            self.gathered.store(false, Ordering::SeqCst);
            self.local.notify_waiters();
            tokio::spawn(self.clone().gather());
        }
    }

    /// Wakes once for all that is committed in a stretch, until one goes by without a commit.
    async fn gather(self: Arc<Self>) {
        loop {
            tokio::time::sleep(GATHER).await;
            if self.gathered.swap(false, Ordering::SeqCst) {
                self.local.notify_waiters();
                continue;
            }
            self.gathering.store(false, Ordering::SeqCst);
            // A commit between the look and the end of it found somebody gathering, and nobody was.
            if !self.gathered.load(Ordering::SeqCst) || self.gathering.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }

    /// Tells the other processes, coalesced, until the process ends.
    pub async fn send_forever(self: Arc<Self>, pools: Pools) {
        loop {
            self.send.notified().await;
            tokio::time::sleep(PAUSE).await;
            self.pending.store(false, Ordering::Release);
            let told = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(&self.own);
            if let Err(error) = told.execute(&pools.platform).await {
                tracing::debug!(%error, "could not notify other processes; they poll");
            }
        }
    }

    /// Listens for the others. A lost connection is not a fault: workers poll as well.
    pub async fn listen_forever(self: Arc<Self>, pools: Pools) {
        loop {
            if let Err(error) = self.listen(&pools).await {
                tracing::debug!(%error, "listening was interrupted");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen(&self, pools: &Pools) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(&pools.platform).await?;
        listener.listen(CHANNEL).await?;
        loop {
            if listener.recv().await?.payload() != self.own {
                self.local.notify_waiters();
            }
        }
    }
}
