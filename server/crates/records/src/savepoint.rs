//! Part of a transaction that is done or not at all, so that what stands in its way leaves the rest as it was.

use domain::Result;
use platform::{Ctx, db_error};

/// What is to be told so far is written first: it is of the rest.
pub async fn begin(ctx: &mut Ctx) -> Result<()> {
    ctx.flush().await?;
    sqlx::query("savepoint part").execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}

/// Keeps what was done since [`begin`], or makes it undone.
pub async fn end(ctx: &mut Ctx, done: bool) -> Result<()> {
    let end = if done { "release savepoint part" } else { "rollback to savepoint part" };
    if !done {
        ctx.forget();
    }
    sqlx::query(end).execute(ctx.conn().await?).await.map_err(db_error)?;
    Ok(())
}
