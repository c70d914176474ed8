//! The queue against a real PostgreSQL: leases, fences, retries and what is left when workers die.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and tells its figures"
)]
#![allow(clippy::disallowed_methods, reason = "a test stands outside of `Ctx`")]

mod advance;
mod database;

use database::TestDb;
use jobs::{BoxFuture, Claimed, Fenced, Handler, NewJob, Outcome, Queue, Running, Worker, WorkerConfig, enqueue};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(2);

static IDS: AtomicU64 = AtomicU64::new(1);

fn id() -> Uuid {
    Uuid::from_u128(u128::from(IDS.fetch_add(1, Ordering::Relaxed)))
}

fn config(name: &str) -> WorkerConfig {
    WorkerConfig {
        name: name.to_owned(),
        lease: LEASE,
        poll: Duration::from_millis(50),
        retry_base: Duration::from_millis(50),
        ..WorkerConfig::default()
    }
}

/// A handler made of a function.
struct Works<F>(&'static str, F);

impl<F> Handler for Works<F>
where
    F: for<'a> Fn(&'a Claimed) -> BoxFuture<'a, Outcome> + Send + Sync + 'static,
{
    fn kind(&self) -> &'static str {
        self.0
    }
    fn run<'a>(&'a self, job: &'a Claimed) -> BoxFuture<'a, Outcome> {
        (self.1)(job)
    }
}

fn works<F>(kind: &'static str, f: F) -> Works<F>
where
    F: for<'a> Fn(&'a Claimed) -> BoxFuture<'a, Outcome> + Send + Sync + 'static,
{
    Works(kind, f)
}

fn start(db: &TestDb, name: &str, handler: impl Handler) -> Running {
    Worker::new(Queue::new(db.platform.clone()), config(name)).with(handler).start()
}

async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited 15 seconds for: {what}");
}

