//! The rows of a stretch of days, as a filter: what calendars and timelines ask for.

use super::{Comparison, Field, Filter, Test};
use chrono::NaiveDate;

/// Rows whose day lies from `from` up to and without `until`; where an end is named, those too that began before and last into it. Days are the
/// workspace's. Both halves are ranges over one column, so that each is served by the index of its field.
pub fn stretch(date: &Field, end: Option<&Field>, from: NaiveDate, until: NaiveDate) -> Filter {
    let test = |field: &Field, comparison: Comparison, day: NaiveDate| {
        Filter::Test(Test { field: field.key.clone(), comparison, values: vec![day.to_string()] })
    };
    let begins = vec![test(date, Comparison::GreaterOrEqual, from), test(date, Comparison::Less, until)];
    match end {
        None => Filter::All(begins),
        Some(end) => {
            let lasts = vec![test(date, Comparison::Less, from), test(end, Comparison::GreaterOrEqual, from)];
            Filter::Any(vec![Filter::All(begins), Filter::All(lasts)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stretch;
    use crate::schema::{Field, Filter};
    use serde_json::json;

    fn field(key: &str) -> Field {
        serde_json::from_value(json!({ "key": key, "label": key, "kind": { "type": "date" }, "indexed": true }))
            .unwrap()
    }

    #[test]
    fn a_stretch_is_a_filter_that_an_address_could_hold() {
        let (start, end) = (field("start"), field("end"));
        let (from, until) = ("2026-11-01".parse().unwrap(), "2026-12-01".parse().unwrap());
        let points = stretch(&start, None, from, until);
        assert_eq!(points.print(), "start >= 2026-11-01 and start < 2026-12-01");
        let spans = stretch(&start, Some(&end), from, until);
        assert_eq!(
            spans.print(),
            "(start >= 2026-11-01 and start < 2026-12-01) or (start < 2026-11-01 and end >= 2026-11-01)"
        );
    }

    #[test]
    fn rows_without_a_value_are_left_out_where_no_part_of_the_filter_takes_them() {
        let (start, end) = (field("start"), field("end"));
        let spans = stretch(&start, Some(&end), "2026-11-01".parse().unwrap(), "2026-12-01".parse().unwrap());
        assert!(spans.demands("start") && !spans.demands("end"));
        assert!(Filter::All(vec![spans.clone(), Filter::All(Vec::new())]).demands("start"));
        // Nothing to choose from is met by nothing, and nothing to hold by everything.
        assert!(!Filter::Any(Vec::new()).demands("start") && !Filter::All(Vec::new()).demands("start"));
        let empty = |comparison: &str| {
            serde_json::from_value::<Filter>(
                json!({ "test": { "field": "start", "comparison": comparison, "values": ["x"] } }),
            )
            .unwrap()
        };
        for without in ["empty", "not_equals", "not_in"] {
            assert!(!empty(without).demands("start"), "{without}");
            assert!(!Filter::Any(vec![spans.clone(), empty(without)]).demands("start"), "{without}");
        }
        for with in ["equals", "in", "not_empty", "less"] {
            assert!(empty(with).demands("start"), "{with}");
        }
    }
}
