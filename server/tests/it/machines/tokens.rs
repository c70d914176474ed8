//! The token pair: signing a program in as a person, rotation, and everything that ends it.

use super::{LEADS, Program, world};
use crate::support::{Client, Server};
use chrono::Duration;
use domain::people::SuspendMember;
use platform::clock::Clock;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use testkit::PASSWORD;

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";

struct Pair {
    access: Program,
    refresh: String,
}

fn pair(server: &Server, body: &Value) -> Pair {
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned();
    Pair { access: Program::new(server, &text("accessToken")), refresh: text("refreshToken") }
}

async fn login(server: &Server, login: &str) -> Pair {
    let nobody = Program::new(server, "");
    let (status, body) = nobody.post(LOGIN, &json!({ "login": login, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    pair(server, &body)
}

async fn refresh(server: &Server, token: &str) -> (StatusCode, Value) {
    // What is refused is counted by address; how often is not what is looked at.
    server.world.clock.advance(Duration::seconds(21));
    Program::new(server, "").post(REFRESH, &json!({ "refreshToken": token })).await
}

/// R68, R78, R122. A quarter of an hour, then the next pair; seven days, then the password.
#[tokio::test]
async fn a_pair_lasts_as_long_as_it_says() {
    let (server, tenant) = world().await;
    server.world.tenant("harbour", "core").await;
    server.signed_in(&tenant, "Asa", &["USER"]).await;
    let first = login(&server, "asa@lakeside.example").await;
    assert_eq!(first.access.status(LEADS).await, 200);
    assert_eq!(first.access.status("/api/v1/leads").await, 200);
    assert_eq!(first.access.post(LEADS, &json!({ "name": "By token" })).await.0, 201, "no page is asked for");
    assert_eq!(first.access.status("/w/harbour/api/v1/leads").await, 404);
    assert_eq!(first.access.status("/w/lakeside/leads").await, 401, "no page");
    assert_eq!(Program::new(&server, &first.refresh).status(LEADS).await, 401, "a refresh token opens nothing");
    let me = first.access.get("/api/v1/auth/me").await.json::<Value>().await.unwrap();
    assert_eq!(
        (me["data"]["user"]["name"].as_str(), me["data"]["workspaces"][0]["slug"].as_str()),
        (Some("Asa"), Some("lakeside"))
    );
    assert_eq!(Program::new(&server, "").status("/api/v1/auth/me").await, 401);

    server.world.clock.advance(Duration::seconds(15 * 60 - 1));
    assert_eq!(first.access.status(LEADS).await, 200);
    server.world.clock.advance(Duration::seconds(1));
    assert_eq!(first.access.refusal(LEADS).await, (401, "token_over".to_owned()));

    let mut token = first.refresh;
    let began = server.world.clock.now();
    for _ in 0..6 {
        server.world.clock.advance(Duration::days(1));
        let (status, body) = refresh(&server, &token).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let next = pair(&server, &body);
        assert_eq!(next.access.status(LEADS).await, 200);
        assert_ne!(next.refresh, token, "another one each time");
        token = next.refresh;
    }
    let end = began - Duration::minutes(15) + Duration::days(7);
    server.world.clock.advance(end - server.world.clock.now());
    assert_eq!(refresh(&server, &token).await.0, 401, "seven days from signing in, whatever happens");
    server.end().await;
}

/// One that comes a second time was copied: the session ends for both who hold it, also where both come at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_refresh_token_ends_its_session() {
    let (server, tenant) = world().await;
    server.signed_in(&tenant, "Asa", &["USER"]).await;
    let (thief, other) = (login(&server, "asa@lakeside.example").await, login(&server, "asa@lakeside.example").await);
    let (status, body) = refresh(&server, &thief.refresh).await;
    assert_eq!(status, StatusCode::OK);
    let next = pair(&server, &body);
    assert_eq!(next.access.status(LEADS).await, 200);
    assert_eq!(refresh(&server, &thief.refresh).await.0, 401, "used");
    assert_eq!(next.access.status(LEADS).await, 401, "the newest access token is over too");
    assert_eq!(refresh(&server, &next.refresh).await.0, 401, "and the newest refresh token");
    assert_eq!(other.access.status(LEADS).await, 200, "another session of the person is not touched");

    let mut winners = 0;
    for _ in 0..10 {
        let both = login(&server, "asa@lakeside.example").await;
        let (left, right) = tokio::join!(refresh(&server, &both.refresh), refresh(&server, &both.refresh));
        let won: Vec<&Value> =
            [&left, &right].into_iter().filter(|(status, _)| *status == 200).map(|(_, body)| body).collect();
        assert!(won.len() <= 1, "two pairs of one token");
        for body in won {
            winners += 1;
            assert_eq!(pair(&server, body).access.status(LEADS).await, 401, "ended by the one that came second");
        }
        server.world.clock.advance(Duration::minutes(1));
    }
    println!("bar=C-08 refresh_reused=12 pairs_of_one_token=0 races_won={winners} pass=1");
    server.end().await;
}

/// Whatever ends a session ends a pair: signing out, the list of sessions, an administrator, a new password, a closed account.
#[tokio::test]
async fn what_ends_sessions_ends_pairs() {
    let (server, tenant) = world().await;
    let (asa, caller) = server.signed_in(&tenant, "Asa", &["USER"]).await;
    let (olive, owner) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let user = caller.access.user.unwrap();
    let operation = async |client: &Client, name: &str, input: Value| {
        let path = format!("/w/lakeside/api/v1/operations/{name}");
        client.write(Method::POST, &path, &input).await
    };
    let email = "asa@lakeside.example";

    let pair = login(&server, email).await;
    let (_, listed) = operation(&asa, "people.list_sessions", json!({})).await;
    let row = listed["data"].as_array().unwrap().iter().find(|row| row["token"] == true).expect("listed").clone();
    let (_, page) = asa.page("/w/lakeside/settings/sessions").await;
    assert!(page.contains("API token"), "{page}");
    assert_eq!(operation(&asa, "people.end_session", json!({ "id": row["id"] })).await.0, 200);
    assert_eq!(pair.access.status(LEADS).await, 401, "ended in the list");

    let pair = login(&server, email).await;
    assert_eq!(pair.access.post("/api/v1/auth/logout", &json!({})).await.0, 200);
    assert_eq!(pair.access.status(LEADS).await, 401, "signed out");
    assert_eq!(refresh(&server, &pair.refresh).await.0, 401);
    let pair = login(&server, email).await;
    let out = json!({ "refreshToken": pair.refresh });
    assert_eq!(Program::new(&server, "").post("/api/v1/auth/logout", &out).await.0, 200);
    assert_eq!(pair.access.status(LEADS).await, 401, "signed out by the refresh token");

    let pair = login(&server, email).await;
    assert_eq!(pair.access.status(LEADS).await, 200, "seen in the workspace");
    let ended = operation(&olive, "people.end_member_sessions", json!({ "member": caller.access.member.0 })).await;
    assert_eq!(ended.0, 200, "{}", ended.1);
    assert_eq!(pair.access.status(LEADS).await, 401, "ended by an administrator");

    let pair = login(&server, email).await;
    server.world.run(&owner, SuspendMember { id: caller.access.member.0 }).await.unwrap();
    assert_eq!(pair.access.status(LEADS).await, 404, "a suspended member is nobody there");
    server.world.run(&owner, domain::people::RestoreMember { id: caller.access.member.0 }).await.unwrap();
    assert_eq!(pair.access.status(LEADS).await, 200);

    let auth = &server.world.services().auth;
    auth.set_password(user, "another battery staple horse", &[], None).await.unwrap();
    assert_eq!(pair.access.status(LEADS).await, 401, "a new password");
    assert_eq!(refresh(&server, &pair.refresh).await.0, 401);
    auth.set_password(user, PASSWORD, &[], None).await.unwrap();

    let pair = login(&server, email).await;
    let owner = server.world.owner().await;
    sqlx::query("update users set status = 'DISABLED' where id = $1").bind(user.0).execute(&owner).await.unwrap();
    assert_eq!(pair.access.status(LEADS).await, 401, "a closed account");
    assert_eq!(refresh(&server, &pair.refresh).await.0, 401);
    owner.close().await;
    server.end().await;
}

/// The same answer for a wrong password and a name that nobody has, the same waits, and a code where there is a second factor.
#[tokio::test]
async fn signing_in_is_as_hard_as_on_the_page() {
    let (server, tenant) = world().await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let nobody = Program::new(&server, "");
    let ask = |login: &str, password: &str| json!({ "email": login, "password": password });
    let mut bodies = Vec::new();
    for name in ["amina@lakeside.example", "nobody@lakeside.example"] {
        let (status, mut body) = nobody.post(LOGIN, &ask(name, "not the password")).await;
        assert_eq!(status, 401);
        body["requestId"] = Value::Null;
        bodies.push(body);
    }
    assert_eq!(bodies[0], bodies[1]);
    for _ in 0..2 {
        nobody.post(LOGIN, &ask("amina@lakeside.example", "not the password")).await;
    }
    let (status, body) = nobody.post(LOGIN, &ask("amina@lakeside.example", PASSWORD)).await;
    assert_eq!(status, 429, "tries are counted as those of the page: {body}");
    server.world.clock.advance(Duration::minutes(1));

    // No form of another site, no cookie, and nothing that sets one.
    let text = nobody.request(Method::POST, LOGIN).header(header::CONTENT_TYPE, "text/plain");
    let text = text.body(ask("amina@lakeside.example", PASSWORD).to_string()).send().await.unwrap();
    assert_eq!(text.status(), 400);
    let with = nobody.request(Method::POST, LOGIN).header(header::CONTENT_TYPE, "application/json");
    let with = with.header(header::COOKIE, "nexus=x").body(ask("amina@lakeside.example", PASSWORD).to_string());
    assert_eq!(with.send().await.unwrap().status(), 403);
    let good = nobody.request(Method::POST, LOGIN).header(header::CONTENT_TYPE, "application/json");
    let good = good.body(ask("amina@lakeside.example", PASSWORD).to_string()).send().await.unwrap();
    assert!(good.status() == 200 && !good.headers().contains_key(header::SET_COOKIE));
    assert_eq!(good.headers()[header::CACHE_CONTROL], "no-store");

    let phone = crate::factor::set_up(&server, &amina, "").await;
    let (status, body) = nobody.post(LOGIN, &ask("amina@lakeside.example", PASSWORD)).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("code_required")));
    let mut with_code = ask("amina@lakeside.example", PASSWORD);
    with_code["code"] = json!("000000");
    assert_eq!(nobody.post(LOGIN, &with_code).await.0, 400, "a wrong code");
    server.world.clock.advance(Duration::seconds(60));
    with_code["code"] = json!(phone.code(&server));
    let (status, body) = nobody.post(LOGIN, &with_code).await;
    assert_eq!(status, 200, "{body}");
    let access = pair(&server, &body).access;
    assert_eq!(access.status(LEADS).await, 200);

    // A stolen token is not enough for what wants a confirmation, five minutes after its person signed in.
    let rename = json!({ "label": "Helper" });
    assert_eq!(access.operation("people.create_role", &rename).await.0, 200);
    server.world.clock.advance(Duration::seconds(301));
    let (status, body) = access.operation("people.create_role", &json!({ "label": "Another" })).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (403, Some("confirmation_required")));
    server.end().await;
}
