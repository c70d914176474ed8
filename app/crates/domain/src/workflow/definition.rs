//! A workflow as data: what sets it off, on which conditions, and what it then does step by step. The same shape in the TOML of a pack, in
//! the database and on the wire.
//!
//! Expressions are texts here. They are checked by the engine against the descriptions before a workflow is saved.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition {
    /// Stable, in small letters and underscores: `order_to_invoice`.
    pub key: String,
    /// For people.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Templates: whether a new workspace begins with it switched on.
    #[serde(default)]
    pub active: bool,
    pub trigger: Trigger,
    /// All of them have to hold, or no run begins.
    #[serde(default)]
    pub conditions: Vec<String>,
    pub steps: Vec<Step>,
    #[serde(default)]
    pub retry: Retry,
    /// Runs of one record may overlap. Otherwise the next one waits until the one before has ended.
    #[serde(default)]
    pub overlapping: bool,
    /// What its own runs write may set it off again.
    #[serde(default)]
    pub own_writes: bool,
    /// Runs that may begin in one minute; those beyond are held and have to be let go by hand.
    #[serde(default = "default_max_per_minute")]
    pub max_per_minute: u32,
}

fn default_max_per_minute() -> u32 {
    6000
}

/// What sets a workflow off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    pub on: TriggerKind,
    /// Key of the description whose records it is about. Events of other types and schedules may do without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Another name for the record in expressions: requirement 139 calls a product's stock `inventory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// Updates: one of these fields has to differ. Any when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The record after the change, and `previous` before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// `event`: the type, such as `sales.order.shipped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Schedules: how often. With an entity, every record of which `when` holds gets a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// Schedules: the time of the day in the workspace's zone, `07:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Schedules over records: which of them are looked at, in the syntax of lists. An index answers it; `when` is then asked of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// `date_reached`: the field; days are counted from its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `date_reached`: so many days after the field's day, before it when negative.
    #[serde(default)]
    pub days: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    Created,
    Updated,
    /// Moved to another state.
    Transitioned,
    Deleted,
    /// `when` holds now and did not before.
    Threshold,
    /// An event of the type named.
    Event,
    Schedule,
    /// A day of a record has come.
    DateReached,
    /// A person starts it.
    ByHand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Frequency {
    Hourly,
    Daily,
    Weekly,
    Monthly,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Unique among the steps. What the step answers is known to later steps under this name.
    pub key: String,
    /// `create_record`, `send_message` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The step is passed over where this does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// By the keys of the type's description.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// Names for later steps: which member of the answer is the id of a record of which entity, `invoice = "invoice"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub binds: BTreeMap<String, String>,
    /// The step that follows, where it is not the next in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When it has failed for good: `continue`, or the key of a later step. The run fails when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
    /// Tries after the first; the workflow's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

/// Names that a step may go to beside the keys of later steps.
pub const END: &str = "end";
pub const CONTINUE: &str = "continue";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// Tries after the first.
    #[serde(default = "default_max_retries")]
    pub max_retries: u32,
    /// Seconds before the second try; doubles with every further one.
    #[serde(default = "default_base_seconds")]
    pub base_seconds: u32,
    #[serde(default = "default_cap_seconds")]
    pub cap_seconds: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_retries: default_max_retries(),
            base_seconds: default_base_seconds(),
            cap_seconds: default_cap_seconds(),
        }
    }
}

const fn default_max_retries() -> u32 {
    3
}

const fn default_base_seconds() -> u32 {
    5
}

const fn default_cap_seconds() -> u32 {
    3600
}

/// What is wrong with a definition, and where: all of it is told at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DefinitionFault {
    /// Key of the step; none for the workflow itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// `when`, `trigger.entity`, `input.values.dueOn`.
    pub field: String,
    pub message: String,
}

impl DefinitionFault {
    /// The place in one word, as a form names its fields: `steps.create_invoice.input.values.dueOn`.
    pub fn place(&self) -> String {
        match &self.step {
            Some(step) => format!("steps.{step}.{}", self.field),
            None => self.field.clone(),
        }
    }
}
