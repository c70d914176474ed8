//! Input that nobody sends by accident: bodies, request lines and headers, probes in every field. Each gets a clear refusal in bounded time, no
//! status of 500 and more, and nothing changes.

mod bodies;
mod wire;

use crate::browser::{NEVER, WRITTEN, foreign_origins, path_of};
use crate::support::{Client, Server};
use api::RouteInfo;
use bodies::{Answer, Hostile, JSON, SOON, bodies, endless, gzip, resident, send};
use nexus_server::net::Limits;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

const API: &str = "/w/lakeside/api/v1";
/// More memory than this may not stay in use because of what was sent.
const MEMORY: u64 = 64 * 1024 * 1024;

/// Bodies that never end, at each way of reading one: JSON, a form, a file.
async fn without_end(server: &Server, client: &Client) -> Duration {
    const READ: u64 = 2 << 20;
    let file = "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n";
    let parts = "multipart/form-data; boundary=cut";
    let upload = u64::try_from(domain::imports::MAX_FILE_BYTES).unwrap() + (64 << 10);
    let mut latest = Duration::ZERO;
    for (path, kind, begins, taken) in [
        (format!("{API}/leads"), JSON, "{\"name\":\"", READ),
        ("/w/lakeside/do/records.create".to_owned(), "application/x-www-form-urlencoded", "values.name=", READ),
        ("/w/lakeside/leads/import".to_owned(), parts, file, upload),
    ] {
        latest = latest.max(endless(server, client, &path, kind, begins, taken).await);
    }
    latest
}

/// E-11.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_bodies_are_refused_and_leave_nothing() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let tables = &["leads", "changes", "events", "imports"];
    let before = server.world.fingerprint(tables).await;
    let bodies = bodies(bodies::MUCH);
    let paths = [
        format!("{API}/leads"),
        format!("{API}/operations/records.create"),
        "/w/lakeside/do/records.create".to_owned(),
        "/w/lakeside/leads/import".to_owned(),
        "/sign-in".to_owned(),
        "/preferences".to_owned(),
    ];
    let (mut sent, mut resting) = (0, 0);
    // Of the rounds the fastest: anything takes long once.
    let mut fastest: BTreeMap<(&String, &str), Duration> = BTreeMap::new();
    // The first round fills pools and caches; what stays in use after the later ones is what hostile bodies cost.
    for round in 0..3 {
        for path in &paths {
            for body in &bodies {
                let Answer { status, text, took } = send(&grace, Method::POST, path, body).await;
                // What is no field of a form is passed over where it does no harm: a preference that is not there.
                let right = status.is_client_error() || (path == "/preferences" && status == StatusCode::SEE_OTHER);
                assert!(right, "{} at {path}: {status} {}", body.what, text.chars().take(300).collect::<String>());
                sent += 1;
                let best = fastest.entry((path, body.what)).or_insert(took);
                *best = took.min(*best);
            }
        }
        if round == 0 {
            without_end(&server, &grace).await;
            resting = resident();
        }
    }
    // Compressed bodies are not unpacked, so a small one cannot become a large one: unpacked, this would be a lead.
    let packed = gzip(br#"{"name":"Packed"}"#);
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let request = grace
            .request(Method::POST, &format!("{API}/leads"))
            .header(header::CONTENT_TYPE, JSON)
            .header(header::CONTENT_ENCODING, coding);
        let answer = grace.send(request.body(packed.clone())).await;
        assert!(answer.status().is_client_error(), "{coding}: {}", answer.status());
    }
    let late = without_end(&server, &grace).await;
    server.settle().await;
    assert_eq!(server.world.fingerprint(tables).await, before, "something was written");
    let grown = resident().saturating_sub(resting);
    let slowest = fastest.iter().max_by_key(|(_, took)| **took);
    println!(
        "bar=E-11 sent={sent} slowest={slowest:?} ten_gigabytes_refused_after_ms={} grown_mb={} pass=1",
        late.as_millis(),
        grown >> 20
    );
    let slow: Vec<_> = fastest.iter().filter(|(_, took)| **took >= SOON).collect();
    assert!(slow.is_empty(), "each time slow: {slow:?}");
    // Where every test has a process of its own. With cargo's own runner the memory is that of eight tests at once.
    assert!(grown < MEMORY || !alone(), "{} MB more are in use", grown >> 20);
    server.end().await;
}

