//! `records.summarise` and `records.board`: counts, sums and first cards of the rows that match.

use crate::cursor::Order;
use crate::filter::zone;
use crate::list::order;
use crate::project::{Projection, known};
use crate::select::{Rows, rows};
use crate::sql::{Bind, Piece, Sql};
use domain::money::scaled;
use domain::records::{BoardColumn, BoardRecords, Group, GroupBy, Record, Sum, SummariseRecords};
use domain::schema::{Entity, Field, FieldKind, Storage};
use domain::{Error, Result, Verb, currency};
use platform::{Access, Ctx, Row};
use std::collections::HashMap;

/// Groups beyond this many are left out, smallest first.
const MOST_GROUPS: u32 = 1000;
const MOST_CARDS: u32 = 100;

pub async fn summarise(ctx: &mut Ctx, operation: SummariseRecords) -> Result<Vec<Group>> {
    let entity = ctx.entity(&operation.entity)?;
    let reach = ctx.reach(&entity, Verb::Read)?;
    let rows = rows(ctx, &entity, &operation.query, reach)?;
    let measure = measured(&ctx.access, &entity, operation.measure.as_deref())?;
    let mut groups = grouped(ctx, &entity, rows, &operation.group, measure).await?;
    sort(&entity, &operation.group, &mut groups);
    Ok(groups)
}

fn measured<'a>(access: &Access, entity: &'a Entity, key: Option<&str>) -> Result<Option<&'a Field>> {
    let Some(key) = key else { return Ok(None) };
    let field = known(access, entity, key, "measure")?;
    if field.is_numeric() {
        Ok(Some(field))
    } else {
        Err(Error::field("measure", format!("{} is nothing that adds up", field.label)))
    }
}

/// One row per group and currency, folded into one group with its sums.
async fn grouped(
    ctx: &mut Ctx,
    entity: &Entity,
    rows: Rows,
    by: &GroupBy,
    measure: Option<&Field>,
) -> Result<Vec<Group>> {
    let Rows { mut sql, matching, .. } = rows;
    sql.push("select ");
    let key = key(ctx, entity, &mut sql, by)?;
    sql.place(&key).push(", count(*), ");
    match measure.map(Field::storage) {
        None => sql.push("null::text, null::text"),
        Some(Storage::Money { minor, currency }) => {
            sql.push("sum(").column("t", &minor).push(")::text, ").column("t", &currency)
        }
        Some(Storage::Column { name, .. } | Storage::Normalised { name, .. }) => {
            sql.push("sum(").column("t", &name).push(")::text, null::text")
        }
    };
    sql.push(" from ").name(&entity.table).push(" t where ").place(&matching);
    sql.push(" group by 1, 4 order by 2 desc limit ").number(MOST_GROUPS).ordered_by("");
    let found = sql.all(ctx).await?;
    let mut groups: Vec<Group> = Vec::new();
    for row in &found {
        let (key, count, sum, currency) = read(row)?;
        let at = groups.iter().position(|group| group.key == key).unwrap_or_else(|| {
            groups.push(Group { key, count: 0, sums: Vec::new() });
            groups.len() - 1
        });
        groups[at].count += count;
        if let Some(sum) = measure.zip(sum).and_then(|(field, sum)| total(field, &sum, currency)) {
            groups[at].sums.push(sum);
        }
    }
    for group in &mut groups {
        group.sums.sort_by(|one, other| one.currency.cmp(&other.currency));
    }
    if groups.is_empty() && *by == GroupBy::All {
        groups.push(Group { key: None, count: 0, sums: Vec::new() });
    }
    Ok(groups)
}

type Found = (Option<String>, i64, Option<String>, Option<String>);

fn read(row: &Row) -> Result<Found> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

/// The sum as a decimal string. Sums of bigints are wider than bigints; one that no longer fits into 64 bits is left out rather than wrong.
fn total(field: &Field, sum: &str, code: Option<String>) -> Option<Sum> {
    let number: i64 = sum.parse().ok()?;
    let amount = match &field.kind {
        FieldKind::Money { .. } => scaled(number, currency::decimals(code.as_deref()?)?),
        FieldKind::Decimal { scale, .. } => scaled(number, *scale),
        _ => number.to_string(),
    };
    Some(Sum { currency: code, amount })
}

