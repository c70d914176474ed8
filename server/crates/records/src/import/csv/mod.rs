//! Reading CSV that people bring: a record with broken quoting costs that record, not the rest of the file.
//!
//! A CSV parser alone cannot do this: to it, everything after a quote that is never closed is one cell. So the boundaries of records are
//! found here, byte by byte, and the `csv` crate takes apart what is well-formed. Where a record is not, reading goes back to the physical
//! line after the one it began on and resumes at the first line that looks like a record again.
//!
//! The reader does no IO. It says which byte of the file it wants next ([`Reader::wanted`]) and takes what it is given, so that a file is
//! read from pieces in the database without being held whole, however long a cell is.

mod scan;
#[cfg(test)]
mod tests;

use domain::imports::MAX_CELL_BYTES;
use scan::{Ended, Scanner};
use std::collections::VecDeque;
use std::io;
use words::{t, tn};

/// What a cell that is too long is cut to.
const CUT_CHARS: usize = 200;

/// One record of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Physical line on which it begins, from 1.
    pub line: u64,
    /// As they stand there, without the quotes. A record that could not be taken apart is one cell: its first line.
    pub cells: Vec<String>,
    pub faults: Vec<Fault>,
}

/// Why a record cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// 0-based; nothing where the record as a whole is wrong.
    pub column: Option<usize>,
    pub reason: String,
}

#[derive(Debug)]
pub enum Step {
    Row(Row),
    /// Call [`Reader::give`] with the bytes from [`Reader::wanted`] on.
    More,
    End,
}

#[derive(Debug)]
pub struct Reader {
    scanner: Scanner,
    parser: csv::Reader<Feed>,
    /// Cells that a record must have; the first record decides.
    columns: Option<usize>,
    /// The record that was found broken, until the next good one is found.
    broken: Option<Broken>,
    /// The good record that ended a broken one.
    resumed: Option<Row>,
}

#[derive(Debug)]
struct Broken {
    line: u64,
    /// Line of the last thing that was passed over after it.
    last_line: u64,
    start: Vec<u8>,
    column: Option<usize>,
    reason: String,
}

impl Reader {
    pub fn new(delimiter: u8) -> Self {
        let parser = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(Feed::default());
        Self { scanner: Scanner::new(delimiter), parser, columns: None, broken: None, resumed: None }
    }

    /// Offset in the file of the bytes that are needed next. Goes back after a broken record.
    pub const fn wanted(&self) -> u64 {
        self.scanner.wanted()
    }

    /// Bytes from [`Reader::wanted`] on; `last` where the file ends with them.
    pub fn give(&mut self, bytes: &[u8], last: bool) {
        self.scanner.give(bytes, last);
    }

    pub fn next(&mut self) -> Step {
        if let Some(row) = self.resumed.take() {
            return Step::Row(row);
        }
        loop {
            let row = match self.scanner.scan() {
                Ended::More => return Step::More,
                Ended::File => return self.broken.take().map_or(Step::End, |broken| Step::Row(broken.row())),
                Ended::Record => self.record(),
                Ended::Fault { column, reason } => self.fault(column, reason),
            };
            if let Some(row) = row {
                return Step::Row(row);
            }
        }
    }

    /// A record whose quoting is sound.
    fn record(&mut self) -> Option<Row> {
        if self.scanner.is_blank() {
            self.scanner.begin();
            return None;
        }
        let found = self.scanner.columns();
        let expected = *self.columns.get_or_insert(found);
        if self.broken.is_some() {
            if !self.scanner.looks_like_record(expected) {
                return self.pass_over();
            }
            let row = self.parse(expected);
            self.scanner.begin();
            let broken = self.broken.take().map(Broken::row);
            self.resumed = Some(row);
            return broken;
        }
        // Several lines in one record with the wrong number of cells: more likely a stray quote than a cell too many.
        if found != expected && self.scanner.spans_lines() {
            return self.fault(None, count_reason(found, expected));
        }
        let row = self.parse(expected);
        self.scanner.begin();
        Some(row)
    }

    /// A record whose quoting is broken: reading goes on at the line after the one it began on.
    fn fault(&mut self, column: Option<usize>, reason: String) -> Option<Row> {
        if self.broken.is_some() && !self.columns.is_some_and(|columns| self.scanner.line_has(columns)) {
            return self.pass_over();
        }
        let (line, start) = self.scanner.first_line();
        let before = self.broken.replace(Broken { line, last_line: line, start, column, reason });
        self.scanner.resume();
        before.map(Broken::row)
    }

    fn pass_over(&mut self) -> Option<Row> {
        if let Some(broken) = &mut self.broken {
            broken.last_line = self.scanner.first_line().0;
        }
        self.scanner.resume();
        None
    }

    /// Takes the record apart and checks what every cell must be, whatever its field.
    fn parse(&mut self, expected: usize) -> Row {
        let line = self.scanner.first_line().0;
        let too_long = self.scanner.too_long().to_vec();
        self.parser.get_mut().put(self.scanner.record());
        let mut record = csv::ByteRecord::new();
        let mut faults = Vec::new();
        if !matches!(self.parser.read_byte_record(&mut record), Ok(true)) {
            faults.push(Fault { column: None, reason: t!("The row could not be read").to_owned() });
        }
        if record.len() != expected {
            faults.push(Fault { column: None, reason: count_reason(record.len(), expected) });
        }
        let cells = record.iter().enumerate().map(|(column, cell)| {
            let (text, reason) = read_cell(cell, too_long.contains(&column));
            if let Some(reason) = reason {
                faults.push(Fault { column: Some(column), reason: reason.to_owned() });
            }
            text
        });
        let cells = cells.collect();
        Row { line, cells, faults }
    }
}

fn read_cell(cell: &[u8], too_long: bool) -> (String, Option<&'static str>) {
    if too_long {
        const { assert!(MAX_CELL_BYTES == 64 * 1024, "the words below name the limit") };
        return (cut(&String::from_utf8_lossy(cell)), Some(t!("The cell is longer than 64 KB; shorten it")));
    }
    match std::str::from_utf8(cell) {
        Ok(text) if text.contains('\0') => {
            let reason = t!("The cell holds a character that cannot be stored (NUL); remove it");
            (text.replace('\0', "\u{fffd}"), Some(reason))
        }
        Ok(text) => (text.to_owned(), None),
        Err(_) => (
            String::from_utf8_lossy(cell).into_owned(),
            Some(t!("The cell is not UTF-8 text; save the file as \"CSV UTF-8\" and upload it again")),
        ),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CUT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn count_reason(found: usize, expected: usize) -> String {
    tn!(
        found,
        "The row has {count} cell where the first row has {expected}",
        "The row has {count} cells where the first row has {expected}",
        expected
    )
}

impl Broken {
    fn row(self) -> Row {
        let lines = if self.last_line > self.line {
            t!("lines {from} to {to} of the file were left out", from = self.line, to = self.last_line)
        } else {
            t!("line {line} of the file", line = self.line)
        };
        let text = String::from_utf8_lossy(&self.start).replace('\0', "\u{fffd}");
        let fault = Fault { column: self.column, reason: format!("{} ({lines})", self.reason) };
        Row { line: self.line, cells: vec![text], faults: vec![fault] }
    }
}

/// Hands the parser one record at a time. It never ends: a parser that has seen the end reads nothing more.
#[derive(Debug, Default)]
struct Feed(VecDeque<u8>);

impl Feed {
    fn put(&mut self, record: &[u8]) {
        self.0.extend(record);
        self.0.push_back(b'\n');
    }
}

impl io::Read for Feed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}
