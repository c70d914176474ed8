//! What a key may: never more than its member, never what its scopes leave out, and never what only people do.

use super::{LEADS, Program, ask, make, world};
use crate::authz::{anything, apart, role};
use crate::support::Server;
use domain::operation::{MEMBER_BY_KEY, PEOPLE_ONLY, SENSITIVE, SENSITIVE_BY_KEY};
use domain::people::{CreateKey, KeyAccess, SetRoles, SuspendMember};
use domain::permission::ROLES;
use domain::{Grants, Reach, Realm};
use platform::Caller;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use testkit::TestTenant;

fn grants(list: &[(&str, Reach)]) -> Grants {
    Grants(list.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect())
}

fn scoped(list: &[(&str, Reach)]) -> CreateKey {
    CreateKey { scopes: grants(list), ..ask("Scoped", KeyAccess::Scopes) }
}

/// What of a row is written down that a call may come upon.
async fn sql(server: &Server, text: &'static str) {
    let owner = server.world.owner().await;
    sqlx::query(text).execute(&owner).await.unwrap();
    owner.close().await;
}

/// F-09. Scopes narrow, roles narrow, and whichever is taken away is gone on the next request.
#[tokio::test]
async fn a_key_is_the_narrower_of_member_and_scopes() {
    let (server, tenant) = world().await;
    let owner = server.world.member(&tenant, "Olive", &["OWNER"]).await;
    role(&server, &tenant, "KEYS", &grants(&[("people.key.create", Reach::All)])).await;
    let asa = server.world.member(&tenant, "Asa", &["USER", "KEYS"]).await;
    let (_, reads) = make(&server, &asa, ask("Reads", KeyAccess::Read)).await;
    let (_, writes) = make(&server, &asa, ask("Writes", KeyAccess::Write)).await;
    let (_, leads) = make(&server, &asa, scoped(&[("crm.lead.read", Reach::All)])).await;
    let new = json!({ "name": "New" });
    assert_eq!(reads.post(LEADS, &new).await.0, 403);
    assert_eq!(writes.post(LEADS, &new).await.0, 201);
    assert_eq!(leads.status(LEADS).await, 200);
    let (status, body) = leads.post(LEADS, &new).await;
    assert_eq!((status.as_u16(), body["requiredPermission"].as_str()), (403, Some("crm.lead.create")));
    assert_eq!(leads.status("/w/lakeside/api/v1/customers").await, 403, "another entity");

    // Nobody gives what they lack.
    let user = server.world.member(&tenant, "User", &["USER"]).await;
    let error = server.world.run(&user, ask("Reads", KeyAccess::Read)).await.unwrap_err();
    assert_eq!(error.required_permission.as_deref(), Some("people.key.create"));
    role(&server, &tenant, "MAKER", &grants(&[("people.key.create", Reach::All), ("crm.lead.read", Reach::Own)])).await;
    let maker = server.world.member(&tenant, "Maker", &["MAKER"]).await;
    for beyond in [("*.*.*", Reach::All), ("crm.lead.read", Reach::All), ("crm.lead.delete", Reach::Own)] {
        let error = server.world.run(&maker, scoped(&[beyond])).await.unwrap_err();
        assert_eq!(error.fields[0].field, "scopes", "{error:?}");
    }
    assert!(server.world.run(&maker, scoped(&[("crm.lead.read", Reach::Own)])).await.is_ok());

    let set = async |roles: &[&str]| {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        server.world.run(&owner, SetRoles { member: asa.access.member.0, roles }).await.unwrap();
    };
    set(&["VIEWER"]).await;
    assert_eq!(writes.post(LEADS, &new).await.0, 403, "the next request after the roles were taken");
    assert_eq!(writes.status(LEADS).await, 200);
    set(&["OWNER"]).await;
    assert_eq!(writes.post("/w/lakeside/api/v1/products", &new).await.0, 403, "a key does not rise with its member");
    set(&["USER"]).await;
    assert_eq!(writes.post(LEADS, &new).await.0, 201);
    server.end().await;
}

