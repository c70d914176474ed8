//! `records.transition`: moves a row to another state, through the gate of the move.

use crate::gate::{self, Wanted};
use crate::get::hold;
use crate::holder::Holders;
use crate::hook::{self, Move};
use crate::input::{self, By, all_right};
use crate::pipeline::{self, Goal};
use crate::stale;
use crate::update::{differing, given};
use crate::write::{Edit, write};
use domain::records::{Record, TransitionRecord, Values};
use domain::schema::{Entity, States};
use domain::{Error, Result, Verb};
use platform::Ctx;
use uuid::Uuid;
use words::t;

pub async fn transition(ctx: &mut Ctx, operation: TransitionRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    let TransitionRecord { id, version, name, to, pipeline, values, .. } = operation;
    let goal = match (&name, &to, &pipeline) {
        (Some(_), _, Some(_)) => {
            return Err(Error::field(
                "name",
                t!("A move that has a name stays in its pipeline. Say the pipeline, and the state `to`"),
            ));
        }
        (Some(name), ..) => Goal::Move(Wanted::Name(name)),
        (None, to, Some(pipeline)) => Goal::Into(pipeline, to.as_deref()),
        (None, Some(to), None) => Goal::Move(Wanted::To(to)),
        (None, None, None) => return Err(Error::field("to", t!("Say which move to make, or which state to move to"))),
    };
    take(ctx, &entity, id, version, goal, &values, By::Caller).await
}

/// The same for an operation of ours that a transition belongs to, such as a conversion: internal transitions are open to it, and so are
/// the fields that only the server sets.
pub async fn transition_internal(
    ctx: &mut Ctx,
    entity: &Entity,
    id: Uuid,
    version: Option<i64>,
    name: &str,
    values: &Values,
) -> Result<Record> {
    take(ctx, entity, id, version, Goal::Move(Wanted::Name(name)), values, By::Server).await
}

async fn take(
    ctx: &mut Ctx,
    entity: &Entity,
    id: Uuid,
    version: Option<i64>,
    goal: Goal<'_>,
    values: &Values,
    by: By,
) -> Result<Record> {
    let Some(states) = &entity.states else {
        return Err(Error::invalid(t!("{many} have no states to move between", many = entity.labels.many)));
    };
    let held = hold(ctx, entity, id, Verb::Update, false).await?;
    let values = given(ctx, entity, values, by)?;
    if let Some(version) = version.filter(|version| *version != held.version) {
        return Err(stale::error(ctx, entity, &held, version, &values, None).await?);
    }
    let (transition, left) = pipeline::meant(entity, states, &held, goal, by == By::Server)?;
    let mut arriving = held.values.clone();
    arriving.extend(values.clone());
    gate::pass(&ctx.access, entity, states, &transition, left, &arriving)?;
    let asks_for_owner = handed_over(ctx, states, &transition.to, &arriving).await?;
    let values = differing(&held, values);
    if by == By::Caller {
        input::permitted(&ctx.access, entity, &values)?;
        let mut pointing = values.clone();
        // The description asks for this owner, so that it is no question whether the caller could give the row away by themselves.
        pointing.retain(|key, _| !(asks_for_owner && key == "owner"));
        all_right(input::pointing(ctx, entity, &[&held], &pointing, Verb::Update).await?)?;
    }
    let mut making = Move { entity: ctx.entity(&entity.key)?, held, transition, values };
    hook::before(ctx, &mut making).await?;
    let Move { held, transition, values, .. } = &making;
    let edit = Edit { values: values.clone(), status: Some(transition.to.clone()), deleted: None };
    let record = write(ctx, entity, held, edit, &transition.to).await?;
    hook::after(ctx, &making).await?;
    Ok(record)
}

/// Whether the state asks for an owner of a certain role; refuses one who is not.
async fn handed_over(ctx: &mut Ctx, states: &States, to: &str, values: &Values) -> Result<bool> {
    if states.get(to).is_none_or(|state| state.owner_role.is_none()) {
        return Ok(false);
    }
    Holders::check(ctx, states, to, values).await?;
    Ok(true)
}
