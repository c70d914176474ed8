//! Links and searches of a list that change only its content: the same page is fetched, and what is inside `main` and the bar takes the
//! place of the old. The address, the history and the title follow, and a page that cannot be had is opened the ordinary way.

use super::dom::{
    Element, Event, HtmlElement, address, all, attr, closest, document, everywhere, find, focus, go, hit, listen, on,
    remark, set, spawn, text, window, within,
};
use super::widths;
use crate::call;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, HtmlAnchorElement, HtmlFormElement, MouseEvent, UrlSearchParams};

/// What another state of the page brings anew.
const PARTS: [&str; 4] = ["#main", ".topbar-tabs", ".topbar-actions", ".topbar-crumbs"];

thread_local! {
    /// The last page asked for: an answer that was overtaken is dropped.
    static LATEST: Cell<u32> = const { Cell::new(0) };
}

pub fn attach() {
    on("click", |event| {
        if let Some(url) = followed(&event) {
            event.prevent_default();
            visit(url, true, false, hit(&event, "[data-more]").and_then(|link| More::of(&link)));
        }
    });
    on("submit", |event| {
        if let Some(url) = searched(&event) {
            event.prevent_default();
            visit(url, true, false, None);
        }
    });
    listen(&window(), "popstate", false, Box::new(|_| visit(address(), false, false, None)));
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

/// Goes to another state of this page, in which the same rows are in the same place.
pub fn stay(url: String) {
    visit(url, true, true, None);
}

/// Goes to another state of this page.
fn visit(url: String, push: bool, stays: bool, more: Option<More>) {
    // What is being done to a column goes along, and is not to overtake this; what was before it is what Back asks for.
    let along = widths::along(&url);
    let url = along.filter(|_| push).unwrap_or(url);
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
        let scrolled = main.as_ref().filter(|_| stays || more.is_some()).map(scrolls).unwrap_or_default();
        match answer {
            Some(answer) if content(&answer.page) => {
                if push {
                    // A form may be led to an address that says the same in fewer words.
                    let url = answer.led.as_ref().unwrap_or(&url);
                    let _ = window()
                        .history()
                        .and_then(|history| history.push_state_with_url(&JsValue::NULL, "", Some(url)));
                }
                if let Some(main) = main {
                    let _ = main.remove_attribute("aria-busy");
                    restore(&main, scrolled);
                }
                if let Some(more) = more {
                    more.reach();
                }
                remark(&holds());
            }
            _ => go(&url),
        }
    });
}

/// What the list holds now, to those who do not see it: how many there are and which of them are here, or that there are none.
fn holds() -> String {
    let read = |selector: &str| find(selector).map(|part| text(&part)).filter(|words| !words.is_empty());
    let foot = ["#main .table-foot-text", "#main .pagination-range"].into_iter().filter_map(read);
    let words = foot.collect::<Vec<_>>().join(", ");
    if words.is_empty() { read("#main .empty-title").unwrap_or_default() } else { words }
}

/// Puts the content of a page in place of this one's, and keeps the focus.
pub fn content(page: &Document) -> bool {
    let Some(main) = page.query_selector("#main").ok().flatten() else { return false };
    let Some(here) = find("#main") else { return false };
    keeping(|| {
        for part in PARTS {
            if part == "#main" {
                here.replace_children_with_node_1(&adopted(&main));
            } else if let (Some(old), Ok(Some(new))) = (find(part), page.query_selector(part)) {
                old.replace_children_with_node_1(&adopted(&new));
            }
        }
        super::dom::document().set_title(&page.title());
        super::board::name_handles();
        super::chosen::draw();
    });
    // What has the focus may be at the end of what is new, and one begins at its beginning.
    here.scroll_to_with_x_and_y(0.0, 0.0);
    true
}

/// Draws parts of the page anew. The focus stays on what had it; where that is gone it goes to what asks for it, else to the content as a whole, as
/// from the skip link.
pub fn keeping(draw: impl FnOnce()) {
    let document = super::dom::document();
    let active = document.active_element();
    let held = active.as_ref().and_then(Held::of);
    draw();
    let Some(held) = held.filter(|_| document.active_element() != active) else { return };
    for place in [held.again(), find("#main [autofocus]"), find("#main")].into_iter().flatten() {
        focus(&place);
        // What is in a menu that has been closed takes none.
        if !document.active_element().is_some_and(|now| now.is_same_node(Some(&place))) {
            continue;
        }
        if let Some(input) = super::dom::input(&place) {
            let end = u32::try_from(input.value().len()).unwrap_or_default();
            let _ = input.set_selection_range(end, end);
        }
        return;
    }
}

/// The children of an element of another document, as nodes of this one.
fn adopted(element: &web_sys::Element) -> web_sys::DocumentFragment {
    let fragment = super::dom::document().create_document_fragment();
    while let Some(child) = element.first_child() {
        let _ = fragment.append_child(&child);
    }
    fragment
}

/// What has the focus in a part that is drawn again, so that the same is found there.
struct Held {
    part: &'static str,
    tag: String,
    by: By,
}

enum By {
    Selector(String),
    /// By what it is called: a link leads elsewhere in another state of the page.
    Name(String, String),
}

impl Held {
    fn of(element: &Element) -> Option<Self> {
        let part = PARTS
            .into_iter()
            .find(|part| closest(element, part).is_some_and(|around| !around.is_same_node(Some(element))))?;
        let tag = element.tag_name().to_lowercase();
        let (edge, name) = (attr(element, "data-edge"), attr(element, "name"));
        let by = if !edge.is_empty() {
            By::Selector(format!("[data-edge=\"{edge}\"]"))
        } else if !name.is_empty() {
            By::Selector(format!("{tag}[name=\"{name}\"]:not([type=hidden]){}", one_of(element)))
        } else if let Some(at) = head_of(element) {
            By::Selector(format!("thead th:nth-child({at}) {tag}"))
        } else {
            By::Name(called(element), attr(element, "href"))
        };
        Some(Self { part, tag, by })
    }

    fn again(&self) -> Option<HtmlElement> {
        match &self.by {
            By::Selector(selector) => find(&format!("{} {selector}", self.part)),
            By::Name(name, _) if name.is_empty() => None,
            By::Name(name, href) => {
                let mut same = everywhere(&format!("{} {}", self.part, self.tag));
                same.retain(|other| called(other) == *name);
                // Every row has an "Edit".
                let own = same.iter().position(|other| attr(other, "href") == *href).unwrap_or_default();
                same.get(own).cloned()
            }
        }
    }
}

/// Boxes of one name are told apart by their values: each row has one.
fn one_of(element: &Element) -> String {
    let several = matches!(attr(element, "type").as_str(), "checkbox" | "radio");
    let Some(value) = element.get_attribute("value").filter(|_| several) else { return String::new() };
    format!("[value=\"{}\"]", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Which head of the table it is in, counted from 1.
fn head_of(element: &Element) -> Option<usize> {
    let head = closest(element, "thead th")?;
    let label = text(&head);
    everywhere("#main thead th").iter().position(|other| text(other) == label).map(|at| at + 1)
}

fn called(element: &Element) -> String {
    let label = attr(element, "aria-label");
    if label.is_empty() { text(element) } else { label }
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
    super::chosen::draw();
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