async fn state(pool: &PgPool, job: Uuid) -> (String, i32, i64, Option<String>) {
    sqlx::query_as("select state, attempts, claim_no, error from jobs where id = $1")
        .bind(job)
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn until_state(db: &TestDb, job: Uuid, wanted: &str) -> (String, i32, i64, Option<String>) {
    until(wanted, || async { Some(state(&db.platform, job).await).filter(|found| found.0 == wanted) }).await
}

/// What a business transaction does around its work: tenant, work, fence, commit.
async fn set_tenant(conn: &mut PgConnection, tenant: Uuid) {
    sqlx::query("select set_config('app.tenant_id', $1, true)").bind(tenant.to_string()).execute(conn).await.unwrap();
}

async fn effects_table(db: &TestDb) {
    sqlx::raw_sql("create table effects (job uuid not null, claim_no bigint not null); grant select, insert on effects to nexus_app")
        .execute(&db.owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_job_is_queued_with_its_transaction_and_run() {
    let db = TestDb::new().await;
    let tenant = db.tenant().await;
    let (kept, undone) = (id(), id());
    for (job, commits) in [(kept, true), (undone, false)] {
        let mut tx = db.app.begin().await.unwrap();
        set_tenant(&mut tx, tenant).await;
        assert!(enqueue(&mut tx, NewJob::new(job, "greet", json!({"name": "Åsa"})).scope(tenant)).await.unwrap());
        if commits {
            tx.commit().await.unwrap();
        }
    }
    let worker = start(
        &db,
        "a",
        works("greet", move |job| {
            Box::pin(async move {
                assert_eq!((job.scope, job.attempt, job.claim_no), (Some(tenant), 1, 1));
                assert_eq!(job.payload["name"], "Åsa");
                Outcome::Done
            })
        }),
    );
    until_state(&db, kept, "done").await;
    let count: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(&db.platform).await.unwrap();
    assert_eq!(count, 1);
    worker.stop(Duration::from_secs(1)).await;
    db.close().await;
}

#[tokio::test]
async fn a_tenant_cannot_queue_for_another_or_for_nobody() {
    let db = TestDb::new().await;
    let (tenant, other) = (db.tenant().await, db.tenant().await);
    for scope in [Some(other), None] {
        let mut tx = db.app.begin().await.unwrap();
        set_tenant(&mut tx, tenant).await;
        let job = NewJob { scope, ..NewJob::new(id(), "greet", json!({})) };
        assert!(enqueue(&mut tx, job).await.is_err());
    }
    db.close().await;
}

#[tokio::test]
async fn a_unique_key_names_one_piece_of_work_per_scope() {
    let db = TestDb::new().await;
    let queue = Queue::new(db.platform.clone());
    let (tenant, other) = (db.tenant().await, db.tenant().await);
    let job = |scope: Option<Uuid>| NewJob { scope, ..NewJob::new(id(), "import", json!({})).unique("import:7") };
    assert!(queue.enqueue(job(Some(tenant))).await.unwrap());
    assert!(!queue.enqueue(job(Some(tenant))).await.unwrap());
    assert!(queue.enqueue(job(Some(other))).await.unwrap());
    assert!(queue.enqueue(job(None)).await.unwrap());
    assert!(!queue.enqueue(job(None)).await.unwrap());
    let worker = start(&db, "a", works("import", |_| Box::pin(async { Outcome::Done })));
    until("all done", || async {
        let open: i64 = sqlx::query_scalar("select count(*) from jobs where state <> 'done'")
            .fetch_one(&db.platform)
            .await
            .unwrap();
        (open == 0).then_some(())
    })
    .await;
    assert!(queue.enqueue(job(Some(tenant))).await.unwrap());
    worker.stop(Duration::from_secs(1)).await;
    db.close().await;
}

#[tokio::test]
async fn a_killed_worker_is_relieved_when_its_lease_ends() {
    let db = TestDb::new().await;
    let job = id();
    Queue::new(db.platform.clone()).enqueue(NewJob::new(job, "slow", json!({}))).await.unwrap();
    let dead = start(&db, "dead", works("slow", |_| Box::pin(std::future::pending())));
    until_state(&db, job, "running").await;
    // Longer than a lease: the heartbeat keeps the job.
    tokio::time::sleep(LEASE * 3 / 2).await;
    assert_eq!(state(&db.platform, job).await.2, 1);
    let killed = tokio::time::Instant::now();
    drop(dead);
    let heir = start(&db, "heir", works("slow", |_| Box::pin(async { Outcome::Done })));
    let (_, attempts, claim_no, _) = until_state(&db, job, "done").await;
    assert_eq!((attempts, claim_no), (2, 2));
    assert!(killed.elapsed() < LEASE + Duration::from_secs(5), "{:?}", killed.elapsed());
    heir.stop(Duration::from_secs(1)).await;
    db.close().await;
}

/// A worker that hung (its heartbeat too) wakes up after somebody else took over: nothing of it reaches the database.
#[tokio::test]
async fn a_zombie_cannot_commit() {
    let db = TestDb::new().await;
    effects_table(&db).await;
    let tenant = db.tenant().await;
    let job = id();
    Queue::new(db.platform.clone()).enqueue(NewJob::new(job, "work", json!({})).scope(tenant)).await.unwrap();
    let zombie = Arc::new(std::sync::Mutex::new(None));
    let taken = zombie.clone();
    let first = start(
        &db,
        "zombie",
        works("work", move |job| {
            *taken.lock().unwrap() = Some(job.clone());
            Box::pin(std::future::pending())
        }),
    );
    until("the first claim", || async { zombie.lock().unwrap().clone() }).await;
    drop(first);
    let pool = db.app.clone();
    let second = start(
        &db,
        "heir",
        works("work", move |job| {
            let pool = pool.clone();
            Box::pin(async move {
                work(&pool, tenant, job, Finish::Inside).await.unwrap();
                Outcome::Done
            })
        }),
    );
    let claimed = zombie.lock().unwrap().clone().unwrap();
    until("the take-over", || async { (state(&db.platform, job).await.2 == 2).then_some(()) }).await;
    for finish in [Finish::Inside, Finish::After] {
        assert!(matches!(work(&db.app, tenant, &claimed, finish).await, Err(Fenced::Lost)));
    }
    until_state(&db, job, "done").await;
    let effects: Vec<(i64,)> = sqlx::query_as("select claim_no from effects").fetch_all(&db.owner).await.unwrap();
    assert_eq!(effects, [(2,)]);
    second.stop(Duration::from_secs(1)).await;
    db.close().await;
}

#[derive(Clone, Copy)]
enum Finish {
    Inside,
    After,
}

async fn work(pool: &PgPool, tenant: Uuid, job: &Claimed, finish: Finish) -> Result<(), Fenced> {
    let mut tx = pool.begin().await?;
    set_tenant(&mut tx, tenant).await;
    sqlx::query("insert into effects values ($1, $2)").bind(job.id).bind(job.claim_no).execute(&mut *tx).await?;
    match finish {
        Finish::Inside => job.finish(&mut tx).await?,
        Finish::After => job.fence(&mut tx).await?,
    }
    tx.commit().await?;
    Ok(())
}

/// Three workers, killed and started again at random, and every job's work is in the database exactly once.
#[tokio::test]
async fn five_hundred_jobs_happen_once_each() {
    const JOBS: i64 = 500;
    let db = TestDb::new().await;
    effects_table(&db).await;
    let tenant = db.tenant().await;
    let queue = Queue::new(db.platform.clone());
    for _ in 0..JOBS {
        queue.enqueue(NewJob::new(id(), "work", json!({})).scope(tenant).attempts(50)).await.unwrap();
    }
    let runs = Arc::new(AtomicU32::new(0));
    let one = |name: &str| {
        let (pool, runs) = (db.app.clone(), runs.clone());
        start(
            &db,
            name,
            works("work", move |job| {
                let (pool, runs) = (pool.clone(), runs.clone());
                Box::pin(async move {
                    // A third of the work stands between a claim and its commit when the plug is pulled.
                    let run = runs.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(u64::from(run % 3) * 15)).await;
                    match work(&pool, tenant, job, Finish::Inside).await {
                        Ok(()) => Outcome::Done,
                        Err(error) => Outcome::Retry(error.to_string()),
                    }
                })
            }),
        )
    };
    let mut workers = vec![one("a"), one("b"), one("c")];
    let mut kills = 0_usize;
    until("all done", || {
        if kills < 12 {
            let place = kills % 3;
            drop(std::mem::replace(&mut workers[place], one("again")));
            kills += 1;
        }
        async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let open: i64 = sqlx::query_scalar("select count(*) from jobs where state <> 'done'")
                .fetch_one(&db.platform)
                .await
                .unwrap();
            (open == 0).then_some(())
        }
    })
    .await;
    let (all, distinct): (i64, i64) =
        sqlx::query_as("select count(*), count(distinct job) from effects").fetch_one(&db.owner).await.unwrap();
    assert_eq!((all, distinct), (JOBS, JOBS));
    let taken_over: i64 =
        sqlx::query_scalar("select count(*) from jobs where claim_no > 1").fetch_one(&db.platform).await.unwrap();
    println!("{} runs for {JOBS} jobs, {taken_over} taken over, {kills} kills", runs.load(Ordering::Relaxed));
    assert!(taken_over > 0, "the kills hit nothing, so this test shows nothing");
    for worker in workers {
        worker.stop(Duration::from_secs(1)).await;
    }
    db.close().await;
}

#[tokio::test]
async fn retries_end_and_keep_the_whole_error() {
    let db = TestDb::new().await;
    let queue = Queue::new(db.platform.clone());
    let (flaky, hopeless, broken, fatal) = (id(), id(), id(), id());
    for (job, payload) in [(flaky, "flaky"), (hopeless, "hopeless"), (broken, "broken"), (fatal, "fatal")] {
        queue.enqueue(NewJob::new(job, "try", json!(payload)).attempts(3)).await.unwrap();
    }
    let long = "x".repeat(20_000);
    let error = long.clone();
    let worker = start(
        &db,
        "a",
        works("try", move |job| {
            let error = error.clone();
            Box::pin(async move {
                match job.payload.as_str().unwrap() {
                    "flaky" if job.attempt == 3 => Outcome::Done,
                    "flaky" => Outcome::Retry("not yet".into()),
                    "hopeless" => Outcome::Retry(format!("{error}\0end")),
                    "broken" => panic!("out of order"),
                    _ => Outcome::Fail("no such customer".into()),
                }
            })
        }),
    );
    assert_eq!(until_state(&db, flaky, "done").await.1, 3);
    let (_, attempts, _, error) = until_state(&db, hopeless, "failed").await;
    assert_eq!((attempts, error.unwrap()), (3, format!("{long}\u{fffd}end")));
    assert!(until_state(&db, broken, "failed").await.3.unwrap().contains("out of order"));
    assert_eq!(until_state(&db, fatal, "failed").await.1, 1);
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats[0].queued, stats[0].running, stats[0].failed), (0, 0, 3));
    assert!(queue.retry_failed(fatal).await.unwrap());
    assert!(!queue.retry_failed(flaky).await.unwrap());
    until_state(&db, fatal, "failed").await;
    assert_eq!(queue.purge(Duration::ZERO, 10).await.unwrap(), 1);
    worker.stop(Duration::from_secs(1)).await;
    db.close().await;
}

