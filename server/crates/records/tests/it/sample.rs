//! An entity that has an indexed field of every type, beside those of the core.

use domain::schema::{Catalog, Entity, Field};
use serde_json::json;
use std::sync::Arc;

/// Without this permission `margin`, `secret`, `settled` and `valuer` do not exist.
pub const MARGIN: &str = "crm.sample.margin";

pub fn catalog(library: &packs::Library) -> Arc<Catalog> {
    let core = library.catalog("core").expect("the core");
    // `build` adds the standard fields again, and refuses those that are there.
    let standard = ["number", "status", "owner", "createdAt", "createdBy", "updatedAt", "updatedBy"];
    let mut described: Vec<Entity> = core
        .iter()
        .map(|entity| {
            let mut entity = (**entity).clone();
            entity.fields.retain(|field| !standard.contains(&field.key.as_str()));
            if entity.key == "lead" {
                entity.fields.extend(figures());
            }
            entity
        })
        .collect();
    described.extend([sample(), visit(), deal()]);
    Arc::new(Catalog::build("core", "Core", described).unwrap_or_else(|faults| panic!("{faults:?}")))
}

/// The tables, as the pack's own tool prints them.
pub fn table(catalog: &Catalog) -> String {
    let target = |key: &str| catalog.get(key).map(|entity| entity.table.as_str());
    let tables = ["sample", "visit", "deal"].map(|key| {
        let entity = catalog.get(key).expect("an entity of these tests");
        let states = entity.states.iter().flat_map(|states| &states.list);
        packs::ddl::describe(entity, &states.map(|state| state.key.clone()).collect(), target)
    });
    packs::ddl::print(&tables)
}

/// What goes through stages: with checklists, days and owners of a role.
fn visit() -> Entity {
    let item = |key: &str, label: &str| json!({ "key": key, "label": label });
    serde_json::from_value(json!({
        "key": "visit",
        "plural": "visits",
        "area": "crm",
        "table": "visits",
        "prefix": "VIS",
        "labels": { "one": "Visit", "many": "Visits" },
        "icon": "box",
        "title": "name",
        "fields": [
            { "key": "name", "label": "Name", "kind": { "type": "text" }, "required": true, "indexed": true },
            { "key": "day", "label": "Day", "kind": { "type": "date" }, "indexed": true },
        ],
        "states": {
            "label": "Stage",
            "initial": "booked",
            "list": [
                { "key": "booked", "label": "Booked", "slaDays": 3, "checklist": [item("sizes", "Sizes taken"), item("photos", "Photos taken")] },
                { "key": "measured", "label": "Measured", "slaDays": 5, "ownerRole": "SALES_REP", "checklist": [item("plan", "Plan drawn")] },
                { "key": "closed", "label": "Closed", "kind": "done", "actions": ["VIEW"] },
                { "key": "dropped", "label": "Dropped", "kind": "lost" },
            ],
            "transitions": [
                { "name": "measure", "label": "Measure", "from": ["booked"], "to": "measured", "gate": { "requires": ["day"], "checklist": true } },
                { "name": "close", "label": "Close", "from": ["measured"], "to": "closed", "gate": { "checklist": true } },
                { "name": "rebook", "label": "Book again", "from": ["measured", "dropped"], "to": "booked" },
                { "name": "drop", "label": "Drop", "from": ["*"], "to": "dropped" },
            ]
        }
    }))
    .expect("a description")
}

/// What goes one of two ways: as new business, or as a renewal.
fn deal() -> Entity {
    let state = |key: &str, label: &str, pipeline: &str| json!({ "key": key, "label": label, "pipeline": pipeline });
    let mut due = state("due", "Due", "renewals");
    due["ownerRole"] = json!("SALES_REP");
    due["slaDays"] = json!(5);
    due["checklist"] = json!([{ "key": "called", "label": "Client called" }]);
    let mut won = state("won", "Won", "new_business");
    won["kind"] = json!("won");
    let mut lost = state("lost", "Lost", "new_business");
    lost["actions"] = json!(["VIEW"]);
    serde_json::from_value(json!({
        "key": "deal",
        "plural": "deals",
        "area": "crm",
        "table": "deals",
        "prefix": "DL",
        "labels": { "one": "Deal", "many": "Deals" },
        "icon": "box",
        "title": "name",
        "fields": [
            { "key": "name", "label": "Name", "kind": { "type": "text" }, "required": true, "indexed": true },
            { "key": "code", "label": "Code", "kind": { "type": "text", "max": 40 }, "unique": true, "indexed": true },
            { "key": "value", "label": "Value", "kind": { "type": "integer" }, "indexed": true },
            { "key": "again", "label": "Again", "kind": { "type": "boolean" }, "indexed": true, "formula": "pipeline == RENEWALS" },
        ],
        "states": {
            "label": "Stage",
            "initial": "fresh",
            "pipelines": [
                { "key": "new_business", "label": "New business", "initial": "fresh" },
                { "key": "renewals", "label": "Renewals", "initial": "due" },
            ],
            "list": [
                state("fresh", "Fresh", "new_business"), state("offered", "Offered", "new_business"), won, lost,
                due, state("renewed", "Renewed", "renewals"), state("lapsed", "Lapsed", "renewals"),
            ],
            "transitions": [
                { "name": "offer", "label": "Offer", "from": ["fresh"], "to": "offered", "gate": { "requires": ["value"] } },
                { "name": "win", "label": "Win", "from": ["offered"], "to": "won" },
                { "name": "lose", "label": "Lose", "from": ["*"], "to": "lost" },
                { "name": "renew", "label": "Renew", "from": ["due"], "to": "renewed", "gate": { "requires": ["value"], "checklist": true } },
                { "name": "lapse", "label": "Let lapse", "from": ["*"], "to": "lapsed" },
            ]
        }
    }))
    .expect("a description")
}

