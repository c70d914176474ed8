//! The one way in which an existing row changes: only what differs is written, compared and told.

use crate::derive::Formulas;
use crate::get::{Held, visible};
use crate::kept;
use crate::project::{self, Projection};
use crate::refuse;
use crate::sql::{Bind, Sql};
use crate::standing;
use crate::store::columns;
use domain::records::{Record, Values};
use domain::schema::Entity;
use domain::{Error, Result};
use platform::{Change, Ctx};
use serde_json::{Value, json};

/// What becomes of a row.
#[derive(Debug, Default)]
pub struct Edit {
    /// Canonical values; those equal to what is there are dropped.
    pub values: Values,
    pub status: Option<String>,
    /// Into the trash, or out of it.
    pub deleted: Option<bool>,
}

impl Edit {
    pub fn values(values: Values) -> Self {
        Self { values, ..Self::default() }
    }
}

/// Writes an edit to a row that is held, and answers the row as the caller may see it. `event` is the last word of the event's type. An
/// edit that changes nothing leaves the version and tells nobody.
pub async fn write(ctx: &mut Ctx, entity: &Entity, held: &Held, mut edit: Edit, event: &str) -> Result<Record> {
    edit.values.retain(|key, value| held.values.get(key).unwrap_or(&Value::Null) != value);
    edit.status = edit.status.filter(|status| *status != held.text("status"));
    if let Some(status) = &edit.status {
        let entered = standing::entered(ctx, entity, status, ctx.now());
        edit.values.extend(entered);
        edit.values.retain(|key, value| held.values.get(key).unwrap_or(&Value::Null) != value);
    }
    // After what comes with the state, which a formula may read.
    Formulas::of(entity)?.follow(held, &mut edit.values, edit.status.as_deref());
    if edit.values.is_empty() && edit.status.is_none() && edit.deleted.is_none() {
        return visible(ctx, entity, held.id).await;
    }
    if let Some(taken) = refuse::holder(ctx, entity, &edit.values, Some(held.id)).await? {
        return Err(taken);
    }
    let record = update(ctx, entity, held, &edit).await?;
    kept::claim(ctx, entity, held.id, &edit.values).await?;
    ctx.changed(change(ctx, entity, held, &edit, event));
    Ok(record)
}

async fn update(ctx: &mut Ctx, entity: &Entity, held: &Held, edit: &Edit) -> Result<Record> {
    let catalog = ctx.catalog.clone();
    let projection = Projection::of(&ctx.access, &catalog, entity, &[])?;
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("with r as (update ").name(&entity.table).push(" t set version = t.version + 1, updated_by = ");
    sql.bind(Bind::Id(Some(ctx.access.member.0)));
    sql.push(", updated_at = ");
    let now = sql.bind(Bind::Moment(Some(ctx.now())));
    for (key, value) in &edit.values {
        let field = entity.field(key).ok_or_else(Error::internal)?;
        for (name, bind) in columns(field, value)? {
            sql.push(", ").name(&name).push(" = ");
            sql.bind(bind);
        }
    }
    if let Some(status) = &edit.status {
        sql.push(", status = ");
        sql.bind(Bind::text(status));
    }
    match edit.deleted {
        Some(true) => sql.push(", deleted_at = ").again(now),
        Some(false) => sql.push(", deleted_at = null"),
        None => &mut sql,
    };
    sql.push(" where t.tenant_id = ").again(tenant).push(" and t.id = ");
    sql.bind(Bind::Id(Some(held.id)));
    sql.push(" returning t.*) select ");
    projection.select(&mut sql);
    sql.push(" from r");
    projection.joins(&mut sql, ctx, tenant)?;
    let rows = sql.try_all(ctx.conn().await?).await?.map_err(|error| refuse::from_database(entity, error))?;
    // The row is locked, so it is there.
    projection.record(rows.first().ok_or_else(Error::internal)?)
}

fn change(ctx: &Ctx, entity: &Entity, held: &Held, edit: &Edit, event: &str) -> Change {
    let mut before = Values::new();
    let mut after = edit.values.clone();
    for key in edit.values.keys() {
        before.insert(key.clone(), held.values.get(key).cloned().unwrap_or(Value::Null));
    }
    if let Some(status) = &edit.status {
        before.insert("status".to_owned(), held.values.get("status").cloned().unwrap_or(Value::Null));
        after.insert("status".to_owned(), Value::String(status.clone()));
    }
    if let Some(deleted) = edit.deleted {
        let at = Value::String(ctx.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        let (was, is) = if deleted { (Value::Null, at) } else { (at, Value::Null) };
        before.insert("deletedAt".to_owned(), was);
        after.insert("deletedAt".to_owned(), is);
    }
    before.insert("version".to_owned(), json!(held.version));
    after.insert("version".to_owned(), json!(held.version + 1));
    Change {
        entity: entity.key.clone(),
        record: Some(held.id),
        before: Some(Value::Object(before)),
        after: Some(Value::Object(after)),
        event: Some(format!("{}.{}.{event}", entity.area, entity.key)),
    }
}
