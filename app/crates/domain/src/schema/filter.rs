//! Filters: one syntax for URLs, the API, saved views and descriptions.
//!
//! ```text
//! status in (qualified, proposal) and owner = me and (value > 5000 or company starts with "Lake")
//! ```
//!
//! A test is `field comparison value`. Comparisons: `= != < <= > >= in not in is empty, is not empty, starts with`. Values are bare words
//! or quoted text; `me` is the caller, `today`, `today-30` and `today+7` are days. `and` binds tighter than `or`. Of a field that holds several,
//! `=` and `in` ask whether one of those named is among them, which `includes` and `not includes` say too. Of a field that points at rows of several
//! entities, a value is `customer:<id>`, or `customer:*` for whichever of them.

use super::{Entity, Field, FieldKind};
use crate::text::nearest;
use serde::{Deserialize, Serialize};
use std::fmt;
use words::t;

/// Groups nested deeper than this are refused.
pub const MAX_DEPTH: usize = 5;
/// Tests in one filter, and values in one list.
pub const MAX_TESTS: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Test(Test),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Test {
    pub field: String,
    pub comparison: Comparison,
    /// As written; the engine turns them into values of the field's type.
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Equals,
    NotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    StartsWith,
    Empty,
    NotEmpty,
}

/// Why a filter or sort was refused, and what was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    pub message: String,
    pub meant: Option<String>,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.meant {
            Some(meant) => f.write_str(&t!("; did you mean {meant}?", meant)),
            None => Ok(()),
        }
    }
}

impl Comparison {
    pub const ALL: [Self; 11] = [
        Self::Equals,
        Self::NotEquals,
        Self::In,
        Self::NotIn,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::StartsWith,
        Self::Empty,
        Self::NotEmpty,
    ];

    /// As written in the syntax.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::StartsWith => "starts with",
            Self::Empty => "is empty",
            Self::NotEmpty => "is not empty",
        }
    }

    /// The same of a field that holds several: whether one of those named is among them.
    pub fn words_of_many(self) -> &'static str {
        match self {
            Self::Equals | Self::In => t!("includes"),
            Self::NotEquals | Self::NotIn => t!("does not include"),
            other => other.words(false),
        }
    }

    /// For people, before a value.
    pub fn words(self, days: bool) -> &'static str {
        match self {
            Self::Equals | Self::In => t!("is"),
            Self::NotEquals | Self::NotIn => t!("is not"),
            Self::Less if days => t!("is before"),
            Self::Less => t!("under" in "comparison"),
            Self::LessOrEqual if days => t!("is on or before"),
            Self::LessOrEqual => t!("at most"),
            Self::Greater if days => t!("is after"),
            Self::Greater => t!("over" in "comparison"),
            Self::GreaterOrEqual if days => t!("is on or after"),
            Self::GreaterOrEqual => t!("at least"),
            Self::StartsWith => t!("starts with"),
            Self::Empty => t!("is empty"),
            Self::NotEmpty => t!("is not empty"),
        }
    }

    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.symbol() == symbol)
    }

    /// How many values it takes: none, one, or a list.
    const fn takes(self) -> Takes {
        match self {
            Self::Empty | Self::NotEmpty => Takes::Nothing,
            Self::In | Self::NotIn => Takes::List,
            _ => Takes::One,
        }
    }

    /// Comparisons that a field of this type offers, in the order of the menu. Empty for fields that cannot be filtered.
    pub fn offered(field: &Field) -> &'static [Self] {
        use Comparison::{
            Empty, Equals, Greater, GreaterOrEqual, In, Less, LessOrEqual, NotEmpty, NotEquals, NotIn, StartsWith,
        };
        // What several references are asked for has the index of their own table. None serves what several choices are asked for, nor whether there
        // is a file; the rows of one workspace are looked through.
        if !field.indexed && !field.is_upload() && !field.is_many() {
            return &[];
        }
        match &field.kind {
            FieldKind::Text { .. } | FieldKind::Email => &[StartsWith, Equals, NotEquals, In, Empty, NotEmpty],
            FieldKind::Phone | FieldKind::Number | FieldKind::Url | FieldKind::LongText { .. } => {
                &[Equals, StartsWith, In]
            }
            FieldKind::Option { .. }
            | FieldKind::Options { .. }
            | FieldKind::References { .. }
            | FieldKind::AnyReference { .. }
            | FieldKind::Member
            | FieldKind::Reference { .. }
            | FieldKind::Country => &[Equals, NotEquals, In, NotIn, Empty, NotEmpty],
            FieldKind::Address | FieldKind::Geo => &[],
            FieldKind::File { .. } | FieldKind::Image { .. } => &[NotEmpty, Empty],
            FieldKind::State => &[Equals, NotEquals, In, NotIn],
            FieldKind::Boolean => &[Equals, Empty, NotEmpty],
            FieldKind::Integer { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Percentage { .. }
            | FieldKind::Duration { .. }
            | FieldKind::Money { .. } => &[Greater, GreaterOrEqual, Less, LessOrEqual, Equals, Empty, NotEmpty],
            FieldKind::Date { .. } | FieldKind::Datetime => {
                &[GreaterOrEqual, Greater, LessOrEqual, Less, Equals, Empty, NotEmpty]
            }
            FieldKind::Checklist => &[],
        }
    }
}

