//! What a browser is promised: headers on every answer, a nonce that is used once, no write from another site, no write by GET.

use crate::matrix::fixtures::Fixtures;
use crate::support::{Client, Server, encoded};
use api::RouteInfo;
use axum::body::Body;
use nexus_server::config::Config;
use nexus_server::{site, start};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use testkit::TestTenant;
use tower::ServiceExt;
use uuid::Uuid;

const FORM: &str = "application/x-www-form-urlencoded";
/// The id of nothing.
pub const NEVER: &str = "0199a000-0000-7000-8000-000000000000";
/// Refusals, sign-ins and exports are told as well.
const DONE: &str =
    "(select * from changes where outcome = 'done' and entity <> 'session' and operation not like '%.export')";
/// What requests may change. Not: what is counted of requests, and how far readers of events have come.
pub const WRITTEN: &[&str] = &[
    "tenants",
    "members",
    "invitations",
    "roles",
    "api_keys",
    "companies",
    "security_policies",
    "leads",
    "merges",
    "notes",
    "files",
    "customers",
    "contacts",
    "opportunities",
    "activities",
    "tasks",
    "products",
    "orders",
    "order_lines",
    "invoices",
    "payments",
    "journal_entries",
    "stock_movements",
    "messages",
    // Those of the build come by themselves, a little after the workspace.
    "(select * from workflows where template is null)",
    "runs",
    "approvals",
    "notifications",
    "imports",
    "saved_views",
    "bulk_changes",
    "exports",
    "idempotency_keys",
    "events",
    "sessions",
    "users",
    "user_credentials",
    "second_factors",
    "second_factor_setups",
    "sign_ups",
    "account_links",
    "impersonations",
    DONE,
];

/// A route's path with something in each of its places.
pub fn path_of(route: &RouteInfo, entity: &str, id: &str) -> String {
    let path = route
        .path
        .replace("{workspace}", "lakeside")
        .replace("{industry}", "core")
        .replace("{operation}", "records.create")
        .replace("{entity}", entity)
        .replace("{id}", id)
        .replace("{file}", id)
        .replace("transitions/{name}", "transitions/contact")
        .replace("{name}", "records.create")
        .replace("help/{key}", "help/importing")
        .replace("dashboards/{key}", "dashboards/sales")
        .replace("roles/{key}", "roles/USER")
        .replace("{token}", "not-a-link");
    assert!(!path.contains('{'), "nobody says what stands in {path}");
    path
}

/// Origins that are not the one of a server at `base`, some of which look like it.
pub fn foreign_origins(base: &str) -> Vec<String> {
    let at = base.trim_start_matches("http://");
    let (host, port) = at.split_once(':').unwrap();
    let alike = [
        format!("https://{at}"),
        format!("HTTP://{at}"),
        format!("http://{host}"),
        format!("http://{host}:1"),
        format!("http://{at}0"),
        format!("http://{at}.evil.example"),
        format!("http://{host}.evil.example:{port}"),
        format!("http://evil-{at}"),
        format!("http://evil.{at}"),
        format!("http://{at}@evil.example"),
        format!("http://localhost:{port}"),
        format!("{base}/"),
    ];
    let others = ["https://evil.example", "http://lakeside.nexus.example", "null", "file://", "*"];
    others.into_iter().map(str::to_owned).chain(alike).collect()
}

/// The server over the world of another one, with settings of its own.
fn router(server: &Server, settings: &[(&str, &str)]) -> axum::Router {
    let settings: HashMap<String, String> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    site::router(start::app(Config::read(&settings).unwrap(), server.world.platform.clone()))
}

