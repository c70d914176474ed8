//! Sessions over HTTP: cookies, rotation, signing out while requests are under way, and roles that change between two requests.

use crate::support::{Server, steady, wanted};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use testkit::PASSWORD;
use uuid::Uuid;

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
    let cleared = answer.headers().get("clear-site-data").and_then(|value| value.to_str().ok());
    assert_eq!(cleared, Some("\"storage\""), "what somebody before kept in this browser is gone");
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
        // As typed in its field, and as carried by the link to a forgotten password.
        let body = body.replace(login, "LOGIN").replace(&login.replace('@', "%40"), "LOGIN");
        bodies.push(steady(&body));
    }
    assert_eq!(bodies[0], bodies[1]);
    server.end().await;
}

/// C-05. The stock store would save a session that was ended meanwhile, and so revive it. Eight requests that write are under way each time;
/// the full count is `NEXUS_SIGN_OUTS=1000`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_wins_against_requests_under_way() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let amina = server.world.member(&tenant, "Amina", &["USER"]).await;
    let user = amina.access.user.unwrap();
    let trials = wanted("NEXUS_SIGN_OUTS", 100);
    let (mut alive, mut written) = (0, 0);
    for trial in 0..trials {
        let client = server.client();
        let cookie = server.session(user).await;
        client.set_cookie("nexus", &cookie);
        let running: Vec<_> = (0..8)
            .map(|_| {
                let client = client.clone();
                // Writes until it is refused: some are under way whenever the sign-out comes.
                tokio::spawn(async move {
                    for written in 0.. {
                        let lead = json!({ "name": "Raced" });
                        match client.write(Method::POST, "/w/lakeside/api/v1/leads", &lead).await.0 {
                            StatusCode::CREATED if written < 500 => {}
                            StatusCode::UNAUTHORIZED => return written,
                            status => panic!("{status} after {written}"),
                        }
                    }
                    0
                })
            })
            .collect();
        tokio::time::sleep(std::time::Duration::from_millis(trial as u64 * 7 % 23)).await;
        // A browser of its own: answers to the others must not bring the cookie back.
        let leaving = server.client();
        leaving.set_cookie("nexus", &cookie);
        let out = leaving.form("/sign-out", &[]).await;
        assert_eq!(out.status(), StatusCode::SEE_OTHER);
        for request in running {
            written += request.await.unwrap();
        }
        let old = server.client();
        old.set_cookie("nexus", &cookie);
        alive += u32::from(old.get("/w/lakeside/api/v1/leads").await.status() != StatusCode::UNAUTHORIZED);
    }
    println!("bar=C-05 trials={trials} written={written} alive={alive} pass={}", u8::from(alive == 0));
    assert_eq!(alive, 0, "sessions came back to life");
    assert!(written > trials, "only {written} were written: nothing raced");
    server.end().await;
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
    phone.set_cookie("nexus", &server.session(caller.access.user.unwrap()).await);
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

/// C-06. What a process keeps of memberships is as good as new: whatever changes them, by whichever statement, holds on the very next request.
#[tokio::test]
async fn what_is_kept_of_a_membership_ends_with_whatever_changes_it() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    server.world.tenant("harbour", "core").await;
    let (olive, _) = server.entered(&tenant, "Olive", &["OWNER"]).await;
    let (amina, caller) = server.entered(&tenant, "Amina", &["USER"]).await;
    let (owner, path) = (server.world.owner().await, "/w/lakeside/api/v1/leads?limit=1");
    // The first notes the workspace, the second is kept, the third is answered from it.
    for _ in 0..3 {
        assert_eq!(amina.get(path).await.status(), StatusCode::OK);
    }
    let cookie = amina.cookie("nexus").unwrap();
    let (member, user) = (caller.access.member.0, caller.access.user.unwrap().0);
    let policy = "insert into security_policies (tenant_id, second_factor, updated_at) values ((select id from tenants where slug = 'lakeside'), 'everybody', now())";
    let changes = [
        (
            "update members set roles = '{}' where id = $1",
            "update members set roles = '{USER}' where id = $1",
            member,
            403,
        ),
        (
            "update roles set grants = '{}' where key = 'USER' and $1::uuid is not null",
            "update roles set grants = (select grants from roles where key = 'OWNER' limit 1) where key = 'USER' and $1::uuid is not null",
            member,
            403,
        ),
        (
            "update members set status = 'SUSPENDED' where id = $1",
            "update members set status = 'ACTIVE' where id = $1",
            member,
            404,
        ),
        (
            "update tenants set status = 'SUSPENDED' where $1::uuid is not null and slug = 'lakeside'",
            "update tenants set status = 'ACTIVE' where $1::uuid is not null and slug = 'lakeside'",
            member,
            403,
        ),
        (
            "update tenants set slug = 'elsewhere' where $1::uuid is not null and slug = 'lakeside'",
            "update tenants set slug = 'lakeside' where $1::uuid is not null and slug = 'elsewhere'",
            member,
            404,
        ),
        (
            "update users set status = 'DISABLED' where id = $1",
            "update users set status = 'ACTIVE' where id = $1",
            user,
            401,
        ),
        (policy, "update security_policies set second_factor = 'nobody'", Uuid::nil(), 403),
    ];
    for (change, back, id, status) in changes {
        for (sql, expected) in [(change, status), (back, 200)] {
            let statement = sqlx::query(sql);
            let statement = if sql.contains("$1") { statement.bind(id) } else { statement };
            statement.execute(&owner).await.unwrap();
            for _ in 0..2 {
                // A refused browser is told to forget its session.
                amina.set_cookie("nexus", &cookie);
                assert_eq!(amina.get(path).await.status().as_u16(), expected, "{sql}");
            }
        }
    }
    // Nobody else's number moved what she holds, and another session of hers is another one.
    sqlx::query("delete from sessions where user_id = $1").bind(user).execute(&owner).await.unwrap();
    amina.set_cookie("nexus", &cookie);
    assert_eq!(amina.get(path).await.status(), StatusCode::UNAUTHORIZED, "an ended session");
    assert_eq!(olive.get(path).await.status(), StatusCode::OK);
    owner.close().await;
    server.end().await;
}
