//! Form fields to the JSON of an operation. `values.*` is read by the entity's description, so that what a person typed is checked in
//! their words; everything else is text, flags and the version.

use app::page::NOW;
use chrono::{DateTime, Utc};
use domain::records::Values;
use domain::schema::value::{Rules, check, read, read_parts};
use domain::schema::{Catalog, Entity, Field, FieldKind};
use domain::{Error, FieldError, Grants};
use platform::clock::moment_in;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use words::t;

/// Rows of a list in one form.
const MAX_ROWS: usize = 1000;

/// Names that begin with an underscore belong to the form itself: where it stands, where to go, what to say, its key.
pub fn own(fields: &[(String, String)], name: &str) -> Option<String> {
    fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
}

/// Where and when a form is sent.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    pub rules: Rules,
    /// By whose clocks times are typed.
    pub zone: &'a str,
    pub now: DateTime<Utc>,
}

/// The operation's input. Every wrong field is named at once. Days and times are typed as clocks of the place show them. What the caller may not
/// know of an entity is not read, since what is wrong with a value says what would be right: it goes as it was typed, and the engine refuses it.
pub fn operation(
    catalog: &Catalog,
    grants: &Grants,
    fields: &[(String, String)],
    here: Here<'_>,
) -> domain::Result<Value> {
    bounded(fields)?;
    let entity = own(fields, "entity").and_then(|key| catalog.get(&key).cloned());
    let mut input = Map::new();
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('_')) {
        if name.starts_with("values.") && entity.is_some() {
            continue;
        }
        if name.starts_with("base.") {
            // As the page wrote it: canonical JSON.
            place(&mut input, name, serde_json::from_str(value).unwrap_or(Value::Null));
        } else if let Some(value) = plain(name, value) {
            place(&mut input, name, value);
        }
    }
    if let Some(entity) = &entity {
        let values = values(entity, grants, fields, here)?;
        if !values.is_empty() || fields.iter().any(|(name, _)| name.starts_with("values.")) {
            input.insert("values".to_owned(), Value::Object(values));
        }
    }
    Ok(Value::Object(input))
}

/// Values of the entity that the form carries.
fn values(entity: &Entity, grants: &Grants, fields: &[(String, String)], here: Here<'_>) -> domain::Result<Values> {
    let mut values = Values::new();
    let mut faults = Vec::new();
    for field in entity.creatable() {
        if !field.readable(grants) {
            values.extend(unread(field, fields).map(|value| (field.key.clone(), value)));
            continue;
        }
        let Some(read) = typed_value(entity, field, fields, here) else { continue };
        match read {
            // The engine would say so too, but only once everything that was typed can be read.
            Ok(Value::Null) if field.required => {
                let message = t!("{field} is required", field = field.label);
                faults.push(FieldError { field: field.key.clone(), message });
            }
            Ok(value) => {
                values.insert(field.key.clone(), value);
            }
            Err(message) => faults.push(FieldError { field: field.key.clone(), message }),
        }
    }
    for (name, _) in fields {
        let Some(key) = name.strip_prefix("values.") else { continue };
        let (key, part) = key.split_once('.').map_or((key, None), |(key, part)| (key, Some(part)));
        let has = |field: &Field| part.is_none_or(|part| field.parts().iter().any(|(known, _)| *known == part));
        if !entity.creatable().any(|field| field.key == key && has(field)) {
            faults.push(FieldError { field: key.to_owned(), message: t!("{key} cannot be set here", key) });
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(Error::fields(faults)) }
}

/// What was typed for a field, whole or in parts, as it was typed.
fn unread(field: &Field, fields: &[(String, String)]) -> Option<Value> {
    let name = format!("values.{}", field.key);
    let is = |key: &str| key.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    fields.iter().rev().find(|(key, _)| is(key)).map(|(_, typed)| json!(typed))
}

/// What the form says of a field; nothing where it does not carry it.
fn typed_value(
    entity: &Entity,
    field: &Field,
    fields: &[(String, String)],
    here: Here<'_>,
) -> Option<Result<Value, String>> {
    let rules = here.rules;
    let name = format!("values.{}", field.key);
    let typed = |name: &str| fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let part = |part: &str| typed(&format!("{name}.{part}"));
    if field.parts().iter().any(|(key, _)| part(key).is_some()) {
        // A currency by itself is no amount.
        let amount = !matches!(field.kind, FieldKind::Money { .. }) || part("amount").is_some();
        return amount.then(|| read_parts(field, part, rules));
    }
    let text = typed(&name)?;
    if field.is_many() {
        let sent: Vec<&str> = fields.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.as_str()).collect();
        return Some(read(field, None, &sent.join(","), "", rules));
    }
    if !field.parts().is_empty() {
        // As the page of a conflict sends one side of it: canonical JSON.
        let whole = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        return Some(if text.trim().is_empty() { Ok(Value::Null) } else { check(field, &whole, rules) });
    }
    let moment = match field.kind {
        FieldKind::Datetime if text.trim() == NOW => Some(here.now.to_rfc3339()),
        FieldKind::Datetime => moment_in(here.zone, text.trim()).map(|moment| moment.to_rfc3339()),
        _ => None,
    };
    Some(read(field, entity.states.as_ref(), moment.as_deref().unwrap_or(text), "", rules))
}

