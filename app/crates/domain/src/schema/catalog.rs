//! The catalogue: all entities of one industry (the core and what its pack adds or renames), checked as a whole.

use super::entity::standard_fields;
use super::pipeline;
use super::{Aggregate, Dashboard, Entity, Field, FieldKind, Filter, FilterError, Rollup, Sort, States, Transition};
use crate::text::nearest;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

/// Entities by key, with their standard fields.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Slug of the industry, `automotive`, or `core`.
    pub industry: String,
    pub industry_label: String,
    pub(super) entities: BTreeMap<String, Arc<Entity>>,
    /// Order of the navigation.
    order: Vec<String>,
    pub(super) dashboards: Vec<Arc<Dashboard>>,
    /// What the industry calls things in the language of this catalogue, by the English texts; none in English.
    pub(super) words: Arc<HashMap<String, String>>,
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
            for field in &mut entity.fields {
                field.read_only |= field.is_computed();
            }
            entity.fields.extend(standard);
            entities.insert(entity.key.clone(), Arc::new(entity));
        }
        let (industry, industry_label) = (industry.to_owned(), industry_label.to_owned());
        let catalog = Self { industry, industry_label, entities, order, ..Self::default() };
        for entity in catalog.entities.values() {
            catalog.check(entity, &mut faults);
        }
        if faults.is_empty() { Ok(catalog.written_out()) } else { Err(faults) }
    }

    /// Once everything is checked as it was written.
    fn written_out(mut self) -> Self {
        for entity in self.entities.values_mut() {
            if let Some(states) = &mut Arc::make_mut(entity).states {
                states.write_out();
            }
        }
        self
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

    /// Dashboards that were held to this catalogue ([`Dashboard::check`]).
    pub fn set_dashboards(&mut self, dashboards: impl IntoIterator<Item = Dashboard>) {
        self.dashboards = dashboards.into_iter().map(Arc::new).collect();
    }

    /// In the order of their files, the core's first.
    pub fn dashboards(&self) -> &[Arc<Dashboard>] {
        &self.dashboards
    }

    pub fn dashboard(&self, key: &str) -> Option<&Arc<Dashboard>> {
        self.dashboards.iter().find(|board| board.key == key)
    }

    /// What is counted has to point here, and what comes of it has to be a value of the field.
    fn check_rollup(&self, entity: &Entity, field: &Field, rollup: &Rollup) -> Option<CatalogFault> {
        let place = format!("fields.{}", field.key);
        let says = |word: &str, message: &str, meant| Some(fault(entity, &place, word, message, meant));
        let Some(from) = self.entities.get(&rollup.entity) else {
            let meant = nearest(&rollup.entity, self.entities.keys().map(String::as_str));
            return says(&rollup.entity, "is not an entity", meant);
        };
        let keys = || from.fields.iter().map(|field| field.key.as_str());
        let Some(via) = from.field(&rollup.via) else {
            return says(&rollup.via, "is not a field of what is counted", nearest(&rollup.via, keys()));
        };
        if !matches!(&via.kind, FieldKind::Reference { entity: target } if *target == entity.key) || !via.indexed {
            return says(&rollup.via, "is not an indexed reference to this entity", None);
        }
        if let Some(text) = &rollup.filter
            && let Err(problem) = Filter::parse(text, from)
        {
            return Some(unreadable(entity, &place, text, problem));
        }
        let measured = match (&rollup.field, rollup.what) {
            (None, Aggregate::Count) if matches!(field.kind, FieldKind::Integer { .. }) => return None,
            (None, Aggregate::Count) => return says(&field.key, "is a count, so it is an integer", None),
            (Some(extra), Aggregate::Count) => return says(extra, "is not asked for by a count", None),
            (None, _) => return says(&field.key, "does not say which field is added up or compared", None),
            (Some(key), _) => match from.field(key) {
                Some(measured) => measured,
                None => return says(key, "is not a field of what is counted", nearest(key, keys())),
            },
        };
        let same = std::mem::discriminant(&measured.kind) == std::mem::discriminant(&field.kind)
            && measured.scale() == field.scale();
        let fits = match rollup.what {
            Aggregate::Sum => measured.adds_up(),
            _ => measured.is_numeric() || matches!(measured.kind, FieldKind::Date { .. } | FieldKind::Datetime),
        };
        // An amount of one currency is not less than one of another.
        let amounts = matches!(measured.kind, FieldKind::Money { .. }) && rollup.what != Aggregate::Sum;
        if !same || !fits || amounts || measured.rollup.is_some() {
            return says(&measured.key, "gives no value that this field can hold", None);
        }
        None
    }

    /// What a field points at has to be there, and of several at least two, each once.
    fn check_entities(&self, entity: &Entity, field: &Field, faults: &mut Vec<CatalogFault>) {
        let place = format!("fields.{}", field.key);
        let entities = field.entities();
        for (at, target) in entities.iter().enumerate() {
            if !self.entities.contains_key(target) {
                let meant = nearest(target, self.entities.keys().map(String::as_str));
                faults.push(fault(entity, &place, target, "is not an entity", meant));
            } else if entities.iter().take(at).any(|other| other == target) {
                faults.push(fault(entity, &place, target, "is named twice among the entities", None));
            }
        }
        match entities {
            [] if field.is_any_reference() => {
                faults.push(fault(entity, &place, &field.key, "names no entities; name two or more", None));
            }
            [only] if field.is_any_reference() => {
                let says = "is the only entity; name two or more, or use the type reference";
                faults.push(fault(entity, &place, only, says, None));
            }
            _ => {}
        }
    }

    fn check(&self, entity: &Entity, faults: &mut Vec<CatalogFault>) {
        let keys: Vec<&str> = entity.fields.iter().map(|field| field.key.as_str()).collect();
        let mut seen = BTreeSet::new();
        for field in &entity.fields {
            if !seen.insert(&field.key) {
                faults.push(fault(entity, "fields", &field.key, "is described twice", None));
            }
            self.check_entities(entity, field, faults);
            if let FieldKind::Option { options } | FieldKind::Options { options } = &field.kind
                && options.is_empty()
            {
                faults.push(fault(entity, &format!("fields.{}", field.key), &field.key, "has no options", None));
            }
        }
        for field in &entity.fields {
            if let Some(rollup) = &field.rollup {
                faults.extend(self.check_rollup(entity, field, rollup));
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
            for word in view.fields.iter().chain(&view.group).chain(&view.measure).chain(&view.date).chain(&view.end) {
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
            for word in view.date.iter().chain(&view.end) {
                if entity.field(word).is_some_and(|field| !field.is_dated()) {
                    faults.push(fault(entity, &place, word, "is not an indexed date or datetime", None));
                }
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
        if let Some(lacking) = unlisted(states, transition) {
            let place = format!("states.transitions.{}.gate", transition.name);
            let asks = format!("{} asks for a checklist, and {lacking}", transition.name);
            let message = format!("{asks}; describe one there, or take `checklist` out of the gate");
            faults.push(CatalogFault { message, ..fault(entity, &place, "checklist", "", None) });
        }
    }
    for (place, word, message) in pipeline::faults(states) {
        faults.push(CatalogFault { message, ..fault(entity, &place, &word, "", None) });
    }
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (state, item) in states.items() {
        let place = format!("states.list.{}.checklist", state.key);
        if let Some(first) = seen.insert(&item.key, &state.key) {
            let own = format!("{}_{}", item.key, state.key);
            let message = format!(
                "{} is an item of {first} already, and a tick is kept by the key of its item; call it {own} or the like",
                item.key
            );
            faults.push(CatalogFault { message, ..fault(entity, &place, &item.key, "", None) });
        }
    }
}

/// What lacks the checklist that a gate asks for. Of a move that starts anywhere, one state with a checklist is enough.
fn unlisted(states: &States, transition: &Transition) -> Option<String> {
    if !transition.gate.checklist {
        return None;
    }
    if transition.from.iter().any(|from| from == "*") {
        return states.items().next().is_none().then(|| "no state has one".to_owned());
    }
    let mut left = transition.from.iter().filter_map(|from| states.get(from));
    left.find(|state| state.checklist.is_empty()).map(|state| format!("{} has none", state.key))
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
