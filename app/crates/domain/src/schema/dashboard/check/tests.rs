//! A dashboard with one mistake each.

use super::super::Dashboard;
use crate::schema::{Catalog, Entity};
use serde_json::{Value, json};

fn catalog() -> Catalog {
    let described: Entity = serde_json::from_value(json!({
        "key": "deal", "plural": "deals", "area": "crm", "table": "deals", "prefix": "DEAL",
        "labels": { "one": "Deal", "many": "Deals" }, "icon": "handshake", "title": "name",
        "fields": [
            { "key": "name", "label": "Name", "kind": { "type": "text" }, "indexed": true },
            { "key": "value", "label": "Value", "kind": { "type": "money" }, "indexed": true },
            { "key": "closeOn", "label": "Closes on", "kind": { "type": "date" }, "indexed": true },
            { "key": "signedOn", "label": "Signed on", "kind": { "type": "date" } },
            { "key": "urgent", "label": "Urgent", "kind": { "type": "boolean" } },
        ],
        "states": { "label": "Stage", "initial": "open", "transitions": [], "list": [
            { "key": "open", "label": "Open" }, { "key": "won", "label": "Won", "kind": "won" },
        ] },
    }))
    .unwrap();
    Catalog::build("core", "Core", vec![described]).unwrap()
}

fn faults(block: &Value) -> Vec<String> {
    let mut whole = json!({ "key": "won", "title": "Won", "entity": "deal" });
    whole.as_object_mut().unwrap().extend(block.as_object().unwrap().clone());
    let board: Dashboard =
        serde_json::from_value(json!({ "key": "sales", "title": "Sales", "blocks": [whole] })).unwrap();
    let said = board.check(&catalog()).into_iter();
    said.map(|fault| match fault.meant {
        Some(meant) => format!("{} {}: {}; {meant}?", fault.place, fault.word, fault.message),
        None => format!("{} {}: {}", fault.place, fault.word, fault.message),
    })
    .collect()
}

#[test]
fn what_fits_has_no_fault() {
    let month = json!({ "field": "closeOn", "by": "month" });
    for block in [
        json!({ "chart": "number", "filter": "status = won", "measure": "value", "date": "closeOn" }),
        json!({ "chart": "sparkline", "group": month }),
        json!({ "chart": "line", "group": month, "series": { "field": "owner" } }),
        json!({ "chart": "bar", "group": { "field": "status" } }),
        json!({ "chart": "stacked", "group": month, "series": { "field": "status" }, "measure": "value" }),
        json!({ "chart": "funnel", "group": { "field": "status" }, "date": "createdAt" }),
        json!({ "chart": "cohort", "group": { "field": "createdAt", "by": "month" }, "series": month }),
        json!({ "chart": "gauge", "filter": "status = won", "of": "" }),
    ] {
        assert_eq!(faults(&block), Vec::<String>::new(), "{block}");
    }
}

#[test]
fn each_mistake_is_named_with_its_place() {
    let month = json!({ "field": "closeOn", "by": "month" });
    for (block, message) in [
        (json!({ "chart": "number", "entity": "deel" }), "blocks.won deel: deel is not an entity; deal?"),
        (json!({ "chart": "number", "filter": "stauts = won" }), "Deal has no field stauts; status?"),
        (json!({ "chart": "number", "filter": "status in (open, wno)" }), "blocks.won filter: "),
        (json!({ "chart": "number", "measure": "vlaue" }), "blocks.won measure: vlaue is not a field of deal; value?"),
        (json!({ "chart": "number", "measure": "name" }), "name is nothing that adds up"),
        (json!({ "chart": "number", "group": month }), "draws no group"),
        (json!({ "chart": "number", "of": "status = won" }), "is no gauge"),
        (json!({ "chart": "gauge" }), "say of what"),
        (json!({ "chart": "bar" }), "lacks group"),
        (json!({ "chart": "bar", "group": { "field": "closeOn" } }), "say by ="),
        (json!({ "chart": "bar", "group": { "field": "signedOn", "by": "week" } }), "not an indexed date"),
        (json!({ "chart": "bar", "group": { "field": "name" } }), "Deals cannot be grouped by name"),
        // Not indexed, so that nothing could lead to the rows.
        (json!({ "chart": "bar", "group": { "field": "urgent" } }), "cannot be grouped by urgent"),
        (json!({ "chart": "donut", "group": month }), "no course of time"),
        (json!({ "chart": "area", "group": { "field": "status" } }), "is a course of time"),
        (json!({ "chart": "funnel", "group": { "field": "owner" } }), "no order of its own"),
        (json!({ "chart": "stacked", "group": { "field": "owner" } }), "lacks series"),
        (json!({ "chart": "bar", "group": month, "date": "createdAt" }), "take `date` out"),
        (json!({ "chart": "number", "date": "name" }), "not an indexed date"),
        (
            json!({ "chart": "cohort", "group": month, "series": { "field": "createdAt", "by": "week" } }),
            "the same `by` twice",
        ),
    ] {
        let found = faults(&block);
        assert!(found.iter().any(|fault| fault.contains(message)), "{block}\nexpected {message}\n   found {found:#?}");
    }
}

#[test]
fn a_page_has_blocks_each_under_its_own_key() {
    let block = json!({ "key": "won", "title": "Won", "chart": "number", "entity": "deal" });
    let board = |key: &str, blocks: Vec<Value>| -> Vec<String> {
        let board: Dashboard =
            serde_json::from_value(json!({ "key": key, "title": "Sales", "blocks": blocks })).unwrap();
        board.check(&catalog()).into_iter().map(|fault| fault.message).collect()
    };
    assert_eq!(board("sales", vec![]), ["sales has no blocks"]);
    assert_eq!(board("Our sales", vec![block.clone()]).len(), 1);
    assert_eq!(board("sales", vec![block.clone(), block.clone()]), ["won is the key of two blocks"]);
    assert!(board("sales", vec![block; 13]).contains(&"sales has 13 blocks; 12 is the most".to_owned()));
}
