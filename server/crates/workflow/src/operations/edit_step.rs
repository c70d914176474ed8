//! `workflow.edit_step`: one step as its form has it. What the boxes hold is text; the description of the step's type says what it means.

use super::definitions;
use crate::steps::StepType;
use domain::workflow::{EditStep, GetWorkflow, InputDescriptor, InputKind, SaveWorkflow, WorkflowRow};
use domain::{Error, Result};
use platform::Ctx;
use serde_json::{Map, Value, json};
use words::t;

pub async fn edit_step(ctx: &mut Ctx, edit: EditStep) -> Result<WorkflowRow> {
    let view = definitions::get(ctx, GetWorkflow { id: edit.id, version: None }).await?;
    let mut definition = view.definition;
    let step = definition.steps.iter_mut().find(|step| step.key == edit.step).ok_or_else(Error::not_found)?;
    let kind = StepType::named(&step.kind).ok_or_else(Error::not_found)?;
    let retries = match edit.retries.as_ref().map(text) {
        Some(typed) => Some(typed.trim().parse().map_err(|_| {
            Error::field(
                format!("steps.{}.retries", step.key),
                t!("The number of further tries is a whole number such as 3"),
            )
        })?),
        None => None,
    };
    step.label = edit.label;
    step.when = edit.when.as_ref().map(text);
    step.retries = retries;
    step.on_error = edit.on_error;
    step.input = inputs(&(kind.describe)().inputs, &edit.input);
    let save = SaveWorkflow { id: Some(edit.id), version: Some(edit.version), definition };
    definitions::save(ctx, save).await
}

/// What stands in a box: forms turn ticks and the words of ticks into flags.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn inputs(described: &[InputDescriptor], typed: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for input in described {
        let Some(value) = typed.get(&input.key) else { continue };
        out.insert(input.key.clone(), meant(&input.kind, value));
    }
    // What the type does not know is told by the check, with its place.
    for (key, value) in typed {
        if described.iter().all(|input| input.key != *key) {
            out.insert(key.clone(), value.clone());
        }
    }
    out
}

fn meant(kind: &InputKind, value: &Value) -> Value {
    match (kind, value) {
        (InputKind::Values { .. }, Value::Object(values)) => {
            Value::Object(values.iter().map(|(key, value)| (key.clone(), json!(text(value)))).collect())
        }
        (InputKind::Flag, value) => json!(text(value) == "true"),
        (InputKind::Number, value) => match text(value).trim().parse::<i64>() {
            Ok(number) => json!(number),
            // Left for the check to refuse in its own words.
            Err(_) => json!(text(value)),
        },
        (InputKind::Roles | InputKind::Choices { .. }, Value::String(words)) => {
            let words: Vec<&str> = words.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
            json!(words)
        }
        (_, value) => json!(text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_mean_what_the_type_says() {
        let described = vec![
            InputDescriptor::new("roles", "Roles", InputKind::Roles),
            InputDescriptor::new("required", "How many", InputKind::Number),
            InputDescriptor::new("flag", "Flag", InputKind::Flag),
            InputDescriptor::new("values", "Values", InputKind::Values { of: None }),
            InputDescriptor::new("title", "Title", InputKind::Text),
        ];
        let typed = json!({ "roles": "SALES_MANAGER, ADMIN", "required": "2", "flag": true, "values": { "urgent": true, "dueOn": "today()" }, "title": "Approve?" });
        let meant = inputs(&described, typed.as_object().unwrap());
        assert_eq!(
            Value::Object(meant),
            json!({ "roles": ["SALES_MANAGER", "ADMIN"], "required": 2, "flag": true, "values": { "urgent": "true", "dueOn": "today()" }, "title": "Approve?" })
        );
    }
}
