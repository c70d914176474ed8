//! That what a long job works at goes no further: it is ended with the reason, and whoever asked for it is told. The job itself does so where it
//! knows. One that was given up because its workers died, that panicked at its last try or that found no connection to write down its end leaves
//! behind what nobody goes on with, and what nobody could start again or take back while it stands as if somebody did: a sweep looks for that.

use crate::exports;
use crate::on_behalf::Asker;
use chrono::{DateTime, Utc};
use domain::imports::ImportStatus;
use domain::{Error, Result, TenantId};
use jobs::Claimed;
use platform::{Platform, Services, TenantTx, TxMode, db_error};
use serde_json::Value;
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;
use words::{t, within};

/// When the rows were there is not when their way back stopped. Of each: whatever is open, or only where it stands so.
const IMPORT: &str = "\
with was as (
    select status from imports
    where tenant_id = $1 and id = $2 and status in ('queued', 'running', 'undoing') and ($5::text is null or status = $5) for update
)
update imports i set status = 'failed', finished_at = case when was.status = 'undoing' then i.finished_at else $3 end, error = $4
from was where i.tenant_id = $1 and i.id = $2 returning was.status";
const BULK: &str = "\
with was as (
    select status from bulk_changes
    where tenant_id = $1 and id = $2 and status in ('queued', 'running', 'undoing') and ($5::text is null or status = $5) for update
)
update bulk_changes b set status = 'failed', finished_at = $3, error = $4 from was where b.tenant_id = $1 and b.id = $2 returning was.status";
const EXPORT: &str = "\
with was as (
    select status from exports
    where tenant_id = $1 and id = $2 and status in ('queued', 'running') and ($5::text is null or status = $5) for update
)
update exports e set status = 'failed', finished_at = $3, error = $4, expires_at = least(e.expires_at, $6)
from was where e.tenant_id = $1 and e.id = $2 returning was.status";

/// What is open though no job waits or runs for it. A job and what it works at are written by one transaction, at the beginning and at the end, so
/// that one statement sees both of them or neither; between two tries a job waits.
const LEFT: &str = "\
select o.errand, o.tenant_id, o.id, o.status, o.key, o.created_by from (
    select 'import' as errand, tenant_id, id, status, created_by,
        case status when 'undoing' then 'import-undo:' else 'import:' end || id::text as key
    from imports where status in ('queued', 'running', 'undoing')
    union all
    select 'bulk_change', tenant_id, id, status, created_by,
        case status when 'undoing' then 'bulk-undo:' else 'bulk:' end || id::text
    from bulk_changes where status in ('queued', 'running', 'undoing')
    union all
    select 'export', tenant_id, id, status, created_by, 'export:' || id::text from exports where status in ('queued', 'running')
) o
where not exists (
    select from jobs j where j.tenant_id = o.tenant_id and j.unique_key = o.key and j.state in ('queued', 'running')
)
order by o.id limit $1";
const LAST: &str =
    "select id, payload from jobs where tenant_id = $1 and unique_key = $2 order by created_at desc limit 1";
const WORKED: &str =
    "select exists (select from jobs where tenant_id = $1 and unique_key = $2 and state in ('queued', 'running'))";

/// What somebody asked a long job for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    Import,
    Bulk,
    Export,
}

impl Errand {
    const ALL: [Self; 3] = [Self::Import, Self::Bulk, Self::Export];

    /// As notices and [`LEFT`] call it.
    const fn entity(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Bulk => "bulk_change",
            Self::Export => "export",
        }
    }

    /// How it stood before; none where it had ended, or stood otherwise than it only may.
    async fn end(
        self,
        conn: &mut PgConnection,
        tenant: TenantId,
        id: Uuid,
        now: DateTime<Utc>,
        why: &str,
        only: Option<&str>,
    ) -> Result<Option<String>> {
        let sql = match self {
            Self::Import => IMPORT,
            Self::Bulk => BULK,
            Self::Export => EXPORT,
        };
        let mut query = sqlx::query_scalar(sql).bind(tenant.0).bind(id).bind(now).bind(why).bind(only);
        if self == Self::Export {
            query = query.bind(exports::ends(now));
        }
        query.fetch_optional(conn).await.map_err(db_error)
    }

    fn stopped(self, back: bool) -> &'static str {
        match (self, back) {
            (Self::Import, false) => t!("Your import was stopped"),
            (Self::Import, true) => t!("Taking back your import was stopped"),
            (Self::Bulk, false) => t!("Your change of many rows was stopped"),
            (Self::Bulk, true) => t!("Taking back your change of many rows was stopped"),
            (Self::Export, _) => t!("Your export was stopped"),
        }
    }
}

