//! The platform's realm: each of its operations and pages as each role of its staff, as somebody with a role that there is none of, and as members
//! of workspaces; and what is a workspace's as its staff.

use super::fixtures::{CANARY, Fixtures};
use super::tables::Watch;
use super::{Cell, Tally};
use crate::factor;
use crate::support::{Client, Server};
use api::{Guard, RouteInfo};
use domain::admin::STAFF_ROLES;
use domain::operation::CATALOGUE;
use platform::auth::MAY_IMPERSONATE;
use platform::{Caller, StaffAccess};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use std::sync::Arc;
use testkit::TestTenant;
use uuid::Uuid;

fn is_staffs(name: &str) -> bool {
    name.starts_with("admin.")
}

/// Every operation by name, in the dispatcher, which is the one way to them.
async fn operations(server: &Server, tally: &mut Tally) {
    for role in STAFF_ROLES.iter().copied().chain(["INTERN", "OWNER", ""]) {
        for name in CATALOGUE {
            let (name_of, email) = (format!("Jane {role}"), format!("{role}@nexus.example"));
            let access = StaffAccess { id: Uuid::nil(), name: name_of, email, role: role.to_owned() };
            let backend = server.world.platform.clone().staff_backend(Arc::new(access));
            let (status, text) = match backend.0.run_json(name, json!({})).await {
                Ok(text) => (200, text),
                Err(error) => (error.kind.status(), error.message),
            };
            let wanted = match (is_staffs(name), STAFF_ROLES.contains(&role)) {
                (true, true) => 200,
                (true, false) => 403,
                // A workspace's operations are as unknown here as any that never was.
                (false, _) => 404,
            };
            let right = status == wanted && !text.contains(CANARY);
            let (what, wanted) = (format!("staff {role:?} {name}"), wanted.to_string());
            tally.add([Cell::refused(&what, right, &wanted, StatusCode::from_u16(status).unwrap(), &text)]);
        }
    }
}

/// What is read at a route by the session of somebody of the staff: pages of the platform, and nothing of a workspace or a person.
async fn route(role: &str, client: &Client, route: &RouteInfo, lead: &str) -> Cell {
    let path = route.path.replace("{workspace}", "lakeside").replace("{industry}", "automotive");
    let path = path.replace("{entity}", "leads").replace("{id}", lead).replace("{file}", lead).replace("{key}", "USER");
    let acts = MAY_IMPERSONATE.contains(&role);
    let right: &[u16] = match (route.guard, path.as_str()) {
        (Guard::Staff, "/admin/impersonate") if acts => &[200],
        (Guard::Staff, "/admin/impersonate") => &[403],
        // Whoever has just signed in is led on from where one confirms, and a program's token is no session.
        (Guard::Staff, "/admin/confirm") => &[303],
        (Guard::Staff, "/api/admin/auth/verify") => &[401, 303],
        (Guard::Staff, _) => &[200],
        _ => &[401, 303],
    };
    let path = if path == "/admin/impersonate" { path + "?workspace=lakeside" } else { path };
    let answer = client.send(client.request(Method::GET, &path).header(header::ACCEPT, "text/html")).await;
    let status = answer.status();
    let led = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    let text = answer.text().await.unwrap_or_default();
    let shut = route.guard == Guard::Staff || status != StatusCode::SEE_OTHER || led.starts_with("/sign-in");
    let fits = right.contains(&status.as_u16()) && shut && !text.contains(CANARY);
    Cell::refused(&format!("staff {role} GET {path}"), fits, &format!("{right:?} {led}"), status, &text)
}

/// Acting for a member is for some of them.
async fn acting(role: &str, client: &Client, tenant: &TestTenant, member: &Caller) -> Option<Cell> {
    if MAY_IMPERSONATE.contains(&role) {
        return None;
    }
    let (tenant, member) = (tenant.id.0.to_string(), member.access.member.0.to_string());
    let begin = [
        ("workspace", "lakeside"),
        ("tenant", tenant.as_str()),
        ("member", member.as_str()),
        ("reason", "ticket 4711, nothing"),
        ("minutes", "15"),
    ];
    let status = client.form("/admin/impersonate", &begin).await.status();
    let right = status == StatusCode::FORBIDDEN && client.cookie("nexus").is_none();
    Some(Cell::refused(&format!("staff {role} POST /admin/impersonate"), right, "403", status, "a page"))
}

/// What is the platform's, as the owner of a workspace.
async fn members(owner: &Client, tally: &mut Tally) {
    for name in CATALOGUE.iter().filter(|name| is_staffs(name)) {
        let path = format!("/w/lakeside/api/v1/operations/{name}");
        let (status, body) = owner.write(Method::POST, &path, &json!({})).await;
        let form = owner.form(&format!("/w/lakeside/do/{name}"), &[]).await.status();
        for (how, status, text) in [("", status, body.to_string()), ("form ", form, "a page".to_owned())] {
            let what = format!("an owner {how}{name}");
            tally.add([Cell::refused(&what, status == StatusCode::NOT_FOUND, "404", status, &text)]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_is_for_its_staff_as_far_as_their_role_goes() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let mut ours = Fixtures::new(&server, &lakeside, "Grace").await;
    let lead = ours.make("lead", None).await;
    let (olive, member) = server.signed_in(&lakeside, "Olive", &["OWNER"]).await;
    let mut staff = Vec::new();
    for role in STAFF_ROLES {
        staff.push((*role, factor::staff(&server, role).await));
    }
    let routes = server.routes();
    let read = routes.iter().filter(|route| !route.mutates && route.guard != Guard::Public);
    let read: Vec<&RouteInfo> = read.collect();
    server.settle().await;
    let (mut watch, mut tally) = (Watch::new(&server).await, Tally::default());
    operations(&server, &mut tally).await;
    tally.unchanged("operations as staff", &watch.changed().await);
    for (role, client) in &staff {
        for info in &read {
            tally.add([route(role, client, info, &lead).await]);
        }
        tally.add(acting(role, client, &lakeside, &member).await);
        tally.unchanged(&format!("routes as staff {role}"), &watch.changed().await);
    }
    members(&olive, &mut tally).await;
    tally.unchanged("operations of the platform as a member", &watch.changed().await);
    drop(watch);
    server.end().await;
    tally.end("staff", 1500);
}
