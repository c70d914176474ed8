//! The workflow engine: something happens, it is written down, and work follows from it, step by step, visibly, exactly once, with people
//! in charge.
//!
//! `matcher` reads events, has members told of them (`told`) and begins runs, `worker` goes on with them, `timers` does what is due, `approvals`
//! lets people decide. A step is a pure function from inputs to intents (`steps`), which `perform` carries out in one transaction with the run's
//! next place. What a definition may say is checked by `check` before it is saved, and by `needs` whether its author may do the same. `docs/workflows.md`
//! tells it for people.

mod approvals;
mod audience;
mod check;
mod engine;
mod failure;
mod input;
pub mod matcher;
mod needs;
mod notifications;
mod operations;
mod perform;
mod roots;
pub mod runnable;
mod schedule;
mod steps;
mod store;
pub mod templates;
pub mod timers;
mod told;
mod trigger;
mod waits;
pub mod worker;

pub use check::{Compiled, KnownOperation, Operations, catalogue, compile};
pub use engine::{Engine, EngineConfig};
pub use perform::go_on;
pub use store::{Claimed, claim};
pub use templates::Templates;

use platform::Registry;

/// Every operation of `domain::workflow`, and the hook by which the state machine asks for approvals.
pub fn register(registry: &mut Registry) {
    registry
        .add(operations::definitions::list)
        .add(operations::definitions::get)
        .add(operations::definitions::save)
        .add(operations::edit_step::edit_step)
        .add(operations::definitions::set_active)
        .add(operations::definitions::delete)
        .add(operations::runs::start)
        .add(operations::runs::list_runs)
        .add(operations::runs::get_run)
        .add(operations::runs::retry_run)
        .add(operations::runs::cancel_run)
        .add(operations::why::why)
        .add(operations::step_types)
        .add(operations::rehearse::test_workflow)
        .add(approvals::list::list_approvals)
        .add(approvals::list::get_approval)
        .add(approvals::decide::decide_approval)
        .add(audience::notify)
        .add(notifications::list_notifications)
        .add(notifications::read_notifications)
        .add(notifications::snooze_notification)
        .add(notifications::notification_kinds)
        .add(notifications::choose_notifications)
        .hook(approvals::gate::hook());
}
