//! An import that changes rows, and its undo: the business is as it was, column by column, except where somebody worked since.

use crate::support::*;
use domain::imports::{Existing, ImportStatus, ListKept};
use domain::records::{DeleteRecord, Record, TransitionRecord, UpdateRecord, Values};
use platform::Caller;
use records::index;
use serde_json::{Value, json};
use testkit::{Business, TestWorld};

/// Leads that the file changes.
const KNOWN: usize = 40;
/// Leads that it makes.
const MADE: usize = 12;
const HEADER: &str =
    "Name,E-mail,Phone,Company,City,Country,Stage,Value,Currency,Source,Enquired on,Next step,Notes,Owner e-mail\n";

/// What the business tables hold, the words under which rows are found among it.
async fn business(world: &TestWorld) -> Business {
    while index::run_once(&world.platform).await.unwrap() > 0 {}
    world.business().await
}

/// Leads of which some lack what others have, in several stages, with tasks that point at them.
async fn leads(world: &TestWorld, amina: &Caller) -> Vec<Record> {
    let mut leads = Vec::new();
    for n in 0..KNOWN {
        let amount = json!({ "amount": format!("{n}.50"), "currency": "KES" });
        let values = json!({
            "name": format!("Lead {n}"),
            "email": format!("l{n}@x.example"),
            "phone": (n % 2 > 0).then(|| format!("+254 700 {n:03}")),
            "company": (n % 3 > 0).then(|| format!("Company {n}")),
            "city": (n % 4 > 0).then_some("Nairobi"),
            "country": (n % 2 > 0).then_some("KE"),
            "value": (n % 4 > 0).then_some(amount),
            "source": (n % 5 > 0).then_some("referral"),
            "enquiredOn": (n % 2 > 0).then_some("2026-11-02"),
            "nextStep": (n % 3 > 0).then_some("Call"),
            "notes": (n % 4 > 0).then_some("Met at the fair"),
        });
        let lead = create(world, amina, "lead", values).await;
        if n % 6 == 1 {
            create(world, amina, "task", json!({ "title": "Call", "lead": lead.id })).await;
        }
        leads.push(lead);
    }
    for lead in leads.iter().step_by(3) {
        step(world, amina, lead, "contacted").await;
    }
    leads
}

async fn step(world: &TestWorld, caller: &Caller, lead: &Record, to: &str) {
    let (entity, to, values) = ("lead".to_owned(), Some(to.to_owned()), Values::new());
    let step = TransitionRecord { entity, id: lead.id, version: None, name: None, to, pipeline: None, values };
    world.run(caller, step).await.unwrap();
}

/// The known ones with other values in every column, some of them moved on, some as they are but for one cell; then new ones.
fn file() -> String {
    let mut file = HEADER.to_owned();
    for n in 0..KNOWN + MADE {
        let stage = ["", "Contacted", "Proposal", ""][n % 4];
        file += &match n % 8 {
            // Nothing but the name and a city.
            7 => format!("Lead {n},l{n}@x.example,,,Kisumu,,,,,,,,,\n"),
            _ => format!(
                "Other {n},l{n}@x.example,+254 711 {n:03},Other Ltd,Kisumu,UG,{stage},{n}.75,EUR,Partner,2026-10-01,\
                 Visit,From the file,john@demo.example\n"
            ),
        };
    }
    file
}

#[tokio::test]
async fn an_import_that_changes_rows_and_its_undo_leave_the_business_as_it_was() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    leads(&world, &amina).await;
    let before = business(&world).await;
    let done = import(&world, &amina, "lead", &file(), Existing::Update).await;
    let there = business(&world).await;
    let undone = undo(&world, &amina, &done).await.unwrap();
    let after = business(&world).await;

    let mut wrong = before.differences(&after);
    let [known, made] = [KNOWN, MADE].map(|count| i64::try_from(count).unwrap());
    if (done.updated, done.created, done.refused) != (known, made, 0) {
        wrong.push(format!("the import did not do what is to be undone: {done:?}"));
    }
    if before.differences(&there).len() < KNOWN * 2 {
        wrong.push("the import changed hardly anything".to_owned());
    }
    if (undone.reverted, undone.removed) != (known, made) || !undone.kept.is_empty() {
        wrong.push(format!("of the way back is said {undone:?}"));
    }
    println!("rows={} wrong={} pass={}", before.rows(), wrong.len(), u8::from(wrong.is_empty()));
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.end().await;
}

#[tokio::test]
async fn what_somebody_worked_on_since_an_import_is_left_as_they_left_it_and_listed() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    leads(&world, &amina).await;
    let before = business(&world).await;
    let done = import(&world, &amina, "lead", &file(), Existing::Update).await;
    // One that was changed is edited, another moved on, a third thrown away; and one that was made is edited.
    let row = async |n: usize| lead(&world, &amina, &format!("l{n}@x.example")).await;
    let edit = async |row: &Record, values: Value| {
        let (entity, values) = ("lead".to_owned(), values.as_object().cloned().unwrap());
        let update = UpdateRecord { entity, id: row.id, version: Some(row.version), values, base: None };
        world.run(&amina, update).await.unwrap();
    };
    let [edited, moved, trashed, made] = [row(1).await, row(4).await, row(9).await, row(KNOWN + 1).await];
    edit(&edited, json!({ "city": "Lamu" })).await;
    step(&world, &amina, &moved, "qualified").await;
    let delete = DeleteRecord { entity: "lead".to_owned(), id: trashed.id, version: None };
    world.run(&amina, delete).await.unwrap();
    edit(&made, json!({ "city": "Lamu" })).await;
    let left = business(&world).await;
    let undone = undo(&world, &amina, &done).await.unwrap();
    let after = business(&world).await;

    let mut wrong = Vec::new();
    let [known, new] = [KNOWN - 3, MADE - 1].map(|count| i64::try_from(count).unwrap());
    if (undone.reverted, undone.removed, undone.kept.len()) != (known, new, 4) {
        wrong.push(format!("of the way back is said {undone:?}"));
    }
    let now = get(&world, &amina, &done).await;
    if (now.status, now.kept) != (ImportStatus::Undone, 4) {
        wrong.push(format!("the import says {now:?}"));
    }
    let touched = [&edited, &moved, &trashed, &made];
    let listed = world.run(&amina, ListKept { id: done.id }).await.unwrap();
    let mut listed: Vec<(uuid::Uuid, bool)> = listed.into_iter().map(|row| (row.id, row.reason.is_empty())).collect();
    listed.sort_unstable();
    let mut wanted = touched.map(|row| (row.id, false));
    wanted.sort_unstable();
    if listed != wanted {
        wrong.push(format!("listed, and whether without a reason: {listed:?} instead of {wanted:?}"));
    }
    // Words of rows are theirs.
    let theirs = |line: &String| touched.iter().any(|row| line.starts_with(&format!("leads {} ", row.id)));
    let words = |line: &String| line.starts_with("search_");
    let others = before.differences(&after).into_iter().filter(|line| !theirs(line) && !words(line));
    wrong.extend(others.map(|line| format!("not put back: {line}")));
    let overwritten = left.differences(&after).into_iter().filter(theirs);
    wrong.extend(overwritten.map(|line| format!("somebody's work is gone: {line}")));
    println!("bar=L-05 import undo wrong={} pass={}", wrong.len(), u8::from(wrong.is_empty()));
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.end().await;
}
