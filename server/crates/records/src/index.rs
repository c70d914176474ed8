//! Keeps `search_terms` in step with the rows: reads events in the order of their commits and writes the words of what they are about anew.
//!
//! An event of a transaction that is still running has a lower `xid` than one that is done already, so the place in `event_consumers` never
//! moves past the oldest transaction still running: no event is skipped. What has been committed beyond that place is worked all the same,
//! so that a long transaction anywhere in the cluster holds up nobody's search; it is met again when the place moves past it, and this
//! process remembers that it is done. Words are replaced as a whole, so doing an event twice does no harm. The lock on the consumer's row
//! is what makes one process at a time do the work.

mod terms;

use crate::import::plan_anew;
use crate::spelling;
use crate::sql::{Bind, Sql};
use domain::schema::{Catalog, Entity, Field, Storage};
use domain::{Result, TenantId};
use platform::{Durable, Platform, Services, TenantTx, TxMode, db_error};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use terms::weigh;
use tokio::sync::watch;
use uuid::Uuid;

const CONSUMER: &str = "search";
/// Events worked at once.
const BATCH: usize = 2000;
/// Events looked at, those included that are worked already but not settled.
const LOOK: i64 = 8000;
/// Rows whose words are written by one statement.
const ROWS: usize = 500;
/// How long to wait for a wake-up before looking anyway: other processes' wake-ups may get lost.
const POLL: Duration = Duration::from_millis(500);
/// Between rounds that found something: under steady writing each round then works many events, for about the price of one.
const BREATH: Duration = Duration::from_millis(200);
/// After a fault, such as a database that is away.
const PAUSE: Duration = Duration::from_secs(2);

const REGISTER: &str = "insert into event_consumers (name) values ($1) on conflict do nothing";
const PLACE: &str = "select xid::text, event_id from event_consumers where name = $1 for update skip locked";
const ANY: &str = "\
select exists (select from events e where (e.xid, e.id) > (
    coalesce((select c.xid from event_consumers c where c.name = $1), '0'::xid8),
    coalesce((select c.event_id from event_consumers c where c.name = $1), '00000000-0000-0000-0000-000000000000'::uuid)))";
const EVENTS: &str = "\
select xid::text, id, tenant_id, entity, record_id, xid < pg_snapshot_xmin(pg_current_snapshot()) as settled from events
where (xid, id) > ($1::text::xid8, $2) order by xid, id limit $3";
const MOVE: &str = "update event_consumers set xid = $2::text::xid8, event_id = $3, moved_at = now() where name = $1";
const INDUSTRIES: &str = "select id, industry from tenants where id = any ($1)";
const WRITTEN: &str = "select term, record_id, weight from search_terms where tenant_id = $1 and record_id = any ($2)";
const REMOVE: &str = "delete from search_terms where tenant_id = $1 and record_id = any ($2) returning term";
const STRIKE: &str = "\
delete from search_terms s using unnest($3::text[], $4::uuid[]) d (term, record_id)
where s.tenant_id = $1 and s.entity = $2 and s.record_id = d.record_id and s.term = d.term";
const INSERT: &str = "\
insert into search_terms (tenant_id, term, entity, record_id, weight)
select $1, t.term, $2, t.record_id, t.weight from unnest($3::text[], $4::uuid[], $5::smallint[]) as t (term, record_id, weight)";

#[derive(sqlx::FromRow)]
struct Event {
    xid: String,
    id: Uuid,
    tenant_id: Uuid,
    entity: Option<String>,
    record_id: Option<Uuid>,
    /// No transaction that is still running can come before it.
    settled: bool,
}

/// Rows that events are about, by workspace and entity.
type Touched = BTreeMap<Uuid, BTreeMap<String, BTreeSet<Uuid>>>;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Round {
    worked: usize,
    /// Events that the place moved past.
    settled: usize,
}

/// Works the events that are there, at most one batch, and answers how many are behind it for good; 0 also while another process is at it.
pub async fn run_once(platform: &Arc<Platform>) -> Result<usize> {
    Ok(Indexer::new(platform.clone()).round().await?.settled)
}

