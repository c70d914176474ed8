//! The one builder of statements: the only place beside the pools where text becomes SQL.
//!
//! What may enter a statement is held by types: keywords are `&'static str`, names and words come from descriptions and are refused unless
//! they look like such, numbers are printed from integers, and everything that a caller wrote is bound. Nothing else can be pushed.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Error, Result};
use platform::db_error;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
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
    Texts(Vec<Option<String>>),
    Ints(Vec<Option<i64>>),
    Ids(Vec<Option<Uuid>>),
    Dates(Vec<Option<NaiveDate>>),
    Moments(Vec<Option<DateTime<Utc>>>),
    Bools(Vec<Option<bool>>),
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
        }
    }

    /// Appends a value to a list of its own type.
    pub fn append(&mut self, value: Self) -> Result<()> {
        match (self, value) {
            (Self::Texts(list), Self::Text(value)) => list.push(value),
            (Self::Ints(list), Self::Int(value)) => list.push(value),
            (Self::Ids(list), Self::Id(value)) => list.push(value),
            (Self::Dates(list), Self::Date(value)) => list.push(value),
            (Self::Moments(list), Self::Moment(value)) => list.push(value),
            (Self::Bools(list), Self::Bool(value)) => list.push(value),
            (list, value) => {
                tracing::error!(?list, ?value, "a list of one type was given a value of another");
                return Err(Error::internal());
            }
        }
        Ok(())
    }
}

/// A stretch of a statement that may be repeated in the same statement: its arguments are bound already.
#[derive(Debug, Clone)]
pub struct Piece(String);

/// The number of an argument, so that it can be named again without being bound twice.
#[derive(Debug, Clone, Copy)]
pub struct Argument(usize);

#[derive(Debug, Clone, Default)]
pub struct Sql {
    text: String,
    binds: Vec<Bind>,
    fault: bool,
    /// Columns compared with values of which some have few rows and some have many.
    varying: Vec<String>,
    fresh: bool,
}

impl Sql {
    pub fn new(start: &'static str) -> Self {
        Self { text: start.to_owned(), ..Self::default() }
    }

    pub fn push(&mut self, keywords: &'static str) -> &mut Self {
        self.text.push_str(keywords);
        self
    }

