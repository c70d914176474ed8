//! Links and searches of a list that change only its content: the same page is fetched, and what is inside `main` and the bar takes the
//! place of the old. The address, the history and the title follow, and a page that cannot be had is opened the ordinary way.

use super::dom::{
    Event, HtmlElement, address, all, attr, closest, document, everywhere, find, focus, go, hit, listen, on, set,
    spawn, text, window, within,
};
use crate::call;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, HtmlAnchorElement, HtmlFormElement, MouseEvent, UrlSearchParams};

thread_local! {
    /// The last page asked for: an answer that was overtaken is dropped.
    static LATEST: Cell<u32> = const { Cell::new(0) };
}

pub fn attach() {
    on("click", |event| {
        if let Some(url) = followed(&event) {
            event.prevent_default();
            visit(url, true, hit(&event, "[data-more]").and_then(|link| More::of(&link)));
        }
    });
    on("submit", |event| {
        if let Some(url) = searched(&event) {
            event.prevent_default();
            visit(url, true, None);
        }
    });
    listen(&window(), "popstate", false, Box::new(|_| visit(address(), false, None)));
    // From here on links of the list change only the list: what a test waits for that looks whether they do.
    if let Some(root) = document().document_element() {
        set(&root, "data-swapping", "");
    }
}

/// Where a plain click on a link of this list leads.
fn followed(event: &Event) -> Option<String> {
    let mouse = event.dyn_ref::<MouseEvent>()?;
    if event.default_prevented()
        || mouse.button() != 0
        || mouse.ctrl_key()
        || mouse.meta_key()
        || mouse.shift_key()
        || mouse.alt_key()
    {
        return None;
    }
    let link: HtmlAnchorElement = hit(event, "#main a[href], .topbar-tabs a[href]")?.dyn_into().ok()?;
    let same = link.pathname() == window().location().pathname().ok()?
        && link.origin() == window().location().origin().ok()?;
    (same && link.target().is_empty() && !link.has_attribute("download") && link.hash().is_empty())
        .then(|| format!("{}{}", link.pathname(), link.search()))
}

/// Where a search or a filter form of this list leads.
fn searched(event: &Event) -> Option<String> {
    let form: HtmlFormElement = hit(event, "#main form[method=get]")?.dyn_into().ok()?;
    let path = window().location().pathname().ok()?;
    if event.default_prevented() || attr(&form, "action") != path {
        return None;
    }
    let submitter = event.dyn_ref::<web_sys::SubmitEvent>().and_then(web_sys::SubmitEvent::submitter);
    let fields = super::dom::fields(&form, submitter.as_ref())?;
    let query = UrlSearchParams::new_with_record_from_str_to_str(&js_sys::Object::new()).ok()?;
    for pair in js_sys::try_iter(&fields).ok()??.flatten() {
        let part = |at| js_sys::Reflect::get_u32(&pair, at).ok()?.as_string();
        query.append(&part(0)?, &part(1)?);
    }
    Some(format!("{path}?{}", String::from(query.to_string())))
}

/// More cards of a column of a board: one goes on where one was, with the first of them.
struct More {
    column: String,
    shown: usize,
}

impl More {
    fn of(link: &HtmlElement) -> Option<Self> {
        let column = attr(&closest(link, "[data-column]")?.into(), "data-column");
        Some(Self { column, shown: attr(link, "data-more").parse().ok()? })
    }

    fn reach(&self) {
        let column = find(&format!(".board [data-column=\"{}\"]", self.column));
        if let Some(card) = column.and_then(|column| all(&column, ".card-title").get(self.shown).cloned()) {
            focus(&card);
        }
    }
}