#[expect(clippy::disallowed_methods, reason = "says which runner this is; the server does not read it")]
fn alone() -> bool {
    std::env::var_os("NEXTEST").is_some()
}

/// Routes that read no body, and do by their path and cookie alone what they are there for.
const WITHOUT_BODY: &[&str] = &["/sign-out", "/admin/sign-out", "/impersonation/stop"];
/// Forms that pass over what they do not know, and lead on without doing anything: preferences that are none, a code to a sign-in that nobody began.
const LEAD_ON: &[&str] = &["/preferences", "/sign-in/code", "/admin/sign-in/code"];

/// What stands for `{id}`: a record where a body is read to change one. What says all in its path is about nothing.
fn subject<'a>(route: &RouteInfo, lead: &'a str) -> &'a str {
    let by_path = route.method == "DELETE" || route.path.ends_with("/restore");
    if route.path.contains("{entity}") && !by_path { lead } else { NEVER }
}

/// E-11, on every route that changes anything. Each body once, a few at a time; what took long among others is sent again by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_bodies_are_refused_on_every_route() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let jane = crate::factor::staff(&server, "ADMIN").await;
    let (status, lead) = grace.write(Method::POST, &format!("{API}/leads"), &json!({ "name": "Lead" })).await;
    assert_eq!(status, StatusCode::CREATED, "{lead}");
    let lead = lead["data"]["id"].as_str().unwrap().to_owned();
    // What somebody who has just signed in may do with nothing but a press is not a matter of the body.
    server.world.clock.advance(chrono::Duration::minutes(6));
    server.settle().await;
    let before = server.world.fingerprint(WRITTEN).await;
    let bodies = bodies(bodies::ENOUGH);
    let routes: Vec<(Method, String)> = server
        .routes()
        .iter()
        .filter(|route| route.mutates && !WITHOUT_BODY.contains(&route.path.as_str()))
        .map(|route| (route.method.parse().unwrap(), path_of(route, "leads", subject(route, &lead))))
        .collect();
    assert!(routes.len() > 60, "{routes:?}");
    let client = |path: &str| if path.starts_with("/admin") || path.starts_with("/api/admin") { &jane } else { &grace };
    // A move needs no body at all.
    let fits = |path: &str, body: &Hostile| !(body.content.is_empty() && path.contains("/transitions/"));
    let calls: Vec<(&Method, &String, &Hostile)> = routes
        .iter()
        .flat_map(|(method, path)| bodies.iter().map(move |body| (method, path, body)))
        .filter(|(_, path, body)| fits(path, body))
        .collect();
    let (mut sent, mut slow, mut wrong) = (0, Vec::new(), Vec::new());
    for few in calls.chunks(4) {
        let answers = few.iter().map(|&(method, path, body)| send(client(path), method.clone(), path, body));
        for (&(method, path, body), answer) in few.iter().zip(futures::future::join_all(answers).await) {
            let Answer { status, text, took } = answer;
            let right = status.is_client_error() || status == StatusCode::SEE_OTHER && LEAD_ON.contains(&path.as_str());
            if !right {
                let text: String = text.chars().take(300).collect();
                wrong.push(format!("{} at {method} {path}: {status} {text}", body.what));
            }
            if took >= SOON {
                slow.push((method, path, body));
            }
            sent += 1;
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let mut late = Vec::new();
    for &(method, path, body) in &slow {
        let mut fastest = Duration::MAX;
        for _ in 0..3 {
            fastest = fastest.min(send(client(path), method.clone(), path, body).await.took);
        }
        if fastest >= SOON {
            late.push(format!("{} at {method} {path}: {fastest:?}", body.what));
        }
    }
    server.settle().await;
    let after = server.world.fingerprint(WRITTEN).await;
    let changed: Vec<_> = before.split(' ').zip(after.split(' ')).filter(|(before, after)| before != after).collect();
    assert!(changed.is_empty(), "something was written: {changed:?}");
    println!("bar=E-11 routes={} bodies={} sent={sent} late={} pass=1", routes.len(), bodies.len(), late.len());
    assert!(late.is_empty(), "each time slow:\n{}", late.join("\n"));
    server.end().await;
}

/// E-12: what stands on the wire before a body, and how the body is framed. Each is answered as it has to be, or closed; what hung behind it is
/// nobody's request, which is seen by the lead that it would have made; and others are answered meanwhile.
#[tokio::test]
async fn hostile_request_lines_and_headers_are_refused() {
    let server = Server::with(Limits { headers: Duration::from_secs(5), ..Limits::default() }).await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let cookie = grace.cookie("nexus").expect("a session");
    let (status, kept) = grace.write(Method::POST, &format!("{API}/leads"), &json!({ "name": "Kept" })).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    // The hidden request does something where it is a request: behind a body that has ended without doubt.
    let control = wire::Case {
        what: "a request behind a request",
        bytes: format!(
            "POST /preferences HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: 0\r\n\r\n{}",
            wire::hidden(&cookie, "Control")
        )
        .into_bytes(),
        may: &[303],
        closes: true,
    };
    let seen = wire::exchange(&address, &control).await;
    assert_eq!((seen.statuses.as_slice(), seen.closed), (&[303, 303][..], true), "{}", seen.text);
    // A method is what stands in the line. Taken for the other one, it would take the lead away.
    let overridden = format!(
        "POST {API}/leads/{} HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncookie: nexus={cookie}\r\n\
         x-http-method-override: DELETE\r\nx-method-override: DELETE\r\ncontent-length: 0\r\n\r\n",
        kept["data"]["id"].as_str().unwrap()
    );
    let overridden =
        wire::Case { what: "a method over the method", bytes: overridden.into_bytes(), may: &[405], closes: false };
    let (frames, unread) = (wire::frames(&cookie), wire::unread(&cookie));
    let hidden = frames.len() + unread.len();
    let cases: Vec<wire::Case> =
        wire::lines(&cookie).into_iter().chain([overridden]).chain(frames).chain(unread).collect();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.what).collect();
    assert!(names.len() == cases.len() && cases.len() >= 60, "{} cases, {} names", cases.len(), names.len());
    let mut refused = 0;
    for case in &cases {
        let what = case.what;
        let seen = wire::exchange(&address, case).await;
        assert_eq!(seen.statuses.len(), 1, "{what}: answered more than once: {:?} {}", seen.statuses, seen.text);
        let status = seen.statuses[0];
        assert!(case.may.contains(&status), "{what}: {status} in place of {:?}: {}", case.may, seen.text);
        assert!(seen.closed || !case.closes, "{what}: goes on after {status}");
        assert!(!seen.text.contains("root:"), "{what}: {}", seen.text);
        assert_eq!(server.client().get("/livez").await.status(), StatusCode::OK, "after {what}");
        refused += usize::from(status == 0 || status >= 400);
    }
    server.settle().await;
    let owner = server.world.owner().await;
    let leads: Vec<String> = sqlx::query_scalar("select name from leads where deleted_at is null order by name")
        .fetch_all(&owner)
        .await
        .unwrap();
    assert_eq!(leads, ["Control", "Kept"], "a hidden request was executed, or a lead taken away");
    owner.close().await;
    println!("bar=E-12 cases={} refused={refused} hidden={hidden} executed=0 pass=1", cases.len());
    server.end().await;
}

