//! D-12: files of what was planted. No cell is one that a spreadsheet computes, and every payload is there to the letter.

use super::plant::{Hall, strings};
use super::{Seen, decoded};
use crate::support::csv;
use reqwest::{StatusCode, header};
use serde_json::Value;
use std::io::{Cursor, Read as _};

/// What makes a cell a formula.
const RUNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What was found in the cells of all files.
#[derive(Default)]
pub struct Cells {
    looked: usize,
    /// Cells that begin with a quote in the place of a formula.
    defused: usize,
    /// Cells of workbooks that begin like one and are text.
    text: usize,
    formulas: Vec<String>,
}

impl Cells {
    /// Of a file of lines. A negative number is no formula.
    pub fn look(&mut self, file: &str, rows: &[Vec<String>]) {
        for cell in rows.iter().flatten() {
            self.looked += 1;
            let number = cell.starts_with('-') && cell.parse::<f64>().is_ok();
            if cell.starts_with(RUNS) && !number {
                self.formulas.push(format!("{file}: {cell}"));
            }
            self.defused += usize::from(cell.strip_prefix('\'').is_some_and(|rest| rest.starts_with(RUNS)));
        }
    }

    /// Of a workbook, whose cells say themselves whether they are text. Answers the texts.
    fn book(&mut self, sheet: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for cell in sheet.split("<c ").skip(1).map(|cell| cell.split("</c>").next().unwrap_or_default()) {
            let (head, inside) = cell.split_once('>').unwrap_or_default();
            self.looked += usize::from(!head.ends_with('/'));
            let value = |element: &str, end: &str| {
                let (_, behind) = inside.split_once(element)?;
                let (_, behind) = behind.split_once('>')?;
                Some(decoded(behind.split(end).next().unwrap_or_default()))
            };
            match value("<t", "</t>") {
                _ if inside.contains("<f") => self.formulas.push(format!("the workbook computes {cell}")),
                Some(text) if head.contains("t=\"inlineStr\"") => {
                    self.text += usize::from(text.starts_with(RUNS));
                    texts.push(text);
                }
                Some(_) => self.formulas.push(format!("the workbook does not say that this is text: {cell}")),
                None => {
                    let number = value("<v", "</v>").is_none_or(|number| number.parse::<f64>().is_ok());
                    if !number {
                        self.formulas.push(format!("the workbook has what is no number: {cell}"));
                    }
                }
            }
        }
        texts
    }

    #[expect(clippy::print_stdout, reason = "a test tells its figures")]
    pub fn end(&self) {
        println!(
            "bar=D-12 cells={} formulas={} defused={} text_in_workbooks={} pass={}",
            self.looked,
            self.formulas.len(),
            self.defused,
            self.text,
            u8::from(self.formulas.is_empty())
        );
        assert!(self.formulas.is_empty(), "{:#?}", &self.formulas[..self.formulas.len().min(20)]);
        assert!(self.looked > 1_500, "only {} cells were looked at", self.looked);
        assert!(self.defused > 100 && self.text > 40, "{} were defused, {} are text", self.defused, self.text);
    }
}

/// Every row with every field as CSV, as a workbook and as JSON; and the rows that it points at.
pub async fn taken_out(hall: &Hall, seen: &mut Seen, cells: &mut Cells) {
    for plural in ["pieces", "customers", "contacts"] {
        let path = format!("/w/exhibit/{plural}/export.csv");
        let file = csv(&seen.page("file of lines", &hall.amina, &path).await);
        cells.look(&path, &file);
        let text = file.concat().join("\n");
        for row in hall.rows.iter().filter(|_| plural == hall.piece.plural) {
            seen.shows("file of lines", &text, &hall.holds(row));
        }
    }
    // What was not changed to be a formula is not changed at all.
    let answer = hall.amina.get("/w/exhibit/pieces/export.xlsx").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let mut book = zip::ZipArchive::new(Cursor::new(answer.bytes().await.unwrap().to_vec())).unwrap();
    let mut sheet = String::new();
    book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    let texts = cells.book(&sheet).join("\n");
    seen.counted("workbook", &texts);
    let (status, rows) = hall.amina.json("/w/exhibit/pieces/export.json").await;
    assert_eq!(status, StatusCode::OK, "{rows}");
    seen.counted("file of JSON", &rows.to_string());
    for row in &hall.rows {
        seen.shows("workbook", &texts, &hall.holds(row));
        let of = |sent: &&Value| sent["id"] == *row.id;
        let sent = rows.as_array().unwrap().iter().find(of).unwrap();
        seen.shows("file of JSON", &strings(sent).join("\n"), &hall.holds(row));
    }
}
