//! `records.tick`: an item of a checklist is done, or is not done after all.

use crate::gate;
use crate::get::hold;
use crate::stale;
use crate::write::{Edit, write};
use domain::records::{Record, TickRecord, Values};
use domain::schema::checklist::{self, CHECKLIST};
use domain::text::nearest;
use domain::{Error, Kind, Result, Verb};
use platform::Ctx;
use serde_json::Value;
use words::t;

/// What stands there already is answered as it is: who ticked first has ticked it.
pub async fn tick(ctx: &mut Ctx, operation: TickRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    let TickRecord { id, version, item, done, .. } = operation;
    let Some(version) = version else {
        return Err(Error::new(
            Kind::VersionRequired,
            t!("Say which version of the record you have read, so that nobody's work is overwritten"),
        ));
    };
    let one = &entity.labels.one;
    let Some(states) = entity.states.as_ref().filter(|states| states.items().next().is_some()) else {
        return Err(Error::invalid(t!("{one} has no checklist", one)));
    };
    if states.item(&item).is_none() {
        let meant = nearest(&item, states.items().map(|(_, item)| item.key.as_str()));
        let hint = meant.map(|meant| t!("; did you mean {meant}?", meant)).unwrap_or_default();
        let message = t!("No checklist of {one} has the item {item}{hint}", one, item, hint);
        return Err(Error::field("item", message));
    }
    let held = hold(ctx, &entity, id, Verb::Update, false).await?;
    if held.version != version {
        let error = stale::error(ctx, &entity, &held, version, &Values::new(), None).await?;
        let by = error.conflict.as_ref().and_then(|stale| stale.changed_by.as_deref());
        let one = one.to_lowercase();
        let message = t!(
            "This {one} was changed by {by} after you read it, so nothing was ticked. Look at it now, and tick again",
            one,
            by = by.unwrap_or_else(|| t!("somebody else"))
        );
        return Err(Error { message, ..error });
    }
    gate::allowed(&entity, &held, "EDIT")?;
    let ticks = held.values.get(CHECKLIST).cloned().unwrap_or(Value::Null);
    let after = match (checklist::tick(&ticks, &item).is_some(), done) {
        (false, true) => checklist::with(&ticks, &item, Some(checklist::ticked(Some(ctx.access.member.0), ctx.now()))),
        (true, false) => checklist::with(&ticks, &item, None),
        _ => ticks,
    };
    let values = Values::from_iter([(CHECKLIST.to_owned(), after)]);
    write(ctx, &entity, &held, Edit::values(values), "ticked").await
}
