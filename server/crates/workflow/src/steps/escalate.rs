//! `escalate`: tells those above the owner of the record, so many steps up; the administrators where nobody is above.

use super::{Facts, Inputs, Intent, StepType, anything, notify};
use crate::check::Checking;
use domain::Result;
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use serde_json::{Value, json};
use words::t;

pub const STEP: StepType = StepType { kind: "escalate", describe, check, answers: anything, needs: notify::needs, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "escalate".into(),
        label: t!("Escalate").into(),
        help: t!("Tells the manager of the record's owner; level 2 tells the manager's manager, and so on.").into(),
        icon: "arrow-up".into(),
        inputs: vec![
            InputDescriptor::new("level", t!("Level" in "escalation"), InputKind::Number).required(),
            InputDescriptor::new("member", t!("Above whom"), InputKind::Expression { answers: Answer::Record })
                .help(t!("The record's owner when it is left out.")),
            InputDescriptor::new("title", t!("Title"), InputKind::Text).required(),
            InputDescriptor::new("body", t!("Text" in "step"), InputKind::Text),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    if checking.step.input.get("level").and_then(Value::as_i64).is_none_or(|level| !(1..=10).contains(&level)) {
        checking.fault("input.level", t!("A level is a whole number from 1 to 10"));
    }
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let level = inputs.whole("level").unwrap_or(1);
    let to = match inputs.id("member")?.or(facts.owner) {
        Some(member) => json!({ "above": { "member": member, "level": level } }),
        None => json!({ "role": "ADMIN" }),
    };
    let input = json!({
        "to": to, "title": inputs.required("title")?, "body": inputs.text("body"),
        "entity": facts.entity, "record": facts.record, "key": facts.key(0),
    });
    Ok(vec![Intent::Run { operation: "workflow.notify".into(), input }])
}
