//! Money: minor units in a 64-bit integer beside a currency. Never a float.

mod arithmetic;

pub use arithmetic::{Percent, QUANTITY_SCALE, RATE_SCALE, Rounding, Taxed, short};

use crate::currency;
use serde::{Deserialize, Serialize};
use std::fmt;
use words::t;

/// An amount in a currency. On the wire `{ "amount": "12.50", "currency": "KES" }`; in SQL `..._minor bigint`, `..._currency text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Money {
    minor: i64,
    currency: String,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct Wire {
    amount: String,
    currency: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyError {
    UnknownCurrency(String),
    NotANumber(String),
    TooManyDecimals {
        allowed: u32,
        currency: String,
    },
    TooLarge,
    DifferentCurrencies,
    /// Nobody has a share of it.
    NothingToShare,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCurrency(code) => {
                f.write_str(&t!("{code} is not a currency; use a three-letter code such as KES or EUR", code))
            }
            Self::NotANumber(text) => f.write_str(&t!(
                "{text} is not an amount; write digits and at most one decimal point, such as 1250.50",
                text
            )),
            Self::TooManyDecimals { allowed: 0, currency } => f.write_str(&t!("{currency} has no decimals", currency)),
            Self::TooManyDecimals { allowed, currency } => {
                f.write_str(&t!("{currency} has {allowed} decimals at most", currency, allowed))
            }
            Self::TooLarge => f.write_str(t!("The amount is too large")),
            Self::DifferentCurrencies => f.write_str(t!("Amounts of different currencies cannot be added")),
            Self::NothingToShare => f.write_str(t!("There is nobody to share the amount with")),
        }
    }
}

impl Money {
    /// `minor` counts the currency's smallest unit: 1250 is 12.50 KES, 1250 JPY, 1.250 KWD.
    pub fn from_minor(minor: i64, currency: &str) -> Result<Self, MoneyError> {
        currency::decimals(currency).ok_or_else(|| MoneyError::UnknownCurrency(currency.to_owned()))?;
        Ok(Self { minor, currency: currency.to_owned() })
    }

    /// Reads `1250`, `1250.5`, `-3.00`, `1,250.50`. Separators are accepted only where thousands stand.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let decimals = currency::decimals(currency).ok_or_else(|| MoneyError::UnknownCurrency(currency.to_owned()))?;
        let minor = parse_scaled(amount, decimals).map_err(|problem| match problem {
            ScaleError::NotANumber => MoneyError::NotANumber(amount.to_owned()),
            ScaleError::TooManyDecimals => {
                MoneyError::TooManyDecimals { allowed: decimals, currency: currency.to_owned() }
            }
            ScaleError::TooLarge => MoneyError::TooLarge,
        })?;
        Ok(Self { minor, currency: currency.to_owned() })
    }

    pub const fn minor(&self) -> i64 {
        self.minor
    }

    pub fn currency(&self) -> &str {
        &self.currency
    }

    pub fn checked_add(&self, other: &Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::DifferentCurrencies);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, currency: self.currency.clone() })
    }

    /// The decimal string of the wire: `12.50`, `-0.05`, `1250` for JPY.
    pub fn amount(&self) -> String {
        scaled(self.minor, currency::decimals(&self.currency).unwrap_or(2))
    }

    /// For people: `KES 480,000`, `EUR 1,250.50`. Whole amounts lose their decimals.
    pub fn display(&self) -> String {
        format!("{} {}", self.currency, self.display_amount())
    }

    /// The amount for people, without the currency.
    pub fn display_amount(&self) -> String {
        let text = self.amount();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let grouped = group_thousands(whole);
        if fraction.bytes().all(|digit| digit == b'0') { grouped } else { format!("{grouped}.{fraction}") }
    }
}

impl From<MoneyError> for crate::Error {
    fn from(problem: MoneyError) -> Self {
        Self::invalid(problem.to_string())
    }
}

impl TryFrom<Wire> for Money {
    type Error = String;
    fn try_from(wire: Wire) -> Result<Self, String> {
        Self::parse(&wire.amount, &wire.currency).map_err(|problem| problem.to_string())
    }
}

impl From<Money> for Wire {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleError {
    NotANumber,
    TooManyDecimals,
    TooLarge,
}

/// Reads a decimal number as an integer scaled by ten to the power of `decimals`. Trailing zeros beyond the scale are harmless.
pub fn parse_scaled(text: &str, decimals: u32) -> Result<i64, ScaleError> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = ungroup(whole).ok_or(ScaleError::NotANumber)?;
    if whole.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ScaleError::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let scale = decimals as usize;
    if fraction.len() > scale {
        return Err(ScaleError::TooManyDecimals);
    }
    let value: i64 = format!("{whole}{fraction:0<scale$}").parse().map_err(|_| ScaleError::TooLarge)?;
    Ok(if negative { -value } else { value })
}

/// The inverse of `parse_scaled`.
pub fn scaled(value: i64, decimals: u32) -> String {
    let scale = decimals as usize;
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if value < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// `1,250` to `1250`; refuses separators that do not stand at thousands.
fn ungroup(whole: &str) -> Option<String> {
    if !whole.contains(',') {
        return whole.bytes().all(|b| b.is_ascii_digit()).then(|| whole.to_owned());
    }
    let groups: Vec<&str> = whole.split(',').collect();
    let right = groups.iter().enumerate().all(|(i, group)| {
        group.bytes().all(|b| b.is_ascii_digit())
            && if i == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 }
    });
    right.then(|| groups.concat())
}

/// `1234567` to `1,234,567`; a leading minus stays.
pub fn group_thousands(whole: &str) -> String {
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_by_currency() {
        let cases = [
            ("1,250.5", "KES", 125_050, "1250.50"),
            ("4938", "JPY", 4938, "4938"),
            ("-0.05", "EUR", -5, "-0.05"),
            ("1.250", "KWD", 1250, "1.250"),
        ];
        for (text, currency, minor, amount) in cases {
            let money = Money::parse(text, currency).unwrap();
            assert_eq!((money.minor(), money.amount().as_str()), (minor, amount));
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in ["about 5000", "", ".", "1.2.3", "1,25", "1e9", "٣", "0x10", "99999999999999999999"] {
            assert!(Money::parse(text, "EUR").is_err(), "{text}");
        }
        assert!(matches!(Money::parse("1.5", "JPY"), Err(MoneyError::TooManyDecimals { .. })));
        assert!(matches!(Money::parse("1", "ZZZ"), Err(MoneyError::UnknownCurrency(_))));
    }

    #[test]
    fn shows_groups_and_drops_empty_decimals() {
        assert_eq!(Money::from_minor(48_000_000, "KES").unwrap().display(), "KES 480,000");
        assert_eq!(Money::from_minor(-125_050, "EUR").unwrap().display(), "EUR -1,250.50");
    }
}
