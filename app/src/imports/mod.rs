//! (pages of imports)

use leptos::prelude::*;

#[component]
pub fn ImportPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn UploadPage() -> impl IntoView {
    crate::layout::missing()
}
