//! A note that mentions somebody. Behind an @ the members are offered whose name goes on like that; keys choose among them while the focus stays in
//! the text. The names are asked for once, from the page of the record, and what is put into the text is the whole name, by which a mention is known.

use super::dom::{
    Event, HtmlElement, all, append, attr, closest, find, hit, make, modified, on, on_key, remark, set, spawn, text,
    within,
};
use super::toast;
use crate::call;
use crate::page::LOOK;
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;
use words::t;

const LIST: &str = "mention-list";
/// Offered at a time.
const MOST: usize = 6;
/// Letters behind an @ that may still be a name.
const LONGEST: usize = 60;

thread_local! {
    /// None until somebody typed an @; empty until they came.
    static NAMES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

pub fn attach() {
    for event in ["input", "click"] {
        on(event, |event| {
            if let Some(note) = note(&event) {
                offer(&note);
            } else if let Some(option) = hit(&event, ".mention-option") {
                put(&option);
            }
        });
    }
    on("focusout", |event| {
        if note(&event).is_some() {
            close();
        }
    });
    // The focus stays where one writes.
    on("mousedown", |event| {
        if hit(&event, ".mention-list").is_some() {
            event.prevent_default();
        }
    });
    on_key(|event| {
        let plain = !modified(event) && !event.shift_key() && !event.is_composing();
        if plain && note(event).is_some() && steer(&event.key()) {
            event.prevent_default();
        }
    });
}

fn note(event: &Event) -> Option<HtmlTextAreaElement> {
    hit(event, "form[data-mentions] textarea")?.dyn_into().ok()
}

/// The text that the list belongs to.
fn open() -> Option<HtmlTextAreaElement> {
    find("textarea[aria-controls=mention-list]")?.dyn_into().ok()
}

/// What stands between the last @ and the caret, with where the @ and the caret are, as the browser counts.
fn typed(note: &HtmlTextAreaElement) -> Option<(u32, u32, String)> {
    let end = note.selection_end().ok()??;
    let before: Vec<u16> = note.value().encode_utf16().take(usize::try_from(end).ok()?).collect();
    let before = String::from_utf16_lossy(&before);
    let (rest, word) = before.rsplit_once('@')?;
    // An address is no mention.
    let alone = rest.chars().next_back().is_none_or(|last| last.is_whitespace() || last.is_ascii_punctuation());
    if !alone || word.contains('\n') || word.chars().count() > LONGEST {
        return None;
    }
    let start = u32::try_from(rest.encode_utf16().count()).ok()?;
    Some((start, end, word.to_lowercase()))
}

/// Whole names have nothing more to offer.
fn fits(name: &str, word: &str) -> bool {
    let name = name.to_lowercase();
    name != word && (name.starts_with(word) || name.split(' ').any(|part| part.starts_with(word)))
}

fn offer(note: &HtmlTextAreaElement) {
    let Some((_, _, word)) = typed(note) else {
        close();
        return;
    };
    // Whoever has typed a whole name may mean it, though a longer one begins like it.
    let whole = |name: &String| name.to_lowercase() == word.trim_end();
    let found: Option<(Vec<String>, bool)> = NAMES.with_borrow(|names| {
        let names = names.as_ref()?;
        let fitting = names.iter().filter(|name| fits(name, &word)).take(MOST).cloned().collect();
        Some((fitting, !word.is_empty() && !names.iter().any(whole)))
    });
    match found {
        None => ask(note.clone()),
        Some((names, chooses)) => draw(note, &names, chooses),
    }
}

/// From the page that the form stands on. Where that fails, the next letter asks once more.
fn ask(note: HtmlTextAreaElement) {
    let Some(form) = closest(&note, "form") else { return };
    let page = toast::field(&form, "_page");
    let url = format!("{page}{}{LOOK}=members", if page.contains('?') { '&' } else { '?' });
    NAMES.set(Some(Vec::new()));
    spawn(async move {
        let answer = call::fragment(&url).await.filter(|answer| answer.ok);
        let names: Option<Vec<String>> = answer.and_then(|answer| {
            let list = answer.page.query_selector("[data-region=members]").ok()??;
            Some(all(&list, "li").iter().map(|name| text(name)).collect())
        });
        let came = names.is_some();
        NAMES.set(names);
        if came && note.matches(":focus").unwrap_or_default() {
            offer(&note);
        }
    });
}

/// Names under the text, which are counted once, when they appear. Before a letter is typed, and where a whole name is, none is chosen, so that Enter
/// still begins a new line.
fn draw(note: &HtmlTextAreaElement, names: &[String], chooses: bool) {
    let count = names.len();
    if count == 0 {
        close();
        return;
    }
    let drawn = find(".mention-list");
    if drawn.is_none() {
        remark(&if count == 1 { t!("1 result").to_owned() } else { t!("{count} results", count) });
    }
    let Some(list) = drawn.or_else(|| begin(note)) else { return };
    list.set_text_content(None);
    for (at, name) in names.iter().enumerate() {
        if let Some(option) = make("div", "mention-option", name) {
            option.set_id(&format!("mention-{at}"));
            for (attribute, value) in [("role", "option"), ("aria-selected", "false"), ("dir", "auto")] {
                set(&option, attribute, value);
            }
            append(&list, Some(option));
        }
    }
    let _ = note.remove_attribute("aria-activedescendant");
    if let Some(first) = within(&list, "[role=option]").filter(|_| chooses) {
        select(&first);
    }
}

fn begin(note: &HtmlTextAreaElement) -> Option<HtmlElement> {
    let list = make("div", LIST, "")?;
    list.set_id(LIST);
    set(&list, "role", "listbox");
    let form = closest(note, "form")?;
    set(&list, "aria-label", &attr(&form, "data-mentions"));
    note.insert_adjacent_element("afterend", &list).ok()?;
    for (attribute, value) in [("aria-autocomplete", "list"), ("aria-haspopup", "listbox"), ("aria-controls", LIST)] {
        set(note, attribute, value);
    }
    Some(list)
}

fn close() {
    if let Some(note) = open() {
        for attribute in ["aria-controls", "aria-activedescendant"] {
            let _ = note.remove_attribute(attribute);
        }
    }
    if let Some(list) = find(".mention-list") {
        list.remove();
    }
}

fn select(option: &HtmlElement) {
    if let Some(other) = find(".mention-option[aria-selected=true]") {
        set(&other, "aria-selected", "false");
    }
    set(option, "aria-selected", "true");
    if let Some(note) = open() {
        set(&note, "aria-activedescendant", &option.id());
    }
}

/// Whether a key was meant for the list.
fn steer(key: &str) -> bool {
    let Some(list) = find(".mention-list") else { return false };
    let options = all(&list, "[role=option]");
    let at = options.iter().position(|option| attr(option, "aria-selected") == "true");
    let last = options.len().saturating_sub(1);
    let next = match key {
        "ArrowDown" => at.map_or(0, |at| if at == last { 0 } else { at + 1 }),
        "ArrowUp" => at.map_or(last, |at| at.checked_sub(1).unwrap_or(last)),
        "Enter" | "Tab" => {
            let Some(option) = at.and_then(|at| options.get(at)) else { return false };
            put(option);
            return true;
        }
        "Escape" => {
            close();
            return true;
        }
        // The caret leaves the name.
        "ArrowLeft" | "ArrowRight" | "Home" | "End" => {
            close();
            return false;
        }
        _ => return false,
    };
    if let Some(option) = options.get(next) {
        select(option);
    }
    true
}

fn put(option: &HtmlElement) {
    if let Some(note) = open()
        && let Some((start, end, _)) = typed(&note)
    {
        let name = format!("@{} ", text(option));
        let _ = note.set_range_text_with_start_and_end_and_mode(&name, start, end, "end");
    }
    close();
}
