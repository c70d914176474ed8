//! Matches events to workflows: reads them in the order of their commits, has members told what concerns them (`told`), and begins a run for each
//! active workflow that one concerns.
//!
//! As for the search index (`records::index`), the place in `event_consumers` never moves past the oldest transaction that is still running,
//! so no event is skipped; what was committed beyond that place is worked at once and remembered. An event of a transaction that was rolled
//! back is never seen. Runs are inserted under a unique key of workflow, event and record, so that reading an event again after a restart
//! starts nothing twice. The lock on the consumer's row makes one process at a time do the work.

mod decide;
mod places;
mod scan;

use crate::engine::{Engine, Shelved, unless_closed};
use crate::trigger::{Images, TICKED, concerns};
use crate::{templates, told, trigger};
use chrono::{DateTime, Utc};
use decide::NewRun;
pub use decide::{Holds, test};
use domain::Result;
use places::Places;
use platform::{Ctx, Durable, TenantTx, TxMode, db_error};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

const CONSUMER: &str = "workflow";
/// Events worked at once.
const BATCH: i64 = 500;
/// Between rounds, once so many of them in a row had events that concerned nobody: where what is written starts nothing, each round then works
/// many events, for about the price of one. Where workflows run, their own writes concern nobody either, and nobody waits for those.
const BREATH: Duration = Duration::from_millis(60);
const IDLE: u32 = 20;
/// An event this far from its beginning starts nothing: workflows are calling each other in a circle.
pub const MAX_DEPTH: i16 = 8;

const REGISTER: &str = "insert into event_consumers (name) values ($1) on conflict do nothing";
const PLACE: &str = "select xid::text, event_id from event_consumers where name = $1 for update skip locked";
const ANY: &str = "\
select exists (select from events e where (e.xid, e.id) > (
    coalesce((select c.xid from event_consumers c where c.name = $1), '0'::xid8),
    coalesce((select c.event_id from event_consumers c where c.name = $1), '00000000-0000-0000-0000-000000000000'::uuid))
    and e.id <> all ($2))";
const EVENTS: &str = "\
select e.xid::text as xid, pg_snapshot_xmin(pg_current_snapshot())::text as horizon, e.id, e.tenant_id, e.at, e.type as kind, e.entity,
    e.record_id, e.actor_id, e.correlation_id, e.depth, c.before::text as before, c.after::text as after,
    e.source = 'seed' as seeded, r.id as cause_run, r.workflow_id as cause_workflow, r.started_by
from events e
left join changes c on c.tenant_id = e.tenant_id and c.id = e.change_id
left join runs r on e.source = 'run' and r.tenant_id = e.tenant_id and r.id = c.cause_id
where (e.xid, e.id) > ($1::text::xid8, $2) and e.id <> all ($3) order by e.xid, e.id limit $4";
const MOVE: &str = "update event_consumers set xid = $2::text::xid8, event_id = $3, moved_at = now() where name = $1";
const ACTIVE: &str = "\
select tenant_id, id, version, active_since from workflows where tenant_id = any ($1) and active and deleted_at is null";

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Event {
    pub xid: String,
    /// Transactions below it have ended.
    pub horizon: String,
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub entity: Option<String>,
    pub record_id: Option<Uuid>,
    pub actor_id: Option<Uuid>,
    pub correlation_id: Uuid,
    pub depth: i16,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Part of demo data: what happened in a story has had its consequences in it.
    pub seeded: bool,
    /// The run that wrote it, and the workflow of that run.
    pub cause_run: Option<Uuid>,
    pub cause_workflow: Option<Uuid>,
    pub started_by: Option<Uuid>,
}

/// An active workflow as events meet it.
#[derive(Clone)]
struct Listening {
    id: Uuid,
    version: i32,
    since: DateTime<Utc>,
    shelved: Shelved,
}

/// Works the events that are there, at most one batch, and answers how many it looked at; 0 also while another process is at it.
pub async fn run_once(engine: &Arc<Engine>) -> Result<usize> {
    Matcher::new(engine.clone()).round().await
}

