//! Tokens to a tree, by binding powers (a Pratt parser). Length, depth and number of nodes are bounded, so hostile text costs little.

use crate::fault::{Fault, Span};
use crate::function::Function;
use crate::token::{Lexer, Token};
use crate::tree::{Infix, Kind, Logic, Node, binding};

/// Bytes of one expression.
pub const MAX_LENGTH: usize = 4096;
/// Levels of the tree of one expression.
pub const MAX_DEPTH: usize = 64;
/// Names, literals and operators of one expression.
pub const MAX_NODES: usize = 1000;
/// Each level of a tree costs one call of `expression` and one pair of brackets at most, so what is within depth, printed, is within this.
const MAX_NESTING: usize = 2 * MAX_DEPTH + 1;

pub(crate) struct Parser<'s> {
    lexer: Lexer<'s>,
    token: Token<'s>,
    span: Span,
    /// Where the last token that was taken ends.
    end: usize,
    nesting: usize,
    nodes: usize,
    /// Tokens read: what parsing cost.
    pub steps: usize,
}

/// Boxed, so that the frames of the recursion stay small.
type Parsed = Result<Box<Node>, Box<Fault>>;

impl<'s> Parser<'s> {
    /// Begins at a byte of the source.
    pub(crate) fn new(source: &'s str, at: usize) -> Result<Self, Fault> {
        let lexer = Lexer { source, at };
        let span = Span::new(at, at);
        let mut parser = Self { lexer, token: Token::End, span, end: at, nesting: 0, nodes: 0, steps: 0 };
        parser.advance().map_err(|fault| *fault)?;
        Ok(parser)
    }

    /// One expression up to the end of the source.
    pub(crate) fn whole(&mut self) -> Result<Node, Fault> {
        if self.lexer.source.len() > MAX_LENGTH {
            let start = self.lexer.source.floor_char_boundary(MAX_LENGTH);
            return Err(*self.too_long(Span::new(start, self.lexer.source.len())));
        }
        let node = self.expression(binding::ANY).map_err(|fault| *fault)?;
        if self.token == Token::End { Ok(*node) } else { Err(*self.unexpected("an operator or the end")) }
    }

    /// One expression up to `}}`, and where the text goes on after it.
    pub(crate) fn embedded(&mut self) -> Result<(Node, usize), Fault> {
        let start = self.span.start;
        let node = self.expression(binding::ANY).map_err(|fault| *fault)?;
        match self.token {
            Token::Close if self.span.start - start > MAX_LENGTH => {
                Err(*self.too_long(Span::new(start, self.span.end)))
            }
            Token::Close => Ok((*node, self.span.end)),
            _ => Err(*self.unexpected("an operator or }}")),
        }
    }

    fn advance(&mut self) -> Result<Token<'s>, Box<Fault>> {
        self.steps += 1;
        self.end = self.span.end;
        let (token, span) = self.lexer.next()?;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    fn fault(&self, span: Span, message: impl Into<String>) -> Box<Fault> {
        Box::new(Fault::new(self.lexer.source, span, message))
    }

    fn too_long(&self, span: Span) -> Box<Fault> {
        self.fault(span, format!("The expression is longer than {MAX_LENGTH} bytes; split it into parts"))
    }

    fn too_deep(&self, span: Span) -> Box<Fault> {
        self.fault(span, format!("The expression is nested deeper than {MAX_DEPTH} levels; split it into parts"))
    }

    fn unexpected(&self, wanted: &str) -> Box<Fault> {
        let fault = self.fault(self.span, format!("{} stands where {wanted} should be", self.token.words()));
        match self.token {
            Token::Name(word) if word.eq_ignore_ascii_case("and") => Box::new(fault.meaning(Some("&&"))),
            Token::Name(word) if word.eq_ignore_ascii_case("or") => Box::new(fault.meaning(Some("||"))),
            Token::Name(word) if word.eq_ignore_ascii_case("is") => Box::new(fault.meaning(Some("=="))),
            _ => fault,
        }
    }

