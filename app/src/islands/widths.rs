//! Widths of columns. The edge of a head is dragged with mouse or finger, or moved by arrows while it has the focus, a step at a time; two clicks on
//! it leave the width to what stands in the column. What comes of it is another address of the list, as with any other change of it.

use super::dom::{
    Event, HtmlElement, PointerEvent, after, all, attr, closest, everywhere, find, flag, forget, hit, modified, on,
    on_key, set, window,
};
use super::swap;
use domain::views::{NARROWEST, WIDEST, WIDTH_STEP};
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::UrlSearchParams;

const EDGES: &str = "[data-region=list] [data-edge]";
/// Pixels that a hand may tremble before it drags.
const SLACK: i32 = 5;
/// Milliseconds in which one arrow may follow the other before the list is drawn with what came of them.
const PATIENCE: i32 = 500;

/// An edge that is held by a pointer.
struct Hold {
    edge: HtmlElement,
    pointer: i32,
    /// Where it was taken.
    from: i32,
    /// Pixels that the column was wide then, and what the list said of it.
    wide: i32,
    said: i32,
}

/// What came of arrows, until the list is drawn with it.
struct Waiting {
    timer: i32,
    key: String,
    wide: i32,
}

thread_local! {
    static HOLD: RefCell<Option<Hold>> = const { RefCell::new(None) };
    static WAITING: RefCell<Option<Waiting>> = const { RefCell::new(None) };
}

pub fn attach() {
    on("pointerdown", |event| press(&event));
    on("pointermove", |event| {
        with_hold(&event, |hold, x| {
            let far = x - hold.from;
            if far.abs() > SLACK || width(&hold.edge) != hold.said {
                wear(&hold.edge, snapped(hold.wide + far));
            }
        });
    });
    on("pointerup", |event| {
        with_hold(&event, |hold, _| {
            if width(&hold.edge) != hold.said {
                tell(&hold.edge);
            }
        });
        HOLD.set(None);
    });
    on("pointercancel", |event| {
        with_hold(&event, |hold, _| wear(&hold.edge, hold.said));
        HOLD.set(None);
    });
    on("dblclick", |event| {
        if let Some(edge) = hit(&event, EDGES).filter(|edge| width(edge) != 0) {
            wear(&edge, 0);
            tell(&edge);
        }
    });
    on_key(|event| {
        let Some(edge) = hit(event, EDGES).filter(|_| !modified(event)) else { return };
        let step = match event.key().as_str() {
            "ArrowLeft" => -i32::from(WIDTH_STEP),
            "ArrowRight" => i32::from(WIDTH_STEP),
            _ => return,
        };
        event.prevent_default();
        let wide = snapped(wide(&edge) + step);
        wear(&edge, wide);
        if let Some(before) = WAITING.take() {
            forget(before.timer);
        }
        let timer = after(PATIENCE, || {
            if let Some(edge) = WAITING.take().and_then(|waiting| waiting.worn()) {
                tell(&edge);
            }
        });
        WAITING.set(Some(Waiting { timer, key: attr(&edge, "data-edge"), wide }));
    });
}

impl Waiting {
    /// Its edge, with the width: the list may have been drawn anew meanwhile.
    fn worn(&self) -> Option<HtmlElement> {
        let edge = find(&format!("[data-edge='{}']", self.key))?;
        wear(&edge, self.wide);
        Some(edge)
    }
}

/// The list is going to another address of the same columns: widths that it was not drawn with come along, and nothing is waited for any more.
pub fn along(url: &str) -> Option<String> {
    if let Some(waiting) = WAITING.take() {
        forget(waiting.timer);
        let _ = waiting.worn();
    }
    let edge = find(&format!("{EDGES}[data-worn]"))?;
    let (path, search) = url.split_once('?').unwrap_or((url, ""));
    let (query, here) = (UrlSearchParams::new_with_str(search).ok()?, search_here()?);
    // Boxes of columns bring widths of their own.
    if query.get("view") != here.get("view") || query.get_all("columns").length() > 1 {
        return None;
    }
    let now = columns(&edge)?;
    let there = match query.get("columns") {
        Some(asked) => {
            let wide = |column| now.split(',').find(|other| key(other) == key(column)).unwrap_or(column);
            asked.split(',').map(wide).collect::<Vec<_>>().join(",")
        }
        // It goes back to the columns of the view.
        None if here.has("columns") => return None,
        None => now,
    };
    query.set("columns", &there);
    Some(format!("{path}?{}", String::from(query.to_string())))
}