/// What is wrong with the headers of an answer. `kept` is said where browsers may keep it: a file of the build, a stream.
fn wrong(headers: &HeaderMap, kept: Option<&str>) -> Vec<&'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let transport = text("strict-transport-security");
    let age = transport.split(';').find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok());
    let policy = text("content-security-policy");
    let directives: BTreeMap<&str, &str> = policy.split(';').filter_map(|part| part.trim().split_once(' ')).collect();
    let says = |name: &str, value: &str| directives.get(name).is_some_and(|said| *said == value);
    let scripts = directives.get("script-src").copied();
    let nonce = scripts
        .and_then(|scripts| scripts.strip_prefix("'nonce-")?.strip_suffix("' 'strict-dynamic' 'wasm-unsafe-eval'"));
    let page = text("content-type").starts_with("text/html");
    let closed = ["camera=()", "microphone=()", "payment=()", "usb=()"];
    let checks = [
        ("HSTS", age.is_some_and(|age| age >= 31_536_000) && transport.contains("includeSubDomains")),
        ("nosniff", text("x-content-type-options") == "nosniff"),
        ("Referrer-Policy", matches!(text("referrer-policy"), "no-referrer" | "same-origin" | "strict-origin")),
        ("COOP", text("cross-origin-opener-policy") == "same-origin"),
        ("CORP", text("cross-origin-resource-policy") == "same-origin"),
        ("Permissions-Policy", closed.iter().all(|part| text("permissions-policy").contains(part))),
        ("X-Frame-Options", text("x-frame-options") == "DENY"),
        (
            "Cache-Control",
            text("cache-control") == "no-store" || kept.is_some_and(|kept| kept == text("cache-control")),
        ),
        ("request id", Uuid::try_parse(text("x-request-id")).is_ok()),
        ("CSP: objects", says("object-src", "'none'")),
        ("CSP: base", says("base-uri", "'none'")),
        ("CSP: frames", says("frame-ancestors", "'none'")),
        ("CSP: scripts of a page", !page || nonce.is_some_and(|nonce| nonce.len() >= 20)),
        ("CSP: scripts of what is no page", page || scripts.is_none() && says("default-src", "'none'")),
        ("CSP: nothing inline", !policy.contains("'unsafe-inline'") && !policy.contains("'unsafe-eval'")),
        ("what the server is", !headers.contains_key("server") && !headers.contains_key("x-powered-by")),
    ];
    checks.into_iter().filter(|(_, right)| !right).map(|(what, _)| what).collect()
}

/// What was asked, how it was answered, and what was wrong about it.
#[derive(Default)]
struct Looked {
    asked: usize,
    statuses: BTreeSet<u16>,
    wrong: Vec<String>,
}

impl Looked {
    fn at(&mut self, what: &str, status: StatusCode, headers: &HeaderMap) {
        self.asked += 1;
        self.statuses.insert(status.as_u16());
        let kept = match what {
            "GET /document.css" | "GET /favicon.svg" => Some("public, max-age=3600"),
            "GET of a stream" => Some("no-cache"),
            _ => None,
        };
        let found = wrong(headers, kept.filter(|_| status.is_success()));
        if !found.is_empty() {
            self.wrong.push(format!("{what} answers {status} with wrong {found:?}"));
        }
    }

    async fn ask(&mut self, client: &Client, method: &str, path: &str, request: Option<(&str, Vec<u8>)>) {
        let mut asked = client.request(method.parse().unwrap(), path).header(header::ACCEPT, "text/html");
        if let Some((kind, body)) = request {
            asked = asked.header(header::CONTENT_TYPE, kind).body(body);
        }
        let answer = client.send(asked).await;
        self.at(&format!("{method} {path}"), answer.status(), answer.headers());
    }
}

