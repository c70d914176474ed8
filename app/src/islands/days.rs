//! What is of a calendar alone: arrows go from day to day and from card to card, Space takes a card, arrows choose its day, Enter puts it there. By
//! hand or by keys, what is sent is the card's own form with its days moved along.

use super::board::{self, Way, columns, name_of, title_of};
use super::board_keys::say;
use super::dom::{
    Element, HtmlElement, KeyboardEvent, all, announce, attr, closest, document, find, flag, focus, hit, modified, on,
    on_key, window, within,
};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{FormData, HtmlFormElement, HtmlInputElement};
use words::t;

/// Pixels from the edge at which the days scroll under a held card, and how far each time.
const EDGE: f64 = 56.0;
const STEP: i32 = 10;

thread_local! {
    /// The card that is held by keys, and the place of the day it would go to.
    static HELD: RefCell<Option<(HtmlElement, usize)>> = const { RefCell::new(None) };
}

pub fn attach() {
    on_key(|event| {
        if modified(event) {
            return;
        }
        let Some(stop) = hit(event, "[data-days] .card-title, [data-days] [data-day-link]") else { return };
        let held = HELD.with_borrow(Clone::clone);
        let done = match held {
            Some((card, at)) => holding(event, &card, at),
            None => walking(event, &stop),
        };
        if done {
            event.prevent_default();
            event.stop_propagation();
        }
    });
    on("focusout", |event| {
        if hit(&event, "[data-days] .card-title").is_some() && HELD.with_borrow(Option::is_some) {
            release();
        }
    });
    // A phone shows the days one under the other: today is where one begins.
    let narrow = window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width <= 640.0);
    if narrow && let Some(today) = find(".cal-month .is-today") {
        today.scroll_into_view();
    }
    // A line is a part of a drawing, and no element of HTML.
    let line = document().query_selector(".tl-today").ok().flatten();
    if let (Some(scroll), Some(line)) = (find(".tl-scroll"), line) {
        open_at(&scroll, &line);
    }
}

/// A timeline that is wider than its place opens with today in the middle of what its names leave free.
fn open_at(scroll: &Element, line: &Element) {
    let (place, line) = (scroll.get_bounding_client_rect(), line.get_bounding_client_rect());
    let names = find(".tl-name").map_or(0.0, |name| name.get_bounding_client_rect().width());
    let middle = (place.left() + names + place.right()) / 2.0;
    scroll.scroll_by_with_x_and_y(line.left() - middle, 0.0);
}

pub fn is_day(column: &Element) -> bool {
    column.has_attribute("data-title")
}

/// Whether the day takes the card: those that can be moved have a handle, and the menu says why others have none.
pub fn way(card: &Element, column: &Element) -> Way {
    let closed = attr(column, "data-closed");
    if !closed.is_empty() {
        return Way::Closed(closed);
    }
    if within(card, "[data-handle]").is_some() {
        return Way::Open(None);
    }
    let why = within(card, ".card-menu .menu-hint").map(|hint| super::dom::text(&hint));
    Way::Closed(why.unwrap_or_else(|| t!("It cannot be moved here").to_owned()))
}

/// The form of the card with every day in it moved as far as the card was.
pub fn form_of(card: &HtmlElement, to: &str) -> Option<(String, FormData)> {
    let own = closest(card, "[data-column]")?;
    let far = day(to)? - day(&attr(&own, "data-column"))?;
    // What lasts stands on several days, and has its form on the first that is shown.
    let form = within(card, "form[data-moves]")
        .or_else(|| find(&format!("[data-days] .card[data-id=\"{}\"] form[data-moves]", attr(card, "data-id"))))?;
    let form: HtmlFormElement = form.dyn_into().ok()?;
    let fields = super::dom::fields(&form, None)?;
    for control in all(&form, "input[name^=\"values.\"]") {
        // As the server wrote it, whatever somebody has begun to type.
        let value = control.dyn_ref::<HtmlInputElement>()?.default_value();
        if let Some(moved) = moved(&value, far) {
            let _ = fields.set_with_str(&attr(&control, "name"), &moved);
        }
    }
    Some((attr(&form, "action"), fields))
}

/// `2026-11-28` as milliseconds since 1970.
fn day(text: &str) -> Option<f64> {
    Some(js_sys::Date::parse(text)).filter(|day| day.is_finite())
}

/// `2026-11-28T14:30` some days on; the time of the day stays.
fn moved(value: &str, far: f64) -> Option<String> {
    let (date, time) = (value.get(..10)?, value.get(10..)?);
    let on = js_sys::Date::new(&JsValue::from_f64(day(date)? + far)).to_iso_string();
    Some(format!("{}{time}", String::from(on).get(..10)?))
}

