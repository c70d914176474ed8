//! The two servers under measurement, each a process of its own made from this executable.

use super::client::{Connection, request};
use super::world::World;
use crate::out;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a server may take to come up, and to go.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server is left alone before it counts as idle.
const IDLE: Duration = Duration::from_secs(10);

/// Settings of the person who measures that must not reach the server.
const FOREIGN: [&str; 9] = [
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_PLATFORM_URL",
    "DATABASE_MAX_CONNECTIONS",
    "NEXUS_ENCRYPTION_KEYS",
    "NEXUS_BASE_URL",
    "TRUSTED_PROXIES",
    "PORT",
    "RUST_LOG",
];
/// More than anybody asks here: what is measured is the work, and the counting of requests is part of it.
const NO_LIMIT: &str = "4000000000";

/// This executable, with the settings under which everything is measured.
pub fn nexus(world: &World) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.env("NEXUS_DATA_DIR", world.folder()).env("NEXUS_SITE_ADDR", "127.0.0.1:0").env("NEXUS_LOG", "json");
    command.env("LEPTOS_SITE_ROOT", world.site_root());
    Ok(command)
}

/// A process that says on its first line where it listens.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    async fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log_file = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("The server has no output")?).lines();
        let address = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.rsplit_once("http://").and_then(|(_, address)| address.parse().ok()) {
                    return Ok(address);
                }
            }
            bail!("The server ended before it was ready; {} says why", log.display())
        });
        let address = address.await.context("The server did not come up in time")??;
        // Read on, so that the server never waits for its output to be read.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, address })
    }

    async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).unwrap_or_default())) {
            let _ = kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            bail!("A server did not stop in time");
        }
        Ok(())
    }
}

/// Nexus with everything on: pages, API and worker.
pub struct Nexus {
    server: Server,
    pub address: SocketAddr,
    pub started_in: Duration,
}

impl Nexus {
    pub async fn start(world: &World) -> Result<Self> {
        let mut command = nexus(world)?;
        for name in ["NEXUS_LIMIT_ADDRESS", "NEXUS_LIMIT_MEMBER", "NEXUS_LIMIT_WORKSPACE"] {
            command.env(name, NO_LIMIT);
        }
        let began = Instant::now();
        let server = Server::start(&mut command, &world.log("nexus")).await?;
        let mut connection = Connection::open(server.address).await?;
        let answer = connection.send(&request("GET", "/livez", &[], "")).await?;
        let started_in = began.elapsed();
        if answer.status != 200 {
            bail!("/livez answered {}", answer.status);
        }
        let address = server.address;
        Ok(Self { server, address, started_in })
    }

    /// Resident memory in megabytes.
    pub fn memory(&self) -> Result<f64> {
        megabytes(self.pid()?, "VmRSS:")
    }

    /// The same once the server was left alone: what it holds when nobody asks for anything.
    pub async fn idle(&self) -> Result<f64> {
        out::line(&format!("Leaving Nexus idle for {} s ...", IDLE.as_secs()));
        tokio::time::sleep(IDLE).await;
        self.memory()
    }

    /// The most resident memory that the process ever had, or has had since that was forgotten, in megabytes.
    pub fn peak(&self) -> Result<f64> {
        megabytes(self.pid()?, "VmHWM:")
    }

    /// From now on the peak is of what comes: a server that starts holds more for a moment than it does a little later.
    pub fn forget_peak(&self) -> Result<()> {
        forget_peak(self.pid()?)
    }

    fn pid(&self) -> Result<u32> {
        self.server.child.id().context("The server is gone")
    }

    /// Waits until the work that goes on after the answers, such as indexing, is done.
    pub async fn settle(&self) -> Result<()> {
        let pid = self.pid()?;
        let until = Instant::now() + PATIENCE;
        let mut before = ticks(pid)?;
        while Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = ticks(pid)?;
            // Hundredths of a second: less than a tenth of one processor.
            if now - before <= 2 {
                return Ok(());
            }
            before = now;
        }
        Ok(())
    }

    pub async fn stop(self) -> Result<()> {
        self.server.stop().await
    }
}

/// What the kernel says of a process' memory under this name.
fn megabytes(pid: u32, name: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("Memory can be read on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("The server has no memory")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}

fn forget_peak(pid: u32) -> Result<()> {
    // 5 is the kernel's number for it.
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").context("The kernel does not forget a peak of memory")
}

/// Processor time of a process, in ticks.
fn ticks(pid: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field, the name, may hold blanks.
    let after = stat.rsplit_once(')').map(|(_, after)| after).unwrap_or_default();
    let fields: Vec<&str> = after.split_whitespace().collect();
    let at = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    Ok(at(11) + at(12))
}

/// The smallest server that does the same.
pub struct Ceiling {
    server: Server,
    pub address: SocketAddr,
}

impl Ceiling {
    /// `planned_once`: not as `sqlx` and PostgreSQL would by themselves, but as Nexus' reads are.
    pub async fn start(world: &World, planned_once: bool) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.arg("bench-ceiling").arg("--database").arg(world.admin_url());
        command.args(planned_once.then_some("--planned-once"));
        command.arg("--tenant").arg(world.tenant.to_string()).arg("--member").arg(world.member.to_string());
        let server = Server::start(&mut command, &world.log("ceiling")).await?;
        let address = server.address;
        Ok(Self { server, address })
    }

    pub async fn stop(self) -> Result<()> {
        self.server.stop().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_kept_until_it_is_forgotten() {
        let of = |name: &str| megabytes(std::process::id(), name).unwrap();
        let before = of("VmRSS:");
        drop(std::hint::black_box(vec![1_u8; 256 << 20]));
        let most = of("VmHWM:");
        assert!(most > before + 200.0);
        forget_peak(std::process::id()).unwrap();
        // Other tests may be at work in the same process.
        assert!(of("VmHWM:") < most - 50.0);
    }
}
