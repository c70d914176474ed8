//! Which events are done, and how far the place may move.

use super::Event;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A place in the order of commits.
type Place = (u64, Uuid);

/// Events that are worked though an older transaction may still be running.
#[derive(Debug, Default)]
pub struct Places(BTreeSet<Place>);

impl Places {
    pub fn ahead(&self) -> Vec<Uuid> {
        self.0.iter().map(|(_, id)| *id).collect()
    }

    /// Notes a batch as done and answers the place to move to, if any. `full`: there may be more events behind the last one.
    ///
    /// Below the horizon every transaction has ended, so every event there was seen: in this batch or before.
    pub fn done(&mut self, events: &[Event], full: bool) -> Option<Place> {
        let number = |text: &str| text.parse::<u64>().unwrap_or(0);
        let last = events.last()?;
        let (last, horizon) = ((number(&last.xid), last.id), number(&last.horizon));
        self.0.extend(events.iter().map(|event| (number(&event.xid), event.id)));
        let passed = |place: &&Place| place.0 < horizon && (!full || **place <= last);
        let to = self.0.iter().take_while(passed).last().copied()?;
        self.0 = self.0.split_off(&to);
        self.0.remove(&to);
        Some(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn event(xid: u64, id: u128, horizon: u64) -> Event {
        Event {
            xid: xid.to_string(),
            horizon: horizon.to_string(),
            id: Uuid::from_u128(id),
            tenant_id: Uuid::nil(),
            at: DateTime::UNIX_EPOCH,
            kind: String::new(),
            entity: None,
            record_id: None,
            actor_id: None,
            correlation_id: Uuid::nil(),
            depth: 0,
            before: None,
            after: None,
            cause_run: None,
            cause_workflow: None,
            seeded: false,
            started_by: None,
        }
    }

    #[test]
    fn the_place_stays_behind_what_still_runs() {
        let mut places = Places::default();
        // 12 is not over: what it will commit comes before 13.
        assert_eq!(
            places.done(&[event(10, 1, 12), event(11, 2, 12), event(13, 3, 12)], false),
            Some((11, Uuid::from_u128(2)))
        );
        assert_eq!(places.ahead(), [Uuid::from_u128(3)]);
        assert_eq!(places.done(&[event(12, 4, 14)], false), Some((13, Uuid::from_u128(3))));
        assert!(places.ahead().is_empty());
    }

    #[test]
    fn a_full_batch_moves_no_further_than_its_end() {
        let mut places = Places::default();
        assert_eq!(places.done(&[event(20, 9, 15)], false), None);
        // More may lie between 10 and 20.
        assert_eq!(places.done(&[event(10, 1, 30)], true), Some((10, Uuid::from_u128(1))));
        assert_eq!(places.ahead(), [Uuid::from_u128(9)]);
    }
}