/// F-09. Suspended, restored, left, closed account: the next request knows.
#[tokio::test]
async fn a_key_sleeps_while_its_member_is_away() {
    let (server, tenant) = world().await;
    let owner = server.world.member(&tenant, "Olive", &["OWNER"]).await;
    role(&server, &tenant, "KEYS", &grants(&[("people.key.create", Reach::All)])).await;
    let asa = server.world.member(&tenant, "Asa", &["USER", "KEYS"]).await;
    let (_, program) = make(&server, &asa, ask("Reads", KeyAccess::Read)).await;
    let member = asa.access.member.0;
    let asleep = (401, "key_asleep".to_owned());
    server.world.run(&owner, SuspendMember { id: member }).await.unwrap();
    assert_eq!(program.refusal(LEADS).await, asleep);
    server.world.run(&owner, domain::people::RestoreMember { id: member }).await.unwrap();
    assert_eq!(program.status(LEADS).await, 200);
    for (away, back) in [
        (
            "update members set status = 'LEFT' where name = 'Asa'",
            "update members set status = 'ACTIVE' where name = 'Asa'",
        ),
        ("update tenants set deleted_at = now()", "update tenants set deleted_at = null"),
    ] {
        sql(&server, away).await;
        assert_eq!(program.refusal(LEADS).await, asleep, "{away}");
        sql(&server, back).await;
        assert_eq!(program.status(LEADS).await, 200, "{back}");
    }
    sql(&server, "update users set status = 'DISABLED' where name = 'Asa'").await;
    assert_eq!(program.status(LEADS).await, 401);
    server.end().await;
}

