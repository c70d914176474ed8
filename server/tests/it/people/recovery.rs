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
    let pool = server.world.owner().await;
    let told = "select count(*) from changes where operation = 'people.reset_password' and entity = 'member'";
    assert_eq!(
        sqlx::query_scalar::<_, i64>(told).fetch_one(&pool).await.unwrap(),
        1,
        "the workspace's log tells of it"
    );
    pool.close().await;
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

/// All the wrong tries of a day; one of them is made.
async fn guessed_at(server: &Server, login: &str) {
    assert_eq!(sign_in(server, login, "not the password").await.1, StatusCode::UNPROCESSABLE_ENTITY);
    let others = sqlx::query("update sign_in_attempts set failures = 100");
    others.execute(&server.world.services().pools.platform).await.unwrap();
}

/// C-14. Whoever guesses closes an account to browsers that nobody knows. The page says that a new password is the way in, alike for an address that
/// nobody has; the browser that set one gets in whatever others go on trying.
#[tokio::test]
async fn a_new_password_is_the_way_in_when_others_guess() {
    let server = Server::new().await;
    let login = "amina@lakeside.example";
    server.world.user("Amina", login).await;
    let mut refusals = Vec::new();
    for login in [login, "nobody@lakeside.example"] {
        guessed_at(&server, login).await;
        server.world.clock.advance(chrono::Duration::seconds(30));
        let answer = server.client().form("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{body}");
        assert!(body.contains("or reset your password by e-mail or phone to sign in now"), "{body}");
        refusals.push(steady(&body.replace(login, "LOGIN").replace(&login.replace('@', "%40"), "LOGIN")));
    }
    assert_eq!(refusals[0], refusals[1], "a refusal tells who has an account");

    let path = ask(&server, login).await;
    let own = server.client();
    assert_eq!(own.form(&path, &[("password", NEW)]).await.status(), StatusCode::SEE_OTHER);
    let known = own.cookie("nexus_device").expect("the browser is known");
    assert_eq!(sign_in(&server, login, NEW).await.1, StatusCode::SEE_OTHER, "what was counted is forgotten");
    guessed_at(&server, login).await;
    assert_eq!(sign_in(&server, login, NEW).await.1, StatusCode::TOO_MANY_REQUESTS);
    let entered = own.form("/sign-in", &[("login", login), ("password", NEW)]).await;
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    assert_ne!(own.cookie("nexus_device").unwrap(), known, "and no longer by its new password alone");
    server.end().await;
}

/// Pairs that a measurement of time asks; the bar's thousand takes many minutes (`NEXUS_PAIRS=1000`).
fn pairs() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a measurement may be told how long to go on")]
    let wanted = std::env::var("NEXUS_PAIRS").ok().and_then(|pairs| pairs.parse().ok());
    wanted.unwrap_or(100)
}

/// Asks for an address that has an account and for one that has none, in turns. Answers and headers must be equal byte for byte, and their
/// times must not tell one from the other: AUC within 0.05 of a half, or within three deviations of what so few pairs can say.
#[expect(clippy::print_stdout, reason = "the figures of a measurement")]
async fn told_apart(
    server: &Server,
    flow: &str,
    client: &Client,
    path: &str,
    fields: &dyn Fn(&str) -> Vec<(String, String)>,
) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut answers: Vec<String> = Vec::new();
    for round in 0..pairs() {
        // Who comes first changes: what one leaves behind for the worker falls to the other.
        for side in if round % 2 == 0 { [true, false] } else { [false, true] } {
            let login = if side { "known@else.example" } else { "nobody@else.example" };
            let fields = fields(login);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            #[expect(clippy::disallowed_methods, reason = "a measurement")]
            let began = Instant::now();
            let answer = client.form(path, &fields).await;
            let status = answer.status();
            let headers = format!("{:?} {}", answer.headers().keys().collect::<Vec<_>>(), location(&answer));
            let body = answer.text().await.unwrap();
            let took = began.elapsed().as_secs_f64();
            if side {
                known.push(took);
            } else {
                unknown.push(took);
            }
            assert_eq!(status, StatusCode::SEE_OTHER, "{flow} {round}: {body}");
            answers.push(format!("{status} {headers} {}", steady(&body)).replace("nobody@", "known@"));
            let owner = &server.world.services().pools.platform;
            sqlx::query("update sign_in_attempts set blocked_until = last_at").execute(owner).await.unwrap();
        }
        if flow == "invite" {
            let owner = server.world.owner().await;
            sqlx::query("delete from invitations").execute(&owner).await.unwrap();
            owner.close().await;
        }
    }
    let (equal, auc) = (answers.iter().all(|answer| *answer == answers[0]), auc(&known, &unknown));
    let band = f64::max(0.05, 3.0 * (1.0 / (6.0 * pairs() as f64)).sqrt());
    let pass = equal && (auc - 0.5).abs() <= band;
    println!(
        "bar=C-15 flow={flow} n={} bytes_equal={equal} auc={auc:.3} band={band:.3} pass={}",
        pairs(),
        u8::from(pass)
    );
    assert!(pass, "{flow}: {auc} {:?}", answers.iter().find(|answer| **answer != answers[0]));
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// C-15, forgotten password.
#[tokio::test]
async fn measure_forgot_tells_nobody_who_has_an_account() {
    let server = Server::new().await;
    server.world.user("Known", "known@else.example").await;
    let client = server.client();
    told_apart(&server, "forgot", &client, "/forgot-password", &|login| owned(&[("login", login)])).await;
    server.end().await;
}

/// C-15, signing up.
#[tokio::test]
async fn measure_sign_up_tells_nobody_who_has_an_account() {
    let server = Server::new().await;
    server.world.user("Known", "known@else.example").await;
    let client = server.client();
    told_apart(&server, "register", &client, "/sign-up", &|login| owned(&sign_up::fields(login))).await;
    server.end().await;
}

/// C-15, inviting: whoever may invite learns who is a member, which they see in the list, and no more.
#[tokio::test]
async fn measure_inviting_tells_nobody_who_has_an_account() {
    let server = Server::new().await;
    server.world.user("Known", "known@else.example").await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let fields =
        |login: &str| owned(&[("login", login), ("roles.USER", "true"), ("_page", "/w/lakeside/settings/people")]);
    told_apart(&server, "invite", &grace, "/w/lakeside/do/people.invite", &fields).await;
    server.end().await;
}
