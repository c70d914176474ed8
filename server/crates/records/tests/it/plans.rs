//! What is wrong with a plan, as PostgreSQL tells it by `explain (analyze, format json)`.

use serde_json::Value;
use std::collections::BTreeMap;

/// What a statement may do with the tables that are large.
pub struct Rule<'a> {
    /// The large tables with their rows.
    pub large: &'a BTreeMap<String, f64>,
    /// Rows that it answers at most: what it may put in order without an index.
    pub page: f64,
    /// Rows that each of its steps may read of a large table.
    pub read: f64,
    /// Of statements that count and add up: whose rows. Figures of a million rows are made of a million rows, and no index holds them; but each
    /// of those rows is read once, and groups are made without putting the rows in order.
    pub counted: Option<&'a str>,
}

pub fn faults(plan: &Value, rule: &Rule<'_>) -> Vec<String> {
    let counted = rule.counted.filter(|_| is_figures(plan));
    let mut judge = Judge { rule, counted, read: 0.0, out: Vec::new() };
    judge.look(plan, false);
    if let Some(rows) = counted.and_then(|table| rule.large.get(table))
        && judge.read > rows + 1.0
    {
        judge.out.push(format!("reads {} rows to count those of {rows}", judge.read));
    }
    judge.out
}

/// Whether what comes out is made by grouping, whatever is done with the groups.
fn is_figures(plan: &Value) -> bool {
    let mut step = plan;
    loop {
        if matches!(step["Node Type"].as_str(), Some("Aggregate" | "Group")) {
            return true;
        }
        match step["Plans"].as_array().map(Vec::as_slice) {
            Some([only]) => step = only,
            _ => return false,
        }
    }
}

fn number(step: &Value, key: &str) -> f64 {
    step[key].as_f64().unwrap_or_default()
}

fn steps(step: &Value) -> impl Iterator<Item = &Value> {
    step["Plans"].as_array().into_iter().flatten()
}

/// Rows that came out of a step, all rounds together.
fn rows(step: &Value) -> f64 {
    number(step, "Actual Rows") * number(step, "Actual Loops")
}

struct Judge<'a> {
    rule: &'a Rule<'a>,
    counted: Option<&'a str>,
    /// Rows of the counted table.
    read: f64,
    out: Vec<String>,
}

impl Judge<'_> {
    fn look(&mut self, step: &Value, grouped: bool) {
        let kind = step["Node Type"].as_str().unwrap_or_default();
        let table = step["Relation Name"].as_str().unwrap_or_default();
        if self.rule.large.contains_key(table) {
            self.table(step, kind, table);
        }
        let sorted: f64 = steps(step).map(rows).sum();
        match kind {
            "Sort" if self.counted.is_none() && sorted > self.rule.page => {
                self.out.push(format!("sorts {sorted} rows for a page of {}", self.rule.page));
            }
            "Sort" if self.counted.is_some() && grouped && sorted > self.rule.read => {
                self.out.push(format!("sorts {sorted} rows to make groups of them"));
            }
            // Rows that are equal so far, put in order among themselves.
            "Incremental Sort" if sorted > self.rule.read => {
                self.out.push(format!("sorts {sorted} rows step by step"));
            }
            _ => {}
        }
        if step["Sort Space Type"].as_str() == Some("Disk") || number(step, "Disk Usage") > 0.0 {
            self.out.push(format!("{kind} does not fit into memory"));
        }
        let grouped = grouped || matches!(kind, "Aggregate" | "Group");
        for inner in steps(step) {
            self.look(inner, grouped);
        }
    }

    fn table(&mut self, step: &Value, kind: &str, table: &str) {
        let dropped = number(step, "Rows Removed by Filter") + number(step, "Rows Removed by Index Recheck");
        let read = rows(step) + dropped * number(step, "Actual Loops");
        if self.counted == Some(table) {
            self.read += read;
            return;
        }
        if kind == "Seq Scan" {
            self.out.push(format!("scans all of {table} in sequence"));
        } else if read > self.rule.read {
            let index = step["Index Name"].as_str().unwrap_or_default();
            self.out.push(format!("reads {read} rows of {table} by {kind} {index}"));
        }
    }
}
