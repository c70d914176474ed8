//! May a row enter the state that the file gives it? The engine's own gates, with what they refuse put beside the right column.

use super::check::{Checked, Update};
use super::existing::Stand;
use super::plan::Plan;
use crate::gate::{self, Wanted};
use domain::Error;
use domain::schema::FieldKind;
use platform::Ctx;

/// A new row.
pub fn check_new(ctx: &Ctx, plan: &Plan, row: &mut Checked) {
    let Some(status) = row.status.clone() else { return };
    if let Err(error) = gate::arrival(&ctx.access, &plan.entity, &status, &row.values) {
        refuse(plan, row, &error);
    }
}

/// An existing row that the file wants in another state; the values it will have count.
pub fn check_move(ctx: &Ctx, plan: &Plan, row: &mut Checked, update: &Update, current: &Stand, to: &str) {
    let Some(states) = &plan.entity.states else { return };
    let from = current.status.as_deref().unwrap_or_default();
    let mut values = current.values.clone();
    values.extend(update.after.clone());
    let passed = gate::find(&plan.entity, states, from, Wanted::To(to), false)
        .and_then(|transition| gate::pass(&ctx.access, &plan.entity, states, transition, &values));
    if let Err(error) = passed {
        refuse(plan, row, &error);
    }
}

fn refuse(plan: &Plan, row: &mut Checked, error: &Error) {
    let state =
        plan.fields.iter().find(|planned| matches!(planned.field.kind, FieldKind::State)).map(|planned| planned.column);
    if error.fields.is_empty() {
        return row.problem_at(plan, state, error.message.clone());
    }
    for fault in &error.fields {
        let column = plan.planned(&fault.field).map(|planned| planned.column);
        // A cell that could not be read has been named already; that its value is missing follows from it.
        let name = column.and_then(|column| plan.names.get(column));
        if name.is_none() || row.problems.iter().all(|problem| problem.column.as_ref() != name) {
            row.problem_at(plan, column.or(state), fault.message.clone());
        }
    }
}