/// D-08: the values of the headers, on every route, for somebody who is signed in and for nobody, and on every kind of refusal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_carries_the_headers() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let nobody = server.client();
    let mut looked = Looked::default();
    for route in server.routes() {
        let path = path_of(&route, "leads", NEVER);
        looked.ask(&nobody, &route.method, &path, route.mutates.then(|| (FORM, Vec::new()))).await;
        if !route.mutates {
            looked.ask(&amina, "GET", &path, None).await;
        }
    }
    for (method, path) in [
        ("GET", "/nothing/here"),
        ("GET", "/sign-in/"),
        ("GET", "/w/elsewhere/leads"),
        ("GET", "/w/lakeside/leads/not-an-id"),
        ("GET", "/w/lakeside/api/v1/nothing"),
        ("GET", "/api/v1/nothing/at/all"),
        ("GET", "/pkg/nothing.js"),
        ("GET", "/fonts/nothing.woff2"),
        ("GET", "/favicon.svg"),
        ("GET", "/document.css"),
        ("HEAD", "/sign-in"),
        ("OPTIONS", "/sign-in"),
        ("POST", "/livez"),
        ("DELETE", "/w/lakeside/leads"),
    ] {
        looked.ask(&amina, method, path, None).await;
    }
    // A little more than is read, in each of the two ways of reading it, and bodies of the wrong kind.
    let much = vec![b'x'; (2 << 20) + 1];
    looked.ask(&amina, "POST", "/w/lakeside/api/v1/leads", Some(("application/json", much.clone()))).await;
    looked.ask(&amina, "POST", "/w/lakeside/do/records.create", Some((FORM, much))).await;
    looked.ask(&amina, "POST", "/preferences", Some(("text/plain", b"theme=dark".to_vec()))).await;
    looked.ask(&amina, "POST", "/w/lakeside/api/v1/leads", Some(("application/json", b"{".to_vec()))).await;
    let stream = amina.request(Method::GET, "/w/lakeside/stream").header(header::ACCEPT, "text/event-stream");
    let answer = amina.send(stream).await;
    assert_eq!(answer.status(), StatusCode::OK, "a stream");
    looked.at("GET of a stream", answer.status(), answer.headers());
    drop(answer);
    // From another site, and too many, at a server that takes few.
    let few = router(&server, &[("NEXUS_BASE_URL", server.base.as_str()), ("NEXUS_LIMIT_ADDRESS", "10")]);
    for (method, path) in [("POST", "/sign-up")].into_iter().chain([("GET", "/livez"); 12]) {
        let request = axum::http::Request::builder().method(method).uri(path).header("sec-fetch-site", "cross-site");
        let answer = few.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        looked.at("one of too many from elsewhere", answer.status(), answer.headers());
    }
    // Without a database: as last, because it does not come back.
    server.world.services().pools.platform.close().await;
    for path in ["/readyz", "/health", "/sign-in", "/w/lakeside/leads", "/w/lakeside/api/v1/leads"] {
        looked.ask(&amina, "GET", path, None).await;
    }
    looked.ask(&amina, "POST", "/w/lakeside/do/records.create", Some((FORM, b"entity=lead".to_vec()))).await;
    assert!(looked.wrong.is_empty(), "{} wrong:\n{}", looked.wrong.len(), looked.wrong.join("\n"));
    for status in [200, 303, 308, 400, 401, 403, 404, 405, 413, 415, 422, 429, 503] {
        assert!(looked.statuses.contains(&status), "nothing was answered with {status}: {:?}", looked.statuses);
    }
    println!("bar=D-08 answers={} statuses={:?} wrong=0 pass=1", looked.asked, looked.statuses);
    server.end().await;
}

/// D-08: a thousand pages, a thousand nonces, each that of the scripts of its page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nonce_is_used_once_and_fits_its_scripts() {
    let server = Server::new().await;
    let client = server.client();
    let mut seen = HashSet::new();
    for _ in 0..125 {
        let pages = (0..8).map(|_| client.get("/sign-in"));
        for answer in futures::future::join_all(pages).await {
            let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
            let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
            let page = answer.text().await.unwrap();
            assert!(page.contains("<script"), "a page without scripts says nothing of them");
            for script in page.split("<script").skip(1) {
                let tag = script.split('>').next().unwrap();
                assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "a script without the nonce: {tag}");
            }
            assert!(seen.insert(nonce));
        }
    }
    println!("bar=D-08 nonces={} pass=1", seen.len());
    server.end().await;
}

