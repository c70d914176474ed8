//! `branch`: goes one way or the other. Both lead forwards, so that no run goes round in circles.

use super::{Facts, Inputs, Intent, StepType, harmless, nothing};
use crate::check::Checking;
use domain::Result;
use domain::workflow::{Answer, END, InputDescriptor, InputKind, StepDescriptor};
use expr::Type;
use serde_json::json;
use words::t;

pub const STEP: StepType = StepType { kind: "branch", describe, check: nothing, answers, needs: harmless, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "branch".into(),
        label: t!("Decide the way").into(),
        help: t!("Goes to one step where the condition holds, to another where it does not.").into(),
        icon: "git-branch".into(),
        inputs: vec![
            InputDescriptor::new("if", t!("If" in "branch"), InputKind::Expression { answers: Answer::Flag })
                .required(),
            InputDescriptor::new("then", t!("Then go to"), InputKind::Step)
                .help(t!("The next step when it is left out.")),
            InputDescriptor::new("else", t!("Else go to"), InputKind::Step)
                .help(t!("The next step when it is left out.")),
        ],
    }
}

fn answers(_: &Checking<'_>) -> Type {
    Type::Bool
}

fn act(inputs: &Inputs, _: &Facts) -> Result<Vec<Intent>> {
    let holds = inputs.flag("if");
    let answer = Intent::Answer { value: json!(holds) };
    let way = match inputs.text(if holds { "then" } else { "else" }) {
        None => return Ok(vec![answer]),
        Some(END) => Intent::End { outcome: "branched".to_owned() },
        Some(step) => Intent::Go { to: step.to_owned() },
    };
    Ok(vec![answer, way])
}
