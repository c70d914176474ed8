//! Where the cluster lies and as whom it runs: its folder, its socket folder, and the user that root steps down to.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// A unix socket's path has room for 108 bytes, the closing zero among them.
const SOCKET_PATH_MAX: usize = 107;
/// Where the cluster goes when root keeps its data in a folder that nobody else may enter.
const FALLBACK: &str = "/var/lib/nexus";

/// The user that PostgreSQL runs as when Nexus runs as root, which PostgreSQL refuses.
#[derive(Debug, Clone)]
pub(crate) struct RunAs {
    pub uid: u32,
    pub gid: u32,
    pub name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// Holds the locks and, in `pg`, the data.
    pub dir: PathBuf,
    pub pg: PathBuf,
    pub run_as: Option<RunAs>,
}

impl Home {
    /// Makes the folders and decides whose the cluster is.
    pub(crate) fn prepare(data_dir: &Path) -> Result<Self> {
        let root = rustix::process::geteuid().is_root();
        // Others may pass through a folder of root's, because PostgreSQL does, but not look into it.
        make_dir(data_dir, if root { 0o711 } else { 0o700 }).with_context(|| {
            format!(
                "cannot make the data folder {}; set NEXUS_DATA_DIR to a folder you may write to",
                data_dir.display()
            )
        })?;
        let data_dir = fs::canonicalize(data_dir)
            .with_context(|| format!("cannot enter the data folder {}", data_dir.display()))?;
        if !root {
            let home = Self::at(data_dir, None);
            home.check_owner()?;
            return Ok(home);
        }
        let elsewhere = Path::new(FALLBACK).join(format!("{:016x}", fnv1a(data_dir.as_os_str().as_encoded_bytes())));
        let known = [&data_dir, &elsewhere].into_iter().find_map(|dir| RunAs::owner_of(&dir.join("pg")));
        let run_as = match known {
            Some(owner) => owner,
            None => RunAs::named(&["postgres", "nobody"])?,
        };
        let _ = open_to_others(&data_dir);
        let mut home = Self::at(data_dir, Some(run_as));
        // Once kept elsewhere it stays there, also when the rights on the folder change later.
        let moved = elsewhere.join("pg").exists() && !home.pg.exists();
        if moved || !home.reachable() {
            make_dir(&elsewhere, 0o711).with_context(|| format!("cannot make {}", elsewhere.display()))?;
            tracing::warn!(
                wanted = %home.dir.display(), used = %elsewhere.display(),
                "PostgreSQL does not run as root, and its user may not enter the data folder; the database is kept elsewhere"
            );
            home = Self::at(elsewhere, home.run_as);
            ensure!(
                home.reachable(),
                "the user {} may enter neither the data folder nor {FALLBACK}. Set NEXUS_DATA_DIR to a folder whose \
                 parents everybody may enter, or start Nexus as an ordinary user",
                home.user()
            );
        }
        home.adopt()?;
        Ok(home)
    }

    fn at(dir: PathBuf, run_as: Option<RunAs>) -> Self {
        // The data may lie on another disk behind a link; what the kernel says about processes names the real place.
        let pg = dir.join("pg");
        Self { pg: fs::canonicalize(&pg).unwrap_or(pg), dir, run_as }
    }

