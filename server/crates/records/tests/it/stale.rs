//! Writes that come too late.

use crate::world::{World, object};
use domain::Kind;
use domain::records::{TransitionRecord, UpdateRecord};
use serde_json::{Value, json};

#[tokio::test]
async fn a_stale_write_says_what_it_was_yours_and_theirs() {
    let world = World::new().await;
    let here = &world.here;
    let read = world
        .create(&here.user, "lead", json!({ "name": "Lake", "city": "Kisumu", "company": "Old Ltd" }))
        .await
        .unwrap();
    let second = world.update(&here.admin, "lead", &read, json!({ "city": "Nairobi" })).await.unwrap();
    let third =
        world.update(&here.admin, "lead", &second, json!({ "city": "Mombasa", "company": "New Ltd" })).await.unwrap();
    let error = world
        .update(&here.user, "lead", &read, json!({ "city": "Eldoret", "name": "Lake View", "company": "New Ltd" }))
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.resource_id.clone()), (Kind::Stale, Some(read.id.to_string())));
    let conflict = error.conflict.unwrap();
    assert_eq!((conflict.read_version, conflict.current_version), (1, 3));
    assert_eq!(
        (conflict.changed_by.as_deref(), conflict.changed_at.as_deref()),
        (Some("Ada Admin"), Some("2026-11-20T12:00:00Z"))
    );
    assert_eq!(conflict.current, serde_json::to_value(&third).unwrap());
    let sides: Vec<(&str, &Value, &Value, &Value)> =
        conflict.fields.iter().map(|field| (field.field.as_str(), &field.was, &field.yours, &field.theirs)).collect();
    // What both made the same is no conflict; what only the caller changed is shown all the same.
    assert_eq!(
        sides,
        [
            ("city", &json!("Kisumu"), &json!("Eldoret"), &json!("Mombasa")),
            ("name", &json!("Lake"), &json!("Lake View"), &json!("Lake")),
        ]
    );
    assert_eq!(world.get(&here.user, "lead", read.id).await.unwrap(), third);
    world.end().await;
}

#[tokio::test]
async fn what_the_caller_read_is_what_it_was() {
    let world = World::new().await;
    let user = &world.here.user;
    let read = world.create(user, "lead", json!({ "name": "Lake", "city": "Kisumu" })).await.unwrap();
    world.update(user, "lead", &read, json!({ "city": "Nairobi" })).await.unwrap();
    let update = UpdateRecord {
        entity: "lead".to_owned(),
        id: read.id,
        version: Some(1),
        values: object(json!({ "city": "Eldoret" })),
        base: Some(object(json!({ "city": "As I remember it" }))),
    };
    let conflict = world.run(user, update).await.unwrap_err().conflict.unwrap();
    assert_eq!(conflict.fields[0].was, json!("As I remember it"));
    world.end().await;
}

#[tokio::test]
async fn a_stale_move_is_refused_too() {
    let world = World::new().await;
    let user = &world.here.user;
    let read = world.lead_of(user, "Lake").await;
    world.update(user, "lead", &read, json!({ "city": "Nairobi" })).await.unwrap();
    let lose = |version| TransitionRecord {
        entity: "lead".to_owned(),
        id: read.id,
        version,
        name: Some("lose".to_owned()),
        to: None,
        pipeline: None,
        values: object(json!({})),
    };
    assert_eq!(world.run(user, lose(Some(1))).await.unwrap_err().kind, Kind::Stale);
    assert_eq!(world.run(user, lose(Some(2))).await.unwrap().text("status"), Some("lost"));
    world.end().await;
}

/// L-05 in small: what was answered with success is what is there, edit by edit.
#[tokio::test]
async fn nobodys_edit_is_overwritten_unseen() {
    let world = World::new().await;
    let lead = world.create(&world.here.user, "sample", json!({ "name": "Counter", "pieces": 0 })).await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let (platform, caller, id) = (world.platform.clone(), world.here.user.clone(), lead.id);
        tasks.push(tokio::spawn(async move {
            let mut done = 0;
            for _ in 0..10 {
                let backend = platform.clone().backend(caller.clone());
                let read = backend.run(domain::records::GetRecord { entity: "sample".to_owned(), id }).await.unwrap();
                let order = read.values["pieces"].as_i64().unwrap() + 1;
                let values = object(json!({ "pieces": order }));
                let update =
                    UpdateRecord { entity: "sample".to_owned(), id, version: Some(read.version), values, base: None };
                match backend.run(update).await {
                    Ok(_) => done += 1,
                    Err(error) => assert_eq!(error.kind, Kind::Stale, "{error}"),
                }
            }
            done
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    let last = world.get(&world.here.user, "sample", lead.id).await.unwrap();
    assert!(done > 0);
    assert_eq!((last.values["pieces"].as_i64(), last.version), (Some(done), done + 1));
    world.end().await;
}
