//! The token pair of the platform's staff (R78): shapes as written, a cookie for the refresh token, and nothing shared with people.

use super::{LEADS, Program, world};
use crate::factor;
use crate::support::{Client, Server};
use chrono::Duration;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use testkit::PASSWORD;

const LOGIN: &str = "/api/admin/auth/login";
const REFRESH: &str = "/api/admin/auth/refresh";
const LOGOUT: &str = "/api/admin/auth/logout";
const VERIFY: &str = "/api/admin/auth/verify";
const COOKIE: &str = "nexus-staff_refresh";
const EMAIL: &str = "super_admin@nexus.example";

fn ask(login: &str, password: &str) -> Value {
    json!({ "email": login, "password": password })
}

async fn post(client: &Client, path: &str, body: &Value) -> Response {
    let request = client.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
    client.send(request.body(body.to_string())).await
}

/// A browser that holds the cookie, and the access token.
async fn login(server: &Server) -> (Client, Program) {
    let client = server.client();
    let answer = post(&client, LOGIN, &ask(EMAIL, PASSWORD)).await;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    (client, Program::new(server, body["accessToken"].as_str().unwrap()))
}

/// What is refused is counted by address; how often is not what is looked at.
async fn refresh(server: &Server, client: &Client) -> (StatusCode, Option<Program>) {
    server.world.clock.advance(Duration::seconds(21));
    let answer = post(client, REFRESH, &json!({})).await;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["accessToken"].as_str().map(|access| Program::new(server, access)))
}

