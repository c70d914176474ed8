//! A list of 10,000 leads of twelve countries as somebody would export them, 100 of them wrong.

use crate::support::*;
use domain::imports::{Existing, ImportErrorFile, ImportStatus};
use records::index;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use testkit::TestWorld;

fn fixture(name: &str) -> String {
    let path = format!("{}/../../../end2end/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// What the reason has to say, by the word that the list of refused rows has for it.
fn words(reason: &str) -> (&'static str, &'static str) {
    match reason {
        "e-mail without @" => ("E-mail", "it has no @"),
        "unknown pipeline step" => ("Pipeline step", "not one of the choices"),
        "amount is not a number" => ("Deal size", "about 5000 is not an amount"),
        "date does not exist" => ("Created on", "a day that does not exist"),
        "name is empty" => ("Full Name", "it is required"),
        "currency does not exist" => ("Currency", "ZZZ is not a currency"),
        "duplicate of an earlier e-mail" => ("E-mail", "is the same as in row"),
        "negative amount" => ("Deal size", "is negative"),
        "owner is not a member" => ("Owner e-mail", "nobody@elsewhere.example is not a member of this workspace"),
        "date in the far future" => ("Created on", "is in the future"),
        other => panic!("{other}"),
    }
}

/// Until `events` are settled: transactions of other tests in the same cluster may hold that up, though not the words.
async fn index_all(world: &TestWorld, events: usize) {
    let mut settled = 0;
    for _ in 0..3000 {
        settled += index::run_once(&world.platform).await.unwrap();
        if settled >= events {
            assert_eq!(settled, events);
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{settled} of {events} events");
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "times are measured")]
async fn ten_thousand_leads_come_in_and_go_again() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let content = fixture("leads-10k.csv");
    let expected: Value = serde_json::from_str(&fixture("leads-10k.refused.json")).unwrap();
    let expected: BTreeMap<i64, &str> = expected["reasons_by_data_row"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(row, reason)| (row.parse().unwrap(), reason.as_str().unwrap()))
        .collect();
    let before = world.fingerprint(&BUSINESS).await;

    let started = Instant::now();
    let import = upload(&world, &amina, "lead", content.as_bytes()).await.unwrap();
    println!("upload {:.2?}", started.elapsed());
    assert_eq!((import.rows, import.status, import.header_doubt.as_deref()), (10_000, ImportStatus::Uploaded, None));
    assert_eq!(import.sample.len(), 5);
    let mapped: Vec<&str> = import.mapping.columns.values().map(String::as_str).collect();
    let all = [
        "name",
        "email",
        "phone",
        "company",
        "city",
        "country",
        "value",
        "value.currency",
        "status",
        "source",
        "enquiredOn",
        "owner",
        "notes",
    ];
    assert_eq!(mapped, all);
    assert_eq!((import.mapping.key.as_deref(), import.mapping.existing), (Some("email"), Existing::Skip));

    let import = map(&world, &amina, &import, import.mapping.clone()).await.unwrap();
    let started = Instant::now();
    let shown = preview(&world, &amina, &import).await;
    let took = started.elapsed();
    println!("preview {took:.2?}");
    assert_eq!((shown.would_create, shown.would_update, shown.unchanged, shown.refused), (9900, 0, 0, 100));
    assert_eq!((shown.rows.len(), shown.problems.len()), (20, 50));
    assert_eq!(shown.rows[0].values["owner"], "Amina");

    let started = Instant::now();
    let import = finish(&world, &amina, &import).await;
    println!("import {:.2?}", started.elapsed());
    assert_eq!((import.status, import.created, import.refused, import.done), (ImportStatus::Done, 9900, 100, 10_000));
    let refused = refusals(&world, &amina, &import).await;
    assert_eq!(refused.len(), 100);
    for ((row, column, reason), (wanted, why)) in refused.iter().zip(&expected) {
        let (header, words) = words(why);
        assert!(
            row == wanted && column.as_deref() == Some(header) && reason.contains(words),
            "{row} {column:?} {reason}: {wanted} {why}"
        );
    }
    let file = world.run(&amina, ImportErrorFile { id: import.id }).await.unwrap();
    assert_eq!(file.file_name, "list.errors.csv");
    let lines: Vec<csv::StringRecord> =
        csv::Reader::from_reader(file.content.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(lines.len(), 100);
    assert!(lines.iter().all(|line| line.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@']))));
    assert_eq!(
        lines.iter().map(|line| line[13].parse::<i64>().unwrap()).collect::<Vec<_>>(),
        expected.keys().copied().collect::<Vec<_>>()
    );

    // Phones as they were typed, quoted line breaks, right-to-left names, yen without decimals.
    let row = lead(&world, &amina, "z5.238@example.co.ke").await;
    assert_eq!(
        (row.text("name"), row.text("phone"), row.text("city")),
        (Some("pani Bianka Towarek"), Some("+48 572 366 118"), Some("Świdnik"))
    );
    let row = lead(&world, &amina, "n4.222@example.org").await;
    assert_eq!(row.values["value"], serde_json::json!({ "amount": "4938", "currency": "JPY" }));
    assert_eq!(
        (row.text("status"), row.text("source"), row.label("owner")),
        (Some("proposal"), Some("import"), Some("John"))
    );

    let started = Instant::now();
    index_all(&world, 9900).await;
    println!("index {:.2?}", started.elapsed());
    let imported = world.fingerprint(&BUSINESS).await;
    let again = crate::support::import(&world, &amina, "lead", &content, Existing::Skip).await;
    assert_eq!((again.created, again.updated, again.unchanged, again.refused), (0, 0, 9900, 100));
    let started = Instant::now();
    let updated = crate::support::import(&world, &amina, "lead", &content, Existing::Update).await;
    println!("the same again, updating {:.2?}", started.elapsed());
    assert_eq!((updated.created, updated.updated, updated.unchanged, updated.refused), (0, 0, 9900, 100));
    index_all(&world, 0).await;
    assert_eq!(world.fingerprint(&BUSINESS).await, imported);

    let started = Instant::now();
    let undone = undo(&world, &amina, &import).await.unwrap();
    println!("undo {:.2?}", started.elapsed());
    assert_eq!((undone.removed, undone.reverted, undone.kept.len()), (9900, 0, 0));
    assert_eq!(world.fingerprint(&BUSINESS).await, before);
    index_all(&world, 9900).await;
    assert_eq!(world.fingerprint(&BUSINESS).await, before);
    assert_eq!(get(&world, &amina, &import).await.status, ImportStatus::Undone);
    let twice = undo(&world, &amina, &import).await.unwrap_err();
    assert!(twice.message.contains("taken back already"), "{twice}");
    world.end().await;
}
