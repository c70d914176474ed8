//! Text that would like to be SQL stays text.

use crate::world::{World, object};
use domain::Kind;
use domain::records::{GroupBy, Inner, RecordTimeline, SearchRecords, SummariseRecords, TransitionRecord};
use domain::schema::{Comparison, Filter, ListQuery, Sort, Test};
use serde_json::json;

const PROBES: [&str; 14] = [
    "' OR 1=1--",
    "'; select pg_sleep(2)--",
    "'; drop table leads; --",
    "\"; drop table leads; --",
    "$1",
    "%",
    "_",
    "\\",
    "\\'",
    "/* */",
    "{{7*7}}",
    "null",
    "a\nb",
    "💥\u{202e}",
];

#[tokio::test]
async fn probes_in_every_place_are_only_text() {
    let world = World::new().await;
    let user = &world.here.user;
    for probe in PROBES {
        world
            .create(user, "lead", json!({ "name": probe, "company": probe, "notes": probe, "nextStep": probe }))
            .await
            .unwrap();
    }
    assert_eq!(world.count("leads").await, 14);
    for probe in PROBES {
        let test = |field: &str, comparison| {
            Some(Filter::Test(Test { field: field.to_owned(), comparison, values: vec![probe.to_owned()] }))
        };
        let found = world.all(user, "lead", test("name", Comparison::Equals)).await.unwrap();
        assert_eq!(found.len(), 1, "{probe}");
        let starts = world.all(user, "lead", test("company", Comparison::StartsWith)).await.unwrap();
        let expected =
            PROBES.iter().filter(|other| domain::text::normal(other).starts_with(&domain::text::normal(probe))).count();
        assert_eq!(starts.len(), expected, "{probe}");
        for field in ["status", "source", "country", "owner", "customer", "value", "enquiredOn", "createdAt"] {
            let error = world.all(user, "lead", test(field, Comparison::Equals)).await.unwrap_err();
            assert_eq!(error.kind, Kind::Invalid, "{field} {probe}");
        }
        for field in ["phone", "number"] {
            assert!(
                world.all(user, "lead", test(field, Comparison::Equals)).await.unwrap().is_empty(),
                "{field} {probe}"
            );
        }
        let wrong = [
            ListQuery { sort: vec![Sort { field: probe.to_owned(), descending: true }], ..ListQuery::default() },
            ListQuery { fields: vec![probe.to_owned()], ..ListQuery::default() },
            ListQuery { cursor: Some(probe.to_owned()), ..ListQuery::default() },
            ListQuery {
                filter: Some(Filter::Test(Test {
                    field: probe.to_owned(),
                    comparison: Comparison::Equals,
                    values: vec!["x".to_owned()],
                })),
                ..ListQuery::default()
            },
        ];
        for query in wrong {
            assert_eq!(world.list(user, "lead", query).await.unwrap_err().kind, Kind::Invalid, "{probe}");
        }
        let found = world
            .list(user, "lead", ListQuery { search: Some(probe.to_owned()), ..ListQuery::default() })
            .await
            .unwrap();
        assert_eq!(found.returned, 0, "{probe}");
        world.run(user, SearchRecords { words: probe.to_owned(), limit: 5 }).await.unwrap();
        let grouped = |group, inner| SummariseRecords {
            entity: "lead".to_owned(),
            query: ListQuery::default(),
            group,
            measure: None,
            limit: None,
            inner,
            weighted: false,
        };
        for group in [GroupBy::Field, GroupBy::Month, GroupBy::Week, GroupBy::Day] {
            let group = group(probe.to_owned());
            let inside = grouped(GroupBy::All, Some(Inner { group: group.clone(), limit: None }));
            for summary in [grouped(group, None), inside] {
                assert_eq!(world.run(user, summary).await.unwrap_err().kind, Kind::Invalid);
            }
        }
        assert_eq!(world.get(user, probe, found_id(&starts)).await.unwrap_err().kind, Kind::NotFound);
        let lead = found_id(&starts);
        let go = TransitionRecord {
            entity: "lead".to_owned(),
            id: lead,
            version: None,
            name: Some(probe.to_owned()),
            to: None,
            pipeline: None,
            values: object(json!({})),
        };
        assert_eq!(world.run(user, go).await.unwrap_err().kind, Kind::Invalid);
        let error = world.create(user, "lead", json!({ "name": "x", probe: probe })).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
    }
    assert_eq!(world.count("leads").await, 14);
    world.end().await;
}

#[tokio::test]
async fn a_nul_is_refused_and_never_a_fault() {
    let world = World::new().await;
    let user = &world.here.user;
    let lead = world.lead_of(user, "x").await;
    let nul = "a\0b";
    assert_eq!(world.create(user, "lead", json!({ "name": nul })).await.unwrap_err().kind, Kind::Invalid);
    assert_eq!(world.update(user, "lead", &lead, json!({ "notes": nul })).await.unwrap_err().kind, Kind::Invalid);
    let search = ListQuery { search: Some(nul.to_owned()), ..ListQuery::default() };
    assert_eq!(world.list(user, "lead", search).await.unwrap_err().kind, Kind::Invalid);
    world.run(user, SearchRecords { words: nul.to_owned(), limit: 5 }).await.unwrap();
    for limit in [0, 501, u32::MAX] {
        let timeline = RecordTimeline { entity: "lead".to_owned(), id: lead.id, limit, before: None };
        assert_eq!(world.run(user, timeline).await.unwrap_err().kind, Kind::Invalid);
    }
    for limit in [0, 51, u32::MAX] {
        assert_eq!(
            world.run(user, SearchRecords { words: "x".to_owned(), limit }).await.unwrap_err().kind,
            Kind::Invalid
        );
    }
    world.end().await;
}

fn found_id(records: &[domain::records::Record]) -> uuid::Uuid {
    records.first().expect("a record").id
}
