//! Taking a large import back: by a worker, in batches, through deaths and withdrawn rights; and what is foretold of it.

use crate::support::*;
use domain::Kind;
use domain::imports::{Existing, Import, ImportStatus, ListKept, PreviewUndoImport, UndoImport, Undone};
use domain::records::{DeleteRecord, Record, UndoPreview, UpdateRecord};
use platform::Caller;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use testkit::{Business, TestWorld};
use uuid::Uuid;

/// Two batches and a rest: they are worked from the last row to the first.
const ROWS: i64 = 1200;
/// In the second batch, and in the rest.
const SECOND: i64 = 400;
const REST: i64 = 100;

fn file(rows: i64) -> String {
    std::iter::once("Name,E-mail\n".to_owned())
        .chain((1..=rows).map(|n| format!("Lead {n},l{n}@x.example\n")))
        .collect()
}

async fn business(world: &TestWorld) -> Business {
    while records::index::run_once(&world.platform).await.unwrap() > 0 {}
    world.business().await
}

/// Somebody who holds the record of a row in a transaction of their own, until [`release`].
async fn hold(world: &TestWorld, import: Uuid, row: i64) -> PgConnection {
    const ROW: &str = "\
select from leads where id = (select record_id from import_rows where import_id = $1 and row_number = $2) for update";
    let mut holder = PgConnection::connect(&world.urls.owner).await.unwrap();
    sqlx::raw_sql("begin").execute(&mut holder).await.unwrap();
    let held = sqlx::query(ROW).bind(import).bind(row).execute(&mut holder).await.unwrap();
    assert_eq!(held.rows_affected(), 1);
    holder
}

async fn release(mut holder: PgConnection) {
    sqlx::raw_sql("rollback").execute(&mut holder).await.unwrap();
    holder.close().await.unwrap();
}

