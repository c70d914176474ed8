//! Several references in one field: held by the database to rows that are there, read within reach, filtered by their links, kept in the past, and turned
//! when what they point at becomes one.

use crate::world::{World, at, query};
use domain::records::{DeleteRecord, MergeRecords, PastRecord, PreviewMerge, Record, RecordTimeline, UnmergeRecords};
use domain::schema::{Filter, ListQuery};
use domain::{Kind, Result};
use platform::Caller;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

async fn contact(world: &World, caller: &Caller, name: &str) -> Record {
    world.create(caller, "contact", json!({ "name": name })).await.unwrap()
}

/// A deal whose participants are these.
async fn deal(world: &World, caller: &Caller, name: &str, participants: &[&Record]) -> Result<Record> {
    let customer = world.create(caller, "customer", json!({ "name": format!("Customer of {name}") })).await?;
    let ids: Vec<Uuid> = participants.iter().map(|contact| contact.id).collect();
    world.create(caller, "opportunity", json!({ "name": name, "customer": customer.id, "participants": ids })).await
}

/// As the value stands in a row: in the order of the ids.
fn ids(contacts: &[&Record]) -> Value {
    let mut ids: Vec<Uuid> = contacts.iter().map(|contact| contact.id).collect();
    ids.sort();
    json!(ids)
}

async fn links(world: &World) -> i64 {
    world.count("opportunities_participants").await
}

async fn found(world: &World, caller: &Caller, filter: &str) -> Vec<String> {
    let entity = world.catalog.get("opportunity").unwrap();
    let filter = Filter::parse(filter, entity).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let rows = world.all(caller, "opportunity", Some(filter)).await.unwrap();
    let mut names: Vec<String> = rows.iter().filter_map(|row| row.text("name")).map(str::to_owned).collect();
    names.sort();
    names
}

