//! What names mean: the types that an expression is checked against.

use crate::types::Type;
use std::collections::BTreeMap;

/// Answers the types of names. A name that it does not know is a fault where it stands.
pub trait Scope {
    /// The type of a first name, such as `order`.
    fn root(&self, name: &str) -> Option<Type>;

    /// The field of a record, by the name of the record's type.
    fn field(&self, record: &str, field: &str) -> Option<Found>;

    /// The root whose fields may be written without its name: `daysOverdue` for `invoice.daysOverdue`.
    fn subject(&self) -> Option<&str> {
        None
    }

    /// The field that a text shows for a record, instead of its id.
    fn title(&self, _record: &str) -> Option<Found> {
        None
    }

    /// Names to suggest: fields of a record, or first names.
    fn names(&self, _record: Option<&str>) -> Vec<String> {
        Vec::new()
    }
}

/// What a field is called where its value is kept, from its record on, and its type. An empty path is the record itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub path: Vec<String>,
    pub ty: Type,
}

impl Found {
    pub fn new(key: &str, ty: Type) -> Self {
        Self { path: vec![key.to_owned()], ty }
    }
}

/// A scope of declared names: variables, outputs of steps, the shape of a message.
#[derive(Debug, Clone, Default)]
pub struct Names {
    roots: BTreeMap<String, Type>,
    records: BTreeMap<String, BTreeMap<String, Type>>,
    subject: Option<String>,
}

impl Names {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn with(mut self, name: &str, ty: Type) -> Self {
        self.roots.insert(name.to_owned(), ty);
        self
    }

    /// Declares a record type and its fields.
    #[must_use]
    pub fn with_record<'f>(mut self, record: &str, fields: impl IntoIterator<Item = (&'f str, Type)>) -> Self {
        self.records.insert(record.to_owned(), fields.into_iter().map(|(key, ty)| (key.to_owned(), ty)).collect());
        self
    }

    /// Lets the fields of this root be written without its name.
    #[must_use]
    pub fn about(mut self, root: &str) -> Self {
        self.subject = Some(root.to_owned());
        self
    }
}

impl Scope for Names {
    fn root(&self, name: &str) -> Option<Type> {
        self.roots.get(name).cloned()
    }

    fn field(&self, record: &str, field: &str) -> Option<Found> {
        let ty = self.records.get(record)?.get(field)?;
        Some(Found::new(field, ty.clone()))
    }

    fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    fn names(&self, record: Option<&str>) -> Vec<String> {
        match record {
            None => self.roots.keys().cloned().collect(),
            Some(record) => self.records.get(record).into_iter().flat_map(BTreeMap::keys).cloned().collect(),
        }
    }
}
