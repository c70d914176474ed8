//! Signing in by an OpenID Connect provider, over HTTP, against a provider that the tests play. Only in a build with the feature `oidc`
//! (CONTRIBUTING.md has the command).

mod fake;
mod people;
mod refusals;

use crate::people::mail;
use crate::support::{Client, Server};
use chrono::Duration;
use fake::{CLIENT, Fake, SECRET};
use nexus_server::{net, start};
use platform::auth::oidc::{Provider, ProviderSettings};
use platform::clock::Clock;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{PASSWORD, TestTenant, TestWorld};

const LEADS: &str = "/w/lakeside/api/v1/leads";
const NAME: &str = "Acme ID";

pub fn settings(fake: &Fake) -> ProviderSettings {
    ProviderSettings {
        name: NAME.to_owned(),
        issuer: fake.issuer.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned().into(),
        domains: vec!["acme.example".to_owned(), "lakeside.example".to_owned()],
        trust_mfa: false,
        inner: vec![fake.host()],
        patience: std::time::Duration::from_secs(2),
    }
}

async fn server_with(settings: ProviderSettings) -> Server {
    let world = TestWorld::new(|registry| {
        *registry = start::registry();
        registry.hook(Provider::new(settings).unwrap());
    });
    Server::over(world.await, net::Limits::default()).await
}

/// A provider, a server that knows it, a workspace.
async fn world() -> (Fake, Server, TestTenant) {
    let fake = Fake::start().await;
    let server = server_with(settings(&fake)).await;
    let tenant = server.world.tenant("lakeside", "core").await;
    (fake, server, tenant)
}

/// What a browser was sent to the provider with.
struct Asked(BTreeMap<String, String>);

