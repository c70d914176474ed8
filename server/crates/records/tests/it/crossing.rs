//! Groups inside groups, groups of time, and what lies beyond a limit: everything adds up to what a list holds.

use crate::pages::fill;
use crate::world::{World, at, query};
use domain::Kind;
use domain::records::{Group, GroupBy, Inner, SummariseRecords};
use domain::schema::{Filter, ListQuery};
use serde_json::json;

fn summary(query: ListQuery, group: GroupBy, limit: Option<u32>, inner: Option<Inner>) -> SummariseRecords {
    let (entity, measure) = ("sample".to_owned(), Some("price".to_owned()));
    SummariseRecords { entity, query, group, measure, limit, inner, weighted: false }
}

fn by(field: &str) -> GroupBy {
    GroupBy::Field(field.to_owned())
}

/// Sums by currency in minor units of two decimals, however many groups they come from.
fn added(groups: &[Group]) -> Vec<(Option<String>, String)> {
    let mut all: std::collections::BTreeMap<Option<String>, (i64, u32)> = std::collections::BTreeMap::new();
    for sum in groups.iter().flat_map(|group| &group.sums) {
        let decimals = sum.amount.split_once('.').map_or(0, |(_, fraction)| u32::try_from(fraction.len()).unwrap());
        let held = all.entry(sum.currency.clone()).or_insert((0, decimals));
        held.0 += domain::money::parse_scaled(&sum.amount, decimals).unwrap();
    }
    all.into_iter().map(|(currency, (sum, decimals))| (currency, domain::money::scaled(sum, decimals))).collect()
}

#[tokio::test]
async fn inner_groups_add_up_to_their_group_and_the_rest_loses_nothing() {
    let world = World::new().await;
    fill(&world, 60).await;
    let user = &world.here.user;
    let run = async |group, limit, inner| world.run(user, summary(ListQuery::default(), group, limit, inner)).await;
    let all = run(GroupBy::All, None, None).await.unwrap();
    for (outer, limit, inner, inner_limit) in [
        (by("colour"), None, by("country"), None),
        (by("colour"), Some(1), by("country"), Some(1)),
        (by("country"), Some(2), by("fragile"), None),
        (GroupBy::Month("moment".to_owned()), None, by("colour"), Some(2)),
        (GroupBy::Week("day".to_owned()), None, GroupBy::Day("moment".to_owned()), Some(3)),
        (GroupBy::Day("day".to_owned()), Some(3), by("status"), None),
    ] {
        let inner = Inner { group: inner, limit: inner_limit };
        let name = format!("{outer:?} {limit:?} {inner:?}");
        let groups = run(outer, limit, Some(inner)).await.unwrap();
        assert_eq!(groups.iter().map(|group| group.count).sum::<i64>(), 60, "{name}");
        assert_eq!(added(&groups), added(&all), "{name}");
        for group in &groups {
            assert_eq!(group.inner.iter().map(|inner| inner.count).sum::<i64>(), group.count, "{name}");
            assert_eq!(added(&group.inner), added(std::slice::from_ref(group)), "{name}");
        }
        if let Some(limit) = limit {
            let named = groups.iter().filter(|group| !group.rest).count();
            assert!(named <= limit as usize, "{name}: {groups:#?}");
            assert!(groups.last().unwrap().rest && groups.last().unwrap().key.is_none(), "{name}");
        }
        let distinct: std::collections::BTreeSet<_> =
            groups.iter().flat_map(|group| &group.inner).map(|inner| (&inner.key, inner.rest)).collect();
        assert!(inner_limit.is_none_or(|limit| distinct.len() <= limit as usize + 1), "{name}");
    }
    // Asked for without a limit, groups are what they were.
    let plain = run(by("colour"), None, None).await.unwrap();
    let limited = run(by("colour"), Some(100), None).await.unwrap();
    let sorted = |mut groups: Vec<Group>| {
        groups.sort_by(|one, other| one.key.cmp(&other.key));
        groups
    };
    assert_eq!(sorted(plain), sorted(limited));
    world.end().await;
}

