//! Stages: checklists that are ticked, gates that ask for them, owners by role, and how long a row may stand.

use crate::world::{World, at, object, with};
use chrono::Duration;
use domain::imports::{CreateImport, MapImport, PreviewImport};
use domain::permission::Reach;
use domain::records::{
    BoardRecords, MergeRecords, PastRecord, PutBack, Record, RecordTimeline, RecordVersions, TickRecord,
    TransitionRecord, UnmergeRecords, UpdateRecord,
};
use domain::schema::{Filter, ListQuery, Sort};
use domain::{Grants, Kind, Result};
use platform::Caller;
use records::{NewRow, Updated, create_many, update_many};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

impl World {
    async fn visit(&self, caller: &Caller, values: Value) -> Record {
        self.create(caller, "visit", values).await.expect("a visit")
    }

    async fn tick(&self, caller: &Caller, record: &Record, item: &str, done: bool) -> Result<Record> {
        let (entity, item) = ("visit".to_owned(), item.to_owned());
        self.run(caller, TickRecord { entity, id: record.id, version: Some(record.version), item, done }).await
    }

    async fn move_visit(&self, caller: &Caller, record: &Record, to: &str, values: Value) -> Result<Record> {
        let to = Some(to.to_owned());
        let (entity, version, values) = ("visit".to_owned(), Some(record.version), object(values));
        self.run(caller, TransitionRecord { entity, id: record.id, version, name: None, to, pipeline: None, values })
            .await
    }

    /// A visit that may be measured, of this owner.
    async fn measurable(&self, owner: &Caller) -> Record {
        let admin = &self.here.admin;
        let values = json!({ "name": "Ngong Road 1", "day": "2026-11-20", "owner": owner.access.member });
        let visit = self.visit(admin, values).await;
        let visit = self.tick(admin, &visit, "sizes", true).await.unwrap();
        self.tick(admin, &visit, "photos", true).await.unwrap()
    }
}

