//! (pages of settings)

use leptos::prelude::*;

#[component]
pub fn SettingsPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn SessionsPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn PeoplePage() -> impl IntoView {
    crate::layout::missing()
}