    /// The PostgreSQL major version that made the data, if there is any.
    pub(crate) fn major(&self) -> Result<Option<u32>> {
        match fs::read_to_string(self.pg.join("PG_VERSION")) {
            Ok(text) => Ok(Some(text.trim().parse().with_context(|| {
                format!("{} does not name a PostgreSQL version", self.pg.join("PG_VERSION").display())
            })?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", self.pg.display())),
        }
    }

    /// A command that runs as the cluster's user, in a process group of its own: Ctrl-C in a terminal reaches every
    /// process of the foreground group, and PostgreSQL must outlive the requests that Nexus still finishes.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        // Settings of another PostgreSQL (PGDATA, PGPORT, PGOPTIONS) in the caller's environment are not for this one.
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("HOME", &self.dir);
        command.current_dir("/").stdin(Stdio::null()).process_group(0);
        if let Some(user) = &self.run_as {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// The folder for the unix socket, made where needed: beside the data, or a short path where that one is too long.
    pub(crate) fn socket_dir(&self) -> Result<PathBuf> {
        let fits = |dir: &Path| dir.as_os_str().len() + "/.s.PGSQL.5432".len() <= SOCKET_PATH_MAX;
        let mut dir = self.dir.join("run");
        if !fits(&dir) {
            let name = format!("nexus-{:016x}", fnv1a(self.pg.as_os_str().as_encoded_bytes()));
            let base = runtime_dir().filter(|base| self.run_as.is_none() && fits(&base.join(&name)));
            dir = base.unwrap_or_else(|| PathBuf::from("/tmp")).join(name);
        }
        self.make_private_dir(&dir).with_context(|| format!("cannot make the socket folder {}", dir.display()))?;
        Ok(dir)
    }

    /// Makes a folder that only the cluster's user may enter, or checks the one that is there.
    pub(crate) fn make_private_dir(&self, dir: &Path) -> Result<()> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => self.give(dir)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        // In /tmp anybody may have made it first, also as a link to somewhere else.
        let found = fs::symlink_metadata(dir)?;
        let owner = self.run_as.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |user| user.uid);
        ensure!(
            found.is_dir() && found.uid() == owner,
            "{} is not a folder of the user {}. Remove it and try again",
            dir.display(),
            self.user()
        );
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        Ok(())
    }

    /// Hands a file or folder over to the user that PostgreSQL runs as.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        if let Some(user) = &self.run_as {
            chown(path, Some(user.uid), Some(user.gid))
                .with_context(|| format!("cannot hand {} over to the user {}", path.display(), user.name))?;
        }
        Ok(())
    }

    pub(crate) fn user(&self) -> String {
        self.run_as
            .as_ref()
            .map_or_else(|| format!("with the id {}", rustix::process::geteuid().as_raw()), |user| user.name.clone())
    }

    /// Whether the cluster's user may enter the folder: asked of the kernel, which also knows access lists and mounts.
    fn reachable(&self) -> bool {
        let status =
            self.command("/bin/true").current_dir(&self.dir).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// Data of root's own (copied, or restored from a backup) becomes the cluster user's.
    fn adopt(&self) -> Result<()> {
        if fs::symlink_metadata(&self.pg).is_ok_and(|found| found.uid() == 0) {
            tracing::info!(data = %self.pg.display(), user = self.user(), "handing the data over to the user that PostgreSQL runs as");
            self.give_all(&self.pg)?;
        }
        Ok(())
    }

    fn give_all(&self, dir: &Path) -> Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.give_all(&entry.path())?;
            } else if !entry.file_type()?.is_symlink() {
                self.give(&entry.path())?;
            }
        }
        self.give(dir)
    }

    fn check_owner(&self) -> Result<()> {
        let me = rustix::process::geteuid().as_raw();
        match fs::symlink_metadata(&self.pg) {
            Ok(found) if found.uid() != me => bail!(
                "the database in {} belongs to the user with the id {}, because Nexus was started as that user or as root before. Start it that way again, or set NEXUS_DATA_DIR to another folder for a database of your own",
                self.pg.display(),
                found.uid()
            ),
            _ => Ok(()),
        }
    }
}

impl RunAs {
    /// The owner of a folder, unless that is root or there is no folder.
    fn owner_of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        (found.uid() != 0).then(|| Self {
            uid: found.uid(),
            gid: found.gid(),
            name: passwd(|_, uid| uid == found.uid())
                .map_or_else(|| format!("with the id {}", found.uid()), |user| user.name),
        })
    }

    fn named(names: &[&str]) -> Result<Self> {
        let found = names.iter().find_map(|wanted| passwd(|name, _| name == *wanted));
        found.with_context(|| format!("Nexus runs as root, PostgreSQL refuses to, and there is no user to run it as: none of {} is in /etc/passwd. Start Nexus as an ordinary user, or make one with `useradd --system postgres`", names.join(", ")))
    }
}

fn passwd(wanted: impl Fn(&str, u32) -> bool) -> Option<RunAs> {
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        let (uid, gid) = (parts.nth(1)?.parse().ok()?, parts.next()?.parse().ok()?);
        (uid != 0 && wanted(name, uid)).then(|| RunAs { uid, gid, name: name.to_owned() })
    })
}

fn make_dir(dir: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(mode).create(dir)
}

/// Adds the right to pass through, which says nothing about what lies in the folder.
fn open_to_others(dir: &Path) -> io::Result<()> {
    let mode = fs::metadata(dir)?.permissions().mode();
    if mode & 0o001 == 0 { fs::set_permissions(dir, Permissions::from_mode(mode | 0o001)) } else { Ok(()) }
}

#[expect(clippy::disallowed_methods, reason = "where sockets go is a fact of the machine, not a setting of Nexus")]
fn runtime_dir() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute() && dir.is_dir())
}

/// The same name in every build and every process, which the standard library's hasher does not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
