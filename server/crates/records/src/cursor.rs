//! Cursors: where a page begins, in a form that callers carry around without looking inside.
//!
//! A cursor names the sort it belongs to and the last row's value and id, so a page starts where the one before ended whatever was added or
//! removed meanwhile, and page 10,000 costs what page 1 costs.

use crate::sql::{Bind, Sql};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Error, Result};
use platform::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use words::t;

/// What rows are ordered by: one field, those that break its ties, and at last the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub first: Key,
    pub then: Vec<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
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
        /// Of the fields that break ties.
        then: Vec<Option<Bind>>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<Tie>,
}

/// A field that breaks ties, in a cursor.
#[derive(Serialize, Deserialize)]
struct Tie {
    s: String,
    d: bool,
    v: Option<String>,
}

impl Start {
    pub fn read(order: &Order, cursor: Option<&str>) -> Result<Self> {
        let Some(text) = cursor.filter(|text| !text.is_empty()) else { return Ok(Self::Top) };
        let unknown = || Error::field("cursor", t!("This is not a cursor that a page gave; start from the first page"));
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| unknown())?;
        let wire: Wire = serde_json::from_slice(&json).map_err(|_| unknown())?;
        let same = |key: &Key, name: &str, descending: bool| key.key == name && key.descending == descending;
        let ties = wire.t.len() == order.then.len()
            && order.then.iter().zip(&wire.t).all(|(key, tie)| same(key, &tie.s, tie.d));
        if !same(&order.first, &wire.s, wire.d) || !ties {
            let mut told = signed(&wire.s, wire.d);
            for tie in &wire.t {
                told = format!("{told},{}", signed(&tie.s, tie.d));
            }
            let message = t!("This cursor belongs to a list sorted by {sort}; start from the first page", sort = told);
            return Err(Error::field("cursor", message));
        }
        let value = order.first.read(wire.v).ok_or_else(unknown)?;
        let then = order.then.iter().zip(wire.t).map(|(key, tie)| key.read(tie.v).ok_or_else(unknown));
        Ok(Self::Row { value, then: then.collect::<Result<_>>()?, id: wire.i, back: wire.b })
    }

    pub const fn back(&self) -> bool {
        matches!(self, Self::Row { back: true, .. })
    }
}

fn signed(key: &str, descending: bool) -> String {
    format!("{}{key}", if descending { "-" } else { "" })
}

impl Order {
    /// The cursor of a row, whose ordering values stand at `at`, in the order of the fields.
    pub fn cursor(&self, row: &Row, id: Uuid, at: &[usize], back: bool) -> Result<String> {
        let mut places = at.iter().copied();
        let mut value = |key: &Key| places.next().map_or_else(|| Err(Error::internal()), |at| key.key_of(row, at));
        let first = value(&self.first)?;
        let tie = |key: &Key| Ok(Tie { s: key.key.clone(), d: key.descending, v: value(key)? });
        let ties = self.then.iter().map(tie).collect::<Result<_>>()?;
        let wire = Wire { s: self.first.key.clone(), d: self.first.descending, v: first, i: id, b: back, t: ties };
        let json = serde_json::to_vec(&wire).map_err(|_| Error::internal())?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.then)
    }

    /// ` order by` all of it; `back` turns it round. Where `whole`, rows without a first value are among them and stand last.
    pub fn by(&self, sql: &mut Sql, alias: &'static str, back: bool, whole: bool) {
        for (at, key) in self.keys().enumerate() {
            sql.push(if at == 0 { " order by " } else { ", " }).column(alias, &key.column).push(key.direction(back));
            if key.nullable && (at > 0 || whole) {
                sql.push(if back { " nulls first" } else { " nulls last" });
            }
        }
        sql.push(", ").column(alias, "id").push(self.first.direction(back));
    }

    /// ` and` the condition for rows named `t` that come behind one with these values.
    pub fn beyond(&self, sql: &mut Sql, value: Option<&Bind>, then: &[Option<Bind>], id: Uuid, back: bool) {
        let falling = self.first.descending != back;
        let sign = if falling { " < " } else { " > " };
        match value {
            Some(value) if self.then.is_empty() => {
                sql.push(" and (").column("t", &self.first.column).push(", t.id)").push(sign).push("(");
                sql.bind(value.clone());
                sql.push(", ");
                sql.bind(Bind::Id(Some(id)));
                sql.push(")");
            }
            Some(value) => {
                let column = &self.first.column;
                // Said twice, so that the index finds where to begin.
                sql.push(" and ").column("t", column).push(if falling { " <= " } else { " >= " });
                let value = sql.bind(value.clone());
                sql.push(" and (").column("t", column).push(sign).again(value).push(" or ");
                self.ties(sql, then, 0, id, back);
                sql.push(")");
            }
            None => {
                sql.push(" and ");
                self.ties(sql, then, 0, id, back);
            }
        }
    }

    /// Behind it among the rows that are equal up to here.
    fn ties(&self, sql: &mut Sql, then: &[Option<Bind>], at: usize, id: Uuid, back: bool) {
        let (Some(key), Some(value)) = (self.then.get(at), then.get(at)) else {
            sql.push("t.id").push(if self.first.descending == back { " > " } else { " < " });
            sql.bind(Bind::Id(Some(id)));
            return;
        };
        let column = &key.column;
        match value {
            Some(value) => {
                let value = sql.argument(value.clone());
                let sign = if key.descending == back { " > " } else { " < " };
                sql.push("(").column("t", column).push(sign).again(value);
                if key.nullable && !back {
                    sql.push(" or ").column("t", column).push(" is null");
                }
                sql.push(" or (").column("t", column).push(" = ").again(value).push(" and ");
            }
            None => {
                sql.push("(");
                if back {
                    sql.column("t", column).push(" is not null or ");
                }
                sql.push("(").column("t", column).push(" is null and ");
            }
        }
        self.ties(sql, then, at + 1, id, back);
        sql.push("))");
    }
}

impl Key {
    const fn direction(&self, back: bool) -> &'static str {
        if self.descending == back { "" } else { " desc" }
    }

    /// A value of a cursor; `None` where it is none of this field.
    fn read(&self, text: Option<String>) -> Option<Option<Bind>> {
        match text {
            Some(text) => read_key(self.sql, text).map(Some),
            None => self.nullable.then_some(None),
        }
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
        let first = Key { key: "value".to_owned(), column: "value_minor".to_owned(), sql, nullable, descending: true };
        Order { first, then: Vec::new() }
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
