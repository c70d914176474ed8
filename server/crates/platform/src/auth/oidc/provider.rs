//! The provider over HTTP: where its endpoints are, which keys it signs with, and exchanging a code. Everything goes out by the egress client, under
//! the same checks as the address of a webhook: what a provider names as its endpoint is no more trusted than that.

use super::id_token::{Key, Person, read_keys};
use super::words;
use crate::egress::{Egress, EgressConfig, EgressError, Incoming, Outgoing};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use domain::{Error, Result};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How long endpoints and keys are kept: a key that the provider withdraws is believed no longer than this.
const KEPT: Duration = Duration::hours(1);
/// A token that names an unknown key has the keys fetched anew, at most this often: anybody can send such a one.
const BETWEEN_REFRESHES: Duration = Duration::minutes(1);
/// After a provider did not answer, who comes next is told so without waiting for it once more.
const AFTER_FAILURE: Duration = Duration::seconds(5);
/// Bytes of an answer.
const MOST: usize = 256 * 1024;

/// Whom people sign in with, as whoever runs the installation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSettings {
    /// As the sign-in page calls it.
    pub name: String,
    /// Its address, letter by letter as its tokens have it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret<String>,
    /// Domains of e-mail addresses, small letters. Nobody else comes in this way.
    pub domains: Vec<String>,
    /// It asks for a second factor itself where it says so.
    pub trust_mfa: bool,
    /// Inner hosts as `host:port` that may be asked for this and for nothing else.
    pub inner: Vec<String>,
    /// For each question to it.
    pub patience: std::time::Duration,
}

/// A provider, with what it was found to be. One for a process.
pub struct Provider {
    pub settings: ProviderSettings,
    egress: Egress,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    known: Option<Arc<Known>>,
    fetched_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
}

pub(super) struct Known {
    pub endpoints: Endpoints,
    pub keys: Vec<Key>,
}

/// As it describes itself (OpenID Connect Discovery 1.0).
#[derive(Deserialize)]
pub(super) struct Endpoints {
    issuer: String,
    pub authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// It names itself when it sends people back (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Answer {
    id_token: String,
    access_token: Option<String>,
}

/// What a code was exchanged for.
pub(super) struct Tokens {
    pub id_token: Secret<String>,
    access_token: Option<Secret<String>>,
}

impl Provider {
    /// Asks nobody yet.
    pub fn new(settings: ProviderSettings) -> Result<Self> {
        let config = EgressConfig {
            allow: settings.inner.clone(),
            connect_timeout: settings.patience,
            timeout: settings.patience,
            max_body: MOST,
        };
        let egress = Egress::new(config).map_err(|error| {
            tracing::error!(%error, "the client for the sign-in provider could not be made");
            Error::internal()
        })?;
        Ok(Self { settings, egress, memory: Mutex::default() })
    }

    /// Endpoints and keys, fetched where they are not known or too old. `unknown_key` asks for newer ones. Whoever comes meanwhile waits for the one
    /// answer.
    pub(super) async fn known(&self, now: DateTime<Utc>, unknown_key: bool) -> Result<Arc<Known>> {
        let mut memory = self.memory.lock().await;
        let within = |at: Option<DateTime<Utc>>, time| at.is_some_and(|at| now - at < time);
        let age = if unknown_key { BETWEEN_REFRESHES } else { KEPT };
        if let Some(known) = memory.known.clone().filter(|_| within(memory.fetched_at, age)) {
            return Ok(known);
        }
        if within(memory.failed_at, AFTER_FAILURE) {
            return Err(words::down(&self.settings.name));
        }
        match self.fetch().await {
            Ok(known) => {
                let known = Arc::new(known);
                *memory = Memory { known: Some(known.clone()), fetched_at: Some(now), failed_at: None };
                Ok(known)
            }
            Err(error) => {
                memory.failed_at = Some(now);
                Err(error)
            }
        }
    }

