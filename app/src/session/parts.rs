//! What the forms about accounts have in common: what was typed, what is wrong, and the fields of a workspace.

use super::facts::{AccountFacts, Choosing};
use crate::page::{PageContext, Replay};
use crate::records::post::hidden;
use domain::currency::CODES;
use domain::people::account::ZONES;
use leptos::prelude::*;
use std::sync::Arc;
use ui::{Checkbox, Choice, Notice, Select, TextInput, Tone};
use words::t;

/// A form as it is drawn: empty, or once more with what was typed.
pub struct Typed(Option<Arc<Replay>>);

impl Typed {
    pub fn of(page: &PageContext, form: &str) -> Self {
        Self(page.replay_of(form))
    }

    pub fn value(&self, name: &str) -> String {
        self.0.as_ref().and_then(|replay| replay.value(name)).unwrap_or_default().to_owned()
    }

    pub fn value_or(&self, name: &str, otherwise: &str) -> String {
        match &self.0 {
            Some(replay) => replay.value(name).unwrap_or_default().to_owned(),
            None => otherwise.to_owned(),
        }
    }

    pub fn error(&self, name: &str) -> Option<String> {
        self.0.as_ref()?.error_for(name).map(str::to_owned)
    }

    pub fn refused(&self) -> bool {
        self.0.is_some()
    }

    /// What is wrong with the whole of it; faults of fields stand beside them.
    pub fn notice(&self) -> Option<AnyView> {
        let error = &self.0.as_ref()?.error;
        let message = if error.fields.len() == 1 { None } else { Some(error.message.clone()) }?;
        Some(view! { <Notice tone=Tone::Negative>{message}</Notice> }.into_any())
    }
}

pub fn facts() -> Option<AccountFacts> {
    use_context::<AccountFacts>()
}

pub fn choosing() -> Choosing {
    match facts() {
        Some(AccountFacts::Choosing(choosing)) => choosing,
        _ => Choosing::default(),
    }
}

/// A password that is chosen, with a place for the password manager to learn whose it is.
pub fn new_password(typed: &Typed, label: &'static str, login: Option<String>) -> AnyView {
    let whose = login.map(|login| {
        view! { <input class="sr-only" type="text" name="username" value=login autocomplete="username" readonly tabindex="-1" aria-hidden="true"/> }
    });
    let error = typed.error("password");
    view! {
        {whose}
        <TextInput name="password" label r#type="password" autocomplete="new-password" required=true error=error hint=t!("At least 8 characters. A few words in a row are easy to remember")/>
    }
    .into_any()
}

pub fn workspace_fields(typed: &Typed, choosing: &Choosing) -> AnyView {
    let industries =
        choosing.industries.iter().map(|industry| Choice::new(&industry.slug, words::say(&industry.label))).collect();
    let currencies = CODES.iter().map(|code| Choice::new(*code, *code)).collect();
    let zones = zones(&typed.value_or("timezone", &choosing.timezone));
    view! {
        <TextInput name="workspace" label=t!("Name of the workspace") value=typed.value("workspace") autocomplete="organization" required=true error=typed.error("workspace") hint=t!("Your business, as customers know it")/>
        <TextInput name="slug" label=t!("Address") value=typed.value("slug") error=typed.error("slug") hint=t!("Small letters, digits and hyphens, such as lakeside-motors. Made from the name if left empty")/>
        <Select name="industry" label=t!("Industry") choices=industries value=typed.value_or("industry", "") blank=t!("Choose one") required=true error=typed.error("industry")/>
        <div class="form-grid is-two">
            <Select name="currency" label=t!("Currency") choices=currencies value=typed.value_or("currency", &choosing.currency) required=true error=typed.error("currency")/>
            <Select name="timezone" label=t!("Time zone") choices=zones value=typed.value_or("timezone", &choosing.timezone) required=true error=typed.error("timezone")/>
        </div>
        <Checkbox name="sample" label=t!("Fill it with sample records") checked=typed.value("sample") == "true" hint=t!("To look around before you begin. They stay until you delete them; for your own records make another workspace without")/>
    }
    .into_any()
}

/// A sentence with a link in it, where the text has its place `{link}`.
pub fn linked(text: &'static str, href: impl Into<String>, link: &'static str) -> AnyView {
    let (before, after) = words::around(text, "link");
    let href = href.into();
    view! { {before}<a class="link" href=href>{link}</a>{after} }.into_any()
}

/// What stands below a page of somebody who is not known yet: help, and the languages.
pub fn below(help: AnyView, next: String) -> AnyView {
    view! { {help}{languages(next)} }.into_any()
}

/// The languages to choose from. Kept in the browser, since there is no profile to ask; `next` is the page itself.
pub fn languages(next: String) -> AnyView {
    let names: Vec<_> = words::Language::ALL
        .into_iter()
        .map(|language| {
            let (tag, name) = (language.tag(), language.name());
            if language == words::current() {
                view! { <span aria-current="true" lang=tag>{name}</span> }.into_any()
            } else {
                view! { <button class="link" type="submit" name="language" value=tag lang=tag>{name}</button> }
                    .into_any()
            }
        })
        .collect();
    view! {
        <nav class="auth-languages" aria-label=t!("Language")>
            <form method="post" action="/preferences">
                {hidden("_next", next)}
                {names}
            </form>
        </nav>
    }
    .into_any()
}

/// The list of zones, and the one that is held if it is another.
pub fn zones(held: &str) -> Vec<Choice> {
    let other = (!held.is_empty() && !ZONES.contains(&held)).then(|| Choice::new(held, held.replace('_', " ")));
    ZONES.iter().map(|zone| Choice::new(*zone, zone.replace('_', " "))).chain(other).collect()
}
