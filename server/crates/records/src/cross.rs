//! Groups inside groups, and what lies beyond a limit as one group: one statement, whose answer is bounded whatever the rows are.
//!
//! Which groups weigh most is decided over all rows that match, so that the same inner groups stand in every outer one and the rest is exact.

use crate::select::Rows;
use crate::sql::{Bind, Sql};
use crate::summarise::{amount, currency_of, key, total};
use domain::records::{Group, GroupBy, Inner};
use domain::schema::{Entity, Field, FieldKind};
use domain::{Error, Result};
use platform::{Ctx, Row};
use std::collections::BTreeMap;
use words::t;

/// Groups that may be asked for, on either side.
pub const MOST: u32 = 100;

/// What is asked of the rows.
pub struct Plan<'a> {
    pub by: &'a GroupBy,
    pub limit: Option<u32>,
    pub inner: Option<&'a Inner>,
    pub measure: Option<&'a Field>,
}

/// Up to [`MOST`] groups of up to [`MOST`] inner ones, with a rest of either.
pub async fn crossed(ctx: &mut Ctx, entity: &Entity, rows: Rows, plan: Plan<'_>) -> Result<Vec<Group>> {
    let (outer, inner) =
        (limited(plan.limit, "limit")?, limited(plan.inner.and_then(|inner| inner.limit), "inner.limit")?);
    let Rows { mut sql, matching, source, .. } = rows;
    let outer_key = key(ctx, entity, &mut sql, plan.by, "group")?;
    let inner_by = plan.inner.map_or(&GroupBy::All, |inner| &inner.group);
    let inner_key = key(ctx, entity, &mut sql, inner_by, "inner.group")?;
    sql.push("select case when outer_place <= ").number(outer).push(" then outer_key end, outer_place > ");
    sql.number(outer).push(", case when inner_place <= ").number(inner).push(" then inner_key end, inner_place > ");
    sql.number(inner).push(", sum(n)::bigint, sum(amount)::text, currency from (select w.*, ");
    sql.push("dense_rank() over (order by outer_weight desc, outer_n desc, outer_key) as outer_place, ");
    sql.push(
        "dense_rank() over (order by inner_weight desc, inner_n desc, inner_key) as inner_place from (select c.*, ",
    );
    sql.push("sum(n) over (partition by outer_key) as outer_n, sum(n) over (partition by inner_key) as inner_n, ");
    sql.push("coalesce(sum(weight) over (partition by outer_key), 0) as outer_weight, ");
    sql.push("coalesce(sum(weight) over (partition by inner_key), 0) as inner_weight from (select s.*, ");
    weight(&mut sql, ctx, plan.measure);
    sql.push(" as weight from (select ").place(&outer_key).push(" as outer_key, ").place(&inner_key);
    sql.push(" as inner_key, count(*) as n, ");
    amount(&mut sql, plan.measure)?;
    sql.push(" as amount, ");
    currency_of(&mut sql, plan.measure);
    sql.push(" as currency from ").place(&source).push(" where ").place(&matching);
    sql.push(" group by 1, 2, 5) s) c) w) r group by 1, 2, 3, 4, 7").ordered_by("");
    let mut cells: Vec<Cell> = Vec::new();
    for row in &sql.all(ctx).await? {
        take(&mut cells, row, plan.inner.is_some())?;
    }
    if cells.is_empty() && *plan.by == GroupBy::All {
        cells.push(Cell::default());
    }
    Ok(cells.into_iter().map(|cell| cell.group(plan.measure)).collect())
}

fn limited(asked: Option<u32>, place: &str) -> Result<u32> {
    match asked {
        None => Ok(MOST),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(other) => {
            let message = t!("Between 1 and {most} groups can be asked for, not {asked}", most = MOST, asked = other);
            Err(Error::field(place, message))
        }
    }
}

/// What makes a group a large one: its sum, of money that in the workspace's own currency; else its rows.
fn weight(sql: &mut Sql, ctx: &Ctx, measure: Option<&Field>) {
    match measure.map(|field| &field.kind) {
        None => sql.push("s.n"),
        Some(FieldKind::Money { .. }) => {
            sql.push("case when s.currency = ");
            sql.bind(Bind::text(ctx.access.currency.as_str()));
            sql.push(" then s.amount end")
        }
        Some(_) => sql.push("s.amount"),
    };
}

/// A group as it is added up: whole minor units or scaled numbers, by currency.
#[derive(Default)]
struct Cell {
    key: Option<String>,
    rest: bool,
    count: i64,
    sums: BTreeMap<Option<String>, i128>,
    inner: Vec<Self>,
}

impl Cell {
    fn add(&mut self, count: i64, sum: Option<i128>, currency: Option<&String>) {
        self.count += count;
        if let Some(sum) = sum {
            let held = self.sums.entry(currency.cloned()).or_default();
            *held = held.saturating_add(sum);
        }
    }

    fn group(self, measure: Option<&Field>) -> Group {
        let sums = self.sums.into_iter();
        let sums = sums.filter_map(|(currency, sum)| total(measure?, &sum.to_string(), currency)).collect();
        let inner = self.inner.into_iter().map(|cell| cell.group(measure)).collect();
        Group { key: self.key, count: self.count, sums, weighted: Vec::new(), rest: self.rest, inner }
    }
}

/// One row of the answer: a currency of an inner group of a group.
fn take(cells: &mut Vec<Cell>, row: &Row, nested: bool) -> Result<()> {
    let (key, rest): (Option<String>, bool) = (row.get(0)?, row.get(1)?);
    let (inner_key, inner_rest): (Option<String>, bool) = (row.get(2)?, row.get(3)?);
    let (count, sum, currency): (i64, Option<String>, Option<String>) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let sum = sum.and_then(|sum| sum.parse().ok());
    let cell = named(cells, key, rest);
    cell.add(count, sum, currency.as_ref());
    if nested {
        named(&mut cell.inner, inner_key, inner_rest).add(count, sum, currency.as_ref());
    }
    Ok(())
}

fn named(cells: &mut Vec<Cell>, key: Option<String>, rest: bool) -> &mut Cell {
    let known = cells.iter().position(|cell| cell.key == key && cell.rest == rest);
    let at = known.unwrap_or_else(|| {
        cells.push(Cell { key, rest, ..Cell::default() });
        cells.len() - 1
    });
    &mut cells[at]
}
