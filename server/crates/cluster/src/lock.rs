//! Who may start and stop the cluster, and who still uses it: two files under kernel locks, which die with their holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::home::Home;

/// Longer than any start that ends well, crash recovery of a large database included.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Held for as long as a process uses the cluster.
#[derive(Debug)]
pub(crate) struct Shared(#[expect(dead_code, reason = "held for its lock")] File);

impl Shared {
    pub(crate) fn take(home: &Home) -> Result<Self> {
        let file = open(&home.dir.join("cluster.users"))?;
        // Only ever held exclusively for an instant, by a process that also holds the other lock.
        file.lock_shared().context("cannot lock the list of users of the private PostgreSQL")?;
        Ok(Self(file))
    }
}

/// Held while PostgreSQL is being started or stopped.
#[derive(Debug)]
pub(crate) struct Exclusive(#[expect(dead_code, reason = "held for its lock")] File);

pub(crate) async fn exclusive(home: &Home) -> Result<Exclusive> {
    let wait = async {
        let mut tries = 0_u32;
        loop {
            if let Some(guard) = try_exclusive(home)? {
                return Ok(guard);
            }
            tries += 1;
            if tries == 40 {
                tracing::info!(data = %home.pg.display(), "waiting for another process that is starting or stopping the private PostgreSQL");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(result) => result,
        Err(_) => bail!(
            "another process has been starting or stopping the private PostgreSQL in {} for {} minutes. Find it with `fuser {}` and end it, then try again",
            home.pg.display(),
            PATIENCE.as_secs() / 60,
            home.dir.join("cluster.lock").display()
        ),
    }
}

pub(crate) fn try_exclusive(home: &Home) -> Result<Option<Exclusive>> {
    let path = home.dir.join("cluster.lock");
    let file = open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Exclusive(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| {
            format!(
                "cannot lock {}; is it on a network file system? Set NEXUS_DATA_DIR to a local folder",
                path.display()
            )
        }),
    }
}

/// Whether nobody uses the cluster. The caller holds the exclusive lock and has let go of its own shared one.
pub(crate) fn alone(home: &Home) -> Result<bool> {
    match open(&home.dir.join("cluster.users"))?.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).context("cannot look who uses the private PostgreSQL"),
    }
}

fn open(path: &Path) -> Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).with_context(|| {
        format!("cannot open {}. It belongs to whoever started Nexus here first: run as that user, or set NEXUS_DATA_DIR to a folder of your own", path.display())
    })
}
