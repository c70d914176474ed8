//! (pages of home)

use leptos::prelude::*;

#[component]
pub fn HomePage() -> impl IntoView {
    crate::layout::missing()
}
