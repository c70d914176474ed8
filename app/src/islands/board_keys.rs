//! Cards that are moved by keys: Space takes the one where one is, arrows choose the column, Enter puts it there, Escape leaves it. Every step
//! is spoken.

use super::board::{self, Way, columns, title_of, way};
use super::dom::{HtmlElement, KeyboardEvent, announce, attr, closest, find, flag, hit, on, on_key, set, text, within};
use super::stops;
use std::cell::RefCell;
use words::t;

/// Where keys are heard.
const GRIPS: &str = ".board :is([data-handle], .card-title, .board-foot a)";

thread_local! {
    /// The card that is held, and the column it would go to.
    static HELD: RefCell<Option<(HtmlElement, usize)>> = const { RefCell::new(None) };
}

pub fn attach() {
    on_key(|event| {
        if super::dom::modified(event) {
            return;
        }
        let Some(grip) = hit(event, GRIPS) else { return };
        let held = HELD.with_borrow(Clone::clone);
        let done = match held {
            Some((card, at)) => holding(event, &card, at),
            None => choosing(event, &grip),
        };
        if done {
            event.prevent_default();
            event.stop_propagation();
        }
    });
    // The focus leaves: the card stays where it was.
    on("focusout", |event| {
        if hit(&event, GRIPS).is_some() && HELD.with_borrow(Option::is_some) {
            release();
        }
    });
}

/// Without a card in hand the arrows go from card to card, and Space takes the one where one is. Enter follows its link, and takes it by its handle.
fn choosing(event: &KeyboardEvent, grip: &HtmlElement) -> bool {
    let Some(place) = closest(grip, ".card, .board-foot") else { return false };
    match event.key().as_str() {
        " " if place.has_attribute("data-id") => {
            if within(&place, "[data-handle]").is_some() {
                take(&place);
            } else {
                let why = within(&place, ".card-menu .menu-hint").map(|hint| text(&hint));
                announce(&why.unwrap_or_else(|| t!("It cannot be moved here").to_owned()));
            }
            true
        }
        "Enter" if grip.has_attribute("data-handle") => {
            take(&place);
            true
        }
        key @ ("ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight") => match stops::beside(&place, key) {
            Some(next) => {
                stops::reach(&next);
                true
            }
            None => false,
        },
        _ => false,
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
    announce(&t!(
        "{name} taken from {column}. Left and right choose a column, Enter puts it there, Escape leaves it.",
        name,
        column
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
            announce(t!("Put back where it was"));
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
        Way::Here => t!("{name}, where it is", name),
        Way::Open(None) => name,
        Way::Open(Some(full)) => format!("{name}. {full}"),
        Way::Asks { hint, .. } => format!("{name}. {hint}"),
        Way::Closed(why) => t!("{name}, closed. {why}", name, why),
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
