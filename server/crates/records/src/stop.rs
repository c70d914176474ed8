//! How a long job of this crate comes on and how it ends: imports, exports and changes of many rows do so in the same ways.

use crate::on_behalf::wait_briefly;
use domain::error::BUSY;
use domain::{Error, Kind, Result};
use jobs::{Claimed, Outcome};
use platform::{Ctx, Stop};

/// How often one of these jobs is tried before it is given up, since it last came on. The waits between them double from two seconds, so the last try
/// comes a quarter of an hour after the first at the earliest: what is away for some minutes ends nothing that has gone on for hours.
pub const TRIES: i32 = 11;

/// Whether trying again may help: somebody else was writing the same, or something was away.
const fn passes(error: &Error) -> bool {
    matches!(error.kind, Kind::Conflict | Kind::Stale | Kind::Unavailable | Kind::Internal)
}

/// Whether no row is at fault, so that nothing is to be written down of one: the batch is rolled back and the job tries again. With the last try a row
/// that somebody goes on holding is: it is left as it is, and the others are not given up for it.
pub fn is_of_no_row(error: &Error, last: bool) -> bool {
    matches!(error.kind, Kind::Internal | Kind::Unavailable) || (!last && error.is(BUSY))
}

/// Whether this is the last try of a batch. Then no row is waited for as long as the others are together.
pub async fn is_last(ctx: &mut Ctx, job: &Claimed) -> Result<bool> {
    let last = job.is_last_attempt();
    if last {
        wait_briefly(ctx).await?;
    }
    Ok(last)
}

/// Commits a batch, with which less is left to do: whatever fails behind it is tried as often as at the beginning. The fence comes last, since it
/// holds the job's row.
pub async fn step(mut ctx: Ctx, job: &Claimed) -> Result<(), Stop> {
    ctx.flush().await?;
    job.advance(ctx.conn().await?).await?;
    ctx.commit().await?;
    job.advanced();
    Ok(())
}

/// Commits the end of the work, and with it that of the job.
pub async fn finish(mut ctx: Ctx, job: &Claimed) -> Result<(), Stop> {
    ctx.flush().await?;
    job.finish(ctx.conn().await?).await?;
    Ok(ctx.commit().await?)
}

/// What becomes of the job. With it comes the error that ended it for good, for whoever waits to be told.
pub fn outcome(ended: Result<(), Stop>, job: &Claimed) -> (Outcome, Option<Error>) {
    match ended {
        Ok(()) => (Outcome::Done, None),
        Err(Stop::Lost) => (Outcome::Retry("another worker has taken the work over".to_owned()), None),
        Err(Stop::Error(error)) if passes(&error) && !job.is_last_attempt() => {
            (Outcome::Retry(error.to_string()), None)
        }
        Err(Stop::Error(error)) => (Outcome::Fail(error.to_string()), Some(error)),
    }
}
