//! A forgotten password, and that asking tells nobody who has an account.

use super::*;
use std::time::Instant;

const NEW: &str = "a different long passphrase";

async fn ask(server: &Server, login: &str) -> String {
    server.world.clock.advance(chrono::Duration::seconds(30));
    let client = server.client();
    let evil = client
        .request(reqwest::Method::POST, "/forgot-password")
        .header(header::HOST, "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(crate::support::encoded(&[("login", login)]));
    assert_eq!(client.send(evil).await.status(), StatusCode::SEE_OTHER);
    link(server, &mail(server, "forgot", login).await)
}

/// C-18. Good once, for 30 minutes, dies with a change of the password, ends sessions, leaves no trace of the token, knows no host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_sets_a_password_once() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let login = "amina@lakeside.example";
    let path = ask(&server, login).await;
    let older = ask(&server, login).await;
    let page = server.client().get(&path).await;
    assert_eq!(page.headers()[header::REFERRER_POLICY], "strict-origin");
    assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    assert!(page.text().await.unwrap().contains(login));
    // A password that will not do does not use the link up.
    let weak = server.client().form(&path, &[("password", "amina123")]).await;
    assert_eq!(weak.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let presses: Vec<_> = (0..20)
        .map(|_| {
            let (client, path) = (server.client(), path.clone());
            tokio::spawn(async move { client.form(&path, &[("password", NEW)]).await.status() })
        })
        .collect();
    let (mut done, mut busy) = (0, 0);
    for press in presses {
        match press.await.unwrap() {
            StatusCode::SEE_OTHER => done += 1,
            StatusCode::SERVICE_UNAVAILABLE => busy += 1,
            status => assert_eq!(status, StatusCode::NOT_FOUND),
        }
    }
    assert_eq!(done, 1, "one of twenty presses");
    assert_eq!(server.client().form(&path, &[("password", NEW)]).await.status(), StatusCode::NOT_FOUND, "reused");
    assert_eq!(server.client().page(&older).await.0, StatusCode::NOT_FOUND, "bound to the password before");
    assert_eq!(amina.get("/w/lakeside/api/v1/leads").await.status(), StatusCode::UNAUTHORIZED, "sessions are ended");
    assert_eq!(sign_in(&server, login, PASSWORD).await.1, StatusCode::UNPROCESSABLE_ENTITY);
    let (again, status) = sign_in(&server, login, NEW).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(again.get("/w/lakeside/api/v1/leads").await.status(), 200);
    // Thirty minutes, to the second.
    server.world.clock.advance(chrono::Duration::hours(2));
    let late = ask(&server, login).await;
    server.world.clock.advance(chrono::Duration::seconds(1799));
    assert_eq!(server.client().page(&late).await.0, StatusCode::OK);
    server.world.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(server.client().page(&late).await.0, StatusCode::NOT_FOUND);
    mail(&server, "password_changed", login).await;
    println!("bar=C-18 presses=20 done={done} busy={busy} reuse=0 foreign_hosts=0 pass=1");
    server.end().await;
}

/// C-15. Asking for a link, signing up and inviting answer an address that has an account like one that has none: same status, bytes,
/// headers, time.
#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    server.world.user("Known", "known@else.example").await;
    for (flow, pairs) in [("invite", 400), ("forgot", 400), ("register", 400)] {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        let mut answers: Vec<String> = Vec::new();
        for round in 0..pairs {
            // Who comes first changes: what one leaves behind for the worker falls to the other.
            for side in if round % 2 == 0 { [true, false] } else { [false, true] } {
                if flow != "invite" {
                    // Mails may be asked for three times a minute.
                    server.world.clock.advance(chrono::Duration::seconds(30));
                }
                let login = match (flow, side) {
                    (_, true) => "known@else.example".to_owned(),
                    (_, false) => "nobody@else.example".to_owned(),
                };
                let client = server.client();
                let began = Instant::now();
                let answer = match flow {
                    "forgot" => client.form("/forgot-password", &[("login", &login)]).await,
                    "register" => client.form("/sign-up", &sign_up::fields(&login)).await,
                    _ => invite(&grace, &tenant, &login, "USER").await,
                };
                let status = answer.status();
                let headers = format!("{:?} {}", answer.headers().keys().collect::<Vec<_>>(), location(&answer));
                let body = answer.text().await.unwrap();
                let took = began.elapsed().as_secs_f64();
                if side {
                    known.push(took)
                } else {
                    unknown.push(took)
                };
                if round < 8 {
                    answers.push(format!("{status} {headers} {}", steady(&body)).replace("nobody@", "known@"));
                }
                assert_eq!(status, StatusCode::SEE_OTHER, "{flow} {round}: {body}");
                if flow == "invite" {
                    let owner = server.world.owner().await;
                    sqlx::query("delete from invitations").execute(&owner).await.unwrap();
                    owner.close().await;
                }
            }
        }
        let (pairs_of, auc) = (answers.chunks(2).all(|pair| pair[0] == pair[1]), auc(&known, &unknown));
        println!(
            "bar=C-15 flow={flow} n={pairs} bytes_equal={pairs_of} auc={auc:.3} pass={}",
            u8::from((0.45..=0.55).contains(&auc))
        );
        assert!(pairs_of, "{flow}: {answers:#?}");
        assert!((0.45..=0.55).contains(&auc), "{flow}: {auc}");
    }
    server.end().await;
}
