//! The second stage: names and types against a scope. All faults are found at once; what is at fault counts as `Any` from there on, so
//! that one slip is told once.

mod calls;
mod names;
mod operators;

pub(crate) use names::same_key;

use crate::checked::{Checked, Op, Read, Typed};
use crate::expr::Expr;
use crate::fault::{Fault, Span};
use crate::scope::Scope;
use crate::tree::{Kind, Node};
use crate::types::Type;
use crate::value::{Value, read_date, read_moment};
use std::collections::BTreeSet;

/// The most faults that are told of one expression or text.
pub const MAX_FAULTS: usize = 20;

impl Expr {
    /// Types the expression against the names of `scope`.
    pub fn check(&self, scope: &dyn Scope) -> Result<Checked, Vec<Fault>> {
        check(&self.source, &self.root, scope, None)
    }

    /// Also demands the type of the result: `Type::Bool` of a condition, a field's type of a mapping. Where an option is wanted, its bare
    /// key may stand.
    pub fn check_as(&self, scope: &dyn Scope, wanted: &Type) -> Result<Checked, Vec<Fault>> {
        check(&self.source, &self.root, scope, Some(wanted))
    }
}

fn check(source: &str, root: &Node, scope: &dyn Scope, wanted: Option<&Type>) -> Result<Checked, Vec<Fault>> {
    let mut checker = Checker::new(source, scope);
    let mut root = checker.infer(root, wanted);
    if let Some(wanted) = wanted {
        if !root.ty.fits(wanted) {
            checker.fault(root.span, format!("This is {}, but {} is wanted here", root.ty.words(), wanted.words()));
        } else if root.ty == Type::Any {
            // What is not known yet is read, and held to, what is wanted.
            root.ty = wanted.clone();
        }
    }
    checker.finish(root)
}

/// Checks an expression inside of a text: anything that can be shown.
pub(crate) fn check_shown(source: &str, root: &Node, scope: &dyn Scope) -> Result<Checked, Vec<Fault>> {
    let mut checker = Checker::new(source, scope);
    let root = checker.infer(root, None);
    let root = checker.shown(root);
    checker.finish(root)
}

struct Checker<'c> {
    source: &'c str,
    scope: &'c dyn Scope,
    faults: Vec<Fault>,
    reads: BTreeSet<Read>,
}

impl<'c> Checker<'c> {
    fn new(source: &'c str, scope: &'c dyn Scope) -> Self {
        Self { source, scope, faults: Vec::new(), reads: BTreeSet::new() }
    }

    fn finish(self, root: Typed) -> Result<Checked, Vec<Fault>> {
        if self.faults.is_empty() {
            Ok(Checked { root, reads: self.reads.into_iter().collect() })
        } else {
            Err(self.faults)
        }
    }

    fn fault(&mut self, span: Span, message: impl Into<String>) {
        self.suggest(span, message, None);
    }

    fn suggest(&mut self, span: Span, message: impl Into<String>, meant: Option<String>) {
        if !self.is_full() {
            self.faults.push(Fault::new(self.source, span, message).meaning(meant));
        }
    }

    /// More would help nobody, and cost.
    fn is_full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// What stands in the place of something at fault.
    fn unknown(span: Span) -> Typed {
        Typed::new(Op::Literal(Value::Null), Type::Any, span)
    }

