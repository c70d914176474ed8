//! Which rows of a batch a member may see, and how much waits for them, found out once however many pages of theirs listen.

use crate::access::Access;
use domain::{Grants, MemberId, Result, TenantId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Rows by the key of their entity.
pub type Rows = BTreeMap<String, BTreeSet<Uuid>>;

/// Whoever looks: what decides which rows they see. Pages of one member differ in it where a role was changed between them, or a key asks.
#[derive(Debug, PartialEq, Eq)]
pub struct Viewer {
    tenant: TenantId,
    member: MemberId,
    location: Option<Uuid>,
    industry: String,
    grants: Grants,
}

impl Viewer {
    pub fn of(access: &Access) -> Arc<Self> {
        Arc::new(Self {
            tenant: access.tenant,
            member: access.member,
            location: access.location,
            industry: access.industry.clone(),
            grants: access.grants.clone(),
        })
    }
}

/// By the member alone: few have pages that see different rows.
impl Hash for Viewer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.member.hash(state);
    }
}

/// What was found out so far.
#[derive(Debug, Default)]
pub struct Looks<T>(Mutex<HashMap<Arc<Viewer>, Found<T>>>);

type Found<T> = Arc<OnceCell<T>>;

impl<T: Clone> Looks<T> {
    /// What `find` finds for this viewer. Others of the same wait for the first; where it fails or goes away, the next one finds it out.
    pub async fn once<F>(&self, viewer: &Arc<Viewer>, find: impl FnOnce() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let found = self.of(viewer);
        found.get_or_try_init(find).await.cloned()
    }

    fn of(&self, viewer: &Arc<Viewer>) -> Found<T> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.entry(viewer.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Error, Reach};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn viewer(member: u128, reach: Reach) -> Arc<Viewer> {
        Arc::new(Viewer {
            tenant: TenantId(Uuid::nil()),
            member: MemberId(Uuid::from_u128(member)),
            location: None,
            industry: "core".to_owned(),
            grants: Grants([("crm.*.read".to_owned(), reach)].into()),
        })
    }

    async fn look(looks: &Looks<Rows>, asked: &AtomicUsize, viewer: &Arc<Viewer>, row: u128) -> Option<u128> {
        let find = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(Rows::from([("lead".to_owned(), BTreeSet::from([Uuid::from_u128(row)]))]))
        };
        let seen = looks.once(viewer, find).await.unwrap();
        seen["lead"].first().map(Uuid::as_u128)
    }

    #[tokio::test]
    async fn each_viewer_looks_once() {
        let (looks, asked) = (Looks::default(), AtomicUsize::new(0));
        let own = viewer(1, Reach::Own);
        let failed = looks.once(&own, || async { Err(Error::internal()) }).await;
        assert!(failed.is_err(), "what failed is found out by the next");
        let pages = futures::future::join_all((0..50).map(|row| look(&looks, &asked, &own, row))).await;
        assert!(pages.iter().all(|seen| *seen == Some(0)), "{pages:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(look(&looks, &asked, &viewer(1, Reach::Own), 6).await, Some(0), "from another page");
        assert_eq!(look(&looks, &asked, &viewer(1, Reach::Team), 7).await, Some(7), "with other rights");
        assert_eq!(look(&looks, &asked, &viewer(2, Reach::Own), 8).await, Some(8), "somebody else");
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }
}
