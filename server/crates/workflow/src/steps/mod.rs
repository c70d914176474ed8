//! Step types: one file each, and one line in `ALL`.
//!
//! A step type is a description, which draws its form and says what its inputs are, and two functions without side effects: `check` looks at
//! a definition before it is saved, `act` turns evaluated inputs into intents. The engine performs intents; a dry run prints them. No step
//! type reads a clock, a table or the network. A third, `needs`, says what a person needs who does the same.

mod add_note;
pub mod approval;
mod branch;
mod create_record;
mod create_task;
mod escalate;
mod notify;
mod post_ledger;
mod run_operation;
mod send_message;
mod transition;
mod update_record;
mod wait;

use crate::check::Checking;
use crate::needs::Doing;
use chrono::{DateTime, Utc};
use domain::records::Values;
use domain::workflow::{Audience, StepDescriptor};
use domain::{Error, Result};
use expr::Type;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;
use words::t;

/// In the order of the menu.
pub static ALL: &[StepType] = &[
    create_record::STEP,
    update_record::STEP,
    transition::STEP,
    send_message::STEP,
    post_ledger::STEP,
    approval::STEP,
    create_task::STEP,
    add_note::STEP,
    wait::STEP,
    branch::STEP,
    run_operation::STEP,
    notify::STEP,
    escalate::STEP,
];

pub struct StepType {
    pub kind: &'static str,
    pub describe: fn() -> StepDescriptor,
    /// What the description cannot say; most types have nothing to add.
    pub check: fn(&mut Checking<'_>),
    /// The type under which later steps know the step's answer.
    pub answers: fn(&Checking<'_>) -> Type,
    /// What a person needs who does the same, beside what the expressions read: whoever saves the step has to hold it.
    pub needs: fn(&mut Doing<'_>),
    pub act: fn(&Inputs, &Facts) -> Result<Vec<Intent>>,
}

impl std::fmt::Debug for StepType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind)
    }
}

impl StepType {
    pub fn named(kind: &str) -> Option<&'static Self> {
        ALL.iter().find(|step| step.kind == kind)
    }
}

/// For types that need no further check.
pub fn nothing(_: &mut Checking<'_>) {}

/// For types that do nothing to anybody's rows.
pub fn harmless(_: &mut Doing<'_>) {}

/// For types whose answer nobody can know beforehand.
pub fn anything(_: &Checking<'_>) -> Type {
    Type::Any
}

/// What the engine is to do. All of it is data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "intent", rename_all = "snake_case")]
pub enum Intent {
    /// An operation by its stable name.
    Run {
        operation: String,
        input: Value,
    },
    /// A new record; `owner` becomes the first of the audience.
    Create {
        entity: String,
        values: Values,
        owner: Option<Audience>,
    },
    /// Fields of a record that is changed as it is when the step is performed.
    Update {
        entity: String,
        id: Uuid,
        values: Values,
    },
    /// Go on at this moment.
    WaitUntil {
        at: DateTime<Utc>,
    },
    /// Go on after so many seconds of the database's clock.
    WaitFor {
        seconds: i64,
    },
    Ask(Question),
    /// What later steps know this step's answer as, where it is not that of the last operation.
    Answer {
        value: Value,
    },
    /// The key of a later step.
    Go {
        to: String,
    },
    /// The run ends here, and how.
    End {
        outcome: String,
    },
    Fail {
        message: String,
    },
}

/// An approval that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    pub title: String,
    pub roles: Vec<String>,
    pub member: Option<Uuid>,
    pub policy: String,
    pub required: i16,
    pub self_approval: bool,
    pub expires_in: Option<i64>,
    pub on_expiry: String,
}

/// What a step may know beside its inputs.
#[derive(Debug, Clone)]
pub struct Facts {
    /// When the step is taken: no step type reads a clock.
    pub now: DateTime<Utc>,
    /// The first run of which this one is a repetition, or the run itself: keys of effects are made from it.
    pub lineage: Uuid,
    pub step: String,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    /// Owner of the record.
    pub owner: Option<Uuid>,
    /// What a waitpoint was resolved with, when the step is taken up again.
    pub resumed: Option<Value>,
}

impl Facts {
    /// The same for every try of this step, and for no other.
    pub fn key(&self, index: usize) -> String {
        format!("{}:{}:{index}", self.lineage, self.step)
    }

    pub fn subject(&self) -> Value {
        match (&self.entity, self.record) {
            (Some(entity), Some(id)) => serde_json::json!({ "entity": entity, "id": id }),
            _ => Value::Null,
        }
    }
}

/// The inputs of a step with their values, by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs(pub Map<String, Value>);

impl Inputs {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub fn required(&self, key: &str) -> Result<&str> {
        self.text(key).ok_or_else(|| empty(key))
    }

    pub fn id(&self, key: &str) -> Result<Option<Uuid>> {
        let text = match self.0.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(record)) => record.get("id").and_then(Value::as_str).unwrap_or_default(),
            Some(other) => other.as_str().unwrap_or_default(),
        };
        Uuid::try_parse(text).map(Some).map_err(|_| Error::field(key, t!("{key} holds no record", key)))
    }

    pub fn values(&self, key: &str) -> Values {
        self.0.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    pub fn texts(&self, key: &str) -> Vec<String> {
        let list = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    pub fn flag(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    pub fn whole(&self, key: &str) -> Option<i64> {
        self.0.get(key).and_then(Value::as_i64)
    }

    pub fn value(&self, key: &str) -> Value {
        self.0.get(key).cloned().unwrap_or_default()
    }
}

pub fn empty(key: &str) -> Error {
    Error::field(key, t!("{key} came out empty, and the step cannot do without it", key))
}

/// The record that a step is about: the input `record`, or the run's own.
pub fn target(inputs: &Inputs, facts: &Facts) -> Result<(String, Uuid)> {
    let entity = inputs.text("entity").map(str::to_owned).or_else(|| facts.entity.clone());
    let id = match inputs.0.contains_key("record") {
        true => inputs.id("record")?,
        false => facts.record,
    };
    match (entity, id) {
        (Some(entity), Some(id)) => Ok((entity, id)),
        _ => Err(empty("record")),
    }
}
