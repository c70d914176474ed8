//! The first steps of a new workspace, for those who set it up: a list that ends.

use crate::company::UPDATE;
use crate::operation::{Requires, declare};
use serde::{Deserialize, Serialize};

declare!(
    /// What is done and what is left. Who may say who the workspace is sets it up.
    "onboarding.steps" Read Requires::Permission(UPDATE), ListFirstSteps {} -> FirstSteps
);
declare!(
    /// The caller sees the list no more. Others see theirs.
    "onboarding.put_away" Write Requires::Permission(UPDATE), PutFirstStepsAway {} -> FirstSteps
);

/// In the order in which they are worth doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FirstStep {
    /// The address that documents carry.
    Company,
    /// A first lead or customer.
    Record,
    /// A file of rows that was imported.
    Import,
    /// Somebody else was invited, or is there already.
    Invite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct StepState {
    pub step: FirstStep,
    /// Read from the rows that the step leaves behind, each time.
    pub done: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct FirstSteps {
    /// Whether the caller is to see them: the workspace is new and no demo, something is left, and the caller has not put them away.
    pub shown: bool,
    pub steps: Vec<StepState>,
}
