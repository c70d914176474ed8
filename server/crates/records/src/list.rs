//! `records.list` and `records.export`: one page of rows, in order.

use crate::cursor::{Key, Order, Start};
use crate::project::{Projection, known};
use crate::select::{Rows, rows};
use crate::sql::Sql;
use crate::total::Plan;
use domain::records::Rows as Found;
use domain::records::{ExportRecords, ListRecords, Page, Record, Total};
use domain::schema::query::{MAX_LIMIT, MAX_SORTS};
use domain::schema::{Comparison, Count, Entity, FieldKind, Filter, ListQuery, Sort};
use domain::{Error, Reach, Result, Verb};
use platform::{Change, Ctx, Row};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use words::t;

/// Farther into a list than this only a cursor leads: skipping rows reads them all.
pub const MAX_OFFSET: u32 = 1_000_000;

pub async fn list(ctx: &mut Ctx, operation: ListRecords) -> Result<Page> {
    let entity = ctx.entity(&operation.entity)?;
    let reach = ctx.reach(&entity, Verb::Read)?;
    page(ctx, &entity, &operation.query, reach).await
}

/// Rows leave the house only as far as both permissions reach.
pub fn leaving(ctx: &Ctx, entity: &Entity) -> Result<Reach> {
    Ok(ctx.reach(entity, Verb::Export)?.min(ctx.reach(entity, Verb::Read)?))
}

/// Refuses what the pages of an export would be refused for, before the first.
pub async fn exportable(ctx: &mut Ctx, entity: &Entity, query: &ListQuery, reach: Reach) -> Result<()> {
    let catalog = ctx.catalog.clone();
    Listing::prepare(ctx, &catalog, entity, query, reach).await.map(drop)
}

/// How many rows an export may come to, counted as lists count them.
pub async fn foretold(ctx: &mut Ctx, entity: &Entity, query: &ListQuery, reach: Reach) -> Result<Option<Total>> {
    let rows = rows(ctx, entity, query, reach).await?;
    Plan::make(ctx, entity, &rows, Count::Estimated).finish(ctx, entity, &rows, None).await
}

pub async fn export(ctx: &mut Ctx, operation: ExportRecords) -> Result<Page> {
    let entity = ctx.entity(&operation.entity)?;
    let reach = leaving(ctx, &entity)?;
    let (page, told) = departing(ctx, &entity, &operation.query, reach).await?;
    ctx.changed(told);
    Ok(page)
}

/// A page of rows that leave the house, and what the trail is to tell of it.
pub async fn departing(ctx: &mut Ctx, entity: &Entity, query: &ListQuery, reach: Reach) -> Result<(Page, Change)> {
    let page = page(ctx, entity, query, reach).await?;
    // Where rows were named, those that left; else filter, search and moment say which they were.
    let ids = if query.ids.is_empty() { None } else { Some(page.records()?) };
    let ids = ids.map(|records| records.into_iter().map(|record| record.id).collect::<Vec<_>>());
    let sort = (!query.sort.is_empty()).then(|| Sort::print_list(&query.sort));
    // Each page of a file, not its first alone: a cursor from elsewhere would begin in the middle.
    let told = Change {
        entity: entity.key.clone(),
        record: None,
        before: None,
        after: Some(json!({
            "filter": query.filter, "search": query.search, "fields": query.fields, "trash": query.trash,
            "ids": ids, "asOf": query.as_of, "sort": sort, "rows": page.returned, "continued": query.cursor.is_some(),
        })),
        event: None,
    };
    Ok((page, told))
}

/// The plans that PostgreSQL makes of a list, one for each statement that it may take. `analyze` also runs them.
pub async fn explain(ctx: &mut Ctx, entity: &str, query: &ListQuery, analyze: bool) -> Result<Vec<serde_json::Value>> {
    let entity = ctx.entity(entity)?;
    let reach = ctx.reach(&entity, Verb::Read)?;
    let catalog = ctx.catalog.clone();
    let listing = Listing::prepare(ctx, &catalog, &entity, query, reach).await?;
    let mut plans = Vec::new();
    for part in listing.parts() {
        let statement = listing.statement(ctx, &part, &Plan::Nothing)?;
        plans.push(statement.explain(ctx, analyze).await?);
    }
    Ok(plans)
}

