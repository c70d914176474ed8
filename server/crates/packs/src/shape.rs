//! Holds a TOML document to a JSON Schema, naming every word that does not fit with its line and what was probably meant.
//!
//! Understands what the schemas of `schema` use, not the whole of JSON Schema.

use crate::Fault;
use crate::document::{Document, Node, What};
use domain::text::nearest;
use serde_json::Value;

pub(crate) fn check(document: &Document, schema: &Value) -> Vec<Fault> {
    let mut checker = Checker { document, root: schema, faults: Vec::new() };
    checker.node(schema, document.root(), "the file");
    checker.faults.sort();
    checker.faults
}

struct Checker<'a> {
    document: &'a Document,
    root: &'a Value,
    faults: Vec<Fault>,
}

impl<'a> Checker<'a> {
    /// `name` is the key under which the value stands.
    fn node(&mut self, schema: &'a Value, value: &Node, name: &str) {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            if let Some(target) = self.root.pointer(target.trim_start_matches('#')) {
                self.node(target, value, name);
            }
            return;
        }
        for part in list(schema, "allOf") {
            self.node(part, value, name);
        }
        // TOML has no null, so an optional value leaves one alternative; of several shapes, the one of the value's type is meant.
        let shapes: Vec<&Value> =
            list(schema, "anyOf").filter(|part| part.get("type").and_then(Value::as_str) != Some("null")).collect();
        match shapes.as_slice() {
            [] => {}
            [only] => self.node(only, value, name),
            many => match many.iter().find(|shape| self.fits(shape, value)) {
                Some(shape) => self.node(shape, value, name),
                None => self.fault(value, format!("{name} has a value of the wrong type")),
            },
        }
        if schema.get("oneOf").is_some() {
            self.one_of(schema, value, name);
        }
        let known: Vec<&str> = list(schema, "enum").filter_map(Value::as_str).collect();
        self.words(&known, value, name);
        self.typed(schema, value, name);
    }

    fn typed(&mut self, schema: &'a Value, value: &Node, name: &str) {
        let types = types(schema);
        if types.is_empty() {
            return;
        }
        match &value.what {
            What::Table(_) if types.contains(&"object") => self.object(schema, value),
            What::List(elements) if types.contains(&"array") => {
                let items = schema.get("items");
                for (at, element) in elements.iter().enumerate() {
                    // One schema for every element, or one for each place.
                    if let Some(item) =
                        items.and_then(|items| if items.is_array() { items.get(at) } else { Some(items) })
                    {
                        self.node(item, element, name);
                    }
                }
                let limit = |key: &str| schema.get(key).and_then(Value::as_u64);
                let count = elements.len() as u64;
                if let Some(wanted) =
                    limit("minItems").filter(|least| count < *least).or(limit("maxItems").filter(|most| count > *most))
                {
                    self.fault(value, format!("{name} has {count} values where {wanted} belong"));
                }
            }
            What::Integer(number) if types.contains(&"integer") || types.contains(&"number") => {
                let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
                #[expect(clippy::cast_precision_loss, reason = "bounds of schemas are small")]
                let outside = number.is_none_or(|number| {
                    bound("minimum").is_some_and(|least| (number as f64) < least)
                        || bound("maximum").is_some_and(|most| number as f64 > most)
                });
                if outside {
                    self.fault(value, format!("{name} is out of range"));
                }
            }
            What::Float if types.contains(&"number") => {}
            What::Text(_) | What::Datetime if types.contains(&"string") => {}
            What::Boolean if types.contains(&"boolean") => {}
            _ => self.fault(
                value,
                format!("{name} should be {}", types.iter().map(|kind| words(kind)).collect::<Vec<_>>().join(" or ")),
            ),
        }
    }

    fn object(&mut self, schema: &'a Value, value: &Node) {
        let What::Table(table) = &value.what else { return };
        let known = schema.get("properties").and_then(Value::as_object);
        for entry in table {
            let (word, inner) = (entry.key.as_str(), &entry.value);
            match (known.and_then(|known| known.get(word)), schema.get("additionalProperties")) {
                (Some(part), _) => self.node(part, inner, word),
                (None, Some(Value::Bool(false))) => {
                    let words = || known.into_iter().flat_map(|known| known.keys()).map(String::as_str);
                    let meant = nearest(word, words());
                    let message = match meant {
                        Some(_) => format!("{word} is not known here"),
                        None => {
                            format!("{word} is not known here; known are {}", words().collect::<Vec<_>>().join(", "))
                        }
                    };
                    self.faults.push(Fault::new(&self.document.file, entry.line, message).or(meant));
                }
                (None, Some(part)) => self.node(part, inner, word),
                (None, None) => {}
            }
        }
        for wanted in list(schema, "required").filter_map(Value::as_str) {
            if !table.iter().any(|entry| entry.key == wanted) {
                self.fault(value, format!("{wanted} is missing"));
            }
        }
    }

    /// Tagged shapes (`type = "text"`) and words with a description each.
    fn one_of(&mut self, schema: &'a Value, value: &Node, name: &str) {
        let branches: Vec<&Value> = list(schema, "oneOf").collect();
        let constants: Vec<&str> = branches.iter().flat_map(|branch| constant(branch)).collect();
        if !constants.is_empty() && constants.len() >= branches.len() {
            self.words(&constants, value, name);
            return;
        }
        let Some(tag) = branches.iter().find_map(|branch| tag(branch)).map(|(key, _)| key) else {
            match branches.iter().find(|branch| self.fits(branch, value)) {
                Some(branch) => self.node(branch, value, name),
                None => {
                    let forms: Vec<&str> =
                        branches.iter().flat_map(|branch| list(branch, "required")).filter_map(Value::as_str).collect();
                    self.fault(value, format!("{name} should have one of {}", forms.join(", ")));
                }
            }
            return;
        };
        let What::Table(table) = &value.what else {
            self.fault(value, format!("{name} should be a table such as {{ {tag} = ... }}"));
            return;
        };
        let Some(chosen) = table.iter().find(|entry| entry.key == tag).map(|entry| &entry.value) else {
            self.fault(value, format!("{tag} is missing"));
            return;
        };
        let word = chosen.text().unwrap_or_default();
        match branches.iter().find(|branch| self::tag(branch).is_some_and(|(_, known)| known == word)) {
            Some(branch) => self.node(branch, value, name),
            None => {
                let known: Vec<&str> =
                    branches.iter().filter_map(|branch| self::tag(branch)).map(|(_, word)| word).collect();
                self.words(&known, chosen, tag);
            }
        }
    }

    /// Whether the value has all that the branch requires.
    fn fits(&self, branch: &Value, value: &Node) -> bool {
        let branch = match branch.get("$ref").and_then(Value::as_str) {
            Some(target) => self.root.pointer(target.trim_start_matches('#')).unwrap_or(branch),
            None => branch,
        };
        let types = types(branch);
        match &value.what {
            What::Table(table) => {
                types.contains(&"object")
                    && list(branch, "required")
                        .filter_map(Value::as_str)
                        .all(|wanted| table.iter().any(|entry| entry.key == wanted))
            }
            What::Text(_) => types.contains(&"string"),
            What::List(_) => types.contains(&"array"),
            What::Boolean => types.contains(&"boolean"),
            What::Integer(_) => types.contains(&"integer") || types.contains(&"number"),
            What::Float => types.contains(&"number"),
            What::Datetime => false,
        }
    }

    fn words(&mut self, known: &[&str], value: &Node, name: &str) {
        if known.is_empty() {
            return;
        }
        let Some(word) = value.text() else {
            self.fault(value, format!("{name} should be one of {}", known.join(", ")));
            return;
        };
        if !known.contains(&word) {
            let meant = nearest(word, known.iter().copied());
            let message = match meant {
                Some(_) => format!("{word} is not a {name}"),
                None => format!("{word} is not a {name}; known are {}", known.join(", ")),
            };
            self.faults.push(Fault::new(&self.document.file, value.line, message).or(meant));
        }
    }

    fn fault(&mut self, value: &Node, message: String) {
        self.faults.push(Fault::new(&self.document.file, value.line, message));
    }
}

fn list<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        _ => Vec::new(),
    }
}

/// Words that a branch of plain words stands for.
fn constant(branch: &Value) -> Vec<&str> {
    branch
        .get("const")
        .and_then(Value::as_str)
        .into_iter()
        .chain(list(branch, "enum").filter_map(Value::as_str))
        .collect()
}

/// The property with a constant value that tells a branch from the others.
fn tag(branch: &Value) -> Option<(&str, &str)> {
    let properties = branch.get("properties")?.as_object()?;
    properties.iter().find_map(|(key, part)| Some((key.as_str(), part.get("const")?.as_str()?)))
}

fn words(kind: &str) -> &str {
    match kind {
        "object" => "a table",
        "array" => "a list",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "text",
    }
}
