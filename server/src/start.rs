//! Putting the process together: logs, database, packs, services, registry.

use crate::config::{Config, Database, LogFormat};
use crate::out;
use crate::state::{App, Inner};
use anyhow::{Context, Result, bail};
use cluster::Cluster;
use integrations::{Clamd, ObjectFiles, Sandbox, Smtp};
use leptos::config::LeptosOptions;
use platform::auth::{Auth, AuthConfig};
use platform::capability::{BaseUrl, Mailer};
use platform::clock::SystemClock;
use platform::egress::{Egress, EgressConfig};
use platform::limit::Limiter;
use platform::live::Live;
use platform::presence::Presence;
use platform::random::{SystemRandom, uuid_v7};
use platform::secret::Keyring;
use platform::shelf::{FileStore, Scanner, Shelf};
use platform::wake::Wake;
use platform::{Platform, Pools, Registry, Services};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

pub fn logs(config: &Config) {
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.logs {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Pretty => builder.with_target(false).compact().init(),
    }
}

/// The database that the settings name: the managed one, started or attached to, or somebody else's.
pub struct Connected {
    pub app: String,
    pub owner: String,
    pub platform: String,
    pub cluster: Option<Cluster>,
}

pub async fn database(config: &Config) -> Result<Connected> {
    match &config.database {
        Database::External { app, owner, platform } => Ok(Connected {
            app: app.expose().clone(),
            owner: owner.expose().clone(),
            platform: platform.expose().clone(),
            cluster: None,
        }),
        Database::Managed => {
            let cluster = Cluster::start(&config.data_dir).await.context("The managed database could not start")?;
            let urls = cluster.urls().clone();
            Ok(Connected { app: urls.app, owner: urls.owner, platform: urls.platform, cluster: Some(cluster) })
        }
    }
}

impl Connected {
    pub async fn migrate(&self) -> Result<usize> {
        let done = platform::migrate::migrate(&self.owner).await;
        done.context(
            "The database could not be brought up to date. DATABASE_OWNER_URL must name the role that owns the schema",
        )
    }

    /// Makes the tables of an operator's own packs; those of the build's are made by migrations. Answers how many there were not.
    pub async fn tables(&self, library: &packs::Library) -> Result<usize> {
        let pool = sqlx::PgPool::connect(&self.owner).await?;
        let made = packs::ddl::make(&pool, &library.tables()).await;
        pool.close().await;
        let made = made.context("The tables of the packs of NEXUS_PACKS could not be made")?;
        if made.left.is_empty() {
            return Ok(made.tables);
        }
        for difference in &made.left {
            out::error(&difference.to_string());
        }
        bail!(
            "The database differs from the packs of NEXUS_PACKS in more than missing tables. `nexus check --ddl` prints what would mend it"
        )
    }

    pub async fn leave(self) -> Result<()> {
        match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}

/// The packs of the build, and those of an operator's folder; all faults at once.
pub fn library(own: Option<&Path>) -> Result<packs::Library> {
    match own.map_or_else(packs::Library::load, packs::Library::load_with) {
        Ok(library) => Ok(library),
        Err(faults) => {
            for fault in &faults {
                out::error(&fault.to_string());
            }
            let count = if faults.len() == 1 { "a fault".to_owned() } else { format!("{} faults", faults.len()) };
            bail!("The descriptions have {count}; nothing was started")
        }
    }
}

/// The templates of messages, all faults at once.
pub fn message_templates() -> Result<()> {
    let Err(faults) = modules::messaging::template::library() else { return Ok(()) };
    for fault in faults {
        out::error(fault);
    }
    bail!("The templates of messages have faults; nothing was started")
}

/// Who takes mail: the server that the settings name, or nobody.
pub fn mailer(config: &Config) -> Result<Arc<dyn Mailer>> {
    match &config.mail {
        Some(settings) => Ok(Arc::new(Smtp::new(settings.clone()).context("SMTP_URL cannot be used")?)),
        None => Ok(Arc::new(Sandbox)),
    }
}

/// Every operation of the product. Compared with the catalogue at start and by a test.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    records::register(&mut registry);
    modules::register(&mut registry);
    workflow::register(&mut registry);
    api::register(&mut registry);
    registry
}