async fn page(ctx: &mut Ctx, entity: &Entity, query: &ListQuery, reach: Reach) -> Result<Page> {
    let catalog = ctx.catalog.clone();
    let listing = Listing::prepare(ctx, &catalog, entity, query, reach).await?;
    // Rows of the past are few enough to be counted.
    let count = if listing.rows.past && query.count == Count::Estimated { Count::Exact } else { query.count };
    let plan = Plan::make(ctx, entity, &listing.rows, count);
    let mut found: Vec<Row> = Vec::new();
    for (at, part) in listing.parts().into_iter().enumerate() {
        if found.len() > listing.limit {
            break;
        }
        let Some(part) = listing.skipping(ctx, part, at, found.len()).await? else { break };
        // Only the first statement that finds rows has to carry the count.
        let counting = if found.is_empty() { &plan } else { &Plan::Nothing };
        found.extend(listing.statement(ctx, &part, counting)?.all(ctx).await?);
    }
    let counted = match (&plan, found.first()) {
        (Plan::Count { .. }, Some(row)) => Some(row.get(listing.projection.width())?),
        // Nothing at the top of the list: there is nothing at all.
        (Plan::Count { .. }, None) if listing.start == Start::Top && query.offset == 0 => Some(0),
        _ => None,
    };
    let total = plan.finish(ctx, entity, &listing.rows, counted).await?;
    listing.page(found, total, ctx.shared.drawn)
}

/// A list query made ready: what to select, from where, in which order.
struct Listing<'a> {
    projection: Projection<'a>,
    rows: Rows,
    order: Order,
    /// Positions of the ordering columns in the rows.
    ordering: Vec<usize>,
    start: Start,
    /// Rows without a value of the ordering field are among those that are asked for.
    blank: bool,
    /// The first and the last of the states that are asked for, where they make the order.
    extent: Option<(String, String)>,
    limit: usize,
    offset: u32,
}

/// The rows with a value and those without are read one after the other: both stand in order in the index, but not in the order wanted.
#[derive(Debug, Clone)]
struct Part {
    filled: Option<bool>,
    behind: bool,
    offset: u32,
}

impl<'a> Listing<'a> {
    async fn prepare(
        ctx: &mut Ctx,
        catalog: &'a domain::schema::Catalog,
        entity: &'a Entity,
        query: &ListQuery,
        reach: Reach,
    ) -> Result<Self> {
        if query.limit == 0 || query.limit > MAX_LIMIT {
            let message = t!("A page holds 1 to {most} rows, not {asked}", most = MAX_LIMIT, asked = query.limit);
            return Err(Error::field("limit", message));
        }
        if query.offset > MAX_OFFSET {
            let message =
                t!("An offset goes to {most}; follow the cursor `next` to read on from there", most = MAX_OFFSET);
            return Err(Error::field("offset", message));
        }
        let order = order(ctx, entity, query)?;
        let start = Start::read(&order, query.cursor.as_deref())?;
        let mut projection = Projection::of(&ctx.access, catalog, entity, &query.fields)?;
        if query.as_of.is_some() {
            projection = projection.without_figures();
        }
        let ordering = order.keys().map(|key| projection.column(&key.column)).collect();
        let rows = rows(ctx, entity, query, reach).await?;
        let offset = if start == Start::Top { query.offset } else { 0 };
        let blank = query.filter.as_ref().is_none_or(|filter| !filter.demands(&order.first.key));
        let extent = extent(ctx, entity, &order.first.key, query.filter.as_ref());
        Ok(Self { projection, rows, order, ordering, start, blank, extent, limit: query.limit as usize, offset })
    }

