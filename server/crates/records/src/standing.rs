//! Where a row stands and how long: the pipeline of its state, since when it is there, and the day by which it is to leave.
//!
//! All are values of the row like any other, set by every way in which a row comes into a state, so that versions, the past, filters, sorts
//! and exports know them. They say what was promised when the row came: days that a description changes later count from the next move on.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::records::Values;
use domain::schema::{Entity, PIPELINE, STATUS_DUE, STATUS_SINCE};
use platform::Ctx;
use platform::clock::today_in;
use serde_json::{Value, json};

/// The values of a row that comes into a state at a moment. None where the entity has one pipeline and no state with days.
pub fn entered(ctx: &Ctx, entity: &Entity, status: &str, at: DateTime<Utc>) -> Values {
    let mut values = Values::new();
    let states = entity.states.as_ref();
    if let Some(pipeline) = states.and_then(|states| states.pipeline_of(status)) {
        values.insert(PIPELINE.to_owned(), json!(pipeline.key));
    }
    if entity.field(STATUS_SINCE).is_none() {
        return values;
    }
    let state = states.and_then(|states| states.get(status));
    let due = state.and_then(|state| state.due(today_in(&ctx.access.timezone, at)));
    values.insert(STATUS_SINCE.to_owned(), json!(at.to_rfc3339_opts(SecondsFormat::Secs, true)));
    values.insert(STATUS_DUE.to_owned(), due.map_or(Value::Null, |due| json!(due.to_string())));
    values
}

/// The same of a new row, which may bring its moment along: demo data tells of rows that stand there already.
pub fn begun(ctx: &Ctx, entity: &Entity, status: &str, values: &Values) -> Values {
    let told = values.get(STATUS_SINCE).and_then(Value::as_str).and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    entered(ctx, entity, status, told.map_or_else(|| ctx.now(), |at| at.with_timezone(&Utc)))
}
