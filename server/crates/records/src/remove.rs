//! `records.delete` and `records.restore`: into the trash and out of it.

use crate::gate;
use crate::get::{Held, hold};
use crate::refuse;
use crate::stale;
use crate::write::{Edit, write};
use domain::records::{DeleteRecord, Record, RestoreRecord, Values};
use domain::{Result, Verb};
use platform::Ctx;

pub async fn delete(ctx: &mut Ctx, operation: DeleteRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    let held = hold(ctx, &entity, operation.id, Verb::Delete, false).await?;
    if let Some(version) = operation.version.filter(|version| *version != held.version) {
        return Err(stale::error(ctx, &entity, &held, version, &Values::new(), None).await?);
    }
    gate::allowed(&entity, &held, "DELETE")?;
    write(ctx, &entity, &held, Edit { deleted: Some(true), ..Edit::default() }, "deleted").await
}

/// A unique value that somebody has taken meanwhile stands in the way.
pub async fn restore(ctx: &mut Ctx, operation: RestoreRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    let held: Held = hold(ctx, &entity, operation.id, Verb::Delete, true).await?;
    if let Some(taken) = refuse::holder(ctx, &entity, &held.values, Some(held.id)).await? {
        return Err(taken);
    }
    write(ctx, &entity, &held, Edit { deleted: Some(false), ..Edit::default() }, "restored").await
}
