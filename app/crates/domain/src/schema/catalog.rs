//! The catalogue: all entities of one industry (the core and what its pack adds or renames), checked as a whole.

use super::entity::standard_fields;
use super::{Entity, FieldKind, Filter, FilterError, Sort};
use crate::text::nearest;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Entities by key, with their standard fields.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Slug of the industry, `automotive`, or `core`.
    pub industry: String,
    pub industry_label: String,
    entities: BTreeMap<String, Arc<Entity>>,
    /// Order of the navigation.
    order: Vec<String>,
}

/// What is wrong in a description, where, and what was probably meant. The loader adds file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogFault {
    pub entity: String,
    /// Dotted place inside the description: `views.all.fields`.
    pub place: String,
    /// The word in question, for finding the line.
    pub word: String,
    pub message: String,
    pub meant: Option<String>,
}

impl fmt::Display for CatalogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.entity, self.place, self.message)?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

impl Catalog {
    /// Completes the descriptions with the standard fields and checks every reference among them.
    pub fn build(industry: &str, industry_label: &str, described: Vec<Entity>) -> Result<Self, Vec<CatalogFault>> {
        let order: Vec<String> = described.iter().map(|entity| entity.key.clone()).collect();
        let mut faults = Vec::new();
        let mut entities = BTreeMap::new();
        for mut entity in described {
            let standard = standard_fields(entity.states.as_ref());
            for field in &standard {
                if entity.fields.iter().any(|own| own.key == field.key) {
                    faults.push(fault(
                        &entity,
                        "fields",
                        &field.key,
                        "is a standard field and cannot be described again",
                        None,
                    ));
                }
            }
            entity.fields.retain(|own| standard.iter().all(|field| field.key != own.key));
            entity.fields.extend(standard);
            entities.insert(entity.key.clone(), Arc::new(entity));
        }
        let catalog =
            Self { industry: industry.to_owned(), industry_label: industry_label.to_owned(), entities, order };
        for entity in catalog.entities.values() {
            catalog.check(entity, &mut faults);
        }
        if faults.is_empty() { Ok(catalog) } else { Err(faults) }
    }

    pub fn get(&self, key: &str) -> Option<&Arc<Entity>> {
        self.entities.get(key)
    }

    pub fn by_plural(&self, plural: &str) -> Option<&Arc<Entity>> {
        self.entities.values().find(|entity| entity.plural == plural)
    }

    /// In the order of the navigation.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entity>> {
        self.order.iter().filter_map(|key| self.entities.get(key))
    }

    fn check(&self, entity: &Entity, faults: &mut Vec<CatalogFault>) {
        let keys: Vec<&str> = entity.fields.iter().map(|field| field.key.as_str()).collect();
        let mut seen = BTreeSet::new();
        for field in &entity.fields {
            if !seen.insert(&field.key) {
                faults.push(fault(entity, "fields", &field.key, "is described twice", None));
            }
            if let FieldKind::Reference { entity: target } = &field.kind
                && !self.entities.contains_key(target)
            {
                let meant = nearest(target, self.entities.keys().map(String::as_str));
                faults.push(fault(entity, &format!("fields.{}", field.key), target, "is not an entity", meant));
            }
            if let FieldKind::Option { options } = &field.kind
                && options.is_empty()
            {
                faults.push(fault(entity, &format!("fields.{}", field.key), &field.key, "has no options", None));
            }
        }
        let mut known = |place: &str, word: &str| {
            if !keys.contains(&word) {
                faults.push(fault(entity, place, word, "is not a field", nearest(word, keys.iter().copied())));
            }
        };
        known("title", &entity.title);
        if let Some(subtitle) = &entity.subtitle {
            known("subtitle", subtitle);
        }
        for view in &entity.views {
            let place = format!("views.{}", view.key);
            for word in view.fields.iter().chain(&view.group).chain(&view.measure) {
                known(&place, word);
            }
        }
        for view in &entity.views {
            let place = format!("views.{}", view.key);
            if let Some(text) = &view.filter
                && let Err(problem) = Filter::parse(text, entity)
            {
                faults.push(unreadable(entity, &place, text, problem));
            }
            if let Some(text) = &view.sort
                && let Err(problem) = Sort::parse_list(text, entity)
            {
                faults.push(unreadable(entity, &place, text, problem));
            }
        }
        check_states(entity, &keys, faults);
    }
}

fn check_states(entity: &Entity, keys: &[&str], faults: &mut Vec<CatalogFault>) {
    let Some(states) = &entity.states else { return };
    let known: Vec<&str> = states.list.iter().map(|state| state.key.as_str()).collect();
    let mut state = |place: &str, word: &str| {
        if word != "*" && !known.contains(&word) {
            faults.push(fault(entity, place, word, "is not a state", nearest(word, known.iter().copied())));
        }
    };
    state("states.initial", &states.initial);
    for transition in &states.transitions {
        let place = format!("states.transitions.{}", transition.name);
        for word in transition.from.iter().chain([&transition.to]) {
            state(&place, word);
        }
    }
    for transition in &states.transitions {
        for word in &transition.gate.requires {
            if !keys.contains(&word.as_str()) {
                let place = format!("states.transitions.{}.gate", transition.name);
                faults.push(fault(entity, &place, word, "is not a field", nearest(word, keys.iter().copied())));
            }
        }
    }
}

fn fault(entity: &Entity, place: &str, word: &str, message: &str, meant: Option<&str>) -> CatalogFault {
    CatalogFault {
        entity: entity.key.clone(),
        place: place.to_owned(),
        word: word.to_owned(),
        message: format!("{word} {message}"),
        meant: meant.map(str::to_owned),
    }
}

/// A filter or sort that cannot be read; the word is all of its text.
fn unreadable(entity: &Entity, place: &str, text: &str, problem: FilterError) -> CatalogFault {
    CatalogFault { message: problem.message, meant: problem.meant, ..fault(entity, place, text, "", None) }
}
