//! Those who have no business in the workspace: nobody, the owner of another one, a member who is suspended, a session that has ended, a key that
//! was revoked, and the owner and a key of a workspace that is suspended. Each at every operation and at every route of the server.

use super::calls::input;
use super::fixtures::{CANARY, Fixtures, NEVER};
use super::rows::{self, Row};
use super::tables::Watch;
use super::{Cell, Tally};
use crate::support::{Client, Server};
use api::{Guard, RouteInfo};
use chrono::Duration;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// In an answer it is of our workspace.
const OURS: &str = "CANARY lakeside";
const API: &str = "/w/lakeside/api/v1";

struct Outsider {
    who: &'static str,
    client: Client,
    key: Option<String>,
    /// What the workspace answers by its path, and the API of whoever has one workspace only; none where that is another workspace's.
    workspace: &'static [u16],
    only: &'static [u16],
    /// What the pages of an account answer, and those of the platform; none where they are theirs.
    person: &'static [u16],
    staff: &'static [u16],
}

impl Outsider {
    fn new(who: &'static str, client: Client, workspace: &'static [u16]) -> Self {
        Self { who, client, key: None, workspace, only: workspace, person: &[401, 303], staff: &[401] }
    }

    /// Somebody who is signed in: their account is theirs, and the platform is not there for them.
    fn signed_in(who: &'static str, client: Client, workspace: &'static [u16], only: &'static [u16]) -> Self {
        Self { only, person: &[], staff: &[404], ..Self::new(who, client, workspace) }
    }

    fn with_key(who: &'static str, server: &Server, key: &str, workspace: &'static [u16]) -> Self {
        Self { key: Some(key.to_owned()), ..Self::new(who, server.client(), workspace) }
    }

