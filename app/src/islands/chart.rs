//! What a mark of a chart stands for, beside the pointer or at the mark that has the focus. The server wrote the words; without this, the browser
//! shows them by itself, late and for the pointer alone.

use super::dom::{
    Element, Event, HtmlElement, PointerEvent, append, attr, document, find, listen, make, on, on_key, set,
};
use wasm_bindgen::JsCast;

/// Pixels between the pointer and the words.
const BESIDE: i32 = 14;

pub fn attach() {
    on("pointermove", |event| {
        let Some(pointer) = event.dyn_ref::<PointerEvent>() else { return };
        // A finger covers what it points at, and follows the link.
        match mark(&event).filter(|_| pointer.pointer_type() == "mouse") {
            Some(mark) => show(&mark, pointer.client_x(), pointer.client_y()),
            None => hide(),
        }
    });
    on("focusin", |event| {
        if let Some(mark) = mark(&event) {
            let place = mark.get_bounding_client_rect();
            show(&mark, place.x() as i32, place.y() as i32);
        }
    });
    on("focusout", |_| hide());
    on_key(|event| {
        if event.key() == "Escape" {
            hide();
        }
    });
    if let Some(root) = document().document_element() {
        listen(&root, "pointerleave", false, Box::new(|_| hide()));
    }
}

/// Marks are parts of a drawing, which are no elements of HTML.
fn mark(event: &Event) -> Option<Element> {
    event.target()?.dyn_ref::<Element>()?.closest(".chart [data-said]").ok()?
}

fn hide() {
    if let Some(tip) = find("#chart-tip") {
        tip.remove();
    }
}

fn tip() -> Option<HtmlElement> {
    if let Some(tip) = find("#chart-tip") {
        return Some(tip);
    }
    let (tip, body) = (make("div", "chart-tip", "")?, document().body()?);
    set(&tip, "id", "chart-tip");
    // Those who hear the page hear the name of the mark.
    set(&tip, "aria-hidden", "true");
    append(&body, Some(&tip));
    Some(tip)
}

fn show(mark: &Element, x: i32, y: i32) {
    // Or the browser would say the same once more.
    if let Ok(Some(title)) = mark.query_selector("title") {
        title.remove();
    }
    let Some(tip) = tip() else { return };
    tip.set_text_content(Some(&attr(mark, "data-said")));
    let wide = document().document_element().map_or(0, |root| root.client_width());
    let left = (x + BESIDE).min(wide - tip.offset_width() - BESIDE).max(0);
    let top = (y - tip.offset_height() - BESIDE).max(0);
    let _ = tip.style().set_property("transform", &format!("translate({left}px, {top}px)"));
}