/// Runs until told to stop: at once after the first commit in this process or another, at the latest after half a second.
pub async fn run_forever(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    let wake = platform.services.wake.clone();
    let mut indexer = Indexer::new(platform);
    while !*stop.borrow() {
        // Asked for before looking, so that a commit in between is not missed.
        let woken = wake.local.notified();
        let wait = match indexer.round().await {
            Ok(round) if round.worked == BATCH => continue,
            Ok(round) if round.worked > 0 => BREATH,
            Ok(_) => POLL,
            Err(error) => {
                tracing::warn!(%error, "the search index could not be brought up to date; trying again");
                PAUSE
            }
        };
        tokio::select! {
            () = woken, if wait == POLL => {}
            () = tokio::time::sleep(wait) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

struct Indexer {
    platform: Arc<Platform>,
    /// Events that are worked, though not settled.
    ahead: HashSet<Uuid>,
}

impl Indexer {
    fn new(platform: Arc<Platform>) -> Self {
        Self { platform, ahead: HashSet::new() }
    }

    async fn round(&mut self) -> Result<Round> {
        let nothing = Round { worked: 0, settled: 0 };
        let services = self.platform.services.clone();
        let pool = &services.pools.platform;
        let mut tx = TenantTx::begin_feed(pool, Durable::Soon).await.map_err(db_error)?;
        // Asked without a lock first: with nothing to do, nothing is written and no transaction number is used up.
        if !sqlx::query_scalar::<_, bool>(ANY).bind(CONSUMER).fetch_one(tx.conn()).await.map_err(db_error)? {
            tx.commit().await.map_err(db_error)?;
            return Ok(nothing);
        }
        let Some((xid, event)) = place(tx.conn()).await? else { return Ok(nothing) };
        let events: Vec<Event> =
            sqlx::query_as(EVENTS).bind(xid).bind(event).bind(LOOK).fetch_all(tx.conn()).await.map_err(db_error)?;
        let fresh: Vec<&Event> = events.iter().filter(|event| !self.ahead.contains(&event.id)).take(BATCH).collect();
        work(&services, tx.conn(), &fresh).await?;
        let worked = fresh.len();
        let done: HashSet<Uuid> = fresh.iter().map(|event| event.id).collect();
        let is_done = |event: &&Event| event.settled && (done.contains(&event.id) || self.ahead.contains(&event.id));
        let past: Vec<&Event> = events.iter().take_while(is_done).collect();
        if let Some(last) = past.last() {
            sqlx::query(MOVE)
                .bind(CONSUMER)
                .bind(&last.xid)
                .bind(last.id)
                .execute(tx.conn())
                .await
                .map_err(db_error)?;
            tx.commit().await.map_err(db_error)?;
        }
        let settled = past.len();
        let past: HashSet<Uuid> = past.into_iter().map(|event| event.id).collect();
        self.ahead.extend(done);
        self.ahead.retain(|event| !past.contains(event));
        Ok(Round { worked, settled })
    }
}

/// Writes the words of all that the events are about.
async fn work(services: &Services, conn: &mut PgConnection, events: &[&Event]) -> Result<()> {
    let mut touched = Touched::new();
    for event in events {
        if let (Some(entity), Some(record)) = (&event.entity, event.record_id) {
            touched.entry(event.tenant_id).or_default().entry(entity.clone()).or_default().insert(record);
        }
    }
    let catalogs = catalogs(services, conn, &touched).await?;
    for (tenant, entities) in &touched {
        if let Some(catalog) = catalogs.get(tenant) {
            index_tenant(services, catalog, TenantId(*tenant), entities).await?;
        }
    }
    Ok(())
}

/// Where the consumer stands, locked; nothing while another process holds it.
async fn place(conn: &mut PgConnection) -> Result<Option<(String, Uuid)>> {
    let held = sqlx::query_as(PLACE).bind(CONSUMER).fetch_optional(&mut *conn).await.map_err(db_error)?;
    if held.is_some() {
        return Ok(held);
    }
    sqlx::query(REGISTER).bind(CONSUMER).execute(&mut *conn).await.map_err(db_error)?;
    sqlx::query_as(PLACE).bind(CONSUMER).fetch_optional(conn).await.map_err(db_error)
}

async fn catalogs(
    services: &Services,
    conn: &mut PgConnection,
    touched: &Touched,
) -> Result<HashMap<Uuid, Arc<Catalog>>> {
    let tenants: Vec<Uuid> = touched.keys().copied().collect();
    let rows: Vec<(Uuid, String)> = sqlx::query_as(INDUSTRIES).bind(tenants).fetch_all(conn).await.map_err(db_error)?;
    Ok(rows.into_iter().map(|(tenant, industry)| (tenant, services.catalogs.of(&industry))).collect())
}

/// Writes the words of these rows anew, under the workspace's own eyes.
async fn index_tenant(
    services: &Services,
    catalog: &Catalog,
    tenant: TenantId,
    entities: &BTreeMap<String, BTreeSet<Uuid>>,
) -> Result<()> {
    let mut tx = TenantTx::begin(&services.pools.app, tenant, TxMode::ReadWrite).await.map_err(db_error)?;
    plan_anew(tx.conn()).await?;
    for (key, records) in entities {
        // What is no described entity (an import, say) has no words.
        let Some(entity) = catalog.get(key) else { continue };
        let records: Vec<Uuid> = records.iter().copied().collect();
        for records in records.chunks(ROWS) {
            index_rows(tx.conn(), tenant, entity, records).await?;
        }
    }
    tx.commit().await.map_err(db_error)
}

/// A word, whose it is, and how much it counts.
type Term = (String, Uuid, i16);

/// Brings the words of rows up to date: writes those that are new and removes those that are gone, since most edits change none. Rows that
/// are gone or in the trash have none. One process at a time does this (`place`), so looking for conflicts would only make each row dearer.
pub async fn index_rows(conn: &mut PgConnection, tenant: TenantId, entity: &Entity, records: &[Uuid]) -> Result<()> {
    // A word cannot be kept from some readers: what not everybody who reads the row may see is not looked for either.
    let open = entity.fields.iter().filter(|field| field.is_open());
    let fields: Vec<(&Field, i16)> = open.filter_map(|field| Some((field, field.search?))).collect();
    let mut sql = Sql::default();
    let argument = sql.argument(Bind::Id(Some(tenant.0)));
    sql.push("select t.id");
    let mut shown = Vec::new();
    for (field, weight) in fields {
        if let Storage::Column { name, sql: "text" } | Storage::Normalised { name, .. } = field.storage() {
            sql.push(", ").column("t", &name);
            shown.push((field, weight));
        }
    }
    sql.push(" from ")
        .name(&entity.table)
        .push(" t where t.tenant_id = ")
        .again(argument)
        .push(" and t.deleted_at is null and t.id = any (");
    sql.bind(Bind::ids(records.iter().copied()));
    sql.push(")");
    let rows = sql.all_on(&mut *conn).await?;
    // In the order of the index, so that neighbours are written together.
    let mut words: BTreeSet<Term> = BTreeSet::new();
    for row in &rows {
        let id: Uuid = row.get(0)?;
        let mut weighed = BTreeMap::new();
        for (position, (field, weight)) in shown.iter().enumerate() {
            let text: Option<&str> = row.get(position + 1)?;
            weigh(&mut weighed, field, text.unwrap_or_default(), *weight);
        }
        for (term, weight) in weighed {
            words.insert((term, id, weight));
        }
    }
    let written: Vec<Term> =
        sqlx::query_as(WRITTEN).bind(tenant.0).bind(records).fetch_all(&mut *conn).await.map_err(db_error)?;
    let written: BTreeSet<Term> = written.into_iter().collect();
    let gone: Vec<&Term> = written.difference(&words).collect();
    let new: Vec<&Term> = words.difference(&written).collect();
    strike(conn, tenant, entity, &gone).await?;
    write(conn, tenant, entity, &new).await?;
    let learned: BTreeSet<&str> = new.iter().map(|(term, ..)| term.as_str()).collect();
    let forgotten = gone.iter().map(|(term, ..)| term).filter(|term| !learned.contains(term.as_str()));
    spelling::forget(conn, tenant, forgotten).await?;
    spelling::learn(conn, tenant, &learned).await
}

async fn strike(conn: &mut PgConnection, tenant: TenantId, entity: &Entity, gone: &[&Term]) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let (terms, owners): (Vec<&str>, Vec<Uuid>) = gone.iter().map(|(term, id, _)| (term.as_str(), *id)).unzip();
    let struck = sqlx::query(STRIKE).bind(tenant.0).bind(&entity.key).bind(terms).bind(owners);
    struck.execute(conn).await.map_err(db_error)?;
    Ok(())
}

async fn write(conn: &mut PgConnection, tenant: TenantId, entity: &Entity, new: &[&Term]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let (terms, owners): (Vec<&str>, Vec<Uuid>) = new.iter().map(|(term, id, _)| (term.as_str(), *id)).unzip();
    let weights: Vec<i16> = new.iter().map(|(.., weight)| *weight).collect();
    let added = sqlx::query(INSERT).bind(tenant.0).bind(&entity.key).bind(terms).bind(owners).bind(weights);
    added.execute(conn).await.map_err(db_error)?;
    Ok(())
}

/// Forgets rows, for whoever removes them for good.
pub async fn remove(conn: &mut PgConnection, tenant: TenantId, records: &[Uuid]) -> Result<()> {
    let before = taken(conn, tenant, records).await?;
    spelling::forget(conn, tenant, before.iter()).await
}

/// Removes the words of rows, and answers them.
async fn taken(conn: &mut PgConnection, tenant: TenantId, records: &[Uuid]) -> Result<BTreeSet<String>> {
    let terms: Vec<String> =
        sqlx::query_scalar(REMOVE).bind(tenant.0).bind(records).fetch_all(conn).await.map_err(db_error)?;
    Ok(terms.into_iter().collect())
}
