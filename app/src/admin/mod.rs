//! (pages of admin)

use leptos::prelude::*;

#[component]
pub fn AdminSignInPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn TenantsPage() -> impl IntoView {
    crate::layout::missing()
}
