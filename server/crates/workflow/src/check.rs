//! Checking a definition against the descriptions, and what comes of it: a workflow that is ready to run. Whatever is wrong is told at
//! once, each with its step and field.

mod inputs;

use crate::input::Input;
use crate::runnable;
use crate::steps::StepType;
use crate::steps::approval::DECISION;
use crate::trigger;
use domain::records::Values;
use domain::schema::{Catalog, Entity, FieldKind};
use domain::text::nearest;
use domain::workflow::{CONTINUE, Definition, DefinitionFault, END, Step, TriggerKind};
use expr::{Checked, MEMBER, Names, Read, Scope, Type};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use words::t;

const MAX_STEPS: usize = 100;
const MAX_CONDITIONS: usize = 50;
const MAX_NAME: usize = 200;
const MAX_TRIES: u32 = 100;
/// The record type of the root `event`.
const EVENT: &str = "workflow event";

/// A definition that makes sense, with its expressions ready.
#[derive(Debug)]
pub struct Compiled {
    pub definition: Definition,
    pub catalog: Arc<Catalog>,
    pub entity: Option<Arc<Entity>>,
    pub when: Option<Checked>,
    pub conditions: Vec<Checked>,
    pub steps: Vec<CompiledStep>,
    /// What the trigger and the conditions read.
    pub reads: Vec<Read>,
}

#[derive(Debug)]
pub struct CompiledStep {
    pub step: Step,
    pub kind: &'static StepType,
    pub when: Option<Checked>,
    pub inputs: Vec<(String, Input)>,
    /// What the condition reads, and what the inputs read.
    pub reads: Vec<Read>,
}

impl Compiled {
    pub fn position(&self, key: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.step.key == key)
    }

    pub fn step(&self, key: &str) -> Option<&CompiledStep> {
        self.steps.iter().find(|step| step.step.key == key)
    }

    /// Whether a root is the record that sets the workflow off, as it is or as it was.
    pub fn is_own(&self, root: &str) -> bool {
        let also = self.definition.trigger.also.as_deref();
        self.entity.as_ref().is_some_and(|entity| root == entity.key || root == "previous" || also == Some(root))
    }
}

/// Roots that stand for a reference of the trigger's record: `customer` for `order.customer`.
pub fn aliases(entity: &Entity) -> impl Iterator<Item = (&str, &str)> {
    entity.fields.iter().filter_map(|field| match &field.kind {
        FieldKind::Reference { entity: target } if *target == field.key && *target != entity.key => {
            Some((field.key.as_str(), target.as_str()))
        }
        _ => None,
    })
}

/// Names of the operations that there are. Which of them a workflow may run, `runnable` says.
pub type Operations = BTreeSet<String>;

/// Those of the product.
pub fn catalogue() -> Operations {
    domain::operation::CATALOGUE.iter().map(ToString::to_string).collect()
}

pub fn compile(
    definition: &Definition,
    catalog: &Arc<Catalog>,
    operations: &Operations,
) -> Result<Compiled, Vec<DefinitionFault>> {
    let nobody = Step {
        key: String::new(),
        kind: String::new(),
        label: None,
        when: None,
        input: Values::new(),
        binds: std::collections::BTreeMap::new(),
        next: None,
        on_error: None,
        retries: None,
    };
    let entity = definition.trigger.entity.as_deref().and_then(|key| catalog.get(key)).cloned();
    let mut checking = Checking {
        definition,
        catalog,
        operations,
        entity: entity.clone(),
        names: names(definition, entity.as_deref()),
        step: &nobody,
        at: None,
        faults: Vec::new(),
    };
    checking.head();
    let when = definition.trigger.when.as_deref().and_then(|text| checking.condition("trigger.when", text));
    let mut conditions = Vec::new();
    for (at, text) in definition.conditions.iter().enumerate().take(MAX_CONDITIONS) {
        conditions.extend(checking.condition(&format!("conditions.{at}"), text));
    }
    let mut steps = Vec::new();
    for (at, step) in definition.steps.iter().enumerate().take(MAX_STEPS) {
        checking.step = step;
        checking.at = Some(at);
        steps.extend(checking.one_step());
    }
    if !checking.faults.is_empty() {
        return Err(checking.faults);
    }
    let reads = when.iter().chain(&conditions).flat_map(|checked| checked.reads().iter().cloned()).collect();
    Ok(Compiled { definition: definition.clone(), catalog: catalog.clone(), entity, when, conditions, steps, reads })
}

