//! One line a row, in which no spreadsheet finds a formula.

use super::{Sheet, Source, body_of, plain};
use axum::body::Body;
use bytes::Bytes;
use domain::Result;
use domain::records::{Page, Record};
use domain::schema::FieldKind;
use serde_json::Value;

pub fn body(source: Source, first: &Page) -> Result<Body> {
    let bytes = lines(&source.sheet, first, true)?;
    Ok(body_of(source, bytes, lines, ""))
}

/// Before the first line a byte order mark: without it spreadsheets read UTF-8 as something else.
pub fn lines(sheet: &Sheet, page: &Page, first: bool) -> Result<Bytes> {
    let mut text = String::new();
    if first {
        let cells: Vec<String> = sheet.columns().map(|column| csv_cell(&column.heading())).collect();
        text = format!("\u{feff}{}\r\n", cells.join(","));
    }
    for record in page.records()? {
        line(&mut text, sheet, &record);
    }
    Ok(Bytes::from(text))
}

fn line(out: &mut String, sheet: &Sheet, record: &Record) {
    let cells = sheet.columns().map(|column| {
        let field = column.field;
        let value = record.values.get(&field.key).unwrap_or(&Value::Null);
        match column.part_of(value) {
            // A number is no formula, whatever its sign.
            Some(amount) if matches!(field.kind, FieldKind::Money { .. }) => amount,
            Some(part) => csv_cell(&part),
            None => csv_cell(&plain(&sheet.entity, field, value, record.label_text(&field.key).as_deref())),
        }
    });
    out.push_str(&cells.collect::<Vec<_>>().join(","));
    out.push_str("\r\n");
}

/// A quoted cell in which no spreadsheet finds a formula.
pub fn csv_cell(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if risky { "'" } else { "" };
    if risky || text.contains([',', '"', '\n', '\r', ';', '\t']) {
        format!("\"{mark}{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(csv_cell("Lakeside"), "Lakeside");
        assert_eq!(csv_cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
        for formula in ["=1+1", "+254 700", "-2", "@sum", "\tx", "\rx"] {
            assert!(csv_cell(formula).starts_with("\"'"), "{formula:?}");
        }
    }
}
