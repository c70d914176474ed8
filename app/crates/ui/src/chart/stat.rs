//! The first row of a dashboard: one figure a tile, its trend in words.

use leptos::prelude::*;

use super::lines::Sparkline;
use crate::{MaybeText, Slot};

/// Four tiles in a row, two on a tablet, one on a phone.
#[component]
pub fn Tiles(children: Children) -> impl IntoView {
    view! { <div class="tiles">{children()}</div> }.into_any()
}

/// A figure, how it moved, and the rows behind it.
#[component]
pub fn StatTile(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    /// A [`Delta`](crate::Delta).
    #[prop(optional, into)]
    delta: Slot,
    /// "than last month", "of KES 4 M planned"
    #[prop(optional, into)]
    note: MaybeText,
    #[prop(optional, into)] href: MaybeText,
    #[prop(optional)] spark: Vec<f64>,
) -> impl IntoView {
    let note = note.into_option().map(|note| view! { <span class="tile-note">{note}</span> });
    let spark = (spark.len() > 1).then(|| view! { <Sparkline values=spark/> });
    let label = match href.into_option() {
        Some(href) => view! { <a class="tile-label" href=href>{label}</a> }.into_any(),
        None => view! { <span class="tile-label">{label}</span> }.into_any(),
    };
    view! {
        <section class="tile">
            {label}
            <p class="tile-value">{value}</p>
            <p class="tile-trend">{delta.into_option()} {note}</p>
            {spark}
        </section>
    }
    .into_any()
}
