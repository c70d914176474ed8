//! What the charts share: data, frame, table twin, scale.

use leptos::prelude::*;
use words::t;

use crate::{Hue, Slot};

/// One figure: where it belongs, how much it is, and how that is written.
#[derive(Clone, Debug, Default)]
pub struct Datum {
    pub label: String,
    pub value: f64,
    pub text: String,
    /// The rows behind it.
    pub href: Option<String>,
}

impl Datum {
    pub fn new(label: impl Into<String>, value: f64, text: impl Into<String>) -> Self {
        Self { label: label.into(), value, text: text.into(), href: None }
    }

    pub fn href(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }
}

/// A line of a line chart, or a layer of stacked bars; all series of a chart have the same labels.
#[derive(Clone, Debug, Default)]
pub struct Series {
    pub name: String,
    pub points: Vec<Datum>,
    /// By place in the chart when absent.
    pub hue: Option<Hue>,
}

impl Series {
    pub fn new(name: impl Into<String>, points: Vec<Datum>) -> Self {
        Self { name: name.into(), points, hue: None }
    }
}

/// A chart in its panel. The title is a sentence that says what is seen ("Won value is up 12 % on last month").
#[component]
pub fn ChartPanel(
    #[prop(into)] title: String,
    #[prop(optional, into)] actions: Slot,
    children: Children,
) -> impl IntoView {
    let actions = actions.wrap(|actions| view! { <div class="panel-actions">{actions}</div> }.into_any());
    view! { <section class="panel chart-panel"><header class="panel-head"><h2 class="panel-title">{title}</h2>{actions}</header><div class="panel-body">{children()}</div></section> }
        .into_any()
}

/// Marks that a chart draws at most; its table has every figure.
pub(crate) const MOST_MARKS: usize = 400;

/// A number of an attribute: two decimals are finer than a pixel.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.2}%", share(part, 1.0) * 100.0)
}

/// What part of a whole something is, from 0 to 1: less than nothing and what is no number draw nothing.
pub(crate) fn share(part: f64, whole: f64) -> f64 {
    let share = part / whole;
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

/// A shape that says what it stands for, and leads to its rows where there are any.
pub(crate) fn mark(datum: &Datum, class: &str, shape: AnyView) -> AnyView {
    let said = format!("{}: {}", datum.label, datum.text);
    let (name, hint) = (said.clone(), said.clone());
    match &datum.href {
        Some(href) => {
            let class = format!("chart-link {class}");
            view! { <a class=class href=href.clone() aria-label=name data-said=said>{shape}<title>{hint}</title></a> }
                .into_any()
        }
        None => view! { <g class=class.to_owned() data-said=said>{shape}<title>{hint}</title></g> }.into_any(),
    }
}

/// A picture hides what is in it from assistive technology, and so must not hold links.
pub(crate) fn role<'a>(data: impl IntoIterator<Item = &'a Datum>) -> &'static str {
    if data.into_iter().any(|datum| datum.href.is_some()) { "group" } else { "img" }
}

/// The hue of a series: its own, else by its place.
pub(crate) fn hue_of(series: &Series, index: usize) -> Hue {
    series.hue.unwrap_or(Hue::nth(index))
}

/// What each hue stands for.
pub(crate) fn legend(series: &[Series]) -> AnyView {
    let items: Vec<_> = series
        .iter()
        .enumerate()
        .map(|(index, series)| view! { <li class=hue_of(series, index).class()><span class="legend-mark"></span>{series.name.clone()}</li> })
        .collect();
    view! { <ul class="legend">{items}</ul> }.into_any()
}

/// First, middle and last label: enough to place the rest.
pub(crate) fn edge_labels(points: &[Datum]) -> Vec<AnyView> {
    let chosen: Vec<&Datum> = match points {
        [] => Vec::new(),
        [only] => vec![only],
        [first, last] => vec![first, last],
        many => vec![&many[0], &many[many.len() / 2], &many[many.len() - 1]],
    };
    chosen.into_iter().map(|datum| view! { <span>{datum.label.clone()}</span> }.into_any()).collect()
}

