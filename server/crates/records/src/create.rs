//! `records.create`, and making many rows at once for imports and seeding.

use crate::derive::Formulas;
use crate::gate;
use crate::holder::Holders;
use crate::input::{self, By, all_right, filled};
use crate::kept;
use crate::number;
use crate::pipeline;
use crate::project::{self, Projection, readable};
use crate::refuse;
use crate::sql::{Bind, Sql};
use crate::standing;
use crate::store::{columns, stored};
use domain::records::{CreateRecord, Record, Values};
use domain::schema::Entity;
use domain::schema::value::Rules;
use domain::{Error, Result, Verb};
use platform::{Change, Ctx, Row};
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;
use words::t;

pub async fn create(ctx: &mut Ctx, operation: CreateRecord) -> Result<Record> {
    let entity = ctx.entity(&operation.entity)?;
    if let Some(how) = &entity.managed {
        return Err(Error::conflict(t!("{how}. They cannot be made by hand", how)));
    }
    insert(ctx, &entity, &operation.values, By::Caller).await
}

/// A new row in its initial state, which is that of the pipeline that the values may name.
pub async fn insert(ctx: &mut Ctx, entity: &Entity, values: &Values, by: By) -> Result<Record> {
    if by == By::Caller {
        let known =
            filled(values).into_iter().filter(|(key, _)| entity.field(key).is_some_and(|f| readable(&ctx.access, f)));
        input::permitted(&ctx.access, entity, &known.collect())?;
    }
    let (given, status) = complete(ctx, entity, values, by)?;
    all_right(input::pointing(ctx, entity, &[], &given, Verb::Create).await?)?;
    let number = number::take(ctx, entity, 1).await?;
    make(ctx, entity, NewRow { values: given, status, ..NewRow::default() }, number).await
}

/// A row that an operation of ours makes. It may set what only the server sets, begin in any state, and bring the number of a series of its
/// own. What it points at the operation has looked up; the database holds it to that.
pub async fn insert_own(ctx: &mut Ctx, entity: &Entity, row: NewRow, number: Option<i64>) -> Result<Record> {
    let (values, begun) = complete(ctx, entity, &row.values, By::Server)?;
    let status = row.status.or(begun);
    let number = match number {
        Some(number) => number,
        None => number::take(ctx, entity, 1).await?,
    };
    make(ctx, entity, NewRow { id: row.id, values, status }, number).await
}

/// The values of a new row, and the state in which it begins where the values name a pipeline.
fn complete(ctx: &Ctx, entity: &Entity, values: &Values, by: By) -> Result<(Values, Option<String>)> {
    let rules = Rules { today: ctx.today() };
    let mut faults = Vec::new();
    let mut values = values.clone();
    // What is wrong and what is missing are told together.
    let status = pipeline::begun(entity, &mut values, rules).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let mut given = input::checked(&ctx.access, entity, &values, by, rules).unwrap_or_else(|wrong| {
        faults.extend(wrong);
        values.clone()
    });
    if let Err(missing) = input::completed(ctx, entity, &mut given, rules) {
        faults.extend(missing.into_iter().filter(|fault| !values.contains_key(&fault.field)));
    }
    all_right(faults)?;
    Ok((given, status))
}

async fn make(ctx: &mut Ctx, entity: &Entity, row: NewRow, number: i64) -> Result<Record> {
    let draft = Draft::new(ctx, entity, &Formulas::of(entity)?, row, number);
    let catalog = ctx.catalog.clone();
    let mut projection = Projection::of(&ctx.access, &catalog, entity, &[])?;
    let drafts = [draft];
    let rows = write(ctx, entity, &drafts, Some(&mut projection)).await?;
    let [draft] = drafts;
    let Some(row) = rows.first() else { return Err(occupied(ctx, entity, &draft).await?) };
    let record = projection.record(row)?;
    kept::claim(ctx, entity, draft.id, &draft.values).await?;
    ctx.changed(draft.change(entity));
    Ok(record)
}

/// A row to be made. Values are canonical and complete: whoever makes many has checked them already.
#[derive(Debug, Clone, Default)]
pub struct NewRow {
    /// One that repeats, for rows that are made again by the same recipe; a fresh one when absent.
    pub id: Option<Uuid>,
    pub values: Values,
    /// Another state than the initial one. It has to be one that a row could have been moved to.
    pub status: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub id: Uuid,
    pub number: String,
    pub version: i64,
}