#[tokio::test]
async fn a_job_that_kills_its_workers_is_given_up() {
    let db = TestDb::new().await;
    let job = id();
    Queue::new(db.platform.clone()).enqueue(NewJob::new(job, "poison", json!({})).attempts(2)).await.unwrap();
    for claim in 1..=2 {
        let worker = start(&db, "victim", works("poison", |_| Box::pin(std::future::pending())));
        until("a claim", || async { (state(&db.platform, job).await.2 == claim).then_some(()) }).await;
        drop(worker);
    }
    let worker = start(&db, "survivor", works("poison", |_| Box::pin(async { Outcome::Done })));
    let (_, attempts, _, error) = until_state(&db, job, "failed").await;
    assert_eq!(attempts, 2);
    assert!(error.unwrap().contains("2 of 2 workers"));
    worker.stop(Duration::from_secs(1)).await;
    db.close().await;
}

#[tokio::test]
async fn a_graceful_stop_hands_back_at_once() {
    let db = TestDb::new().await;
    let job = id();
    Queue::new(db.platform.clone()).enqueue(NewJob::new(job, "slow", json!({})).attempts(1)).await.unwrap();
    let leaving = start(&db, "leaving", works("slow", |_| Box::pin(std::future::pending())));
    until_state(&db, job, "running").await;
    leaving.stop(Duration::from_millis(100)).await;
    assert_eq!(state(&db.platform, job).await.0, "queued");
    let next = start(&db, "next", works("slow", |_| Box::pin(async { Outcome::Done })));
    let (_, attempts, claim_no, _) = until_state(&db, job, "done").await;
    assert_eq!((attempts, claim_no), (1, 2));
    next.stop(Duration::from_secs(1)).await;
    db.close().await;
}

