//! Text that has a form of its own: dates, money, changes, keys.

use leptos::prelude::*;
use words::t;

use crate::markup::{Markup, Text, drawn, html};
use crate::{Icon, MaybeText};

/// A moment. `datetime` is ISO 8601, `text` what is read ("2 h ago"), `full` what the pointer shows.
#[component]
pub fn Time(
    #[prop(into)] datetime: String,
    #[prop(into)] text: String,
    #[prop(optional, into)] full: MaybeText,
) -> impl IntoView {
    drawn(time(&datetime, &text, full.as_deref()))
}

/// [`Time`] as text.
pub fn time(datetime: &str, text: &str, full: Option<&str>) -> Markup {
    html! { time.time datetime=(Text(datetime)) title=[full.map(Text)] { (Text(text)) } }
}

/// An amount as the server wrote it ("KES 480,000.00"): tabular, never broken, right-aligned by its cell.
#[component]
pub fn MoneyText(#[prop(into)] text: String, #[prop(optional)] negative: bool) -> impl IntoView {
    drawn(money_text(&text, negative))
}

/// [`MoneyText`] as text.
pub fn money_text(text: &str, negative: bool) -> Markup {
    html! { span.money.is-negative[negative] { (Text(text)) } }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trend {
    Up,
    Down,
    #[default]
    Flat,
}

/// A change since before: arrow, sign in the text, and whether that is good.
#[component]
pub fn Delta(
    trend: Trend,
    /// With its sign: "+12 %".
    #[prop(into)]
    text: String,
    /// More is not always better (open tickets): say which way is good.
    #[prop(optional)]
    good: Option<bool>,
) -> impl IntoView {
    let (icon, word) = match trend {
        Trend::Up => ("arrow-up-right", t!("up")),
        Trend::Down => ("arrow-down-right", t!("down")),
        Trend::Flat => ("minus", t!("unchanged")),
    };
    let tone = match good {
        Some(true) => "is-good",
        Some(false) => "is-bad",
        None => "",
    };
    view! {
        <span class=format!("delta {tone}")>
            <Icon name=icon/>
            <span class="sr-only">{format!("{word} ")}</span>
            {text}
        </span>
    }
    .into_any()
}

/// A key to press.
#[component]
pub fn Kbd(#[prop(into)] keys: String) -> impl IntoView {
    drawn(kbd(&keys))
}

/// [`Kbd`] as text.
pub fn kbd(keys: &str) -> Markup {
    html! { span.keys { @for key in keys.split(' ') { kbd.kbd { (Text(key)) } } } }
}

/// Words that appear on hover and focus, by style alone. For what matters to everybody, write it out instead.
#[component]
pub fn Tooltip(#[prop(into)] text: String, children: Children) -> impl IntoView {
    view! { <span class="tooltip">{children()}<span class="tip" role="tooltip">{text}</span></span> }.into_any()
}

/// Ids and code.
#[component]
pub fn Mono(children: Children) -> impl IntoView {
    view! { <code class="mono">{children()}</code> }.into_any()
}

/// What is missing in a cell, said in a way that can be heard.
#[component]
pub fn Blank(#[prop(optional, into)] label: MaybeText) -> impl IntoView {
    drawn(blank(label.as_deref()))
}

/// [`Blank`] as text.
pub fn blank(label: Option<&str>) -> Markup {
    html! { span.blank { span aria-hidden="true" { "–" } span.sr-only { (Text(label.unwrap_or(t!("empty")))) } } }
}

/// A link in running text or a cell.
#[component]
pub fn TextLink(#[prop(into)] href: String, children: Children) -> impl IntoView {
    view! { <a class="link" href=href dir="auto">{children()}</a> }.into_any()
}

/// [`TextLink`] as text.
pub fn text_link(href: &str, content: &Markup) -> Markup {
    html! { a.link href=(Text(href)) dir="auto" { (content) } }
}
