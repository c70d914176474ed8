//! A sign-in provider of our own for the tests: it describes itself, publishes keys, exchanges codes once and checks what a real one checks. A test may
//! have it do any of that wrongly.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;

pub const CLIENT: &str = "nexus at work";
/// With letters that a header needs encoded.
pub const SECRET: &str = "violet-harbour:canary/71 %+";

/// How a token is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Rsa,
    /// By a key that was made when the test began.
    Curve,
    /// By that key, under a name that nobody published.
    UnknownKey,
    /// By a key of somebody else, under the name of the right one.
    Thief,
    None,
    /// With the published key as the secret of an HMAC.
    PublicKeyAsSecret,
}

/// What the token endpoint does with a code.
#[derive(Clone, PartialEq, Eq)]
pub enum Mood {
    Well,
    Down,
    /// Does not know the client.
    UnknownClient,
    /// More bytes than anybody reads.
    Huge,
    /// A letter a second.
    Slow,
    Moved(String),
    Nonsense,
}

struct Grant {
    challenge: String,
    back: String,
    claims: Value,
}

pub struct Inner {
    pub signed: Signed,
    pub mood: Mood,
    /// The key made for the test is among the published ones.
    pub publishes_curve: bool,
    /// Members of its description that are other than they should be.
    pub described: Value,
    /// What the endpoint about the person answers.
    pub person: Value,
    /// How often what was asked for.
    pub asked: BTreeMap<&'static str, u32>,
    /// Tokens and codes that it gave out.
    pub given: Vec<String>,
    codes: BTreeMap<String, Grant>,
}

#[derive(Clone)]
pub struct Fake {
    /// Its address, as tokens have it.
    pub issuer: String,
    rsa: Arc<RsaKeyPair>,
    curve: Arc<EcdsaKeyPair>,
    thief: Arc<EcdsaKeyPair>,
    inner: Arc<Mutex<Inner>>,
}

fn curve() -> Arc<EcdsaKeyPair> {
    let (way, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let key = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
    Arc::new(EcdsaKeyPair::from_pkcs8(way, key.as_ref(), &random).unwrap())
}

fn rsa() -> Arc<RsaKeyPair> {
    let text: String = include_str!("rsa-for-tests.txt").lines().filter(|line| !line.starts_with('#')).collect();
    Arc::new(RsaKeyPair::from_der(&STANDARD.decode(text).unwrap()).unwrap())
}

fn coded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Fake {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner {
            signed: Signed::Rsa,
            mood: Mood::Well,
            publishes_curve: true,
            described: json!({}),
            person: json!({}),
            asked: BTreeMap::new(),
            given: Vec::new(),
            codes: BTreeMap::new(),
        };
        let inner = Arc::new(Mutex::new(inner));
        let fake = Self { issuer, rsa: rsa(), curve: curve(), thief: curve(), inner };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/person", get(person))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    pub fn is(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub fn asked(&self, what: &'static str) -> u32 {
        self.is().asked.get(what).copied().unwrap_or_default()
    }

    /// `host:port`.
    pub fn host(&self) -> String {
        self.issuer.trim_start_matches("http://").to_owned()
    }

    /// Somebody signed in there and was sent back with this code.
    pub fn code(&self, challenge: &str, back: &str, claims: Value) -> String {
        let mut bytes = [0; 24];
        ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut bytes).unwrap();
        let code = coded(bytes);
        let grant = Grant { challenge: challenge.to_owned(), back: back.to_owned(), claims };
        let mut inner = self.is();
        inner.given.push(code.clone());
        inner.codes.insert(code.clone(), grant);
        code
    }

    fn count(&self, what: &'static str) {
        *self.is().asked.entry(what).or_default() += 1;
    }

    fn public(&self) -> PublicKeyComponents<Vec<u8>> {
        PublicKeyComponents::from(self.rsa.public())
    }

    fn token(&self, claims: &Value) -> String {
        let signed = self.is().signed;
        let (alg, kid) = match signed {
            Signed::Rsa => ("RS256", "rsa"),
            Signed::Curve | Signed::Thief => ("ES256", "curve"),
            Signed::UnknownKey => ("ES256", "unpublished"),
            Signed::None => ("none", "rsa"),
            Signed::PublicKeyAsSecret => ("HS256", "rsa"),
        };
        let header = json!({ "alg": alg, "kid": kid, "typ": "JWT" });
        let message = format!("{}.{}", coded(header.to_string()), coded(claims.to_string()));
        let random = SystemRandom::new();
        let by = |pair: &EcdsaKeyPair| pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec();
        let signature = match signed {
            Signed::Rsa => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Signed::Curve | Signed::UnknownKey => by(&self.curve),
            Signed::Thief => by(&self.thief),
            Signed::None => Vec::new(),
            Signed::PublicKeyAsSecret => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.public().n);
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
        };
        let token = format!("{message}.{}", coded(signature));
        self.is().given.push(token.clone());
        token
    }
}

