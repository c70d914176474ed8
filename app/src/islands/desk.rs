//! What every page has: toasts that go by themselves, a theme that changes under the finger, forms that are sent once, what can be copied.

use super::dom::{
    Event, HtmlElement, KeyboardEvent, all, append, attr, closest, document, everywhere, find, focus, hit, input,
    listen, make, modified, on, on_key, set, spawn, text, window, within,
};
use super::{chosen, toast};
use crate::call;
use wasm_bindgen::JsCast;
use web_sys::{HtmlFormElement, SubmitEvent};
use words::t;

/// Milliseconds after which a form that led nowhere may be sent again; an upload on a slow line takes its time.
const RESEND: i32 = 30_000;

pub fn attach() {
    toast::attach();
    chosen::nothing_begun();
    // What an address names after its # keeps the browser from giving the focus to what asks for it.
    let nowhere = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    if nowhere && let Some(first) = find("[autofocus]") {
        focus(&first);
    }
    on("submit", |event| {
        if !event.default_prevented() && !look(&event) {
            chosen::sent(&event);
            once(&event);
        }
    });
    on("change", |event| {
        if let Some(choice) = hit(&event, "form[action='/preferences'] input[type=radio]")
            && let Some(choice) = input(&choice)
        {
            wear(&choice.name(), &choice.value());
        }
    });
    // Drawn hidden: without this there would be a button that does nothing.
    for button in everywhere("[data-copy]") {
        let _ = button.remove_attribute("hidden");
    }
    on("click", |event| {
        if let Some(button) = hit(&event, "[data-copy]") {
            copy(&button);
        }
    });
    // A page that comes back from the history may be sent again.
    listen(
        &window(),
        "pageshow",
        false,
        Box::new(|_| {
            chosen::nothing_begun();
            for form in everywhere("form[data-sent]") {
                release(&form);
            }
        }),
    );
    // Menus are closed by Escape and by a click elsewhere, and gone through by the arrows.
    on_key(|event| {
        if !modified(event) && in_menu(event) {
            event.prevent_default();
        }
    });
}

/// A key in a menu or on its button, unless somebody types there. Answers whether it was one of the menu's.
fn in_menu(event: &KeyboardEvent) -> bool {
    let Some(menu) = hit(event, "details.menu") else { return false };
    let (key, open) = (event.key(), menu.has_attribute("open"));
    if key == "Escape" && open {
        let _ = menu.remove_attribute("open");
        if let Some(button) = within(&menu, "summary") {
            focus(&button);
        }
        return false;
    }
    if hit(event, "input, textarea, select").is_some() {
        return false;
    }
    let mut items = all(&menu, ".menu-panel a[href], .menu-panel button:not([disabled])");
    // Some items are there for narrow screens alone.
    items.retain(|item| !open || item.offset_parent().is_some());
    let at =
        hit(event, ".menu-panel a, .menu-panel button").and_then(|held| items.iter().position(|item| *item == held));
    let next = match (key.as_str(), at) {
        ("ArrowDown", None) | ("Home", Some(_)) => items.first(),
        ("ArrowUp", None) | ("End", Some(_)) => items.last(),
        ("ArrowDown", Some(at)) => items.get(at + 1).or_else(|| items.first()),
        ("ArrowUp", Some(at)) => at.checked_sub(1).and_then(|at| items.get(at)).or_else(|| items.last()),
        _ => None,
    };
    let Some(next) = next else { return false };
    set(&menu, "open", "");
    focus(next);
    true
}

/// Copies the text of the element that the button names.
fn copy(button: &HtmlElement) {
    let Some(source) = find(&format!("#{}", attr(button, "data-copy"))) else { return };
    // There is none on plain http.
    let board = js_sys::Reflect::get(&window().navigator(), &"clipboard".into()).ok();
    let Some(board) = board.and_then(|board| board.dyn_into::<web_sys::Clipboard>().ok()) else {
        toast::refused(
            t!("This browser does not let a page copy here. Click the text, which selects all of it, and copy it"),
            None,
        );
        return;
    };
    let copied = board.write_text(&text(&source));
    spawn(async move {
        match wasm_bindgen_futures::JsFuture::from(copied).await {
            Ok(_) => toast::done(t!("Copied"), None),
            Err(_) => toast::refused(
                t!("The browser did not copy it. Click the text, which selects all of it, and copy it"),
                None,
            ),
        }
    });
}

fn wear(name: &str, value: &str) {
    if let Some(root) = document().document_element().filter(|_| matches!(name, "theme" | "density")) {
        set(&root, &format!("data-{name}"), value);
    }
}

/// A button of the appearance menu: worn at once, remembered by the server behind the page's back.
fn look(event: &Event) -> bool {
    let Some(button) =
        event.dyn_ref::<SubmitEvent>().and_then(SubmitEvent::submitter).filter(|button| button.has_attribute("name"))
    else {
        return false;
    };
    let (name, value) = (attr(&button, "name"), attr(&button, "value"));
    let Some(form) =
        closest(&button, "form[action='/preferences']").and_then(|form| form.dyn_into::<HtmlFormElement>().ok())
    else {
        return false;
    };
    let Some(fields) = super::dom::fields(&form, Some(&button)) else { return false };
    event.prevent_default();
    wear(&name, &value);
    for other in all(&form, &format!("[name='{name}'] .menu-hint")) {
        other.remove();
    }
    if let Some(text) = within(&button, ".menu-text") {
        append(&text, make("span", "menu-hint", t!("now")));
    }
    spawn(async move {
        if call::submit("/preferences", &fields).await.is_none_or(|answer| !answer.ok) {
            toast::refused(
                t!("The look was not kept: the server did not answer. It lasts until you leave this page"),
                None,
            );
        }
    });
    true
}

/// A form goes out once, however often its button is pressed.
fn once(event: &Event) {
    let Some(form) = hit(event, "form").filter(|form| attr(form, "method").eq_ignore_ascii_case("post")) else {
        return;
    };
    if form.has_attribute("data-sent") {
        event.prevent_default();
        return;
    }
    set(&form, "data-sent", "");
    let waiting = form.clone();
    // Not before the browser has read which button it was.
    super::dom::after(0, move || {
        for button in all(&waiting, "button[type=submit], button:not([type])") {
            set(&button, "aria-busy", "true");
        }
    });
    let waiting = form;
    super::dom::after(RESEND, move || release(&waiting));
}

fn release(form: &HtmlElement) {
    let _ = form.remove_attribute("data-sent");
    for button in all(form, "[aria-busy]") {
        let _ = button.remove_attribute("aria-busy");
    }
}
