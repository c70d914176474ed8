//! What pages need with each request and what seldom changes, kept for a member while their workspace's number stands still.
//!
//! The number is read with the session, before anything else, and whatever changes what hangs on it counts it up in its own transaction
//! (migration 36). So what is kept under a number is never older than that number, and nobody has to tell the other processes.

use crate::ctx::Ctx;
use crate::db::TxMode;
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Kept at most; then all is read anew.
const MOST: usize = 20_000;

/// Workspace, member, and what it is.
type Place = (Uuid, Uuid, String);

#[derive(Default)]
pub struct Still(Mutex<HashMap<Place, Kept>>);

struct Kept {
    number: i64,
    value: Arc<dyn Any + Send + Sync>,
}

impl Still {
    fn get(&self, place: &Place, number: i64) -> Option<Arc<dyn Any + Send + Sync>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(place).filter(|kept| kept.number == number).map(|kept| kept.value.clone())
    }

    fn put(&self, place: Place, kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&place) {
            all.clear();
        }
        // Of two requests at once the one that began later knows the later number.
        if all.get(&place).is_none_or(|held| held.number <= kept.number) {
            all.insert(place, kept);
        }
    }
}

impl Ctx {
    /// What was put under this name for the member, if nothing has changed since.
    pub fn kept<T: Any + Send + Sync>(&self, name: &str) -> Option<Arc<T>> {
        let place = self.place(name.to_owned());
        self.services.still.get(&place, self.number()?)?.downcast().ok()
    }

    /// Keeps what was read in this context. It may hang on nothing but what counts (migrations 36 to 38) and what a process never changes.
    pub fn keep<T: Any + Send + Sync>(&self, name: String, value: Arc<T>) {
        if let Some(number) = self.number() {
            self.services.still.put(self.place(name), Kept { number, value });
        }
    }

    fn place(&self, name: String) -> Place {
        (self.access.tenant.0, self.access.member.0, name)
    }

    /// None where a write may still be undone, and where a key narrows what the member may do.
    fn number(&self) -> Option<i64> {
        self.access.number.filter(|_| self.mode == TxMode::ReadOnly && self.access.key.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, Still};
    use std::sync::Arc;
    use uuid::Uuid;

    #[test]
    fn what_is_kept_is_there_while_the_number_stands() {
        let still = Still::default();
        let place = |name: &str| (Uuid::nil(), Uuid::nil(), name.to_owned());
        let put = |number, value: i32| still.put(place("a"), Kept { number, value: Arc::new(value) });
        let get = |name, number| still.get(&place(name), number).and_then(|value| value.downcast_ref::<i32>().copied());
        put(7, 1);
        assert_eq!((get("a", 7), get("a", 8), get("a", 6), get("b", 7)), (Some(1), None, None, None));
        put(8, 2);
        // Came late.
        put(7, 3);
        assert_eq!((get("a", 8), get("a", 7)), (Some(2), None));
    }
}
