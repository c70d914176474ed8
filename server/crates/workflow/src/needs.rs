//! What a definition does, as the permissions that a person needs for the same. A workflow acts as the automation, which may do everything, so
//! whoever saves one or switches one on would otherwise do through it what they may not do themselves.

use crate::check::{Compiled, CompiledStep};
use crate::runnable::{self, Runnable};
use domain::schema::{Catalog, Entity, Field, Filter, REJECTED, Transition};
use domain::workflow::Step;
use domain::{Error, FieldError, Grants, Kind, Reach, Result, Verb};
use expr::{MEMBER, Read};
use platform::Access;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use words::t;

/// By which addresses of members are seen; their names are everybody's.
pub const ADDRESSES: &str = "people.member.read";

/// Which row of an entity a step does something with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The one that the step is about: its input `record`, or the run's own.
    Target,
    /// The one that the step makes.
    New,
    /// Those that its inputs lead to, which nobody can tell from the definition.
    Any,
}

/// A move through a gate that asks whoever makes it for one of these roles.
pub struct Gated {
    /// Where it leads.
    state: String,
    roles: Vec<String>,
}

/// What a step does beside what its expressions read.
pub struct Doing<'c> {
    pub step: &'c Step,
    catalog: &'c Catalog,
    own: Option<&'c Arc<Entity>>,
    /// Of which entities, and with which of their rows.
    pub deeds: Vec<(Whose, Arc<Entity>)>,
    pub needs: Grants,
    /// The automation has roles too, so that a gate may be open to it and not to whoever saves the step.
    gates: Vec<Gated>,
}

impl<'c> Doing<'c> {
    pub fn of(compiled: &'c Compiled, step: &'c CompiledStep) -> Self {
        let mut doing = Self {
            step: &step.step,
            catalog: &compiled.catalog,
            own: compiled.entity.as_ref(),
            deeds: Vec::new(),
            needs: Grants::default(),
            gates: Vec::new(),
        };
        (step.kind.needs)(&mut doing);
        doing
    }

    /// The entity that the step is about: its input `entity`, or the trigger's.
    pub fn entity(&self) -> Option<Arc<Entity>> {
        match self.literal("entity") {
            Some(key) => self.known(key),
            None => self.own.cloned(),
        }
    }

    /// One that the workspace does not have is nobody's to ask for: the step fails on it.
    pub fn known(&self, key: &str) -> Option<Arc<Entity>> {
        self.catalog.get(key).cloned()
    }

    /// An input that is no expression.
    pub fn literal(&self, key: &str) -> Option<&'c str> {
        let step: &'c Step = self.step;
        step.input.get(key).and_then(Value::as_str)
    }

    pub fn rows(&mut self, whose: Whose, entity: &Arc<Entity>, verbs: &[Verb]) {
        self.deeds.push((whose, entity.clone()));
        rows(&mut self.needs, entity, verbs);
    }

    /// Rows of which it takes something with it.
    pub fn reads(&mut self, entity: &Entity) {
        rows(&mut self.needs, entity, &[Verb::Read]);
    }

    pub fn writes<'f>(&mut self, entity: &Entity, keys: impl IntoIterator<Item = &'f str>) {
        for field in keys.into_iter().filter_map(|key| entity.field(key)) {
            of_field(&mut self.needs, field, true);
        }
    }

    /// The fields that an input names.
    pub fn sets(&mut self, entity: &Entity, input: &str) {
        let step: &'c Step = self.step;
        let values = step.input.get(input).and_then(Value::as_object);
        self.writes(entity, values.into_iter().flatten().map(|(key, _)| key.as_str()));
    }

    pub fn permission(&mut self, permission: &str) {
        need(&mut self.needs, permission.to_owned(), Reach::All);
    }

    /// Those of an entity's moves that it makes, or may make: from which state, nobody can tell from the definition.
    pub fn moves(&mut self, entity: &Entity, makes: impl Fn(&Transition) -> bool) {
        let Some(states) = &entity.states else { return };
        for transition in states.transitions.iter().filter(|transition| makes(transition)) {
            let mut asked = vec![transition.gate.roles.clone()];
            // What needs an approval is turned down by whoever gives it, and automation is not asked whether it is one of them. It is where that
            // is given: then the approval itself is looked for.
            if transition.to == REJECTED {
                let left = states.list.iter().filter(|state| transition.starts_from(&state.key));
                let deciders = left.map(|state| states.deciders(&state.key));
                asked.extend(deciders.map(|roles| roles.into_iter().map(str::to_owned).collect::<Vec<_>>()));
            }
            let state = states.get(&transition.to).map_or(transition.to.as_str(), |state| &state.label);
            let gated = asked.into_iter().filter(|roles| !roles.is_empty());
            self.gates.extend(gated.map(|roles| Gated { state: state.to_owned(), roles }));
        }
    }

    /// What an operation does.
    pub fn runs(&mut self, name: &str) {
        let Some(operation) = Runnable::by_name(name) else { return };
        let input = runnable::entity_of(self.step);
        let entities = operation.entities(self.catalog, input);
        for (_, entity) in entities.iter().filter(|(rows, _)| rows.may_move()) {
            self.moves(entity, |transition| transition.internal);
        }
        self.deeds.extend(entities.into_iter().map(|(_, entity)| (Whose::Any, entity)));
        self.needs.merge(&operation.needs(self.catalog, input));
    }
}

