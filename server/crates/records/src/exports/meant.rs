//! Which rows the reach of an export meant when it was started. Its words stay the same when the member works at another location or has another
//! team, and its rows do not: those of half of each would be neither, and those of a location that was left are not theirs to fetch any more.

use crate::reach;
use crate::sql::{Bind, Sql};
use domain::{Reach, Result};
use platform::Ctx;
use uuid::Uuid;

/// What a reach means for the caller beside the rows of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant {
    pub location: Option<Uuid>,
    /// The member and everybody below, in order; none where the reach asks for no team, and where nobody wrote down which it was.
    pub team: Option<Vec<Uuid>>,
}

impl Meant {
    /// By now.
    pub async fn by(ctx: &mut Ctx, reach: Reach) -> Result<Self> {
        if matches!(reach, Reach::Own | Reach::All) {
            return Ok(Self::default());
        }
        let access = ctx.access.clone();
        let mut sql = Sql::default();
        let tenant = sql.argument(Bind::Id(Some(access.tenant.0)));
        reach::members_below(&mut sql, &access, tenant);
        let rows = sql.all(ctx).await?;
        let mut team: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
        team.sort_unstable();
        let location = if reach == Reach::Location { access.location } else { None };
        Ok(Self { location, team: Some(team) })
    }

    /// Whether the same reach means all of it still, and perhaps more.
    pub fn is_within(&self, now: &Self) -> bool {
        let team = match (&self.team, &now.team) {
            (Some(then), Some(now)) => then.iter().all(|member| now.binary_search(member).is_ok()),
            (then, now) => then == now,
        };
        team && (self.location.is_none() || self.location == now.location)
    }
}
