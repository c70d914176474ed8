//! A database of its own for each test, in a cluster that all tests of the folder share and that stops with the last of them.

use cluster::{Cluster, Urls};
use domain::{MemberId, TenantId, UserId};
use nexus_platform::auth::{self, Auth, AuthConfig, NewTenant};
use nexus_platform::clock::FixedClock;
use nexus_platform::random::SystemRandom;
use nexus_platform::secret::Keyring;
use nexus_platform::{Pools, Readers, TenantPool};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub const PASSWORD: &str = "correct horse battery staple";

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct TestDb {
    cluster: Cluster,
    name: String,
    pub pools: Pools,
    pub owner: PgPool,
    pub clock: Arc<FixedClock>,
    pub keyring: Arc<Keyring>,
}

impl TestDb {
    pub async fn new() -> Self {
        let cluster =
            Cluster::start_throwaway(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("test-cluster")).await.unwrap();
        let name = format!("platform_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let template = format!("template_{}", nexus_platform::migrate::fingerprint());
        let migrated =
            async |urls: Urls| nexus_platform::migrate::migrate(&urls.owner).await.map(|_| ()).map_err(Into::into);
        let urls = cluster.copy(&template, &name, migrated).await.unwrap();
        let pool = |url: String| PgPoolOptions::new().max_connections(16).connect_lazy(&url).unwrap();
        // The real time: purges of the database's own clock have to agree with it.
        let clock = Arc::new(FixedClock::at(chrono::Utc::now()));
        let readers = Readers::connect(&urls.app, &urls.platform, 16);
        let pools =
            Pools { app: TenantPool::lazy(urls.app.parse().unwrap(), 16), platform: pool(urls.platform), readers };
        let keyring = Arc::new(Keyring::parse(Keyring::generate("test", &SystemRandom).expose()).unwrap());
        Self { cluster, name, pools, owner: pool(urls.owner), clock, keyring }
    }

    pub fn auth(&self) -> Auth {
        self.auth_with(AuthConfig::default())
    }

    pub fn auth_now(&self) -> chrono::DateTime<chrono::Utc> {
        nexus_platform::clock::Clock::now(self.clock.as_ref())
    }

    pub fn auth_with(&self, config: AuthConfig) -> Auth {
        Auth::new(self.pools.platform.clone(), self.clock.clone(), Arc::new(SystemRandom), self.keyring.clone(), config)
            .unwrap()
    }

    pub async fn user(&self, auth: &Auth, login: &str) -> UserId {
        let hash = auth.passwords().hash(PASSWORD, &SystemRandom).await.unwrap();
        auth::create_user(&self.pools.platform, self.clock.as_ref(), &SystemRandom, "Åsa Öberg", login, &hash)
            .await
            .unwrap()
    }

    pub async fn tenant(&self, slug: &str) -> TenantId {
        let new = NewTenant::new(slug, format!("{slug} Ltd"), "automotive");
        auth::create_tenant(&self.pools, self.clock.as_ref(), &SystemRandom, &new).await.unwrap()
    }

    pub async fn member(&self, tenant: TenantId, user: UserId, roles: &[&str]) -> MemberId {
        auth::add_member(&self.pools, self.clock.as_ref(), &SystemRandom, tenant, user, roles, None).await.unwrap()
    }

    pub async fn close(self) {
        self.pools.close().await;
        self.owner.close().await;
        self.cluster.drop_database(&self.name).await.unwrap();
        self.cluster.stop().await.unwrap();
    }
}