    /// Types a node. `expected` gives a meaning to bare keys and to texts that stand for dates; it demands nothing.
    fn infer(&mut self, node: &Node, expected: Option<&Type>) -> Typed {
        let span = node.span;
        let literal = |value, ty| Typed::new(Op::Literal(value), ty, span);
        match &node.kind {
            Kind::Null => literal(Value::Null, Type::Null),
            Kind::Bool(yes) => literal(Value::Bool(*yes), Type::Bool),
            Kind::Number(number) => literal(Value::Number(*number), Type::Number),
            Kind::Text(text) => self.text(text, span, expected),
            Kind::Name(_) | Kind::Member(..) | Kind::Index(..) => self.path(node, expected),
            Kind::Call(function, arguments) => self.call(*function, arguments, span, expected),
            Kind::Not(operand) => {
                let operand = self.condition(operand);
                Typed::new(Op::Not(Box::new(operand)), Type::Bool, span)
            }
            Kind::Negate(operand) => self.negate(operand, span),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, span),
            Kind::Logic(logic, parts) => {
                let parts = parts.iter().map(|part| self.condition(part)).collect();
                Typed::new(Op::Logic(*logic, parts), Type::Bool, span)
            }
            Kind::Conditional(parts) => self.conditional(parts, span, expected),
            Kind::List(items) => {
                let expected = match expected {
                    Some(Type::List(item)) => Some(&**item),
                    _ => None,
                };
                let items: Vec<Typed> = items.iter().map(|item| self.infer(item, expected)).collect();
                let ty = self.common(&items, "The items of a list");
                Typed::new(Op::List(items), Type::list(ty), span)
            }
        }
    }

    /// A part that is true or false.
    fn condition(&mut self, node: &Node) -> Typed {
        let typed = self.infer(node, Some(&Type::Bool));
        if !typed.ty.fits(&Type::Bool) {
            self.fault(typed.span, format!("This is {}, where true or false is needed", typed.ty.words()));
        }
        typed
    }

    fn conditional(&mut self, parts: &[Node; 3], span: Span, expected: Option<&Type>) -> Typed {
        let [condition, then, otherwise] = parts;
        let condition = self.condition(condition);
        let branches = if expected.is_none() && self.is_bare_word(then) {
            let otherwise = self.infer(otherwise, None);
            [self.beside(then, &otherwise.ty), otherwise]
        } else {
            let then = self.infer(then, expected);
            let otherwise = match expected {
                None => self.beside(otherwise, &then.ty),
                expected => self.infer(otherwise, expected),
            };
            [then, otherwise]
        };
        let ty = self.common(&branches, "Both results of a condition");
        let [then, otherwise] = branches;
        Typed::new(Op::Conditional(Box::new([condition, then, otherwise])), ty, span)
    }

    /// Types a node that stands for the same as one of type `ty`. Beside an option a word is a key, but a text may be any text.
    fn beside(&mut self, node: &Node, ty: &Type) -> Typed {
        let any_text = matches!(ty, Type::Option(_)) && !self.is_bare_word(node);
        self.infer(node, Some(ty).filter(|_| !any_text))
    }

    /// The type that all have; null where there are none.
    fn common(&mut self, items: &[Typed], what: &str) -> Type {
        let mut common = Type::Null;
        for item in items {
            let so_far = common.words();
            match common.join(item.ty.clone()) {
                Some(joined) => common = joined,
                None => {
                    let message = format!("{what} are of one type; this is {} beside {so_far}", item.ty.words());
                    self.fault(item.span, message);
                    return Type::Any;
                }
            }
        }
        common
    }

    /// A text literal, which may stand for a key of an option, for a date or for a moment.
    fn text(&mut self, text: &str, span: Span, expected: Option<&Type>) -> Typed {
        let literal = |value, ty| Typed::new(Op::Literal(value), ty, span);
        let date = || read_date(text).map(|date| literal(Value::Date(date), Type::Date));
        let moment = || read_moment(text).map(|moment| literal(Value::Datetime(moment), Type::Datetime));
        match expected {
            Some(Type::Option(keys)) => self.key(text, keys, span, true),
            Some(Type::Date | Type::Datetime) => date().or_else(moment).unwrap_or_else(|| {
                let shown = crate::token::quoted(text);
                self.fault(span, format!("{shown} is not a date; write it as '2026-11-21' or '2026-11-21T09:30:00Z'"));
                Self::unknown(span)
            }),
            _ => literal(Value::Text(text.to_owned()), Type::Text),
        }
    }
}