    /// A table or column of a description. Descriptions are checked when they are loaded; a name that is none all the same stops the
    /// statement.
    pub fn name(&mut self, name: &str) -> &mut Self {
        let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if first && name.len() <= 63 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            // Quoted, because a description may well have a field named like a keyword: `order`, `group`, `end`.
            self.text.push('"');
            self.text.push_str(name);
            self.text.push('"');
        } else {
            tracing::error!(name, "not a name that SQL can hold");
            self.fault = true;
        }
        self
    }

    /// `alias.name`
    pub fn column(&mut self, alias: &'static str, name: &str) -> &mut Self {
        self.push(alias).push(".").name(name)
    }

    /// An alias of a numbered family: `l0`, `l1`.
    pub fn alias(&mut self, family: &'static str, number: usize) -> &mut Self {
        self.text.push_str(family);
        self.text.push_str(&number.to_string());
        self
    }

    /// A word of a description, such as a state, as text. Printed, because a plan for one state is not the plan for another.
    pub fn word(&mut self, word: &str) -> &mut Self {
        if !word.is_empty()
            && word.len() <= 63
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        {
            self.text.push('\'');
            self.text.push_str(word);
            self.text.push('\'');
        } else {
            tracing::error!(word, "not a word that a statement may hold");
            self.fault = true;
        }
        self
    }

    /// A number that the server has checked and that the planner has to see, such as a limit.
    pub fn number(&mut self, number: u32) -> &mut Self {
        self.text.push_str(&number.to_string());
        self
    }

    pub fn bind(&mut self, value: Bind) -> Argument {
        let argument = self.argument(value);
        self.again(argument);
        argument
    }

    /// Binds without naming the argument in the text yet.
    pub fn argument(&mut self, value: Bind) -> Argument {
        self.binds.push(value);
        Argument(self.binds.len())
    }

    pub fn again(&mut self, argument: Argument) -> &mut Self {
        self.text.push('$');
        self.text.push_str(&argument.0.to_string());
        self
    }

    /// Notes that the best plan depends on what this column is compared with.
    pub fn varies(&mut self, column: &str) -> &mut Self {
        self.varying.push(column.to_owned());
        self
    }

    /// PostgreSQL soon plans a prepared statement once for all values. That is right while the rows are read in order until the page is
    /// full, and terrible where the order is one column's and a condition on another turns out to be met by hardly any row. Such statements
    /// are planned each time, for the values at hand: it costs a round trip.
    pub fn ordered_by(&mut self, column: &str) -> &mut Self {
        self.fresh = self.varying.iter().any(|varying| varying != column);
        self
    }

    /// What `write` appends, cut out to be placed later, once or more often.
    pub fn piece(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<Piece> {
        let start = self.text.len();
        write(self)?;
        Ok(Piece(self.text.split_off(start)))
    }

    pub fn place(&mut self, piece: &Piece) -> &mut Self {
        self.text.push_str(&piece.0);
        self
    }

    #[cfg(test)]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn binds(&self) -> &[Bind] {
        &self.binds
    }

    /// The plan that PostgreSQL makes of this statement, as JSON.
    pub fn explained(&self, analyze: bool) -> Self {
        let prefix = if analyze { "explain (format json, analyze, buffers) " } else { "explain (format json) " };
        Self { text: format!("{prefix}{}", self.text), ..self.clone() }
    }

    pub async fn all(self, connection: &mut PgConnection) -> Result<Vec<PgRow>> {
        self.query()?.fetch_all(connection).await.map_err(db_error)
    }

    pub async fn one(self, connection: &mut PgConnection) -> Result<PgRow> {
        self.query()?.fetch_one(connection).await.map_err(db_error)
    }

    pub async fn optional(self, connection: &mut PgConnection) -> Result<Option<PgRow>> {
        self.query()?.fetch_optional(connection).await.map_err(db_error)
    }

    /// For writes, whose faults the caller turns into words about fields.
    pub async fn try_all(self, connection: &mut PgConnection) -> Result<sqlx::Result<Vec<PgRow>>> {
        Ok(self.query()?.fetch_all(connection).await)
    }

    fn query(self) -> Result<Query<'static, Postgres, PgArguments>> {
        if self.fault {
            return Err(Error::internal());
        }
        let mut query = sqlx::query(AssertSqlSafe(self.text)).persistent(!self.fresh);
        for bind in self.binds {
            query = match bind {
                Bind::Text(value) => query.bind(value),
                Bind::Int(value) => query.bind(value),
                Bind::Id(value) => query.bind(value),
                Bind::Date(value) => query.bind(value),
                Bind::Moment(value) => query.bind(value),
                Bind::Bool(value) => query.bind(value),
                Bind::Texts(values) => query.bind(values),
                Bind::Ints(values) => query.bind(values),
                Bind::Ids(values) => query.bind(values),
                Bind::Dates(values) => query.bind(values),
                Bind::Moments(values) => query.bind(values),
                Bind::Bools(values) => query.bind(values),
            };
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbered_and_pieces_repeat_them() {
        let mut sql = Sql::new("select ");
        let tenant = sql.argument(Bind::Id(Some(Uuid::nil())));
        let piece = sql
            .piece(|sql| {
                sql.column("t", "tenant_id").push(" = ").again(tenant).push(" and t.a = ");
                sql.bind(Bind::text("'; drop table leads; --"));
                Ok(())
            })
            .unwrap();
        sql.place(&piece).push(" or ").place(&piece).push(" limit ").number(51);
        assert_eq!(
            sql.text(),
            "select t.\"tenant_id\" = $1 and t.a = $2 or t.\"tenant_id\" = $1 and t.a = $2 limit 51"
        );
        assert_eq!(sql.binds().len(), 2);
    }

    #[test]
    fn what_is_no_name_stops_the_statement() {
        for name in ["", "a b", "a\"", "a;drop", "A", "1a", "leads; --", "nämn", &"a".repeat(64)] {
            let mut sql = Sql::new("select ");
            sql.name(name);
            assert!(sql.query().is_err(), "{name}");
        }
        let mut sql = Sql::new("select ");
        sql.name("order");
        assert!(sql.query().is_ok());
    }

    #[test]
    fn what_is_no_word_stops_the_statement() {
        for word in ["", "a b", "a'", "a\\", "';--", "nämn", &"a".repeat(64)] {
            let mut sql = Sql::new("select ");
            sql.word(word);
            assert!(sql.query().is_err(), "{word}");
        }
        let mut sql = Sql::new("select ");
        sql.word("web_form").push(", ").word("KE");
        assert_eq!(sql.text(), "select 'web_form', 'KE'");
    }

    #[test]
    fn a_statement_is_planned_each_time_where_the_plan_hangs_on_the_values() {
        let mut sql = Sql::new("select ");
        assert!(!sql.ordered_by("created_at").fresh);
        sql.varies("value_minor");
        assert!(!sql.ordered_by("value_minor").fresh);
        assert!(sql.ordered_by("created_at").fresh);
    }
}
