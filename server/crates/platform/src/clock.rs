//! What time it is: the one place that asks the machine, so that a test can set the time everywhere else.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::sync::{Mutex, PoisonError};

pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is told to ask")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until it is moved. For tests and for demo data that must come out the same twice.
#[derive(Debug)]
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    pub const fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now))
    }

    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }

    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The date that a wall calendar in `zone` (IANA name) shows at `now`. A zone nobody knows counts as UTC.
pub fn today_in(zone: &str, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&zone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC)).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = FixedClock::at(at("2026-03-01T10:00:00Z"));
        assert_eq!(clock.now(), at("2026-03-01T10:00:00Z"));
        clock.advance(Duration::hours(8));
        assert_eq!(clock.now(), at("2026-03-01T18:00:00Z"));
    }

    #[test]
    fn the_day_begins_where_the_workspace_is() {
        let late = at("2026-03-01T22:30:00Z");
        assert_eq!(today_in("Africa/Nairobi", late), NaiveDate::from_ymd_opt(2026, 3, 2).unwrap());
        assert_eq!(today_in("America/New_York", late), NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        assert_eq!(today_in("Middle/Earth", late), NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
    }
}