/// What a lead counts of its samples.
fn figures() -> Vec<Field> {
    let figure = |key: &str, kind: serde_json::Value, rollup: serde_json::Value| json!({ "key": key, "label": key, "kind": kind, "rollup": rollup });
    let over = |what: &str, field: Option<&str>, filter: Option<&str>| json!({ "entity": "sample", "via": "lead", "what": what, "field": field, "filter": filter });
    serde_json::from_value(json!([
        figure("samples", json!({ "type": "integer" }), over("count", None, None)),
        figure("redSamples", json!({ "type": "integer" }), over("count", None, Some("colour = red and day > today-3"))),
        figure("weight", json!({ "type": "decimal", "scale": 3 }), over("sum", Some("weight"), None)),
        figure("worth", json!({ "type": "money", "allowNegative": true }), over("sum", Some("price"), None)),
        figure("margin", json!({ "type": "money" }), over("sum", Some("margin"), None)),
        figure("firstDay", json!({ "type": "date" }), over("min", Some("day"), None)),
        figure("lastMoment", json!({ "type": "datetime" }), over("max", Some("moment"), None)),
    ]))
    .expect("figures")
}

fn sample() -> Entity {
    let field = |key: &str, kind: serde_json::Value| json!({ "key": key, "label": key, "kind": kind, "indexed": true });
    let hidden = |key: &str, kind: serde_json::Value| {
        let mut field = field(key, kind);
        field["permissions"] = json!({ "read": MARGIN });
        field
    };
    let mut name = field("name", json!({ "type": "text" }));
    name["required"] = json!(true);
    name["search"] = json!(10);
    let mut code = field("code", json!({ "type": "text", "max": 40 }));
    code["unique"] = json!(true);
    let mut serial = field("serial", json!({ "type": "text", "max": 20 }));
    serial["pattern"] =
        json!({ "regex": "[A-Z]{2}-[0-9]{3}", "says": "two capitals, a dash and three digits, such as AB-123" });
    let mut pieces = field("pieces", json!({ "type": "integer", "min": -1000, "max": 1000 }));
    pieces["label"] = json!("Pieces");
    let mut colour = field(
        "colour",
        json!({ "type": "option", "options": [
        { "key": "red", "label": "Red" }, { "key": "green", "label": "Green" }, { "key": "blue", "label": "Blue" }
    ] }),
    );
    colour["default"] = json!("green");
    serde_json::from_value(json!({
        "key": "sample",
        "plural": "samples",
        "area": "crm",
        "table": "samples",
        "prefix": "SMP",
        "labels": { "one": "Sample", "many": "Samples" },
        "icon": "box",
        "title": "name",
        "subtitle": "price",
        "fields": [
            name,
            code,
            field("email", json!({ "type": "email" })),
            field("phone", json!({ "type": "phone" })),
            field("country", json!({ "type": "country" })),
            pieces,
            field("weight", json!({ "type": "decimal", "scale": 3 })),
            field("price", json!({ "type": "money", "allowNegative": true })),
            field("fragile", json!({ "type": "boolean" })),
            field("day", json!({ "type": "date" })),
            field("moment", json!({ "type": "datetime" })),
            colour,
            field("lead", json!({ "type": "reference", "entity": "lead" })),
            field("keeper", json!({ "type": "member" })),
            hidden("margin", json!({ "type": "money" })),
            hidden("secret", json!({ "type": "text" })),
            field("share", json!({ "type": "percentage", "scale": 2, "min": -10_000, "max": 100_000 })),
            field("length", json!({ "type": "duration" })),
            field("site", json!({ "type": "url" })),
            { "key": "tags", "label": "Tags", "kind": { "type": "options", "options": [
                { "key": "new", "label": "New" }, { "key": "odd", "label": "Odd, or so" }, { "key": "sold", "label": "Sold" },
            ] } },
            { "key": "address", "label": "Address", "kind": { "type": "address" } },
            { "key": "place", "label": "Place", "kind": { "type": "geo" } },
            serial,
            { "key": "worth", "label": "Worth", "kind": { "type": "money", "allowNegative": true }, "indexed": true, "formula": "price * pieces" },
            { "key": "dear", "label": "Dear", "kind": { "type": "boolean" }, "indexed": true, "formula": "worth > 100 || status == READY" },
            hidden("settled", json!({ "type": "date" })),
            hidden("valuer", json!({ "type": "member" })),
            { "key": "note", "label": "Note", "kind": { "type": "long_text", "max": 2000 } },
        ],
        "states": {
            "label": "Status",
            "initial": "draft",
            "list": [{ "key": "draft", "label": "Draft" }, { "key": "ready", "label": "Ready" }, { "key": "gone", "label": "Gone", "actions": ["VIEW"] }],
            "transitions": [
                { "name": "finish", "label": "Finish", "from": ["draft"], "to": "ready", "gate": { "requires": ["price", "day"] } },
                { "name": "release", "label": "Release", "from": ["ready"], "to": "gone", "gate": { "roles": ["ADMIN"] } },
                { "name": "recall", "label": "Recall", "from": ["*"], "to": "draft" },
                { "name": "vanish", "label": "Vanish", "from": ["*"], "to": "gone", "internal": true },
            ]
        }
    }))
    .expect("a description")
}
