//! Keeps `search_terms` in step with the rows: reads events in the order of their commits and writes the words of what they are about anew.
//!
//! An event of a transaction that is still running has a lower `xid` than one that is done already, so the reader stops at the oldest
//! transaction still running and never skips one. Its place is kept in `event_consumers`; holding that row's lock is what makes one process
//! at a time do the work. Words are replaced as a whole, so doing an event twice does no harm.

use crate::sql::{Bind, Sql};
use crate::words::{MAX_LETTERS, words};
use domain::schema::{Catalog, Entity, Field, FieldKind, Storage};
use domain::text::normal;
use domain::{Result, TenantId};
use platform::{Platform, Services, TenantTx, TxMode, db_error};
use sqlx::{PgConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

const CONSUMER: &str = "search";
/// Events at once.
const BATCH: i64 = 2000;
/// Rows whose words are written by one statement.
const ROWS: usize = 500;
/// How long to wait for a wake-up before looking anyway: other processes' wake-ups may get lost.
const POLL: Duration = Duration::from_millis(500);
/// After a fault, such as a database that is away.
const PAUSE: Duration = Duration::from_secs(2);
/// Digits at the end of a phone number that people type without what stands before them.
const PHONE_TAILS: std::ops::RangeInclusive<usize> = 7..=10;

const REGISTER: &str = "insert into event_consumers (name) values ($1) on conflict do nothing";
const PLACE: &str = "select xid::text, event_id from event_consumers where name = $1 for update skip locked";
const ANY: &str = "\
with place as (select coalesce(max(xid::text), '0')::xid8 as xid, coalesce(max(event_id::text), '00000000-0000-0000-0000-000000000000')::uuid as event_id
    from event_consumers where name = $1)
select exists (select from events e, place p
    where (e.xid, e.id) > (p.xid, p.event_id) and e.xid < pg_snapshot_xmin(pg_current_snapshot()))";
const EVENTS: &str = "\
select xid::text, id, tenant_id, entity, record_id from events
where (xid, id) > ($1::text::xid8, $2) and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, id limit $3";
const MOVE: &str = "update event_consumers set xid = $2::text::xid8, event_id = $3, moved_at = now() where name = $1";
const INDUSTRIES: &str = "select id, industry from tenants where id = any ($1)";
const REMOVE: &str = "delete from search_terms where tenant_id = $1 and record_id = any ($2)";
const INSERT: &str = "\
insert into search_terms (tenant_id, term, entity, record_id, weight)
select $1, t.term, $2, t.record_id, t.weight from unnest($3::text[], $4::uuid[], $5::smallint[]) as t (term, record_id, weight)
on conflict (tenant_id, term, entity, record_id) do update set weight = excluded.weight";

/// Transaction, id, workspace, entity and record.
type Event = (String, Uuid, Uuid, Option<String>, Option<Uuid>);

/// Rows that events are about, by workspace and entity.
type Touched = BTreeMap<Uuid, BTreeMap<String, BTreeSet<Uuid>>>;

/// Works the events that are there, at most one batch. Answers how many it read; 0 also while another process is at it.
pub async fn run_once(platform: &Arc<Platform>) -> Result<usize> {
    let services = &platform.services;
    // Asked without a lock first: with nothing to do, nothing is written and no transaction number used up.
    if !sqlx::query_scalar::<_, bool>(ANY).bind(CONSUMER).fetch_one(&services.pools.platform).await.map_err(db_error)? {
        return Ok(0);
    }
    let mut tx = TenantTx::begin_platform(&services.pools.platform).await.map_err(db_error)?;
    let Some((xid, event)) = place(tx.conn()).await? else { return Ok(0) };
    let events: Vec<Event> =
        sqlx::query_as(EVENTS).bind(xid).bind(event).bind(BATCH).fetch_all(tx.conn()).await.map_err(db_error)?;
    let Some((xid, event, ..)) = events.last() else { return Ok(0) };
    let (xid, event) = (xid.clone(), *event);
    let mut touched = Touched::new();
    for (_, _, tenant, entity, record) in &events {
        if let (Some(entity), Some(record)) = (entity, record) {
            touched.entry(*tenant).or_default().entry(entity.clone()).or_default().insert(*record);
        }
    }
    let catalogs = catalogs(services, tx.conn(), &touched).await?;
    for (tenant, entities) in &touched {
        if let Some(catalog) = catalogs.get(tenant) {
            index_tenant(services, catalog, TenantId(*tenant), entities).await?;
        }
    }
    sqlx::query(MOVE).bind(CONSUMER).bind(xid).bind(event).execute(tx.conn()).await.map_err(db_error)?;
    tx.commit().await.map_err(db_error)?;
    Ok(events.len())
}

