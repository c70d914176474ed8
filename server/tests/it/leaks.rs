//! whatever one workspace looks at, nothing of another is in it, also while that other one is written to: every path that reads, of their
//! own, about their own objects, about the other's, and in the other's name; and every count is what the database says.

use crate::matrix::fixtures::Fixtures;
use crate::support::{Client, Server, steady};
use base64::Engine as _;
use domain::schema::{Catalog, Entity};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::TestTenant;
use tokio::time::Instant;

/// In every text of the workspace that is written to.
const CANARY: &str = "CANARY quarry";
/// How a list may be looked at. Each is asked of every entity.
const LISTS: &[&str] = &[
    "",
    "?view=board",
    "?view=calendar&date=createdAt",
    "?view=calendar&date=createdAt&scale=agenda",
    "?view=timeline&date=createdAt",
    "?view=everything",
    "?search=canary",
    "?search=quarry",
    "?trash=1",
    "?filter=number%20is%20not%20empty",
    "?sort=-createdAt&limit=500",
];

/// The canary in every shape in which an answer could hold it.
struct Shapes(Vec<Vec<u8>>);

impl Shapes {
    fn new() -> Self {
        let mut shapes: Vec<Vec<u8>> = [CANARY, "CANARY%20quarry", "CANARY+quarry", "CANARY&#32;quarry"]
            .map(|shape| shape.as_bytes().to_vec())
            .to_vec();
        // Of each alignment those letters of base64 that do not depend on what stands beside the word.
        for before in 0..3 {
            let text = format!("{}{CANARY}", "x".repeat(before));
            let code = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&text);
            let (from, to) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
            shapes.push(code.as_bytes()[from..to].to_vec());
        }
        let wide: Vec<u8> = CANARY.encode_utf16().flat_map(u16::to_be_bytes).collect();
        shapes.push(wide);
        Self(shapes)
    }

    fn found(&self, body: &[u8]) -> bool {
        self.0.iter().any(|shape| body.windows(shape.len()).any(|window| window == shape))
    }
}

/// Writes to a workspace at about fifty a second until it is told to stop; how many, and at what pace.
async fn write(client: Client, busy: Arc<AtomicBool>) -> (usize, f64) {
    let (began, mut written) = (Instant::now(), 0);
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    while busy.load(Ordering::Relaxed) {
        pace.tick().await;
        let (path, body) = match written % 4 {
            0 => ("customers", json!({ "name": format!("{CANARY} {written}"), "notes": CANARY })),
            1 => ("tasks", json!({ "title": format!("{CANARY} {written}") })),
            _ => ("leads", json!({ "name": format!("{CANARY} {written}"), "company": CANARY, "notes": CANARY })),
        };
        let (status, answer) = client.write(Method::POST, &format!("/w/quarry/api/v1/{path}"), &body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        written += 1;
    }
    (written, written as f64 / began.elapsed().as_secs_f64())
}

/// One object of each table in a workspace.
struct Objects {
    ids: BTreeMap<String, String>,
    catalog: Arc<Catalog>,
}

impl Objects {
    async fn of(owner: &PgPool, catalog: Arc<Catalog>, tenant: &TestTenant) -> Self {
        let mut ids = BTreeMap::new();
        let tables = catalog.iter().map(|entity| entity.table.clone());
        let others = ["imports", "approvals", "workflows", "runs", "messages", "members"].map(str::to_owned);
        for table in tables.chain(others) {
            let sql = format!("select id::text from {table} where tenant_id = $1 order by id limit 1");
            let id: Option<String> =
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.id.0).fetch_optional(owner).await.unwrap();
            if let Some(id) = id {
                ids.insert(table, id);
            }
        }
        Self { ids, catalog }
    }

    fn of_path(&self, word: &str) -> Option<&String> {
        let table = match word {
            "people" => "members",
            "accounts" => "ledger_accounts",
            word => self.catalog.iter().find(|entity| entity.plural == word).map_or(word, |entity| &entity.table),
        };
        self.ids.get(table)
    }

    /// A route's paths in a workspace: with every entity, about one object of each.
    fn paths(&self, route: &str, slug: &str) -> Vec<String> {
        let route = route
            .replace("{workspace}", slug)
            .replace("{industry}", "automotive")
            .replace("{key}", "USER")
            .replace("{token}", "nothing");
        let entities: Vec<String> = if route.contains("{entity}") {
            self.catalog.iter().map(|entity| route.replace("{entity}", &entity.plural)).collect()
        } else {
            vec![route]
        };
        let mut paths = Vec::new();
        for path in entities {
            let Some((before, _)) = path.split_once("/{id}") else {
                paths.push(path);
                continue;
            };
            let word = before.rsplit('/').next().unwrap_or_default();
            if let Some(id) = self.of_path(word) {
                paths.push(path.replace("{id}", id));
            }
        }
        paths
    }
}

