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
        let message = format!("Moving to {target} needs the role {}; ask somebody who has it", roles.join(" or "));
        return Err(Error { user_role: Some(access.role.clone()), ..Error::new(Kind::Forbidden, message) });
    }
    let missing: Vec<(&str, &str)> = transition
        .gate
        .requires
        .iter()
        .filter(|key| values.get(*key).is_none_or(empty))
        .map(|key| (key.as_str(), entity.field(key).map_or(key.as_str(), |field| &field.label)))
        .collect();
    let labels: Vec<&str> = missing.iter().map(|(_, label)| *label).collect();
    let mut needs = if missing.is_empty() { Vec::new() } else { vec![labels.join(" and ")] };
    let mut fields: Vec<FieldError> = missing
        .iter()
        .map(|(key, label)| FieldError {
            field: (*key).to_owned(),
            message: format!("Moving to {target} needs {label}"),
        })
        .collect();
    if let Some((here, open)) = unticked(states, transition, from, values) {
        needs.push(format!("what is open on the checklist of {here}: {open}"));
        fields.push(FieldError { field: CHECKLIST.to_owned(), message: format!("Of {here} is open: {open}") });
    }
    if needs.is_empty() {
        return Ok(());
    }
    let message = format!("Move to {target} needs {}", needs.join(", and "));
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
            let done = match action {
                "EDIT" => "changed",
                "DELETE" => "deleted",
                "EDIT_ITEMS" => "given other lines",
                _ => "used like this",
            };
            Err(Error::conflict(format!("This {one} is {}: it can no longer be {done}", state.label)))
        }
    }
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Whether a new row may begin in a state: the initial one, or one that it could have been moved to, through that move's gate.
pub fn arrival(access: &Access, entity: &Entity, status: &str, values: &Values) -> Result<()> {
    let Some(states) = &entity.states else {
        return Err(Error::field("status", format!("{} has no states", entity.labels.one)));
    };
    if states.begins(status) {
        return Ok(());
    }
    known(states, status)?;
    match way(states, status) {
        Some(transition) => pass(access, entity, states, transition, None, values),
        None => Err(Error::field(
            "status",
            format!("No move leads to {}", states.get(status).map_or(status, |state| &state.label)),
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
        .map(|meant| format!("; did you mean {meant}?"));
    Err(Error::field("status", format!("{status} is not a state{}", hint.unwrap_or_default())))
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
    let allowed = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let exists = states
        .transitions
        .iter()
        .filter(|transition| internal || !transition.internal)
        .any(|transition| fits(&transition));
    let message = match wanted {
        Wanted::To(to) if to == from => format!("This {} is {here} already", one.to_lowercase()),
        _ if exists => format!("From {here} this move cannot be made; from there go: {allowed}"),
        Wanted::Name(name) => {
            return Err(Error::field("name", format!("{one} has no move {name}; from {here} go: {allowed}")));
        }
        Wanted::To(to) => {
            known(states, to).map_err(about_to)?;
            format!(
                "No move leads from {here} to {}; from there go: {allowed}",
                states.get(to).map_or(to, |state| &state.label)
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
