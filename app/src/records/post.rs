//! The hidden half of every form: what it is about, where it came from, where to go, what to say, and the key that lets it be sent once.

use crate::page::{AGAIN, ALIKE, ASK, ASKED, PageContext, encode};
use domain::records::Record;
use domain::schema::Entity;
use leptos::prelude::*;

/// One hidden field.
pub fn hidden(name: impl Into<String>, value: impl Into<String>) -> AnyView {
    view! { <input type="hidden" name=name.into() value=value.into()/> }.into_any()
}

/// Where the form came from, where success leads (`{id}` is the output's id), and what it says there. `purpose` tells the forms of one page
/// apart, since each may be sent once.
pub fn envelope(page: &PageContext, purpose: &str, next: &str, done: &str) -> AnyView {
    let here = own_address(page);
    // Without `_next` the form comes back to where it stands.
    let next = (next != here).then(|| hidden("_next", next));
    view! {
        {hidden("_page", here)}
        {next}
        {(!done.is_empty()).then(|| hidden("_done", done))}
        {hidden("_key", format!("{}-{purpose}", page.form_key))}
    }
    .into_any()
}

/// [`envelope`] of a form that makes something. The key holds while the page is the same one; who goes back to a page that is drawn anew and
/// has the same made again is asked first whether it is meant once more.
pub fn making(page: &PageContext, purpose: &str, next: &str, done: &str) -> AnyView {
    view! { {envelope(page, purpose, next, done)}{ask(page)} }.into_any()
}

/// [`making`] of what is often made in the same words: only what was sent a moment ago is asked about, not what looks like it.
pub fn logging(page: &PageContext, purpose: &str, next: &str, done: &str) -> AnyView {
    view! { {envelope(page, purpose, next, done)}{asking(page, AGAIN)} }.into_any()
}

/// Wants its sender to be asked before what is there already is made, once.
pub fn ask(page: &PageContext) -> Option<AnyView> {
    asking(page, ASK)
}

fn asking(page: &PageContext, what: &str) -> Option<AnyView> {
    let asked = page.replay.as_ref().is_some_and(|replay| replay.value(ASKED).is_some());
    (!asked).then(|| hidden(ALIKE, what))
}

/// The row that the form writes, and the version that was read.
pub fn subject(entity: &Entity, record: &Record) -> AnyView {
    view! {
        {hidden("entity", entity.key.clone())}
        {hidden("id", record.id.to_string())}
        {hidden("version", record.version.to_string())}
    }
    .into_any()
}

/// What a page is asked to show, beside its path. A form that looks something up sends them back under `_edit`, `_move` and so on, since a
/// GET form replaces the query.
const ARGUMENTS: [&str; 5] = ["back", "edit", "kind", "move", "tab"];

/// An argument of the page.
pub fn argument<'a>(page: &'a PageContext, name: &str) -> Option<&'a str> {
    page.query(name).or_else(|| page.query(&format!("_{name}")))
}

/// The arguments once more, inside a form that may be sent back to its own page.
pub fn carried(page: &PageContext) -> Vec<AnyView> {
    ARGUMENTS.iter().filter_map(|name| argument(page, name).map(|value| hidden(format!("_{name}"), value))).collect()
}

/// The page's address without what an unsent form wrote into it.
pub fn own_address(page: &PageContext) -> String {
    let kept = page.query.iter().filter(|(key, _)| !is_draft(key)).map(|(key, value)| (key.as_str(), value.as_str()));
    let given_back = ARGUMENTS.iter().filter_map(|name| page.query(&format!("_{name}")).map(|value| (*name, value)));
    let pairs: Vec<String> =
        kept.chain(given_back).map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    if pairs.is_empty() { page.path.clone() } else { format!("{}?{}", page.path, pairs.join("&")) }
}

/// The page's address with other arguments: of those it has only the tab and the kinds of its timeline stay.
pub fn base_address(page: &PageContext, set: &[(&str, &str)]) -> String {
    let kept: Vec<(&str, &str)> = ["tab", "kind"]
        .into_iter()
        .filter(|name| set.iter().all(|(other, _)| other != name))
        .filter_map(|name| argument(page, name).map(|value| (name, value)))
        .collect();
    let pairs: Vec<String> =
        kept.iter().chain(set).map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    if pairs.is_empty() { page.path.clone() } else { format!("{}?{}", page.path, pairs.join("&")) }
}

/// Whether a query parameter is part of a form that was sent back to its own page to look something up.
fn is_draft(key: &str) -> bool {
    key.starts_with('_')
        || ["values.", "base.", "find."].iter().any(|prefix| key.starts_with(prefix))
        || matches!(key, "entity" | "id" | "version")
}

/// Where to go after a form: the argument `back`, if it is inside this workspace, else `otherwise`.
pub fn way_back(page: &PageContext, workspace: &str, otherwise: String) -> String {
    let inside =
        |back: &&str| back.starts_with(&format!("/w/{workspace}/")) && !back.contains("//") && !back.contains('\\');
    argument(page, "back").filter(inside).map_or(otherwise, str::to_owned)
}
