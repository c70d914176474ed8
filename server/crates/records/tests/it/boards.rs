//! Summaries and boards.

use crate::pages::fill;
use crate::sample::MARGIN;
use crate::world::{World, at, object, query, with};
use domain::records::{BoardRecords, Group, GroupBy, Record, Sum, SummariseRecords};
use domain::schema::ListQuery;
use domain::schema::value::money;
use domain::{Kind, Reach, Result};
use platform::Caller;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

fn sums(rows: &[&Record], measure: &str) -> Vec<Sum> {
    let mut all: BTreeMap<String, i64> = BTreeMap::new();
    for value in rows.iter().filter_map(|row| money(&row.values[measure])) {
        *all.entry(value.currency().to_owned()).or_default() += value.minor();
    }
    let amount = |minor, currency: &str| domain::money::Money::from_minor(minor, currency).unwrap().amount();
    all.into_iter()
        .map(|(currency, minor)| Sum { amount: amount(minor, &currency), currency: Some(currency) })
        .collect()
}

fn expected(rows: &[Record], measure: &str, key: impl Fn(&Record) -> Option<String>) -> Vec<Group> {
    let mut groups: BTreeMap<Option<String>, Vec<&Record>> = BTreeMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().push(row);
    }
    groups
        .into_iter()
        .map(|(key, rows)| Group {
            key,
            count: i64::try_from(rows.len()).unwrap(),
            sums: sums(&rows, measure),
            ..Group::default()
        })
        .collect()
}

