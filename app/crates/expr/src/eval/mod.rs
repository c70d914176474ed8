//! The third stage: values. Every step is counted, every size capped, every operation of arithmetic checked.

mod arithmetic;
mod calls;
mod compare;

use crate::checked::{Checked, Op, Typed};
use crate::env::Env;
use crate::fault::{EvalFault, EvalFaultKind, Span};
use crate::template::Part;
use crate::tree::{Binary, Logic};
use crate::types::Type;
use crate::value::Value;
use crate::values::{Values, walk};
use serde_json::{Map, Value as Json};

/// Steps of one evaluation: one for each operation and each value handled, and one for every 64 bytes of text.
pub const MAX_STEPS: usize = 100_000;
/// Bytes of a text: the longest text field in the widest letters.
pub const MAX_TEXT: usize = 262_144;
/// Items of a list.
pub const MAX_ITEMS: usize = 10_000;

type Outcome = Result<Value, EvalFault>;

impl Checked {
    /// The value. Null where a part that it needs is null.
    pub fn eval(&self, values: &dyn Values, env: &Env) -> Outcome {
        let mut machine = Machine { values, env, steps: 0 };
        let value = machine.eval(&self.root)?;
        if value.is(&self.root.ty) {
            return Ok(value);
        }
        Err(mismatch(self.root.span, format!("{} came, where {} is needed", value.words(), self.root.ty.words())))
    }

    /// Whether a condition holds; null does not.
    pub fn test(&self, values: &dyn Values, env: &Env) -> Result<bool, EvalFault> {
        truth(&self.eval(values, env)?, self.root.span)
    }
}

/// Puts a text together. All expressions share one budget.
pub(crate) fn render(
    parts: &[Part<Checked>],
    values: &dyn Values,
    env: &Env,
    escape: &dyn Fn(&str) -> String,
) -> Result<String, EvalFault> {
    let mut machine = Machine { values, env, steps: 0 };
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Shown(checked) => {
                let span = checked.root.span;
                let value = machine.eval(&checked.root)?;
                let shown =
                    value.show(env).ok_or_else(|| mismatch(span, "This is a whole record; name the field to show"))?;
                out.push_str(&escape(&shown));
                if out.len() > MAX_TEXT {
                    let message = format!("The text becomes longer than {MAX_TEXT} bytes");
                    return Err(EvalFault::new(EvalFaultKind::TooLarge, span, message));
                }
            }
        }
    }
    Ok(out)
}

/// For tests: the steps of an evaluation beside what came of it.
#[cfg(test)]
pub(crate) fn steps_of(checked: &Checked, values: &dyn Values, env: &Env) -> (usize, Outcome) {
    let mut machine = Machine { values, env, steps: 0 };
    let outcome = machine.eval(&checked.root);
    (machine.steps, outcome)
}

struct Machine<'m> {
    values: &'m dyn Values,
    env: &'m Env<'m>,
    steps: usize,
}

fn mismatch(span: Span, message: impl Into<String>) -> EvalFault {
    EvalFault::new(EvalFaultKind::Mismatch, span, message)
}

/// Null counts as false.
fn truth(value: &Value, span: Span) -> Result<bool, EvalFault> {
    match value {
        Value::Bool(yes) => Ok(*yes),
        Value::Null => Ok(false),
        other => Err(mismatch(span, format!("{} stands where true or false is needed", other.words()))),
    }
}

