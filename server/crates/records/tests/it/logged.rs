//! The plans of whatever the server runs, as PostgreSQL itself writes them into its log (`auto_explain`): of statements that nothing in the server
//! explains, by the role, the driver and the kind of plan by which they are really run.

use platform::{Caller, Platform, Pools, Registry, Services};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::Arc;
use std::time::Duration;
use testkit::TestWorld;

/// What a session of the app role in this database begins with.
const SETTINGS: [(&str, &str); 6] = [
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_timing", "off"),
    ("auto_explain.log_format", "json"),
    ("auto_explain.log_level", "log"),
];
/// Made for each mark in the log, so that what runs in between is known by its number.
const MARK: &str = "nexus-mark";

pub struct Logged {
    admin: PgConnection,
    database: String,
    /// The file of the log, and how long it was before.
    file: String,
    length: i64,
    marks: usize,
    platform: Arc<Platform>,
}

impl Logged {
    /// A second platform over the same world, whose plans are kept. Refused by a PostgreSQL that lacks the module, which comes with Debian's.
    pub async fn begin(world: &TestWorld) -> sqlx::Result<Self> {
        let mut admin = PgConnection::connect(&world.urls.admin).await?;
        sqlx::raw_sql("load 'auto_explain'").execute(&mut admin).await?;
        let database: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut admin).await?;
        for (name, value) in SETTINGS {
            let set = format!("alter role nexus_app in database \"{database}\" set {name} = '{value}'");
            sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut admin).await?;
        }
        let (file, length): (String, i64) =
            sqlx::query_as("select file, (pg_stat_file(file)).size from pg_current_logfile() file")
                .fetch_one(&mut admin)
                .await?;
        let platform = watched(world, Pools::connect(&world.urls.app, &world.urls.platform, 4).await?);
        Ok(Self { admin, database, file, length, marks: 0, platform })
    }

    /// Runs an operation, whose plans stand under the next number.
    pub async fn run<O: domain::Operation>(&mut self, caller: &Caller, operation: O) -> domain::Result<O::Output> {
        self.mark().await;
        self.platform.clone().backend(caller.clone()).run(operation).await
    }

    async fn mark(&mut self) {
        let mark = format!("do $$ begin raise log '{MARK} {} {}'; end $$", self.database, self.marks);
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut self.admin).await.unwrap();
        self.marks += 1;
    }

    /// The plans of each operation, in the order in which they were run.
    pub async fn end(mut self) -> Vec<Vec<Value>> {
        let last = format!("{MARK} {} {}", self.database, self.marks);
        self.mark().await;
        let pids: Vec<i32> = sqlx::query_scalar(
            "select pid from pg_stat_activity where datname = current_database() and usename = 'nexus_app'",
        )
        .fetch_all(&mut self.admin)
        .await
        .unwrap();
        // What writes the log is a process of its own, which may be behind.
        for _ in 0..200 {
            let log = self.log().await;
            if log.lines().any(|line| line.ends_with(&last)) {
                self.platform.services.pools.close().await;
                self.admin.close().await.unwrap();
                return plans(&log, &format!("{MARK} {} ", self.database), &pids, self.marks - 1);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the log of PostgreSQL does not come to \"{last}\"");
    }

    /// What was logged since, also where a new file was begun at midnight.
    async fn log(&mut self) -> String {
        const READ: &str = "select pg_read_binary_file($1, $2, greatest((pg_stat_file($1)).size - $2, 0))";
        let now: String = sqlx::query_scalar("select pg_current_logfile()").fetch_one(&mut self.admin).await.unwrap();
        let mut parts = vec![(self.file.clone(), self.length)];
        if now != self.file {
            parts.push((now, 0));
        }
        let mut text = Vec::new();
        for (file, from) in parts {
            let part = sqlx::query_scalar::<_, Vec<u8>>(READ).bind(file).bind(from);
            text.extend(part.fetch_one(&mut self.admin).await.unwrap());
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// Messages of the log begin with the time and the process; their further lines with a tab.
fn plans(log: &str, mark: &str, pids: &[i32], count: usize) -> Vec<Vec<Value>> {
    let mut found: Vec<Vec<Value>> = (0..count).map(|_| Vec::new()).collect();
    let (mut number, mut open): (Option<usize>, Option<String>) = (None, None);
    for line in log.lines().chain([""]) {
        if let (Some(text), Some(more)) = (open.as_mut(), line.strip_prefix('\t')) {
            text.push_str(more);
            text.push('\n');
            continue;
        }
        if let Some(text) = open.take()
            && let Some(plans) = number.and_then(|number| found.get_mut(number))
        {
            plans.push(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in the plan {text}")));
        }
        let process = line.split_once('[').and_then(|(_, rest)| rest.split_once(']')?.0.parse::<i32>().ok());
        if let Some((_, marked)) = line.split_once(mark) {
            number = marked.trim().parse().ok();
        } else if process.is_some_and(|process| pids.contains(&process)) && line.trim_end().ends_with("plan:") {
            open = Some(String::new());
        }
    }
    found
}

fn watched(world: &TestWorld, pools: Pools) -> Arc<Platform> {
    let services = world.services();
    let services = Services {
        pools,
        auth: services.auth.clone(),
        clock: services.clock.clone(),
        random: services.random.clone(),
        ids: services.ids.clone(),
        catalogs: services.catalogs.clone(),
        keyring: services.keyring.clone(),
        egress: services.egress.clone(),
        wake: services.wake.clone(),
        still: Arc::default(),
    };
    let mut registry = Registry::default();
    records::register(&mut registry);
    Platform::new(Arc::new(services), registry)
}
