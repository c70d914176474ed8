//! What each route of the table says of itself: one path for each entity, or one for each operation, where the route stands for many.

use super::fields::{members, names};
use super::{View, words};
use crate::query::MAX_SEARCH;
use domain::OperationKind;
use domain::schema::query::{DEFAULT_LIMIT, MAX_LIMIT, MAX_SORTS};
use domain::schema::{Entity, Transition};
use serde_json::{Value, json};

/// The paths that a route stands for. Nothing where it is not known here: the test of the document says so.
pub fn describe(view: &View, method: &str, path: &str) -> Vec<(String, Value)> {
    let each = |make: &dyn Fn(&View, &Entity) -> Value| -> Vec<(String, Value)> {
        let named = |entity: &Entity| path.replace("{entity}", &entity.plural);
        view.catalog.iter().map(|entity| (named(entity), about(make(view, entity), &entity.plural))).collect()
    };
    let one = |tag: &str, operation: Value| vec![(path.to_owned(), about(operation, tag))];
    match (method, path) {
        ("GET", "/{entity}") => each(&list),
        ("POST", "/{entity}") => each(&create),
        ("GET", "/{entity}/export") => each(&export),
        ("GET", "/{entity}/{id}") => each(&get),
        ("PATCH", "/{entity}/{id}") => each(&change),
        ("PUT", "/{entity}/{id}") => each(&replace),
        ("DELETE", "/{entity}/{id}") => each(&delete),
        ("POST", "/{entity}/{id}/restore") => each(&restore),
        ("GET", "/{entity}/{id}/timeline") => each(&timeline),
        ("GET", "/{entity}/{id}/versions") => each(&versions),
        ("POST", "/{entity}/{id}/transitions/{name}") => moves(view, path),
        ("POST", "/operations/{name}") => operations(view, path),
        ("GET", "/operations") => one("operations", catalogue(view)),
        ("GET", "/inventory") => match view.catalog.get("product") {
            Some(products) => one("inventory", about(list(view, products), "inventory")),
            None => Vec::new(),
        },
        ("PUT", "/inventory") | ("POST", "/inventory/adjust") => one("inventory", adjust(view)),
        ("GET", "/invoices/{id}/pdf") => one("invoices", invoice_file()),
        ("POST", "/invoices/{id}/pay") => one("invoices", pay(view)),
        ("GET", "/audit/logs") => one("audit", logs(view)),
        ("GET", "/audit/summary") => one("audit", summary(view)),
        ("POST", "/audit/feedback") => one("audit", feedback(view)),
        ("GET", "/openapi.json") => one("document", this()),
        _ => Vec::new(),
    }
}

const AS_OF: &str = "As it stood at this moment: RFC 3339, or a day or a time on the workspace's clock";

