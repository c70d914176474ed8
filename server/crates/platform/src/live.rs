//! What has just been committed, told to whoever listens in this process. One reader of events serves all listeners; each keeps for itself what
//! concerns it, so nothing here knows who may see what.
//!
//! As for the other readers of events, the place never moves past the oldest transaction still running; what was committed beyond it is told
//! at once and remembered. A listener that comes back with the place it was told last may hear something twice, and misses nothing.
//!
//! What listeners cost is bounded: so many streams for a member (`seats`), one look at the database for each member and batch (`looks`), a few looks
//! at a time, and none at what is older than hours.

mod looks;
mod seats;

pub use looks::{Rows, Viewer};
pub use seats::{OF_MEMBER, Seat, Seats};

use crate::clock::Clock;
use crate::db::{Pools, db_error};
use crate::notice;
use crate::wake::Wake;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Error, MemberId, Result, TenantId};
use looks::Looks;
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, broadcast, watch};
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
/// How long a write may be under way. Longer ones are told as they commit to whoever listens by then.
const UNDER_WAY: TimeDelta = TimeDelta::milliseconds(100);
/// The same for who comes back with a place: nothing is looked for that was written longer before it than this. A transaction that takes longer is
/// told to whoever listens when it commits.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// Looks at the database at once, for all streams of the process: the connections are those of everybody else's pages and sign-ins.
const LOOKS: usize = 4;
/// How long a stream waits for its turn, or for the reader of events, before it is refused.
const PATIENCE: Duration = Duration::from_secs(5);
/// More are not told one by one to who comes back.
pub const MOST_MISSED: usize = 500;

/// Entities of the events that tell of other rights, or of a session that was ended.
const RIGHTS: &[&str] = &["member", "role", "security", "session"];

// Nothing of a transaction below it is missing.
const HORIZON: &str = "select pg_snapshot_xmin(pg_current_snapshot())::text";
const SNAPSHOT: &str = "select pg_current_snapshot()::text";
const EVENTS: &str = "\
select xid::text, id, tenant_id, entity, record_id, actor_id from events
where (xid, id) > ($1::text::xid8, $2) and id <> all ($3) order by xid, id limit $4";
// What others were told is nothing that a listener missed, and there is much of it.
const MISSED: &str = "\
select entity, record_id, actor_id from events
where tenant_id = $1 and id >= $5 and (xid, id) > ($2::text::xid8, $3) and entity is not null and record_id is not null
    and (entity <> $6 or record_id = $7)
order by xid, id limit $4";
// Version 7 ids begin with their millisecond, so a range of the primary key is a stretch of time.
const SINCE: &str = "\
select entity, record_id, actor_id from events
where tenant_id = $1 and id >= $2 and entity is not null and record_id is not null and (entity <> $4 or record_id = $5) order by id limit $3";

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
    /// When the reader stood there, in milliseconds since 1970: how far back to look for who comes back with it.
    millis: i64,
}

impl Place {
    /// When the reader stood there.
    pub fn moment(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.millis.max(0)).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.xid, self.event, self.millis)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let (xid, event) = (parts.next().ok_or(())?, parts.next().ok_or(())?);
        // Without a moment, as places once were: from before everything that is still told.
        let millis = parts.next().map_or(Ok(0), |millis| millis.parse().map_err(|_| ()))?;
        Ok(Self { xid: xid.parse().map_err(|_| ())?, event: Uuid::try_parse(event).map_err(|_| ())?, millis })
    }
}

/// What changed in all workspaces since the batch before.
#[derive(Debug)]
pub struct Batch {
    rows: Vec<Written>,
    /// Workspaces in which rights changed, and whose: by which kind of thing, and which one where it was one.
    rights: Vec<(Uuid, String, Option<Uuid>)>,
    /// Members who were told something, each with their workspace.
    told: BTreeSet<(Uuid, Uuid)>,
    looks: Looks<Arc<Rows>>,
    counts: Looks<u64>,
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

    /// Whether a member may by now do something else than when their session was looked at last, or that session was ended.
    pub fn unsettles(&self, tenant: TenantId, member: MemberId, session: Option<Uuid>) -> bool {
        self.rights.iter().filter(|(of, ..)| *of == tenant.0).any(|(_, entity, record)| match entity.as_str() {
            "member" => *record == Some(member.0),
            "session" => record.is_none() || *record == session,
            _ => true,
        })
    }

