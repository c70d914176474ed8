//! Which sides an operator takes, and what it makes of them.

use super::Checker;
use super::names::capitalised;
use crate::checked::{Op, Typed};
use crate::fault::Span;
use crate::tree::{Binary, Kind, Node};
use crate::types::{Kinship, Type};

impl Checker<'_> {
    pub(super) fn negate(&mut self, operand: &Node, span: Span) -> Typed {
        let operand = self.infer(operand, None);
        if !matches!(operand.ty, Type::Number | Type::Money | Type::Duration | Type::Any | Type::Null) {
            self.fault(span, format!("{} has no negative", capitalised(&operand.ty.words())));
            return Self::unknown(span);
        }
        let ty = operand.ty.clone();
        Typed::new(Op::Negate(Box::new(operand)), ty, span)
    }

    pub(super) fn binary(&mut self, operator: Binary, left: &Node, right: &Node, span: Span) -> Typed {
        let sides = self.sides(operator, left, right);
        match operator {
            Binary::In => self.membership(sides, span),
            _ if operator.compares() => self.comparison(operator, sides, span),
            _ => self.arithmetic(operator, sides, span),
        }
    }

    /// Types both sides; a word or text on one side takes its meaning from the type of the other.
    fn sides(&mut self, operator: Binary, left: &Node, right: &Node) -> [Typed; 2] {
        if !operator.compares() {
            return [self.infer(left, None), self.infer(right, None)];
        }
        if self.is_bare_word(left) || matches!(left.kind, Kind::Text(_)) {
            let right = self.infer(right, None);
            let expected = match (&right.ty, operator) {
                (Type::List(item), Binary::In) => item,
                (ty, _) => ty,
            };
            return [self.infer(left, Some(expected)), right];
        }
        let left = self.infer(left, None);
        let expected = if operator == Binary::In { Type::list(left.ty.clone()) } else { left.ty.clone() };
        let right = self.infer(right, Some(&expected));
        [left, right]
    }

    fn comparison(&mut self, operator: Binary, sides: [Typed; 2], span: Span) -> Typed {
        let [left, right] = [&sides[0].ty, &sides[1].ty];
        let equality = matches!(operator, Binary::Equal | Binary::NotEqual);
        match left.kinship(right) {
            Kinship::Ordered => {}
            Kinship::EqualityOnly if equality => {}
            Kinship::EqualityOnly => {
                let is_to_blame = |ty: &Type| matches!(ty, Type::Null) || !matches!(ty, Type::Text) && !right.is_open();
                let unordered = if is_to_blame(left) { left } else { right };
                let message = format!("{} has no order; compare with == or !=", capitalised(&unordered.words()));
                self.fault(span, message);
            }
            Kinship::None => {
                let message = format!("{} cannot be compared with {}", capitalised(&left.words()), right.words());
                self.fault(span, message);
            }
        }
        let keys = [left, right].iter().any(|ty| matches!(ty, Type::Option(_)));
        Typed::new(Op::Binary { operator, keys, sides: Box::new(sides) }, Type::Bool, span)
    }

    fn membership(&mut self, sides: [Typed; 2], span: Span) -> Typed {
        let left = &sides[0].ty;
        let mut keys = false;
        match &sides[1].ty {
            Type::List(item) => {
                keys = [left, item].iter().any(|ty| matches!(ty, Type::Option(_)));
                if left.kinship(item) == Kinship::None {
                    let message =
                        format!("{} is never in a list whose items are {}", capitalised(&left.words()), item.words());
                    self.fault(span, message);
                }
            }
            Type::Record(_) if left.is_textual() => {}
            Type::Any | Type::Null => {}
            Type::Text => {
                self.fault(span, "in asks a list; of a text ask contains(text, part)");
            }
            other => {
                let message = format!("in asks a list, not {}", other.words());
                self.fault(sides[1].span, message);
            }
        }
        Typed::new(Op::Binary { operator: Binary::In, keys, sides: Box::new(sides) }, Type::Bool, span)
    }

    fn arithmetic(&mut self, operator: Binary, sides: [Typed; 2], span: Span) -> Typed {
        let [left, right] = [&sides[0].ty, &sides[1].ty];
        let ty = if left.is_open() || right.is_open() { Some(Type::Any) } else { result(operator, left, right) };
        let Some(ty) = ty else {
            let message = refusal(operator, left, right);
            self.fault(span, message);
            return Self::unknown(span);
        };
        Typed::new(Op::Binary { operator, keys: false, sides: Box::new(sides) }, ty, span)
    }
}

/// The type of an operation over two known types, if there is such an operation.
fn result(operator: Binary, left: &Type, right: &Type) -> Option<Type> {
    use Type::{Date, Datetime, Duration, Money, Number, Option, Text};
    Some(match (operator, left, right) {
        (Binary::Add | Binary::Subtract, Number, Number) => Number,
        (Binary::Add | Binary::Subtract, Money, Money) => Money,
        (Binary::Add | Binary::Subtract, Duration, Duration) => Duration,
        (Binary::Add, Text | Option(_), Text | Option(_)) => Text,
        (Binary::Add | Binary::Subtract, Date, Number) | (Binary::Add, Number, Date) => Date,
        (Binary::Add | Binary::Subtract, Datetime, Number | Duration) => Datetime,
        (Binary::Add, Number | Duration, Datetime) => Datetime,
        (Binary::Subtract, Datetime, Datetime) => Duration,
        (Binary::Subtract, Date | Datetime, Date | Datetime) => Number,
        (Binary::Multiply, Number, Number) => Number,
        (Binary::Multiply, Money, Number) | (Binary::Multiply, Number, Money) => Money,
        (Binary::Multiply, Duration, Number) | (Binary::Multiply, Number, Duration) => Duration,
        (Binary::Divide, Number, Number) | (Binary::Divide, Money, Money) | (Binary::Divide, Duration, Duration) => {
            Number
        }
        (Binary::Divide, Money, Number) => Money,
        (Binary::Divide, Duration, Number) => Duration,
        (Binary::Remainder, Number, Number) => Number,
        _ => return None,
    })
}

fn refusal(operator: Binary, left: &Type, right: &Type) -> String {
    let pair = [left, right];
    let has = |wanted: fn(&Type) -> bool| pair.iter().any(|ty| wanted(ty));
    let advice = match operator {
        Binary::Add if has(Type::is_textual) => "; show values as texts with text(...)",
        Binary::Add | Binary::Subtract if has(|ty| *ty == Type::Money) && has(|ty| *ty == Type::Number) => {
            "; an amount needs its currency, as in money(10, 'KES')"
        }
        Binary::Add | Binary::Subtract if has(|ty| *ty == Type::Date) && has(|ty| *ty == Type::Duration) => {
            "; days are added to a date as a number"
        }
        _ => "",
    };
    let left = capitalised(&left.words());
    format!("{left} and {} do not go together with {}{advice}", right.words(), operator.symbol())
}
