//! The tree of an expression as it was written, before names and types are known.

use crate::decimal::Decimal;
use crate::fault::Span;
use crate::function::Function;

/// Equal when the same is written; where it is written does not count.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub kind: Kind,
    pub span: Span,
    /// Levels of the tree from here down. The parser holds it to `MAX_DEPTH`, so that recursion, dropping included, is shallow everywhere.
    pub height: usize,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// Never negative: a minus sign is an operator.
    Number(Decimal),
    Text(String),
    Name(String),
    /// The span of the node ends where the name does.
    Member(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    /// Two or more parts joined by `&&` or `||`; no part is joined by the same itself.
    Logic(Logic, Vec<Node>),
    /// Condition, then, else.
    Conditional(Box<[Node; 3]>),
    List(Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logic {
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// How tightly operators bind; a higher one binds tighter.
pub(crate) mod binding {
    pub const ANY: u8 = 0;
    pub const CONDITIONAL: u8 = 1;
    pub const OR: u8 = 2;
    pub const AND: u8 = 3;
    pub const COMPARISON: u8 = 4;
    pub const SUM: u8 = 5;
    pub const PRODUCT: u8 = 6;
    pub const UNARY: u8 = 7;
    pub const MEMBER: u8 = 8;
}

impl Logic {
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::All => "&&",
            Self::Any => "||",
        }
    }

    pub(crate) const fn binding(self) -> u8 {
        match self {
            Self::All => binding::AND,
            Self::Any => binding::OR,
        }
    }
}

impl Binary {
    pub(crate) const ALL: [Self; 12] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::In,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Remainder,
    ];

    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    pub(crate) const fn binding(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => binding::SUM,
            Self::Multiply | Self::Divide | Self::Remainder => binding::PRODUCT,
            _ => binding::COMPARISON,
        }
    }

    pub(crate) const fn compares(self) -> bool {
        self.binding() == binding::COMPARISON
    }
}

/// What stands between two sides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Infix {
    Conditional,
    Logic(Logic),
    Binary(Binary),
}

impl Infix {
    pub(crate) fn written(symbol: &str) -> Option<Self> {
        match symbol {
            "?" => Some(Self::Conditional),
            "&&" => Some(Self::Logic(Logic::All)),
            "||" => Some(Self::Logic(Logic::Any)),
            _ => Binary::ALL.into_iter().find(|operator| operator.symbol() == symbol).map(Self::Binary),
        }
    }

    pub(crate) const fn binding(self) -> u8 {
        match self {
            Self::Conditional => binding::CONDITIONAL,
            Self::Logic(logic) => logic.binding(),
            Self::Binary(operator) => operator.binding(),
        }
    }
}

impl Node {
    /// The tallest of the parts below this node.
    pub(crate) fn height_below(kind: &Kind) -> usize {
        let tallest = |nodes: &[Self]| nodes.iter().map(|node| node.height).max().unwrap_or(0);
        match kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Name(_) => 0,
            Kind::Member(node, _) | Kind::Not(node) | Kind::Negate(node) => node.height,
            Kind::Index(left, right) | Kind::Binary(_, left, right) => left.height.max(right.height),
            Kind::Call(_, nodes) | Kind::Logic(_, nodes) | Kind::List(nodes) => tallest(nodes),
            Kind::Conditional(nodes) => tallest(nodes.as_slice()),
        }
    }

    /// A name, or members and indexes of one: what `has` may ask for.
    pub(crate) fn is_path(&self) -> bool {
        match &self.kind {
            Kind::Name(_) => true,
            Kind::Member(base, _) | Kind::Index(base, _) => base.is_path(),
            _ => false,
        }
    }

    /// How tightly the outermost operator binds.
    pub(crate) const fn binding(&self) -> u8 {
        match &self.kind {
            Kind::Conditional(_) => binding::CONDITIONAL,
            Kind::Logic(logic, _) => logic.binding(),
            Kind::Binary(operator, ..) => operator.binding(),
            Kind::Not(_) | Kind::Negate(_) => binding::UNARY,
            _ => binding::MEMBER,
        }
    }
}
