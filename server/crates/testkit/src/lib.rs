//! A world for tests: a real PostgreSQL database cloned from a migrated template, workspaces, people and a clock that a test may set.
//!
//! One private cluster serves every test process of a machine user; it lives in the temporary folder and stops with the last process that
//! uses it, or at the end of `make test`. Each [`TestWorld`] has a database of its own, which is dropped with it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot set up its world should stop there")]

mod business;
pub mod smtp;

pub use business::Business;
pub use smtp::{SmtpFault, SmtpSink};

use chrono::{DateTime, TimeZone, Utc};
use cluster::{Cluster, Urls};
use domain::{BackendHandle, MemberId, Operation, Result, TenantId, UserId};
use platform::auth::{self, Auth, AuthConfig, NewTenant};
use platform::clock::{Clock, FixedClock};
use platform::egress::{Egress, EgressConfig};
use platform::random::{SystemRandom, uuid_v7};
use platform::secret::Keyring;
use platform::wake::Wake;
use platform::{Caller, Ctx, Platform, Pools, Registry, Services, StaffAccess, TxMode};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Of everybody made by [`TestWorld::user`].
pub const PASSWORD: &str = "correct horse battery staple";

pub struct TestWorld {
    pub platform: Arc<Platform>,
    pub clock: Arc<FixedClock>,
    pub urls: Urls,
    pub library: Arc<packs::Library>,
    database: String,
    cluster: Cluster,
}

/// A workspace in it.
#[derive(Debug, Clone)]
pub struct TestTenant {
    pub id: TenantId,
    pub slug: String,
}

/// Noon of a working day: nothing in a test should depend on the day it runs.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).single().expect("a moment that exists")
}

impl TestWorld {
    /// A world with the operations that `register` adds.
    pub async fn new(register: impl FnOnce(&mut Registry)) -> Self {
        Self::with_pools(register, |_| {}).await
    }

    /// The same over pools that the test has changed.
    pub async fn with_pools(register: impl FnOnce(&mut Registry), change: impl FnOnce(&mut Pools)) -> Self {
        Self::over(library(), register, 16, &[], change).await
    }

    /// The same where sessions of the tenant role begin with other settings than theirs, such as how long they wait for what others hold.
    pub async fn with_settings(register: impl FnOnce(&mut Registry), settings: &[(&str, &str)]) -> Self {
        Self::over(library(), register, 16, settings, |_| {}).await
    }

    /// The same over so few connections that requests have to wait for each other's.
    pub async fn with_connections(register: impl FnOnce(&mut Registry), most: u32) -> Self {
        Self::over(library(), register, most, &[], |_| {}).await
    }

    /// A world of other packs than those of this build. What their descriptions ask for and no migration makes is made here.
    pub async fn of(library: packs::Library, register: impl FnOnce(&mut Registry)) -> Self {
        let world = Self::over(library, register, 16, &[], |_| {}).await;
        let owner = world.owner().await;
        let made = packs::ddl::make(&owner, &world.library.tables()).await.expect("the tables of the packs");
        assert!(made.left.is_empty(), "the packs of a test change tables of the migrations: {:?}", made.left);
        owner.close().await;
        world
    }

    async fn over(
        library: packs::Library,
        register: impl FnOnce(&mut Registry),
        most: u32,
        settings: &[(&str, &str)],
        change: impl FnOnce(&mut Pools),
    ) -> Self {
        // What went wrong on the server's side is told to nobody else. Some test of this process may have said so already.
        let said = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_test_writer();
        let _ = said.try_init();
        let cluster = Cluster::start_throwaway(&folder()).await.expect("a private PostgreSQL for tests");
        let database = unused_name();
        let urls = database_of(&cluster, &database).await;
        set(&urls, &database, settings).await;
        let library = Arc::new(library);
        let clock = Arc::new(FixedClock::at(noon()));
        let services = services(&urls, &library, clock.clone(), most, change).await;
        let mut registry = Registry::default();
        register(&mut registry);
        Self { platform: Platform::new(services, registry), clock, urls, library, database, cluster }
    }

    pub fn services(&self) -> &Arc<Services> {
        &self.platform.services
    }

    /// The pool of the owner role, for looking past row security.
    pub async fn owner(&self) -> PgPool {
        PgPool::connect(&self.urls.owner).await.expect("the owner's connection")
    }