#[tokio::test]
async fn weeks_begin_on_monday_and_days_where_the_workspace_is() {
    let world = World::new().await;
    let user = &world.here.user;
    // Late on Sunday in UTC it is Monday in Nairobi.
    for (name, day, moment) in [
        ("a", "2026-11-15", "2026-11-15T20:59:00Z"),
        ("b", "2026-11-16", "2026-11-15T21:01:00Z"),
        ("c", "2027-01-01", "2027-01-01T12:00:00Z"),
    ] {
        world.create(user, "sample", json!({ "name": name, "day": day, "moment": moment })).await.unwrap();
    }
    let keys = async |group: GroupBy| -> Vec<String> {
        let groups = world.run(user, summary(ListQuery::default(), group, None, None)).await.unwrap();
        groups.into_iter().filter_map(|group| group.key).collect()
    };
    for field in ["day", "moment"] {
        let field = field.to_owned();
        assert_eq!(keys(GroupBy::Week(field.clone())).await, ["2026-11-09", "2026-11-16", "2026-12-28"], "{field}");
        assert_eq!(keys(GroupBy::Day(field.clone())).await, ["2026-11-15", "2026-11-16", "2027-01-01"], "{field}");
        assert_eq!(keys(GroupBy::Month(field.clone())).await, ["2026-11", "2027-01"], "{field}");
    }
    world.end().await;
}

#[tokio::test]
async fn groups_inside_groups_reach_no_farther_than_a_list() {
    let world = World::new().await;
    fill(&world, 20).await;
    let there = &world.there.user;
    world.create(there, "sample", json!({ "name": "foreign" })).await.unwrap();
    let inner = || Some(Inner { group: by("owner"), limit: Some(5) });
    let run = async |caller, operation| world.run(caller, operation).await;
    let found = run(there, summary(ListQuery::default(), by("colour"), Some(2), inner())).await.unwrap();
    assert_eq!(found.iter().map(|group| group.count).sum::<i64>(), 1);
    // Whoever sees only what is theirs counts only that.
    let rep = &world.here.rep;
    let found = run(rep, summary(ListQuery::default(), by("colour"), None, inner())).await.unwrap();
    let rows = world.all(rep, "sample", None).await.unwrap().len();
    assert_eq!(found.iter().map(|group| group.count).sum::<i64>(), i64::try_from(rows).unwrap());
    // Neither a hidden field nor one that makes no groups is grouped by, on either side.
    let user = &world.here.user;
    for (group, inside, place) in [
        (by("secret"), by("colour"), "group"),
        (by("name"), by("colour"), "group"),
        (by("colour"), by("secret"), "inner.group"),
        (by("colour"), GroupBy::Week("colour".to_owned()), "inner.group"),
    ] {
        let inner = Some(Inner { group: inside, limit: None });
        let error = run(user, summary(ListQuery::default(), group, None, inner)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(!at(&error, place).is_empty());
    }
    for limit in [0, 101, u32::MAX] {
        let error = run(user, summary(ListQuery::default(), by("colour"), Some(limit), None)).await.unwrap_err();
        assert!(at(&error, "limit").contains("Between 1 and 100"), "{error:?}");
        let inner = Some(Inner { group: by("colour"), limit: Some(limit) });
        let error = run(user, summary(ListQuery::default(), by("colour"), None, inner)).await.unwrap_err();
        assert!(at(&error, "inner.limit").contains("Between 1 and 100"), "{error:?}");
    }
    world.end().await;
}

/// What a page links to is exactly what it counted.
#[tokio::test]
async fn the_rest_is_what_a_filter_without_the_others_finds() {
    let world = World::new().await;
    fill(&world, 60).await;
    let user = &world.here.user;
    let groups = world.run(user, summary(ListQuery::default(), by("country"), Some(1), None)).await.unwrap();
    let [first, rest] = groups.as_slice() else { panic!("{groups:#?}") };
    assert!(rest.rest && !first.rest);
    let filter = match &first.key {
        Some(key) => format!("country not in ({key})"),
        None => "country is not empty".to_owned(),
    };
    let filter = Filter::parse(&filter, &world.sample()).unwrap();
    let rows = world.all(user, "sample", Some(filter)).await.unwrap();
    assert_eq!(i64::try_from(rows.len()).unwrap(), rest.count);
    let none = query(&world.sample(), "name = nobody", "");
    assert!(world.run(user, summary(none.clone(), by("country"), Some(1), None)).await.unwrap().is_empty());
    let whole = world.run(user, summary(none, GroupBy::All, Some(1), None)).await.unwrap();
    assert_eq!(whole, [Group::default()]);
    world.end().await;
}
