//! A sheet of a spreadsheet (XLSX), written anew as CSV: everything after the upload knows one kind of file, and what was refused goes home
//! as the same kind.
//!
//! The file comes from anybody. It is an archive, so it is unpacked once into nothing, under a bound, before a parser that keeps all of it
//! looks at it; and a text may be named by a million cells, so what is written is bounded too.

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use domain::imports::MAX_FILE_BYTES;
use domain::text::normal;
use domain::{Error, Result};
use std::io::{self, Cursor, Read};
use words::t;

/// Bytes of all that the archive holds: a sheet of the largest CSV file, with its tags around every cell.
const MAX_UNPACKED: u64 = 16 * MAX_FILE_BYTES as u64;
/// Of a workbook with a few hundred sheets.
const MAX_PARTS: usize = 4_000;

/// One sheet as it goes on.
#[derive(Debug, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    /// Whether the workbook has others that somebody may have meant.
    pub one_of_many: bool,
    /// CSV in UTF-8, separated by commas.
    pub content: Vec<u8>,
}

/// Every archive of this kind begins like this, and no CSV file does.
pub fn is_archive(content: &[u8]) -> bool {
    content.starts_with(b"PK\x03\x04")
}

/// The sheet that is wanted, or the first that is shown and holds something.
///
/// # Errors
/// What is no workbook, is damaged or unpacks to too much, and a sheet that is not there, as faults of `content` or `sheet`.
pub fn read(content: &[u8], wanted: Option<&str>) -> Result<Sheet> {
    check_size(content, MAX_UNPACKED)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(content)).map_err(|_| no_workbook())?;
    let names: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    if let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
        let Some(name) = names.iter().find(|name| normal(name) == normal(wanted)) else {
            return Err(Error::field(
                "sheet",
                t!("There is no sheet {wanted}. The file has {names}", wanted, names = names.join(", ")),
            ));
        };
        let content = written(&mut book, name)?;
        return Ok(Sheet { name: name.clone(), one_of_many: names.len() > 1, content });
    }
    for name in &names {
        let content = written(&mut book, name)?;
        if !content.is_empty() {
            return Ok(Sheet { name: name.clone(), one_of_many: names.len() > 1, content });
        }
    }
    Err(Error::field("content", t!("The file is empty. Choose one with a header and at least one row")))
}

/// What an archive says about its size is no more than what its maker wrote there, so it is unpacked.
fn check_size(content: &[u8], most: u64) -> Result<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(content)).map_err(|_| damaged())?;
    if archive.len() > MAX_PARTS {
        return Err(too_large());
    }
    let mut left = most;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| damaged())?;
        let read = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|_| damaged())?;
        left = left.checked_sub(read).ok_or_else(too_large)?;
    }
    Ok(())
}

fn no_workbook() -> Error {
    Error::field(
        "content",
        t!(
            "This is an archive, but no spreadsheet that can be read here. Save the table as \"Excel workbook (.xlsx)\" or \"CSV UTF-8\" and upload that"
        ),
    )
}

pub fn damaged() -> Error {
    Error::field("content", t!("The spreadsheet is damaged. Open it, save it again and upload that"))
}

fn too_large() -> Error {
    let size = MAX_FILE_BYTES / (1024 * 1024);
    Error::field(
        "content",
        t!(
            "The spreadsheet holds more than {size} MB of text. Split it and import the parts one after the other, or leave out columns that are not needed",
            size
        ),
    )
}

/// The rows of a sheet that hold anything, each as long as the first at least. Cells that have no value are not in the file at all.
fn written<S: io::Read + io::Seek>(book: &mut Xlsx<S>, name: &str) -> Result<Vec<u8>> {
    let mut cells = book.worksheet_cells_reader(name).map_err(|_| damaged())?;
    // Everything in quotes, so that nobody has to guess what separates the cells.
    let out = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
    let mut rows = Rows { out, row: Vec::new(), at: 0, columns: 0, bytes: 0 };
    while let Some(cell) = cells.next_cell().map_err(|_| damaged())? {
        let (row, column) = cell.get_position();
        rows.put(row, usize::try_from(column).map_err(|_| damaged())?, text(cell.get_value()))?;
    }
    rows.end_row()?;
    rows.out.into_inner().map_err(|_| Error::internal())
}