#[tokio::test]
async fn groups_count_and_add_up_by_currency() {
    let world = World::new().await;
    fill(&world, 60).await;
    let user = &world.here.user;
    let rows = world.all(user, "sample", None).await.unwrap();
    let summary = async |filter: &str, group: GroupBy, measure: Option<&str>| {
        let query = query(&world.sample(), filter, "");
        world
            .run(
                user,
                SummariseRecords {
                    entity: "sample".to_owned(),
                    query,
                    group,
                    measure: measure.map(str::to_owned),
                    limit: None,
                    inner: None,
                    weighted: false,
                },
            )
            .await
    };
    for field in ["status", "colour", "lead", "owner", "fragile", "country"] {
        let mut found = summary("", GroupBy::Field(field.to_owned()), Some("price")).await.unwrap();
        found.sort_by(|one, other| one.key.cmp(&other.key));
        let key = |row: &Record| match &row.values[field] {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        assert_eq!(found, expected(&rows, "price", key), "{field}");
    }
    let months = summary("", GroupBy::Month("day".to_owned()), None).await.unwrap();
    assert_eq!(months.iter().map(|group| group.key.as_deref()).collect::<Vec<_>>(), [Some("2026-11"), None]);
    // Late in the evening of UTC it is tomorrow in Nairobi.
    world.create(user, "sample", json!({ "name": "late", "moment": "2026-12-31T22:00:00Z" })).await.unwrap();
    let months = summary("name = late", GroupBy::Month("moment".to_owned()), None).await.unwrap();
    assert_eq!(months[0].key.as_deref(), Some("2027-01"));
    let all = summary("pieces >= 0", GroupBy::All, Some("pieces")).await.unwrap();
    let orders: Vec<i64> =
        rows.iter().filter_map(|row| row.values["pieces"].as_i64()).filter(|order| *order >= 0).collect();
    let sum = Sum { currency: None, amount: orders.iter().sum::<i64>().to_string() };
    assert_eq!(all, [Group { count: i64::try_from(orders.len()).unwrap(), sums: vec![sum], ..Group::default() }]);
    let weights = summary("weight is not empty", GroupBy::All, Some("weight")).await.unwrap();
    assert!(weights[0].sums[0].amount.contains('.'));
    let none = summary("name = nobody", GroupBy::All, Some("price")).await.unwrap();
    assert_eq!(none, [Group::default()]);
    for (group, measure) in [
        (GroupBy::Field("name".to_owned()), None),
        (GroupBy::Month("colour".to_owned()), None),
        (GroupBy::All, Some("name")),
    ] {
        assert_eq!(summary("", group, measure).await.unwrap_err().kind, Kind::Invalid);
    }
    world.end().await;
}

#[tokio::test]
async fn a_board_has_every_state_in_order_and_loses_no_row() {
    let world = World::new().await;
    let user = &world.here.user;
    let value = |amount: u32| json!({ "amount": amount.to_string(), "currency": "KES" });
    let mut ctx = world.open(user).await;
    let statuses = ["new", "new", "new", "proposal", "won", "proposal"];
    let rows = (1..).zip(statuses).map(|(n, status)| records::NewRow {
        id: None,
        values: object(json!({ "name": format!("n{n}"), "value": value(n) })),
        status: Some(status.to_owned()),
    });
    records::create_many(&mut ctx, &world.lead(), rows.collect()).await.unwrap();
    ctx.commit().await.unwrap();
    world.lead_of(&world.there.user, "foreign").await;
    // A state that a description has lost: the table's own check has to know it, so it is lifted here.
    sqlx::raw_sql(
        "alter table leads drop constraint leads_status_known; update leads set status = 'ancient' where name = 'n5'",
    )
    .execute(&world.owner)
    .await
    .unwrap();
    let board = async |filter: &str, sort: &str, cards: u32| {
        let query = ListQuery { fields: vec!["name".to_owned()], ..query(&world.lead(), filter, sort) };
        world
            .run(user, BoardRecords { entity: "lead".to_owned(), query, measure: Some("value".to_owned()), cards })
            .await
            .unwrap()
    };
    let columns = board("", "-value", 2).await;
    let shown: Vec<(&str, i64, Vec<&str>)> = columns
        .iter()
        .map(|column| {
            (column.state.as_str(), column.count, column.cards.iter().map(|card| card.text("name").unwrap()).collect())
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("new", 3, vec!["n3", "n2"]),
            ("contacted", 0, vec![]),
            ("qualified", 0, vec![]),
            ("proposal", 2, vec!["n6", "n4"]),
            ("negotiation", 0, vec![]),
            ("won", 0, vec![]),
            ("lost", 0, vec![]),
            ("ancient", 1, vec!["n5"]),
        ]
    );
    assert_eq!(columns[0].sums, [Sum { currency: Some("KES".to_owned()), amount: "6.00".to_owned() }]);
    let columns = board("status in (new, proposal) and value >= 3", "name", 9).await;
    assert_eq!(columns.iter().map(|column| column.count).collect::<Vec<_>>(), [1, 0, 0, 2, 0, 0, 0]);
    assert!(board("", "", 0).await.iter().all(|column| column.cards.is_empty()));
    let many = BoardRecords { entity: "lead".to_owned(), query: ListQuery::default(), measure: None, cards: 101 };
    assert_eq!(world.run(user, many).await.unwrap_err().kind, Kind::Invalid);
    world.end().await;
}

/// Keys and counts of the samples by a field, as one caller may see them.
async fn by(world: &World, caller: &Caller, field: &str) -> Result<Vec<(Option<String>, i64)>> {
    let summary = SummariseRecords {
        entity: "sample".to_owned(),
        query: ListQuery::default(),
        group: GroupBy::Field(field.to_owned()),
        measure: None,
        limit: None,
        inner: None,
        weighted: false,
    };
    let groups = world.run(caller, summary).await?;
    Ok(groups.into_iter().map(|group| (group.key, group.count)).collect())
}

#[tokio::test]
async fn members_and_rows_make_columns_of_what_the_reader_reaches() {
    let world = World::new().await;
    let here = &world.here;
    // The other workspace has more of everything.
    let foreign = world.lead_of(&world.there.admin, "Foreign").await;
    for at in 0..4 {
        let values = json!({ "name": format!("F{at}"), "lead": foreign.id, "keeper": world.there.rep.access.member });
        world.create(&world.there.admin, "sample", values).await.unwrap();
    }
    let lake = world.lead_of(&here.admin, "Lake").await;
    let (rep, other) = (here.rep.access.member, here.other_rep.access.member);
    for values in [
        json!({ "name": "1", "owner": rep, "keeper": rep, "lead": lake.id }),
        json!({ "name": "2", "owner": rep, "keeper": rep, "lead": lake.id }),
        json!({ "name": "3", "owner": rep, "keeper": other }),
        json!({ "name": "4", "owner": other, "lead": lake.id }),
    ] {
        world.create(&here.admin, "sample", values).await.unwrap();
    }
    let key = |id: Uuid, count: i64| (Some(id.to_string()), count);
    let none = |count: i64| (None, count);
    // The most frequent first.
    assert_eq!(by(&world, &here.admin, "keeper").await.unwrap(), [key(rep.0, 2), none(1), key(other.0, 1)]);
    assert_eq!(by(&world, &here.admin, "lead").await.unwrap(), [key(lake.id, 3), none(1)]);
    assert_eq!(by(&world, &here.admin, "owner").await.unwrap(), [key(rep.0, 3), key(other.0, 1)]);
    // Whose reach is their own counts their own.
    assert_eq!(by(&world, &here.rep, "keeper").await.unwrap(), [key(rep.0, 2), key(other.0, 1)]);
    assert_eq!(by(&world, &here.rep, "lead").await.unwrap(), [key(lake.id, 2), none(1)]);
    assert_eq!(by(&world, &here.rep, "owner").await.unwrap(), [key(rep.0, 3)]);
    // And the rows of such a column are theirs too, without the name of a lead that is not.
    let filter = format!("lead = {}", lake.id);
    let rows = world.list(&here.rep, "sample", query(&world.sample(), &filter, "name")).await.unwrap();
    let rows = rows.records().unwrap();
    let names: Vec<&str> = rows.iter().filter_map(|row| row.text("name")).collect();
    assert_eq!((names, rows[0].label("lead"), rows[0].label("keeper")), (vec!["1", "2"], None, Some("Rita Rep")));
    let there = world.there.rep.access.member.0;
    assert_eq!(by(&world, &world.there.user, "lead").await.unwrap(), [key(foreign.id, 4)]);
    assert_eq!(by(&world, &world.there.user, "keeper").await.unwrap(), [key(there, 4)]);
    world.end().await;
}

#[tokio::test]
async fn a_field_that_may_not_be_read_makes_no_columns() {
    let world = World::new().await;
    let here = &world.here;
    let insider = with(&here.user, |access| {
        access.grants.0.insert(MARGIN.to_owned(), Reach::All);
    });
    let rep = here.rep.access.member;
    world.create(&insider, "sample", json!({ "name": "S", "valuer": rep })).await.unwrap();
    assert_eq!(by(&world, &insider, "valuer").await.unwrap(), [(Some(rep.0.to_string()), 1)]);
    // To the others it is as unknown as one that is not there, and is named as they named it.
    for field in ["valuer", "nonsense"] {
        let error = by(&world, &here.user, field).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(at(&error, "group").starts_with(&format!("Sample has no field {field}")), "{error:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_card_is_given_to_another_by_one_update() {
    let world = World::new().await;
    let here = &world.here;
    let lake = world.lead_of(&here.admin, "Lake").await;
    let card = world.create(&here.user, "sample", json!({ "name": "S" })).await.unwrap();
    let before = world.count("changes").await;
    let moved = world.update(&here.user, "sample", &card, json!({ "lead": lake.id })).await.unwrap();
    assert_eq!((moved.version, moved.label("lead")), (card.version + 1, Some("Lake")));
    assert_eq!(world.count("changes").await, before + 1);
    // Who still has the version before is told, and the card stays in its column.
    let late = world.update(&here.admin, "sample", &card, json!({ "lead": null })).await.unwrap_err();
    assert_eq!(late.kind, Kind::Stale);
    assert_eq!(by(&world, &here.user, "lead").await.unwrap(), [(Some(lake.id.to_string()), 1)]);
    // Nor does it go to a lead of the other workspace.
    let foreign = world.lead_of(&world.there.admin, "Foreign").await;
    let error = world.update(&here.user, "sample", &moved, json!({ "lead": foreign.id })).await.unwrap_err();
    at(&error, "lead");
    world.end().await;
}

/// Sums as they are told: `KES 12.50`.
fn told(sums: &[Sum]) -> Vec<String> {
    sums.iter().map(|sum| format!("{} {}", sum.currency.as_deref().unwrap_or("-"), sum.amount)).collect()
}

#[tokio::test]
async fn sums_are_weighed_by_the_chance_of_the_state_that_each_row_is_in() {
    let world = World::new().await;
    let here = &world.here;
    let (rep, other) = (here.rep.access.member, here.other_rep.access.member);
    // Of what is new 5 in 100 are won, of proposals 55. What is won already is no chance any more.
    let rows = [
        (rep, "new", "1000.00", "KES"),
        (rep, "proposal", "33.33", "KES"),
        (rep, "won", "500.00", "KES"),
        (rep, "new", "99.99", "EUR"),
        (other, "won", "10.00", "KES"),
    ];
    let rows = rows.into_iter().zip(1..).map(|((owner, status, amount, currency), n)| records::NewRow {
        id: None,
        values: object(json!({
            "name": format!("n{n}"), "owner": owner, "value": { "amount": amount, "currency": currency },
        })),
        status: Some(status.to_owned()),
    });
    let mut ctx = world.open(&here.admin).await;
    records::create_many(&mut ctx, &world.lead(), rows.collect()).await.unwrap();
    ctx.commit().await.unwrap();
    let ask = async |caller: &Caller, limit: Option<u32>, weighted: bool| {
        let (entity, group) = ("lead".to_owned(), GroupBy::Field("owner".to_owned()));
        let (query, measure) = (ListQuery::default(), Some("value".to_owned()));
        world.run(caller, SummariseRecords { entity, query, group, measure, limit, inner: None, weighted }).await
    };
    let groups = ask(&here.admin, None, true).await.unwrap();
    assert_eq!(groups.iter().map(|group| group.count).collect::<Vec<_>>(), [4, 1]);
    assert_eq!(told(&groups[0].sums), ["EUR 99.99", "KES 1533.33"]);
    assert_eq!(told(&groups[0].weighted), ["EUR 4.99", "KES 68.33"]);
    assert_eq!((told(&groups[1].sums), groups[1].weighted.len()), (vec!["KES 10.00".to_owned()], 0));
    // Who sees less weighs less, and counts and sums are what they are without.
    let own = ask(&here.other_rep, None, true).await.unwrap();
    assert_eq!((own.len(), own[0].weighted.len()), (1, 0));
    let plain: Vec<Group> = groups.into_iter().map(|group| Group { weighted: Vec::new(), ..group }).collect();
    assert_eq!(ask(&here.admin, None, false).await.unwrap(), plain);
    let refused = ask(&here.admin, Some(5), true).await.unwrap_err();
    assert!(at(&refused, "weighted").contains("without a limit"), "{refused:?}");
    world.end().await;
}