impl Asked {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

fn location(answer: &Response) -> String {
    answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Presses the button of the sign-in page.
async fn begin(client: &Client, query: &str) -> Asked {
    let answer = client.get(&format!("/sign-in/oidc{query}")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let address = Url::parse(&location(&answer)).unwrap();
    assert_eq!(address.path(), "/authorize");
    Asked(address.query_pairs().into_owned().collect())
}

/// Claims of somebody who signed in at the provider just now.
fn claims(fake: &Fake, server: &Server, asked: &Asked, subject: &str, email: &str) -> Value {
    let now = server.world.clock.now().timestamp();
    json!({
        "iss": fake.issuer, "sub": subject, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked.get("nonce"),
        "email": email, "email_verified": true, "name": "Amina of Acme"
    })
}

/// Comes back from the provider, as a browser does: by a GET that the other site began.
async fn come_back(client: &Client, query: &str) -> Response {
    from_site(client, &format!("/sign-in/oidc/return?{query}"), "cross-site").await
}

/// A page that another site leads to. The header takes the place of the client's own.
async fn from_site(client: &Client, path: &str, site: &'static str) -> Response {
    let site = HeaderMap::from_iter([(HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static(site))]);
    let request = client.request(Method::GET, path).headers(site).header(header::ACCEPT, "text/html");
    client.send(request).await
}

/// The whole journey, with the claims that `change` leaves.
async fn journey(
    fake: &Fake,
    server: &Server,
    client: &Client,
    query: &str,
    who: (&str, &str),
    change: impl FnOnce(&mut Value),
) -> Response {
    let asked = begin(client, query).await;
    let mut claims = claims(fake, server, &asked, who.0, who.1);
    change(&mut claims);
    let code = fake.code(asked.get("code_challenge"), asked.get("redirect_uri"), claims);
    come_back(client, &format!("code={code}&state={}", asked.get("state"))).await
}

/// Sessions, and people who are put together with somebody of the provider.
async fn counts(server: &Server) -> (i64, i64) {
    let owner = server.world.owner().await;
    let count = sqlx::query_as("select (select count(*) from sessions), (select count(*) from user_identities)");
    let count = count.fetch_one(&owner).await.unwrap();
    owner.close().await;
    count
}

/// Waits until the trail of a workspace has so many sign-ins whose entry says this; it is told a moment later.
async fn told(server: &Server, wanted: i64, outcome: &str, says: &Value) {
    let owner = server.world.owner().await;
    let mut count = 0;
    for _ in 0..300 {
        count = sqlx::query_scalar(
            "select count(*) from changes where operation = 'people.sign_in' and outcome = $1 and after @> $2::jsonb",
        )
        .bind(outcome)
        .bind(says)
        .fetch_one(&owner)
        .await
        .unwrap();
        if count == wanted {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    owner.close().await;
    assert_eq!(count, wanted, "{outcome} {says}");
}

/// The way that everything else is measured against: there, back, in; and the second time by the subject.
#[tokio::test]
async fn people_come_in_by_the_provider_and_are_known_by_their_subject() {
    let (fake, server, tenant) = world().await;
    let user = server.world.user("Amina", "amina@acme.example").await;
    server.world.join(&tenant, user, &["OWNER"], None).await;
    let amina = server.client();
    let (_, page) = amina.page("/sign-in?next=%2Fw%2Flakeside%2Fleads").await;
    assert!(page.contains("Sign in with Acme ID"), "{page}");
    assert!(page.contains("href=\"/sign-in/oidc?next=%2Fw%2Flakeside%2Fleads\""), "a link, without scripts");

    // What a browser takes along, and what it is asked to keep.
    let answer = amina.get("/sign-in/oidc?next=%2Fw%2Flakeside%2Fleads").await;
    let kept = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(
        kept.starts_with("nexus_oidc=") && kept.contains("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
        "{kept}"
    );
    let address = location(&answer);
    assert!(address.starts_with(&format!("{}/authorize?tenant=acme&response_type=code&", fake.issuer)), "{address}");
    let asked = Asked(Url::parse(&address).unwrap().query_pairs().into_owned().collect());
    let back = format!("{}/sign-in/oidc/return", server.base);
    for (name, value) in [
        ("client_id", CLIENT),
        ("redirect_uri", &back),
        ("scope", "openid email profile"),
        ("code_challenge_method", "S256"),
        ("prompt", ""),
    ] {
        assert_eq!(asked.get(name), value, "{name}");
    }
    let unlike = [asked.get("state"), asked.get("nonce"), asked.get("code_challenge")];
    assert!(
        unlike.iter().all(|value| value.len() == 43 && !kept.contains(value)),
        "none is the cookie's, or another's"
    );

    let planted = "AAAAAAAAAAAAAAAAAAAAAA";
    amina.set_cookie("nexus", planted);
    let code =
        fake.code(asked.get("code_challenge"), &back, claims(&fake, &server, &asked, "a-1", "amina@acme.example"));
    let came = come_back(&amina, &format!("code={code}&state={}", asked.get("state"))).await;
    assert_eq!((came.status(), location(&came)), (StatusCode::SEE_OTHER, "/w/lakeside/leads".to_owned()));
    assert!(came.headers().contains_key("clear-site-data"), "as at any sign-in");
    assert_eq!(amina.get(LEADS).await.status(), StatusCode::OK);
    assert_ne!(amina.cookie("nexus").as_deref(), Some(planted), "an id of its own");
    assert!(amina.cookie("nexus_oidc").is_none() && amina.cookie("nexus_device").is_some());
    assert_eq!(counts(&server).await, (1, 1));
    told(&server, 1, "done", &json!({ "provider": fake.issuer, "firstTime": true })).await;
    let letter = mail(&server, "provider_linked", "amina@acme.example").await;
    assert!(letter.contains("Acme ID"), "{letter}");

    // By the subject: the address there is another one by now, and by letter case and keys it does not matter.
    fake.is().signed = fake::Signed::Curve;
    let other = server.client();
    let came = journey(&fake, &server, &other, "", ("a-1", "Amina.M@lakeside.example"), |_| {}).await;
    assert_eq!((came.status(), location(&came)), (StatusCode::SEE_OTHER, "/".to_owned()));
    assert_eq!(other.get(LEADS).await.status(), StatusCode::OK);
    assert_eq!(counts(&server).await, (2, 1));
    told(&server, 1, "done", &json!({ "provider": fake.issuer, "firstTime": false })).await;
    assert_eq!(fake.asked("description"), 1, "what the provider says of itself is kept");
    assert_eq!(fake.asked("keys"), 1);

    // A password goes on opening the account, and signs in by itself as before.
    let third = server.client();
    let entered = third.form("/sign-in", &[("login", "amina@acme.example"), ("password", PASSWORD)]).await;
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    server.end().await;
}

/// The way back to what somebody wanted never leads to another site.
#[tokio::test]
async fn the_way_on_stays_here() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    for foreign in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let client = server.client();
        let query = format!("?next={}", app::page::encode(foreign));
        let came = journey(&fake, &server, &client, &query, ("a-1", "amina@acme.example"), |_| {}).await;
        assert_eq!((came.status(), location(&came)), (StatusCode::SEE_OTHER, "/".to_owned()), "{foreign}");
    }
    // Another site may not begin it, and what is too long for a cookie is left out.
    for site in ["cross-site", "same-site"] {
        let client = server.client();
        let answer = from_site(&client, "/sign-in/oidc?next=%2Fworkspaces", site).await;
        assert_eq!(location(&answer), "/sign-in?next=%2Fworkspaces", "{site}");
        assert!(client.cookie("nexus_oidc").is_none());
    }
    let client = server.client();
    let long = format!("?next=%2F{}", "x".repeat(3000));
    let came = journey(&fake, &server, &client, &long, ("a-1", "amina@acme.example"), |_| {}).await;
    assert_eq!(location(&came), "/");
    server.end().await;
}

/// Without a provider there is nothing of it.
#[tokio::test]
async fn nobody_set_up_is_nobody_there() {
    let server = Server::new().await;
    let client = server.client();
    for path in ["/sign-in/oidc", "/sign-in/oidc/return?code=x&state=y"] {
        assert_eq!(client.page(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (_, page) = client.page("/sign-in").await;
    assert!(!page.contains("oidc") && !page.contains("auth-or"));
    server.end().await;
}

/// A provider that takes the client's secret in the form, and names itself on the way back.
#[tokio::test]
async fn providers_differ() {
    let (fake, server, _) = world().await;
    server.world.user("Amina", "amina@acme.example").await;
    fake.is().described = json!({
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "authorization_response_iss_parameter_supported": true,
    });
    for (issuer, wanted) in [
        (Some(fake.issuer.clone()), StatusCode::SEE_OTHER),
        (Some("https://evil.example".to_owned()), StatusCode::FORBIDDEN),
        (None, StatusCode::FORBIDDEN),
    ] {
        server.world.clock.advance(Duration::seconds(60));
        let client = server.client();
        let asked = begin(&client, "").await;
        let claims = claims(&fake, &server, &asked, "a-1", "amina@acme.example");
        let code = fake.code(asked.get("code_challenge"), asked.get("redirect_uri"), claims);
        let named = issuer.as_deref().map(|issuer| format!("&iss={}", app::page::encode(issuer))).unwrap_or_default();
        let came = come_back(&client, &format!("code={code}&state={}{named}", asked.get("state"))).await;
        assert_eq!(came.status(), wanted, "{issuer:?}");
        assert_eq!(client.cookie("nexus").is_some(), wanted == StatusCode::SEE_OTHER);
    }
    server.end().await;
}
