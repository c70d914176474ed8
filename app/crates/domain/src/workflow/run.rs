//! Runs and approvals as people look at them.

use super::{DefinitionFault, NotificationKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The state of a run: `PENDING RUNNING WAITING WAITING_APPROVAL PAUSED COMPLETED FAILED CANCELLED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    Pending,
    Running,
    Waiting,
    WaitingApproval,
    Paused,
    Completed,
    Failed,
    Cancelled,
}

impl RunState {
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Running,
        Self::Waiting,
        Self::WaitingApproval,
        Self::Paused,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Waiting => "WAITING",
            Self::WaitingApproval => "WAITING_APPROVAL",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// A workflow in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRow {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub help: Option<String>,
    pub active: bool,
    pub version: i32,
    /// Comes from a template of the pack.
    pub template: bool,
    pub entity: Option<String>,
    pub trigger: String,
    pub steps: u32,
    /// RFC 3339; when its last run began.
    pub last_run_at: Option<String>,
    /// Runs of the last 30 days, and those of them that failed.
    pub runs: i64,
    pub failed: i64,
    pub next_tick_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkflowView {
    #[serde(flatten)]
    pub row: WorkflowRow,
    pub definition: super::Definition,
    /// What is wrong with it by the descriptions of today; empty as long as it can run.
    pub faults: Vec<DefinitionFault>,
    pub versions: Vec<VersionRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VersionRow {
    pub version: i32,
    pub created_at: String,
    pub created_by: Option<String>,
}

/// A run in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunRow {
    pub id: Uuid,
    pub workflow: Uuid,
    pub workflow_name: String,
    pub version: i32,
    pub state: RunState,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    /// The step that comes next or is being done.
    pub step: Option<String>,
    pub error: Option<String>,
    /// How it ended, where that was not at its last step: `rejected`.
    pub outcome: Option<String>,
    pub created_at: String,
    pub finished_at: Option<String>,
}

/// A run with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    #[serde(flatten)]
    pub run: RunRow,
    pub definition: super::Definition,
    /// From the nearest to the first.
    pub causes: Vec<CauseLink>,
    pub attempts: Vec<AttemptRow>,
    pub approvals: Vec<ApprovalRow>,
    /// Everything that the run has changed, messages among it.
    pub effects: Vec<EffectRow>,
    /// Runs that began because of what this one did.
    pub consequences: Vec<RunRow>,
    /// The run that this one repeats.
    pub replayed_from: Option<Uuid>,
    /// When it goes on by itself.
    pub due_at: Option<String>,
    /// Workers that took it up so far.
    pub claims: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AttemptRow {
    pub step: String,
    pub attempt: i32,
    /// `done`, `skipped`, `waiting`, `failed`.
    pub outcome: String,
    pub input: Value,
    pub output: Value,
    pub error: Option<Value>,
    pub started_at: String,
    pub finished_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EffectRow {
    pub change: Uuid,
    pub at: String,
    pub operation: String,
    pub entity: String,
    pub record: Option<Uuid>,
    pub before: Value,
    pub after: Value,
}

/// One link of the chain from a change up to who or what began it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CauseLink {
    /// `run`, `event`, `request`, `import`, `seed`.
    pub kind: String,
    /// In words: "Order to Invoice", "sales.order.shipped".
    pub what: String,
    pub id: Option<Uuid>,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    /// Name of the member.
    pub actor: Option<String>,
    pub at: String,
}

/// A change of a record and why it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhyRow {
    pub change: Uuid,
    pub at: String,
    pub operation: String,
    /// Fields that differ.
    pub fields: Vec<String>,
    pub causes: Vec<CauseLink>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRow {
    pub id: Uuid,
    pub title: String,
    /// `PENDING APPROVED REJECTED EXPIRED CANCELLED`
    pub state: String,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    /// The version that the record has now, while this is undecided: what a decision says it is about.
    pub version: Option<i64>,
    /// Who has changed the record since this was asked for, while it is undecided.
    pub changed_by: Vec<String>,
    pub run: Option<Uuid>,
    pub step: Option<String>,
    /// The move that it holds back.
    pub transition: Option<String>,
    pub roles: Vec<String>,
    pub members: Vec<String>,
    pub policy: String,
    pub required: i16,
    pub approved: i64,
    pub requested_by: Option<String>,
    pub created_at: String,
    pub expires_at: Option<String>,
    pub decided_at: Option<String>,
    pub decisions: Vec<DecisionRow>,
    /// Whether the caller may decide now; if not, why.
    pub mine: bool,
    pub because: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DecisionRow {
    pub member: String,
    /// `approve`, `reject`
    pub decision: String,
    pub reason: Option<String>,
    pub at: String,
    /// About the record as it was before it was changed again: it no longer counts.
    #[serde(default)]
    pub outdated: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotificationRow {
    pub id: Uuid,
    pub kind: NotificationKind,
    pub title: String,
    pub body: Option<String>,
    pub entity: Option<String>,
    pub record: Option<Uuid>,
    pub at: String,
    pub read_at: Option<String>,
    /// How often it happened, told as one; `at` is the last time.
    pub count: i64,
}

/// What a dry run found: nothing was touched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// Whether a run would begin; if not, why.
    pub begins: bool,
    pub because: Option<String>,
    pub steps: Vec<RehearsedStep>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RehearsedStep {
    pub step: String,
    pub kind: String,
    /// `would run`, `skipped`, `would ask`, `would wait`, `would fail`.
    pub outcome: String,
    pub input: Value,
    /// What the step would have the engine do.
    pub intents: Vec<Value>,
    pub error: Option<String>,
}