enum Takes {
    Nothing,
    One,
    List,
}

impl Filter {
    /// Reads and checks against the description: unknown fields and comparisons are named, with the nearest known word.
    pub fn parse(text: &str, entity: &Entity) -> Result<Self, FilterError> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, entity, tests: 0 };
        let filter = parser.any(0)?;
        match parser.peek() {
            None => Ok(filter),
            Some(token) => Err(error(t!("{token} was not expected here", token))),
        }
    }

    /// The canonical text; `parse` reads it back to the same filter.
    pub fn print(&self) -> String {
        self.printed(false)
    }

    fn printed(&self, inner: bool) -> String {
        let joined = |filters: &[Self], word: &str, inner: bool| {
            let parts: Vec<String> = filters.iter().map(|filter| filter.printed(true)).collect();
            let text = parts.join(word);
            if inner && parts.len() > 1 { format!("({text})") } else { text }
        };
        match self {
            Self::All(filters) => joined(filters, " and ", inner),
            Self::Any(filters) => joined(filters, " or ", inner),
            Self::Test(test) => test.print(),
        }
    }

    /// Conditions that are joined by "and" at the top: what a filter bar shows as separate pills.
    pub fn conditions(&self) -> Vec<&Self> {
        match self {
            Self::All(filters) => filters.iter().collect(),
            other => vec![other],
        }
    }

    /// Whether no row without a value of the field can match.
    pub fn demands(&self, field: &str) -> bool {
        match self {
            Self::All(filters) => filters.iter().any(|filter| filter.demands(field)),
            Self::Any(filters) => !filters.is_empty() && filters.iter().all(|filter| filter.demands(field)),
            Self::Test(test) => {
                let met_by_nothing =
                    matches!(test.comparison, Comparison::Empty | Comparison::NotEquals | Comparison::NotIn);
                test.field == field && !met_by_nothing
            }
        }
    }

    /// Both must hold. Flat, so that pills stay pills.
    pub fn and(self, other: Self) -> Self {
        let mut all = match self {
            Self::All(filters) => filters,
            one => vec![one],
        };
        match other {
            Self::All(filters) => all.extend(filters),
            one => all.push(one),
        }
        Self::All(all)
    }
}

impl Test {
    fn print(&self) -> String {
        let symbol = self.comparison.symbol();
        match self.comparison.takes() {
            Takes::Nothing => format!("{} {symbol}", self.field),
            Takes::One => format!("{} {symbol} {}", self.field, quoted(self.values.first().map_or("", String::as_str))),
            Takes::List => {
                let values: Vec<String> = self.values.iter().map(|value| quoted(value)).collect();
                format!("{} {symbol} ({})", self.field, values.join(", "))
            }
        }
    }
}