/// Text that is no value of an entity: versions are numbers, ticks are flags, an empty box is nothing. Many rows stand in one box: an address has room for
/// a thousand of them, but not for the name of each.
fn plain(name: &str, value: &str) -> Option<Value> {
    match (name, value) {
        (_, "") => None,
        (name, number) if name == "version" || name.ends_with("Version") => {
            Some(number.parse::<i64>().map_or_else(|_| json!(number), |number| json!(number)))
        }
        ("ids", ids) => Some(ids.split(',').take(MAX_ROWS + 1).map(Value::from).collect()),
        (_, "true" | "on") => Some(Value::Bool(true)),
        (_, "false") => Some(Value::Bool(false)),
        (_, text) => Some(json!(text)),
    }
}

/// No form of ours comes near. Names build what they name, so that a short body could build very much.
const MOST_FIELDS: usize = 10_000;
const LONGEST_NAME: usize = 200;
const DEEPEST_NAME: usize = 8;
const MOST_ROWS_IN_ALL: usize = 10_000;

fn bounded(fields: &[(String, String)]) -> domain::Result<()> {
    let mut rows: HashMap<&str, usize> = HashMap::new();
    for (name, _) in fields {
        if name.len() > LONGEST_NAME || name.split('.').count() > DEEPEST_NAME {
            return Err(Error::invalid(t!("A field of this form has a name that no form here has")));
        }
        for (at, _) in name.match_indices('[') {
            let index = name[at + 1..].split(']').next().and_then(|index| index.parse::<usize>().ok()).unwrap_or(0);
            let most = rows.entry(&name[..at]).or_default();
            *most = (*most).max(index.min(MAX_ROWS) + 1);
        }
    }
    if fields.len() > MOST_FIELDS || rows.values().sum::<usize>() > MOST_ROWS_IN_ALL {
        return Err(Error::invalid(t!("This form has more fields than can be taken at once. Send it in parts")));
    }
    Ok(())
}

/// `mapping.columns.3` becomes `{"mapping": {"columns": {"3": ...}}}`; `lines[0].quantity` becomes `{"lines": [{"quantity": ...}]}`, where a
/// row of which nothing was typed is empty.
fn place(input: &mut Map<String, Value>, name: &str, value: Value) {
    let (head, rest) = match name.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (name, None),
    };
    let indexed = head.strip_suffix(']').and_then(|head| head.split_once('['));
    let held = match indexed.map(|(list, at)| (list, at.parse::<usize>())) {
        Some((list, Ok(at))) if at < MAX_ROWS => {
            let items = input.entry(list).or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(items) = items else { return };
            if items.len() <= at {
                items.resize(at + 1, Value::Object(Map::new()));
            }
            let Some(item) = items.get_mut(at) else { return };
            item
        }
        _ => input.entry(head).or_insert(Value::Null),
    };
    match rest {
        None => *held = value,
        Some(rest) => {
            if held.is_null() {
                *held = Value::Object(Map::new());
            }
            if let Value::Object(inner) = held {
                place(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_a_list() {
        let mut input = Map::new();
        for (name, value) in [
            ("lines[2].quantity", "4"),
            ("lines[0].product", "x"),
            ("lines[0].quantity", "1"),
            ("lines[9999999].x", "y"),
        ] {
            place(&mut input, name, json!(value));
        }
        let lines = json!([{ "product": "x", "quantity": "1" }, {}, { "quantity": "4" }]);
        assert_eq!(input.get("lines"), Some(&lines));
    }

    /// A name of many parts once took the server down: what it builds is as deep as the name.
    #[test]
    fn names_that_would_build_too_much_are_refused() {
        let form = |names: Vec<String>| names.into_iter().map(|name| (name, "1".to_owned())).collect::<Vec<_>>();
        assert!(bounded(&form(vec!["definition.steps[99].input.values.name".to_owned()])).is_ok());
        assert!(bounded(&form((0..999).map(|at| format!("lines[{at}].quantity")).collect())).is_ok());
        for hostile in [
            vec![vec!["a"; 20_000].join(".")],
            vec!["a".repeat(201)],
            (0..100).map(|at| format!("x{at}[999].y")).collect(),
            (0..10_001).map(|at| format!("x{at}")).collect(),
            vec!["a[999].b[999].c[999].d[999].e[999].f[999].g[999].h[999].i".to_owned()],
        ] {
            assert!(bounded(&form(hostile)).is_err());
        }
    }

    #[test]
    fn dots_nest_and_flags_are_flags() {
        let mut input = Map::new();
        for (name, value) in [
            ("mapping.columns.3", "name"),
            ("mapping.header", "on"),
            ("version", "4"),
            ("empty", ""),
            ("ids", "one,other"),
        ] {
            if let Some(value) = plain(name, value) {
                place(&mut input, name, value);
            }
        }
        assert_eq!(
            Value::Object(input),
            json!({ "mapping": { "columns": { "3": "name" }, "header": true }, "version": 4, "ids": ["one", "other"] })
        );
        let many = plain("ids", &"x,".repeat(100_000)).unwrap();
        assert_eq!(many.as_array().unwrap().len(), MAX_ROWS + 1, "which is one more than any operation takes");
    }
}
