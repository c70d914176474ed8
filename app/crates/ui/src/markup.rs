//! Markup as text. What a list holds by the hundred (cells, chips, dates, links) is written straight into a string, escaped by `maud`: as
//! trees of views the same rows were most of what drawing a list cost. The components of the same names are these functions as views; only
//! `Row`, `Cell` and `RowActions`, which hold other views, are written in both ways, and a test in `table.rs` holds those to each other.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

pub use maud::{Markup, PreEscaped, html};

/// Markup as a view. Inside an island it has one element at its root, or hydration would lose its place.
pub fn drawn(markup: Markup) -> AnyView {
    InertElement::new(markup.into_string()).into_any()
}
