//! Arithmetic: numbers, amounts, days, moments, durations; `+` joins texts. Null on either side gives null.

use super::{MAX_TEXT, mismatch};
use crate::decimal::{Decimal, DecimalFault};
use crate::duration::MAX_SECONDS;
use crate::env::Env;
use crate::fault::{EvalFault, EvalFaultKind, Span};
use crate::tree::Binary;
use crate::value::Value;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

type Outcome = Result<Value, EvalFault>;

pub(super) fn apply(operator: Binary, left: Value, right: Value, env: &Env, span: Span) -> Outcome {
    if matches!(left, Value::Null) || matches!(right, Value::Null) {
        return Ok(Value::Null);
    }
    match operator {
        Binary::Add => add(left, right, span),
        Binary::Subtract => subtract(left, right, env, span),
        Binary::Multiply => multiply(left, right, span),
        Binary::Divide => divide(left, right, span),
        _ => match (&left, &right) {
            (Value::Number(a), Value::Number(b)) => number(a.checked_rem(*b), span),
            _ => Err(apart(&left, &right, operator, span)),
        },
    }
}

pub(super) fn add(left: Value, right: Value, span: Span) -> Outcome {
    use Value::{Date, Datetime, Duration, Money, Number, Text};
    match (left, right) {
        (Number(a), Number(b)) => number(a.checked_add(b), span),
        (Money { amount: a, currency }, Money { amount: b, currency: other }) => {
            same(currency, other, span)?;
            money(a.checked_add(b), currency, span)
        }
        // Nothing has no currency: the sum of an empty list is zero, and zero may be added to any amount.
        (Number(zero), amount @ Money { .. }) | (amount @ Money { .. }, Number(zero)) if zero.is_zero() => Ok(amount),
        (Text(a), Text(b)) if a.len() + b.len() > MAX_TEXT => {
            let message = format!("A text becomes longer than {MAX_TEXT} bytes");
            Err(EvalFault::new(EvalFaultKind::TooLarge, span, message))
        }
        (Text(a), Text(b)) => Ok(Text(a + &b)),
        (Date(date), Number(days)) | (Number(days), Date(date)) => add_days(date, days, span).map(Date),
        (Datetime(at), Number(days)) | (Number(days), Datetime(at)) => move_days(at, days, span),
        (Datetime(at), Duration(seconds)) | (Duration(seconds), Datetime(at)) => shift(at, seconds, span),
        (Duration(a), Duration(b)) => duration(a.checked_add(b), span),
        (left, right) => Err(apart(&left, &right, Binary::Add, span)),
    }
}

fn subtract(left: Value, right: Value, env: &Env, span: Span) -> Outcome {
    use Value::{Date, Datetime, Duration};
    match (left, right) {
        (Datetime(a), Datetime(b)) => duration(Some((a - b).num_seconds()), span),
        (left @ (Date(_) | Datetime(_)), right @ (Date(_) | Datetime(_))) => days_between(&right, &left, env, span),
        (left, right @ (Value::Number(_) | Value::Money { .. } | Duration(_))) => {
            let negative = negate(right, span)?;
            add(left, negative, span)
        }
        (left, right) => Err(apart(&left, &right, Binary::Subtract, span)),
    }
}

fn multiply(left: Value, right: Value, span: Span) -> Outcome {
    use Value::{Duration, Money, Number};
    match (left, right) {
        (Number(a), Number(b)) => number(a.checked_mul(b), span),
        (Money { amount, currency }, Number(by)) | (Number(by), Money { amount, currency }) => {
            money(amount.checked_mul(by), currency, span)
        }
        (Duration(seconds), Number(by)) | (Number(by), Duration(seconds)) => {
            seconds_of(Decimal::from(seconds).checked_mul(by), span)
        }
        (left, right) => Err(apart(&left, &right, Binary::Multiply, span)),
    }
}

fn divide(left: Value, right: Value, span: Span) -> Outcome {
    use Value::{Duration, Money, Number};
    match (left, right) {
        (Number(a), Number(b)) => number(a.checked_div(b), span),
        (Money { amount, currency }, Number(by)) => money(amount.checked_div(by), currency, span),
        (Money { amount: a, currency }, Money { amount: b, currency: other }) => {
            same(currency, other, span)?;
            number(a.checked_div(b), span)
        }
        (Duration(seconds), Number(by)) => seconds_of(Decimal::from(seconds).checked_div(by), span),
        (Duration(a), Duration(b)) => number(Decimal::from(a).checked_div(Decimal::from(b)), span),
        (left, right) => Err(apart(&left, &right, Binary::Divide, span)),
    }
}

