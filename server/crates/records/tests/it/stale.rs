//! Writes that come too late.

use crate::world::{World, object};
use domain::Kind;
use domain::records::{GetRecord, TransitionRecord, UpdateRecord};
use platform::{Caller, Platform};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

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

/// Who writes the same row at once, and how often each of them.
const WRITERS: i64 = 64;
const EDITS: i64 = 2;
/// Tries after which somebody says that they never get through.
const PATIENCE: u64 = 2_000;

/// What came of one writer's edits.
#[derive(Default)]
struct Written {
    /// Versions that were answered with success.
    versions: Vec<i64>,
    stale: u64,
    busy: u64,
    wrong: Vec<String>,
}

/// Reads the row, adds one to a number and a line of its own to a text, and tries again with what is there for as long as somebody was faster.
async fn add(platform: Arc<Platform>, caller: Caller, id: Uuid, writer: i64) -> Written {
    let mut written = Written::default();
    for edit in 0..EDITS {
        let mut done = false;
        for tried in 0..PATIENCE {
            let backend = platform.clone().backend(caller.clone());
            let read = match backend.run(GetRecord { entity: "sample".to_owned(), id }).await {
                Ok(read) => read,
                Err(error) if error.kind == Kind::Unavailable => continue,
                Err(error) => {
                    written.wrong.push(format!("writer {writer} cannot read: {error:?}"));
                    break;
                }
            };
            let pieces = read.values["pieces"].as_i64().unwrap_or_default() + 1;
            let note = format!("{}{}", read.text("note").unwrap_or_default(), tag(writer, edit));
            let values = object(json!({ "pieces": pieces, "note": note }));
            let update =
                UpdateRecord { entity: "sample".to_owned(), id, version: Some(read.version), values, base: None };
            match backend.run(update).await {
                Ok(record) => {
                    if record.version != read.version + 1 {
                        written
                            .wrong
                            .push(format!("writer {writer} read {} and left {}", read.version, record.version));
                    }
                    written.versions.push(record.version);
                    done = true;
                    break;
                }
                Err(error) if error.kind == Kind::Stale => written.stale += 1,
                // No connection was free: nothing was saved.
                Err(error) if error.kind == Kind::Unavailable => written.busy += 1,
                Err(error) => {
                    written.wrong.push(format!("writer {writer} is refused: {error:?}"));
                    break;
                }
            }
            // Those who were too late come back one after the other.
            let turn = u64::try_from(writer).unwrap_or_default() + 25 * tried.min(8);
            tokio::time::sleep(Duration::from_millis(turn)).await;
        }
        if !done {
            written.wrong.push(format!("writer {writer} never came through with edit {edit}"));
        }
    }
    written
}

/// What a writer adds to the text with one edit.
fn tag(writer: i64, edit: i64) -> String {
    format!("<{writer}.{edit}>")
}

/// L-05: what was answered with success is what is there, edit by edit, with sixty-four at the same row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobodys_edit_is_overwritten_unseen() {
    let world = World::new().await;
    let row = world.create(&world.here.user, "sample", json!({ "name": "Counter", "pieces": 0 })).await.unwrap();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        writers.push(world.test.member(&world.here.tenant, &format!("Writer {writer}"), &["USER"]).await);
    }
    let running: Vec<_> = (0..WRITERS)
        .zip(&writers)
        .map(|(writer, caller)| tokio::spawn(add(world.platform.clone(), caller.clone(), row.id, writer)))
        .collect();
    let (mut versions, mut stale, mut busy, mut wrong) = (Vec::new(), 0, 0, Vec::new());
    for task in running {
        let written = task.await.unwrap();
        versions.extend(written.versions);
        (stale, busy) = (stale + written.stale, busy + written.busy);
        wrong.extend(written.wrong);
    }
    versions.sort_unstable();
    let all = WRITERS * EDITS;
    // Each version was one writer's, and none is left out.
    if versions != (2..=all + 1).collect::<Vec<_>>() {
        wrong.push(format!("{} answers of success, of the versions {versions:?}", versions.len()));
    }
    let last = world.get(&world.here.user, "sample", row.id).await.unwrap();
    if (last.values["pieces"].as_i64(), last.version) != (Some(all), all + 1) {
        wrong.push(format!("{} of {all} are counted at version {}", last.values["pieces"], last.version));
    }
    let note = last.text("note").unwrap_or_default();
    for (writer, edit) in (0..WRITERS).flat_map(|writer| (0..EDITS).map(move |edit| (writer, edit))) {
        let found = note.matches(&tag(writer, edit)).count();
        if found != 1 {
            wrong.push(format!("what writer {writer} added with edit {edit} is there {found} times"));
        }
    }
    // The trail tells of every edit once, under the name of whoever made it.
    let told: Vec<(Option<Uuid>, i64)> = sqlx::query_as(
        "select actor_id, (after ->> 'version')::bigint from changes
         where record_id = $1 and operation = 'records.update' order by 2",
    )
    .bind(row.id)
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let told_versions: Vec<i64> = told.iter().map(|(_, version)| *version).collect();
    if told_versions != versions {
        wrong.push(format!("the trail tells of the versions {told_versions:?}"));
    }
    for (writer, caller) in (0..WRITERS).zip(&writers) {
        let own = told.iter().filter(|(actor, _)| *actor == Some(caller.access.member.0)).count();
        if i64::try_from(own) != Ok(EDITS) {
            wrong.push(format!("the trail tells of {own} edits of writer {writer}"));
        }
    }
    if stale == 0 {
        wrong.push("nobody was too late: they did not write at the same time".to_owned());
    }
    println!(
        "bar=L-05 writers={WRITERS} edits={all} stale={stale} busy={busy} wrong={} pass={}",
        wrong.len(),
        u8::from(wrong.is_empty())
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.end().await;
}