fn press(event: &Event) {
    let Some(pointer) = event.dyn_ref::<PointerEvent>().filter(|pointer| pointer.button() == 0 && pointer.is_primary())
    else {
        return;
    };
    let Some(edge) = hit(event, EDGES) else { return };
    let _ = edge.set_pointer_capture(pointer.pointer_id());
    let (wide, said) = (wide(&edge), width(&edge));
    HOLD.set(Some(Hold { edge, pointer: pointer.pointer_id(), from: pointer.client_x(), wide, said }));
}

/// With the edge that this pointer holds, and where the pointer is.
fn with_hold(event: &Event, then: impl FnOnce(&Hold, i32)) {
    let Some(pointer) = event.dyn_ref::<PointerEvent>() else { return };
    HOLD.with_borrow(|hold| {
        if let Some(hold) = hold.as_ref().filter(|hold| hold.pointer == pointer.pointer_id()) {
            then(hold, pointer.client_x());
        }
    });
}

/// What the list says of the column: nothing is 0.
fn width(edge: &HtmlElement) -> i32 {
    attr(edge, "aria-valuenow").parse().unwrap_or_default()
}

/// How wide the column is now.
fn wide(edge: &HtmlElement) -> i32 {
    match width(edge) {
        0 => closest(edge, "th").map_or(0, |head| head.offset_width()),
        width => width,
    }
}

/// The width nearest to it that there is.
fn snapped(pixels: i32) -> i32 {
    let step = i32::from(WIDTH_STEP);
    ((pixels + step / 2) / step * step).clamp(i32::from(NARROWEST), i32::from(WIDEST))
}

/// Makes the column so wide, in each table of the list: groups have one each.
fn wear(edge: &HtmlElement, wide: i32) {
    let (key, before) = (attr(edge, "data-edge"), width(edge));
    if wide == before {
        return;
    }
    for part in everywhere(&format!("[data-region=list] :is([data-field='{key}'], th:has(> [data-edge='{key}']))")) {
        flag(&part, &format!("w-col-{before}"), false);
        flag(&part, &format!("w-col-{wide}"), wide > 0);
    }
    for edge in everywhere(&format!("[data-edge='{key}']")) {
        set(&edge, "aria-valuenow", &wide.to_string());
        // As long as no answer of the server has taken its place it keeps what it was drawn with, unless it is as wide as that again.
        let drawn = edge.get_attribute("data-worn").unwrap_or_else(|| before.to_string());
        if drawn == wide.to_string() {
            let _ = edge.remove_attribute("data-worn");
            rename(&edge, "data-drawn-text", "aria-valuetext");
        } else {
            set(&edge, "data-worn", &drawn);
            rename(&edge, "aria-valuetext", "data-drawn-text");
        }
    }
}

/// Gives an attribute another name, where it is there.
fn rename(edge: &HtmlElement, from: &str, to: &str) {
    if let Some(value) = edge.get_attribute(from) {
        set(edge, to, &value);
        let _ = edge.remove_attribute(from);
    }
}

/// Of a column as the address says it, with or without its width.
fn key(column: &str) -> &str {
    column.split(':').next().unwrap_or(column)
}

/// The columns of the table as they are now.
fn columns(edge: &HtmlElement) -> Option<String> {
    let table = closest(edge, "table")?;
    let columns: Vec<String> = all(&table, "[data-edge]")
        .iter()
        .map(|edge| match (attr(edge, "data-edge"), width(edge)) {
            (key, 0) => key,
            (key, width) => format!("{key}:{width}"),
        })
        .collect();
    Some(columns.join(","))
}

fn search_here() -> Option<UrlSearchParams> {
    UrlSearchParams::new_with_str(&window().location().search().ok()?).ok()
}

/// Goes to the address with the columns as they are now.
fn tell(edge: &HtmlElement) {
    let (Some(columns), Some(query)) = (columns(edge), search_here()) else { return };
    let Ok(path) = window().location().pathname() else { return };
    query.set("columns", &columns);
    swap::stay(format!("{path}?{}", String::from(query.to_string())));
}
