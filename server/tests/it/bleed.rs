//! One tenant's page must never lend its context to another request, however the two are interleaved on a thread.

use crate::support::{Client, Server, wanted};
use nexus_server::{net, start};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::TestWorld;

/// Asks who it is, over and over, while the other tenant's pages are drawn; each answer must hold its own workspace only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_two_workspaces_never_mix() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    let (neema, _) = server.signed_in(&harbour, "Neema", &["USER"]).await;
    let anonymous = server.client();
    let busy = Arc::new(AtomicBool::new(true));
    let stream = {
        let (amina, busy) = (amina.clone(), busy.clone());
        tokio::spawn(async move {
            let mut drawn = 0;
            while busy.load(Ordering::Relaxed) {
                let (_, page) = amina.page("/w/lakeside/leads").await;
                assert!(
                    page.contains("lakeside") && !page.contains("harbour"),
                    "Amina's page holds the other workspace"
                );
                drawn += 1;
            }
            drawn
        })
    };
    for _ in 0..60 {
        let (status, page) = neema.page("/w/harbour/leads").await;
        assert_eq!(status, 200);
        assert!(page.contains("harbour") && !page.contains("lakeside"), "Neema's page holds the other workspace");
        let (_, page) = anonymous.page("/sign-in").await;
        assert!(!page.contains("lakeside") && !page.contains("Amina"), "nobody's page holds somebody's workspace");
        let (status, _) = anonymous.page("/w/lakeside/leads").await;
        assert_eq!(status, 303, "nobody is led to sign in");
    }
    busy.store(false, Ordering::Relaxed);
    assert!(stream.await.unwrap() > 10, "the other pages were drawn meanwhile");
    server.end().await;
}

const CLIENTS: usize = 64;
const WORKSPACES: usize = 20;
/// What is asked for, pages and API in turns; {n} is a number that no other request has.
const ASKED: &[&str] = &[
    "/api/v1/leads?limit=5",
    "/leads",
    "/api/v1/leads/{id}",
    "/leads/{id}",
    "WRITE",
    "/api/v1/leads/export",
    "/go?q=canary",
    "/api/v1/leads?filter=name%20starts%20with%20%22CANARY%22&count=exact",
    "/leads?view=board",
    "/leads?view=calendar&date=createdAt&scale=agenda",
    "/api/v1/leads/{id}/timeline",
    "",
];

/// A workspace as one of its clients sees it.
#[derive(Clone)]
struct Seat {
    client: Client,
    slug: String,
    lead: String,
}

/// What came of the requests of one client.
#[derive(Default)]
struct Seen {
    whole: usize,
    cut: usize,
    busy: usize,
    wrong: Vec<String>,
}

impl Seat {
    /// The workspaces that an answer names.
    fn named<'a>(body: &str, slugs: &'a [String]) -> Vec<&'a String> {
        slugs.iter().filter(|slug| body.contains(slug.as_str())).collect()
    }

    async fn ask(&self, number: usize) -> reqwest::Result<(StatusCode, String)> {
        let path = ASKED[number % ASKED.len()].replace("{id}", &self.lead);
        let request = if path == "WRITE" {
            let lead = json!({ "name": format!("CANARY {} {number}", self.slug) });
            let to = format!("/w/{}/api/v1/leads", self.slug);
            let request = self.client.request(Method::POST, &to).header(header::CONTENT_TYPE, "application/json");
            request.body(lead.to_string())
        } else {
            let accept = if path.starts_with("/api") { "application/json" } else { "text/html" };
            self.client.request(Method::GET, &format!("/w/{}{path}", self.slug)).header(header::ACCEPT, accept)
        };
        let answer = request.send().await?;
        Ok((answer.status(), answer.text().await?))
    }

    /// So many requests, every fifth of which is given up on the way: before it is sent, while it is worked on, or in the middle of its answer.
    async fn work(self, first: usize, count: usize, slugs: Arc<Vec<String>>) -> Seen {
        let mut seen = Seen::default();
        for number in first..first + count {
            let patience = match number % 5 {
                0 => Duration::from_micros(number as u64 * 7919 % 60_000),
                _ => Duration::from_secs(60),
            };
            let Ok(answer) = tokio::time::timeout(patience, self.ask(number)).await else {
                seen.cut += 1;
                continue;
            };
            let (status, body) = answer.expect("an answer that was waited for");
            let asked = ASKED[number % ASKED.len()];
            let named = Self::named(&body, &slugs);
            match status {
                // More wait for a connection than there are; they are told so, and nothing else.
                StatusCode::SERVICE_UNAVAILABLE if named.iter().all(|slug| **slug == self.slug) => seen.busy += 1,
                StatusCode::OK | StatusCode::CREATED if named == [&self.slug] => seen.whole += 1,
                _ => seen.wrong.push(format!("{} {asked}: {status} naming {named:?}", self.slug)),
            }
        }
        seen
    }
}

