//! What an entry of the trail withholds from those who may not read every field that it speaks of, where no description says which: the filter of an
//! export or of a saved view, and the name of a file in a field.

use domain::schema::{Catalog, Entity, Filter};
use domain::{Grants, Verb};
use platform::Ctx;
use serde_json::{Map, Value};
use std::sync::Arc;
use words::t;

pub struct Withheld<'a> {
    catalog: &'a Arc<Catalog>,
    grants: &'a Grants,
    /// Of the entry.
    entity: &'a str,
    /// What a view or a file is about; none where the entry does not say.
    about: Option<&'a Entity>,
    /// The field that a file is in.
    field: Option<&'a str>,
}

impl<'a> Withheld<'a> {
    pub fn of(ctx: &'a Ctx, entity: &'a str, sides: [&'a Map<String, Value>; 2]) -> Self {
        let told = |key: &str| sides.iter().find_map(|side| side.get(key)?.as_str());
        let about = ctx.catalog.get(told("entity").unwrap_or(entity)).map(AsRef::as_ref);
        Self { catalog: &ctx.catalog, grants: &ctx.access.grants, entity, about, field: told("field") }
    }

    /// Puts words in the place of what this reader may not know.
    pub fn hide(&self, key: &str, sides: [&mut Value; 2]) {
        for side in sides {
            match (self.entity, key) {
                ("saved_view", "content") => {
                    if let Some(filter) = side.get_mut("filter") {
                        self.hide_filter(filter);
                    }
                }
                ("file", "name") if self.field.is_some_and(|field| !self.reads(field)) => hidden(side),
                // A field of that name is a value like any other.
                (entity, "filter") if self.catalog.get(entity).is_none_or(|entity| entity.field(key).is_none()) => {
                    self.hide_filter(side);
                }
                _ => {}
            }
        }
    }

    fn reads(&self, field: &str) -> bool {
        self.about.and_then(|entity| entity.field(field)).is_some_and(|field| field.readable(self.grants))
    }

    fn hide_filter(&self, filter: &mut Value) {
        let open = match self.about {
            Some(entity) if all_read(entity, self.grants) => true,
            Some(entity) => read(filter, entity).is_some_and(|filter| self.knows(&filter)),
            // Changes of views did not always say of which entity.
            None => self.catalog.iter().all(|entity| all_read(entity, self.grants)),
        };
        if !open {
            hidden(filter);
        }
    }

    fn knows(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().all(|part| self.knows(part)),
            Filter::Test(test) => self.reads(&test.field),
        }
    }
}

fn all_read(entity: &Entity, grants: &Grants) -> bool {
    grants.allows(&entity.permission(Verb::Read)) && entity.fields.iter().all(|field| field.readable(grants))
}

/// As an address writes it, or as an operation does.
fn read(filter: &Value, entity: &Entity) -> Option<Filter> {
    match filter {
        Value::Null => Some(Filter::All(Vec::new())),
        Value::String(text) => Filter::parse(text, entity).ok(),
        other => serde_json::from_value(other.clone()).ok(),
    }
}

fn hidden(value: &mut Value) {
    if !value.is_null() {
        *value = Value::String(t!("Kept back: it names fields that you may not read").to_owned());
    }
}
