//! Rows as they were: versions, moments, lists and boards of the past, and the way back.

use crate::world::{World, at, object, with};
use chrono::{DateTime, Utc};
use domain::records::{
    BoardRecords, DeleteRecord, GetRecord, ListRecords, Page, PastRecord, PutBack, Record, RecordVersions,
    RestoreRecord, TransitionRecord,
};
use domain::schema::{Filter, ListQuery};
use domain::{Grants, Kind, Reach, Result};
use platform::Caller;
use serde_json::{Value, json};
use uuid::Uuid;

fn tick(world: &World) -> String {
    let now = world.test.services().clock.now().to_rfc3339();
    world.test.clock.advance(chrono::Duration::seconds(10));
    now
}

async fn version(world: &World, caller: &Caller, id: Uuid, version: i64) -> Result<Record> {
    let asked = PastRecord { entity: "sample".to_owned(), id, version: Some(version), at: None };
    world.run(caller, asked).await
}

async fn moment(world: &World, caller: &Caller, entity: &str, id: Uuid, at: &str) -> Result<Record> {
    world.run(caller, PastRecord { entity: entity.to_owned(), id, version: None, at: Some(at.to_owned()) }).await
}

/// Every version read back is the record as it was read when it was the newest, field by field, titles and stamps included.
#[tokio::test]
async fn every_version_is_the_record_that_was_read_then() {
    let world = World::new().await;
    let here = &world.here;
    let lead = world.lead_of(&here.user, "Target").await;
    let first = json!({
        "name": "Ängström & Söhne", "price": { "amount": "12.50", "currency": "KES" }, "day": "2026-01-02", "lead": lead.id,
    });
    let mut record = world.create(&here.user, "sample", first).await.unwrap();
    let id = record.id;
    let read = async || world.get(&here.admin, "sample", id).await.unwrap();
    let (mut seen, mut moments) = (vec![read().await], vec![tick(&world)]);
    for values in [
        json!({ "name": "Renamed", "lead": Value::Null }),
        json!({ "price": { "amount": "1", "currency": "EUR" }, "owner": here.boss.access.member }),
        json!({ "day": "2026-03-04" }),
    ] {
        record = world.update(&here.admin, "sample", &record, values).await.unwrap();
        seen.push(read().await);
        moments.push(tick(&world));
    }
    let finish = TransitionRecord {
        entity: "sample".to_owned(),
        id: record.id,
        version: None,
        name: Some("finish".to_owned()),
        to: None,
        pipeline: None,
        values: object(json!({})),
    };
    world.run(&here.user, finish).await.unwrap();
    seen.push(read().await);
    moments.push(tick(&world));
    for (then, at) in seen.iter().zip(&moments) {
        assert_eq!(&version(&world, &here.admin, record.id, then.version).await.unwrap(), then);
        assert_eq!(&moment(&world, &here.admin, "sample", record.id, at).await.unwrap(), then, "at {at}");
    }
    let listed = world
        .run(&here.user, RecordVersions { entity: "sample".to_owned(), id: record.id, limit: 3, before: None })
        .await;
    let numbers: Vec<i64> = listed.unwrap().iter().map(|version| version.version).collect();
    assert_eq!(numbers, [5, 4, 3]);
    let older = RecordVersions { entity: "sample".to_owned(), id: record.id, limit: 9, before: Some(3) };
    let older = world.run(&here.user, older).await.unwrap();
    assert_eq!(older.iter().map(|version| version.version).collect::<Vec<_>>(), [2, 1]);
    assert!(older[0].change.changes.iter().any(|change| change.field == "name" && change.after == "Renamed"));
    for (wrong, field) in [(0, "version"), (6, "version")] {
        let error = version(&world, &here.user, record.id, wrong).await.unwrap_err();
        assert!(at(&error, field).contains("has 1 to 5"), "{error:?}");
    }
    for (wrong, says) in [("2020-01-01", "was not there"), ("2999-01-01", "still to come"), ("soon", "Use a day")] {
        let error = moment(&world, &here.user, "sample", record.id, wrong).await.unwrap_err();
        assert!(at(&error, "at").contains(says), "{wrong}: {error:?}");
    }
    world.end().await;
}

