//! Handing over everything that a member owns: counted before, done in the background, each record by `records.update` with the rights of
//! whoever asked. What those rights do not reach stays where it is and is counted.

use super::members::{hold, report};
use domain::people::{HandOver, HandedOver, Owned, OwnedRecords};
use domain::records::{ListRecords, UpdateRecord, Values};
use domain::schema::{Count, Entity, Filter, ListQuery};
use domain::{Error, MemberId, Result, TenantId, Verb};
use jobs::{BoxFuture, Claimed, Handler, NewJob, Outcome};
use platform::{Caller, Ctx, Platform, TxMode, auth, db_error};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;
use words::t;

pub const KIND: &str = "people.hand_over";
const PAGE: u32 = 200;

#[derive(Debug, Serialize, Deserialize)]
struct Work {
    from: Uuid,
    to: Uuid,
    by: Uuid,
}

/// Described entities whose records belong to members and can be given to another one.
fn owned(ctx: &Ctx, verb: Verb) -> Vec<Arc<Entity>> {
    let held = |entity: &Entity| {
        entity.field("owner").is_some_and(|field| !field.read_only)
            && ctx.access.grants.allows(&entity.permission(verb))
    };
    ctx.catalog.iter().filter(|entity| held(entity)).cloned().collect()
}

fn of(entity: &Entity, member: Uuid, limit: u32, cursor: Option<String>) -> Result<ListQuery> {
    let filter = Filter::parse(&format!("owner = \"{member}\""), entity).map_err(|_| Error::internal())?;
    Ok(ListQuery { filter: Some(filter), limit, cursor, count: Count::Exact, ..ListQuery::default() })
}

pub async fn owned_records(ctx: &mut Ctx, of_whom: OwnedRecords) -> Result<Vec<Owned>> {
    let mut counts = Vec::new();
    for entity in owned(ctx, Verb::Read) {
        let page =
            ctx.run(ListRecords { entity: entity.key.clone(), query: of(&entity, of_whom.member, 1, None)? }).await?;
        let count = page.total.map_or_else(|| i64::from(page.returned), |total| total.value);
        if count > 0 {
            counts.push(Owned { entity: entity.key.clone(), label: entity.labels.many.clone(), count });
        }
    }
    Ok(counts)
}

pub async fn hand_over(ctx: &mut Ctx, handing: HandOver) -> Result<HandedOver> {
    if handing.from == handing.to {
        return Err(Error::field("to", t!("Choose somebody else than the one whose records they are")));
    }
    let from = hold(ctx, handing.from).await?;
    let to = hold(ctx, handing.to).await.map_err(|_| Error::field("to", t!("Choose a member of this workspace")))?;
    if to.status != "ACTIVE" {
        let message = t!("{name} does not work here at the moment. Choose somebody who does", name = to.name);
        return Err(Error::field("to", message));
    }
    let records = owned_records(ctx, OwnedRecords { member: handing.from }).await?;
    let (tenant, by, id) = (ctx.access.tenant.0, ctx.access.member.0, ctx.new_id());
    let job = NewJob::new(id, KIND, json!(Work { from: handing.from, to: handing.to, by }))
        .scope(tenant)
        .unique(format!("hand-over:{}", handing.from));
    if !jobs::enqueue(ctx.conn().await?, job).await.map_err(db_error)? {
        let message = t!("The records of {name} are being handed over already", name = from.name);
        return Err(Error::conflict(message));
    }
    let counts: BTreeMap<&str, i64> = records.iter().map(|owned| (owned.entity.as_str(), owned.count)).collect();
    let after = json!({ "to": handing.to, "records": counts });
    report(ctx, handing.from, None, after, "people.member.hand_over_asked");
    Ok(HandedOver { records: records.iter().map(|owned| owned.count).sum() })
}

pub struct HandOverJob {
    platform: Arc<Platform>,
}

pub fn hand_over_job(platform: Arc<Platform>) -> HandOverJob {
    HandOverJob { platform }
}

impl Handler for HandOverJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn concurrency(&self) -> usize {
        1
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let (Some(tenant), Ok(work)) = (job.scope, serde_json::from_value::<Work>(job.payload.clone())) else {
                return Outcome::Fail("the job names no members".to_owned());
            };
            match self.hand_over(TenantId(tenant), &work, job).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::Retry(error.to_string()),
            }
        })
    }
}

impl HandOverJob {
    /// Each record is a transaction of its own: begun again after a crash, the job goes on with what is left.
    async fn hand_over(&self, tenant: TenantId, work: &Work, job: &Claimed) -> Result<()> {
        // In person: neither support nor a key asks for this (`domain::operation::SENSITIVE`).
        let access = Arc::new(auth::member(&self.platform.services.pools, tenant, MemberId(work.by)).await?);
        let mut origin = self.platform.origin(None);
        (origin.cause_kind, origin.cause_id) = ("hand_over", Some(job.id));
        let caller = Caller { access, session: None, origin };
        let backend = self.platform.clone().backend(caller.clone());
        let (mut done, mut kept) = (BTreeMap::new(), BTreeMap::new());
        let ctx = self.platform.open(&caller, KIND, TxMode::ReadOnly).await?;
        let entities = owned(&ctx, Verb::Update);
        drop(ctx);
        for entity in entities {
            for (id, version) in self.all(&backend, &entity, work.from).await? {
                let values = Values::from_iter([("owner".to_owned(), json!(work.to))]);
                let update =
                    UpdateRecord { entity: entity.key.clone(), id, version: Some(version), values, base: None };
                let counts = match backend.run(update).await {
                    Ok(_) => &mut done,
                    Err(error) if error.kind == domain::Kind::Unavailable => return Err(error),
                    Err(_) => &mut kept,
                };
                *counts.entry(entity.key.clone()).or_insert(0_u64) += 1;
            }
        }
        let mut ctx = self.platform.open(&caller, KIND, TxMode::ReadWrite).await?;
        let after = json!({ "to": work.to, "records": done, "kept": kept });
        report(&mut ctx, work.from, None, after, "people.member.handed_over");
        ctx.flush().await?;
        job.finish(ctx.conn().await?).await.map_err(|_| Error::conflict("another worker has the job"))?;
        ctx.commit().await
    }

    /// Read whole before anything is changed, since changing them takes them out of the list.
    async fn all(&self, backend: &domain::BackendHandle, entity: &Entity, member: Uuid) -> Result<Vec<(Uuid, i64)>> {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let query = of(entity, member, PAGE, cursor)?;
            let page = backend.run(ListRecords { entity: entity.key.clone(), query }).await?;
            found.extend(page.records()?.into_iter().map(|record| (record.id, record.version)));
            cursor = page.next.clone();
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }
}
