//! One Tab stop into a board: the card where one was last, with its menu. From there `j` and `k` go to the card below and above, `h` and `l` to the
//! column beside, as the arrows do; `o` opens the card and `e` edits it. The skip link leads to the same card.

use super::dom::{
    Element, HtmlElement, KeyboardEvent, address, all, announce, attr, busy, closest, everywhere, find, go, hit,
    modified, on, on_key, set, within,
};
use super::{keys, rows};
use crate::page::encode;
use std::cell::RefCell;
use words::t;

/// Where one goes: the cards, and below those of a column the way to more of them.
const PLACES: &str = ".board :is(.card[data-id], .board-foot)";
/// What would be a stop of its own.
const LINKS: &str = "a[href], button, summary";

thread_local! {
    /// The place that Tab leads to.
    static AT: RefCell<String> = const { RefCell::new(String::new()) };
}

pub fn attach() {
    refresh();
    on("focusin", |event| {
        if let Some(place) = hit(&event, PLACES) {
            lead_to(&place);
        }
    });
    on("click", |event| {
        let place = hit(&event, "a[href='#board']").and_then(|_| current());
        if let Some(place) = place {
            event.prevent_default();
            reach(&place);
        }
    });
    on_key(|event| {
        if event.default_prevented() || modified(event) || busy(event) || rows::off() || keys::going() {
            return;
        }
        if letter(event) {
            event.prevent_default();
        }
    });
}

/// What a place is called, also once it has been drawn anew.
fn key(place: &Element) -> String {
    let id = attr(place, "data-id");
    if !id.is_empty() {
        return id;
    }
    closest(place, "[data-column]")
        .map(|column| format!("more of {}", attr(&column, "data-column")))
        .unwrap_or_default()
}

fn current() -> Option<HtmlElement> {
    let at = AT.with_borrow(Clone::clone);
    everywhere(PLACES).into_iter().find(|place| key(place) == at)
}

/// After a board was drawn.
pub fn refresh() {
    let Some(board) = find(".board") else { return };
    let places = everywhere(PLACES);
    let Some(now) = current().or_else(|| places.first().cloned()) else { return };
    for place in &places {
        stop(place, *place == now);
    }
    AT.set(key(&now));
    // What scrolls is a stop too, in some browsers, where nothing in it is.
    set(&board, "tabindex", "-1");
    for cards in all(&board, ".board-cards") {
        set(&cards, "tabindex", "-1");
    }
}

fn stop(place: &HtmlElement, on: bool) {
    for link in all(place, LINKS) {
        set(&link, "tabindex", if on { "0" } else { "-1" });
    }
}

fn lead_to(place: &HtmlElement) {
    if AT.with_borrow(|at| *at == key(place)) {
        return;
    }
    if let Some(before) = current() {
        stop(&before, false);
    }
    AT.set(key(place));
    stop(place, true);
}

/// Brings the focus to a place, by the link that names it.
pub fn reach(place: &HtmlElement) {
    if let Some(link) = within(place, "a[href]") {
        rows::reach(&link);
    }
}

fn places(column: &Element) -> Vec<HtmlElement> {
    all(column, ".card[data-id], .board-foot")
}

/// The place that a letter or an arrow leads to.
pub fn beside(place: &HtmlElement, key: &str) -> Option<HtmlElement> {
    let own = closest(place, "[data-column]")?;
    let here = places(&own);
    let row = here.iter().position(|other| other == place)?;
    match key {
        "j" | "ArrowDown" => here.get(row + 1).cloned(),
        "k" | "ArrowUp" => here.get(row.checked_sub(1)?).cloned(),
        "h" | "ArrowLeft" | "l" | "ArrowRight" => {
            let columns = everywhere(".board [data-column]");
            let at = columns.iter().position(|column| *column == own)?;
            let mut others: Vec<&HtmlElement> = if matches!(key, "h" | "ArrowLeft") {
                columns.iter().take(at).rev().collect()
            } else {
                columns.iter().skip(at + 1).collect()
            };
            others.retain(|column| !places(column).is_empty());
            let there = places(others.first()?);
            there.get(row.min(there.len() - 1)).cloned()
        }
        _ => None,
    }
}

/// Letters go on from the card that has the focus, and into the board where none has it.
fn letter(event: &KeyboardEvent) -> bool {
    let key = event.key();
    if find(".board").is_none() || hit(event, "details[open]").is_some() {
        return false;
    }
    let place = hit(event, PLACES);
    match (key.as_str(), place) {
        (key @ ("j" | "k" | "h" | "l"), place) => {
            let next = match place {
                Some(place) => beside(&place, key),
                None => current(),
            };
            if let Some(next) = next {
                reach(&next);
            }
            true
        }
        ("o", Some(place)) => within(&place, "a[href]").map(|link| link.click()).is_some(),
        ("e", Some(place)) => edit(&place),
        _ => false,
    }
}

/// The edit page of a card, which leads back to this board.
fn edit(place: &HtmlElement) -> bool {
    let Some(title) = within(place, ".card-title") else { return false };
    if place.has_attribute("data-edit") {
        go(&format!("{}/edit?back={}", attr(&title, "href"), encode(&address())));
    } else {
        announce(t!("You cannot change it"));
    }
    true
}
