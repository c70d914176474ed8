//! Lines over time, with an area under a single one, and the sparkline of a tile.

use leptos::prelude::*;

use super::bars::plain_number;
use super::parts::{
    Datum, MOST_MARKS, Series, edge_labels, grid, hue_of, legend, mark, nice_top, percent, role, series_twin, share,
};
use crate::Hue;

/// Lines over the same labels. A single series gets an area, unless it is to be `plain`; several get a legend.
#[component]
pub fn LineChart(
    #[prop(into)] title: String,
    series: Vec<Series>,
    #[prop(default = "".to_owned(), into)] column: String,
    #[prop(optional_no_strip)] format: Option<fn(f64) -> String>,
    #[prop(optional)] plain: bool,
) -> impl IntoView {
    let highest = series.iter().flat_map(|series| &series.points).map(|datum| datum.value).fold(0.0, f64::max);
    let top = nice_top(highest);
    let write = format.unwrap_or(plain_number);
    let alone = series.len() == 1;
    let (filled, role) = (alone && !plain, role(series.iter().flat_map(|series| &series.points)));
    let bands = bands(&series, top);
    let shapes: Vec<_> = series
        .iter()
        .zip(&bands)
        .enumerate()
        .map(|(index, (series, bands))| line(series, hue_of(series, index), top, filled, bands))
        .collect();
    let labels = series.first().map(|series| edge_labels(&series.points)).unwrap_or_default();
    let legend = (!alone).then(|| legend(&series));
    let twin = series_twin(&title, column, &series);
    view! {
        <figure class="chart">
            {legend}
            <svg class="chart-plot" role=role aria-label=title width="100%" height="160">{grid(&write(top), &write(top / 2.0))}<line class="chart-base" x1="0" x2="100%" y1="100%" y2="100%"></line>{shapes}</svg>
            <div class="chart-labels is-edges" aria-hidden="true">{labels}</div>
            {twin}
        </figure>
    }
    .into_any()
}

/// Points in a box of 100 by 100 that is stretched over the plot; strokes do not scale.
fn path(points: &[Datum], top: f64) -> Option<String> {
    if points.len() < 2 {
        return None;
    }
    let step = 100.0 / (points.len() - 1) as f64;
    let parts: Vec<_> = points
        .iter()
        .enumerate()
        .map(|(index, datum)| format!("{:.2} {:.2}", index as f64 * step, 100.0 - share(datum.value, top) * 100.0))
        .collect();
    Some(format!("M{}", parts.join("L")))
}

/// What of a column's height belongs to a point, from the top: from halfway to the next line above to halfway to the one below.
type Band = (f64, f64);

/// However near lines are to each other, each can be pointed at.
const NARROWEST: f64 = 0.04;

/// The bands of each point of each series: lines share what is under the pointer between them.
fn bands(series: &[Series], top: f64) -> Vec<Vec<Band>> {
    let mut bands: Vec<Vec<Band>> = series.iter().map(|series| vec![(0.0, 1.0); series.points.len()]).collect();
    let longest = series.iter().map(|series| series.points.len()).max().unwrap_or_default();
    for at in 0..longest {
        let mut column: Vec<(usize, f64)> = series
            .iter()
            .enumerate()
            .filter_map(|(index, series)| Some((index, 1.0 - share(series.points.get(at)?.value, top))))
            .collect();
        column.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        let least = NARROWEST.min(1.0 / column.len().max(1) as f64);
        let mut from = 0.0;
        for (place, (index, height)) in column.iter().enumerate() {
            let below = (column.len() - place - 1) as f64;
            let to = match column.get(place + 1) {
                Some((_, next)) => f64::midpoint(*height, *next).max(from + least).min(1.0 - below * least),
                None => 1.0,
            };
            if let Some(band) = bands.get_mut(*index).and_then(|bands| bands.get_mut(at)) {
                *band = (from, to);
            }
            from = to;
        }
    }
    bands
}

fn line(series: &Series, hue: Hue, top: f64, filled: bool, bands: &[Band]) -> AnyView {
    let count = series.points.len();
    let points: Vec<_> = series
        .points
        .iter()
        .zip(bands)
        .take(MOST_MARKS)
        .enumerate()
        .map(|(index, (datum, band))| point(datum, index, count, top, *band))
        .collect();
    // One point makes no line, and is there all the same.
    let path = path(&series.points, top).map(|path| {
        let area = filled.then(|| view! { <path class="chart-area" d=format!("{path}L100 100L0 100Z")></path> });
        view! { <svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">{area}<path class="chart-line" d=path></path></svg> }
    });
    view! { <g class=hue.class()>{path}{points}</g> }.into_any()
}

fn point(datum: &Datum, index: usize, count: usize, top: f64, (from, to): Band) -> AnyView {
    let step = 1.0 / count.saturating_sub(1).max(1) as f64;
    let centre = if count == 1 { 0.5 } else { index as f64 * step };
    let height = 1.0 - share(datum.value, top);
    let shape = view! {
        <rect class="chart-hit" x=percent(centre - step / 2.0) y=percent(from) width=percent(step) height=percent(to - from)></rect>
        <circle class="chart-dot" cx=percent(centre) cy=percent(height) r="3.5"></circle>
    };
    mark(datum, "chart-point", shape.into_any())
}

/// A line without axes, for a tile; decoration beside a figure and its trend in words.
#[component]
pub fn Sparkline(values: Vec<f64>, #[prop(optional)] hue: Hue) -> impl IntoView {
    let points: Vec<_> = values.iter().map(|value| Datum::new("", *value, "")).collect();
    let top = values.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let Some(path) = path(&points, top) else {
        return ().into_any();
    };
    view! {
        <svg class=format!("spark {}", hue.class()) viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
            <path class="chart-area" d=format!("{path}L100 100L0 100Z")></path>
            <path class="chart-line" d=path></path>
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series::new("", values.iter().map(|value| Datum::new("", *value, "")).collect())
    }

    #[test]
    fn each_point_can_be_pointed_at() {
        assert_eq!(bands(&[series(&[1.0, 9.0])], 10.0), [[(0.0, 1.0), (0.0, 1.0)]], "a line alone has all of it");
        let lines = [series(&[8.0, 5.0, 0.0, 10.0]), series(&[2.0, 5.0, 0.0, 10.0]), series(&[4.0, 5.0, 0.0])];
        let bands = bands(&lines, 10.0);
        for at in 0..4 {
            let mut column: Vec<Band> = bands.iter().filter_map(|bands| bands.get(at).copied()).collect();
            column.sort_by(|one, other| one.0.total_cmp(&other.0));
            let ends = column.iter().map(|(from, to)| {
                assert!(to - from > NARROWEST / 2.0, "{column:?}");
                (*from, *to)
            });
            let whole = ends.fold(0.0, |reached: f64, (from, to)| {
                assert!((reached - from).abs() < 1e-9, "no gap and no overlap: {column:?}");
                to
            });
            assert!((whole - 1.0).abs() < 1e-9, "{column:?}");
        }
        // Where they lie apart, each line has what is around it: from the top 8, 4, 2.
        let first: Vec<Band> = bands.iter().map(|bands| bands[0]).collect();
        assert!((first[0].1 - 0.4).abs() < 1e-9 && (first[2].1 - 0.7).abs() < 1e-9, "{first:?}");
    }
}
