//! What a process remembers between requests: numbers it has taken ahead, and estimates of long lists.
//!
//! Losing it costs nothing but a gap in the numbers and one more estimate; another process never needs it.

use chrono::{DateTime, Duration, Utc};
use platform::Services;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use uuid::Uuid;

/// Estimates are asked again after this time.
const ESTIMATE_AGE: Duration = Duration::seconds(60);
const MAX_ESTIMATES: usize = 1024;

#[derive(Debug, Default)]
pub struct Memo {
    pub numbers: Mutex<HashMap<(Uuid, String), Series>>,
    estimates: Mutex<HashMap<String, (DateTime<Utc>, i64)>>,
}

/// Numbers of one entity in one workspace that this process may give away.
#[derive(Debug, Default)]
pub struct Series {
    /// From and up to, not including; the first is used up first.
    pub blocks: VecDeque<(i64, i64)>,
    /// When a number was last taken, and how many were in quick succession.
    pub last: Option<DateTime<Utc>>,
    pub streak: u32,
    pub filling: bool,
    /// Of the block that was fetched last.
    pub size: i64,
}

impl Series {
    pub fn left(&self) -> i64 {
        self.blocks.iter().map(|(next, end)| end - next).sum()
    }

    pub fn take(&mut self) -> Option<i64> {
        let (next, end) = self.blocks.front_mut()?;
        let number = *next;
        *next += 1;
        if next == end {
            self.blocks.pop_front();
        }
        Some(number)
    }
}

/// One memo for each set of services, of which a process has one; tests have several. The weak reference keeps the address from being used
/// again while the memo is looked up by it.
static MEMOS: Mutex<Vec<(Weak<Services>, Arc<Memo>)>> = Mutex::new(Vec::new());

impl Memo {
    pub fn of(services: &Arc<Services>) -> Arc<Self> {
        let mut memos = MEMOS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, memo)) = memos.iter().find(|(held, _)| std::ptr::eq(held.as_ptr(), Arc::as_ptr(services))) {
            return memo.clone();
        }
        memos.retain(|(held, _)| held.strong_count() > 0);
        let memo = Arc::new(Self::default());
        memos.push((Arc::downgrade(services), memo.clone()));
        memo
    }

    pub fn estimate(&self, key: &str, now: DateTime<Utc>) -> Option<i64> {
        let estimates = self.estimates.lock().unwrap_or_else(PoisonError::into_inner);
        estimates.get(key).filter(|(at, _)| (now - *at).abs() < ESTIMATE_AGE).map(|(_, value)| *value)
    }

    pub fn keep_estimate(&self, key: String, now: DateTime<Utc>, value: i64) {
        let mut estimates = self.estimates.lock().unwrap_or_else(PoisonError::into_inner);
        if estimates.len() >= MAX_ESTIMATES {
            estimates.retain(|_, (at, _)| (now - *at).abs() < ESTIMATE_AGE);
        }
        if estimates.len() >= MAX_ESTIMATES {
            estimates.clear();
        }
        estimates.insert(key, (now, value));
    }
}
