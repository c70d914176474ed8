//! Cursors: where a page begins, in a form that callers carry around without looking inside.
//!
//! A cursor names the sort it belongs to and the last row's value and id, so a page starts where the one before ended whatever was added or
//! removed meanwhile, and page 10,000 costs what page 1 costs.

use crate::sql::Bind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Error, Result};
use platform::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What rows are ordered by, beside the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// As in `sort=`.
    pub key: String,
    pub column: String,
    pub sql: &'static str,
    /// Rows without a value come last in both directions.
    pub nullable: bool,
    pub descending: bool,
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    Top,
    /// Behind this row, or before it when going back.
    Row {
        value: Option<Bind>,
        id: Uuid,
        back: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct Wire {
    s: String,
    d: bool,
    v: Option<String>,
    i: Uuid,
    b: bool,
}

impl Start {
    pub fn read(order: &Order, cursor: Option<&str>) -> Result<Self> {
        let Some(text) = cursor.filter(|text| !text.is_empty()) else { return Ok(Self::Top) };
        let unknown = || Error::field("cursor", "This is not a cursor that a page gave; start from the first page");
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| unknown())?;
        let wire: Wire = serde_json::from_slice(&json).map_err(|_| unknown())?;
        if wire.s != order.key || wire.d != order.descending {
            let sign = if wire.d { "-" } else { "" };
            let message =
                format!("This cursor belongs to a list sorted by {sign}{}; start from the first page", wire.s);
            return Err(Error::field("cursor", message));
        }
        let value = match wire.v {
            Some(text) => Some(read_key(order.sql, text).ok_or_else(unknown)?),
            None if order.nullable => None,
            None => return Err(unknown()),
        };
        Ok(Self::Row { value, id: wire.i, back: wire.b })
    }

    pub const fn back(&self) -> bool {
        matches!(self, Self::Row { back: true, .. })
    }
}

impl Order {
    /// The cursor of a row, whose ordering value stands at `at`.
    pub fn cursor(&self, row: &Row, id: Uuid, at: usize, back: bool) -> Result<String> {
        let value = self.key_of(row, at)?;
        let wire = Wire { s: self.key.clone(), d: self.descending, v: value, i: id, b: back };
        let json = serde_json::to_vec(&wire).map_err(|_| Error::internal())?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    fn key_of(&self, row: &Row, at: usize) -> Result<Option<String>> {
        Ok(match self.sql {
            "bigint" => row.get::<Option<i64>>(at)?.map(|number| number.to_string()),
            "uuid" => row.get::<Option<Uuid>>(at)?.map(|id| id.to_string()),
            "date" => row.get::<Option<NaiveDate>>(at)?.map(|date| date.to_string()),
            // To the microsecond, as it is stored.
            "timestamptz" => row.get::<Option<DateTime<Utc>>>(at)?.map(|moment| moment.timestamp_micros().to_string()),
            "boolean" => row.get::<Option<bool>>(at)?.map(|yes| yes.to_string()),
            _ => row.get::<Option<String>>(at)?,
        })
    }
}

fn read_key(sql: &str, text: String) -> Option<Bind> {
    Some(match sql {
        "bigint" => Bind::Int(Some(text.parse().ok()?)),
        "uuid" => Bind::Id(Some(Uuid::try_parse(&text).ok()?)),
        "date" => Bind::Date(Some(text.parse().ok()?)),
        "timestamptz" => Bind::Moment(Some(DateTime::from_timestamp_micros(text.parse().ok()?)?)),
        "boolean" => Bind::Bool(Some(text.parse().ok()?)),
        _ if text.contains('\0') => return None,
        _ => Bind::Text(Some(text)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(sql: &'static str, nullable: bool) -> Order {
        Order { key: "value".to_owned(), column: "value_minor".to_owned(), sql, nullable, descending: true }
    }

    fn cursor(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    #[test]
    fn another_sort_is_refused_with_words() {
        let other = cursor(r#"{"s":"name","d":false,"v":"a","i":"00000000-0000-0000-0000-000000000001","b":false}"#);
        let error = Start::read(&order("bigint", true), Some(&other)).unwrap_err();
        assert!(error.message.contains("sorted by name"), "{error}");
    }

    #[test]
    fn nonsense_is_refused() {
        let id = "00000000-0000-0000-0000-000000000001";
        let wrong = [
            "%".to_owned(),
            "e30".to_owned(),
            cursor(&format!(r#"{{"s":"value","d":true,"v":"x","i":"{id}","b":false}}"#)),
            cursor(r#"{"s":"value","d":true,"v":"1","i":"x","b":false}"#),
        ];
        for text in wrong {
            assert!(Start::read(&order("bigint", true), Some(&text)).is_err(), "{text}");
        }
        let null = cursor(&format!(r#"{{"s":"value","d":true,"v":null,"i":"{id}","b":true}}"#));
        assert!(Start::read(&order("bigint", false), Some(&null)).is_err());
        assert!(Start::read(&order("bigint", true), Some(&null)).unwrap().back());
        assert_eq!(Start::read(&order("bigint", true), Some("")).unwrap(), Start::Top);
    }
}
