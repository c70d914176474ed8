//! A statement with its arguments, and the rows it answers, whichever of the two drivers carries them: `sqlx` inside a transaction that
//! writes, `tokio-postgres` where a read goes out in one round trip (`read.rs`).

use crate::db::db_error;
use bytes::BytesMut;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Error, Result};
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};
use std::error::Error as StdError;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// An argument with its SQL type. Lists become arrays: of `= any(...)`, or the columns of a set-based write.
#[derive(Debug, Clone, PartialEq)]
pub enum Bind {
    Text(Option<String>),
    Int(Option<i64>),
    Id(Option<Uuid>),
    Date(Option<NaiveDate>),
    Moment(Option<DateTime<Utc>>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
    /// One value that is a list of words, where [`Bind::Texts`] is a list of values.
    Words(Option<Vec<String>>),
    /// One value that is a list of ids, where [`Bind::Ids`] is a list of values.
    Several(Option<Vec<Uuid>>),
    Json(Option<Value>),
    Texts(Vec<Option<String>>),
    Ints(Vec<Option<i64>>),
    Ids(Vec<Option<Uuid>>),
    Dates(Vec<Option<NaiveDate>>),
    Moments(Vec<Option<DateTime<Utc>>>),
    Bools(Vec<Option<bool>>),
    Jsons(Vec<Option<Value>>),
}

/// Does the same with the value of every variant.
macro_rules! each {
    ($bind:expr, $value:ident => $do:expr) => {
        match $bind {
            Bind::Text($value) => $do,
            Bind::Int($value) => $do,
            Bind::Id($value) => $do,
            Bind::Date($value) => $do,
            Bind::Moment($value) => $do,
            Bind::Bool($value) => $do,
            Bind::Bytes($value) => $do,
            Bind::Words($value) => $do,
            Bind::Several($value) => $do,
            Bind::Json($value) => $do,
            Bind::Texts($value) => $do,
            Bind::Ints($value) => $do,
            Bind::Ids($value) => $do,
            Bind::Dates($value) => $do,
            Bind::Moments($value) => $do,
            Bind::Bools($value) => $do,
            Bind::Jsons($value) => $do,
        }
    };
}

impl Bind {
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(Some(value.into()))
    }

    pub fn ids(values: impl IntoIterator<Item = Uuid>) -> Self {
        Self::Ids(values.into_iter().map(Some).collect())
    }

    pub fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::Texts(values.into_iter().map(|value| Some(value.into())).collect())
    }

    /// An empty list whose elements are of this one's type.
    pub fn list(&self) -> Self {
        match self {
            Self::Text(_) | Self::Texts(_) => Self::Texts(Vec::new()),
            Self::Int(_) | Self::Ints(_) => Self::Ints(Vec::new()),
            Self::Id(_) | Self::Ids(_) => Self::Ids(Vec::new()),
            Self::Date(_) | Self::Dates(_) => Self::Dates(Vec::new()),
            Self::Moment(_) | Self::Moments(_) => Self::Moments(Vec::new()),
            Self::Bool(_) | Self::Bools(_) => Self::Bools(Vec::new()),
            Self::Json(_) | Self::Jsons(_) => Self::Jsons(Vec::new()),
            // No list of these is ever written.
            Self::Bytes(_) | Self::Words(_) | Self::Several(_) => Self::Texts(Vec::new()),
        }
    }

    /// The id that it is, if it is one.
    pub const fn id(&self) -> Option<Uuid> {
        if let Self::Id(id) = self { *id } else { None }
    }

    /// Appends a value to a list of its own type.
    pub fn append(&mut self, value: Self) -> Result<()> {
        match (self, value) {
            (Self::Texts(list), Self::Text(value)) => list.push(value),
            // PostgreSQL has no list of lists of different lengths: each goes as its literal and is cast where it is read.
            (Self::Texts(list), Self::Words(value)) => list.push(value.map(|words| array_literal(&words))),
            (Self::Texts(list), Self::Several(value)) => list.push(value.map(|ids| array_literal(&ids))),
            (Self::Ints(list), Self::Int(value)) => list.push(value),
            (Self::Ids(list), Self::Id(value)) => list.push(value),
            (Self::Dates(list), Self::Date(value)) => list.push(value),
            (Self::Moments(list), Self::Moment(value)) => list.push(value),
            (Self::Bools(list), Self::Bool(value)) => list.push(value),
            (Self::Jsons(list), Self::Json(value)) => list.push(value),
            (list, value) => {
                tracing::error!(?list, ?value, "a list of one type was given a value of another");
                return Err(Error::internal());
            }
        }
        Ok(())
    }

    pub(crate) const fn of_type(&self) -> Type {
        match self {
            Self::Text(_) => Type::TEXT,
            Self::Int(_) => Type::INT8,
            Self::Id(_) => Type::UUID,
            Self::Date(_) => Type::DATE,
            Self::Moment(_) => Type::TIMESTAMPTZ,
            Self::Bool(_) => Type::BOOL,
            Self::Bytes(_) => Type::BYTEA,
            Self::Json(_) => Type::JSONB,
            Self::Texts(_) | Self::Words(_) => Type::TEXT_ARRAY,
            Self::Ints(_) => Type::INT8_ARRAY,
            Self::Ids(_) | Self::Several(_) => Type::UUID_ARRAY,
            Self::Dates(_) => Type::DATE_ARRAY,
            Self::Moments(_) => Type::TIMESTAMPTZ_ARRAY,
            Self::Bools(_) => Type::BOOL_ARRAY,
            Self::Jsons(_) => Type::JSONB_ARRAY,
        }
    }
}

