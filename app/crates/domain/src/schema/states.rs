//! State machines: states, the transitions between them, and the gate that each transition must pass.

use super::checklist::Item;
use super::pipeline::Pipeline;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct States {
    /// What the state is called here: Stage, Status.
    pub label: String,
    pub initial: String,
    /// Several ways through the states; the first one is that of rows of which nothing else is said. None where there is but one way.
    #[serde(default)]
    pub pipelines: Vec<Pipeline>,
    pub list: Vec<State>,
    pub transitions: Vec<Transition>,
    /// Name of the transition that a DELETE over REST takes, for what is ended rather than thrown away; into the trash when absent.
    #[serde(default)]
    pub deletion: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    pub key: String,
    pub label: String,
    #[serde(default)]
    pub kind: StateKind,
    /// Key of the pipeline that it belongs to, where there are several.
    #[serde(default)]
    pub pipeline: Option<String>,
    /// 1 to 8, the design system's fixed order.
    #[serde(default)]
    pub hue: Option<u8>,
    /// Chance of being won, in per cent, for weighted sums.
    #[serde(default)]
    pub probability: Option<u8>,
    /// Rows that are to stand here at once, at most. A board points out where there are more; none is kept from coming.
    #[serde(default)]
    pub limit: Option<u16>,
    /// What may be done with a row in this state (EDIT, DELETE, VIEW, EDIT_ITEMS, ...); anything that roles allow when absent.
    #[serde(default)]
    pub actions: Option<Vec<String>>,
    /// What is to be done while a row stands here.
    #[serde(default)]
    pub checklist: Vec<Item>,
    /// Days that a row may stand here. It is due on the day that lies so many after the one on which it came.
    #[serde(default)]
    pub sla_days: Option<u16>,
    /// Role of whoever owns a row in this state: a move that leads here asks for an owner who holds it.
    #[serde(default)]
    pub owner_role: Option<String>,
    /// As of choices.
    #[serde(skip)]
    pub also: Option<String>,
}

impl State {
    /// The last day on which a row that came on this day is in time.
    pub fn due(&self, came: NaiveDate) -> Option<NaiveDate> {
        came.checked_add_days(Days::new(u64::from(self.sla_days?)))
    }

    /// The chance of being won of a row that is still on its way, in per cent: what has ended is no chance any more.
    pub fn chance(&self) -> Option<u8> {
        self.probability.filter(|_| self.kind == StateKind::Open)
    }

    pub fn allows(&self, action: &str) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.iter().any(|allowed| allowed == action))
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    #[default]
    Open,
    Won,
    Lost,
    Done,
}

/// Where a record goes that is not approved.
pub const REJECTED: &str = "rejected";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transition {
    /// Stable name, used in paths: `qualify`.
    pub name: String,
    /// Verb on the button: "Qualify".
    pub label: String,
    /// States it starts from; `*` for every other state, of the same pipeline where there are several.
    pub from: Vec<String>,
    pub to: String,
    #[serde(default)]
    pub gate: Gate,
    /// Only an operation of its own may take it (convert, ship): never offered as a plain move.
    #[serde(default)]
    pub internal: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gate {
    /// Fields that must hold a value when the transition is taken.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Roles of which the member must hold one; empty means anyone who may update.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether the checklist of the state that is left has to be done.
    #[serde(default)]
    pub checklist: bool,
    /// Others have to agree before it is taken.
    #[serde(default)]
    pub approval: Option<Approval>,
}

/// Who has to agree, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// Whoever holds one of these roles may decide.
    pub roles: Vec<String>,
    #[serde(default = "one")]
    pub required: u16,
}

const fn one() -> u16 {
    1
}

impl States {
    pub fn get(&self, key: &str) -> Option<&State> {
        self.list.iter().find(|state| state.key == key)
    }

    /// Whether any state says how long a row may stand in it.
    pub fn timed(&self) -> bool {
        self.list.iter().any(|state| state.sla_days.is_some())
    }

    pub fn position(&self, key: &str) -> usize {
        self.list.iter().position(|state| state.key == key).unwrap_or(self.list.len())
    }

    /// Transitions that may start from `state`, in the order of the description.
    pub fn from<'a>(&'a self, state: &'a str) -> impl Iterator<Item = &'a Transition> {
        self.transitions.iter().filter(move |transition| transition.starts_from(state))
    }

    /// Roles that decide about what stands in a state: those that approve the moves from there, and so whoever turns it down.
    pub fn deciders(&self, state: &str) -> Vec<&str> {
        let moves = self.transitions.iter().filter(|transition| transition.starts_from(state));
        let approvals = moves.filter_map(|transition| transition.gate.approval.as_ref());
        approvals.flat_map(|approval| &approval.roles).map(String::as_str).collect()
    }

    /// The transition that a plain move from one state to another takes.
    pub fn between<'a>(&'a self, from: &'a str, to: &'a str) -> Option<&'a Transition> {
        self.from(from).find(|transition| transition.to == to)
    }
}

impl Transition {
    pub fn starts_from(&self, state: &str) -> bool {
        self.to != state && self.from.iter().any(|from| from == "*" || from == state)
    }
}
