//! `transition`: moves a record to another state, through the same gate as anybody.

use super::{Facts, Inputs, Intent, StepType, target, update_record};
use crate::check::Checking;
use crate::needs::Doing;
use domain::Result;
use domain::schema::Transition;
use domain::text::nearest;
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use serde_json::json;
use words::t;

pub const STEP: StepType =
    StepType { kind: "transition", describe, check, answers: update_record::answers, needs, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "transition".into(),
        label: t!("Move a record").into(),
        help: t!("Moves a record to another state. A closed gate refuses it and says what is missing.").into(),
        icon: "arrow-right".into(),
        inputs: vec![
            InputDescriptor::new("entity", t!("What" in "step"), InputKind::Entity),
            InputDescriptor::new("record", t!("Which" in "step"), InputKind::Expression { answers: Answer::Record }),
            InputDescriptor::new("to", t!("To the state"), InputKind::Text).required(),
            InputDescriptor::new("pipeline", t!("In another pipeline"), InputKind::Text)
                .help(t!("The key of the pipeline, where the state is in another one than the record.")),
            InputDescriptor::new("values", t!("Values"), InputKind::Values { of: Some("entity".into()) }),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    let (Some(entity), Some(to)) = (checking.entity(), checking.literal("to")) else { return };
    if to.contains("{{") {
        return;
    }
    let Some(states) = &entity.states else {
        let message = t!("{entities} have no states to move between", entities = entity.labels.many);
        return checking.fault("input.to", message);
    };
    let pipeline = checking.literal("pipeline").filter(|key| !key.is_empty() && !key.contains("{{"));
    if let Some(key) = &pipeline
        && states.pipeline(&key.to_lowercase()).is_none()
    {
        let meant = nearest(key, states.pipelines.iter().map(|pipeline| pipeline.key.as_str()));
        let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
        let message = t!("{key} is not a pipeline of {entities}{meant}", key, entities = entity.labels.many, meant);
        return checking.fault("input.pipeline", message);
    }
    let begins = |state: &str| pipeline.is_some() && states.begins(state);
    let leads = |state: &str| begins(state) || states.transitions.iter().any(|transition| transition.to == state);
    if states.get(&to.to_lowercase()).is_none() {
        let meant = nearest(&to, states.list.iter().map(|state| state.key.as_str()));
        let meant = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
        let message = t!("{state} is not a state of {entity}{meant}", state = to, entity = entity.labels.one, meant);
        checking.fault("input.to", message);
    } else if !leads(&to.to_lowercase()) {
        checking.fault("input.to", t!("No move leads to {state}", state = to));
    }
}

/// Beside what a change needs, the roles of the gates on the way: those of every move where a value says to which state.
fn needs(doing: &mut Doing<'_>) {
    update_record::needs(doing);
    let Some(entity) = doing.entity() else { return };
    let to = doing.literal("to").filter(|to| !to.contains("{{")).map(str::to_lowercase);
    let leads = |transition: &Transition| to.as_ref().is_none_or(|to| transition.to == *to);
    doing.moves(&entity, |transition| !transition.internal && leads(transition));
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let (entity, id) = target(inputs, facts)?;
    let to = inputs.required("to")?.to_lowercase();
    let mut input = json!({ "entity": entity, "id": id, "to": to, "values": inputs.values("values") });
    if let Some(pipeline) = inputs.text("pipeline") {
        input["pipeline"] = json!(pipeline.to_lowercase());
    }
    Ok(vec![Intent::Run { operation: "records.transition".into(), input }])
}
