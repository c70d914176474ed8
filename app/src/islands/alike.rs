//! A new record that there may be already. When what it is known again by is left, the page of the form is asked what looks like it, and the
//! warning that it draws stands above the field. The focus stays where it went; the words are read out once nothing else is.

use super::dom::{Element, HtmlElement, all, attr, closest, document, fields, find, hit, on, set, spawn, text, within};
use super::toast;
use crate::call;
use crate::page::{ALIKE, LOOK, encode};
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlFormElement};

const WARNING: &str = "[data-region=alike]";

pub fn attach() {
    on("focusout", |event| {
        if let Some(control) = hit(&event, "form[data-alike] [name^='values.']") {
            let _ = left(&control);
        }
    });
}

/// Asks what looks like the value of a control, together with what counts with it, unless that was asked already.
fn left(control: &HtmlElement) -> Option<()> {
    // What is being pressed must not move from under the pointer. The form says it too, when it is sent.
    if find("button:active, a:active").is_some() {
        return None;
    }
    let form: HtmlFormElement = closest(control, "form[data-alike]")?.dyn_into().ok()?;
    // Whoever was asked when the form was sent is not told once more.
    within(&form, &format!("[name={ALIKE}]"))?;
    let (own, groups, sent) = (attr(control, "name"), attr(&form, "data-alike"), fields(&form, None)?);
    let group = groups.split(' ').find(|group| group.split('+').any(|name| name == own))?;
    let names: Vec<&str> = group.split('+').collect();
    let controls: Vec<HtmlElement> =
        names.iter().filter_map(|name| within(&form, &format!("[name='{name}']"))).collect();
    let typed = |name: &str| sent.get(name).as_string().unwrap_or_default().trim().to_owned();
    let filled: Vec<String> = names
        .iter()
        .map(|name| (name, typed(name)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("&{name}={}", encode(&value)))
        .collect();
    let query = filled.concat();
    if attr(control, "data-asked") == query {
        return None;
    }
    for control in &controls {
        set(control, "data-asked", &query);
    }
    if filled.len() < names.len().min(2) {
        show(&form, &controls, None);
        return None;
    }
    let page = toast::field(&form, "_page");
    let url = format!("{page}{}{LOOK}=1{query}", if page.contains('?') { '&' } else { '?' });
    let control = control.clone();
    spawn(async move {
        let answer = call::fragment(&url).await.filter(|answer| answer.ok);
        // Something else was typed meanwhile.
        if attr(&control, "data-asked") != query {
            return;
        }
        match answer {
            Some(answer) => show(&form, &controls, warning(&answer.page).map(|warning| (warning, &control))),
            None => set(&control, "data-asked", ""),
        }
    });
    Some(())
}

/// As the page draws it, without being read out by itself: the form has a place for that, which is there before there is anything to say.
fn warning(page: &Document) -> Option<HtmlElement> {
    let warning: HtmlElement = page.query_selector(WARNING).ok()??.dyn_into().ok()?;
    for part in all(&warning, "[role]") {
        let _ = part.remove_attribute("role");
    }
    Some(warning)
}

/// What stands above the field of a control.
fn warned(control: &HtmlElement) -> Option<HtmlElement> {
    let field = closest(control, ".field")?;
    within(&field, WARNING)
}

/// Puts a warning above the field of a control, and takes those away that stood at any of them.
fn show(form: &Element, controls: &[HtmlElement], warning: Option<(HtmlElement, &HtmlElement)>) {
    for old in controls.iter().filter_map(warned) {
        old.remove();
    }
    let mut words = Vec::new();
    if let Some((warning, control)) = warning
        && let Some(field) = closest(control, ".field")
        && let Ok(warning) = document().adopt_node(&warning)
    {
        let _ = field.insert_before(&warning, field.first_child().as_ref());
        words = all(&field, ".notice-title, .notice-text li").iter().map(|part| text(part)).collect();
    }
    if let Some(place) = within(form, "[data-said]") {
        place.set_text_content(Some(&words.join(". ")));
    }
}
