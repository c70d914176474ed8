//! Ways through the product, all plain links: breadcrumbs, tabs, segments, pages, steps.

use leptos::prelude::*;
use words::t;

use crate::markup::{Text, drawn, html};
use crate::{Icon, MaybeText, icon};

#[derive(Clone, Debug, Default)]
pub struct Crumb {
    pub label: String,
    /// The last crumb has none: it is where one stands.
    pub href: Option<String>,
}

impl Crumb {
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: Some(href.into()) }
    }

    pub fn here(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None }
    }
}

#[component]
pub fn Breadcrumbs(items: Vec<Crumb>) -> impl IntoView {
    let items: Vec<_> = items
        .into_iter()
        .map(|Crumb { label, href }| match href {
            Some(href) => view! { <li><a href=href dir="auto">{label}</a></li> }.into_any(),
            None => view! { <li><span aria-current="page" dir="auto">{label}</span></li> }.into_any(),
        })
        .collect();
    view! { <nav class="crumbs" aria-label=t!("Breadcrumb")><ol>{items}</ol></nav> }.into_any()
}

/// A tab or a segment.
#[derive(Clone, Debug, Default)]
pub struct TabItem {
    pub label: String,
    pub href: String,
    pub active: bool,
    pub count: Option<u64>,
    pub icon: Option<String>,
}

impl TabItem {
    pub fn new(label: impl Into<String>, href: impl Into<String>, active: bool) -> Self {
        Self { label: label.into(), href: href.into(), active, ..Self::default() }
    }

    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    pub fn icon(mut self, icon: impl Into<String>) -> Self {
        self.icon = Some(icon.into());
        self
    }
}

fn tab_links(class: &str, items: &[TabItem]) -> AnyView {
    drawn(html! {
        @for item in items {
            a class=(class) href=(Text(&item.href)) aria-current=[item.active.then_some("page")] {
                @if let Some(name) = &item.icon { (icon(name, None)) }
                span { (Text(&item.label)) }
                @if let Some(count) = item.count { span.tab-count { (count) } }
            }
        }
    })
}

/// Views of the same thing; each is a page of its own. `label` names the group to those who hear it.
#[component]
pub fn Tabs(#[prop(into)] label: String, items: Vec<TabItem>) -> impl IntoView {
    view! { <nav class="tabs" aria-label=label>{tab_links("tab", &items)}</nav> }.into_any()
}

/// A choice of two to four that is a link each (table or board).
#[component]
pub fn SegmentedControl(#[prop(into)] label: String, items: Vec<TabItem>) -> impl IntoView {
    view! { <nav class="segments" aria-label=label>{tab_links("segment", &items)}</nav> }.into_any()
}

fn page_link(href: MaybeText, label: &'static str, icon: &'static str, rel: &'static str) -> AnyView {
    match href.into_option() {
        Some(href) => view! { <a class="btn btn-ghost btn-icon size-s" href=href rel=rel aria-label=label title=label><Icon name=icon/></a> }.into_any(),
        None => view! { <span class="btn btn-ghost btn-icon size-s is-off" aria-hidden="true"><Icon name=icon/></span> }.into_any(),
    }
}

/// Where in a long list one stands, and the way on and back.
#[component]
pub fn Pagination(
    /// "1–50" or "1–50 of 4,812"
    #[prop(into)]
    range: String,
    #[prop(optional, into)] previous: MaybeText,
    #[prop(optional, into)] next: MaybeText,
) -> impl IntoView {
    view! {
        <nav class="pagination" aria-label=t!("Pages")>
            <span class="pagination-range">{range}</span>
            {page_link(previous, t!("Previous page"), "chevron-left", "prev")}
            {page_link(next, t!("Next page"), "chevron-right", "next")}
        </nav>
    }
    .into_any()
}

#[derive(Clone, Debug, Default)]
pub struct Step {
    pub label: String,
    /// Set where one may go back to.
    pub href: Option<String>,
}

impl Step {
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None }
    }

    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: Some(href.into()) }
    }
}

/// Where one is in a wizard; `current` counts from 0.
#[component]
pub fn Steps(#[prop(into)] label: String, items: Vec<Step>, current: usize) -> impl IntoView {
    let items: Vec<_> = items
        .into_iter()
        .enumerate()
        .map(|(index, step)| {
            let state = match index.cmp(&current) {
                std::cmp::Ordering::Less => "is-done",
                std::cmp::Ordering::Equal => "is-current",
                std::cmp::Ordering::Greater => "is-ahead",
            };
            let mark = if index < current {
                view! { <span class="step-mark"><Icon name="check" label=t!("done")/></span> }.into_any()
            } else {
                view! { <span class="step-mark">{index + 1}</span> }.into_any()
            };
            let text = match step.href {
                Some(href) if index < current => view! { <a class="step-label" href=href>{step.label}</a> }.into_any(),
                _ => view! { <span class="step-label">{step.label}</span> }.into_any(),
            };
            let here = (index == current).then_some("step");
            view! { <li class=format!("step {state}") aria-current=here>{mark}{text}</li> }
        })
        .collect();
    view! { <ol class="steps" aria-label=label>{items}</ol> }.into_any()
}
