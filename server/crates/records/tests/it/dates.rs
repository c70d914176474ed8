//! Stretches of days, as calendars and timelines ask for them: on the workspace's clock, within reach, and in one statement.

use crate::sample::MARGIN;
use crate::world::{World, at, with};
use chrono::NaiveDate;
use domain::records::Record;
use domain::schema::{Entity, ListQuery, Sort, stretch};
use domain::{Kind, Reach, Result};
use platform::Caller;
use serde_json::json;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// As a calendar asks: the rows of these days, in the order of the day.
fn query(entity: &Entity, date: &str, end: Option<&str>, from: &str, until: &str) -> ListQuery {
    let field = |key: &str| entity.field(key).unwrap();
    let filter = stretch(field(date), end.map(field), day(from), day(until));
    let sort = vec![Sort { field: date.to_owned(), descending: false }];
    ListQuery { filter: Some(filter), sort, limit: 500, ..ListQuery::default() }
}

async fn found(world: &World, caller: &Caller, query: ListQuery) -> Result<Vec<String>> {
    let rows: Vec<Record> = world.list(caller, "sample", query).await?.records()?;
    Ok(rows.iter().map(|row| row.text("name").unwrap().to_owned()).collect())
}

/// The workspace is in Nairobi, three hours ahead of UTC.
#[tokio::test]
async fn a_moment_stands_on_the_workspaces_day() {
    let world = World::new().await;
    let (entity, user) = (world.sample(), &world.here.user);
    for (name, moment) in [
        ("the evening before, 23:59:59", "2026-11-20T20:59:59Z"),
        ("midnight", "2026-11-20T21:00:00Z"),
        ("noon", "2026-11-21T09:00:00Z"),
        ("half past eleven at night", "2026-11-21T20:30:00Z"),
        ("the next midnight", "2026-11-21T21:00:00Z"),
    ] {
        world.create(user, "sample", json!({ "name": name, "moment": moment })).await.unwrap();
    }
    world.create(user, "sample", json!({ "name": "without a day" })).await.unwrap();
    let on =
        async |from: &str, until: &str| found(&world, user, query(&entity, "moment", None, from, until)).await.unwrap();
    assert_eq!(on("2026-11-21", "2026-11-22").await, ["midnight", "noon", "half past eleven at night"]);
    assert_eq!(on("2026-11-20", "2026-11-21").await, ["the evening before, 23:59:59"]);
    assert_eq!(on("2026-11-22", "2026-11-23").await, ["the next midnight"]);
    assert_eq!(on("2026-11-01", "2026-12-01").await.len(), 5);
    world.end().await;
}

/// What lasts into a stretch belongs to it, wherever it began.
#[tokio::test]
async fn what_lasts_into_a_stretch_is_part_of_it() {
    let world = World::new().await;
    let (entity, user) = (world.sample(), &world.here.user);
    for (name, from, until) in [
        ("over", Some("2026-10-31"), Some("2026-10-31T12:00:00Z")),
        ("into", Some("2026-10-20"), Some("2026-11-01T05:00:00Z")),
        ("across", Some("2025-01-01"), Some("2027-01-01T05:00:00Z")),
        ("within", Some("2026-11-10"), Some("2026-11-12T05:00:00Z")),
        ("open", Some("2026-11-30"), None),
        ("later", Some("2026-12-01"), Some("2026-12-05T05:00:00Z")),
        ("endless but before", Some("2026-10-05"), None),
        ("without a beginning", None, Some("2026-11-05T05:00:00Z")),
    ] {
        world.create(user, "sample", json!({ "name": name, "day": from, "moment": until })).await.unwrap();
    }
    let spans = query(&entity, "day", Some("moment"), "2026-11-01", "2026-12-01");
    assert_eq!(found(&world, user, spans).await.unwrap(), ["across", "into", "within", "open"]);
    let points = query(&entity, "day", None, "2026-11-01", "2026-12-01");
    assert_eq!(found(&world, user, points).await.unwrap(), ["within", "open"]);
    world.end().await;
}

#[tokio::test]
async fn reach_and_permissions_of_fields_hold_for_a_stretch() {
    let world = World::new().await;
    let (entity, here) = (world.sample(), &world.here);
    for (caller, name) in [(&here.rep, "the rep's"), (&here.other_rep, "another's"), (&world.there.rep, "foreign")] {
        world.create(caller, "sample", json!({ "name": name, "day": "2026-11-21" })).await.unwrap();
    }
    let asked = || query(&entity, "day", None, "2026-11-01", "2026-12-01");
    assert_eq!(found(&world, &here.rep, asked()).await.unwrap(), ["the rep's"]);
    assert_eq!(found(&world, &here.boss, asked()).await.unwrap(), ["the rep's"]);
    assert_eq!(found(&world, &here.viewer, asked()).await.unwrap().len(), 2);
    assert_eq!(found(&world, &world.there.admin, asked()).await.unwrap(), ["foreign"]);

    // A day that not everybody may know: for the others it is no field at all.
    let knows = with(&here.user, |access| {
        access.grants.0.insert(MARGIN.to_owned(), Reach::All);
    });
    world.create(&knows, "sample", json!({ "name": "settled", "settled": "2026-11-21" })).await.unwrap();
    let secret = || query(&entity, "settled", None, "2026-11-01", "2026-12-01");
    assert_eq!(found(&world, &knows, secret()).await.unwrap(), ["settled"]);
    let refused = found(&world, &here.user, secret()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Invalid);
    assert_eq!(at(&refused, "sort"), "Sample has no field settled");
    let unsorted = ListQuery { sort: Vec::new(), ..secret() };
    assert_eq!(at(&found(&world, &here.user, unsorted).await.unwrap_err(), "filter"), "Sample has no field settled");
    world.end().await;
}

/// Five hundred rows at most, the first of the stretch; how many there are is said.
#[tokio::test]
async fn a_stretch_is_bounded_and_says_how_much_there_is() {
    let world = World::new().await;
    let (entity, user) = (world.sample(), &world.here.user);
    let mut ctx = world.open(user).await;
    let row =
        |n: u32| json!({ "name": format!("r{n:04}"), "day": day("2026-11-01") + chrono::Days::new(u64::from(n / 20)) });
    let rows = (0..599).map(|n| records::NewRow { id: None, values: crate::world::object(row(n)), status: None });
    records::create_many(&mut ctx, &entity, rows.collect()).await.unwrap();
    ctx.commit().await.unwrap();
    let asked = query(&entity, "day", None, "2026-11-01", "2026-12-01");
    let page = world.list(user, "sample", asked.clone()).await.unwrap();
    let total = page.total.unwrap();
    assert_eq!((page.returned, total.value, total.exact), (500, 599, true));
    assert!(page.next.is_some());
    let last = page.records().unwrap().pop().unwrap();
    assert_eq!(last.text("day"), Some("2026-11-25"), "the stretch is read from its beginning");
    // Rows without a day cannot be among them: one statement is enough.
    let mut ctx = world.open(user).await;
    assert_eq!(records::explain(&mut ctx, "sample", &asked, false).await.unwrap().len(), 1);
    let all = ListQuery { filter: None, ..asked };
    assert_eq!(records::explain(&mut ctx, "sample", &all, false).await.unwrap().len(), 2);
    drop(ctx);
    world.end().await;
}
