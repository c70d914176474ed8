//! What the descriptions ask for and the database does not have, and the SQL that would mend it.
//!
//! Only what is missing or different is a difference: a column that no description names may belong to a hand-written verb, or to a
//! release that is being rolled out.

use super::live::{self, Live, LiveColumn, LiveIndex};
use super::print;
use super::table::{Check, Column, ForeignKey, Index, Link, Rule, Table};
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub table: String,
    /// `column source is missing`.
    pub what: String,
    mend: Mend,
}

/// In the order in which a migration has to do them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mend {
    Table(Box<Table>),
    Statements(Vec<String>),
    /// A column that the database fills from another one, or an index that holds nothing back: nothing about the rows has to be decided.
    Follows(Vec<String>),
    /// An index of a table that migrations make: perhaps that of another release, whose process would make it anew in its turn.
    Standing(Vec<String>),
    /// Keys come when all tables and columns are there.
    Last(String),
    /// Needs somebody's decision about the rows that there are.
    ByHand(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.table, self.what)
    }
}

impl Difference {
    /// Whether a whole table is missing.
    pub fn is_table(&self) -> bool {
        matches!(self.mend, Mend::Table(_))
    }

    /// Whether it can be mended without anybody's decision and without the rows that there are.
    pub fn is_new(&self) -> bool {
        self.is_table() || matches!(self.mend, Mend::Follows(_))
    }

    /// Whether it is an index that migrations alone mend, and that a process can go on with as it is.
    pub fn is_standing(&self) -> bool {
        matches!(self.mend, Mend::Standing(_))
    }
}

/// Policies that `secure_tenant_table` makes.
const POLICIES: [&str; 4] = ["tenant", "assistant", "platform", "owner"];

/// Holds every table against the live catalogue.
pub async fn compare(pool: &PgPool, tables: &[Table]) -> sqlx::Result<Vec<Difference>> {
    let links = tables.iter().flat_map(|table| &table.links).map(|link| link.name.clone());
    let names: Vec<String> = tables.iter().map(|table| table.name.clone()).chain(links).collect();
    let live = live::read(pool, &names).await?;
    let mut out = Vec::new();
    for table in tables {
        match live.get(&table.name) {
            Some(live_table) => {
                let mut comparison = Comparison { table, live: live_table, out: &mut out };
                comparison.all();
                for link in &table.links {
                    comparison.link(link, live.get(&link.name));
                }
            }
            None => out.push(Difference {
                table: table.name.clone(),
                what: "the table is missing".to_owned(),
                mend: Mend::Table(Box::new(table.clone())),
            }),
        }
    }
    Ok(out)
}

/// The body of the migration that takes the differences away. What needs a decision is a comment that says so.
pub fn alter(differences: &[Difference]) -> String {
    let missing: Vec<Table> = differences
        .iter()
        .filter_map(|difference| match &difference.mend {
            Mend::Table(table) => Some((**table).clone()),
            _ => None,
        })
        .collect();
    let mut out = print::print(&missing);
    let mut last = String::new();
    for difference in differences {
        match &difference.mend {
            Mend::Table(_) => {}
            Mend::Statements(statements) | Mend::Follows(statements) | Mend::Standing(statements) => {
                statements.iter().for_each(|each| out.push_str(&format!("{each};\n")));
            }
            Mend::Last(statement) => last.push_str(&format!("{statement};\n")),
            Mend::ByHand(advice) => out.push_str(&format!("-- {difference}: {advice}\n")),
        }
    }
    out + &last
}

struct Comparison<'a> {
    table: &'a Table,
    live: &'a Live,
    out: &'a mut Vec<Difference>,
}