impl Machine<'_> {
    fn spend(&mut self, steps: usize, span: Span) -> Result<(), EvalFault> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps <= MAX_STEPS {
            return Ok(());
        }
        Err(EvalFault::new(EvalFaultKind::TooLong, span, format!("The evaluation takes more than {MAX_STEPS} steps")))
    }

    /// Pays for a value that was made or read, and holds it to the caps.
    fn admit(&mut self, value: Value, span: Span) -> Outcome {
        let message = match &value {
            Value::Text(text) if text.len() > MAX_TEXT => format!("A text becomes longer than {MAX_TEXT} bytes"),
            Value::List(items) if items.len() > MAX_ITEMS => format!("A list has more than {MAX_ITEMS} items"),
            _ => {
                self.spend(value.weight(), span)?;
                return Ok(value);
            }
        };
        Err(EvalFault::new(EvalFaultKind::TooLarge, span, message))
    }

    fn eval(&mut self, typed: &Typed) -> Outcome {
        let span = typed.span;
        self.spend(1, span)?;
        match &typed.op {
            Op::Literal(value) => Ok(value.clone()),
            Op::Path(path) => {
                let read = self.values.get(path, &typed.ty);
                self.admit(read.map_err(|problem| EvalFault::new(EvalFaultKind::Data, span, problem))?, span)
            }
            Op::Member(base, path) => {
                let base = self.eval(base)?;
                let member = member(&base, path, &typed.ty);
                self.admit(member.map_err(|problem| EvalFault::new(EvalFaultKind::Data, span, problem))?, span)
            }
            Op::Index(parts) => self.index(parts, typed),
            Op::Call(function, arguments) => self.call(*function, arguments, span),
            Op::Not(operand) => Ok(Value::Bool(!self.truth(operand)?)),
            Op::Negate(operand) => {
                let value = self.eval(operand)?;
                arithmetic::negate(value, span)
            }
            Op::Binary { operator, keys, sides } => self.binary(*operator, *keys, sides, span),
            Op::Logic(logic, parts) => self.logic(*logic, parts),
            Op::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                if self.truth(condition)? { self.eval(then) } else { self.eval(otherwise) }
            }
            Op::List(items) => items.iter().map(|item| self.eval(item)).collect::<Result<_, _>>().map(Value::List),
        }
    }

    fn truth(&mut self, typed: &Typed) -> Result<bool, EvalFault> {
        truth(&self.eval(typed)?, typed.span)
    }

    /// Stops at the first part that decides.
    fn logic(&mut self, logic: Logic, parts: &[Typed]) -> Outcome {
        let deciding = logic == Logic::Any;
        for part in parts {
            if self.truth(part)? == deciding {
                return Ok(Value::Bool(deciding));
            }
        }
        Ok(Value::Bool(!deciding))
    }

    fn binary(&mut self, operator: Binary, keys: bool, sides: &[Typed; 2], span: Span) -> Outcome {
        let (left, right) = (self.eval(&sides[0])?, self.eval(&sides[1])?);
        match operator {
            Binary::In => self.is_in(&left, &right, keys, span).map(Value::Bool),
            Binary::Equal | Binary::NotEqual => {
                let equal = self.are_equal(&left, &right, keys, span)?;
                Ok(Value::Bool(equal == (operator == Binary::Equal)))
            }
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                let order = self.order(&left, &right, span)?;
                Ok(Value::Bool(order.is_some_and(|order| match operator {
                    Binary::Less => order.is_lt(),
                    Binary::LessOrEqual => order.is_le(),
                    Binary::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })))
            }
            _ => {
                let value = arithmetic::apply(operator, left, right, self.env, span)?;
                self.admit(value, span)
            }
        }
    }

    /// An item of a list by its place from zero, or a field of a record by its name. Null where there is none.
    fn index(&mut self, parts: &[Typed; 2], typed: &Typed) -> Outcome {
        let (base, index) = (self.eval(&parts[0])?, self.eval(&parts[1])?);
        let value = match (base, index) {
            (Value::Null, _) | (_, Value::Null) => Value::Null,
            (Value::List(mut items), Value::Number(place)) => {
                let Some(place) = place.whole() else {
                    return Err(mismatch(typed.span, format!("{place} is not a place in a list")));
                };
                match usize::try_from(place) {
                    Ok(place) if place < items.len() => items.swap_remove(place),
                    _ => Value::Null,
                }
            }
            (base @ Value::Map(_), Value::Text(field)) => member(&base, &[field], &typed.ty)
                .map_err(|problem| EvalFault::new(EvalFaultKind::Data, typed.span, problem))?,
            (base, index) => {
                let message = format!("{} has no place that is {}", base.words(), index.words());
                return Err(mismatch(typed.span, message));
            }
        };
        self.admit(value, typed.span)
    }
}

/// A field of a value at hand; of a list, the list of the fields of its items. The error says what is wrong.
fn member(value: &Value, path: &[String], ty: &Type) -> Result<Value, String> {
    let Some((first, rest)) = path.split_first() else {
        return match value {
            Value::Map(record) => Value::from_json(&Json::Object(record.clone()), ty),
            other => Ok(other.clone()),
        };
    };
    match value {
        Value::Null => Ok(Value::Null),
        Value::Map(record) => field(record, first, rest, ty).map_err(|problem| format!("{} {problem}", path.join("."))),
        Value::Money { amount, .. } if first == "amount" => Ok(Value::Number(*amount)),
        Value::Money { currency, .. } if first == "currency" => Ok(Value::Text((*currency).to_owned())),
        Value::List(items) => {
            let item = if let Type::List(item) = ty { item } else { &Type::Any };
            items.iter().map(|value| member(value, path, item)).collect::<Result<_, _>>().map(Value::List)
        }
        other => Err(format!(
            "There is no {first} in {}; if it is the id of a record, the record was not given",
            other.words()
        )),
    }
}

fn field(record: &Map<String, Json>, first: &str, rest: &[String], ty: &Type) -> Result<Value, String> {
    record.get(first).map_or(Ok(Value::Null), |json| Value::from_json(&*walk(json, rest)?, ty))
}