pub(super) fn negate(value: Value, span: Span) -> Outcome {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Number(number) => Ok(Value::Number(-number)),
        Value::Money { amount, currency } => Ok(Value::Money { amount: -amount, currency }),
        Value::Duration(seconds) => Ok(Value::Duration(-seconds)),
        other => Err(mismatch(span, format!("{} has no negative", other.words()))),
    }
}

fn apart(left: &Value, right: &Value, operator: Binary, span: Span) -> EvalFault {
    let message = format!("{} and {} do not go together with {}", left.words(), right.words(), operator.symbol());
    mismatch(span, message)
}

fn same(currency: &str, other: &str, span: Span) -> Result<(), EvalFault> {
    if currency == other {
        return Ok(());
    }
    let message = format!("{currency} and {other} do not go together; convert one of them first");
    Err(EvalFault::new(EvalFaultKind::Currencies, span, message))
}

fn overflow(span: Span, message: &str) -> EvalFault {
    EvalFault::new(EvalFaultKind::Overflow, span, message)
}

pub(super) fn checked(result: Result<Decimal, DecimalFault>, span: Span) -> Result<Decimal, EvalFault> {
    result.map_err(|problem| match problem {
        DecimalFault::DivisionByZero => EvalFault::new(EvalFaultKind::DivisionByZero, span, "Division by zero"),
        other => overflow(span, &format!("The result {other}")),
    })
}

fn number(result: Result<Decimal, DecimalFault>, span: Span) -> Outcome {
    checked(result, span).map(Value::Number)
}

fn money(result: Result<Decimal, DecimalFault>, currency: &'static str, span: Span) -> Outcome {
    Ok(Value::Money { amount: checked(result, span)?, currency })
}

fn duration(seconds: Option<i64>, span: Span) -> Outcome {
    let fits = seconds.filter(|seconds| (-MAX_SECONDS..=MAX_SECONDS).contains(seconds));
    fits.map(Value::Duration).ok_or_else(|| overflow(span, "The duration is too long"))
}

/// A duration rounded to whole seconds.
fn seconds_of(result: Result<Decimal, DecimalFault>, span: Span) -> Outcome {
    duration(checked(result.and_then(|seconds| seconds.round(0)), span)?.whole(), span)
}

/// Whole days, or a fault.
pub(super) fn whole_days(days: Decimal, span: Span) -> Result<i64, EvalFault> {
    let whole = days.whole();
    whole.ok_or_else(|| mismatch(span, format!("{days} is not a whole number of days")))
}

pub(super) fn add_days(date: NaiveDate, days: Decimal, span: Span) -> Result<NaiveDate, EvalFault> {
    let moved = TimeDelta::try_days(whole_days(days, span)?).and_then(|days| date.checked_add_signed(days));
    moved.filter(|date| is_held(*date)).ok_or_else(|| overflow(span, "The date is outside of the years 1 to 9999"))
}

/// Moves a moment by days of 24 hours.
pub(super) fn move_days(at: DateTime<Utc>, days: Decimal, span: Span) -> Outcome {
    let seconds = whole_days(days, span)?.checked_mul(86_400);
    shift(at, seconds.ok_or_else(|| overflow(span, "The duration is too long"))?, span)
}

fn shift(at: DateTime<Utc>, seconds: i64, span: Span) -> Outcome {
    let moved = TimeDelta::try_seconds(seconds).and_then(|by| at.checked_add_signed(by));
    let held = moved.filter(|at| is_held(at.date_naive()));
    held.map(Value::Datetime).ok_or_else(|| overflow(span, "The moment is outside of the years 1 to 9999"))
}

fn is_held(date: NaiveDate) -> bool {
    (1..=9999).contains(&date.year())
}

/// Days from the first to the second; moments count by their day in the workspace's time zone.
pub(super) fn days_between(from: &Value, to: &Value, env: &Env, span: Span) -> Outcome {
    let days = day(to, env, span)? - day(from, env, span)?;
    Ok(Value::Number(Decimal::from(days.num_days())))
}

/// The day of a date, or of a moment in the workspace's time zone.
pub(super) fn day(value: &Value, env: &Env, span: Span) -> Result<NaiveDate, EvalFault> {
    match value {
        Value::Date(date) => Ok(*date),
        Value::Datetime(at) => Ok((env.local)(*at).date()),
        other => Err(mismatch(span, format!("{} stands where a date is needed", other.words()))),
    }
}