/// Makes many rows by one statement, in the order given. All are made or none: a value that another row holds already is an error. Rows
/// without an owner of their own are the caller's. References are held to by the database alone.
pub async fn create_many(ctx: &mut Ctx, entity: &Entity, rows: Vec<NewRow>) -> Result<Vec<Created>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    ctx.reach(entity, Verb::Create)?;
    let count = i64::try_from(rows.len()).map_err(|_| Error::internal())?;
    let first = number::take(ctx, entity, count).await?;
    let formulas = Formulas::of(entity)?;
    let holders = Holders::load(ctx, entity).await?;
    let mut drafts = Vec::with_capacity(rows.len());
    for (number, mut row) in (first..).zip(rows) {
        if let Some(status) = &row.status {
            gate::arrival(&ctx.access, entity, status, &row.values)?;
        }
        input::permitted(&ctx.access, entity, &claimed(entity, &row.values))?;
        if !row.values.contains_key("owner") {
            row.values.insert("owner".to_owned(), Value::String(ctx.access.member.to_string()));
        }
        if let (Some(states), Some(status)) = (&entity.states, &row.status)
            && !states.begins(status)
        {
            holders.fit(states, status, &row.values)?;
        }
        drafts.push(Draft::new(ctx, entity, &formulas, row, number));
    }
    let written = write(ctx, entity, &drafts, None).await?;
    if written.len() < drafts.len() {
        return Err(left_out(ctx, entity, &drafts, &written).await?);
    }
    let mut created = Vec::with_capacity(drafts.len());
    for draft in drafts {
        created.push(Created { id: draft.id, number: draft.number.clone(), version: 1 });
        ctx.changed(draft.change(entity));
    }
    Ok(created)
}

/// What a row claims beyond what every new row has.
fn claimed(entity: &Entity, values: &Values) -> Values {
    let mut claimed = filled(values);
    claimed.retain(|key, value| entity.field(key).is_none_or(|field| field.default.as_ref() != Some(value)));
    claimed
}

async fn left_out(ctx: &mut Ctx, entity: &Entity, drafts: &[Draft], written: &[Row]) -> Result<Error> {
    let made: HashSet<Uuid> = written.iter().filter_map(|row| row.get(0).ok()).collect();
    match drafts.iter().find(|draft| !made.contains(&draft.id)) {
        Some(draft) => occupied(ctx, entity, draft).await,
        None => Ok(Error::internal()),
    }
}

/// Why the database made nothing of a draft: somebody holds one of its unique values.
async fn occupied(ctx: &mut Ctx, entity: &Entity, draft: &Draft) -> Result<Error> {
    let holder = refuse::holder(ctx, entity, &draft.values, Some(draft.id)).await?;
    Ok(holder.unwrap_or_else(|| {
        Error::conflict(t!("Somebody else was creating the same thing. Nothing was saved; try again"))
    }))
}

/// A row before it is one.
struct Draft {
    id: Uuid,
    number: String,
    status: Option<String>,
    values: Values,
}

impl Draft {
    fn new(ctx: &Ctx, entity: &Entity, formulas: &Formulas<'_>, row: NewRow, number: i64) -> Self {
        let NewRow { id, mut values, status } = row;
        let initial = entity.states.as_ref().map(|states| states.initial.clone());
        let status = if initial.is_some() { status.or(initial) } else { None };
        if let Some(status) = &status {
            let begun = standing::begun(ctx, entity, status, &values);
            values.extend(begun);
        }
        formulas.fill(&mut values, status.as_deref());
        Self { id: id.unwrap_or_else(|| ctx.new_id()), number: number::print(entity, number), status, values }
    }

    fn change(self, entity: &Entity) -> Change {
        let mut after = self.values;
        after.retain(|_, value| !value.is_null());
        after.insert("number".to_owned(), Value::String(self.number));
        if let Some(status) = self.status {
            after.insert("status".to_owned(), Value::String(status));
        }
        after.insert("version".to_owned(), json!(1));
        Change {
            entity: entity.key.clone(),
            record: Some(self.id),
            before: None,
            after: Some(Value::Object(after)),
            event: Some(format!("{}.{}.created", entity.area, entity.key)),
        }
    }
}

