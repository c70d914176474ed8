//! What evaluation needs to know of the day and the place. No clock is read here.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc, Weekday};
use std::collections::BTreeSet;

#[derive(Clone, Copy)]
pub struct Env<'e> {
    /// Today, in the workspace's time zone.
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
    /// Days off work beside weekends.
    pub holidays: &'e BTreeSet<NaiveDate>,
    pub weekend: &'e [Weekday],
    /// A moment in the workspace's time zone; its day is what dates are compared with.
    pub local: &'e (dyn Fn(DateTime<Utc>) -> NaiveDateTime + Sync),
}

static NO_HOLIDAYS: BTreeSet<NaiveDate> = BTreeSet::new();

impl Env<'static> {
    /// In UTC, with Saturday and Sunday off and no holidays. Replace what differs: `Env { holidays: &own, ..Env::utc(now) }`.
    pub fn utc(now: DateTime<Utc>) -> Self {
        Self {
            today: now.date_naive(),
            now,
            holidays: &NO_HOLIDAYS,
            weekend: &[Weekday::Sat, Weekday::Sun],
            local: &|moment| moment.naive_utc(),
        }
    }
}
