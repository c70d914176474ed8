//! Marks are what they count, and find what they count.

use super::super::block::{Asked, spots};
use super::super::days::Days;
use super::super::measure::merged;
use super::{inner, reached, stages};
use crate::page::Viewer;
use crate::records::fixture::{entity, viewer};
use domain::Reach;
use domain::records::Group;
use domain::schema::{Block, Catalog, Entity, Field};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

fn group(key: Option<&str>, count: i64) -> Group {
    Group { key: key.map(str::to_owned), count, ..Group::default() }
}

fn rest(count: i64) -> Group {
    Group { rest: true, count, ..Group::default() }
}

fn days() -> Days {
    Days { from: "2026-11-10".parse().unwrap(), to: "2026-12-20".parse().unwrap(), range: None }
}

fn source() -> Field {
    serde_json::from_value(json!({
        "key": "source", "label": "Source", "indexed": true,
        "kind": { "type": "option", "options": [{ "key": "web", "label": "Web", "hue": 3 }, { "key": "fair", "label": "Fair" }] },
    }))
    .unwrap()
}

/// Somebody who may read leads, in a workspace that has no others.
fn reader() -> Viewer {
    let standard = ["number", "status", "owner", "createdAt", "createdBy", "updatedAt", "updatedBy"];
    let mut described: Entity = (*entity()).clone();
    described.fields.retain(|field| !standard.contains(&field.key.as_str()));
    Viewer { catalog: Arc::new(Catalog::build("core", "Core", vec![described]).unwrap()), ..viewer() }
}