const PROBES: &[&str] = &[
    "' OR 1=1--",
    "';select pg_sleep(2)--",
    "\"; drop table leads; --",
    "1; select 1",
    "%",
    "_",
    "\\",
    "\\'",
    "$1",
    "$$",
    "{{7*7}}",
    "${7*7}",
    "<script>alert(1)</script>",
    "\u{202e}txt",
    "\u{0}",
    "\n\r",
    "../../etc/passwd",
    "-1",
    "1e999",
    "null",
    "[]",
    "()",
    "in (",
    "name = name",
    "= = =",
];

/// What a probe may take: `pg_sleep(2)`, where it is heard, takes longer.
const AT_ONCE: Duration = Duration::from_millis(1500);

async fn read(client: &Client, path: &str) -> (StatusCode, String) {
    let answer = client.get(path).await;
    (answer.status(), answer.text().await.unwrap())
}

/// The answer, and the least that it took: what takes long is asked for up to three times, since on a busy machine anything takes long once.
async fn timed<T>(call: impl AsyncFn() -> T) -> (T, Duration) {
    let mut least = Duration::MAX;
    for _ in 0..2 {
        let began = Instant::now();
        let answer = call().await;
        least = least.min(began.elapsed());
        if least < AT_ONCE {
            return (answer, least);
        }
    }
    let began = Instant::now();
    (call().await, least.min(began.elapsed()))
}

