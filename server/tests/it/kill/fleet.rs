//! A server and two workers, each a process of its own, that can be killed, frozen and started again.

use rustix::process::{Pid, Signal, kill_process};
use sqlx::PgPool;
use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use testkit::TestWorld;
use tokio::process::{Child, Command};
use uuid::Uuid;

/// What the database takes to notice that a client is gone, and to end what it had been asked before.
const NOTICED: Duration = Duration::from_millis(60);
const IN_HAND: &str = "\
select (select count(*) from runs where state = 'RUNNING' and lease_owner = 'workflow-' || $1)
    + (select count(*) from jobs where state = 'running' and worker = 'worker-' || $1)";
const RUNS_IN_HAND: &str = "select id from runs where state = 'RUNNING' and lease_owner = 'workflow-' || $1";
const JOBS_IN_HAND: &str = "select id from jobs where state = 'running' and worker = 'worker-' || $1";

/// Given back at once, and from then on the server's at every start. Below the ports that a system gives to clients: while the server is gone, one
/// of the many that ask for it might get its port.
fn unused_address(world: &TestWorld) -> SocketAddr {
    let mut drawn = [0; 2];
    loop {
        world.services().random.fill(&mut drawn);
        let port = 20_000 + u16::from_le_bytes(drawn) % 10_000;
        if let Ok(listener) = std::net::TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap();
        }
    }
}

/// Left behind by a process that was killed.
pub struct Interrupted {
    pub runs: Vec<Uuid>,
    pub jobs: Vec<Uuid>,
}

struct Process {
    command: &'static str,
    child: Child,
}

pub struct Fleet {
    settings: Vec<(&'static str, String)>,
    log: PathBuf,
    processes: Vec<Process>,
    pub address: SocketAddr,
    database: PgPool,
}

/// Which of the processes serves; the others work.
pub const SERVER: usize = 0;

impl Fleet {
    pub async fn start(world: &TestWorld, mail: &str, lease: Duration) -> Self {
        let address = unused_address(world);
        let log = std::env::temp_dir().join(format!("nexus-kill-{}.log", std::process::id()));
        let key = platform::secret::Keyring::generate("kill", world.services().random.as_ref()).into_exposed();
        let settings = vec![
            ("DATABASE_URL", world.urls.app.clone()),
            ("DATABASE_OWNER_URL", world.urls.owner.clone()),
            ("DATABASE_PLATFORM_URL", world.urls.platform.clone()),
            ("DATABASE_MAX_CONNECTIONS", "10".to_owned()),
            ("NEXUS_ENCRYPTION_KEYS", key),
            ("NEXUS_SITE_ADDR", address.to_string()),
            ("NEXUS_BASE_URL", format!("http://{address}")),
            ("NEXUS_LEASE_SECONDS", lease.as_secs().to_string()),
            ("NEXUS_LIMIT_ADDRESS", "1000000".to_owned()),
            ("NEXUS_LIMIT_MEMBER", "1000000".to_owned()),
            ("NEXUS_LIMIT_WORKSPACE", "1000000".to_owned()),
            ("SMTP_URL", mail.to_owned()),
            ("MAIL_FROM", "post@nexus.example".to_owned()),
            ("NEXUS_LOG", "json".to_owned()),
            ("RUST_LOG", "warn".to_owned()),
        ];
        let mut fleet = Self { settings, log, processes: Vec::new(), address, database: world.owner().await };
        for command in ["serve", "worker", "worker"] {
            let child = fleet.spawn(command);
            fleet.processes.push(Process { command, child });
        }
        fleet
    }

    fn spawn(&self, command: &str) -> Child {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        Command::new(env!("CARGO_BIN_EXE_nexus"))
            .arg(command)
            .env_remove("PORT")
            .env_remove("TRUSTED_PROXIES")
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    pub fn workers(&self) -> usize {
        self.processes.len() - 1
    }

    fn pid(&self, which: usize) -> Pid {
        let pid = self.processes[which].child.id().unwrap_or_else(|| {
            panic!("process {which} ended by itself:\n{}", std::fs::read_to_string(&self.log).unwrap_or_default())
        });
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    /// Runs and jobs that a process has taken up.
    pub async fn in_hand(&self, which: usize) -> i64 {
        let pid = self.pid(which).as_raw_nonzero().to_string();
        sqlx::query_scalar(IN_HAND).bind(pid).fetch_one(&self.database).await.unwrap()
    }

    /// `kill -9`, and a new one in its place. Answers what the dead one had in hand.
    pub async fn kill(&mut self, which: usize) -> Interrupted {
        let pid = self.pid(which).as_raw_nonzero().to_string();
        self.processes[which].child.kill().await.unwrap();
        tokio::time::sleep(NOTICED).await;
        let runs = sqlx::query_scalar(RUNS_IN_HAND).bind(&pid).fetch_all(&self.database).await.unwrap();
        let jobs = sqlx::query_scalar(JOBS_IN_HAND).bind(&pid).fetch_all(&self.database).await.unwrap();
        self.processes[which].child = self.spawn(self.processes[which].command);
        Interrupted { runs, jobs }
    }

    /// Stops a process in the middle of whatever it does. Answers what it had in hand.
    pub async fn freeze(&mut self, which: usize) -> Interrupted {
        let pid = self.pid(which);
        kill_process(pid, Signal::STOP).unwrap();
        let pid = pid.as_raw_nonzero().to_string();
        tokio::time::sleep(NOTICED).await;
        let runs = sqlx::query_scalar(RUNS_IN_HAND).bind(&pid).fetch_all(&self.database).await.unwrap();
        let jobs = sqlx::query_scalar(JOBS_IN_HAND).bind(&pid).fetch_all(&self.database).await.unwrap();
        Interrupted { runs, jobs }
    }

    /// Lets a frozen process go on, as if no time had passed for it.
    pub fn thaw(&self, which: usize) {
        kill_process(self.pid(which), Signal::CONT).unwrap();
    }

    /// Lines that the processes have logged as errors, for whoever looks at a campaign that failed.
    pub fn log(&self) -> &PathBuf {
        &self.log
    }

    pub async fn end(mut self) {
        for process in &mut self.processes {
            let _ = process.child.kill().await;
        }
        self.database.close().await;
        let _ = std::fs::remove_file(&self.log);
    }
}
