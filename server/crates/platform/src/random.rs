//! Randomness: the one place that draws it, so that a test can repeat what it drew.

use crate::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's cryptographic generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// If the system has no randomness to give. Going on with guessable keys would be worse than stopping.
    #[expect(clippy::disallowed_methods, clippy::expect_used, reason = "the source that everybody else is told to ask")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// The same bytes for the same seed: SHA-256 in counter mode. For tests and demo data, never for keys.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    counter: Mutex<u64>,
}

impl SeededRandom {
    pub const fn new(seed: u64) -> Self {
        Self { seed, counter: Mutex::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(32) {
            let mut hash = Sha256::new();
            hash.update(self.seed.to_le_bytes());
            hash.update(counter.to_le_bytes());
            *counter += 1;
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
        }
    }
}

/// A version 7 UUID (RFC 9562): 48 bits of milliseconds, 74 random bits. Ids of the same millisecond come in no order.
pub fn uuid_v7(clock: &dyn Clock, random: &dyn Random) -> Uuid {
    let mut tail = [0; 10];
    random.fill(&mut tail);
    let millis = u64::try_from(clock.now().timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

/// Version 7 UUIDs, each above those before it: what is told is read in the order in which it happened, although two transactions may
/// follow each other within one millisecond and a clock may be put back a little.
#[derive(Debug, Default)]
pub struct Ids(Mutex<Uuid>);

/// A clock that goes back further than this was wrong before: ids follow it, since months are kept apart by them.
const BACKWARDS: u64 = 60_000;

impl Ids {
    pub fn next(&self, clock: &dyn Clock, random: &dyn Random) -> Uuid {
        let fresh = uuid_v7(clock, random);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = fresh <= *last && millis(*last) - millis(fresh) <= BACKWARDS;
        *last = if behind { Uuid::from_u128(last.as_u128().wrapping_add(1)) } else { fresh };
        *last
    }
}

/// The milliseconds that a version 7 UUID begins with.
fn millis(id: Uuid) -> u64 {
    id.as_u64_pair().0 >> 16
}

/// `bytes` random bytes as base64url, for what travels in a URL, a cookie or a header.
pub fn token(random: &dyn Random, bytes: usize) -> String {
    let mut raw = vec![0; bytes];
    random.fill(&mut raw);
    URL_SAFE_NO_PAD.encode(raw)
}

/// SHA-256 of a token with enough randomness of its own. What is stored in its place, so that reading the database steals nothing.
pub fn token_hash(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{FixedClock, SystemClock};
    use std::collections::HashSet;

    #[test]
    fn version_7_in_order_of_time() {
        let clock = FixedClock::at("2026-03-01T10:00:00Z".parse().unwrap());
        let first = uuid_v7(&clock, &SystemRandom);
        clock.advance(chrono::Duration::milliseconds(1));
        let second = uuid_v7(&clock, &SystemRandom);
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(first.get_variant(), uuid::Variant::RFC4122);
        assert!(first < second);
        let seconds = first.get_timestamp().unwrap().to_unix().0;
        assert_eq!(
            i64::try_from(seconds).unwrap(),
            FixedClock::at("2026-03-01T10:00:00Z".parse().unwrap()).now().timestamp()
        );
    }

    #[test]
    fn ids_follow_each_other_within_a_millisecond_and_when_the_clock_is_put_back() {
        let clock = FixedClock::at("2026-03-01T10:00:00Z".parse().unwrap());
        let ids = Ids::default();
        let mut made: Vec<Uuid> = (0..1000).map(|_| ids.next(&clock, &SystemRandom)).collect();
        clock.advance(chrono::Duration::seconds(-30));
        made.extend((0..1000).map(|_| ids.next(&clock, &SystemRandom)));
        clock.advance(chrono::Duration::seconds(31));
        made.push(ids.next(&clock, &SystemRandom));
        assert!(made.is_sorted_by(|left, right| left < right));
        assert!(made.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
        // A month back is a clock that was mended.
        clock.advance(chrono::Duration::days(-31));
        assert!(ids.next(&clock, &SystemRandom) < made[0]);
    }

    #[test]
    fn a_seed_repeats_itself() {
        let (left, right, other) = (SeededRandom::new(7), SeededRandom::new(7), SeededRandom::new(8));
        assert_eq!(token(&left, 40), token(&right, 40));
        assert_eq!(token(&left, 40), token(&right, 40));
        assert_ne!(token(&left, 40), token(&other, 40));
    }

    /// C-03: 100,000 ids, no duplicate, every bit as often set as not (4 standard deviations).
    #[test]
    fn tokens_are_distinct_and_even() {
        const COUNT: usize = 100_000;
        let mut seen = HashSet::with_capacity(COUNT);
        let mut set = [0_u32; 128];
        for _ in 0..COUNT {
            let mut id = [0; 16];
            SystemRandom.fill(&mut id);
            for (bit, count) in set.iter_mut().enumerate() {
                *count += u32::from(id[bit / 8] >> (bit % 8) & 1);
            }
            assert!(seen.insert(id));
        }
        let deviation = (COUNT as f64 / 4.0).sqrt();
        for count in set {
            // 128 bits are looked at, so five deviations instead of four keep an honest generator from failing every other day.
            assert!((f64::from(count) - COUNT as f64 / 2.0).abs() < 5.0 * deviation);
        }
        let ids: HashSet<Uuid> = (0..1000).map(|_| uuid_v7(&SystemClock, &SystemRandom)).collect();
        assert_eq!(ids.len(), 1000);
    }
}
