//! How a value of a row becomes JSON, or the value of a record.

use super::Shown;
use chrono::{DateTime, NaiveDate, Utc};
use domain::money::scaled;
use domain::records::Values;
use domain::schema::place::geo;
use domain::schema::{ADDRESS, FieldKind, pointing};
use domain::{Result, currency};
use platform::Row;
use serde::Serialize;
use serde_json::Value;
use std::io::Write as _;
use uuid::Uuid;

/// What a value of a row is put into: the JSON of an answer, or a record for pages that are drawn in this process.
pub trait Sink: Sized {
    fn null(self);
    fn boolean(self, yes: bool);
    fn integer(self, number: i64);
    fn text(self, text: &str);
    fn value(self, value: &impl Serialize);

    fn id(self, id: Uuid) {
        self.text(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }

    fn or_null<T>(self, value: Option<T>, put: impl FnOnce(T, Self)) {
        match value {
            Some(value) => put(value, self),
            None => self.null(),
        }
    }
}

/// Writing to memory does not fail.
impl Sink for &mut Vec<u8> {
    fn null(self) {
        self.extend_from_slice(b"null");
    }

    fn boolean(self, yes: bool) {
        self.extend_from_slice(if yes { b"true" } else { b"false" });
    }

    fn integer(self, number: i64) {
        let _ = write!(self, "{number}");
    }

    fn text(self, text: &str) {
        let _ = serde_json::to_writer(self, text);
    }

    fn value(self, value: &impl Serialize) {
        let _ = serde_json::to_writer(self, value);
    }
}

impl Sink for &mut Value {
    fn null(self) {
        *self = Value::Null;
    }

    fn boolean(self, yes: bool) {
        *self = yes.into();
    }

    fn integer(self, number: i64) {
        *self = number.into();
    }

    fn text(self, text: &str) {
        *self = text.into();
    }

    fn value(self, value: &impl Serialize) {
        *self = serde_json::to_value(value).unwrap_or_default();
    }
}

impl Shown<'_> {
    pub fn put(&self, row: &Row, out: impl Sink) -> Result<()> {
        match &self.field.kind {
            FieldKind::Integer { .. } | FieldKind::Duration { .. } => {
                out.or_null(row.get(self.at)?, |number, out| out.integer(number));
            }
            FieldKind::Decimal { scale, .. } | FieldKind::Percentage { scale, .. } => {
                out.or_null(row.get(self.at)?, |number: i64, out| out.text(&scaled(number, *scale)));
            }
            FieldKind::Money { .. } => {
                let minor: Option<i64> = row.get(self.at)?;
                let code: Option<&str> = row.get(self.beside)?;
                out.or_null(minor.zip(code), |(minor, code), out| {
                    let amount = scaled(minor, currency::decimals(code).unwrap_or(2));
                    out.value(&Amount { amount, currency: code });
                });
            }
            FieldKind::Boolean => out.or_null(row.get(self.at)?, |yes, out| out.boolean(yes)),
            FieldKind::Date { .. } => {
                out.or_null(row.get(self.at)?, |date: NaiveDate, out| out.text(&date.to_string()));
            }
            FieldKind::Datetime => out.or_null(row.get(self.at)?, |at, out| out.text(&printed(at))),
            FieldKind::Reference { .. } | FieldKind::Member | FieldKind::File { .. } | FieldKind::Image { .. } => {
                out.or_null(row.get(self.at)?, |id, out| out.id(id));
            }
            FieldKind::References { .. } => out.or_null(row.get(self.at)?, |ids: Vec<Uuid>, out| out.value(&ids)),
            FieldKind::AnyReference { entities } => {
                let mut held = None;
                for (place, entity) in entities.iter().enumerate() {
                    held = held.or(row.get::<Option<Uuid>>(self.at + place)?.map(|id| (entity, id)));
                }
                out.or_null(held, |(entity, id), out| out.value(&pointing::value(entity, id)));
            }
            FieldKind::Options { .. } => out.or_null(row.get(self.at)?, |keys: Vec<String>, out| out.value(&keys)),
            FieldKind::Address => {
                let mut parts = Values::new();
                for (place, (part, _)) in ADDRESS.iter().enumerate() {
                    if let Some(text) = row.get::<Option<String>>(self.at + place)? {
                        parts.insert((*part).to_owned(), text.into());
                    }
                }
                out.or_null((!parts.is_empty()).then_some(parts), |parts, out| out.value(&parts));
            }
            FieldKind::Geo => {
                let point = row.get::<Option<i64>>(self.at)?.zip(row.get::<Option<i64>>(self.beside)?);
                out.or_null(point, |(lat, lon), out| out.value(&geo(lat, lon)));
            }
            FieldKind::Checklist => out.or_null(row.get(self.at)?, |ticks: Value, out| out.value(&ticks)),
            _ => out.or_null(row.get(self.at)?, |text, out| out.text(text)),
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Amount<'a> {
    amount: String,
    currency: &'a str,
}

/// RFC 3339 in UTC, to the second.
pub fn printed(at: DateTime<Utc>) -> String {
    use chrono::{Datelike, Timelike};
    let (year, month, day) = (at.year(), at.month(), at.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
}
