//! What ends sessions: limits, administrators, and what they stand on.

use super::{LEADS, location, opens, operation, set_up, world};
use crate::support::Server;
use chrono::Duration;
use domain::UserId;
use domain::people::SetRoles;
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use testkit::PASSWORD;

/// C-04. A workspace may tighten both limits, exact to the second.
#[tokio::test]
async fn a_workspace_tightens_the_limits_of_sessions() {
    let (server, tenant) = world().await;
    let (owner, _) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let policy = json!({ "secondFactor": "nobody", "idleMinutes": 15, "absoluteMinutes": 60, "supportAccess": true });
    assert_eq!(operation(&owner, "people.save_security", &policy).await.0, StatusCode::OK);
    let (clock, sign_in) = (&server.world.clock, [("login", "amina@lakeside.example"), ("password", PASSWORD)]);
    let mut exact = 0;
    for (wait, status) in [(15 * 60 - 1, 200), (15 * 60 + 1, 401)] {
        amina.form("/sign-in", &sign_in).await;
        clock.advance(Duration::seconds(wait));
        assert_eq!(amina.get(LEADS).await.status(), status, "idle for {wait} s");
        exact += 1;
    }
    // Activity never carries a session past its end.
    amina.form("/sign-in", &sign_in).await;
    for _ in 0..5 {
        clock.advance(Duration::minutes(10));
        assert_eq!(amina.get(LEADS).await.status(), 200);
    }
    clock.advance(Duration::seconds(10 * 60 - 1));
    assert_eq!(amina.get(LEADS).await.status(), 200, "absolute - 1 s");
    clock.advance(Duration::seconds(2));
    assert_eq!(amina.get(LEADS).await.status(), 401, "absolute + 1 s");
    let page = amina.send(amina.request(Method::GET, "/w/lakeside/leads").header(header::ACCEPT, "text/html")).await;
    assert!(location(&page).starts_with("/sign-in?next="), "a page leads to the sign-in");
    println!("bar=C-04 exact={}/4 pass=1", exact + 2);
    server.end().await;
}

/// C-06. Five sessions end with the account, with the password and with a role.
#[tokio::test]
async fn sessions_end_with_what_they_stand_on() {
    let (server, tenant) = world().await;
    let (amina, caller) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let user = caller.access.user.unwrap();
    let grace = server.world.member(&tenant, "Grace", &["OWNER"]).await;
    let owner = server.world.owner().await;
    let mut ended = Vec::new();
    for cause in ["disabled", "password", "role", "second factor"] {
        let mut cookies = Vec::new();
        for _ in 0..5 {
            cookies.push(begin(&server, user).await);
            assert_eq!(opens(&server, &cookies[cookies.len() - 1]).await, StatusCode::OK);
        }
        match cause {
            "disabled" => {
                sqlx::query("update users set status = 'DISABLED' where id = $1")
                    .bind(user.0)
                    .execute(&owner)
                    .await
                    .unwrap();
            }
            "password" => server.world.services().auth.set_password(user, PASSWORD, &[], None).await.unwrap(),
            "role" => {
                let set = SetRoles { member: caller.access.member.0, roles: vec!["VIEWER".to_owned()] };
                server.world.run(&grace, set).await.unwrap();
            }
            _ => {
                amina.form("/sign-in", &[("login", "amina@lakeside.example"), ("password", PASSWORD)]).await;
                set_up(&server, &amina, "").await;
                assert_eq!(amina.get(LEADS).await.status(), 200, "who set it up stays");
            }
        }
        let mut dead = 0;
        for cookie in &cookies {
            dead += u32::from(opens(&server, cookie).await == StatusCode::UNAUTHORIZED);
        }
        assert_eq!(dead, 5, "{cause}");
        ended.push(format!("{cause} {dead}/5"));
        sqlx::query("update users set status = 'ACTIVE'").execute(&owner).await.unwrap();
    }
    println!("bar=C-06 {} pass=1", ended.join(", "));
    owner.close().await;
    server.end().await;
}

