//! `run_operation`: any operation of the product, by its stable name.

use super::{Facts, Inputs, Intent, StepType, anything};
use crate::check::Checking;
use domain::Result;
use domain::workflow::{InputDescriptor, InputKind, StepDescriptor};
use serde_json::Value;
use words::t;

pub const STEP: StepType = StepType { kind: "run_operation", describe, check, answers: anything, act };

/// Areas whose operations are about the caller's own sessions, the platform, or the machinery itself.
const CLOSED: [&str; 4] = ["admin.", "people.", "imports.", "workflow."];

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
    if CLOSED.iter().any(|area| name.starts_with(area)) {
        checking.fault("input.operation", t!("{name} is not for workflows", name));
    } else if !checking.is_operation(&name) {
        let meant = checking.operation_meant(&name);
        let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
        checking.fault("input.operation", t!("There is no operation {name}{meant}", name, meant));
    }
}

fn act(inputs: &Inputs, _: &Facts) -> Result<Vec<Intent>> {
    let operation = inputs.required("operation")?.to_owned();
    Ok(vec![Intent::Run { operation, input: Value::Object(inputs.values("values")) }])
}
