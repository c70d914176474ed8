//! What the process has once and every context reaches: pools, sign-in, clock, randomness, catalogues, the wake-up, secrets and egress.

use crate::auth::Auth;
use crate::clock::Clock;
use crate::db::Pools;
use crate::egress::Egress;
use crate::random::{Ids, Random};
use crate::secret::Keyring;
use crate::still::Still;
use crate::wake::Wake;
use domain::schema::Catalog;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use words::Language;

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
    pub still: Arc<Still>,
}

/// What an industry calls things in a language, by the English texts of its descriptions.
pub type Say = Arc<dyn Fn(&str, Language) -> HashMap<String, String> + Send + Sync>;

/// The catalogue of every industry, by slug, in the language that is spoken where it is asked for.
#[derive(Clone)]
pub struct Catalogs {
    core: Arc<Spoken>,
    industries: Arc<HashMap<String, Arc<Spoken>>>,
    say: Say,
}

/// One industry's catalogue; in another language once it was asked for.
struct Spoken {
    plain: Arc<Catalog>,
    others: [OnceLock<Arc<Catalog>>; Language::ALL.len()],
}

impl Spoken {
    fn new(plain: Arc<Catalog>) -> Arc<Self> {
        Arc::new(Self { plain, others: Default::default() })
    }

    fn now(&self, say: &Say) -> &Arc<Catalog> {
        match words::current() {
            Language::English => &self.plain,
            other => self.others[other.index()]
                .get_or_init(|| Arc::new(self.plain.reworded(say(&self.plain.industry, other)))),
        }
    }
}

impl Catalogs {
    /// In English; [`Self::speaking`] brings the other languages.
    pub fn new(core: Arc<Catalog>, industries: impl IntoIterator<Item = (String, Arc<Catalog>)>) -> Self {
        let industries = industries.into_iter().map(|(slug, catalog)| (slug, Spoken::new(catalog))).collect();
        Self { core: Spoken::new(core), industries: Arc::new(industries), say: Arc::new(|_, _| HashMap::new()) }
    }

    #[must_use]
    pub fn speaking(self, say: Say) -> Self {
        Self { say, ..self }
    }

    /// A workspace whose industry has no pack in this build works with the core alone.
    pub fn of(&self, industry: &str) -> Arc<Catalog> {
        self.industries.get(industry).unwrap_or(&self.core).now(&self.say).clone()
    }

    pub fn core(&self) -> &Arc<Catalog> {
        self.core.now(&self.say)
    }

    pub fn industries(&self) -> impl Iterator<Item = (&str, &Arc<Catalog>)> {
        self.industries.iter().map(|(slug, spoken)| (slug.as_str(), spoken.now(&self.say)))
    }
}

impl fmt::Debug for Catalogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogs").field("industries", &self.industries.keys()).finish_non_exhaustive()
    }
}