async fn count(owner: &PgPool, entity: &Entity, tenant: &TestTenant) -> i64 {
    let sql = format!("select count(*) from {} where tenant_id = $1 and deleted_at is null", entity.table);
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.id.0).fetch_one(owner).await.unwrap()
}

/// The counts that a workspace is told, beside the database's: how many were compared, and those that differ.
async fn counts(client: &Client, owner: &PgPool, catalog: &Catalog, tenant: &TestTenant) -> (usize, Vec<String>) {
    let (mut compared, mut wrong) = (0, Vec::new());
    for entity in catalog.iter() {
        let path = format!("/w/{}/api/v1/{}?count=exact&limit=1", tenant.slug, entity.plural);
        let (status, page) = client.json(&path).await;
        let (told, truth) = (page["pagination"]["total"].as_i64(), count(owner, entity, tenant).await);
        if status != StatusCode::OK || told != Some(truth) {
            wrong.push(format!("{path}: {status}, {told:?} in place of {truth}"));
        }
        compared += 1;
    }
    (compared, wrong)
}

struct Crawl {
    shapes: Shapes,
    asked: usize,
    shown: usize,
    bytes: usize,
    leaks: Vec<String>,
}

impl Crawl {
    /// `own` paths may not even name the other workspace.
    async fn ask(&mut self, client: &Client, path: &str, own: bool) {
        let accept = if path.contains("/api/") { "application/json" } else { "text/html" };
        let answer = client.send(client.request(Method::GET, path).header(header::ACCEPT, accept)).await;
        let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
        let body = answer.bytes().await.unwrap();
        self.asked += 1;
        self.shown += usize::from(status == StatusCode::OK);
        self.bytes += body.len();
        assert!(!status.is_server_error(), "{path}: {status}");
        let named = own && !path.contains("quarry") && body.windows(6).any(|window| window == b"quarry");
        if named || self.shapes.found(&body) || self.shapes.found(headers.as_bytes()) {
            self.leaks.push(format!("{path}: {status}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_workspace_is_seen_in_another_while_it_is_written_to() {
    let server = Server::new().await;
    let quarry = server.world.tenant("quarry", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    for (tenant, name) in [(&quarry, "Grace"), (&harbour, "Neema")] {
        let mut fixtures = Fixtures::new(&server, tenant, name).await;
        for kind in ["lead", "order", "import", "message", "workflow", "notification", "invoice", "run", "approval"] {
            fixtures.make(kind, None).await;
        }
        fixtures.trashed("lead").await;
    }
    let (amina, _) = server.entered(&quarry, "Amina", &["OWNER"]).await;
    let (nora, _) = server.entered(&harbour, "Nora", &["OWNER"]).await;
    server.settle().await;
    let owner = server.world.owner().await;
    let catalog = server.world.services().catalogs.of("automotive").clone();
    let ours = Objects::of(&owner, catalog.clone(), &harbour).await;
    let theirs = Objects::of(&owner, catalog.clone(), &quarry).await;
    let (_, home) = nora.page("/w/harbour").await;

    let busy = Arc::new(AtomicBool::new(true));
    let writing = tokio::spawn(write(amina.clone(), busy.clone()));
    let mut crawl = Crawl { shapes: Shapes::new(), asked: 0, shown: 0, bytes: 0, leaks: Vec::new() };
    let routes: Vec<_> = server.routes().into_iter().filter(|route| !route.mutates).collect();
    for route in &routes {
        for path in ours.paths(&route.path, "harbour") {
            crawl.ask(&nora, &path, true).await;
        }
        if route.path.contains("{id}") {
            for path in theirs.paths(&route.path, "harbour").into_iter().chain(theirs.paths(&route.path, "quarry")) {
                crawl.ask(&nora, &path, false).await;
            }
        } else if route.path.contains("{workspace}") {
            let path = ours.paths(&route.path, "quarry").swap_remove(0);
            crawl.ask(&nora, &path, false).await;
        }
    }
    for entity in catalog.iter() {
        for list in LISTS {
            crawl.ask(&nora, &format!("/w/harbour/{}{list}", entity.plural), !list.contains("quarry")).await;
        }
        crawl
            .ask(&nora, &format!("/w/harbour/{}/export.csv?filter=number%20is%20not%20empty", entity.plural), true)
            .await;
        crawl.ask(&nora, &format!("/w/harbour/api/v1/{}?search=canary&limit=500", entity.plural), true).await;
    }
    for path in [
        "/w/harbour/go?q=canary",
        "/w/harbour/go?q=quarry",
        "/w/harbour/settings/audit?search=canary",
        "/w/harbour/leads?cursor=nonsense",
        "/w/harbour/leads?filter=owner%20%3D%20%22amina%40quarry.example%22",
        "/w/nowhere/leads",
        "/nothing/here",
    ] {
        crawl.ask(&nora, path, !path.contains("quarry")).await;
    }
    let (compared, mut wrong) = counts(&nora, &owner, &catalog, &harbour).await;
    let (_, after) = nora.page("/w/harbour").await;
    busy.store(false, Ordering::Relaxed);
    let (written, pace) = writing.await.unwrap();
    // What was written meanwhile is counted there, and there alone.
    server.settle().await;
    let (also, more) = counts(&amina, &owner, &catalog, &quarry).await;
    wrong.extend(more);
    let (_, found) = amina.json("/w/quarry/api/v1/leads?search=canary&limit=5").await;
    assert!(found.to_string().contains(CANARY), "the canary is not found even where it lives: {found}");
    println!(
        "bar=A-08 routes={} asked={} shown={} mb={} leaks={} counts={} wrong={} written={written} per_second={pace:.0} pass={}",
        routes.len(),
        crawl.asked,
        crawl.shown,
        crawl.bytes >> 20,
        crawl.leaks.len(),
        compared + also,
        wrong.len(),
        u8::from(crawl.leaks.is_empty() && wrong.is_empty())
    );
    assert!(crawl.leaks.is_empty(), "{:#?}", crawl.leaks);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(steady(&home), steady(&after), "the figures of a workspace where nothing happened have changed");
    assert!(written > 100, "only {written} were written meanwhile: the test did not test");
    assert!(crawl.shown * 2 > crawl.asked / 2, "only {} of {} showed anything", crawl.shown, crawl.asked);
    owner.close().await;
    server.end().await;
}

/// The net that the crawl casts catches what it should.
#[test]
fn every_shape_of_the_canary_is_recognised() {
    let shapes = Shapes::new();
    let base64 = base64::engine::general_purpose::STANDARD;
    for before in ["", "a", "ab", "abc"] {
        for after in ["", "z", "zz"] {
            let text = format!("{before}{CANARY}{after}");
            assert!(shapes.found(text.as_bytes()) && shapes.found(base64.encode(&text).as_bytes()), "{text}");
        }
    }
    assert!(shapes.found(app::page::encode(CANARY).as_bytes()));
    assert!(!shapes.found(b"CANARY harbour") && !shapes.found(base64.encode("CANARY harbour").as_bytes()));
}