    async fn ask(&self, server: &Server, method: &str, path: &str, body: Option<String>) -> (StatusCode, String) {
        let mut request = self.client.request(method.parse().unwrap(), path);
        if let Some(key) = &self.key {
            // Wrong keys are counted by address, and that is not what is looked at.
            server.world.clock.advance(Duration::seconds(21));
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let answer = self.client.send(request).await;
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        (answer.status(), to + &answer.text().await.unwrap_or_default())
    }

    /// Every operation, about what is there.
    async fn operations(&self, server: &Server, rows: &BTreeMap<String, Row>, there: &There, tally: &mut Tally) {
        for (name, row) in rows {
            let id = row.about.as_ref().map_or(NEVER, |about| there.ids[about].as_str());
            let body = input(row, id, there.member);
            let path = format!("{API}/operations/{}", rows::operation(name));
            let (status, text) = self.ask(server, "POST", &path, Some(body)).await;
            let right = self.workspace.contains(&status.as_u16()) && !text.contains(CANARY);
            let what = format!("{} {name} {id}", self.who);
            tally.add([Cell::refused(&what, right, &format!("{:?}", self.workspace), status, &text)]);
        }
    }

    /// Every route of the server.
    async fn routes(&self, server: &Server, routes: &[RouteInfo], there: &There, tally: &mut Tally) {
        for route in routes {
            let by_path = route.path.starts_with("/w/");
            let right: &[u16] = match route.guard {
                Guard::Workspace if by_path => self.workspace,
                Guard::Workspace => self.only,
                Guard::Person => self.person,
                // Whoever leaves is led there, whether they were in or not.
                Guard::Staff if route.path.ends_with("/sign-out") => &[303],
                Guard::Staff => self.staff,
                Guard::Public => &[],
            };
            // What is open to somebody is looked at by reading; doors are knocked at with nothing in the hand.
            if right.is_empty() && route.mutates && route.guard != Guard::Public {
                continue;
            }
            let path = filled(&route.path, &there.ids["lead"]);
            let body = route.mutates.then(|| harmful(route.guard, &there.ids["lead"]));
            let (status, text) = self.ask(server, &route.method, &path, body).await;
            let code = status.as_u16();
            // Who is led anywhere is led to the door.
            let shut = right.contains(&code) && (code != 303 || text.contains("/sign-in"));
            let fits = if right.is_empty() { code < 500 || code == 503 } else { shut };
            let what = format!("{} {} {path}", self.who, route.method);
            let wanted = if right.is_empty() { "no fault".to_owned() } else { format!("{right:?}") };
            tally.add([Cell::refused(&what, fits && !text.contains(OURS), &wanted, status, &text)]);
        }
    }
}

/// What the workspace has, by kind.
struct There {
    ids: BTreeMap<String, String>,
    member: domain::MemberId,
}

fn filled(path: &str, lead: &str) -> String {
    let name = if path.contains("/operations/") { "records.update" } else { "qualify" };
    path.replace("{workspace}", "lakeside")
        .replace("{industry}", "automotive")
        .replace("{entity}", "leads")
        .replace("{id}", lead)
        .replace("{file}", NEVER)
        .replace("{key}", "USER")
        .replace("{token}", "nothing")
        .replace("{name}", name)
        .replace("{operation}", "records.update")
}

/// What would do harm, were it let through; at an open door, nothing.
fn harmful(guard: Guard, lead: &str) -> String {
    let taken = json!({ "entity": "lead", "id": lead, "version": 1, "name": "Taken", "values": { "name": "Taken" } });
    if guard == Guard::Public { "{}".to_owned() } else { taken.to_string() }
}

async fn execute(server: &Server, sql: &'static str) {
    let owner = server.world.owner().await;
    sqlx::query(sql).execute(&owner).await.unwrap();
    owner.close().await;
}

/// A key of the owner's: its id and what it is sent as.
async fn key(owner: &Client, name: &str) -> (String, String) {
    let ask = json!({ "name": name, "access": "write", "perMinute": 6000 });
    let (status, made) = owner.write(Method::POST, &format!("{API}/operations/people.create_key"), &ask).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["data"]["id"]), text(&made["data"]["key"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_no_business_here_is_refused_everywhere() {
    let rows = rows::all();
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let elsewhere = server.world.tenant("elsewhere", "automotive").await;
    let mut ours = Fixtures::new(&server, &lakeside, "Grace").await;
    let mut ids = BTreeMap::from([("lead".to_owned(), ours.make("lead", None).await)]);
    for about in rows.values().filter_map(|row| row.about.as_ref()) {
        if !ids.contains_key(about) {
            ids.insert(about.clone(), ours.make(about, None).await);
        }
    }
    let (olive, _) = server.signed_in(&lakeside, "Olive", &["OWNER"]).await;
    let (revoked, of_before) = key(&olive, "Of before").await;
    let (_, good) = key(&olive, "Good").await;
    let path = format!("{API}/operations/people.revoke_key");
    assert_eq!(olive.write(Method::POST, &path, &json!({ "id": revoked })).await.0, StatusCode::OK);

    let (stranger, at) = server.signed_in(&elsewhere, "Stranger", &["OWNER"]).await;
    let (suspended, _) = server.signed_in(&lakeside, "Suspended", &["OWNER"]).await;
    execute(&server, "update members set status = 'SUSPENDED' where name = 'Suspended'").await;
    // The cookie is still sent; the session behind it is gone.
    let (ended, _) = server.signed_in(&lakeside, "Ended", &["OWNER"]).await;
    let cookie = ended.cookie("nexus").unwrap();
    ended.form("/sign-out", &[]).await;
    ended.set_cookie("nexus", &cookie);

    // A workspace gets its workflows with the first thing that happens in it, and that is nobody's doing here.
    Fixtures::new(&server, &elsewhere, "Neema").await.make("lead", None).await;
    let there = There { ids, member: at.access.member };
    let routes = server.routes();
    server.settle().await;
    let (mut watch, mut tally) = (Watch::new(&server).await, Tally::default());
    let mut everybody = vec![
        Outsider::new("nobody", server.client(), &[401]),
        Outsider::signed_in("a stranger", stranger, &[404], &[]),
        Outsider::signed_in("somebody suspended", suspended, &[404], &[404]),
        Outsider::new("an ended session", ended, &[401]),
        Outsider::with_key("a revoked key", &server, &of_before, &[401]),
    ];
    let mut walked = 0;
    for place in 0..2 {
        for outsider in &everybody {
            outsider.operations(&server, &rows, &there, &mut tally).await;
            tally.unchanged(&format!("{} at operations", outsider.who), &watch.changed().await);
            outsider.routes(&server, &routes, &there, &mut tally).await;
            tally.unchanged(&format!("{} at routes", outsider.who), &watch.changed().await);
            walked += 1;
        }
        // Then the same workspace, suspended. It says so to its own people; without its path it is not there.
        if place == 0 {
            execute(&server, "update tenants set status = 'SUSPENDED' where slug = 'lakeside'").await;
            watch.changed().await;
            everybody = vec![
                Outsider::signed_in("the owner of a suspended workspace", olive.clone(), &[403], &[403, 404]),
                // It says of whom it is, and so why it opens nothing.
                Outsider {
                    person: &[401, 303, 403],
                    ..Outsider::with_key("a key of a suspended workspace", &server, &good, &[401, 403])
                },
            ];
        }
    }
    drop(watch);
    server.end().await;
    println!("outsiders={walked} operations={} routes={}", rows.len(), routes.len());
    tally.end("outsiders", 1500);
}
