//! `create_record`: a new record, by the same operation that a person's form runs.

use super::{Facts, Inputs, Intent, StepType, nothing};
use crate::check::Checking;
use crate::needs::{Doing, Whose};
use domain::workflow::{InputDescriptor, InputKind, StepDescriptor};
use domain::{Result, Verb};
use expr::Type;
use words::t;

pub const STEP: StepType = StepType { kind: "create_record", describe, check: nothing, answers, needs, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "create_record".into(),
        label: t!("Create a record").into(),
        help: t!("Makes a record. Later steps know it by this step's key.").into(),
        icon: "plus".into(),
        inputs: vec![
            InputDescriptor::new("entity", t!("What" in "step"), InputKind::Entity).required(),
            InputDescriptor::new("values", t!("Values"), InputKind::Values { of: Some("entity".into()) })
                .required()
                .help(&t!("Expressions such as order.customer, or texts with {braces} in them.", braces = "{{ }}")),
        ],
    }
}

fn answers(checking: &Checking<'_>) -> Type {
    checking.entity().map_or(Type::Any, |entity| Type::Reference(entity.key.clone()))
}

fn needs(doing: &mut Doing<'_>) {
    let Some(entity) = doing.entity() else { return };
    doing.rows(Whose::New, &entity, &[Verb::Create]);
    doing.sets(&entity, "values");
}

fn act(inputs: &Inputs, _: &Facts) -> Result<Vec<Intent>> {
    let entity = inputs.required("entity")?.to_owned();
    Ok(vec![Intent::Create { entity, values: inputs.values("values"), owner: None }])
}
