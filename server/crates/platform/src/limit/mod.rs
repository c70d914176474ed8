//! How many requests a key may make: an address before sign-in, a member, an API key or a workspace after it.
//!
//! Counting happens in memory, so that a check costs no round trip; once a second each process adds what it counted to a shared table and
//! learns what the others did, so that several processes share one limit to within about a second. The window slides: what was asked in the
//! window before counts by the part of it that is still in sight. Memory is bounded however many keys come.

mod address;

pub use address::{address_key, client_address};

use crate::clock::Clock;
use crate::db::db_error;
use crate::random::token_hash;
use chrono::{DateTime, Utc};
use domain::{Error, Kind, Result};
use sqlx::PgPool;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use words::t;

const SHARDS: usize = 16;
/// Keys in sight of one process; about 200 bytes each.
const MAX_KEYS: usize = 100_000;
/// When there is no room, newcomers of a kind share one counter with this many times the limit.
const CROWD: u32 = 64;
const FLUSH_BATCH: usize = 1_000;

/// What is counted, and how much of it is allowed.
#[derive(Debug, Clone)]
pub struct LimitKey {
    /// `address`, `member`, `api_key`, `workspace`, ...
    pub kind: &'static str,
    pub id: String,
    pub limit: u32,
    pub window: Duration,
}

impl LimitKey {
    pub fn new(kind: &'static str, id: impl Into<String>, limit: u32, window: Duration) -> Self {
        Self { kind, id: id.into(), limit, window }
    }

    /// By something of a person, of which the shared table gets a hash.
    pub fn hashed(kind: &'static str, id: &str, limit: u32, window: Duration) -> Self {
        Self::new(kind, hex::encode(token_hash(id.as_bytes())), limit, window)
    }

    /// By client address; see [`address_key`].
    pub fn address(kind: &'static str, address: IpAddr, limit: u32, window: Duration) -> Self {
        Self::new(kind, address_key(address), limit, window)
    }
}

/// For the tightest of the keys asked about: the headers of the answer, and whether there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub allowed: bool,
    pub limit: u32,
    pub remaining: u32,
    /// Until the next request makes sense where this one was refused; else until the window is over.
    pub reset_seconds: u32,
}

impl Decision {
    /// The refusal as an error.
    pub fn required(self) -> Result<Self> {
        if self.allowed {
            return Ok(self);
        }
        let message = t!(
            "Too many requests: at most {most} are taken in this time. Wait {seconds} seconds, then go on",
            most = self.limit,
            seconds = self.reset_seconds
        );
        Err(Error { retry_after: Some(self.reset_seconds), ..Error::new(Kind::RateLimited, message) })
    }
}

#[derive(Debug, Clone)]
struct Counter {
    /// As the shared table names it; `None` for a crowd, which each process counts for itself.
    key: Option<String>,
    window: u64,
    /// Number of the current window since 1970.
    slot: u64,
    /// Counted here in this window, flushed or not.
    here: u32,
    unflushed: u32,
    /// Counted here in the window before and not flushed yet.
    late: u32,
    /// Counted by other processes in this window.
    elsewhere: u32,
    /// All of the window before.
    before: u32,
}

impl Counter {
    fn roll(&mut self, slot: u64) {
        if slot <= self.slot {
            return;
        }
        let adjacent = slot == self.slot + 1;
        self.before = if adjacent { self.here.saturating_add(self.elsewhere) } else { 0 };
        self.late = if adjacent { self.unflushed } else { 0 };
        (self.slot, self.here, self.unflushed, self.elsewhere) = (slot, 0, 0, 0);
    }

    /// Seen from `passed` (0 to 1) of the way through the window.
    fn used(&self, passed: f64) -> f64 {
        f64::from(self.before) * (1.0 - passed) + f64::from(self.here) + f64::from(self.elsewhere)
    }

    /// Seconds until one more fits.
    fn wait(&self, limit: u32, passed: f64) -> f64 {
        let now = f64::from(self.here) + f64::from(self.elsewhere);
        let room = f64::from(limit) - 1.0;
        let windows = if now > room {
            // Only after this window, when it counts as the one before.
            (1.0 - passed) + (1.0 - room.max(0.0) / now).max(0.0)
        } else {
            (1.0 - (room - now) / f64::from(self.before.max(1))).max(passed) - passed
        };
        windows * seconds(self.window)
    }
}