fn block(parts: &Value) -> Block {
    let mut whole = json!({ "key": "b", "title": "B", "entity": "lead" });
    whole.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn asks(viewer: &Viewer, asked: &Asked<'_>, spots: &[&super::Spot]) -> String {
    let href = asked.link_at(viewer, spots).unwrap();
    href.strip_prefix("/w/lakeside/leads?filter=")
        .unwrap()
        .replace("%20", " ")
        .replace("%3D", "=")
        .replace("%3C", "<")
        .replace("%3E", ">")
        .replace("%28", "(")
        .replace("%29", ")")
        .replace("%2C", ",")
}

#[test]
fn groups_of_time_ask_for_their_days_and_no_others() {
    let (viewer, block) = (
        reader(),
        block(&json!({
            "chart": "bar", "filter": "status = won", "group": { "field": "enquiredOn", "by": "month" },
        })),
    );
    let asked = Asked::of(&viewer, &block, days()).unwrap();
    let entity = asked.entity.clone();
    let times = asked.times(entity.field("enquiredOn").unwrap(), asked.step().unwrap());
    let said: Vec<String> = times.iter().map(|spot| asks(&viewer, &asked, &[spot])).collect();
    // The first and the last month only as far as the page goes: together they are the days of the page.
    assert_eq!(
        said,
        [
            "status = won and enquiredOn >= 2026-11-10 and enquiredOn < 2026-12-01",
            "status = won and enquiredOn >= 2026-12-01 and enquiredOn < 2026-12-21",
        ]
    );
    assert_eq!(asked.rows().unwrap().print(), "status = won and enquiredOn >= 2026-11-10 and enquiredOn < 2026-12-21");
    // A layer of a month is both.
    let layers = spots(&entity, entity.field("status").unwrap(), &HashMap::new(), &[group(Some("new"), 1)]);
    assert!(asks(&viewer, &asked, &[&times[0], &layers[0]]).ends_with("enquiredOn < 2026-12-01 and status = new"));
}

#[test]
fn what_is_beyond_the_limit_is_everything_that_is_not_named() {
    let (entity, field) = (entity(), source());
    let said = |groups: &[Group]| -> Vec<Option<String>> {
        let spots = spots(&entity, &field, &HashMap::new(), groups);
        let viewer = reader();
        let block = block(&json!({ "chart": "number" }));
        let asked = Asked::of(&viewer, &block, days()).unwrap();
        spots.iter().map(|spot| asked.at(&[spot]).map(|filter| filter.print())).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        said(&[group(Some("web"), 3), group(None, 2), rest(1)]),
        [text("source = web"), text("source is empty"), text("source not in (web) and source is not empty")]
    );
    // Rows that hold nothing are among the others where they are not named.
    assert_eq!(said(&[group(Some("web"), 3), rest(1)])[1], text("source not in (web)"));
    let named = spots(&entity, &field, &HashMap::new(), &[group(Some("web"), 3), group(None, 2), rest(1)]);
    let labels: Vec<&str> = named.iter().map(|spot| spot.label.as_str()).collect();
    assert_eq!(labels, ["Web", "No source", "Others"]);
    // Each finds its own group.
    let groups = [rest(1), group(None, 2), group(Some("web"), 3)];
    let counts: Vec<i64> = named.iter().map(|spot| spot.find(&groups).unwrap().count).collect();
    assert_eq!(counts, [3, 2, 1]);
}

#[test]
fn a_stage_of_a_funnel_holds_those_that_came_further() {
    let entity = entity();
    let field = entity.field("status").unwrap();
    let stages = stages(&entity, field);
    assert_eq!(stages, [("new", "New"), ("qualified", "Qualified"), ("won", "Won")]);
    let groups = [group(Some("new"), 5), group(Some("qualified"), 3), group(Some("won"), 1), group(Some("lost"), 9)];
    let reached = reached(field, &stages, &groups);
    let counts: Vec<i64> = reached.iter().map(|(_, group)| group.count).collect();
    assert_eq!(counts, [9, 4, 1]);
    let viewer = reader();
    let block = block(&json!({ "chart": "funnel", "group": { "field": "status" } }));
    let asked = Asked::of(&viewer, &block, days()).unwrap();
    let said: Vec<String> = reached.iter().map(|(spot, _)| asks(&viewer, &asked, &[spot])).collect();
    assert_eq!(said, ["status in (new, qualified, won)", "status in (qualified, won)", "status in (won)"]);
}

#[test]
fn layers_are_the_same_in_every_group_and_in_the_order_of_the_description() {
    let entity = entity();
    let holding = |inner: Vec<Group>| Group { inner, ..Group::default() };
    let groups = [
        holding(vec![group(Some("won"), 1), group(Some("new"), 1), rest(4)]),
        holding(vec![group(Some("lost"), 7), group(Some("new"), 2)]),
    ];
    let found = inner(&entity, entity.field("status").unwrap(), &groups);
    let keys: Vec<Option<&str>> = found.iter().map(|group| group.key.as_deref()).collect();
    assert_eq!(keys, [Some("new"), Some("won"), Some("lost"), None]);
    assert_eq!(merged(&found).count, 15);
    // Members have no order: the one with most comes first, nobody's where it falls.
    let groups = [holding(vec![group(Some("a"), 1), group(Some("b"), 5), group(None, 3)])];
    let found = inner(&entity, entity.field("owner").unwrap(), &groups);
    assert_eq!(found.iter().map(|group| group.count).collect::<Vec<_>>(), [5, 3, 1]);
}

#[test]
fn what_may_not_be_read_is_no_block() {
    let viewer = reader();
    let seen = |parts: Value, viewer: &Viewer| Asked::of(viewer, &block(&parts), days()).is_some();
    let hidden = [
        json!({ "chart": "number", "date": "closedOn" }),
        json!({ "chart": "bar", "group": { "field": "closedOn", "by": "month" } }),
        json!({ "chart": "number", "filter": "status = won and (closedOn is empty or score > 3)" }),
        json!({ "chart": "gauge", "filter": "status = won", "of": "closedOn is not empty" }),
        json!({ "chart": "number", "measure": "secret" }),
    ];
    let mut trusted = reader();
    trusted.grants.0.insert("crm.secret.read".to_owned(), Reach::All);
    for parts in hidden {
        assert!(!seen(parts.clone(), &viewer), "{parts}");
        assert!(seen(parts.clone(), &trusted), "{parts}");
    }
    assert!(seen(json!({ "chart": "number", "filter": "status = won" }), &viewer));
    assert!(!seen(json!({ "chart": "number", "entity": "customer" }), &viewer));
    let mut nobody = reader();
    nobody.grants.0.clear();
    assert!(!seen(json!({ "chart": "number" }), &nobody));
}

#[test]
fn a_gauge_asks_for_a_part_of_its_whole() {
    let viewer = reader();
    let block = block(&json!({
        "chart": "gauge", "filter": "status = won", "of": "status in (won, lost)", "date": "enquiredOn",
    }));
    let asked = Asked::of(&viewer, &block, days()).unwrap();
    let (whole, part) = asked.whole_and_part();
    let whole = whole.unwrap().print();
    assert_eq!(whole, "status in (won, lost) and enquiredOn >= 2026-11-10 and enquiredOn < 2026-12-21");
    assert_eq!(part.unwrap().print(), format!("{whole} and status = won"));
    // Without a filter the link takes the one of the list's own view away.
    assert_eq!(asked.link(&viewer, None), "/w/lakeside/leads?filter=");
}
