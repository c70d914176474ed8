//! `approval`: asks people and waits. Approved, the run goes on; rejected, it ends there or goes where `onReject` says.

use super::{Facts, Inputs, Intent, Question, StepType, harmless};
use crate::check::Checking;
use domain::Result;
use domain::workflow::{Answer, END, InputDescriptor, InputKind, StepDescriptor};
use expr::Type;
use serde_json::Value;
use words::t;

pub const STEP: StepType = StepType { kind: "approval", describe, check, answers, needs: harmless, act };

/// The record type that later steps read the decision from.
pub const DECISION: &str = "approval decision";

fn describe() -> StepDescriptor {
    let options = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    StepDescriptor {
        kind: "approval".into(),
        label: t!("Ask for approval").into(),
        help: t!("Waits until people with one of these roles, or the member named, have decided.").into(),
        icon: "badge-check".into(),
        inputs: vec![
            InputDescriptor::new("title", t!("Question"), InputKind::Text).required(),
            InputDescriptor::new("roles", t!("Roles that decide"), InputKind::Roles),
            InputDescriptor::new("member", t!("Member who decides"), InputKind::Expression { answers: Answer::Record }),
            InputDescriptor::new(
                "policy",
                t!("Who has to agree"),
                InputKind::Choice { options: options(&["any", "all", "count"]) },
            )
            .help(t!("Any one of them, every role and member named, or so many of them.")),
            InputDescriptor::new("required", t!("How many"), InputKind::Number),
            InputDescriptor::new("selfApproval", t!("Whoever began it may approve too"), InputKind::Flag),
            InputDescriptor::new("expiresInHours", t!("Expires after hours"), InputKind::Number),
            InputDescriptor::new(
                "onExpiry",
                t!("Then" in "approval"),
                InputKind::Choice { options: options(&["reject", "approve", "fail"]) },
            ),
            InputDescriptor::new("onReject", t!("When rejected go to"), InputKind::Step)
                .help(t!("The run ends when it is left out.")),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    let input = &checking.step.input;
    let nobody =
        !input.contains_key("member") && input.get("roles").and_then(Value::as_array).is_none_or(Vec::is_empty);
    let counted = input.get("policy").and_then(Value::as_str) == Some("count");
    let required = input.get("required").and_then(Value::as_i64);
    if nobody {
        checking.fault("input.roles", t!("Name a role or a member, or nobody can decide"));
    }
    if counted && required.is_none_or(|required| !(1..=100).contains(&required)) {
        checking.fault("input.required", t!("Say how many have to agree, from 1 to 100"));
    }
    if checking
        .step
        .input
        .get("expiresInHours")
        .and_then(Value::as_i64)
        .is_some_and(|hours| !(1..=87_600).contains(&hours))
    {
        checking.fault("input.expiresInHours", t!("An approval expires after 1 hour to 10 years"));
    }
}

fn answers(_: &Checking<'_>) -> Type {
    Type::record(DECISION)
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    let Some(decided) = &facts.resumed else {
        return Ok(vec![Intent::Ask(Question {
            title: inputs.required("title")?.to_owned(),
            roles: inputs.texts("roles"),
            member: inputs.id("member")?,
            policy: inputs.text("policy").unwrap_or("any").to_owned(),
            required: inputs.whole("required").and_then(|count| i16::try_from(count).ok()).unwrap_or(1).max(1),
            self_approval: inputs.flag("selfApproval"),
            expires_in: inputs.whole("expiresInHours").map(|hours| hours * 3600),
            on_expiry: inputs.text("onExpiry").unwrap_or("reject").to_owned(),
        })]);
    };
    let answer = Intent::Answer { value: decided.clone() };
    let decision = decided.get("decision").and_then(Value::as_str).unwrap_or_default();
    let then = match (decision, inputs.text("onExpiry").unwrap_or("reject")) {
        ("approved", _) | ("expired", "approve") => return Ok(vec![answer]),
        ("expired", "fail") => Intent::Fail { message: "Nobody decided in time".to_owned() },
        _ => match inputs.text("onReject") {
            Some(to) if to != END => Intent::Go { to: to.to_owned() },
            _ => Intent::End { outcome: decision.to_owned() },
        },
    };
    Ok(vec![answer, then])
}
