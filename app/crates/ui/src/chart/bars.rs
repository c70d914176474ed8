//! Bars: upright over time, lying for ranks, and the funnel.

use leptos::prelude::*;
use words::t;

use super::parts::{Datum, MOST_MARKS, figure, grid, mark, nice_top, percent, role, share, table_twin};
use crate::{Hue, MaybeText};

/// Upright bars. `title` names it for those who hear it; `top` and `middle` are the texts of the axis.
#[component]
pub fn BarChart(
    #[prop(into)] title: String,
    data: Vec<Datum>,
    #[prop(default = "".to_owned(), into)] column: String,
    #[prop(default = t!("Value").to_owned(), into)] value_column: String,
    /// Writes the axis: from a number to what is read. Plain digits when absent.
    #[prop(optional_no_strip)]
    format: Option<fn(f64) -> String>,
    #[prop(optional)] hue: Hue,
) -> impl IntoView {
    let top = nice_top(data.iter().map(|datum| datum.value).fold(0.0, f64::max));
    let write = format.unwrap_or(plain_number);
    let drawn = &data[..data.len().min(MOST_MARKS)];
    let slot = 1.0 / drawn.len().max(1) as f64;
    let bars: Vec<_> =
        drawn.iter().enumerate().map(|(index, datum)| bar(datum, index as f64 * slot, slot, top)).collect();
    let (labels, role) = (every_label(drawn), role(&data));
    let rows = data.iter().map(|datum| (datum.label.clone(), vec![figure(datum)])).collect();
    let twin = table_twin(&title, &[column, value_column], rows);
    view! {
        <figure class=format!("chart {}", hue.class())>
            <svg class="chart-plot" role=role aria-label=title width="100%" height="160">{grid(&write(top), &write(top / 2.0))}{bars}<line class="chart-base" x1="0" x2="100%" y1="100%" y2="100%"></line></svg>
            <div class="chart-labels" aria-hidden="true">{labels}</div>
            {twin}
        </figure>
    }
    .into_any()
}

/// As many labels as there is room for.
pub(super) fn every_label(data: &[Datum]) -> Vec<AnyView> {
    let every = data.len().div_ceil(8).max(1);
    let labels = data.iter().enumerate();
    labels
        .map(|(index, datum)| view! { <span>{(index % every == 0).then(|| datum.label.clone())}</span> }.into_any())
        .collect()
}

fn bar(datum: &Datum, start: f64, slot: f64, top: f64) -> AnyView {
    let height = share(datum.value, top);
    let shape = view! {
        <rect class="chart-hit" x=percent(start) y="0" width=percent(slot) height="100%"></rect>
        <rect class="chart-bar" x=percent(start + slot * 0.2) y=percent(1.0 - height) width=percent(slot * 0.6) height=percent(height) rx="2"></rect>
    };
    mark(datum, "", shape.into_any())
}

pub(crate) fn plain_number(value: f64) -> String {
    match value.abs() {
        size if size >= 1e9 => format!("{}B", trim(value / 1e9)),
        size if size >= 1e6 => format!("{}M", trim(value / 1e6)),
        size if size >= 1e3 => format!("{}k", trim(value / 1e3)),
        _ => trim(value),
    }
}

fn trim(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Ranks as lying bars, label and figure beside them: by source, by owner.
#[component]
pub fn BarList(#[prop(into)] title: String, data: Vec<Datum>, #[prop(optional)] hue: Hue) -> impl IntoView {
    let top = data.iter().map(|datum| datum.value).fold(0.0, f64::max);
    let rows: Vec<_> = data.into_iter().map(|datum| lying_bar(datum, top, None)).collect();
    view! { <ul class=format!("bar-list {}", hue.class()) aria-label=title>{rows}</ul> }.into_any()
}

/// Stages one under the other, each with what share of the one before came through.
#[component]
pub fn Funnel(#[prop(into)] title: String, stages: Vec<Datum>, #[prop(optional)] hue: Hue) -> impl IntoView {
    let top = stages.first().map_or(0.0, |datum| datum.value);
    let mut before: Option<f64> = None;
    let rows: Vec<_> = stages
        .into_iter()
        .map(|datum| {
            let share =
                before.filter(|before| *before > 0.0).map(|before| format!("{:.0} %", datum.value / before * 100.0));
            before = Some(datum.value);
            lying_bar(datum, top, share)
        })
        .collect();
    view! { <ol class=format!("bar-list is-funnel {}", hue.class()) aria-label=title>{rows}</ol> }.into_any()
}

fn lying_bar(datum: Datum, top: f64, came: Option<String>) -> AnyView {
    let part = share(datum.value, top);
    let came: MaybeText = came.into();
    let came = came.into_option().map(|came| {
        let of = t!("of the stage before");
        view! { <span class="bar-share" title=of>{came}<span class="sr-only">{format!(" {of}")}</span></span> }
    });
    let label = match datum.href {
        Some(href) => view! { <a class="bar-label" href=href dir="auto">{datum.label}</a> }.into_any(),
        None => view! { <span class="bar-label" dir="auto">{datum.label}</span> }.into_any(),
    };
    view! {
        <li class="bar-row">
            {label}
            <svg class="bar-track" width="100%" height="8" aria-hidden="true"><rect class="bar-ground" width="100%" height="8" rx="2"></rect><rect class="chart-bar" width=percent(part) height="8" rx="2"></rect></svg>
            <span class="bar-text">{datum.text}</span>
            {came}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::plain_number;

    #[test]
    fn axis_numbers_are_short() {
        assert_eq!(plain_number(0.5), "0.5");
        assert_eq!(plain_number(250.0), "250");
        assert_eq!(plain_number(2_500.0), "2.5k");
        assert_eq!(plain_number(20_000_000.0), "20M");
    }
}
