//! A cell that is edited in place. The control is the one of the edit page, so that every kind of field has its own, and what is sent is that
//! page's form with one field: Enter saves, Escape undoes. A save that came too late shows what it was, theirs and yours.

use super::dom::{
    HtmlElement, KeyboardEvent, address, all, append, attr, closest, document, find, focus, hit, make, on, on_capture,
    on_key, set, spawn, text, within,
};
use super::{rows, swap, toast};
use crate::call::{self, Answer};
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use web_sys::{Document, FormData, HtmlDialogElement, HtmlFormElement, HtmlInputElement, Node};
use words::t;

/// The cell that is open, and what stood in it.
struct Open {
    cell: HtmlElement,
    form: HtmlFormElement,
    before: Vec<Node>,
    /// As read, to tell whether anything was changed.
    read: String,
    sending: bool,
}

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

pub fn attach() {
    on("dblclick", |event| {
        if hit(&event, ".inline-edit, a, button").is_none()
            && let Some(cell) = hit(&event, "[data-region=list] tbody tr[data-id] > [data-field]")
        {
            event.prevent_default();
            begin(&cell);
        }
    });
    on_key(|event| {
        if hit(event, ".inline-edit").is_some() {
            key(event);
        }
    });
    on("change", |event| {
        // A choice is complete by itself, unless it is half of an amount.
        let alone = hit(&event, ".inline-edit")
            .is_some_and(|form| all(&form, "[name^='values.']:not([type=hidden])").len() == 1);
        if alone && hit(&event, ".inline-edit select, .inline-edit input[type=checkbox]").is_some() {
            save();
        }
    });
    on("submit", |event| {
        if hit(&event, ".inline-edit").is_some() {
            event.prevent_default();
            save();
        }
    });
    // The focus leaves the cell: what was changed is saved.
    on("focusout", |event| {
        let to = event
            .dyn_ref::<web_sys::FocusEvent>()
            .and_then(web_sys::FocusEvent::related_target)
            .and_then(|to| to.dyn_into::<Node>().ok());
        let inside = OPEN.with_borrow(|open| open.as_ref().is_some_and(|open| open.form.contains(to.as_ref())));
        if hit(&event, ".inline-edit").is_some() && !inside && document().has_focus().unwrap_or(true) {
            save();
        }
    });
    on("click", |event| {
        if hit(&event, "dialog.clash a").is_some()
            && let Some(dialog) = hit(&event, "dialog.clash")
        {
            event.prevent_default();
            leave(&dialog);
        }
    });
    on_capture("close", |event| {
        if let Some(dialog) = hit(&event, "dialog.clash") {
            leave(&dialog);
        }
    });
}

/// The conflict goes away undecided: theirs stands, and is shown.
fn leave(dialog: &HtmlElement) {
    dialog.remove();
    refresh();
}

fn key(event: &KeyboardEvent) {
    match event.key().as_str() {
        "Enter" if !event.shift_key() => {
            event.prevent_default();
            save();
        }
        "Escape" => {
            event.prevent_default();
            event.stop_propagation();
            let cell = cancel();
            if let Some(cell) = cell {
                focus(&rows::stop(&cell));
            }
        }
        _ => {}
    }
}

/// Opens a cell, if its row can be edited and its field is one that a person fills in.
pub fn begin(cell: &HtmlElement) {
    let Some(link) = closest(cell, "tr").and_then(|row| within(&row, ".is-actions a[href*='/edit']")) else { return };
    if attr(cell, "aria-busy") == "true" {
        return;
    }
    cancel();
    set(cell, "aria-busy", "true");
    let (cell, href) = (cell.clone(), attr(&link, "href"));
    spawn(async move {
        let answer = call::fragment(&href).await;
        let _ = cell.remove_attribute("aria-busy");
        let Some(answer) = answer.filter(|answer| answer.ok) else {
            toast::refused(t!("The row could not be opened for editing. Reload the page and try again"), None);
            return;
        };
        if !open(&cell, &answer.page, &href) {
            let label = attr(&cell, "data-label");
            toast::refused(&t!("{label} is not edited here", label), Some((t!("Open the form"), &href)));
        }
    });
}

