//! REST: every route as the other workspace's member, as a lower role and as nobody; then the contract of reading and writing.

use crate::support::{Client, Server};
use api::Guard;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const BUSINESS: &[&str] =
    &["leads", "customers", "contacts", "opportunities", "activities", "tasks", DONE, "members", "imports"];
/// Refusals, sign-ins and exports are told as well.
const DONE: &str =
    "(select * from changes where outcome = 'done' and entity <> 'session' and operation not like '%.export')";
const CANARY: &str = "CANARY-lakeside";

/// A lead of Lakeside, made by its owner, that holds a canary in every text.
async fn canary(owner: &Client) -> String {
    let lead = json!({
        "name": format!("{CANARY} name"), "company": format!("{CANARY} company"), "city": format!("{CANARY} city"), "notes": format!("{CANARY} notes"),
        "email": "canary-lakeside@example.com", "value": { "amount": "1250.50", "currency": "KES" },
    });
    let (status, body) = owner.write(Method::POST, "/w/lakeside/api/v1/leads", &lead).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body["data"]["id"].as_str().unwrap().to_owned()
}

fn filled(path: &str, entity: &str, id: &str) -> String {
    let name = if path.contains("/operations/") { "records.update" } else { "qualify" };
    path.replace("{workspace}", "lakeside")
        .replace("{entity}", entity)
        .replace("{id}", id)
        .replace("{name}", name)
        .replace("{operation}", "records.update")
}

/// What a write would have to say to do harm, for each kind of route.
fn harmful(path: &str, id: &str) -> (&'static str, String) {
    if path.contains("/do/") {
        return ("application/x-www-form-urlencoded", format!("entity=lead&id={id}&version=1&values.name=Taken"));
    }
    if path.contains("/operations/") {
        return (
            "application/json",
            json!({ "entity": "lead", "id": id, "version": 1, "values": { "name": "Taken" } }).to_string(),
        );
    }
    if path.ends_with("/audit/feedback") {
        return ("application/json", json!({ "change": id, "verdict": "expected" }).to_string());
    }
    ("application/json", json!({ "name": "Taken", "version": 1 }).to_string())
}

async fn walk(
    server: &Server,
    who: &str,
    client: &Client,
    id: &str,
    below: &str,
    writes_only: bool,
    right: &[u16],
) -> usize {
    let before = server.world.fingerprint(BUSINESS).await;
    let mut cells = 0;
    for route in server.routes() {
        // Public are the doors, where programs sign in, and the document of the API.
        let public = route.guard == Guard::Public;
        if public || !route.path.starts_with(below) || (writes_only && !route.mutates) {
            continue;
        }
        let path = filled(&route.path, "leads", id);
        let method: Method = route.method.parse().unwrap();
        let (kind, body) = harmful(&path, id);
        let mut request = client.request(method.clone(), &path);
        if route.mutates {
            request = request.header(header::CONTENT_TYPE, kind).header(header::IF_MATCH, "\"1\"").body(body);
        }
        let answer = client.send(request).await;
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert!(right.contains(&status), "{who}: {method} {path} answers {status}, not one of {right:?}: {text}");
        assert!(
            !text.contains(CANARY) && !text.contains("canary-lakeside"),
            "{who}: {method} {path} shows a foreign byte"
        );
        cells += 1;
    }
    assert_eq!(server.world.fingerprint(BUSINESS).await, before, "{who} changed something");
    cells
}

#[tokio::test]
async fn every_route_refuses_strangers() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (stranger, _) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    let nobody = server.client();
    let id = canary(&owner).await;
    let cells = walk(&server, "nobody", &nobody, &id, "/w/", false, &[401]).await
        + walk(&server, "nobody", &nobody, &id, "/api/", false, &[401]).await
        + walk(&server, "another workspace's owner", &stranger, &id, "/w/", false, &[404]).await;
    assert!(cells > 60, "only {cells} calls were made");
    server.end().await;
}

