//! Markup as text. What a list holds by the hundred (cells, chips, dates, links) is written straight into a string, escaped by `maud`: as
//! trees of views the same rows were nine tenths of drawing a page. The components of the same names are these functions as views, so
//! each piece of markup stands in one place.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

pub use maud::{Markup, PreEscaped, html};

/// Markup as a view. Inside an island it has one element at its root, or hydration would lose its place.
pub fn drawn(markup: Markup) -> AnyView {
    InertElement::new(markup.into_string()).into_any()
}
