//! What has happened to a row.

use crate::world::{World, object};
use domain::records::{Cause, DeleteRecord, FieldChange, RecordTimeline, RestoreRecord, TransitionRecord};
use platform::Caller;
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn the_newest_comes_first_with_names_and_titles() {
    let world = World::new().await;
    let here = &world.here;
    let tick = || world.test.clock.advance(chrono::Duration::seconds(1));
    let target = world.lead_of(&here.user, "Target").await;
    tick();
    let sample = world.create(&here.user, "sample", json!({ "name": "S" })).await.unwrap();
    tick();
    let sample = world
        .update(&here.admin, "sample", &sample, json!({ "lead": target.id, "owner": here.boss.access.member }))
        .await
        .unwrap();
    tick();
    let values = object(json!({ "price": { "amount": "1", "currency": "EUR" }, "day": "2026-01-01" }));
    let finish = TransitionRecord {
        entity: "sample".to_owned(),
        id: sample.id,
        version: None,
        name: Some("finish".to_owned()),
        to: None,
        pipeline: None,
        values,
    };
    world.run(&here.user, finish).await.unwrap();
    tick();
    world.run(&here.admin, DeleteRecord { entity: "sample".to_owned(), id: sample.id, version: None }).await.unwrap();
    tick();
    world.run(&here.admin, RestoreRecord { entity: "sample".to_owned(), id: sample.id }).await.unwrap();
    let timeline = |limit, before| RecordTimeline { entity: "sample".to_owned(), id: sample.id, limit, before };
    let entries = world.run(&here.user, timeline(50, None)).await.unwrap();
    let told: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.operation.as_str(), entry.actor.as_deref().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("records.restore", "Ada Admin"),
            ("records.delete", "Ada Admin"),
            ("records.transition", "Uma User"),
            ("records.update", "Ada Admin"),
            ("records.create", "Uma User"),
        ]
    );
    assert_eq!(entries[3].at, "2026-11-20T12:00:02Z");
    assert!(entries[3].cause.is_none());
    let changes: Vec<&FieldChange> = entries[3].changes.iter().collect();
    let [lead, owner] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(
        (lead.field.as_str(), lead.before_label.as_deref(), lead.after_label.as_deref()),
        ("lead", None, Some("Target"))
    );
    assert_eq!((owner.before_label.as_deref(), owner.after_label.as_deref()), (Some("Uma User"), Some("Bea Boss")));
    assert!(
        entries[2]
            .changes
            .iter()
            .any(|change| change.field == "status" && change.before == "draft" && change.after == "ready")
    );
    let older = world.run(&here.user, timeline(2, Some(entries[1].id))).await.unwrap();
    assert_eq!(older, entries[2..4]);
    world.end().await;
}

#[tokio::test]
async fn a_change_that_no_click_caused_says_what_did() {
    let world = World::new().await;
    let import = Uuid::from_u128(3);
    let mut caller: Caller = world.here.user.clone();
    (caller.origin.cause_kind, caller.origin.cause_id) = ("import", Some(import));
    let lead = world.lead_of(&caller, "x").await;
    let entries = world
        .run(&world.here.user, RecordTimeline { entity: "lead".to_owned(), id: lead.id, limit: 5, before: None })
        .await
        .unwrap();
    assert_eq!(entries[0].cause, Some(Cause { kind: "import".to_owned(), id: Some(import) }));
    world.end().await;
}
