//! Messages after an action: those that an island has to say, and those that the server drew, which go by themselves.

use super::dom::{all, append, attr, find, has, icon, listen, make, set, sleep, spawn, text, within};
use web_sys::{Document, HtmlElement};
use words::t;

/// Milliseconds that a good message stays; a refusal stays longer, as there is more to read.
const STAYS: i32 = 6_000;
const REFUSAL_STAYS: i32 = 15_000;

/// It worked; with the way to take it back, where there is one.
pub fn done(words: &str, undo: Option<(String, String)>) {
    let way = undo.as_ref().map(|(label, href)| (label.as_str(), href.as_str()));
    show(words, "positive", "circle-check", way);
}

/// It did not, and why; with the way to what is missing.
pub fn refused(words: &str, way: Option<(&str, &str)>) {
    show(words, "negative", "circle-alert", way);
}

fn show(words: &str, tone: &str, symbol: &str, way: Option<(&str, &str)>) {
    let (Some(region), Some(toast)) = (find("#toasts"), make("div", &format!("toast tone-{tone}"), "")) else { return };
    // Of the same kind only the newest counts.
    for older in all(&region, &format!(".tone-{tone}")) {
        older.remove();
    }
    append(&toast, icon(symbol));
    append(&toast, make("span", "toast-text", words));
    if let (Some((label, href)), Some(action)) = (way, make("span", "toast-action", "")) {
        let link = make("a", "", label);
        if let Some(link) = &link {
            set(link, "href", href);
        }
        append(&action, link);
        append(&toast, Some(action));
    }
    append(&region, Some(&toast));
    expire(&toast);
}

/// What the answer to a form said.
pub fn of(answer: &Document) {
    let Some(toast) = answer.query_selector("#toasts .toast-text").ok().flatten() else { return };
    done(&text(&toast), None);
}

/// The way that the answer to a form offers beside its words: its label and address.
pub fn way(answer: &Document) -> Option<(String, String)> {
    let link = answer.query_selector("#toasts .toast-action a").ok().flatten()?;
    Some((text(&link), attr(&link, "href")))
}

/// Removes a toast after a while, though not from under the pointer or the focus.
fn expire(toast: &HtmlElement) {
    let toast = toast.clone();
    spawn(async move {
        sleep(if has(&toast, "tone-negative") { REFUSAL_STAYS } else { STAYS }).await;
        while toast.matches(":hover, :focus-within").unwrap_or(false) {
            sleep(1_000).await;
        }
        toast.remove();
    });
}

/// Toasts that came with the page.
pub fn attach() {
    let Some(region) = find("#toasts") else { return };
    for toast in all(&region, ".toast") {
        expire(&toast);
    }
    let place = region.clone();
    // Escape sends away what is under the pointer or the focus.
    listen(
        &region,
        "keydown",
        false,
        Box::new(move |event| {
            if wasm_bindgen::JsCast::dyn_ref::<web_sys::KeyboardEvent>(&event)
                .is_some_and(|event| event.key() == "Escape")
                && let Some(toast) = within(&place, ".toast:focus-within")
            {
                toast.remove();
            }
        }),
    );
}

/// The reason in a page that refused: the message over the form, else its headline.
pub fn reason(answer: &Document) -> String {
    let read = |selector: &str| {
        answer.query_selector(selector).ok().flatten().map(|found| text(&found)).filter(|words| !words.is_empty())
    };
    read("[role=alert] .form-errors-list")
        .or_else(|| read("[role=alert] .notice-text"))
        .or_else(|| read("[role=alert]"))
        .or_else(|| read(".error-text"))
        .unwrap_or_else(|| t!("It was not saved. Reload the page and try again").to_owned())
}

/// Value of a field of a form in a page.
pub fn field(form: &web_sys::Element, name: &str) -> String {
    within(form, &format!("[name=\"{name}\"]")).map(|input| attr(&input, "value")).unwrap_or_default()
}
