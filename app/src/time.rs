//! Moments and days as people read them: relative under a week, in the workspace's time zone, the full form for the pointer.
//!
//! The browser has no time zones; there everything is written in UTC, and nothing there writes.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};
pub use domain::calendar::named;
use domain::schema::value::show_date;
use leptos::prelude::*;
use ui::markup::{Markup, drawn};
use words::{t, tn};

/// Now, and where "today" is.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    now: DateTime<Utc>,
    zone: Zone,
}

#[cfg(feature = "ssr")]
type Zone = chrono_tz::Tz;
#[cfg(not(feature = "ssr"))]
type Zone = Utc;

#[cfg(feature = "ssr")]
fn zone_of(name: &str) -> Zone {
    name.parse().unwrap_or(chrono_tz::UTC)
}

#[cfg(not(feature = "ssr"))]
fn zone_of(_name: &str) -> Zone {
    Utc
}

fn parse(moment: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(moment).ok().map(|moment| moment.with_timezone(&Utc))
}

impl Clock {
    /// `now` is RFC 3339, `zone` a name such as `Africa/Nairobi`.
    pub fn new(now: &str, zone: &str) -> Self {
        Self { now: parse(now).unwrap_or_default(), zone: zone_of(zone) }
    }

    fn local(self, moment: DateTime<Utc>) -> NaiveDateTime {
        moment.with_timezone(&self.zone).naive_local()
    }

    pub fn today(self) -> NaiveDate {
        self.local(self.now).date()
    }

    /// What the workspace's clock and calendar show at a moment.
    pub fn at(self, moment: &str) -> Option<NaiveDateTime> {
        parse(moment).map(|moment| self.local(moment))
    }

    /// `21 Nov 2026, 12:30`, on the workspace's clock.
    pub fn full(self, moment: &str) -> String {
        let Some(at) = parse(moment) else { return moment.to_owned() };
        let local = self.local(at);
        format!("{}, {}", named(local.date(), "%-d %b %Y"), local.format("%H:%M"))
    }

    /// `2026-11-21T12:30`, as a control for a day and a time wants it, on the workspace's clock.
    pub fn shown(self, moment: &str) -> String {
        parse(moment).map_or_else(String::new, |moment| {
            let local = self.local(moment);
            let format = if local.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
            local.format(format).to_string()
        })
    }

    /// `2 h ago`, `yesterday`, `12 Nov`, `12 Nov 2025`.
    pub fn words(self, moment: &str) -> String {
        let Some(at) = parse(moment) else { return moment.to_owned() };
        let minutes = (self.now - at).num_minutes();
        match minutes {
            0 => return t!("just now").to_owned(),
            1..60 => return tn!(minutes, "{count} min ago", "{count} min ago"),
            -59..0 => return tn!(-minutes, "in {count} min", "in {count} min"),
            60..720 => return tn!(minutes / 60, "{count} h ago", "{count} h ago"),
            -719..=-60 => return tn!(-minutes / 60, "in {count} h", "in {count} h"),
            _ => {}
        }
        let day = self.local(at).date();
        match self.near(day) {
            Some(words) => words.to_lowercase(),
            None => self.short(day),
        }
    }

    /// `Today`, `Tomorrow`, `3 days ago`, `12 Nov`, `12 Nov 2025` of a day such as `2026-11-21`.
    pub fn day_words(self, day: &str) -> String {
        match day.parse::<NaiveDate>() {
            Ok(day) => self.near(day).unwrap_or_else(|| self.short(day)),
            Err(_) => day.to_owned(),
        }
    }

    /// A day under a week away, in words.
    fn near(self, day: NaiveDate) -> Option<String> {
        let ahead = (day - self.today()).num_days();
        match ahead {
            0 => Some(t!("Today").to_owned()),
            1 => Some(t!("Tomorrow").to_owned()),
            -1 => Some(t!("Yesterday").to_owned()),
            2..=6 => Some(t!("In {days} days", days = ahead)),
            -6..=-2 => Some(t!("{days} days ago", days = -ahead)),
            _ => None,
        }
    }

    fn short(self, day: NaiveDate) -> String {
        named(day, if day.year() == self.today().year() { "%-d %b" } else { "%-d %b %Y" })
    }

