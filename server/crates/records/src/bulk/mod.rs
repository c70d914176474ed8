//! Many rows at once: written down when it is started, done by a job row by row through the operations that change a single row, and taken
//! back as a whole.

mod run;
mod start;
mod store;
mod undo;

pub use run::{BulkJob, KIND, job_handler};
pub(crate) use store::titles;

use domain::Result;
use domain::records::{Bulk, BulkRow, BulkRows, GetBulk};
use platform::{Ctx, Registry};

pub fn register(registry: &mut Registry) {
    registry.add(start::bulk).add(get_bulk).add(bulk_rows).add(undo::preview_undo).add(undo::undo_bulk);
}

async fn get_bulk(ctx: &mut Ctx, input: GetBulk) -> Result<Bulk> {
    store::load(ctx, input.id).await
}

async fn bulk_rows(ctx: &mut Ctx, input: BulkRows) -> Result<Vec<BulkRow>> {
    let bulk = store::load(ctx, input.id).await?;
    store::named(ctx, &bulk).await
}
