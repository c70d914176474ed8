//! `wait`: for a time, or until a day or moment. A waiting run costs nothing and survives restarts.

use super::{Facts, Inputs, Intent, StepType, empty, harmless};
use crate::check::Checking;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::workflow::{Answer, InputDescriptor, InputKind, StepDescriptor};
use domain::{Error, Result};
use expr::Type;
use serde_json::json;
use words::t;

pub const STEP: StepType = StepType { kind: "wait", describe, check, answers, needs: harmless, act };

fn describe() -> StepDescriptor {
    let units = ["minutes", "hours", "days"].map(str::to_owned).to_vec();
    StepDescriptor {
        kind: "wait".into(),
        label: t!("Wait").into(),
        help: t!("Goes on after a time, or at a day or moment that an expression names.").into(),
        icon: "clock".into(),
        inputs: vec![
            InputDescriptor::new("for", t!("For" in "wait"), InputKind::Number),
            InputDescriptor::new("unit", t!("Unit" in "wait"), InputKind::Choice { options: units }),
            InputDescriptor::new("until", t!("Until" in "wait"), InputKind::Expression { answers: Answer::Moment })
                .help(t!("A day counts from its beginning in UTC.")),
        ],
    }
}

fn check(checking: &mut Checking<'_>) {
    let input = &checking.step.input;
    let both = input.contains_key("for") == input.contains_key("until");
    let strange =
        input.get("for").is_some_and(|count| count.as_i64().is_none_or(|count| !(1..=100_000).contains(&count)));
    if both {
        checking.fault("input.for", t!("Say how long to wait, or until when"));
    } else if strange {
        checking.fault("input.for", t!("Wait for 1 to 100,000 minutes, hours or days"));
    }
}

fn answers(_: &Checking<'_>) -> Type {
    Type::Any
}

fn act(inputs: &Inputs, facts: &Facts) -> Result<Vec<Intent>> {
    if facts.resumed.is_some() {
        return Ok(vec![Intent::Answer { value: json!({ "waited": true }) }]);
    }
    if let Some(count) = inputs.whole("for") {
        let unit = match inputs.text("unit") {
            Some("minutes") => 60,
            Some("hours") => 3600,
            _ => 86_400,
        };
        return Ok(vec![Intent::WaitFor { seconds: count * unit }]);
    }
    let until = inputs.text("until").ok_or_else(|| empty("until"))?;
    let at = until
        .parse::<DateTime<Utc>>()
        .or_else(|_| until.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc()))
        .map_err(|_| Error::field("until", t!("{until} is neither a day nor a moment", until)))?;
    Ok(vec![Intent::WaitUntil { at }])
}