    /// Waits until a transaction waits for a lock of another.
    ///
    /// # Panics
    ///
    /// If none does within five seconds.
    pub async fn somebody_waits(&self) {
        const WAITING: &str = "\
select exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid where not l.granted and a.datname = current_database())";
        let mut owner = PgConnection::connect(&self.urls.owner).await.expect("the owner's connection");
        for _ in 0..500 {
            let waiting: bool = sqlx::query_scalar(WAITING).fetch_one(&mut owner).await.expect("the locks");
            if waiting {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody waits");
    }

    /// A workspace of an industry (`core` for none).
    pub async fn tenant(&self, slug: &str, industry: &str) -> TestTenant {
        let services = self.services();
        let new = NewTenant {
            currency: "KES".to_owned(),
            timezone: "Africa/Nairobi".to_owned(),
            ..NewTenant::new(slug, format!("{slug} workspace"), industry)
        };
        let made = auth::create_tenant(&services.pools, services.clock.as_ref(), services.random.as_ref(), &new).await;
        TestTenant { id: made.expect("a workspace"), slug: slug.to_owned() }
    }

    /// Gives a workspace what it begins with: a chart of accounts, tax rates.
    pub async fn furnish(&self, tenant: &TestTenant) {
        packs::start::furnish(&self.platform, &self.library, tenant.id).await.expect("first rows");
    }

    /// A person who signs in with [`PASSWORD`].
    pub async fn user(&self, name: &str, email: &str) -> UserId {
        let hash =
            self.services().auth.passwords().hash(PASSWORD, self.services().random.as_ref()).await.expect("a hash");
        self.person(name, email, &hash).await
    }

    /// Nobody who is made here can sign in unless a real hash is given: hashing is slow on purpose.
    async fn person(&self, name: &str, email: &str, hash: &str) -> UserId {
        let services = self.services();
        let known: Option<uuid::Uuid> = sqlx::query_scalar("select id from users where email_norm = $1")
            .bind(email)
            .fetch_optional(&services.pools.platform)
            .await
            .expect("the table of users");
        if let Some(known) = known {
            return UserId(known);
        }
        let made = auth::create_user(
            &services.pools.platform,
            services.clock.as_ref(),
            services.random.as_ref(),
            name,
            email,
            hash,
        )
        .await;
        made.expect("a user")
    }

    /// A member of a workspace with these roles, `{name}@{workspace}.example`, as a caller.
    pub async fn member(&self, tenant: &TestTenant, name: &str, roles: &[&str]) -> Caller {
        let email = format!("{}@{}.example", name.to_lowercase().replace(' ', "."), tenant.slug);
        let user = self.person(name, &email, "unusable").await;
        let member = self.join(tenant, user, roles, None).await;
        self.caller(tenant, member).await
    }

    /// Makes a person a member.
    pub async fn join(&self, tenant: &TestTenant, user: UserId, roles: &[&str], manager: Option<MemberId>) -> MemberId {
        let services = self.services();
        let made = auth::add_member(
            &services.pools,
            services.clock.as_ref(),
            services.random.as_ref(),
            tenant.id,
            user,
            roles,
            manager,
        )
        .await;
        made.expect("a member")
    }

    /// The caller behind a member, with the access that the database gives it now.
    pub async fn caller(&self, tenant: &TestTenant, member: MemberId) -> Caller {
        let access = auth::member(&self.services().pools, tenant.id, member).await.expect("the member's access");
        Caller { access: Arc::new(access), session: None, origin: self.platform.origin(None) }
    }

    /// The same member with support staff, "Jane Support", acting for them for an hour.
    pub async fn acted_for(&self, caller: &Caller) -> Caller {
        let services = self.services();
        let (clock, random) = (services.clock.as_ref(), services.random.as_ref());
        let email = format!("support.{}@nexus.example", services.ids.next(clock, random));
        let (name, role) = ("Jane Support", "SUPPORT");
        let made = auth::create_staff(&services.pools.platform, clock, random, name, &email, role, "unusable").await;
        let id = made.expect("a member of staff");
        let staff = StaffAccess { id, name: name.to_owned(), email, role: role.to_owned() };
        let (tenant, member) = (caller.access.tenant, caller.access.member);
        let ask = auth::Impersonate { tenant, member, reason: "A test asked for it".to_owned(), minutes: 60 };
        let begun = services.auth.prepare_impersonation(&staff, &ask).await.expect("an impersonation").id;
        let access = auth::member_of_job(&services.pools, tenant, member, Some(begun), clock.now()).await;
        let access = Arc::new(access.expect("the access of who acts"));
        let mut origin = self.platform.origin(None);
        (origin.cause_kind, origin.cause_id) = ("impersonation", Some(begun));
        Caller { access, session: None, origin }
    }

    pub fn backend(&self, caller: &Caller) -> BackendHandle {
        self.platform.clone().backend(caller.clone())
    }

    pub async fn run<O: Operation>(&self, caller: &Caller, operation: O) -> Result<O::Output> {
        self.backend(caller).run(operation).await
    }

    /// A context with an open write transaction.
    pub async fn open(&self, caller: &Caller) -> Ctx {
        self.platform.open(caller, "test", TxMode::ReadWrite).await.expect("a context")
    }

    /// MD5 over every row of the named tables in the order of their keys: whether anything changed. That somebody was refused or
    /// came in is written down in `changes`, and when a session was last seen in its row; neither changes anything.
    pub async fn fingerprint(&self, tables: &[&str]) -> String {
        let mut owner = PgConnection::connect(&self.urls.owner).await.expect("the owner's connection");
        let mut parts = Vec::new();
        for table in tables {
            let (row, rows) = match *table {
                "changes" => ("t::text", " where t.outcome = 'done' and t.cause_kind is distinct from 'sign_in'"),
                "sessions" => ("t.id::text", ""),
                _ => ("t::text", ""),
            };
            let sql = format!(
                "select coalesce(md5(string_agg(md5({row}), '' order by md5({row}))), 'empty') from {table} t{rows}"
            );
            let part: String =
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut owner).await.expect("a fingerprint");
            parts.push(format!("{table}={part}"));
        }
        parts.join(" ")
    }

    /// Ends the world: closes its connections and drops its database.
    pub async fn end(self) {
        self.platform.services.pools.close().await;
        let _ = self.cluster.drop_database(&self.database).await;
        let _ = self.cluster.stop().await;
    }
}

/// The packs of this build.
fn library() -> packs::Library {
    packs::Library::load().unwrap_or_else(|faults| panic!("packs are at fault: {faults:#?}"))
}

async fn services(
    urls: &Urls,
    library: &packs::Library,
    clock: Arc<FixedClock>,
    most: u32,
    change: impl FnOnce(&mut Pools),
) -> Arc<Services> {
    let mut pools = Pools::connect(&urls.app, &urls.platform, most).await.expect("the test's pools");
    change(&mut pools);
    let random = Arc::new(SystemRandom);
    let process = uuid_v7(clock.as_ref(), random.as_ref());
    let key = Keyring::generate("test", random.as_ref()).into_exposed();
    let keyring = Arc::new(Keyring::parse(&key).expect("a keyring"));
    let auth = Auth::new(pools.platform.clone(), clock.clone(), random.clone(), keyring.clone(), AuthConfig::default())
        .expect("sign-in");
    Arc::new(Services {
        pools,
        auth: Arc::new(auth),
        clock: clock as Arc<dyn Clock>,
        random,
        ids: Arc::default(),
        catalogs: library.catalogs(),
        keyring,
        egress: Egress::new(EgressConfig::default()).expect("an HTTP client"),
        wake: Arc::new(Wake::new(process)),
        still: Arc::default(),
    })
}

/// Files of the packs, those for tests among them, by their path under their folder of packs: as [`packs::Library::from_files`] reads them.
pub fn pack_files() -> BTreeMap<String, String> {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = BTreeMap::new();
    for root in [server.join("packs"), server.join("tests/packs")] {
        let mut folders: Vec<PathBuf> = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder of packs") {
                let path = entry.expect("a file of a pack").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "toml") {
                    let name = path.strip_prefix(&root).expect("under its folder").to_string_lossy().into_owned();
                    files.insert(name, std::fs::read_to_string(&path).expect("a description"));
                }
            }
        }
    }
    files
}

/// One folder for each user of the machine, so that test processes share a cluster.
fn folder() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "tests may be told where their database lives")]
    let wanted = std::env::var_os("NEXUS_TEST_DATABASE");
    wanted.map_or_else(|| std::env::temp_dir().join("nexus-test-database"), PathBuf::from)
}

fn unused_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "t{}_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed),
        platform::clock::SystemClock.now().timestamp_subsec_nanos()
    )
}

/// What sessions of the tenant role in this database begin with.
async fn set(urls: &Urls, database: &str, settings: &[(&str, &str)]) {
    for (name, value) in settings {
        let mut admin = PgConnection::connect(&urls.admin).await.expect("a connection of the administrator");
        let sql = format!("alter role nexus_app in database \"{database}\" set {name} = '{value}'");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.expect("a setting");
    }
}

/// A migrated database.
async fn database_of(cluster: &Cluster, name: &str) -> Urls {
    let template = format!("template_{}", platform::migrate::fingerprint());
    let migrated = async |urls: Urls| platform::migrate::migrate(&urls.owner).await.map(|_| ()).map_err(Into::into);
    cluster.copy(&template, name, migrated).await.expect("a database for the test")
}
