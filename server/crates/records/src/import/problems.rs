//! What was refused and why: on the screen, and as a file to mend and bring again.

use super::store;
use domain::imports::{ErrorFile, Import, ImportErrorFile, ListProblems, Problem};
use domain::schema::Entity;
use domain::{Error, Result};
use platform::{Ctx, db_error};
use sqlx::types::Json;
use std::collections::HashSet;
use words::t;

/// A cell that begins with one of these is a formula to a spreadsheet, whoever wrote it.
pub const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Rows whose problems are listed on the screen; the error file has all.
const LISTED: i64 = 1000;

const PROBLEMS: &str = "\
select problems from import_rows where tenant_id = $1 and import_id = $2 and outcome = 'refused' order by row_number limit $3";

const REFUSED: &str = "\
select row_number, cells, problems from import_rows
where tenant_id = $1 and import_id = $2 and outcome = 'refused' and row_number > $3 order by row_number limit 1000";

/// Number, cells and problems of a row.
type Refused = (i64, Json<Vec<String>>, Json<Vec<Problem>>);

pub async fn problems(ctx: &mut Ctx, input: ListProblems) -> Result<Vec<Problem>> {
    let (import, entity) = store::load(ctx, input.id).await?;
    let hidden = Hidden::of(ctx, &entity, &import);
    let tenant = ctx.access.tenant.0;
    let rows: Vec<Json<Vec<Problem>>> = sqlx::query_scalar(PROBLEMS)
        .bind(tenant)
        .bind(import.id)
        .bind(LISTED)
        .fetch_all(ctx.conn().await?)
        .await
        .map_err(db_error)?;
    Ok(rows.into_iter().flat_map(|row| row.0).map(|problem| hidden.problem(problem)).collect())
}

pub async fn error_file(ctx: &mut Ctx, input: ImportErrorFile) -> Result<ErrorFile> {
    let (import, entity) = store::load(ctx, input.id).await?;
    let hidden = Hidden::of(ctx, &entity, &import);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = import.columns.iter().map(String::as_str).chain([t!("row"), t!("column"), t!("reason")]);
    writer.write_record(header.map(neutral)).map_err(unwritten)?;
    let tenant = ctx.access.tenant.0;
    let mut last = 0_i64;
    loop {
        let rows: Vec<Refused> = sqlx::query_as(REFUSED)
            .bind(tenant)
            .bind(import.id)
            .bind(last)
            .fetch_all(ctx.conn().await?)
            .await
            .map_err(db_error)?;
        let Some((number, ..)) = rows.last() else { break };
        last = *number;
        for (number, mut cells, problems) in rows {
            hidden.cells(&mut cells.0);
            let problems: Vec<Problem> = problems.0.into_iter().map(|problem| hidden.problem(problem)).collect();
            writer.write_record(line(import.columns.len(), number, &cells.0, &problems)).map_err(unwritten)?;
        }
    }
    let content = writer.into_inner().map_err(unwritten)?;
    let stem = import.file_name.strip_suffix(".csv").unwrap_or(&import.file_name);
    let content = String::from_utf8(content).map_err(unwritten)?;
    Ok(ErrorFile { file_name: format!("{stem}.errors.csv"), content })
}

/// What of a file the caller may not see.
struct Hidden {
    columns: HashSet<usize>,
    names: HashSet<String>,
}

impl Hidden {
    fn of(ctx: &Ctx, entity: &Entity, import: &Import) -> Self {
        let columns = store::hidden_columns(ctx, entity, import);
        let names = columns.iter().filter_map(|column| import.columns.get(*column).cloned()).collect();
        Self { columns, names }
    }

    fn cells(&self, cells: &mut [String]) {
        for column in &self.columns {
            if let Some(cell) = cells.get_mut(*column) {
                cell.clear();
            }
        }
    }

    fn problem(&self, problem: Problem) -> Problem {
        match &problem.column {
            Some(column) if self.names.contains(column) => Problem {
                value: None,
                reason: t!("The value does not fit; it is in a column that you may not see").to_owned(),
                ..problem
            },
            _ => problem,
        }
    }
}

/// One line for each refused row, however much is wrong with it, so that the mended file can be imported as it is.
fn line(columns: usize, number: i64, cells: &[String], problems: &[Problem]) -> Vec<String> {
    let mut line: Vec<String> = cells.iter().take(columns).map(|cell| neutral(cell)).collect();
    line.resize(columns, String::new());
    let mut names: Vec<&str> = problems.iter().filter_map(|problem| problem.column.as_deref()).collect();
    names.dedup();
    let reasons: Vec<&str> = problems.iter().map(|problem| problem.reason.as_str()).collect();
    line.extend([number.to_string(), neutral(&names.join("; ")), neutral(&reasons.join("; "))]);
    line
}

/// The cell as no spreadsheet takes it for a formula. Reading such a file takes the quote off again.
fn neutral(cell: &str) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() }
}

fn unwritten(error: impl std::fmt::Display) -> Error {
    tracing::error!(%error, "the error file could not be written");
    Error::internal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_read_back() {
        for cell in ["=1+1", "+254722", "-5", "@sum", "\tx", "\rx"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
            assert_eq!(super::super::check::plain(&neutral(cell)), cell);
        }
        for cell in ["plain", "", "'tis", "1+1"] {
            assert_eq!(neutral(cell), cell);
            assert_eq!(super::super::check::plain(cell), cell);
        }
    }

    #[test]
    fn a_refused_row_is_one_line() {
        let problem = |column: Option<&str>, reason: &str| Problem {
            row: 7,
            column: column.map(str::to_owned),
            value: None,
            reason: reason.to_owned(),
        };
        let line = line(2, 7, &["=A".to_owned()], &[problem(Some("Name"), "is empty"), problem(None, "has 1 cell")]);
        assert_eq!(line, ["'=A", "", "7", "Name", "is empty; has 1 cell"]);
    }
}