struct Rows {
    out: csv::Writer<Vec<u8>>,
    /// Cells of the row that is being read.
    row: Vec<String>,
    at: u32,
    /// Of the first row that holds something.
    columns: usize,
    /// Written so far, about.
    bytes: usize,
}

impl Rows {
    fn put(&mut self, row: u32, column: usize, text: String) -> Result<()> {
        if row != self.at {
            self.end_row()?;
            self.at = row;
        }
        if text.is_empty() {
            return Ok(());
        }
        if self.row.len() <= column {
            self.row.resize(column + 1, String::new());
        }
        self.bytes += text.len();
        self.row[column] = text;
        if self.bytes > MAX_FILE_BYTES { Err(too_large()) } else { Ok(()) }
    }

    fn end_row(&mut self) -> Result<()> {
        if self.row.iter().all(|cell| cell.trim().is_empty()) {
            self.row.clear();
            return Ok(());
        }
        if self.columns == 0 {
            self.columns = self.row.len();
        }
        if self.row.len() < self.columns {
            self.row.resize(self.columns, String::new());
        }
        // Commas and quotes.
        self.bytes += self.row.len() * 3;
        if self.bytes > MAX_FILE_BYTES {
            return Err(too_large());
        }
        self.out.write_record(&self.row).map_err(|_| Error::internal())?;
        self.row.clear();
        Ok(())
    }
}

/// A value as somebody would type it into a CSV file.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => decimal(*number),
        DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(moment) => moment_text(moment),
        DataRef::Error(error) => error.to_string(),
    }
}

/// Spreadsheets keep binary fractions and show fifteen digits of them: 0.1 + 0.2 is 0.3 to whoever made the file.
fn decimal(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse().unwrap_or(number);
    // Not "-0".
    if rounded == 0.0 { "0".to_owned() } else { format!("{rounded}") }
}

