//! D-05, D-06, D-07, D-10: what was typed stays text. Payloads in every text of every described entity, and in what else people may name, are
//! looked at on every page that shows them; payloads in every parameter of every route come back as text or not at all; and no refusal tells
//! what the server is made of.

mod echo;
mod html;
mod kinds;

use crate::matrix::fixtures::Fixtures;
use crate::support::{Client, Server};
use domain::schema::{Entity, Field, FieldKind};
use html::MARK;
use reqwest::{Method, StatusCode, header};
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use testkit::TestTenant;

const API: &str = "/w/lakeside/api/v1";

/// One for each way in which a text may become more than text: element, attribute, address, script, style, title, comment, template, header.
/// The browser is shown the same (`end2end/tests/hostile.spec.ts`).
static PAYLOADS: LazyLock<Vec<String>> =
    LazyLock::new(|| serde_json::from_str(include_str!("stored/payloads.json")).unwrap());

/// Words that tell what stands behind a page.
const TELLTALES: &[&str] = &[
    "sqlx",
    "panicked at",
    "/src/",
    "relation \"",
    "SQLSTATE",
    "server/crates",
    "app/src",
    ".rs:",
    "RUST_BACKTRACE",
    "stack backtrace",
    "thread '",
    "unwrap()",
    "called `",
    "Option::",
    "Result::",
    "core::",
    "std::",
    "alloc::",
    "tokio",
    "hyper",
    "axum",
    "leptos",
    "tower_",
    "serde",
    "deadpool",
    "reqwest",
    "rustls",
    "argon2",
    "/root/",
    "/home/",
    "/usr/",
    "/var/",
    "/tmp/",
    ".cargo",
    "pg_catalog",
    "information_schema",
    "syntax error at",
    "duplicate key",
    "violates",
    "constraint \"",
    "column \"",
    "permission denied for",
    "row-level security",
    "app.tenant_id",
    "nexus_app",
    "nexus_owner",
    "nexus_platform",
    "PostgreSQL",
    "postgres",
    "psql",
    "select *",
    "insert into",
    "invalid input syntax",
    "Traceback",
    "Exception",
    "NoneType",
    "Cargo.toml",
    "tenant_id",
    "PgDatabaseError",
    // Shapes of our own: a field of the API may be named, the type that reads it may not.
    "struct ",
    "&str",
    "Vec<",
    "HashMap",
    "domain::",
    "platform::",
    "records::",
    "PgRow",
];

#[derive(Default)]
struct Tally {
    pages: usize,
    shown: usize,
    refusals: usize,
    faults: Vec<String>,
}

impl Tally {
    /// A page as whoever works in the workspace sees it.
    async fn page(&mut self, client: &Client, path: &str) -> StatusCode {
        let answer = client.send(client.request(Method::GET, path).header(header::ACCEPT, "text/html")).await;
        self.answer(&format!("GET {path}"), answer).await
    }

    async fn answer(&mut self, what: &str, answer: reqwest::Response) -> StatusCode {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.text().await.unwrap_or_default();
        self.judge(what, status, &headers, &body);
        status
    }

    fn judge(&mut self, what: &str, status: StatusCode, headers: &header::HeaderMap, body: &str) {
        let what = &what.chars().take(120).collect::<String>();
        self.pages += 1;
        if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
            self.faults.push(format!("{what}: {status}"));
        }
        let kind = headers.get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap_or_default());
        if headers.get("x-content-type-options").is_none_or(|value| value != "nosniff") {
            self.faults.push(format!("{what}: a browser may guess what it is"));
        }
        for (name, value) in headers {
            if name == header::SET_COOKIE && value.as_bytes().windows(3).any(|word| word == b"pwn")
                || name.as_str().contains(MARK)
            {
                self.faults.push(format!("{what}: a header {name}: {value:?}"));
            }
        }
        // A workbook is packed, and no browser draws it.
        let workbook = kind.contains("officedocument");
        if !workbook && (kind.contains("html") || kind.contains("xml") || kind.contains("svg")) {
            let reading = html::read(body);
            self.shown += reading.shown;
            self.faults.extend(reading.faults.into_iter().map(|fault| format!("{what}: {status}: {fault}")));
        } else if kind.contains("csv") {
            self.sheet(what, body);
        } else if !body.is_empty() && !kind.contains("json") && !kind.contains("text/plain") && body.contains(MARK) {
            self.faults.push(format!("{what}: shows it as {kind}"));
        }
        if status.is_client_error() || status.is_server_error() {
            self.refusals += 1;
            self.silent(what, status, body);
        }
    }

    /// D-12: no cell that a spreadsheet runs.
    fn sheet(&mut self, what: &str, body: &str) {
        self.shown += body.matches(MARK).count();
        for line in body.lines() {
            if line.starts_with(['=', '@', '+']) || line.contains(",=") || line.contains("\"=") || line.contains(",@") {
                self.faults.push(format!("{what}: a formula: {line}"));
            }
        }
    }

    /// D-10: a refusal says what to do, and nothing of what the server is made of. What the caller sent may come back.
    fn silent(&mut self, what: &str, status: StatusCode, body: &str) {
        // What starts the page in the browser names its own parts, to everybody.
        let mut plain = String::new();
        for (number, part) in body.split("<script").enumerate() {
            plain.push_str(if number == 0 { part } else { part.split_once("</script>").map_or("", |(_, rest)| rest) });
        }
        let own = ["leptos", "leptos-island data-component=", "/leptos-island"];
        let words = plain.split(['<', '>', '"']).filter(|word| !word.starts_with("/pkg/") && !own.contains(word));
        for word in words {
            if let Some(told) = TELLTALES.iter().find(|telltale| word.contains(**telltale)) {
                self.faults
                    .push(format!("{what}: {status} says {told:?}: {}", word.chars().take(160).collect::<String>()));
            }
        }
    }
}