fn about(mut operation: Value, tag: &str) -> Value {
    operation["tags"] = json!([tag]);
    operation
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn query(name: &str, schema: Value, says: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": schema, "description": says })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn body(schema: Value, required: bool) -> Value {
    json!({ "required": required, "content": { "application/json": { "schema": schema } } })
}

/// A whole row: every member is there.
fn whole(view: &View, entity: &Entity) -> Value {
    json!({ "allOf": [schema(&names(entity).row), { "required": members(view, entity) }] })
}

fn selection(view: &View, entity: &Entity) -> Vec<Value> {
    let fields = view.readable(entity).map(|field| &field.key).collect::<Vec<_>>();
    let indexed: Vec<&String> = view.readable(entity).filter(|field| field.indexed).map(|field| &field.key).collect();
    let sorting = view.readable(entity).filter(|field| field.is_sorting()).map(|field| &field.key);
    let either: Vec<String> = sorting.flat_map(|key| [key.clone(), format!("-{key}")]).collect();
    let filterable = indexed.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(", ");
    let mut all = vec![
        query(
            "filter",
            text(),
            &format!(
                "Tests joined by and, or and brackets, such as `createdAt > today-30 and owner = me`. By {filterable}"
            ),
        ),
        json!({
            "name": "sort", "in": "query", "style": "form", "explode": false, "description": "A minus before it: the largest first. The later ones break ties",
            "schema": { "type": "array", "items": { "type": "string", "enum": either }, "minItems": 1, "maxItems": MAX_SORTS },
        }),
        query("search", json!({ "type": "string", "maxLength": MAX_SEARCH }), "Words that the rows hold"),
        json!({
            "name": "fields", "in": "query", "style": "form", "explode": false, "description": "These only; every readable one otherwise",
            "schema": { "type": "array", "items": { "type": "string", "enum": fields }, "uniqueItems": true },
        }),
        query("trash", json!({ "type": "boolean", "default": false }), "Rows in the trash in place of the living ones"),
    ];
    all.push(query("as_of", text(), AS_OF));
    if let Some(states) = &entity.states {
        let states: Vec<&String> = states.list.iter().map(|state| &state.key).collect();
        all.push(query("status", json!({ "type": "string", "enum": states }), "Rows in this state"));
    }
    all
}

fn list(view: &View, entity: &Entity) -> Value {
    let mut parameters = selection(view, entity);
    let whole_number = |least: u32, most: u32, usual: u32| json!({ "type": "integer", "minimum": least, "maximum": most, "default": usual });
    parameters.push(query("limit", whole_number(1, MAX_LIMIT, DEFAULT_LIMIT), "Rows of a page"));
    parameters.push(query("offset", whole_number(0, 1_000_000, 0), "Rows that are left out before the first"));
    parameters.push(query("cursor", text(), "`next` of the page before"));
    let count = json!({ "type": "string", "enum": ["estimated", "exact", "none"], "default": "estimated" });
    parameters.push(query("count", count, "Exact up to 10,000 rows either way"));
    let pagination = json!({
        "type": "object",
        "properties": {
            "limit": { "type": "integer" }, "offset": { "type": "integer" }, "next": { "type": ["string", "null"] },
            "total": { "type": "integer", "minimum": 0 }, "totalExact": { "type": "boolean" },
        },
        "required": ["limit", "offset", "next"], "additionalProperties": false,
    });
    let mut page = words::data(json!({ "type": "array", "items": schema(&names(entity).row) }));
    page["properties"]["pagination"] = pagination;
    page["required"] = json!(["data", "pagination", "timestamp"]);
    json!({
        "summary": format!("A page of {}", entity.labels.many.to_lowercase()),
        "parameters": parameters,
        "responses": words::answers(200, words::good("The rows that match, in order", page), false),
    })
}

fn export(view: &View, entity: &Entity) -> Value {
    let mut parameters = selection(view, entity);
    parameters.push(query(
        "format",
        json!({ "type": "string", "enum": ["csv", "xlsx", "json"], "default": "csv" }),
        "Of the file",
    ));
    let mut file = words::file("One line a row, with a heading; as JSON one array", "text/csv");
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    file["content"][workbook] = json!({ "schema": { "type": "string", "format": "binary" } });
    let rows = json!({ "type": "array", "items": schema(&names(entity).row) });
    file["content"]["application/json"] = json!({ "schema": rows });
    json!({
        "summary": format!("All {} that match, as a file", entity.labels.many.to_lowercase()),
        "description": "Wants a confirmation from the last five minutes of whoever is signed in with a browser.",
        "parameters": parameters,
        "responses": words::answers(200, file, false),
    })
}

fn create(view: &View, entity: &Entity) -> Value {
    let answer = words::bare(whole(view, entity));
    let mut operation = json!({
        "summary": format!("Make a {}", entity.labels.one.to_lowercase()),
        "parameters": [parameter("key")],
        "requestBody": body(schema(&names(entity).new), true),
        "responses": words::answers(201, words::versioned(words::written("It as it is now", answer)), true),
    });
    if let Some(how) = &entity.managed {
        operation["description"] = json!(format!("Refused: {how}"));
        if let Some(responses) = operation["responses"].as_object_mut() {
            responses.remove("201");
        }
    }
    operation
}

fn get(view: &View, entity: &Entity) -> Value {
    json!({
        "summary": format!("One {}", entity.labels.one.to_lowercase()),
        "parameters": [
            parameter("id"), query("as_of", text(), AS_OF),
            query("version", json!({ "type": "integer", "minimum": 1 }), "The row as it was at this version"),
        ],
        "responses": words::answers(200, words::versioned(words::good("The row", words::bare(whole(view, entity)))), false),
    })
}

/// A write to a row that answers with the row.
fn written(view: &View, entity: &Entity, summary: &str, parameters: &[&str], sent: Option<(String, bool)>) -> Value {
    let answer = words::bare(whole(view, entity));
    let mut operation = json!({
        "summary": summary,
        "parameters": parameters.iter().map(|name| parameter(name)).collect::<Vec<_>>(),
        "responses": words::answers(200, words::versioned(words::written("It as it is now", answer)), true),
    });
    if let Some((name, required)) = sent {
        operation["requestBody"] = body(schema(&name), required);
    }
    operation
}

const CHANGES: [&str; 3] = ["id", "version", "key"];

fn change(view: &View, entity: &Entity) -> Value {
    written(view, entity, "Change the named fields", &CHANGES, Some((names(entity).change, true)))
}

fn replace(view: &View, entity: &Entity) -> Value {
    let says = "The whole row: fields that are left out are emptied";
    written(view, entity, says, &CHANGES, Some((names(entity).whole, true)))
}

fn delete(view: &View, entity: &Entity) -> Value {
    if let Some(name) = entity.states.as_ref().and_then(|states| states.deletion.as_deref()) {
        return written(view, entity, &format!("End it, as the move {name} does"), &CHANGES, None);
    }
    let answer = json!({
        "type": "object", "properties": { "success": { "const": true }, "message": text() }, "required": ["success", "message"],
        "additionalProperties": false,
    });
    json!({
        "summary": "Into the trash",
        "parameters": CHANGES.map(parameter),
        "responses": words::answers(200, words::written("It is in the trash", answer), true),
    })
}

fn restore(view: &View, entity: &Entity) -> Value {
    written(view, entity, "Out of the trash", &["id", "key"], None)
}

/// The moves of each entity that has states and that people may make.
fn moves(view: &View, path: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for entity in view.catalog.iter() {
        let offered = entity.states.iter().flat_map(|states| &states.transitions);
        let offered: Vec<&Transition> = offered.filter(|transition| !transition.internal).collect();
        for transition in offered {
            let mut operation = written(view, entity, &transition.label, &CHANGES, Some((names(entity).moved, false)));
            let mut needs = transition.gate.requires.join(", ");
            if !needs.is_empty() {
                needs = format!(". Needs {needs}");
            }
            operation["description"] =
                json!(format!("From {} to {}{needs}", transition.from.join(", "), transition.to));
            let path = path.replace("{entity}", &entity.plural).replace("{name}", &transition.name);
            all.push((path, about(operation, &entity.plural)));
        }
    }
    all
}

fn timeline(view: &View, _: &Entity) -> Value {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 50 });
    json!({
        "summary": "What has happened to it, newest first",
        "parameters": [parameter("id"), query("limit", limit, "Entries"), query("before", uuid(), "Entries older than this one")],
        "responses": words::answers(200, words::good("Entries", words::data(view.types.timeline.clone())), false),
    })
}