#[tokio::test]
async fn each_kind_keeps_to_its_share_and_a_wake_is_quick() {
    struct Counted {
        running: Arc<AtomicU32>,
        most: Arc<AtomicU32>,
        go: Arc<Notify>,
    }
    impl Handler for Counted {
        fn kind(&self) -> &'static str {
            "counted"
        }
        fn concurrency(&self) -> usize {
            2
        }
        fn run<'a>(&'a self, _: &'a Claimed) -> BoxFuture<'a, Outcome> {
            Box::pin(async {
                let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                self.go.notify_one();
                tokio::time::sleep(Duration::from_millis(30)).await;
                self.running.fetch_sub(1, Ordering::SeqCst);
                Outcome::Done
            })
        }
    }
    let db = TestDb::new().await;
    let queue = Queue::new(db.platform.clone());
    let (running, most, go) = (Arc::default(), Arc::<AtomicU32>::default(), Arc::new(Notify::new()));
    let handler = Counted { running, most: most.clone(), go: go.clone() };
    let config = WorkerConfig { poll: Duration::from_secs(30), ..config("a") };
    let worker = Worker::new(queue.clone(), config).with(handler).start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..10 {
        queue.enqueue(NewJob::new(id(), "counted", json!({}))).await.unwrap();
    }
    let woken = tokio::time::Instant::now();
    worker.waker().notify_one();
    go.notified().await;
    assert!(woken.elapsed() < Duration::from_secs(10), "{:?}", woken.elapsed());
    until("all done", || async {
        let open: i64 = sqlx::query_scalar("select count(*) from jobs where state <> 'done'")
            .fetch_one(&db.platform)
            .await
            .unwrap();
        (open == 0).then_some(())
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 2);
    worker.stop(Duration::from_secs(1)).await;
    db.close().await;
}

/// While a transaction holds the fence for longer than a lease, nobody takes the job, and other leases are renewed all the same.
#[tokio::test]
async fn a_long_fenced_transaction_keeps_its_job_and_holds_up_no_other() {
    let db = TestDb::new().await;
    effects_table(&db).await;
    let tenant = db.tenant().await;
    let queue = Queue::new(db.platform.clone());
    let (long, other) = (id(), id());
    queue.enqueue(NewJob::new(long, "work", json!("long")).scope(tenant)).await.unwrap();
    queue.enqueue(NewJob::new(other, "work", json!("other")).scope(tenant)).await.unwrap();
    let one = |name: &str| {
        let pool = db.app.clone();
        start(
            &db,
            name,
            works("work", move |job| {
                let pool = pool.clone();
                Box::pin(async move {
                    if job.payload == "other" {
                        tokio::time::sleep(LEASE * 2).await;
                        return Outcome::Done;
                    }
                    let mut tx = pool.begin().await.unwrap();
                    set_tenant(&mut tx, tenant).await;
                    job.fence(&mut tx).await.unwrap();
                    tokio::time::sleep(LEASE * 2).await;
                    job.finish(&mut tx).await.unwrap();
                    tx.commit().await.unwrap();
                    Outcome::Done
                })
            }),
        )
    };
    let (first, second) = (one("first"), one("second"));
    for job in [long, other] {
        assert_eq!(until_state(&db, job, "done").await.2, 1);
    }
    first.stop(Duration::from_secs(1)).await;
    second.stop(Duration::from_secs(1)).await;
    db.close().await;
}

