//! Workflows: definitions as data, and the operations on them, their runs and approvals.

mod definition;
mod descriptor;
mod notification;
mod run;

pub use definition::{CONTINUE, Definition, DefinitionFault, END, Frequency, Retry, Step, Trigger, TriggerKind};
pub use descriptor::{Answer, InputDescriptor, InputKind, StepDescriptor};
pub use notification::{
    ChooseNotifications, ListNotificationKinds, NotificationChoice, NotificationKind, SnoozeNotification, SnoozeUntil,
    Snoozed,
};
pub use run::{
    ApprovalRow, AttemptRow, CauseLink, DecisionRow, EffectRow, NotificationRow, Rehearsal, RehearsedStep, RunRow,
    RunState, RunView, VersionRow, WhyRow, WorkflowRow, WorkflowView,
};

use crate::operation::{Operation, OperationKind, Requires, declare};
use crate::permission::Verb;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Workflows act with the rights of the workspace's automation, so changing one is an administrator's business: no role below has the verb.
const READ: Requires<'_> = Requires::Permission("workflow.workflow.read");
const SAVE: Requires<'_> = Requires::Permission("workflow.workflow.save");
const RUNS: Requires<'_> = Requires::Permission("workflow.run.read");

declare!("workflow.list" Read READ, ListWorkflows {} -> Vec<WorkflowRow>);
declare!("workflow.get" Read READ, GetWorkflow { id: Uuid, #[serde(default)] version: Option<i32> } -> WorkflowView);
declare!(
    /// Checks the definition as a whole and keeps it as a new version: of the workflow named, or of a new one. `version` is the one that
    /// was read; runs that have begun stay on theirs.
    "workflow.save" Write SAVE, SaveWorkflow {
        #[serde(default)] id: Option<Uuid>,
        #[serde(default)] version: Option<i32>,
        definition: Definition,
    } -> WorkflowRow
);
declare!(
    /// One step as its form has it: what the boxes hold, by the keys of the step type's inputs. Makes a new version.
    "workflow.edit_step" Write SAVE, EditStep {
        id: Uuid,
        version: i32,
        step: String,
        #[serde(default)] label: Option<String>,
        #[serde(default)] when: Option<Value>,
        #[serde(default)] retries: Option<Value>,
        #[serde(default)] on_error: Option<String>,
        #[serde(default)] input: Map<String, Value>,
    } -> WorkflowRow
);
declare!("workflow.set_active" Write SAVE, SetActive { id: Uuid, active: bool } -> WorkflowRow);
declare!(
    /// Takes it out of the list. Its versions and runs stay; runs that have begun go on to their end.
    "workflow.delete" Write SAVE, DeleteWorkflow { id: Uuid } -> ()
);
declare!(
    /// Starts a run by hand, from a record or from none.
    "workflow.start" Write Requires::Permission("workflow.workflow.start"), StartWorkflow {
        id: Uuid,
        #[serde(default)] record: Option<Uuid>,
        #[serde(default)] form: Map<String, Value>,
    } -> RunRow
);
declare!(
    /// Newest first. `before` is the id of the last run of the page before.
    "workflow.list_runs" Read RUNS, ListRuns {
        #[serde(default)] workflow: Option<Uuid>,
        #[serde(default)] record: Option<Uuid>,
        #[serde(default)] state: Option<RunState>,
        #[serde(default)] before: Option<Uuid>,
        #[serde(default = "default_limit")] limit: u32,
    } -> Vec<RunRow>
);
declare!("workflow.get_run" Read RUNS, GetRun { id: Uuid } -> RunView);
declare!(
    /// Goes on with a run that has failed or was held, at the step where it stopped.
    "workflow.retry_run" Write Requires::Permission("workflow.run.retry"), RetryRun { id: Uuid } -> RunRow
);
declare!(
    /// Ends a run that has not ended, whatever it is doing. What it has done stays.
    "workflow.cancel_run" Write Requires::Permission("workflow.run.cancel"), CancelRun { id: Uuid, #[serde(default)] reason: Option<String> } -> RunRow
);
declare!(
    /// What waits for the caller; with `all`, everything that waits or was decided, for those who may read runs.
    "workflow.list_approvals" Read Requires::Member, ListApprovals {
        #[serde(default)] all: bool,
        #[serde(default = "default_limit")] limit: u32,
    } -> Vec<ApprovalRow>
);
declare!("workflow.get_approval" Read Requires::Member, GetApproval { id: Uuid } -> ApprovalRow);
declare!(
    /// `approve` or `reject`, once. A rejection needs a reason. `version` is the record's as it was looked at (`workflow.get_approval` answers
    /// it); without it, that of the time when the approval was asked for is meant. Refused where the record has another version by now.
    "workflow.decide_approval" Write Requires::Member, DecideApproval {
        id: Uuid,
        decision: Decision,
        #[serde(default)] reason: Option<String>,
        #[serde(default)] version: Option<i64>,
    } -> ApprovalRow
);
declare!("workflow.step_types" Read READ, ListStepTypes {} -> Vec<StepDescriptor>);
declare!(
    /// What would happen: the definition given, or the workflow's active version, over a record as it is now. Touches nothing.
    "workflow.test" Read READ, TestWorkflow {
        #[serde(default)] id: Option<Uuid>,
        #[serde(default)] definition: Option<Definition>,
        #[serde(default)] record: Option<Uuid>,
    } -> Rehearsal
);
declare!(
    /// Tells members something, in the product. The same key tells once.
    "workflow.notify" Write Requires::Permission("workflow.notification.send"), Notify {
        to: Audience,
        title: String,
        #[serde(default)] body: Option<String>,
        #[serde(default)] entity: Option<String>,
        #[serde(default)] record: Option<Uuid>,
        key: String,
    } -> Notified
);
declare!(
    /// What the caller was told, newest first, without what is put off.
    "workflow.list_notifications" Read Requires::Member, ListNotifications {
        #[serde(default)] unread: bool,
        #[serde(default = "default_limit")] limit: u32,
    } -> Vec<NotificationRow>
);
declare!("workflow.read_notifications" Write Requires::Member, ReadNotifications { ids: Vec<Uuid> } -> u64);

/// For a record, newest first: each change with the chain of causes up to the person or the source that began it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Why {
    pub entity: String,
    pub id: Uuid,
    #[serde(default = "default_limit")]
    pub limit: u32,
}

impl Operation for Why {
    const NAME: &'static str = "workflow.why";
    const KIND: OperationKind = OperationKind::Read;
    type Output = Vec<WhyRow>;
    fn requires(&self) -> Requires<'_> {
        Requires::Entity { entity: &self.entity, verb: Verb::Read }
    }
}

fn default_limit() -> u32 {
    50
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Reject,
}

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody who holds it.
    Role(String),
    Member(Uuid),
    /// So many steps up the manager chain of a member, or the administrators where it ends before.
    Above {
        member: Uuid,
        level: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Notified {
    pub members: Vec<Uuid>,
}
