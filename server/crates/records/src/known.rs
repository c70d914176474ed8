//! What is there already, for callers that make many rows and must not make one twice.

use crate::project;
use crate::sql::{Bind, Sql};
use domain::Result;
use domain::schema::{Entity, Field};
use platform::Ctx;
use std::collections::HashSet;
use uuid::Uuid;

/// Those of the ids that name a row, in the trash or not.
pub async fn known_ids(ctx: &mut Ctx, entity: &Entity, ids: Vec<Uuid>) -> Result<HashSet<Uuid>> {
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("select t.id from ")
        .name(&entity.table)
        .push(" t where t.tenant_id = ")
        .again(tenant)
        .push(" and t.id = any (");
    sql.bind(Bind::Ids(ids.into_iter().map(Some).collect()));
    sql.push(")");
    let rows = sql.all(ctx).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Those of the values, in their normal form, that a row outside the trash holds in a unique text field.
pub async fn held_values(
    ctx: &mut Ctx,
    entity: &Entity,
    field: &Field,
    values: Vec<String>,
) -> Result<HashSet<String>> {
    let (column, "text") = field.ordering() else { return Ok(HashSet::new()) };
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("select ")
        .column("t", &column)
        .push(" from ")
        .name(&entity.table)
        .push(" t where t.tenant_id = ")
        .again(tenant);
    sql.push(" and t.deleted_at is null and ").column("t", &column).push(" = any (");
    sql.bind(Bind::texts(values));
    sql.push(")");
    let rows = sql.all(ctx).await?;
    rows.iter().map(|row| row.get(0)).collect()
}
