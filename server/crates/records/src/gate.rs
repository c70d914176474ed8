//! Gates: what a move from one state to another asks for.

use crate::get::Held;
use crate::pipeline;
use domain::records::Values;
use domain::schema::checklist::CHECKLIST;
use domain::schema::{Entity, States, Transition};
use domain::text::nearest;
use domain::{Error, FieldError, Kind, Result};
use platform::Access;
use serde_json::Value;
use words::t;

/// Refuses unless the values and the caller's roles are what the transition asks for. `from` is the state that is left; a row that only now
/// begins has left none, and no checklist of it can have been ticked.
pub fn pass(
    access: &Access,
    entity: &Entity,
    states: &States,
    transition: &Transition,
    from: Option<&str>,
    values: &Values,
) -> Result<()> {
    let target = states.get(&transition.to).map_or(transition.to.as_str(), |state| &state.label);
    let roles = &transition.gate.roles;
    if !roles.is_empty() && !roles.iter().any(|role| access.roles.contains(role)) {
        let roles = roles.join(format!(" {} ", t!("or")).as_str());
        let message = t!("Moving to {state} needs the role {roles}; ask somebody who has it", state = target, roles);
        return Err(Error { user_role: Some(access.role.clone()), ..Error::new(Kind::Forbidden, message) });
    }
    // What the caller may not know is asked for as well, and not named to them.
    let missing: Vec<(&str, &str)> = transition
        .gate
        .requires
        .iter()
        .filter(|key| values.get(*key).is_none_or(empty))
        .map(|key| match entity.field(key) {
            Some(field) if !field.readable(&access.grants) => ("", t!("a field that you may not see")),
            Some(field) => (key.as_str(), field.label.as_str()),
            None => (key.as_str(), key.as_str()),
        })
        .collect();
    let labels: Vec<&str> = missing.iter().map(|(_, label)| *label).collect();
    let and = format!(" {} ", t!("and"));
    let mut needs = if missing.is_empty() { Vec::new() } else { vec![labels.join(and.as_str())] };
    let mut fields: Vec<FieldError> = missing
        .iter()
        .map(|(key, label)| FieldError {
            field: (*key).to_owned(),
            message: t!("Moving to {state} needs {field}", state = target, field = label),
        })
        .collect();
    if let Some((here, open)) = unticked(states, transition, from, values) {
        needs.push(t!("what is open on the checklist of {state}: {items}", state = here, items = open));
        let message = t!("Of {state} is open: {items}", state = here, items = open);
        fields.push(FieldError { field: CHECKLIST.to_owned(), message });
    }
    if needs.is_empty() {
        return Ok(());
    }
    let needs = needs.join(format!(",{and}").as_str());
    let message = t!("Move to {state} needs {needs}", state = target, needs);
    Err(Error { kind: Kind::Conflict, message, ..Error::fields(fields) })
}

/// What the gate asks to be done before the state is left, and is not: the state, and the items in words.
fn unticked<'a>(
    states: &'a States,
    transition: &Transition,
    from: Option<&str>,
    values: &Values,
) -> Option<(&'a str, String)> {
    let state = states.get(from?).filter(|_| transition.gate.checklist)?;
    let open = state.open_items(values.get(CHECKLIST).unwrap_or(&Value::Null));
    let words: Vec<&str> = open.iter().map(|item| item.label.as_str()).collect();
    (!words.is_empty()).then(|| (state.label.as_str(), words.join(", ")))
}

/// Refuses a change of values that the state of a row does not allow. Whom a record belongs to is no part of what it says: it can be handed over
/// in any state, by whoever may update it.
pub fn editable(entity: &Entity, held: &Held, values: &Values) -> Result<()> {
    let handed_over = !values.is_empty() && values.keys().all(|key| key == "owner");
    if handed_over { Ok(()) } else { allowed(entity, held, "EDIT") }
}

