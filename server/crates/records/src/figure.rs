//! Figures over the rows that point at a row: counted when they are read, of what the reader may see, so that they are never stale and never
//! tell of rows that are not the reader's. One index range for each row of the page.

use crate::filter::{self, Scope};
use crate::project::readable;
use crate::reach;
use crate::sql::{Argument, Sql};
use domain::schema::{Aggregate, Catalog, Entity, Field, Filter, Rollup, Storage};
use domain::{Error, Reach, Result, Verb};
use platform::{Access, Ctx};

pub struct Figure<'a> {
    rollup: &'a Rollup,
    from: &'a Entity,
    via: &'a Field,
    measured: Option<&'a Field>,
    reach: Reach,
}

impl<'a> Figure<'a> {
    /// None for a reader who may not see the rows, or not what is added up.
    pub fn of(access: &Access, catalog: &'a Catalog, rollup: &'a Rollup) -> Option<Self> {
        let from: &Entity = catalog.get(&rollup.entity)?;
        let reach = access.grants.reach(&from.permission(Verb::Read))?;
        let via = from.field(&rollup.via).filter(|field| readable(access, field))?;
        let measured = match &rollup.field {
            Some(key) => Some(from.field(key).filter(|field| readable(access, field))?),
            None => None,
        };
        Some(Self { rollup, from, via, measured, reach })
    }

    /// A lateral join that answers `figure` and, of money, its currency `beside` it, for rows named `r`.
    pub fn join(&self, sql: &mut Sql, ctx: &Ctx, tenant: Argument, number: usize) -> Result<()> {
        sql.push(" left join lateral (select ");
        let column = |sql: &mut Sql, before: &'static str, name: &str, after: &'static str| {
            sql.push(before).column("t", name).push(after);
        };
        match (self.rollup.what, self.measured.map(Field::storage)) {
            (Aggregate::Count, _) => {
                sql.push("count(*) as figure, null::text");
            }
            // One figure stands for one currency; of several there is no sum.
            (Aggregate::Sum, Some(Storage::Money { minor, currency })) => {
                column(sql, "case when min(", &currency, ") = ");
                column(sql, "max(", &currency, ") then ");
                bounded(sql, &minor);
                column(sql, " end as figure, min(", &currency, ")");
            }
            (Aggregate::Sum, Some(Storage::Column { name, .. })) => {
                bounded(sql, &name);
                sql.push(" as figure, null::text");
            }
            (Aggregate::Min, Some(Storage::Column { name, .. })) => {
                column(sql, "min(", &name, ") as figure, null::text");
            }
            (Aggregate::Max, Some(Storage::Column { name, .. })) => {
                column(sql, "max(", &name, ") as figure, null::text");
            }
            _ => return Err(Error::internal()),
        }
        sql.push(" as beside from ").name(&self.from.table).push(" t where t.tenant_id = ").again(tenant);
        sql.push(" and ").column("t", &self.via.column()).push(" = r.id and t.deleted_at is null");
        reach::and(sql, &ctx.access, self.reach, tenant);
        if let Some(text) = &self.rollup.filter {
            // Descriptions are checked when they are loaded.
            let filter = Filter::parse(text, self.from).map_err(|_| Error::internal())?;
            sql.push(" and ");
            filter::compile(sql, &Scope::of(ctx, self.from, tenant), &filter)?;
        }
        sql.push(") ").alias("f", number).push(" on true");
        Ok(())
    }
}

/// Sums of bigints are wider than bigints; one that no longer fits is none rather than wrong.
fn bounded(sql: &mut Sql, name: &str) {
    sql.push("case when abs(sum(").column("t", name).push(")) < 9223372036854775807 then sum(");
    sql.column("t", name).push(")::bigint end");
}
