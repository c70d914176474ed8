//! Taking an import back.

use crate::support::*;
use domain::imports::{Existing, ImportStatus, ListKept};
use domain::records::{DeleteRecord, RecordTimeline, TransitionRecord, UpdateRecord};
use domain::{Kind, records::Values};
use records::index;
use serde_json::json;

fn one(key: &str, value: &str) -> Values {
    Values::from_iter([(key.to_owned(), json!(value))])
}

#[tokio::test]
async fn rows_that_were_worked_on_since_are_kept_and_listed() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    some_lead(&world, &amina, "Old").await;
    let before = world.fingerprint(&BUSINESS).await;
    let content: String = std::iter::once("Name,E-mail\n".to_owned())
        .chain((0..1200).map(|n| format!("Lead {n},l{n}@x.example\n")))
        .collect();
    let done = import(&world, &amina, "lead", &content, Existing::Skip).await;
    assert_eq!(done.created, 1200);
    let [changed, moved, trashed, used] = ["l3@x.example", "l500@x.example", "l777@x.example", "l1100@x.example"];
    let row = lead(&world, &amina, changed).await;
    let update = UpdateRecord {
        entity: "lead".into(),
        id: row.id,
        version: Some(row.version),
        values: one("city", "Kisumu"),
        base: None,
    };
    world.run(&amina, update).await.unwrap();
    let row = lead(&world, &amina, moved).await;
    let step = TransitionRecord {
        entity: "lead".into(),
        id: row.id,
        version: Some(1),
        name: None,
        to: Some("contacted".into()),
        pipeline: None,
        values: Values::new(),
    };
    world.run(&amina, step).await.unwrap();
    let row = lead(&world, &amina, trashed).await;
    world.run(&amina, DeleteRecord { entity: "lead".into(), id: row.id, version: Some(1) }).await.unwrap();
    let row = lead(&world, &amina, used).await;
    create(&world, &amina, "task", json!({ "title": "Call", "lead": row.id })).await;

    let undone = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((undone.removed, undone.reverted), (1196, 0));
    let mut kept: Vec<(&str, &str)> = undone.kept.iter().map(|row| (row.title.as_str(), row.reason.as_str())).collect();
    kept.sort_unstable();
    let since = "It was changed since the import";
    assert_eq!(
        kept,
        [
            ("Lead 1100", "Another record refers to it"),
            ("Lead 3", since),
            ("Lead 500", since),
            ("Lead 777", "It was moved to the trash since the import")
        ]
    );
    let now = get(&world, &amina, &done).await;
    assert_eq!((now.status, now.kept), (ImportStatus::Undone, 4));
    let mut listed = world.run(&amina, ListKept { id: done.id }).await.unwrap();
    listed.sort_by_key(|row| row.id);
    let mut expected = undone.kept.clone();
    expected.sort_by_key(|row| row.id);
    assert_eq!(listed, expected);
    assert_eq!(all(&world, &amina, "lead", "").await.len(), 4, "the old one and three of those that were kept");
    assert_ne!(world.fingerprint(&BUSINESS).await, before);
    world.end().await;
}

#[tokio::test]
async fn what_was_changed_is_put_back() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    for name in ["Asha", "Zuri", "Neema"] {
        some_lead(&world, &amina, name).await;
    }
    let was = all(&world, &amina, "lead", "").await;
    let content = "Name,E-mail,City,Stage,Value,Currency\n\
        Asha B,asha@x.example,Kisumu,Proposal,12,KES\n\
        Zuri,zuri@x.example,Nairobi,,,\n\
        Neema,neema@x.example,Mombasa,Contacted,,\n\
        New,new@x.example,,,,\n";
    let done = import(&world, &amina, "lead", content, Existing::Update).await;
    assert_eq!((done.created, done.updated), (1, 3));
    let neema = lead(&world, &amina, "neema@x.example").await;
    let update =
        UpdateRecord { entity: "lead".into(), id: neema.id, version: Some(2), values: one("city", "Lamu"), base: None };
    world.run(&amina, update).await.unwrap();
    let undone = undo(&world, &amina, &done).await.unwrap();
    assert_eq!((undone.removed, undone.reverted, undone.kept.len()), (1, 2, 1));
    let now = all(&world, &amina, "lead", "").await;
    assert_eq!(now.len(), 3);
    for (was, now) in was.iter().zip(&now).take(2) {
        let business = |row: &domain::records::Record| {
            let mut values = row.values.clone();
            values.remove("updatedAt");
            values
        };
        assert_eq!(business(was), business(now), "put back, the move past its gate too");
        assert_eq!(now.version, 3);
    }
    assert_eq!((now[2].text("city"), now[2].text("status")), (Some("Lamu"), Some("contacted")));
    // The timeline says where it came from and where it went.
    let timeline = world
        .run(&amina, RecordTimeline { entity: "lead".into(), id: now[0].id, limit: 10, before: None })
        .await
        .unwrap();
    let causes: Vec<Option<uuid::Uuid>> = timeline
        .iter()
        .filter_map(|entry| entry.cause.as_ref())
        .filter(|cause| cause.kind == "import")
        .map(|cause| cause.id)
        .collect();
    assert_eq!(causes, [Some(done.id), Some(done.id)]);
    world.end().await;
}

#[tokio::test]
async fn an_undo_leaves_no_words_behind() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let before = world.fingerprint(&BUSINESS).await;
    let done = import(&world, &amina, "lead", "Name,E-mail\nFindme,find@x.example\n", Existing::Skip).await;
    while index::run_once(&world.platform).await.unwrap() > 0 {}
    assert_ne!(world.fingerprint(&["search_terms"]).await, "search_terms=empty");
    undo(&world, &amina, &done).await.unwrap();
    assert_eq!(world.fingerprint(&BUSINESS).await, before);
    let error = undo(&world, &amina, &done).await.unwrap_err();
    assert!(error.kind == Kind::Conflict && error.message.contains("already"), "{error}");
    let waiting = ready(&world, &amina, "lead", "Name\nX\n", Existing::Skip).await;
    assert!(undo(&world, &amina, &waiting).await.unwrap_err().message.contains("not been started"));
    start(&world, &amina, &waiting).await.unwrap();
    assert!(undo(&world, &amina, &waiting).await.unwrap_err().message.contains("still being worked on"));
    world.end().await;
}
