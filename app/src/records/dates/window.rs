//! The stretch of days that a calendar or a timeline shows: where it begins and ends, what it is called, and where the ways back and on lead. Weeks
//! begin on Monday: workspaces have no setting for it, and ISO 8601 says so.

use crate::time::named;
use chrono::{Datelike, Days, Months, NaiveDate};
use domain::schema::ViewKind;
use words::{mark, t};

/// How much is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Month,
    Week,
    Day,
    Agenda,
    Quarter,
}

/// Days of an agenda.
const AGENDA: u64 = 28;
/// Days that `on=` may name: those that a date may hold, with room for a stretch on both sides.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

impl Scale {
    /// As the address says it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Agenda => "agenda",
            Self::Quarter => "quarter",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Month => mark!("Month"),
            Self::Week => mark!("Week"),
            Self::Day => mark!("Day"),
            Self::Agenda => mark!("Agenda"),
            Self::Quarter => mark!("Quarter"),
        }
    }

    /// Those among which one chooses; a day is come to by its number.
    pub const fn offered(kind: ViewKind) -> &'static [Self] {
        match kind {
            ViewKind::Timeline => &[Self::Month, Self::Quarter],
            _ => &[Self::Month, Self::Week, Self::Agenda],
        }
    }

    /// What was asked for, if a view of this kind has it, else its usual one.
    pub fn read(kind: ViewKind, asked: Option<&str>) -> Self {
        let known: &[Self] = match kind {
            ViewKind::Timeline => &[Self::Quarter, Self::Month],
            _ => &[Self::Month, Self::Week, Self::Day, Self::Agenda],
        };
        known.iter().find(|scale| Some(scale.key()) == asked).or(known.first()).copied().unwrap_or(Self::Month)
    }
}

/// A stretch of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub scale: Scale,
    /// The day that the address names, else today.
    pub on: NaiveDate,
    pub from: NaiveDate,
    /// The first day that is no longer shown.
    pub until: NaiveDate,
    today: NaiveDate,
}

impl Window {
    /// `whole_weeks` lets a month begin on the Monday before its first day and end with a Sunday.
    pub fn of(scale: Scale, on: NaiveDate, today: NaiveDate, whole_weeks: bool) -> Self {
        let (first, last) = match scale {
            Scale::Month => (on.with_day(1).unwrap_or(on), months_on(on.with_day(1).unwrap_or(on), 1)),
            Scale::Quarter => {
                let first = on.with_day(1).and_then(|first| first.with_month0(on.month0() / 3 * 3)).unwrap_or(on);
                (first, months_on(first, 3))
            }
            Scale::Week => (monday(on), days_on(monday(on), 7)),
            Scale::Day => (on, days_on(on, 1)),
            Scale::Agenda => (on, days_on(on, AGENDA)),
        };
        let (from, until) = match scale {
            Scale::Month if whole_weeks => {
                let last_week = monday(last.pred_opt().unwrap_or(last));
                (monday(first), days_on(last_week, 7))
            }
            _ => (first, last),
        };
        Self { scale, on, from, until, today }
    }

    /// The day that `on=` says, or why it is none.
    pub fn read(text: &str) -> Result<NaiveDate, String> {
        let day: NaiveDate = text.parse().map_err(|_| t!("{text} is not a day; write it as 2026-11-21", text))?;
        if YEARS.contains(&day.year()) {
            return Ok(day);
        }
        Err(t!("{text} is outside the years {first} to {last}", text, first = YEARS.start(), last = YEARS.end()))
    }

    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day < self.until)
    }

    pub fn holds(self, day: NaiveDate) -> bool {
        self.from <= day && day < self.until
    }

    /// Whether a day belongs to what is shown, and not to the weeks that fill a month up.
    pub fn own(self, day: NaiveDate) -> bool {
        self.scale != Scale::Month || (day.year(), day.month()) == (self.on.year(), self.on.month())
    }

    /// A day of the stretch before this one, as far as there are days.
    pub fn before(self) -> Option<NaiveDate> {
        let day = match self.scale {
            Scale::Month => self.on.with_day(1)?.checked_sub_months(Months::new(1))?,
            Scale::Quarter => self.from.checked_sub_months(Months::new(3))?,
            Scale::Week => self.on.checked_sub_days(Days::new(7))?,
            Scale::Day => self.on.pred_opt()?,
            Scale::Agenda => self.on.checked_sub_days(Days::new(AGENDA))?,
        };
        YEARS.contains(&day.year()).then_some(day)
    }

    /// A day of the stretch behind this one.
    pub fn after(self) -> Option<NaiveDate> {
        let day = match self.scale {
            Scale::Month => months_on(self.on.with_day(1)?, 1),
            Scale::Week => days_on(self.on, 7),
            Scale::Quarter | Scale::Day | Scale::Agenda => self.until,
        };
        YEARS.contains(&day.year()).then_some(day)
    }

    /// `November 2026`, `23 – 29 Nov 2026`, `Saturday, 28 November 2026`.
    pub fn title(self) -> String {
        let last = self.until.pred_opt().unwrap_or(self.until);
        match self.scale {
            Scale::Month => named(self.on, "%B %Y"),
            Scale::Day => named(self.on, "%A, %-d %B %Y"),
            Scale::Quarter => format!("{} – {}", named(self.from, "%b"), named(last, "%b %Y")),
            Scale::Week | Scale::Agenda => span(self.from, last),
        }
    }

    pub fn has_today(self) -> bool {
        self.holds(self.today) && self.own(self.today)
    }

    pub fn today(self) -> NaiveDate {
        self.today
    }
}

