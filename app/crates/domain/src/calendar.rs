//! Months and days of the week as they are called in the language that is spoken.

use chrono::{Datelike, NaiveDate};
use std::fmt::Write as _;
use words::{mark, say};

const MONTHS: [&str; 12] = [
    mark!("January"),
    mark!("February"),
    mark!("March"),
    mark!("April"),
    mark!("May"),
    mark!("June"),
    mark!("July"),
    mark!("August"),
    mark!("September"),
    mark!("October"),
    mark!("November"),
    mark!("December"),
];
const SHORT_MONTHS: [&str; 12] = [
    mark!("Jan"),
    mark!("Feb"),
    mark!("Mar"),
    mark!("Apr"),
    mark!("May"),
    mark!("Jun"),
    mark!("Jul"),
    mark!("Aug"),
    mark!("Sep"),
    mark!("Oct"),
    mark!("Nov"),
    mark!("Dec"),
];
const WEEKDAYS: [&str; 7] = [
    mark!("Monday"),
    mark!("Tuesday"),
    mark!("Wednesday"),
    mark!("Thursday"),
    mark!("Friday"),
    mark!("Saturday"),
    mark!("Sunday"),
];
const SHORT_WEEKDAYS: [&str; 7] =
    [mark!("Mon"), mark!("Tue"), mark!("Wed"), mark!("Thu"), mark!("Fri"), mark!("Sat"), mark!("Sun")];

/// A day by a pattern of chrono's; its names (`%B`, `%b`, `%A`, `%a`) are said in the language of the reader. A list says a hundred of them, so the
/// pattern is gone through once.
pub fn named(day: NaiveDate, pattern: &str) -> String {
    let (month, weekday) = (day.month0() as usize, day.weekday().num_days_from_monday() as usize);
    let mut parts = pattern.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    out.reserve(pattern.len() + 12);
    for part in parts {
        let mut letters = part.chars();
        let name = match letters.next() {
            Some('B') => MONTHS[month],
            Some('b') => SHORT_MONTHS[month],
            Some('A') => WEEKDAYS[weekday],
            Some('a') => SHORT_WEEKDAYS[weekday],
            _ => {
                // Writing to memory does not fail.
                let _ = match (part.strip_prefix("-d"), part.strip_prefix('Y')) {
                    (Some(rest), _) => write!(out, "{}{rest}", day.day()),
                    (_, Some(rest)) => write!(out, "{:04}{rest}", day.year()),
                    _ => write!(out, "{}", day.format(&format!("%{part}"))),
                };
                continue;
            }
        };
        out.push_str(say(name));
        out.push_str(letters.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::named;
    use chrono::NaiveDate;
    use words::{Language, within};

    #[test]
    fn days_are_called_as_their_reader_calls_them() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let said = || ["%A %-d %B %Y", "%a %-d %b", "on %d/%m/%y", "%-m"].map(|pattern| named(day, pattern));
        assert_eq!(said(), ["Monday 2 March 2026", "Mon 2 Mar", "on 02/03/26", "3"]);
        assert_eq!(within(Language::Swahili, said), ["Jumatatu 2 Machi 2026", "Jtt 2 Mac", "on 02/03/26", "3"]);
    }
}
