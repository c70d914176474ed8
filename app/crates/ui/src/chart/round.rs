//! What is read as a part of a whole: the ring of a donut, and the arc of a gauge.

use leptos::prelude::*;
use words::t;

use super::parts::{Datum, figure, mark, role, share, table_twin};
use crate::{Hue, MaybeText};

/// Half a ring: 100 long, as its marks say.
const ARC: &str = "M4 21A17 17 0 0 1 38 21";
/// Slices of a ring that can be told from each other; the table has all.
const MOST_SLICES: usize = 24;

/// A ring of parts with their names and shares beside it, and what they come to in the middle.
#[component]
pub fn Donut(
    #[prop(into)] title: String,
    data: Vec<Datum>,
    /// The whole, as it is read.
    #[prop(into)]
    total: String,
    #[prop(default = "".to_owned(), into)] column: String,
    #[prop(default = t!("Value").to_owned(), into)] value_column: String,
    /// By place where there are none.
    #[prop(optional)]
    hues: Vec<Hue>,
) -> impl IntoView {
    let whole: f64 = data.iter().map(|datum| datum.value.max(0.0)).sum();
    let hue = |index: usize| hues.get(index).copied().unwrap_or(Hue::nth(index));
    let mut before = 0.0;
    let mut slices = Vec::new();
    for (index, datum) in data.iter().enumerate().take(MOST_SLICES) {
        let part = share(datum.value, whole);
        if part > 0.0 {
            slices.push(slice(datum, hue(index), before, part));
        }
        before += part;
    }
    let lines: Vec<_> = data
        .iter()
        .enumerate()
        .take(MOST_SLICES)
        .map(|(index, datum)| line(datum, hue(index), share(datum.value, whole)))
        .collect();
    let (role, rows) = (role(&data), data.iter().map(|datum| (datum.label.clone(), vec![figure(datum)])).collect());
    let twin = table_twin(&title, &[column, value_column], rows);
    view! {
        <figure class="chart">
            <div class="donut">
                <div class="donut-ring">
                    <svg class="donut-plot" viewBox="0 0 42 42" role=role aria-label=title><circle class="donut-ground" cx="21" cy="21" r="17"></circle>{slices}</svg>
                    <span class="donut-total">{total}</span>
                </div>
                <ul class="donut-legend">{lines}</ul>
            </div>
            {twin}
        </figure>
    }
    .into_any()
}

/// The ring is 100 long, whatever its radius; a slice begins where the one before ends, from the top.
fn slice(datum: &Datum, hue: Hue, before: f64, part: f64) -> AnyView {
    let dashes = format!("{:.2} {:.2}", part * 100.0, 100.0 - part * 100.0);
    let offset = format!("{:.2}", 25.0 - before * 100.0);
    let shape = view! { <circle class="chart-slice" cx="21" cy="21" r="17" pathLength="100" stroke-dasharray=dashes stroke-dashoffset=offset></circle> };
    mark(datum, hue.class(), shape.into_any())
}

fn line(datum: &Datum, hue: Hue, part: f64) -> AnyView {
    let name = match &datum.href {
        Some(href) => view! { <a class="bar-label" href=href.clone() dir="auto">{datum.label.clone()}</a> }.into_any(),
        None => view! { <span class="bar-label" dir="auto">{datum.label.clone()}</span> }.into_any(),
    };
    view! {
        <li class=format!("donut-line {}", hue.class())>
            <span class="legend-mark"></span>
            {name}
            <span class="bar-text">{datum.text.clone()}</span>
            <span class="bar-share">{format!("{:.0} %", part * 100.0)}</span>
        </li>
    }
    .into_any()
}

/// A part of a whole as an arc. Nothing of nothing is said to be nothing, not none of it.
#[component]
pub fn Gauge(
    #[prop(into)] title: String,
    part: Datum,
    whole: Datum,
    #[prop(optional, into)] note: MaybeText,
    #[prop(optional)] hue: Hue,
) -> impl IntoView {
    let filled = share(part.value, whole.value);
    let said = if whole.value > 0.0 { format!("{:.0} %", filled * 100.0) } else { t!("None yet").to_owned() };
    let line = t!("{part} of {whole}", part = part.text, whole = whole.text);
    let name = format!("{title}: {said}, {line}");
    let dashes = format!("{:.2} 200", filled * 100.0);
    let arc = (filled > 0.0)
        .then(|| view! { <path class="chart-slice gauge-arc" d=ARC pathLength="100" stroke-dasharray=dashes></path> });
    let line = match &part.href {
        Some(href) => view! { <a class="gauge-of link" href=href.clone()>{line}</a> }.into_any(),
        None => view! { <span class="gauge-of">{line}</span> }.into_any(),
    };
    let note = note.into_option().map(|note| view! { <p class="tile-note">{note}</p> });
    let rows = [&part, &whole].map(|datum| (datum.label.clone(), vec![figure(datum)])).into();
    let twin = table_twin(&title, &[String::new(), t!("Value").to_owned()], rows);
    view! {
        <figure class=format!("chart gauge {}", hue.class())>
            <div class="gauge-dial">
                <svg class="gauge-plot" viewBox="0 0 42 24" role="img" aria-label=name><path class="donut-ground" d=ARC></path>{arc}</svg>
                <span class="gauge-value" aria-hidden="true">{said}</span>
            </div>
            {line}
            {note}
            {twin}
        </figure>
    }
    .into_any()
}
