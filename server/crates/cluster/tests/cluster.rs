//! The private cluster on real PostgreSQL: first start, sharing, crashes and what they leave behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "a test hands a folder to another process")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cluster::Cluster;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// A folder that the user PostgreSQL runs as may enter.
fn folder() -> tempfile::TempDir {
    folder_with(0o755)
}

fn folder_with(mode: u32) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new().prefix("nexus-cluster-").permissions(fs::Permissions::from_mode(mode)).tempdir().unwrap()
}

async fn query(url: &str, sql: &'static str) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let answer = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
    connection.close().await?;
    answer
}

async fn execute(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let answer = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    connection.close().await?;
    answer.map(drop)
}

fn pid(data: &Path) -> i32 {
    fs::read_to_string(data.join("pg/postmaster.pid")).unwrap().lines().next().unwrap().parse().unwrap()
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

fn running(pid: i32) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok()
}

#[tokio::test]
async fn the_first_start_makes_roles_that_can_do_what_they_must_and_no_more() {
    let data = folder();
    let cluster = Cluster::start(data.path()).await.unwrap();
    let urls = cluster.urls().clone();
    assert!(cluster.started());

    for (url, role) in [
        (&urls.app, "nexus_app"),
        (&urls.owner, "nexus_owner"),
        (&urls.platform, "nexus_platform"),
        (&urls.ai, "nexus_ai"),
    ] {
        assert_eq!(
            query(url, "select current_user::text || ' in ' || current_database()").await.unwrap(),
            format!("{role} in nexus")
        );
    }
    execute(&urls.owner, "create table things (id bigint primary key); create extension pg_trgm").await.unwrap();
    for url in [&urls.app, &urls.platform, &urls.ai] {
        let refused = execute(url, "create table mine (id bigint)").await.unwrap_err().to_string();
        assert!(refused.contains("permission denied for schema public") || url == &urls.ai, "{refused}");
        assert!(execute(url, "select * from things").await.is_err());
        assert!(execute(url, "create temporary table mine (id bigint)").await.is_err());
    }
    let powers = "select coalesce(string_agg(rolname, ','), 'none') from pg_roles where rolname like 'nexus%' and rolname <> 'nexus_admin' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)";
    assert_eq!(query(&urls.admin, powers).await.unwrap(), "none");
    assert_eq!(query(&urls.app, "show statement_timeout").await.unwrap(), "30s");
    assert_eq!(query(&urls.app, "show listen_addresses").await.unwrap(), "");
    assert_eq!(query(&urls.app, "show fsync").await.unwrap(), "on");
    assert_eq!(query(&urls.app, "show shared_buffers").await.unwrap(), "256MB");
    assert_eq!(query(&urls.app, "show server_encoding").await.unwrap(), "UTF8");
    assert_eq!(query(&urls.app, "select lower('ÄÉ')").await.unwrap(), "äé");

    let postmaster = pid(data.path());
    cluster.stop().await.unwrap();
    assert!(!running(postmaster));
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop_and_a_start() {
    let data = folder();
    let cluster = Cluster::start(data.path()).await.unwrap();
    execute(&cluster.urls().owner, "create table kept as select 'still here'::text as word").await.unwrap();
    cluster.stop().await.unwrap();
    let cluster = Cluster::start(data.path()).await.unwrap();
    assert_eq!(query(&cluster.urls().owner, "select word from kept").await.unwrap(), "still here");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_process_attaches_and_the_last_one_out_stops_it() {
    let data = folder();
    let first = Cluster::start_throwaway(data.path()).await.unwrap();
    let second = Cluster::start_throwaway(data.path()).await.unwrap();
    let postmaster = pid(data.path());
    assert!(first.started() && !second.started());
    second.stop().await.unwrap();
    assert!(running(postmaster));
    assert_eq!(query(&first.urls().app, "select 'on'").await.unwrap(), "on");

    // A command that started PostgreSQL may end before the server that attached to it meanwhile.
    let third = Cluster::start_throwaway(data.path()).await.unwrap();
    first.stop().await.unwrap();
    assert_eq!(query(&third.urls().app, "select 'on'").await.unwrap(), "on");
    third.stop().await.unwrap();
    assert!(!running(postmaster));
}

#[tokio::test]
async fn many_processes_starting_at_once_share_one_server() {
    let data = folder();
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let path = data.path().to_owned();
            tokio::spawn(async move { Cluster::start_throwaway(&path).await.unwrap() })
        })
        .collect();
    let mut clusters = Vec::new();
    for start in starts {
        clusters.push(start.await.unwrap());
    }
    assert_eq!(clusters.iter().filter(|cluster| cluster.started()).count(), 1);
    let postmaster = pid(data.path());
    for cluster in clusters {
        cluster.stop().await.unwrap();
    }
    assert!(!running(postmaster));
}

