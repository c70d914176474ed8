//! A provider, a browser or somebody in between that does it wrongly: each is refused in words, and nobody is signed in.

use super::fake::{Mood, Signed};
use super::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Listens and counts who comes.
async fn canary() -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, visits) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicU32::new(0)));
    let counted = visits.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (at, visits)
}

/// Refused with this status and these words, and nothing is open.
async fn refused(server: &Server, client: &Client, answer: Response, status: u16, words: &str) {
    let (found, policy) = (answer.status().as_u16(), answer.headers()[header::REFERRER_POLICY].clone());
    let page = answer.text().await.unwrap().replace("&#39;", "'");
    assert_eq!(found, status, "{words}: {page}");
    assert!(page.contains(words), "{words} is not in {page}");
    assert!(page.contains("Sign in with Acme ID") && page.contains("name=\"password\""), "the ways to go on");
    assert_eq!(policy, "strict-origin", "the address of the page stays there");
    assert!(client.cookie("nexus").is_none() && client.cookie("nexus_half").is_none(), "{words}: nothing is open");
    assert_eq!(counts(server).await, (0, 0), "{words}");
}

/// Tokens of every wrong kind, from a provider that is otherwise right.
#[tokio::test]
async fn no_token_but_a_right_one_signs_in() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    let who = ("a-1", "amina@acme.example");
    let now = || server.world.clock.now().timestamp();
    let (untrue, clocks) = ("could not be verified", "The clocks of Acme ID and of this server differ");
    let mut tried = 0;
    for (name, value, words) in [
        ("nonce", json!("another"), untrue),
        ("nonce", Value::Null, untrue),
        ("iss", json!("https://evil.example"), untrue),
        ("aud", json!("another client"), untrue),
        ("aud", json!([CLIENT, "another client"]), untrue),
        ("azp", json!("another client"), untrue),
        ("exp", json!(now() - 3600), clocks),
        ("iat", json!(now() + 3600), clocks),
        ("sub", Value::Null, untrue),
    ] {
        server.world.clock.advance(Duration::seconds(60));
        let client = server.client();
        let came = journey(&fake, &server, &client, "", who, |claims| claims[name] = value.clone()).await;
        refused(&server, &client, came, 403, words).await;
        tried += 1;
    }
    for signed in [Signed::None, Signed::PublicKeyAsSecret, Signed::Thief, Signed::UnknownKey] {
        fake.is().signed = signed;
        server.world.clock.advance(Duration::seconds(60));
        let client = server.client();
        let came = journey(&fake, &server, &client, "", who, |_| {}).await;
        refused(&server, &client, came, 403, untrue).await;
        tried += 1;
    }
    // The same with nothing wrong.
    fake.is().signed = Signed::Rsa;
    let client = server.client();
    let came = journey(&fake, &server, &client, "", who, |_| {}).await;
    assert_eq!(came.status(), StatusCode::SEE_OTHER);
    println!("bar=C-22 tokens={tried} signed_in=0 pass=1");
    server.end().await;
}