/// The table of several series: a row for each label, a column for each series.
pub(crate) fn series_twin(title: &str, column: String, series: &[Series]) -> AnyView {
    let columns: Vec<_> = std::iter::once(column).chain(series.iter().map(|series| series.name.clone())).collect();
    let count = series.first().map_or(0, |series| series.points.len());
    let rows = (0..count)
        .map(|index| {
            let cells =
                series.iter().map(|series| series.points.get(index).map_or_else(|| "".into_any(), figure)).collect();
            (series[0].points[index].label.clone(), cells)
        })
        .collect();
    table_twin(title, &columns, rows)
}

/// The top of an axis: the next 1, 2, 2.5 or 5 times a power of ten.
pub(crate) fn nice_top(highest: f64) -> f64 {
    if !highest.is_finite() || highest <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(highest.log10().floor());
    let tops = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|step| step * power);
    tops.filter(|top| top.is_finite()).find(|top| *top >= highest).unwrap_or(highest)
}

/// The figures of a chart for those who cannot see it, or want to read them.
pub(crate) fn table_twin(caption: &str, columns: &[String], rows: Vec<(String, Vec<AnyView>)>) -> AnyView {
    let heads: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(index, name)| view! { <th scope="col" class:is-numeric=index != 0>{name.clone()}</th> })
        .collect();
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(label, cells)| {
            let cells: Vec<_> = cells.into_iter().map(|cell| view! { <td class="is-numeric">{cell}</td> }).collect();
            view! { <tr><th scope="row" dir="auto">{label}</th>{cells}</tr> }
        })
        .collect();
    view! {
        <details class="chart-table">
            <summary>{t!("Show as table")}</summary>
            <div class="chart-table-width" role="group" tabindex="0" aria-label=caption.to_owned()>
                <table class="table is-plain">
                    <caption class="sr-only">{caption.to_owned()}</caption>
                    <thead><tr>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

/// The figure of a table twin, leading to its rows where there are any.
pub(crate) fn figure(datum: &Datum) -> AnyView {
    match &datum.href {
        Some(href) => view! { <a class="link" href=href.clone()>{datum.text.clone()}</a> }.into_any(),
        None => datum.text.clone().into_any(),
    }
}

/// Three lines across the plot at top, middle and base, with what they stand for.
pub(crate) fn grid(top_text: &str, middle_text: &str) -> AnyView {
    let line = |at: &'static str| view! { <line class="chart-grid" x1="0" x2="100%" y1=at y2=at></line> };
    view! {
        {line("0.5")}
        {line("50%")}
        <text class="chart-axis" x="0" y="0" dy="12">{top_text.to_owned()}</text>
        <text class="chart-axis" x="0" y="50%" dy="12">{middle_text.to_owned()}</text>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{nice_top, percent, share};

    #[test]
    fn axis_tops_are_round_and_hold_the_highest_value() {
        for (highest, top) in
            [(0.0, 1.0), (7.0, 10.0), (10.0, 10.0), (11.0, 20.0), (240.0, 250.0), (0.3, 0.5), (f64::NAN, 1.0)]
        {
            assert!((nice_top(highest) - top).abs() < 1e-9, "{highest} gives {}", nice_top(highest));
        }
    }

    #[test]
    fn percent_stays_inside_the_box() {
        assert_eq!(percent(0.125), "12.50%");
        assert_eq!(percent(-1.0), "0.00%");
        assert_eq!(percent(7.0), "100.00%");
        for (part, whole, drawn) in [
            (0.0, 0.0, 0.0),
            (1.0, 0.0, 1.0),
            (-1.0, 0.0, 0.0),
            (f64::NAN, 1.0, 0.0),
            (f64::INFINITY, f64::INFINITY, 0.0),
            (f64::MAX, f64::INFINITY, 0.0),
            (1.0, 4.0, 0.25),
        ] {
            assert!((share(part, whole) - drawn).abs() < 1e-9, "{part} of {whole}");
        }
    }
}