    async fn fetch(&self) -> Result<Known> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let endpoints: Endpoints = self.read("description", self.get(address, None).await)?;
        // Whoever answers for another provider could have its tokens taken for this one's.
        if endpoints.issuer != *issuer {
            tracing::error!(issuer, "the sign-in provider describes another issuer than OIDC_ISSUER");
            return Err(words::misset(&self.settings.name));
        }
        let all = [&endpoints.authorization_endpoint, &endpoints.token_endpoint, &endpoints.jwks_uri];
        if let Some(wrong) = all.into_iter().chain(&endpoints.userinfo_endpoint).find(|url| !self.may_be(url)) {
            tracing::error!(address = wrong, "the sign-in provider names an address that is not taken");
            return Err(words::misset(&self.settings.name));
        }
        let set = self.answered("keys", self.get(endpoints.jwks_uri.clone(), None).await)?;
        let Some(keys) = read_keys(&set.body) else { return Err(self.senseless("keys")) };
        Ok(Known { endpoints, keys })
    }

    /// Encrypted, where the issuer is.
    fn may_be(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| {
            let plain = url.scheme() == "http" && self.settings.issuer.starts_with("http://");
            (url.scheme() == "https" || plain) && url.fragment().is_none()
        })
    }

    /// Exchanges the code that somebody brought. *Unauthenticated* where the provider does not take it.
    pub(super) async fn exchange(&self, known: &Known, code: &str, verifier: &str, back: &str) -> Result<Tokens> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
        ];
        let mut request = Outgoing::new(Method::POST, &known.endpoints.token_endpoint);
        let (id, secret) = (self.settings.client_id.as_str(), self.settings.client_secret.expose().as_str());
        let ways = &known.endpoints.token_endpoint_auth_methods_supported;
        // What is not said means the header (Discovery 1.0, section 3).
        let basic = ways.is_empty() || ways.iter().any(|way| way == "client_secret_basic");
        if basic {
            let both = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
            let mut value = HeaderValue::from_str(&format!("Basic {both}")).map_err(|_| Error::internal())?;
            value.set_sensitive(true);
            request.headers.insert(AUTHORIZATION, value);
        } else {
            form.extend([("client_id", id), ("client_secret", secret)]);
        }
        let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.body = pairs.join("&").into_bytes();
        let answer = self.egress.send(request).await;
        if let Ok(Incoming { status: 400 | 401, body, .. }) = &answer {
            return Err(self.refused(body));
        }
        let Answer { id_token, access_token } = self.read("tokens", answer)?;
        Ok(Tokens { id_token: id_token.into(), access_token: access_token.map(Secret::new) })
    }

    /// What the provider says of the person at its endpoint for that, where its token does not say it.
    pub(super) async fn person(&self, known: &Known, tokens: &Tokens, subject: &str) -> Result<Option<Person>> {
        #[derive(Deserialize)]
        struct Info {
            sub: String,
            #[serde(flatten)]
            person: Person,
        }
        let (Some(address), Some(access)) = (&known.endpoints.userinfo_endpoint, &tokens.access_token) else {
            return Ok(None);
        };
        let info: Info = self.read("person", self.get(address.clone(), Some(access)).await)?;
        // An answer about somebody else must not be taken for one about this person (Core 5.3.2).
        Ok((info.sub == subject).then_some(info.person))
    }

    async fn get(&self, address: String, access: Option<&Secret<String>>) -> Result<Incoming, EgressError> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        if let Some(access) = access {
            let value = HeaderValue::from_str(&format!("Bearer {}", access.expose()));
            let mut value = value.map_err(|_| EgressError::Unreachable)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        self.egress.send(Outgoing { headers, ..Outgoing::new(Method::GET, address) }).await
    }

    /// An answer that is one: a redirect is none, since nothing here follows it.
    fn answered(&self, what: &str, answer: Result<Incoming, EgressError>) -> Result<Incoming> {
        match answer {
            Ok(answer) if answer.status == 200 => Ok(answer),
            Ok(answer) => {
                tracing::warn!(what, status = answer.status, "the sign-in provider did not answer as it should");
                Err(words::down(&self.settings.name))
            }
            Err(error) => {
                tracing::warn!(what, %error, "the sign-in provider could not be asked");
                Err(words::down(&self.settings.name))
            }
        }
    }

    fn read<T: DeserializeOwned>(&self, what: &str, answer: Result<Incoming, EgressError>) -> Result<T> {
        let answer = self.answered(what, answer)?;
        // What is wrong with it is not repeated: it may hold tokens.
        serde_json::from_slice(&answer.body).map_err(|_| self.senseless(what))
    }

    fn senseless(&self, what: &str) -> Error {
        tracing::warn!(what, "the sign-in provider's answer makes no sense");
        words::down(&self.settings.name)
    }

    /// The token endpoint said no: to the code, which is the person's, or to the client, which is ours.
    fn refused(&self, body: &[u8]) -> Error {
        #[derive(Deserialize)]
        struct Refused {
            error: String,
        }
        let said = serde_json::from_slice::<Refused>(body).map(|refused| refused.error).unwrap_or_default();
        if said == "invalid_grant" {
            tracing::warn!("the sign-in provider does not take this code (any more)");
            return words::lost();
        }
        tracing::error!(error = %word(&said), "the sign-in provider refuses this client; see OIDC_CLIENT_ID and OIDC_CLIENT_SECRET");
        words::misset(&self.settings.name)
    }
}

/// What another server calls an error, as it may stand in a log line.
pub(super) fn word(said: &str) -> String {
    said.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').take(40).collect()
}

/// For a form, and for both parts of the header (RFC 6749, 2.3.1).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
