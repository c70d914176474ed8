//! Who has a record open. Whoever does listens to a stream (`Live`), and for as long as it lasts stands here; nothing is written for it. Processes
//! tell each other by NOTIFY, in no business transaction, and forget whoever they have not heard of for a while: a process that died takes
//! nobody back.

use crate::clock::Clock;
use crate::db::Pools;
use chrono::{DateTime, TimeDelta, Utc};
use domain::TenantId;
use sqlx::postgres::{PgListener, PgPoolOptions};
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use uuid::Uuid;

const CHANNEL: &str = "nexus_presence";
/// A stream ends now and then, and its browser comes back: only who stays away for longer has left.
const LEAVING: Duration = Duration::from_secs(3);
/// Nobody is believed to be there who was not heard of for this long. Streams say it again each time they begin.
const FORGOTTEN: TimeDelta = TimeDelta::seconds(45);
/// Others' comings and goings that a slow stream may lie behind; it looks anew then.
const KEPT: usize = 256;
/// What waits to be told to other processes, while the database is away; what is beyond it they are told by the next stream.
const WAITING: usize = 1024;
const PAUSE: Duration = Duration::from_secs(1);

/// A record of a workspace.
pub type Room = (TenantId, Uuid);

/// A member with a record open.
#[derive(Debug, Clone, Copy)]
struct Guest {
    heard: DateTime<Utc>,
    /// Streams in this process.
    open: usize,
    /// How often one began: whoever has come again since has not left.
    visits: u64,
}

pub struct Presence {
    /// Tells what this process said itself from what others say.
    process: Uuid,
    clock: Arc<dyn Clock>,
    rooms: Mutex<HashMap<Room, BTreeMap<Uuid, Guest>>>,
    moved: broadcast::Sender<Room>,
    tell: mpsc::Sender<Told>,
    told: Mutex<Option<mpsc::Receiver<Told>>>,
}

/// What processes tell each other: `process tenant record member here`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    room: Room,
    member: Uuid,
    here: bool,
}

impl Presence {
    /// `process` is another one in each process.
    pub fn new(process: Uuid, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (tell, told) = mpsc::channel(WAITING);
        Arc::new(Self {
            process,
            clock,
            rooms: Mutex::default(),
            moved: broadcast::Sender::new(KEPT),
            tell,
            told: Mutex::new(Some(told)),
        })
    }

    /// The member has the record open until what this answers is dropped.
    pub fn arrive(self: &Arc<Self>, room: Room, member: Uuid) -> Here {
        let now = self.clock.now();
        self.change(room, |guests| {
            let guest = guests.entry(member).or_insert(Guest { heard: now, open: 0, visits: 0 });
            let came = guest.visits == 0;
            (guest.heard, guest.open, guest.visits) = (now, guest.open + 1, guest.visits + 1);
            came
        });
        let _ = self.tell.try_send(Told { room, member, here: true });
        Here { presence: self.clone(), moved: self.moved.subscribe(), room, member }
    }

    /// Who else has it open.
    fn others(&self, room: Room, member: Uuid) -> Vec<Uuid> {
        let now = self.clock.now();
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let guests = rooms.get(&room).into_iter().flatten();
        guests.filter(|(other, guest)| **other != member && guest.is_here(now)).map(|(other, _)| *other).collect()
    }

    /// Changes who is there; if that says that somebody came or went, whoever else is there is told.
    fn change(&self, room: Room, change: impl FnOnce(&mut BTreeMap<Uuid, Guest>) -> bool) {
        let now = self.clock.now();
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let guests = rooms.entry(room).or_default();
        guests.retain(|_, guest| guest.is_here(now));
        let moved = change(guests);
        if guests.is_empty() {
            rooms.remove(&room);
        }
        drop(rooms);
        if moved {
            let _ = self.moved.send(room);
        }
    }

    /// A stream ended a while ago, when the member had begun so many: the last one, unless another has begun since or is open still.
    fn left(&self, room: Room, member: Uuid, visits: u64) {
        let mut gone = false;
        self.change(room, |guests| {
            gone = guests.get(&member).is_some_and(|guest| guest.open == 0 && guest.visits == visits);
            if gone {
                guests.remove(&member);
            }
            gone
        });
        if gone {
            let _ = self.tell.try_send(Told { room, member, here: false });
        }
    }

    fn hear(&self, told: Told) {
        let now = self.clock.now();
        self.change(told.room, |guests| match guests.get_mut(&told.member) {
            Some(guest) if told.here => {
                guest.heard = now;
                false
            }
            None if told.here => {
                guests.insert(told.member, Guest { heard: now, open: 0, visits: 1 });
                true
            }
            // Who is here as well has not left.
            Some(guest) => guest.open == 0 && guests.remove(&told.member).is_some(),
            None => false,
        });
    }

