//! `records.summarise` and `records.board`: counts, sums and first cards of the rows that match.

use crate::cross::{Plan, crossed};
use crate::cursor::Order;
use crate::filter::zone;
use crate::list::order;
use crate::project::{Projection, known};
use crate::select::{Rows, rows};
use crate::sql::{Bind, Piece, Sql};
use domain::money::scaled;
use domain::records::{BoardColumn, BoardRecords, Group, GroupBy, Record, Sum, SummariseRecords};
use domain::schema::{Entity, Field, FieldKind, Step, Storage};
use domain::{Error, Result, Verb, currency};
use platform::{Access, Ctx, Row};
use std::collections::HashMap;
use words::t;

/// Groups beyond this many are left out, smallest first.
const MOST_GROUPS: u32 = 1000;
const MOST_CARDS: u32 = 100;

pub async fn summarise(ctx: &mut Ctx, operation: SummariseRecords) -> Result<Vec<Group>> {
    let entity = ctx.entity(&operation.entity)?;
    let reach = ctx.reach(&entity, Verb::Read)?;
    let rows = rows(ctx, &entity, &operation.query, reach).await?;
    let measure = measured(&ctx.access, &entity, operation.measure.as_deref())?;
    let chances = if operation.weighted { chances(&entity) } else { Vec::new() };
    let mut groups = match (operation.limit, &operation.inner) {
        (None, None) => grouped(ctx, &entity, rows, &operation.group, measure, &chances).await?,
        _ if operation.weighted => {
            let message = t!("Weighted sums are told of groups without a limit and without inner ones");
            return Err(Error::field("weighted", message));
        }
        (limit, inner) => {
            let plan = Plan { by: &operation.group, limit, inner: inner.as_ref(), measure };
            crossed(ctx, &entity, rows, plan).await?
        }
    };
    sort(&entity, &operation.group, &mut groups);
    if let Some(inner) = &operation.inner {
        groups.iter_mut().for_each(|group| sort(&entity, &inner.group, &mut group.inner));
    }
    Ok(groups)
}

fn measured<'a>(access: &Access, entity: &'a Entity, key: Option<&str>) -> Result<Option<&'a Field>> {
    let Some(key) = key else { return Ok(None) };
    let field = known(access, entity, key, "measure")?;
    if field.adds_up() {
        Ok(Some(field))
    } else {
        Err(Error::field("measure", t!("{field} is nothing that adds up", field = field.label)))
    }
}

/// The states whose rows are still on their way, with the chance of each.
fn chances(entity: &Entity) -> Vec<(&str, u8)> {
    let states = entity.states.iter().flat_map(|states| &states.list);
    states.filter_map(|state| Some((state.key.as_str(), state.chance()?))).collect()
}

/// One row per group and currency, folded into one group with its sums. Where there are `chances`, they weigh the measure by the state of each row.
async fn grouped(
    ctx: &mut Ctx,
    entity: &Entity,
    rows: Rows,
    by: &GroupBy,
    measure: Option<&Field>,
    chances: &[(&str, u8)],
) -> Result<Vec<Group>> {
    let Rows { mut sql, matching, source, .. } = rows;
    let key = key(ctx, entity, &mut sql, by, "group")?;
    let weighted = measure.is_some() && !chances.is_empty();
    if weighted {
        weigh(&mut sql, &key, measure, [&source, &matching], chances)?;
    } else {
        sql.push("select ").place(&key).push(", count(*), ");
        amount(&mut sql, measure)?;
        sql.push("::text, ");
        currency_of(&mut sql, measure);
        sql.push(" from ").place(&source).push(" where ").place(&matching);
    }
    sql.push(" group by 1, 4 order by 2 desc limit ").number(MOST_GROUPS).ordered_by("");
    let found = sql.all(ctx).await?;
    let mut groups: Vec<Group> = Vec::new();
    for row in &found {
        let (key, count, sum, currency) = read(row)?;
        let worth: Option<String> = if weighted { row.get(4)? } else { None };
        let at = groups.iter().position(|group| group.key == key).unwrap_or_else(|| {
            groups.push(Group { key, ..Group::default() });
            groups.len() - 1
        });
        groups[at].count += count;
        if let Some(worth) = measure.zip(worth).and_then(|(field, worth)| total(field, &worth, currency.clone())) {
            groups[at].weighted.push(worth);
        }
        if let Some(sum) = measure.zip(sum).and_then(|(field, sum)| total(field, &sum, currency)) {
            groups[at].sums.push(sum);
        }
    }
    for group in &mut groups {
        for sums in [&mut group.sums, &mut group.weighted] {
            sums.sort_by(|one, other| one.currency.cmp(&other.currency));
        }
    }
    if groups.is_empty() && *by == GroupBy::All {
        groups.push(Group::default());
    }
    Ok(groups)
}