fn quoted(value: &str) -> String {
    let bare = !value.is_empty()
        && value.chars().all(|letter| letter.is_alphanumeric() || "-_.@+:*".contains(letter))
        && !matches!(value, "and" | "or" | "in" | "not" | "is");
    if bare { value.to_owned() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Symbol(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) | Self::Quoted(word) => f.write_str(word),
            Self::Symbol(symbol) => f.write_str(symbol),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    const SYMBOLS: [&str; 9] = ["!=", "<=", ">=", "=", "<", ">", "(", ")", ","];
    if text.len() > 4096 {
        return Err(error(t!("The filter is longer than 4,096 characters").to_owned()));
    }
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else if first == '"' {
            let (value, after) = quoted_token(&rest[1..])?;
            tokens.push(Token::Quoted(value));
            rest = after;
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "=!<>(),\"".contains(c)).unwrap_or(rest.len());
            if end == 0 {
                return Err(error(t!("{token} was not expected here", token = first)));
            }
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

fn quoted_token(text: &str) -> Result<(String, &str), FilterError> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    Err(error(t!("A quoted value has no closing quote").to_owned()))
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    entity: &'a Entity,
    tests: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(symbol)) if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.term(depth)?];
        while self.word("and") {
            parts.push(self.term(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn term(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if self.symbol("(") {
            if depth >= MAX_DEPTH {
                return Err(error(t!("Groups are nested deeper than {most}", most = MAX_DEPTH)));
            }
            let inner = self.any(depth + 1)?;
            return if self.symbol(")") {
                Ok(inner)
            } else {
                Err(error(t!("A group has no closing bracket").to_owned()))
            };
        }
        self.test().map(Filter::Test)
    }

    fn test(&mut self) -> Result<Test, FilterError> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(error(t!("A filter holds at most {most} conditions", most = MAX_TESTS)));
        }
        let field = self.field()?;
        let comparison = self.comparison(field)?;
        let values = self.values(comparison)?;
        Ok(Test { field: field.key.clone(), comparison, values })
    }

    fn field(&mut self) -> Result<&'a Field, FilterError> {
        let Some(Token::Word(word)) = self.peek() else {
            return Err(error(t!("A condition begins with the name of a field, such as status = new").to_owned()));
        };
        self.at += 1;
        let entity = self.entity;
        if let Some(field) =
            entity.fields.iter().find(|field| field.key == *word || crate::text::snake(&field.key) == *word)
        {
            return Ok(field);
        }
        let meant = nearest(word, entity.fields.iter().map(|field| field.key.as_str())).map(str::to_owned);
        let message = t!("{entity} has no field {key}", entity = entity.labels.one, key = word);
        Err(FilterError { message, meant })
    }

    fn comparison(&mut self, field: &Field) -> Result<Comparison, FilterError> {
        let comparison = match self.peek() {
            Some(Token::Symbol(symbol)) => {
                self.at += 1;
                Comparison::from_symbol(symbol)
            }
            _ if field.is_many() && self.word("includes") => Some(Comparison::Equals),
            _ if self.word("in") => Some(Comparison::In),
            _ if self.word("not") => match field.is_many() && self.word("includes") {
                true => Some(Comparison::NotEquals),
                false => self.word("in").then_some(Comparison::NotIn),
            },
            _ if self.word("starts") => self.word("with").then_some(Comparison::StartsWith),
            _ if self.word("is") => {
                let not = self.word("not");
                self.word("empty").then_some(if not { Comparison::NotEmpty } else { Comparison::Empty })
            }
            _ => None,
        };
        let offered = Comparison::offered(field);
        match comparison {
            Some(comparison) if offered.contains(&comparison) => Ok(comparison),
            _ if offered.is_empty() => Err(error(t!("{field} cannot be filtered by", field = field.key))),
            _ => {
                let symbols: Vec<&str> = offered.iter().map(|comparison| comparison.symbol()).collect();
                let symbols = symbols.join(", ");
                Err(error(t!("After {field} comes one of: {symbols}", field = field.key, symbols)))
            }
        }
    }

    fn values(&mut self, comparison: Comparison) -> Result<Vec<String>, FilterError> {
        match comparison.takes() {
            Takes::Nothing => Ok(Vec::new()),
            Takes::One => Ok(vec![self.value()?]),
            Takes::List => {
                if !self.symbol("(") {
                    let symbol = comparison.symbol();
                    return Err(error(t!("After {symbol} comes a list such as (a, b)", symbol)));
                }
                let mut values = vec![self.value()?];
                while self.symbol(",") {
                    values.push(self.value()?);
                }
                if values.len() > MAX_TESTS {
                    return Err(error(t!("A list holds at most {most} values", most = MAX_TESTS)));
                }
                if self.symbol(")") { Ok(values) } else { Err(error(t!("A list has no closing bracket").to_owned())) }
            }
        }
    }

    fn value(&mut self) -> Result<String, FilterError> {
        match self.peek() {
            Some(Token::Word(value) | Token::Quoted(value)) => {
                self.at += 1;
                Ok(value.clone())
            }
            _ => Err(error(t!("A value is missing").to_owned())),
        }
    }
}

fn error(message: String) -> FilterError {
    FilterError { message, meant: None }
}
