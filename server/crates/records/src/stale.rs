//! A write that comes too late: what was read, what was sent and what is there now, field by field.

use crate::get::{Held, visible};
use crate::project::readable;
use domain::error::{StaleField, StaleWrite};
use domain::records::Values;
use domain::schema::Entity;
use domain::{Error, Kind, Result};
use platform::{Ctx, db_error};
use serde_json::Value;
use sqlx::Row;
use words::t;

const SINCE: &str = "\
select before from changes
where tenant_id = $1 and record_id = $2 and entity = $3 and before is not null and (before ->> 'version')::bigint >= $4
order by (before ->> 'version')::bigint";

/// The refusal, with both sides in it. `values` is canonical; `base` is what the caller says to have read.
pub async fn error(
    ctx: &mut Ctx,
    entity: &Entity,
    held: &Held,
    read: i64,
    values: &Values,
    base: Option<&Values>,
) -> Result<Error> {
    let current = visible(ctx, entity, held.id).await?;
    let was = match base {
        Some(base) => base.clone(),
        None => as_read(ctx, entity, held, read).await?,
    };
    let fields = values
        .iter()
        .filter(|(key, yours)| held.values.get(*key).unwrap_or(&Value::Null) != *yours)
        .filter(|(key, _)| entity.field(key).is_some_and(|field| readable(&ctx.access, field)))
        .map(|(key, yours)| {
            let theirs = held.values.get(key).cloned().unwrap_or(Value::Null);
            StaleField {
                field: key.clone(),
                was: was.get(key).unwrap_or(&theirs).clone(),
                yours: yours.clone(),
                theirs,
            }
        })
        .collect();
    let who = current.label("updatedBy").map(str::to_owned);
    let when = current.text("updatedAt").map(str::to_owned);
    let by = who.as_deref().unwrap_or_else(|| t!("somebody else"));
    let message = t!(
        "This {one} was changed by {by} after you read it. Nothing was saved; compare both and save again",
        one = entity.labels.one.to_lowercase(),
        by
    );
    let conflict = StaleWrite {
        entity: entity.key.clone(),
        id: held.id,
        read_version: read,
        current_version: held.version,
        changed_by: who,
        changed_at: when,
        fields,
        current: serde_json::to_value(&current).map_err(|_| Error::internal())?,
    };
    let resource_id = Some(held.id.to_string());
    Ok(Error { conflict: Some(Box::new(conflict)), resource_id, ..Error::new(Kind::Stale, message) })
}

/// The values that the row had at a version, as far as they have changed since: the oldest `before` after it that names the field.
async fn as_read(ctx: &mut Ctx, entity: &Entity, held: &Held, read: i64) -> Result<Values> {
    let tenant = ctx.access.tenant.0;
    let rows = sqlx::query(SINCE)
        .bind(tenant)
        .bind(held.id)
        .bind(&entity.key)
        .bind(read)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    let mut was = Values::new();
    for row in rows {
        let before: Value = row.try_get(0).map_err(db_error)?;
        for (key, value) in before.as_object().into_iter().flatten() {
            was.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    Ok(was)
}
