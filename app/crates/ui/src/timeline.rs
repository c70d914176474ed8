//! What happened to a record, newest first: changes, notes, messages, workflow steps.

use leptos::prelude::*;
use words::t;

use crate::{Icon, MaybeText, Slot, Tone};

#[component]
pub fn Timeline(#[prop(default = t!("Timeline").to_owned(), into)] label: String, children: Children) -> impl IntoView {
    view! { <ol class="timeline" aria-label=label>{children()}</ol> }.into_any()
}

/// The heading of a day ("Today", "18 November").
#[component]
pub fn TimelineDay(#[prop(into)] label: String) -> impl IntoView {
    view! { <li class="timeline-day"><h2>{label}</h2></li> }.into_any()
}

/// One entry: a line that reads as a sentence, when it was, and a body for notes and changed fields.
#[component]
pub fn TimelineItem(
    #[prop(default = "circle-dot".to_owned(), into)] icon: String,
    #[prop(optional)] tone: Tone,
    /// The sentence: `view! { <b>"Amina"</b> " changed Stage" }.into_any()`.
    #[prop(into)]
    title: Slot,
    /// A [`Time`](crate::Time).
    #[prop(optional, into)]
    when: Slot,
    #[prop(optional, into)] href: MaybeText,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let body = children.map(|children| view! { <div class="timeline-body">{children()}</div> });
    let link = href.into_option().map(|href| view! { <a class="link" href=href>{t!("Details")}</a> });
    view! {
        <li class="timeline-item">
            <span class=format!("timeline-mark {}", tone.class())><Icon name=icon/></span>
            <div class="timeline-content">
                <p class="timeline-title"><span dir="auto">{title.into_option()}</span> {link} <span class="timeline-when">{when.into_option()}</span></p>
                {body}
            </div>
        </li>
    }
    .into_any()
}

/// The body of a note or message in a [`TimelineItem`].
#[component]
pub fn TimelineNote(children: Children) -> impl IntoView {
    view! { <div class="timeline-note" dir="auto">{children()}</div> }.into_any()
}

/// Where a note, call or message is written: a textarea as child (`bare`), the buttons in `foot`.
#[component]
pub fn Composer(#[prop(into)] foot: Slot, children: Children) -> impl IntoView {
    view! { <div class="composer">{children()}<div class="composer-foot">{foot.into_option()}</div></div> }.into_any()
}

/// A changed field: what it was and what it is.
#[component]
pub fn ChangedField(
    #[prop(into)] label: String,
    #[prop(optional, into)] before: MaybeText,
    #[prop(optional, into)] after: MaybeText,
) -> impl IntoView {
    view! {
        <p class="changed">
            <span class="changed-label">{label}</span>
            <del class="changed-before" dir="auto">{before.unwrap_or(t!("empty"))}</del>
            <Icon name="arrow-right" label=t!("became")/>
            <ins class="changed-after" dir="auto">{after.unwrap_or(t!("empty"))}</ins>
        </p>
    }
    .into_any()
}
