//! The worker: claims runs in batches, goes on with several at once, keeps their leases alive, and lets go in an orderly way.

use crate::engine::Engine;
use crate::perform::go_on;
use crate::store::{self, Claimed};
use domain::Result;
use futures::FutureExt as _;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

/// The runs in this worker's hands, with their tenants and tokens.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<HashMap<Uuid, (Uuid, i64)>>>);

impl Held {
    fn add(&self, run: &Claimed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(run.id, (run.tenant_id, run.lease_token));
    }

    fn remove(&self, run: &Claimed) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // This worker may hold the run again already, under a later token.
        if held.get(&run.id).is_some_and(|(_, token)| *token == run.lease_token) {
            held.remove(&run.id);
        }
    }

    fn list(&self) -> Vec<(Uuid, Uuid, i64)> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().map(|(id, (tenant, token))| (*tenant, *id, *token)).collect()
    }
}

/// Claims one batch and goes on with it. Answers how many runs it took; for tests and for draining.
pub async fn run_once(engine: &Arc<Engine>) -> Result<usize> {
    let config = &engine.config;
    let pool = &engine.platform.services.pools.platform;
    let claimed = store::claim(pool, config.batch, config.lease, &config.name).await?;
    let count = claimed.len();
    let mut tasks = JoinSet::new();
    for run in claimed {
        let engine = engine.clone();
        tasks.spawn(async move { one(&engine, &run).await });
    }
    while tasks.join_next().await.is_some() {}
    Ok(count)
}

/// Works until told to stop; what is in hand comes to its end first.
pub async fn run_forever(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let held = Held::default();
    let heartbeat = tokio::spawn(renew_forever(engine.clone(), held.clone()));
    let wake = engine.platform.services.wake.clone();
    let room = Arc::new(Semaphore::new(engine.config.concurrency));
    let mut tasks = JoinSet::new();
    while !*stop.borrow() {
        let woken = wake.local.notified();
        while tasks.try_join_next().is_some() {}
        // Taken up in batches, so that claiming costs little beside the work; and before the last ones have ended, so that nobody idles.
        let free = engine.config.batch.saturating_sub(tasks.len());
        let taken = if tasks.len() > engine.config.concurrency {
            0
        } else {
            take(&engine, free, &held, &room, &mut tasks).await
        };
        if taken > 0 && taken == free {
            continue;
        }
        tokio::select! {
            () = woken => {}
            Some(_) = tasks.join_next() => {}
            () = tokio::time::sleep(engine.config.poll) => {}
            changed = stop.changed() => if changed.is_err() { break },
        }
    }
    while tasks.join_next().await.is_some() {}
    heartbeat.abort();
}

async fn take(engine: &Arc<Engine>, most: usize, held: &Held, room: &Arc<Semaphore>, tasks: &mut JoinSet<()>) -> usize {
    let config = &engine.config;
    let pool = &engine.platform.services.pools.platform;
    let claimed = match store::claim(pool, most, config.lease, &config.name).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "could not look for runs; trying again");
            return 0;
        }
    };
    let taken = claimed.len();
    for run in claimed {
        held.add(&run);
        let (engine, held, room) = (engine.clone(), held.clone(), room.clone());
        tasks.spawn(async move {
            let _seat = room.acquire_owned().await;
            one(&engine, &run).await;
            held.remove(&run);
        });
    }
    taken
}

/// A fault that is no step's, such as a database that is away, hands the run back; where that fails too, its lease runs out.
async fn one(engine: &Engine, run: &Claimed) {
    match AssertUnwindSafe(go_on(engine, run)).catch_unwind().await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!(run = %run.id, %error, "a run could not go on; it is handed back");
            if let Err(error) = store::hand_back(&engine.platform.services.pools.platform, run).await {
                tracing::warn!(run = %run.id, %error, "a run could not be handed back; its lease will run out");
            }
        }
        Err(_) => tracing::error!(run = %run.id, "a run's worker panicked; its lease will run out"),
    }
}

/// Renews the leases of everything in hand, three times per lease.
async fn renew_forever(engine: Arc<Engine>, held: Held) {
    let lease = engine.config.lease;
    let mut beat = tokio::time::interval(lease / 3);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let list = held.list();
        if list.is_empty() {
            continue;
        }
        let renewed = store::renew(&engine.platform.services.pools.platform, &list, lease);
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "could not renew the leases of runs");
        }
    }
}