/// A-09, D-01. A key opens the API of its own workspace and nothing else; a cookie beside it is not looked at, and takes its exemption away.
#[tokio::test]
async fn a_key_knocks_at_one_door() {
    let (server, tenant) = world().await;
    server.world.tenant("harbour", "core").await;
    let (olive, owner) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let (_, program) =
        make(&server, &owner, scoped(&[("crm.lead.read", Reach::All), ("crm.lead.create", Reach::All)])).await;
    for (path, status) in [
        (LEADS, 200),
        ("/api/v1/leads", 200),
        ("/w/harbour/api/v1/leads", 404),
        ("/w/nowhere/api/v1/leads", 404),
        ("/w/lakeside/leads", 401),
        ("/w/lakeside", 401),
        ("/w/lakeside/settings/keys", 401),
        ("/w/lakeside/leads/export.csv", 401),
        ("/workspaces", 401),
        ("/admin", 401),
    ] {
        assert_eq!(program.status(path).await, status, "{path}");
        server.world.clock.advance(chrono::Duration::seconds(21));
    }
    let foreign = program.get("/w/harbour/api/v1/leads").await.json::<Value>().await.unwrap();
    let never = program.get("/w/nowhere/api/v1/leads").await.json::<Value>().await.unwrap();
    assert_eq!(foreign["detail"], never["detail"], "as for strangers");

    // The owner's cookie adds nothing to a key, and takes nothing from what is wrong with one.
    let cookie = format!("nexus={}", olive.cookie("nexus").unwrap());
    let with = async |bearer: &Program, path: &str| {
        let request = bearer.request(Method::GET, path).header(header::COOKIE, &cookie).send().await;
        request.unwrap().status().as_u16()
    };
    let wrong = Program::new(&server, "nx_live_wrong");
    assert_eq!(with(&program, "/w/lakeside/api/v1/customers").await, 403, "not the owner's rights");
    assert_eq!(with(&program, LEADS).await, 200);
    assert_eq!(with(&wrong, LEADS).await, 401, "not the owner's session");
    assert_eq!(with(&wrong, "/w/lakeside/leads").await, 401);

    // D-01: where a program comes from is not asked, unless something of a browser comes along.
    let write = |bearer: &Program, headers: &[(&'static str, &str)]| {
        let request = bearer.request(Method::POST, LEADS).header(header::CONTENT_TYPE, "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let sent = request.body(json!({ "name": "Planted" }).to_string()).send();
        async move { sent.await.unwrap().status().as_u16() }
    };
    assert_eq!(write(&program, &[]).await, 201);
    assert_eq!(write(&program, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]).await, 201);
    let mut refused = 0;
    for headers in [&[][..], &[("sec-fetch-site", "cross-site")], &[("origin", "https://evil.example")]] {
        let mut headers = headers.to_vec();
        assert_eq!(write(&Program::new(&server, ""), &headers).await, 403, "nobody {headers:?}");
        headers.push(("cookie", cookie.as_str()));
        assert_eq!(write(&program, &headers).await, 403, "a key and a cookie {headers:?}");
        assert_eq!(write(&Program::new(&server, ""), &headers).await, 403, "a cookie {headers:?}");
        refused += 3;
    }
    println!("bar=D-01 by_key_exempt=2 refused={refused} pass=1");
    server.end().await;
}

/// B-06. Every operation by key and by session of the same member: the same decision, but for what only people do, which is refused by name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_decides_by_key_as_by_session() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "automotive").await;
    let (mut same, mut closed, mut wrong) = (0, 0, Vec::new());
    for seed in ROLES.iter().filter(|seed| ["VIEWER", "SALES_REP", "WAREHOUSE", "OWNER"].contains(&seed.key)) {
        let (client, caller) = server.signed_in(&tenant, &format!("P{}", seed.key), &[seed.key]).await;
        let program = whole(&server, &tenant, &caller).await;
        for info in server.world.platform.registry().infos().filter(|info| info.realm == Realm::Workspace) {
            // Not asked again: there is nobody left to ask for.
            if info.name == "people.leave" {
                assert_eq!(program.operation(info.name, &json!({})).await.1["code"], "not_by_key");
                continue;
            }
            let mut input = anything();
            input.as_object_mut().unwrap().extend(apart(info.name).as_object().unwrap().clone());
            if info.name == "messaging.send" {
                input = apart(info.name);
            }
            let decision = |(status, body): (StatusCode, Value)| {
                let code = body["code"].as_str().unwrap_or_default().to_owned();
                let needs = body["requiredPermission"].as_str().unwrap_or_default().to_owned();
                (status == StatusCode::FORBIDDEN, needs, code)
            };
            let by_key = decision(program.operation(info.name, &input).await);
            if by_key.2 == "not_by_key" {
                closed += 1;
                let sensitive = SENSITIVE.contains(&info.name) && !SENSITIVE_BY_KEY.contains(&info.name);
                if !sensitive && !PEOPLE_ONLY.contains(&info.name) && crate::authz::needs(info.name) != "member" {
                    wrong.push(format!("{} {}: closed to keys", seed.key, info.name));
                }
                continue;
            }
            if crate::authz::needs(info.name) == "member" && !MEMBER_BY_KEY.contains(&info.name) {
                wrong.push(format!("{} {}: open to keys", seed.key, info.name));
            }
            let path = format!("/w/lakeside/api/v1/operations/{}", info.name);
            let by_session = decision(client.write(Method::POST, &path, &input).await);
            same += 1;
            if by_session != by_key {
                wrong.push(format!("{} {}: {by_key:?} by key, {by_session:?} by session", seed.key, info.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(same > 200 && closed > 60, "{same} alike, {closed} closed");
    println!("bar=B-06 same={same} closed_to_keys={closed} differences=0 pass=1");
    server.end().await;
}

/// A key that is let do all that its member may.
async fn whole(server: &Server, tenant: &TestTenant, caller: &Caller) -> Program {
    role(server, tenant, &format!("K_{}", caller.access.role), &grants(&[("people.key.create", Reach::All)])).await;
    let (member, scopes) = (caller.access.member, caller.access.grants.clone());
    let owner = server.world.owner().await;
    sqlx::query("update members set roles = roles || $2 where id = $1")
        .bind(member.0)
        .bind(format!("K_{}", caller.access.role))
        .execute(&owner)
        .await
        .unwrap();
    owner.close().await;
    let caller = server.world.caller(tenant, member).await;
    let all = CreateKey { scopes, per_minute: Some(60_000), ..ask("Whole", KeyAccess::Scopes) };
    make(server, &caller, all).await.1
}

/// L-07. Two programs of one member do not answer each other: the same idempotency key means another thing to each, and to the member.
#[tokio::test]
async fn each_key_has_idempotency_keys_of_its_own() {
    let (server, tenant) = world().await;
    let (olive, owner) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let grants = [("crm.lead.read", Reach::All), ("crm.lead.create", Reach::All)];
    let ((_, one), (_, other)) =
        (make(&server, &owner, scoped(&grants)).await, make(&server, &owner, scoped(&grants)).await);
    let mut ids = std::collections::BTreeSet::new();
    for (name, request) in [
        ("Of one", one.request(Method::POST, LEADS)),
        ("Of one", one.request(Method::POST, LEADS)),
        ("Of the other", other.request(Method::POST, LEADS)),
        ("Of the member", olive.request(Method::POST, LEADS)),
    ] {
        let request = request.header(header::CONTENT_TYPE, "application/json").header("idempotency-key", "order-4711");
        let answer = request.body(json!({ "name": name }).to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{name}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["data"]["name"], name, "somebody else's answer");
        ids.insert(body["data"]["id"].to_string());
    }
    assert_eq!(ids.len(), 3, "each once");
    println!("bar=L-07 askers=3 effects=3 pass=1");
    server.end().await;
}
