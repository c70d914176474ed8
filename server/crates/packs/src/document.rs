//! A TOML file that still knows on which line everything stands.

use crate::{Fault, shape};
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) struct Document {
    pub file: String,
    root: Node,
}

/// A value with its line, from 1.
pub(crate) struct Node {
    pub line: usize,
    pub what: What,
}

pub(crate) enum What {
    Text(String),
    /// Nothing where the number does not fit 64 bits.
    Integer(Option<i64>),
    Float,
    Boolean,
    Datetime,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

pub(crate) struct Entry {
    pub key: String,
    pub line: usize,
    pub value: Node,
}

impl Document {
    /// Reads the file into `T`. All faults of syntax, or else all faults of shape, each with its line.
    pub fn read<T: DeserializeOwned>(file: &str, text: &str, schema: &Value) -> Result<(Self, T), Vec<Fault>> {
        let lines = Lines::of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        let fault = |error: &toml::de::Error| {
            let line = error.span().map_or(0, |span| lines.at(span.start));
            Fault::new(file, line, error.message())
        };
        if !errors.is_empty() {
            return Err(errors.iter().map(fault).collect());
        }
        let root = Node { line: 1, what: lines.table(table.get_ref()) };
        let document = Self { file: file.to_owned(), root };
        let faults = shape::check(&document, schema);
        if !faults.is_empty() {
            return Err(faults);
        }
        // The schema is derived from the same types, so this finds only what a schema cannot say.
        let value = toml::from_str(text).map_err(|error| vec![fault(&error)])?;
        Ok((document, value))
    }

    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The line of `word` at a dotted place. Parts of the place are keys of tables, or the `key` or `name` of an element of a list.
    pub fn find(&self, place: &str, word: &str) -> Option<usize> {
        let mut node = &self.root;
        for part in place.split('.').filter(|part| !part.is_empty()) {
            node = node.child(part)?;
        }
        match node.child(word) {
            Some(named) => Some(named.name().unwrap_or(named).line),
            None => Some(node.occurrence(word).unwrap_or(node.line)),
        }
    }
}

impl Node {
    pub fn text(&self) -> Option<&str> {
        match &self.what {
            What::Text(text) => Some(text),
            _ => None,
        }
    }

    fn child(&self, part: &str) -> Option<&Self> {
        match &self.what {
            What::Table(entries) => entries.iter().find(|entry| entry.key == part).map(|entry| &entry.value),
            What::List(elements) => elements.iter().find(|element| element.name().and_then(Self::text) == Some(part)),
            _ => None,
        }
    }

    /// The value by which an element of a list is known.
    fn name(&self) -> Option<&Self> {
        let What::Table(entries) = &self.what else { return None };
        ["key", "name"]
            .into_iter()
            .find_map(|wanted| entries.iter().find(|entry| entry.key == wanted))
            .map(|entry| &entry.value)
    }

    fn occurrence(&self, word: &str) -> Option<usize> {
        match &self.what {
            What::Text(text) => (text == word).then_some(self.line),
            What::List(elements) => elements.iter().find_map(|element| element.occurrence(word)),
            What::Table(entries) => entries
                .iter()
                .find_map(|entry| if entry.key == word { Some(entry.line) } else { entry.value.occurrence(word) }),
            _ => None,
        }
    }
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte)
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let what = match value.get_ref() {
            DeValue::String(text) => What::Text(text.to_string()),
            DeValue::Integer(number) => What::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
            DeValue::Float(_) => What::Float,
            DeValue::Boolean(_) => What::Boolean,
            DeValue::Datetime(_) => What::Datetime,
            DeValue::Array(elements) => What::List(elements.iter().map(|element| self.node(element)).collect()),
            DeValue::Table(table) => self.table(table),
        };
        Node { line: self.at(value.span().start), what }
    }

    fn table(&self, table: &DeTable<'_>) -> What {
        let entries = table.iter().map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            line: self.at(key.span().start),
            value: self.node(value),
        });
        What::Table(entries.collect())
    }
}
