//! Workspaces, reach and field permissions hold in every operation.

use crate::sample::MARGIN;
use crate::world::{World, at, object, query, with};
use domain::records::{
    BoardRecords, DeleteRecord, ExportRecords, GetRecord, GroupBy, RecordTimeline, RestoreRecord, SummariseRecords,
    TransitionRecord, UpdateRecord,
};
use domain::schema::{Filter, ListQuery, Sort};
use domain::{Error, Kind, Reach};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn another_workspaces_row_is_as_if_it_never_was() {
    let world = World::new().await;
    let foreign = world.lead_of(&world.there.admin, "CANARY").await;
    let admin = &world.here.admin;
    let mine = world.lead_of(admin, "Mine").await;
    let before = world.test.fingerprint(&["leads", "changes", "events"]).await;
    let entity = || "lead".to_owned();
    for caller in [admin, &world.here.rep] {
        let mut seen: Vec<Error> = Vec::new();
        for id in [foreign.id, Uuid::from_u128(7), mine.id] {
            if id == mine.id && std::ptr::eq(caller, admin) {
                continue;
            }
            seen.push(world.run(caller, GetRecord { entity: entity(), id }).await.unwrap_err());
            let values = object(json!({ "city": "x" }));
            seen.push(
                world
                    .run(caller, UpdateRecord { entity: entity(), id, version: Some(1), values, base: None })
                    .await
                    .unwrap_err(),
            );
            let lose = TransitionRecord {
                entity: entity(),
                id,
                version: None,
                name: Some("lose".to_owned()),
                to: None,
                pipeline: None,
                values: object(json!({})),
            };
            seen.push(world.run(caller, lose).await.unwrap_err());
            seen.push(
                world.run(caller, RecordTimeline { entity: entity(), id, limit: 5, before: None }).await.unwrap_err(),
            );
            if std::ptr::eq(caller, admin) {
                seen.push(world.run(caller, DeleteRecord { entity: entity(), id, version: None }).await.unwrap_err());
                seen.push(world.run(caller, RestoreRecord { entity: entity(), id }).await.unwrap_err());
            }
        }
        assert!(seen.iter().all(|error| *error == Error::not_found()), "{seen:?}");
    }
    assert_eq!(world.test.fingerprint(&["leads", "changes", "events"]).await, before);
    for found in [world.names(admin, "name starts with C").await, world.names(admin, "name = CANARY").await] {
        assert!(found.is_empty());
    }
    assert_eq!(world.names(admin, "createdAt is not empty").await, ["Mine"]);
    world.end().await;
}