async fn begin(server: &Server, user: UserId) -> String {
    let users = server.world.services().auth.users.clone();
    let session = tower_sessions::Session::new(None, std::sync::Arc::new(users.clone()), None);
    users
        .begin(&session, user.0, "198.51.100.7".parse().ok(), Some("Mozilla/5.0 (X11; Linux) Firefox/140.0"))
        .await
        .unwrap();
    session.id().unwrap().to_string()
}

/// C-07. Lists with device and address; ends after a confirmation; an administrator sees what was in the workspace and no more.
#[tokio::test]
async fn sessions_of_a_member_are_listed_and_ended() {
    let (server, tenant) = world().await;
    let (admin, _) = server.signed_in(&tenant, "Ada", &["ADMIN"]).await;
    let (owner, owner_caller) = server.signed_in(&tenant, "Olive", &["OWNER"]).await;
    let (viewer, _) = server.signed_in(&tenant, "Vera", &["MANAGER"]).await;
    let (_, amina) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let user = amina.access.user.unwrap();
    let (here, elsewhere) = (begin(&server, user).await, begin(&server, user).await);
    assert_eq!(opens(&server, &here).await, 200);
    let member = json!({ "member": amina.access.member.0 });
    let (status, list) = operation(&admin, "people.list_member_sessions", &member).await;
    assert_eq!(status, 200, "{list}");
    let sessions = list["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 1, "the one that was in this workspace");
    assert_eq!(sessions[0]["address"], json!("198.51.100.7"));
    assert!(sessions[0]["agent"].as_str().unwrap().contains("Firefox"));
    let page = admin.page(&format!("/w/lakeside/settings/people/{}/sessions", amina.access.member.0)).await;
    assert!(page.0 == 200 && page.1.contains("Firefox on Linux") && page.1.contains("198.51.100.7"));
    assert_eq!(operation(&viewer, "people.list_member_sessions", &member).await.0, 403, "a manager may not");
    let above = json!({ "member": owner_caller.access.member.0 });
    assert_eq!(operation(&admin, "people.end_member_sessions", &above).await.0, 403, "who stands above");
    assert_eq!(owner.get(LEADS).await.status(), 200);
    let foreign = json!({ "member": "0199a000-0000-7000-8000-000000000000" });
    assert_eq!(operation(&admin, "people.list_member_sessions", &foreign).await.0, 404);
    assert_eq!(operation(&admin, "people.end_member_sessions", &member).await.1["data"], json!(1));
    assert_eq!(opens(&server, &here).await, 401);
    assert_eq!(opens(&server, &elsewhere).await, 200, "what was never here goes on");
    server.end().await;
}

/// C-09. Thirty-two requests at once on one session, and nothing is lost, the session included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_requests_on_a_session_lose_nothing() {
    let (server, tenant) = world().await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let writes: Vec<_> = (0..32)
        .map(|n| {
            let amina = amina.clone();
            tokio::spawn(
                async move { amina.write(Method::POST, LEADS, &json!({ "name": format!("Lead {n}") })).await.0 },
            )
        })
        .collect();
    let mut kept = 0;
    for write in writes {
        kept += u32::from(write.await.unwrap() == StatusCode::CREATED);
    }
    assert_eq!(kept, 32);
    assert_eq!(amina.get(LEADS).await.status(), 200);
    println!("bar=C-09 kept={kept}/32 pass=1");
    server.end().await;
}

/// C-21. Nothing that somebody signed in may see stays in a cache, and signing out clears what is left.
#[tokio::test]
async fn nothing_stays_behind_in_the_browser() {
    let (server, tenant) = world().await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let mut seen = 0;
    for route in server.routes().iter().filter(|route| !route.mutates) {
        let path = route
            .path
            .replace("{workspace}", "lakeside")
            .replace("{entity}", "leads")
            .replace("{id}", "0199a000-0000-7000-8000-000000000000");
        let answer = amina.send(amina.request(Method::GET, &path).header(header::ACCEPT, "text/html")).await;
        let held =
            answer.headers().get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(held.contains("no-store"), "{path}: {held}");
        seen += 1;
    }
    let out = amina.form("/sign-out", &[]).await;
    assert!(out.headers()["clear-site-data"].to_str().unwrap().contains("\"cache\""));
    println!("bar=C-21 routes={seen}/{seen} clear_site_data=1 pass=1");
    server.end().await;
}
