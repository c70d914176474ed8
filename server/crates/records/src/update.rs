//! `records.update`: changes the named fields of a row that is still the one that was read.

use crate::gate;
use crate::get::{Held, hold};
use crate::input::{self, By, all_right};
use crate::stale;
use crate::write::{Edit, write};
use domain::records::{Record, UpdateRecord, Values};
use domain::schema::Entity;
use domain::schema::value::Rules;
use domain::{Error, Kind, Result, Verb};
use platform::Ctx;
use words::t;

pub async fn update(ctx: &mut Ctx, operation: UpdateRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    let UpdateRecord { id, version, values, base, .. } = operation;
    let Some(version) = version else {
        return Err(Error::new(
            Kind::VersionRequired,
            t!("Say which version of the record you have read, so that nobody's work is overwritten"),
        ));
    };
    let held = hold(ctx, &entity, id, Verb::Update, false).await?;
    let values = given(ctx, &entity, &values, By::Caller)?;
    if held.version != version {
        return Err(stale::error(ctx, &entity, &held, version, &values, base.as_ref()).await?);
    }
    let values = differing(&held, values);
    gate::editable(&entity, &held, &values)?;
    input::permitted(&ctx.access, &entity, &values)?;
    all_right(input::pointing(ctx, &entity, &[&held], &values, Verb::Update).await?)?;
    write(ctx, &entity, &held, Edit::values(values), "updated").await
}

/// What the caller sent, in canonical form.
pub fn given(ctx: &Ctx, entity: &Entity, values: &Values, by: By) -> Result<Values> {
    input::checked(&ctx.access, entity, values, by, Rules { today: ctx.today() }).map_err(Error::fields)
}

/// A form sends every field back; only what it changes is held to what may be pointed at now.
pub fn differing(held: &Held, mut values: Values) -> Values {
    values.retain(|key, value| held.values.get(key).unwrap_or(&serde_json::Value::Null) != value);
    values
}
