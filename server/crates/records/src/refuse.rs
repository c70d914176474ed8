//! What the database refuses, in words about fields. Constraints are named after table and column, so this is one place for all entities.

use crate::input::no_such;
use crate::reach;
use crate::sql::{Bind, Sql};
use domain::schema::{Entity, Field, Storage};
use domain::{Error, Kind, Result, Verb};
use platform::{Ctx, db_error};
use serde_json::Value;
use uuid::Uuid;
use words::t;

/// A refusal of a named constraint becomes one at the field; everything else stays what it is.
pub fn from_database(entity: &Entity, error: sqlx::Error) -> Error {
    let constraint = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint).unwrap_or_default();
    let column = constraint.strip_prefix(&entity.table).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default();
    for field in &entity.fields {
        let name = field.column();
        if column == format!("{name}_key") {
            return taken(entity, field, None);
        }
        if field.columns().iter().any(|own| column == format!("{own}_fkey")) {
            return Error::field(&field.key, no_such(field));
        }
        if column
            .strip_prefix(&name)
            .is_some_and(|rest| matches!(rest, "_known" | "_shape" | "_range" | "_whole" | "_currency_shape"))
        {
            let message = t!("{field} has a value that is not allowed here", field = field.label);
            return Error::field(&field.key, message);
        }
    }
    db_error(error)
}

/// Two rows may not share the value. `holder` is the number of the one that has it, for those who may see it.
pub fn taken(entity: &Entity, field: &Field, holder: Option<&str>) -> Error {
    let one = entity.labels.one.to_lowercase();
    let who = holder.map(|number| format!(": {number}")).unwrap_or_default();
    let message = t!("Another {one} already has this {field}{who}", one, field = sentence(&field.label), who);
    Error { kind: Kind::Conflict, ..Error::field(&field.key, message) }
}

/// A label inside a sentence: `E-mail` becomes `e-mail`, `VAT number` stays.
fn sentence(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(label.chars().skip(1)).collect()
        }
        _ => label.to_owned(),
    }
}

/// The first of the unique values that a living row other than `except` holds already.
pub async fn holder(
    ctx: &mut Ctx,
    entity: &Entity,
    values: &domain::records::Values,
    except: Option<Uuid>,
) -> Result<Option<Error>> {
    for field in entity.fields.iter().filter(|field| field.unique) {
        let Some(value) = values.get(&field.key).filter(|value| !value.is_null()) else { continue };
        if let Some(number) = held_by(ctx, entity, field, value, except).await? {
            return Ok(Some(taken(entity, field, number.as_deref())));
        }
    }
    Ok(None)
}

async fn held_by(
    ctx: &mut Ctx,
    entity: &Entity,
    field: &Field,
    value: &Value,
    except: Option<Uuid>,
) -> Result<Option<Option<String>>> {
    let (ordering, _) = field.ordering();
    let Some((_, bind)) = crate::store::columns(field, value)?.into_iter().find(|(column, _)| *column == ordering)
    else {
        return Ok(None);
    };
    if matches!(field.storage(), Storage::Normalised { .. }) && bind == Bind::text("") {
        return Ok(None);
    }
    let access = ctx.access.clone();
    let mut sql = Sql::new("select case when ");
    let tenant = crate::project::tenant(&mut sql, &access);
    match access.grants.reach(&entity.permission(Verb::Read)) {
        Some(reach) => reach::within(&mut sql, &access, reach, tenant, |sql| {
            sql.push("t");
        }),
        None => {
            sql.push("false");
        }
    }
    sql.push(" then t.number end from ").name(&entity.table).push(" t where ");
    crate::select::living(&mut sql, tenant, true);
    sql.push(" and ").column("t", &ordering).push(" = ");
    sql.bind(bind);
    if let Some(except) = except {
        sql.push(" and t.id <> ");
        sql.bind(Bind::Id(Some(except)));
    }
    sql.push(" limit 1");
    match sql.optional(ctx).await? {
        Some(row) => row.get::<Option<String>>(0).map(Some),
        None => Ok(None),
    }
}
