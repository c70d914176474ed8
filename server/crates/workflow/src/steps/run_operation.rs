//! `run_operation`: an operation of the product, by its stable name. Which are for workflows, and what they need, `runnable` says.

use super::{Facts, Inputs, Intent, StepType, anything};
use crate::check::Checking;
use crate::needs::Doing;
use crate::runnable::{self, Runnable};
use domain::Result;
use domain::workflow::{InputDescriptor, InputKind, StepDescriptor};
use serde_json::Value;
use words::t;

pub const STEP: StepType = StepType { kind: "run_operation", describe, check, answers: anything, needs, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "run_operation".into(),
        label: t!("Run an operation").into(),
        help: t!("Does what a page or the API can do, by the operation's name.").into(),
        icon: "play".into(),
        inputs: vec![
            InputDescriptor::new("operation", t!("Operation"), InputKind::Operation).required(),
            InputDescriptor::new("values", t!("Input"), InputKind::Values { of: None }).required(),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    let Some(name) = checking.literal("operation") else { return };
    if !checking.is_operation(&name) {
        let meant = checking.operation_meant(&name);
        let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
        checking.fault("input.operation", t!("There is no operation {name}{meant}", name, meant));
    } else if !runnable::is_open(&name) {
        checking.fault("input.operation", t!("{name} is not for workflows", name));
    } else if Runnable::by_name(&name).is_some_and(Runnable::names_entity) {
        let named = runnable::entity_of(checking.step).and_then(|key| checking.catalog.get(key));
        if named.is_none() {
            let message =
                t!("Name an entity as a text, such as {example}; it cannot depend on a value", example = "'lead'");
            checking.fault("input.values.entity", message);
        }
    }
}

fn needs(doing: &mut Doing<'_>) {
    if let Some(name) = doing.literal("operation") {
        doing.runs(name);
    }
}

fn act(inputs: &Inputs, _: &Facts) -> Result<Vec<Intent>> {
    let operation = inputs.required("operation")?.to_owned();
    Ok(vec![Intent::Run { operation, input: Value::Object(inputs.values("values")) }])
}
