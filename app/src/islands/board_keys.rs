//! Cards that are moved by keys: Space takes one by its handle, arrows choose the column, Enter puts it there, Escape leaves it. Every step is
//! spoken.

use super::board::{self, Way, columns, title_of, way};
use super::dom::{
    HtmlElement, KeyboardEvent, all, announce, attr, closest, find, flag, focus, hit, on, on_key, set, within,
};
use std::cell::RefCell;

thread_local! {
    /// The card that is held, and the column it would go to.
    static HELD: RefCell<Option<(HtmlElement, usize)>> = const { RefCell::new(None) };
}

pub fn attach() {
    on_key(|event| {
        if super::dom::modified(event) {
            return;
        }
        let Some(handle) = hit(event, "[data-handle]") else { return };
        let held = HELD.with_borrow(Clone::clone);
        let done = match held {
            Some((card, at)) => holding(event, &card, at),
            None => choosing(event, &handle),
        };
        if done {
            event.prevent_default();
            event.stop_propagation();
        }
    });
    // The focus leaves: the card stays where it was.
    on("focusout", |event| {
        if hit(&event, "[data-handle]").is_some() && HELD.with_borrow(Option::is_some) {
            release();
        }
    });
}

/// Without a card in hand the arrows go from card to card.
fn choosing(event: &KeyboardEvent, handle: &HtmlElement) -> bool {
    let Some(card) = closest(handle, ".card") else { return false };
    match event.key().as_str() {
        " " | "Enter" => {
            take(&card);
            return true;
        }
        key @ ("ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight") => {
            if let Some(next) = neighbour(&card, key) {
                focus(&next);
                return true;
            }
        }
        _ => {}
    }
    false
}

fn neighbour(card: &HtmlElement, key: &str) -> Option<HtmlElement> {
    let columns = columns();
    let own = closest(card, "[data-column]")?;
    let at = columns.iter().position(|column| *column == own)?;
    let cards = all(&own, ".card");
    let row = cards.iter().position(|other| other == card)?;
    let handle = |card: &HtmlElement| within(card, "[data-handle]");
    match key {
        "ArrowUp" => handle(cards.get(row.checked_sub(1)?)?),
        "ArrowDown" => handle(cards.get(row + 1)?),
        key => {
            let back = key == "ArrowLeft";
            let others: Vec<&HtmlElement> =
                if back { columns[..at].iter().rev().collect() } else { columns[at + 1..].iter().collect() };
            let column = others.into_iter().find(|column| within(column, ".card").is_some())?;
            let cards = all(column, ".card");
            handle(cards.get(row.min(cards.len() - 1))?)
        }
    }
}

fn take(card: &HtmlElement) {
    let columns = columns();
    let at = closest(card, "[data-column]")
        .and_then(|own| columns.iter().position(|column| *column == own))
        .unwrap_or_default();
    board::show_gates(card);
    flag(card, "is-held", true);
    if let Some(handle) = within(card, "[data-handle]") {
        set(&handle, "aria-pressed", "true");
    }
    HELD.set(Some((card.clone(), at)));
    let (name, column) = (board::name_of(card), columns.get(at).map(|column| title_of(column)).unwrap_or_default());
    announce(&format!(
        "{name} taken from {column}. Left and right choose a column, Enter puts it there, Escape leaves it."
    ));
}

fn holding(event: &KeyboardEvent, card: &HtmlElement, at: usize) -> bool {
    let columns = columns();
    let next = match event.key().as_str() {
        "ArrowLeft" => at.saturating_sub(1),
        "ArrowRight" => (at + 1).min(columns.len().saturating_sub(1)),
        "Home" => 0,
        "End" => columns.len().saturating_sub(1),
        "Escape" => {
            release();
            announce("Put back where it was");
            return true;
        }
        " " | "Enter" => {
            let column = columns.get(at).cloned();
            release();
            if let Some(column) = column {
                board::place(card, &column, true);
            }
            return true;
        }
        _ => return false,
    };
    HELD.set(Some((card.clone(), next)));
    for (place, column) in columns.iter().enumerate() {
        flag(column, "is-over", place == next);
        if place == next {
            say(card, column);
        }
    }
    true
}

/// Says where a held card would go, and brings the place into sight.
pub fn say(card: &HtmlElement, column: &HtmlElement) {
    let name = title_of(column);
    column.scroll_into_view_with_bool(false);
    announce(&match way(card, column) {
        Way::Here => format!("{name}, where it is"),
        Way::Open => name,
        Way::Asks { hint, .. } => format!("{name}. {hint}"),
        Way::Closed(why) => format!("{name}, closed. {why}"),
    });
}

fn release() {
    let Some((card, _)) = HELD.take() else { return };
    flag(&card, "is-held", false);
    if let Some(handle) = find(&format!(".card[data-id=\"{}\"] [data-handle]", attr(&card, "data-id"))) {
        set(&handle, "aria-pressed", "false");
    }
    board::hide_gates();
}