/// `{"a","b"}`
fn array_literal<T: ToString>(words: &[T]) -> String {
    let quoted = |word: &T| format!("\"{}\"", word.to_string().replace('\\', "\\\\").replace('"', "\\\""));
    format!("{{{}}}", words.iter().map(quoted).collect::<Vec<_>>().join(","))
}

impl Bind {
    /// What the literals of a list of these are cast with where they are read; nothing where they go as they are.
    pub const fn cast(&self) -> &'static str {
        match self {
            Self::Words(_) => "::text[]",
            Self::Several(_) => "::uuid[]",
            _ => "",
        }
    }

    /// As SQL writes it.
    pub const fn sql_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Int(_) => "bigint",
            Self::Id(_) => "uuid",
            Self::Date(_) => "date",
            Self::Moment(_) => "timestamptz",
            Self::Bool(_) => "boolean",
            Self::Bytes(_) => "bytea",
            Self::Json(_) => "jsonb",
            Self::Texts(_) | Self::Words(_) => "text[]",
            Self::Ints(_) => "bigint[]",
            Self::Ids(_) | Self::Several(_) => "uuid[]",
            Self::Dates(_) => "date[]",
            Self::Moments(_) => "timestamptz[]",
            Self::Bools(_) => "boolean[]",
            Self::Jsons(_) => "jsonb[]",
        }
    }
}

impl Bind {
    /// The value itself, as SQL writes it: for explaining a statement, never for running one.
    pub fn literal(&self) -> String {
        fn one<T: std::fmt::Display>(value: Option<&T>) -> String {
            value.map_or_else(|| "null".to_owned(), |value| format!("'{}'", value.to_string().replace('\'', "''")))
        }
        fn list<T: std::fmt::Display>(values: &[Option<T>]) -> String {
            format!("array[{}]", values.iter().map(|value| one(value.as_ref())).collect::<Vec<_>>().join(", "))
        }
        let value = match self {
            Self::Text(value) => one(value.as_ref()),
            Self::Int(value) => one(value.as_ref()),
            Self::Id(value) => one(value.as_ref()),
            Self::Date(value) => one(value.as_ref()),
            Self::Moment(value) => one(value.as_ref()),
            Self::Bool(value) => one(value.as_ref()),
            Self::Bytes(_) => "null".to_owned(),
            Self::Words(None) | Self::Several(None) => "null".to_owned(),
            Self::Several(Some(ids)) => list(&ids.iter().map(Some).collect::<Vec<_>>()),
            Self::Words(Some(words)) => list(&words.iter().map(Some).collect::<Vec<_>>()),
            Self::Json(value) => one(value.as_ref()),
            Self::Texts(values) => list(values),
            Self::Ints(values) => list(values),
            Self::Ids(values) => list(values),
            Self::Dates(values) => list(values),
            Self::Moments(values) => list(values),
            Self::Bools(values) => list(values),
            Self::Jsons(values) => list(values),
        };
        format!("{value}::{}", self.sql_type())
    }
}

impl ToSql for Bind {
    fn to_sql(&self, of_type: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        each!(self, value => value.to_sql(of_type, out))
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A statement made ready. Its text is trusted: it is a constant, or was built by the one builder of statements, which binds whatever a
/// caller wrote (tests/it/tidy.rs holds everybody else to constants).
#[derive(Debug, Clone)]
pub struct Statement {
    pub text: String,
    pub binds: Vec<Bind>,
    /// Plan it each time, for the values at hand, instead of once for all values.
    pub fresh: bool,
}

impl Statement {
    pub fn new(text: &'static str, binds: Vec<Bind>) -> Self {
        Self { text: text.to_owned(), binds, fresh: false }
    }

    /// For a transaction of `sqlx`.
    pub fn query(self) -> Query<'static, Postgres, PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.text)).persistent(!self.fresh);
        for bind in self.binds {
            query = each!(bind, value => query.bind(value));
        }
        query
    }
}

/// One row of an answer.
#[derive(Debug)]
pub enum Row {
    Written(PgRow),
    Read(tokio_postgres::Row),
}

/// What a column may be read as.
pub trait Cell<'r>: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + FromSql<'r> {}
impl<'r, T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres> + FromSql<'r>> Cell<'r> for T {}

impl Row {
    /// The column at a place, counted from 0; as an `Option` where it may be null.
    pub fn get<'r, T: Cell<'r>>(&'r self, at: usize) -> Result<T> {
        match self {
            Self::Written(row) => sqlx::Row::try_get(row, at).map_err(db_error),
            Self::Read(row) => row.try_get(at).map_err(|error| {
                tracing::error!(%error, "a column could not be read");
                Error::internal()
            }),
        }
    }
}