    /// Makes a node, within the bounds of depth and number.
    fn node(&mut self, kind: Kind, span: Span) -> Parsed {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fault(span, format!("The expression has more than {MAX_NODES} parts; split it")));
        }
        let height = Node::height_below(&kind) + 1;
        if height > MAX_DEPTH { Err(self.too_deep(span)) } else { Ok(Box::new(Node { kind, span, height })) }
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Parsed {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep(self.span));
        }
        let mut node = self.prefix()?;
        let mut compared = false;
        while let Some(infix) = self.infix().filter(|infix| infix.binding() >= least) {
            if infix.binding() == binding::COMPARISON && std::mem::replace(&mut compared, true) {
                let message = "Comparisons cannot be chained; join two of them with &&, as in a < b && b < c";
                return Err(self.fault(self.span, message));
            }
            self.advance()?;
            node = self.joined(node, infix)?;
        }
        self.nesting -= 1;
        Ok(node)
    }

    fn infix(&self) -> Option<Infix> {
        match self.token {
            Token::Symbol(symbol) => Infix::written(symbol),
            Token::Name("in") => Infix::written("in"),
            _ => None,
        }
    }

    /// The left side is read and the operator taken: reads what is on the right.
    fn joined(&mut self, left: Box<Node>, infix: Infix) -> Parsed {
        let start = left.span;
        match infix {
            Infix::Conditional => {
                let then = self.expression(binding::CONDITIONAL)?;
                self.expect(":", start)?;
                let otherwise = self.expression(binding::CONDITIONAL)?;
                let span = start.to(otherwise.span);
                self.node(Kind::Conditional(Box::new([*left, *then, *otherwise])), span)
            }
            Infix::Logic(logic) => {
                let right = self.expression(logic.binding() + 1)?;
                let span = start.to(right.span);
                let mut parts = same_joined(*left, logic);
                parts.extend(same_joined(*right, logic));
                self.node(Kind::Logic(logic, parts), span)
            }
            Infix::Binary(operator) => {
                let right = self.expression(operator.binding() + 1)?;
                let span = start.to(right.span);
                self.node(Kind::Binary(operator, left, right), span)
            }
        }
    }

    fn prefix(&mut self) -> Parsed {
        let start = self.span;
        let make: fn(Box<Node>) -> Kind = match self.token {
            Token::Symbol("!") => Kind::Not,
            Token::Symbol("-") => Kind::Negate,
            _ => return self.postfix(),
        };
        self.advance()?;
        let operand = self.expression(binding::UNARY)?;
        let span = start.to(operand.span);
        self.node(make(operand), span)
    }

    /// A literal, name, call, list or bracket, with the members and indexes that follow.
    fn postfix(&mut self) -> Parsed {
        let start = self.span;
        let mut node = self.primary()?;
        loop {
            if self.is(".") {
                self.advance()?;
                let place = self.span;
                let Token::Name(name) = self.token else { return Err(self.unexpected("a name")) };
                self.advance()?;
                node = if self.is("(") {
                    self.call(name, place, vec![*node], start)?
                } else {
                    self.node(Kind::Member(node, name.to_owned()), start.to(place))?
                };
            } else if self.is("[") {
                let open = self.span;
                self.advance()?;
                let index = self.expression(binding::ANY)?;
                self.expect("]", open)?;
                let span = Span::new(start.start, self.end);
                node = self.node(Kind::Index(node, index), span)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let span = self.span;
        if matches!(self.token, Token::End | Token::Close)
            || matches!(self.token, Token::Symbol(s) if s != "(" && s != "[")
        {
            return Err(self.unexpected("a value or a name"));
        }
        match self.advance()? {
            Token::Number(number) => self.node(Kind::Number(number), span),
            Token::Text(text) => self.node(Kind::Text(text), span),
            Token::Name("null") => self.node(Kind::Null, span),
            Token::Name("true") => self.node(Kind::Bool(true), span),
            Token::Name("false") => self.node(Kind::Bool(false), span),
            Token::Name("in") => Err(self.fault(span, "in needs a value on its left, as in status in [NEW, WON]")),
            Token::Name(name) if self.is("(") => self.call(name, span, Vec::new(), span),
            Token::Name(name) => self.node(Kind::Name(name.to_owned()), span),
            Token::Symbol("[") => {
                let items = self.separated("]", span)?;
                self.node(Kind::List(items), Span::new(span.start, self.end))
            }
            _ => {
                let inner = self.expression(binding::ANY)?;
                self.expect(")", span)?;
                Ok(inner)
            }
        }
    }

    /// The arguments of a function; `given` is what stood before its name and a dot.
    fn call(&mut self, name: &str, place: Span, given: Vec<Node>, start: Span) -> Parsed {
        let Some(function) = Function::named(name) else {
            let fault = self.fault(place, format!("There is no function {name}"));
            return Err(Box::new(fault.meaning(Function::meant(name))));
        };
        let open = self.span;
        self.advance()?;
        let mut arguments = given;
        arguments.extend(self.separated(")", open)?);
        let span = Span::new(start.start, self.end);
        let (least, most) = function.arguments();
        if arguments.len() < least || arguments.len() > most {
            let wanted = match (least, most) {
                (0, 0) => "no values".to_owned(),
                (1, 1) => "one value".to_owned(),
                (least, most) if least == most => format!("{least} values"),
                (least, most) => format!("{least} to {most} values"),
            };
            return Err(self.fault(span, format!("{} takes {wanted}, not {}", function.name(), arguments.len())));
        }
        if function == Function::Has && !arguments.iter().all(Node::is_path) {
            return Err(self.fault(span, "has takes a path, as in has(order.customer.email)"));
        }
        self.node(Kind::Call(function, arguments), span)
    }

    /// Expressions between commas, up to the closing bracket.
    fn separated(&mut self, close: &'static str, open: Span) -> Result<Vec<Node>, Box<Fault>> {
        let mut items = Vec::new();
        if !self.is(close) {
            items.push(*self.expression(binding::ANY)?);
            while self.is(",") {
                self.advance()?;
                items.push(*self.expression(binding::ANY)?);
            }
        }
        self.expect(close, open)?;
        Ok(items)
    }

    /// Takes the symbol, which belongs to what was opened at `open`.
    fn expect(&mut self, symbol: &str, open: Span) -> Result<(), Box<Fault>> {
        if self.is(symbol) {
            return self.advance().map(|_| ());
        }
        match self.token {
            Token::End | Token::Close if symbol == ":" => {
                Err(self.fault(self.span, "A condition with ? needs : and what holds otherwise"))
            }
            Token::End | Token::Close => {
                Err(self.fault(open, format!("What is opened here is never closed; {symbol} is missing")))
            }
            _ => Err(self.unexpected(symbol)),
        }
    }
}

/// The parts of a node that is joined by the same operator already, or the node alone.
fn same_joined(node: Node, logic: Logic) -> Vec<Node> {
    match node.kind {
        Kind::Logic(same, parts) if same == logic => parts,
        _ => vec![node],
    }
}
