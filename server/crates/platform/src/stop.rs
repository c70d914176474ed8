//! Why a job does not go on, for the crates whose jobs write in a tenant's transaction under the lease's fence.

use crate::db::db_error;
use domain::Error;
use jobs::Fenced;

pub enum Stop {
    /// Another worker has it.
    Lost,
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Fenced> for Stop {
    fn from(fenced: Fenced) -> Self {
        match fenced {
            Fenced::Lost => Self::Lost,
            Fenced::Database(error) => Self::Error(db_error(error)),
        }
    }
}