/// Waits until so many rows are committed and the batch behind them waits for what is held.
async fn come_to(world: &TestWorld, caller: &Caller, import: &Import, looked_at: i64) {
    for _ in 0..1000 {
        if get(world, caller, import).await.looked_at() == looked_at {
            return world.somebody_waits().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the undo does not come to {looked_at}: {:?}", get(world, caller, import).await);
}

async fn edit(world: &TestWorld, caller: &Caller, row: &Record, values: Value) {
    let (entity, values) = ("lead".to_owned(), values.as_object().cloned().unwrap());
    let update = UpdateRecord { entity, id: row.id, version: Some(row.version), values, base: None };
    world.run(caller, update).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_costs_no_row_of_an_undo_and_takes_none_back_twice() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let elsewhere = world.tenant("elsewhere", "core").await;
    let eve = world.member(&elsewhere, "Eve", &["OWNER"]).await;
    // The same rows in another workspace, which stay.
    let theirs = import(&world, &eve, "lead", &file(3), Existing::Skip).await;
    some_lead(&world, &amina, "Old").await;
    let before = business(&world).await;
    let done = import(&world, &amina, "lead", &file(ROWS), Existing::Skip).await;
    assert_eq!(done.created, ROWS);
    let edited = lead(&world, &amina, "l1000@x.example").await;
    edit(&world, &amina, &edited, json!({ "city": "Kisumu" })).await;

    let asked = world.run(&amina, UndoImport { id: done.id }).await.unwrap();
    assert_eq!(asked, Undone { removed: 0, reverted: 0, kept: Vec::new(), waiting: ROWS });
    let now = get(&world, &amina, &done).await;
    assert_eq!((now.status, now.looked_at(), now.left()), (ImportStatus::Undoing, 0, ROWS));
    assert_eq!(lead(&world, &amina, "l7@x.example").await.version, 1, "nothing happens in the request");
    let again = world.run(&amina, UndoImport { id: done.id }).await.unwrap_err();
    assert!(again.kind == Kind::Conflict && again.message.contains("being taken back already"), "{again}");
    assert_eq!(start(&world, &amina, &done).await.unwrap_err().kind, Kind::Conflict);
    assert_eq!(world.run(&eve, UndoImport { id: done.id }).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(world.run(&eve, PreviewUndoImport { id: done.id }).await.unwrap_err().kind, Kind::NotFound);

    // Each dies in the middle of a batch: what was committed before is whole batches, and the batch is nothing.
    for (row, looked_at) in [(SECOND, 500), (REST, 1000)] {
        let held = hold(&world, done.id, row).await;
        let running = worker(&world, Duration::from_millis(300));
        come_to(&world, &amina, &done, looked_at).await;
        drop(running);
        // Its tasks are gone before what they wait for is free.
        tokio::time::sleep(Duration::from_millis(200)).await;
        release(held).await;
        let now = get(&world, &amina, &done).await;
        assert_eq!((now.status, now.looked_at()), (ImportStatus::Undoing, looked_at));
        assert_eq!((now.removed, now.kept, now.left()), (looked_at - 1, 1, ROWS - looked_at + 1));
        assert_eq!(world.run(&amina, ListKept { id: done.id }).await.unwrap().len(), 1, "listed on the way");
    }
    let running = worker(&world, Duration::from_secs(30));
    let undone = ended(&world, &amina, &done).await;
    running.stop(Duration::from_secs(5)).await;
    assert_eq!((undone.status, undone.removed, undone.kept, undone.gone), (ImportStatus::Undone, ROWS - 1, 1, 0));
    let kept = world.run(&amina, ListKept { id: done.id }).await.unwrap();
    let kept: Vec<(Uuid, &str)> = kept.iter().map(|row| (row.id, row.reason.as_str())).collect();
    assert_eq!(kept, [(edited.id, "It was changed since the import")]);

    let owner = world.owner().await;
    let told: (i64, i64, i64) = sqlx::query_as(
        "select count(*), count(distinct record_id), count(distinct xid) from changes where operation = 'imports.undo' and entity = 'lead'",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    assert_eq!(told, (ROWS - 1, ROWS - 1, 3), "each row once, in three transactions");
    owner.close().await;
    // Words of the row that stays are its own.
    let row = format!("leads {} ", edited.id);
    let mut others = before.differences(&business(&world).await);
    others.retain(|line| !line.starts_with(&row) && !line.starts_with("search_"));
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(get(&world, &eve, &theirs).await, theirs);
    let rest = world.run(&amina, UndoImport { id: done.id }).await.unwrap();
    assert_eq!((rest.removed, rest.kept.len(), rest.waiting), (0, 1, 0), "what was kept is few");
    world.end().await;
}

/// Each batch asks for the rights of its moment. What the job leaves is taken back by who may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_is_withdrawn_stops_an_undo_at_the_next_batch() {
    let world = world().await;
    let (demo, amina) = demo(&world).await;
    let boss = world.member(&demo, "Boss", &["OWNER"]).await;
    let before = world.fingerprint(&BUSINESS).await;
    let done = import(&world, &amina, "lead", &file(ROWS), Existing::Skip).await;
    assert_eq!(world.run(&amina, UndoImport { id: done.id }).await.unwrap().waiting, ROWS);
    let held = hold(&world, done.id, SECOND).await;
    let running = worker(&world, Duration::from_secs(30));
    come_to(&world, &boss, &done, 500).await;
    let owner = world.owner().await;
    let viewer = "update members set roles = '{VIEWER}' where id = $1";
    sqlx::query(viewer).bind(amina.access.member.0).execute(&owner).await.unwrap();
    owner.close().await;
    release(held).await;
    let stopped = ended(&world, &boss, &done).await;
    running.stop(Duration::from_secs(5)).await;
    assert_eq!((stopped.status, stopped.removed, stopped.left()), (ImportStatus::Failed, 1000, 200));
    assert!(stopped.error.as_deref().is_some_and(|error| error.contains("crm.lead.import")), "{:?}", stopped.error);
    assert_eq!(stopped.finished_at, done.finished_at, "the import itself ended when it did");
    let error = start(&world, &boss, &done).await.unwrap_err();
    assert!(error.kind == Kind::Conflict && error.message.contains("was taken back"), "{error}");
    let rest = world.run(&boss, UndoImport { id: done.id }).await.unwrap();
    assert_eq!((rest.removed, rest.kept.len(), rest.waiting), (200, 0, 0));
    let now = get(&world, &boss, &done).await;
    assert_eq!((now.status, now.removed, now.error), (ImportStatus::Undone, ROWS, None));
    assert_eq!(world.fingerprint(&BUSINESS).await, before);
    world.end().await;
}

/// One row that cannot be put back, because another has taken its value since, keeps no other.
#[tokio::test]
async fn what_stands_in_the_way_of_one_row_stands_in_the_way_of_no_other() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    for name in ["Asha", "Zuri"] {
        some_lead(&world, &amina, name).await;
    }
    let content = "Name,E-mail,City\nAsha,asha@x.example,Kisumu\nZuri,zuri@x.example,Lamu\nKito,kito@x.example,Lamu\n";
    let done = import(&world, &amina, "lead", content, Existing::Update).await;
    assert_eq!((done.created, done.updated), (1, 2));
    let owner = world.owner().await;
    // As something that came to be asked of rows since.
    let shape =
        "alter table leads add constraint leads_city_shape check (name <> 'Asha' or city is not null) not valid";
    sqlx::query(shape).execute(&owner).await.unwrap();
    owner.close().await;
    let undone = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((undone.removed, undone.reverted, undone.kept.len()), (1, 1, 1));
    assert_eq!(undone.kept[0].title, "Asha");
    assert_eq!(lead(&world, &amina, "zuri@x.example").await.text("city"), None);
    let owner = world.owner().await;
    let told: i64 =
        sqlx::query_scalar("select count(*) from changes where operation = 'imports.undo' and entity = 'lead'")
            .fetch_one(&owner)
            .await
            .unwrap();
    assert_eq!(told, 2, "nothing is told of what stayed, nor anything twice");
    owner.close().await;
    world.end().await;
}

#[tokio::test]
async fn what_an_undo_would_come_to_is_foretold() {
    let world = world().await;
    let (demo, amina) = demo(&world).await;
    let uma = world.member(&demo, "Uma", &["USER"]).await;
    for name in ["Asha", "Zuri"] {
        some_lead(&world, &amina, name).await;
    }
    let content = "Name,E-mail,City,Owner e-mail\n\
        Asha,asha@x.example,Kisumu,\n\
        Zuri,zuri@x.example,Lamu,\n\
        A,a@x.example,,\n\
        B,b@x.example,,\n\
        C,c@x.example,,\n\
        D,d@x.example,,\n\
        E,e@x.example,,uma@demo.example\n";
    let done = import(&world, &amina, "lead", content, Existing::Update).await;
    assert_eq!((done.created, done.updated), (5, 2), "{done:?}");
    let foretold = async |caller: &Caller| world.run(caller, PreviewUndoImport { id: done.id }).await.unwrap();
    assert_eq!(foretold(&amina).await, UndoPreview { back: 7, ..UndoPreview::default() });
    // Two are edited, one is thrown away, and one is referred to.
    for email in ["asha@x.example", "b@x.example"] {
        edit(&world, &amina, &lead(&world, &amina, email).await, json!({ "city": "Mombasa" })).await;
    }
    let [trashed, used] = [lead(&world, &amina, "c@x.example").await, lead(&world, &amina, "d@x.example").await];
    let delete = DeleteRecord { entity: "lead".to_owned(), id: trashed.id, version: None };
    world.run(&amina, delete).await.unwrap();
    create(&world, &amina, "task", json!({ "title": "Call", "lead": used.id })).await;

    // Of a colleague's import the rows that are one's own.
    let would = foretold(&uma).await;
    assert_eq!((would.changed, would.other, would.more), (3, 0, false), "{would:?}");
    assert!(would.back > 0 && would.barred > 0, "{would:?}");
    let undone = undo(&world, &uma, &done).await.unwrap();
    let outcome = |undone: &Undone| (undone.removed + undone.reverted, i64::try_from(undone.kept.len()).unwrap());
    assert_eq!((would.back, would.kept()), outcome(&undone));

    let would = foretold(&amina).await;
    assert_eq!((would.changed, would.barred, would.other), (3, 0, 1), "{would:?}");
    let undone = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((would.back, would.kept()), outcome(&undone));
    world.end().await;
}

/// Its workers died, or it panicked at its last try: nobody goes on with the way back, and it can be asked for again.
#[tokio::test]
async fn an_undo_that_a_job_left_behind_is_ended_told_and_taken_up_again() {
    const LOST: &str = "\
update jobs set state = 'failed', finished_at = now() where unique_key = 'import-undo:' || $1::text and state = 'queued'";
    const TOLD: &str = "select title, entity, record_id from notifications where member_id = $1 and kind = 'failure'";
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let done = import(&world, &amina, "lead", &file(300), Existing::Skip).await;
    assert_eq!(world.run(&amina, UndoImport { id: done.id }).await.unwrap().waiting, 300);
    let swept = async || records::end_abandoned(&world.platform, 100).await.unwrap();
    assert_eq!(swept().await, 0, "its job waits");
    let owner = world.owner().await;
    let lost = sqlx::query(LOST).bind(done.id).execute(&owner).await.unwrap();
    assert_eq!((lost.rows_affected(), swept().await, swept().await), (1, 1, 0));
    let now = get(&world, &amina, &done).await;
    assert_eq!((now.status, now.finished_at), (ImportStatus::Failed, done.finished_at.clone()));
    assert!(now.error.as_deref().is_some_and(|error| error.contains("nobody went on")), "{:?}", now.error);
    let told: Vec<(String, String, Uuid)> =
        sqlx::query_as(TOLD).bind(amina.access.member.0).fetch_all(&owner).await.unwrap();
    assert_eq!(told, [("Taking back your import was stopped".to_owned(), "import".to_owned(), done.id)]);
    let undone = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((undone.removed, undone.kept.len()), (300, 0));
    owner.close().await;
    world.end().await;
}

/// That somebody goes on holding a row is no reason to keep it for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_held_for_longer_than_one_waits_is_taken_back_all_the_same() {
    const TRIED: &str = "\
select exists (select from jobs where unique_key = 'import-undo:' || $1::text and state in ('queued', 'running') and error is not null)";
    let world = TestWorld::with_settings(records::register, &[("lock_timeout", "300ms")]).await;
    let (_, amina) = demo(&world).await;
    let done = import(&world, &amina, "lead", &file(300), Existing::Skip).await;
    assert_eq!(world.run(&amina, UndoImport { id: done.id }).await.unwrap().waiting, 300);
    let (held, owner) = (hold(&world, done.id, 100).await, world.owner().await);
    let running = worker(&world, Duration::from_secs(30));
    let mut tried = false;
    for _ in 0..1000 {
        tried = sqlx::query_scalar(TRIED).bind(done.id).fetch_one(&owner).await.unwrap();
        if tried {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    release(held).await;
    let undone = ended(&world, &amina, &done).await;
    running.stop(Duration::from_secs(5)).await;
    assert!(tried, "the row was kept for good: {undone:?}");
    assert_eq!((undone.status, undone.removed, undone.kept), (ImportStatus::Undone, 300, 0));
    owner.close().await;
    world.end().await;
}

/// It is left as it is and named, whatever way the import goes, and the others are not given up for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_held_to_the_last_try_costs_no_other() {
    const TWICE: &str = "update jobs set max_attempts = 2 where unique_key = $1 and state = 'queued'";
    let world = TestWorld::with_settings(records::register, &[("lock_timeout", "300ms")]).await;
    let (_, amina) = demo(&world).await;
    let owner = world.owner().await;
    // Tried twice, beside somebody who holds the record of a row of another import all the time.
    let end_beside = async |key: &str, import: &Import, of: &Import, row: i64| {
        let twice = sqlx::query(TWICE).bind(format!("{key}:{}", import.id)).execute(&owner).await.unwrap();
        assert_eq!(twice.rows_affected(), 1);
        let held = hold(&world, of.id, row).await;
        let running = worker(&world, Duration::from_secs(30));
        let ended = ended(&world, &amina, import).await;
        running.stop(Duration::from_secs(5)).await;
        release(held).await;
        ended
    };
    let few = import(&world, &amina, "lead", &file(4), Existing::Skip).await;
    let content: String = std::iter::once("Name,E-mail,City\n".to_owned())
        .chain((1..=4).map(|n| format!("Lead {n},l{n}@x.example,Lamu\n")))
        .collect();
    let change = ready(&world, &amina, "lead", &content, Existing::Update).await;
    start(&world, &amina, &change).await.unwrap();
    let changed = end_beside("import", &change, &few, 2).await;
    assert_eq!((changed.status, changed.updated, changed.refused), (ImportStatus::Done, 3, 1), "{changed:?}");

    let many = import(&world, &amina, "lead", &file(300), Existing::Skip).await;
    assert_eq!(world.run(&amina, UndoImport { id: many.id }).await.unwrap().waiting, 296);
    let undone = end_beside("import-undo", &many, &many, 100).await;
    assert_eq!((undone.status, undone.removed, undone.kept), (ImportStatus::Undone, 295, 1), "{undone:?}");
    owner.close().await;
    world.end().await;
}
