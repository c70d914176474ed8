//! The private PostgreSQL cluster: made, started, shared, healed and stopped without anything to install or configure.
//!
//! Every process that uses the cluster holds a shared lock on one file for as long as it lives; the last one to leave
//! stops PostgreSQL. The kernel drops the lock of a killed process, so a crash can neither leave a lock behind nor keep
//! the next start from working.

mod binaries;
mod home;
mod lock;
mod postmaster;
mod roles;
mod template;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::process::Child;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use home::Home;
use lock::Shared;
use postmaster::Running;

pub use roles::{DATABASE, ROLES_SQL, Urls};

/// How long a look after the health of PostgreSQL is apart from the next.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How long to leave PostgreSQL alone after a start that failed.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// A running private cluster. Call [`Cluster::stop`] when done; dropping it does the same, but holds up its thread.
#[derive(Debug)]
pub struct Cluster {
    inner: Arc<Inner>,
    watch: JoinHandle<()>,
    member: Option<Shared>,
    urls: Urls,
    started: bool,
}

#[derive(Debug)]
struct Inner {
    home: Home,
    durable: bool,
    running: Mutex<Running>,
    /// Kept so that a postmaster that dies is reaped: PostgreSQL takes a zombie's process id for a living server.
    child: Mutex<Option<Child>>,
}

impl Cluster {
    /// Starts the cluster kept under `data_dir`, making it first where there is none, or attaches to it where it runs.
    pub async fn start(data_dir: &Path) -> Result<Self> {
        Self::open(data_dir, true).await
    }

    /// Like [`Cluster::start`] for data nobody will miss: nothing waits for the disk, and a power cut may cost it all.
    pub async fn start_throwaway(data_dir: &Path) -> Result<Self> {
        Self::open(data_dir, false).await
    }

    async fn open(data_dir: &Path, durable: bool) -> Result<Self> {
        let home = Home::prepare(data_dir)?;
        let guard = lock::exclusive(&home).await?;
        let member = Shared::take(&home)?;
        let (running, child) = bring_up(&home, durable, None).await?;
        roles::prepare(&running.socket, DATABASE)
            .await
            .context("cannot prepare the roles and the database of the private PostgreSQL")?;
        drop(guard);
        let urls = Urls::new(&running.socket, DATABASE);
        let started = child.is_some();
        let inner = Arc::new(Inner { home, durable, running: Mutex::new(running), child: Mutex::new(child) });
        let watch = tokio::spawn(watch(Arc::clone(&inner)));
        Ok(Self { inner, watch, member: Some(member), urls, started })
    }

    /// Connection URLs, one for each database role.
    #[must_use]
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// Whether this process started PostgreSQL; `false` when it attached to one that ran already.
    #[must_use]
    pub fn started(&self) -> bool {
        self.started
    }

    /// Makes another database in the cluster with the same roles and rights, unless it is there. For tests.
    pub async fn database(&self, name: &str) -> Result<Urls> {
        let socket = self.inner.running.lock().await.socket.clone();
        roles::prepare(&socket, name).await?;
        Ok(Urls::new(&socket, name))
    }

    /// Removes a database made by [`Cluster::database`], along with whoever is still connected to it.
    pub async fn drop_database(&self, name: &str) -> Result<()> {
        let socket = self.inner.running.lock().await.socket.clone();
        roles::drop_database(&socket, name).await
    }

    /// Leaves the cluster. PostgreSQL stops unless another process still uses it.
    pub async fn stop(mut self) -> Result<()> {
        self.watch.abort();
        let _guard = lock::exclusive(&self.inner.home).await?;
        drop(self.member.take());
        if !lock::alone(&self.inner.home)? {
            tracing::info!("private PostgreSQL keeps running: another process uses it");
            return Ok(());
        }
        let running = self.inner.running.lock().await.clone();
        let mut child = self.inner.child.lock().await;
        postmaster::stop(&self.inner.home, &running, child.as_mut()).await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.watch.abort();
        if self.member.take().is_none() {
            return;
        }
        // Where somebody is just starting or stopping it, it is theirs now.
        let Ok(Some(_guard)) = lock::try_exclusive(&self.inner.home) else { return };
        if lock::alone(&self.inner.home).unwrap_or(false)
            && let Ok(running) = self.inner.running.try_lock()
        {
            running.stop_now(&self.inner.home);
        }
    }
}

/// Attaches to PostgreSQL if it runs, else starts it. The caller holds the exclusive lock.
async fn bring_up(home: &Home, durable: bool, socket: Option<&Path>) -> Result<(Running, Option<Child>)> {
    if let Some(running) = postmaster::find(home).await? {
        tracing::info!(pid = running.pid, data = %home.pg.display(), "attached to the private PostgreSQL that runs already");
        return Ok((running, None));
    }
    let binaries = binaries::find(home)?;
    if home.major()?.is_none() {
        postmaster::init(home, &binaries).await?;
    }
    let (running, child) = postmaster::start(home, &binaries, durable, socket).await?;
    Ok((running, Some(child)))
}

/// Starts PostgreSQL again when it dies, for example because the machine ran out of memory.
async fn watch(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        if inner.is_alive().await {
            continue;
        }
        if let Err(error) = inner.heal().await {
            tracing::error!(
                error = format!("{error:#}"),
                "the private PostgreSQL died and does not start again; trying again in ten seconds"
            );
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

impl Inner {
    async fn is_alive(&self) -> bool {
        if let Some(child) = self.child.lock().await.as_mut()
            && !matches!(child.try_wait(), Ok(None))
        {
            return false;
        }
        self.running.lock().await.is_alive(&self.home)
    }

    async fn heal(&self) -> Result<()> {
        let _guard = lock::exclusive(&self.home).await?;
        tracing::warn!(data = %self.home.pg.display(), "the private PostgreSQL is gone; starting it again");
        let mut running = self.running.lock().await;
        let (now, child) = bring_up(&self.home, self.durable, Some(&running.socket)).await?;
        *running = now;
        *self.child.lock().await = child;
        Ok(())
    }
}
