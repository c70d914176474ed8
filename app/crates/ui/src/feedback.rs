//! What the product says back: empty screens, notices, toasts, progress, errors.

use leptos::prelude::*;
use words::t;

use crate::{Icon, MaybeText, Slot, Tone};

/// Says what belongs here and offers the one next action.
#[component]
pub fn EmptyState(
    #[prop(default = "inbox".to_owned(), into)] icon: String,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: MaybeText,
    #[prop(optional, into)] action: Slot,
) -> impl IntoView {
    let text = text.into_option().map(|text| view! { <p class="empty-text">{text}</p> });
    let action = action.wrap(|action| view! { <div class="empty-action">{action}</div> }.into_any());
    view! {
        <div class="empty">
            <span class="empty-icon"><Icon name=icon/></span>
            <h2 class="empty-title">{title}</h2>
            {text}
            {action}
        </div>
    }
    .into_any()
}

/// A message in the page: what happened, why, what to do. Warnings and errors are announced.
#[component]
pub fn Notice(
    #[prop(default = Tone::Info)] tone: Tone,
    #[prop(optional, into)] title: MaybeText,
    #[prop(optional, into)] action: Slot,
    /// Spans its container without a frame, as the strip under the top bar.
    #[prop(optional)]
    banner: bool,
    children: Children,
) -> impl IntoView {
    let role = if matches!(tone, Tone::Negative) { "alert" } else { "status" };
    let shape = if banner { "notice-banner" } else { "" };
    let title = title.into_option().map(|title| view! { <strong class="notice-title">{title}</strong> });
    let action = action.wrap(|action| view! { <div class="notice-action">{action}</div> }.into_any());
    view! {
        <div class=format!("notice {} {shape}", tone.class()) role=role>
            <Icon name=tone.icon()/>
            <div class="notice-body">{title}<div class="notice-text">{children()}</div></div>
            {action}
        </div>
    }
    .into_any()
}

/// The place where toasts appear; it is in every page so that a late message is announced.
#[component]
pub fn ToastRegion(#[prop(optional)] children: Option<Children>) -> impl IntoView {
    let content = children.map(|children| children());
    view! { <div class="toasts" id="toasts" role="status" aria-live="polite">{content}</div> }.into_any()
}

/// One message after an action, with its undo. Rendered by the server after a redirect, or by an island.
#[component]
pub fn Toast(
    #[prop(default = Tone::Positive)] tone: Tone,
    #[prop(optional, into)] action: Slot,
    children: Children,
) -> impl IntoView {
    let action = action.wrap(|action| view! { <span class="toast-action">{action}</span> }.into_any());
    view! { <div class=format!("toast {}", tone.class())><Icon name=tone.icon()/><span class="toast-text">{children()}</span>{action}</div> }
        .into_any()
}

/// Grey lines where content will be.
#[component]
pub fn Skeleton(#[prop(default = 3)] lines: usize) -> impl IntoView {
    let lines: Vec<_> = (0..lines).map(|_| view! { <span class="skeleton-line"></span> }).collect();
    view! { <div class="skeleton" aria-hidden="true">{lines}</div> }.into_any()
}

/// Long work: how far, in words too. Without `max` the end is not known yet.
#[component]
pub fn Progress(
    #[prop(into)] label: String,
    value: u64,
    #[prop(optional)] max: Option<u64>,
    /// "4,120 of 10,000 rows, about 20 s left"
    #[prop(optional, into)]
    detail: MaybeText,
    #[prop(optional)] tone: Tone,
) -> impl IntoView {
    let bar = match max {
        Some(max) => view! { <progress class="progress-bar" value=value.to_string() max=max.max(1).to_string() aria-label=label.clone()></progress> }.into_any(),
        None => view! { <progress class="progress-bar" aria-label=label.clone()></progress> }.into_any(),
    };
    let detail = detail.into_option().map(|detail| view! { <span class="progress-detail">{detail}</span> });
    view! {
        <div class=format!("progress {}", tone.class())>
            <div class="progress-head"><span class="progress-label">{label}</span>{detail}</div>
            {bar}
        </div>
    }
    .into_any()
}

/// A whole page that could not be shown: what happened, what to do, and the reference for support.
#[component]
pub fn ErrorPage(
    status: u16,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional, into)] reference: MaybeText,
    /// Ways out: a link home, a retry.
    #[prop(optional, into)]
    action: Slot,
) -> impl IntoView {
    let reference = reference.into_option().map(|reference| {
        let (before, after) = words::around(t!("Reference {code}"), "code");
        view! { <p class="error-reference">{before}<code class="mono">{reference}</code>{after}</p> }
    });
    let action = action.wrap(|action| view! { <div class="error-action">{action}</div> }.into_any());
    view! {
        <section class="error-page">
            <p class="error-code">{status}</p>
            <h1 class="error-title">{title}</h1>
            <p class="error-text">{text}</p>
            {action}
            {reference}
        </section>
    }
    .into_any()
}
