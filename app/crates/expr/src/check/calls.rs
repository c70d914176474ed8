//! What each function takes and answers.

use super::Checker;
use super::names::capitalised;
use crate::checked::{Op, Typed};
use crate::duration;
use crate::fault::Span;
use crate::function::Function;
use crate::token::quoted;
use crate::tree::Node;
use crate::types::{Kinship, Type};
use crate::value::{Value, known_currency};

impl Checker<'_> {
    pub(super) fn call(&mut self, function: Function, nodes: &[Node], span: Span, expected: Option<&Type>) -> Typed {
        let mut arguments = self.arguments(function, nodes, expected);
        if function == Function::Text {
            arguments = arguments.into_iter().map(|argument| self.shown(argument)).collect();
        }
        let ty = match function {
            Function::Today => Type::Date,
            Function::Now => Type::Datetime,
            Function::Has => Type::Bool,
            Function::Text => Type::Text,
            Function::AddDays | Function::AddWorkingDays | Function::Date | Function::DaysBetween => {
                self.days(function, &arguments)
            }
            Function::Duration | Function::Money | Function::Number | Function::Size => {
                self.conversion(function, &arguments)
            }
            Function::Lower | Function::Upper | Function::Trim => {
                self.want(&arguments[0], Type::is_textual, "a text");
                Type::Text
            }
            Function::StartsWith | Function::EndsWith => {
                arguments.iter().for_each(|argument| self.want(argument, Type::is_textual, "a text"));
                Type::Bool
            }
            Function::Contains => self.contains(&arguments, span),
            Function::Round => {
                self.want(&arguments[0], is_amount, "a number or an amount of money");
                arguments.iter().skip(1).for_each(|places| self.want(places, is_number, "a number of decimals"));
                arguments[0].ty.clone()
            }
            Function::Abs => {
                self.want(&arguments[0], is_quantity, "a number, an amount of money or a duration");
                arguments[0].ty.clone()
            }
            Function::Sum => self.sum(&arguments[0]),
            Function::Min | Function::Max => self.extreme(function, &arguments),
            Function::Coalesce => self.common(&arguments, "The values of coalesce"),
        };
        Typed::new(Op::Call(function, arguments), ty, span)
    }

    /// Types the arguments; texts stand for dates where dates are taken, and keys follow the first of their kind.
    fn arguments(&mut self, function: Function, nodes: &[Node], expected: Option<&Type>) -> Vec<Typed> {
        let first = match function {
            Function::AddDays | Function::AddWorkingDays | Function::Date | Function::DaysBetween => Some(&Type::Date),
            Function::Coalesce => expected,
            _ => None,
        };
        let mut arguments: Vec<Typed> = Vec::with_capacity(nodes.len());
        for node in nodes {
            let argument = match (function, arguments.first()) {
                (Function::Coalesce | Function::Min | Function::Max, Some(first)) => {
                    let ty = first.ty.clone();
                    self.beside(node, &ty)
                }
                (Function::Contains, Some(Typed { ty: Type::List(item), .. })) => {
                    let item = (**item).clone();
                    self.infer(node, Some(&item))
                }
                (Function::AddDays | Function::AddWorkingDays, Some(_)) => self.infer(node, None),
                _ => self.infer(node, first),
            };
            arguments.push(argument);
        }
        arguments
    }

    /// Demands a type of an argument.
    fn want(&mut self, argument: &Typed, fits: fn(&Type) -> bool, words: &str) {
        if !argument.ty.is_open() && !fits(&argument.ty) {
            self.fault(argument.span, format!("This is {}, where {words} is needed", argument.ty.words()));
        }
    }

    fn days(&mut self, function: Function, arguments: &[Typed]) -> Type {
        if function == Function::Date {
            self.want(&arguments[0], |ty| is_day(ty) || *ty == Type::Text, "a date, a moment or a text");
            return Type::Date;
        }
        self.want(&arguments[0], is_day, "a date");
        if function == Function::DaysBetween {
            self.want(&arguments[1], is_day, "a date");
            return Type::Number;
        }
        self.want(&arguments[1], is_number, "a number of days");
        match arguments[0].ty {
            Type::Datetime if function == Function::AddDays => Type::Datetime,
            Type::Any if function == Function::AddDays => Type::Any,
            _ => Type::Date,
        }
    }

    fn conversion(&mut self, function: Function, arguments: &[Typed]) -> Type {
        match function {
            Function::Duration => {
                self.want(&arguments[0], Type::is_textual, "a text such as '90m'");
                self.literal(
                    &arguments[0],
                    |text| duration::parse(text).is_some(),
                    "is not a duration; write '90m' or '1d12h'",
                );
                Type::Duration
            }
            Function::Money => {
                self.want(&arguments[0], is_number, "a number");
                self.want(&arguments[1], Type::is_textual, "a currency such as 'KES'");
                self.literal(
                    &arguments[1],
                    |text| known_currency(text).is_some(),
                    "is not a currency; use a three-letter code such as 'KES'",
                );
                Type::Money
            }
            Function::Number => {
                self.want(&arguments[0], |ty| is_amount(ty) || ty.is_textual(), "a text or an amount of money");
                Type::Number
            }
            _ => {
                let countable = |ty: &Type| ty.is_textual() || matches!(ty, Type::List(_) | Type::Record(_));
                self.want(&arguments[0], countable, "a text or a list");
                Type::Number
            }
        }
    }

    /// Tries a literal argument while the expression is being written.
    fn literal(&mut self, argument: &Typed, valid: fn(&str) -> bool, problem: &str) {
        if let Op::Literal(Value::Text(text)) = &argument.op
            && !valid(text)
        {
            self.fault(argument.span, format!("{} {problem}", quoted(text)));
        }
    }

    fn contains(&mut self, arguments: &[Typed], span: Span) -> Type {
        match (&arguments[0].ty, &arguments[1].ty) {
            (Type::List(item), part) if item.kinship(part) == Kinship::None => {
                let message = format!("A list whose items are {} never contains {}", item.words(), part.words());
                self.fault(span, message);
            }
            (Type::List(_) | Type::Any | Type::Null, _) => {}
            _ => arguments.iter().for_each(|argument| self.want(argument, Type::is_textual, "a text")),
        }
        Type::Bool
    }

    fn sum(&mut self, argument: &Typed) -> Type {
        match &argument.ty {
            Type::List(item) if is_quantity(item) => (**item).clone(),
            Type::List(item) if item.is_open() => Type::Any,
            Type::Any | Type::Null => Type::Any,
            Type::List(item) => {
                let message =
                    format!("The items are {}; name the field to add up, as in sum(order.lines.amount)", item.words());
                self.fault(argument.span, message);
                Type::Any
            }
            other => {
                self.fault(argument.span, format!("{} is not a list to add up", capitalised(&other.words())));
                Type::Any
            }
        }
    }

    /// The least or greatest of several values, or of the items of one list.
    fn extreme(&mut self, function: Function, arguments: &[Typed]) -> Type {
        let ty = match arguments {
            [Typed { ty: Type::List(item), .. }] => (**item).clone(),
            _ => self.common(arguments, "The values of min and max"),
        };
        if ty.is_open() || ty.kinship(&ty) == Kinship::Ordered {
            return ty;
        }
        let message = format!("{} has no order, so there is no {}", capitalised(&ty.words()), function.name());
        self.fault(arguments[0].span, message);
        Type::Any
    }
}

const fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Number)
}

const fn is_amount(ty: &Type) -> bool {
    matches!(ty, Type::Number | Type::Money)
}

const fn is_quantity(ty: &Type) -> bool {
    matches!(ty, Type::Number | Type::Money | Type::Duration)
}

const fn is_day(ty: &Type) -> bool {
    matches!(ty, Type::Date | Type::Datetime)
}