/// A value that the field takes, for what is required beside the texts.
async fn sample(server: &Server, owner: &PgPool, tenant: &TestTenant, field: &Field) -> Value {
    match &field.kind {
        FieldKind::Reference { entity } => {
            let catalog = server.world.services().catalogs.of("automotive");
            let table = catalog.get(entity).unwrap().table.clone();
            let sql = format!("select id from {table} where tenant_id = $1 and deleted_at is null order by id limit 1");
            let id: Option<uuid::Uuid> =
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.id.0).fetch_optional(owner).await.unwrap();
            json!(id)
        }
        _ => crate::references::sample(field),
    }
}

/// What came of the payloads of one entity.
#[derive(Default)]
struct Planted {
    /// Texts that hold one.
    kept: usize,
    /// Texts that were refused, by field.
    refused: BTreeMap<String, usize>,
    ids: Vec<String>,
}

/// Writes a record with the payload in every text that takes it. What is refused is told at its field, all at once; the rest is tried again.
async fn write(
    grace: &Client,
    method: Method,
    path: &str,
    texts: &[&Field],
    payload: &str,
    rest: &Map<String, Value>,
    planted: &mut Planted,
) -> Option<Value> {
    let mut values = rest.clone();
    for field in texts {
        values.insert(field.key.clone(), json!(payload));
    }
    for _ in 0..4 {
        let (status, mut answer) = grace.write(method.clone(), path, &Value::Object(values.clone())).await;
        if status.is_success() {
            let data = answer["data"].take();
            let holds = |field: &&&Field| data[&field.key].as_str().is_some_and(|text| text.contains(MARK));
            planted.kept += texts.iter().filter(holds).count();
            return Some(data);
        }
        assert!(status.is_client_error(), "{path} {payload}: {status} {answer}");
        let told: Vec<String> =
            answer["details"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        assert!(!told.is_empty(), "{path} {payload}: {status} {answer}");
        for key in told {
            *planted.refused.entry(key.clone()).or_default() += 1;
            match rest.get(&key) {
                Some(usual) => values.insert(key, usual.clone()),
                None => values.remove(&key),
            };
        }
    }
    None
}

/// A record for each payload, with the payload in every text that takes it.
async fn plant(server: &Server, owner: &PgPool, tenant: &TestTenant, grace: &Client, entity: &Entity) -> Planted {
    let mut planted = Planted::default();
    let mut rest = Map::new();
    for field in entity.editable().filter(|field| field.required && field.default.is_none()) {
        rest.insert(field.key.clone(), sample(server, owner, tenant, field).await);
    }
    let texts: Vec<&Field> = entity
        .editable()
        .filter(|field| {
            matches!(
                field.kind,
                FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Email | FieldKind::Phone
            )
        })
        .collect();
    for payload in PAYLOADS.iter() {
        let path = format!("{API}/{}", entity.plural);
        let Some(made) = write(grace, Method::POST, &path, &texts, payload, &rest, &mut planted).await else {
            continue;
        };
        let id = made["id"].as_str().unwrap().to_owned();
        // And once more by a change, so that what it was stands in the history.
        let change = Map::from_iter([("version".to_owned(), made["version"].clone())]);
        let again = format!("{payload} again");
        write(grace, Method::PATCH, &format!("{path}/{id}"), &texts, &again, &change, &mut planted).await;
        planted.ids.push(id);
    }
    planted
}

/// What people may name beside records: the company, places, roles, workflows, files, orders, messages, themselves.
async fn name_the_rest(server: &Server, grace: &Client, owner: &PgPool, tenant: &TestTenant) -> usize {
    let (mut named, mut order) = (0, json!(null));
    let run = async |operation: &str, input: Value| {
        grace.write(Method::POST, &format!("{API}/operations/{operation}"), &input).await
    };
    let customer: uuid::Uuid =
        sqlx::query_scalar("select id from customers where tenant_id = $1 and name like '%pwn(1)%' limit 1")
            .bind(tenant.id.0)
            .fetch_one(owner)
            .await
            .unwrap();
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let short: String = payload.chars().take(50).collect();
        let company = json!({
            "legalName": payload, "address": payload, "bank": payload, "branch": payload, "accountName": payload, "paymentInstructions": payload,
            "paymentTerms": payload, "invoiceNote": payload, "taxNumber": payload, "website": payload,
        });
        let lines = json!([{ "description": payload, "quantity": "1", "unitPrice": "10" }]);
        let definition = json!({
            "key": format!("p{number}"), "name": payload, "trigger": { "on": "by_hand", "entity": "task" },
            "steps": [{ "key": "look", "type": "branch", "input": { "if": "task.title != ''", "else": "end" } }],
        });
        let message = json!({
            "template": "invoice_notification", "to": "canary@kisumu.example", "key": format!("p{number}"),
            "values": {
                "customer": { "name": payload },
                "invoice": { "invoiceNumber": payload, "dueDate": "2026-12-20", "totalAmount": { "amount": "1.00", "currency": "KES" } },
            },
        });
        let (_, held) = run("company.get", json!({})).await;
        let version = held["data"]["version"].as_i64().unwrap_or(0);
        for (operation, input) in [
            ("company.save", json!({ "version": version, "company": company })),
            ("people.add_location", json!({ "name": short })),
            (
                "people.create_role",
                json!({ "key": format!("P{number}"), "label": short, "about": payload, "grants": {} }),
            ),
            ("workflow.save", json!({ "definition": definition })),
            ("messaging.send", message),
            ("workflow.notify", json!({ "to": { "role": "OWNER" }, "title": payload, "key": format!("p{number}") })),
            (
                "sales.make_order",
                json!({ "customer": customer, "reference": payload, "notes": payload, "lines": lines }),
            ),
            (
                "imports.create",
                json!({ "entity": "lead", "fileName": format!("{payload}.csv"), "content": format!("name,{}\n{0}\n", payload.replace([',', '"'], " ")).into_bytes() }),
            ),
        ] {
            let texts = input.to_string().matches(MARK).count();
            let (status, answer) = run(operation, input).await;
            assert!(!status.is_server_error(), "{operation} {payload}: {answer}");
            named += if status.is_success() { texts } else { 0 };
            if operation == "sales.make_order" && status.is_success() && number == 0 {
                order = answer["data"]["order"]["id"].clone();
            }
        }
    }
    // As far as an invoice and its document.
    let order = order.as_str().expect("an order").to_owned();
    let step = format!("{API}/orders/{order}/transitions");
    for move_ in ["submit", "pick", "ship"] {
        let (status, answer) = grace.write(Method::POST, &format!("{step}/{move_}"), &json!({})).await;
        assert!(!status.is_server_error(), "{move_}: {answer}");
    }
    run("sales.create_invoice", json!({ "order": order })).await;
    sqlx::query("update members set name = $1 where tenant_id = $2 and name = 'Grace'")
        .bind(&PAYLOADS[0])
        .bind(tenant.id.0)
        .execute(owner)
        .await
        .unwrap();
    server.settle().await;
    named
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_stays_text_on_every_page() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let mut fixtures = Fixtures::new(&server, &lakeside, "Olive").await;
    fixtures.make("invoice", None).await;
    let (grace, _) = server.entered(&lakeside, "Grace", &["OWNER"]).await;
    // Whoever looks is somebody else.
    let (amina, _) = server.entered(&lakeside, "Amina", &["OWNER"]).await;
    let owner = server.world.owner().await;
    let catalog = server.world.services().catalogs.of("automotive").clone();
    let (mut fields, mut kept, mut refused) = (0, 0, BTreeMap::new());
    let mut made = Vec::new();
    for entity in catalog.iter().filter(|entity| entity.managed.is_none()) {
        let planted = plant(&server, &owner, &lakeside, &grace, entity).await;
        fields += planted.kept + planted.refused.values().sum::<usize>();
        kept += planted.kept;
        refused.extend(planted.refused.into_iter().map(|(field, times)| (format!("{}.{field}", entity.key), times)));
        made.push((entity.clone(), planted.ids));
    }
    let named = name_the_rest(&server, &grace, &owner, &lakeside).await;
    let mut tally = Tally::default();
    for (entity, ids) in &made {
        let list = format!("/w/lakeside/{}", entity.plural);
        let lead = ids.first().cloned().unwrap_or_default();
        for query in [
            "?limit=500",
            "?view=board",
            "?view=calendar&date=createdAt",
            "?view=calendar&date=createdAt&scale=agenda",
            "?view=timeline&date=createdAt&end=updatedAt&group=owner",
            "?view=everything&limit=500",
            "?trash=1",
            "/new",
            "/import",
            "/export.csv",
        ] {
            tally.page(&amina, &format!("{list}{query}")).await;
        }
        tally.page(&amina, &format!("{API}/{}/export", entity.plural)).await;
        for id in ids {
            for page in ["", "/edit"] {
                tally.page(&amina, &format!("{list}/{id}{page}")).await;
            }
        }
        for page in ["?edit=name", "?convert=1", "?move=qualified", "/access", "/why", "/document"] {
            tally.page(&amina, &format!("{list}/{lead}{page}")).await;
        }
        let (status, answer) =
            grace.write(Method::DELETE, &format!("{API}/{}/{lead}", entity.plural), &json!({})).await;
        assert!(!status.is_server_error(), "{answer}");
        for page in ["?trash=1", ""] {
            tally.page(&amina, &format!("{list}{page}")).await;
        }
    }
    rest(&mut tally, &amina, &owner, &lakeside).await;
    println!(
        "bar=D-05 entities={} payloads={} fields_x_payloads={fields} kept={kept} named={named} pages={} shown={} faults={} pass={}",
        made.len(),
        PAYLOADS.len(),
        tally.pages,
        tally.shown,
        tally.faults.len(),
        u8::from(tally.faults.is_empty())
    );
    println!("bar=D-06 refused={refused:?} pass={}", u8::from(tally.faults.is_empty()));
    assert!(
        tally.faults.is_empty(),
        "{} faults, among them {:#?}",
        tally.faults.len(),
        &tally.faults[..tally.faults.len().min(20)]
    );
    assert!(fields + named > 3_000, "only {fields} texts and {named} names were tried");
    assert!(kept * 2 > fields && tally.shown > 10_000, "{kept} of {fields} were kept and {} shown", tally.shown);
    owner.close().await;
    server.end().await;
}

