//! The few things that islands ask of the document, so that each of them is compiled once.

use wasm_bindgen::prelude::*;
pub use web_sys::{Element, Event, HtmlElement, KeyboardEvent, PointerEvent};
use web_sys::{EventTarget, FormData, HtmlDialogElement, HtmlFormElement, HtmlInputElement, Node};

pub use leptos::prelude::{document, window};

/// Runs a future of the page.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}

/// Listens for as long as the page lives.
pub fn listen(target: &EventTarget, event: &str, capture: bool, handler: Box<dyn FnMut(Event)>) {
    let closure = Closure::wrap(handler);
    let _ = target.add_event_listener_with_callback_and_bool(event, closure.as_ref().unchecked_ref(), capture);
    closure.forget();
}

/// Listens on the document, where what is replaced is still heard.
pub fn on(event: &str, handler: impl FnMut(Event) + 'static) {
    listen(&document(), event, false, Box::new(handler));
}

/// Before whatever the page itself does.
pub fn on_capture(event: &str, handler: impl FnMut(Event) + 'static) {
    listen(&document(), event, true, Box::new(handler));
}

pub fn on_key(mut handler: impl FnMut(&KeyboardEvent) + 'static) {
    on("keydown", move |event| {
        if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
            handler(event);
        }
    });
}

pub fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
}

pub fn within(element: &Element, selector: &str) -> Option<HtmlElement> {
    element.query_selector(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
}

pub fn closest(element: &Element, selector: &str) -> Option<HtmlElement> {
    element.closest(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
}

pub fn all(element: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(list) = element.query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|at| list.get(at)?.dyn_into().ok()).collect()
}

pub fn everywhere(selector: &str) -> Vec<HtmlElement> {
    document().document_element().map(|root| all(&root, selector)).unwrap_or_default()
}

/// The element that an event happened to, or the nearest around it that fits.
pub fn hit(event: &Event, selector: &str) -> Option<HtmlElement> {
    closest(event.target()?.dyn_ref::<Element>()?, selector)
}

pub fn attr(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

pub fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

pub fn flag(element: &Element, class: &str, on: bool) {
    let _ = element.class_list().toggle_with_force(class, on);
}

pub fn has(element: &Element, class: &str) -> bool {
    element.class_list().contains(class)
}

pub fn text(node: &Node) -> String {
    node.text_content().unwrap_or_default().trim().to_owned()
}

pub fn make(tag: &str, class: &str, words: &str) -> Option<HtmlElement> {
    let element: HtmlElement = document().create_element(tag).ok()?.dyn_into().ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    if !words.is_empty() {
        element.set_text_content(Some(words));
    }
    Some(element)
}

pub fn icon(name: &str) -> Option<Element> {
    const SVG: Option<&str> = Some("http://www.w3.org/2000/svg");
    let svg = document().create_element_ns(SVG, "svg").ok()?;
    set(&svg, "class", "icon");
    set(&svg, "aria-hidden", "true");
    let shape = document().create_element_ns(SVG, "use").ok()?;
    set(&shape, "href", &format!("/icons.svg#{name}"));
    let _ = svg.append_child(&shape);
    Some(svg)
}

pub fn append(parent: &Node, child: Option<impl AsRef<Node>>) {
    if let Some(child) = child {
        let _ = parent.append_child(child.as_ref());
    }
}

pub fn focus(element: &HtmlElement) {
    let _ = element.focus();
}

pub fn dialog(id: &str) -> Option<HtmlDialogElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

pub fn input(element: &Element) -> Option<&HtmlInputElement> {
    element.dyn_ref()
}

/// Whether somebody is typing, or a dialog is open: single letters are theirs.
pub fn busy(event: &KeyboardEvent) -> bool {
    hit(event, "input,textarea,select,[contenteditable],dialog").is_some() || find("dialog[open]").is_some()
}

pub fn modified(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.alt_key()
}

/// After some milliseconds. Answers what [`forget`] takes.
pub fn after(milliseconds: i32, then: impl FnOnce() + 'static) -> i32 {
    let closure = Closure::once_into_js(then);
    window()
        .set_timeout_with_callback_and_timeout_and_arguments_0(closure.unchecked_ref(), milliseconds)
        .unwrap_or_default()
}

pub fn forget(timer: i32) {
    window().clear_timeout_with_handle(timer);
}

pub async fn sleep(milliseconds: i32) {
    let mut start = |done: js_sys::Function, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, milliseconds);
    };
    let _ = wasm_bindgen_futures::JsFuture::from(js_sys::Promise::new(&mut start)).await;
}

/// What is kept in this browser; nothing where it may not be.
pub fn kept(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

pub fn keep(name: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(name, value);
    }
}

/// What is kept in this tab alone, for as long as it is open.
fn tab() -> Option<web_sys::Storage> {
    window().session_storage().ok()?
}

pub fn held(name: &str) -> Option<String> {
    tab()?.get_item(name).ok()?
}

pub fn hold(name: &str, value: &str) {
    if let Some(tab) = tab() {
        let _ = tab.set_item(name, value);
    }
}

/// Whoever comes next in this tab is somebody else.
pub fn empty_tab() {
    if let Some(tab) = tab() {
        let _ = tab.clear();
    }
}

/// The answer to a form stands where the form was sent to, and no page is there. From here on it stands where the page is that it shows, which
/// the page says: what stands first, and it stays where it is where that says nothing.
pub fn settle() {
    let own = find("[data-address]").map(|place| attr(&place, "data-address")).unwrap_or_default();
    let path = own.split(['?', '#']).next().unwrap_or_default();
    if !path.is_empty() && window().location().pathname().is_ok_and(|here| here != path) {
        let _ = window().history().and_then(|past| past.replace_state_with_url(&JsValue::NULL, "", Some(&own)));
    }
}

/// Path and query of this page.
pub fn address() -> String {
    let location = window().location();
    format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
}

pub fn go(href: &str) {
    let _ = window().location().assign(href);
}

/// Says something to those who hear the page.
pub fn announce(words: &str) {
    if let Some(place) = find("#announcer") {
        place.set_text_content(Some(words));
    }
}

/// The same once they have heard what is being said.
pub fn remark(words: &str) {
    if let Some(place) = find("#remarks") {
        place.set_text_content(Some(words));
    }
}

/// What a form sends when this button sends it.
pub fn fields(form: &HtmlFormElement, button: Option<&HtmlElement>) -> Option<FormData> {
    let fields = FormData::new_with_form(form).ok()?;
    if let Some(button) = button.filter(|button| button.has_attribute("name")) {
        fields.append_with_str(&attr(button, "name"), &attr(button, "value")).ok()?;
    }
    Some(fields)
}
