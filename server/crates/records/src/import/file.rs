//! The rows of an import's file, one batch after the other, without holding more than a piece of it.

use super::check::Numbered;
use super::csv::{Reader, Row, Step};
use super::sniff;
use super::store::{self, PIECE};
use domain::{Error, Result};
use platform::Ctx;
use uuid::Uuid;

#[derive(Debug)]
pub struct File {
    import: Uuid,
    bytes: u64,
    reader: Reader,
    /// The first row names the columns.
    header: bool,
    /// Data rows read so far.
    rows: i64,
}

impl File {
    pub async fn open(ctx: &mut Ctx, import: Uuid, bytes: i64, header: bool) -> Result<Self> {
        let first = store::piece(ctx, import, 0).await?;
        let mut reader = Reader::new(sniff::delimiter(&first));
        let bytes = u64::try_from(bytes).unwrap_or_default();
        reader.give(&first, bytes <= PIECE as u64);
        Ok(Self { import, bytes, reader, header, rows: 0 })
    }

    /// The next rows, at most `most`; none at the end of the file.
    pub async fn batch(&mut self, ctx: &mut Ctx, most: usize) -> Result<Vec<Numbered>> {
        let mut batch = Vec::with_capacity(most);
        while batch.len() < most {
            let Some(read) = self.next(ctx).await? else { break };
            if std::mem::take(&mut self.header) {
                continue;
            }
            self.rows += 1;
            batch.push(Numbered { row: self.rows, read });
        }
        Ok(batch)
    }

    async fn next(&mut self, ctx: &mut Ctx) -> Result<Option<Row>> {
        loop {
            match self.reader.next() {
                Step::Row(row) => return Ok(Some(row)),
                Step::End => return Ok(None),
                Step::More => {
                    let from = self.reader.wanted();
                    let piece = store::piece(ctx, self.import, from).await?;
                    let last = from + piece.len() as u64 >= self.bytes;
                    if piece.is_empty() && !last {
                        tracing::error!(import = %self.import, from, "a piece of an imported file is missing");
                        return Err(Error::internal());
                    }
                    self.reader.give(&piece, last);
                }
            }
        }
    }
}

/// What a file holds at a glance.
#[derive(Debug)]
pub struct Glance {
    pub first: Row,
    /// The rows after the first, as many as a sample shows.
    pub sample: Vec<Vec<String>>,
    /// All of them, the first included.
    pub rows: i64,
}

/// Reads a file that is at hand from one end to the other.
pub fn glance(content: &[u8], sample: usize) -> Result<Option<Glance>> {
    let mut reader = Reader::new(sniff::delimiter(content));
    reader.give(content, true);
    let mut glance: Option<Glance> = None;
    loop {
        match (reader.next(), &mut glance) {
            (Step::Row(row), None) => glance = Some(Glance { first: row, sample: Vec::new(), rows: 1 }),
            (Step::Row(row), Some(glance)) => {
                glance.rows += 1;
                if glance.sample.len() < sample {
                    glance.sample.push(row.cells);
                }
            }
            (Step::End, _) => return Ok(glance),
            (Step::More, _) => {
                // After a broken row the reader goes back, to bytes that are still here.
                let from = usize::try_from(reader.wanted()).map_err(|_| Error::internal())?;
                reader.give(content.get(from..).unwrap_or_default(), true);
            }
        }
    }
}