pub fn need(needed: &mut Grants, permission: String, reach: Reach) {
    needed.merge(&Grants(BTreeMap::from([(permission, reach)])));
}

/// A workflow does it with everybody's rows.
pub fn rows(needed: &mut Grants, entity: &Entity, verbs: &[Verb]) {
    for verb in verbs {
        need(needed, entity.permission(*verb), Reach::All);
    }
}

/// Every field that has a permission of its own.
pub fn fields(needed: &mut Grants, entity: &Entity, writes: bool) {
    for field in &entity.fields {
        of_field(needed, field, writes);
    }
}

/// A field's permission is asked for beside that of its rows, and as far as that goes, so it need not go far itself.
fn of_field(needed: &mut Grants, field: &Field, writes: bool) {
    let write = field.permissions.write.iter().filter(|_| writes);
    for permission in field.permissions.read.iter().chain(write) {
        need(needed, permission.clone(), Reach::Own);
    }
}

/// A figure tells of the rows that it is counted over.
pub fn figures<'f>(needed: &mut Grants, catalog: &Catalog, fields: impl IntoIterator<Item = &'f Field>) {
    for rollup in fields.into_iter().filter_map(|field| field.rollup.as_ref()) {
        let Some(from) = catalog.get(&rollup.entity) else { continue };
        rows(needed, from, &[Verb::Read]);
        for field in std::iter::once(&rollup.via).chain(&rollup.field).filter_map(|key| from.field(key)) {
            of_field(needed, field, false);
        }
    }
}

/// What expressions need beside the rows that they read: for fields that not everybody reads, for figures, and for addresses of members.
pub fn beside_rows(compiled: &Compiled, reads: &[Read]) -> Grants {
    let mut needed = Grants::default();
    for read in reads {
        match (read.record.as_deref(), &compiled.entity, read.path.as_slice()) {
            // The names of members are everybody's.
            (Some(MEMBER), ..) if read.field == "email" => need(&mut needed, ADDRESSES.to_owned(), Reach::All),
            (Some(MEMBER), ..) => {}
            (Some(key), ..) => {
                let field = compiled.catalog.get(key).and_then(|entity| entity.field(&read.field));
                if let Some(field) = field {
                    of_field(&mut needed, field, false);
                    figures(&mut needed, &compiled.catalog, [field]);
                }
            }
            // The record as a whole.
            (None, Some(entity), [root]) if compiled.is_own(root) => {
                fields(&mut needed, entity, false);
                figures(&mut needed, &compiled.catalog, &entity.fields);
            }
            _ => {}
        }
    }
    needed
}

