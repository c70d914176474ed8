//! What functions answer.
//!
//! Null in gives null out, with these exceptions: `has` and the functions that ask a yes or no answer false, `coalesce` takes the next value,
//! `min`, `max` and `sum` pass over it.

use super::arithmetic::{add, add_days, checked, day, days_between, move_days, whole_days};
use super::{Machine, Outcome, mismatch};
use crate::checked::Typed;
use crate::decimal::{Decimal, PLACES};
use crate::duration;
use crate::fault::{EvalFault, Span};
use crate::function::Function;
use crate::value::{Value, known_currency, read_date, read_moment};
use chrono::{Datelike, NaiveDate};

impl Machine<'_> {
    pub(super) fn call(&mut self, function: Function, arguments: &[Typed], span: Span) -> Outcome {
        match function {
            Function::Today => Ok(Value::Date(self.env.today)),
            Function::Now => Ok(Value::Datetime(self.env.now)),
            Function::Coalesce => {
                for argument in arguments {
                    let value = self.eval(argument)?;
                    if value != Value::Null {
                        return Ok(value);
                    }
                }
                Ok(Value::Null)
            }
            Function::Has => Ok(Value::Bool(self.eval(&arguments[0])? != Value::Null)),
            Function::Min | Function::Max | Function::Sum => {
                let mut values = self.all(arguments)?;
                if let [Value::List(_)] = values.as_slice()
                    && let Some(Value::List(items)) = values.pop()
                {
                    values = items;
                } else if function == Function::Sum {
                    let null = values.iter().all(|value| *value == Value::Null);
                    return if null { Ok(Value::Null) } else { Err(unfit(function, &values, span)) };
                }
                self.gather(function, values, span)
            }
            _ => {
                let values = self.all(arguments)?;
                if values.contains(&Value::Null) {
                    let asks = matches!(function, Function::Contains | Function::StartsWith | Function::EndsWith);
                    return Ok(if asks { Value::Bool(false) } else { Value::Null });
                }
                let value = self.apply(function, &values, span)?;
                self.admit(value, span)
            }
        }
    }

    fn all(&mut self, arguments: &[Typed]) -> Result<Vec<Value>, EvalFault> {
        arguments.iter().map(|argument| self.eval(argument)).collect()
    }

    /// Functions of values of which none is null.
    fn apply(&mut self, function: Function, values: &[Value], span: Span) -> Outcome {
        use Value::{Datetime, Number};
        match (function, values) {
            (Function::Contains, [list @ Value::List(_), item]) => self.is_in(item, list, false, span).map(Value::Bool),
            (Function::AddDays, [Datetime(at), Number(days)]) => move_days(*at, *days, span),
            (Function::AddDays, [Value::Date(date), Number(days)]) => add_days(*date, *days, span).map(Value::Date),
            (Function::AddWorkingDays, [date, Number(days)]) => {
                let date = day(date, self.env, span)?;
                self.add_working_days(date, whole_days(*days, span)?, span).map(Value::Date)
            }
            (Function::DaysBetween, [from, to]) => days_between(from, to, self.env, span),
            (Function::Date, [Value::Text(text)]) => match (read_date(text), read_moment(text)) {
                (Some(date), _) => Ok(Value::Date(date)),
                (None, Some(at)) => Ok(Value::Date((self.env.local)(at).date())),
                (None, None) => Err(mismatch(span, "The text is not a date, such as 2026-11-21")),
            },
            (Function::Date, [value]) => day(value, self.env, span).map(Value::Date),
            (Function::Text, [value]) => match value.show(self.env) {
                Some(text) => Ok(Value::Text(text)),
                None => Err(unfit(function, values, span)),
            },
            (Function::Round, [value, places @ ..]) => round(value, places, span),
            (Function::Duration | Function::Money | Function::Number, _) => convert(function, values, span),
            _ => simple(function, values).ok_or_else(|| unfit(function, values, span)),
        }
    }

    /// The sum, the least or the greatest of those that are not null.
    fn gather(&mut self, function: Function, values: Vec<Value>, span: Span) -> Outcome {
        let mut values = values.into_iter().filter(|value| *value != Value::Null);
        let Some(mut best) = values.next() else {
            return Ok(if function == Function::Sum { count(0) } else { Value::Null });
        };
        if !matches!(best, Value::Number(_) | Value::Money { .. } | Value::Duration(_)) && function == Function::Sum {
            return Err(unfit(function, &[best], span));
        }
        for value in values {
            self.spend(1, span)?;
            if function == Function::Sum {
                best = add(best, value, span)?;
                continue;
            }
            let order = self.order(&value, &best, span)?;
            let better =
                order.is_some_and(|order| if function == Function::Min { order.is_lt() } else { order.is_gt() });
            best = if better { value } else { best };
        }
        Ok(best)
    }

    /// The day that many working days later, or earlier where negative. No days move nowhere, from a day off neither.
    fn add_working_days(&mut self, date: NaiveDate, days: i64, span: Span) -> Result<NaiveDate, EvalFault> {
        let step = Decimal::from(days.signum());
        let (mut date, mut left) = (date, days.unsigned_abs());
        while left > 0 {
            self.spend(1, span)?;
            date = add_days(date, step, span)?;
            let off = self.env.weekend.contains(&date.weekday()) || self.env.holidays.contains(&date);
            left -= u64::from(!off);
        }
        Ok(date)
    }
}