impl Comparison<'_> {
    fn add(&mut self, what: String, mend: Mend) {
        self.out.push(Difference { table: self.table.name.clone(), what, mend });
    }

    fn statements(&mut self, what: String, statements: &[String]) {
        self.add(what, Mend::Statements(statements.to_vec()));
    }

    fn alter(&mut self, what: String, actions: &[String]) {
        let statements = actions.iter().map(|action| format!("alter table {} {action}", self.table.name)).collect();
        self.add(what, Mend::Statements(statements));
    }

    fn all(&mut self) {
        let (table, live) = (self.table, self.live);
        for column in &table.columns {
            match live.columns.get(&column.name) {
                Some(found) => self.column(column, found),
                None => self.missing_column(column),
            }
        }
        self.primary_key();
        for check in &table.checks {
            self.check(check, live.constraints.get(&check.name));
        }
        for key in &table.keys {
            self.key(key, live.constraints.get(&key.name));
        }
        for index in &table.indexes {
            self.index(index, live.indexes.get(&index.name));
        }
        if !live.secured || POLICIES.iter().any(|policy| !live.policies.contains(*policy)) {
            let advice = format!(
                "call secure_tenant_table('{}', 'insert, update, delete') after dropping its policies",
                table.name
            );
            self.add("row security is not forced or a policy is missing".to_owned(), Mend::ByHand(advice));
        }
    }

    fn missing_column(&mut self, column: &Column) {
        let Column { name, required, default, .. } = column;
        // Rows that exist have no value yet, so the constraint can only follow the filling.
        let loose = *required && default.is_none();
        let added = Column { required: *required && !loose, ..column.clone() };
        let mut statements = vec![format!("alter table {} add column {}", self.table.name, print::column(&added))];
        if loose {
            statements
                .push(format!("-- fill it, then: alter table {} alter column {name} set not null", self.table.name));
        }
        let what = format!("column {name} is missing");
        if column.generated.is_some() {
            return self.add(what, Mend::Follows(statements));
        }
        self.statements(what, &statements);
    }

    fn column(&mut self, wanted: &Column, found: &LiveColumn) {
        let name = &wanted.name;
        if long(wanted.sql) != found.sql {
            let advice = format!("add a column of type {}, fill it, switch, drop the old one", wanted.sql);
            self.add(format!("column {name} is {} instead of {}", found.sql, long(wanted.sql)), Mend::ByHand(advice));
        } else if wanted.bytewise && found.collation.as_deref() != Some("C") {
            let action = format!("alter column {name} type text collate \"C\"");
            self.alter(format!("column {name} does not sort by bytes"), &[action]);
        }
        if wanted.required && !found.required {
            let advice = format!("fill it, then: alter table {} alter column {name} set not null", self.table.name);
            self.add(format!("column {name} may hold null"), Mend::ByHand(advice));
        } else if found.required && !wanted.required {
            self.alter(format!("column {name} may not hold null"), &[format!("alter column {name} drop not null")]);
        }
        if let Some(default) = &wanted.default
            && found.default.as_deref().map(plain) != Some(plain(default))
        {
            let action = format!("alter column {name} set default {default}");
            self.alter(format!("column {name} has another default"), &[action]);
        }
        // The catalogue keeps the expression where it keeps defaults.
        if let Some(expression) = &wanted.generated
            && found.default.as_deref().map(plain) != Some(plain(expression))
        {
            let advice = format!("drop it and its index, and add it again: {}", print::column(wanted));
            self.add(format!("column {name} does not follow from what it should"), Mend::ByHand(advice));
        }
    }

    fn primary_key(&mut self) {
        let wanted = plain("primary key (tenant_id, id)");
        if !self.live.constraints.values().any(|definition| plain(definition) == wanted) {
            let advice = "a tenant table has the primary key (tenant_id, id)".to_owned();
            self.add("the primary key is missing".to_owned(), Mend::ByHand(advice));
        }
        let name = format!("{}_tenant", self.table.name);
        if !self.live.constraints.contains_key(&name) {
            let action = format!("add constraint {name} foreign key (tenant_id) references tenants (id)");
            self.alter(format!("constraint {name} is missing"), &[action]);
        }
    }

    fn check(&mut self, wanted: &Check, found: Option<&String>) {
        let add = format!("add {}", print::check(wanted));
        let Some(found) = found else {
            self.alter(format!("constraint {} is missing", wanted.name), &[add]);
            return;
        };
        let same = match &wanted.rule {
            Rule::Known { words, .. } => literals(found) == words.iter().map(String::as_str).collect(),
            Rule::Expression(expression) => plain(found) == plain(&format!("check ({expression})")),
        };
        if !same {
            let drop = format!("drop constraint {}", wanted.name);
            self.alter(format!("constraint {} is another one: {found}", wanted.name), &[drop, add]);
        }
    }

    fn key(&mut self, wanted: &ForeignKey, found: Option<&String>) {
        let printed = print::foreign_key(wanted);
        let definition =
            printed.split_once(" foreign key ").map(|(_, rest)| format!("foreign key {rest}")).unwrap_or_default();
        let add = format!("alter table {} add {printed}", self.table.name);
        match found {
            None => self.add(format!("constraint {} is missing", wanted.name), Mend::Last(add)),
            Some(found) if plain(found) != plain(&definition) => {
                let drop = format!("alter table {} drop constraint {};\n", self.table.name, wanted.name);
                self.add(format!("constraint {} is another one: {found}", wanted.name), Mend::Last(drop + &add));
            }
            Some(_) => {}
        }
    }

    /// The table of the links, its keys, and the triggers that fill it.
    fn link(&mut self, wanted: &Link, found: Option<&Live>) {
        let table = self.table.name.clone();
        let Some(found) = found else {
            let missing = format!("the links {} are missing", wanted.name);
            return self.add(missing, Mend::Last(print::link(&table, wanted)));
        };
        for (name, target, tail) in [
            (format!("{}_from", wanted.name), table.as_str(), "from_id"),
            (print::link_key(&table, wanted), wanted.target.as_str(), "to_id"),
        ] {
            let definition = format!("foreign key (tenant_id, {tail}) references {target} (tenant_id, id)");
            let held = found.constraints.get(&name).is_some_and(|known| plain(known).starts_with(&plain(&definition)));
            if !held {
                let advice = format!("add constraint {name} {definition} to {}", wanted.name);
                self.add(format!("constraint {name} of the links is missing"), Mend::ByHand(advice));
            }
        }
        if !found.secured || POLICIES.iter().any(|policy| !found.policies.contains(*policy)) {
            let advice =
                format!("call secure_tenant_table('{}', 'insert, delete') after dropping its policies", wanted.name);
            self.add(format!("row security of the links {} is not forced", wanted.name), Mend::ByHand(advice));
        }
        for (name, trigger) in print::triggers(&table, wanted) {
            if !self.live.triggers.contains(&name) {
                self.add(format!("trigger {name} is missing"), Mend::Last(trigger));
            }
        }
    }

    fn index(&mut self, wanted: &Index, found: Option<&LiveIndex>) {
        let create = print::index(&self.table.name, wanted);
        let Some(found) = found else {
            return self.index_mend(format!("index {} is missing", wanted.name), vec![create], !wanted.unique);
        };
        let same = found.valid
            && found.unique == wanted.unique
            && found.columns == wanted.columns
            && found.predicate.as_deref().map(plain) == wanted.predicate.as_deref().map(plain);
        if !same {
            let statements = vec![format!("drop index {}", wanted.name), create];
            let by_itself = !wanted.unique && !self.table.migrated;
            self.index_mend(format!("index {} is another one", wanted.name), statements, by_itself);
        }
    }

    /// Rows that are there may stand in the way of a unique one. One that is missing undoes nobody's work, and one that is another one may be what a
    /// newer release has made of it.
    fn index_mend(&mut self, what: String, statements: Vec<String>, by_itself: bool) {
        let mend = match (by_itself, self.table.migrated) {
            (true, _) => Mend::Follows(statements),
            (false, true) => Mend::Standing(statements),
            (false, false) => Mend::Statements(statements),
        };
        self.add(what, mend);
    }
}

/// Types as the catalogue names them.
fn long(sql: &str) -> &str {
    if sql == "timestamptz" { "timestamp with time zone" } else { sql }
}

/// SQL without what PostgreSQL adds when it prints: brackets, casts, spaces, capitals.
fn plain(sql: &str) -> String {
    let lower = sql.to_lowercase().replace("::text", "").replace("::jsonb", "").replace("::bigint", "");
    lower.chars().filter(|letter| !letter.is_whitespace() && !"()".contains(*letter)).collect()
}

/// The quoted words of a definition.
fn literals(definition: &str) -> BTreeSet<&str> {
    definition.split('\'').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_catalogue_prints_equals_what_was_written() {
        assert_eq!(
            plain("CHECK (((value_minor IS NULL) = (value_currency IS NULL)))"),
            plain("check ((value_minor is null) = (value_currency is null))")
        );
        assert_eq!(
            plain("((deleted_at IS NULL) AND (email_norm <> ''::text))"),
            plain("deleted_at is null and email_norm <> ''")
        );
        let known = "CHECK ((status = ANY (ARRAY['new'::text, 'won'::text])))";
        assert_eq!(literals(known), BTreeSet::from(["new", "won"]));
    }
}