    /// In the order in which they are read. A stretch of a calendar, say, is one statement: its rows all have a day.
    fn parts(&self) -> Vec<Part> {
        let mut parts = self.halves();
        parts.retain(|part| self.blank || part.filled != Some(false));
        parts
    }

    fn halves(&self) -> Vec<Part> {
        let part = |filled, behind| Part { filled, behind, offset: self.offset };
        if !self.order.first.nullable {
            return vec![part(None, self.start != Start::Top)];
        }
        match &self.start {
            Start::Top => vec![part(Some(true), false), part(Some(false), false)],
            Start::Row { value: Some(_), back: false, .. } => vec![part(Some(true), true), part(Some(false), false)],
            Start::Row { value: None, back: false, .. } => vec![part(Some(false), true)],
            Start::Row { value: Some(_), back: true, .. } => vec![part(Some(true), true)],
            Start::Row { value: None, back: true, .. } => vec![part(Some(false), true), part(Some(true), false)],
        }
    }

    /// The part with what is left of the offset: rows that an earlier part has skipped need not be skipped again.
    async fn skipping(&self, ctx: &mut Ctx, part: Part, at: usize, found: usize) -> Result<Option<Part>> {
        if at == 0 || self.offset == 0 {
            return Ok(Some(part));
        }
        if found > 0 {
            return Ok(Some(Part { offset: 0, ..part }));
        }
        let mut sql = self.rows.sql.clone();
        sql.push("select count(*) from ").place(&self.rows.source).push(" where ").place(&self.rows.matching);
        sql.push(" and ").column("t", &self.order.first.column).push(" is not null");
        let skipped: i64 = sql.one(ctx).await?.get(0)?;
        Ok(Some(Part { offset: self.offset.saturating_sub(u32::try_from(skipped).unwrap_or(u32::MAX)), ..part }))
    }

    fn statement(&self, ctx: &Ctx, part: &Part, plan: &Plan) -> Result<Sql> {
        let mut sql = self.rows.sql.clone();
        sql.push("select ");
        self.projection.select(&mut sql);
        plan.select(&mut sql, &self.rows);
        sql.push(" from (select ");
        self.projection.columns(&mut sql, "t");
        sql.push(" from ").place(&self.rows.source).push(" where ").place(&self.rows.matching);
        self.bounds(&mut sql, part);
        self.order.by(&mut sql, "t", self.start.back(), false);
        // One row more than the page holds tells whether there is another page. Printed, because a plan for any limit would be another.
        sql.push(" limit ").number(u32::try_from(self.limit).unwrap_or(MAX_LIMIT).saturating_add(1));
        if part.offset > 0 {
            sql.push(" offset ").number(part.offset);
        }
        sql.push(") r");
        self.projection.joins(&mut sql, ctx, self.rows.tenant)?;
        self.order.by(&mut sql, "r", self.start.back(), false);
        sql.ordered_by(&self.order.first.column);
        Ok(sql)
    }

    fn bounds(&self, sql: &mut Sql, part: &Part) {
        let column = &self.order.first.column;
        match part.filled {
            Some(true) => sql.push(" and ").column("t", column).push(" is not null"),
            Some(false) => sql.push(" and ").column("t", column).push(" is null"),
            None => sql,
        };
        if let Some((first, last)) = &self.extent {
            sql.push(" and ").column("t", column).push(" >= ").word(first);
            sql.push(" and ").column("t", column).push(" <= ").word(last);
        }
        let Start::Row { value, then, id, back } = &self.start else { return };
        if part.behind {
            self.order.beyond(sql, value.as_ref(), then, *id, *back);
        }
    }

    fn page(&self, mut found: Vec<Row>, total: Option<Total>, drawn: bool) -> Result<Page> {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let back = self.start.back();
        if back {
            found.reverse();
        }
        let cursor = |row: Option<&Row>, wanted: bool, back: bool| match row.filter(|_| wanted) {
            Some(row) => self.order.cursor(row, Projection::id(row)?, &self.ordering, back).map(Some),
            None => Ok(None),
        };
        let came_from_somewhere = self.start != Start::Top;
        Ok(Page {
            rows: if drawn { Found::Records(self.records(&found)?) } else { Found::Json(self.json(&found)?) },
            returned: u32::try_from(found.len()).unwrap_or(MAX_LIMIT),
            total,
            next: cursor(found.last(), more || back, false)?,
            previous: cursor(found.first(), if back { more } else { came_from_somewhere }, true)?,
        })
    }

