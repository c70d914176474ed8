//! The PostgreSQL server process: found, made, started and stopped.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::Connection as _;
use tokio::process::{Child, Command};

use crate::binaries::Binaries;
use crate::home::Home;
use crate::roles::{ADMIN, connect};

const POLL: Duration = Duration::from_millis(20);
/// Crash recovery replays at most `max_wal_size`; longer means that something else is wrong.
const START_PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long sessions get to end after the process they belonged to was killed.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(60);
/// A fast shutdown writes a checkpoint; after this long it is cut off, and the next start recovers.
const STOP_PATIENCE: Duration = Duration::from_secs(60);
/// The same for a shutdown that holds up a thread.
const DROP_PATIENCE: Duration = Duration::from_secs(10);

/// What postgresql.conf includes; see [`write_settings`].
const SETTINGS: &str = include_str!("cluster.conf");
const SETTINGS_FILE: &str = "nexus.conf";

/// A PostgreSQL server that answers.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub pid: i32,
    pub socket: PathBuf,
}

impl Running {
    pub(crate) fn is_alive(&self, home: &Home) -> bool {
        is_postgres_of(self.pid, &home.pg)
    }

    /// Stops the server without a runtime to wait in. Waits all the same: whoever came next would else attach to a server
    /// that is about to end.
    pub(crate) fn stop_now(&self, home: &Home) {
        self.ask_to_stop();
        for _ in 0..DROP_PATIENCE.as_millis() / POLL.as_millis() {
            if !self.is_alive(home) {
                return;
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks for a fast shutdown: sessions are cut, their transactions rolled back, a checkpoint written.
    pub(crate) fn ask_to_stop(&self) {
        signal(self.pid, Signal::INT);
    }
}

/// The first lines of postmaster.pid: process, data folder, start, port, socket folder.
struct PidFile {
    pid: i32,
    socket: Option<PathBuf>,
}

impl PidFile {
    fn read(home: &Home) -> Result<Option<Self>> {
        let path = home.pg.join("postmaster.pid");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let line = |number: usize| text.lines().nth(number).map(str::trim).filter(|line| !line.is_empty());
        // PostgreSQL refuses to start over an empty or mutilated file, which a full disk or a power cut leaves behind.
        let pid = line(0).and_then(|line| line.parse().ok()).unwrap_or(0);
        Ok(Some(Self { pid, socket: line(4).map(PathBuf::from) }))
    }
}

/// The server that runs on this data, if one does. Leftovers of one that does not run any more are removed.
pub(crate) async fn find(home: &Home) -> Result<Option<Running>> {
    let wait = async {
        let mut polls = 0_u32;
        loop {
            let Some(file) = PidFile::read(home)? else {
                wait_for_orphans(home).await?;
                return Ok(None);
            };
            if !is_postgres_of(file.pid, &home.pg) {
                wait_for_orphans(home).await?;
                remove_leftovers(home, &file)?;
                return Ok(None);
            }
            if let Some(socket) = &file.socket
                && answers(home, socket).await?
            {
                return Ok(Some(Running { pid: file.pid, socket: socket.clone() }));
            }
            polls += 1;
            if polls.is_multiple_of(500) {
                tracing::info!(pid = file.pid, "the private PostgreSQL runs but does not answer yet; waiting");
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(START_PATIENCE, wait).await.unwrap_or_else(|_| {
        Err(anyhow!(
            "a PostgreSQL runs on {} but did not answer for {} minutes. Its log is in {}; end it with `pg_ctl stop -D {}` and try again",
            home.pg.display(),
            START_PATIENCE.as_secs() / 60,
            home.pg.join("log").display(),
            home.pg.display()
        ))
    })
}

/// Whether the server behind the socket answers and is the one of this data folder.
async fn answers(home: &Home, socket: &Path) -> Result<bool> {
    let Ok(mut connection) = connect(socket, "postgres").await else { return Ok(false) };
    let data: String =
        sqlx::query_scalar("select current_setting('data_directory')").fetch_one(&mut connection).await?;
    let _ = connection.close().await;
    if Path::new(&data) != home.pg {
        bail!("the PostgreSQL behind {} keeps its data in {data}, not in {}", socket.display(), home.pg.display());
    }
    Ok(true)
}

/// Sessions outlive a killed postmaster for a moment. Starting beside them would let two servers write the same files.
async fn wait_for_orphans(home: &Home) -> Result<()> {
    let polls = ORPHAN_PATIENCE.as_millis() / POLL.as_millis();
    for poll in 0..polls {
        let orphans = postgres_processes_of(&home.pg);
        if orphans.is_empty() {
            return Ok(());
        }
        if poll == polls / 4 {
            tracing::warn!(?orphans, "sessions of a PostgreSQL that was killed are still at work; ending them");
            orphans.iter().for_each(|pid| signal(*pid, Signal::QUIT));
        }
        tokio::time::sleep(POLL).await;
    }
    bail!(
        "processes of a PostgreSQL that was killed still use {}: {:?}. End them with `kill -9` and try again",
        home.pg.display(),
        postgres_processes_of(&home.pg)
    )
}

/// PostgreSQL clears the files of a dead server by itself, but not where the process id now belongs to another program
/// of the same user or where the file is mutilated. The caller has made sure that no PostgreSQL uses the data.
fn remove_leftovers(home: &Home, file: &PidFile) -> Result<()> {
    tracing::warn!(pid = file.pid, data = %home.pg.display(), "PostgreSQL did not stop properly the last time; it will recover");
    let mut leftovers = vec![home.pg.join("postmaster.pid")];
    for socket in file.socket.iter().chain(&home.socket_dir().ok()) {
        leftovers.push(socket.join(".s.PGSQL.5432.lock"));
        leftovers.push(socket.join(".s.PGSQL.5432"));
    }
    for path in leftovers {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| {
                    format!("cannot remove {}, which a killed PostgreSQL left behind", path.display())
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes the cluster. It appears under its name only when it is complete, so that a start cut short leaves nothing half made.
pub(crate) async fn init(home: &Home, binaries: &Binaries) -> Result<()> {
    let draft = home.dir.join("pg.new");
    if home.pg.exists() {
        fs::remove_dir(&home.pg).with_context(|| format!("{} holds something that is not a PostgreSQL database. Move it away, or set NEXUS_DATA_DIR to another folder", home.pg.display()))?;
    }
    tracing::info!(data = %home.pg.display(), with = binaries.version, "making the private PostgreSQL database");
    // The locale that sorts by code point and knows the case of every letter; where the system lacks it, plain C.
    let locales: [&[&str]; 2] = [&["--locale=C.UTF-8"], &["--no-locale"]];
    let mut failure = String::new();
    for locale in locales {
        if draft.exists() {
            fs::remove_dir_all(&draft)
                .with_context(|| format!("cannot remove {}, left by a start that was cut short", draft.display()))?;
        }
        home.make_private_dir(&draft)?;
        let mut command = Command::from(home.command(binaries.dir.join("initdb")));
        command.args(locale).args(["--username", ADMIN, "--auth=trust", "--encoding=UTF8", "--pgdata"]).arg(&draft);
        let output = command.output().await.context("cannot run initdb")?;
        if output.status.success() {
            include_settings(&draft)?;
            return fs::rename(&draft, &home.pg)
                .with_context(|| format!("cannot rename {} to {}", draft.display(), home.pg.display()));
        }
        failure = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    bail!("initdb in {} failed: {}", home.dir.display(), failure.trim())
}

/// Ours come after what initdb wrote, the operator's after ours.
fn include_settings(dir: &Path) -> Result<()> {
    let path = dir.join("postgresql.conf");
    let text = fs::read_to_string(&path)?;
    fs::write(&path, format!("{text}\ninclude_if_exists = '{SETTINGS_FILE}'\ninclude_if_exists = 'local.conf'\n"))?;
    Ok(())
}

fn write_settings(home: &Home) -> Result<()> {
    let path = home.pg.join(SETTINGS_FILE);
    fs::write(&path, SETTINGS).with_context(|| format!("cannot write {}", path.display()))?;
    home.give(&path)
}

/// Starts the server and waits until it answers.
pub(crate) async fn start(
    home: &Home,
    binaries: &Binaries,
    durable: bool,
    socket: Option<&Path>,
) -> Result<(Running, Child)> {
    let socket = match socket {
        // Started again for a process whose connections know this folder.
        Some(known) => {
            home.make_private_dir(known)?;
            known.to_owned()
        }
        None => home.socket_dir()?,
    };
    write_settings(home)?;
    let log = home.dir.join("start.log");
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::from(home.command(binaries.dir.join("postgres")));
    command
        .current_dir(&home.pg)
        .arg("-D")
        .arg(&home.pg)
        .arg("-k")
        .arg(&socket)
        .stdout(output.try_clone()?)
        .stderr(output);
    // Given here and not in a file, so that no edited file can open the cluster to the network.
    command.args(["-c", "listen_addresses=", "-c", "port=5432", "-c", "unix_socket_permissions=0700"]);
    if !durable {
        command.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
    }
    let mut child =
        command.spawn().with_context(|| format!("cannot run {}", binaries.dir.join("postgres").display()))?;
    match tokio::time::timeout(START_PATIENCE, ready(home, &mut child, &socket)).await {
        Ok(Ok(pid)) => {
            tracing::info!(pid, data = %home.pg.display(), with = binaries.version, "private PostgreSQL started");
            Ok((Running { pid, socket }, child))
        }
        Ok(Err(error)) => {
            Err(error.context(format!("the private PostgreSQL does not start: {}", last_words(home, &log))))
        }
        Err(_) => {
            let _ = child.start_kill();
            bail!(
                "the private PostgreSQL did not answer within {} minutes: {}",
                START_PATIENCE.as_secs() / 60,
                last_words(home, &log)
            )
        }
    }
}

async fn ready(home: &Home, child: &mut Child, socket: &Path) -> Result<i32> {
    let mut polls = 0_u32;
    loop {
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status}");
        }
        // Only once the file names our child is the socket ours and not what somebody else left.
        let mine = PidFile::read(home)?.filter(|file| u32::try_from(file.pid).ok() == child.id());
        if let Some(file) = mine
            && answers(home, socket).await?
        {
            return Ok(file.pid);
        }
        polls += 1;
        if polls.is_multiple_of(500) {
            tracing::info!(data = %home.pg.display(), "the private PostgreSQL is recovering; waiting");
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What PostgreSQL said before it gave up: its start log, else the newest log of the collector.
fn last_words(home: &Home, log: &Path) -> String {
    let newest = fs::read_dir(home.pg.join("log"))
        .into_iter()
        .flatten()
        .flatten()
        .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
        .map(|entry| entry.path());
    let mut words = Vec::new();
    for path in [Some(log.to_owned()), newest].into_iter().flatten() {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut lines: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(5).collect();
        lines.reverse();
        words.extend(lines.into_iter().map(str::to_owned));
    }
    if words.is_empty() { format!("it said nothing; see {}", log.display()) } else { words.join("\n  ") }
}

/// Stops the server and waits until it is gone.
pub(crate) async fn stop(home: &Home, running: &Running, child: Option<&mut Child>) -> Result<()> {
    running.ask_to_stop();
    if gone(home, running, child, STOP_PATIENCE).await {
        tracing::info!(pid = running.pid, "private PostgreSQL stopped");
        // A folder in /tmp or the like must not outlive its use; the one beside the data may stay.
        if !running.socket.starts_with(&home.dir) {
            let _ = fs::remove_dir(&running.socket);
        }
        return Ok(());
    }
    tracing::warn!(
        pid = running.pid,
        "the private PostgreSQL does not stop; cutting it off, it will recover at the next start"
    );
    signal(running.pid, Signal::QUIT);
    if gone(home, running, None, STOP_PATIENCE).await {
        return Ok(());
    }
    bail!("the private PostgreSQL (process {}) does not stop; end it with `kill -9 {}`", running.pid, running.pid)
}

async fn gone(home: &Home, running: &Running, child: Option<&mut Child>, patience: Duration) -> bool {
    let wait = async {
        if let Some(child) = child {
            let _ = child.wait().await;
        }
        while running.is_alive(home) {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(patience, wait).await.is_ok()
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It may be gone already, which is what was wanted.
        let _ = kill_process(pid, signal);
    }
}

/// Whether a process is a PostgreSQL at work in this folder. Its number alone says nothing: numbers are used again.
fn is_postgres_of(pid: i32, pg: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    pid > 0
        && matches!(name.trim(), "postgres" | "postmaster")
        && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == pg)
}

fn postgres_processes_of(pg: &Path) -> Vec<i32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|pid| is_postgres_of(*pid, pg)).collect()
}
