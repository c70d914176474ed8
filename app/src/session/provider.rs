//! The way in by somebody else's sign-in, where whoever runs the installation has set one up. A link: a form that leads to another site would need
//! the policy of every page to allow it, and this changes nothing here.

use crate::page::{PageContext, encode};
use leptos::prelude::*;
use ui::{ButtonKind, LinkButton};
use words::t;

/// Below a form of ours: "or", and the other way. The text has a place `{provider}`; `next` is where it leads.
pub fn way(page: &PageContext, text: &str, next: &str) -> Option<AnyView> {
    let name = page.provider.as_deref()?;
    let (href, text) = (href(next, false), words::fill(text, &[("provider", &name)]));
    let way = view! {
        <p class="auth-or">{t!("or")}</p>
        <div class="auth-other"><LinkButton href kind=ButtonKind::Secondary>{text}</LinkButton></div>
    };
    Some(way.into_any())
}

/// For a confirmation by somebody who may have no password: the provider asks them once more.
pub fn again(page: &PageContext, next: &str) -> Option<AnyView> {
    let name = page.provider.as_deref()?;
    let (href, ask) = (href(next, true), t!("Let {name} ask you once more", name));
    let (before, after) = words::around(t!("No password here? {link}, then do this again."), "link");
    let way = view! {
        <p class="auth-note">{before}<a class="link" href=href>{ask}</a>{after}</p>
    };
    Some(way.into_any())
}

fn href(next: &str, again: bool) -> String {
    let mut pairs = Vec::new();
    if !next.is_empty() {
        pairs.push(format!("next={}", encode(next)));
    }
    if again {
        pairs.push("again=1".to_owned());
    }
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    format!("/sign-in/oidc{query}")
}