fn open(cell: &HtmlElement, page: &Document, href: &str) -> bool {
    let field = attr(cell, "data-field");
    let Ok(Some(source)) = page.query_selector("form[data-form=edit]") else { return false };
    let controls = controls(&source, &field);
    // A choice among too many is searched for on the edit page, and a file is sent from there.
    let elsewhere = ["find", "_file"].iter().any(|part| within(&source, &format!("[name='{part}.{field}']")).is_some());
    // Several ticks are told apart by labels that a cell has no room for.
    let several = all(&source, &format!("[name='values.{field}'][type=checkbox]")).len() > 1;
    if controls.is_empty() || elsewhere || several {
        return false;
    }
    let Some(form) = make("form", "inline-edit", "").and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
        return false;
    };
    set(&form, "method", "post");
    set(&form, "action", &attr(&source, "action"));
    set(&form, "novalidate", "");
    for name in ["entity", "id", "version", &format!("base.{field}"), "_key"] {
        hidden(&form, name, &toast::field(&source, name));
    }
    // Refused or too late, it is drawn again on the edit page; else it leads back here.
    hidden(&form, "_page", href);
    hidden(&form, "_next", &address());
    hidden(&form, "_done", &t!("{label} saved", label = attr(cell, "data-label")));
    let first = leading(&controls);
    for control in controls {
        let _ = control.remove_attribute("id");
        let _ = control.remove_attribute("aria-describedby");
        let part = attr(&control, "name");
        let label = if part.ends_with(".currency") { t!("Currency").to_owned() } else { attr(cell, "data-label") };
        set(&control, "aria-label", &label);
        append(&form, document().adopt_node(&control).ok());
    }
    let mut before = Vec::new();
    while let Some(child) = cell.first_child() {
        before.push(child.clone());
        let _ = cell.remove_child(&child);
    }
    append(cell, Some(&form));
    let _ = cell.class_list().add_1("is-editing");
    if let Some(control) = first {
        focus(&control);
        if let Some(input) = control.dyn_ref::<HtmlInputElement>() {
            input.select();
        }
    }
    let read = state(&form);
    OPEN.set(Some(Open { cell: cell.clone(), form, before, read, sending: false }));
    true
}

/// Of amount and currency, the amount; of a tick and what the form says without it, the tick.
fn leading(controls: &[HtmlElement]) -> Option<HtmlElement> {
    let amount = controls.iter().find(|control| attr(control, "name").ends_with(".amount"));
    amount.or_else(|| controls.iter().find(|control| attr(control, "type") != "hidden")).cloned()
}

/// The controls of one field: one, or amount and currency.
fn controls(form: &web_sys::Element, field: &str) -> Vec<HtmlElement> {
    let names = [format!("values.{field}"), format!("values.{field}.amount"), format!("values.{field}.currency")];
    all(form, "[name^='values.']").into_iter().filter(|control| names.contains(&attr(control, "name"))).collect()
}

fn hidden(form: &HtmlFormElement, name: &str, value: &str) {
    let Some(input) = make("input", "", "") else { return };
    set(&input, "type", "hidden");
    set(&input, "name", name);
    set(&input, "value", value);
    append(form, Some(input));
}

fn state(form: &HtmlFormElement) -> String {
    let Ok(fields) = FormData::new_with_form(form) else { return String::new() };
    let pairs = js_sys::Array::from(&fields);
    pairs.join("\n").into()
}

/// Puts back what stood in the cell.
fn cancel() -> Option<HtmlElement> {
    let Open { cell, form, before, .. } = OPEN.take()?;
    form.remove();
    for node in before {
        append(&cell, Some(node));
    }
    let _ = cell.class_list().remove_1("is-editing");
    Some(cell)
}

