//! `notify`: tells members something in the product.

use super::{Facts, Inputs, Intent, StepType, anything};
use crate::check::Checking;
use crate::needs::Doing;
use domain::Result;
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use serde_json::json;
use words::t;

pub const STEP: StepType = StepType { kind: "notify", describe, check, answers: anything, needs, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "notify".into(),
        label: t!("Notify").into(),
        help: t!("Tells everybody who holds one of the roles, or a member.").into(),
        icon: "bell".into(),
        inputs: vec![
            InputDescriptor::new("roles", t!("Roles"), InputKind::Roles),
            InputDescriptor::new("member", t!("Member"), InputKind::Expression { answers: Answer::Record }),
            InputDescriptor::new("title", t!("Title"), InputKind::Text).required(),
            InputDescriptor::new("body", t!("Text" in "step"), InputKind::Text),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    if !checking.step.input.contains_key("roles") && !checking.step.input.contains_key("member") {
        checking.fault("input.roles", t!("Say whom to tell: a role or a member"));
    }
}

/// Whoever sends one by the operation needs the same.
pub(super) fn needs(doing: &mut Doing<'_>) {
    doing.permission("workflow.notification.send");
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let mut audiences: Vec<_> = inputs.texts("roles").into_iter().map(|role| json!({ "role": role })).collect();
    if let Some(member) = inputs.id("member")? {
        audiences.push(json!({ "member": member }));
    }
    let title = inputs.required("title")?;
    let tell = |to| Intent::Run {
        operation: "workflow.notify".into(),
        input: json!({
            "to": to, "title": title, "body": inputs.text("body"), "entity": facts.entity, "record": facts.record,
            // One key for all audiences: who belongs to several is told once.
            "key": facts.key(0),
        }),
    };
    Ok(audiences.into_iter().map(tell).collect())
}