#[derive(Default)]
struct Shard {
    counters: HashMap<u64, Counter>,
    swept_at: u64,
}

/// The counters of this process.
pub struct Limiter {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    max_keys: usize,
}

impl Limiter {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, hasher: RandomState::new(), shards: Default::default(), max_keys: MAX_KEYS }
    }

    /// Counts one request under every key, or under none where one of them is used up.
    pub fn check(&self, keys: &[LimitKey]) -> Decision {
        let now = self.clock.now();
        let mut tightest = Decision { allowed: true, limit: u32::MAX, remaining: u32::MAX, reset_seconds: 0 };
        for (place, key) in keys.iter().enumerate() {
            let decision = self.take(key, now);
            if !decision.allowed {
                for counted in &keys[..place] {
                    self.give_back(counted, now);
                }
                return decision;
            }
            if decision.remaining < tightest.remaining {
                tightest = decision;
            }
        }
        tightest
    }

    fn take(&self, key: &LimitKey, now: DateTime<Utc>) -> Decision {
        let (window, slot, passed) = window_of(key, now);
        let mut shard = self.shard(self.number(key.kind, &key.id, window));
        let crowd = self.crowd(&mut shard, key, window, slot);
        let number = crowd.unwrap_or_else(|| self.number(key.kind, &key.id, window));
        let limit = if crowd.is_some() { key.limit.saturating_mul(CROWD) } else { key.limit };
        let counter = shard.counters.entry(number).or_insert_with(|| Counter {
            key: crowd.is_none().then(|| format!("{}:{window}:{}", key.kind, key.id)),
            window,
            slot,
            here: 0,
            unflushed: 0,
            late: 0,
            elsewhere: 0,
            before: 0,
        });
        counter.roll(slot);
        let left = f64::from(limit) - counter.used(passed);
        if left < 1.0 {
            let wait = counter.wait(limit, passed);
            return Decision { allowed: false, limit, remaining: 0, reset_seconds: whole(wait.ceil()).max(1) };
        }
        counter.here = counter.here.saturating_add(1);
        counter.unflushed = counter.unflushed.saturating_add(1);
        let reset = ((1.0 - passed) * seconds(window)).ceil();
        Decision { allowed: true, limit, remaining: whole(left - 1.0), reset_seconds: whole(reset).max(1) }
    }

    fn give_back(&self, key: &LimitKey, now: DateTime<Utc>) {
        let (window, slot, _) = window_of(key, now);
        let number = self.number(key.kind, &key.id, window);
        if let Some(counter) =
            self.shard(number).counters.get_mut(&number).filter(|counter| counter.slot == slot && counter.unflushed > 0)
        {
            counter.here -= 1;
            counter.unflushed -= 1;
        }
    }

    /// The counter that newcomers share, where there is no room for one of this key's own.
    fn crowd(&self, shard: &mut Shard, key: &LimitKey, window: u64, slot: u64) -> Option<u64> {
        let most = self.max_keys / SHARDS;
        if shard.counters.len() < most || shard.counters.contains_key(&self.number(key.kind, &key.id, window)) {
            return None;
        }
        // At most once per window of time, so that a flood of new keys does not pay for a sweep each.
        if shard.swept_at != slot {
            shard.swept_at = slot;
            let second = slot.saturating_mul(window);
            shard.counters.retain(|_, counter| (counter.slot + 2) * counter.window > second);
        }
        (shard.counters.len() >= most).then(|| self.number(key.kind, "*", window))
    }

    /// Keyed by the process, so that nobody outside can make two keys meet.
    fn number(&self, kind: &str, id: &str, window: u64) -> u64 {
        self.hasher.hash_one((kind, id, window))
    }

    fn shard(&self, number: u64) -> MutexGuard<'_, Shard> {
        self.shards[usize::try_from(number % SHARDS as u64).unwrap_or_default()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn window_of(key: &LimitKey, now: DateTime<Utc>) -> (u64, u64, f64) {
    let window = key.window.as_secs().max(1);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    let (slot, into) = (millis / (window * 1000), millis % (window * 1000));
    (window, slot, seconds(into) / seconds(window * 1000))
}

/// Exact up to 2^53, which no count of seconds or milliseconds since 1970 reaches in this age.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn seconds(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, which is what is wanted"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

// Sorted by key, so that two processes that flush at once never wait for each other in a circle.
const FLUSH: &str = "\
with added as (
    insert into rate_counters as c (key, slot, hits, expires_at)
    select key, slot, hits, expires_at from unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[]) as n (key, slot, hits, expires_at)
    order by key, slot
    on conflict (key, slot) do update set hits = c.hits + excluded.hits
    returning key, slot, hits
)
select a.key, a.slot, a.hits, coalesce(b.hits, 0) from added a left join rate_counters b on b.key = a.key and b.slot = a.slot - 1";

