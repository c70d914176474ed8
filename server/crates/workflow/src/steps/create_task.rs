//! `create_task`: something for a person to do by a day. For a role, whoever holds it first.

use super::{Facts, Inputs, Intent, StepType, nothing};
use crate::check::Checking;
use crate::needs::{Doing, Whose};
use domain::workflow::{Answer, Audience, InputDescriptor, InputKind, StepDescriptor};
use domain::{Result, Verb};
use expr::Type;
use serde_json::Value;
use words::t;

pub const STEP: StepType = StepType { kind: "create_task", describe, check: nothing, answers, needs, act };

fn describe() -> StepDescriptor {
    let priorities = ["low", "medium", "high", "urgent"].map(str::to_owned).to_vec();
    StepDescriptor {
        kind: "create_task".into(),
        label: t!("Create a task").into(),
        help: t!("Makes a task for a member, or for the first holder of a role.").into(),
        icon: "list-todo".into(),
        inputs: vec![
            InputDescriptor::new("title", t!("Title"), InputKind::Text).required(),
            InputDescriptor::new("role", t!("For the role"), InputKind::Roles),
            InputDescriptor::new("member", t!("For the member"), InputKind::Expression { answers: Answer::Record }),
            InputDescriptor::new("dueOn", t!("Due on"), InputKind::Expression { answers: Answer::Moment }),
            InputDescriptor::new("priority", t!("Priority"), InputKind::Choice { options: priorities }),
            InputDescriptor::new("values", t!("Other fields"), InputKind::Values { of: Some("task".into()) }),
        ],
    }
}

fn answers(_: &Checking<'_>) -> Type {
    Type::reference("task")
}

fn needs(doing: &mut Doing<'_>) {
    let Some(task) = doing.known("task") else { return };
    doing.rows(Whose::New, &task, &[Verb::Create]);
    doing.writes(&task, ["title", "dueOn", "priority", "owner"]);
    doing.sets(&task, "values");
}

fn act(inputs: &Inputs, _: &Facts) -> Result<Vec<Intent>> {
    let mut values = inputs.values("values");
    values.insert("title".to_owned(), Value::String(inputs.required("title")?.to_owned()));
    for key in ["dueOn", "priority"] {
        if !inputs.value(key).is_null() {
            values.insert(key.to_owned(), inputs.value(key));
        }
    }
    let owner = match inputs.id("member")? {
        Some(member) => Some(Audience::Member(member)),
        None => inputs.texts("role").into_iter().next().map(Audience::Role),
    };
    Ok(vec![Intent::Create { entity: "task".to_owned(), values, owner }])
}