/// Two days as briefly as they can be said.
pub fn span(from: NaiveDate, until: NaiveDate) -> String {
    let end = named(until, "%-d %b %Y");
    if from == until {
        end
    } else if from.year() != until.year() {
        format!("{} – {end}", named(from, "%-d %b %Y"))
    } else if from.month() != until.month() {
        format!("{} – {end}", named(from, "%-d %b"))
    } else {
        format!("{} – {end}", from.day())
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
}

fn days_on(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

fn months_on(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Scale, Window, span};
    use chrono::NaiveDate;
    use domain::schema::ViewKind;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn window(scale: Scale, on: &str) -> Window {
        Window::of(scale, day(on), day("2026-11-28"), true)
    }

    #[test]
    fn a_month_is_filled_up_to_whole_weeks() {
        for (on, from, until, weeks) in [
            ("2026-11-28", "2026-10-26", "2026-12-07", 6),
            // Begins on a Monday and has four weeks.
            ("2027-02-14", "2027-02-01", "2027-03-01", 4),
            ("2026-12-31", "2026-11-30", "2027-01-04", 5),
            // The first of a leap year.
            ("2028-02-29", "2028-01-31", "2028-03-06", 5),
        ] {
            let window = window(Scale::Month, on);
            assert_eq!((window.from, window.until), (day(from), day(until)), "{on}");
            assert_eq!(window.days().count(), weeks * 7, "{on}");
        }
        let plain = Window::of(Scale::Month, day("2026-11-28"), day("2026-11-28"), false);
        assert_eq!((plain.from, plain.until), (day("2026-11-01"), day("2026-12-01")));
    }

    #[test]
    fn stretches_follow_each_other_without_a_gap() {
        for scale in [Scale::Month, Scale::Week, Scale::Day, Scale::Agenda, Scale::Quarter] {
            // The last of a month, of which the next has fewer days.
            let here = Window::of(scale, day("2026-10-31"), day("2026-11-28"), false);
            let next = Window::of(scale, here.after().unwrap(), day("2026-11-28"), false);
            assert_eq!(next.from, here.until, "{scale:?}");
            let back = Window::of(scale, next.before().unwrap(), day("2026-11-28"), false);
            assert_eq!((back.from, back.until), (here.from, here.until), "{scale:?}");
        }
        // Days that no date can hold are not led to.
        assert_eq!(
            (window(Scale::Day, "2100-12-31").after(), window(Scale::Month, "1900-01-05").before()),
            (None, None)
        );
    }

    #[test]
    fn stretches_are_called_as_people_say_them() {
        for (scale, on, title) in [
            (Scale::Month, "2026-11-28", "November 2026"),
            (Scale::Week, "2026-11-28", "23 – 29 Nov 2026"),
            (Scale::Week, "2026-12-31", "28 Dec 2026 – 3 Jan 2027"),
            (Scale::Day, "2026-11-28", "Saturday, 28 November 2026"),
            (Scale::Agenda, "2026-11-28", "28 Nov – 25 Dec 2026"),
            (Scale::Quarter, "2026-11-28", "Oct – Dec 2026"),
        ] {
            assert_eq!(window(scale, on).title(), title);
        }
        assert_eq!(span(day("2026-11-28"), day("2026-11-28")), "28 Nov 2026");
    }

    #[test]
    fn what_a_kind_does_not_have_is_its_usual_scale() {
        assert_eq!(Scale::read(ViewKind::Calendar, Some("week")), Scale::Week);
        assert_eq!(Scale::read(ViewKind::Calendar, Some("quarter")), Scale::Month);
        assert_eq!(Scale::read(ViewKind::Timeline, Some("week")), Scale::Quarter);
        assert_eq!(Scale::read(ViewKind::Timeline, None), Scale::Quarter);
    }

    #[test]
    fn a_day_that_is_none_is_said_so() {
        assert!(Window::read("2026-11-31").unwrap_err().contains("is not a day"));
        assert!(Window::read("9999-01-01").unwrap_err().contains("outside the years"));
        assert_eq!(Window::read("2026-11-30"), Ok(day("2026-11-30")));
    }
}
