//! A cohort grid: what became of those who began together, step by step. It is a table, so it needs no other.

use leptos::prelude::*;
use words::t;

use super::parts::{Datum, figure, share};
use crate::Hue;

/// Cohorts, and steps of each, that are drawn.
const MOST: usize = 62;

/// Those who began together, and how many of them are where after how long.
#[derive(Clone, Debug, Default)]
pub struct Cohort {
    /// How many there are of them all, and when they began.
    pub whole: Datum,
    /// One for each step; none where nothing can be yet.
    pub steps: Vec<Option<Datum>>,
}

/// `steps` are the heads of the columns behind the first two. The darker a cell, the more of its row is in it, in five steps; the figure is in the cell.
#[component]
pub fn CohortGrid(
    #[prop(into)] title: String,
    cohorts: Vec<Cohort>,
    steps: Vec<String>,
    #[prop(default = t!("Began").to_owned(), into)] column: String,
    #[prop(default = t!("All").to_owned(), into)] whole_column: String,
    #[prop(optional)] hue: Hue,
) -> impl IntoView {
    let heads: Vec<_> = [column, whole_column]
        .into_iter()
        .chain(steps.into_iter().take(MOST))
        .enumerate()
        .map(|(index, name)| view! { <th scope="col" class:is-numeric=index != 0>{name}</th> })
        .collect();
    let rows: Vec<_> = cohorts.iter().take(MOST).map(row).collect();
    let name = title.clone();
    view! {
        <div class=format!("cohort {}", hue.class()) role="region" aria-label=name tabindex="0">
            <table class="table is-plain cohort-table">
                <caption class="sr-only">{title}</caption>
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(cohort: &Cohort) -> AnyView {
    let whole = cohort.whole.value;
    let cells: Vec<_> = cohort
        .steps
        .iter()
        .take(MOST)
        .map(|step| match step {
            Some(datum) => {
                let class = format!("is-numeric cohort-cell {}", heat(share(datum.value, whole)));
                view! { <td class=class>{figure(datum)}</td> }.into_any()
            }
            None => view! { <td class="is-numeric cohort-cell"></td> }.into_any(),
        })
        .collect();
    view! { <tr><th scope="row" dir="auto">{cohort.whole.label.clone()}</th><td class="is-numeric">{figure(&cohort.whole)}</td>{cells}</tr> }
        .into_any()
}

/// One of five shades; the first is none.
fn heat(part: f64) -> &'static str {
    match part {
        part if part <= 0.0 => "heat-0",
        part if part < 0.1 => "heat-1",
        part if part < 0.25 => "heat-2",
        part if part < 0.5 => "heat-3",
        _ => "heat-4",
    }
}