fn key(ctx: &Ctx, entity: &Entity, sql: &mut Sql, by: &GroupBy) -> Result<crate::sql::Piece> {
    sql.piece(|sql| {
        match by {
            GroupBy::All => {
                sql.push("null::text");
            }
            GroupBy::Field(key) => {
                let field = known(&ctx.access, entity, key, "group")?;
                let groups = matches!(
                    field.kind,
                    FieldKind::State
                        | FieldKind::Option { .. }
                        | FieldKind::Reference { .. }
                        | FieldKind::Member
                        | FieldKind::Boolean
                        | FieldKind::Country
                );
                if !groups {
                    return Err(Error::field(
                        "group",
                        format!("{} cannot be grouped by {}", entity.labels.many, field.label),
                    ));
                }
                sql.column("t", &field.column()).push("::text");
            }
            GroupBy::Month(key) => {
                let field = known(&ctx.access, entity, key, "group")?;
                match field.kind {
                    FieldKind::Date { .. } => sql.push("to_char(").column("t", &field.column()).push(", 'YYYY-MM')"),
                    FieldKind::Datetime => {
                        sql.push("to_char(").column("t", &field.column()).push(" at time zone ");
                        // A name that PostgreSQL does not know would be a fault; this one has been looked up.
                        sql.bind(Bind::text(zone(&ctx.access.timezone).name()));
                        sql.push(", 'YYYY-MM')")
                    }
                    _ => return Err(Error::field("group", format!("{} has no months", field.label))),
                };
            }
        }
        Ok(())
    })
}

/// States in the order of the description, months in time, everything else largest first.
fn sort(entity: &Entity, by: &GroupBy, groups: &mut [Group]) {
    let states = entity.states.as_ref();
    match by {
        GroupBy::Month(_) => {
            groups.sort_by(|one, other| (one.key.is_none(), &one.key).cmp(&(other.key.is_none(), &other.key)));
        }
        GroupBy::Field(key) if key == "status" && states.is_some() => {
            groups.sort_by_key(|group| states.map(|states| states.position(group.key.as_deref().unwrap_or_default())));
        }
        _ => groups.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.key.cmp(&other.key))),
    }
}

pub async fn board(ctx: &mut Ctx, operation: BoardRecords) -> Result<Vec<BoardColumn>> {
    let entity = ctx.entity(&operation.entity)?;
    let Some(states) = &entity.states else {
        return Err(Error::invalid(format!("{} have no states to make columns of", entity.labels.many)));
    };
    if operation.cards > MOST_CARDS {
        return Err(Error::field("cards", format!("A column shows up to {MOST_CARDS} cards, not {}", operation.cards)));
    }
    let reach = ctx.reach(&entity, Verb::Read)?;
    let measure = measured(&ctx.access, &entity, operation.measure.as_deref())?;
    let found = rows(ctx, &entity, &operation.query, reach)?;
    let groups = grouped(ctx, &entity, found, &GroupBy::Field("status".to_owned()), measure).await?;
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
    let Rows { mut sql, tenant, matching } = rows(ctx, entity, &operation.query, reach)?;
    let catalog = ctx.catalog.clone();
    let mut projection = Projection::of(&ctx.access, &catalog, entity, &operation.query.fields)?;
    let status = projection.column("status");
    projection.column(&order.column);
    sql.push("select ");
    projection.select(&mut sql);
    sql.push(" from (");
    let mut first = true;
    for state in &states {
        // Rows with a value of what is sorted by, then those without: as in a list, the index holds them in two stretches.
        let parts: &[Option<bool>] = if order.nullable { &[Some(true), Some(false)] } else { &[None] };
        for filled in parts {
            sql.push(if first { "(" } else { " union all (" });
            first = false;
            top(&mut sql, entity, &projection, &matching, state, &order, *filled);
            sql.push(" limit ").number(operation.cards).push(")");
        }
    }
    if first {
        return Ok(HashMap::new());
    }
    sql.push(") r");
    projection.joins(&mut sql, &ctx.access, tenant);
    sql.push(" order by ").column("r", &order.column).push(if order.descending {
        " desc nulls last"
    } else {
        " nulls last"
    });
    sql.push(", r.id").push(if order.descending { " desc" } else { "" });
    sql.ordered_by(&order.column);
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
    matching: &Piece,
    state: &str,
    order: &Order,
    filled: Option<bool>,
) {
    sql.push("select ");
    projection.columns(sql, "t");
    sql.push(" from ").name(&entity.table).push(" t where ").place(matching).push(" and t.status = ");
    if entity.states.as_ref().is_some_and(|states| states.get(state).is_some()) {
        sql.word(state);
    } else {
        sql.bind(Bind::text(state));
    }
    match filled {
        Some(true) => sql.push(" and ").column("t", &order.column).push(" is not null"),
        Some(false) => sql.push(" and ").column("t", &order.column).push(" is null"),
        None => sql,
    };
    let direction = if order.descending { " desc" } else { "" };
    sql.push(" order by ").column("t", &order.column).push(direction).push(", t.id").push(direction);
}
