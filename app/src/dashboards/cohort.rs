//! Those who began together, and how long it took until something happened with them.

use super::block::{Asked, Spot};
use super::draw::{ALL, Desk, Pen, empty, note, times};
use super::measure::merged;
use chrono::NaiveDate;
use domain::records::Group;
use domain::schema::{Comparison, Field, Filter, Step, Test, stretch};
use domain::{Error, Result};
use leptos::prelude::*;
use ui::{Cohort, CohortGrid, Hue};
use words::t;

/// Steps with a column of their own.
const MOST_STEPS: i64 = 24;

/// How long after the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It lies before the beginning.
    Before,
    Steps(i64),
    /// So many, or more.
    Later(i64),
}

impl After {
    fn label(self, step: Step) -> String {
        match self {
            Self::Before => t!("Before").to_owned(),
            Self::Steps(0) => {
                let same = match step {
                    Step::Day => t!("Same day"),
                    Step::Week => t!("Same week"),
                    Step::Month => t!("Same month"),
                };
                same.to_owned()
            }
            Self::Steps(steps) => format!("+{steps}"),
            Self::Later(steps) => t!("+{steps} or more", steps),
        }
    }

    const fn holds(self, steps: i64) -> bool {
        match self {
            Self::Before => steps < 0,
            Self::Steps(own) => own == steps,
            Self::Later(first) => steps >= first,
        }
    }

    /// The first day on which it can be, for those who began in the stretch of this day.
    fn begin(self, step: Step, began: NaiveDate) -> NaiveDate {
        let (Self::Steps(steps) | Self::Later(steps)) = self else { return NaiveDate::MIN };
        let days = std::iter::successors(Some(began), |day| step.after(*day));
        days.take(usize::try_from(steps).unwrap_or(0) + 1).last().unwrap_or(began)
    }

    fn test(self, field: &Field, step: Step, began: NaiveDate) -> Filter {
        let one = |comparison, day: NaiveDate| {
            Filter::Test(Test { field: field.key.clone(), comparison, values: vec![day.to_string()] })
        };
        let begin = self.begin(step, began);
        match self {
            Self::Before => one(Comparison::Less, began),
            Self::Steps(_) => stretch(field, None, begin, step.after(begin).unwrap_or(begin)),
            Self::Later(_) => one(Comparison::GreaterOrEqual, begin),
        }
    }
}

/// A column for each step that somebody took, up to a bound.
pub fn columns(steps: &[i64]) -> Vec<After> {
    let before = steps.iter().any(|steps| *steps < 0).then_some(After::Before);
    let last = steps.iter().copied().max().unwrap_or(0);
    let each = (0..=last.min(MOST_STEPS - 1)).map(After::Steps);
    let later = (last >= MOST_STEPS).then_some(After::Later(MOST_STEPS));
    before.into_iter().chain(each).chain(later).collect()
}

/// The inner groups with the steps between their cohort and them.
fn taken(step: Step, began: NaiveDate, group: Option<&Group>) -> Vec<(i64, &Group)> {
    let inner = group.into_iter().flat_map(|group| &group.inner);
    inner.filter_map(|inner| Some((step.between(began, step.read(inner.key.as_deref()?)?), inner))).collect()
}

pub async fn draw(desk: Desk<'_>, asked: &Asked<'_>) -> Result<AnyView> {
    let groups = asked.groups(desk.backend, ALL, ALL).await?;
    if merged(&groups).count == 0 {
        return Ok(empty(asked));
    }
    let (Some(step), Some(series)) = (asked.step(), asked.field(&asked.block.series)) else {
        return Err(Error::internal());
    };
    let column = asked.field(&asked.block.group).map(|field| field.label.clone()).unwrap_or_default();
    let (pen, spots) = (Pen::of(desk, asked, &groups), times(asked)?);
    let rows: Vec<(&Spot, NaiveDate, Option<&Group>)> = spots
        .iter()
        .zip(asked.days.begins(step))
        .map(|(spot, began)| (spot, began, spot.find(&groups)))
        .filter(|(_, _, group)| group.is_some())
        .collect();
    let all: Vec<i64> = rows.iter().flat_map(|row| taken(step, row.1, row.2)).map(|(steps, _)| steps).collect();
    let columns = columns(&all);
    let cohorts = rows
        .iter()
        .map(|(spot, began, group)| {
            let taken = taken(step, *began, *group);
            let cells = columns.iter().map(|after| {
                let there = taken.iter().filter(|(steps, _)| after.holds(*steps)).map(|(_, group)| *group);
                let found = merged(there);
                // What lies ahead of all of them has not been missed.
                if found.count == 0 && after.begin(step, *began) > desk.today {
                    return None;
                }
                let there = Spot::new(after.label(step), Some(after.test(series, step, *began)));
                Some(pen.datum(&[spot, &there], &there.label, Some(&found)))
            });
            Cohort { whole: pen.datum(&[spot], &spot.label, *group), steps: cells.collect() }
        })
        .collect();
    let steps = columns.iter().map(|after| after.label(step)).collect();
    let (title, whole_column) = (asked.block.title.clone(), t!("All"));
    Ok(view! { {note(&pen)}<CohortGrid title cohorts steps column whole_column hue=Hue::nth(2)/> }.into_any())
}

#[cfg(test)]
mod tests {
    use super::{After, columns, taken};
    use chrono::NaiveDate;
    use domain::records::Group;
    use domain::schema::{Field, Step};
    use serde_json::json;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_step_has_one_column() {
        assert_eq!(columns(&[]), [After::Steps(0)]);
        assert_eq!(columns(&[2, 0]), [After::Steps(0), After::Steps(1), After::Steps(2)]);
        let many = columns(&[-3, 0, 40]);
        assert_eq!((many[0], many[1], *many.last().unwrap()), (After::Before, After::Steps(0), After::Later(24)));
        assert_eq!(many.len(), 26);
        for steps in -5..50 {
            assert_eq!(many.iter().filter(|after| after.holds(steps)).count(), 1, "{steps}");
        }
    }

    #[test]
    fn a_cell_asks_for_the_days_that_it_counts() {
        let field: Field = serde_json::from_value(
            json!({ "key": "signedOn", "label": "Signed", "kind": { "type": "date" }, "indexed": true }),
        )
        .unwrap();
        let asks = |after: After| after.test(&field, Step::Month, day("2026-11-01")).print();
        assert_eq!(asks(After::Steps(0)), "signedOn >= 2026-11-01 and signedOn < 2026-12-01");
        assert_eq!(asks(After::Steps(2)), "signedOn >= 2027-01-01 and signedOn < 2027-02-01");
        assert_eq!(asks(After::Before), "signedOn < 2026-11-01");
        assert_eq!(asks(After::Later(24)), "signedOn >= 2028-11-01");
    }

    #[test]
    fn who_never_came_so_far_is_in_no_column() {
        let inner = |key: Option<&str>, count| Group { key: key.map(str::to_owned), count, ..Group::default() };
        let group = Group {
            count: 6,
            inner: vec![inner(Some("2026-12"), 2), inner(Some("2026-10"), 1), inner(None, 3)],
            ..Group::default()
        };
        let found = taken(Step::Month, day("2026-11-01"), Some(&group));
        assert_eq!(found.iter().map(|(steps, group)| (*steps, group.count)).collect::<Vec<_>>(), [(1, 2), (-1, 1)]);
        assert!(taken(Step::Month, day("2026-11-01"), None).is_empty());
    }
}
