//! The days of a dashboard: the stretches that it offers by name, and the steps that make groups of time. Weeks begin on Monday, as ISO 8601 says.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use words::t;

/// Days by name, counted from today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Range {
    Week,
    Month,
    #[default]
    Quarter,
    Year,
    #[serde(rename = "last_30_days")]
    Last30Days,
}

/// A stretch of time that makes one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Day,
    Week,
    Month,
}

impl Range {
    pub const ALL: [Self; 5] = [Self::Week, Self::Month, Self::Quarter, Self::Year, Self::Last30Days];

    /// As descriptions and addresses say it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Last30Days => "last_30_days",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Week => t!("This week"),
            Self::Month => t!("This month"),
            Self::Quarter => t!("This quarter"),
            Self::Year => t!("This year"),
            Self::Last30Days => t!("Last 30 days"),
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.key() == key)
    }

    /// Its first and its last day. What is called by a part of the calendar has all of it, also what is still to come: days on which something is
    /// due or expected lie ahead.
    pub fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let whole = |first: NaiveDate, months: u32| {
            let next = first.checked_add_months(Months::new(months));
            (first, next.and_then(|next| next.pred_opt()).unwrap_or(today))
        };
        match self {
            Self::Week => {
                let first = Step::Week.begin(today);
                (first, first.checked_add_days(Days::new(6)).unwrap_or(today))
            }
            Self::Month => whole(Step::Month.begin(today), 1),
            Self::Quarter => {
                let first = Step::Month.begin(today);
                whole(first.with_month0(first.month0() / 3 * 3).unwrap_or(first), 3)
            }
            Self::Year => whole(NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap_or(today), 12),
            Self::Last30Days => (today.checked_sub_days(Days::new(29)).unwrap_or(today), today),
        }
    }
}

impl Step {
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// What one group is called: the head of a column of groups.
    pub fn label(self) -> &'static str {
        match self {
            Self::Day => t!("Day"),
            Self::Week => t!("Week"),
            Self::Month => t!("Month"),
        }
    }

    /// The first day of the stretch that a day lies in.
    pub fn begin(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => {
                let behind = u64::from(day.weekday().num_days_from_monday());
                day.checked_sub_days(Days::new(behind)).unwrap_or(day)
            }
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    /// The first day of the stretch after the one that begins on this day; none at the end of time.
    pub fn after(self, begin: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => begin.succ_opt(),
            Self::Week => begin.checked_add_days(Days::new(7)),
            Self::Month => begin.checked_add_months(Months::new(1)),
        }
    }

    /// The key of the group that begins on this day, as the engine writes it.
    pub fn key(self, begin: NaiveDate) -> String {
        match self {
            Self::Day | Self::Week => begin.to_string(),
            Self::Month => begin.format("%Y-%m").to_string(),
        }
    }

    /// The first day of a group of the engine.
    pub fn read(self, key: &str) -> Option<NaiveDate> {
        match self {
            Self::Day | Self::Week => key.parse().ok(),
            Self::Month => format!("{key}-01").parse().ok(),
        }
    }

    /// How many stretches lie between two groups; less than none where the second comes first.
    pub fn between(self, one: NaiveDate, other: NaiveDate) -> i64 {
        match self {
            Self::Day => (other - one).num_days(),
            Self::Week => (other - one).num_days().div_euclid(7),
            Self::Month => {
                let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
                months(other) - months(one)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Range, Step};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn stretches_by_name_are_whole() {
        let today = day("2026-11-21");
        for (range, first, last) in [
            (Range::Week, "2026-11-16", "2026-11-22"),
            (Range::Month, "2026-11-01", "2026-11-30"),
            (Range::Quarter, "2026-10-01", "2026-12-31"),
            (Range::Year, "2026-01-01", "2026-12-31"),
            (Range::Last30Days, "2026-10-23", "2026-11-21"),
        ] {
            assert_eq!(range.days(today), (day(first), day(last)), "{range:?}");
            assert_eq!(Range::from_key(range.key()), Some(range));
        }
        // The last day of a quarter, of a leap year, and of a year.
        assert_eq!(Range::Quarter.days(day("2024-02-29")), (day("2024-01-01"), day("2024-03-31")));
        assert_eq!(Range::Month.days(day("2024-02-29")), (day("2024-02-01"), day("2024-02-29")));
        assert_eq!(Range::Week.days(day("2026-01-01")), (day("2025-12-29"), day("2026-01-04")));
    }

    #[test]
    fn groups_of_time_follow_each_other() {
        let sunday = day("2026-11-22");
        assert_eq!(Step::Week.begin(sunday), day("2026-11-16"));
        assert_eq!(Step::Week.after(day("2026-12-28")), Some(day("2027-01-04")));
        assert_eq!(Step::Month.after(day("2026-12-01")), Some(day("2027-01-01")));
        for step in Step::ALL {
            let begin = step.begin(sunday);
            assert_eq!(step.read(&step.key(begin)), Some(begin), "{step:?}");
            assert_eq!(step.between(begin, step.after(begin).unwrap()), 1, "{step:?}");
        }
        assert_eq!(Step::Month.between(day("2026-11-01"), day("2026-09-01")), -2);
        assert_eq!(Step::Week.between(day("2026-11-16"), day("2026-11-09")), -1);
        assert!(Step::Month.read("2026-13").is_none() && Step::Day.read("tomorrow").is_none());
    }
}
