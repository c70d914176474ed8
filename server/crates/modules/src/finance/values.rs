//! Reading canonical values back as what they are.

use chrono::NaiveDate;
use domain::money::parse_scaled;
use domain::records::Values;
use domain::schema::value;
use domain::{Error, Money, Result};
use serde_json::Value;
use uuid::Uuid;

pub fn money(values: &Values, key: &str) -> Result<Money> {
    values.get(key).and_then(value::money).ok_or_else(|| missing(key))
}

pub fn date(values: &Values, key: &str) -> Result<NaiveDate> {
    values.get(key).and_then(Value::as_str).and_then(|text| text.parse().ok()).ok_or_else(|| missing(key))
}

pub fn id(values: &Values, key: &str) -> Option<Uuid> {
    values.get(key).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok())
}

pub fn decimal(values: &Values, key: &str, scale: u32) -> Result<i64> {
    let text = values.get(key).and_then(Value::as_str).ok_or_else(|| missing(key))?;
    parse_scaled(text, scale).map_err(|_| missing(key))
}

fn missing(key: &str) -> Error {
    tracing::error!(key, "a row holds no such value although it always should");
    Error::internal()
}
