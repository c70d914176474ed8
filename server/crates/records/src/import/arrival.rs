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
        let planned = plan.planned(&fault.field);
        // A cell that could not be read has been named already; that its value is missing follows from it.
        let columns = planned.into_iter().flat_map(|planned| std::iter::once(planned.column).chain(planned.currency));
        let named = columns.filter_map(|column| plan.names.get(column)).any(|name| row.names(name));
        if !named {
            row.problem_at(plan, planned.map(|planned| planned.column).or(state), fault.message.clone());
        }
    }
}