/// Says why a job ended for good. What it has done stays: of rows it can be taken back.
pub async fn failed(services: &Services, asker: &Asker, job: &Claimed, (errand, id): (Errand, Uuid), error: &Error) {
    if let Err(problem) = end(services, asker, (errand, id), job.id, &error.message, None).await {
        tracing::error!(%problem, errand = errand.entity(), %id, "could not note that a job failed");
    }
}

/// How something stood that nobody seemed to go on with, and the key of the job that would.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    status: &'a str,
    key: &'a str,
}

/// Ends it and tells whoever asked. False where it had ended. Of what was only `seen` also where it stands otherwise by now: what was left open may have
/// been ended by another sweep and its way back begun, which goes by another key. And where somebody goes on with it after all.
async fn end(
    services: &Services,
    asker: &Asker,
    (errand, id): (Errand, Uuid),
    job: Uuid,
    why: &str,
    seen: Option<Seen<'_>>,
) -> Result<bool> {
    let (tenant, now) = (asker.tenant, services.clock.now());
    let mut tx = TenantTx::begin(&services.pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    let only = seen.map(|seen| seen.status);
    let Some(was) = errand.end(tx.conn(), tenant, id, now, why, only).await? else { return Ok(false) };
    // Nobody begins with it or ends it from here on: its row is held.
    if let Some(Seen { key, .. }) = seen {
        let worked = sqlx::query_scalar(WORKED).bind(tenant.0).bind(key);
        let worked: bool = worked.fetch_one(tx.conn()).await.map_err(db_error)?;
        if worked {
            return Ok(false);
        }
    }
    let back = was == ImportStatus::Undoing.as_str();
    let title = within(asker.language, || errand.stopped(back).to_owned());
    asker.stopped(services, tx.conn(), job, (errand.entity(), id), title).await?;
    tx.commit().await.map_err(db_error)?;
    services.wake.after_commit();
    Ok(true)
}

/// Something that a job left behind open, as a sweep saw it.
#[derive(Debug, sqlx::FromRow)]
pub struct Left {
    errand: String,
    tenant_id: Uuid,
    id: Uuid,
    status: String,
    key: String,
    created_by: Uuid,
}

/// Ends up to `limit` of what jobs left behind open, across workspaces. Returns how many.
pub async fn end_abandoned(platform: &Arc<Platform>, limit: i64) -> Result<u64> {
    let found = abandoned(platform, limit).await?;
    Ok(end_left(platform, &found).await)
}

/// The first half of [`end_abandoned`].
pub async fn abandoned(platform: &Arc<Platform>, limit: i64) -> Result<Vec<Left>> {
    sqlx::query_as(LEFT).bind(limit).fetch_all(&platform.services.pools.platform).await.map_err(db_error)
}

/// The second half, some time after the first: other sweeps and the members themselves do not wait for it.
pub async fn end_left(platform: &Arc<Platform>, found: &[Left]) -> u64 {
    let mut ended = 0;
    for left in found {
        match left.end(&platform.services).await {
            Ok(true) => {
                tracing::error!(errand = left.errand, id = %left.id, "a job left this behind open; it was ended");
                ended += 1;
            }
            Ok(false) => {}
            // One that somebody holds keeps no other, and is looked for again.
            Err(error) => {
                tracing::warn!(%error, errand = left.errand, id = %left.id, "what a job left behind could not be ended");
            }
        }
    }
    ended
}

impl Left {
    async fn end(&self, services: &Services) -> Result<bool> {
        let errand = Errand::ALL.into_iter().find(|errand| errand.entity() == self.errand);
        let errand = errand.ok_or_else(Error::internal)?;
        let last = sqlx::query_as(LAST).bind(self.tenant_id).bind(&self.key);
        let last: Option<(Uuid, Value)> = last.fetch_optional(&services.pools.platform).await.map_err(db_error)?;
        let tenant = TenantId(self.tenant_id);
        let asker = last.as_ref().and_then(|(_, payload)| Asker::read(tenant, payload));
        let asker = asker.unwrap_or_else(|| Asker::owner(tenant, self.created_by));
        let job = last.map_or(self.id, |(job, _)| job);
        let why = within(asker.language, || {
            t!("The work on it broke off on our side, and nobody went on with it. What was done until then stays")
                .to_owned()
        });
        let seen = Seen { status: &self.status, key: &self.key };
        end(services, &asker, (errand, self.id), job, &why, Some(seen)).await
    }
}