/// A day, a moment, or a time on its own; days before 1900-03-01 are counted wrongly by the programs themselves and are left to them.
fn moment_text(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let value = moment.as_f64();
    if moment.is_duration() {
        // Hours may be more than a day's.
        return decimal_hours(value);
    }
    if (0.0..1.0).contains(&value) {
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if hour == 0 && minute == 0 && second == 0 { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}Z") }
}

fn decimal_hours(days: f64) -> String {
    let seconds = (days * 86_400.0).round();
    let (hours, rest) = ((seconds / 3600.0).trunc(), (seconds % 3600.0).abs());
    format!("{hours}:{:02}:{:02}", (rest / 60.0).trunc(), rest % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    const BOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Notes" sheetId="1" state="hidden" r:id="rId1"/><sheet name="Nothing" sheetId="2" r:id="rId2"/><sheet name="Leads 2026" sheetId="3" r:id="rId3"/></sheets></workbook>"#;
    const EMPTY: &str =
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>"#;

    fn sheet(rows: &str) -> String {
        EMPTY.replace("<sheetData/>", &format!("<sheetData>{rows}</sheetData>"))
    }

    /// A workbook with a hidden sheet, an empty one and this one.
    fn book(leads: &str, texts: &[&str]) -> Vec<u8> {
        let relations: String = (1..=3)
            .map(|number| format!(r#"<Relationship Id="rId{number}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{number}.xml"/>"#))
            .collect();
        let relations = format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}<Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId5" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#
        );
        let texts: String = texts.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
        let texts = format!(r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{texts}</sst>"#);
        // Style 1 is a day, 2 a moment, 3 hours beyond a day.
        let styles = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="46"/></cellXfs></styleSheet>"#;
        let hidden = sheet(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>secret</t></is></c></row>"#);
        let root = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
        let parts = [
            ("_rels/.rels", root),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", &relations),
            ("xl/sharedStrings.xml", &texts),
            ("xl/styles.xml", styles),
            ("xl/worksheets/sheet1.xml", &hidden),
            ("xl/worksheets/sheet2.xml", EMPTY),
            ("xl/worksheets/sheet3.xml", leads),
        ];
        archive(&parts.map(|(name, content)| (name, content.as_bytes())))
    }

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            out.start_file(*name, SimpleFileOptions::default()).unwrap();
            out.write_all(content).unwrap();
        }
        out.finish().unwrap().into_inner()
    }

    #[test]
    fn values_come_as_somebody_would_type_them() {
        let rows = sheet(concat!(
            r#"<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" t="s"><v>2</v></c><c r="D2" t="s"><v>3</v></c></row>"#,
            r#"<row r="3"><c r="A3" t="s"><v>4</v></c><c r="B3"><v>480000</v></c><c r="C3" s="1"><v>46354</v></c><c r="D3" s="2"><v>46354.395833333336</v></c></row>"#,
            r#"<row r="4"/><row r="5"><c r="B5"><v>0.30000000000000004</v></c><c r="C5" t="b"><v>1</v></c><c r="D5" s="3"><v>1.5</v></c></row>"#,
            r#"<row r="6"><c r="A6" t="e"><v>#DIV/0!</v></c><c r="B6"><v>254722000111</v></c><c r="E6" t="inlineStr"><is><t>beyond</t></is></c></row>"#,
        ));
        let book = book(&rows, &["Name", "Value", "Enquired on", "Seen", "Otieno, \"Amina\"\nof Lake"]);
        let sheet = read(&book, None).unwrap();
        let wanted = concat!(
            r#""Name","Value","Enquired on","Seen"|"Otieno, ""Amina""|of Lake","480000","2026-11-28","2026-11-28T09:30:00Z"|"#,
            r##""","0.3","yes","36:00:00"|"#DIV/0!","254722000111","","","beyond"|"##
        )
        .replace('|', "\n");
        assert_eq!(String::from_utf8(sheet.content).unwrap(), wanted);
        assert_eq!((sheet.name.as_str(), sheet.one_of_many), ("Leads 2026", true));
        assert_eq!(read(&book, Some(" leads 2026 ")).unwrap().name, "Leads 2026");
    }

    #[test]
    fn sheets_that_are_not_there_or_not_shown_are_named() {
        let book = book(&sheet(r#"<row r="1"><c r="A1"><v>1</v></c></row>"#), &[]);
        for wanted in ["Orders", "Notes"] {
            let error = read(&book, Some(wanted)).unwrap_err();
            assert!(error.fields[0].field == "sheet" && error.message.contains("Nothing, Leads 2026"), "{error}");
            assert!(!error.message.contains("Notes,"), "{error}");
        }
        let error = read(&self::book(EMPTY, &[]), None).unwrap_err();
        assert!(error.message.contains("The file is empty"), "{error}");
    }

    #[test]
    fn archives_that_harm_are_refused_in_words() {
        let text = "x".repeat(60_000);
        let many: String =
            (1..=2_000).map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#)).collect();
        let spaces = vec![b' '; 256 * 1024 + 1];
        let bomb = archive(&[("a", &spaces), ("b", &spaces), ("c", &spaces), ("d", &spaces)]);
        assert!(bomb.len() < 8 * 1024, "{}", bomb.len());
        let error = check_size(&bomb, 1024 * 1024).unwrap_err();
        assert!(error.message.contains("more than 25 MB"), "four times a quarter: {error}");
        check_size(&bomb, 1024 * 1024 + 4).unwrap();
        let mut cut = book(EMPTY, &["Name"]);
        cut.truncate(cut.len() / 2);
        let whole = book(&sheet(r#"<row r="1"><c r="A1" t="s"><v>7</v></c></row>"#), &["Name"]);
        for (name, content, words) in [
            ("a text that is named often", book(&sheet(&many), &[&text]), "more than 25 MB"),
            ("cut", cut, "damaged"),
            ("another archive", archive(&[("word/document.xml", b"<document/>")]), "no spreadsheet"),
            ("a text that is not there", whole, "damaged"),
            ("rubbish", b"PK\x03\x04rest".to_vec(), "damaged"),
        ] {
            let error = read(&content, None).unwrap_err();
            assert!(error.fields[0].field == "content" && error.message.contains(words), "{name}: {error}");
        }
    }

    #[test]
    fn numbers_lose_the_tail_of_their_fraction() {
        for (number, wanted) in [
            (0.1 + 0.2, "0.3"),
            (1_000_000.0, "1000000"),
            (-0.0, "0"),
            (19.99, "19.99"),
            (1e15, "1000000000000000"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(decimal(number), wanted);
        }
    }
}
