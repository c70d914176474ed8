//! What members are told in the product, and what of it they want to be told.

use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use words::t;

/// Why somebody is told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    Mention,
    Assignment,
    Approval,
    Workflow,
}

impl NotificationKind {
    /// In the order in which people read them.
    pub const ALL: [Self; 4] = [Self::Mention, Self::Assignment, Self::Approval, Self::Workflow];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Assignment => "assignment",
            Self::Approval => "approval",
            Self::Workflow => "workflow",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Mention => t!("Mentions"),
            Self::Assignment => t!("Assignments"),
            Self::Approval => t!("Approvals"),
            Self::Workflow => t!("Workflows"),
        }
    }

    /// When one is told of it.
    pub fn help(self) -> &'static str {
        match self {
            Self::Mention => t!("Somebody writes @ and your name in a note"),
            Self::Assignment => t!("Somebody else makes you the owner of a record"),
            Self::Approval => t!("You are asked to decide; it stands under Approvals either way"),
            Self::Workflow => t!("A workflow has something to tell you or your role"),
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