/// Runs until told to stop: at once after a commit in this process or another, at the latest after [`POLL`].
pub async fn run_forever(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
    let wake = platform.services.wake.clone();
    loop {
        // Asked for before looking, so that a commit in between is not missed.
        let woken = wake.local.notified();
        let wait = match run_once(&platform).await {
            // A full batch: there is more.
            Ok(read) if i64::try_from(read).is_ok_and(|read| read == BATCH) => Duration::ZERO,
            Ok(_) => POLL,
            Err(error) => {
                tracing::warn!(%error, "the search index could not be brought up to date; trying again");
                PAUSE
            }
        };
        if *stop.borrow() {
            return;
        }
        tokio::select! {
            () = woken, if wait == POLL => {}
            () = tokio::time::sleep(wait) => {}
            changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
        }
    }
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

/// Replaces the words of rows. Rows that are gone or in the trash have none.
pub async fn index_rows(conn: &mut PgConnection, tenant: TenantId, entity: &Entity, records: &[Uuid]) -> Result<()> {
    let fields: Vec<(&Field, i16)> = entity.fields.iter().filter_map(|field| Some((field, field.search?))).collect();
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
    let rows = sql.all(&mut *conn).await?;
    let (mut terms, mut owners, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        let id: Uuid = row.try_get(0).map_err(db_error)?;
        let mut weighed = BTreeMap::new();
        for (position, (field, weight)) in shown.iter().enumerate() {
            let text: Option<&str> = row.try_get(position + 1).map_err(db_error)?;
            weigh(&mut weighed, field, text.unwrap_or_default(), *weight);
        }
        for (term, weight) in weighed {
            terms.push(term);
            owners.push(id);
            weights.push(weight);
        }
    }
    remove(conn, tenant, records).await?;
    sqlx::query(INSERT)
        .bind(tenant.0)
        .bind(&entity.key)
        .bind(terms)
        .bind(owners)
        .bind(weights)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

/// Forgets rows, for whoever removes them for good.
pub async fn remove(conn: &mut PgConnection, tenant: TenantId, records: &[Uuid]) -> Result<()> {
    sqlx::query(REMOVE).bind(tenant.0).bind(records).execute(conn).await.map_err(db_error)?;
    Ok(())
}

/// Adds the words of one value; of equal ones the heaviest counts.
fn weigh(weighed: &mut BTreeMap<String, i16>, field: &Field, text: &str, weight: i16) {
    for term in terms(&field.kind, text) {
        let held = weighed.entry(term).or_insert(weight);
        *held = (*held).max(weight);
    }
}

/// The words under which a value is found: those of its text, and whole what people paste whole.
fn terms(kind: &FieldKind, text: &str) -> Vec<String> {
    let mut terms = words(text);
    match kind {
        FieldKind::Email => terms.extend(whole(text)),
        FieldKind::Phone => {
            let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
            let tail = |length: usize| digits[digits.len().saturating_sub(length)..].iter().collect::<String>();
            terms.extend((!digits.is_empty()).then(|| tail(MAX_LETTERS)));
            terms.extend(PHONE_TAILS.filter(|length| *length < digits.len()).map(tail));
        }
        FieldKind::Number => {
            terms.extend(whole(text));
            let digits = text.rsplit('-').next().unwrap_or_default().trim_start_matches('0');
            terms.extend(whole(digits));
        }
        _ => {}
    }
    terms
}

fn whole(text: &str) -> Option<String> {
    let term: String = normal(text).chars().take(MAX_LETTERS).collect();
    (!term.is_empty()).then_some(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &FieldKind, text: &str) -> BTreeSet<String> {
        terms(kind, text).into_iter().collect()
    }

    fn set(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|term| (*term).to_owned()).collect()
    }

    #[test]
    fn words_are_found_and_wholes_beside_them() {
        assert_eq!(
            of(&FieldKind::Text { max: 200 }, "Åsa  O'Neill, Östra-Vägen"),
            set(&["åsa", "o", "neill", "östra", "vägen"])
        );
        assert_eq!(of(&FieldKind::Text { max: 200 }, "小林 智也"), set(&["小林", "智也"]));
        assert_eq!(of(&FieldKind::Email, "Asa.B@x.example"), set(&["asa", "b", "x", "example", "asa.b@x.example"]));
        assert_eq!(of(&FieldKind::Number, "LEAD-000120"), set(&["lead", "000120", "lead-000120", "120"]));
        assert_eq!(of(&FieldKind::Text { max: 200 }, " - "), set(&[]));
    }

    #[test]
    fn phones_are_found_by_their_tails() {
        let found = of(&FieldKind::Phone, "+254 722 000111");
        for term in ["254722000111", "2000111", "722000111", "254", "722"] {
            assert!(found.contains(term), "{term}: {found:?}");
        }
        assert!(of(&FieldKind::Phone, "").is_empty());
    }

    #[test]
    fn the_heaviest_of_equal_words_counts() {
        let name = |weight| Field {
            key: "name".into(),
            label: "Name".into(),
            kind: FieldKind::Text { max: 9 },
            required: false,
            unique: false,
            indexed: true,
            search: Some(weight),
            personal: false,
            read_only: false,
            default: None,
            help: None,
            group: None,
            permission: None,
            aliases: Vec::new(),
        };
        let mut weighed = BTreeMap::new();
        weigh(&mut weighed, &name(4), "Lake", 4);
        weigh(&mut weighed, &name(9), "lake side", 9);
        weigh(&mut weighed, &name(2), "LAKE", 2);
        assert_eq!(weighed, BTreeMap::from([("lake".to_owned(), 9), ("side".to_owned(), 9)]));
    }
}