/// R78. What is answered, where the cookie goes, and how long both last: a quarter of an hour, half an hour without the next pair, eight hours at most.
#[tokio::test]
async fn staff_have_a_pair_of_their_own() {
    let (server, _) = world().await;
    factor::staff(&server, "SUPER_ADMIN").await;
    let client = server.client();
    let answer = post(&client, LOGIN, &ask(EMAIL, PASSWORD)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let cookies: Vec<String> =
        answer.headers().get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["accessToken", "user"], "{body}");
    assert_eq!((&body["user"]["role"], &body["user"]["email"]), (&json!("SUPER_ADMIN"), &json!(EMAIL)));
    let [line] = cookies.as_slice() else { panic!("one cookie: {cookies:?}") };
    assert!(line.starts_with(&format!("{COOKIE}=nx_srt_")), "{line}");
    for part in ["; Path=/api/admin/auth;", "; HttpOnly", "; SameSite=Strict", "; Max-Age=1800"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let held = client.cookie(COOKIE).unwrap();
    assert!(!body.to_string().contains(&held), "the refresh token is in the cookie alone");

    let access = Program::new(&server, body["accessToken"].as_str().unwrap());
    let verified: Value = access.get(VERIFY).await.json().await.unwrap();
    assert_eq!(verified, json!({ "user": body["user"] }));
    server.world.clock.advance(Duration::seconds(15 * 60 - 1));
    assert_eq!(access.status(VERIFY).await, 200);
    server.world.clock.advance(Duration::seconds(1));
    assert_eq!(access.refusal(VERIFY).await, (401, "token_over".to_owned()));

    let (status, next) = refresh(&server, &client).await;
    assert_eq!(status, 200);
    assert_ne!(client.cookie(COOKIE).unwrap(), held, "another one each time");
    assert_eq!(next.unwrap().status(VERIFY).await, 200);
    server.world.clock.advance(Duration::minutes(30));
    assert_eq!(refresh(&server, &client).await.0, 401, "idle for as long as staff may be");
    assert!(client.cookie(COOKIE).is_none(), "a cookie that opens nothing is taken back");

    let (client, _) = login(&server).await;
    let mut pairs = 0;
    for _ in 0..23 {
        server.world.clock.advance(Duration::seconds(20 * 60 - 21));
        let (status, next) = refresh(&server, &client).await;
        assert_eq!(status, 200, "pair {pairs}");
        assert_eq!(next.unwrap().status(VERIFY).await, 200);
        pairs += 1;
    }
    server.world.clock.advance(Duration::minutes(20));
    assert_eq!(refresh(&server, &client).await.0, 401, "eight hours from signing in, whatever happens");

    let (client, access) = login(&server).await;
    let answer = post(&client, LOGOUT, &json!({})).await;
    assert_eq!((answer.status(), client.cookie(COOKIE)), (StatusCode::OK, None), "signed out, and the cookie is gone");
    assert_eq!(access.status(VERIFY).await, 401);
    let (_, access) = login(&server).await;
    assert_eq!(access.post(LOGOUT, &json!({})).await.0, 200);
    assert_eq!(access.status(VERIFY).await, 401, "signed out by the access token");

    let (client, access) = login(&server).await;
    let owner = server.world.owner().await;
    sqlx::query("update staff set status = 'DISABLED'").execute(&owner).await.unwrap();
    assert_eq!(access.status(VERIFY).await, 401, "a closed account");
    assert_eq!(refresh(&server, &client).await.0, 401);
    owner.close().await;
    println!("bar=C-04 staff_pairs={pairs} idle_minutes=30 hours=8 pass=1");
    server.end().await;
}

/// One that comes a second time was copied: the session ends for both who hold it.
#[tokio::test]
async fn a_used_cookie_ends_the_session() {
    let (server, _) = world().await;
    factor::staff(&server, "SUPER_ADMIN").await;
    let ((client, _), (_, other)) = (login(&server).await, login(&server).await);
    let stolen = client.cookie(COOKIE).unwrap();
    let (status, next) = refresh(&server, &client).await;
    assert_eq!(status, 200);
    let next = next.unwrap();
    assert_eq!(next.status(VERIFY).await, 200);
    let thief = server.client();
    thief.set_cookie(COOKIE, &stolen);
    assert_eq!(refresh(&server, &thief).await.0, 401, "used");
    assert_eq!(next.status(VERIFY).await, 401, "the newest access token is over too");
    assert_eq!(refresh(&server, &client).await.0, 401, "and the newest cookie");
    assert_eq!(other.status(VERIFY).await, 200, "another session is not touched");
    let kept: Vec<String> = {
        let owner = server.world.owner().await;
        let kept =
            sqlx::query_scalar("select t::text from staff_tokens t union all select s::text from staff_sessions s");
        let kept = kept.fetch_all(&owner).await.unwrap();
        owner.close().await;
        kept
    };
    assert!(!kept.is_empty() && kept.iter().all(|row| !row.contains(&stolen) && !row.contains("nx_s")));
    println!("bar=C-08 staff_refresh_reused=1 kept_in_clear=0 pass=1");
    server.end().await;
}

/// B-09. Neither name and password nor any token of one realm opens anything of the other.
#[tokio::test]
async fn the_pairs_of_the_realms_share_nothing() {
    let (server, tenant) = world().await;
    factor::staff(&server, "SUPER_ADMIN").await;
    server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let nobody = Program::new(&server, "");
    let (members, email) = ("/api/v1/auth/login", "olive@lakeside.example");
    let (status, theirs) = nobody.post(members, &ask(email, PASSWORD)).await;
    assert_eq!(status, 200, "{theirs}");
    let member = Program::new(&server, theirs["accessToken"].as_str().unwrap());
    let (client, staff) = login(&server).await;
    assert_eq!((staff.status(VERIFY).await, member.status(LEADS).await), (200, 200));

    let mut crossed = Vec::new();
    let mut tried = 0;
    let mut check = |what: &str, status: u16| {
        tried += 1;
        if !matches!(status, 401 | 404) {
            crossed.push(format!("{what}: {status}"));
        }
    };
    for path in [LEADS, "/api/v1/leads", "/api/v1/auth/me", "/w/lakeside/leads", "/api/core/leads"] {
        check(path, staff.status(path).await);
        server.world.clock.advance(Duration::seconds(21));
    }
    for path in [VERIFY, "/admin", "/admin/impersonate"] {
        check(path, member.status(path).await);
        server.world.clock.advance(Duration::seconds(21));
    }
    check("staff at the door of people", nobody.post(members, &ask(EMAIL, PASSWORD)).await.0.as_u16());
    check("people at the door of staff", nobody.post(LOGIN, &ask(email, PASSWORD)).await.0.as_u16());
    let foreign = json!({ "refreshToken": client.cookie(COOKIE).unwrap() });
    for path in ["/api/v1/auth/refresh", "/api/v1/auth/logout"] {
        server.world.clock.advance(Duration::seconds(21));
        check(path, nobody.post(path, &foreign).await.0.as_u16());
    }
    check("signing people out", member.post(LOGOUT, &json!({})).await.0.as_u16());
    let forged = server.client();
    forged.set_cookie(COOKIE, theirs["refreshToken"].as_str().unwrap());
    check("a member's token in the cookie", refresh(&server, &forged).await.0.as_u16());
    forged.set_cookie("nexus-staff", &client.cookie(COOKIE).unwrap());
    check("the cookie as a session", forged.get("/admin").await.status().as_u16());
    assert!(crossed.is_empty(), "{crossed:?}");
    assert_eq!((staff.status(VERIFY).await, member.status(LEADS).await), (200, 200), "nobody was signed out by it");
    println!("bar=B-09 tokens_tried={tried} crossed=0 pass=1");
    server.end().await;
}

/// The same answer for a wrong password and a name that nobody has, the same waits, a code where there is a second factor, and no other site.
#[tokio::test]
async fn signing_staff_in_is_as_hard_as_on_the_page() {
    let (server, _) = world().await;
    let admin = factor::staff(&server, "SUPER_ADMIN").await;
    let nobody = Program::new(&server, "");
    let mut bodies = Vec::new();
    for name in [EMAIL, "nobody@nexus.example"] {
        let (status, mut body) = nobody.post(LOGIN, &ask(name, "not the password")).await;
        assert_eq!(status, 401);
        body["requestId"] = Value::Null;
        bodies.push(body);
    }
    assert_eq!(bodies[0], bodies[1]);
    for _ in 0..2 {
        nobody.post(LOGIN, &ask(EMAIL, "not the password")).await;
    }
    let (status, body) = nobody.post(LOGIN, &ask(EMAIL, PASSWORD)).await;
    assert_eq!(status, 429, "tries are counted as those of the page: {body}");
    server.world.clock.advance(Duration::minutes(1));

    let text = nobody.request(Method::POST, LOGIN).header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(text.body(ask(EMAIL, PASSWORD).to_string()).send().await.unwrap().status(), 400);
    // The cookie goes along by itself, so who sends it has to say where from.
    let (client, _) = login(&server).await;
    for site in ["cross-site", "same-site", ""] {
        for path in [REFRESH, LOGOUT, LOGIN] {
            let request = nobody.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
            let request = request.header(header::COOKIE, format!("{COOKIE}={}", client.cookie(COOKIE).unwrap()));
            let request = if site.is_empty() { request } else { request.header("sec-fetch-site", site) };
            let status = request.body(ask(EMAIL, PASSWORD).to_string()).send().await.unwrap().status();
            assert_eq!(status, 403, "{path} from {site:?}");
        }
    }
    assert_eq!(refresh(&server, &client).await.0, 200, "and nothing was done by it");

    let phone = factor::set_up(&server, &admin, "/admin").await;
    let (status, body) = nobody.post(LOGIN, &ask(EMAIL, PASSWORD)).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("code_required")));
    let mut with_code = ask(EMAIL, PASSWORD);
    with_code["code"] = json!("000000");
    assert_eq!(nobody.post(LOGIN, &with_code).await.0, 400, "a wrong code");
    server.world.clock.advance(Duration::seconds(60));
    with_code["code"] = json!(phone.code(&server));
    let (status, body) = nobody.post(LOGIN, &with_code).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(Program::new(&server, body["accessToken"].as_str().unwrap()).status(VERIFY).await, 200);
    server.end().await;
}
