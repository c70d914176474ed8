//! How many rows match: exact up to a bound, an estimate of the planner's beyond it.
//!
//! The bounded count rides in the statement of the list. Once it has hit the bound, the estimate is remembered for a minute, so that paging
//! through a long list counts nothing.

use crate::memo::Memo;
use crate::select::Rows;
use crate::sql::Sql;
use domain::records::Total;
use domain::schema::query::EXACT_TOTAL;
use domain::schema::{Count, Entity};
use domain::{Error, Result};
use platform::Ctx;

/// What is left to do about the total.
pub enum Plan {
    Nothing,
    /// Known already.
    Known(Total),
    /// To be counted by the statement, up to the bound or to the end.
    Count {
        exact: bool,
        key: String,
    },
}

impl Plan {
    pub fn make(ctx: &Ctx, entity: &Entity, rows: &Rows, count: Count) -> Self {
        match count {
            Count::None => Self::Nothing,
            Count::Exact => Self::Count { exact: true, key: String::new() },
            Count::Estimated => {
                let key = key(ctx, entity, rows);
                match Memo::of(&ctx.services).estimate(&key, ctx.now()) {
                    Some(value) => Self::Known(Total { value, exact: false }),
                    None => Self::Count { exact: false, key },
                }
            }
        }
    }

    /// `, (select count(*) ...)`, where something is to be counted. The subselect does not depend on the row, so it runs once.
    pub fn select(&self, sql: &mut Sql, rows: &Rows) {
        let Self::Count { exact, .. } = self else { return };
        sql.push(", (");
        count(sql, rows, *exact);
        sql.push(")");
    }

    /// From what was counted.
    pub async fn finish(
        self,
        ctx: &mut Ctx,
        entity: &Entity,
        rows: &Rows,
        counted: Option<i64>,
    ) -> Result<Option<Total>> {
        let (exact, key) = match self {
            Self::Nothing => return Ok(None),
            Self::Known(total) => return Ok(Some(total)),
            Self::Count { exact, key } => (exact, key),
        };
        let counted = match counted {
            Some(counted) => counted,
            None => {
                // The page held no row that could have carried the count.
                let mut statement = rows.sql.clone();
                count(&mut statement, rows, exact);
                statement.one(ctx).await?.get(0)?
            }
        };
        if exact || counted <= EXACT_TOTAL {
            return Ok(Some(Total { value: counted, exact: true }));
        }
        let value = estimate(ctx, entity, rows).await?.max(counted);
        Memo::of(&ctx.services).keep_estimate(key, ctx.now(), value);
        Ok(Some(Total { value, exact: false }))
    }
}

fn count(sql: &mut Sql, rows: &Rows, exact: bool) {
    if exact {
        sql.push("select count(*) from ").place(&rows.source).push(" where ").place(&rows.matching);
    } else {
        sql.push("select count(*) from (select 1 from ").place(&rows.source).push(" where ").place(&rows.matching);
        sql.push(" limit ").number(u32::try_from(EXACT_TOTAL).unwrap_or(u32::MAX).saturating_add(1)).push(") counted");
    }
}

async fn estimate(ctx: &mut Ctx, entity: &Entity, rows: &Rows) -> Result<i64> {
    let mut sql = rows.sql.clone();
    sql.push("select 1 from ").name(&entity.table).push(" t where ").place(&rows.matching);
    let plan: serde_json::Value = sql.explained().one(ctx).await?.get(0)?;
    plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_i64).ok_or_else(Error::internal)
}

fn key(ctx: &Ctx, entity: &Entity, rows: &Rows) -> String {
    // Arguments include the tenant and whatever limits the caller's reach.
    format!("{} {:?} {:?} {}", entity.table, rows.matching, rows.sql.binds(), ctx.access.tenant)
}
