//! What time it is: the one place that asks the machine, so that a test can set the time everywhere else.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc};
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

/// Whether this is the IANA name of a time zone.
pub fn is_zone(zone: &str) -> bool {
    zone.parse::<chrono_tz::Tz>().is_ok()
}

/// The moment at which a wall clock in `zone` shows `2026-11-21T09:30` (seconds may follow). Of a time that it shows twice the first; of one
/// that it skips nothing, and nothing of what is no such text.
pub fn moment_in(zone: &str, shown: &str) -> Option<DateTime<Utc>> {
    let shown = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(shown, format).ok())?;
    let zone = zone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    zone.from_local_datetime(&shown).earliest().map(|moment| moment.with_timezone(&Utc))
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
    fn a_wall_clock_names_a_moment() {
        assert_eq!(moment_in("Africa/Nairobi", "2026-03-01T12:30"), Some(at("2026-03-01T09:30:00Z")));
        assert_eq!(moment_in("Africa/Nairobi", "2026-03-01T12:30:07"), Some(at("2026-03-01T09:30:07Z")));
        // Clocks go back at three: half past two comes twice. They go forward at two: half past two does not come.
        assert_eq!(moment_in("Europe/Berlin", "2026-10-25T02:30"), Some(at("2026-10-25T00:30:00Z")));
        assert_eq!(moment_in("Europe/Berlin", "2026-03-29T02:30"), None);
        assert_eq!(moment_in("UTC", "2026-03-01T12:30:00Z"), None);
    }

    #[test]
    fn the_day_begins_where_the_workspace_is() {
        let late = at("2026-03-01T22:30:00Z");
        assert_eq!(today_in("Africa/Nairobi", late), NaiveDate::from_ymd_opt(2026, 3, 2).unwrap());
        assert_eq!(today_in("America/New_York", late), NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        assert_eq!(today_in("Middle/Earth", late), NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
    }
}
