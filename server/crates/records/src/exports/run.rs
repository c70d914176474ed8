//! The job: rows by pages behind a cursor, some thousand of them as one object in the file store. That a part counts, and where the next one
//! begins, are committed together, so that a worker which takes over goes on behind the last part that counts: no row comes twice, none is
//! missing. Every page is read as the member who asked, with the rights of that moment.

use super::meant::Meant;
use super::store::{self, Kept, Part};
use crate::ending::{Errand, failed};
use crate::list::{departing, leaving};
use crate::on_behalf::{Asker, named};
use crate::stop;
use domain::exports::{ExportFormat, Place, StartExport};
use domain::records::{ExportRecords, Page};
use domain::schema::Entity;
use domain::schema::query::MAX_LIMIT;
use domain::{Error, Kind, Operation, Result};
use jobs::{BoxFuture, Claimed, Handler, Outcome};
use platform::shelf::{self, FileKey};
use platform::{Change, Ctx, Platform, Stop, TxMode};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

pub const KIND: &str = "records.export";
/// Rows of a part, and bytes after which it ends before that: the whole part is held in memory.
const ROWS: u32 = 5_000;
const BYTES: usize = 4 << 20;

/// Writes a page of rows as the file has it, with these fields.
pub type Writer = fn(ExportFormat, &Arc<Entity>, &[String], &Page, Place) -> Result<Vec<u8>>;

/// Works exports that were started.
pub struct ExportJob {
    platform: Arc<Platform>,
    write: Writer,
    rows: u32,
}

pub fn job_handler(platform: Arc<Platform>, write: Writer) -> ExportJob {
    ExportJob { platform, write, rows: ROWS }
}

impl ExportJob {
    /// With parts of so many rows.
    #[must_use]
    pub const fn in_parts_of(mut self, rows: u32) -> Self {
        self.rows = rows;
        self
    }
}

impl Handler for ExportJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn concurrency(&self) -> usize {
        2
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(work) = Work::of(self, job) else {
                return Outcome::Fail("the job names no workspace, export and member".to_owned());
            };
            let (outcome, error) = stop::outcome(words::scope(work.asker.language, work.run()).await, job);
            if let Some(error) = error {
                let errand = (Errand::Export, work.export);
                failed(&self.platform.services, &work.asker, job, errand, &error).await;
            }
            outcome
        })
    }
}

/// A part before it is stored.
struct Read {
    part: Part,
    content: Vec<u8>,
    /// What the trail tells of its pages once it counts.
    pages: Vec<Change>,
}

struct Work<'a> {
    of: &'a ExportJob,
    job: &'a Claimed,
    asker: Asker,
    export: Uuid,
}

impl<'a> Work<'a> {
    fn of(of: &'a ExportJob, job: &'a Claimed) -> Option<Self> {
        Some(Self { of, job, asker: Asker::of(job)?, export: named(job, "export")? })
    }

    async fn run(&self) -> Result<(), Stop> {
        while self.part().await? {}
        Ok(())
    }

    async fn open(&self, mode: TxMode) -> Result<Ctx> {
        let platform = &self.of.platform;
        let caller = self.asker.caller(platform, ("export", self.export)).await?;
        platform.open(&caller, StartExport::NAME, mode).await
    }

    /// One part; false behind the last. It is read in one transaction and counted in by another, so that none is open while the file store takes it,
    /// however long that is.
    async fn part(&self) -> Result<bool, Stop> {
        let mut ctx = self.open(TxMode::ReadOnly).await?;
        let kept = store::load(&mut ctx, self.export).await?;
        if !kept.export.status.is_open() {
            return Ok(false);
        }
        let Read { part, content, pages } = self.read(&mut ctx, &kept).await?;
        // Written down before it is stored: what is stored and never counted goes again.
        shelf::begin(&ctx, part.id).await?;
        let (files, key) = (shelf::of(&ctx)?, FileKey::new(ctx.access.tenant, part.id));
        ctx.commit().await?;
        files.store.put(&key, content).await?;
        let mut ctx = self.open(TxMode::ReadWrite).await?;
        shelf::kept(&mut ctx, part.id).await?;
        if !store::advance(&mut ctx, &kept, &part).await? {
            return Ok(false);
        }
        // Rows can leave from here on, so the trail tells of each page of them.
        ctx.operation = ExportRecords::NAME;
        for page in pages {
            ctx.changed(page);
        }
        ctx.flush().await?;
        ctx.operation = StartExport::NAME;
        if part.next.is_some() {
            stop::step(ctx, self.job).await?;
            return Ok(true);
        }
        let rows = kept.export.rows + part.rows;
        super::changed(&mut ctx, self.export, json!({ "status": "done", "rows": rows }));
        stop::finish(ctx, self.job).await?;
        Ok(false)
    }

    /// The rows of the next part, as the file has them.
    async fn read(&self, ctx: &mut Ctx, kept: &Kept) -> Result<Read> {
        let entity = ctx.entity(&kept.export.entity)?;
        if leaving(ctx, &entity)? != kept.reach {
            let message = t!("How far you may export has changed since this was started. Start it again");
            return Err(Error::new(Kind::Forbidden, message));
        }
        let mut query = kept.export.query.clone();
        query.limit = MAX_LIMIT.min(self.of.rows);
        query.cursor.clone_from(&kept.cursor);
        let (mut rows, mut content, mut pages) = (0, Vec::new(), Vec::new());
        loop {
            let first = query.cursor.is_none();
            let (page, told) = departing(ctx, &entity, &query, kept.reach).await?;
            pages.push(told);
            query.cursor.clone_from(&page.next);
            let place = Place { first, last: page.next.is_none() };
            content.append(&mut (self.of.write)(kept.export.format, &entity, &query.fields, &page, place)?);
            rows += page.returned;
            if place.last || rows >= self.of.rows || content.len() >= BYTES {
                // Behind the pages: each was read by the team of its moment.
                if Meant::by(ctx, kept.reach).await? != kept.meant {
                    let message =
                        t!("Your location or your team is another than when this was started. Start it again");
                    return Err(Error::new(Kind::Forbidden, message));
                }
                let part = Part { id: ctx.new_id(), rows: i64::from(rows), next: query.cursor };
                return Ok(Read { part, content, pages });
            }
        }
    }
}
