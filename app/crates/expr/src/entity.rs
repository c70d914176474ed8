//! Names bound to descriptions: a record's fields are those of its entity, and references are followed.

use crate::scope::{Found, Names, Scope};
use crate::types::Type;
use domain::schema::{Catalog, Entity, Field, FieldKind};

/// The record type of a member of the workspace, of whom the fields `id`, `name` and `email` are known.
pub const MEMBER: &str = "member";

/// The record type of a value that points at a row of one of several entities: it says which entity and which id, and leads to no fields, since
/// those of one entity are not those of another.
pub(crate) const POINTED: &str = "any_reference";
const POINTED_FIELDS: [&str; 2] = ["entity", "id"];

/// What an expression knows of such a value.
pub(crate) fn pointed() -> [(&'static str, Type); 2] {
    POINTED_FIELDS.map(|name| (name, Type::Text))
}

/// Declared names over a catalogue: a record type that is not declared is the entity of that key.
///
/// Beside its described fields a record has `id` and `version`, and the names that requirement 138 writes: `customerId` is the reference
/// `customer`, and of an order, `orderNumber` is its `number` and `orderId` the order itself: an id where it is compared, a title in texts.
#[derive(Debug, Clone)]
pub struct EntityScope<'c> {
    catalog: &'c Catalog,
    names: Names,
}

impl<'c> EntityScope<'c> {
    /// `names` has the roots: `Names::new().with("order", Type::record("order")).about("order")`.
    pub fn new(catalog: &'c Catalog, names: Names) -> Self {
        Self { catalog, names }
    }
}

impl Scope for EntityScope<'_> {
    fn root(&self, name: &str) -> Option<Type> {
        self.names.root(name)
    }

    fn field(&self, record: &str, field: &str) -> Option<Found> {
        if let Some(declared) = self.names.field(record, field) {
            return Some(declared);
        }
        match self.catalog.get(record) {
            Some(entity) => described(entity, field).or_else(|| implied(entity, field)),
            None if record == MEMBER => ["id", "name", "email"].contains(&field).then(|| Found::new(field, Type::Text)),
            None if record == POINTED => POINTED_FIELDS.contains(&field).then(|| Found::new(field, Type::Text)),
            None => None,
        }
    }

    fn subject(&self) -> Option<&str> {
        self.names.subject()
    }

    fn title(&self, record: &str) -> Option<Found> {
        match self.catalog.get(record) {
            Some(entity) => described(entity, &entity.title),
            None if record == MEMBER => Some(Found::new("name", Type::Text)),
            None => None,
        }
    }

    fn names(&self, record: Option<&str>) -> Vec<String> {
        let mut names = self.names.names(record);
        if let Some(entity) = record.and_then(|record| self.catalog.get(record)) {
            let fields = entity.fields.iter().filter(|field| type_of(entity, field).is_some());
            names.extend(fields.map(|field| field.key.clone()));
        }
        if record == Some(POINTED) {
            names.extend(POINTED_FIELDS.map(str::to_owned));
        }
        names
    }
}

fn described(entity: &Entity, key: &str) -> Option<Found> {
    let field = entity.field(key)?;
    type_of(entity, field).map(|of_type| Found::new(&field.key, of_type))
}

/// Names that no description writes.
fn implied(entity: &Entity, key: &str) -> Option<Found> {
    match key {
        "id" => return Some(Found::new("id", Type::Text)),
        "version" => return Some(Found::new("version", Type::Number)),
        _ => {}
    }
    match key.strip_suffix("Number") {
        Some(own) if own == entity.key => return described(entity, "number"),
        _ => {}
    }
    let name = key.strip_suffix("Id")?;
    if name == entity.key {
        return Some(Found { path: Vec::new(), ty: Type::Reference(entity.key.clone()) });
    }
    described(entity, name).filter(|found| matches!(found.ty, Type::Reference(_)))
}

/// What a field of the entity is to an expression; none for what no expression can say anything about.
pub(crate) fn type_of(entity: &Entity, field: &Field) -> Option<Type> {
    Some(match &field.kind {
        FieldKind::Text { .. }
        | FieldKind::LongText { .. }
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Country
        | FieldKind::Url
        | FieldKind::Number => Type::Text,
        FieldKind::Integer { .. }
        | FieldKind::Decimal { .. }
        | FieldKind::Percentage { .. }
        | FieldKind::Duration { .. } => Type::Number,
        FieldKind::Money { .. } => Type::Money,
        FieldKind::Boolean => Type::Bool,
        FieldKind::Date { .. } => Type::Date,
        FieldKind::Datetime => Type::Datetime,
        FieldKind::Option { options } => Type::option(options.iter().map(|choice| choice.key.as_str())),
        FieldKind::State => {
            let states = entity.states.iter().flat_map(|states| &states.list);
            Type::option(states.map(|state| state.key.as_str()))
        }
        FieldKind::Reference { entity } => Type::Reference(entity.clone()),
        FieldKind::Member => Type::reference(MEMBER),
        FieldKind::AnyReference { .. } => Type::record(POINTED),
        FieldKind::Options { .. } => Type::list(Type::Text),
        FieldKind::References { entity } => Type::list(Type::Reference(entity.clone())),
        FieldKind::Address
        | FieldKind::Geo
        | FieldKind::Checklist
        | FieldKind::File { .. }
        | FieldKind::Image { .. } => return None,
    })
}
