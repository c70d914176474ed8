//! Months and days of the week as they are called in the language that is spoken.

use chrono::{Datelike, NaiveDate};
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

/// A day by a pattern of chrono's; its names (`%B`, `%b`, `%A`, `%a`) are said in the language of the reader.
pub fn named(day: NaiveDate, pattern: &str) -> String {
    let (month, weekday) = (day.month0() as usize, day.weekday().num_days_from_monday() as usize);
    let names = [
        ("%B", MONTHS[month]),
        ("%b", SHORT_MONTHS[month]),
        ("%A", WEEKDAYS[weekday]),
        ("%a", SHORT_WEEKDAYS[weekday]),
    ];
    let said = |pattern: String, (place, name): (&str, &str)| pattern.replace(place, say(name));
    let pattern = names.into_iter().fold(pattern.to_owned(), said);
    day.format(&pattern).to_string()
}

#[cfg(test)]
mod tests {
    use super::named;
    use chrono::NaiveDate;
    use words::{Language, within};

    #[test]
    fn days_are_called_as_their_reader_calls_them() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let said = || [named(day, "%A %-d %B %Y"), named(day, "%a %-d %b")];
        assert_eq!(said(), ["Monday 2 March 2026", "Mon 2 Mar"]);
        assert_eq!(within(Language::Swahili, said), ["Jumatatu 2 Machi 2026", "Jtt 2 Mac"]);
    }
}