/// E-03: probes in every parameter and in every text of a lead. No error of the database, no delay, and letters that mean something to it are
/// letters.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_change_neither_results_nor_time() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    for name in ["Asante 100%", "Asante_x", "Asante x"] {
        grace.write(Method::POST, &format!("{API}/leads"), &json!({ "name": name })).await;
    }
    let telltales = ["sqlx", "panicked", "SQLSTATE", "relation \"", "syntax error", "server/crates", "pg_catalog"];
    let mut sent = 0;
    let mut check = |what: String, status: StatusCode, text: &str, took: Duration| {
        assert!(!status.is_server_error(), "{what}: {status} {text}");
        assert!(took < AT_ONCE, "{what} took {took:?}");
        assert!(telltales.iter().all(|word| !text.contains(word)), "{what}: {text}");
        sent += 1;
    };
    for probe in PROBES {
        let encoded = app::page::encode(probe);
        for name in [
            "filter", "sort", "search", "status", "limit", "offset", "cursor", "fields", "count", "trash", "format",
            probe,
        ] {
            for path in ["leads", "leads/export", "customers"] {
                let address = format!("{API}/{path}?{}={encoded}", app::page::encode(name));
                let ((status, text), took) = timed(async || read(&grace, &address).await).await;
                check(format!("{address} ({probe})"), status, &text.replace(*probe, ""), took);
            }
            let address = format!("/w/lakeside/leads?{}={encoded}", app::page::encode(name));
            let ((status, text), took) = timed(async || grace.page(&address).await).await;
            assert!(!text.contains("<script>alert(1)</script>"), "{probe} came back as it was in {name}");
            check(format!("the page with {name}={probe}"), status, &text.replace(*probe, ""), took);
        }
        for path in ["leads", "nothing", "do"] {
            let address = format!("/w/lakeside/{path}/{encoded}");
            let ((status, text), took) = timed(async || read(&grace, &address).await).await;
            check(format!("{path}/{probe}"), status, &text.replace(*probe, ""), took);
        }
        for field in
            ["name", "company", "email", "phone", "city", "country", "notes", "source", "owner", "value", "nextStep"]
        {
            let (path, lead) = (format!("{API}/leads"), json!({ "name": "Probe", field: probe }));
            let ((status, body), took) = timed(async || grace.write(Method::POST, &path, &lead).await).await;
            check(format!("{field}: {probe}"), status, &body.to_string().replace(*probe, ""), took);
            if status == StatusCode::CREATED && body["data"][field].is_string() {
                let kept = body["data"][field].as_str().unwrap();
                // Blanks around it are trimmed; nothing else is changed.
                assert_eq!(kept.trim(), probe.trim(), "{field} was changed");
            }
        }
    }
    for (search, found) in [("100%", 1), ("Asante_x", 1), ("%", 0), ("_", 0)] {
        server.settle().await;
        let (_, page) = grace
            .json(&format!("{API}/leads?filter=name%20starts%20with%20\"Asante\"&search={}", app::page::encode(search)))
            .await;
        let rows = page["data"].as_array().map_or(0, Vec::len);
        assert!(rows <= 3 && (found == 0 || rows >= found), "{search} finds {rows}: {page}");
    }
    println!("bar=E-03 sent={sent} pass=1");
    server.end().await;
}