    fn records(&self, found: &[Row]) -> Result<Vec<Record>> {
        found.iter().map(|row| self.projection.record(row)).collect()
    }

    fn json(&self, found: &[Row]) -> Result<Box<RawValue>> {
        let mut out = Vec::with_capacity(64 + found.len() * 512);
        out.push(b'[');
        for (at, row) in found.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.projection.write(row, &mut out)?;
        }
        out.push(b']');
        let text = String::from_utf8(out).map_err(|_| Error::internal())?;
        RawValue::from_string(text).map_err(|_| Error::internal())
    }
}

/// Between which of its values a list in the order of states begins and ends, where the filter leaves some of them out. Without that an index
/// in that order is read from its end on, through every row of the states left out: of a million rows for tens of milliseconds. Keys of
/// states sort by bytes, here as in the database, whose check knows those of every industry: a row may stand in one that this one has lost.
fn extent(ctx: &Ctx, entity: &Entity, first: &str, filter: Option<&Filter>) -> Option<(String, String)> {
    entity.field(first).filter(|field| matches!(field.kind, FieldKind::State))?;
    let filter = filter?;
    let others = ctx.services.catalogs.industries().filter_map(|(_, catalog)| catalog.get(&entity.key));
    let states = others.map(AsRef::as_ref).chain([entity]).filter_map(|entity: &Entity| entity.states.as_ref());
    let all: BTreeSet<&str> = states.flat_map(|states| &states.list).map(|state| state.key.as_str()).collect();
    let mut left = all.clone();
    for condition in filter.conditions() {
        let Filter::Test(test) = condition else { continue };
        let named = |state: &str| test.values.iter().any(|value| value == state);
        // A value that is no key is read in a way of its own.
        if test.field != first || !test.values.iter().all(|value| all.contains(value.as_str())) {
            continue;
        }
        match test.comparison {
            Comparison::Equals | Comparison::In => left.retain(|state| named(state)),
            Comparison::NotEquals | Comparison::NotIn => left.retain(|state| !named(state)),
            _ => {}
        }
    }
    let (first, last) = (left.first()?, left.last()?);
    (left.len() < all.len()).then(|| ((*first).to_owned(), (*last).to_owned()))
}

/// The order that a query asks for; newest first unless it says. In the trash: last thrown away first.
pub fn order(ctx: &Ctx, entity: &Entity, query: &ListQuery) -> Result<Order> {
    if query.sort.len() > MAX_SORTS {
        return Err(Error::field("sort", t!("A list is sorted by up to {most} fields", most = MAX_SORTS)));
    }
    let newest = Sort { field: "createdAt".to_owned(), descending: true };
    let mut keys = query.sort.iter().map(|sort| key(ctx, entity, sort));
    let first = match keys.next() {
        Some(first) => first?,
        None if query.trash => Key {
            key: "deletedAt".to_owned(),
            column: "deleted_at".to_owned(),
            sql: "timestamptz",
            nullable: false,
            descending: true,
        },
        None => key(ctx, entity, &newest)?,
    };
    Ok(Order { first, then: keys.collect::<Result<_>>()? })
}

fn key(ctx: &Ctx, entity: &Entity, sort: &Sort) -> Result<Key> {
    let field = known(&ctx.access, entity, &sort.field, "sort")?;
    if !field.is_sorting() {
        let message = t!("{many} cannot be sorted by {field}", many = entity.labels.many, field = field.key);
        return Err(Error::field("sort", message));
    }
    let (column, sql) = field.ordering();
    let nullable = field.nullable_ordering();
    Ok(Key { key: field.key.clone(), column, sql, nullable, descending: sort.descending })
}
