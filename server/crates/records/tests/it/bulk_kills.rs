//! Workers that are killed in the middle of a change of many rows, and in the middle of its way back. Where each dies is not left to chance: the
//! row that it comes to, or its job, is held by somebody else, so that it stands in the middle of a batch when its plug is pulled. And what becomes
//! of a change whose rows are held for long, or whose job is gone without a word.

use crate::bulk::{Desk, set};
use domain::Kind;
use domain::error::BUSY;
use domain::records::{Bulk, BulkAction, BulkRecords, BulkStatus, CreateRecord, GetBulk, UndoBulk};
use jobs::{Queue, Running, Worker, WorkerConfig};
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};
use std::time::Duration;
use testkit::TestWorld;
use uuid::Uuid;

/// More than a request takes back by itself, and no whole number of batches.
const ROWS: usize = 330;
/// Rows of one transaction of a worker.
const BATCH: i64 = 50;
const ROW: &str = "select from leads where id = $1 for update";
const JOB: &str =
    "select from jobs where kind = 'records.bulk' and state = 'running' and payload ->> 'bulk' = $1::text for update";

/// A worker whose job is taken over soon after it died.
fn worker(desk: &Desk) -> Running {
    let config = WorkerConfig {
        lease: Duration::from_millis(300),
        poll: Duration::from_millis(20),
        retry_base: Duration::from_millis(20),
        ..WorkerConfig::default()
    };
    let queue = Queue::new(desk.world.services().pools.platform.clone());
    Worker::new(queue, config).with(records::bulk::job_handler(desk.world.platform.clone())).start()
}

/// Somebody who holds a row in a transaction of their own, until [`release`].
async fn hold(desk: &Desk, sql: &'static str, id: Uuid) -> PgConnection {
    let mut holder = PgConnection::connect(&desk.world.urls.owner).await.unwrap();
    sqlx::raw_sql("begin").execute(&mut holder).await.unwrap();
    let held = sqlx::query(sql).bind(id).execute(&mut holder).await.unwrap();
    assert_eq!(held.rows_affected(), 1, "{sql}");
    holder
}

async fn release(mut holder: PgConnection) {
    sqlx::raw_sql("rollback").execute(&mut holder).await.unwrap();
    holder.close().await.unwrap();
}

/// Where the plug is pulled.
#[derive(Debug, Clone, Copy)]
enum At {
    /// While this row of the change is waited for.
    Row(usize),
    /// When the batch of this row is worked, and nothing of it is committed.
    Commit(usize),
}

/// A change with its rows in the order in which they are worked.
struct Case<'a> {
    desk: &'a Desk,
    owner: PgPool,
    bulk: Uuid,
    rows: Vec<Uuid>,
    wrong: Vec<String>,
}

/// What the tables say of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
struct Tables {
    /// Leads that hold the new value.
    set: i64,
    /// Rows of the job that are changed, or were.
    changed: i64,
    reverted: i64,
    kept: i64,
    /// Rows of the trail that tell of the way there and of the way back.
    told: i64,
    told_back: i64,
    /// Records of which the trail tells one of the two more than once.
    twice: i64,
}

const TABLES: &str = "\
with told as (
    select record_id, operation = 'records.undo_bulk' as back, count(*) as times from changes
    where cause_kind = 'bulk' and cause_id = $1 and entity = 'lead' group by 1, 2
)
select (select count(*) from leads where city = 'Kisumu') as set,
    count(*) filter (where outcome in ('changed', 'reverted', 'kept')) as changed,
    count(*) filter (where outcome = 'reverted') as reverted,
    count(*) filter (where outcome = 'kept') as kept,
    (select coalesce(sum(times), 0)::bigint from told where not back) as told,
    (select coalesce(sum(times), 0)::bigint from told where back) as told_back,
    (select count(*) from told where times > 1) as twice
from bulk_rows where bulk_id = $1";