/// What comes back counts for the browser that left, once, within ten minutes.
#[tokio::test]
async fn a_journey_is_one_browsers_and_ends_once() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    let who = ("a-1", "amina@acme.example");
    let lost = "took longer than ten minutes, was used already, or was begun in another browser";
    let code = |asked: &Asked| {
        let claims = claims(&fake, &server, asked, who.0, who.1);
        fake.code(asked.get("code_challenge"), asked.get("redirect_uri"), claims)
    };

    // Somebody's own answer, shown to another browser: one that is on no journey, and one that is on its own.
    let (thief, victim) = (server.client(), server.client());
    let theirs = begin(&thief, "").await;
    let query = format!("code={}&state={}", code(&theirs), theirs.get("state"));
    refused(&server, &victim, come_back(&victim, &query).await, 403, lost).await;
    let own = begin(&victim, "").await;
    refused(&server, &victim, come_back(&victim, &query).await, 403, lost).await;
    assert!(victim.cookie("nexus_oidc").is_some(), "the victim's own journey goes on");
    // Their code under the victim's state: its nonce and its challenge are of the other journey.
    let mixed = format!("code={}&state={}", code(&theirs), own.get("state"));
    refused(&server, &victim, come_back(&victim, &mixed).await, 403, lost).await;

    // A cookie that nobody here made, with the state that would fit it.
    let forger = server.client();
    let asked = begin(&forger, "").await;
    let bent = forger.cookie("nexus_oidc").unwrap().replace(".0.", ".1.");
    forger.set_cookie("nexus_oidc", &bent);
    let query = format!("code={}&state={}", code(&asked), asked.get("state"));
    refused(&server, &forger, come_back(&forger, &query).await, 403, lost).await;

    // Ten minutes to the second.
    let late = server.client();
    let asked = begin(&late, "").await;
    server.world.clock.advance(Duration::seconds(600));
    let query = format!("code={}&state={}", code(&asked), asked.get("state"));
    refused(&server, &late, come_back(&late, &query).await, 403, lost).await;

    // Without a code, and with one that was never given.
    for query in ["", "&code=", "&code=invented"] {
        server.world.clock.advance(Duration::seconds(60));
        let client = server.client();
        let asked = begin(&client, "").await;
        let came = come_back(&client, &format!("state={}{query}", asked.get("state"))).await;
        refused(&server, &client, came, 403, lost).await;
    }

    // The same address twice, and a code of one journey for the next.
    let twice = server.client();
    let asked = begin(&twice, "").await;
    let (cookie, used) = (twice.cookie("nexus_oidc").unwrap(), code(&asked));
    let query = format!("code={used}&state={}", asked.get("state"));
    server.world.clock.advance(Duration::seconds(300));
    assert_eq!(come_back(&twice, &query).await.status(), StatusCode::SEE_OTHER, "once");
    let before = counts(&server).await;
    let again = server.client();
    again.set_cookie("nexus_oidc", &cookie);
    assert_eq!(come_back(&again, &query).await.status(), StatusCode::FORBIDDEN);
    let next = server.client();
    let asked = begin(&next, "").await;
    let asked_before = fake.asked("token");
    assert_eq!(
        come_back(&next, &format!("code={used}&state={}", asked.get("state"))).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(fake.asked("token"), asked_before + 1, "the provider says that it was used");
    assert_eq!(counts(&server).await, before);
    assert!(again.cookie("nexus").is_none() && next.cookie("nexus").is_none());
    server.end().await;
}

/// Whoever guesses codes waits like whoever guesses passwords; whoever was right is not counted.
#[tokio::test]
async fn guessing_codes_has_an_end() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    for _ in 0..15 {
        let client = server.client();
        let came = journey(&fake, &server, &client, "", ("a-1", "amina@acme.example"), |_| {}).await;
        assert_eq!(came.status(), StatusCode::SEE_OTHER);
    }
    let mut answers = Vec::new();
    let asked_before = fake.asked("token");
    for _ in 0..12 {
        let client = server.client();
        let asked = begin(&client, "").await;
        let came = come_back(&client, &format!("state={}&code=invented", asked.get("state"))).await;
        answers.push(came.status().as_u16());
    }
    assert_eq!(answers, [[403].repeat(10), vec![429, 429]].concat());
    assert_eq!(fake.asked("token") - asked_before, 10, "the provider is not asked for who has to wait");
    server.end().await;
}

