//! Hands an import to the worker.

use super::plan::Plan;
use super::run::KIND;
use super::store;
use crate::on_behalf::asked;
use crate::stop::TRIES;
use domain::imports::{Existing, Import, ImportStatus, StartImport};
use domain::{Error, Result, Verb};
use jobs::NewJob;
use platform::{Ctx, db_error};
use words::t;

/// Rows are made where whoever starts it works, and it is of their location, wherever its file was uploaded. One that goes on elsewhere has rows of two
/// locations, and is of neither.
const PLACE: &str = "\
update imports set location_id = case when done = 0 or location_id is not distinct from $3::uuid then $3::uuid end
where tenant_id = $1 and id = $2";

pub async fn start(ctx: &mut Ctx, input: StartImport) -> Result<Import> {
    let (import, entity) = store::lock(ctx, input.id).await?;
    match import.status {
        // What failed as a whole goes on where it stopped.
        ImportStatus::Mapped => {}
        ImportStatus::Failed if import.undo_began_at.is_none() => {}
        ImportStatus::Uploaded => return Err(Error::conflict(t!("Map the columns first; then the import can start"))),
        ImportStatus::Queued | ImportStatus::Running => {
            return Err(Error::conflict(t!("This import has been started already; it is being worked on")));
        }
        ImportStatus::Done => {
            return Err(Error::conflict(t!("This import is done already. To import the file again, upload it again")));
        }
        ImportStatus::Failed | ImportStatus::Undoing | ImportStatus::Undone => {
            return Err(Error::conflict(t!("This import was taken back. To import the file again, upload it again")));
        }
    }
    ctx.require(&entity.permission(Verb::Create))?;
    if import.mapping.existing == Existing::Update {
        ctx.require(&entity.permission(Verb::Update))?;
    }
    Plan::new(entity, &ctx.access.grants, import.columns.clone(), &import.mapping)?;
    let payload = asked(ctx, "import", import.id);
    let job = NewJob::new(ctx.new_id(), KIND, payload)
        .scope(ctx.access.tenant.0)
        .attempts(TRIES)
        .unique(format!("import:{}", import.id));
    if !jobs::enqueue(ctx.conn().await?, job).await.map_err(db_error)? {
        return Err(Error::conflict(t!("This import has been started already; it is being worked on")));
    }
    let (tenant, location) = (ctx.access.tenant.0, ctx.access.location);
    let placed = sqlx::query(PLACE).bind(tenant).bind(import.id).bind(location);
    placed.execute(ctx.conn().await?).await.map_err(db_error)?;
    store::set_status(ctx, import.id, ImportStatus::Queued).await?;
    Ok(store::load(ctx, import.id).await?.0)
}
