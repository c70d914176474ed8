//! `records.alike`: rows that look like one that is about to be made or changed. It warns and forbids nothing: what may not be there twice is
//! unique in its description.

use crate::project::{readable, tenant};
use crate::reach;
use crate::select::living;
use crate::sql::{Bind, Sql};
use crate::store::columns;
use domain::records::{Alike, AlikeRecords};
use domain::schema::{Entity, Field, FieldKind};
use domain::{Result, Verb};
use platform::Ctx;
use serde_json::Value;
use words::t;

/// Rows that are named.
const MOST: u32 = 5;
/// Digits by which a telephone number is known again.
const FEWEST: usize = 7;

/// What has to be the same, what it is called, and the statement that finds the rows in which it is.
struct Look {
    label: String,
    sql: Sql,
}

pub async fn alike(ctx: &mut Ctx, operation: AlikeRecords) -> Result<Vec<Alike>> {
    let entity = ctx.entity(&operation.entity)?;
    let mut found: Vec<Alike> = Vec::new();
    for Look { label, sql } in looks(ctx, &entity, &operation)? {
        for row in &sql.all(ctx).await? {
            let id = row.get(0)?;
            if found.iter().all(|alike| alike.id != id) {
                let title = row.get::<Option<String>>(2)?.unwrap_or_default();
                found.push(Alike { id, number: row.get(1)?, title, same: label.clone() });
            }
        }
    }
    found.truncate(MOST as usize);
    Ok(found)
}

/// The plans that PostgreSQL makes of it, one for each look, with what they cost: they are run.
pub async fn explain(ctx: &mut Ctx, operation: &AlikeRecords) -> Result<Vec<Value>> {
    let entity = ctx.entity(&operation.entity)?;
    let mut plans = Vec::new();
    for look in looks(ctx, &entity, operation)? {
        plans.push(look.sql.explain(ctx, true).await?);
    }
    Ok(plans)
}

/// One for each sign that the values say something of. A reader who may not know what a row is called is told of none.
fn looks(ctx: &Ctx, entity: &Entity, operation: &AlikeRecords) -> Result<Vec<Look>> {
    let reach = ctx.reach(entity, Verb::Read)?;
    let Some(title) = entity.field(&entity.title).filter(|field| readable(&ctx.access, field)) else {
        return Ok(Vec::new());
    };
    let value = |field: &Field| operation.values.get(&field.key).unwrap_or(&Value::Null);
    let said = |field: &&Field| {
        readable(&ctx.access, field)
            && (field.kind != FieldKind::Phone || digits(value(field)).len() >= FEWEST)
            && value(field).as_str().is_some_and(|text| !text.trim().is_empty())
    };
    let mut looks = Vec::new();
    for sign in entity.signs() {
        let (fields, label) = match sign.as_slice() {
            [alone] if said(alone) => (vec![*alone], alone.label.clone()),
            [called, others @ ..] if said(called) => {
                let Some(other) = others.iter().copied().find(said) else { continue };
                let label = t!("{first} and {second}", first = called.label, second = other.label.to_lowercase());
                (vec![*called, other], label)
            }
            _ => continue,
        };
        let mut sql = Sql::new("select t.id, t.number, ");
        let tenant = tenant(&mut sql, &ctx.access);
        sql.column("t", &title.column()).push("::text from ").name(&entity.table).push(" t where ");
        living(&mut sql, tenant, true);
        reach::and(&mut sql, &ctx.access, reach, tenant);
        for field in fields {
            same(&mut sql, field, value(field))?;
        }
        if let Some(except) = operation.except {
            sql.push(" and t.id <> ");
            sql.bind(Bind::Id(Some(except)));
        }
        sql.push(" order by t.id limit ").number(MOST);
        looks.push(Look { label, sql });
    }
    Ok(looks)
}

/// By what an index holds: text in its normal form, telephone numbers by their digits.
fn same(sql: &mut Sql, field: &Field, value: &Value) -> Result<()> {
    if let Some(column) = field.digits_column() {
        sql.push(" and ").column("t", &column).push(" = ");
        sql.bind(Bind::text(digits(value)));
        return Ok(());
    }
    let (ordering, _) = field.ordering();
    for (_, bind) in columns(field, value)?.into_iter().filter(|(column, _)| *column == ordering) {
        sql.push(" and ").column("t", &ordering).push(" = ");
        sql.bind(bind);
    }
    Ok(())
}

fn digits(value: &Value) -> String {
    value.as_str().unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
}
