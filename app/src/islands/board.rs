//! Cards that are moved by hand: held by the handle (mouse and touch) or, with a mouse, anywhere that is no link. Where a card may go is what
//! its own "Move to" offers, and letting go sends that form: all the ways to move a card are one operation behind one gate. The columns of a board and
//! the days of a calendar are places alike; what differs is asked of `days`.

use super::dom::{
    Element, Event, HtmlElement, PointerEvent, address, all, announce, append, attr, closest, everywhere, find, flag,
    focus, has, hit, make, on, on_capture, set, sleep, spawn, text, within,
};
use super::{days, stops, swap, toast};
use crate::call;
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement};
use words::t;

/// Pixels that a mouse may tremble before it drags.
const SLACK: i32 = 5;
/// Pixels from the board's edge at which it scrolls.
const EDGE: f64 = 48.0;
/// How far, each time.
const STEP: i32 = 10;

/// Where a card may be put down.
const PLACES: &str = ":is(.board, [data-days]) [data-column]";

/// A card that is pressed or held by a pointer.
struct Hold {
    card: HtmlElement,
    pointer: i32,
    from: (i32, i32),
    /// Where in the card it was taken.
    grip: (f64, f64),
    /// Where the pointer is.
    at: (i32, i32),
    ghost: Option<HtmlElement>,
}

thread_local! {
    static HOLD: RefCell<Option<Hold>> = const { RefCell::new(None) };
}

/// What a column is to a card.
pub enum Way {
    /// The card is there.
    Here,
    /// It takes the card; with what is to be known before, where it is full.
    Open(Option<String>),
    /// Its form asks for something first.
    Asks {
        href: String,
        hint: String,
    },
    Closed(String),
}

pub fn attach() {
    if let Some(root) = super::dom::document().document_element() {
        flag(&root, "has-hands", true);
    }
    name_handles();
    on("pointerdown", |event| press(&event));
    on("pointermove", |event| {
        if let Some(pointer) = event.dyn_ref::<PointerEvent>() {
            drag(pointer);
        }
    });
    on("pointerup", |event| {
        if let Some(pointer) = event.dyn_ref::<PointerEvent>() {
            let_go(pointer);
        }
    });
    on("pointercancel", |_| drop_hold());
    on("dragstart", |event| {
        if hit(&event, ".card").is_some() {
            event.prevent_default();
        }
    });
    on("selectstart", |event| {
        if HOLD.with_borrow(|hold| hold.as_ref().is_some_and(|hold| hold.ghost.is_some())) {
            event.prevent_default();
        }
    });
    // The click that ends a drag opens nothing.
    on_capture("click", |event| {
        if find("html.was-dragging").is_some() {
            event.prevent_default();
            event.stop_propagation();
        }
    });
}

/// Handles are buttons once something listens to them. The card itself is taken by keys, so a handle is no stop of its own.
pub fn name_handles() {
    for handle in everywhere(".board [data-handle]") {
        let title = closest(&handle, ".card")
            .and_then(|card| within(&card, ".card-title"))
            .map(|title| text(&title))
            .unwrap_or_default();
        let _ = handle.remove_attribute("aria-hidden");
        set(&handle, "role", "button");
        set(&handle, "tabindex", "-1");
        set(&handle, "aria-label", &t!("Move {title}", title));
        set(&handle, "aria-pressed", "false");
    }
    stops::refresh();
}

/// What the card's own menu says of a column.
pub fn way(card: &Element, column: &Element) -> Way {
    let to = attr(column, "data-column");
    if closest(card, "[data-column]").is_some_and(|own| attr(&own, "data-column") == to) {
        return Way::Here;
    }
    if days::is_day(column) {
        return days::way(card, column);
    }
    let items = all(card, ".card-menu .menu-item");
    let hint = |item: &HtmlElement| within(item, ".menu-hint").map(|hint| text(&hint)).unwrap_or_default();
    if let Some(item) = items.iter().find(|item| item.has_attribute("name") && attr(item, "value") == to) {
        return Way::Open(Some(hint(item)).filter(|full| !full.is_empty()));
    }
    let asked = format!("move={to}");
    let link = items.iter().find(|item| attr(item, "href").split(['?', '&']).any(|part| part == asked));
    if let Some(link) = link {
        return Way::Asks { href: attr(link, "href"), hint: hint(link) };
    }
    let name = title_of(column);
    let closed = items.iter().find(|item| text(item).starts_with(&name)).or(items.first().filter(|_| items.len() == 1));
    let why = closed.map(hint).filter(|why| !why.is_empty());
    Way::Closed(why.unwrap_or_else(|| t!("No step leads to {name} from here", name)))
}

pub fn title_of(column: &Element) -> String {
    if days::is_day(column) {
        return attr(column, "data-title");
    }
    within(column, ".board-title").map(|title| text(&title)).unwrap_or_default()
}

pub fn columns() -> Vec<HtmlElement> {
    everywhere(PLACES)
}

/// What holds all the places.
fn frame() -> Option<HtmlElement> {
    find(".board, [data-days]")
}