/// Where files lie, and who looks into them first.
pub fn shelf(config: &Config) -> Result<Shelf> {
    let store: Arc<dyn FileStore> = match &config.s3 {
        Some(settings) => Arc::new(ObjectFiles::s3(settings).context("The S3 settings cannot be used")?),
        None => {
            let folder = config.data_dir.join("files");
            Arc::new(ObjectFiles::local(&folder).with_context(|| format!("{} cannot be written to", folder.display()))?)
        }
    };
    let scanner = config.clamd.clone().map(|address| Arc::new(Clamd::new(address)) as Arc<dyn Scanner>);
    Ok(Shelf { store, scanner })
}

pub async fn platform(config: &Config, connected: &Connected, library: &packs::Library) -> Result<Arc<Platform>> {
    let mut registry = registry();
    registry.hook(BaseUrl(config.base_url.clone())).hook(shelf(config)?);
    #[cfg(feature = "oidc")]
    if let Some(settings) = &config.provider {
        registry.hook(platform::auth::oidc::Provider::new(settings.clone())?);
    }
    if let Err(faults) = registry.check(domain::operation::CATALOGUE) {
        bail!("The catalogue of operations does not fit the registry: {}", faults.join("; "));
    }
    let pools = Pools::connect(&connected.app, &connected.platform, config.max_connections)
        .await
        .context("The database did not accept the server's roles. Run scripts/roles.sql there, or check DATABASE_URL and DATABASE_PLATFORM_URL")?;
    Ok(Platform::new(Arc::new(services(config, pools, library)?), registry))
}

pub fn services(config: &Config, pools: Pools, library: &packs::Library) -> Result<Services> {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let keyring = Arc::new(keyring(config)?);
    let process = uuid_v7(clock.as_ref(), random.as_ref());
    let auth = Auth::new(pools.platform.clone(), clock.clone(), random.clone(), keyring.clone(), AuthConfig::default())
        .context("Sign-in could not be set up")?;
    Ok(Services {
        pools,
        auth: Arc::new(auth),
        clock,
        random,
        ids: Arc::default(),
        catalogs: library.catalogs(),
        keyring,
        egress: Egress::new(EgressConfig::default()).context("The HTTP client could not be made")?,
        wake: Arc::new(Wake::new(process)),
        still: Arc::default(),
    })
}

/// Templates of workflows, by the industry whose workspaces get them.
pub fn workflow_templates(library: &packs::Library) -> workflow::Templates {
    let industries = library.industries().map(|pack| pack.slug.as_str()).chain(["core"]);
    workflow::Templates::new(industries.map(|slug| (slug.to_owned(), library.workflows(slug).to_vec())).collect())
}

/// The keys of the settings, or the one that was made for the managed database and is kept beside it, readable by its owner alone.
pub fn keyring(config: &Config) -> Result<Keyring> {
    let keys = match &config.encryption_keys {
        Some(keys) => keys.expose().clone(),
        None => {
            kept(&config.data_dir.join("encryption-keys"), || Keyring::generate("k1", &SystemRandom).into_exposed())?
        }
    };
    Keyring::parse(&keys).context("The encryption keys cannot be used")
}

/// The keys, where there are any: commands that only read make none.
pub fn known_keyring(config: &Config) -> Result<Option<Keyring>> {
    let there = config.encryption_keys.is_some() || config.data_dir.join("encryption-keys").exists();
    if there { keyring(config).map(Some) } else { Ok(None) }
}

/// The text of a private file; made with mode 0600 where there is none.
pub fn kept(path: &Path, make: impl FnOnce() -> String) -> Result<String> {
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(text.trim().to_owned());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
    }
    let text = make();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} could not be written", path.display()))?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    Ok(text)
}

pub fn app(config: Config, platform: Arc<Platform>) -> App {
    let leptos = leptos_options(&config);
    let limiter = Arc::new(Limiter::new(platform.services.clock.clone()));
    let draw = crate::site::draw::drawing(leptos.clone());
    let services = &platform.services;
    let process = uuid_v7(services.clock.as_ref(), services.random.as_ref());
    let presence = Presence::new(process, services.clock.clone());
    let live = Live::new(services.clock.clone());
    App::new(Inner { config, platform, limiter, live, presence, leptos, draw })
}

/// Asset names carry their hash where the build wrote a list of them beside the binary.
fn leptos_options(config: &Config) -> LeptosOptions {
    let hashes = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|folder| folder.join("hash.txt")));
    LeptosOptions::builder()
        .output_name("nexus")
        .site_root(config.site_root.to_string_lossy().into_owned())
        .site_addr(config.address)
        .hash_files(hashes.is_some_and(|file| file.exists()))
        .build()
}