/// Lists and boards of a moment are the lists and boards that were read at that moment: filters, orders, totals, pages and the trash.
#[tokio::test]
async fn a_list_of_a_moment_is_the_list_that_was_read_then() {
    let world = World::new().await;
    let here = &world.here;
    let mut leads = Vec::new();
    for name in ["Amina", "Brian", "Chebet", "Daudi", "Esther"] {
        let value = json!({ "amount": (leads.len() + 1).to_string(), "currency": "KES" });
        leads.push(world.create(&here.user, "lead", json!({ "name": name, "value": value })).await.unwrap());
    }
    let queries: Vec<ListQuery> = ["", "value > 2", "name starts with B", "status = new"]
        .iter()
        .flat_map(|filter| {
            ["name", "-value", "-createdAt"].map(|sort| crate::world::query(&world.lead(), filter, sort))
        })
        .collect();
    let mut then: Vec<(String, Vec<Vec<Record>>, Value)> = Vec::new();
    for (step, lead) in leads.iter().take(4).enumerate() {
        let mut lists = Vec::new();
        for query in &queries {
            let mut rows = world.list(&here.admin, "lead", query.clone()).await.unwrap().records().unwrap();
            // What figures over other rows were, nobody wrote down.
            for row in &mut rows {
                for field in world.lead().fields.iter().filter(|field| field.rollup.is_some()) {
                    row.values.insert(field.key.clone(), Value::Null);
                }
            }
            lists.push(rows);
        }
        let board = board(&world, &here.admin, None).await;
        then.push((tick(&world), lists, board));
        let lead = world.get(&here.admin, "lead", lead.id).await.unwrap();
        match step {
            0 => {
                drop(
                    world.update(&here.user, "lead", &lead, json!({ "name": "Zuhura", "value": null })).await.unwrap(),
                );
            }
            1 => {
                let delete = DeleteRecord { entity: "lead".to_owned(), id: lead.id, version: None };
                drop(world.run(&here.admin, delete).await.unwrap());
            }
            2 => {
                let to = TransitionRecord {
                    entity: "lead".to_owned(),
                    id: lead.id,
                    version: None,
                    name: None,
                    to: Some("contacted".to_owned()),
                    pipeline: None,
                    values: object(json!({})),
                };
                drop(world.run(&here.user, to).await.unwrap());
            }
            _ => drop(world.lead_of(&here.user, "Brand new").await),
        }
        world.test.clock.advance(chrono::Duration::seconds(10));
    }
    for (moment, lists, seen) in &then {
        for (query, wanted) in queries.iter().zip(lists) {
            let asked = ListQuery { as_of: Some(moment.clone()), ..query.clone() };
            let page = world.list(&here.admin, "lead", asked.clone()).await.unwrap();
            let total = page.total.unwrap();
            assert_eq!((total.value, total.exact), (wanted.len() as i64, true), "{moment} {query:?}");
            assert_eq!(&page.records().unwrap(), wanted, "{moment} {query:?}");
            // Page by page as well.
            let (mut found, mut cursor) = (Vec::new(), None);
            loop {
                let page = ListQuery { limit: 2, cursor, ..asked.clone() };
                let page = world.list(&here.admin, "lead", page).await.unwrap();
                found.extend(page.records().unwrap());
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(&found, wanted, "{moment} {query:?} by pages");
        }
        assert_eq!(&board(&world, &here.admin, Some(moment.clone())).await, seen, "{moment}");
    }
    // In the trash now: for those alone who may look there. Nothing is searched by words, and nothing is to come.
    let before = ListQuery { as_of: Some(then[0].0.clone()), ..ListQuery::default() };
    let viewer = world.list(&here.viewer, "lead", before.clone()).await.unwrap().records().unwrap();
    assert_eq!(viewer.len(), 4, "a viewer does not see what is in the trash now");
    let words = ListQuery { search: Some("amina".to_owned()), ..before.clone() };
    assert_eq!(world.list(&here.admin, "lead", words).await.unwrap_err().fields[0].field, "search");
    let later = ListQuery { as_of: Some("2999-01-01".to_owned()), ..before };
    assert!(at(&world.list(&here.admin, "lead", later).await.unwrap_err(), "asOf").contains("still to come"));
    world.end().await;
}

async fn board(world: &World, caller: &Caller, as_of: Option<String>) -> Value {
    board_of(world, caller, ListQuery { as_of, ..crate::world::query(&world.lead(), "", "name") }).await
}

async fn board_of(world: &World, caller: &Caller, query: ListQuery) -> Value {
    let board = BoardRecords { entity: "lead".to_owned(), query, measure: Some("value".to_owned()), cards: 5 };
    serde_json::to_value(world.run(caller, board).await.unwrap()).unwrap()
}

/// B-05. What somebody may not see now they do not see of the past: neither by version nor by moment, in no list, filter or order, and not by
/// putting it back; rows out of reach are not there, also where they once were within it.
#[tokio::test]
async fn field_permissions_and_reach_hold_for_the_past() {
    let world = World::new().await;
    let here = &world.here;
    let sample = world.sample();
    let secret = sample.field("secret").expect("a field with a permission of its own");
    let canary = "CANARY-PAST";
    let values = |text: &str| json!({ "name": "Row", secret.key.as_str(): text });
    let record = world.create(&here.admin, "sample", values(canary)).await.unwrap();
    let then = tick(&world);
    let record = world.update(&here.admin, "sample", &record, values("other")).await.unwrap();
    tick(&world);
    let seen = version(&world, &here.admin, record.id, 1).await.unwrap();
    assert_eq!(seen.text(&secret.key), Some(canary), "those who may see it do");
    let (mut looked, mut leaked) = (0, 0);
    let mut look = |what: String| {
        looked += 1;
        leaked += usize::from(what.contains(canary) || what.contains(&format!("\"{}\"", secret.key)));
    };
    look(serde_json::to_string(&version(&world, &here.user, record.id, 1).await.unwrap()).unwrap());
    look(serde_json::to_string(&moment(&world, &here.user, "sample", record.id, &then).await.unwrap()).unwrap());
    let versions = RecordVersions { entity: "sample".to_owned(), id: record.id, limit: 9, before: None };
    look(serde_json::to_string(&world.run(&here.user, versions).await.unwrap()).unwrap());
    let query = ListQuery { as_of: Some(then.clone()), ..ListQuery::default() };
    look(world.list(&here.user, "sample", query.clone()).await.unwrap().rows.json().unwrap().into_owned());
    let filter = Filter::parse(&format!("{} = {canary}", secret.key), &sample).unwrap();
    let filtered = world.list(&here.user, "sample", ListQuery { filter: Some(filter), ..query }).await.unwrap_err();
    assert_eq!(filtered.kind, Kind::Invalid, "{filtered:?}");
    let back = PutBack { entity: "sample".to_owned(), id: record.id, version: Some(2), old_version: 1 };
    look(serde_json::to_string(&world.run(&here.user, back).await.unwrap()).unwrap());
    let now = world.get(&here.admin, "sample", record.id).await.unwrap();
    assert_eq!(now.text(&secret.key), Some("other"), "what may not be seen is not put back");

    // Once the rep's, now somebody else's: gone with its past.
    let mine = world.lead_of(&here.rep, "Mine").await;
    let then = tick(&world);
    let owner = json!({ "owner": here.other_rep.access.member });
    world.update(&here.admin, "lead", &mine, owner).await.unwrap();
    tick(&world);
    let gone = moment(&world, &here.rep, "lead", mine.id, &then).await.unwrap_err();
    assert_eq!(gone.kind, Kind::NotFound);
    let query = ListQuery { as_of: Some(then.clone()), ..ListQuery::default() };
    assert!(world.list(&here.rep, "lead", query.clone()).await.unwrap().records().unwrap().is_empty());
    assert_eq!(world.list(&here.other_rep, "lead", query.clone()).await.unwrap().records().unwrap().len(), 1);
    // Another workspace, and nobody's permission.
    assert_eq!(moment(&world, &world.there.admin, "lead", mine.id, &then).await.unwrap_err().kind, Kind::NotFound);
    assert!(world.list(&world.there.admin, "lead", query.clone()).await.unwrap().records().unwrap().is_empty());
    let nobody =
        with(&here.viewer, |access| access.grants = Grants([("people.member.read".to_owned(), Reach::All)].into()));
    assert_eq!(world.list(&nobody, "lead", query).await.unwrap_err().kind, Kind::Forbidden);
    println!("bar=B-05 past_looked={looked} past_leaked={leaked} pass={}", i32::from(leaked == 0));
    assert_eq!(leaked, 0);
    world.end().await;
}

/// A change of each row of a crowd, whose id begins with its moment.
macro_rules! changed {
    ($table:literal, $before:literal) => {
        concat!(
            "insert into changes (tenant_id, id, at, operation, entity, record_id, cause_kind, before, after, digest)
             select $1, (lpad(to_hex($2::bigint), 12, '0') || lpad(to_hex(row_number() over ()), 20, '0'))::uuid, $3, 'test', $4, t.id, 'request', ",
            $before,
            "::jsonb, '{\"version\": 1}'::jsonb, decode('00', 'hex') from ",
            $table,
            " t where t.tenant_id = $1 and t.number like 'OLD-%'"
        )
    };
}

/// Of each row of a crowd, that something changed at a moment.
async fn changed(world: &World, sql: &'static str, entity: &str, at: DateTime<Utc>) {
    sqlx::query(sql)
        .bind(world.here.tenant.id.0)
        .bind(at.timestamp_millis())
        .bind(at)
        .bind(entity)
        .execute(&world.owner)
        .await
        .unwrap();
}

/// More rows than are gone through at once, of the rep, made long ago.
async fn crowd(world: &World, fill: &'static str, made: &'static str, entity: &str) {
    let (here, at) = (&world.here, world.test.services().clock.now() - chrono::Duration::days(30));
    sqlx::query(fill)
        .bind(here.tenant.id.0)
        .bind(here.rep.access.member.0)
        .bind(at)
        .execute(&world.owner)
        .await
        .unwrap();
    changed(world, made, entity, at).await;
}

const LEADS: &str = "\
insert into leads (tenant_id, id, number, status, name, name_norm, owner_id, created_by, created_at, updated_at)
select $1, md5($1::text || i)::uuid, 'OLD-' || i, 'new', 'Old ' || i, 'old ' || i, $2, $2, $3, $3 from generate_series(1, 2100) i";
const SAMPLES: &str = "\
insert into samples (tenant_id, id, number, status, name, name_norm, owner_id, created_by, created_at, updated_at)
select $1, md5($1::text || i)::uuid, 'OLD-' || i, 'draft', 'Old ' || i, 'old ' || i, $2, $2, $3, $3 from generate_series(1, 2100) i";

/// However many rows there are, a narrow filter finds those that it found then: what came into it since is not there, what left it is.
#[tokio::test]
async fn a_narrow_filter_goes_back_in_a_table_of_any_size() {
    let world = World::new().await;
    let here = &world.here;
    crowd(&world, LEADS, changed!("leads", "null"), "lead").await;
    let entity = world.lead();
    let lead = async |name: &str, city: &str| {
        let values = json!({ "name": name, "city": city, "owner": here.rep.access.member });
        world.create(&here.admin, "lead", values).await.unwrap()
    };
    let delete = async |lead: &Record| {
        let delete = DeleteRecord { entity: "lead".to_owned(), id: lead.id, version: None };
        world.run(&here.admin, delete).await.unwrap();
    };
    let change = async |lead: &Record, values: Value| {
        let lead = world.get(&here.admin, "lead", lead.id).await.unwrap();
        world.update(&here.admin, "lead", &lead, values).await.unwrap();
    };
    let (stays, leaves) = (lead("Stays", "Kisumu").await, lead("Leaves", "Kisumu").await);
    let (comes, moved) = (lead("Comes", "Nakuru").await, lead("Moved", "Kisumu").await);
    let (goes, back) = (lead("Goes", "Kisumu").await, lead("Back", "Kisumu").await);
    let (given, both) = (lead("Given", "Kisumu").await, lead("Both", "Kisumu").await);
    delete(&back).await;
    let old = world.all(&here.admin, "lead", Some(Filter::parse("name = \"Old 7\"", &entity).unwrap())).await.unwrap();
    tick(&world);
    let filters = [
        "city = Kisumu",
        "city = Kisumu and status = new",
        "status != new or city = Nakuru",
        "name starts with Old and city is not empty or name = Stays",
        "name = \"Old 7\" or name = Leaves",
    ];
    let queries: Vec<ListQuery> =
        filters.iter().map(|filter| crate::world::query(&entity, filter, "-createdAt")).collect();
    let trash = ListQuery { trash: true, ..crate::world::query(&entity, "city = Kisumu", "name") };
    let names = |page: Page| -> Vec<String> {
        page.records().unwrap().iter().map(|row| row.text("name").unwrap_or_default().to_owned()).collect()
    };
    let mut then = Vec::new();
    for query in &queries {
        let mut rows = world.list(&here.admin, "lead", query.clone()).await.unwrap().records().unwrap();
        for row in &mut rows {
            for field in entity.fields.iter().filter(|field| field.rollup.is_some()) {
                row.values.insert(field.key.clone(), Value::Null);
            }
        }
        then.push((rows, board_of(&world, &here.admin, query.clone()).await));
    }
    let thrown = names(world.list(&here.admin, "lead", trash.clone()).await.unwrap());
    assert_eq!(thrown, ["Back"]);
    let moment = tick(&world);

    change(&leaves, json!({ "city": "Nakuru" })).await;
    change(&comes, json!({ "city": "Kisumu" })).await;
    let to = TransitionRecord {
        entity: "lead".to_owned(),
        id: moved.id,
        version: None,
        name: None,
        to: Some("contacted".to_owned()),
        pipeline: None,
        values: object(json!({})),
    };
    world.run(&here.admin, to).await.unwrap();
    delete(&goes).await;
    world.run(&here.admin, RestoreRecord { entity: "lead".to_owned(), id: back.id }).await.unwrap();
    change(&given, json!({ "owner": here.other_rep.access.member })).await;
    // Out of it and in again, under another name.
    change(&both, json!({ "city": "Eldoret" })).await;
    change(&both, json!({ "city": "Kisumu", "name": "Both of them" })).await;
    change(&old[0], json!({ "city": "Kisumu", "name": "Old no more" })).await;
    lead("Too late", "Kisumu").await;
    // Of every row something else has changed, by which these filters do not decide.
    let source = changed!("leads", "'{\"source\": null, \"version\": 1}'");
    changed(&world, source, "lead", world.test.services().clock.now()).await;
    tick(&world);

    let asked = |query: &ListQuery| ListQuery { as_of: Some(moment.clone()), ..query.clone() };
    for (query, (rows, board)) in queries.iter().zip(&then) {
        let query = asked(query);
        let page = world.list(&here.admin, "lead", query.clone()).await.unwrap();
        let total = page.total.unwrap();
        assert_eq!((total.value, total.exact), (rows.len() as i64, true), "{query:?}");
        assert_eq!(&page.records().unwrap(), rows, "{query:?}");
        assert_eq!(&board_of(&world, &here.admin, query.clone()).await, board, "{query:?}");
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = ListQuery { limit: 2, cursor, ..query.clone() };
            let page = world.list(&here.admin, "lead", page).await.unwrap();
            found.extend(page.records().unwrap());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(&found, rows, "{query:?} by pages");
    }
    assert_eq!(names(world.list(&here.admin, "lead", asked(&trash)).await.unwrap()), thrown);
    // By name, whatever they are called.
    let ids = vec![stays.id, comes.id, both.id];
    let ids = ListQuery { ids, ..crate::world::query(&entity, "city = Kisumu", "name") };
    assert_eq!(names(world.list(&here.admin, "lead", asked(&ids)).await.unwrap()), ["Both", "Stays"]);
    // What is out of the reader's reach now is not there, and what is in the trash is for those who may look there.
    let mine = names(world.list(&here.rep, "lead", asked(&queries[0])).await.unwrap());
    assert!(mine.contains(&"Leaves".to_owned()) && !mine.contains(&"Given".to_owned()), "{mine:?}");
    let viewer = names(world.list(&here.viewer, "lead", asked(&queries[0])).await.unwrap());
    assert!(viewer.contains(&"Given".to_owned()) && !viewer.contains(&"Goes".to_owned()), "{viewer:?}");
    assert!(names(world.list(&world.there.admin, "lead", asked(&queries[0])).await.unwrap()).is_empty());
    // Nothing that narrows, and too much that has changed in what is asked for: who wrote a row last is another with each change.
    for filter in ["", "status = new", "source = partner", "city is not empty and updatedAt > 2020-01-01"] {
        let refused = world.list(&here.admin, "lead", asked(&crate::world::query(&entity, filter, ""))).await;
        let refused = refused.unwrap_err();
        assert!(at(&refused, "asOf").contains("Narrow the filter"), "{filter}: {refused:?}");
    }
    world.end().await;
}

/// B-05, in a table that is narrowed first: a filter by what one may not see is as unknown as ever, and no answer holds it.
#[tokio::test]
async fn what_may_not_be_seen_narrows_nothing() {
    let world = World::new().await;
    let here = &world.here;
    crowd(&world, SAMPLES, changed!("samples", "null"), "sample").await;
    let sample = world.sample();
    let (canary, hidden) = ("CANARY-NARROW", "secret");
    let record = world.create(&here.admin, "sample", json!({ "name": "Row", hidden: canary })).await.unwrap();
    let moment = tick(&world);
    world.update(&here.admin, "sample", &record, json!({ "name": "Other", hidden: "other" })).await.unwrap();
    tick(&world);
    let query = |filter: &str| ListQuery {
        filter: Some(Filter::parse(filter, &sample).unwrap()),
        as_of: Some(moment.clone()),
        ..ListQuery::default()
    };
    let by_secret = query(&format!("{hidden} = {canary}"));
    assert_eq!(world.list(&here.admin, "sample", by_secret.clone()).await.unwrap().records().unwrap().len(), 1);
    let refused = world.list(&here.user, "sample", by_secret).await.unwrap_err();
    assert!(at(&refused, "filter").contains("has no field"), "{refused:?}");
    let seen = world.list(&here.user, "sample", query("name = Row")).await.unwrap().rows.json().unwrap().into_owned();
    assert!(seen.contains("\"Row\"") && !seen.contains(canary) && !seen.contains(hidden), "{seen}");
    world.end().await;
}

/// A page that adds up and shows groups asks for the same rows many times over.
#[tokio::test]
async fn the_operations_of_one_request_go_back_once() {
    let world = World::new().await;
    let here = &world.here;
    world.create(&here.user, "sample", json!({ "name": "Then" })).await.unwrap();
    let query = ListQuery { as_of: Some(tick(&world)), ..ListQuery::default() };
    let list = ListRecords { entity: "sample".to_owned(), query };
    let names = |page: Page| -> Vec<String> {
        page.records().unwrap().iter().map(|row| row.text("name").unwrap_or_default().to_owned()).collect()
    };
    let request = world.platform.clone().backend(here.user.clone());
    assert_eq!(names(request.run(list.clone()).await.unwrap()), ["Then"]);
    // Behind everybody's back: only who goes through the rows once more comes to see it.
    sqlx::query("update samples set name = 'Forged'").execute(&world.owner).await.unwrap();
    assert_eq!(names(request.run(list.clone()).await.unwrap()), ["Then"]);
    assert_eq!(names(world.run(&here.user, list.clone()).await.unwrap()), ["Forged"], "another request");
    assert!(names(world.run(&world.there.user, list.clone()).await.unwrap()).is_empty(), "another workspace");
    world.test.clock.advance(chrono::Duration::seconds(31));
    assert_eq!(names(request.run(list).await.unwrap()), ["Forged"], "one that takes as long as a stream");
    world.end().await;
}

#[tokio::test]
async fn what_is_too_much_to_go_through_is_left_in_the_database() {
    const WRITTEN: &str = "\
insert into changes (tenant_id, id, at, operation, entity, record_id, cause_kind, before, after, digest)
values ($1, $2, $3, 'records.update', 'sample', $4, 'request', $5, '{}', decode('00', 'hex'))";
    let world = World::new().await;
    let here = &world.here;
    let row = world.create(&here.user, "sample", json!({ "name": "Long" })).await.unwrap();
    let query = ListQuery { as_of: Some(tick(&world)), ..ListQuery::default() };
    let now = world.test.services().clock.now();
    let millis = u128::try_from(now.timestamp_millis()).unwrap();
    for at in 0..17_u128 {
        let before = json!({ "version": 1, "note": "x".repeat(1024 * 1024) });
        sqlx::query(WRITTEN)
            .bind(here.tenant.id.0)
            .bind(Uuid::from_u128((millis << 80) + at))
            .bind(now)
            .bind(row.id)
            .bind(before)
            .execute(&world.owner)
            .await
            .unwrap();
        let answer = world.list(&here.user, "sample", query.clone()).await;
        match at {
            0 => assert_eq!(answer.unwrap().records().unwrap().len(), 1, "a long text is none too many"),
            16 => assert!(self::at(&answer.unwrap_err(), "asOf").contains("More was written since then")),
            _ => {}
        }
    }
    world.end().await;
}

/// Putting a version back is an update by whoever asks: the values come back, the state stays, and a stale page is refused.
#[tokio::test]
async fn the_values_of_a_version_are_put_back() {
    let world = World::new().await;
    let here = &world.here;
    let lead = world.create(&here.user, "lead", json!({ "name": "Before", "city": "Kisumu" })).await.unwrap();
    let changed = world.update(&here.user, "lead", &lead, json!({ "name": "After", "city": null })).await.unwrap();
    let to = TransitionRecord {
        entity: "lead".to_owned(),
        id: lead.id,
        version: None,
        name: None,
        to: Some("contacted".to_owned()),
        pipeline: None,
        values: object(json!({})),
    };
    let moved = world.run(&here.user, to).await.unwrap();
    let back =
        |version: i64| PutBack { entity: "lead".to_owned(), id: lead.id, version: Some(version), old_version: 1 };
    assert_eq!(world.run(&here.user, back(changed.version)).await.unwrap_err().kind, Kind::Stale);
    assert_eq!(world.run(&here.viewer, back(moved.version)).await.unwrap_err().kind, Kind::Forbidden);
    let done = world.run(&here.user, back(moved.version)).await.unwrap();
    assert_eq!(done.record.text("name"), Some("Before"));
    assert_eq!(done.record.text("city"), Some("Kisumu"));
    assert_eq!(done.record.text("status"), Some("contacted"), "the state stays");
    assert_eq!((done.fields.len(), done.kept.len()), (2, 1), "{done:?}");
    let again = world.run(&here.user, back(done.record.version)).await.unwrap();
    assert_eq!(again.record.version, done.record.version, "nothing is left to put back");
    world.run(&here.admin, DeleteRecord { entity: "lead".to_owned(), id: lead.id, version: None }).await.unwrap();
    assert_eq!(world.run(&here.admin, back(5)).await.unwrap_err().kind, Kind::NotFound, "in the trash");
    let seen = world.run(&here.admin, GetRecord { entity: "lead".to_owned(), id: lead.id }).await.unwrap();
    assert!(seen.deleted_at.is_some());
    world.end().await;
}
