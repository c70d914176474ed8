//! What has just been committed, told to whoever listens in this process. One reader of events serves all listeners; each keeps for itself what
//! concerns it, so nothing here knows who may see what.
//!
//! As for the other readers of events, the place never moves past the oldest transaction still running; what was committed beyond it is told
//! at once and remembered. A listener that comes back with the place it was told last may hear something twice, and misses nothing.

use crate::db::{Pools, db_error};
use crate::wake::Wake;
use chrono::{DateTime, Utc};
use domain::{Error, Result, TenantId};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, watch};
use uuid::Uuid;

/// Events read at once.
const LOOK: i64 = 2000;
/// Batches that a slow listener may lie behind before it is told that it missed some.
const KEPT: usize = 64;
/// How long to wait for a wake-up before looking anyway: other processes' wake-ups may get lost.
const POLL: Duration = Duration::from_millis(500);
/// Between looks that found something: what people watch need not move faster than they read.
const BREATH: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_secs(2);
/// Milliseconds that a write may be under way. Longer ones are told as they commit to whoever listens by then.
const UNDER_WAY: i64 = 100;
/// More are not told one by one to who comes back.
pub const MOST_MISSED: usize = 500;

// Nothing of a transaction below it is missing.
const HORIZON: &str = "select pg_snapshot_xmin(pg_current_snapshot())::text";
const SNAPSHOT: &str = "select pg_current_snapshot()::text";
const EVENTS: &str = "\
select xid::text, id, tenant_id, entity, record_id, actor_id from events
where (xid, id) > ($1::text::xid8, $2) and id <> all ($3) order by xid, id limit $4";
const MISSED: &str = "\
select entity, record_id, actor_id from events
where tenant_id = $1 and (xid, id) > ($2::text::xid8, $3) and entity is not null and record_id is not null order by xid, id limit $4";
// Version 7 ids begin with their millisecond, so a range of the primary key is a stretch of time.
const SINCE: &str = "\
select entity, record_id, actor_id from events
where tenant_id = $1 and id >= $2 and entity is not null and record_id is not null order by id limit $3";

/// A row that changed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Told {
    pub entity: String,
    pub record_id: Uuid,
    /// The member who did it.
    pub actor_id: Option<Uuid>,
}

/// Up to where everything was told: an event in the order of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    xid: u64,
    event: Uuid,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.xid, self.event)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (xid, event) = text.split_once('.').ok_or(())?;
        Ok(Self { xid: xid.parse().map_err(|_| ())?, event: Uuid::try_parse(event).map_err(|_| ())? })
    }
}

/// What changed in all workspaces since the batch before.
#[derive(Debug)]
pub struct Batch {
    rows: Vec<Written>,
    /// From where a listener that has heard this goes on.
    pub place: Place,
}

/// A row that changed, whose, and by which event of which transaction.
#[derive(Debug)]
struct Written {
    tenant: Uuid,
    xid: u64,
    event: Uuid,
    told: Told,
}

impl Batch {
    /// Of one workspace, save for what the listener's page shows.
    pub fn of<'a>(&'a self, tenant: TenantId, shown: Option<&'a Shown>) -> impl Iterator<Item = &'a Told> {
        let news = move |row: &&Written| row.tenant == tenant.0 && shown.is_none_or(|shown| !shown.holds(row));
        self.rows.iter().filter(news).map(|row| &row.told)
    }
}

/// What a page shows that was drawn before its listener came: events from before it was drawn whose transactions had ended by then. The reader may
/// come to them later than the listener.
#[derive(Debug)]
pub struct Shown {
    /// Events of the page's moment and later are looked up, and told.
    floor: Uuid,
    /// Transactions below it had ended, those from `next` on had not begun.
    oldest: u64,
    next: u64,
    running: BTreeSet<u64>,
}

impl Shown {
    /// `snapshot` as PostgreSQL prints it: `10:20:10,14,15`.
    fn read(floor: Uuid, snapshot: &str) -> Option<Self> {
        let mut parts = snapshot.split(':');
        let (oldest, next) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let running = parts.next()?.split(',').filter(|xid| !xid.is_empty()).map(|xid| xid.parse().ok());
        Some(Self { floor, oldest, next, running: running.collect::<Option<_>>()? })
    }

    fn holds(&self, row: &Written) -> bool {
        let ended = row.xid < self.oldest || row.xid < self.next && !self.running.contains(&row.xid);
        row.event < self.floor && ended
    }
}

#[derive(sqlx::FromRow)]
struct Event {
    xid: String,
    id: Uuid,
    tenant_id: Uuid,
    entity: Option<String>,
    record_id: Option<Uuid>,
    actor_id: Option<Uuid>,
}

