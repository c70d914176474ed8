//! How a row stands in its state: how many days are left, how much of the checklist is done.

use crate::time::Clock;
use domain::records::Record;
use domain::schema::checklist::{CHECKLIST, tick};
use domain::schema::value::show_date;
use domain::schema::{Entity, STATUS_DUE, STATUS_SINCE, State};
use leptos::prelude::*;
use serde_json::Value;
use ui::{Chip, Tone};
use words::t;

/// The state that the row is in.
pub fn state<'a>(entity: &'a Entity, record: &Record) -> Option<&'a State> {
    entity.states.as_ref()?.get(record.text("status")?)
}

/// "3 days over", where the state says how long a row may stand in it.
pub fn due_chip(clock: Clock, entity: &Entity, record: &Record) -> Option<AnyView> {
    let due = record.text(STATUS_DUE)?;
    let (left, words) = clock.left(due)?;
    let tone = match left {
        ..0 => Tone::Negative,
        0 => Tone::Warning,
        _ => Tone::Neutral,
    };
    let label = state(entity, record).map_or(t!("this state"), |state| &state.label);
    let due = show_date(due);
    let title = match record.text(STATUS_SINCE).map(|since| clock.full(since)) {
        Some(since) => t!("In {state} since {since}, due by {due}", state = label, since, due),
        None => t!("In {state}, due by {due}", state = label, due),
    };
    Some(view! { <Chip tone title icon="clock">{words}</Chip> }.into_any())
}

/// "1 of 3 done", where the state has a checklist.
pub fn done_chip(entity: &Entity, record: &Record) -> Option<AnyView> {
    let state = state(entity, record).filter(|state| !state.checklist.is_empty())?;
    let (done, all) = progress(state, ticks(record));
    let title = t!("Checklist of {state}", state = state.label);
    let tone = if done == all { Tone::Positive } else { Tone::Neutral };
    Some(view! { <Chip tone title icon="list-todo">{t!("{done} of {all} done", done, all)}</Chip> }.into_any())
}

/// Items that are done, and all of them.
pub fn progress(state: &State, ticks: &Value) -> (usize, usize) {
    (state.checklist.iter().filter(|item| tick(ticks, &item.key).is_some()).count(), state.checklist.len())
}

pub fn ticks(record: &Record) -> &Value {
    record.values.get(CHECKLIST).unwrap_or(&Value::Null)
}
