//! Rows that are there already: found by what no two rows may share, and read as they stand.

use super::plan::Plan;
use crate::project::{self, Projection};
use crate::reach;
use crate::sql::{Bind, Sql};
use domain::records::Values;
use domain::schema::{Entity, Field, Storage};
use domain::text::normal;
use domain::{Reach, Result, Verb};
use platform::{Ctx, Row, db_error};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: Uuid,
    pub version: i64,
    /// Nothing where the caller may not know of the row.
    pub number: Option<String>,
}

/// The form in which a unique value is compared.
pub fn unique_form(field: &Field, text: &str) -> String {
    if matches!(field.storage(), Storage::Normalised { .. }) { normal(text) } else { text.to_owned() }
}

/// Rows outside the trash that hold one of the values, by value. Reach plays no part: the database lets no two rows share it, whoever may
/// see them.
pub async fn by_unique(
    ctx: &mut Ctx,
    entity: &Entity,
    field: &Field,
    values: &[String],
) -> Result<HashMap<String, Found>> {
    let (column, "text") = field.ordering() else { return Ok(HashMap::new()) };
    if values.is_empty() {
        return Ok(HashMap::new());
    }
    // For each value the first row that is not before it, in the order of the index, which sorting would be the only way around. Asked in any
    // other way, PostgreSQL reads the whole table as long as it has no statistics of it, which is how a table is while the first large file
    // is being imported.
    let mut sql = Sql::new("select t.id, t.version, t.number, v.value from unnest(");
    sql.bind(Bind::texts(values.iter().cloned()));
    sql.push(") v (value) cross join lateral (select t.id, t.version, case when ");
    let tenant = project::tenant(&mut sql, &ctx.access);
    match ctx.access.grants.reach(&entity.permission(Verb::Read)) {
        Some(reach) => reach::within(&mut sql, &ctx.access, reach, tenant, |sql| {
            sql.push("t");
        }),
        None => {
            sql.push("false");
        }
    }
    sql.push(" then t.number end as number, ").column("t", &column).push(" as value from ").name(&entity.table);
    sql.push(" t where t.tenant_id = ").again(tenant).push(" and t.deleted_at is null and ").column("t", &column);
    sql.push(" >= v.value order by ").column("t", &column).push(" limit 1) t where t.value = v.value");
    sqlx::query("set local enable_sort = off").execute(ctx.conn().await?).await.map_err(db_error)?;
    let rows = sql.all(ctx).await?;
    sqlx::query("set local enable_sort = on").execute(ctx.conn().await?).await.map_err(db_error)?;
    let read = |row: &Row| Ok((row.get(3)?, Found { id: row.get(0)?, version: row.get(1)?, number: row.get(2)? }));
    rows.iter().map(read).collect()
}

/// A row as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand {
    pub version: i64,
    pub status: Option<String>,
    pub values: Values,
}

/// The rows that lie within the reach, by id.
pub async fn stand(ctx: &mut Ctx, plan: &Plan, reach: Reach, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Stand>> {
    let entity = plan.entity.clone();
    let projection = Projection::whole(&entity);
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("select ");
    projection.columns(&mut sql, "t");
    sql.push(" from ")
        .name(&entity.table)
        .push(" t where t.tenant_id = ")
        .again(tenant)
        .push(" and t.deleted_at is null and t.id = any (");
    sql.bind(Bind::ids(ids));
    sql.push(")");
    reach::and(&mut sql, &ctx.access, reach, tenant);
    let mut found = HashMap::new();
    for row in sql.all(ctx).await? {
        let record = projection.record(&row)?;
        let status = entity.states.as_ref().and_then(|_| record.text("status")).map(str::to_owned);
        found.insert(record.id, Stand { version: record.version, status, values: record.values });
    }
    Ok(found)
}
