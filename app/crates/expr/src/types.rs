//! The types that an expression is checked with. Every type holds null beside its own values.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Of the literal `null` alone; fits everywhere.
    Null,
    Bool,
    /// An exact decimal.
    Number,
    /// An amount in a currency.
    Money,
    Text,
    /// One of these keys: an option or a state.
    Option(Vec<String>),
    Date,
    /// A moment, in UTC.
    Datetime,
    /// Seconds between two moments.
    Duration,
    List(Box<Self>),
    /// A record of this name; `Scope::field` knows its fields.
    Record(String),
    /// The id of a record of this name, whose fields are reached through it.
    Reference(String),
    /// Not known before it is there: the body of a webhook, the answer of a service. Checked when it is evaluated.
    Any,
}

/// How values of two types may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kinship {
    Ordered,
    EqualityOnly,
    None,
}

impl Type {
    pub fn option<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self::Option(keys.into_iter().map(str::to_owned).collect())
    }

    pub fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    pub fn record(name: &str) -> Self {
        Self::Record(name.to_owned())
    }

    pub fn reference(name: &str) -> Self {
        Self::Reference(name.to_owned())
    }

    /// For people, with its article.
    pub fn words(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Money => "an amount of money".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Option(_) => "an option".to_owned(),
            Self::Date => "a date".to_owned(),
            Self::Datetime => "a moment".to_owned(),
            Self::Duration => "a duration".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Record(name) | Self::Reference(name) => format!("a record of {name}"),
            Self::Any => "a value".to_owned(),
        }
    }

    /// Whether nothing can be said before the value is there.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Any | Self::Null)
    }

    pub(crate) const fn is_textual(&self) -> bool {
        matches!(self, Self::Text | Self::Option(_) | Self::Any | Self::Null)
    }

    /// Whether a value of this type may stand where `wanted` is asked for.
    pub fn fits(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Any | Self::Null, _) | (_, Self::Any) => true,
            (Self::Option(_) | Self::Reference(_), Self::Text) | (Self::Text, Self::Reference(_)) => true,
            (Self::Option(keys), Self::Option(wanted)) => keys.iter().all(|key| wanted.contains(key)),
            (Self::List(item), Self::List(wanted)) => item.fits(wanted),
            _ => self == wanted,
        }
    }

    /// The type of a value that is of one or of the other.
    pub(crate) fn join(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Null, other) | (other, Self::Null) => Some(other),
            (Self::Any, _) | (_, Self::Any) => Some(Self::Any),
            (Self::Option(mut keys), Self::Option(more)) => {
                keys.extend(more);
                keys.sort();
                keys.dedup();
                Some(Self::Option(keys))
            }
            (Self::List(item), Self::List(more)) => item.join(*more).map(Self::list),
            (a, b) if a.fits(&b) => Some(b),
            (a, b) if b.fits(&a) => Some(a),
            _ => None,
        }
    }

    pub(crate) fn kinship(&self, other: &Self) -> Kinship {
        use Kinship::{EqualityOnly, Ordered};
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => EqualityOnly,
            (Self::Any, _) | (_, Self::Any) => Ordered,
            (Self::Number | Self::Money, Self::Number | Self::Money) => Ordered,
            (Self::Date | Self::Datetime, Self::Date | Self::Datetime) => Ordered,
            (Self::Text, Self::Text) | (Self::Duration, Self::Duration) => Ordered,
            (Self::Option(_) | Self::Text, Self::Option(_) | Self::Text) | (Self::Bool, Self::Bool) => EqualityOnly,
            (Self::Reference(_), Self::Text) | (Self::Text, Self::Reference(_)) => EqualityOnly,
            (Self::Reference(left), Self::Reference(right)) if left == right => EqualityOnly,
            (Self::List(left), Self::List(right)) if left.kinship(right) != Kinship::None => EqualityOnly,
            _ => Kinship::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_options_fit_texts_and_amounts_fit_no_numbers() {
        assert!(Type::reference("customer").fits(&Type::Text));
        assert!(Type::option(["a"]).fits(&Type::option(["a", "b"])));
        assert!(!Type::option(["a", "c"]).fits(&Type::option(["a", "b"])));
        assert!(Type::list(Type::Null).fits(&Type::list(Type::Money)));
        assert!(!Type::Number.fits(&Type::Money));
        assert!(!Type::Text.fits(&Type::option(["a"])));
        assert!(!Type::reference("customer").fits(&Type::reference("lead")));
    }

    #[test]
    fn joining_finds_what_both_are() {
        assert_eq!(Type::Null.join(Type::Date), Some(Type::Date));
        assert_eq!(Type::option(["b"]).join(Type::option(["a"])), Some(Type::option(["a", "b"])));
        assert_eq!(Type::Text.join(Type::option(["a"])), Some(Type::Text));
        assert_eq!(Type::list(Type::Null).join(Type::list(Type::Bool)), Some(Type::list(Type::Bool)));
        assert_eq!(Type::Number.join(Type::Text), None);
    }
}
