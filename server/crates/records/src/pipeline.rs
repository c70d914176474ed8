//! Pipelines of an entity that has several: in which one a new row begins, and how a row comes into another one.
//!
//! A row is told by its state where it stands, so a move into another pipeline is a move into a state there, through what that state asks of
//! whoever comes to it. What is left behind asks for nothing: no checklist of its own, and no transition that would lead out.

use crate::gate::{self, Wanted};
use crate::get::Held;
use domain::records::Values;
use domain::schema::value::{Rules, check};
use domain::schema::{Entity, Gate, PIPELINE, Pipeline, States, Transition};
use domain::text::nearest;
use domain::{Error, FieldError, Result};
use serde_json::Value;
use words::t;

/// What a caller asks a move for.
#[derive(Debug, Clone, Copy)]
pub enum Goal<'a> {
    Move(Wanted<'a>),
    /// Into a pipeline: to a state of it, or to the one in which rows begin there.
    Into(&'a str, Option<&'a str>),
}

/// The move that is meant, and the state whose checklist its gate may ask for: the one that is left, unless that is in another pipeline.
pub fn meant<'a>(
    entity: &Entity,
    states: &'a States,
    held: &'a Held,
    goal: Goal<'_>,
    internal: bool,
) -> Result<(Transition, Option<&'a str>)> {
    let from = held.text("status");
    let (pipeline, to) = match goal {
        Goal::Move(wanted) => return Ok((gate::find(entity, states, from, wanted, internal)?.clone(), Some(from))),
        Goal::Into(key, to) => (known(entity, states, key)?, to),
    };
    let here = states.pipeline_of(from) == Some(pipeline);
    match to {
        Some(to) => gate::known(states, to).map_err(gate::about_to)?,
        None if here => {
            let one = entity.labels.one.to_lowercase();
            let pipeline = &pipeline.label;
            return Err(Error::conflict(t!(
                "This {one} is in {pipeline} already; say to which state it goes",
                one,
                pipeline
            )));
        }
        None => {}
    }
    let to = to.unwrap_or(&pipeline.initial);
    if states.pipeline_of(to) != Some(pipeline) {
        let label = states.get(to).map_or(to, |state| &state.label);
        let message = t!("{state} is no state of {pipeline}", state = label, pipeline = pipeline.label);
        return Err(Error::field("to", message));
    }
    if here {
        return Ok((gate::find(entity, states, from, Wanted::To(to), internal)?.clone(), Some(from)));
    }
    gate::allowed(entity, held, "EDIT")?;
    let (gate, left) = entered(states, pipeline, to)?;
    let label = t!("Move to {pipeline}", pipeline = pipeline.label);
    let (from, to) = (vec![from.to_owned()], to.to_owned());
    Ok((Transition { name: pipeline.key.clone(), label, from, to, gate, internal: false }, left))
}

/// What is asked of a row that comes to the state from another pipeline: what the last move there would ask, its checklist too, or it could be
/// passed by through another pipeline; and nothing where rows begin. An approval is given for a move that somebody has asked for, and there is
/// none here.
fn entered<'a>(states: &'a States, pipeline: &Pipeline, to: &str) -> Result<(Gate, Option<&'a str>)> {
    if states.begins(to) {
        return Ok((Gate::default(), None));
    }
    let label = |key: &str| states.get(key).map_or(key.to_owned(), |state| state.label.clone());
    match gate::way(states, to) {
        Some(way) if way.gate.approval.is_none() => Ok((way.gate.clone(), way.from.first().map(String::as_str))),
        Some(_) => Err(Error::conflict(t!(
            "{state} needs an approval, which is asked for in {pipeline}. Move it to {first} first",
            state = label(to),
            pipeline = pipeline.label,
            first = label(&pipeline.initial)
        ))),
        None => Err(Error::conflict(t!("No move leads to {state}", state = label(to)))),
    }
}

fn known<'a>(entity: &Entity, states: &'a States, key: &str) -> Result<&'a Pipeline> {
    let many = &entity.labels.many;
    if states.pipelines.is_empty() {
        return Err(Error::field(PIPELINE, t!("{many} have one pipeline only", many)));
    }
    states.pipeline(key).ok_or_else(|| {
        let keys = || states.pipelines.iter().map(|pipeline| pipeline.key.as_str());
        let hint = match nearest(key, keys()) {
            Some(meant) => t!("did you mean {meant}?", meant),
            None => t!("known are {keys}", keys = keys().collect::<Vec<_>>().join(", ")),
        };
        Error::field(PIPELINE, t!("{key} is not a pipeline of {many}; {hint}", key, many, hint))
    })
}

/// Takes the pipeline out of the values of a new row, and answers the state in which the row begins; none where nothing is said of it.
pub fn begun(entity: &Entity, values: &mut Values, rules: Rules) -> Result<Option<String>, FieldError> {
    let (Some(field), Some(states)) = (entity.pipeline_field(), &entity.states) else { return Ok(None) };
    let Some(value) = values.remove(PIPELINE) else { return Ok(None) };
    let value = check(field, &value, rules).map_err(|message| FieldError { field: PIPELINE.to_owned(), message })?;
    let pipeline = value.as_str().and_then(|key| states.pipeline(key));
    Ok(pipeline.map(|pipeline| pipeline.initial.clone()))
}

/// Why a row cannot go to a state by a plain move, where that is because the state is in another pipeline.
pub fn elsewhere(entity: &Entity, states: &States, from: &str, to: &str) -> Option<String> {
    let pipeline = states.crossed(from, to)?;
    let label = states.get(to).map_or(to, |state| &state.label);
    let one = entity.labels.one.to_lowercase();
    let here = states.pipeline_of(from).map_or(t!("no pipeline"), |pipeline| &pipeline.label);
    Some(t!(
        "{state} is a state of {pipeline}, and this {one} is in {here}. Move it into another pipeline first, by its own page",
        state = label,
        pipeline = pipeline.label,
        one,
        here
    ))
}

/// The pipeline that a file says of a row, beside the state that it says: the state in which a new row begins, or what is wrong.
pub fn agreed(states: &States, pipeline: &str, status: Option<&str>) -> Result<String, String> {
    let Some(pipeline) = states.pipeline(pipeline) else { return Err(t!("{key} is not a pipeline", key = pipeline)) };
    match status {
        None => Ok(pipeline.initial.clone()),
        Some(status) if states.pipeline_of(status) == Some(pipeline) => Ok(status.to_owned()),
        Some(status) => {
            let label = states.get(status).map_or(status, |state| &state.label);
            Err(t!("{state} is no state of {pipeline}", state = label, pipeline = pipeline.label))
        }
    }
}

/// Whether a row holds another pipeline than the file says of it.
pub fn differs(values: &Values, pipeline: &str) -> bool {
    values.get(PIPELINE).and_then(Value::as_str) != Some(pipeline)
}
