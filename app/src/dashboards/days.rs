//! The days that a dashboard shows: what the address says of them, and the groups of time that they fall into.

use crate::page::PageContext;
use crate::time::named;
use chrono::{Datelike, Days as Count, NaiveDate};
use domain::schema::{Field, Filter, Range, Step, stretch};
use leptos::prelude::*;
use ui::{ButtonKind, DateInput, SegmentedControl, Size, SubmitButton, TabItem};
use words::t;

/// Groups of time in a chart: as many as can be told apart.
pub const MOST_STEPS: usize = 62;
/// Five years, with their leap days.
const LONGEST: i64 = 1_827;
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

/// The first and the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// By which name they were asked for, if by one.
    pub range: Option<Range>,
}

/// Why the days of an address cannot be shown, beside the controls that they were typed into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    pub from: Option<String>,
    pub to: Option<String>,
    /// Of a name that nobody knows.
    pub range: Option<String>,
}

impl Days {
    /// `from` and `to` where they are there, else `range`, else the days that the dashboard opens with. A stretch without an end ends today.
    pub fn read(page: &PageContext, usual: Range, today: NaiveDate) -> Result<Self, Unreadable> {
        if page.query("from").is_none() && page.query("to").is_none() {
            return Self::named(page.query("range"), usual, today);
        }
        let mut wrong = Unreadable::default();
        let mut read = |name: &str, place: fn(&mut Unreadable) -> &mut Option<String>| match page.query(name).map(day) {
            Some(Ok(day)) => Some(day),
            Some(Err(message)) => {
                *place(&mut wrong) = Some(message);
                None
            }
            None => None,
        };
        let (from, to) = (read("from", |wrong| &mut wrong.from), read("to", |wrong| &mut wrong.to));
        if page.query("from").is_none() {
            wrong.from = Some(t!("Say from which day on").to_owned());
        }
        let to = to.or_else(|| page.query("to").is_none().then_some(today));
        if let (Some(from), Some(to)) = (from, to) {
            if from > to {
                wrong.to = Some(t!("{to} is before {from}; choose a later day", to, from));
            } else if (to - from).num_days() >= LONGEST {
                wrong.to = Some(t!("At most five years are shown at once; choose an earlier day").to_owned());
            } else {
                return Ok(Self { from, to, range: None });
            }
        }
        Err(wrong)
    }

    fn named(asked: Option<&str>, usual: Range, today: NaiveDate) -> Result<Self, Unreadable> {
        let range = match asked.map(Range::from_key) {
            None => usual,
            Some(Some(range)) => range,
            Some(None) => {
                let (asked, known) = (asked.unwrap_or_default(), Range::ALL.map(Range::key));
                let message = match domain::text::nearest(asked, known) {
                    Some(meant) => t!("{asked} is no stretch of days; did you mean {meant}?", asked, meant),
                    None => t!("{asked} is no stretch of days; known are {known}", asked, known = known.join(", ")),
                };
                return Err(Unreadable { range: Some(message), ..Unreadable::default() });
            }
        };
        let (from, to) = range.days(today);
        Ok(Self { from, to, range: Some(range) })
    }

    /// The first day behind them.
    pub fn until(self) -> NaiveDate {
        self.to.checked_add_days(Count::new(1)).unwrap_or(self.to)
    }

    /// Rows whose day is one of them.
    pub fn filter(self, field: &Field) -> Filter {
        stretch(field, None, self.from, self.until())
    }

    /// The step asked for, or the next longer one of which there are not too many.
    pub fn step(self, asked: Step) -> Step {
        let mut longer = Step::ALL.into_iter().skip_while(|step| *step != asked);
        longer.find(|step| self.begins(*step).len() <= MOST_STEPS).unwrap_or(Step::Month)
    }

    /// The first day of every group of time, as far as one can count.
    pub fn begins(self, step: Step) -> Vec<NaiveDate> {
        let first = Some(step.begin(self.from));
        let all = std::iter::successors(first, |begin| step.after(*begin)).take_while(|begin| *begin <= self.to);
        all.take(usize::try_from(LONGEST).unwrap_or(MOST_STEPS)).collect()
    }

    /// What of a group of time lies within the days: its first day, and the first one behind it.
    pub fn within(self, step: Step, begin: NaiveDate) -> (NaiveDate, NaiveDate) {
        let end = step.after(begin).unwrap_or(self.until());
        (begin.max(self.from), end.min(self.until()))
    }