/// The same selection with one value more: what the measure is worth by the chances. Rows are added up by state first, so that there is one
/// product for each state, of a sum, which no amount is too large for.
fn weigh(
    sql: &mut Sql,
    key: &Piece,
    measure: Option<&Field>,
    [source, matching]: [&Piece; 2],
    chances: &[(&str, u8)],
) -> Result<()> {
    sql.push("select k, sum(n)::bigint, sum(amount)::text, currency, div(sum(amount * case state");
    for (state, chance) in chances {
        sql.push(" when ").word(state).push(" then ").number(u32::from(*chance));
    }
    sql.push(" end), 100)::text from (select ").place(key).push(" as k, ").column("t", "status");
    sql.push(" as state, count(*) as n, ");
    amount(sql, measure)?;
    sql.push(" as amount, ");
    currency_of(sql, measure);
    sql.push(" as currency from ").place(source).push(" where ").place(matching).push(" group by 1, 2, 5) s");
    Ok(())
}

/// The sum of a group's values, as the database keeps them.
pub fn amount(sql: &mut Sql, measure: Option<&Field>) -> Result<()> {
    match measure.map(Field::storage) {
        None => sql.push("null::numeric"),
        Some(Storage::Money { minor: name, .. } | Storage::Column { name, .. } | Storage::Normalised { name, .. }) => {
            sql.push("sum(").column("t", &name).push(")")
        }
        Some(Storage::Address(_) | Storage::Geo { .. } | Storage::Any(_) | Storage::Elsewhere) => {
            return Err(Error::internal());
        }
    };
    Ok(())
}

/// What it is a sum of: amounts of different currencies are never one.
pub fn currency_of(sql: &mut Sql, measure: Option<&Field>) {
    match measure.map(Field::storage) {
        Some(Storage::Money { currency, .. }) => sql.column("t", &currency),
        _ => sql.push("null::text"),
    };
}

type Found = (Option<String>, i64, Option<String>, Option<String>);

fn read(row: &Row) -> Result<Found> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

/// The sum as a decimal string. Sums of bigints are wider than bigints; one that no longer fits into 64 bits is left out rather than wrong.
pub fn total(field: &Field, sum: &str, code: Option<String>) -> Option<Sum> {
    let number: i64 = sum.parse().ok()?;
    let amount = match &field.kind {
        FieldKind::Money { .. } => scaled(number, currency::decimals(code.as_deref()?)?),
        FieldKind::Decimal { scale, .. } => scaled(number, *scale),
        _ => number.to_string(),
    };
    Some(Sum { currency: code, amount })
}

/// What rows of a group share, as text. `place` is the part of the operation that a refusal is about.
pub fn key(ctx: &Ctx, entity: &Entity, sql: &mut Sql, by: &GroupBy, place: &str) -> Result<Piece> {
    sql.piece(|sql| match by {
        GroupBy::All => {
            sql.push("null::text");
            Ok(())
        }
        GroupBy::Field(key) => {
            let field = known(&ctx.access, entity, key, place)?;
            if !field.is_grouping() {
                let message = t!("{many} cannot be grouped by {field}", many = entity.labels.many, field = field.label);
                return Err(Error::field(place, message));
            }
            sql.column("t", &field.column()).push("::text");
            Ok(())
        }
        GroupBy::Month(key) => stretch(ctx, known(&ctx.access, entity, key, place)?, sql, Step::Month, place),
        GroupBy::Week(key) => stretch(ctx, known(&ctx.access, entity, key, place)?, sql, Step::Week, place),
        GroupBy::Day(key) => stretch(ctx, known(&ctx.access, entity, key, place)?, sql, Step::Day, place),
    })
}

/// The month, the week or the day that a value lies in, on the workspace's calendar. A week is called by its Monday.
fn stretch(ctx: &Ctx, field: &Field, sql: &mut Sql, step: Step, place: &str) -> Result<()> {
    sql.push(if step == Step::Week { "to_char(date_trunc('week', " } else { "to_char(" });
    match field.kind {
        FieldKind::Date { .. } => sql.column("t", &field.column()),
        FieldKind::Datetime => {
            sql.push("(").column("t", &field.column()).push(" at time zone ");
            // A name that PostgreSQL does not know would be a fault; this one has been looked up.
            sql.bind(Bind::text(zone(&ctx.access.timezone).name()));
            sql.push(")")
        }
        _ => {
            let message = match step {
                Step::Day => t!("{field} has no days", field = field.label),
                Step::Week => t!("{field} has no weeks", field = field.label),
                Step::Month => t!("{field} has no months", field = field.label),
            };
            return Err(Error::field(place, message));
        }
    };
    sql.push(match step {
        Step::Month => ", 'YYYY-MM')",
        Step::Week => "::timestamp), 'YYYY-MM-DD')",
        Step::Day => ", 'YYYY-MM-DD')",
    });
    Ok(())
}