pub fn name_of(card: &Element) -> String {
    within(card, ".card-title").map(|title| text(&title)).unwrap_or_default()
}

/// Shows where a held card may go, and why not elsewhere.
pub fn show_gates(card: &Element) {
    if let Some(frame) = frame() {
        flag(&frame, "is-holding", true);
    }
    for column in columns() {
        let (closed, words) = match way(card, &column) {
            Way::Here => (false, None),
            Way::Open(full) => (false, full),
            Way::Asks { hint, .. } => (false, Some(hint)),
            Way::Closed(why) => (true, Some(why)),
        };
        flag(&column, "is-closed", closed);
        flag(&column, "is-free", words.is_none());
        if let Some(words) = words.filter(|_| !days::is_day(&column))
            && let (Some(gate), Some(cards)) =
                (make("p", "board-gate is-said", &words), within(&column, ".board-cards"))
        {
            let _ = column.insert_before(&gate, Some(&cards));
        }
    }
}

pub fn hide_gates() {
    if let Some(frame) = frame() {
        flag(&frame, "is-holding", false);
    }
    for column in columns() {
        for class in ["is-closed", "is-free", "is-over"] {
            flag(&column, class, false);
        }
    }
    for said in everywhere(".board-gate.is-said") {
        said.remove();
    }
}

fn press(event: &Event) {
    let Some(pointer) = event.dyn_ref::<PointerEvent>().filter(|pointer| pointer.button() == 0 && pointer.is_primary())
    else {
        return;
    };
    let Some(card) = hit(event, ".card[data-id]").filter(|card| within(card, "[data-handle]").is_some()) else {
        return;
    };
    let on_handle = hit(event, "[data-handle]").is_some();
    let by_mouse = pointer.pointer_type() == "mouse";
    if !on_handle && (!by_mouse || hit(event, ".card-menu, button, input").is_some()) {
        return;
    }
    let place = card.get_bounding_client_rect();
    let (x, y) = (pointer.client_x(), pointer.client_y());
    let grip = (f64::from(x) - place.left(), f64::from(y) - place.top());
    HOLD.set(Some(Hold { card, pointer: pointer.pointer_id(), from: (x, y), grip, at: (x, y), ghost: None }));
}

fn drag(pointer: &PointerEvent) {
    HOLD.with_borrow_mut(|hold| {
        let Some(hold) = hold.as_mut().filter(|hold| hold.pointer == pointer.pointer_id()) else { return };
        let (x, y) = (pointer.client_x(), pointer.client_y());
        if hold.ghost.is_none() {
            if (x - hold.from.0).abs().max((y - hold.from.1).abs()) < SLACK {
                return;
            }
            lift(hold);
        }
        pointer.prevent_default();
        hold.at = (x, y);
        if let Some(ghost) = &hold.ghost {
            let (left, top) = (f64::from(x) - hold.grip.0, f64::from(y) - hold.grip.1);
            let _ = ghost.style().set_property("transform", &format!("translate({left}px, {top}px) rotate(1deg)"));
        }
        mark(x, y);
    });
}

/// The column under the hand, if it is open.
fn mark(x: i32, y: i32) {
    let over = under(x, y);
    for column in columns() {
        flag(&column, "is-over", over.as_ref() == Some(&column) && !has(&column, "is-closed"));
    }
}

