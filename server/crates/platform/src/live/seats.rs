//! How many streams there may be at once in one process. Each asks the database whenever something changes, so without a bound one member could have
//! all of it to themselves.

use domain::{Error, Kind, MemberId, Result, TenantId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Streams of one member. Only tabs that are seen hold one, and browsers allow six to a host.
pub const OF_MEMBER: usize = 20;
/// Streams of one workspace.
pub const OF_WORKSPACE: usize = 2000;
/// Seconds after which it makes sense to ask again: by then every stream of now has ended or begun anew.
const LATER: u32 = 20;

/// A workspace, or a member in it.
type Key = (Uuid, Option<Uuid>);

#[derive(Debug, Clone, Default)]
pub struct Seats(Arc<Mutex<HashMap<Key, usize>>>);

/// Taken until it is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    keys: [Key; 2],
}

impl Seats {
    /// A place for one stream; *rate limited* where the member or the workspace has all of theirs.
    pub fn take(&self, tenant: TenantId, member: MemberId) -> Result<Seat> {
        let keys = [(tenant.0, Some(member.0)), (tenant.0, None)];
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |key: &Key, most: usize| taken.get(key).is_some_and(|count| *count >= most);
        if full(&keys[0], OF_MEMBER) {
            return Err(refused(format!(
                "You have {OF_MEMBER} pages open that listen for changes. Close some of them"
            )));
        }
        if full(&keys[1], OF_WORKSPACE) {
            return Err(refused(
                "Too many pages of this workspace listen for changes. Try again in a moment".to_owned(),
            ));
        }
        for key in keys {
            *taken.entry(key).or_default() += 1;
        }
        Ok(Seat { seats: self.clone(), keys })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in self.keys {
            if let Some(count) = taken.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(&key);
                }
            }
        }
    }
}

fn refused(message: String) -> Error {
    Error { retry_after: Some(LATER), ..Error::new(Kind::RateLimited, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_and_a_workspace_have_so_many_and_no_more() {
        let seats = Seats::default();
        let (lakeside, harbour) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let member = |number: usize| MemberId(Uuid::from_u128(number as u128));
        let mut held: Vec<Seat> = (0..OF_MEMBER).map(|_| seats.take(lakeside, member(0)).unwrap()).collect();
        let refused = seats.take(lakeside, member(0)).unwrap_err();
        assert_eq!((refused.kind, refused.retry_after), (Kind::RateLimited, Some(LATER)));
        held.pop();
        held.push(seats.take(lakeside, member(0)).unwrap());
        held.extend((OF_MEMBER..OF_WORKSPACE).map(|number| seats.take(lakeside, member(number)).unwrap()));
        assert_eq!(seats.take(lakeside, member(OF_WORKSPACE)).unwrap_err().kind, Kind::RateLimited);
        let elsewhere = seats.take(harbour, member(0)).unwrap();
        drop((held, elsewhere));
        assert!(seats.0.lock().unwrap().is_empty(), "nothing is remembered of those who left");
    }
}