/// The names that trigger and conditions know.
fn names(definition: &Definition, entity: Option<&Entity>) -> Names {
    let mut names = Names::new()
        .with("event", Type::record(EVENT))
        .with_record(EVENT, [("type", Type::Text), ("at", Type::Datetime), ("actor", Type::reference(MEMBER))])
        .with_record(DECISION, [("decision", Type::Text), ("reason", Type::Text), ("by", Type::reference(MEMBER))]);
    if definition.trigger.on == TriggerKind::ByHand {
        names = names.with("form", Type::Any);
    }
    let Some(entity) = entity else { return names };
    for (alias, target) in aliases(entity) {
        names = names.with(alias, Type::reference(target));
    }
    if let Some(also) = &definition.trigger.also {
        names = names.with(also, Type::record(&entity.key));
    }
    names.with(&entity.key, Type::record(&entity.key)).with("previous", Type::record(&entity.key)).about(&entity.key)
}

/// A definition while it is looked at.
pub struct Checking<'d> {
    pub definition: &'d Definition,
    pub catalog: &'d Arc<Catalog>,
    operations: &'d Operations,
    entity: Option<Arc<Entity>>,
    names: Names,
    /// The step in question.
    pub step: &'d Step,
    at: Option<usize>,
    faults: Vec<DefinitionFault>,
}

