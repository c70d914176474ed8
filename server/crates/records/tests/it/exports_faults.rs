//! Export of many rows where something is in its way for a while: the file store, the number of files, a job that is gone without a word.

use crate::exports::{Desk, Memory};
use chrono::TimeDelta;
use domain::backend::BoxFuture;
use domain::exports::{ExportStatus, FetchExport, GetExport};
use domain::{Error, Result};
use platform::clock::Clock;
use platform::shelf::{FileKey, FileStore};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// A file store that takes its time, and refuses so many at first and every so many.
struct Weary {
    memory: Memory,
    wait: Duration,
    first: u32,
    every: u32,
    asked: AtomicU32,
}

impl Weary {
    fn over(memory: Memory, wait: Duration, every: u32) -> Self {
        Self { memory, wait, first: 0, every, asked: AtomicU32::new(0) }
    }
}

impl FileStore for Weary {
    fn put<'a>(&'a self, key: &'a FileKey, content: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            tokio::time::sleep(self.wait).await;
            let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            if asked <= self.first || asked.is_multiple_of(self.every) {
                return Err(Error::unavailable("The store is away"));
            }
            self.memory.put(key, content).await
        })
    }

    fn get<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<Vec<u8>>> {
        self.memory.get(key)
    }

    fn delete<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<()>> {
        self.memory.delete(key)
    }
}

/// More often in all than a job is tried, and never often for one part.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_now_and_then_costs_an_export_time_alone() {
    let desk = Desk::with(100, |memory| Weary::over(memory, Duration::ZERO, 3), &[]).await;
    let export = desk.start(&desk.grace).await.unwrap();
    let done = desk.work(&export).await;
    assert_eq!((done.status, done.rows), (ExportStatus::Done, 100), "{:?}", done.error);
    let file = desk.world.run(&desk.grace, FetchExport { id: export.id }).await.unwrap();
    let text: String = file.parts.iter().map(|part| desk.memory.text(&desk.key(*part))).collect();
    assert_eq!((file.parts.len(), text.lines().count()), (20, 102));
    desk.end().await;
}

/// For some minutes, as the waits between tries are outside of tests.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_for_a_while_ends_no_export() {
    let away = |memory| Weary { first: 10, ..Weary::over(memory, Duration::ZERO, u32::MAX) };
    let desk = Desk::with(10, away, &[]).await;
    let export = desk.start(&desk.grace).await.unwrap();
    let done = desk.work(&export).await;
    assert_eq!((done.status, done.rows), (ExportStatus::Done, 10), "{:?}", done.error);
    desk.end().await;
}

/// The database ends what idles in a transaction: a slow store would never be done with a part.
#[tokio::test(flavor = "multi_thread")]
async fn no_transaction_waits_for_a_store_that_takes_its_time() {
    let settings = [("idle_in_transaction_session_timeout", "500ms")];
    let slow = Duration::from_millis(1200);
    let mut desk = Desk::with(10, |memory| Weary::over(memory, slow, u32::MAX), &settings).await;
    desk.lease = Duration::from_secs(30);
    let export = desk.start(&desk.grace).await.unwrap();
    let done = desk.work(&export).await;
    assert_eq!((done.status, done.rows), (ExportStatus::Done, 10), "{:?}", done.error);
    desk.end().await;
}

/// The ten newest are kept. Whoever is reading another one reads it to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_being_fetched_outlives_the_ones_that_crowd_it_out() {
    const DUE: &str = "select count(*) from erasures where id = any ($1) and due_at <= $2";
    let desk = Desk::with(10, |memory| memory, &[]).await;
    let first = desk.start(&desk.grace).await.unwrap();
    assert_eq!(desk.work(&first).await.status, ExportStatus::Done);
    let file = desk.world.run(&desk.grace, FetchExport { id: first.id }).await.unwrap();
    let mut text = desk.memory.text(&desk.key(file.parts[0]));
    for _ in 0..10 {
        let next = desk.start(&desk.grace).await.unwrap();
        assert_eq!(desk.work(&next).await.status, ExportStatus::Done);
    }
    let pool = &desk.world.services().pools.platform;
    assert_eq!(records::exports::expired(pool, desk.world.clock.now(), 100).await.unwrap(), 1);
    assert_eq!(desk.world.run(&desk.grace, GetExport { id: first.id }).await.unwrap_err(), Error::not_found());
    let due = async || {
        let due = sqlx::query_scalar::<_, i64>(DUE).bind(&file.parts).bind(desk.world.clock.now());
        due.fetch_one(&desk.owner).await.unwrap()
    };
    assert_eq!(due().await, 0, "parts that are being read would go");
    text += &desk.memory.text(&desk.key(file.parts[1]));
    assert!(text.starts_with("begin\n") && text.ends_with("end\n") && text.lines().count() == 12, "{text}");
    desk.world.clock.advance(TimeDelta::hours(6));
    assert_eq!(due().await, 2);
    desk.end().await;
}

/// Its workers died, or it panicked at its last try.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_a_job_left_behind_is_ended_and_told() {
    const LOST: &str = "\
update jobs set state = 'failed', finished_at = now() where unique_key = 'export:' || $1::text and state in ('queued', 'running')";
    const TOLD: &str = "select title, record_id from notifications where member_id = $1 and kind = 'failure'";
    let desk = Desk::with(60, |memory| memory, &[]).await;
    let export = desk.start(&desk.grace).await.unwrap();
    let swept = async || records::end_abandoned(&desk.world.platform, 100).await.unwrap();
    assert_eq!(swept().await, 0, "its job waits");
    desk.half(&export).await;
    assert_eq!(swept().await, 0, "its job is to be taken over");
    let lost = sqlx::query(LOST).bind(export.id).execute(&desk.owner).await.unwrap();
    assert_eq!((lost.rows_affected(), swept().await, swept().await), (1, 1, 0));
    let failed = desk.get(&export).await;
    assert_eq!(failed.status, ExportStatus::Failed);
    assert!(failed.error.as_deref().is_some_and(|error| error.contains("nobody went on")), "{failed:?}");
    let told: Vec<(String, Uuid)> =
        sqlx::query_as(TOLD).bind(desk.grace.access.member.0).fetch_all(&desk.owner).await.unwrap();
    assert_eq!(told, [("Your export was stopped".to_owned(), export.id)]);
    let again = desk.start(&desk.grace).await.unwrap();
    assert_eq!(desk.work(&again).await.status, ExportStatus::Done);
    desk.end().await;
}
