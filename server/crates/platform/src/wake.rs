//! The wake-up for workers: one NOTIFY for many commits, never inside a business transaction, where it would serialise commits.

use crate::db::Pools;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

const CHANNEL: &str = "nexus_wake";
/// At most one NOTIFY in this time.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Default)]
pub struct Wake {
    /// Workers of this process wait on it; `notified()` may also return without cause, so they look for themselves.
    pub local: Notify,
    pending: AtomicBool,
    send: Notify,
}

impl Wake {
    /// Called after a commit that left something to do.
    pub fn after_commit(&self) {
        self.local.notify_waiters();
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.send.notify_one();
        }
    }

    /// Tells the other processes, coalesced, until the process ends.
    pub async fn send_forever(self: Arc<Self>, pools: Pools) {
        loop {
            self.send.notified().await;
            tokio::time::sleep(PAUSE).await;
            self.pending.store(false, Ordering::Release);
            if let Err(error) = sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(&pools.platform).await {
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
            listener.recv().await?;
            self.local.notify_waiters();
        }
    }
}