impl<'a> Case<'a> {
    async fn of(desk: &'a Desk, bulk: Uuid) -> Self {
        let owner = desk.world.owner().await;
        let rows = sqlx::query_scalar("select record_id from bulk_rows where bulk_id = $1 order by position");
        let rows = rows.bind(bulk).fetch_all(&owner).await.unwrap();
        Self { desk, owner, bulk, rows, wrong: Vec::new() }
    }

    async fn job(&self) -> Bulk {
        self.desk.world.run(&self.desk.boss, GetBulk { id: self.bulk }).await.unwrap()
    }

    /// Has a worker begin, pulls its plug there, and lets the dead one's transaction end.
    async fn kill(&self, at: At) {
        let (At::Row(row) | At::Commit(row)) = at;
        let mut holder = hold(self.desk, ROW, self.rows[row]).await;
        let running = worker(self.desk);
        self.desk.world.somebody_waits().await;
        if matches!(at, At::Commit(_)) {
            let job = hold(self.desk, JOB, self.bulk).await;
            release(holder).await;
            self.desk.world.somebody_waits().await;
            holder = job;
        }
        drop(running);
        // Its tasks are gone before what they wait for is free.
        tokio::time::sleep(Duration::from_millis(200)).await;
        release(holder).await;
    }

    /// After a death or at the end: the job, the rows and the trail tell the same, and no more than what was committed.
    async fn judge(&mut self, when: &str, back: bool, done: i64) {
        let job = self.job().await;
        let tables: Tables = sqlx::query_as(TABLES).bind(self.bulk).fetch_one(&self.owner).await.unwrap();
        let all = i64::try_from(self.rows.len()).unwrap();
        let (there, returned) = if back { (all, done - tables.kept) } else { (done, 0) };
        let wanted = Tables {
            set: there - returned - tables.kept,
            changed: there,
            reverted: returned,
            kept: tables.kept,
            told: there,
            told_back: returned,
            twice: 0,
        };
        if tables != wanted {
            self.wrong.push(format!("{when}: {tables:?} instead of {wanted:?}"));
        }
        let counted = (job.rows, job.changed, job.unchanged, job.refused, job.reverted, job.kept);
        if counted != (all, there, 0, 0, returned, tables.kept) {
            self.wrong.push(format!("{when}: the job says {job:?}, and the tables {tables:?}"));
        }
    }

    /// What a worker that was killed there may have left: whole batches before that row.
    async fn killed(&mut self, at: At, back: bool) {
        let (At::Row(row) | At::Commit(row)) = at;
        self.kill(at).await;
        let status = self.job().await.status;
        let wanted = if back { BulkStatus::Undoing } else { BulkStatus::Running };
        if status != wanted {
            self.wrong.push(format!("killed {at:?}, back {back}: it is {status:?}"));
        }
        let done = i64::try_from(row).unwrap() / BATCH * BATCH;
        self.judge(&format!("killed {at:?}, back {back}"), back, done).await;
    }
}

async fn leads(desk: &Desk, count: usize) {
    let mut ctx = desk.world.open(&desk.boss).await;
    let lead = ctx.entity("lead").unwrap();
    let rows = (0..count).map(|n| {
        let values = json!({ "name": format!("Lead {n}"), "city": "Nairobi", "company": "Old Ltd" });
        records::NewRow { id: None, values: values.as_object().cloned().unwrap(), status: None }
    });
    records::create_many(&mut ctx, &lead, rows.collect()).await.unwrap();
    ctx.commit().await.unwrap();
}

