//! `workflow.test`: a dry run. The same steps with the same inputs, but their intents are shown instead of performed: no row, lock or
//! counter is touched. What a step would have made is unknown to later steps, and empty to their expressions.

use super::definitions::{definition_of, operations, refused};
use crate::check::{Compiled, CompiledStep, compile};
use crate::input::evaluate;
use crate::matcher::{Holds, test};
use crate::roots::{Roots, with_env};
use crate::steps::{Facts, Intent};
use domain::workflow::{END, Rehearsal, RehearsedStep, TestWorkflow};
use domain::{Error, Result};
use expr::JsonValues;
use platform::Ctx;
use serde_json::{Value, json};
use uuid::Uuid;
use words::t;

pub async fn test_workflow(ctx: &mut Ctx, asked: TestWorkflow) -> Result<Rehearsal> {
    let definition = match (asked.definition, asked.id) {
        (Some(definition), _) => definition,
        (None, Some(id)) => definition_of(ctx, id).await?.1,
        (None, None) => return Err(Error::field("definition", t!("Give a definition, or name a workflow"))),
    };
    let compiled = compile(&definition, &ctx.catalog, &operations(ctx)).map_err(refused)?;
    if compiled.entity.is_some() && asked.record.is_none() {
        return Err(Error::field("record", t!("Choose a record to try it with")));
    }
    let mut roots = Roots::of_record(ctx, &compiled, asked.record, None, None).await?;
    if let (Some(entity), Some(_)) = (&compiled.entity, asked.record)
        && roots.record(&entity.key).is_none()
    {
        return Err(Error::not_found());
    }
    roots.set("event", json!({ "type": "workflow.test", "at": ctx.now().to_rfc3339(), "actor": ctx.access.member }));
    roots.gather(ctx, &compiled.catalog, &compiled.reads).await?;
    let because = match test(ctx, &compiled, &roots) {
        Holds::Yes => None,
        Holds::No => Some(t!("Its trigger or one of its conditions does not hold").to_owned()),
        Holds::Fault(message) => Some(message),
    };
    let steps = if because.is_none() { rehearse(ctx, &compiled, roots, asked.record).await? } else { Vec::new() };
    Ok(Rehearsal { begins: because.is_none(), because, steps })
}

async fn rehearse(
    ctx: &mut Ctx,
    compiled: &Compiled,
    mut roots: Roots,
    record: Option<Uuid>,
) -> Result<Vec<RehearsedStep>> {
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(step) = compiled.steps.get(at) {
        roots.gather(ctx, &compiled.catalog, &step.reads).await?;
        let (shown, intents) = one(ctx, compiled, step, &roots, record);
        let ends = shown.outcome == "would fail" || intents.iter().any(|intent| matches!(intent, Intent::End { .. }));
        let goes = intents.iter().find_map(|intent| match intent {
            Intent::Go { to } => compiled.position(to),
            _ => None,
        });
        for intent in &intents {
            if let Intent::Answer { value } = intent {
                roots.set(&step.step.key, value.clone());
            }
        }
        steps.push(shown);
        if ends {
            break;
        }
        at = match (goes, step.step.next.as_deref()) {
            (Some(next), _) => next,
            (None, Some(END)) => break,
            (None, Some(key)) => compiled.position(key).unwrap_or(at + 1),
            (None, None) => at + 1,
        };
    }
    Ok(steps)
}

fn one(
    ctx: &Ctx,
    compiled: &Compiled,
    step: &CompiledStep,
    roots: &Roots,
    record: Option<Uuid>,
) -> (RehearsedStep, Vec<Intent>) {
    let mut shown = RehearsedStep {
        step: step.step.key.clone(),
        kind: step.step.kind.clone(),
        outcome: "would run".to_owned(),
        input: json!({}),
        intents: Vec::new(),
        error: None,
    };
    let values = JsonValues(&roots.0);
    let holds = step.when.as_ref().map_or(Ok(true), |when| with_env(ctx, |env| when.test(&values, env)));
    match holds {
        Ok(true) => {}
        Ok(false) => return (RehearsedStep { outcome: "skipped".to_owned(), ..shown }, Vec::new()),
        Err(fault) => {
            return (
                RehearsedStep { outcome: "would fail".to_owned(), error: Some(fault.to_string()), ..shown },
                Vec::new(),
            );
        }
    }
    let owner =
        compiled.entity.as_ref().and_then(|entity| roots.record(&entity.key)?.get("owner")?.as_str()?.parse().ok());
    let facts = Facts {
        now: ctx.now(),
        lineage: Uuid::nil(),
        step: step.step.key.clone(),
        entity: compiled.entity.as_ref().map(|entity| entity.key.clone()),
        record,
        owner,
        resumed: None,
    };
    let acted = with_env(ctx, |env| evaluate(&step.inputs, &values, env)).and_then(|inputs| {
        shown.input = Value::Object(inputs.0.clone());
        (step.kind.act)(&inputs, &facts)
    });
    match acted {
        Ok(intents) => {
            shown.outcome = match intents.first() {
                Some(Intent::Ask(_)) => "would ask",
                Some(Intent::WaitFor { .. } | Intent::WaitUntil { .. }) => "would wait",
                Some(Intent::Fail { .. }) => "would fail",
                _ => "would run",
            }
            .to_owned();
            shown.intents = intents.iter().filter_map(|intent| serde_json::to_value(intent).ok()).collect();
            (shown, intents)
        }
        Err(error) => {
            (RehearsedStep { outcome: "would fail".to_owned(), error: Some(error.message), ..shown }, Vec::new())
        }
    }
}
