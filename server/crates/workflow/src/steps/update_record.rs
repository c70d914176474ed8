//! `update_record`: changes fields of a record.

use super::{Facts, Inputs, Intent, StepType, nothing, target};
use crate::check::Checking;
use domain::Result;
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use expr::Type;

pub const STEP: StepType = StepType { kind: "update_record", describe, check: nothing, answers, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "update_record".into(),
        label: "Change a record".into(),
        help: "Changes fields of a record: the one that set the workflow off, unless another is named.".into(),
        icon: "pencil".into(),
        inputs: vec![
            InputDescriptor::new("entity", "What", InputKind::Entity),
            InputDescriptor::new("record", "Which", InputKind::Expression { answers: Answer::Record }),
            InputDescriptor::new("values", "Values", InputKind::Values { of: Some("entity".into()) }).required(),
        ],
    }
}

pub(super) fn answers(checking: &Checking<'_>) -> Type {
    checking.entity().map_or(Type::Any, |entity| Type::Reference(entity.key.clone()))
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let (entity, id) = target(inputs, facts)?;
    Ok(vec![Intent::Update { entity, id, values: inputs.values("values") }])
}