/// In the middle of the second batch, at the first row of the third, and when all of the third is worked.
const DEATHS: [At; 3] = [At::Row(74), At::Row(100), At::Commit(149)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_workers_cost_no_row_of_a_change_nor_of_its_undo_and_double_none() {
    let desk = Desk::new().await;
    leads(&desk, ROWS).await;
    let before = desk.world.business().await;
    let all = i64::try_from(ROWS).unwrap();

    let values = json!({ "city": "Kisumu", "company": "New Ltd" });
    let bulk = desk.start(&desk.boss, BulkRecords { all: true, ..set(Vec::new(), values) }).await.unwrap();
    let mut case = Case::of(&desk, bulk.id).await;
    for at in DEATHS {
        case.killed(at, false).await;
    }
    let done = desk.work(&desk.boss, bulk.id).await;
    if done.status != BulkStatus::Done {
        case.wrong.push(format!("the change ends as {done:?}"));
    }
    case.judge("done", false, all).await;

    // Somebody works on one row, which is kept by the way back. The others go back as if nobody had died.
    let edited = case.rows[20];
    desk.update(&desk.get(edited).await, json!({ "city": "Eldoret" })).await;
    let asked = desk.world.run(&desk.boss, UndoBulk { id: bulk.id }).await.unwrap();
    if asked.waiting != all {
        case.wrong.push(format!("a worker is to put {all} rows back: {asked:?}"));
    }
    for at in DEATHS {
        case.killed(at, true).await;
    }
    let undone = desk.work(&desk.boss, bulk.id).await;
    if (undone.status, undone.reverted, undone.kept) != (BulkStatus::Undone, all - 1, 1) {
        case.wrong.push(format!("the way back ends as {undone:?}"));
    }
    case.judge("undone", true, all).await;
    let theirs = format!("leads {edited} ");
    let (kept, others): (Vec<String>, Vec<String>) =
        before.differences(&desk.world.business().await).into_iter().partition(|line| line.starts_with(&theirs));
    if !kept.iter().any(|line| line.contains(" city was ") && line.contains("Eldoret")) {
        case.wrong.push(format!("of the row that somebody worked on: {kept:?}"));
    }
    case.wrong.extend(others.into_iter().map(|line| format!("not put back: {line}")));
    let reasons = desk.reasons(&desk.boss, &undone).await;
    if !matches!(&reasons[..], [(Some(_), reason)] if reason == "It was changed since") {
        case.wrong.push(format!("listed as kept: {reasons:?}"));
    }
    // Once there, once back, and once by somebody: no row has been written more often.
    let often: Vec<(Uuid, i64)> =
        sqlx::query_as("select id, version from leads where version <> 3 or id = $1 order by id")
            .bind(edited)
            .fetch_all(&case.owner)
            .await
            .unwrap();
    if often != [(edited, 3)] {
        case.wrong.push(format!("rows with a version other than 3, beside {edited}: {often:?}"));
    }
    let Case { owner, wrong, .. } = case;
    println!("killed={} rows={ROWS} wrong={} pass={}", DEATHS.len() * 2, wrong.len(), u8::from(wrong.is_empty()));
    assert!(wrong.is_empty(), "{wrong:#?}");
    owner.close().await;
    desk.world.end().await;
}

/// Has a worker come to what is held until a try of it has failed for that, then lets it go and has the change brought to its end.
async fn wait_for(desk: &Desk, bulk: Uuid, holder: PgConnection) -> Bulk {
    const TRIED: &str = "\
select exists (select from jobs where payload ->> 'bulk' = $1::text and state in ('queued', 'running') and error is not null)";
    let owner = desk.world.owner().await;
    let running = worker(desk);
    let mut tried = false;
    for _ in 0..1000 {
        tried = sqlx::query_scalar(TRIED).bind(bulk).fetch_one(&owner).await.unwrap();
        if tried {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    release(holder).await;
    running.stop(Duration::from_secs(5)).await;
    owner.close().await;
    assert!(tried, "what was held was no reason to try again");
    desk.work(&desk.boss, bulk).await
}

/// That somebody goes on holding a row, or one that it is to point at, is nothing to be written down of it for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_for_longer_than_one_waits_is_come_to_again() {
    const TASK: &str = "select from tasks where id = $1 for update";
    let settings = [("lock_timeout", "300ms")];
    let desk = Desk::of(TestWorld::with_settings(records::register, &settings).await).await;
    let make = async |entity: &str, values: serde_json::Value| {
        let values = values.as_object().cloned().unwrap();
        desk.world.run(&desk.boss, CreateRecord { entity: entity.to_owned(), values }).await.unwrap().id
    };
    let lead = make("lead", json!({ "name": "Held", "city": "Nairobi" })).await;
    let mut tasks = Vec::new();
    for title in ["Call", "Write", "Meet"] {
        tasks.push(make("task", json!({ "title": title })).await);
    }
    let about = BulkRecords { entity: "task".to_owned(), ..set(tasks.clone(), json!({ "lead": lead })) };
    let bulk = desk.world.run(&desk.boss, about).await.unwrap();
    let done = wait_for(&desk, bulk.id, hold(&desk, ROW, lead).await).await;
    assert_eq!((done.status, done.changed, done.refused), (BulkStatus::Done, 3, 0), "{done:?}");
    // Whoever waits for the few of them is told, and nothing is done.
    let holder = hold(&desk, TASK, tasks[1]).await;
    let error = desk.world.run(&desk.boss, UndoBulk { id: bulk.id }).await.unwrap_err();
    assert!(error.kind == Kind::Conflict && error.is(BUSY), "{error:?}");
    release(holder).await;
    let undone = desk.world.run(&desk.boss, UndoBulk { id: bulk.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (3, 0));

    leads(&desk, 219).await;
    let all = BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Kisumu" })) };
    let bulk = desk.done(&desk.boss, all).await;
    let rows = Case::of(&desk, bulk.id).await.rows;
    assert_eq!(desk.world.run(&desk.boss, UndoBulk { id: bulk.id }).await.unwrap().waiting, 220);
    let undone = wait_for(&desk, bulk.id, hold(&desk, ROW, rows[70]).await).await;
    assert_eq!((undone.status, undone.reverted, undone.kept), (BulkStatus::Undone, 220, 0), "{undone:?}");
    desk.world.end().await;
}

/// Has a worker bring a change to its end whose job is tried twice, beside somebody who holds a row all the time.
async fn end_beside(desk: &Desk, bulk: Uuid, held: Uuid) -> Bulk {
    const TWICE: &str = "update jobs set max_attempts = 2 where payload ->> 'bulk' = $1::text and state = 'queued'";
    let owner = desk.world.owner().await;
    assert_eq!(sqlx::query(TWICE).bind(bulk).execute(&owner).await.unwrap().rows_affected(), 1);
    let holder = hold(desk, ROW, held).await;
    let running = worker(desk);
    let mut now = desk.world.run(&desk.boss, GetBulk { id: bulk }).await.unwrap();
    for _ in 0..1000 {
        if !matches!(now.status, BulkStatus::Queued | BulkStatus::Running | BulkStatus::Undoing) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        now = desk.world.run(&desk.boss, GetBulk { id: bulk }).await.unwrap();
    }
    running.stop(Duration::from_secs(5)).await;
    release(holder).await;
    owner.close().await;
    now
}

/// It is left as it is and named, there and back, and out of the trash too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_held_to_the_last_try_costs_no_other() {
    let desk = Desk::of(TestWorld::with_settings(records::register, &[("lock_timeout", "300ms")]).await).await;
    leads(&desk, 211).await;
    let all = BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Kisumu" })) };
    let bulk = desk.start(&desk.boss, all).await.unwrap();
    let rows = Case::of(&desk, bulk.id).await.rows;
    let done = end_beside(&desk, bulk.id, rows[70]).await;
    assert_eq!((done.status, done.changed, done.refused), (BulkStatus::Done, 210, 1), "{done:?}");
    let reasons = desk.reasons(&desk.boss, &done).await;
    let named = matches!(&reasons[..], [(Some(_), reason)] if reason.starts_with("Somebody else was changing"));
    assert!(named, "{reasons:?}");
    assert_eq!(desk.world.run(&desk.boss, UndoBulk { id: bulk.id }).await.unwrap().waiting, 210);
    let undone = end_beside(&desk, bulk.id, rows[100]).await;
    assert_eq!((undone.status, undone.reverted, undone.kept), (BulkStatus::Undone, 209, 1), "{undone:?}");

    let throw = BulkRecords { action: BulkAction::Delete, all: true, ..BulkRecords::default() };
    let thrown = desk.done(&desk.boss, throw).await;
    assert_eq!(desk.world.run(&desk.boss, UndoBulk { id: thrown.id }).await.unwrap().waiting, 211);
    let undone = end_beside(&desk, thrown.id, rows[130]).await;
    assert_eq!((undone.status, undone.reverted, undone.kept), (BulkStatus::Undone, 210, 1), "{undone:?}");
    desk.world.end().await;
}

/// A job that was given up because its workers died, or that panicked at its last try, says nothing: what it worked at is ended for it.
#[tokio::test]
async fn what_a_job_left_behind_is_ended_and_its_member_told() {
    const LOST: &str = "\
update jobs set state = 'failed', finished_at = now() where payload ->> 'bulk' = $1::text and state in ('queued', 'running')";
    const TOLD: &str =
        "select title, record_id from notifications where member_id = $1 and kind = 'failure' order by id";
    const OPEN: &str = "update bulk_changes set status = 'running', finished_at = null where id = $1";
    let desk = Desk::new().await;
    leads(&desk, 210).await;
    let owner = desk.world.owner().await;
    let swept = async || records::end_abandoned(&desk.world.platform, 100).await.unwrap();
    let lost = async |bulk: Uuid| {
        assert_eq!(swept().await, 0, "its job waits");
        let lost = sqlx::query(LOST).bind(bulk).execute(&owner).await.unwrap();
        assert_eq!((lost.rows_affected(), swept().await, swept().await), (1, 1, 0));
        let failed = desk.world.run(&desk.boss, GetBulk { id: bulk }).await.unwrap();
        assert_eq!(failed.status, BulkStatus::Failed);
        assert!(failed.error.as_deref().is_some_and(|error| error.contains("nobody went on")), "{failed:?}");
    };
    let all = || BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Kisumu" })) };
    let begun = desk.start(&desk.boss, all()).await.unwrap();
    lost(begun.id).await;
    let undone = desk.world.run(&desk.boss, UndoBulk { id: begun.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept, undone.waiting), (0, 0, 0));

    // Two sweeps see one left behind at once. The slower one comes to it when it was ended and is being taken back: that is healthy.
    let done = desk.done(&desk.boss, all()).await;
    sqlx::query(OPEN).bind(done.id).execute(&owner).await.unwrap();
    let slow = records::abandoned(&desk.world.platform, 100).await.unwrap();
    assert_eq!((slow.len(), swept().await), (1, 1));
    assert_eq!(desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap().waiting, 210);
    assert_eq!(records::end_left(&desk.world.platform, &slow).await, 0);
    let undoing = desk.world.run(&desk.boss, GetBulk { id: done.id }).await.unwrap();
    assert_eq!(undoing.status, BulkStatus::Undoing, "{:?}", undoing.error);
    lost(done.id).await;
    let told: Vec<(String, Uuid)> =
        sqlx::query_as(TOLD).bind(desk.boss.access.member.0).fetch_all(&owner).await.unwrap();
    let wanted = [
        ("Your change of many rows was stopped".to_owned(), begun.id),
        ("Your change of many rows was stopped".to_owned(), done.id),
        ("Taking back your change of many rows was stopped".to_owned(), done.id),
    ];
    assert_eq!(told, wanted);
    assert_eq!(desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap().waiting, 210);
    let undone = desk.work(&desk.boss, done.id).await;
    assert_eq!((undone.status, undone.reverted, undone.error), (BulkStatus::Undone, 210, None));
    owner.close().await;
    desk.world.end().await;
}
