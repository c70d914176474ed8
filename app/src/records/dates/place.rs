//! Rows by their days: from which day to which a row lasts, and how those of one week stand side by side.

use crate::time::Clock;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use domain::records::Record;
use domain::schema::{Field, FieldKind};

/// A row and its days, on the workspace's calendar.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    pub record: &'a Record,
    pub from: NaiveDate,
    /// The last day of it.
    pub until: NaiveDate,
    /// It has an end, which is not before it begins; without one it is a point.
    pub lasts: bool,
    /// When it begins, where the field says so: `14:30`.
    pub time: Option<String>,
}

impl<'a> Event<'a> {
    /// Nothing for a row without a day. What ends before it begins is a point.
    pub fn of(clock: Clock, date: &Field, end: Option<&Field>, record: &'a Record) -> Option<Self> {
        let start = moment(clock, date, record)?;
        let from = start.date();
        let last = end.and_then(|end| Some(last_day(end, moment(clock, end, record)?, start)));
        let time = matches!(date.kind, FieldKind::Datetime).then(|| start.format("%H:%M").to_string());
        let last = last.filter(|last| *last >= from);
        Some(Self { record, from, until: last.unwrap_or(from), lasts: last.is_some(), time })
    }
}

/// A day begins at midnight.
fn moment(clock: Clock, field: &Field, record: &Record) -> Option<NaiveDateTime> {
    let text = record.text(&field.key)?;
    match field.kind {
        FieldKind::Datetime => clock.at(text),
        _ => text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN)),
    }
}

/// What ends at midnight does not last into the day that begins then, unless the end is a day and no moment.
fn last_day(field: &Field, end: NaiveDateTime, start: NaiveDateTime) -> NaiveDate {
    let day = end.date();
    let at_midnight = matches!(field.kind, FieldKind::Datetime) && end.time() == NaiveTime::MIN && end > start;
    if at_midnight { day.pred_opt().unwrap_or(day) } else { day }
}

/// What stands on one day of an event.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'e, 'a> {
    pub event: &'e Event<'a>,
    /// Whether it goes on from the day before, and to the day after.
    pub cut: (bool, bool),
    /// The first day of it that is shown: there it has its name and its menu.
    pub first: bool,
    /// Place from the top, the same on every day of a week, so that what lasts looks like one thing.
    pub lane: usize,
}

