//! Values on their way into columns.

use crate::input::{id_of, ids_of};
use crate::sql::Bind;
use chrono::{DateTime, Utc};
use domain::money::parse_scaled;
use domain::schema::place::micro_degrees;
use domain::schema::pointing;
use domain::schema::value::money;
use domain::schema::{ADDRESS, Entity, Field, FieldKind, Storage};
use domain::text::normal;
use domain::{Error, Result};
use serde_json::Value;

/// Columns of a field that a value fills, with the value in the column's type. `value` is canonical.
pub fn columns(field: &Field, value: &Value) -> Result<Vec<(String, Bind)>> {
    let text = value.as_str();
    Ok(match field.storage() {
        Storage::Normalised { name, norm } => {
            let normalised = text.map(normal).unwrap_or_default();
            vec![(name, Bind::Text(text.map(str::to_owned))), (norm, Bind::Text(Some(normalised)))]
        }
        Storage::Money { minor, currency } => {
            let money = if value.is_null() { None } else { Some(money(value).ok_or_else(|| odd(field))?) };
            let code = money.as_ref().map(|money| money.currency().to_owned());
            vec![(minor, Bind::Int(money.map(|money| money.minor()))), (currency, Bind::Text(code))]
        }
        Storage::Address(names) => {
            let part = |key: &str| Bind::Text(value.get(key).and_then(Value::as_str).map(str::to_owned));
            names.into_iter().zip(ADDRESS).map(|(name, (key, _))| (name, part(key))).collect()
        }
        Storage::Geo { lat, lon } => {
            let point = right(field, value.is_null(), micro_degrees(value))?;
            vec![(lat, Bind::Int(point.map(|point| point.0))), (lon, Bind::Int(point.map(|point| point.1)))]
        }
        Storage::Any(names) => {
            let at = pointing::parts(value).map(|(entity, _)| field.column_to(entity));
            let id = right(
                field,
                value.is_null(),
                id_of(value).filter(|_| at.as_ref().is_some_and(|at| names.contains(at))),
            )?;
            let held = |name: &String| if at.as_ref() == Some(name) { id } else { None };
            names.iter().map(|name| (name.clone(), Bind::Id(held(name)))).collect()
        }
        Storage::Column { name, .. } => vec![(name, column(field, value)?)],
        Storage::Elsewhere => Vec::new(),
    })
}

fn column(field: &Field, value: &Value) -> Result<Bind> {
    let text = value.as_str();
    let whole = value.is_null();
    Ok(match &field.kind {
        FieldKind::Integer { .. } | FieldKind::Duration { .. } => Bind::Int(right(field, whole, value.as_i64())?),
        FieldKind::Options { .. } => Bind::Words(right(field, whole, words(value))?),
        FieldKind::References { .. } => Bind::Several(right(field, whole, ids_of(value))?),
        FieldKind::Decimal { scale, .. } | FieldKind::Percentage { scale, .. } => {
            Bind::Int(right(field, whole, text.and_then(|text| parse_scaled(text, *scale).ok()))?)
        }
        FieldKind::Boolean => Bind::Bool(right(field, whole, value.as_bool())?),
        FieldKind::Date { .. } => Bind::Date(right(field, whole, text.and_then(|text| text.parse().ok()))?),
        FieldKind::Datetime => {
            let moment =
                text.and_then(|text| DateTime::parse_from_rfc3339(text).ok()).map(|moment| moment.with_timezone(&Utc));
            Bind::Moment(right(field, whole, moment)?)
        }
        FieldKind::Reference { .. } | FieldKind::Member | FieldKind::File { .. } | FieldKind::Image { .. } => {
            Bind::Id(right(field, whole, id_of(value))?)
        }
        FieldKind::Checklist => Bind::Json(right(field, whole, value.is_object().then(|| value.clone()))?),
        _ => Bind::Text(right(field, whole, text.map(str::to_owned))?),
    })
}

fn words(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

fn right<T>(field: &Field, empty: bool, value: Option<T>) -> Result<Option<T>> {
    if empty || value.is_some() { Ok(value) } else { Err(odd(field)) }
}

fn odd(field: &Field) -> Error {
    tracing::error!(field = field.key, "a value that was not checked reached the table");
    Error::internal()
}

/// Fields whose columns are written by value: all but those that the engine fills itself.
pub fn stored(entity: &Entity) -> impl Iterator<Item = &Field> {
    entity.fields.iter().filter(|field| {
        !matches!(field.kind, FieldKind::State | FieldKind::Number)
            && !matches!(field.key.as_str(), "createdAt" | "createdBy" | "updatedAt" | "updatedBy")
    })
}
