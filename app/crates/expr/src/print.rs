//! A tree to its canonical source: one spelling, brackets only where they are needed. Parses to the same tree.

use crate::parse::MAX_LENGTH;
use crate::token::{continues_name, quoted};
use crate::tree::{Kind, Node, binding};

/// With spaces around operators; without them where that would make the expression longer than is allowed. Nothing else here is ever
/// longer than what was written.
pub(crate) fn print(node: &Node) -> String {
    let airy = Printer { space: " ", out: String::new() }.whole(node);
    if airy.len() <= MAX_LENGTH { airy } else { Printer { space: "", out: String::new() }.whole(node) }
}

struct Printer {
    space: &'static str,
    out: String,
}

impl Printer {
    fn whole(mut self, node: &Node) -> String {
        self.node(node, binding::ANY);
        self.out
    }

    /// Puts brackets around what binds less tightly than its place asks for.
    fn node(&mut self, node: &Node, least: u8) {
        if node.binding() < least {
            self.emit("(");
            self.bare(node);
            self.emit(")");
        } else {
            self.bare(node);
        }
    }

    fn bare(&mut self, node: &Node) {
        match &node.kind {
            Kind::Null => self.emit("null"),
            Kind::Bool(yes) => self.emit(if *yes { "true" } else { "false" }),
            Kind::Number(number) => self.emit(&number.to_string()),
            Kind::Text(text) => self.emit(&quoted(text)),
            Kind::Name(name) => self.emit(name),
            Kind::Member(base, name) => {
                self.node(base, binding::MEMBER);
                self.emit(".");
                self.emit(name);
            }
            Kind::Index(base, index) => {
                self.node(base, binding::MEMBER);
                self.separated("[", std::slice::from_ref(&**index), "]");
            }
            Kind::Call(function, arguments) => {
                self.emit(function.name());
                self.separated("(", arguments, ")");
            }
            Kind::Not(operand) => self.unary("!", operand),
            Kind::Negate(operand) => self.unary("-", operand),
            Kind::List(items) => self.separated("[", items, "]"),
            Kind::Binary(..) | Kind::Logic(..) | Kind::Conditional(_) => self.joined(&node.kind),
        }
    }

    fn joined(&mut self, kind: &Kind) {
        match kind {
            Kind::Binary(operator, left, right) => {
                // Sums and products lean to the left; comparisons do not lean.
                let own = operator.binding();
                self.node(left, own + u8::from(operator.compares()));
                self.infix(operator.symbol());
                self.node(right, own + 1);
            }
            Kind::Logic(logic, parts) => {
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        self.infix(logic.symbol());
                    }
                    self.node(part, logic.binding() + 1);
                }
            }
            Kind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                self.node(condition, binding::CONDITIONAL + 1);
                self.infix("?");
                self.node(then, binding::CONDITIONAL);
                self.infix(":");
                self.node(otherwise, binding::CONDITIONAL);
            }
            _ => {}
        }
    }

    fn unary(&mut self, symbol: &str, operand: &Node) {
        self.emit(symbol);
        self.node(operand, binding::UNARY);
    }

    fn infix(&mut self, symbol: &str) {
        self.emit(self.space);
        self.emit(symbol);
        self.emit(self.space);
    }

    fn separated(&mut self, open: &str, nodes: &[Node], close: &str) {
        self.emit(open);
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 {
                self.emit(",");
                self.emit(self.space);
            }
            self.node(node, binding::ANY);
        }
        self.emit(close);
    }

    /// Keeps two words apart, as around `in`.
    fn emit(&mut self, token: &str) {
        if self.out.ends_with(continues_name) && token.starts_with(continues_name) {
            self.out.push(' ');
        }
        self.out.push_str(token);
    }
}