    /// "1 Jan – 31 Dec 2026"
    pub fn words(self) -> String {
        let last = named(self.to, "%-d %b %Y");
        if self.from == self.to {
            return last;
        }
        let first = if self.from.year() == self.to.year() { "%-d %b" } else { "%-d %b %Y" };
        format!("{} – {last}", named(self.from, first))
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    let day: NaiveDate = text.parse().map_err(|_| t!("{text} is not a day; write it as 2026-11-21", text))?;
    if YEARS.contains(&day.year()) {
        return Ok(day);
    }
    Err(t!("{text} is outside the years {first} to {last}", text, first = YEARS.start(), last = YEARS.end()))
}

/// What a group of time is called on an axis.
pub fn step_label(step: Step, begin: NaiveDate) -> String {
    named(begin, if step == Step::Month { "%b %Y" } else { "%-d %b" })
}

/// The stretches by name, and the two days that are any other. What was typed stays in its control, also where it is refused.
pub fn controls(page: &PageContext, days: Result<Days, &Unreadable>) -> AnyView {
    let active = days.ok().and_then(|days| days.range);
    let items = Range::ALL
        .into_iter()
        .map(|range| {
            let href = page.with_query(&[("range", Some(range.key())), ("from", None), ("to", None)]);
            TabItem::new(range.label(), href, active == Some(range))
        })
        .collect();
    let typed = |name: &str, day: Option<NaiveDate>| {
        day.map(|day| day.to_string()).or_else(|| page.query(name).map(str::to_owned))
    };
    let shown = days.ok();
    let (from, to) = (typed("from", shown.map(|days| days.from)), typed("to", shown.map(|days| days.to)));
    let wrong = days.err().cloned().unwrap_or_default();
    view! {
        <div class="board-days">
            <SegmentedControl label=t!("Days shown") items/>
            <form class="decide" method="get" action=page.path.clone()>
                <DateInput name="from" label=t!("From" in "day") value=from error=wrong.from/>
                <DateInput name="to" label=t!("To" in "day") value=to error=wrong.to/>
                <SubmitButton size=Size::Small kind=ButtonKind::Secondary>{t!("Show")}</SubmitButton>
            </form>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{Days, MOST_STEPS};
    use crate::records::fixture::page;
    use chrono::NaiveDate;
    use domain::schema::{Range, Step};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn read(query: &[(&str, &str)]) -> Result<Days, super::Unreadable> {
        Days::read(&page(query), Range::Quarter, day("2026-11-21"))
    }

    #[test]
    fn days_come_from_the_address_by_name_or_by_their_ends() {
        let quarter = read(&[]).unwrap();
        assert_eq!(
            (quarter.from, quarter.to, quarter.range),
            (day("2026-10-01"), day("2026-12-31"), Some(Range::Quarter))
        );
        assert_eq!(read(&[("from", ""), ("to", "")]).unwrap(), quarter);
        let week = read(&[("range", "week")]).unwrap();
        assert_eq!((week.from, week.to), (day("2026-11-16"), day("2026-11-22")));
        // What was typed goes before a name.
        let typed = read(&[("range", "week"), ("from", "2026-02-01"), ("to", "2026-02-28")]).unwrap();
        assert_eq!((typed.from, typed.until(), typed.range), (day("2026-02-01"), day("2026-03-01"), None));
        assert_eq!(read(&[("from", "2026-11-01")]).unwrap().to, day("2026-11-21"));
        assert_eq!(typed.words(), "1 Feb – 28 Feb 2026");
    }

    #[test]
    fn what_is_no_stretch_of_days_is_refused_where_it_was_typed() {
        let said = |query: &[(&str, &str)]| {
            let wrong = read(query).unwrap_err();
            [("from", wrong.from), ("to", wrong.to), ("range", wrong.range)]
                .into_iter()
                .filter_map(|(place, message)| Some(format!("{place}: {}", message?)))
                .collect::<Vec<_>>()
        };
        assert_eq!(said(&[("from", "soon")]), ["from: soon is not a day; write it as 2026-11-21"]);
        assert_eq!(said(&[("from", "2026-02-31"), ("to", "0001-01-01")]).len(), 2);
        assert_eq!(said(&[("to", "2026-11-21")]), ["from: Say from which day on"]);
        assert!(said(&[("from", "2026-11-21"), ("to", "2026-11-20")])[0].starts_with("to: 2026-11-20 is before"));
        assert!(said(&[("from", "2020-01-01"), ("to", "2026-01-01")])[0].contains("five years"));
        assert!(said(&[("from", "2027-01-01")])[0].starts_with("to: "));
        assert_eq!(said(&[("range", "yaer")]), ["range: yaer is no stretch of days; did you mean year?"]);
        assert!(said(&[("range", "decade")])[0].contains("known are week, month"));
    }

    #[test]
    fn there_are_never_too_many_groups_and_they_hold_every_day_once() {
        for (from, to, asked, step) in [
            ("2026-11-01", "2026-11-30", Step::Day, Step::Day),
            ("2026-01-01", "2026-12-31", Step::Day, Step::Week),
            ("2022-01-01", "2026-12-31", Step::Day, Step::Month),
            ("2026-11-30", "2026-12-01", Step::Month, Step::Month),
            ("2026-11-21", "2026-11-21", Step::Week, Step::Week),
        ] {
            let days = Days { from: day(from), to: day(to), range: None };
            assert_eq!(days.step(asked), step, "{from} {to}");
            let begins = days.begins(step);
            assert!(!begins.is_empty() && begins.len() <= MOST_STEPS, "{from} {to}");
            let parts: Vec<_> = begins.iter().map(|begin| days.within(step, *begin)).collect();
            assert_eq!((parts[0].0, parts[parts.len() - 1].1), (days.from, days.until()));
            assert!(parts.windows(2).all(|pair| pair[0].1 == pair[1].0), "{parts:?}");
        }
    }
}
