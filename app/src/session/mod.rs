//! (pages of session)

use leptos::prelude::*;

#[component]
pub fn SignInPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn WorkspacesPage() -> impl IntoView {
    crate::layout::missing()
}