fn count(size: usize) -> Value {
    Value::Number(Decimal::from(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn unfit(function: Function, values: &[Value], span: Span) -> EvalFault {
    let given: Vec<&str> = values.iter().map(Value::words).collect();
    mismatch(span, format!("{} cannot take {}", function.name(), given.join(" and ")))
}

/// Functions that cannot fail but for values of the wrong kind.
fn simple(function: Function, values: &[Value]) -> Option<Value> {
    use Value::{Bool, Duration, Money, Number, Text};
    Some(match (function, values) {
        (Function::Lower, [Text(text)]) => Text(text.to_lowercase()),
        (Function::Upper, [Text(text)]) => Text(text.to_uppercase()),
        (Function::Trim, [Text(text)]) => Text(text.trim().to_owned()),
        (Function::StartsWith, [Text(text), Text(part)]) => Bool(text.starts_with(part.as_str())),
        (Function::EndsWith, [Text(text), Text(part)]) => Bool(text.ends_with(part.as_str())),
        (Function::Contains, [Text(text), Text(part)]) => Bool(text.contains(part.as_str())),
        (Function::Size, [Text(text)]) => count(text.chars().count()),
        (Function::Size, [Value::List(items)]) => count(items.len()),
        (Function::Size, [Value::Map(record)]) => count(record.len()),
        (Function::Abs, [Number(number)]) => Number(number.abs()),
        (Function::Abs, [Money { amount, currency }]) => Money { amount: amount.abs(), currency },
        (Function::Abs, [Duration(seconds)]) => Duration(seconds.abs()),
        _ => return None,
    })
}

/// Texts and numbers to values of other kinds.
fn convert(function: Function, values: &[Value], span: Span) -> Outcome {
    use Value::{Duration, Money, Number, Text};
    match (function, values) {
        (Function::Duration, [Text(text)]) => {
            let seconds =
                duration::parse(text).ok_or_else(|| mismatch(span, "The text is not a duration, such as 90m"));
            seconds.map(Duration)
        }
        (Function::Money, [Number(amount), Text(code)]) => match known_currency(code) {
            Some(currency) => Ok(Money { amount: *amount, currency }),
            None => Err(mismatch(span, "The text is not a currency, such as KES")),
        },
        (Function::Number, [Number(number) | Money { amount: number, .. }]) => Ok(Number(*number)),
        (Function::Number, [Text(text)]) => {
            let number = Decimal::parse(text.trim()).map_err(|problem| mismatch(span, format!("The text {problem}")));
            number.map(Number)
        }
        _ => Err(unfit(function, values, span)),
    }
}

/// Half up, away from zero; to whole numbers where no places are given.
fn round(value: &Value, places: &[Value], span: Span) -> Outcome {
    let places = match places {
        [] => Some(0),
        [Value::Number(places)] => places.whole().and_then(|places| u32::try_from(places).ok()),
        _ => None,
    };
    let Some(places) = places.filter(|places| *places <= PLACES) else {
        return Err(mismatch(span, format!("round takes a whole number of decimals from 0 to {PLACES}")));
    };
    match value {
        Value::Number(number) => Ok(Value::Number(checked(number.round(places), span)?)),
        Value::Money { amount, currency } => {
            Ok(Value::Money { amount: checked(amount.round(places), span)?, currency })
        }
        other => Err(unfit(Function::Round, std::slice::from_ref(other), span)),
    }
}