fn versions(view: &View, _: &Entity) -> Value {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 50 });
    let before = json!({ "type": "integer", "minimum": 1 });
    json!({
        "summary": "Its versions and the changes that made them, newest first",
        "parameters": [parameter("id"), query("limit", limit, "Versions"), query("before", before, "Versions older than this one")],
        "responses": words::answers(200, words::good("Versions", words::data(view.types.versions.clone())), false),
    })
}

fn operations(view: &View, path: &str) -> Vec<(String, Value)> {
    let each = view.types.operations.iter().map(|described| {
        let writes = described.info.kind == OperationKind::Write;
        let answer = words::bare(described.output.clone());
        let answer =
            if writes { words::written("What it answers", answer) } else { words::good("What it answers", answer) };
        let operation = json!({
            "summary": described.info.name,
            "operationId": described.info.name,
            "parameters": if writes { json!([parameter("key")]) } else { json!([]) },
            "requestBody": body(described.input.clone(), false),
            // Reads are sent with a body too, and what they ask about may have changed.
            "responses": words::answers(200, answer, true),
        });
        (path.replace("{name}", described.info.name), about(operation, "operations"))
    });
    each.collect()
}

fn catalogue(view: &View) -> Value {
    let names: Vec<&str> = view.types.operations.iter().map(|described| described.info.name).collect();
    let one = json!({
        "type": "object", "properties": { "name": { "type": "string", "enum": names }, "writes": { "type": "boolean" } },
        "required": ["name", "writes"], "additionalProperties": false,
    });
    let answer = words::data(json!({ "type": "array", "items": one }));
    json!({ "summary": "Every operation by name", "responses": words::answers(200, words::good("Names", answer), false) })
}

