//! The second factor of the own account: off, being set up, on, and the recovery codes, which are shown once.

use super::parts::linked;
use crate::layout::Title;
use crate::page::{About, FactorPage, PageContext, Picture, use_page};
use crate::records::post::hidden;
use crate::time::Clock;
use leptos::prelude::*;
use ui::{AuthShell, ButtonKind, LinkButton, Notice, SubmitButton, TextInput, Tone};
use words::t;

#[component]
pub fn SecondFactorPage() -> impl IntoView {
    let page = use_page();
    let Some(about) = page.about.clone() else { return crate::layout::missing() };
    let About::Factor(factor) = about.as_ref() else { return crate::layout::missing() };
    let staff = factor.base == "/admin";
    let said = page.flash.clone().map(|words| view! { <Notice tone=Tone::Positive>{words}</Notice> });
    let failed = page.replay_of("second_factor").map(|replay| {
        let message = replay.error.message.clone();
        view! { <Notice tone=Tone::Negative>{message}</Notice> }
    });
    let (title, text, content) = if !factor.codes.is_empty() {
        (
            t!("Keep these codes"),
            t!("Each of them signs you in once when your phone is not at hand. They are shown now and never again."),
            codes(factor),
        )
    } else if let Some(picture) = &factor.picture {
        (
            t!("Scan this picture"),
            t!(
                "Open an authenticator app on your phone, add an account by scanning, and type the six digits that it shows."
            ),
            scan(factor, picture),
        )
    } else if factor.since.is_some() {
        (t!("Second factor"), t!("Signing in asks for your password and for a code of your app."), held(&page, factor))
    } else {
        (
            t!("Second factor"),
            t!(
                "A password can be guessed, or given away by mistake. With a second factor, signing in asks for a code of your phone as well."
            ),
            nothing(factor),
        )
    };
    let required = (factor.required && factor.since.is_none()).then(|| {
        view! { <Notice tone=Tone::Warning title=t!("Your workspace asks for it")>{t!("You can go on as soon as it is set up. It takes a minute.")}</Notice> }
    });
    let brand = if staff { t!("Nexus platform") } else { "" };
    let back = if factor.next.is_empty() { if staff { "/admin" } else { "/" }.to_owned() } else { factor.next.clone() };
    let leave = (factor.codes.is_empty() && !factor.required)
        .then(|| view! { <a class="link" href=back>{t!("Back")}</a> }.into_any());
    let foot = leave.unwrap_or_else(|| ().into_any());
    view! {
        <Title text=format!("{title} · Nexus")/>
        <AuthShell title text brand admin=staff foot=foot>
            {required}
            {said}
            {failed}
            {content}
        </AuthShell>
    }
    .into_any()
}

fn form(factor: &FactorPage, rest: &str, kind: ButtonKind, words: &'static str) -> AnyView {
    let action = format!("{}/second-factor{rest}", factor.base);
    view! {
        <form method="post" action=action>
            {hidden("next", factor.next.clone())}
            <SubmitButton kind>{words}</SubmitButton>
        </form>
    }
    .into_any()
}

fn nothing(factor: &FactorPage) -> AnyView {
    form(factor, "/prepare", ButtonKind::Primary, t!("Set up"))
}

fn scan(factor: &FactorPage, picture: &Picture) -> AnyView {
    // The quiet zone around it is part of the picture: without it, phones do not find it.
    let edge = picture.width + 8;
    let mut path = String::new();
    for (place, _) in picture.dark.iter().enumerate().filter(|(_, dark)| **dark) {
        path.push_str(&format!("M{} {}h1v1h-1z", place % picture.width + 4, place / picture.width + 4));
    }
    let groups: Vec<String> =
        picture.seed.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    let action = format!("{}/second-factor", factor.base);
    view! {
        <div class="scan">
            <svg class="scan-picture" viewBox=format!("0 0 {edge} {edge}") role="img" aria-label=t!("A picture for your authenticator app") shape-rendering="crispEdges">
                <rect width=edge.to_string() height=edge.to_string() fill="#fff"/>
                <path d=path fill="#000"/>
            </svg>
            <details class="scan-text">
                <summary>{t!("Cannot scan?")}</summary>
                <p>{linked(t!("Type this key into the app, or {link}."), picture.uri.clone(), t!("open it on this device"))}</p>
                <code class="scan-seed">{groups.join(" ")}</code>
            </details>
        </div>
        <form method="post" action=action>
            {hidden("next", factor.next.clone())}
            <TextInput name="code" label=t!("Code") autocomplete="one-time-code" inputmode="numeric" required=true autofocus=true maxlength=12/>
            <SubmitButton>{t!("Turn on")}</SubmitButton>
        </form>
        {form(factor, "/prepare", ButtonKind::Ghost, t!("Make another picture"))}
    }
    .into_any()
}

fn codes(factor: &FactorPage) -> AnyView {
    let items: Vec<_> = factor.codes.iter().cloned().map(|code| view! { <li><code>{code}</code></li> }).collect();
    let next = match (factor.next.is_empty(), factor.base) {
        (false, _) => factor.next.clone(),
        (true, "/admin") => "/admin".to_owned(),
        (true, _) => "/".to_owned(),
    };
    view! {
        <ol class="recovery-codes">{items}</ol>
        <Notice tone=Tone::Info>{t!("Print them, or keep them in a password manager. Not on the phone with the app.")}</Notice>
        <div class="auth-go"><LinkButton href=next kind=ButtonKind::Primary>{t!("I kept them")}</LinkButton></div>
    }
    .into_any()
}

fn held(page: &PageContext, factor: &FactorPage) -> AnyView {
    let since = factor.since.as_deref().map(|since| Clock::new(&page.now, "UTC").words(since)).unwrap_or_default();
    let left = match factor.codes_left {
        0 => t!("No recovery code is left.").to_owned(),
        1 => t!("One recovery code is left.").to_owned(),
        many => t!("{count} recovery codes are left.", count = many),
    };
    let tone = if factor.codes_left < 3 { Tone::Warning } else { Tone::Positive };
    let off = if factor.fixed {
        view! { <p class="auth-text">{t!("Administrators of the platform keep their second factor.")}</p> }.into_any()
    } else {
        form(factor, "/off", ButtonKind::Ghost, t!("Turn off"))
    };
    view! {
        <div class="auth-go"><Notice tone title=t!("On, set up {since}", since)>{left}</Notice></div>
        {form(factor, "/codes", ButtonKind::Secondary, t!("New recovery codes"))}
        {form(factor, "/prepare", ButtonKind::Secondary, t!("Move to another phone"))}
        {off}
    }
    .into_any()
}
