//! What a process keeps of sessions' memberships: roles and grants are read once, and again when their workspace's number has moved.
//!
//! Every request still asks the database whether the session holds, and for the number that whatever changes what members may do counts up in
//! its own transaction (migration 36). So a right that was taken holds on the very next request, and an ended session is nobody's, in every
//! process; only what has not changed is not read again. Measured: the statement for all of it took longer than reading a record.

use crate::access::Access;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Memberships kept at most; then all are read anew.
const MOST: usize = 10_000;

/// What was read of a session in a workspace, while this was the workspace's number.
#[derive(Debug, Clone)]
pub(super) struct Membership {
    pub version: i64,
    pub owner: Uuid,
    pub access: Access,
}

/// By the session's key, which is its id's SHA-256, and the workspace's slug.
#[derive(Debug, Default)]
pub(super) struct Memberships(Mutex<HashMap<(Vec<u8>, String), Membership>>);

impl Memberships {
    /// What is kept: good if the session holds and the number of its workspace stands where it stood.
    pub fn find(&self, key: &[u8], slug: &str) -> Option<Membership> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(key.to_vec(), slug.to_owned())).cloned()
    }

    /// `None` forgets.
    pub fn keep(&self, key: &[u8], slug: &str, membership: Option<Membership>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (key.to_vec(), slug.to_owned());
        match membership {
            Some(membership) => {
                if kept.len() >= MOST && !kept.contains_key(&place) {
                    kept.clear();
                }
                kept.insert(place, membership);
            }
            None => {
                kept.remove(&place);
            }
        }
    }
}
