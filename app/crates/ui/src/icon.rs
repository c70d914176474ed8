//! Icons from the one sprite, and the brand mark.

use leptos::prelude::*;

use crate::MaybeText;
use crate::markup::{Markup, Text, drawn, html};

/// The names in `public/icons.svg`, one a line; `scripts/assets/refresh` reads the same list.
const NAMES: &str = include_str!("../icons.txt");

/// Every icon that the sprite holds, for checks of descriptions that name one.
pub fn icon_names() -> impl Iterator<Item = &'static str> {
    NAMES.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// One symbol of the sprite at 16 px. Decoration unless it has a `label`.
#[component]
pub fn Icon(#[prop(into)] name: String, #[prop(optional, into)] label: MaybeText) -> impl IntoView {
    drawn(icon(&name, label.as_deref()))
}

/// [`Icon`] as text.
pub fn icon(name: &str, label: Option<&str>) -> Markup {
    let role = label.map(|_| "img");
    let hidden = label.is_none().then_some("true");
    html! {
        svg.icon role=[role] aria-label=[label] aria-hidden=[hidden] focusable="false" { use href={ "/icons.svg#" (Text(name)) } {} }
    }
}

/// The mark alone, 24 px.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <rect class="logo-ground" width="24" height="24" rx="6"></rect>
            <path class="logo-line" d="M7.5 16.5v-9l9 9v-9"></path>
            <circle class="logo-node" cx="7.5" cy="16.5" r="2"></circle>
            <circle class="logo-node" cx="16.5" cy="7.5" r="2"></circle>
        </svg>
    }
    .into_any()
}

/// Mark and name.
#[component]
pub fn Wordmark(#[prop(optional, into)] name: MaybeText) -> impl IntoView {
    view! { <span class="wordmark"><Logo/><span>{name.unwrap_or("Nexus")}</span></span> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::icon_names;

    #[test]
    fn the_sprite_holds_exactly_the_listed_icons() {
        let sprite = include_str!("../../../../public/icons.svg");
        for name in icon_names() {
            assert!(
                sprite.contains(&format!("<symbol id=\"{name}\"")),
                "public/icons.svg lacks {name}: run scripts/assets/refresh"
            );
        }
        assert_eq!(sprite.matches("<symbol ").count(), icon_names().count());
    }

    #[test]
    fn every_icon_that_the_design_system_draws_is_in_the_list() {
        for name in ["info", "circle-check", "triangle-alert", "circle-alert", "search", "chevron-down", "x", "check"] {
            assert!(icon_names().any(|known| known == name), "{name}");
        }
    }
}
