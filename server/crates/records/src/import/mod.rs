//! Import of files: upload, map columns, look at what would happen, run as a job, and take it back.
//!
//! A row passes the same check in the preview and in the import ([`check`]); what is refused keeps its cells and its reasons, what is made
//! or changed keeps what is needed to take it back. Importing the same file twice changes nothing.

mod arrival;
mod check;
mod create;
mod csv;
mod existing;
mod file;
mod lookup;
mod plan;
mod preview;
mod problems;
mod propose;
mod run;
mod sheet;
mod sniff;
mod start;
mod store;
mod undo;

use domain::Result;
use domain::imports::{GetImport, Import, ListImports};
use platform::{Ctx, Registry};

pub use run::{ImportJob, KIND, job_handler};
pub(crate) use store::{plan_anew, plan_once};

/// Registers the operations of imports.
pub fn register(registry: &mut Registry) {
    registry
        .add(create::create)
        .add(create::map)
        .add(preview::preview)
        .add(start::start)
        .add(get)
        .add(list)
        .add(problems::problems)
        .add(problems::error_file)
        .add(undo::kept)
        .add(undo::preview)
        .add(undo::undo);
}

async fn get(ctx: &mut Ctx, input: GetImport) -> Result<Import> {
    Ok(store::load(ctx, input.id).await?.0)
}

async fn list(ctx: &mut Ctx, input: ListImports) -> Result<Vec<Import>> {
    let entity = ctx.entity(&input.entity)?;
    store::list(ctx, &entity).await
}
