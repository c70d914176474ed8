//! Rows under the keyboard: `j` and `k` go from row to row, `o` opens, `e` edits, the arrows go from cell to cell.

use super::dom::{
    HtmlElement, KeyboardEvent, all, busy, closest, everywhere, find, focus, hit, modified, on, on_key, set, within,
};
use super::edit;
use wasm_bindgen::JsCast;

const ROWS: &str = "[data-region=list] tbody tr[data-id]";

pub fn attach() {
    on("click", |event| {
        let shift = event.dyn_ref::<web_sys::MouseEvent>().is_some_and(web_sys::MouseEvent::shift_key);
        let add = hit(&event, "a.sort").filter(|_| shift).and_then(|sort| sort.next_element_sibling());
        if let Some(add) = add.and_then(|add| add.dyn_into::<HtmlElement>().ok()) {
            event.prevent_default();
            add.click();
        }
    });
    on_key(|event| {
        if event.default_prevented() || modified(event) || busy(event) {
            return;
        }
        if letter(event) || arrow(event) {
            event.prevent_default();
        }
    });
}

/// Whether single letters were switched off.
pub fn off() -> bool {
    super::dom::kept("nexus.keys").as_deref() == Some("off")
}

/// The row that has the focus.
fn current() -> Option<HtmlElement> {
    find(&format!("{ROWS}:focus-within"))
}

fn letter(event: &KeyboardEvent) -> bool {
    let rows = everywhere(ROWS);
    // Other pages have letters of their own, and so has `g`.
    if rows.is_empty() || off() || super::keys::going() {
        return false;
    }
    let at = current().and_then(|row| rows.iter().position(|other| *other == row));
    let row = match event.key().as_str() {
        "j" => rows.get(at.map_or(0, |at| at + 1)),
        "k" => rows.get(at.map_or(0, |at| at.saturating_sub(1))),
        "o" => return at.and_then(|at| within(&rows[at], "th.is-lead a")).map(|link| link.click()).is_some(),
        "e" => {
            return at
                .and_then(|at| within(&rows[at], ".is-actions a[href*='/edit']"))
                .map(|link| link.click())
                .is_some();
        }
        _ => return false,
    };
    if let Some(link) = row.and_then(|row| within(row, "th.is-lead a")) {
        reach(&link);
    }
    true
}

/// Brings the focus to an element, and the element into sight.
pub fn reach(element: &HtmlElement) {
    focus(element);
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// From cell to cell; the lead cell is reached by its link.
fn arrow(event: &KeyboardEvent) -> bool {
    let Some(cell) = hit(event, &format!("{ROWS} > [data-field]")) else { return false };
    let Some(row) = closest(&cell, "tr") else { return false };
    let cells = all(&row, "[data-field]");
    let Some(at) = cells.iter().position(|other| *other == cell) else { return false };
    let key = event.key();
    let next = match key.as_str() {
        "ArrowRight" => cells.get(at + 1).cloned(),
        "ArrowLeft" => at.checked_sub(1).and_then(|at| cells.get(at).cloned()),
        "ArrowDown" => row.next_element_sibling().and_then(|row| all(&row, "[data-field]").get(at).cloned()),
        "ArrowUp" => row.previous_element_sibling().and_then(|row| all(&row, "[data-field]").get(at).cloned()),
        "Escape" => cells.first().cloned(),
        // On the lead cell Enter follows the link.
        "Enter" if !cell.matches("th").unwrap_or(true) && hit(event, "a").is_none() => {
            edit::begin(&cell);
            return true;
        }
        "F2" => {
            edit::begin(&cell);
            return true;
        }
        _ => return false,
    };
    if let Some(next) = next {
        reach(&stop(&next));
    }
    true
}

/// What takes the focus in a cell: the link that names the row, else the cell.
pub fn stop(cell: &HtmlElement) -> HtmlElement {
    if let Some(link) = within(cell, "a").filter(|_| cell.matches("th").unwrap_or(false)) {
        return link;
    }
    set(cell, "tabindex", "-1");
    cell.clone()
}
