//! `transition`: moves a record to another state, through the same gate as anybody.

use super::{Facts, Inputs, Intent, StepType, target, update_record};
use crate::check::Checking;
use domain::Result;
use domain::text::nearest;
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use serde_json::json;

pub const STEP: StepType = StepType { kind: "transition", describe, check, answers: update_record::answers, act };

fn describe() -> StepDescriptor {
    StepDescriptor {
        kind: "transition".into(),
        label: "Move a record".into(),
        help: "Moves a record to another state. A closed gate refuses it and says what is missing.".into(),
        icon: "arrow-right".into(),
        inputs: vec![
            InputDescriptor::new("entity", "What", InputKind::Entity),
            InputDescriptor::new("record", "Which", InputKind::Expression { answers: Answer::Record }),
            InputDescriptor::new("to", "To the state", InputKind::Text).required(),
            InputDescriptor::new("pipeline", "In another pipeline", InputKind::Text)
                .help("The key of the pipeline, where the state is in another one than the record."),
            InputDescriptor::new("values", "Values", InputKind::Values { of: Some("entity".into()) }),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    let (Some(entity), Some(to)) = (checking.entity(), checking.literal("to")) else { return };
    if to.contains("{{") {
        return;
    }
    let Some(states) = &entity.states else {
        return checking.fault("input.to", format!("{} have no states to move between", entity.labels.many));
    };
    let pipeline = checking.literal("pipeline").filter(|key| !key.is_empty() && !key.contains("{{"));
    if let Some(key) = &pipeline
        && states.pipeline(&key.to_lowercase()).is_none()
    {
        let meant = nearest(key, states.pipelines.iter().map(|pipeline| pipeline.key.as_str()));
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        return checking.fault("input.pipeline", format!("{key} is not a pipeline of {}{meant}", entity.labels.many));
    }
    let begins = |state: &str| pipeline.is_some() && states.begins(state);
    let leads = |state: &str| begins(state) || states.transitions.iter().any(|transition| transition.to == state);
    if states.get(&to.to_lowercase()).is_none() {
        let meant = nearest(&to, states.list.iter().map(|state| state.key.as_str()));
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        checking.fault("input.to", format!("{to} is not a state of {}{meant}", entity.labels.one));
    } else if !leads(&to.to_lowercase()) {
        checking.fault("input.to", format!("No move leads to {to}"));
    }
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