    /// The heading over what happened on the day of a moment: `Today`, `Yesterday`, `12 Nov`.
    pub fn heading(self, moment: &str) -> String {
        parse(moment).map_or_else(
            || moment.to_owned(),
            |at| {
                let day = self.local(at).date();
                if (self.today() - day).num_days() < 2 {
                    self.near(day).unwrap_or_else(|| self.short(day))
                } else {
                    self.short(day)
                }
            },
        )
    }

    /// How a day stands by which something is due, with the days that are left: `3 days over`, `Due today`, `1 day left`.
    pub fn left(self, due: &str) -> Option<(i64, String)> {
        let left = (due.parse::<NaiveDate>().ok()? - self.today()).num_days();
        Some((
            left,
            match left {
                0 => t!("Due today").to_owned(),
                1.. => tn!(left, "{count} day left", "{count} days left"),
                _ => tn!(-left, "{count} day over", "{count} days over"),
            },
        ))
    }

    /// Whole days between a moment and now.
    pub fn days_since(self, moment: &str) -> Option<i64> {
        parse(moment).map(|at| (self.now - at).num_days())
    }

    /// A moment as an element that says both.
    pub fn moment(self, moment: &str) -> AnyView {
        drawn(self.moment_text(moment))
    }

    /// The same as text.
    pub fn moment_text(self, moment: &str) -> Markup {
        ui::time(moment, &self.words(moment), Some(&self.full(moment)))
    }

    /// A day as an element that says both.
    pub fn day(self, day: &str) -> AnyView {
        drawn(self.day_text(day))
    }

    /// The same as text.
    pub fn day_text(self, day: &str) -> Markup {
        ui::time(day, &self.day_words(day), Some(&show_date(day)))
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn moments_are_relative_under_a_week() {
        let clock = Clock::new("2026-11-21T09:30:00Z", "UTC");
        for (moment, words) in [
            ("2026-11-21T09:29:50Z", "just now"),
            ("2026-11-21T09:05:00Z", "25 min ago"),
            ("2026-11-21T07:30:00Z", "2 h ago"),
            ("2026-11-20T09:30:00Z", "yesterday"),
            ("2026-11-17T09:30:00Z", "4 days ago"),
            ("2026-11-01T09:30:00Z", "1 Nov"),
            ("2025-11-01T09:30:00Z", "1 Nov 2025"),
            ("2026-11-21T10:00:00Z", "in 30 min"),
            ("not a moment", "not a moment"),
        ] {
            assert_eq!(clock.words(moment), words, "{moment}");
        }
    }

    #[test]
    fn days_are_named_when_near() {
        let clock = Clock::new("2026-11-21T09:30:00Z", "UTC");
        for (day, words) in [
            ("2026-11-21", "Today"),
            ("2026-11-22", "Tomorrow"),
            ("2026-11-18", "3 days ago"),
            ("2026-12-24", "24 Dec"),
            ("2027-01-02", "2 Jan 2027"),
        ] {
            assert_eq!(clock.day_words(day), words);
        }
    }

    #[test]
    fn what_is_due_is_told_in_days() {
        let clock = Clock::new("2026-11-21T09:30:00Z", "UTC");
        for (day, left, words) in [
            ("2026-11-18", -3, "3 days over"),
            ("2026-11-20", -1, "1 day over"),
            ("2026-11-21", 0, "Due today"),
            ("2026-11-22", 1, "1 day left"),
            ("2026-12-01", 10, "10 days left"),
        ] {
            assert_eq!(clock.left(day), Some((left, words.to_owned())));
        }
        assert_eq!(clock.left("soon"), None);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn today_is_the_workspaces() {
        assert_eq!(Clock::new("2026-11-21T22:30:00Z", "Africa/Nairobi").today().to_string(), "2026-11-22");
        assert_eq!(
            Clock::new("2026-11-21T22:30:00Z", "Africa/Nairobi").shown("2026-11-21T09:00:07Z"),
            "2026-11-21T12:00:07"
        );
        assert_eq!(
            Clock::new("2026-11-21T22:30:00Z", "Africa/Nairobi").full("2026-11-21T09:00:00Z"),
            "21 Nov 2026, 12:00"
        );
    }
}