/// D-01: every route that changes anything, from everywhere else, with bodies that a page can send without being asked first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_site_can_write() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["ADMIN"]).await;
    server.settle().await;
    let before = server.world.fingerprint(WRITTEN).await;
    let (fetch, origin) = ("sec-fetch-site", "origin");
    let mut cases: Vec<Vec<(&str, String)>> = vec![
        vec![],
        vec![(fetch, "cross-site".to_owned())],
        vec![(fetch, "same-site".to_owned())],
        vec![(origin, "https://evil.example".to_owned())],
        vec![(fetch, "none".to_owned())],
        vec![(fetch, "cross-site".to_owned()), (origin, server.base.clone())],
        vec![(fetch, "same-site".to_owned()), (origin, server.base.clone())],
    ];
    // These with every kind of body, the others with a form.
    let with_all = cases.len();
    cases.extend(foreign_origins(&server.base).into_iter().map(|other| vec![(origin, other)]));
    let record = r#"{"name":"Planted","entity":"lead","values":{"name":"Planted"}}"#;
    let part = "--cut\r\ncontent-disposition: form-data; name=\"values.name\"\r\n\r\nPlanted\r\n--cut--\r\n";
    let bodies = [
        (FORM, encoded(&[("entity", "lead"), ("values.name", "Planted")])),
        ("text/plain", record.to_owned()),
        ("multipart/form-data; boundary=cut", part.to_owned()),
        ("application/json", record.to_owned()),
        ("", String::new()),
    ];
    let cookie = format!("nexus={}", amina.cookie("nexus").unwrap());
    #[expect(clippy::disallowed_methods, reason = "a client without our defaults")]
    let http = reqwest::Client::new();
    let (mut sent, mut routes) = (0, 0);
    for route in server.routes().iter().filter(|route| route.mutates) {
        let path = path_of(route, "leads", NEVER);
        let method: Method = route.method.parse().unwrap();
        routes += 1;
        for (number, headers) in cases.iter().enumerate() {
            for (kind, body) in &bodies[..if number < with_all { bodies.len() } else { 1 }] {
                let mut request = http
                    .request(method.clone(), format!("{}{path}", server.base))
                    .header(header::COOKIE, &cookie)
                    .body(body.clone());
                if !kind.is_empty() {
                    request = request.header(header::CONTENT_TYPE, *kind);
                }
                for (name, value) in headers {
                    request = request.header(*name, value);
                }
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}, {kind}, with {headers:?}");
                sent += 1;
            }
        }
    }
    // Where the server is reached over TLS, a page that came without it is another site.
    let secure = router(&server, &[("NEXUS_BASE_URL", "https://erp.example.com")]);
    for (origin, ours) in [
        ("https://erp.example.com", true),
        ("http://erp.example.com", false),
        ("httpsx://erp.example.com", false),
        ("https://erp.example.com:8443", false),
        ("https://erp.example.com.evil.example", false),
        ("https://evil-erp.example.com", false),
        ("https://example.com", false),
        ("null", false),
    ] {
        let request = axum::http::Request::post("/sign-up")
            .header(header::HOST, "erp.example.com")
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, FORM);
        let answer = secure.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let wanted = if ours { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status(), wanted, "{origin}");
        sent += 1;
    }
    assert_eq!(server.world.fingerprint(WRITTEN).await, before);
    // The same form from a page of ours goes through.
    let answer = amina.form("/w/lakeside/do/records.create", &[("entity", "lead"), ("values.name", "Wanted")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_ne!(server.world.fingerprint(WRITTEN).await, before);
    println!("bar=D-01 routes={routes} sent={sent} refused={sent} pass=1");
    server.end().await;
}

/// What stands behind `{id}` in these paths; below `/{entity}` it is a record of the entity.
const SUBJECTS: &[(&str, &str)] = &[
    ("/imports/{id}", "import"),
    ("/approvals/{id}", "approval"),
    ("/workflows/{id}", "workflow"),
    ("/runs/{id}", "run"),
    ("/ledger/accounts/{id}", "account"),
    ("/orders/{id}", "order"),
    ("/messages/{id}", "message"),
    ("/invoices/{id}", "invoice"),
    ("/bulk/{id}", "bulk"),
    ("/exports/{id}", "export"),
    ("/settings/people/{id}", "member"),
];
const ENTITIES: [(&str, &str); 4] =
    [("leads", "lead"), ("customers", "customer"), ("tasks", "task"), ("invoices", "invoice")];

/// One of everything that a route is about.
async fn subjects(server: &Server, tenant: &TestTenant, amina: &Client) -> BTreeMap<&'static str, String> {
    let mut fixtures = Fixtures::new(server, tenant, "Grace").await;
    let mut ids = BTreeMap::new();
    for kind in ["lead", "customer", "order", "invoice", "import", "message", "workflow", "run", "approval", "account"]
    {
        ids.insert(kind, fixtures.make(kind, None).await);
    }
    for (kind, operation, input) in [
        ("task", "records.create", json!({ "entity": "task", "values": { "title": "Wanted" } })),
        (
            "bulk",
            "records.bulk",
            json!({ "entity": "lead", "action": "set", "ids": [ids["lead"]], "values": { "city": "Kisumu" } }),
        ),
        ("export", "exports.start", json!({ "entity": "lead", "format": "csv" })),
        (
            "file",
            "files.upload",
            json!({ "entity": "lead", "record": ids["lead"], "name": "wanted.txt", "content": [77, 97, 116] }),
        ),
    ] {
        let path = format!("/w/lakeside/api/v1/operations/{operation}");
        let (status, made) = amina.write(Method::POST, &path, &input).await;
        assert!(status.is_success(), "{operation}: {made}");
        ids.insert(kind, made["data"]["id"].as_str().unwrap_or_else(|| panic!("{operation}: {made}")).to_owned());
    }
    ids
}

