//! Which rows a list of the past is made of.
//!
//! All that the reader reaches, where they are few. Of more than that: those that match the filter now, and those of which something has changed
//! since by which the filter decides. A row that is neither does not match now, and was then what it is now to the filter: it did not match then.

use super::{MOST_CHANGES, MOST_ROWS, Was, Whole, floor, too_many_changes};
use crate::filter::{self, Scope};
use crate::get::in_trash;
use crate::project;
use crate::reach;
use crate::sql::{Argument, Bind, Sql};
use chrono::{DateTime, Utc};
use domain::schema::{Entity, Filter, ListQuery};
use domain::{Error, Reach, Result};
use platform::{Ctx, Statement};
use std::collections::{BTreeSet, HashSet};
use uuid::Uuid;
use words::t;

/// Changes of the workspace, of whatever they are, among which those that count are looked for.
const MOST_LOOKED_AT: i64 = 200_000;

/// Rows that were changed since a moment in something that counts: any of these keys of a change, or anything at all. Ids begin with their
/// moment, so the rest of the partitions is not looked at.
const TOUCHED: &str = "\
select count(*), coalesce(array_agg(distinct s.record_id) filter (where s.touched), '{}')
from (
    select c.record_id,
        c.record_id is not null and c.entity = $3 and c.outcome = 'done' and c.at > $4 and ($5 or c.before ?| $6) as touched
    from changes c where c.tenant_id = $1 and c.id >= $2 order by c.id desc limit 200001
) s";

/// A moment, and how far the reader of now sees, in the trash too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Then {
    pub at: DateTime<Utc>,
    pub reach: Reach,
    pub trash: Option<Reach>,
}

impl Then {
    /// Of the rows named `t`: those that were made by then, within reach now.
    fn bounds(self, sql: &mut Sql, ctx: &Ctx, tenant: Argument) {
        reach::and(sql, &ctx.access, self.reach, tenant);
        sql.push(" and t.created_at <= ");
        sql.bind(Bind::Moment(Some(self.at)));
        in_trash(sql, ctx, self.trash, tenant);
    }
}

/// All rows, where they are few enough to be gone through whatever is asked of them: they serve everything that a page asks for.
pub(super) async fn all(ctx: &mut Ctx, entity: &Entity, then: Then) -> Result<Option<Vec<Was>>> {
    let mut sql = Sql::new("select count(*) from (select from ");
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.name(&entity.table).push(" t where t.tenant_id = ").again(tenant);
    then.bounds(&mut sql, ctx, tenant);
    sql.push(" limit ").number(MOST_ROWS + 1).push(") s");
    let count: i64 = sql.one(ctx).await?.get(0)?;
    if count > i64::from(MOST_ROWS) {
        return Ok(None);
    }
    let mut whole = Whole::of(ctx, entity);
    then.bounds(&mut whole.sql, ctx, whole.tenant);
    whole.rows(ctx).await.map(Some)
}

/// The rows that the query may mean.
pub(super) async fn of(ctx: &mut Ctx, entity: &Entity, then: Then, query: &ListQuery) -> Result<Vec<Was>> {
    if !query.ids.is_empty() {
        let rows = named(ctx, entity, then, query.ids.clone()).await?;
        return few(entity, rows);
    }
    let rows = matching(ctx, entity, then, query).await?;
    let mut rows = few(entity, rows)?;
    let known: HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut ids = touched(ctx, entity, then, query.filter.as_ref()).await?;
    ids.retain(|id| !known.contains(id));
    rows.extend(named(ctx, entity, then, ids).await?);
    few(entity, rows)
}

/// Those that match now, one more than may be at most.
async fn matching(ctx: &mut Ctx, entity: &Entity, then: Then, query: &ListQuery) -> Result<Vec<Was>> {
    let mut whole = Whole::of(ctx, entity);
    let tenant = whole.tenant;
    then.bounds(&mut whole.sql, ctx, tenant);
    let sql = &mut whole.sql;
    sql.push(if query.trash { " and t.deleted_at is not null" } else { " and t.deleted_at is null" });
    if let Some(filter) = &query.filter {
        sql.push(" and ");
        filter::compile(sql, &Scope::of(ctx, entity, tenant), filter)?;
    }
    sql.push(" limit ").number(MOST_ROWS + 1).ordered_by("");
    whole.rows(ctx).await
}

/// Those of the ids that the list may hold, one more than may be at most.
async fn named(ctx: &mut Ctx, entity: &Entity, then: Then, ids: Vec<Uuid>) -> Result<Vec<Was>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut whole = Whole::of(ctx, entity);
    then.bounds(&mut whole.sql, ctx, whole.tenant);
    whole.sql.push(" and t.id = any (");
    whole.sql.bind(Bind::ids(ids));
    whole.sql.push(") limit ").number(MOST_ROWS + 1);
    whole.rows(ctx).await
}

/// Rows, whoever's they are, of which the filter may have told something else then.
async fn touched(ctx: &mut Ctx, entity: &Entity, then: Then, filter: Option<&Filter>) -> Result<Vec<Uuid>> {
    let mut keys = BTreeSet::from(["deletedAt"]);
    if let Some(filter) = filter {
        fields(filter, &mut keys);
    }
    // No change says who wrote the row before it, and when.
    let any = keys.contains("updatedAt") || keys.contains("updatedBy");
    let binds = vec![
        Bind::Id(Some(ctx.access.tenant.0)),
        floor(then.at),
        Bind::text(entity.key.clone()),
        Bind::Moment(Some(then.at)),
        Bind::Bool(Some(any)),
        Bind::texts(keys),
    ];
    let rows = ctx.fetch(Statement::new(TOUCHED, binds)).await?;
    let row = rows.first().ok_or_else(Error::internal)?;
    let (looked_at, ids): (i64, Vec<Uuid>) = (row.get(0)?, row.get(1)?);
    if looked_at > MOST_LOOKED_AT {
        let message = t!(
            "More than 200,000 changes were made in this workspace since then, too many to look through at once. Choose a later moment"
        );
        return Err(Error::field("asOf", message));
    }
    if ids.len() > MOST_CHANGES { Err(too_many_changes()) } else { Ok(ids) }
}

/// Keys of the fields that a filter decides by.
fn fields<'a>(filter: &'a Filter, keys: &mut BTreeSet<&'a str>) {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().for_each(|filter| fields(filter, keys)),
        Filter::Test(test) => {
            keys.insert(&test.field);
        }
    }
}

fn few(entity: &Entity, rows: Vec<Was>) -> Result<Vec<Was>> {
    if rows.len() <= MOST_ROWS as usize {
        return Ok(rows);
    }
    let many = entity.labels.many.to_lowercase();
    Err(Error::field(
        "asOf",
        t!(
            "More than 2,000 {many} match now or have changed since then, too many to go back through at once. Narrow the filter, or choose a later moment",
            many
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::{MOST_LOOKED_AT, TOUCHED};

    #[test]
    fn one_more_than_may_be_looked_at_tells_that_there_are_more() {
        assert!(TOUCHED.contains(&format!("limit {}", MOST_LOOKED_AT + 1)));
    }
}