/// The pieces of each of these days, from the top down. What lasts longest comes first, then what begins first.
pub fn lanes<'e, 'a>(events: &'e [Event<'a>], days: &[NaiveDate]) -> Vec<Vec<Piece<'e, 'a>>> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let mut shown: Vec<&Event<'a>> =
        events.iter().filter(|event| event.from <= *last && event.until >= *first).collect();
    let length = |event: &Event<'_>| (event.until.min(*last) - event.from.max(*first)).num_days();
    // Stable: rows of one day keep the order in which they came.
    shown.sort_by_key(|event| (event.from.max(*first), -length(event)));
    let mut out: Vec<Vec<Piece<'e, 'a>>> = vec![Vec::new(); days.len()];
    for event in shown {
        let on = |day: &NaiveDate| event.from <= *day && *day <= event.until;
        let Some(start) = days.iter().position(on) else { continue };
        let end = days.iter().rposition(on).unwrap_or(start);
        let free = |lane: &usize| out[start..=end].iter().all(|day| day.iter().all(|piece| piece.lane != *lane));
        let lane = (0..).find(free).unwrap_or_default();
        for at in start..=end {
            let cut = (event.from < days[at], event.until > days[at]);
            out[at].push(Piece { event, cut, first: at == start, lane });
        }
    }
    for day in &mut out {
        day.sort_by_key(|piece| piece.lane);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Event, lanes};
    use crate::time::Clock;
    use chrono::NaiveDate;
    use domain::records::Record;
    use domain::schema::Field;
    use serde_json::{Value, json};

    fn field(key: &str, kind: &str) -> Field {
        serde_json::from_value(json!({ "key": key, "label": key, "kind": { "type": kind }, "indexed": true })).unwrap()
    }

    #[expect(clippy::needless_pass_by_value, reason = "reads like the row of a table")]
    fn record(values: Value) -> Record {
        let mut row = json!({ "id": uuid::Uuid::nil(), "version": 1 });
        row.as_object_mut().unwrap().extend(values.as_object().cloned().unwrap());
        serde_json::from_value(row).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(start: &Field, end: Option<&Field>, values: Value) -> Option<(String, String, Option<String>)> {
        let record = record(values);
        let clock = Clock::new("2026-11-21T09:30:00Z", "Africa/Nairobi");
        let event = Event::of(clock, start, end, &record)?;
        Some((event.from.to_string(), event.until.to_string(), event.time))
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn late_in_the_evening_of_utc_it_is_the_next_day_in_nairobi() {
        let at = field("at", "datetime");
        let told = |moment: &str| days(&at, None, json!({ "at": moment })).unwrap();
        assert_eq!(
            told("2026-11-21T20:30:00Z"),
            ("2026-11-21".to_owned(), "2026-11-21".to_owned(), Some("23:30".to_owned()))
        );
        assert_eq!(
            told("2026-11-21T21:00:00Z"),
            ("2026-11-22".to_owned(), "2026-11-22".to_owned(), Some("00:00".to_owned()))
        );
        // Until midnight is not into the next day; a day that it ends on is one of its days.
        let (until, on) = (field("until", "datetime"), field("on", "date"));
        let values = json!({ "at": "2026-11-21T18:00:00Z", "until": "2026-11-22T21:00:00Z", "on": "2026-11-23" });
        assert_eq!(days(&at, Some(&until), values.clone()).unwrap().1, "2026-11-22");
        assert_eq!(days(&at, Some(&on), values).unwrap().1, "2026-11-23");
    }

    #[test]
    fn a_row_without_a_day_has_no_place_and_one_that_ends_before_it_begins_is_a_point() {
        let (start, end) = (field("start", "date"), field("end", "date"));
        assert_eq!(days(&start, Some(&end), json!({ "start": null, "end": "2026-11-02" })), None);
        let clock = Clock::new("2026-11-21T09:30:00Z", "UTC");
        let drawn = |values: Value| {
            let record = record(values);
            let event = Event::of(clock, &start, Some(&end), &record).unwrap();
            (event.until.to_string(), event.lasts)
        };
        let on = |day: &str| (day.to_owned(), false);
        assert_eq!(drawn(json!({ "start": "2026-11-05", "end": "2026-11-02" })), on("2026-11-05"));
        assert_eq!(drawn(json!({ "start": "2026-11-05", "end": null })), on("2026-11-05"));
        assert_eq!(drawn(json!({ "start": "2026-11-05", "end": "2026-11-05" })), ("2026-11-05".to_owned(), true));
    }

    #[test]
    fn what_lasts_stays_in_its_lane_and_what_is_short_fills_the_gaps() {
        let (start, end) = (field("start", "date"), field("end", "date"));
        let clock = Clock::new("2026-11-21T09:30:00Z", "UTC");
        let rows = [
            ("2026-11-24", "2026-11-24"),
            ("2026-11-20", "2026-11-25"),
            ("2026-11-25", "2026-11-30"),
            ("2026-11-26", "2026-11-26"),
        ]
        .map(|(start, end)| record(json!({ "start": start, "end": end })));
        let events: Vec<Event<'_>> = rows.iter().filter_map(|row| Event::of(clock, &start, Some(&end), row)).collect();
        let week: Vec<NaiveDate> = day("2026-11-23").iter_days().take(7).collect();
        #[expect(clippy::type_complexity, reason = "what is drawn of each day, in one look")]
        let drawn: Vec<Vec<(usize, String, (bool, bool), bool)>> = lanes(&events, &week)
            .iter()
            .map(|day| day.iter().map(|p| (p.lane, p.event.from.to_string()[8..].to_owned(), p.cut, p.first)).collect())
            .collect();
        let piece = |lane, from: &str, cut, first| (lane, from.to_owned(), cut, first);
        assert_eq!(drawn[0], [piece(0, "20", (true, true), true)]);
        assert_eq!(drawn[1], [piece(0, "20", (true, true), false), piece(1, "24", (false, false), true)]);
        assert_eq!(drawn[2], [piece(0, "20", (true, false), false), piece(1, "25", (false, true), true)]);
        // The lane above is free again, and taken by what is short.
        assert_eq!(drawn[3], [piece(0, "26", (false, false), true), piece(1, "25", (true, true), false)]);
        assert_eq!(drawn[6], [piece(1, "25", (true, true), false)]);
        assert!(lanes(&events, &[]).is_empty());
    }
}
