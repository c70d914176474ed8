//! What other crates add to moves from one state to another: goods that are reserved, approvals that are asked for.

use crate::get::Held;
use domain::Result;
use domain::backend::BoxFuture;
use domain::records::Values;
use domain::schema::{Entity, Transition};
use platform::Ctx;
use std::sync::Arc;

/// A move through its gate, just before or just after the row is written.
pub struct Move {
    pub entity: Arc<Entity>,
    /// The row as it was, locked.
    pub held: Held,
    pub transition: Transition,
    /// Canonical values that are written with the move. `before` may add to them, server-owned fields included.
    pub values: Values,
}

pub type Before = for<'a> fn(&'a mut Ctx, &'a mut Move) -> BoxFuture<'a, Result<()>>;
pub type After = for<'a> fn(&'a mut Ctx, &'a Move) -> BoxFuture<'a, Result<()>>;

/// Registered with `Registry::hook`. Runs in the transaction of the move, whoever makes it: a page, the API, a workflow.
#[derive(Default)]
pub struct TransitionHook {
    /// Every entity when absent.
    pub entity: Option<&'static str>,
    /// May refuse the move.
    pub before: Option<Before>,
    pub after: Option<After>,
}

impl TransitionHook {
    fn concerns(&self, entity: &Entity) -> bool {
        self.entity.is_none_or(|key| key == entity.key)
    }
}

pub(crate) async fn before(ctx: &mut Ctx, making: &mut Move) -> Result<()> {
    for hook in ctx.hooks::<TransitionHook>() {
        if let Some(before) = hook.before.filter(|_| hook.concerns(&making.entity)) {
            before(ctx, making).await?;
        }
    }
    Ok(())
}

pub(crate) async fn after(ctx: &mut Ctx, made: &Move) -> Result<()> {
    for hook in ctx.hooks::<TransitionHook>() {
        if let Some(after) = hook.after.filter(|_| hook.concerns(&made.entity)) {
            after(ctx, made).await?;
        }
    }
    Ok(())
}
