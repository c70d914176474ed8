//! (pages of search)

use leptos::prelude::*;

#[component]
pub fn GoPage() -> impl IntoView {
    crate::layout::missing()
}