fn save() {
    let ready = OPEN.with_borrow_mut(|open| {
        let open = open.as_mut().filter(|open| !open.sending)?;
        let changed = state(&open.form) != open.read;
        open.sending = changed;
        Some((open.form.clone(), open.cell.clone(), changed))
    });
    let Some((form, cell, changed)) = ready else { return };
    if !changed {
        cancel();
        focus(&rows::stop(&cell));
        return;
    }
    let Ok(fields) = FormData::new_with_form(&form) else { return };
    set(&form, "aria-busy", "true");
    spawn(async move {
        let answer = call::submit(&attr(&form, "action"), &fields).await;
        let _ = form.remove_attribute("aria-busy");
        OPEN.with_borrow_mut(|open| {
            if let Some(open) = open {
                open.sending = false;
            }
        });
        match answer {
            Some(answer) if answer.ok => saved(&answer, &cell),
            Some(answer) if within_page(&answer.page, "form.conflict") => clash(&answer.page),
            Some(answer) => wrong(&answer, &form),
            None => toast::refused(t!("The server did not answer. What you typed is still here"), None),
        }
    });
}

fn within_page(page: &Document, selector: &str) -> bool {
    page.query_selector(selector).ok().flatten().is_some()
}

/// The list as it is now, with the focus on the same cell.
fn saved(answer: &Answer, cell: &HtmlElement) {
    let row = closest(cell, "tr").map(|row| attr(&row, "data-id")).unwrap_or_default();
    let field = attr(cell, "data-field");
    OPEN.set(None);
    if !swap::region(&answer.page, "list") {
        refresh();
    }
    toast::of(&answer.page);
    if let Some(cell) = find(&format!("tr[data-id='{row}'] > [data-field='{field}']")) {
        focus(&rows::stop(&cell));
    }
}

/// What is wrong with it is said; what was typed stays.
fn wrong(answer: &Answer, form: &HtmlFormElement) {
    let source = answer.page.query_selector("form[data-form=edit]").ok().flatten();
    // A key is good for one sending of the same.
    if let (Some(source), Some(key)) = (source, within(form, "[name=_key]")) {
        set(&key, "value", &toast::field(&source, "_key"));
    }
    toast::refused(&toast::reason(&answer.page), None);
    if let Some(control) = leading(&all(form, "[name^='values.']")) {
        set(&control, "aria-invalid", "true");
        focus(&control);
    }
}

/// Somebody else changed the same: the page that says so, as a dialog over the list.
fn clash(page: &Document) {
    cancel();
    let (Some(dialog), Ok(Some(form))) = (make("dialog", "sheet clash", ""), page.query_selector("form.conflict"))
    else {
        return;
    };
    let heading = page.query_selector("#main h1").ok().flatten().map(|title| text(&title)).unwrap_or_default();
    let words = page
        .query_selector("#main .page-text, #main .page-header p")
        .ok()
        .flatten()
        .map(|words| text(&words))
        .unwrap_or_default();
    set(&dialog, "aria-label", &heading);
    append(&dialog, make("h2", "sheet-title", &heading));
    append(&dialog, make("p", "sheet-text", &words));
    append(&dialog, document().adopt_node(&form).ok());
    if let Some(choice) = within(&dialog, "input[type=radio]:checked") {
        set(&choice, "autofocus", "");
    }
    if let Some(body) = document().body() {
        append(&body, Some(&dialog));
    }
    if let Ok(dialog) = dialog.dyn_into::<HtmlDialogElement>() {
        let _ = dialog.show_modal();
    }
}

/// The rows once more, when what they show is older than what is known.
fn refresh() {
    spawn(async move {
        if let Some(answer) = call::fragment(&address()).await {
            swap::region(&answer.page, "list");
        }
    });
}