/// In their own workspace, with the id of another's row: not found, byte for byte like a row that never was.
#[tokio::test]
async fn a_foreign_row_is_like_one_that_never_was() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (stranger, _) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    let id = canary(&owner).await;
    let never = "0199a000-0000-7000-8000-000000000000";
    for (method, tail) in [
        (Method::GET, ""),
        (Method::PUT, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::POST, "/restore"),
        (Method::POST, "/transitions/qualify"),
        (Method::GET, "/timeline"),
    ] {
        let mut answers = Vec::new();
        for id in [id.as_str(), never] {
            let (status, mut body) = stranger
                .write(
                    method.clone(),
                    &format!("/w/harbour/api/v1/leads/{id}{tail}"),
                    &json!({ "name": "Taken", "version": 1 }),
                )
                .await;
            if let Some(body) = body.as_object_mut() {
                body.remove("requestId");
            }
            answers.push((status, body.to_string().replace(id, "ID")));
        }
        assert_eq!(answers[0], answers[1], "{method} {tail}");
        assert_eq!(answers[0].0, StatusCode::NOT_FOUND, "{method} {tail}: {}", answers[0].1);
    }
    // Nor can it be pointed at.
    let (status, body) =
        stranger.write(Method::POST, "/w/harbour/api/v1/tasks", &json!({ "title": "Call", "lead": id })).await;
    let (_, other) =
        stranger.write(Method::POST, "/w/harbour/api/v1/tasks", &json!({ "title": "Call", "lead": never })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert_eq!(body["details"], other["details"]);
    server.end().await;
}

#[tokio::test]
async fn a_viewer_changes_nothing() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (viewer, _) = server.signed_in(&lakeside, "Peter", &["VIEWER"]).await;
    let id = canary(&owner).await;
    let before = server.world.fingerprint(BUSINESS).await;
    let mut cells = 0;
    for route in server
        .routes()
        .into_iter()
        .filter(|route| route.mutates && route.path.starts_with("/w/") && !route.path.ends_with("/import"))
        // A form with a file is read before anybody knows what it asks for; the operation behind it is in the matrix.
        .filter(|route| !route.path.ends_with("/files"))
        // One's own password is everybody's to change.
        .filter(|route| !route.path.ends_with("/account/password"))
    {
        let path = filled(&route.path, "leads", &id);
        let (kind, body) = harmful(&path, &id);
        let request = viewer
            .request(route.method.parse().unwrap(), &path)
            .header(header::CONTENT_TYPE, kind)
            .header(header::IF_MATCH, "\"1\"")
            .body(body);
        let answer = viewer.send(request).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{} {path}", route.method);
        cells += 1;
    }
    assert!(cells >= 7, "only {cells} calls were made");
    let (status, body) = viewer.write(Method::POST, "/w/lakeside/api/v1/leads", &json!({ "name": "Mine" })).await;
    assert_eq!(
        (status, body["requiredPermission"].as_str(), body["userRole"].as_str()),
        (StatusCode::FORBIDDEN, Some("crm.lead.create"), Some("VIEWER"))
    );
    assert_eq!(server.world.fingerprint(BUSINESS).await, before);
    let (status, _) = viewer.json(&format!("/w/lakeside/api/v1/leads/{id}")).await;
    assert_eq!(status, StatusCode::OK, "looking is allowed");
    server.end().await;
}

/// Whatever a client sends to name a tenant, a user or a role beside the path changes nothing.
#[tokio::test]
async fn the_workspace_comes_from_the_path_alone() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let (owner, grace) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (stranger, _) = server.signed_in(&harbour, "Neema", &["VIEWER"]).await;
    canary(&owner).await;
    let steady = |body: Value| {
        let mut body = body;
        if let Some(body) = body.as_object_mut() {
            body.remove("timestamp");
            body.remove("requestId");
        }
        body
    };
    let tenant = lakeside.id.to_string();
    let member = grace.access.member.to_string();
    for path in ["/w/harbour/api/v1/leads", "/w/lakeside/api/v1/leads", "/api/v1/leads", "/w/harbour/api/v1/operations"]
    {
        let plain = stranger.send(stranger.request(Method::GET, path)).await;
        let wanted = (plain.status(), steady(plain.json().await.unwrap()));
        for (name, value) in [
            ("x-tenant-id", tenant.as_str()),
            ("x-user-id", &member),
            ("x-user-role", "admin"),
            ("x-user-permissions", "[\"*\"]"),
            ("x-forwarded-host", "lakeside.nexus.example"),
            ("host", "lakeside.nexus.example"),
        ] {
            let answer = stranger.send(stranger.request(Method::GET, path).header(name, value)).await;
            assert_eq!((answer.status(), steady(answer.json().await.unwrap())), wanted, "{path} with {name}");
        }
        let with_cookie = stranger.clone();
        with_cookie.set_cookie("tenant", "lakeside");
        let answer = with_cookie.get(path).await;
        assert_eq!((answer.status(), steady(answer.json().await.unwrap())), wanted, "{path} with a cookie");
    }
    let (status, body) = stranger
        .write(
            Method::POST,
            "/w/harbour/api/v1/leads",
            &json!({ "name": "x", "tenant_id": tenant, "tenantId": tenant }),
        )
        .await;
    assert!(status == StatusCode::FORBIDDEN || status == StatusCode::BAD_REQUEST, "{body}");
    server.end().await;
}