/// What the provider says went wrong, and what it does not say.
#[tokio::test]
async fn a_provider_that_does_not_answer_is_said_to_be_so() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    let who = ("a-1", "amina@acme.example");
    let (down, misset) = ("Acme ID does not answer as it should", "are not set up to work together");
    for (error, status, words) in [
        ("access_denied", 403, "Acme ID did not let you in"),
        ("login_required", 403, "Acme ID did not let you in"),
        ("<script>alert(1)</script>", 403, "Acme ID did not let you in"),
        ("temporarily_unavailable", 503, down),
        ("server_error", 503, down),
    ] {
        let client = server.client();
        let asked = begin(&client, "").await;
        let (error, state) = (app::page::encode(error), asked.get("state"));
        let came = come_back(&client, &format!("error={error}&error_description=violet&state={state}")).await;
        refused(&server, &client, came, status, words).await;
        assert!(client.cookie("nexus_oidc").is_none(), "that journey is over");
    }
    assert_eq!(fake.asked("token"), 0);
    for (mood, words) in [
        (Mood::Down, down),
        (Mood::Nonsense, down),
        (Mood::UnknownClient, misset),
        (Mood::Huge, down),
        (Mood::Slow, down),
    ] {
        fake.is().mood = mood;
        let began = tokio::time::Instant::now();
        let client = server.client();
        let came = journey(&fake, &server, &client, "", who, |_| {}).await;
        refused(&server, &client, came, 503, words).await;
        assert!(began.elapsed() < std::time::Duration::from_secs(8), "nobody waits for what never ends");
    }
    // None of that was anybody's guess.
    fake.is().mood = Mood::Well;
    let client = server.client();
    assert_eq!(journey(&fake, &server, &client, "", who, |_| {}).await.status(), StatusCode::SEE_OTHER);
    server.end().await;
}

/// E-06. Whatever the provider names as its addresses, nothing inside is asked, and no redirect is followed.
#[tokio::test]
async fn nothing_inside_is_asked_in_the_name_of_a_provider() {
    let (at, visits) = canary().await;
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    let who = ("a-1", "amina@acme.example");
    let port = at.rsplit(':').next().unwrap().to_owned();
    let mut asked = 0;
    let mut address = 1;
    for member in ["jwks_uri", "token_endpoint", "userinfo_endpoint"] {
        for inner in [
            format!("{at}/keys"),
            format!("http://localhost:{port}/keys"),
            format!("http://2130706433:{port}/keys"),
            format!("http://[::ffff:127.0.0.1]:{port}/keys"),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "http://10.0.0.1/keys".to_owned(),
            "file:///etc/passwd".to_owned(),
        ] {
            fake.is().described = json!({ member: inner });
            // An hour later everything is looked up anew.
            server.world.clock.advance(Duration::seconds(3601));
            address += 1;
            let client = crate::support::client_from(&server.base, [127, 0, 0, address].into());
            let answer =
                client.send(client.request(Method::GET, "/sign-in/oidc").header(header::ACCEPT, "text/html")).await;
            let answer = match answer.status() {
                StatusCode::SEE_OTHER => {
                    // Without an address in the token the endpoint about the person is asked.
                    journey(&fake, &server, &client, "", who, |claims| claims["email"] = Value::Null).await
                }
                _ => answer,
            };
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{member} {inner}");
            assert!(client.cookie("nexus").is_none());
            asked += 1;
        }
    }
    fake.is().described = json!({});
    server.world.clock.advance(Duration::seconds(3601));
    fake.is().mood = Mood::Moved(format!("{at}/token"));
    let client = server.client();
    let came = journey(&fake, &server, &client, "", who, |_| {}).await;
    refused(&server, &client, came, 503, "does not answer as it should").await;
    // Nor is it believed when it describes somebody else.
    fake.is().mood = Mood::Well;
    fake.is().described = json!({ "issuer": "https://evil.example" });
    server.world.clock.advance(Duration::seconds(3601));
    let client = server.client();
    let answer = client.send(client.request(Method::GET, "/sign-in/oidc").header(header::ACCEPT, "text/html")).await;
    refused(&server, &client, answer, 503, "are not set up to work together").await;
    assert_eq!(visits.load(Ordering::Relaxed), 0);
    println!("bar=E-06 part=provider asked={asked} connections=0 pass=1");
    server.end().await;
}