fn ticks(record: &Record) -> Vec<&str> {
    record.values["checklist"].as_object().map(|all| all.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[tokio::test]
async fn a_tick_is_a_change_of_its_own() {
    let world = World::new().await;
    let here = &world.here;
    let visit = world.visit(&here.user, json!({ "name": "Ngong Road 1" })).await;
    assert_eq!(visit.values["checklist"], Value::Null);
    let one = world.tick(&here.user, &visit, "sizes", true).await.unwrap();
    let tick = json!({ "by": here.user.access.member, "at": "2026-11-20T12:00:00Z" });
    assert_eq!((one.version, &one.values["checklist"]), (2, &json!({ "sizes": tick })));
    // Who ticked first has ticked it.
    let same = world.tick(&here.admin, &one, "sizes", true).await.unwrap();
    assert_eq!((same.version, &same.values["checklist"]), (2, &one.values["checklist"]));
    let two = world.tick(&here.admin, &one, "photos", true).await.unwrap();
    assert_eq!(ticks(&two), ["photos", "sizes"]);
    let back = world.tick(&here.user, &two, "sizes", false).await.unwrap();
    let none = world.tick(&here.user, &back, "photos", false).await.unwrap();
    assert_eq!((none.version, &none.values["checklist"]), (5, &Value::Null));
    // What is to be done in a later stage can be done now.
    assert_eq!(ticks(&world.tick(&here.user, &none, "plan", true).await.unwrap()), ["plan"]);

    let told: Vec<(String, Value, Value)> = sqlx::query_as(
        "select e.type, c.before, c.after from changes c join events e on e.change_id = c.id
         where c.operation = 'records.tick' order by (c.after ->> 'version')::bigint limit 2",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(told[0].0, "crm.visit.ticked");
    assert_eq!(told[0].1, json!({ "checklist": null, "version": 1 }));
    assert_eq!(told[0].2, json!({ "checklist": { "sizes": tick }, "version": 2 }));
    let entries = world
        .run(&here.viewer, RecordTimeline { entity: "visit".to_owned(), id: visit.id, limit: 50, before: None })
        .await
        .unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.operation == "records.tick").count(), 5);
    world.end().await;
}

#[tokio::test]
async fn a_tick_is_refused_like_any_write() {
    let world = World::new().await;
    let here = &world.here;
    let visit = world.visit(&here.user, json!({ "name": "Ngong Road 1" })).await;
    let wrong = |record: &Record, version, item: &str, entity: &str| TickRecord {
        entity: entity.to_owned(),
        id: record.id,
        version,
        item: item.to_owned(),
        done: true,
    };
    let asked = wrong(&visit, None, "sizes", "visit");
    assert_eq!(world.run(&here.user, asked).await.unwrap_err().kind, Kind::VersionRequired);
    let error = world.run(&here.user, wrong(&visit, Some(1), "size", "visit")).await.unwrap_err();
    assert_eq!(at(&error, "item"), "No checklist of Visit has the item size; did you mean sizes?");
    let lead = world.lead_of(&here.user, "Lake").await;
    let error = world.run(&here.user, wrong(&lead, Some(1), "sizes", "lead")).await.unwrap_err();
    assert_eq!(error.message, "Lead has no checklist");
    assert_eq!(world.tick(&here.viewer, &visit, "sizes", true).await.unwrap_err().kind, Kind::Forbidden);
    // Another's, and one of another workspace.
    assert_eq!(world.tick(&here.rep, &visit, "sizes", true).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(world.tick(&world.there.admin, &visit, "sizes", true).await.unwrap_err().kind, Kind::NotFound);
    let ticked = world.tick(&here.user, &visit, "sizes", true).await.unwrap();
    let stale = world.tick(&here.user, &visit, "photos", true).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Stale);
    assert!(stale.message.contains("by Uma User after you read it, so nothing was ticked"), "{stale}");
    assert_eq!(ticks(&world.get(&here.user, "visit", visit.id).await.unwrap()), ["sizes"]);
    // By no other way: not with a new row, an edit, or a move.
    let all = json!({ "sizes": { "by": null, "at": "2026-11-20T12:00:00Z" } });
    let error = world.create(&here.user, "visit", json!({ "name": "B", "checklist": all })).await.unwrap_err();
    assert!(at(&error, "checklist").contains("is ticked item by item"), "{error:?}");
    let error = world.update(&here.user, "visit", &ticked, json!({ "checklist": null })).await.unwrap_err();
    assert!(at(&error, "checklist").contains("is ticked item by item"), "{error:?}");
    let error =
        world.move_visit(&here.user, &ticked, "dropped", json!({ "statusDue": "2027-01-01" })).await.unwrap_err();
    assert_eq!(at(&error, "statusDue"), "Stage due is set by the server");
    assert_eq!(world.get(&here.user, "visit", visit.id).await.unwrap(), ticked);
    world.end().await;
}

#[tokio::test]
async fn a_gate_asks_for_what_is_open_in_the_state_that_is_left() {
    let world = World::new().await;
    let here = &world.here;
    let owner = here.rep.access.member;
    let visit = world.visit(&here.user, json!({ "name": "Ngong Road 1", "owner": owner })).await;
    let error = world.move_visit(&here.user, &visit, "measured", json!({})).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(
        error.message,
        "Move to Measured needs Day, and what is open on the checklist of Booked: Sizes taken, Photos taken"
    );
    assert_eq!(at(&error, "day"), "Moving to Measured needs Day");
    assert_eq!(at(&error, "checklist"), "Of Booked is open: Sizes taken, Photos taken");
    let visit = world.tick(&here.user, &visit, "sizes", true).await.unwrap();
    // The checklist of another state is no part of it.
    let visit = world.tick(&here.user, &visit, "plan", true).await.unwrap();
    let day = json!({ "day": "2026-11-20" });
    let error = world.move_visit(&here.user, &visit, "measured", day.clone()).await.unwrap_err();
    assert_eq!(error.message, "Move to Measured needs what is open on the checklist of Booked: Photos taken");
    let visit = world.tick(&here.user, &visit, "photos", true).await.unwrap();
    let moved = world.move_visit(&here.user, &visit, "measured", day).await.unwrap();
    assert_eq!((moved.text("status"), ticks(&moved)), (Some("measured"), vec!["photos", "plan", "sizes"]));
    // What was done stays done, whichever way the row goes.
    let back = world.move_visit(&here.user, &moved, "booked", json!({})).await.unwrap();
    assert_eq!(ticks(&back), ticks(&moved));
    let moved = world.move_visit(&here.user, &back, "measured", json!({})).await.unwrap();
    let closed = world.move_visit(&here.user, &moved, "closed", json!({})).await.unwrap();
    let error = world.tick(&here.user, &closed, "plan", false).await.unwrap_err();
    assert_eq!(error.message, "This visit is Closed: it can no longer be changed");

    // Many at once pass the same gate.
    let open = world.visit(&here.admin, json!({ "name": "B", "day": "2026-11-20", "owner": owner })).await;
    let mut ctx = world.open(&here.admin).await;
    let entity = ctx.entity("visit").unwrap();
    let rows = vec![(open.id, open.version, object(json!({ "status": "measured" })))];
    let done = update_many(&mut ctx, &entity, rows).await.unwrap();
    assert!(matches!(&done[0], Updated::Refused(error) if error.message.contains("Sizes taken")), "{done:?}");
    world.end().await;
}

#[tokio::test]
async fn a_state_is_for_an_owner_with_its_role() {
    let world = World::new().await;
    let here = &world.here;
    let visit = world.measurable(&here.user).await;
    let error = world.move_visit(&here.admin, &visit, "measured", json!({})).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    let says = "Measured is for an owner with the role Sales representative, and Uma User does not have it. Choose Rita Rep or Rob Rep";
    assert_eq!((error.message.as_str(), at(&error, "owner")), (says, says));
    let error = world.move_visit(&here.admin, &visit, "measured", json!({ "owner": null })).await.unwrap_err();
    assert!(at(&error, "owner").contains("and it has no owner. Choose Rita Rep or Rob Rep"), "{error:?}");
    let given = json!({ "owner": here.rep.access.member });
    let moved = world.move_visit(&here.admin, &visit, "measured", given).await.unwrap();
    assert_eq!((moved.text("status"), moved.label("owner")), (Some("measured"), Some("Rita Rep")));
    // Whoever may only give to themselves hands over where the description asks for it, and nowhere else.
    let own = world.measurable(&here.rep).await;
    let update = world.update(&here.rep, "visit", &own, json!({ "owner": here.other_rep.access.member })).await;
    assert!(at(&update.unwrap_err(), "owner").contains("for yourself only"));
    let given = json!({ "owner": here.other_rep.access.member });
    let moved = world.move_visit(&here.rep, &own, "measured", given.clone()).await.unwrap();
    assert_eq!(moved.label("owner"), Some("Rob Rep"));
    assert_eq!(world.get(&here.rep, "visit", own.id).await.unwrap_err().kind, Kind::NotFound, "it is Rob's now");
    // A state without a role asks nothing, and gives nobody leave to hand over.
    let own = world.measurable(&here.rep).await;
    let error = world.move_visit(&here.rep, &own, "dropped", given.clone()).await.unwrap_err();
    assert!(at(&error, "owner").contains("for yourself only"), "{error:?}");
    // A member of another workspace is nobody here.
    let foreign = json!({ "owner": world.there.rep.access.member });
    let error = world.move_visit(&here.admin, &own, "measured", foreign).await.unwrap_err();
    assert!(at(&error, "owner").contains("it has no owner"), "{error:?}");

    sqlx::query("update members set status = 'SUSPENDED' where id = $1")
        .bind(here.rep.access.member.0)
        .execute(&world.owner)
        .await
        .unwrap();
    let error = world.move_visit(&here.admin, &own, "measured", json!({})).await.unwrap_err();
    assert!(at(&error, "owner").contains("Rita Rep does not work here any more. Choose Rob Rep"), "{error:?}");
    sqlx::query("update members set roles = '{USER}' where id = $1")
        .bind(here.other_rep.access.member.0)
        .execute(&world.owner)
        .await
        .unwrap();
    let error = world.move_visit(&here.admin, &own, "measured", given).await.unwrap_err();
    assert!(at(&error, "owner").contains("Nobody has the role yet: give it to somebody under Settings"), "{error:?}");
    world.end().await;
}

#[tokio::test]
async fn rows_that_come_from_a_file_find_the_same_owners() {
    let world = World::new().await;
    let here = &world.here;
    let content =
        format!("Name,Stage,Owner\nA,Measured,{}\nB,Measured,Uma User\nC,Booked,Uma User\nD,Measured,\n", "Rita Rep");
    let (entity, file_name) = ("visit".to_owned(), "visits.csv".to_owned());
    let create = CreateImport { entity, file_name, content: content.into_bytes(), sheet: None };
    let import = world.run(&here.admin, create).await.unwrap();
    let mapped = MapImport { id: import.id, mapping: import.mapping.clone() };
    world.run(&here.admin, mapped).await.unwrap();
    let preview = world.run(&here.admin, PreviewImport { id: import.id }).await.unwrap();
    let told = format!("{preview:?}");
    assert!(told.contains("Uma User does not have it") && told.contains("Ada Admin does not have it"), "{told}");
    // Its day is missing too: the gate of the move that leads there.
    assert!(told.contains("needs Day") && !told.contains("checklist of"), "{told}");

    // The rows themselves, whoever makes them.
    let mut ctx = world.open(&here.admin).await;
    let visit = ctx.entity("visit").unwrap();
    let row = |owner: Uuid| NewRow {
        id: None,
        values: object(json!({ "name": "A", "day": "2026-11-20", "owner": owner })),
        status: Some("measured".to_owned()),
    };
    let error = create_many(&mut ctx, &visit, vec![row(here.user.access.member.0)]).await.unwrap_err();
    assert!(at(&error, "owner").contains("Uma User does not have it"), "{error:?}");
    let made = create_many(&mut ctx, &visit, vec![row(here.rep.access.member.0)]).await.unwrap();
    let back = vec![(made[0].id, 1, object(json!({ "status": "booked" })))];
    assert!(matches!(update_many(&mut ctx, &visit, back).await.unwrap()[0], Updated::Changed { .. }));
    let there = object(json!({ "status": "measured", "owner": here.user.access.member }));
    let done = update_many(&mut ctx, &visit, vec![(made[0].id, 2, there)]).await.unwrap();
    assert!(matches!(&done[0], Updated::Refused(_)), "{done:?}");
    world.end().await;
}

#[tokio::test]
async fn a_row_says_since_when_it_stands_and_when_it_is_due() {
    let world = World::new().await;
    let here = &world.here;
    let visit = world.measurable(&here.rep).await;
    let since =
        |record: &Record| (record.text("statusSince").map(str::to_owned), record.text("statusDue").map(str::to_owned));
    let some = |at: &str, due: &str| (Some(at.to_owned()), Some(due.to_owned()));
    assert_eq!(since(&visit), some("2026-11-20T12:00:00Z", "2026-11-23"));
    // It is half past one of the next day in Nairobi: the day is the workspace's.
    world.test.clock.advance(Duration::minutes(10 * 60 + 30));
    let other = world.visit(&here.admin, json!({ "name": "Late" })).await;
    assert_eq!(since(&other), some("2026-11-20T22:30:00Z", "2026-11-24"));
    world.test.clock.advance(Duration::days(4));
    let renamed = world.update(&here.admin, "visit", &visit, json!({ "name": "Renamed" })).await.unwrap();
    assert_eq!(since(&renamed), since(&visit), "an edit is no move");

    let entity = world.catalog.get("visit").unwrap().clone();
    let query = |filter: &str, sort: &str| ListQuery {
        filter: Some(Filter::parse(filter, &entity).unwrap()),
        sort: Sort::parse_list(sort, &entity).unwrap(),
        ..ListQuery::default()
    };
    let names = async |query: ListQuery| -> Vec<String> {
        let rows = world.list(&here.viewer, "visit", query).await.unwrap().records().unwrap();
        rows.iter().map(|row| row.text("name").unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(query("statusDue < today", "statusDue")).await, ["Renamed", "Late"]);
    assert_eq!(names(query("statusDue < today", "-statusDue")).await, ["Late", "Renamed"]);
    assert_eq!(names(query("statusDue < today-1", "statusDue")).await, ["Renamed"]);
    let board = BoardRecords { entity: "visit".to_owned(), query: ListQuery::default(), measure: None, cards: 5 };
    let columns = world.run(&here.viewer, board).await.unwrap();
    let card = &columns.iter().find(|column| column.state == "booked").unwrap().cards[0];
    assert!(card.text("statusDue").is_some() && card.text("statusSince").is_some());

    let before = world.test.services().clock.now().to_rfc3339();
    world.test.clock.advance(Duration::hours(1));
    let moved = world.move_visit(&here.admin, &renamed, "measured", json!({})).await.unwrap();
    assert_eq!(since(&moved), some("2026-11-24T23:30:00Z", "2026-11-30"));
    let dropped = world.move_visit(&here.admin, &moved, "dropped", json!({})).await.unwrap();
    assert_eq!(since(&dropped), (Some("2026-11-24T23:30:00Z".to_owned()), None), "nothing is late where the way ends");
    // Rows of the past stand as they stood.
    let past = PastRecord { entity: "visit".to_owned(), id: visit.id, version: None, at: Some(before.clone()) };
    assert_eq!(since(&world.run(&here.admin, past).await.unwrap()), since(&visit));
    let then = ListQuery { as_of: Some(before), ..query("statusDue < 2026-11-24", "statusDue") };
    assert_eq!(names(then).await, ["Renamed"]);
    assert!(names(query("statusDue < 2026-11-24", "statusDue")).await.is_empty());
    // Leads know no days, and their rows are as they were.
    assert!(world.lead().field("statusDue").is_none() && world.lead().field("checklist").is_none());
    world.end().await;
}

#[tokio::test]
async fn many_rows_that_are_moved_stand_anew() {
    let world = World::new().await;
    let here = &world.here;
    let visit = world.visit(&here.admin, json!({ "name": "A" })).await;
    let mut ctx = world.open(&here.admin).await;
    let entity = ctx.entity("visit").unwrap();
    world.test.clock.advance(Duration::days(2));
    let rows = vec![(visit.id, 1, object(json!({ "status": "dropped" })))];
    let done = update_many(&mut ctx, &entity, rows).await.unwrap();
    let Updated::Changed { before, .. } = &done[0] else { panic!("{done:?}") };
    assert_eq!(before["statusDue"], "2026-11-23");
    let dropped = records::visible(&mut ctx, &entity, visit.id).await.unwrap();
    assert_eq!((dropped.text("statusSince"), dropped.text("statusDue")), (Some("2026-11-22T12:00:00Z"), None));
    // An undo puts back what it was told.
    let back = vec![(visit.id, 2, before.clone())];
    records::revert_many(&mut ctx, &entity, back).await.unwrap();
    let now = records::visible(&mut ctx, &entity, visit.id).await.unwrap();
    assert_eq!((now.text("statusSince"), now.text("statusDue")), (visit.text("statusSince"), visit.text("statusDue")));
    world.end().await;
}

#[tokio::test]
async fn ticks_are_part_of_every_version_and_of_a_merge() {
    let world = World::new().await;
    let here = &world.here;
    let admin = with(&here.admin, |access| access.grants = Grants([("*.*.*".to_owned(), Reach::All)].into()));
    let kept = world.visit(&admin, json!({ "name": "Kept" })).await;
    let kept = world.tick(&admin, &kept, "sizes", true).await.unwrap();
    let merged = world.visit(&admin, json!({ "name": "Merged" })).await;
    let merged = world.tick(&here.user, &merged, "sizes", true).await.unwrap();
    let merged = world.tick(&here.user, &merged, "plan", true).await.unwrap();
    let version = async |record: &Record, version| {
        let (entity, at) = ("visit".to_owned(), None);
        world.run(&admin, PastRecord { entity, id: record.id, version: Some(version), at }).await.unwrap()
    };
    assert_eq!(version(&merged, 1).await.values["checklist"], Value::Null);
    assert_eq!(ticks(&version(&merged, 2).await), ["sizes"]);
    assert_eq!(&version(&merged, 3).await, &world.get(&admin, "visit", merged.id).await.unwrap());
    let versions = RecordVersions { entity: "visit".to_owned(), id: merged.id, limit: 9, before: None };
    assert_eq!(world.run(&admin, versions).await.unwrap().len(), 3);
    let (entity, id) = ("visit".to_owned(), merged.id);
    let put_back = PutBack { entity, id, version: Some(3), old_version: 1 };
    let kept_as_is = world.run(&admin, put_back).await.unwrap();
    assert_eq!(kept_as_is.kept, ["Checklist stays: its items are ticked one by one"]);

    let merge = MergeRecords {
        entity: "visit".to_owned(),
        kept: kept.id,
        merged: merged.id,
        version: Some(kept.version),
        merged_version: Some(merged.version),
        take: BTreeMap::new(),
    };
    let done = world.run(&admin, merge).await.unwrap();
    assert_eq!(ticks(&done.record), ["plan", "sizes"]);
    assert_eq!(done.record.values["checklist"]["sizes"]["by"], json!(admin.access.member), "its own tick stays");
    world.run(&admin, UnmergeRecords { entity: "visit".to_owned(), merge: done.merge }).await.unwrap();
    assert_eq!(ticks(&world.get(&admin, "visit", kept.id).await.unwrap()), ["sizes"]);
    assert_eq!(ticks(&world.get(&admin, "visit", merged.id).await.unwrap()), ["plan", "sizes"]);
    // A form that sends every field back does not send this one, and changes nothing of it.
    let now = world.get(&admin, "visit", kept.id).await.unwrap();
    let (entity, values) = ("visit".to_owned(), object(json!({ "name": "Kept still" })));
    let update = UpdateRecord { entity, id: now.id, version: Some(now.version), values, base: None };
    assert_eq!(ticks(&world.run(&admin, update).await.unwrap()), ["sizes"]);
    world.end().await;
}
