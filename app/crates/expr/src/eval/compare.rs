//! Equality, order and membership of values.
//!
//! Money and a number compare by the amount; a date and a moment by the day in the workspace's time zone; a date or moment and a text, which
//! only meet where types were not known beforehand, if the text is one. Values of other kinds that differ are unequal and have no order.

use super::{Machine, mismatch};
use crate::check::same_key;
use crate::env::Env;
use crate::fault::{EvalFault, EvalFaultKind, Span};
use crate::value::{Value, read_date, read_moment};
use std::cmp::Ordering;

impl Machine<'_> {
    pub(super) fn are_equal(&mut self, left: &Value, right: &Value, keys: bool, span: Span) -> Result<bool, EvalFault> {
        self.spend(left.weight().min(right.weight()), span)?;
        Ok(equal(left, right, keys, self.env))
    }

    pub(super) fn is_in(&mut self, value: &Value, list: &Value, keys: bool, span: Span) -> Result<bool, EvalFault> {
        match (list, value) {
            (Value::List(items), _) => {
                for item in items {
                    if self.are_equal(value, item, keys, span)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Value::Null, _) | (Value::Map(_), Value::Null) => Ok(false),
            (Value::Map(record), Value::Text(field)) => Ok(record.contains_key(field)),
            _ => Err(mismatch(span, format!("{} is looked for in {}", value.words(), list.words()))),
        }
    }

    /// None where either is null.
    pub(super) fn order(&mut self, left: &Value, right: &Value, span: Span) -> Result<Option<Ordering>, EvalFault> {
        self.spend(left.weight().min(right.weight()), span)?;
        let ordering = match (left, right) {
            (Value::Null, _) | (_, Value::Null) => return Ok(None),
            (Value::Money { currency, .. }, Value::Money { currency: other, .. }) if currency != other => {
                let message = format!("{currency} and {other} cannot be compared; convert one of them first");
                return Err(EvalFault::new(EvalFaultKind::Currencies, span, message));
            }
            _ => ordered(left, right, self.env),
        };
        let message = || format!("{} and {} have no order", left.words(), right.words());
        ordering.map(Some).ok_or_else(|| mismatch(span, message()))
    }
}

fn equal(left: &Value, right: &Value, keys: bool, env: &Env) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) if keys => same_key(left, right),
        (Value::Money { currency, .. }, Value::Money { currency: other, .. }) if currency != other => false,
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right, keys, env))
        }
        _ => left == right || ordered(left, right, env) == Some(Ordering::Equal),
    }
}

/// The order of two values that have one. Amounts are taken to be of one currency.
fn ordered(left: &Value, right: &Value, env: &Env) -> Option<Ordering> {
    use Value::{Date, Datetime, Duration, Money, Number, Text};
    Some(match (left, right) {
        (Number(left) | Money { amount: left, .. }, Number(right) | Money { amount: right, .. }) => left.cmp(right),
        (Text(left), Text(right)) => left.cmp(right),
        (Date(left), Date(right)) => left.cmp(right),
        (Datetime(left), Datetime(right)) => left.cmp(right),
        (Duration(left), Duration(right)) => left.cmp(right),
        (Date(left), Datetime(right)) => left.cmp(&(env.local)(*right).date()),
        (Datetime(left), Date(right)) => (env.local)(*left).date().cmp(right),
        (Date(_) | Datetime(_), Text(text)) => ordered(left, &read_day(text)?, env)?,
        (Text(text), Date(_) | Datetime(_)) => ordered(&read_day(text)?, right, env)?,
        _ => return None,
    })
}

fn read_day(text: &str) -> Option<Value> {
    read_date(text).map(Value::Date).or_else(|| read_moment(text).map(Value::Datetime))
}
