//! Summaries and boards.

use crate::pages::fill;
use crate::world::{World, object, query};
use domain::Kind;
use domain::records::{BoardRecords, Group, GroupBy, Record, Sum, SummariseRecords};
use domain::schema::ListQuery;
use domain::schema::value::money;
use serde_json::json;
use std::collections::BTreeMap;

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
