//! What every part of the document shares: refusals, headers, parameters, ways to sign in.

use domain::Kind;
use platform::Registry;
use platform::auth::{Users, cookie_name};
use platform::capability::BaseUrl;
use serde_json::{Map, Value, json};

pub const ABOUT: &str = "Records of any described entity, and every operation by its name. Refusals have one shape, application/problem+json. \
A write that carries an Idempotency-Key happens once. A change names the version that it was made from, by If-Match or in its body.";

/// Whatever can be answered in place of what was asked for, by everything.
const ALWAYS: [Kind; 7] = [
    Kind::Invalid,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::RateLimited,
    Kind::Internal,
    Kind::Unavailable,
];
/// By writes too.
const WRITES: [Kind; 5] = [Kind::Conflict, Kind::Stale, Kind::TooLarge, Kind::KeyReused, Kind::VersionRequired];

/// The responses of an operation: the good one, and every refusal there is.
pub fn answers(status: u16, good: Value, writes: bool) -> Value {
    let mut all = Map::new();
    all.insert(status.to_string(), good);
    let more: &[Kind] = if writes { &WRITES } else { &[] };
    for kind in ALWAYS.iter().chain(more) {
        all.insert(kind.status().to_string(), json!({ "$ref": format!("#/components/responses/{kind:?}") }));
    }
    Value::Object(all)
}

/// A good answer in JSON.
pub fn good(says: &str, schema: Value) -> Value {
    json!({ "description": says, "headers": limits(), "content": { "application/json": { "schema": schema } } })
}

/// A good answer to a write: it tells whether it is the first one to its key.
pub fn written(says: &str, schema: Value) -> Value {
    let mut answer = good(says, schema);
    answer["headers"]["Idempotent-Replayed"] = header("IdempotentReplayed");
    answer
}

/// With the version of the row in it.
pub fn versioned(mut answer: Value) -> Value {
    answer["headers"]["ETag"] = header("ETag");
    answer
}

/// A file.
pub fn file(says: &str, kind: &str) -> Value {
    json!({ "description": says, "headers": limits(), "content": { kind: { "schema": { "type": "string" } } } })
}

/// `{ data, timestamp }`.
pub fn data(schema: Value) -> Value {
    json!({ "type": "object", "properties": { "data": schema, "timestamp": moment() }, "required": ["data", "timestamp"], "additionalProperties": false })
}

/// `{ data }`.
pub fn bare(schema: Value) -> Value {
    json!({ "type": "object", "properties": { "data": schema }, "required": ["data"], "additionalProperties": false })
}

pub fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

fn limits() -> Value {
    json!({
        "RateLimit-Limit": header("RateLimitLimit"), "RateLimit-Remaining": header("RateLimitRemaining"),
        "RateLimit-Reset": header("RateLimitReset"),
    })
}

pub fn headers() -> Value {
    let count = |says: &str| json!({ "description": says, "schema": { "type": "integer", "minimum": 0 } });
    json!({
        "RateLimitLimit": count("Requests that are taken in a window"),
        "RateLimitRemaining": count("How many of them are left"),
        "RateLimitReset": count("Seconds until the window is over"),
        "RetryAfter": count("Seconds until another try makes sense"),
        "ETag": { "description": "The version of the row, for If-Match", "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" } },
        "IdempotentReplayed": {
            "description": "Present where the write was done before, and this is the answer that it was given",
            "schema": { "type": "string", "enum": ["true"] },
        },
    })
}

pub fn responses() -> Value {
    let mut all = Map::new();
    for kind in ALWAYS.iter().chain(&WRITES) {
        let mut headers = json!({});
        if matches!(kind, Kind::RateLimited | Kind::Unavailable) {
            headers["Retry-After"] = header("RetryAfter");
        }
        if *kind == Kind::Stale {
            headers["ETag"] = header("ETag");
        }
        let schema = json!({ "$ref": "#/components/schemas/Refusal" });
        all.insert(
            format!("{kind:?}"),
            json!({ "description": kind.title(), "headers": headers, "content": { "application/problem+json": { "schema": schema } } }),
        );
    }
    Value::Object(all)
}

pub fn components() -> Vec<(String, Value)> {
    let words = || json!({ "type": "string" });
    let difference = json!({
        "type": "object", "properties": { "field": words(), "was": {}, "yours": {}, "theirs": {} },
        "required": ["field", "was", "yours", "theirs"], "additionalProperties": false,
    });
    let refusal = json!({
        "type": "object",
        "description": "RFC 9457, with the members that a client can act on",
        "properties": {
            "type": words(),
            "title": words(),
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "What happened, why, and what to do next" },
            "error": { "type": "string", "description": "The same as title" },
            "message": { "type": "string", "description": "The same as detail" },
            "details": { "type": "object", "additionalProperties": words(), "description": "What is wrong, by field" },
            "requiredPermission": words(),
            "userRole": words(),
            "resourceId": words(),
            "code": { "type": "string", "description": "What a client can do something about by itself: confirmation_required, second_factor_required, busy (send the same again)" },
            "requestId": { "type": "string", "format": "uuid", "description": "For support" },
            "current": { "type": "object", "description": "The row as it is now, where it changed meanwhile" },
            "conflicts": { "type": "array", "items": difference },
        },
        "required": ["type", "title", "status", "detail", "error", "message"],
        "additionalProperties": false,
    });
    let mut all = super::fields::amounts();
    all.extend(super::fields::places());
    all.push(("Refusal".to_owned(), refusal));
    all
}

/// Parameters that several paths take.
pub fn parameters() -> Value {
    json!({
        "id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } },
        "key": {
            "name": "Idempotency-Key", "in": "header",
            "description": "Makes the write happen once: the same key and body are answered with the same reply",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        },
        "version": {
            "name": "If-Match", "in": "header", "description": "The ETag that the row came with",
            "schema": { "type": ["string", "integer"], "pattern": "^(W/)?\"?-?[0-9]{1,18}\"?$" },
        },
    })
}

pub fn security(registry: &Registry) -> Value {
    // Without a server's address, the name that a public one uses.
    let secure = registry.hooks::<BaseUrl>().first().is_none_or(|base| base.0.starts_with("https://"));
    json!({
        "session": {
            "type": "apiKey", "in": "cookie", "name": cookie_name::<Users>(secure),
            "description": "Of whoever signed in with a browser. A write needs Sec-Fetch-Site or Origin of the same site too",
        },
        "key": { "type": "http", "scheme": "bearer", "bearerFormat": "nx_live_...", "description": "A key of the workspace" },
    })
}