    /// Tells other processes, and hears from them, until the process ends. Without it, and while the database is away, each knows its own.
    pub async fn share_forever(self: Arc<Self>, pools: Pools) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut told) = told else { return };
        loop {
            if let Err(error) = self.share(&pools, &mut told).await {
                tracing::debug!(%error, "who has what open could not be shared with other processes");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn share(&self, pools: &Pools, told: &mut mpsc::Receiver<Told>) -> sqlx::Result<()> {
        // Of its own: a listener keeps its connection for as long as it lives, and those of the pool are few.
        let options = pools.platform.connect_options().as_ref().clone();
        let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        loop {
            tokio::select! {
                heard = listener.recv() => {
                    if let Some((process, told)) = parse(heard?.payload()) && process != self.process {
                        self.hear(told);
                    }
                }
                Some(told) = told.recv() => {
                    let tell = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(told.print(self.process));
                    tell.execute(&pools.platform).await?;
                }
            }
        }
    }
}

impl Guest {
    fn is_here(&self, now: DateTime<Utc>) -> bool {
        self.open > 0 || now - self.heard < FORGOTTEN
    }
}

impl Told {
    fn print(&self, process: Uuid) -> String {
        let here = if self.here { "here" } else { "gone" };
        format!("{process} {} {} {} {here}", self.room.0, self.room.1, self.member)
    }
}

fn parse(payload: &str) -> Option<(Uuid, Told)> {
    let mut words = payload.split(' ');
    let mut id = || Uuid::from_str(words.next()?).ok();
    let (process, tenant, record, member) = (id()?, id()?, id()?, id()?);
    let here = words.next()? == "here";
    Some((process, Told { room: (TenantId(tenant), record), member, here }))
}

/// A member's stream about a record.
pub struct Here {
    presence: Arc<Presence>,
    moved: broadcast::Receiver<Room>,
    room: Room,
    member: Uuid,
}

impl Here {
    pub fn others(&self) -> Vec<Uuid> {
        self.presence.others(self.room, self.member)
    }

    /// Ends when somebody has come or gone.
    pub async fn moved(&mut self) {
        loop {
            match self.moved.recv().await {
                Ok(room) if room == self.room => return,
                Ok(_) => {}
                // Too much happened to keep up with: perhaps here.
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let (presence, room, member) = (self.presence.clone(), self.room, self.member);
        let now = presence.clock.now();
        let mut visits = 0;
        presence.change(room, |guests| {
            if let Some(guest) = guests.get_mut(&member) {
                (guest.heard, guest.open) = (now, guest.open.saturating_sub(1));
                visits = guest.visits;
            }
            false
        });
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(LEAVING).await;
                presence.left(room, member, visits);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    const ROOM: Room = (TenantId(Uuid::from_u128(1)), Uuid::from_u128(2));

    fn presence() -> (Arc<Presence>, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        (Presence::new(id(9), clock.clone()), clock)
    }

    #[tokio::test]
    async fn who_comes_and_goes_is_told_to_who_is_there_and_to_nobody_else() {
        let (presence, _) = presence();
        let mut grace = presence.arrive(ROOM, id(10));
        assert!(grace.others().is_empty());
        let elsewhere = presence.arrive((TenantId(id(3)), ROOM.1), id(11));
        let john = presence.arrive(ROOM, id(12));
        grace.moved().await;
        assert_eq!((grace.others(), john.others()), (vec![id(12)], vec![id(10)]));
        assert!(elsewhere.others().is_empty(), "the same id in another workspace is another room");
        // A stream that begins anew while the old one ends is no coming and no going, whichever of them ends first.
        let again = presence.arrive(ROOM, id(12));
        drop(again);
        presence.left(ROOM, id(12), 2);
        assert_eq!(grace.others(), [id(12)], "the other one is open");
        drop(john);
        let back = presence.arrive(ROOM, id(12));
        drop(back);
        presence.left(ROOM, id(12), 2);
        assert_eq!(grace.others(), [id(12)], "another has begun since");
        presence.left(ROOM, id(12), 3);
        grace.moved().await;
        assert!(grace.others().is_empty());
        drop((grace, elsewhere));
        presence.left(ROOM, id(10), 1);
        presence.left((TenantId(id(3)), ROOM.1), id(11), 1);
        assert!(presence.rooms.lock().unwrap().is_empty(), "nothing is left of anybody");
    }

    #[tokio::test]
    async fn other_processes_are_believed_for_a_while() {
        let (presence, clock) = presence();
        let mut grace = presence.arrive(ROOM, id(10));
        let told = |here| Told { room: ROOM, member: id(12), here };
        presence.hear(told(true));
        grace.moved().await;
        assert_eq!(grace.others(), [id(12)]);
        clock.advance(TimeDelta::seconds(30));
        presence.hear(told(true));
        clock.advance(TimeDelta::seconds(30));
        assert_eq!(grace.others(), [id(12)], "it was said again");
        clock.advance(TimeDelta::seconds(30));
        assert!(grace.others().is_empty(), "the process died");
        presence.hear(told(true));
        presence.hear(told(false));
        assert!(grace.others().is_empty());
        // Who is in both has not left when the other one says so.
        let john = presence.arrive(ROOM, id(12));
        presence.hear(told(false));
        assert_eq!(grace.others(), [id(12)]);
        drop(john);
    }

    #[test]
    fn what_is_told_is_read_back() {
        let told = Told { room: ROOM, member: id(3), here: true };
        assert_eq!(parse(&told.print(id(9))), Some((id(9), told)));
        for payload in ["", "here", "1 2 3 4 here", &format!("{} {} {} here", id(1), id(2), id(3))] {
            assert_eq!(parse(payload), None, "{payload}");
        }
    }
}