/// A row whose unique value is taken is left out, without spoiling the transaction. Answers the rows made: as the projection has them, or their
/// ids.
async fn write(
    ctx: &mut Ctx,
    entity: &Entity,
    drafts: &[Draft],
    mut projection: Option<&mut Projection<'_>>,
) -> Result<Vec<Row>> {
    let rows: Vec<Vec<(String, Bind)>> = drafts.iter().map(|draft| cells(entity, draft)).collect::<Result<_>>()?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    if let Some(projection) = &mut projection {
        let (member, location) = (ctx.access.member.0, ctx.access.location);
        projection.settle(&ctx.access, |name| match name {
            "created_by" | "updated_by" => Some(Some(member)),
            "location_id" => Some(location),
            _ => first.iter().find(|(column, _)| column == name).map(|(_, value)| value.id()),
        });
    }
    let mut sql = Sql::default();
    let tenant = project::tenant(&mut sql, &ctx.access);
    sql.push("with r as (insert into ")
        .name(&entity.table)
        .push(" (tenant_id, created_by, created_at, updated_by, updated_at, location_id");
    for (name, _) in first {
        sql.push(", ").name(name);
    }
    sql.push(") select ").again(tenant).push(", ");
    let (member, now) = (Bind::Id(Some(ctx.access.member.0)), Bind::Moment(Some(ctx.now())));
    let member = sql.bind(member);
    sql.push(", ");
    let now = sql.bind(now);
    sql.push(", ").again(member).push(", ").again(now).push(", ");
    sql.bind(Bind::Id(ctx.access.location));
    if rows.len() == 1 {
        one(&mut sql, rows);
    } else {
        many(&mut sql, rows)?;
    }
    sql.push(" on conflict do nothing returning *) select ");
    match projection {
        Some(projection) => {
            projection.select(&mut sql);
            sql.push(" from r");
            projection.joins(&mut sql, ctx, tenant)?;
        }
        None => {
            sql.push("r.id from r");
        }
    }
    sql.try_all(ctx.conn().await?).await?.map_err(|error| refuse::from_database(entity, error))
}

/// The columns of one row by themselves: most rows are made one by one, and arrays of one are dearer than what is in them.
fn one(sql: &mut Sql, rows: Vec<Vec<(String, Bind)>>) {
    for (_, value) in rows.into_iter().flatten() {
        sql.push(", ");
        sql.bind(value);
    }
}

/// One array per column.
fn many(sql: &mut Sql, rows: Vec<Vec<(String, Bind)>>) -> Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let columns: Vec<(String, &'static str)> = first.iter().map(|(name, value)| (name.clone(), value.cast())).collect();
    let mut arrays: Vec<Bind> = first.iter().map(|(_, value)| value.list()).collect();
    for row in rows {
        for (array, (_, value)) in arrays.iter_mut().zip(row) {
            array.append(value)?;
        }
    }
    for (name, cast) in &columns {
        sql.push(", ").column("v", name).push(cast);
    }
    sql.push(" from unnest(");
    for (at, array) in arrays.into_iter().enumerate() {
        sql.push(if at == 0 { "" } else { ", " });
        sql.bind(array);
    }
    sql.push(") v (");
    for (at, (name, _)) in columns.iter().enumerate() {
        sql.push(if at == 0 { "" } else { ", " }).name(name);
    }
    sql.push(")");
    Ok(())
}

/// Every column that is written by value, empty ones too, so that the creations of an entity are few statements to PostgreSQL.
fn cells(entity: &Entity, draft: &Draft) -> Result<Vec<(String, Bind)>> {
    let mut out =
        vec![("id".to_owned(), Bind::Id(Some(draft.id))), ("number".to_owned(), Bind::text(draft.number.as_str()))];
    if entity.states.is_some() {
        out.push(("status".to_owned(), Bind::Text(draft.status.clone())));
    }
    for field in stored(entity) {
        out.extend(columns(field, draft.values.get(&field.key).unwrap_or(&Value::Null))?);
    }
    Ok(out)
}