/// Refuses what the state of a row does not allow to be done with it.
pub fn allowed(entity: &Entity, held: &Held, action: &str) -> Result<()> {
    let state = entity.states.as_ref().and_then(|states| states.get(held.text("status")));
    match state.filter(|state| !state.allows(action)) {
        None => Ok(()),
        Some(state) => {
            let one = entity.labels.one.to_lowercase();
            let state = &state.label;
            Err(Error::conflict(match action {
                "EDIT" => t!("This {one} is {state}: it can no longer be changed", one, state),
                "DELETE" => t!("This {one} is {state}: it can no longer be deleted", one, state),
                "EDIT_ITEMS" => t!("This {one} is {state}: it can no longer be given other lines", one, state),
                _ => t!("This {one} is {state}: it can no longer be used like this", one, state),
            }))
        }
    }
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Whether a new row may begin in a state: the initial one, or one that it could have been moved to, through that move's gate.
pub fn arrival(access: &Access, entity: &Entity, status: &str, values: &Values) -> Result<()> {
    let Some(states) = &entity.states else {
        return Err(Error::field("status", t!("{one} has no states", one = entity.labels.one)));
    };
    if states.begins(status) {
        return Ok(());
    }
    known(states, status)?;
    match way(states, status) {
        Some(transition) => pass(access, entity, states, transition, None, values),
        None => Err(Error::field(
            "status",
            t!("No move leads to {state}", state = states.get(status).map_or(status, |state| &state.label)),
        )),
    }
}

/// The move by which a row comes to a state. One that comes from elsewhere may have gone a way of several moves; the last of them is what it has
/// to satisfy.
pub fn way<'a>(states: &'a States, status: &str) -> Option<&'a Transition> {
    let moves = |transition: &&Transition| transition.to == status && !transition.internal;
    let begins = states.pipeline_of(status).map_or(&states.initial, |pipeline| &pipeline.initial);
    states.from(begins).find(moves).or_else(|| states.transitions.iter().find(moves))
}

pub fn known(states: &States, status: &str) -> Result<()> {
    if states.get(status).is_some() {
        return Ok(());
    }
    let hint = nearest(status, states.list.iter().map(|state| state.key.as_str()))
        .map(|meant| t!("; did you mean {meant}?", meant))
        .unwrap_or_default();
    Err(Error::field("status", t!("{state} is not a state{hint}", state = status, hint)))
}

/// What a transition asks for by its name or by where it leads.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    Name(&'a str),
    To(&'a str),
}

/// The transition that is meant, from the state that the row is in. `internal` ones are known only to the operations they belong to.
pub fn find<'a>(
    entity: &Entity,
    states: &'a States,
    from: &'a str,
    wanted: Wanted<'_>,
    internal: bool,
) -> Result<&'a Transition> {
    let offered = || states.from(from).filter(|transition| internal || !transition.internal);
    let fits = |transition: &&Transition| match wanted {
        Wanted::Name(name) => transition.name == name,
        Wanted::To(to) => transition.to == to,
    };
    if let Some(transition) = offered().find(fits) {
        return Ok(transition);
    }
    if let Wanted::To(to) = wanted
        && let Some(message) = pipeline::elsewhere(entity, states, from, to)
    {
        return Err(Error::conflict(message));
    }
    let here = states.get(from).map_or(from, |state| &state.label);
    let one = &entity.labels.one;
    let names: Vec<String> =
        offered().map(|transition| format!("{} ({})", transition.label, transition.name)).collect();
    let allowed = if names.is_empty() { t!("nothing").to_owned() } else { names.join(", ") };
    let exists = states
        .transitions
        .iter()
        .filter(|transition| internal || !transition.internal)
        .any(|transition| fits(&transition));
    let message = match wanted {
        Wanted::To(to) if to == from => t!("This {one} is {state} already", one = one.to_lowercase(), state = here),
        _ if exists => {
            t!("From {state} this move cannot be made; from there go: {moves}", state = here, moves = allowed)
        }
        Wanted::Name(name) => {
            let message =
                t!("{one} has no move {name}; from {state} go: {moves}", one, name, state = here, moves = allowed);
            return Err(Error::field("name", message));
        }
        Wanted::To(to) => {
            known(states, to).map_err(about_to)?;
            t!(
                "No move leads from {state} to {target}; from there go: {moves}",
                state = here,
                target = states.get(to).map_or(to, |state| &state.label),
                moves = allowed
            )
        }
    };
    Err(Error::conflict(message))
}

/// A fault of the state that a move is to lead to.
pub fn about_to(error: Error) -> Error {
    let fields = error.fields.into_iter().map(|fault| FieldError { field: "to".to_owned(), ..fault }).collect();
    Error { fields, ..Error::invalid(error.message) }
}
