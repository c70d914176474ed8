//! Programs over HTTP: keys of a workspace and token pairs of a person. What is shown once, what ends when, and where each may knock.

mod rights;
mod staff;
mod suspended;
mod tokens;

use crate::people;
use crate::support::Server;
use chrono::Duration;
use domain::Grants;
use domain::audit::{AuditQuery, ListAudit};
use domain::people::{CreateKey, KeyAccess, NewKey, RevokeKey};
use domain::records::RecordTimeline;
use platform::Caller;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use testkit::{PASSWORD, TestTenant};
use uuid::Uuid;

const LEADS: &str = "/w/lakeside/api/v1/leads";
const KEY_LETTERS: usize = 8 + 42;

/// A program: no cookies, and none of the headers that browsers send by themselves.
#[derive(Clone)]
struct Program {
    base: String,
    http: reqwest::Client,
    bearer: String,
}

impl Program {
    #[expect(clippy::disallowed_methods, reason = "tests talk to the server from outside")]
    fn new(server: &Server, bearer: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base: server.base.clone(), http, bearer: bearer.to_owned() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.bearer.is_empty() { request } else { request.bearer_auth(&self.bearer) }
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn status(&self, path: &str) -> u16 {
        self.get(path).await.status().as_u16()
    }

    /// Status, and the code that says why.
    async fn refusal(&self, path: &str) -> (u16, String) {
        let answer = self.get(path).await;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn operation(&self, name: &str, input: &Value) -> (StatusCode, Value) {
        self.post(&format!("/w/lakeside/api/v1/operations/{name}"), input).await
    }
}

async fn world() -> (Server, TestTenant) {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    (server, tenant)
}

fn ask(name: &str, access: KeyAccess) -> CreateKey {
    CreateKey {
        name: name.to_owned(),
        access,
        areas: BTreeMap::new(),
        scopes: Grants::default(),
        addresses: None,
        days: None,
        per_minute: None,
    }
}

/// A key of a member, made as an operation: whoever asks here needs no confirmation.
async fn make(server: &Server, caller: &Caller, ask: CreateKey) -> (Uuid, Program) {
    let NewKey { id, key, .. } = server.world.run(caller, ask).await.unwrap();
    (id, Program::new(server, &key.unwrap()))
}

fn key_in(page: &str) -> Option<String> {
    let letters = |rest: &str| rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let found = page.match_indices("nx_live_").map(|(at, _)| &page[at..]);
    let mut whole = found.filter(|rest| letters(&rest[8..]) + 8 == KEY_LETTERS);
    whole.next().map(|rest| rest[..KEY_LETTERS].to_owned())
}

/// Everything that was logged, down to every statement.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let _ = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .try_init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// In how many files of the write-ahead log each text stands.
async fn on_disk(server: &Server, texts: &[&str]) -> Vec<usize> {
    let mut admin = PgConnection::connect(&server.world.urls.admin).await.unwrap();
    let folder: String = sqlx::query_scalar("show data_directory").fetch_one(&mut admin).await.unwrap();
    // All of it: tests beside this one write too, and checkpoints rename what they are done with. What was committed is there within a second.
    let wal = format!("{folder}/pg_wal");
    let holding = |text: &&str| {
        let found = std::process::Command::new("grep").args(["-rlaF", "-e", text, &wal]).output().unwrap();
        String::from_utf8_lossy(&found.stdout).lines().count()
    };
    texts.iter().map(holding).collect()
}

/// F-09, C-08. A key is in the one answer that made it and nowhere else; of tokens and sessions the database has hashes alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_shown_once_and_kept_nowhere() {
    let log = Log::begin();
    let (server, tenant) = world().await;
    let (olive, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let form = [("name", "Web shop"), ("access", "read"), ("days", "90"), ("perMinute", "600"), ("_key", "k-1")];
    let made = olive.form("/w/lakeside/do/people.create_key", &form).await;
    assert_eq!(made.status(), StatusCode::OK, "drawn right here, not led to an address");
    assert_eq!(made.headers()[header::CACHE_CONTROL], "no-store");
    let page = made.text().await.unwrap();
    let key = key_in(&page).unwrap_or_else(|| panic!("no key on the page: {page}"));
    assert_eq!(platform::auth::Bearer::of(&key), Some(platform::auth::Bearer::Key));
    assert_eq!(Program::new(&server, &key).status(LEADS).await, 200);

    let again = olive.form("/w/lakeside/do/people.create_key", &form).await;
    let again = again.text().await.unwrap();
    assert!(again.contains("shown already") && key_in(&again).is_none(), "the same form again shows no key");
    let (_, list) = olive.page("/w/lakeside/settings/keys").await;
    assert!(list.contains("Web shop") && list.contains(&key[..14]) && key_in(&list).is_none());

    let path = "/w/lakeside/api/v1/operations/people.create_key";
    let send = async || {
        let request = olive.request(Method::POST, path).header("idempotency-key", "once");
        let body = json!({ "name": "Script", "access": "write" }).to_string();
        let answer = olive.send(request.header(header::CONTENT_TYPE, "application/json").body(body)).await;
        answer.json::<Value>().await.unwrap()["data"].clone()
    };
    let (first, second) = (send().await, send().await);
    let by_api = first["key"].as_str().expect("a key").to_owned();
    assert_eq!(
        (second["id"].clone(), second["key"].clone()),
        (first["id"].clone(), Value::Null),
        "replayed without it"
    );

    let anybody = Program::new(&server, "");
    let login = json!({ "login": "olive@lakeside.example", "password": PASSWORD });
    let (status, pair) = anybody.post("/api/v1/auth/login", &login).await;
    assert_eq!(status, StatusCode::OK, "{pair}");
    let token = |name: &str| pair[name].as_str().unwrap().to_owned();
    let secrets = [key.clone(), by_api, token("accessToken"), token("refreshToken"), olive.cookie("nexus").unwrap()];

    // Links that are good once. Without a mail server the log has them on purpose, so it is not looked at for those.
    let invite = json!({ "login": "new@lakeside.example", "roles": ["VIEWER"] });
    let (status, _) = olive.write(Method::POST, "/w/lakeside/api/v1/operations/people.invite", &invite).await;
    assert_eq!(status, StatusCode::OK);
    olive.form("/forgot-password", &[("login", "olive@lakeside.example")]).await;
    let mut links = Vec::new();
    for (template, to) in [("invitation", "new@lakeside.example"), ("forgot", "olive@lakeside.example")] {
        let link = people::link(&server, &people::mail(&server, template, to).await);
        links.push(link.rsplit('/').next().unwrap_or_default().to_owned());
    }

    server.world.clock.advance(Duration::minutes(6));
    let late = olive.form("/w/lakeside/do/people.create_key", &[("name", "Late"), ("access", "read")]).await;
    assert_eq!(late.status(), StatusCode::FORBIDDEN, "a confirmation is asked for");
    assert!(late.text().await.unwrap().contains("_password"));

    server.settle().await;
    let owner = server.world.owner().await;
    let dump: String =
        sqlx::query_scalar("select database_to_xml(false, false, '')::text").fetch_one(&owner).await.unwrap();
    owner.close().await;
    let shown = &key[8..14];
    assert!(dump.contains(shown), "the dump holds what may be shown, so it would hold the rest");
    let logged = log.text();
    assert!(logged.contains("insert into api_keys"), "statements are logged");
    let mut wanted: Vec<&str> = secrets.iter().chain(&links).map(String::as_str).collect();
    wanted.push(shown);
    let disk = on_disk(&server, &wanted).await;
    assert!(disk.last().is_some_and(|hits| *hits > 0), "the write-ahead log was looked at");
    let mut hits = 0;
    for (secret, files) in secrets.iter().zip(&disk) {
        let found = [dump.contains(secret), logged.contains(secret), *files > 0];
        hits += found.iter().filter(|found| **found).count();
        assert_eq!(found, [false; 3], "{}… stands in the dump, the log or the write-ahead log", &secret[..9]);
    }
    for (link, files) in links.iter().zip(&disk[secrets.len()..]) {
        assert!(link.len() > 30, "{link}");
        assert_eq!([dump.contains(link), *files > 0], [false; 2], "a link stands in the dump or the write-ahead log");
    }
    println!(
        "bar=F-09 plaintext_hits={hits} secrets={} dump_bytes={} log_bytes={} pass=1",
        secrets.len(),
        dump.len(),
        logged.len()
    );
    println!("bar=C-08 hits={hits} secrets={} pass=1", secrets.len() + links.len());
    server.end().await;
}

/// F-09. Two hundred times: good, revoked, refused on the very next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_refused_on_the_next_request() {
    let (server, tenant) = world().await;
    let caller = server.world.member(&tenant, "Olive", &["OWNER"]).await;
    let mut refused = 0;
    for round in 0..200 {
        let (id, program) = make(&server, &caller, ask(&format!("Round {round}"), KeyAccess::Read)).await;
        assert_eq!(program.status(LEADS).await, 200, "round {round}");
        server.world.run(&caller, RevokeKey { id }).await.unwrap();
        let answer = program.get(LEADS).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
        let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
        assert_eq!((status, body["code"].as_str()), (401, Some("key_revoked")), "round {round}");
        refused += 1;
        // What is refused is counted by address; how often is not what is looked at here.
        server.world.clock.advance(Duration::seconds(21));
    }
    println!("bar=F-09 revoked_refused_next={refused}/200 pass=1");
    server.end().await;
}

/// F-09. Keys end on the second, are good from their addresses alone, and what never was is told nothing.
#[tokio::test]
async fn a_key_ends_and_stays_where_it_belongs() {
    let (server, tenant) = world().await;
    let caller = server.world.member(&tenant, "Olive", &["OWNER"]).await;
    let (_, short) = make(&server, &caller, CreateKey { days: Some(1), ..ask("Short", KeyAccess::Read) }).await;
    server.world.clock.advance(Duration::seconds(86_399));
    assert_eq!(short.status(LEADS).await, 200);
    server.world.clock.advance(Duration::seconds(1));
    assert_eq!(short.refusal(LEADS).await, (401, "key_expired".to_owned()));

    let from = |list: &str| CreateKey { addresses: Some(list.to_owned()), ..ask("From", KeyAccess::Read) };
    let (_, away) = make(&server, &caller, from("203.0.113.0/24 2001:db8::/32")).await;
    assert_eq!(away.refusal(LEADS).await, (401, "key_address".to_owned()));
    let (_, here) = make(&server, &caller, from("203.0.113.7, 127.0.0.0/8")).await;
    assert_eq!(here.status(LEADS).await, 200);

    // Never given out: one answer, whatever it looks like.
    server.world.clock.advance(Duration::minutes(10));
    let minted = platform::auth::Bearer::Key.mint(&platform::random::SystemRandom);
    let mut bodies = Vec::new();
    for wrong in [minted.as_str(), "nx_live_short", "something else", "eyJhbGciOiJIUzI1NiJ9.e30.x"] {
        let answer = Program::new(&server, wrong).get(LEADS).await;
        assert_eq!(answer.status(), 401, "{wrong}");
        let mut body: Value = answer.json().await.unwrap();
        body["requestId"] = Value::Null;
        bodies.push(body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:#?}");

    // And counted by its address, which keeps no good key from working.
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(Program::new(&server, &minted).get(LEADS).await);
    }
    let last = statuses.pop().unwrap();
    assert_eq!(last.status(), 429, "after ten of a burst");
    assert!(last.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(here.status(LEADS).await, 200);
    server.end().await;
}

/// Limits of a key are its own, and every answer says how much is left.
#[tokio::test]
async fn a_key_has_a_limit_of_its_own() {
    let (server, tenant) = world().await;
    let caller = server.world.member(&tenant, "Olive", &["OWNER"]).await;
    let five = CreateKey { per_minute: Some(5), ..ask("Five", KeyAccess::Read) };
    let (_, program) = make(&server, &caller, five).await;
    let (_, other) = make(&server, &caller, ask("Other", KeyAccess::Read)).await;
    let number = |answer: &Response, name: &str| answer.headers()[name].to_str().unwrap().parse::<u32>().unwrap();
    for left in (0..5).rev() {
        let answer = program.get(LEADS).await;
        assert_eq!(answer.status(), 200);
        assert_eq!((number(&answer, "ratelimit-limit"), number(&answer, "ratelimit-remaining")), (5, left));
    }
    let refused = program.get(LEADS).await;
    assert_eq!(refused.status(), 429);
    assert_eq!((number(&refused, "ratelimit-limit"), number(&refused, "ratelimit-remaining")), (5, 0));
    assert!(number(&refused, "retry-after") >= 1 && number(&refused, "ratelimit-reset") >= 1);
    // In a browser it is a page, which says the same.
    let page = program.request(Method::GET, LEADS).header(header::ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(page.status(), 429);
    assert!(number(&page, "retry-after") >= 1);
    let page = page.text().await.unwrap();
    assert!(page.contains("<h1") && page.contains("Too many requests in a short time"), "{page}");
    let answer = other.get(LEADS).await;
    assert_eq!(
        (answer.status().as_u16(), number(&answer, "ratelimit-limit")),
        (200, 600),
        "another key of the same member"
    );
    server.world.clock.advance(Duration::minutes(2));
    assert_eq!(program.status(LEADS).await, 200);
    println!("bar=F-09 per_key_limit=5 refused_at=6 pass=1");
    server.end().await;
}

/// The trail names the key beside its member, and the key says when it was used, once a minute at most.
#[tokio::test]
async fn what_a_key_does_is_told_by_name() {
    let (server, tenant) = world().await;
    let caller = server.world.member(&tenant, "Olive", &["OWNER"]).await;
    let (id, program) = make(&server, &caller, ask("Writer", KeyAccess::Write)).await;
    let owner = server.world.owner().await;
    let used = async || -> Option<chrono::DateTime<chrono::Utc>> {
        let used = sqlx::query_scalar("select last_used_at from api_keys where id = $1").bind(id);
        used.fetch_one(&owner).await.unwrap()
    };
    assert_eq!(used().await, None);
    let (status, made) = program.post(LEADS, &json!({ "name": "By a key" })).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let first = used().await.expect("used");
    server.world.clock.advance(Duration::seconds(59));
    assert_eq!(program.status(LEADS).await, 200);
    assert_eq!(used().await, Some(first), "not within the minute");
    server.world.clock.advance(Duration::seconds(1));
    assert_eq!(program.status(LEADS).await, 200);
    assert_eq!(used().await, Some(first + Duration::seconds(60)));

    let refused = program.operation("audit.summary", &json!({ "days": 1 })).await;
    assert_eq!(refused.0, StatusCode::FORBIDDEN, "a star opens no trail");
    let uuid = |id: &Value| id.as_str().unwrap().parse::<Uuid>().unwrap();
    let told: Vec<(String, String, Option<Uuid>, Option<Uuid>)> = sqlx::query_as(
        "select outcome, cause_kind, cause_id, actor_id from changes where cause_kind = 'api_key' order by id",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    let by = |outcome: &str| (outcome.to_owned(), "api_key".to_owned(), Some(id), Some(caller.access.member.0));
    assert_eq!(told, [by("done"), by("refused")]);

    // What has a cause of its own names the key as well: a merge, and its way back.
    let (_, second) = program.post(LEADS, &json!({ "name": "Second", "city": "Nairobi" })).await;
    let (kept, merged) = (made["data"]["id"].clone(), second["data"]["id"].clone());
    let merge = json!({ "entity": "lead", "kept": kept, "merged": merged });
    let (status, merge) = program.operation("records.merge", &merge).await;
    assert_eq!(status, StatusCode::OK, "{merge}");
    let unmerge = json!({ "entity": "lead", "merge": merge["data"]["merge"] });
    let (status, unmerged) = program.operation("records.unmerge", &unmerge).await;
    assert_eq!(status, StatusCode::OK, "{unmerged}");
    let acted: Vec<(String, Option<String>, Option<Uuid>)> = sqlx::query_as(
        "select cause_kind, through_kind, through_id from changes where cause_kind in ('merge', 'undo') order by id",
    )
    .fetch_all(&owner)
    .await
    .unwrap();
    assert!(acted.iter().any(|(cause, ..)| cause == "merge") && acted.iter().any(|(cause, ..)| cause == "undo"));
    assert!(acted.iter().all(|(_, kind, by)| (kind.as_deref(), *by) == (Some("api_key"), Some(id))), "{acted:?}");
    let timeline = RecordTimeline { entity: "lead".to_owned(), id: uuid(&kept), limit: 50, before: None };
    let timeline = server.world.run(&caller, timeline).await.unwrap();
    assert!(
        timeline.len() > 2 && timeline.iter().all(|entry| entry.actor.as_deref() == Some("Writer (key) for Olive"))
    );
    let query = AuditQuery { record: Some(uuid(&merged)), ..AuditQuery::default() };
    let trail = server.world.run(&caller, ListAudit { query }).await.unwrap().entries;
    assert!(trail.len() > 2 && trail.iter().all(|entry| entry.name.as_deref() == Some("Writer (key) for Olive")));
    owner.close().await;
    server.end().await;
}