#[tokio::test]
async fn several_are_kept_once_and_named() {
    let world = World::new().await;
    let user = &world.here.user;
    let (amina, brian) = (contact(&world, user, "Amina").await, contact(&world, user, "Brian").await);
    let made = deal(&world, user, "Fleet", &[&brian, &amina, &brian]).await.unwrap();
    assert_eq!(made.values["participants"], ids(&[&amina, &brian]));
    let mut named = made.titles("participants");
    named.sort_unstable();
    assert_eq!(named, [Some("Amina"), Some("Brian")]);
    assert_eq!(links(&world).await, 2);
    // The same list in another order is no change.
    let same = json!({ "participants": [amina.id, brian.id, amina.id] });
    assert_eq!(world.update(user, "opportunity", &made, same).await.unwrap().version, made.version);
    let one = world.update(user, "opportunity", &made, json!({ "participants": [brian.id] })).await.unwrap();
    assert_eq!((one.values["participants"].clone(), links(&world).await), (ids(&[&brian]), 1));
    let none = world.update(user, "opportunity", &one, json!({ "participants": [] })).await.unwrap();
    assert_eq!((none.values["participants"].clone(), links(&world).await), (Value::Null, 0));
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_pointed_at_is_refused_in_words() {
    let world = World::new().await;
    let (user, theirs) = (&world.here.user, &world.there.user);
    let (amina, gone) = (contact(&world, user, "Amina").await, contact(&world, user, "Gone").await);
    let elsewhere = contact(&world, theirs, "Elsewhere").await;
    let delete = DeleteRecord { entity: "contact".to_owned(), id: gone.id, version: None };
    world.run(&world.here.admin, delete).await.unwrap();
    let customer = world.create(user, "customer", json!({ "name": "Lake" })).await.unwrap();
    let no_such = "Participants points at something that does not exist, or is not yours to see";
    let many: Vec<Uuid> = (0..101).map(|at| Uuid::from_u128(at + 1)).collect();
    for (value, message) in [
        (json!([amina.id, gone.id]), no_such),
        (json!([elsewhere.id]), no_such),
        (json!([amina.id, Uuid::from_u128(7)]), no_such),
        (json!(["Amina"]), "Amina is not a known record"),
        (json!(amina.id), "should be a list of records"),
        (json!({ "id": amina.id }), "should be a list of records"),
        (json!(many), "101 records are too many; at most 100 fit"),
    ] {
        let values = json!({ "name": "Fleet", "customer": customer.id, "participants": value });
        let error = world.create(user, "opportunity", values).await.unwrap_err();
        assert!(error.kind == Kind::Invalid && at(&error, "participants").contains(message), "{value}: {error:?}");
    }
    assert_eq!((world.count("opportunities").await, links(&world).await), (0, 0));
    // The database holds them to it whatever the server asks: the rows are theirs, the contact is ours.
    let made = deal(&world, theirs, "Theirs", &[&elsewhere]).await.unwrap();
    let sql =
        format!("update opportunities set participants_ids = array['{}'::uuid] where id = '{}'", amina.id, made.id);
    let error = sqlx::query(AssertSqlSafe(sql)).execute(&world.owner).await.unwrap_err();
    let constraint = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
    assert_eq!(constraint, Some("opportunities_participants_ids_fkey"));
    let sql = format!("delete from contacts where id = '{}'", elsewhere.id);
    assert!(sqlx::query(AssertSqlSafe(sql)).execute(&world.owner).await.is_err(), "somebody points at it");
    let sql = format!("delete from opportunities where id = '{}'", made.id);
    sqlx::query(AssertSqlSafe(sql)).execute(&world.owner).await.unwrap();
    assert_eq!(links(&world).await, 0, "the links go with the row");
    world.end().await;
}

#[tokio::test]
async fn filters_ask_whether_somebody_is_among_them() {
    let world = World::new().await;
    let user = &world.here.user;
    let (amina, brian, carol) = (
        contact(&world, user, "Amina").await,
        contact(&world, user, "Brian").await,
        contact(&world, user, "Carol").await,
    );
    deal(&world, user, "Both", &[&amina, &brian]).await.unwrap();
    deal(&world, user, "One", &[&brian]).await.unwrap();
    deal(&world, user, "None", &[]).await.unwrap();
    for (filter, names) in [
        (format!("participants = {}", amina.id), vec!["Both"]),
        (format!("participants includes {}", brian.id), vec!["Both", "One"]),
        (format!("participants in ({}, {})", amina.id, carol.id), vec!["Both"]),
        (format!("participants != {}", amina.id), vec!["None", "One"]),
        (format!("participants not includes {}", amina.id), vec!["None", "One"]),
        (format!("participants not in ({}, {})", amina.id, brian.id), vec!["None"]),
        ("participants is empty".to_owned(), vec!["None"]),
        ("participants is not empty".to_owned(), vec!["Both", "One"]),
        (format!("participants = {}", carol.id), vec![]),
    ] {
        assert_eq!(found(&world, user, &filter).await, names, "{filter}");
        // What was printed reads the same.
        let entity = world.catalog.get("opportunity").unwrap();
        let read = Filter::parse(&filter, entity).unwrap();
        assert_eq!(Filter::parse(&read.print(), entity).unwrap(), read, "{filter}");
    }
    assert!(found(&world, &world.there.user, &format!("participants = {}", amina.id)).await.is_empty());
    let entity = world.catalog.get("opportunity").unwrap();
    let error = world.list(user, "opportunity", query(entity, "participants = Amina", "")).await.unwrap_err();
    assert!(at(&error, "filter").contains("Amina is not an id"), "{error:?}");
    assert!(Filter::parse("participants > 3", entity).is_err());
    // As it was on that day, by the list in the row: the links know the present alone.
    for (filter, count) in [(format!("participants = {}", brian.id), 2), (format!("participants != {}", brian.id), 1)] {
        let filter = Some(Filter::parse(&filter, entity).unwrap());
        let query = ListQuery { filter, as_of: Some("2026-11-20".to_owned()), ..ListQuery::default() };
        let past = world.list(user, "opportunity", query).await.unwrap().records().unwrap();
        assert_eq!(past.len(), count);
    }
    world.end().await;
}

#[tokio::test]
async fn what_is_out_of_reach_stays_and_has_no_name() {
    let world = World::new().await;
    let (user, rep) = (&world.here.user, &world.here.rep);
    let (hidden, own) = (contact(&world, user, "Hidden").await, contact(&world, rep, "Own").await);
    let member = rep.access.member;
    let customer = world.create(user, "customer", json!({ "name": "Lake", "owner": member })).await.unwrap();
    let values = json!({ "name": "Fleet", "customer": customer.id, "owner": member, "participants": [hidden.id] });
    let made = world.create(user, "opportunity", values).await.unwrap();
    let seen = world.get(rep, "opportunity", made.id).await.unwrap();
    assert_eq!((seen.values["participants"].clone(), seen.titles("participants")), (ids(&[&hidden]), vec![None]));
    // They may add theirs beside it, and may not bring in what they do not see.
    let both = json!({ "participants": [hidden.id, own.id] });
    let seen = world.update(rep, "opportunity", &seen, both).await.unwrap();
    assert_eq!(seen.values["participants"], ids(&[&hidden, &own]));
    let other = contact(&world, user, "Other").await;
    let error = world.update(rep, "opportunity", &seen, json!({ "participants": [other.id] })).await.unwrap_err();
    assert!(at(&error, "participants").contains("not yours to see"), "{error:?}");
    world.end().await;
}

#[tokio::test]
async fn the_past_and_the_timeline_know_them() {
    let world = World::new().await;
    let user = &world.here.user;
    let (amina, brian) = (contact(&world, user, "Amina").await, contact(&world, user, "Brian").await);
    let made = deal(&world, user, "Fleet", &[&amina]).await.unwrap();
    let changed =
        world.update(user, "opportunity", &made, json!({ "participants": [amina.id, brian.id] })).await.unwrap();
    let past = PastRecord { entity: "opportunity".to_owned(), id: made.id, version: Some(made.version), at: None };
    let past = world.run(user, past).await.unwrap();
    assert_eq!(
        (past.values["participants"].clone(), past.titles("participants")),
        (ids(&[&amina]), vec![Some("Amina")])
    );
    let timeline = RecordTimeline { entity: "opportunity".to_owned(), id: made.id, before: None, limit: 10 };
    let entries = world.run(user, timeline).await.unwrap();
    let told = entries
        .iter()
        .flat_map(|entry| &entry.changes)
        .find(|change| change.field == "participants" && change.before_label.is_some())
        .unwrap();
    let mut after: Vec<&str> = told.after_label.as_deref().unwrap().split(", ").collect();
    after.sort_unstable();
    assert_eq!((told.before_label.as_deref(), after), (Some("Amina"), vec!["Amina", "Brian"]));
    assert_eq!(changed.version, made.version + 1);
    world.end().await;
}

#[tokio::test]
async fn a_merge_turns_them_and_its_undo_turns_them_back() {
    let world = World::new().await;
    let (user, admin) = (&world.here.user, &world.here.admin);
    let (kept, merged, other) = (
        contact(&world, user, "Amina Otieno").await,
        contact(&world, user, "A. Otieno").await,
        contact(&world, user, "Brian").await,
    );
    let first = deal(&world, user, "First", &[&merged, &other]).await.unwrap();
    let second = deal(&world, user, "Second", &[&merged, &kept]).await.unwrap();
    let plan = PreviewMerge { entity: "contact".to_owned(), kept: kept.id, merged: merged.id };
    let plan = world.run(admin, plan).await.unwrap();
    assert_eq!(plan.refused, None);
    assert!(plan.moves.iter().any(|moves| moves.by == "Participants" && moves.count == 2), "{:?}", plan.moves);
    let merge = MergeRecords {
        entity: "contact".to_owned(),
        kept: kept.id,
        merged: merged.id,
        version: Some(kept.version),
        merged_version: Some(merged.version),
        take: std::collections::BTreeMap::new(),
    };
    let done = world.run(admin, merge).await.unwrap();
    let of = async |id: Uuid| world.get(user, "opportunity", id).await.unwrap().values["participants"].clone();
    assert_eq!((of(first.id).await, of(second.id).await), (ids(&[&kept, &other]), ids(&[&kept])));
    let sql = format!("select count(*) from opportunities_participants where to_id = '{}'", merged.id);
    let left: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&world.owner).await.unwrap();
    assert_eq!(left, 0, "nothing points at the one that went");
    world.run(admin, UnmergeRecords { entity: "contact".to_owned(), merge: done.merge }).await.unwrap();
    assert_eq!((of(first.id).await, of(second.id).await), (ids(&[&merged, &other]), ids(&[&merged, &kept])));
    world.end().await;
}
