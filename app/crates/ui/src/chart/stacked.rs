//! Upright bars in layers: how much, and what it is made of.

use leptos::prelude::*;

use super::bars::{every_label, plain_number};
use super::parts::{MOST_MARKS, Series, grid, hue_of, legend, mark, nice_top, percent, role, series_twin, share};

/// Bars over the same labels, one layer a series, the first one at the base.
#[component]
pub fn StackedChart(
    #[prop(into)] title: String,
    series: Vec<Series>,
    #[prop(default = "".to_owned(), into)] column: String,
    #[prop(optional_no_strip)] format: Option<fn(f64) -> String>,
) -> impl IntoView {
    let labels = series.first().map_or(&[][..], |series| series.points.as_slice());
    let count = labels.len().min(MOST_MARKS / series.len().max(1));
    let top = nice_top((0..count).map(|at| height(&series, at)).fold(0.0, f64::max));
    let write = format.unwrap_or(plain_number);
    let slot = 1.0 / count.max(1) as f64;
    let bars: Vec<_> = (0..count).map(|at| bar(&series, at, slot, top)).collect();
    let role = role(series.iter().flat_map(|series| &series.points));
    let (labels, legend, twin) = (every_label(&labels[..count]), legend(&series), series_twin(&title, column, &series));
    view! {
        <figure class="chart">
            {legend}
            <svg class="chart-plot" role=role aria-label=title width="100%" height="160">{grid(&write(top), &write(top / 2.0))}{bars}<line class="chart-base" x1="0" x2="100%" y1="100%" y2="100%"></line></svg>
            <div class="chart-labels" aria-hidden="true">{labels}</div>
            {twin}
        </figure>
    }
    .into_any()
}

/// What is less than nothing takes nothing away from the others' layers.
fn layer(series: &Series, at: usize) -> f64 {
    series.points.get(at).map_or(0.0, |datum| datum.value.max(0.0))
}

fn height(series: &[Series], at: usize) -> f64 {
    series.iter().map(|series| layer(series, at)).sum()
}

fn bar(series: &[Series], at: usize, slot: f64, top: f64) -> Vec<AnyView> {
    let mut below = 0.0;
    let mut layers = Vec::new();
    for (index, series) in series.iter().enumerate() {
        let (Some(datum), value) = (series.points.get(at), layer(series, at)) else { continue };
        if value <= 0.0 {
            continue;
        }
        let (from, to) = (share(below, top), share(below + value, top));
        below += value;
        let (x, width) = (percent(at as f64 * slot + slot * 0.2), percent(slot * 0.6));
        let shape = view! { <rect class="chart-bar chart-layer" x=x y=percent(1.0 - to) width=width height=percent(to - from)></rect> };
        let mut named = datum.clone();
        named.label = format!("{}, {}", datum.label, series.name);
        layers.push(mark(&named, hue_of(series, index).class(), shape.into_any()));
    }
    layers
}
