//! Prints tables as the SQL of a new migration.

use super::table::{Check, Column, ForeignKey, Index, Rule, Table};
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
    if let Some(default) = column.default {
        let _ = write!(out, " default {default}");
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

pub fn index(table: &str, index: &Index) -> String {
    let unique = if index.unique { "unique " } else { "" };
    let mut out = format!("create {unique}index {} on {table} ({})", index.name, index.columns.join(", "));
    if let Some(predicate) = &index.predicate {
        let _ = write!(out, " where {predicate}");
    }
    out
}