/// E-05: what the server sets is not taken from a body.
#[tokio::test]
async fn a_body_cannot_say_what_the_server_sets() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    server.world.furnish(&lakeside).await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let own = [
        "id",
        "tenant_id",
        "tenantId",
        "role",
        "roles",
        "is_admin",
        "isAdmin",
        "permissions",
        "grants",
        "status",
        "created_by",
        "createdBy",
        "created_at",
        "createdAt",
        "updatedAt",
        "deleted_at",
        "deletedAt",
        "password_hash",
        "balance",
        "number",
        "plan",
        "sso_exempt",
        "custom",
        "_labels",
        "__proto__",
        "constructor",
    ];
    let (mut tried, catalog) = (0, server.world.services().catalogs.core().clone());
    for entity in catalog.iter().filter(|entity| entity.managed.is_none()) {
        for name in own {
            let mut body = json!({ name: "1" });
            body["name"] = json!("Probe");
            let path = format!("{API}/{}", entity.plural);
            let (status, answer) = grace.write(Method::POST, &path, &body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path} took {name}: {answer}");
            assert!(answer["details"][name].is_string(), "{path} does not name {name}: {answer}");
            tried += 1;
        }
        for field in entity.fields.iter().filter(|field| field.read_only) {
            let mut body = Value::Object(serde_json::Map::new());
            body[&field.key] = json!("1");
            let (status, answer) = grace.write(Method::POST, &format!("{API}/{}", entity.plural), &body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{} took {}: {answer}", entity.key, field.key);
            assert!(answer["details"][&field.key].is_string(), "{} does not name {}: {answer}", entity.key, field.key);
            tried += 1;
        }
    }
    println!("bar=E-05 tried={tried} accepted=0 pass=1");
    server.end().await;
}

/// How many requests another origin sends to a route, and what it is told that would let it in: before a request, with one as nobody, and at some
/// routes with one as somebody.
async fn let_in(nobody: &Client, grace: &Client, route: &RouteInfo, path: &str, origin: &str) -> (usize, Vec<String>) {
    let before = nobody
        .request(Method::OPTIONS, path)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, &route.method)
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type");
    let mut answers = vec![nobody.send(before).await];
    if !route.mutates {
        answers.push(nobody.send(nobody.request(Method::GET, path).header(header::ORIGIN, origin)).await);
    }
    if matches!(&*route.path, "/w/{workspace}" | "/w/{workspace}/api/v1/{entity}" | "/workspaces") && !route.mutates {
        answers.push(grace.send(grace.request(Method::GET, path).header(header::ORIGIN, origin)).await);
    }
    let names = answers.iter().flat_map(|answer| answer.headers().keys());
    let found = names.filter(|name| name.as_str().starts_with("access-control-"));
    (answers.len(), found.map(|name| format!("{origin}: {name}")).collect())
}

/// D-09, D-11: no other origin is let in, and nobody is led elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_from_elsewhere_or_led_there() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (origins, nobody) = (foreign_origins(&server.base), server.client());
    let mut asked = 0;
    for route in server.routes() {
        let path = path_of(&route, "leads", NEVER);
        for few in origins.chunks(4) {
            let calls = few.iter().map(|origin| let_in(&nobody, &grace, &route, &path, origin));
            for (requests, found) in futures::future::join_all(calls).await {
                assert!(found.is_empty(), "{} {path}: {found:?}", route.method);
                asked += requests;
            }
        }
    }
    println!("bar=D-09 origins={} asked={asked} let_in=0 pass=1", origins.len());
    let email = "grace@lakeside.example";
    let mut led = 0;
    for next in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%2fevil.example",
        "%2f%2fevil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:evil.example",
        "///evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "https:/evil.example",
        "/w/lakeside@evil.example",
        "/.//evil.example",
        "//evil.example/%2e%2e",
        "ftp://x",
        "/;//evil.example",
        "?next=//evil.example",
        "#//evil.example",
        ".evil.example",
        "@evil.example",
        "/\u{2028}/evil.example",
        "",
    ] {
        for (path, fields) in [
            ("/sign-in", vec![("login", email), ("password", testkit::PASSWORD), ("next", next)]),
            ("/preferences", vec![("theme", "dark"), ("_next", next)]),
            (
                "/w/lakeside/do/records.create",
                vec![("entity", "lead"), ("values.name", "Led"), ("_next", next), ("_page", next)],
            ),
        ] {
            let client = if path == "/sign-in" { server.client() } else { grace.clone() };
            let answer = client.form(path, &fields).await;
            let location = answer.headers().get(header::LOCATION).map(|value| value.to_str().unwrap_or("?").to_owned());
            let Some(location) = location else { continue };
            // As a browser reads it.
            let read = reqwest::Url::parse(&server.base).unwrap().join(&location).unwrap();
            let home = reqwest::Url::parse(&server.base).unwrap();
            assert_eq!(read.origin(), home.origin(), "{path} leads {next:?} to {location}");
            led += 1;
        }
    }
    println!("bar=D-11 shapes={led} foreign=0 pass=1");
    server.end().await;
}
