//! Values, their wire form and how they are shown.

use crate::decimal::Decimal;
use crate::duration;
use crate::env::Env;
use crate::types::Type;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::currency;
use domain::money::group_thousands;
use domain::schema::value::{show_date, show_moment};
use serde_json::{Map, Value as Json, json};

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Decimal),
    /// The currency is one of `domain::currency::CODES`. Results keep all decimals; they are rounded where they leave.
    Money {
        amount: Decimal,
        currency: &'static str,
    },
    /// Texts, keys of options and states, ids of records.
    Text(String),
    Date(NaiveDate),
    Datetime(DateTime<Utc>),
    /// In seconds.
    Duration(i64),
    List(Vec<Self>),
    /// A record as it came; its fields are read by their types when they are asked for.
    Map(Map<String, Json>),
}

/// The code as it stands in the list of currencies.
pub(crate) fn known_currency(code: &str) -> Option<&'static str> {
    currency::CODES.binary_search(&code).ok().map(|place| currency::CODES[place])
}

impl Value {
    /// Reads the wire form of records (`domain::schema::value`) by the field's type: decimals are decimal strings or numbers, money is
    /// `{ "amount": "12.50", "currency": "KES" }`, a reference is an id or the record with its `id`. The error says what it holds instead.
    pub fn from_json(json: &Json, ty: &Type) -> Result<Self, String> {
        let wrong = || Err(format!("holds {}, not {}", excerpt(json), ty.words()));
        match (ty, json) {
            (_, Json::Null) => Ok(Self::Null),
            (Type::Any, _) => Self::guessed(json),
            (Type::Bool, Json::Bool(yes)) => Ok(Self::Bool(*yes)),
            (Type::Number, Json::Number(_) | Json::String(_)) => {
                decimal(json).map_or_else(wrong, |n| Ok(Self::Number(n)))
            }
            (Type::Money, Json::Object(parts)) => money(parts).map_or_else(wrong, Ok),
            (Type::Text | Type::Option(_) | Type::Reference(_), Json::String(text)) => Ok(Self::Text(text.clone())),
            (Type::Reference(_), Json::Object(record)) => match record.get("id") {
                Some(Json::String(id)) => Ok(Self::Text(id.clone())),
                _ => wrong(),
            },
            (Type::Date, Json::String(text)) => read_date(text).map_or_else(wrong, |date| Ok(Self::Date(date))),
            (Type::Datetime, Json::String(text)) => read_moment(text).map_or_else(wrong, |at| Ok(Self::Datetime(at))),
            (Type::Duration, Json::String(text)) => {
                duration::parse(text).map_or_else(wrong, |seconds| Ok(Self::Duration(seconds)))
            }
            (Type::List(item), Json::Array(items)) => {
                items.iter().map(|json| Self::from_json(json, item)).collect::<Result<_, _>>().map(Self::List)
            }
            (Type::Record(_), Json::Object(record)) => Ok(Self::Map(record.clone())),
            _ => wrong(),
        }
    }

    /// Without a type, numbers, money, lists and records are what they look like, and every string is a text.
    fn guessed(json: &Json) -> Result<Self, String> {
        match json {
            Json::Null => Ok(Self::Null),
            Json::Bool(yes) => Ok(Self::Bool(*yes)),
            Json::Number(number) => Decimal::from_json(number)
                .map(Self::Number)
                .map_err(|problem| format!("holds {number}, which {problem}")),
            Json::String(text) => Ok(Self::Text(text.clone())),
            Json::Array(items) => items.iter().map(Self::guessed).collect::<Result<_, _>>().map(Self::List),
            Json::Object(parts) if parts.len() == 2 => Ok(money(parts).unwrap_or_else(|| Self::Map(parts.clone()))),
            Json::Object(record) => Ok(Self::Map(record.clone())),
        }
    }