#[tokio::test]
async fn reading_and_writing_keep_the_contract() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let base = "/w/lakeside/api/v1/leads";
    for number in 0..3 {
        let (status, body) = owner
            .write(
                Method::POST,
                base,
                &json!({ "name": format!("Lead {number}"), "value": { "amount": "100", "currency": "KES" } }),
            )
            .await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
    }
    let (_, page) = owner.json(&format!("{base}?limit=2&sort=name")).await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&page["pagination"]["limit"], &page["pagination"]["total"], &page["pagination"]["totalExact"]),
        (&json!(2), &json!(3), &json!(true))
    );
    let next = page["pagination"]["next"].as_str().unwrap();
    let (_, rest) = owner.json(&format!("{base}?limit=2&sort=name&cursor={next}")).await;
    assert_eq!(rest["data"][0]["name"], json!("Lead 2"));
    let id = page["data"][0]["id"].as_str().unwrap();

    let (status, _) = owner.write(Method::PATCH, &format!("{base}/{id}"), &json!({ "city": "Kisumu" })).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let (status, body) =
        owner.write(Method::PATCH, &format!("{base}/{id}"), &json!({ "city": "Kisumu", "version": 1 })).await;
    assert_eq!((status, &body["data"]["city"]), (StatusCode::OK, &json!("Kisumu")));
    let (status, body) =
        owner.write(Method::PATCH, &format!("{base}/{id}"), &json!({ "city": "Nakuru", "version": 1 })).await;
    assert_eq!((status, &body["current"]["city"]), (StatusCode::PRECONDITION_FAILED, &json!("Kisumu")), "{body}");

    let (status, body) = owner
        .write(Method::POST, base, &json!({ "name": "x", "emial": "a@b.example", "status": "won", "id": id }))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["details"]["emial"].as_str().is_some_and(|words| words.contains("email")), "{body}");
    assert!(body["details"]["status"].is_string() && body["details"]["id"].is_string(), "{body}");

    for bad in [
        "limit=501",
        "limit=0",
        "limit=-1",
        "sort=banana",
        "filter=stauts%20%3D%20new",
        "offset=NaN",
        "cursor=zzz",
        "fields=nmae",
        "banana=1",
    ] {
        let (status, body) = owner.json(&format!("{base}?{bad}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {body}");
    }
    let (status, body) = owner.write(Method::DELETE, &format!("{base}/{id}"), &json!({})).await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "success": true, "message": "Record deleted" })));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_makes_a_write_happen_once() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let send = |body: Value| {
        let owner = owner.clone();
        async move {
            let request = owner
                .request(Method::POST, "/w/lakeside/api/v1/leads")
                .header("idempotency-key", "k-1")
                .header(header::CONTENT_TYPE, "application/json");
            let answer = owner.send(request.body(body.to_string())).await;
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    let tries: Vec<_> = (0..20).map(|_| tokio::spawn(send(json!({ "name": "Once" })))).collect();
    let mut made = Vec::new();
    for attempt in tries {
        let (status, body) = attempt.await.unwrap();
        assert!(status == 201 || status == 409, "{status} {body}");
        if status == 201 {
            made.push(body);
        }
    }
    assert!(!made.is_empty() && made.iter().all(|body| body == &made[0]), "every reply is the first one");
    let (status, body) = send(json!({ "name": "Another" })).await;
    assert_eq!(status, 422, "{body}");
    let (_, page) = owner.json("/w/lakeside/api/v1/leads").await;
    assert_eq!(page["pagination"]["total"], json!(1));
    server.end().await;
}

/// Ids are version 7 UUIDs with 74 random bits: nobody can count them off.
#[tokio::test]
async fn ids_cannot_be_guessed() {
    let server = Server::new().await;
    let services = server.world.services().clone();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let services = services.clone();
            tokio::task::spawn_blocking(move || {
                (0..20_000)
                    .map(|_| platform::random::uuid_v7(services.clock.as_ref(), services.random.as_ref()))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut seen = std::collections::HashSet::new();
    for task in tasks {
        for id in task.await.unwrap() {
            assert_eq!(id.get_version_num(), 7);
            assert!(seen.insert(id));
        }
    }
    assert_eq!(seen.len(), 160_000);
    server.end().await;
}