fn reading(needed: &mut Grants, compiled: &Compiled, reads: &[Read]) {
    for entity in reads.iter().filter_map(|read| compiled.catalog.get(read.record.as_deref()?)) {
        rows(needed, entity, &[Verb::Read]);
    }
    needed.merge(&beside_rows(compiled, reads));
}

/// The trigger with its conditions.
fn beginning(compiled: &Compiled) -> Grants {
    let mut needed = Grants::default();
    if let Some(entity) = &compiled.entity {
        rows(&mut needed, entity, &[Verb::Read]);
        let trigger = &compiled.definition.trigger;
        let filter = trigger.filter.as_deref().and_then(|text| Filter::parse(text, entity).ok());
        let tested = filter.iter().flat_map(tested);
        let named = trigger.fields.iter().chain(&trigger.field).map(String::as_str);
        let asked: Vec<&Field> = named.chain(tested).filter_map(|key| entity.field(key)).collect();
        for field in &asked {
            of_field(&mut needed, field, false);
        }
        figures(&mut needed, &compiled.catalog, asked);
    }
    reading(&mut needed, compiled, &compiled.reads);
    needed
}

/// The fields that a filter asks about.
fn tested(filter: &Filter) -> Vec<&str> {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().flat_map(tested).collect(),
        Filter::Test(test) => vec![test.field.as_str()],
    }
}

/// Refuses a workflow that does more than the caller may do, with everybody's rows. A grant has to cover each permission by itself, as where roles are
/// given: nobody hands on what they lack. And of the roles that a gate asks for they hold one themselves.
pub fn within(access: &Access, compiled: &Compiled) -> Result<()> {
    let mut parts = vec![(None, beginning(compiled), Vec::new())];
    for step in &compiled.steps {
        let Doing { needs: mut needed, gates, .. } = Doing::of(compiled, step);
        reading(&mut needed, compiled, &step.reads);
        parts.push((Some(step.step.key.as_str()), needed, gates));
    }
    let holds = |gate: &&Gated| gate.roles.iter().any(|role| access.roles.contains(role));
    let mut lacking = None;
    let mut faults = Vec::new();
    for (step, needed, gates) in &parts {
        if let Some((permission, reach)) = access.grants.beyond(needed) {
            lacking = lacking.or(Some(permission));
            faults.push(beyond(*step, permission, reach));
        } else if let (Some(step), Some(gate)) = (step, gates.iter().find(|gate| !holds(gate))) {
            faults.push(shut(step, gate));
        }
    }
    let Some(first) = faults.first() else { return Ok(()) };
    let message = first.message.clone();
    let refused = match lacking {
        Some(permission) => Error::forbidden(permission, &access.role),
        None => Error { user_role: Some(access.role.clone()), ..Error::new(Kind::Forbidden, "") },
    };
    Err(Error { message, fields: faults, ..refused })
}

fn shut(step: &str, gate: &Gated) -> FieldError {
    let roles = gate.roles.join(format!(" {} ", t!("or")).as_str());
    FieldError {
        field: format!("steps.{step}.type"),
        message: t!(
            "The step {step} moves to {state}, which needs the role {roles}. Ask somebody who has it to do it",
            step,
            state = gate.state,
            roles
        ),
    }
}

fn beyond(step: Option<&str>, permission: &str, reach: Reach) -> FieldError {
    let permission = match reach {
        Reach::All => t!("{permission} for {rows}", permission, rows = reach.rows()),
        _ => permission.to_owned(),
    };
    match step {
        Some(step) => FieldError {
            field: format!("steps.{step}.type"),
            message: t!(
                "The step {step} needs {permission}, which goes beyond your own roles. Ask somebody who holds as much to do it",
                step,
                permission
            ),
        },
        None => FieldError {
            field: "trigger.entity".to_owned(),
            message: t!(
                "The trigger needs {permission}, which goes beyond your own roles. Ask somebody who holds as much to do it",
                permission
            ),
        },
    }
}
