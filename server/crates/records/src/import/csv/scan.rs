//! Finds where a record ends, and whether its quoting is sound, without holding more of it than the cells may hold.

use domain::imports::MAX_CELL_BYTES;
use words::t;

/// What is kept of the line on which a broken record begins.
const MAX_FIRST_LINE: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Record,
    Fault {
        column: Option<usize>,
        reason: String,
    },
    /// The bytes at hand ran out.
    More,
    File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a cell.
    CellStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted cell: either its end or the first half of a doubled one.
    Quote,
    /// After the end of a quoted cell, over spaces.
    Closed,
    /// The record is broken; on the way to the end of its first line.
    Broken,
}

/// The line after the one on which the record began.
#[derive(Debug, Clone, Copy)]
struct NextLine {
    offset: u64,
    line: u64,
    /// The line ended in CR, so that an LF may follow which ends nothing.
    after_cr: bool,
}

#[derive(Debug)]
pub(super) struct Scanner {
    delimiter: u8,
    buffer: Vec<u8>,
    /// Offset of the buffer in the file.
    base: u64,
    at: usize,
    /// No bytes come after the buffer.
    last: bool,
    line: u64,
    after_cr: bool,

    state: State,
    first_line: u64,
    next_line: Option<NextLine>,
    start: Vec<u8>,
    /// Of the first line: quotes, and delimiters outside of them.
    quotes: usize,
    delimiters: usize,
    bytes: Vec<u8>,
    column: usize,
    cell: usize,
    too_long: Vec<usize>,
    content: bool,
    touched: bool,
    fault: Option<(usize, &'static str)>,
}

impl Scanner {
    pub(super) const fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            buffer: Vec::new(),
            base: 0,
            at: 0,
            last: false,
            line: 1,
            after_cr: false,
            state: State::CellStart,
            first_line: 1,
            next_line: None,
            start: Vec::new(),
            quotes: 0,
            delimiters: 0,
            bytes: Vec::new(),
            column: 0,
            cell: 0,
            too_long: Vec::new(),
            content: false,
            touched: false,
            fault: None,
        }
    }

    pub(super) const fn wanted(&self) -> u64 {
        self.base + self.buffer.len() as u64
    }

    pub(super) fn give(&mut self, bytes: &[u8], last: bool) {
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        if self.wanted() == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        self.buffer.extend_from_slice(bytes);
        self.last = last;
    }

    /// Reads on to the end of the record. Call [`Scanner::begin`] or [`Scanner::resume`] before the next.
    pub(super) fn scan(&mut self) -> Ended {
        while let Some(&byte) = self.buffer.get(self.at) {
            self.at += 1;
            if std::mem::take(&mut self.after_cr) && byte == b'\n' && !self.touched {
                continue;
            }
            self.touched = true;
            self.note_first_line(byte);
            if self.step(byte) {
                return self.ended();
            }
        }
        if !self.last {
            return Ended::More;
        }
        if !self.touched {
            return Ended::File;
        }
        match self.state {
            State::Quoted => {
                self.break_off(t!(
                    "A quote is opened here and never closed; close it, or double it if it belongs to the text"
                ));
            }
            State::Quote => self.bytes.push(b'"'),
            _ => {}
        }
        self.line += 1;
        self.next_line.get_or_insert(NextLine { offset: self.base + self.at as u64, line: self.line, after_cr: false });
        self.ended()
    }

    fn ended(&mut self) -> Ended {
        match self.fault.take() {
            Some((column, reason)) => Ended::Fault { column: Some(column), reason: reason.to_owned() },
            None => Ended::Record,
        }
    }

    /// What tells, later, whether the first line looks like a record of its own.
    fn note_first_line(&mut self, byte: u8) {
        if self.next_line.is_some() || byte == b'\n' || byte == b'\r' {
            return;
        }
        if self.start.len() < MAX_FIRST_LINE {
            self.start.push(byte);
        }
        if byte == b'"' {
            self.quotes += 1;
        } else if byte == self.delimiter && self.quotes.is_multiple_of(2) {
            self.delimiters += 1;
        }
    }

    /// Takes one byte in; true at the end of the record.
    fn step(&mut self, byte: u8) -> bool {
        match self.state {
            State::Quoted => self.quoted(byte),
            State::Quote if byte == b'"' => {
                self.keep(b"\"\"");
                self.state = State::Quoted;
                false
            }
            State::Quote if byte != self.delimiter && !matches!(byte, b'\n' | b'\r' | b' ' | b'\t') => {
                self.break_off(t!("Text stands after a closing quote; double the quotes that belong to the text"))
            }
            State::Closed if byte != self.delimiter && !matches!(byte, b'\n' | b'\r' | b' ' | b'\t') => {
                self.break_off(t!("Text stands after a closing quote; double the quotes that belong to the text"))
            }
            State::Broken => matches!(byte, b'\n' | b'\r') && self.line_ends(byte),
            state => {
                if state == State::Quote {
                    self.bytes.push(b'"');
                    self.state = State::Closed;
                }
                self.outside(byte)
            }
        }
    }

    fn quoted(&mut self, byte: u8) -> bool {
        match byte {
            b'"' => self.state = State::Quote,
            b'\n' => {
                self.line_ends(byte);
                self.keep(b"\n");
            }
            other => self.keep(&[other]),
        }
        false
    }

    fn outside(&mut self, byte: u8) -> bool {
        if byte == self.delimiter {
            self.bytes.push(byte);
            self.column += 1;
            self.cell = 0;
            self.state = State::CellStart;
        } else if matches!(byte, b'\n' | b'\r') {
            return self.line_ends(byte);
        } else if self.state == State::CellStart && byte == b'"' {
            self.bytes.push(byte);
            self.state = State::Quoted;
        } else if self.state != State::Closed {
            self.keep(&[byte]);
            self.state = State::Plain;
        }
        false
    }

    /// Keeps bytes of a cell as long as the cell may be.
    fn keep(&mut self, bytes: &[u8]) {
        // A doubled quote is one character of the cell.
        self.cell += 1;
        if self.cell <= MAX_CELL_BYTES {
            self.bytes.extend_from_slice(bytes);
        } else if self.too_long.last() != Some(&self.column) {
            self.too_long.push(self.column);
        }
        self.content |= !bytes[0].is_ascii_whitespace();
    }

    fn line_ends(&mut self, byte: u8) -> bool {
        self.line += 1;
        self.after_cr = byte == b'\r';
        let next = NextLine { offset: self.base + self.at as u64, line: self.line, after_cr: self.after_cr };
        self.next_line.get_or_insert(next);
        true
    }

    /// Ends at once where the first line is over, else at its end, because its cells are looked at.
    fn break_off(&mut self, reason: &'static str) -> bool {
        self.fault = Some((self.column, reason));
        self.state = State::Broken;
        self.next_line.is_some()
    }

    /// Starts the next record where this one ended.
    pub(super) fn begin(&mut self) {
        self.state = State::CellStart;
        self.first_line = self.line;
        self.next_line = None;
        self.start.clear();
        self.quotes = 0;
        self.delimiters = 0;
        self.bytes.clear();
        self.column = 0;
        self.cell = 0;
        self.too_long.clear();
        self.content = false;
        self.touched = false;
        self.fault = None;
    }

    /// Starts the next record on the line after the one on which this one began.
    pub(super) fn resume(&mut self) {
        if let Some(next) = self.next_line {
            self.line = next.line;
            self.after_cr = next.after_cr;
            match next.offset.checked_sub(self.base).and_then(|at| usize::try_from(at).ok()) {
                Some(at) if at <= self.buffer.len() => self.at = at,
                _ => {
                    self.buffer.clear();
                    self.base = next.offset;
                    self.at = 0;
                    self.last = false;
                }
            }
        }
        self.begin();
    }

    pub(super) fn is_blank(&self) -> bool {
        !self.content
    }

    pub(super) fn columns(&self) -> usize {
        self.column + 1
    }

    pub(super) fn record(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn too_long(&self) -> &[usize] {
        &self.too_long
    }

    pub(super) fn first_line(&self) -> (u64, Vec<u8>) {
        (self.first_line, self.start.clone())
    }

    pub(super) fn spans_lines(&self) -> bool {
        self.next_line.is_some_and(|next| next.line < self.line)
    }

    /// Whether the first line, taken alone and leniently, has the right number of cells.
    pub(super) fn line_has(&self, columns: usize) -> bool {
        self.quotes.is_multiple_of(2) && self.delimiters + 1 == columns
    }

    /// Whether a sound record may be trusted after a broken one: a line of the right number of cells, or several with a cell that opens on
    /// the first. The tail of a broken cell often parses too, with a single quote somewhere inside.
    pub(super) fn looks_like_record(&self, columns: usize) -> bool {
        self.column + 1 == columns && (self.quotes.is_multiple_of(2) || self.spans_lines())
    }
}

#[cfg(test)]
impl Scanner {
    /// Bytes in memory.
    pub(super) fn held(&self) -> usize {
        self.buffer.len() + self.bytes.len()
    }
}