/// Runs until told to stop: at once after a commit in this process or another, at the latest after the poll.
pub async fn run_forever(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let wake = engine.platform.services.wake.clone();
    let poll = engine.config.poll;
    let mut matcher = Matcher::new(engine);
    while !*stop.borrow() {
        // Asked for before looking, so that a commit in between is not missed.
        let woken = wake.local.notified();
        let wait = match matcher.round().await {
            Ok(full) if i64::try_from(full).is_ok_and(|full| full >= BATCH) => continue,
            Ok(looked) if looked > 0 && matcher.idle >= IDLE => BREATH,
            // What was committed during the round has woken us already.
            Ok(_) => poll,
            Err(error) => {
                tracing::warn!(%error, "events could not be matched to workflows; trying again");
                poll * 4
            }
        };
        tokio::select! {
            () = woken, if wait == poll => {}
            () = tokio::time::sleep(wait) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

/// Keeps what one process knows between rounds.
pub struct Matcher {
    engine: Arc<Engine>,
    places: Places,
    rates: decide::Rates,
    /// Workspaces that have their templates.
    furnished: HashSet<Uuid>,
    /// Rounds since one with an event that started or told something.
    idle: u32,
}

impl Matcher {
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine, places: Places::default(), rates: decide::Rates::default(), furnished: HashSet::new(), idle: 0 }
    }

    pub async fn round(&mut self) -> Result<usize> {
        let engine = self.engine.clone();
        let pool = &engine.platform.services.pools.platform;
        let ahead = self.places.ahead();
        let mut tx = TenantTx::begin_feed(pool, Durable::Soon).await.map_err(db_error)?;
        // Asked without a lock first: with nothing to do, nothing is written and no transaction number is used up.
        let any: bool =
            sqlx::query_scalar(ANY).bind(CONSUMER).bind(&ahead).fetch_one(tx.conn()).await.map_err(db_error)?;
        if !any {
            tx.commit().await.map_err(db_error)?;
            return Ok(0);
        }
        let Some((xid, last)) = place(&mut tx).await? else { return Ok(0) };
        let events: Vec<Event> = sqlx::query_as(EVENTS)
            .bind(&xid)
            .bind(last)
            .bind(&ahead)
            .bind(BATCH)
            .fetch_all(tx.conn())
            .await
            .map_err(db_error)?;
        self.idle = self.idle.saturating_add(1);
        self.work(&events).await?;
        let full = i64::try_from(events.len()).unwrap_or(BATCH) >= BATCH;
        if let Some((xid, event)) = self.places.done(&events, full) {
            let moved = sqlx::query(MOVE).bind(CONSUMER).bind(xid.to_string()).bind(event);
            moved.execute(tx.conn()).await.map_err(db_error)?;
        }
        // Even where nothing moved: a transaction that is dropped holds the place until its connection is used again.
        tx.commit().await.map_err(db_error)?;
        Ok(events.len())
    }

    async fn work(&mut self, events: &[Event]) -> Result<()> {
        let mut by_tenant: BTreeMap<Uuid, Vec<&Event>> = BTreeMap::new();
        for event in events {
            by_tenant.entry(event.tenant_id).or_default().push(event);
        }
        for tenant in by_tenant.keys() {
            if !self.furnished.contains(tenant) {
                templates::furnish(&self.engine, *tenant).await?;
                self.furnished.insert(*tenant);
            }
        }
        let mut listening = self.listening(by_tenant.keys().copied().collect()).await?;
        for (tenant, events) in by_tenant {
            if told::tell(&self.engine, tenant, &events).await? {
                self.idle = 0;
            }
            if let Some(listening) = listening.remove(&tenant) {
                self.tenant(tenant, &listening, &events).await?;
            }
        }
        Ok(())
    }

    async fn listening(&self, tenants: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<Listening>>> {
        let pool = &self.engine.platform.services.pools.platform;
        let rows: Vec<(Uuid, Uuid, i32, DateTime<Utc>)> =
            sqlx::query_as(ACTIVE).bind(tenants).fetch_all(pool).await.map_err(db_error)?;
        let mut listening: HashMap<Uuid, Vec<Listening>> = HashMap::new();
        for (tenant, id, version, since) in rows {
            // A closed workspace's automation is nobody: its events start nothing.
            let Some(access) = unless_closed(self.engine.access(tenant).await)? else { continue };
            let shelved = self.engine.version(&access, id, version).await?;
            listening.entry(tenant).or_default().push(Listening { id, version, since, shelved });
        }
        Ok(listening)
    }

    /// Begins the runs of one workspace, in one transaction of its own.
    async fn tenant(&mut self, tenant: Uuid, listening: &[Listening], events: &[&Event]) -> Result<()> {
        let mut ctx: Option<Ctx> = None;
        let mut runs: Vec<NewRun> = Vec::new();
        for event in events {
            let images = Images::read(event.before.as_deref(), event.after.as_deref());
            for workflow in listening.iter().filter(|workflow| event.at >= workflow.since) {
                if !concerned(workflow, event, &images) {
                    continue;
                }
                let open = match ctx.take() {
                    Some(open) => open,
                    None => {
                        let caller = self.engine.caller(tenant).await?;
                        self.engine.platform.open(&caller, "workflow.match", TxMode::ReadWrite).await?
                    }
                };
                let open = ctx.insert(open);
                runs.extend(decide::runs(open, &mut self.rates, workflow, event, &images).await?);
            }
        }
        let Some(mut ctx) = ctx else { return Ok(()) };
        let began = decide::insert(&mut ctx, &runs).await?;
        ctx.commit().await?;
        if began > 0 {
            self.idle = 0;
            self.engine.platform.services.wake.after_commit();
        }
        Ok(())
    }
}

/// Decided without asking the database.
fn concerned(workflow: &Listening, event: &Event, images: &Images) -> bool {
    match workflow.shelved.as_ref() {
        Ok(compiled) => {
            let own = event.cause_workflow == Some(workflow.id) && !compiled.definition.own_writes;
            let trigger = &compiled.definition.trigger;
            let tick =
                event.kind == TICKED && event.record_id == Some(workflow.id) && trigger::ticks(trigger).is_some();
            !own && !event.seeded && (tick || concerns(trigger, &event.kind, event.entity.as_deref(), images))
        }
        Err(_) => false,
    }
}

async fn place(tx: &mut TenantTx) -> Result<Option<(String, Uuid)>> {
    let held = sqlx::query_as(PLACE).bind(CONSUMER).fetch_optional(tx.conn()).await.map_err(db_error)?;
    if held.is_some() {
        return Ok(held);
    }
    sqlx::query(REGISTER).bind(CONSUMER).execute(tx.conn()).await.map_err(db_error)?;
    sqlx::query_as(PLACE).bind(CONSUMER).fetch_optional(tx.conn()).await.map_err(db_error)
}