#[tokio::test]
async fn a_killed_postmaster_is_started_again_and_its_work_is_kept() {
    let data = folder();
    let cluster = Cluster::start(data.path()).await.unwrap();
    let owner = cluster.urls().owner.clone();
    execute(&owner, "create table kept as select 'committed'::text as word").await.unwrap();
    // A session at work does not notice at once that its postmaster is gone.
    let busy = tokio::spawn(async move { execute(&owner, "select pg_sleep(1.5)").await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = pid(data.path());
    kill(before);
    let healed = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if query(&cluster.urls().owner, "select word from kept").await.is_ok_and(|word| word == "committed") {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), healed).await.unwrap();
    assert_ne!(pid(data.path()), before);
    let _ = busy.await;
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_stale_pid_file_does_not_keep_it_from_starting() {
    let data = folder();
    let cluster = Cluster::start(data.path()).await.unwrap();
    let lines: Vec<String> =
        fs::read_to_string(data.path().join("pg/postmaster.pid")).unwrap().lines().map(str::to_owned).collect();
    cluster.stop().await.unwrap();
    // A process of the user that PostgreSQL runs as: the case in which PostgreSQL by itself refuses to start.
    let mut stranger = stranger(data.path());
    let alive = stranger.id().to_string();
    for pid in ["999999", alive.as_str(), "", "no number"] {
        let mut stale = lines.clone();
        stale[0] = pid.to_owned();
        let files = [
            ("postmaster.pid".to_owned(), stale.join("\n")),
            ("../run/.s.PGSQL.5432.lock".to_owned(), stale.join("\n")),
        ];
        for (name, text) in files {
            fs::write(data.path().join("pg").join(name), text).unwrap();
        }
        let cluster = Cluster::start(data.path()).await.unwrap_or_else(|error| panic!("process id {pid:?}: {error:#}"));
        assert_eq!(query(&cluster.urls().app, "select 'on'").await.unwrap(), "on");
        cluster.stop().await.unwrap();
    }
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

fn stranger(data: &Path) -> std::process::Child {
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::process::CommandExt as _;
    let owner = fs::metadata(data.join("pg")).unwrap();
    let mut command = std::process::Command::new("/bin/sleep");
    command.arg("600").current_dir("/");
    if rustix::process::geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.spawn().unwrap()
}

#[tokio::test]
async fn a_postgres_left_running_by_a_killed_process_is_taken_over() {
    let data = folder();
    let mut other = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_cluster_until_it_is_killed", "--ignored"])
        .env("HELD_CLUSTER", data.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let ready = async {
        while !data.path().join("ready").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ready).await.unwrap();
    let postmaster = pid(data.path());
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(running(postmaster));

    let next = Cluster::start(data.path()).await.unwrap();
    assert!(!next.started());
    assert_eq!(pid(data.path()), postmaster);
    assert_eq!(query(&next.urls().app, "select 'on'").await.unwrap(), "on");
    next.stop().await.unwrap();
    assert!(!running(postmaster));
}

#[tokio::test]
#[ignore = "the other process of the test above, which starts it"]
async fn holds_a_cluster_until_it_is_killed() {
    let Some(data) = std::env::var_os("HELD_CLUSTER").map(PathBuf::from) else { return };
    let _cluster = Cluster::start(&data).await.unwrap();
    fs::write(data.join("ready"), "").unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_is_begun_anew() {
    let data = folder();
    fs::create_dir(data.path().join("pg.new")).unwrap();
    fs::write(data.path().join("pg.new/half"), "made").unwrap();
    let cluster = Cluster::start_throwaway(data.path()).await.unwrap();
    assert!(!data.path().join("pg.new").exists());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_too_deep_for_a_socket_gets_one_elsewhere() {
    let data = folder();
    let deep: PathBuf = data.path().join("a-rather-long-name-of-a-folder/".repeat(5));
    let cluster = Cluster::start_throwaway(&deep).await.unwrap();
    assert_eq!(query(&cluster.urls().app, "select 'on'").await.unwrap(), "on");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn roots_own_folder_gets_its_database_where_postgres_may_go() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let closed = folder_with(0o700);
    let data = closed.path().join("project/.nexus");
    let mut used = None;
    for _ in 0..2 {
        let cluster = Cluster::start_throwaway(&data).await.unwrap();
        let pg = PathBuf::from(query(&cluster.urls().admin, "show data_directory").await.unwrap());
        cluster.stop().await.unwrap();
        assert!(pg.starts_with("/var/lib/nexus"), "{}", pg.display());
        assert_eq!(*used.get_or_insert(pg.clone()), pg, "the same place at every start");
    }
    fs::remove_dir_all(used.unwrap().parent().unwrap()).unwrap();
}

#[tokio::test]
async fn foreign_content_is_left_alone_and_named() {
    let data = folder();
    fs::create_dir(data.path().join("pg")).unwrap();
    fs::write(data.path().join("pg/letter.txt"), "dear aunt").unwrap();
    let error = format!("{:#}", Cluster::start(data.path()).await.unwrap_err());
    assert!(error.contains("holds something that is not a PostgreSQL database"), "{error}");
    assert_eq!(fs::read_to_string(data.path().join("pg/letter.txt")).unwrap(), "dear aunt");

    fs::remove_file(data.path().join("pg/letter.txt")).unwrap();
    fs::write(data.path().join("pg/PG_VERSION"), "9\n").unwrap();
    let error = format!("{:#}", Cluster::start(data.path()).await.unwrap_err());
    assert!(error.contains("was made by PostgreSQL 9") && error.contains("postgresql-9"), "{error}");
}

#[tokio::test]
async fn dropping_it_stops_it_too() {
    let data = folder();
    let cluster = Cluster::start_throwaway(data.path()).await.unwrap();
    let postmaster = pid(data.path());
    drop(cluster);
    assert!(!running(postmaster));
}

#[tokio::test]
async fn other_databases_come_and_go() {
    let data = folder();
    let cluster = std::sync::Arc::new(Cluster::start_throwaway(data.path()).await.unwrap());
    let urls = cluster.database("nexus_test_1").await.unwrap();
    assert_eq!(query(&urls.app, "select current_database()::text").await.unwrap(), "nexus_test_1");
    assert!(execute(&urls.app, "create table mine (id bigint)").await.is_err());
    // Many at once: what they share must not be written by two of them.
    let many = (2..10).map(|number| format!("nexus_test_{number}"));
    let many: Vec<_> = many
        .map(|name| {
            let cluster = std::sync::Arc::clone(&cluster);
            tokio::spawn(async move { cluster.database(&name).await.map(drop) })
        })
        .collect();
    for made in many {
        made.await.unwrap().unwrap();
    }
    let cluster = std::sync::Arc::into_inner(cluster).unwrap();
    cluster.drop_database("nexus_test_1").await.unwrap();
    assert!(query(&urls.app, "select 'on'").await.is_err());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn copies_begin_as_their_template_which_is_made_once() {
    let data = folder();
    let cluster = std::sync::Arc::new(Cluster::start_throwaway(data.path()).await.unwrap());
    let made = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let copy = |name: String| {
        let (cluster, made) = (std::sync::Arc::clone(&cluster), std::sync::Arc::clone(&made));
        tokio::spawn(async move {
            let fill = async |urls: cluster::Urls| {
                made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                execute(&urls.owner, "create table mine (id bigint)").await?;
                Ok(execute(&urls.owner, "insert into mine values (7)").await.map(drop)?)
            };
            cluster.copy("template_of_ours", &name, fill).await
        })
    };
    // Several at once, and one whose name a test that was killed has left.
    let left = cluster.database("copied_1").await.unwrap();
    execute(&left.owner, "create table other (id bigint)").await.unwrap();
    for copied in [1, 2, 3].map(|number| copy(format!("copied_{number}"))) {
        let urls = copied.await.unwrap().unwrap();
        assert_eq!(query(&urls.owner, "select id::text from mine").await.unwrap(), "7");
        assert!(query(&urls.owner, "select id::text from other").await.is_err());
        execute(&urls.owner, "delete from mine").await.unwrap();
    }
    assert_eq!(made.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert!(copy("Not a name".to_owned()).await.unwrap().is_err());
    // What cannot be filled is no template, and the next try makes it.
    let failing = cluster.copy("template_of_none", "copied_4", async |_| Err(anyhow::anyhow!("no migrations"))).await;
    assert!(failing.unwrap_err().to_string().contains("no migrations"));
    let done = cluster.copy("template_of_none", "copied_4", async |_| Ok(())).await.unwrap();
    assert_eq!(query(&done.app, "select current_database()::text").await.unwrap(), "copied_4");
    std::sync::Arc::into_inner(cluster).unwrap().stop().await.unwrap();
}
