//! How the content of a page is laid out inside a shell.

use leptos::prelude::*;
use words::t;

use crate::{MaybeText, Slot};

/// A page that scrolls as a document: home, settings, forms. `narrow` for text and single forms.
#[component]
pub fn Page(#[prop(optional)] narrow: bool, children: Children) -> impl IntoView {
    view! { <div class="page" class:is-narrow=narrow>{children()}</div> }.into_any()
}

/// A page that fills the window and scrolls inside: lists and boards.
#[component]
pub fn FillPage(
    /// The page's heading for those who hear it; the breadcrumb shows it to the others.
    #[prop(into)]
    title: String,
    /// A [`SidePanel`](crate::SidePanel), when one is open.
    #[prop(optional, into)]
    side: Slot,
    children: Children,
) -> impl IntoView {
    view! { <div class="page-fill"><div class="page-fill-main"><h1 class="sr-only">{title}</h1>{children()}</div>{side.into_option()}</div> }.into_any()
}

/// Title of a page with a line of text and its actions.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: MaybeText,
    #[prop(optional, into)] actions: Slot,
) -> impl IntoView {
    let text = text.into_option().map(|text| view! { <p class="page-text">{text}</p> });
    let actions = actions.wrap(|actions| view! { <div class="page-actions">{actions}</div> }.into_any());
    view! { <header class="page-head"><div><h1 class="page-title" dir="auto">{title}</h1>{text}</div>{actions}</header> }.into_any()
}

/// The frame of a record: head over two columns, the left one about it, the right one what happened. Children are
/// [`Tabs`](crate::Tabs) and a [`RecordPane`].
#[component]
pub fn RecordLayout(
    /// The record's name.
    #[prop(into)]
    title: String,
    /// Chips beside the name: its state, tags.
    #[prop(optional, into)]
    chips: Slot,
    #[prop(optional, into)] actions: Slot,
    #[prop(into)] about: Slot,
    children: Children,
) -> impl IntoView {
    let actions = actions.wrap(|actions| view! { <div class="record-actions">{actions}</div> }.into_any());
    view! {
        <div class="record">
            <header class="record-head"><div class="record-title"><h1 dir="auto">{title}</h1>{chips.into_option()}</div>{actions}</header>
            <div class="record-body">
                <aside class="record-about" aria-label=t!("About this record")>{about.into_option()}</aside>
                <div class="record-main">{children()}</div>
            </div>
        </div>
    }
    .into_any()
}

/// What stands under the tabs of a record.
#[component]
pub fn RecordPane(children: Children) -> impl IntoView {
    view! { <div class="record-pane">{children()}</div> }.into_any()
}

/// Parts of a page one under the other, 16 px apart.
#[component]
pub fn Stack(children: Children) -> impl IntoView {
    view! { <div class="stack">{children()}</div> }.into_any()
}

/// Parts of a page side by side, as many as fit.
#[component]
pub fn Columns(children: Children) -> impl IntoView {
    view! { <div class="columns">{children()}</div> }.into_any()
}