    /// The wire form. Whole numbers are JSON numbers, others decimal strings; amounts are rounded half up to the currency's decimals.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(yes) => Json::Bool(*yes),
            Self::Number(number) => number.whole().map_or_else(|| json!(number.to_string()), |whole| json!(whole)),
            Self::Money { amount, currency } => {
                json!({ "amount": amount.to_fixed(decimals(currency)), "currency": currency })
            }
            Self::Text(text) => json!(text),
            Self::Date(date) => json!(date.to_string()),
            Self::Datetime(at) => json!(at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            Self::Duration(seconds) => json!(duration::show(*seconds)),
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(record) => Json::Object(record.clone()),
        }
    }

    /// For people, as the product shows values: `KES 1,250.50`, `21 Nov 2026`, moments in the workspace's time. Nothing for null; a record
    /// has no form of its own.
    pub fn show(&self, env: &Env) -> Option<String> {
        Some(match self {
            Self::Null => String::new(),
            Self::Bool(yes) => if *yes { "Yes" } else { "No" }.to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Money { amount, currency } => format!("{currency} {}", show_amount(*amount, currency)),
            Self::Text(text) => text.clone(),
            Self::Date(date) => show_date(&date.to_string()),
            Self::Datetime(at) => show_moment(&(env.local)(*at).and_utc().to_rfc3339()),
            Self::Duration(seconds) => duration::show(*seconds),
            Self::List(items) => items.iter().map(|item| item.show(env)).collect::<Option<Vec<_>>>()?.join(", "),
            Self::Map(_) => return None,
        })
    }

    /// Whether it is of the type; null always is. The sum of nothing, zero, is an amount of any currency.
    pub(crate) fn is(&self, ty: &Type) -> bool {
        match (self, ty) {
            (Self::Null, _) | (_, Type::Any) => true,
            (Self::Bool(_), Type::Bool) | (Self::Number(_), Type::Number) | (Self::Money { .. }, Type::Money) => true,
            (Self::Number(zero), Type::Money | Type::Duration) => zero.is_zero(),
            (Self::Text(_), Type::Text | Type::Option(_) | Type::Reference(_)) | (Self::Date(_), Type::Date) => true,
            (Self::Datetime(_), Type::Datetime) | (Self::Duration(_), Type::Duration) => true,
            (Self::List(items), Type::List(item)) => items.iter().all(|value| value.is(item)),
            (Self::Map(_), Type::Record(_)) => true,
            _ => false,
        }
    }

    /// For people, what kind of value it is.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Money { .. } => "an amount of money",
            Self::Text(_) => "a text",
            Self::Date(_) => "a date",
            Self::Datetime(_) => "a moment",
            Self::Duration(_) => "a duration",
            Self::List(_) => "a list",
            Self::Map(_) => "a record",
        }
    }

    /// What handling it once costs, in steps: one for itself, for every part, and for every 64 bytes of text.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Text(text) => 1 + text.len() / 64,
            Self::List(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Self::Map(record) => 1 + record.values().map(json_weight).sum::<usize>(),
            _ => 1,
        }
    }
}

fn json_weight(json: &Json) -> usize {
    match json {
        Json::String(text) => 1 + text.len() / 64,
        Json::Array(items) => 1 + items.iter().map(json_weight).sum::<usize>(),
        Json::Object(record) => 1 + record.values().map(json_weight).sum::<usize>(),
        _ => 1,
    }
}

fn decimals(code: &str) -> u32 {
    currency::decimals(code).unwrap_or(2)
}

fn show_amount(amount: Decimal, code: &str) -> String {
    let text = amount.to_fixed(decimals(code));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = group_thousands(whole);
    if fraction.bytes().all(|digit| digit == b'0') { whole } else { format!("{whole}.{fraction}") }
}

fn decimal(json: &Json) -> Option<Decimal> {
    match json {
        Json::Number(number) => Decimal::from_json(number).ok(),
        Json::String(text) => Decimal::parse(text).ok(),
        _ => None,
    }
}

fn money(parts: &Map<String, Json>) -> Option<Value> {
    let currency = known_currency(parts.get("currency")?.as_str()?)?;
    Some(Value::Money { amount: decimal(parts.get("amount")?)?, currency })
}

/// `2026-11-21` and nothing else.
pub(crate) fn read_date(text: &str) -> Option<NaiveDate> {
    let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if shaped { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

/// RFC 3339.
pub(crate) fn read_moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc))
}

/// The beginning of a JSON text, for messages.
fn excerpt(json: &Json) -> String {
    let text = match json {
        Json::Array(_) => return "a list".to_owned(),
        Json::Object(_) => return "a record".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
