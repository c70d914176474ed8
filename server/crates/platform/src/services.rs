//! What the process has once and every context reaches: pools, sign-in, clock, randomness, catalogues, the wake-up, secrets and egress.

use crate::auth::Auth;
use crate::clock::Clock;
use crate::db::Pools;
use crate::egress::Egress;
use crate::random::{Ids, Random};
use crate::secret::Keyring;
use crate::wake::Wake;
use domain::schema::Catalog;
use std::collections::HashMap;
use std::sync::Arc;

pub struct Services {
    pub pools: Pools,
    pub auth: Arc<Auth>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub ids: Arc<Ids>,
    pub catalogs: Catalogs,
    pub keyring: Arc<Keyring>,
    pub egress: Egress,
    pub wake: Arc<Wake>,
}

/// The catalogue of every industry, by slug.
#[derive(Debug, Clone)]
pub struct Catalogs {
    core: Arc<Catalog>,
    industries: Arc<HashMap<String, Arc<Catalog>>>,
}

impl Catalogs {
    pub fn new(core: Arc<Catalog>, industries: HashMap<String, Arc<Catalog>>) -> Self {
        Self { core, industries: Arc::new(industries) }
    }

    /// A workspace whose industry has no pack in this build works with the core alone.
    pub fn of(&self, industry: &str) -> Arc<Catalog> {
        self.industries.get(industry).unwrap_or(&self.core).clone()
    }

    pub fn core(&self) -> &Arc<Catalog> {
        &self.core
    }

    pub fn industries(&self) -> impl Iterator<Item = (&str, &Arc<Catalog>)> {
        self.industries.iter().map(|(slug, catalog)| (slug.as_str(), catalog))
    }
}