/// A key that is new is fetched; tokens that name keys that never were do not have the set fetched again and again. One that was withdrawn is not
/// believed for longer than an hour.
#[tokio::test]
async fn keys_are_fetched_when_they_are_new_and_not_at_anybodys_wish() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    let who = ("a-1", "amina@acme.example");
    let try_it = async || {
        let client = server.client();
        journey(&fake, &server, &client, "", who, |_| {}).await.status().as_u16()
    };
    fake.is().publishes_curve = false;
    assert_eq!((try_it().await, fake.asked("keys")), (303, 1));
    fake.is().signed = Signed::Curve;
    assert_eq!((try_it().await, fake.asked("keys")), (403, 1), "just fetched");
    fake.is().publishes_curve = true;
    server.world.clock.advance(Duration::seconds(60));
    assert_eq!((try_it().await, fake.asked("keys")), (303, 2), "a new key, once it is looked for");
    fake.is().signed = Signed::UnknownKey;
    for _ in 0..5 {
        assert_eq!((try_it().await, fake.asked("keys")), (403, 2));
    }
    server.world.clock.advance(Duration::seconds(60));
    for _ in 0..5 {
        assert_eq!((try_it().await, fake.asked("keys")), (403, 3), "once a minute");
    }
    fake.is().publishes_curve = false;
    fake.is().signed = Signed::Curve;
    server.world.clock.advance(Duration::seconds(3600));
    assert_eq!(try_it().await, 403, "withdrawn");
    server.end().await;
}

/// C-08. With the log at its most talkative: no code, state, verifier, token, cookie or secret of a journey stands in it, and no dump has one.
#[tokio::test]
async fn nothing_of_a_journey_stands_in_the_log() {
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let kept = Kept::default();
    let writer = kept.clone();
    let logs =
        tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let _ = logs.try_init();
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    let mut canaries = vec![SECRET.to_owned(), app::page::encode(SECRET)];
    for (signed, status) in [(Signed::Rsa, 303), (Signed::Thief, 403)] {
        fake.is().signed = signed;
        let client = server.client();
        let asked = begin(&client, "?next=%2Finvitations%2Fviolet-harbour-canary-73").await;
        canaries.extend(["state", "nonce"].map(|name| asked.get(name).to_owned()));
        let cookie = client.cookie("nexus_oidc").unwrap();
        canaries.extend(cookie.split('.').filter(|part| part.len() > 20).map(str::to_owned));
        let claims = claims(&fake, &server, &asked, "a-1", "amina@acme.example");
        let code = fake.code(asked.get("code_challenge"), asked.get("redirect_uri"), claims);
        let came = come_back(&client, &format!("code={code}&state={}", asked.get("state"))).await;
        assert_eq!(came.status().as_u16(), status);
    }
    canaries.extend(fake.is().given.clone());
    canaries.push("violet-harbour-canary".to_owned());
    let said = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    assert!(said.contains("/sign-in/oidc/return") && said.contains("TRACE"), "the log tells little: {}", said.len());
    let owner = server.world.owner().await;
    let mut dump = String::new();
    for sql in [
        "select coalesce(json_agg(t)::text, '') from oidc_returns t",
        "select coalesce(json_agg(t)::text, '') from user_identities t",
        "select coalesce(json_agg(t)::text, '') from sign_ins t",
        "select coalesce(json_agg(t)::text, '') from sessions t",
    ] {
        dump += &sqlx::query_scalar::<_, String>(sql).fetch_one(&owner).await.unwrap();
    }
    owner.close().await;
    assert!(dump.contains("a-1") && canaries.len() > 15, "{}", canaries.len());
    let hits: Vec<&String> =
        canaries.iter().filter(|canary| said.contains(canary.as_str()) || dump.contains(canary.as_str())).collect();
    println!("bar=C-08 part=provider canaries={} log_bytes={} hits={}", canaries.len(), said.len(), hits.len());
    assert!(hits.is_empty(), "{hits:#?}");
    server.end().await;
}