    /// Which of its rows a viewer sees, found out by the first of their streams that asks.
    pub async fn seen<F>(&self, viewer: &Arc<Viewer>, find: impl FnOnce() -> F) -> Result<Arc<Rows>>
    where
        F: Future<Output = Result<Rows>>,
    {
        self.looks.once(viewer, move || async move { find().await.map(Arc::new) }).await
    }

    /// Whether a member was told something.
    pub fn tells(&self, tenant: TenantId, member: MemberId) -> bool {
        self.told.contains(&(tenant.0, member.0))
    }

    /// How much waits for a viewer by now, counted by the first of their streams that asks.
    pub async fn unread<F>(&self, viewer: &Arc<Viewer>, count: impl FnOnce() -> F) -> Result<u64>
    where
        F: Future<Output = Result<u64>>,
    {
        self.counts.once(viewer, count).await
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
    clock: Arc<dyn Clock>,
    /// Taken by streams for as long as they last.
    pub seats: Seats,
    turns: Semaphore,
}

/// Everything from now on, and the place from which it is.
pub type Heard = (broadcast::Receiver<Arc<Batch>>, Place);

impl Live {
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            sender: Mutex::new(Some(broadcast::channel(KEPT).0)),
            place: watch::channel(None).0,
            begun: Notify::new(),
            clock,
            seats: Seats::default(),
            turns: Semaphore::new(LOOKS),
        })
    }

    /// Begins to listen. *Unavailable* once the process stops, and where events cannot be read.
    pub async fn listen(&self) -> Result<Heard> {
        self.listen_for(PATIENCE).await
    }

    async fn listen_for(&self, patience: Duration) -> Result<Heard> {
        let stops = || Error::unavailable("The server is stopping");
        let receiver = self.sender().ok_or_else(stops)?.subscribe();
        self.begun.notify_one();
        let mut place = self.place.subscribe();
        let known = tokio::time::timeout(patience, place.wait_for(Option::is_some)).await.map_err(|_| busy())?;
        let place = known.ok().and_then(|known| *known).ok_or_else(stops)?;
        Ok((receiver, place))
    }

    /// A turn to ask the database for a stream; whoever holds one asks for no other.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await.map_err(|_| busy())?;
        turn.map_err(|_| Error::internal())
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

    /// What a member's listener missed since the place that it was told last. More than [`MOST_MISSED`] are cut off one above.
    pub async fn missed(&self, pools: &Pools, tenant: TenantId, member: MemberId, place: Place) -> Result<Vec<Told>> {
        let floor = floor(place.moment().min(self.clock.now()) - LONGEST);
        let _turn = self.turn().await?;
        let missed = sqlx::query_as(MISSED).bind(tenant.0).bind(place.xid.to_string()).bind(place.event).bind(most());
        let missed = missed.bind(floor).bind(notice::ENTITY).bind(member.0);
        missed.fetch_all(&pools.platform).await.map_err(db_error)
    }

    /// What happened since a page was drawn, and what it shows already. Ids are made before their transaction commits, so it begins a little earlier.
    pub async fn since(
        &self,
        pools: &Pools,
        tenant: TenantId,
        member: MemberId,
        moment: DateTime<Utc>,
    ) -> Result<(Vec<Told>, Shown)> {
        let id = floor(moment.min(self.clock.now()) - UNDER_WAY);
        let _turn = self.turn().await?;
        let snapshot: String = sqlx::query_scalar(SNAPSHOT).fetch_one(&pools.platform).await.map_err(db_error)?;
        let shown = Shown::read(id, &snapshot).ok_or_else(Error::internal)?;
        let since = sqlx::query_as(SINCE).bind(tenant.0).bind(id).bind(most()).bind(notice::ENTITY).bind(member.0);
        Ok((since.fetch_all(&pools.platform).await.map_err(db_error)?, shown))
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
        let millis = self.clock.now().timestamp_millis();
        // Asked before the events: what ended before it is among them.
        let horizon: String = sqlx::query_scalar(HORIZON).fetch_one(&pools.platform).await.map_err(db_error)?;
        let horizon = Place { xid: horizon.parse().map_err(|_| Error::internal())?, event: Uuid::nil(), millis };
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
            let rights = events.iter().filter_map(|event| {
                let entity = event.entity.as_deref().filter(|entity| RIGHTS.contains(entity))?;
                Some((event.tenant_id, entity.to_owned(), event.record_id))
            });
            let rights = rights.collect();
            let (tells, events): (Vec<Event>, Vec<Event>) =
                events.into_iter().partition(|event| event.entity.as_deref() == Some(notice::ENTITY));
            let told = tells.iter().filter_map(|event| Some((event.tenant_id, event.record_id?))).collect();
            let rows = events.into_iter().filter_map(|event| {
                let told = Told { entity: event.entity?, record_id: event.record_id?, actor_id: event.actor_id };
                Some(Written { tenant: event.tenant_id, xid: event.xid.parse().ok()?, event: event.id, told })
            });
            let (rows, looks, counts) = (rows.collect(), Looks::default(), Looks::default());
            let batch = Arc::new(Batch { rows, rights, told, looks, counts, place });
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
                horizon.min(Place { xid: *xid, event: *event, millis: horizon.millis })
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

fn busy() -> Error {
    Error::unavailable("What changes cannot be read at the moment. Try again in a moment")
}

/// Nothing that was written at this moment or later has an id below it.
fn floor(moment: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(moment.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

fn most() -> i64 {
    i64::try_from(MOST_MISSED + 1).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;
    use domain::Kind;

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
        let rows = vec![row(9, 50), row(9, 100)];
        let told = BTreeSet::from([(Uuid::nil(), Uuid::from_u128(4))]);
        let (rights, looks, counts) = (Vec::new(), Looks::default(), Looks::default());
        let batch = Batch { rows, rights, told, looks, counts, place: before(9) };
        assert_eq!(batch.of(TenantId(Uuid::nil()), Some(&shown)).count(), 1);
        assert_eq!(batch.of(TenantId(Uuid::nil()), None).count(), 2);
        let tells = |tenant, member| batch.tells(TenantId(Uuid::from_u128(tenant)), MemberId(Uuid::from_u128(member)));
        assert!(tells(0, 4) && !tells(0, 5) && !tells(1, 4), "each their own, where they are");
        assert!(Shown::read(floor, "10:10:").unwrap().running.is_empty());
        assert!(["", "10", "10:20", "x:20:", "10:20:y"].iter().all(|text| Shown::read(floor, text).is_none()));
    }

    fn before(xid: u64) -> Place {
        Place { xid, event: Uuid::nil(), millis: 0 }
    }

    #[test]
    fn places_are_read_as_they_are_written() {
        let place = Place { xid: 4711, event: Uuid::from_u128(9), millis: 1_795_000_000_000 };
        assert_eq!(place.to_string().parse(), Ok(place));
        assert_eq!(place.moment().timestamp_millis(), 1_795_000_000_000);
        let event = "00000000-0000-0000-0000-000000000009";
        let earlier: Place = format!("4711.{event}").parse().unwrap();
        assert_eq!((earlier.xid, earlier.moment()), (4711, DateTime::UNIX_EPOCH), "as they once were");
        let far: Place = format!("4711.{event}.{}", i64::MAX).parse().unwrap();
        let before: Place = format!("4711.{event}.{}", i64::MIN).parse().unwrap();
        assert_eq!([far.moment(), before.moment()], [DateTime::UNIX_EPOCH; 2], "moments that there are not");
        let wrong =
            [format!("4711.{event}.x"), format!("4711.{event}.1.2"), format!("-1.{event}"), format!("4711.{event}.")];
        for wrong in wrong.iter().map(String::as_str).chain(["", "4711", "x.y", "4711.9"]) {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nobody_waits_forever_for_events_that_cannot_be_read() {
        let live = Live::new(Arc::new(FixedClock::at(DateTime::UNIX_EPOCH)));
        let patience = Duration::from_millis(20);
        assert_eq!(live.listen_for(patience).await.unwrap_err().kind, Kind::Unavailable);
        assert!(!live.is_heard(), "who was refused listens no more");
        live.place.send_replace(Some(before(6)));
        assert_eq!(live.listen_for(patience).await.unwrap().1, before(6));
        live.close();
        assert_eq!(live.listen_for(patience).await.unwrap_err().message, "The server is stopping");
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