impl Checking<'_> {
    pub fn fault(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let step = self.at.map(|_| self.step.key.clone());
        self.faults.push(DefinitionFault { step, field: field.into(), message: message.into() });
    }

    /// The entity that the step is about: its input `entity`, or the trigger's.
    pub fn entity(&self) -> Option<Arc<Entity>> {
        match self.step.input.get("entity").and_then(Value::as_str) {
            Some(key) => self.catalog.get(key).cloned(),
            None => self.entity.clone(),
        }
    }

    /// An input that is no expression.
    pub fn literal(&self, key: &str) -> Option<String> {
        self.step.input.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    pub fn is_operation(&self, name: &str) -> bool {
        self.operations.contains(name)
    }

    pub fn operation_meant(&self, name: &str) -> Option<&str> {
        nearest(name, self.operations.iter().map(String::as_str).filter(|known| runnable::is_open(known)))
    }

    fn head(&mut self) {
        let definition = self.definition;
        let shaped = definition.key.starts_with(|first: char| first.is_ascii_lowercase())
            && definition.key.len() <= 63
            && definition.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !shaped {
            self.fault("key", t!("A key is small letters, digits and underscores, and begins with a letter"));
        }
        if definition.name.trim().is_empty() || definition.name.chars().count() > MAX_NAME {
            self.fault("name", t!("A name has 1 to {most} characters", most = MAX_NAME));
        }
        if let (Some(key), None) = (&definition.trigger.entity, &self.entity) {
            let message = unknown_entity(self.catalog, key);
            self.fault("trigger.entity", message);
        }
        if definition.conditions.len() > MAX_CONDITIONS {
            self.fault("conditions", t!("At most {most} conditions", most = MAX_CONDITIONS));
        }
        if definition.steps.is_empty() || definition.steps.len() > MAX_STEPS {
            self.fault("steps", t!("A workflow has 1 to {most} steps", most = MAX_STEPS));
        }
        let retry = definition.retry;
        if retry.max_retries > MAX_TRIES || retry.base_seconds > 86_400 || retry.cap_seconds > 604_800 {
            let words = t!("At most 100 retries, with a day before the second try and a week between later ones");
            self.fault("retry", words);
        }
        if definition.max_per_minute == 0 {
            self.fault("maxPerMinute", t!("At least one run a minute, or it could never begin"));
        }
        let entity = self.entity.clone();
        trigger::check(self, &definition.trigger, entity.as_deref());
    }

    fn one_step(&mut self) -> Option<CompiledStep> {
        let step = self.step;
        self.step_key();
        let when = step.when.as_deref().and_then(|text| self.condition("when", text));
        for (field, target) in [("next", &step.next), ("onError", &step.on_error)] {
            if let Some(target) = target.as_deref().filter(|target| !(field == "onError" && *target == CONTINUE)) {
                self.forwards(field, target);
            }
        }
        if step.retries.is_some_and(|retries| retries > MAX_TRIES) {
            self.fault("retries", t!("At most {most}", most = MAX_TRIES));
        }
        let Some(kind) = StepType::named(&step.kind) else {
            let known = || crate::steps::ALL.iter().map(|step| step.kind);
            let meant = nearest(&step.kind, known());
            let hint = meant.map_or_else(
                || t!("; known are {known}", known = known().collect::<Vec<_>>().join(", ")),
                |meant| t!("; did you mean {meant}?", meant),
            );
            self.fault("type", t!("{kind} is not a type of step{hint}", kind = step.kind, hint));
            return None;
        };
        let described = (kind.describe)().inputs;
        let inputs = self.inputs(&described);
        if ["entity", "record"].iter().all(|key| described.iter().any(|input| input.key == *key)) {
            self.target(&inputs);
        }
        (kind.check)(self);
        let answer = (kind.answers)(self);
        self.remember(answer);
        let mut reads: Vec<Read> = when.iter().flat_map(|when| when.reads().iter().cloned()).collect();
        inputs.iter().for_each(|(_, input)| input.reads(&mut reads));
        Some(CompiledStep { step: step.clone(), kind, when, inputs, reads })
    }

    /// Of a step that is about a record: which kind it is, which one, and that the two fit each other.
    fn target(&mut self, inputs: &[(String, Input)]) {
        let own = self.entity.as_ref().map(|entity| entity.key.clone());
        let given = self.step.input.contains_key("entity");
        let Some(about) = self.entity() else {
            // One that is named and unknown has been told.
            if !given {
                self.fault("input.entity", t!("Say what it is about: this workflow is set off by no record"));
            }
            return;
        };
        match inputs.iter().find(|(key, _)| key == "record") {
            Some((_, Input::Expression(record))) => {
                let found = match record.ty() {
                    Type::Reference(key) | Type::Record(key) => Some(key.to_string()).filter(|key| *key != about.key),
                    _ => None,
                };
                let Some(found) = found.and_then(|key| self.catalog.get(&key).cloned()) else { return };
                let (other, key) = (&found.labels.many, &found.key);
                let meant = if given { String::new() } else { t!("; say {key} under What", key) };
                self.fault(
                    "input.record",
                    t!(
                        "This is one of the {other}, and the step is about {entities}{meant}",
                        other,
                        entities = about.labels.many,
                        meant
                    ),
                );
            }
            None if own.as_ref() != Some(&about.key) && !self.step.input.contains_key("record") => {
                self.fault("input.record", t!("Say which {entity} it is about", entity = about.labels.one));
            }
            _ => {}
        }
    }

    fn step_key(&mut self) {
        let key = &self.step.key;
        let shaped = key.starts_with(|first: char| first.is_ascii_lowercase())
            && key.len() <= 63
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !shaped || [END, CONTINUE].contains(&key.as_str()) {
            let words = t!(
                "A step's key is letters, digits and underscores, begins with a small letter, and is not end or continue"
            );
            self.fault("key", words);
        }
        let before = self.definition.steps.iter().take(self.at.unwrap_or_default());
        if before.clone().any(|other| other.key == *key) {
            self.fault("key", t!("{key} is the key of two steps", key));
        } else if self.names.root(key).is_some() {
            self.fault("key", t!("{key} is a name already", key));
        }
    }

    /// A step may go forwards only, so that no run goes round in circles.
    fn forwards(&mut self, field: &str, target: &str) {
        if target == END {
            return;
        }
        let here = self.at.unwrap_or_default();
        let found = self.definition.steps.iter().position(|step| step.key == target);
        match found {
            Some(there) if there > here => {}
            Some(_) => self.fault(field, t!("{target} comes before this step; a run goes forwards only", target)),
            None => {
                let keys = self.definition.steps.iter().skip(here + 1).map(|step| step.key.as_str());
                let meant = nearest(target, keys).map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
                self.fault(field, t!("There is no later step {target}{meant}", target, meant));
            }
        }
    }

    /// What later steps know by this step's key, and by the names that it binds.
    fn remember(&mut self, answer: Type) {
        let mut names = std::mem::take(&mut self.names).with(&self.step.key, answer);
        for (name, entity) in &self.step.binds {
            if self.catalog.get(entity).is_none() {
                let message = unknown_entity(self.catalog, entity);
                self.fault(format!("binds.{name}"), message);
            } else if names.root(name).is_some() {
                self.fault(format!("binds.{name}"), t!("{key} is a name already", key = name));
            } else {
                names = names.with(name, Type::reference(entity));
            }
        }
        self.names = names;
    }
}

fn unknown_entity(catalog: &Catalog, key: &str) -> String {
    let meant = nearest(key, catalog.iter().map(|entity| entity.key.as_str()));
    let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
    t!("There is no entity {key} here{meant}", key, meant)
}

/// An operation beside those of the catalogue, as an extension point: tests stand in for parts of the product with it.
#[derive(Debug, Clone, Copy)]
pub struct KnownOperation(pub &'static str);