/// Pages about what is no described entity, or that bring many together.
async fn rest(tally: &mut Tally, client: &Client, owner: &PgPool, tenant: &TestTenant) {
    for path in [
        "",
        "/go?q=pwn",
        "/go?q=script",
        "/settings",
        "/settings/people",
        "/settings/company",
        "/settings/locations",
        "/settings/roles",
        "/settings/roles/P0",
        "/settings/roles/P3",
        "/settings/audit",
        "/settings/audit.csv",
        "/settings/profile",
        "/settings/sessions",
        "/approvals",
        "/notifications",
        "/workflows",
        "/runs",
        "/ledger",
        "/ledger/receivables",
        "/help?q=pwn",
        "/help/importing",
        "/dashboards",
        "/dashboards/sales",
        "/dashboards/money",
        "/messages",
        "/orders",
        "/invoices",
    ] {
        tally.page(client, &format!("/w/lakeside{path}")).await;
    }
    for (table, pages) in [
        ("workflows", &["/workflows/{id}"][..]),
        ("messages", &["/messages/{id}", "/messages/{id}/content.html"]),
        ("imports", &["/imports/{id}", "/imports/{id}/errors.csv"]),
        ("orders", &["/orders/{id}", "/orders/{id}/lines", "/orders/{id}/document", "/orders/{id}/edit"]),
        ("invoices", &["/invoices/{id}", "/invoices/{id}/document"]),
        ("approvals", &["/approvals/{id}"]),
        ("members", &["/settings/people/{id}", "/settings/people/{id}/roles", "/settings/people/{id}/sessions"]),
    ] {
        let sql = format!("select id::text from {table} where tenant_id = $1 order by id desc limit 40");
        let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.id.0).fetch_all(owner).await.unwrap();
        assert!(!ids.is_empty(), "{table} is empty");
        for (id, page) in ids.iter().flat_map(|id| pages.iter().map(move |page| (id, page))) {
            tally.page(client, &format!("/w/lakeside{}", page.replace("{id}", id))).await;
        }
    }
}
