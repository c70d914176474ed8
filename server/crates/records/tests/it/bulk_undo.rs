//! A change of many rows and its undo leave the business as it was, whatever the change does; what somebody worked on since stays as they left it,
//! and is listed.

use crate::bulk::{Desk, set};
use crate::world::World;
use chrono::TimeDelta;
use domain::Kind;
use domain::records::{
    Bulk, BulkAction, BulkRecords, BulkStatus, CreateRecord, DeleteRecord, GetBulk, PreviewUndoBulk, Record,
    RestoreRecord, TransitionRecord, UndoBulk, UndoPreview, Values,
};
use jobs::{Queue, Worker, WorkerConfig};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::Business;
use uuid::Uuid;

/// What the business tables hold, the words under which rows are found among it.
async fn business(desk: &Desk) -> Business {
    while records::index::run_once(&desk.world.platform).await.unwrap() > 0 {}
    desk.world.business().await
}

async fn make(desk: &Desk, entity: &str, values: Value) -> Record {
    let values = values.as_object().cloned().unwrap();
    desk.world.run(&desk.boss, CreateRecord { entity: entity.to_owned(), values }).await.unwrap()
}

/// Leads of which some lack what others have, with tasks that point at them.
async fn leads(desk: &Desk, count: usize) -> Vec<Record> {
    let john = desk.world.member(&desk.tenant, "John", &["USER"]).await.access.member;
    let mut leads = Vec::new();
    for n in 0..count {
        let city = ["Nairobi", "Kisumu", "Mombasa"][n % 3];
        let amount = json!({ "amount": format!("{n}.50"), "currency": "KES" });
        let values = json!({
            "name": format!("Lead {n}"),
            "email": format!("l{n}@x.example"),
            "phone": format!("+254 700 {n:03}"),
            "company": (n % 3 > 0).then(|| format!("Company {n}")),
            "city": city,
            "country": (n % 2 > 0).then_some("UG"),
            "value": (n % 4 > 0).then_some(amount),
            "source": (n % 5 > 0).then_some("referral"),
            "enquiredOn": (n % 2 > 0).then_some("2026-11-02"),
            "nextStep": (n % 3 > 0).then_some("Call"),
            "notes": (n % 4 > 0).then_some("Met at the fair"),
            "owner": if n % 3 == 0 { john } else { desk.boss.access.member },
        });
        leads.push(make(desk, "lead", values).await);
    }
    for lead in leads.iter().step_by(7) {
        make(desk, "task", json!({ "title": "Call", "lead": lead.id })).await;
    }
    leads
}

/// Opportunities that several people take part in, and a contact who takes part in none.
async fn opportunities(desk: &Desk) -> (Vec<Uuid>, Uuid) {
    let customer = make(desk, "customer", json!({ "name": "Lake Motors" })).await.id;
    let mut people = Vec::new();
    for name in ["Amina", "Brian", "Chao"] {
        people.push(make(desk, "contact", json!({ "name": name })).await.id);
    }
    let mut deals = Vec::new();
    for several in [json!(null), json!([people[0]]), json!([people[0], people[1]])] {
        let values = json!({ "name": "Deal", "customer": customer, "participants": several });
        deals.push(make(desk, "opportunity", values).await.id);
    }
    (deals, people[2])
}

fn ids(rows: &[Record]) -> Vec<Uuid> {
    rows.iter().map(|row| row.id).collect()
}

fn object(values: Value) -> Values {
    let Value::Object(values) = values else { panic!("{values} is no object") };
    values
}

async fn run(desk: &Desk, entity: &str, bulk: BulkRecords) -> Bulk {
    let begun = desk.world.run(&desk.boss, BulkRecords { entity: entity.to_owned(), ..bulk }).await.unwrap();
    let done = desk.work(&desk.boss, begun.id).await;
    assert_eq!(done.status, BulkStatus::Done, "{:?}", done.error);
    done
}

