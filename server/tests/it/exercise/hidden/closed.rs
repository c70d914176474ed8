//! The exercise pack once more, with a permission on every field that may have one and with choices whose words stand nowhere else.

use super::bait::{ROOTS, capital, word_of};
use std::collections::BTreeSet;
use toml::{Table, Value};

const FOLDER: &str = "exercise/entities/";
/// Ways in which a view is made by a field. What not everybody may read makes none.
const MADE_BY: [&str; 6] = ["filter", "sort", "group", "measure", "date", "end"];

/// The library with that pack in the place of the other.
pub fn library() -> packs::Library {
    let mut files = testkit::pack_files();
    let mut closed = 0;
    for (_, text) in files.iter_mut().filter(|(name, _)| name.starts_with(FOLDER)) {
        *text = described(text);
        closed += 1;
    }
    assert!(closed >= 3, "{closed} descriptions lie under {FOLDER}");
    packs::Library::from_files(&files).unwrap_or_else(|faults| panic!("the closed pack is at fault: {faults:#?}"))
}

/// A description in which nobody reads more than what names a row. A permission that a field has already stays.
fn described(text: &str) -> String {
    let mut entity: Table = toml::from_str(text).unwrap();
    let said = |key: &str| entity[key].as_str().unwrap().to_owned();
    let (own, area, title) = (said("key"), said("area"), said("title"));
    let mut hidden = BTreeSet::new();
    for field in list(&mut entity, "fields") {
        let key = field["key"].as_str().unwrap().to_owned();
        // A field that every row needs cannot be closed to those who make rows.
        let needed = field.get("required").and_then(Value::as_bool) == Some(true) && !field.contains_key("default");
        if key == title || needed {
            continue;
        }
        let asked = field.entry("permissions").or_insert_with(|| Value::Table(Table::new()));
        // One for all of them: what is computed asks for the same as what it is computed from.
        let read = format!("{area}.exercise.see_closed");
        asked.as_table_mut().unwrap().entry("read").or_insert_with(|| Value::String(read));
        let options = field["kind"].as_table_mut().and_then(|kind| kind.get_mut("options"));
        if let Some(options) = options.and_then(Value::as_array_mut) {
            options.extend((0..ROOTS.len()).map(|number| choice(&word_of(&own, &key, number))));
        }
        hidden.insert(key);
    }
    let names = |said: &Value| {
        let mut words = said.as_str().unwrap_or_default().split(|letter: char| !letter.is_ascii_alphanumeric());
        words.any(|word| hidden.contains(word))
    };
    for view in list(&mut entity, "views") {
        for by in MADE_BY {
            if view.get(by).is_some_and(names) {
                view.remove(by);
            }
        }
    }
    if entity.get("subtitle").is_some_and(names) {
        entity.remove("subtitle");
    }
    toml::to_string(&entity).unwrap()
}

/// The tables of a list.
fn list<'a>(entity: &'a mut Table, key: &str) -> impl Iterator<Item = &'a mut Table> + use<'a> {
    let list = entity.get_mut(key).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_table_mut)
}

fn choice(word: &str) -> Value {
    let mut choice = Table::new();
    choice.insert("key".to_owned(), Value::String(word.to_owned()));
    choice.insert("label".to_owned(), Value::String(capital(word)));
    Value::Table(choice)
}
