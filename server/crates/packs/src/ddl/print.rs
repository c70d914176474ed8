//! Prints tables as the SQL of a new migration.

use super::table::{Check, Column, ForeignKey, Index, Link, Rule, Table};
use std::fmt::Write as _;

/// Every table, then the keys between them: descriptions may point at each other in a circle.
pub fn print(tables: &[Table]) -> String {
    let mut out = String::new();
    for table in tables {
        create_table(&mut out, table);
    }
    for table in tables {
        for key in table.keys.iter().filter(|key| key.described) {
            let _ = writeln!(out, "alter table {} add {};", table.name, foreign_key(key));
        }
        for each in &table.links {
            let _ = writeln!(out, "{};", link(&table.name, each));
        }
    }
    out
}

fn create_table(out: &mut String, table: &Table) {
    let mut lines: Vec<String> = table.columns.iter().map(column).collect();
    lines.push("primary key (tenant_id, id)".to_owned());
    lines.push(format!("constraint {}_tenant foreign key (tenant_id) references tenants (id)", table.name));
    lines.extend(table.keys.iter().filter(|key| !key.described).map(foreign_key));
    lines.extend(table.checks.iter().map(check));
    let _ = writeln!(out, "create table {} (\n    {}\n);", table.name, lines.join(",\n    "));
    for each in &table.indexes {
        let _ = writeln!(out, "{};", index(&table.name, each));
    }
    // Rows are never removed by the tenant role in normal use, yet undoing an import takes back what nobody touched.
    let _ = writeln!(out, "call secure_tenant_table('{}', 'insert, update, delete');\n", table.name);
}

pub fn column(column: &Column) -> String {
    let mut out = format!("{} {}", column.name, column.sql);
    if column.bytewise {
        out.push_str(" collate \"C\"");
    }
    if column.required {
        out.push_str(" not null");
    }
    if let Some(default) = &column.default {
        let _ = write!(out, " default {default}");
    }
    if let Some(expression) = &column.generated {
        let _ = write!(out, " generated always as ({expression}) stored");
    }
    out
}

pub fn check(check: &Check) -> String {
    format!("constraint {} check ({})", check.name, rule(&check.rule))
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Known { column, words } => {
            let words: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "''"))).collect();
            format!("{column} in ({})", words.join(", "))
        }
        Rule::Expression(expression) => expression.clone(),
    }
}

pub fn foreign_key(key: &ForeignKey) -> String {
    format!("constraint {} foreign key (tenant_id, {}) references {} (tenant_id, id)", key.name, key.column, key.target)
}

/// The constraint that holds a link to a row that is there. It is named after the column, as those of a table are, so that its refusal becomes one at
/// the field.
pub fn link_key(table: &str, link: &Link) -> String {
    format!("{table}_{}_fkey", link.column)
}

/// The triggers that make the links of a row. Rows that point at nothing pass them by.
pub fn triggers(table: &str, link: &Link) -> [(String, String); 2] {
    let Link { name, column, .. } = link;
    let run = format!("for each row when {{}} execute function keep_links('{name}', '{column}')");
    let made = run.replace("{}", &format!("(new.{column} is not null)"));
    let changed = run.replace("{}", &format!("(new.{column} is distinct from old.{column})"));
    [
        (format!("{name}_made"), format!("create or replace trigger {name}_made after insert on {table} {made}")),
        (
            format!("{name}_changed"),
            format!("create or replace trigger {name}_changed after update of {column} on {table} {changed}"),
        ),
    ]
}

/// The table of the links and what fills it, without the last semicolon.
pub fn link(table: &str, link: &Link) -> String {
    let (Link { name, target, .. }, key) = (link, link_key(table, link));
    let [(_, made), (_, changed)] = triggers(table, link);
    format!(
        "create table {name} (
    tenant_id uuid not null,
    from_id uuid not null,
    to_id uuid not null,
    primary key (tenant_id, from_id, to_id),
    constraint {name}_from foreign key (tenant_id, from_id) references {table} (tenant_id, id) on delete cascade,
    constraint {key} foreign key (tenant_id, to_id) references {target} (tenant_id, id)
);
create index {name}_back on {name} (tenant_id, to_id, from_id);
call secure_tenant_table('{name}', 'insert, delete');
{made};
{changed}"
    )
}

pub fn index(table: &str, index: &Index) -> String {
    let unique = if index.unique { "unique " } else { "" };
    let mut out = format!("create {unique}index {} on {table} ({})", index.name, index.columns.join(", "));
    if let Some(predicate) = &index.predicate {
        let _ = write!(out, " where {predicate}");
    }
    out
}
