//! Sessions over HTTP: cookies, rotation, signing out while requests are under way, and roles that change between two requests.

use crate::support::Server;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use testkit::PASSWORD;

#[tokio::test]
async fn the_cookie_is_shielded_and_new_at_every_sign_in() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let user = server.world.user("Amina", "amina@lakeside.example").await;
    server.world.join(&tenant, user, &["USER"], None).await;
    let client = server.client();
    // An id that the server never gave out is not adopted.
    client.set_cookie("nexus", "AAAAAAAAAAAAAAAAAAAAAA");
    let answer = client.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", PASSWORD)]).await;
    let lines: Vec<&str> =
        answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).collect();
    let session = lines.iter().find(|line| line.starts_with("nexus=")).expect("a session cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(part), "{session}");
    }
    assert!(!session.contains("Domain=") && session.len() <= 4096);
    let first = client.cookie("nexus").unwrap();
    assert_ne!(first, "AAAAAAAAAAAAAAAAAAAAAA");
    client.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", PASSWORD)]).await;
    let second = client.cookie("nexus").unwrap();
    assert_ne!(first, second, "signing in again makes a new id");
    let old = server.client();
    old.set_cookie("nexus", &first);
    assert_eq!(old.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::UNAUTHORIZED, "the id before is dead");
    server.end().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_answer_alike() {
    let server = Server::new().await;
    server.world.user("Amina", "amina@lakeside.example").await;
    let client = server.client();
    let mut bodies = Vec::new();
    for login in ["amina@lakeside.example", "nobody@lakeside.example"] {
        let answer = client.form("/sign-in", &[("login", login), ("password", "not the password")]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let body = answer.text().await.unwrap();
        assert!(body.contains(login), "what was typed stays");
        assert!(!body.contains("not the password"), "the password does not");
        bodies.push(steady(&body.replace(login, "LOGIN")));
    }
    assert_eq!(bodies[0], bodies[1]);
    server.end().await;
}

/// Without what differs from request to request: nonces, ids and the moment.
fn steady(page: &str) -> String {
    let mut out = String::new();
    for word in page.split(['"', '\'', '<', '>', ' ', '=']) {
        let differs =
            word.len() >= 16 && word.chars().any(|c| c.is_ascii_digit()) || word.contains("T") && word.ends_with('Z');
        if !differs {
            out.push_str(word);
            out.push(' ');
        }
    }
    out
}

/// The stock store would save a session that was ended meanwhile, and so revive it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_wins_against_requests_under_way() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let user = server.world.user("Amina", "amina@lakeside.example").await;
    server.world.join(&tenant, user, &["USER"], None).await;
    let mut alive = 0;
    for _ in 0..200 {
        // Sessions are begun directly: 200 password hashes would test patience.
        let client = server.client();
        let cookie = begin(&server, user).await;
        client.set_cookie("nexus", &cookie);
        let running: Vec<_> = (0..4)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.get("/w/lakeside/api/v1/leads").await.status() })
            })
            .collect();
        let out = client.form("/sign-out", &[]).await;
        assert_eq!(out.status(), StatusCode::SEE_OTHER);
        for request in running {
            let _ = request.await.unwrap();
        }
        let old = server.client();
        old.set_cookie("nexus", &cookie);
        alive += u32::from(old.get("/w/lakeside/api/v1/leads").await.status() != StatusCode::UNAUTHORIZED);
    }
    assert_eq!(alive, 0, "sessions came back to life");
    server.end().await;
}

async fn begin(server: &Server, user: domain::UserId) -> String {
    let users = server.world.services().auth.users.clone();
    let session = tower_sessions::Session::new(None, std::sync::Arc::new(users.clone()), None);
    users.begin(&session, user.0, None, Some("test")).await.unwrap();
    session.id().unwrap().to_string()
}

#[tokio::test]
async fn a_change_of_roles_holds_on_the_next_request() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let owner = server.world.owner().await;
    for round in 0..200 {
        let roles = if round % 2 == 0 { vec!["VIEWER"] } else { vec!["USER"] };
        sqlx::query("update members set roles = $1 where tenant_id = $2 and id = $3")
            .bind(&roles)
            .bind(tenant.id.0)
            .bind(caller.access.member.0)
            .execute(&owner)
            .await
            .unwrap();
        let (status, _) =
            amina.write(Method::POST, "/w/lakeside/api/v1/leads", &json!({ "name": format!("Lead {round}") })).await;
        let wanted = if round % 2 == 0 { StatusCode::FORBIDDEN } else { StatusCode::CREATED };
        assert_eq!(status, wanted, "round {round}");
    }
    owner.close().await;
    server.end().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["VIEWER"]).await;
    let phone = server.client();
    phone.set_cookie("nexus", &begin(&server, caller.access.user.unwrap()).await);
    assert_eq!(phone.get("/w/lakeside/api/v1/leads").await.status(), 200);
    let (_, list) = amina.write(Method::POST, "/w/lakeside/api/v1/operations/people.list_sessions", &json!({})).await;
    let sessions = list["data"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["current"] == json!(false)).unwrap();
    let (status, _) = amina
        .write(Method::POST, "/w/lakeside/api/v1/operations/people.end_session", &json!({ "id": other["id"] }))
        .await;
    assert_eq!(status, 200);
    assert_eq!(phone.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(amina.get("/w/lakeside/api/v1/leads").await.status(), 200);
    server.end().await;
}

#[tokio::test]
async fn the_two_realms_share_nothing() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    assert_eq!(amina.get("/admin").await.status(), StatusCode::NOT_FOUND, "to an owner the platform is not there");
    let services = server.world.services();
    let hash = services.auth.passwords().hash(PASSWORD, services.random.as_ref()).await.unwrap();
    let pool = &services.pools.platform;
    platform::auth::create_staff(
        pool,
        services.clock.as_ref(),
        services.random.as_ref(),
        "Admin",
        "admin@nexus.example",
        "SUPPORT",
        &hash,
    )
    .await
    .unwrap();
    let staff = server.client();
    let answer = staff.form("/admin/sign-in", &[("login", "admin@nexus.example"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let (status, page) = staff.page("/admin").await;
    assert_eq!(status, 200);
    assert!(page.contains("lakeside"));
    assert_eq!(
        staff.get("/w/lakeside/api/v1/leads").await.status(),
        StatusCode::UNAUTHORIZED,
        "staff is nobody to a workspace"
    );
    let crossed = server.client();
    crossed.set_cookie("nexus", &staff.cookie("nexus-staff").unwrap());
    assert_eq!(
        crossed.get("/w/lakeside/api/v1/leads").await.status(),
        StatusCode::UNAUTHORIZED,
        "a cookie of one realm opens nothing in the other"
    );
    server.end().await;
}
