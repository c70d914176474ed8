//! `update_record`: changes fields of a record.

use super::{Facts, Inputs, Intent, StepType, nothing, target};
use crate::check::Checking;
use crate::needs::{Doing, Whose};
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use domain::{Result, Verb};
use expr::Type;
use words::t;

pub const STEP: StepType = StepType { kind: "update_record", describe, check: nothing, answers, needs, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "update_record".into(),
        label: t!("Change a record").into(),
        help: t!("Changes fields of a record: the one that set the workflow off, unless another is named.").into(),
        icon: "pencil".into(),
        inputs: vec![
            InputDescriptor::new("entity", t!("What" in "step"), InputKind::Entity),
            InputDescriptor::new("record", t!("Which" in "step"), InputKind::Expression { answers: Answer::Record }),
            InputDescriptor::new("values", t!("Values"), InputKind::Values { of: Some("entity".into()) }).required(),
        ],
    }
}

pub(super) fn answers(checking: &Checking<'_>) -> Type {
    checking.entity().map_or(Type::Any, |entity| Type::Reference(entity.key.clone()))
}

pub(super) fn needs(doing: &mut Doing<'_>) {
    let Some(entity) = doing.entity() else { return };
    doing.rows(Whose::Target, &entity, &[Verb::Read, Verb::Update]);
    doing.sets(&entity, "values");
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let (entity, id) = target(inputs, facts)?;
    Ok(vec![Intent::Update { entity, id, values: inputs.values("values") }])
}
