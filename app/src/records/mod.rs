//! (pages of records)

pub mod values;

use leptos::prelude::*;

#[component]
pub fn ListPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn NewPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn RecordPage() -> impl IntoView {
    crate::layout::missing()
}

#[component]
pub fn EditPage() -> impl IntoView {
    crate::layout::missing()
}
