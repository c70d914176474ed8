//! The operations on workflows and runs. Approvals have theirs beside them.

pub mod definitions;
pub mod edit_step;
pub mod rehearse;
pub mod runs;
pub mod sight;
pub mod why;

use domain::Result;
use domain::workflow::{ListStepTypes, StepDescriptor, TriggerKind};
use platform::Ctx;

/// How a moment is written on the wire.
macro_rules! moment {
    ($column:literal) => {
        concat!("to_char(", $column, " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
    };
}
pub(crate) use moment;

pub async fn step_types(_: &mut Ctx, _: ListStepTypes) -> Result<Vec<StepDescriptor>> {
    Ok(crate::steps::ALL.iter().map(|step| (step.describe)()).collect())
}

/// The word of a trigger as definitions write it.
pub fn word(kind: TriggerKind) -> String {
    serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
