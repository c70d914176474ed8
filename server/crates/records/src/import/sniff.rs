//! What kind of file was uploaded, which delimiter it uses, and whether its first row names the columns.

use chrono::NaiveDate;
use domain::text::normal;
use domain::{Error, Result};
use std::collections::BTreeSet;
use words::{mark, t};

/// In the order in which they are preferred.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How much of the file the sniffing looks at.
const SAMPLE_BYTES: usize = 64 * 1024;
const SAMPLE_LINES: usize = 20;

/// Refuses what is not text that a CSV reader could make sense of, and says what to do instead.
pub fn check_kind(content: &[u8]) -> Result<()> {
    let refuse = |message: &str| Err(Error::field("content", message));
    let head = &content[..content.len().min(SAMPLE_BYTES)];
    if head.iter().all(u8::is_ascii_whitespace) || head == b"\xef\xbb\xbf" {
        return refuse(t!("The file is empty. Choose one with a header and at least one row"));
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0") {
        return refuse(t!(
            "This is a spreadsheet of the old kind (.xls), or one with a password. Open it, save it without a password as \"Excel workbook (.xlsx)\", and upload that"
        ));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return refuse(t!("The file is written in UTF-16. Save it as \"CSV UTF-8\" and upload it again"));
    }
    if head.starts_with(b"%PDF") || head.starts_with(b"\x1f\x8b") {
        return refuse(t!("This is not a CSV file. Export the table as \"CSV UTF-8\" and upload that"));
    }
    // A stray NUL refuses its row later; a file full of them is UTF-16 without its mark, or no text at all.
    if head.iter().filter(|byte| **byte == 0).count() * 20 > head.len() {
        return refuse(t!("The file is not text in UTF-8. Save it as \"CSV UTF-8\" and upload it again"));
    }
    Ok(())
}

/// The delimiter that gives most lines the same, largest number of cells.
pub fn delimiter(content: &[u8]) -> u8 {
    let head = &content[..content.len().min(SAMPLE_BYTES)];
    let mut best = (DELIMITERS[0], 0);
    for delimiter in DELIMITERS {
        let counts = counts(head, delimiter);
        let Some(&first) = counts.first() else { continue };
        let alike = counts.iter().filter(|count| **count == first).count();
        let score = if first == 0 { 0 } else { alike * 100 / counts.len() * 1000 + first.min(999) };
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// Delimiters outside of quotes in each of the first records.
fn counts(head: &[u8], delimiter: u8) -> Vec<usize> {
    let mut counts = Vec::new();
    let (mut quoted, mut count, mut content) = (false, 0, false);
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                if content {
                    counts.push(count);
                }
                if counts.len() == SAMPLE_LINES {
                    return counts;
                }
                (count, content) = (0, false);
                continue;
            }
            _ if byte == delimiter && !quoted => count += 1,
            _ => {}
        }
        content |= !byte.is_ascii_whitespace();
    }
    // The last record may have been cut off by the sample, unless it is the only one.
    if content && counts.is_empty() {
        counts.push(count);
    }
    counts
}

/// What speaks against the first row naming the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// In English, because it is kept; see [`said`].
    pub reason: String,
    /// The row holds data, so that a file without a header is the better guess.
    pub is_data: bool,
}

const ADDRESS: &str = mark!("The first row holds an e-mail address ({cell}), so it may be data");
const DATE: &str = mark!("The first row holds a date ({cell}), so it may be data");
const NUMBER: &str = mark!("The first row holds a number ({cell}), so it may be data");
const NAMELESS: &str = mark!("Column {cell} has no name in the first row");
const TWICE: &str = mark!("The first row names {cell} twice");

/// A doubt that was kept, in the language that is spoken: it is kept in English.
pub fn said(doubt: &str) -> String {
    let spoken = |text: &str| {
        let (before, after) = words::around(text, "cell");
        let cell = doubt.strip_prefix(before)?.strip_suffix(after)?;
        Some(words::fill(words::say(text), &[("cell", &cell)]))
    };
    [ADDRESS, DATE, NUMBER, NAMELESS, TWICE].into_iter().find_map(spoken).unwrap_or_else(|| doubt.to_owned())
}

