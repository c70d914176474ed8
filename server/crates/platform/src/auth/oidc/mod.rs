//! Signing people in by an OpenID Connect provider: the authorization code flow with PKCE, state and nonce.
//!
//! - The provider is whoever runs the installation's to choose. Everything below takes it as an argument, and people are known by issuer *and*
//!   subject, so that a workspace can have one of its own some day. One that a workspace chooses must then link nobody by an address: it could
//!   vouch for anybody's.
//! - What comes back counts for the browser that began, once, within ten minutes.
//! - Whoever the provider names is found by its subject. The first time, the account of the address that the provider has verified is taken, where the
//!   address is in a domain that may come in this way; an account with a second factor is asked for it before the two are put together.
//! - Nobody gets an account by this alone; an invitation to the address makes one.
//! - The platform's staff do not sign in this way: nothing here knows their realm.

mod id_token;
mod journey;
mod people;
mod provider;
mod words;

pub use people::{Came, Entry, Person};
pub use provider::{Provider, ProviderSettings};
pub use words::unknown;

use super::sign_in::Auth;
use super::throttle::Account;
use crate::db::db_error;
use crate::secret::Secret;
use domain::{Error, Kind, Result};
use id_token::{Fault, Told, Wanted};
use journey::Journey;
use provider::Known;
use reqwest::Url;
use std::net::IpAddr;

/// Seconds that the cookie of a journey lives; what is sealed in it decides.
pub const JOURNEY_SECONDS: u32 = journey::MINUTES as u32 * 60;

const USE_UP: &str = "insert into oidc_returns (key, expires_at) values ($1, $2) on conflict do nothing";
const PURGE: &str = "\
delete from oidc_returns where key in (select key from oidc_returns where expires_at <= $1 order by expires_at limit $2 for update skip locked)";

/// A journey that begins.
pub struct Begun {
    /// Of the provider, for the browser to go to.
    pub address: String,
    /// For the browser to keep meanwhile.
    pub cookie: Secret<String>,
}

/// Who came back, and with what.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    /// Of [`Begun`].
    pub cookie: Option<&'a str>,
    pub state: &'a str,
    pub code: Option<&'a str>,
    /// What the provider says went wrong.
    pub error: Option<&'a str>,
    /// Who the provider says it is.
    pub issuer: Option<&'a str>,
    /// The address that they were sent back to, as [`Auth::begin_by_provider`] named it.
    pub back: &'a str,
    pub address: IpAddr,
    pub device: Option<&'a str>,
    pub agent: Option<&'a str>,
}

/// A journey that ends nowhere.
#[derive(Debug)]
pub struct Missed {
    pub error: Error,
    /// Where it was to lead; empty where that is not known.
    pub next: String,
    /// It was this browser's and is over: its cookie is good for nothing any more.
    pub over: bool,
}

impl Auth {
    /// Begins a journey. `back` is our own address for the return, `next` where to go on to. With `again` the provider has to ask the person once
    /// more, even if it knows them.
    pub async fn begin_by_provider(&self, provider: &Provider, back: &str, next: &str, again: bool) -> Result<Begun> {
        let known = provider.known(self.clock.now(), false).await?;
        let journey = Journey::new(self.random.as_ref(), self.clock.now(), next, again);
        let settings = &provider.settings;
        let mut address =
            Url::parse(&known.endpoints.authorization_endpoint).map_err(|_| words::misset(&settings.name))?;
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", back)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &journey.state())
            .append_pair("nonce", &journey.nonce())
            .append_pair("code_challenge", &journey.challenge())
            .append_pair("code_challenge_method", "S256");
        if again {
            address.query_pairs_mut().append_pair("prompt", "login").append_pair("max_age", "0");
        }
        let cookie = journey.seal(&self.keyring, &settings.issuer).ok_or_else(Error::internal)?;
        Ok(Begun { address: address.into(), cookie })
    }

