//! Checklists: what a state asks to be done while a row stands in it, ticked item by item.
//!
//! A row keeps its ticks in one value of its own, `checklist`: an object of what is done, by item, with who ticked it and when. What nobody
//! ticked, or ticked and took back, is not in it.

use super::{State, States};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use words::t;

/// Key of the standard field that holds the ticks.
pub const CHECKLIST: &str = "checklist";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// No two items of an entity share it: the tick of a row is kept by it.
    pub key: String,
    /// What is to be done: "Sizes taken".
    pub label: String,
    #[serde(default)]
    pub help: Option<String>,
}

/// An item that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick<'a> {
    /// Nobody where demo data tells of it.
    pub by: Option<Uuid>,
    /// RFC 3339.
    pub at: &'a str,
}

/// The tick of an item among a row's ticks (`null` where it has none yet).
pub fn tick<'a>(ticks: &'a Value, item: &str) -> Option<Tick<'a>> {
    let tick = ticks.get(item)?;
    let by = tick.get("by").and_then(Value::as_str).and_then(|by| Uuid::try_parse(by).ok());
    Some(Tick { by, at: tick.get("at").and_then(Value::as_str).unwrap_or_default() })
}

/// A tick as a row keeps it.
pub fn ticked(by: Option<Uuid>, at: DateTime<Utc>) -> Value {
    json!({ "by": by, "at": at.to_rfc3339_opts(SecondsFormat::Secs, true) })
}

/// The ticks with one more, or with one less. Nothing at all is `null`, as for any field.
pub fn with(ticks: &Value, item: &str, tick: Option<Value>) -> Value {
    let mut all: Map<String, Value> = ticks.as_object().cloned().unwrap_or_default();
    match tick {
        Some(tick) => drop(all.insert(item.to_owned(), tick)),
        None => drop(all.remove(item)),
    }
    if all.is_empty() { Value::Null } else { Value::Object(all) }
}

/// Of all ticks the one of an item.
pub fn with_only(ticks: &Value, item: &str) -> Value {
    with(&Value::Null, item, ticks.get(item).cloned())
}

/// The ticks of two rows that become one. Of what both have done the first one's stays.
pub fn together(one: &Value, other: &Value) -> Value {
    let none = Map::new();
    let theirs = other.as_object().unwrap_or(&none);
    theirs.iter().fold(one.clone(), |all, (item, tick)| match all.get(item) {
        Some(_) => all,
        None => with(&all, item, Some(tick.clone())),
    })
}

/// Whether a value is what [`ticked`] and [`with`] make.
pub fn check(value: &Value) -> Result<Value, String> {
    let well = |tick: &Value| {
        let by =
            tick.get("by").is_some_and(|by| by.is_null() || by.as_str().is_some_and(|by| Uuid::try_parse(by).is_ok()));
        by && tick.get("at").and_then(Value::as_str).is_some_and(|at| DateTime::parse_from_rfc3339(at).is_ok())
    };
    match value.as_object() {
        Some(ticks) if ticks.is_empty() => Ok(Value::Null),
        Some(ticks) if ticks.values().all(well) => Ok(value.clone()),
        _ => Err(t!("Items of a checklist are ticked one by one").to_owned()),
    }
}

/// Labels of what is done, in the order of the description. Items that it no longer knows are left out.
pub fn show(states: Option<&States>, ticks: &Value) -> String {
    let done = states.into_iter().flat_map(States::items).filter(|(_, item)| tick(ticks, &item.key).is_some());
    done.map(|(_, item)| item.label.as_str()).collect::<Vec<_>>().join(", ")
}

impl State {
    /// What is still to be done here, of a row with these ticks.
    pub fn open_items<'a>(&'a self, ticks: &Value) -> Vec<&'a Item> {
        self.checklist.iter().filter(|item| tick(ticks, &item.key).is_none()).collect()
    }
}

impl States {
    /// Every item with the state that it belongs to.
    pub fn items(&self) -> impl Iterator<Item = (&State, &Item)> {
        self.list.iter().flat_map(|state| state.checklist.iter().map(move |item| (state, item)))
    }

    pub fn item(&self, key: &str) -> Option<(&State, &Item)> {
        self.items().find(|(_, item)| item.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_and_go_and_nothing_is_null() {
        let at = DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").unwrap().with_timezone(&Utc);
        let me = Uuid::from_u128(7);
        let one = with(&Value::Null, "sizes", Some(ticked(Some(me), at)));
        assert_eq!(tick(&one, "sizes"), Some(Tick { by: Some(me), at: "2026-11-20T12:00:00Z" }));
        assert_eq!((tick(&one, "photos"), tick(&Value::Null, "sizes")), (None, None));
        assert_eq!(check(&one), Ok(one.clone()));
        let two = with(&one, "photos", Some(ticked(None, at)));
        assert_eq!(with(&two, "photos", None), one);
        assert_eq!(with(&one, "sizes", None), Value::Null);
        assert_eq!(check(&json!({})), Ok(Value::Null));
        for wrong in [
            json!(true),
            json!("sizes"),
            json!(["sizes"]),
            json!({ "sizes": true }),
            json!({ "sizes": { "by": 1, "at": "now" } }),
        ] {
            assert!(check(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_what_two_rows_have_done_the_first_ones_stays() {
        let at = |text: &str| json!({ "by": null, "at": text });
        let (one, other) = (json!({ "a": at("1") }), json!({ "a": at("2"), "b": at("2") }));
        assert_eq!(together(&one, &other), json!({ "a": at("1"), "b": at("2") }));
        assert_eq!(together(&Value::Null, &other), other);
        assert_eq!(together(&one, &Value::Null), one);
    }
}