pub struct Live {
    /// Gone once the process stops, which ends every listener.
    sender: Mutex<Option<broadcast::Sender<Arc<Batch>>>>,
    /// Where the reader stands; nothing while nobody listens.
    place: watch::Sender<Option<Place>>,
    /// Somebody has begun to listen.
    begun: Notify,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sender: Mutex::new(Some(broadcast::channel(KEPT).0)),
            place: watch::channel(None).0,
            begun: Notify::new(),
        }
    }
}

impl Live {
    /// Everything from now on, and the place from which it is; nothing once the process stops.
    pub async fn listen(&self) -> Option<(broadcast::Receiver<Arc<Batch>>, Place)> {
        let receiver = self.sender()?.subscribe();
        self.begun.notify_one();
        let mut place = self.place.subscribe();
        let known = *place.wait_for(Option::is_some).await.ok()?;
        known.map(|place| (receiver, place))
    }

    /// From where a listener that has heard everything until now goes on.
    pub fn place(&self) -> Option<Place> {
        *self.place.borrow()
    }

    /// Ends all listeners.
    pub fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn sender(&self) -> Option<broadcast::Sender<Arc<Batch>>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_heard(&self) -> bool {
        self.sender().is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// Reads while anybody listens, until the process stops.
    pub async fn read_forever(self: Arc<Self>, pools: Pools, wake: Arc<Wake>, mut stop: watch::Receiver<bool>) {
        let mut reader = Reader::default();
        while !*stop.borrow() {
            if !self.is_heard() {
                self.place.send_replace(None);
                // Whoever came in between may have been given the place; it is kept to.
                if !self.is_heard() {
                    reader = Reader::default();
                    tokio::select! {
                        () = self.begun.notified() => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                    continue;
                }
            }
            // Asked for before looking, so that a commit in between is not missed.
            let woken = wake.local.notified();
            let wait = match self.look(&mut reader, &pools).await {
                Ok(0) => POLL,
                Ok(_) => BREATH,
                Err(error) => {
                    tracing::warn!(%error, "what changed could not be read for those who watch; trying again");
                    PAUSE
                }
            };
            tokio::select! {
                () = woken, if wait == POLL => {}
                () = tokio::time::sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        self.close();
    }

    /// How many events were new.
    async fn look(&self, reader: &mut Reader, pools: &Pools) -> Result<usize> {
        let first = reader.place.is_none();
        // Asked before the events: what ended before it is among them.
        let horizon: String = sqlx::query_scalar(HORIZON).fetch_one(&pools.platform).await.map_err(db_error)?;
        let horizon = Place { xid: horizon.parse().map_err(|_| Error::internal())?, event: Uuid::nil() };
        let place = reader.place.unwrap_or(horizon);
        let known: Vec<Uuid> = reader.ahead.iter().map(|(_, id)| *id).collect();
        let events: Vec<Event> = sqlx::query_as(EVENTS)
            .bind(place.xid.to_string())
            .bind(place.event)
            .bind(known)
            .bind(LOOK)
            .fetch_all(&pools.platform)
            .await
            .map_err(db_error)?;
        let place = reader.advance(place, horizon, &events)?;
        let found = events.len();
        // What was there before the first listener came, it has seen on its page.
        if !first && found > 0 {
            let rows = events.into_iter().filter_map(|event| {
                let told = Told { entity: event.entity?, record_id: event.record_id?, actor_id: event.actor_id };
                Some(Written { tenant: event.tenant_id, xid: event.xid.parse().ok()?, event: event.id, told })
            });
            let batch = Arc::new(Batch { rows: rows.collect(), place });
            if let Some(sender) = self.sender() {
                let _ = sender.send(batch);
            }
        }
        self.place.send_if_modified(|known| known.replace(place) != Some(place));
        Ok(if first { 0 } else { found })
    }
}

#[derive(Default)]
struct Reader {
    place: Option<Place>,
    /// Events beyond the place that were told already, in the order of their transactions.
    ahead: BTreeSet<(u64, Uuid)>,
}

impl Reader {
    /// Moves behind what nothing can come before any more, and remembers the rest.
    fn advance(&mut self, from: Place, horizon: Place, events: &[Event]) -> Result<Place> {
        let told = |event: &Event| Ok((event.xid.parse().map_err(|_| Error::internal())?, event.id));
        let told: Vec<(u64, Uuid)> = events.iter().map(told).collect::<Result<_>>()?;
        let place = match told.last() {
            // There are more, which begin behind these.
            Some((xid, event)) if told.len() >= usize::try_from(LOOK).unwrap_or(usize::MAX) => {
                horizon.min(Place { xid: *xid, event: *event })
            }
            _ => horizon,
        };
        let place = place.max(from);
        self.ahead.extend(told);
        self.ahead = self.ahead.split_off(&(place.xid, place.event));
        self.place = Some(place);
        Ok(place)
    }
}

/// What a listener missed since the place that it was told last. More than [`MOST_MISSED`] are cut off one above.
pub async fn missed(pools: &Pools, tenant: TenantId, place: Place) -> Result<Vec<Told>> {
    let missed = sqlx::query_as(MISSED).bind(tenant.0).bind(place.xid.to_string()).bind(place.event).bind(most());
    missed.fetch_all(&pools.platform).await.map_err(db_error)
}

/// What happened since a page was drawn, and what it shows already. Ids are made before their transaction commits, so it begins a little earlier.
pub async fn since(pools: &Pools, tenant: TenantId, moment: DateTime<Utc>) -> Result<(Vec<Told>, Shown)> {
    let millis = u64::try_from(moment.timestamp_millis() - UNDER_WAY).unwrap_or_default();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid();
    let snapshot: String = sqlx::query_scalar(SNAPSHOT).fetch_one(&pools.platform).await.map_err(db_error)?;
    let shown = Shown::read(id, &snapshot).ok_or_else(Error::internal)?;
    let since = sqlx::query_as(SINCE).bind(tenant.0).bind(id).bind(most());
    Ok((since.fetch_all(&pools.platform).await.map_err(db_error)?, shown))
}

fn most() -> i64 {
    i64::try_from(MOST_MISSED + 1).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(xid: u64) -> Event {
        let id = Uuid::from_u128(u128::from(xid));
        Event { xid: xid.to_string(), id, tenant_id: Uuid::nil(), entity: None, record_id: None, actor_id: None }
    }

    #[test]
    fn what_a_page_shows_is_no_news_to_it() {
        let floor = Uuid::from_u128(100);
        let shown = Shown::read(floor, "10:20:10,14").unwrap();
        let row = |xid: u64, event: u128| Written {
            tenant: Uuid::nil(),
            xid,
            event: Uuid::from_u128(event),
            told: Told { entity: "lead".to_owned(), record_id: Uuid::nil(), actor_id: None },
        };
        for (xid, event, held) in [
            (9, 50, true),
            (13, 50, true),
            // Written before the page was drawn, committed after its listener came.
            (10, 50, false),
            (14, 50, false),
            (20, 50, false),
            // Written since.
            (9, 100, false),
        ] {
            assert_eq!(shown.holds(&row(xid, event)), held, "{xid} {event}");
        }
        let batch = Batch { rows: vec![row(9, 50), row(9, 100)], place: before(9) };
        assert_eq!(batch.of(TenantId(Uuid::nil()), Some(&shown)).count(), 1);
        assert_eq!(batch.of(TenantId(Uuid::nil()), None).count(), 2);
        assert!(Shown::read(floor, "10:10:").unwrap().running.is_empty());
        assert!(["", "10", "10:20", "x:20:", "10:20:y"].iter().all(|text| Shown::read(floor, text).is_none()));
    }

    fn before(xid: u64) -> Place {
        Place { xid, event: Uuid::nil() }
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        let place = Place { xid: 4711, event: Uuid::from_u128(9) };
        assert_eq!(place.to_string().parse(), Ok(place));
        for wrong in ["", "4711", "x.y", "-1.00000000-0000-0000-0000-000000000009", "4711.9"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_place_waits_for_the_oldest_transaction() {
        let mut reader = Reader::default();
        let place = reader.advance(before(1), before(6), &[event(5), event(7), event(8)]).unwrap();
        assert_eq!(place, before(6));
        assert_eq!(reader.ahead, BTreeSet::from([7, 8].map(|xid| (xid, Uuid::from_u128(xid.into())))));
        // What was told ahead is behind the place once its transactions are.
        let place = reader.advance(place, before(8), &[event(6)]).unwrap();
        assert!(place == before(8) && reader.ahead.len() == 1, "{place}");
        // It never turns back, and stays before what is still to be read.
        assert_eq!(reader.advance(place, before(7), &[]).unwrap(), before(8));
        let many: Vec<Event> = (10..10 + u64::try_from(LOOK).unwrap()).map(event).collect();
        let place = reader.advance(place, before(9_999), &many).unwrap();
        assert!(place.xid == 9 + u64::try_from(LOOK).unwrap() && reader.ahead.len() == 1, "{place}");
    }
}