/// States in the order of the description, stretches in time, everything else largest first, and behind them what is beyond the limit.
fn sort(entity: &Entity, by: &GroupBy, groups: &mut [Group]) {
    let states = entity.states.as_ref();
    match by {
        GroupBy::Month(_) | GroupBy::Week(_) | GroupBy::Day(_) => groups.sort_by(|one, other| {
            (one.rest, one.key.is_none(), &one.key).cmp(&(other.rest, other.key.is_none(), &other.key))
        }),
        GroupBy::Field(key) if key == "status" && states.is_some() => groups.sort_by_key(|group| {
            (group.rest, states.map(|states| states.position(group.key.as_deref().unwrap_or_default())))
        }),
        _ => groups.sort_by(|one, other| (one.rest, other.count, &one.key).cmp(&(other.rest, one.count, &other.key))),
    }
}

pub async fn board(ctx: &mut Ctx, operation: BoardRecords) -> Result<Vec<BoardColumn>> {
    let entity = ctx.entity(&operation.entity)?;
    let Some(states) = &entity.states else {
        return Err(Error::invalid(t!("{many} have no states to make columns of", many = entity.labels.many)));
    };
    if operation.cards > MOST_CARDS {
        let message = t!("A column shows up to {most} cards, not {asked}", most = MOST_CARDS, asked = operation.cards);
        return Err(Error::field("cards", message));
    }
    let reach = ctx.reach(&entity, Verb::Read)?;
    let measure = measured(&ctx.access, &entity, operation.measure.as_deref())?;
    let found = rows(ctx, &entity, &operation.query, reach).await?;
    let groups = grouped(ctx, &entity, found, &GroupBy::Field("status".to_owned()), measure, &[]).await?;
    let mut groups: HashMap<String, Group> =
        groups.into_iter().filter_map(|group| Some((group.key.clone()?, group))).collect();
    let filled: Vec<String> = groups.keys().cloned().collect();
    let mut cards = if operation.cards == 0 { HashMap::new() } else { cards(ctx, &entity, &operation, filled).await? };
    // Rows in a state that the description no longer knows are not lost: they get a column behind the others.
    let mut unknown: Vec<String> = groups.keys().filter(|key| states.get(key).is_none()).cloned().collect();
    unknown.sort();
    let all = states.list.iter().map(|state| state.key.clone()).chain(unknown);
    Ok(all
        .map(|state| {
            let group = groups.remove(&state);
            let cards = cards.remove(&state).unwrap_or_default();
            let (count, sums) = group.map_or((0, Vec::new()), |group| (group.count, group.sums));
            BoardColumn { state, count, sums, cards }
        })
        .collect())
}

/// The first rows of each state, found state by state, so that a column of many costs no more than one of few.
async fn cards(
    ctx: &mut Ctx,
    entity: &Entity,
    operation: &BoardRecords,
    states: Vec<String>,
) -> Result<HashMap<String, Vec<Record>>> {
    let order = order(ctx, entity, &operation.query)?;
    let reach = ctx.reach(entity, Verb::Read)?;
    let Rows { mut sql, tenant, matching, source, .. } = rows(ctx, entity, &operation.query, reach).await?;
    let catalog = ctx.catalog.clone();
    let mut projection = Projection::of(&ctx.access, &catalog, entity, &operation.query.fields)?;
    let status = projection.column("status");
    for key in order.keys() {
        projection.column(&key.column);
    }
    sql.push("select ");
    projection.select(&mut sql);
    sql.push(" from (");
    let mut first = true;
    for state in &states {
        // Rows with a value of what is sorted by, then those without: as in a list, the index holds them in two stretches.
        let parts: &[Option<bool>] = if order.first.nullable { &[Some(true), Some(false)] } else { &[None] };
        for filled in parts {
            sql.push(if first { "(" } else { " union all (" });
            first = false;
            top(&mut sql, entity, &projection, [&source, &matching], state, &order, *filled);
            sql.push(" limit ").number(operation.cards).push(")");
        }
    }
    if first {
        return Ok(HashMap::new());
    }
    sql.push(") r");
    projection.joins(&mut sql, ctx, tenant)?;
    order.by(&mut sql, "r", false, true);
    sql.ordered_by(&order.first.column);
    let mut out: HashMap<String, Vec<Record>> = HashMap::new();
    for row in sql.all(ctx).await? {
        let state: String = row.get(status)?;
        let cards = out.entry(state).or_default();
        if cards.len() < operation.cards as usize {
            cards.push(projection.record(&row)?);
        }
    }
    Ok(out)
}

fn top(
    sql: &mut Sql,
    entity: &Entity,
    projection: &Projection<'_>,
    [source, matching]: [&Piece; 2],
    state: &str,
    order: &Order,
    filled: Option<bool>,
) {
    sql.push("select ");
    projection.columns(sql, "t");
    sql.push(" from ").place(source).push(" where ").place(matching).push(" and t.status = ");
    if entity.states.as_ref().is_some_and(|states| states.get(state).is_some()) {
        sql.word(state);
    } else {
        sql.bind(Bind::text(state));
    }
    match filled {
        Some(true) => sql.push(" and ").column("t", &order.first.column).push(" is not null"),
        Some(false) => sql.push(" and ").column("t", &order.first.column).push(" is null"),
        None => sql,
    };
    order.by(sql, "t", false, false);
}