/// Sixty-four clients of twenty workspaces over six connections, a fifth of the requests given up in the middle: each answer holds what is
/// its workspace's alone. The full count is `NEXUS_BLEED_REQUESTS=20000`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_see_what_is_theirs_alone() {
    let world = TestWorld::with_connections(|registry| *registry = start::registry(), 12).await;
    let server = Server::over(world, net::Limits::default()).await;
    let mut seats = Vec::new();
    for number in 0..WORKSPACES {
        let tenant = server.world.tenant(&format!("quay{number:02}"), "core").await;
        let (client, _) = server.entered(&tenant, "Amina", &["OWNER"]).await;
        let path = format!("/w/{}/api/v1/leads", tenant.slug);
        let canary = json!({ "name": format!("CANARY {}", tenant.slug), "notes": tenant.slug });
        let (status, lead) = client.write(Method::POST, &path, &canary).await;
        assert_eq!(status, StatusCode::CREATED, "{lead}");
        seats.push(Seat { client, lead: lead["data"]["id"].as_str().unwrap().to_owned(), slug: tenant.slug });
    }
    let slugs: Arc<Vec<String>> = Arc::new(seats.iter().map(|seat| seat.slug.clone()).collect());
    let each = wanted("NEXUS_BLEED_REQUESTS", 2_000).div_ceil(CLIENTS);
    let running: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(seats[number % WORKSPACES].clone().work(number * each, each, slugs.clone())))
        .collect();
    let mut all = Seen::default();
    for client in running {
        let seen = client.await.unwrap();
        (all.whole, all.cut, all.busy) = (all.whole + seen.whole, all.cut + seen.cut, all.busy + seen.busy);
        all.wrong.extend(seen.wrong);
    }
    let requests = CLIENTS * each;
    let left = open(&server).await;
    println!(
        "bar=A-10 requests={requests} whole={} cut={} busy={} wrong={} left_open={left} pass={}",
        all.whole,
        all.cut,
        all.busy,
        all.wrong.len(),
        u8::from(all.wrong.is_empty() && left == 0)
    );
    let first: Vec<&String> = all.wrong.iter().take(20).collect();
    assert!(all.wrong.is_empty(), "{} wrong, among them {first:#?}", all.wrong.len());
    assert!(all.whole * 2 > requests, "only {} of {requests} were answered: the test did not test", all.whole);
    assert!(all.cut * 20 > requests, "only {} of {requests} were cut off: the test did not test", all.cut);
    assert_eq!(left, 0, "connections were left in a transaction");
    // What was written by those who waited for the answer, and by nobody else's hand.
    let owner = server.world.owner().await;
    let strays: i64 = sqlx::query_scalar(
        "select count(*) from leads l join tenants t on t.id = l.tenant_id where l.name not like '%' || t.slug || '%'",
    )
    .fetch_one(&owner)
    .await
    .unwrap();
    assert_eq!(strays, 0, "leads lie in another workspace than their own");
    owner.close().await;
    server.end().await;
}

/// Connections that are in a transaction and do nothing.
async fn open(server: &Server) -> i64 {
    tokio::time::sleep(Duration::from_millis(500)).await;
    let owner = server.world.owner().await;
    let left = sqlx::query_scalar(crate::cancel::OPEN).fetch_one(&owner).await.unwrap();
    owner.close().await;
    left
}