/// One scope's two thousand jobs keep another's single one waiting for a turn, not for two thousand.
#[tokio::test]
async fn scopes_take_turns() {
    let db = TestDb::new().await;
    let queue = Queue::new(db.platform.clone());
    let (busy, quiet) = (db.tenant().await, db.tenant().await);
    sqlx::query(
        "insert into jobs (id, tenant_id, kind, payload) select gen_random_uuid(), $1, 'work', '{}' from generate_series(1, 2000)",
    )
    .bind(busy)
    .execute(&db.platform)
    .await
    .unwrap();
    let slow = || {
        works("work", |_| {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Outcome::Done
            })
        })
    };
    let workers = [start(&db, "a", slow()), start(&db, "b", slow())];
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (later, nobodys) = (id(), id());
    queue.enqueue(NewJob::new(later, "work", json!({})).scope(quiet)).await.unwrap();
    queue.enqueue(NewJob::new(nobodys, "work", json!({}))).await.unwrap();
    for job in [later, nobodys] {
        until_state(&db, job, "done").await;
    }
    // By what the database wrote down, not by when this test got round to looking.
    let behind: i64 = sqlx::query_scalar(
        "select count(*) from jobs where tenant_id = $1
         and (finished_at is null or finished_at > (select max(finished_at) from jobs where id = any($2)))",
    )
    .bind(busy)
    .bind([later, nobodys])
    .fetch_one(&db.platform)
    .await
    .unwrap();
    assert!(behind > 1000, "only {behind} of the busy scope's jobs came after the others'");
    for worker in workers {
        worker.stop(Duration::from_secs(1)).await;
    }
    db.close().await;
}

/// What a claim costs when a hundred thousand jobs wait, many of them for a later time.
#[tokio::test]
async fn a_claim_does_not_read_all_that_waits() {
    let db = TestDb::new().await;
    let scopes: Vec<Uuid> = futures::future::join_all((0..50).map(|_| db.tenant())).await;
    for (kind, later) in [("now", "0"), ("later", "3600")] {
        sqlx::query(
            "insert into jobs (id, tenant_id, kind, payload, run_at)
             select gen_random_uuid(), ($1::uuid[])[1 + n % 50], $2, '{}', now() + make_interval(secs => $3::float8) - interval '1 second' from generate_series(1, 50000) n",
        )
        .bind(&scopes)
        .bind(kind)
        .bind(later)
        .execute(&db.platform)
        .await
        .unwrap();
    }
    sqlx::query("analyze jobs").execute(&db.owner).await.unwrap();
    for kind in ["now", "later"] {
        let began = tokio::time::Instant::now();
        let worker = Worker::new(
            Queue::new(db.platform.clone()),
            WorkerConfig { poll: Duration::from_secs(60), concurrency: 1, ..config("a") },
        );
        let (seen, first) = (Arc::new(Notify::new()), AtomicU32::new(0));
        let tell = seen.clone();
        let running = worker
            .with(works(kind, move |_| {
                if first.fetch_add(1, Ordering::Relaxed) == 20 {
                    tell.notify_one();
                }
                Box::pin(async { Outcome::Done })
            }))
            .start();
        if kind == "now" {
            seen.notified().await;
            let each = began.elapsed() / 20;
            println!("one claim, one job and its end: {each:?}");
            assert!(each < Duration::from_millis(60), "{each:?}");
        } else {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        running.stop(Duration::from_secs(1)).await;
    }
    let early: i64 = sqlx::query_scalar("select count(*) from jobs where kind = 'later' and attempts > 0")
        .fetch_one(&db.platform)
        .await
        .unwrap();
    assert_eq!(early, 0);
    db.close().await;
}
