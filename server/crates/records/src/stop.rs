//! How a long job of this crate ends: imports and changes of many rows end in the same ways.

use domain::{Error, Kind};
use jobs::{Claimed, Outcome};
use platform::Stop;

/// Whether trying again may help: somebody else was writing the same, or something was away.
const fn passes(error: &Error) -> bool {
    matches!(error.kind, Kind::Conflict | Kind::Stale | Kind::Unavailable | Kind::Internal)
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
