//! The one builder of statements: the only place beside the pools where text becomes SQL.
//!
//! What may enter a statement is held by types: keywords are `&'static str`, names and words come from descriptions and are refused unless
//! they look like such, numbers are printed from integers, and everything that a caller wrote is bound. Nothing else can be pushed.

use domain::{Error, Result};
use platform::{Ctx, Row, Statement, db_error};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

pub use platform::Bind;

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

    /// How PostgreSQL would read these rows, and how many it expects, for the values at hand.
    pub fn explained(&self) -> Self {
        Self { text: format!("explain (format json) {}", self.text), ..self.clone() }
    }

    /// The plan by which the statement is read: the one for all values, unless it is planned each time. `analyze` also runs it.
    pub async fn explain(&self, ctx: &mut Ctx, analyze: bool) -> Result<serde_json::Value> {
        let mode = if self.fresh { "force_custom_plan" } else { "force_generic_plan" };
        let options = if analyze { "format json, analyze, buffers" } else { "format json" };
        let statement = self.clone().statement()?;
        let types: Vec<&str> = statement.binds.iter().map(Bind::sql_type).collect();
        let values: Vec<String> = statement.binds.iter().map(Bind::literal).collect();
        let listed = |list: String| if list.is_empty() { list } else { format!("({list})") };
        let (types, values) = (listed(types.join(", ")), listed(values.join(", ")));
        let explain = format!(
            "set local plan_cache_mode = {mode}; prepare explained {types} as {}; explain ({options}) execute explained {values}; \
             deallocate explained; set local plan_cache_mode = auto",
            statement.text
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(ctx.conn().await?).await.map_err(db_error)?;
        rows.first().ok_or_else(Error::internal)?.try_get(0).map_err(db_error)
    }

    pub async fn all(self, ctx: &mut Ctx) -> Result<Vec<Row>> {
        ctx.fetch(self.statement()?).await
    }

    pub async fn one(self, ctx: &mut Ctx) -> Result<Row> {
        self.optional(ctx).await?.ok_or_else(|| {
            tracing::error!("a statement that answers a row answered none");
            Error::internal()
        })
    }

    pub async fn optional(self, ctx: &mut Ctx) -> Result<Option<Row>> {
        Ok(self.all(ctx).await?.into_iter().next())
    }

    /// For those who have a transaction and no context.
    pub async fn all_on(self, connection: &mut PgConnection) -> Result<Vec<Row>> {
        self.try_all(connection).await?.map_err(db_error)
    }

    /// For writes, whose faults the caller turns into words about fields.
    pub async fn try_all(self, connection: &mut PgConnection) -> Result<sqlx::Result<Vec<Row>>> {
        let rows = self.statement()?.query().fetch_all(connection).await;
        Ok(rows.map(|rows| rows.into_iter().map(Row::Written).collect()))
    }

    fn statement(self) -> Result<Statement> {
        if self.fault {
            return Err(Error::internal());
        }
        Ok(Statement { text: self.text, binds: self.binds, fresh: self.fresh })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

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
            assert!(sql.statement().is_err(), "{name}");
        }
        let mut sql = Sql::new("select ");
        sql.name("order");
        assert!(sql.statement().is_ok());
    }

    #[test]
    fn what_is_no_word_stops_the_statement() {
        for word in ["", "a b", "a'", "a\\", "';--", "nämn", &"a".repeat(64)] {
            let mut sql = Sql::new("select ");
            sql.word(word);
            assert!(sql.statement().is_err(), "{word}");
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