/// D-04: every route that reads, about something that is there, by GET, HEAD and OPTIONS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_never_changes_anything() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "automotive").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let mut ids = subjects(&server, &tenant, &amina).await;
    ids.insert("member", caller.access.member.to_string());
    server.settle().await;
    let before = server.world.fingerprint(WRITTEN).await;
    let (mut asked, mut reached, mut missed) = (0, 0, Vec::new());
    for route in server.routes().iter().filter(|route| !route.mutates) {
        let subject = SUBJECTS.iter().find(|(path, _)| route.path.contains(path)).map(|(_, kind)| *kind);
        let entities = if route.path.contains("{entity}") { &ENTITIES[..] } else { &ENTITIES[..1] };
        let mut found = false;
        for (number, (entity, kind)) in entities.iter().enumerate() {
            let filled = RouteInfo {
                path: route.path.replace("{file}", &ids["file"]).replace("{industry}", "automotive"),
                ..route.clone()
            };
            let path = path_of(&filled, entity, &ids[subject.unwrap_or(*kind)]);
            let methods = if number == 0 { &["GET", "HEAD", "OPTIONS"][..] } else { &["GET"][..] };
            for method in methods {
                let accept = if path.ends_with("/stream") { "text/event-stream" } else { "text/html" };
                let request = amina.request(method.parse().unwrap(), &path).header(header::ACCEPT, accept);
                let answer = amina.send(request).await;
                assert!(!answer.status().is_server_error(), "{method} {path} answers {}", answer.status());
                found |= *method == "GET" && answer.status().is_success();
                asked += 1;
            }
        }
        reached += usize::from(found);
        // A page of something that is not there would have nothing to change.
        if !found && route.path.contains("{id}") {
            missed.push(format!("{} {}", route.method, route.path));
        }
    }
    assert!(missed.is_empty(), "nothing was there to be read at {missed:#?}");
    assert!(asked > 200 && reached > 70, "{asked} asked, {reached} reached");
    server.settle().await;
    let after = server.world.fingerprint(WRITTEN).await;
    let changed: Vec<_> = before.split(' ').zip(after.split(' ')).filter(|(before, after)| before != after).collect();
    assert!(changed.is_empty(), "{changed:?}");
    println!("bar=D-04 asked={asked} reached={reached} changed=0 pass=1");
    server.end().await;
}