/// Every field that a bulk change may set.
fn other_values(owner: Uuid) -> Value {
    json!({
        "company": "Other Ltd", "city": "Eldoret", "country": "TZ", "source": "partner", "enquiredOn": "2026-10-01",
        "value": { "amount": "99.00", "currency": "EUR" }, "nextStep": null, "notes": "Set for all", "owner": owner,
    })
}

fn moved(ids: Vec<Uuid>, to: &str, values: Value) -> BulkRecords {
    let (action, to) = (BulkAction::Move, Some(to.to_owned()));
    BulkRecords { action, ids, to, values: object(values), ..BulkRecords::default() }
}

fn doing(action: BulkAction, ids: Vec<Uuid>) -> BulkRecords {
    BulkRecords { action, ids, ..BulkRecords::default() }
}

#[tokio::test]
async fn a_change_of_many_and_its_undo_leave_the_business_as_it_was() {
    let desk = Desk::new().await;
    let leads = leads(&desk, 30).await;
    let (deals, person) = opportunities(&desk).await;
    for lead in &leads[24..] {
        let delete = DeleteRecord { entity: "lead".to_owned(), id: lead.id, version: None };
        desk.world.run(&desk.boss, delete).await.unwrap();
    }
    let owner = desk.world.member(&desk.tenant, "Grace", &["USER"]).await.access.member.0;
    let several = json!({ "participants": [person] });
    let emptied = json!({ "company": null, "value": null, "owner": null, "source": null });
    let changes = [
        ("lead", "other values in all", BulkRecords { all: true, ..set(Vec::new(), other_values(owner)) }),
        ("lead", "no values in all", BulkRecords { all: true, ..set(Vec::new(), emptied) }),
        // Not all of them have the value that the gate asks for.
        ("lead", "a move of all", moved(ids(&leads[..24]), "proposal", json!({ "nextStep": "Send it" }))),
        ("lead", "into the trash", doing(BulkAction::Delete, ids(&leads[..20]))),
        ("lead", "out of the trash", doing(BulkAction::Restore, ids(&leads[24..]))),
        ("opportunity", "one more person", BulkRecords { action: BulkAction::Add, ..set(deals.clone(), several) }),
        ("opportunity", "a move of opportunities", moved(deals.clone(), "lost", json!({}))),
    ];
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for (entity, name, bulk) in changes {
        let before = business(&desk).await;
        let done = run(&desk, entity, bulk).await;
        let there = business(&desk).await;
        let undone = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
        let after = business(&desk).await;
        if done.changed == 0 || before == there {
            wrong.push(format!("{name}: nothing was changed that could be put back: {done:?}"));
        }
        if (undone.reverted, undone.kept, undone.waiting) != (done.changed, 0, 0) {
            wrong.push(format!("{name}: {} were changed, and of the way back is said {undone:?}", done.changed));
        }
        let reasons = desk.reasons(&desk.boss, &done).await;
        if i64::try_from(reasons.len()) != Ok(done.refused) {
            wrong.push(format!("{name}: {} were refused, and listed are {reasons:?}", done.refused));
        }
        wrong.extend(before.differences(&after).into_iter().map(|line| format!("{name}: {line}")));
        rows += done.changed;
    }
    println!("undone={rows} wrong={} pass={}", wrong.len(), u8::from(wrong.is_empty()));
    assert!(wrong.is_empty(), "{wrong:#?}");
    desk.world.end().await;
}

/// What somebody does to three rows of a change: edits one, moves another on, throws the third away. Answers what they are called.
async fn work_on(desk: &Desk, rows: &[Record]) -> Vec<String> {
    let [edited, moved, trashed] = rows else { panic!("three rows") };
    desk.update(&desk.get(edited.id).await, json!({ "phone": "+254 711 999" })).await;
    let (entity, version) = ("lead".to_owned(), Some(desk.get(moved.id).await.version));
    let (to, values) = (Some("qualified".to_owned()), object(json!({ "company": "Moved Ltd" })));
    let step = TransitionRecord { entity, id: moved.id, version, name: None, to, pipeline: None, values };
    desk.world.run(&desk.boss, step).await.unwrap();
    let delete = DeleteRecord { entity: "lead".to_owned(), id: trashed.id, version: None };
    desk.world.run(&desk.boss, delete).await.unwrap();
    rows.iter().map(|row| row.text("name").unwrap_or_default().to_owned()).collect()
}

