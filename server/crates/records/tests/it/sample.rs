//! An entity that has an indexed field of every type, beside those of the core.

use domain::schema::{Catalog, Entity};
use serde_json::json;
use std::sync::Arc;

/// Without this permission `margin` and `secret` do not exist.
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
            entity
        })
        .collect();
    described.push(sample());
    Arc::new(Catalog::build("core", "Core", described).unwrap_or_else(|faults| panic!("{faults:?}")))
}

/// The table, as the pack's own tool prints it.
pub fn table(catalog: &Catalog) -> String {
    let entity = catalog.get("sample").expect("the sample");
    let states = entity.states.iter().flat_map(|states| states.list.iter().map(|state| state.key.clone())).collect();
    let target = |key: &str| catalog.get(key).map(|entity| entity.table.as_str());
    packs::ddl::print(&[packs::ddl::describe(entity, &states, target)])
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