const PURGE: &str = "\
delete from rate_counters where (key, slot) in (
    select key, slot from rate_counters where expires_at < $1 order by expires_at limit $2 for update skip locked)";

struct Unflushed {
    number: u64,
    key: String,
    slot: u64,
    hits: u32,
    window: u64,
}

impl Limiter {
    /// Flushes once a second until the process ends.
    pub async fn share_forever(self: Arc<Self>, pool: PgPool) {
        let mut beat = tokio::time::interval(Duration::from_secs(1));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            if let Err(error) = self.flush(&pool).await {
                tracing::debug!(%error, "rate limits were not shared this time; each process counts for itself");
            }
        }
    }

    /// Adds what was counted here to the shared table and learns what others counted.
    pub async fn flush(&self, pool: &PgPool) -> Result<()> {
        let mut waiting = self.collect();
        waiting.sort_by(|left, right| (&left.key, left.slot).cmp(&(&right.key, right.slot)));
        for batch in waiting.chunks(FLUSH_BATCH) {
            // What a failed flush held is lost to the others, not to this process: its own counters have it.
            let keys: Vec<&str> = batch.iter().map(|one| one.key.as_str()).collect();
            let slots: Vec<i64> = batch.iter().map(|one| i64::try_from(one.slot).unwrap_or(i64::MAX)).collect();
            let hits: Vec<i64> = batch.iter().map(|one| i64::from(one.hits)).collect();
            let ends: Vec<DateTime<Utc>> = batch.iter().map(Unflushed::expires_at).collect();
            let totals: Vec<(String, i64, i64, i64)> = sqlx::query_as(FLUSH)
                .bind(keys)
                .bind(slots)
                .bind(hits)
                .bind(ends)
                .fetch_all(pool)
                .await
                .map_err(db_error)?;
            let numbers: HashMap<&str, u64> = batch.iter().map(|one| (one.key.as_str(), one.number)).collect();
            for (key, slot, total, before) in totals {
                if let Some(number) = numbers.get(key.as_str()) {
                    self.learn(*number, u64::try_from(slot).unwrap_or_default(), count(total), count(before));
                }
            }
        }
        Ok(())
    }

    fn collect(&self) -> Vec<Unflushed> {
        let mut waiting = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (number, counter) in &mut shard.counters {
                let Some(key) = &counter.key else { continue };
                for (slot, hits) in
                    [(counter.slot.saturating_sub(1), &mut counter.late), (counter.slot, &mut counter.unflushed)]
                {
                    let hits = std::mem::take(hits);
                    if hits > 0 {
                        waiting.push(Unflushed {
                            number: *number,
                            key: key.clone(),
                            slot,
                            hits,
                            window: counter.window,
                        });
                    }
                }
            }
        }
        waiting
    }

    fn learn(&self, number: u64, slot: u64, total: u32, before: u32) {
        if let Some(counter) = self.shard(number).counters.get_mut(&number) {
            if counter.slot == slot {
                counter.elsewhere = total.saturating_sub(counter.here - counter.unflushed);
                counter.before = counter.before.max(before);
            } else if counter.slot == slot + 1 {
                counter.before = counter.before.max(total);
            }
        }
    }

    /// Forgets up to `limit` windows that no longer count.
    pub async fn purge(&self, pool: &PgPool, limit: i64) -> Result<u64> {
        Ok(sqlx::query(PURGE).bind(self.clock.now()).bind(limit).execute(pool).await.map_err(db_error)?.rows_affected())
    }
}

