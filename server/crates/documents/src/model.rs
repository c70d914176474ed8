//! The document that every writer draws: plain data, every string already formatted for its reader.

use chrono::NaiveDate;
use serde::Serialize;

/// One printed document. Writers draw its parts in the order of these fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// BCP 47, such as `en` or `sw`.
    pub language: String,
    pub direction: Direction,
    pub page: PageSize,
    /// What it is called as a file and in a list: `Invoice INV-0041`. Heads every page after the first.
    pub name: String,
    /// The date in the PDF's properties. Writers have no clock of their own.
    pub issued: Option<NaiveDate>,
    /// What it is: `Invoice`.
    pub title: String,
    pub logo: Option<Logo>,
    pub issuer: Party,
    pub recipient: Party,
    pub facts: Vec<Fact>,
    /// The sentence that the reader looks for: `KES 116,000.00 due by 2 April 2026`.
    pub lead: Option<String>,
    pub table: Table,
    /// What the totals are, for who cannot see them.
    pub totals_caption: String,
    pub totals: Vec<Total>,
    pub sections: Vec<Section>,
    /// Stands at the foot of every page, in up to three lines; a longer one is printed once, at the end.
    pub footer: String,
    /// With `{page}` and `{pages}`: `Page {page} of {pages}`.
    pub page_label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Direction {
    #[default]
    LeftToRight,
    RightToLeft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum PageSize {
    #[default]
    A4,
    Letter,
}

/// A picture as PNG. One that cannot be read, or has more than four million pixels, is left out of a PDF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logo {
    #[serde(skip)]
    pub png: Vec<u8>,
    /// What a screen reader says instead: the name of the business.
    pub alternative: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Party {
    /// `From`, `Bill to`.
    pub label: String,
    pub name: String,
    /// Address, tax id, contact: a line each.
    pub lines: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Table {
    /// What the table holds, for who cannot see it.
    pub caption: String,
    pub columns: Vec<Column>,
    /// A row with fewer cells than columns ends in empty ones; cells beyond the columns are not drawn.
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    pub label: String,
    pub align: Align,
    /// Share of the width in percent; what all columns ask for together counts as the whole.
    pub width: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Align {
    #[default]
    Start,
    /// Numbers: at the end edge, figures of one width, never broken while they fit.
    End,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Cell {
    pub main: String,
    /// A second, quieter line.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    pub label: String,
    pub value: String,
    pub emphasis: Emphasis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Emphasis {
    #[default]
    Plain,
    Strong,
    /// The one number that decides what happens next: larger, under a rule.
    Grand,
}

/// Notes, how to pay, where to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Section {
    pub heading: String,
    pub paragraphs: Vec<String>,
    pub facts: Vec<Fact>,
}

impl Party {
    /// Nobody is named: then there is no label for them either.
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_empty() && self.lines.is_empty()
    }
}

impl Fact {
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

impl Cell {
    pub fn new(main: impl Into<String>) -> Self {
        Self { main: main.into(), detail: None }
    }
}

impl PageSize {
    /// Width and height in points.
    pub const fn points(self) -> (f32, f32) {
        match self {
            Self::A4 => (595.28, 841.89),
            Self::Letter => (612.0, 792.0),
        }
    }
}