/// While a card is held at the upper or lower edge the days go on scrolling. Answers whether they did.
pub fn scroll(days: &HtmlElement, y: f64) -> bool {
    let place = days.get_bounding_client_rect();
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let step = if y < place.top().max(0.0) + EDGE {
        -STEP
    } else if y > place.bottom().min(height) - EDGE {
        STEP
    } else {
        return false;
    };
    if days.scroll_height() > days.client_height() + 1 {
        days.set_scroll_top(days.scroll_top() + step);
    } else {
        window().scroll_by_with_x_and_y(0.0, f64::from(step));
    }
    true
}

/// How many days an arrow goes: weeks lie one under the other in a table.
fn far(key: &str) -> Option<i64> {
    let week = if find("table[data-days]").is_some() { 7 } else { 1 };
    match key {
        "ArrowLeft" => Some(-1),
        "ArrowRight" => Some(1),
        "ArrowUp" => Some(-week),
        "ArrowDown" => Some(week),
        _ => None,
    }
}

/// Days that are drawn: on a phone and in an agenda, those that hold something.
fn shown(column: &HtmlElement) -> bool {
    column.offset_parent().is_some()
}

/// Without a card in hand the arrows go from card to card, and by the numbers of the days.
fn walking(event: &KeyboardEvent, stop: &HtmlElement) -> bool {
    let key = event.key();
    let card = closest(stop, ".card");
    if key == " " {
        if let Some(card) = card {
            take(&card);
        } else {
            stop.click();
        }
        return true;
    }
    let Some(own) = closest(stop, "[data-column]") else { return false };
    let stops = stops(&own);
    let Some(at) = stops.iter().position(|other| other == stop) else { return false };
    let inside = match key.as_str() {
        "ArrowDown" => stops.get(at + 1),
        "ArrowUp" => at.checked_sub(1).and_then(|at| stops.get(at)),
        _ => None,
    };
    if let Some(next) = inside {
        focus(next);
        return true;
    }
    let Some(next) = far(&key).and_then(|far| neighbour(&own, far)) else { return far(&key).is_some() };
    let others = self::stops(&next);
    let wanted = match key.as_str() {
        "ArrowDown" => others.first(),
        "ArrowUp" => others.last(),
        _ => others.get(at.min(others.len().saturating_sub(1))),
    };
    if let Some(wanted) = wanted {
        focus(wanted);
    }
    true
}

/// What takes the focus on a day: its number, then its cards.
fn stops(column: &HtmlElement) -> Vec<HtmlElement> {
    all(column, "[data-day-link], .card-title")
}

/// The next day that is drawn, in steps of so many days.
fn neighbour(own: &HtmlElement, far: i64) -> Option<HtmlElement> {
    let columns = columns();
    let mut at = columns.iter().position(|column| column == own)?;
    loop {
        at = usize::try_from(i64::try_from(at).ok()? + far).ok()?;
        let column = columns.get(at)?;
        if shown(column) {
            return Some(column.clone());
        }
    }
}

fn take(card: &HtmlElement) {
    let columns = columns();
    let own = closest(card, "[data-column]");
    let Some(at) = own.and_then(|own| columns.iter().position(|column| *column == own)) else { return };
    if within(card, "[data-handle]").is_none() {
        if let Way::Closed(why) = way(card, &columns[at]) {
            announce(&why);
        }
        return;
    }
    board::show_gates(card);
    flag(card, "is-held", true);
    HELD.set(Some((card.clone(), at)));
    announce(&t!(
        "{name} taken from {day}. Arrows choose a day, Enter puts it there, Escape leaves it.",
        name = name_of(card),
        day = title_of(&columns[at])
    ));
}

fn holding(event: &KeyboardEvent, card: &HtmlElement, at: usize) -> bool {
    let columns = columns();
    match event.key().as_str() {
        "Escape" => {
            release();
            announce(t!("Put back where it was"));
        }
        " " | "Enter" => {
            release();
            if let Some(column) = columns.get(at) {
                board::place(card, column, true);
            }
        }
        key => {
            let Some(far) = far(key) else { return false };
            let next = i64::try_from(at).ok().and_then(|at| usize::try_from(at + far).ok());
            let Some((next, column)) = next.and_then(|next| Some((next, columns.get(next)?))) else {
                announce(t!("No further day is shown"));
                return true;
            };
            HELD.set(Some((card.clone(), next)));
            for other in &columns {
                flag(other, "is-over", other == column);
            }
            say(card, column);
        }
    }
    true
}

fn release() {
    let Some((card, _)) = HELD.take() else { return };
    flag(&card, "is-held", false);
    board::hide_gates();
}