async fn description(State(fake): State<Fake>) -> Response {
    fake.count("description");
    let at = |path: &str| format!("{}{path}", fake.issuer);
    let mut described = json!({
        "issuer": fake.issuer,
        "authorization_endpoint": at("/authorize?tenant=acme"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "userinfo_endpoint": at("/person"),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    });
    described.as_object_mut().unwrap().extend(fake.is().described.as_object().unwrap().clone());
    Json(described).into_response()
}

async fn keys(State(fake): State<Fake>) -> Response {
    fake.count("keys");
    let PublicKeyComponents { n, e } = fake.public();
    // Some write a zero in front, as for a signed number.
    let n = [&[0], n.as_slice()].concat();
    let mut keys =
        vec![json!({ "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": coded(n), "e": coded(e) })];
    if fake.is().publishes_curve {
        let (x, y) = fake.curve.public_key().as_ref()[1..].split_at(32);
        keys.push(json!({ "kty": "EC", "crv": "P-256", "kid": "curve", "x": coded(x), "y": coded(y) }));
    }
    Json(json!({ "keys": keys })).into_response()
}

fn error(said: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": said }))).into_response()
}

/// The client by its header, both parts encoded as RFC 6749 has it, or by the form where the description says so.
fn is_client(headers: &HeaderMap, form: &BTreeMap<String, String>) -> bool {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let both = basic.and_then(|basic| String::from_utf8(STANDARD.decode(basic).ok()?).ok());
    let by_header = both.is_some_and(|both| {
        both.split_once(':').is_some_and(|(id, secret)| decoded(id) == CLIENT && decoded(secret) == SECRET)
    });
    let field = |name: &str| form.get(name).map(String::as_str);
    by_header || (field("client_id"), field("client_secret")) == (Some(CLIENT), Some(SECRET))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

async fn token(State(fake): State<Fake>, headers: HeaderMap, body: Bytes) -> Response {
    fake.count("token");
    let mood = fake.is().mood.clone();
    match mood {
        Mood::Well => {}
        Mood::Down => return StatusCode::BAD_GATEWAY.into_response(),
        Mood::UnknownClient => {
            return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
        }
        Mood::Huge => return vec![b' '; 4 * 1024 * 1024].into_response(),
        Mood::Slow => {
            let letters = futures::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
            });
            return Body::from_stream(letters).into_response();
        }
        Mood::Moved(to) => return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Mood::Nonsense => return "<html>We are sorry".into_response(),
    }
    let form: BTreeMap<String, String> = std::str::from_utf8(&body)
        .unwrap()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    if !is_client(&headers, &form) {
        return error("invalid_client");
    }
    // Good once.
    let Some(grant) = form.get("code").and_then(|code| fake.is().codes.remove(code)) else {
        return error("invalid_grant");
    };
    let verifier = form.get("code_verifier").map(String::as_str).unwrap_or_default();
    let proves = coded(digest(&SHA256, verifier.as_bytes())) == grant.challenge;
    if !proves
        || form.get("redirect_uri") != Some(&grant.back)
        || form.get("grant_type").map(String::as_str) != Some("authorization_code")
    {
        return error("invalid_grant");
    }
    let access = "access-violet-harbour-canary-72";
    fake.is().given.extend([verifier.to_owned(), access.to_owned()]);
    let token = fake.token(&grant.claims);
    Json(json!({ "access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": token }))
        .into_response()
}

async fn person(State(fake): State<Fake>, headers: HeaderMap) -> Response {
    fake.count("person");
    let held = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if held != Some("Bearer access-violet-harbour-canary-72") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let person = fake.is().person.clone();
    Json(person).into_response()
}