/// Looks for what no header holds: addresses, numbers, dates, the same word twice, nothing.
pub fn header_doubt(cells: &[String]) -> Option<Doubt> {
    let reason = |text: &str, cell: &str| words::fill(text, &[("cell", &cell)]);
    let data = |text: &str, cell: &str| Some(Doubt { reason: reason(text, cell), is_data: true });
    for cell in cells.iter().map(|cell| cell.trim()) {
        if cell.contains('@')
            && !cell.contains(' ')
            && cell.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'))
        {
            return data(ADDRESS, cell);
        }
        if is_date(cell) {
            return data(DATE, cell);
        }
        if is_number(cell) {
            return data(NUMBER, cell);
        }
    }
    let mut seen = BTreeSet::new();
    for (position, cell) in cells.iter().enumerate() {
        if cell.trim().is_empty() {
            return Some(Doubt { reason: reason(NAMELESS, &(position + 1).to_string()), is_data: false });
        }
        if !seen.insert(normal(cell)) {
            return Some(Doubt { reason: reason(TWICE, cell.trim()), is_data: false });
        }
    }
    None
}

fn is_date(cell: &str) -> bool {
    ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y"]
        .iter()
        .any(|format| NaiveDate::parse_from_str(cell, format).is_ok())
}

fn is_number(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    digits > 0 && cell.chars().all(|c| c.is_ascii_digit() || " +-.,()".contains(c))
}

/// Names of the columns: the header's cells, told apart where they are empty or the same.
pub fn column_names(header: Option<&[String]>, count: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(count);
    for position in 0..count {
        let name = header.and_then(|cells| cells.get(position)).map(|cell| normal_spaces(cell)).unwrap_or_default();
        let name = if name.is_empty() { format!("Column {}", position + 1) } else { name };
        let same = names.iter().filter(|other| **other == name || other.starts_with(&format!("{name} ("))).count();
        names.push(if same == 0 { name } else { format!("{name} ({})", same + 1) });
    }
    names
}

fn normal_spaces(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(list: &[&str]) -> Vec<String> {
        list.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn delimiters_are_found() {
        for (text, wanted) in [
            ("a,b;c,d\n1,2,3\n", b','),
            ("a;b;c\n1,5;2;3\n1,7;2;3\n", b';'),
            ("a\tb\n1,5\t2\n", b'\t'),
            ("a|b|c\n\"x|,,,,y\"|2|3\n", b'|'),
            ("name\nAmina\n", b','),
            ("a;b", b';'),
        ] {
            assert_eq!(delimiter(text.as_bytes()) as char, wanted as char, "{text}");
        }
    }

    #[test]
    fn what_is_no_csv_is_named() {
        for (content, words) in [
            (&b""[..], "empty"),
            (b" \r\n\n", "empty"),
            (b"\xd0\xcf\x11\xe0rest", "of the old kind"),
            (b"\xff\xfea\0,\0", "UTF-16"),
            (b"a\0,\0b\0\n\0", "not text"),
        ] {
            let error = check_kind(content).unwrap_err();
            assert!(error.fields[0].field == "content" && error.message.contains(words), "{error}");
        }
        assert!(check_kind("Näme,Ort\n".as_bytes()).is_ok());
    }

    #[test]
    fn headers_are_doubted_for_a_reason() {
        assert_eq!(header_doubt(&cells(&["Full Name", "E-mail", "Mobile 2"])), None);
        for (row, words, is_data) in [
            (["Amina", "amina@demo.example"], "e-mail", true),
            (["Amina", "+254 722 000 111"], "number", true),
            (["Amina", "2026-11-21"], "date", true),
            (["Name", " name"], "twice", false),
            (["Name", " "], "Column 2 has no name", false),
        ] {
            let doubt = header_doubt(&cells(&row)).unwrap();
            assert!(doubt.reason.contains(words) && doubt.is_data == is_data, "{doubt:?}");
        }
    }

    #[test]
    fn columns_have_names_of_their_own() {
        assert_eq!(column_names(Some(&cells(&["Phone", "", "Phone"])), 3), ["Phone", "Column 2", "Phone (2)"]);
        assert_eq!(column_names(None, 2), ["Column 1", "Column 2"]);
    }
}