/// The same of rows in the trash: one is taken out of it, another taken out and edited.
async fn take_out(desk: &Desk, rows: &[Record]) -> Vec<String> {
    for row in rows {
        desk.world.run(&desk.boss, RestoreRecord { entity: "lead".to_owned(), id: row.id }).await.unwrap();
    }
    desk.update(&desk.get(rows[0].id).await, json!({ "phone": "+254 711 998" })).await;
    rows.iter().map(|row| row.text("name").unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn what_somebody_worked_on_since_is_left_as_they_left_it_and_listed() {
    let desk = Desk::new().await;
    let leads = leads(&desk, 36).await;
    let owner = desk.world.member(&desk.tenant, "Grace", &["USER"]).await.access.member.0;
    let mut wrong = Vec::new();
    for (name, rows, bulk, trash) in [
        ("other values", &leads[..12], set(ids(&leads[..12]), other_values(owner)), false),
        ("a move", &leads[12..24], moved(ids(&leads[12..24]), "contacted", json!({ "nextStep": "Call again" })), false),
        ("into the trash", &leads[24..], doing(BulkAction::Delete, ids(&leads[24..])), true),
    ] {
        let before = business(&desk).await;
        let done = run(&desk, "lead", bulk).await;
        let (touched, called) = if trash {
            (&rows[..2], take_out(&desk, &rows[..2]).await)
        } else {
            (&rows[..3], work_on(&desk, &rows[..3]).await)
        };
        let left = business(&desk).await;
        let undone = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
        let after = business(&desk).await;

        let kept = i64::try_from(touched.len()).unwrap();
        if (done.changed, undone.reverted, undone.kept) != (12, 12 - kept, kept) {
            wrong.push(format!("{name}: {} were changed, and of the way back is said {undone:?}", done.changed));
        }
        let mut listed: Vec<(String, String)> = desk
            .reasons(&desk.boss, &done)
            .await
            .into_iter()
            .map(|(title, reason)| (title.unwrap_or_default(), reason))
            .collect();
        listed.sort();
        let titles: Vec<&str> = listed.iter().map(|(title, _)| title.as_str()).collect();
        if titles != called || listed.iter().any(|(_, reason)| reason.is_empty()) {
            wrong.push(format!("{name}: listed are {listed:?} instead of {called:?}"));
        }
        // The others are as they were before the change, and those three as somebody left them. Words of rows are theirs.
        let theirs = |line: &String| touched.iter().any(|row| line.starts_with(&format!("leads {} ", row.id)));
        let words = |line: &String| line.starts_with("search_");
        let others = before.differences(&after).into_iter().filter(|line| !theirs(line) && !words(line));
        wrong.extend(others.map(|line| format!("{name}: not put back: {line}")));
        let overwritten = left.differences(&after).into_iter().filter(theirs);
        wrong.extend(overwritten.map(|line| format!("{name}: somebody's work is gone: {line}")));
    }
    println!("bar=L-05 undo wrong={} pass={}", wrong.len(), u8::from(wrong.is_empty()));
    assert!(wrong.is_empty(), "{wrong:#?}");
    desk.world.end().await;
}

#[tokio::test]
async fn what_the_way_back_would_come_to_is_foretold() {
    let desk = Desk::new().await;
    let leads = leads(&desk, 12).await;
    let done = run(&desk, "lead", BulkRecords { all: true, ..set(Vec::new(), json!({ "city": "Eldoret" })) }).await;
    assert_eq!(done.changed, 12);
    work_on(&desk, &leads[..3]).await;
    let ask = PreviewUndoBulk { id: done.id };
    let would = desk.world.run(&desk.boss, ask.clone()).await.unwrap();
    assert_eq!(would, UndoPreview { back: 9, changed: 3, ..UndoPreview::default() });
    // Whose change it is not learns nothing; whoever may change rows no longer puts none back.
    let other = desk.world.member(&desk.tenant, "Uma", &["MANAGER"]).await;
    assert_eq!(desk.world.run(&other, ask.clone()).await.unwrap_err().kind, Kind::NotFound);
    let owner = desk.world.owner().await;
    let role = async |role: &str| {
        let roles = sqlx::query("update members set roles = array[$2::text] where id = $1");
        roles.bind(desk.boss.access.member.0).bind(role).execute(&owner).await.unwrap();
    };
    role("VIEWER").await;
    let barred = desk.world.caller(&desk.tenant, desk.boss.access.member).await;
    let would = desk.world.run(&barred, ask.clone()).await.unwrap();
    assert_eq!(would, UndoPreview { changed: 3, barred: 9, ..UndoPreview::default() });
    role("MANAGER").await;

    let undone = desk.world.run(&desk.boss, UndoBulk { id: done.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (9, 3));
    assert_eq!(desk.world.run(&desk.boss, ask).await.unwrap(), UndoPreview::default(), "nothing is left");

    let thrown = run(&desk, "lead", doing(BulkAction::Delete, ids(&leads[4..8]))).await;
    let restore = RestoreRecord { entity: "lead".to_owned(), id: leads[4].id };
    desk.world.run(&desk.boss, restore).await.unwrap();
    let would = desk.world.run(&desk.boss, PreviewUndoBulk { id: thrown.id }).await.unwrap();
    assert_eq!(would, UndoPreview { back: 3, changed: 1, ..UndoPreview::default() });
    let undone = desk.world.run(&desk.boss, UndoBulk { id: thrown.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (3, 1));
    owner.close().await;
    desk.world.end().await;
}

/// One that came to its state at the very moment of the move among them.
#[tokio::test]
async fn what_is_moved_and_taken_back_stands_since_when_it_stood() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let early = world.create(admin, "visit", json!({ "name": "Early" })).await.unwrap();
    world.test.clock.advance(TimeDelta::days(1));
    let late = world.create(admin, "visit", json!({ "name": "Late" })).await.unwrap();
    let stood = |visit: &Record| ["status", "statusSince", "statusDue"].map(|key| visit.values[key].clone());
    assert!(stood(&early).iter().all(Value::is_string), "{early:?}");

    let all = moved(vec![early.id, late.id], "dropped", json!({}));
    let bulk = world.run(admin, BulkRecords { entity: "visit".to_owned(), ..all }).await.unwrap();
    let config = WorkerConfig { poll: Duration::from_millis(20), ..WorkerConfig::default() };
    let queue = Queue::new(world.test.services().pools.platform.clone());
    let running = Worker::new(queue, config).with(records::bulk::job_handler(world.platform.clone())).start();
    let mut done = bulk.clone();
    while matches!(done.status, BulkStatus::Queued | BulkStatus::Running) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        done = world.run(admin, GetBulk { id: bulk.id }).await.unwrap();
    }
    running.stop(Duration::from_secs(5)).await;
    assert_eq!((done.status, done.changed), (BulkStatus::Done, 2), "{done:?}");
    let dropped = world.get(admin, "visit", early.id).await.unwrap();
    assert_ne!(stood(&dropped), stood(&early));

    world.test.clock.advance(TimeDelta::days(2));
    let undone = world.run(admin, UndoBulk { id: bulk.id }).await.unwrap();
    assert_eq!((undone.reverted, undone.kept), (2, 0));
    for visit in [&early, &late] {
        assert_eq!(stood(&world.get(admin, "visit", visit.id).await.unwrap()), stood(visit));
    }
    world.end().await;
}
