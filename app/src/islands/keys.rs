//! Single letters as shortcuts, their sheet, and `g` with a letter to go somewhere. They can be switched off, and never take a letter from
//! somebody who types.

use super::dom::{
    KeyboardEvent, append, attr, busy, dialog, everywhere, find, focus, go, hit, input, keep, kept, make, modified, on,
    on_key, text, within,
};
use super::palette;
use std::cell::Cell;

/// Milliseconds in which the letter after `g` has to come.
const PATIENCE: f64 = 1_500.0;
const SETTING: &str = "nexus.keys";

thread_local! {
    /// When `g` was pressed.
    static GOING: Cell<f64> = const { Cell::new(0.0) };
}

pub fn attach() {
    on_key(|event| {
        if event.default_prevented() || modified(event) || busy(event) || kept(SETTING).as_deref() == Some("off") {
            return;
        }
        if pressed(event) {
            event.prevent_default();
        }
    });
    on("click", |event| {
        if hit(&event, "#shortcuts [data-close]").is_some()
            && let Some(sheet) = dialog("shortcuts")
        {
            sheet.close();
        }
    });
    on("change", |event| {
        if let Some(tick) = hit(&event, "[data-keys]")
            && let Some(tick) = input(&tick)
        {
            keep(SETTING, if tick.checked() { "on" } else { "off" });
        }
    });
    // The sheet is how they are switched on again, so it opens from the palette's neighbour as well: Ctrl and the slash.
    on_key(|event| {
        if event.key() == "/" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            sheet();
        }
    });
}

/// Whether the letter after `g` is waited for: no other letter is meant then.
pub fn going() -> bool {
    js_sys::Date::now() - GOING.with(Cell::get) < PATIENCE
}

fn pressed(event: &KeyboardEvent) -> bool {
    let key = event.key();
    if going() {
        GOING.set(0.0);
        let place = places().into_iter().find(|(letter, _, _)| letter.to_string() == key);
        if let Some((_, _, href)) = place {
            go(&href);
            return true;
        }
    }
    match key.as_str() {
        "g" => GOING.set(js_sys::Date::now()),
        "?" => sheet(),
        "c" => return click(".topbar-actions a[href][data-new]"),
        "/" => match find(".toolbar-search [type=search]") {
            Some(field) => focus(&field),
            None => palette::open(),
        },
        "e" if find("tr:focus-within").is_none() => return click(".record-actions a[href$='/edit']"),
        _ => return false,
    }
    true
}

fn click(selector: &str) -> bool {
    let found = find(selector);
    if let Some(link) = &found {
        link.click();
    }
    found.is_some()
}

/// The places of the rail, each with the first letter of its name that no place before it has.
fn places() -> Vec<(char, String, String)> {
    let mut places: Vec<(char, String, String)> = Vec::new();
    for link in everywhere(".rail .nav-item[href]") {
        let label = within(&link, ".nav-label").map(|label| text(&label)).unwrap_or_default();
        let letters = label.to_lowercase();
        let free = letters
            .chars()
            .find(|letter| letter.is_ascii_alphanumeric() && places.iter().all(|(taken, _, _)| taken != letter));
        if let Some(letter) = free {
            places.push((letter, label, attr(&link, "href")));
        }
    }
    places
}

fn sheet() {
    let Some(sheet) = dialog("shortcuts").filter(|sheet| !sheet.open()) else { return };
    if let Some(list) = within(&sheet, "[data-places] dl") {
        list.set_text_content(None);
        for (letter, label, _) in places() {
            if let Some(keys) = make("dt", "", "") {
                append(&keys, make("kbd", "kbd", "g"));
                append(&keys, make("kbd", "kbd", &letter.to_string()));
                append(&list, Some(keys));
            }
            append(&list, make("dd", "", &label));
        }
    }
    if let Some(tick) = within(&sheet, "[data-keys]")
        && let Some(tick) = input(&tick)
    {
        tick.set_checked(kept(SETTING).as_deref() != Some("off"));
    }
    let _ = sheet.show_modal();
}