fn output(view: &View, name: &str) -> Value {
    view.types.get(name).map(|described| described.output.clone()).unwrap_or_else(|| json!({}))
}

fn input(view: &View, name: &str) -> Value {
    view.types.get(name).map(|described| described.input.clone()).unwrap_or_else(|| json!({}))
}

fn adjust(view: &View) -> Value {
    let answer = words::bare(output(view, "inventory.adjust"));
    json!({
        "summary": "Add to what is on hand, or say what was counted",
        "parameters": [parameter("key")],
        "requestBody": body(input(view, "inventory.adjust"), true),
        "responses": words::answers(200, words::written("What is on hand now", answer), true),
    })
}

fn invoice_file() -> Value {
    json!({
        "summary": "The invoice as a file",
        "parameters": [parameter("id"), query("language", json!({ "type": "string", "examples": ["en", "sw"] }), "The customer's otherwise")],
        "responses": words::answers(200, words::file("The same file that goes with the mail", "application/pdf"), false),
    })
}

fn pay(view: &View) -> Value {
    let answer = words::bare(output(view, "finance.record_payment"));
    json!({
        "summary": "Record a payment on it",
        "parameters": [parameter("id"), parameter("key")],
        "requestBody": body(view.types.input_without("finance.record_payment", "invoice"), false),
        "responses": words::answers(201, words::written("The payment", answer), true),
    })
}

fn logs(view: &View) -> Value {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500 });
    let day = || json!({ "type": "string", "format": "date" });
    let outcome = json!({ "type": "string", "enum": ["done", "refused"] });
    let mut page = words::data(view.types.entries.clone());
    page["properties"]["next"] = json!({ "anyOf": [uuid(), { "type": "null" }] });
    page["required"] = json!(["data", "next", "timestamp"]);
    json!({
        "summary": "Entries of the audit trail, newest first",
        "parameters": [
            query("person", uuid(), "What this member did"),
            query("operation", text(), "By its name"),
            query("entity", text(), "By its key"),
            query("record", uuid(), "About this record"),
            query("request", uuid(), "In this request"),
            query("change", uuid(), "This entry"),
            query("outcome", outcome, "Whether it was done"),
            query("from", day(), "From this day on, in the workspace's calendar"),
            query("to", day(), "Up to this day"),
            query("before", uuid(), "`next` of the page before"),
            query("limit", limit, "Entries of a page"),
        ],
        "responses": words::answers(200, words::good("Entries", page), false),
    })
}

fn summary(view: &View) -> Value {
    let days = json!({ "type": "integer", "minimum": 1, "maximum": 366 });
    json!({
        "summary": "Counts over the last days, and how far the trail is sealed",
        "parameters": [query("days", days, "How many")],
        "responses": words::answers(200, words::good("Counts", words::data(output(view, "audit.summary"))), false),
    })
}

fn feedback(view: &View) -> Value {
    let answer = words::data(json!({ "type": "null" }));
    json!({
        "summary": "What a reviewer says of an entry",
        "parameters": [parameter("key")],
        "requestBody": body(input(view, "audit.give_feedback"), true),
        "responses": words::answers(201, words::written("It is written down", answer), true),
    })
}

fn this() -> Value {
    json!({
        "summary": "This document",
        "responses": words::answers(200, words::good("OpenAPI 3.1", json!({ "type": "object", "required": ["openapi", "paths"] })), false),
    })
}