/// Goes to another state of this page.
fn visit(url: String, push: bool, more: Option<More>) {
    let turn = LATEST.with(|latest| {
        latest.set(latest.get() + 1);
        latest.get()
    });
    spawn(async move {
        let main = find("#main");
        if let Some(main) = &main {
            set(main, "aria-busy", "true");
        }
        let answer = call::fragment(&url).await;
        if LATEST.with(Cell::get) != turn {
            return;
        }
        let scrolled = more.as_ref().zip(main.as_ref()).map(|(_, main)| scrolls(main)).unwrap_or_default();
        match answer {
            Some(answer) if content(&answer.page) => {
                if push {
                    let _ = window()
                        .history()
                        .and_then(|history| history.push_state_with_url(&JsValue::NULL, "", Some(&url)));
                }
                if let Some(main) = main {
                    let _ = main.remove_attribute("aria-busy");
                    restore(&main, scrolled);
                }
                if let Some(more) = more {
                    more.reach();
                }
            }
            _ => go(&url),
        }
    });
}

/// Puts the content of a page in place of this one's, and keeps the focus where it was if that is still there.
pub fn content(page: &Document) -> bool {
    let active = super::dom::document().active_element();
    let focused = active.as_ref().and_then(mark);
    let Some(main) = page.query_selector("#main").ok().flatten() else { return false };
    let Some(here) = find("#main") else { return false };
    here.replace_children_with_node_1(&adopted(&main));
    for part in [".topbar-tabs", ".topbar-actions", ".topbar-crumbs"] {
        if let (Some(old), Ok(Some(new))) = (find(part), page.query_selector(part)) {
            old.replace_children_with_node_1(&adopted(&new));
        }
    }
    super::dom::document().set_title(&page.title());
    super::board::name_handles();
    here.scroll_to_with_x_and_y(0.0, 0.0);
    if let Some(again) = focused.and_then(|selector| find(&selector)) {
        focus(&again);
        if let Some(input) = super::dom::input(&again) {
            let end = u32::try_from(input.value().len()).unwrap_or_default();
            let _ = input.set_selection_range(end, end);
        }
    }
    true
}

/// The children of an element of another document, as nodes of this one.
fn adopted(element: &web_sys::Element) -> web_sys::DocumentFragment {
    let fragment = super::dom::document().create_document_fragment();
    while let Some(child) = element.first_child() {
        let _ = fragment.append_child(&child);
    }
    fragment
}

/// How to find the same thing in a page that was drawn again.
fn mark(element: &web_sys::Element) -> Option<String> {
    let tag = element.tag_name().to_lowercase();
    let name = attr(element, "name");
    if !name.is_empty() {
        return Some(format!("#main {tag}[name=\"{name}\"]"));
    }
    let head = super::dom::closest(element, "th")?;
    let label = text(&head);
    let at = everywhere("#main thead th").iter().position(|other| text(other) == label)?;
    Some(format!("#main thead th:nth-child({}) a", at + 1))
}

/// Replaces one region by that of another page, with its scrolling kept.
pub fn region(page: &Document, name: &str) -> bool {
    let selector = format!("[data-region={name}]");
    let (Some(old), Ok(Some(new))) = (find(&selector), page.query_selector(&selector)) else { return false };
    let scrolled = scrolls(&old);
    let Ok(new) = new.dyn_into::<HtmlElement>() else { return false };
    if old.replace_with_with_node_1(&new).is_err() {
        return false;
    }
    restore(&new, scrolled);
    true
}

fn restore(region: &HtmlElement, scrolled: Vec<(String, i32, i32)>) {
    for (selector, left, top) in scrolled {
        if let Some(part) = within(region, &selector) {
            part.set_scroll_left(left);
            part.set_scroll_top(top);
        }
    }
}

/// How far each scrolling part stands.
fn scrolls(region: &HtmlElement) -> Vec<(String, i32, i32)> {
    let mut parts: Vec<(String, HtmlElement)> = [".table-wrap", ".board", ".cal-scroll", ".tl-scroll"]
        .into_iter()
        .filter_map(|selector| Some((selector.to_owned(), within(region, selector)?)))
        .collect();
    for column in all(region, "[data-column]") {
        let selector = format!("[data-column=\"{}\"] .board-cards", attr(&column, "data-column"));
        if let Some(cards) = within(region, &selector) {
            parts.push((selector, cards));
        }
    }
    parts.into_iter().map(|(selector, part)| (selector, part.scroll_left(), part.scroll_top())).collect()
}
