//! What members are told in the product, and what of it they want to be told.

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;
use words::t;

/// Why somebody is told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    Mention,
    Assignment,
    Stage,
    Approval,
    Workflow,
    Failure,
}

impl NotificationKind {
    /// In the order in which people read them.
    pub const ALL: [Self; 6] =
        [Self::Mention, Self::Assignment, Self::Stage, Self::Approval, Self::Workflow, Self::Failure];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Assignment => "assignment",
            Self::Stage => "stage",
            Self::Approval => "approval",
            Self::Workflow => "workflow",
            Self::Failure => "failure",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Mention => t!("Mentions"),
            Self::Assignment => t!("Assignments"),
            Self::Stage => t!("Moves"),
            Self::Approval => t!("Approvals"),
            Self::Workflow => t!("Workflows"),
            Self::Failure => t!("Failures"),
        }
    }

    /// When one is told of it.
    pub fn help(self) -> &'static str {
        match self {
            Self::Mention => t!("Somebody writes @ and your name in a note"),
            Self::Assignment => t!("Somebody else makes you the owner of a record"),
            Self::Stage => t!("Somebody else moves a record of yours to another state"),
            Self::Approval => t!("You are asked to decide; it stands under Approvals either way"),
            Self::Workflow => t!("A workflow has something to tell you or your role"),
            Self::Failure => {
                t!(
                    "An import, an export or a change of many rows that you started is stopped, or a run of a workflow that you saved fails"
                )
            }
        }
    }
}

/// A kind, and whether the caller is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NotificationChoice {
    pub kind: NotificationKind,
    pub told: bool,
}

declare!(
    /// Every kind, and whether the caller is told of it.
    "workflow.notification_kinds" Read Requires::Member, ListNotificationKinds {} -> Vec<NotificationChoice>
);
declare!(
    /// Of what the caller wants to be told from now on. A kind that is not named, or is false, is told no more.
    "workflow.choose_notifications" Write Requires::Member, ChooseNotifications {
        #[serde(default)] kinds: BTreeMap<String, bool>,
    } -> Vec<NotificationChoice>
);

/// Until when a notification is put off, on the clock of whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SnoozeUntil {
    /// For an hour.
    Hour,
    /// At eight on the next day.
    Tomorrow,
    /// At eight on the next Monday after today.
    Monday,
}

impl SnoozeUntil {
    pub const ALL: [Self; 3] = [Self::Hour, Self::Tomorrow, Self::Monday];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Tomorrow => "tomorrow",
            Self::Monday => "monday",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Hour => t!("For an hour"),
            Self::Tomorrow => t!("Until tomorrow, 8:00"),
            Self::Monday => t!("Until next Monday, 8:00"),
        }
    }
}

/// A notification that was put off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Snoozed {
    pub id: Uuid,
    /// RFC 3339; when it comes back.
    pub until: String,
}

declare!(
    /// Takes something that the caller was told out of the list and of what is counted until then. It comes back unread.
    "workflow.snooze_notification" Write Requires::Member, SnoozeNotification { id: Uuid, until: SnoozeUntil } -> Snoozed
);