/// A copy of the card follows the hand, since a column cuts off what leaves it.
fn lift(hold: &mut Hold) {
    let card = &hold.card;
    let Some(ghost) = card.clone_node_with_deep(true).ok().and_then(|copy| copy.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    ghost.set_class_name(&format!("{} card-ghost is-held", card.class_name()));
    let _ = ghost.remove_attribute("data-id");
    set(&ghost, "aria-hidden", "true");
    let _ = ghost.style().set_property("inline-size", &format!("{}px", card.get_bounding_client_rect().width()));
    if let Some(body) = super::dom::document().body() {
        append(&body, Some(&ghost));
    }
    flag(card, "is-placeholder", true);
    if let Some(root) = super::dom::document().document_element() {
        flag(&root, "is-dragging", true);
    }
    show_gates(card);
    hold.ghost = Some(ghost);
    spawn(follow());
}

/// While the card is held at an edge the board goes on scrolling, whether the hand moves or not.
async fn follow() {
    while let Some((x, y)) =
        HOLD.with_borrow(|hold| hold.as_ref().filter(|hold| hold.ghost.is_some()).map(|hold| hold.at))
    {
        if scroll(f64::from(x), f64::from(y)) {
            mark(x, y);
        }
        sleep(16).await;
    }
}

fn scroll(x: f64, y: f64) -> bool {
    if let Some(days) = find(".cal-scroll") {
        return days::scroll(&days, y);
    }
    let Some(board) = find(".board") else { return false };
    let place = board.get_bounding_client_rect();
    let step = if x < place.left() + EDGE {
        -STEP
    } else if x > place.right() - EDGE {
        STEP
    } else {
        return false;
    };
    board.set_scroll_left(board.scroll_left() + step);
    true
}

fn under(x: i32, y: i32) -> Option<HtmlElement> {
    let element = super::dom::document().element_from_point(x as f32, y as f32)?;
    closest(&element, PLACES)
}

fn let_go(pointer: &PointerEvent) {
    let held = HOLD.with_borrow(|hold| {
        hold.as_ref()
            .filter(|hold| hold.pointer == pointer.pointer_id() && hold.ghost.is_some())
            .map(|hold| hold.card.clone())
    });
    let column = held.as_ref().and_then(|_| under(pointer.client_x(), pointer.client_y()));
    if held.is_some() {
        if let Some(root) = super::dom::document().document_element() {
            flag(&root, "was-dragging", true);
        }
        super::dom::after(0, || {
            if let Some(root) = super::dom::document().document_element() {
                flag(&root, "was-dragging", false);
            }
        });
    }
    drop_hold();
    if let (Some(card), Some(column)) = (held, column) {
        place(&card, &column, false);
    }
}

/// Ends holding, whatever comes of it.
pub fn drop_hold() {
    if let Some(Hold { card, ghost: Some(ghost), .. }) = HOLD.take() {
        ghost.remove();
        flag(&card, "is-placeholder", false);
        hide_gates();
    }
    if let Some(root) = super::dom::document().document_element() {
        flag(&root, "is-dragging", false);
    }
}

/// Puts a card into a column: at once to the eye, for good when the server agrees, and back when it does not.
pub fn place(card: &HtmlElement, column: &HtmlElement, by_keys: bool) {
    let (name, to) = (title_of(column), attr(column, "data-column"));
    match way(card, column) {
        Way::Here => {
            if by_keys {
                announce(t!("Put back where it was"));
            }
        }
        Way::Closed(why) => {
            announce(&why);
            toast::refused(&t!("Not moved to {name}. {why}", name, why), None);
        }
        Way::Asks { href, hint } => {
            let hint = if hint.is_empty() { t!("Something has to be filled in first").to_owned() } else { hint };
            announce(&hint);
            toast::refused(&t!("Not moved to {name}. {why}", name, why = hint), Some((t!("Fill it in"), &href)));
        }
        Way::Open(full) => send(card, column, (name, full.is_some()), &to, by_keys),
    }
}

/// Where the card's form goes, and what it sends to bring the card to a column.
fn form_of(card: &HtmlElement, column: &HtmlElement, to: &str) -> Option<(String, FormData)> {
    if days::is_day(column) {
        return days::form_of(card, to);
    }
    let form: HtmlFormElement = within(card, ".card-menu form")?.dyn_into().ok()?;
    let button = all(&form, ".menu-item[name]").into_iter().find(|button| attr(button, "value") == to)?;
    Some((attr(&form, "action"), super::dom::fields(&form, Some(&button))?))
}

/// `full` is whether the column had no place left: it takes the card, and one is told that it holds too many now.
fn send(card: &HtmlElement, column: &HtmlElement, (name, full): (String, bool), to: &str, by_keys: bool) {
    let Some((action, fields)) = form_of(card, column, to) else { return };
    let (parent, next) = (card.parent_node(), card.next_sibling());
    let grip = if within(card, ".card-title:focus").is_some() { ".card-title" } else { "[data-handle]" };
    if let Some(cards) = within(column, ".board-cards, .cal-cards") {
        let _ = cards.insert_before(card, cards.first_child().as_ref());
    }
    flag(card, "is-sending", true);
    let region = closest(column, "[data-region]").map(|region| attr(&region, "data-region")).unwrap_or_default();
    let (title, card, id) = (name_of(card), card.clone(), attr(card, "data-id"));
    spawn(async move {
        let answer = call::submit(&action, &fields).await;
        let ok = answer.as_ref().is_some_and(|answer| answer.ok);
        if ok {
            let over = if full { format!(". {}", t!("{name} is over its limit now", name)) } else { String::new() };
            announce(&format!("{}{over}", t!("Moved to {name}", name)));
            let undo = answer.as_ref().and_then(|answer| toast::way(&answer.page));
            toast::done(&format!("{}{over}", t!("{title} moved to {name}", title, name)), undo);
        } else {
            flag(&card, "is-sending", false);
            if let Some(parent) = parent {
                let _ = parent.insert_before(&card, next.as_ref());
            }
            let why = answer.as_ref().map_or_else(
                || t!("The server did not answer. Try again").to_owned(),
                |answer| toast::reason(&answer.page),
            );
            announce(&why);
            toast::refused(&t!("Not moved to {name}. {why}", name, why), None);
        }
        let drawn = match answer {
            Some(answer) => swap::region(&answer.page, &region),
            None => false,
        };
        // A form is sent once: what comes next needs the board as it is now.
        if !drawn && let Some(fresh) = call::fragment(&address()).await {
            swap::region(&fresh.page, &region);
        }
        name_handles();
        let again = format!(".board .card[data-id=\"{id}\"] {grip}, .cal .card[data-id=\"{id}\"] .card-title");
        if by_keys && let Some(again) = find(&again) {
            focus(&again);
        }
    });
}
