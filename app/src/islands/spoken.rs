//! The language of the page, and what it brought along for islands to say in it (`routes.rs`, `spoken`).

use super::dom::{document, find};
use js_sys::{Array, JSON, Object};
use wasm_bindgen::JsCast;
use words::Language;

/// Before any island comes alive.
pub fn speak() {
    let tag = document().document_element().and_then(|root| root.get_attribute("lang")).unwrap_or_default();
    let Some(language) = Language::parse(&tag).filter(|language| *language != Language::English) else { return };
    words::speak(language);
    let Some(said) = find("#words").and_then(|said| JSON::parse(&said.text_content()?).ok()) else { return };
    let Some(said) = said.dyn_ref::<Object>() else { return };
    let entries = Object::entries(said);
    let pairs = entries.iter().filter_map(|pair| {
        let pair = Array::from(&pair);
        Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
    });
    words::provide(language, pairs.collect::<Vec<_>>());
}
