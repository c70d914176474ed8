//! A workbook. Rows go to a file on disk as they come, so that memory stays flat; the finished workbook is sent from there. Text is written
//! as text: a cell that begins with `=` says so and computes nothing. Amounts and numbers are numbers, so that they add up.

use super::{Sheet, Source, plain};
use axum::body::Body;
use bytes::Bytes;
use domain::records::{Page, Record};
use domain::schema::value::money;
use domain::schema::{Field, FieldKind};
use domain::{Error, Result, currency};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// A sheet holds 1,048,576 rows; what goes beyond stands on the next one.
const SHEET: u32 = 1_000_000;
/// Letters of a cell, by the format's own limit.
const LONGEST: usize = 32_767;
/// Bytes that are sent at a time.
const PIECE: usize = 64 * 1024;

pub async fn body(mut source: Source, first: Page) -> Result<Body> {
    let mut book = Book::new();
    book.page(&source.sheet, &first)?;
    while let Some(page) = source.next().await? {
        book.page(&source.sheet, &page)?;
    }
    // Packing it reads and writes files for as long as there are rows.
    let file = tokio::task::spawn_blocking(move || book.finish()).await.map_err(|_| Error::internal())??;
    Ok(Body::from_stream(futures::stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok::<_, std::io::Error>((piece, file))
        });
        let (piece, file) = read.await.map_err(std::io::Error::other)??;
        Ok::<_, std::io::Error>((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    })))
}

struct Book {
    workbook: Workbook,
    /// Rows on the sheet that is being written, its heading included; none before the first sheet.
    row: Option<u32>,
    formats: Formats,
}

struct Formats {
    bold: Format,
    date: Format,
    moment: Format,
    /// By the number of decimals.
    decimals: Vec<Format>,
    shares: Vec<Format>,
}

impl Book {
    fn new() -> Self {
        let number = |decimals: usize| match decimals {
            0 => Format::new().set_num_format("#,##0"),
            more => Format::new().set_num_format(format!("#,##0.{}", "0".repeat(more))),
        };
        let share = |decimals: usize| match decimals {
            0 => Format::new().set_num_format("0%"),
            more => Format::new().set_num_format(format!("0.{}%", "0".repeat(more))),
        };
        let formats = Formats {
            bold: Format::new().set_bold(),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
            decimals: (0..=6).map(number).collect(),
            shares: (0..=6).map(share).collect(),
        };
        Self { workbook: Workbook::new(), row: None, formats }
    }

    fn page(&mut self, table: &Sheet, page: &Page) -> Result<()> {
        for record in page.records()? {
            self.line(table, &record).map_err(|error| failed(&error))?;
        }
        if self.row.is_none() {
            self.heading(table).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn heading(&mut self, table: &Sheet) -> std::result::Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        for (place, column) in (0..).zip(table.columns()) {
            sheet.write_string_with_format(0, place, cut(&column.heading()), &self.formats.bold)?;
        }
        self.row = Some(1);
        Ok(())
    }

    fn line(&mut self, table: &Sheet, record: &Record) -> std::result::Result<(), XlsxError> {
        if self.row.is_none_or(|row| row > SHEET) {
            self.heading(table)?;
        }
        let row = self.row.unwrap_or(1);
        let last = self.workbook.worksheets().len().saturating_sub(1);
        let sheet = self.workbook.worksheet_from_index(last)?;
        for (place, column) in (0..).zip(table.columns()) {
            let field = column.field;
            let value = record.values.get(&field.key).unwrap_or(&Value::Null);
            if value.is_null() {
                continue;
            }
            // The amount of money is a number, other parts are text.
            let amount = column.part.is_some_and(|(part, _)| *part == "amount");
            if let Some(part) = column.part_of(value).filter(|_| !amount) {
                sheet.write_string(row, place, cut(&part))?;
                continue;
            }
            let text = || plain(&table.entity, field, value, record.label_text(&field.key).as_deref());
            cell(sheet, &self.formats, (row, place), field, value, text)?;
        }
        self.row = Some(row + 1);
        Ok(())
    }

    fn finish(mut self) -> Result<File> {
        let mut file = tempfile::tempfile().map_err(|error| broken(&error))?;
        self.workbook.save_to_writer(&mut file).map_err(|error| failed(&error))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| broken(&error))?;
        Ok(file)
    }
}

/// A number where the value is one that a sheet can hold exactly, else its text.
fn cell(
    sheet: &mut Worksheet,
    formats: &Formats,
    (row, column): (u32, u16),
    field: &Field,
    value: &Value,
    text: impl Fn() -> String,
) -> std::result::Result<(), XlsxError> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|_| exact(text));
    let format = |decimals: u32| formats.decimals.get(decimals as usize).or_else(|| formats.decimals.last());
    let found = match (&field.kind, value) {
        (FieldKind::Money { .. }, _) => money(value)
            .and_then(|money| Some((number(&money.amount())?, format(currency::decimals(money.currency())?)?))),
        (FieldKind::Integer { .. }, Value::Number(whole)) => number(&whole.to_string()).zip(format(0)),
        (FieldKind::Percentage { scale, .. }, Value::String(share)) => {
            number(share).map(|share| share / 100.0).zip(formats.shares.get(*scale as usize))
        }
        (FieldKind::Decimal { scale, .. }, Value::String(decimal)) => number(decimal).zip(format(*scale)),
        (FieldKind::Date { .. }, Value::String(day)) => {
            return match ExcelDateTime::parse_from_str(day) {
                Ok(day) => sheet.write_datetime_with_format(row, column, &day, &formats.date).map(|_| ()),
                Err(_) => sheet.write_string(row, column, cut(day)).map(|_| ()),
            };
        }
        (FieldKind::Datetime, Value::String(moment)) => {
            return match ExcelDateTime::parse_from_str(moment.trim_end_matches('Z')) {
                Ok(moment) => sheet.write_datetime_with_format(row, column, &moment, &formats.moment).map(|_| ()),
                Err(_) => sheet.write_string(row, column, cut(moment)).map(|_| ()),
            };
        }
        _ => None,
    };
    match found {
        Some((number, format)) => sheet.write_number_with_format(row, column, number, format).map(|_| ()),
        None => sheet.write_string(row, column, cut(&text())).map(|_| ()),
    }
}

/// Sheets count with 15 digits; a longer number would be another one.
fn exact(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() <= 15
}

/// As long as a cell may be.
fn cut(text: &str) -> String {
    if text.encode_utf16().count() <= LONGEST {
        return text.to_owned();
    }
    let mut left = LONGEST;
    let fits = |letter: &char| {
        left = left.saturating_sub(letter.len_utf16());
        left > 0
    };
    text.chars().take_while(fits).collect()
}

fn failed(error: &XlsxError) -> Error {
    tracing::error!(%error, "a workbook could not be written");
    Error::internal()
}

fn broken(error: &std::io::Error) -> Error {
    tracing::error!(%error, "a workbook could not be kept on disk");
    Error::internal()
}

#[cfg(test)]
mod tests {
    use super::{cut, exact};

    #[test]
    fn long_numbers_stay_text_and_long_text_is_cut() {
        assert!(exact("-1234567890123.45") && !exact("12345678901234.567"));
        assert_eq!(cut("=1+1"), "=1+1");
        assert_eq!(cut(&"ä".repeat(40_000)).chars().count(), 32_766);
        assert_eq!(cut(&"🙂".repeat(20_000)).encode_utf16().count() % 2, 0);
    }
}