impl Unflushed {
    fn expires_at(&self) -> DateTime<Utc> {
        let end = i64::try_from((self.slot + 2).saturating_mul(self.window)).unwrap_or(i64::MAX);
        DateTime::from_timestamp(end, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

fn count(hits: i64) -> u32 {
    u32::try_from(hits.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;

    fn minute(id: &str, limit: u32) -> LimitKey {
        LimitKey::new("test", id, limit, Duration::from_secs(60))
    }

    fn limiter() -> (Arc<FixedClock>, Limiter) {
        let clock = Arc::new(FixedClock::at("2026-03-01T10:00:00Z".parse().unwrap()));
        (clock.clone(), Limiter::new(clock))
    }

    #[test]
    fn the_window_slides() {
        let (clock, limiter) = limiter();
        for left in (0..10).rev() {
            let decision = limiter.check(&[minute("a", 10)]);
            assert_eq!((decision.allowed, decision.remaining, decision.limit), (true, left, 10));
        }
        let refused = limiter.check(&[minute("a", 10)]);
        assert!(!refused.allowed);
        // One fits when a tenth of the full window has slid out of sight.
        assert_eq!(refused.reset_seconds, 66);
        clock.advance(chrono::Duration::seconds(65));
        assert!(!limiter.check(&[minute("a", 10)]).allowed);
        clock.advance(chrono::Duration::seconds(1));
        assert!(limiter.check(&[minute("a", 10)]).allowed);
        assert!(!limiter.check(&[minute("a", 10)]).allowed);
        clock.advance(chrono::Duration::seconds(120));
        assert_eq!(limiter.check(&[minute("a", 10)]).remaining, 9);
        assert!(refused.required().unwrap_err().retry_after == Some(66));
    }

    /// Whatever the moments, no minute ever sees much more than the limit.
    #[test]
    fn no_burst_at_the_edge() {
        let (clock, limiter) = limiter();
        clock.advance(chrono::Duration::seconds(59));
        let first = (0..100).filter(|_| limiter.check(&[minute("a", 50)]).allowed).count();
        clock.advance(chrono::Duration::seconds(2));
        let second = (0..100).filter(|_| limiter.check(&[minute("a", 50)]).allowed).count();
        assert_eq!((first, second), (50, 0));
    }

    #[test]
    fn a_refused_request_counts_nowhere() {
        let (_, limiter) = limiter();
        for _ in 0..5 {
            assert!(limiter.check(&[minute("wide", 100), minute("tight", 5)]).allowed);
        }
        for _ in 0..20 {
            let decision = limiter.check(&[minute("wide", 100), minute("tight", 5)]);
            assert_eq!((decision.allowed, decision.limit), (false, 5));
        }
        assert_eq!(limiter.check(&[minute("wide", 100)]).remaining, 94);
    }

    #[test]
    fn memory_is_bounded_and_those_known_keep_their_counters() {
        let (clock, mut limiter) = limiter();
        limiter.max_keys = 1_600;
        assert!(limiter.check(&[minute("known", 2)]).allowed);
        let allowed = (0..50_000).filter(|one| limiter.check(&[minute(&format!("new {one}"), 2)]).allowed).count();
        let kept: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().counters.len()).sum();
        assert!(kept <= 1_600 + SHARDS, "{kept}");
        assert!(allowed < 5_000, "{allowed}");
        assert_eq!(limiter.check(&[minute("known", 2)]).remaining, 0);
        clock.advance(chrono::Duration::seconds(180));
        assert!(limiter.check(&[minute("after the flood", 2)]).allowed);
    }

    #[test]
    fn a_check_is_quick() {
        let limiter = Limiter::new(Arc::new(crate::clock::SystemClock));
        let keys = [minute("somebody", u32::MAX), minute("some workspace", u32::MAX)];
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let began = std::time::Instant::now();
        for _ in 0..20_000 {
            limiter.check(&keys);
        }
        let each = began.elapsed() / 20_000;
        assert!(each < Duration::from_micros(50), "{each:?}");
    }
}
