//! what a body points at is looked at with the caller's eyes. Every reference of every entity, in a new row and in a change, gets the id
//! of another workspace's row, and is refused like one that never was.

use crate::support::{Client, Server};
use domain::schema::{Catalog, Entity, Field, FieldKind};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::Arc;
use testkit::TestTenant;
use uuid::Uuid;

const NEVER: &str = "0199a000-0000-7000-8000-000000000000";
const TABLES: &[&str] = &[
    "changes",
    "events",
    "leads",
    "customers",
    "contacts",
    "opportunities",
    "activities",
    "tasks",
    "products",
    "prices",
    "orders",
];

/// A value that the field takes, for what is required.
pub fn sample(field: &Field) -> Value {
    match &field.kind {
        // A currency, as far as descriptions know.
        FieldKind::Text { max: 3 } => json!("USD"),
        FieldKind::Text { .. } | FieldKind::LongText { .. } => json!("Sample"),
        FieldKind::Email => json!("sample@kisumu.example"),
        FieldKind::Phone => json!("+254712345678"),
        FieldKind::Country => json!("KE"),
        FieldKind::Integer { min, .. } => json!(min.unwrap_or(1)),
        FieldKind::Decimal { .. } => json!("1"),
        FieldKind::Money { .. } => json!({ "amount": "1", "currency": "KES" }),
        FieldKind::Boolean => json!(true),
        FieldKind::Date { .. } => json!("2026-11-01"),
        FieldKind::Datetime => json!("2026-11-01T10:00:00Z"),
        FieldKind::Option { options } => json!(options[0].key),
        _ => Value::Null,
    }
}

/// What a new row needs; references point at rows of the workspace itself.
async fn required(owner: &PgPool, catalog: &Catalog, entity: &Entity, tenant: &TestTenant) -> Map<String, Value> {
    let mut values = Map::new();
    for field in entity.editable().filter(|field| field.required && field.default.is_none()) {
        let value = match &field.kind {
            FieldKind::Reference { entity } => json!(any(owner, &catalog.get(entity).unwrap().table, tenant).await),
            _ => sample(field),
        };
        values.insert(field.key.clone(), value);
    }
    values
}

/// Some row of a table in a workspace.
async fn any(owner: &PgPool, table: &str, tenant: &TestTenant) -> Option<Uuid> {
    let sql = format!("select id from {table} where tenant_id = $1 limit 1");
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.id.0).fetch_optional(owner).await.unwrap()
}

async fn furnished(server: &Server, tenant: &TestTenant, owner: &Client) {
    server.world.furnish(tenant).await;
    let api = format!("/w/{}/api/v1", tenant.slug);
    let made = async |path: &str, body: Value| {
        let (status, answer) = owner.write(Method::POST, &format!("{api}/{path}"), &body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer["data"].clone()
    };
    let customer = made("customers", json!({ "name": "Theirs" })).await["id"].clone();
    made("contacts", json!({ "name": "Theirs", "customer": customer })).await;
    made("leads", json!({ "name": "Theirs" })).await;
    made("opportunities", json!({ "name": "Theirs", "customer": customer })).await;
    made("products", json!({ "name": "Theirs", "sku": "T-1" })).await;
    made("tasks", json!({ "title": "Theirs" })).await;
    made("operations/sales.make_order", json!({ "customer": customer, "lines": [] })).await;
}

#[tokio::test]
async fn no_reference_crosses_the_wall() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (neema, stranger) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    furnished(&server, &lakeside, &grace).await;
    furnished(&server, &harbour, &neema).await;
    let owner = server.world.owner().await;
    server.settle().await;
    let before = server.world.fingerprint(TABLES).await;
    let catalog = server.world.services().catalogs.of("automotive");
    let (mut fields, mut tried, mut skipped) = (0, 0, Vec::new());
    let entities: Vec<Arc<Entity>> = catalog.iter().cloned().collect();
    for entity in &entities {
        let ours = any(&owner, &entity.table, &lakeside).await;
        for field in entity.editable() {
            let foreign = match &field.kind {
                FieldKind::Reference { entity: target } => {
                    let table = catalog.get(target).unwrap().table.clone();
                    any(&owner, &table, &harbour).await
                }
                FieldKind::Member => Some(stranger.access.member.0),
                _ => continue,
            };
            let Some(foreign) = foreign else {
                skipped.push(format!("{}.{}", entity.key, field.key));
                continue;
            };
            fields += 1;
            let mut answers = Vec::new();
            for id in [foreign.to_string(), NEVER.to_owned()] {
                let mut body = required(&owner, &catalog, entity, &lakeside).await;
                body.insert(field.key.clone(), json!(id));
                if entity.managed.is_none() {
                    let path = format!("/w/lakeside/api/v1/{}", entity.plural);
                    answers
                        .push(refused(&grace, Method::POST, &path, Value::Object(body.clone()), &field.key, &id).await);
                    tried += 1;
                }
                if let Some(ours) = ours {
                    let path = format!("/w/lakeside/api/v1/{}/{ours}", entity.plural);
                    let change = json!({ field.key.clone(): id, "version": 1 });
                    let told = refused(&grace, Method::PATCH, &path, change, &field.key, &id).await;
                    answers.push(told);
                    tried += 1;
                }
            }
            let (theirs, never) = answers.split_at(answers.len() / 2);
            assert_eq!(theirs, never, "{}.{} tells another's row from one that never was", entity.key, field.key);
        }
    }
    assert_eq!(server.world.fingerprint(TABLES).await, before, "something was written");
    println!("bar=A-07 fields={fields} tried={tried} accepted=0 without_rows={} pass=1", skipped.len());
    assert!(fields > 20 && skipped.len() * 4 < fields, "too little was tried; without rows: {skipped:?}");
    owner.close().await;
    server.end().await;
}

/// What was said at the field.
async fn refused(client: &Client, method: Method, path: &str, body: Value, field: &str, id: &str) -> String {
    let (status, answer) = client.write(method.clone(), path, &body).await;
    assert!(status.is_client_error() && status != StatusCode::NOT_FOUND, "{method} {path} {body}: {status} {answer}");
    let told = answer["details"][field]
        .as_str()
        .unwrap_or_else(|| panic!("{method} {path} {body} does not name {field}: {answer}"));
    assert!(!answer.to_string().contains("Theirs"), "{method} {path} shows what it points at: {answer}");
    format!("{status} {}", told.replace(id, "ID"))
}
