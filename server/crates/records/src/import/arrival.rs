//! May a row enter the state that the file gives it? The engine's own gates, with what they refuse put beside the right column.

use super::check::{Checked, Update};
use super::existing::Stand;
use super::plan::Plan;
use crate::gate::{self, Wanted};
use crate::holder::Holders;
use crate::pipeline;
use domain::records::Values;
use domain::schema::{FieldKind, PIPELINE};
use domain::{Error, Result};
use platform::Ctx;
use serde_json::Value;
use words::t;

/// A new row. The file may say its pipeline, its state, or both.
pub fn check_new(ctx: &Ctx, plan: &Plan, holders: &Holders, row: &mut Checked) {
    if let (Some(states), Some(named)) = (&plan.entity.states, row.pipeline.clone()) {
        match pipeline::agreed(states, &named, row.status.as_deref()) {
            Ok(status) => row.status = Some(status),
            Err(reason) => return row.problem_at(plan, column(plan), reason),
        }
    }
    let Some(status) = row.status.clone() else { return };
    // Both are told: what the gate asks for, and who could hold the row.
    let arrives = gate::arrival(&ctx.access, &plan.entity, &status, &row.values);
    let begins = begins(ctx, plan, holders, &status, &row.values);
    for error in [arrives, begins].into_iter().filter_map(Result::err) {
        refuse(plan, row, &error);
    }
}

/// A row that the file gives no owner is the caller's.
fn begins(ctx: &Ctx, plan: &Plan, holders: &Holders, status: &str, values: &Values) -> Result<()> {
    let Some(states) = plan.entity.states.as_ref().filter(|states| !states.begins(status)) else { return Ok(()) };
    let mut values = values.clone();
    values.entry("owner").or_insert_with(|| Value::String(ctx.access.member.to_string()));
    holders.fit(states, status, &values)
}

/// An existing row that the file wants in another state; the values it will have count.
pub fn check_move(
    ctx: &Ctx,
    plan: &Plan,
    holders: &Holders,
    row: &mut Checked,
    (update, current): (&Update, &Stand),
    to: &str,
) {
    let Some(states) = &plan.entity.states else { return };
    let from = current.status.as_deref().unwrap_or_default();
    let mut values = current.values.clone();
    values.extend(update.after.clone());
    let passed = gate::find(&plan.entity, states, from, Wanted::To(to), false)
        .and_then(|transition| gate::pass(&ctx.access, &plan.entity, states, transition, Some(from), &values));
    for error in [passed, holders.fit(states, to, &values)].into_iter().filter_map(Result::err) {
        refuse(plan, row, &error);
    }
}

/// An existing row of which the file says a pipeline: it has to be in that one.
pub fn check_pipeline(plan: &Plan, row: &mut Checked, current: &Stand) {
    let Some(named) = row.pipeline.clone().filter(|named| pipeline::differs(&current.values, named)) else { return };
    let states = plan.entity.states.as_ref();
    let label = |key: &str| {
        states.and_then(|states| states.pipeline(key)).map_or(key.to_owned(), |pipeline| pipeline.label.clone())
    };
    let here = current.values.get(PIPELINE).and_then(Value::as_str).unwrap_or_default();
    let reason = t!(
        "The row is in {here}; into {target} it is moved by its own page, not by a file",
        here = label(here),
        target = label(&named)
    );
    row.problem_at(plan, column(plan), reason);
}

/// Where the file says the pipeline.
fn column(plan: &Plan) -> Option<usize> {
    plan.planned(PIPELINE).map(|planned| planned.column)
}

fn refuse(plan: &Plan, row: &mut Checked, error: &Error) {
    let state =
        plan.fields.iter().find(|planned| matches!(planned.field.kind, FieldKind::State)).map(|planned| planned.column);
    if error.fields.is_empty() {
        return row.problem_at(plan, state, error.message.clone());
    }
    for fault in &error.fields {
        let planned = plan.planned(&fault.field);
        // A cell that could not be read has been named already; that its value is missing follows from it.
        let columns = planned
            .into_iter()
            .flat_map(|planned| std::iter::once(planned.column).chain(planned.parts.values().copied()));
        let named = columns.filter_map(|column| plan.names.get(column)).any(|name| row.names(name));
        if !named {
            row.problem_at(plan, planned.map(|planned| planned.column).or(state), fault.message.clone());
        }
    }
}