#[tokio::test]
async fn references_into_the_dark_are_refused_alike() {
    let world = World::new().await;
    let foreign = world.lead_of(&world.there.admin, "Foreign").await;
    let hidden = world.lead_of(&world.here.admin, "Hidden").await;
    let rep = &world.here.rep;
    let mine = world.lead_of(rep, "Mine").await;
    let mut messages = Vec::new();
    for id in [foreign.id, hidden.id, Uuid::from_u128(9)] {
        let error = world.create(rep, "sample", json!({ "name": "S", "lead": id })).await.unwrap_err();
        messages.push(at(&error, "lead").to_owned());
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");
    let stranger = world.there.user.access.member;
    for field in ["keeper", "owner"] {
        let error =
            world.create(&world.here.user, "sample", json!({ "name": "S", field: stranger })).await.unwrap_err();
        at(&error, field);
    }
    let good = world.create(rep, "sample", json!({ "name": "S", "lead": mine.id })).await.unwrap();
    assert_eq!(good.label("lead"), Some("Mine"));
    let error = world.update(rep, "sample", &good, json!({ "lead": foreign.id })).await.unwrap_err();
    assert_eq!(at(&error, "lead"), messages[0]);
    // A title that the reader may not see is not shown to them, though the reference is.
    let shown = world
        .create(&world.here.admin, "sample", json!({ "name": "T", "lead": hidden.id, "owner": rep.access.member }))
        .await
        .unwrap();
    assert_eq!(shown.label("lead"), Some("Hidden"));
    let seen = world.get(rep, "sample", shown.id).await.unwrap();
    assert_eq!((seen.text("lead"), seen.label("lead")), (Some(hidden.id.to_string().as_str()), None));
    world.end().await;
}

#[tokio::test]
async fn own_team_location_and_all() {
    let world = World::new().await;
    let here = &world.here;
    for (caller, name) in [(&here.rep, "rep"), (&here.other_rep, "other"), (&here.boss, "boss"), (&here.admin, "admin")]
    {
        world.lead_of(caller, name).await;
    }
    let everything = "createdAt is not empty";
    assert_eq!(world.names(&here.rep, everything).await, ["rep"]);
    assert_eq!(world.names(&here.boss, everything).await, ["boss", "rep"]);
    assert_eq!(world.names(&here.viewer, everything).await, ["admin", "boss", "other", "rep"]);
    // By location: rows of the location, and what every narrower reach gives.
    let location = Uuid::from_u128(5);
    sqlx::query("insert into locations (tenant_id, id, name) values ($1, $2, 'Kisumu')")
        .bind(here.tenant.id.0)
        .bind(location)
        .execute(&world.owner)
        .await
        .unwrap();
    let local = with(&here.rep, |access| {
        access.location = Some(location);
        access.grants.0.insert("crm.*.read".to_owned(), Reach::Location);
    });
    let elsewhere = with(&here.admin, |access| access.location = Some(location));
    world.lead_of(&elsewhere, "there").await;
    assert_eq!(world.names(&local, everything).await, ["rep", "there"]);
    let nowhere = with(&here.boss, |access| {
        access.grants.0.insert("crm.*.read".to_owned(), Reach::Location);
    });
    assert_eq!(world.names(&nowhere, everything).await, ["boss", "rep"]);
    world.end().await;
}

#[tokio::test]
async fn a_circle_of_managers_ends() {
    let world = World::new().await;
    let here = &world.here;
    sqlx::query("update members set manager_id = $2 where id = $1")
        .bind(here.boss.access.member.0)
        .bind(here.rep.access.member.0)
        .execute(&world.owner)
        .await
        .unwrap();
    world.lead_of(&here.rep, "rep").await;
    assert_eq!(world.names(&here.boss, "createdAt is not empty").await, ["rep"]);
    world.end().await;
}

#[tokio::test]
async fn writing_is_bound_by_its_own_reach() {
    let world = World::new().await;
    let here = &world.here;
    let lead = world.lead_of(&here.rep, "rep").await;
    // The rep reads and changes what is theirs; the other rep's is not there for them at all.
    let foreign = world.lead_of(&here.other_rep, "other").await;
    assert_eq!(
        world.update(&here.rep, "lead", &foreign, json!({ "city": "x" })).await.unwrap_err().kind,
        Kind::NotFound
    );
    world.update(&here.rep, "lead", &lead, json!({ "city": "x" })).await.unwrap();
    // Who sees more than they may change is told so.
    let watcher = with(&here.rep, |access| {
        access.grants.0.insert("crm.*.read".to_owned(), Reach::All);
    });
    assert_eq!(
        world.update(&watcher, "lead", &foreign, json!({ "city": "x" })).await.unwrap_err().kind,
        Kind::Forbidden
    );
    // Nobody gives away or takes what their reach does not cover.
    let lead = world.get(&here.rep, "lead", lead.id).await.unwrap();
    let error =
        world.update(&here.rep, "lead", &lead, json!({ "owner": here.other_rep.access.member })).await.unwrap_err();
    assert!(at(&error, "owner").contains("yourself"));
    let error =
        world.update(&here.boss, "lead", &lead, json!({ "owner": here.other_rep.access.member })).await.unwrap_err();
    assert!(at(&error, "owner").contains("below you"));
    let given = world.update(&here.boss, "lead", &lead, json!({ "owner": here.boss.access.member })).await.unwrap();
    assert_eq!(given.label("owner"), Some("Bea Boss"));
    let error = world.update(&here.boss, "lead", &given, json!({ "owner": null })).await.unwrap_err();
    at(&error, "owner");
    world.update(&here.user, "lead", &given, json!({ "owner": null })).await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn a_hidden_field_is_nowhere() {
    let world = World::new().await;
    let here = &world.here;
    let insider = with(&here.user, |access| {
        access.grants.0.insert(MARGIN.to_owned(), Reach::All);
    });
    let values = json!({ "name": "S", "margin": { "amount": "66.60", "currency": "EUR" }, "secret": "CANARY" });
    let sample = world.create(&insider, "sample", values).await.unwrap();
    assert_eq!(sample.text("secret"), Some("CANARY"));
    // Administrators hold `*.*.*`, so they know; users do not.
    let user = &here.user;
    let entity = world.sample();
    let mut seen = vec![
        serde_json::to_string(&world.get(user, "sample", sample.id).await.unwrap()).unwrap(),
        world.list(user, "sample", ListQuery::default()).await.unwrap().rows.json().unwrap().into_owned(),
        serde_json::to_string(
            &world
                .run(user, RecordTimeline { entity: "sample".to_owned(), id: sample.id, limit: 9, before: None })
                .await
                .unwrap(),
        )
        .unwrap(),
        serde_json::to_string(
            &world
                .run(
                    user,
                    BoardRecords { entity: "sample".to_owned(), query: ListQuery::default(), measure: None, cards: 5 },
                )
                .await
                .unwrap(),
        )
        .unwrap(),
    ];
    let changed = world.update(user, "sample", &sample, json!({ "name": "T" })).await.unwrap();
    seen.push(serde_json::to_string(&changed).unwrap());
    let stale = world.update(user, "sample", &sample, json!({ "name": "U" })).await.unwrap_err();
    seen.push(serde_json::to_string(&stale).unwrap());
    for text in seen {
        assert!(!text.contains("CANARY") && !text.contains("66.60") && !text.contains("secret"), "{text}");
    }
    // Neither asked for nor filtered, sorted, added up or written.
    let refused = [
        world
            .list(user, "sample", ListQuery { fields: vec!["secret".to_owned()], ..ListQuery::default() })
            .await
            .unwrap_err(),
        world.list(user, "sample", query(&entity, "secret = CANARY", "")).await.unwrap_err(),
        world.list(user, "sample", query(&entity, "", "-margin")).await.unwrap_err(),
        world
            .run(
                user,
                SummariseRecords {
                    entity: "sample".to_owned(),
                    query: ListQuery::default(),
                    group: GroupBy::All,
                    measure: Some("margin".to_owned()),
                    limit: None,
                    inner: None,
                    weighted: false,
                },
            )
            .await
            .unwrap_err(),
        world.update(user, "sample", &changed, json!({ "secret": "x" })).await.unwrap_err(),
        world.create(user, "sample", json!({ "name": "x", "secret": "x" })).await.unwrap_err(),
    ];
    for error in &refused {
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains("has no field"), "{error}");
    }
    // What was hidden from the writer is still there.
    assert_eq!(world.get(&here.admin, "sample", sample.id).await.unwrap().text("secret"), Some("CANARY"));
    world.end().await;
}

#[tokio::test]
async fn export_reaches_no_farther_than_reading_and_exporting() {
    let world = World::new().await;
    let here = &world.here;
    world.lead_of(&here.rep, "rep").await;
    world.lead_of(&here.admin, "admin").await;
    let export = |caller| world.run(caller, ExportRecords { entity: "lead".to_owned(), query: ListQuery::default() });
    assert_eq!(export(&here.viewer).await.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(export(&here.rep).await.unwrap().returned, 1);
    assert_eq!(export(&here.admin).await.unwrap().returned, 2);
    let narrow = with(&here.viewer, |access| {
        access.grants.0.insert("crm.*.export".to_owned(), Reach::Own);
    });
    assert_eq!(export(&narrow).await.unwrap().returned, 0);
    world.end().await;
}

/// Which rows left, in which order, and as of when: a file of rows of the past holds other values than one of today.
#[tokio::test]
async fn the_trail_says_what_an_export_took() {
    let world = World::new().await;
    let admin = &world.here.admin;
    let mine = world.lead_of(admin, "Mine").await;
    let other = world.lead_of(admin, "Other").await;
    let foreign = world.lead_of(&world.there.admin, "Elsewhere").await;
    let told = async |query: ListQuery| -> serde_json::Value {
        world.run(admin, ExportRecords { entity: "lead".to_owned(), query }).await.unwrap();
        sqlx::query_scalar("select after from changes where operation = 'records.export' order by id desc limit 1")
            .fetch_one(&world.owner)
            .await
            .unwrap()
    };
    let sort = Sort::parse_list("-name", world.catalog.get("lead").unwrap()).unwrap();
    let named = told(ListQuery { ids: vec![mine.id, other.id, foreign.id], sort, ..ListQuery::default() }).await;
    // What another workspace has did not leave.
    assert_eq!(named["ids"], json!([other.id, mine.id]));
    assert_eq!((&named["sort"], &named["rows"], &named["asOf"]), (&json!("-name"), &json!(2), &json!(null)));
    world.test.clock.advance(chrono::Duration::hours(1));
    let past = told(ListQuery { as_of: Some("2026-11-20T12:30:00Z".to_owned()), ..ListQuery::default() }).await;
    assert_eq!((&past["asOf"], &past["rows"]), (&json!("2026-11-20T12:30:00Z"), &json!(2)));
    assert_eq!((&past["ids"], &past["sort"]), (&json!(null), &json!(null)), "all of them");
    world.end().await;
}

#[tokio::test]
async fn an_entity_that_the_workspace_does_not_have_is_not_found() {
    let world = World::new().await;
    let error = world.list(&world.here.admin, "dealer", ListQuery::default()).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    let nobody = with(&world.here.user, |access| access.grants.0.clear());
    assert_eq!(world.list(&nobody, "lead", ListQuery::default()).await.unwrap_err().kind, Kind::Forbidden);
    let filter = Some(Filter::All(Vec::new()));
    assert!(world.all(&world.here.user, "lead", filter).await.unwrap().is_empty());
    world.end().await;
}