    /// Ends a journey: who came, as far as the provider vouches for them.
    pub async fn finish_by_provider(&self, provider: &Provider, returned: Returned<'_>) -> Result<Came, Missed> {
        let settings = &provider.settings;
        let journey = returned.cookie.and_then(|cookie| Journey::open(cookie, &self.keyring, &settings.issuer));
        // An answer to another browser leaves this one's journey, if it is on one, as it is.
        let Some(journey) = journey.filter(|journey| journey.is_state(returned.state)) else {
            tracing::warn!(address = %returned.address, "somebody came back from the sign-in provider who did not leave from here");
            return Err(Missed { error: words::lost(), next: String::new(), over: false });
        };
        let came = self.came(provider, &journey, returned).await;
        came.map_err(|error| {
            // Who has to wait may come back with the same.
            let over = error.kind != Kind::RateLimited;
            Missed { error, next: journey.next, over }
        })
    }

    async fn came(&self, provider: &Provider, journey: &Journey, returned: Returned<'_>) -> Result<Came> {
        let name = &provider.settings.name;
        let now = self.clock.now();
        if journey.is_over(now) {
            return Err(words::lost());
        }
        if let Some(said) = returned.error {
            tracing::info!(error = provider::word(said), "the sign-in provider let nobody in");
            let down = matches!(said, "server_error" | "temporarily_unavailable");
            return Err(if down { words::down(name) } else { words::denied(name) });
        }
        let code = returned.code.filter(|code| !code.is_empty()).ok_or_else(words::lost)?;
        let counted =
            self.throttle.count(&self.pool, Account::new("provider", &journey.key()), returned.address, now).await?;
        match self.told(provider, journey, code, returned).await {
            Ok(told) => {
                counted.right(&self.pool).await?;
                self.entry(provider, journey, told, returned).await
            }
            Err(error) if error.kind == Kind::Unauthenticated => {
                counted.wrong(&self.pool).await?;
                Err(error)
            }
            Err(error) => {
                counted.undo(&self.pool).await?;
                Err(error)
            }
        }
    }

    /// What the provider says of whoever brings the code, held to everything that it has to fit.
    async fn told(&self, provider: &Provider, journey: &Journey, code: &str, back: Returned<'_>) -> Result<Told> {
        let settings = &provider.settings;
        let used = sqlx::query(USE_UP).bind(journey.key()).bind(journey.ends_at()).execute(&self.pool).await;
        if used.map_err(db_error)?.rows_affected() == 0 {
            return Err(words::lost());
        }
        let known = provider.known(self.clock.now(), false).await?;
        let named = match back.issuer {
            Some(issuer) => issuer == settings.issuer,
            None => !known.endpoints.authorization_response_iss_parameter_supported,
        };
        if !named {
            return Err(self.untrue(provider, back.address, Fault::Issuer));
        }
        let tokens = provider.exchange(&known, code, &journey.verifier(), back.back).await?;
        let nonce = journey.nonce();
        let verify = |known: &Known| {
            let (issuer, client) = (settings.issuer.as_str(), settings.client_id.as_str());
            let wanted = Wanted { issuer, client, nonce: &nonce, now: self.clock.now() };
            id_token::verify(tokens.id_token.expose(), &known.keys, &wanted)
        };
        let told = match verify(&known) {
            // The provider may sign with a new key since it was asked.
            Err(Fault::UnknownKey) => verify(provider.known(self.clock.now(), true).await?.as_ref()),
            told => told,
        };
        let mut told = told.map_err(|fault| self.untrue(provider, back.address, fault))?;
        if told.email.is_none()
            && let Some(person) = provider.person(&known, &tokens, &told.subject).await?
        {
            (told.email, told.verified, told.name) = person.read();
        }
        Ok(told)
    }

    fn untrue(&self, provider: &Provider, address: IpAddr, fault: Fault) -> Error {
        tracing::warn!(%address, %fault, "a token of the sign-in provider was refused");
        match fault {
            Fault::Expired | Fault::Future => words::clocks(&provider.settings.name),
            _ => words::untrue(&provider.settings.name),
        }
    }

    /// Forgets returns whose journey would be over anyhow.
    pub(super) async fn purge_returns(&self, limit: i64) -> Result<u64> {
        let purged = sqlx::query(PURGE).bind(self.clock.now()).bind(limit).execute(&self.pool).await;
        Ok(purged.map_err(db_error)?.rows_affected())
    }
}
