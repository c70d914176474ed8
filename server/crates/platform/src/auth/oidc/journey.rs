//! The journey of a browser to the provider and back. Everything about it is in one cookie, sealed with a code of ours, so that a stranger who begins
//! a thousand of them leaves nothing behind here. State, nonce and the verifier of PKCE are made from its random part: whoever sees one of them in an
//! address knows none of the others, and an answer to another browser's journey fits none of this one's.

use crate::random::{Random, token, token_hash};
use crate::secret::{Keyring, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};

/// How long somebody may be away.
pub const MINUTES: i64 = 10;
/// Letters of the way on that are kept; a cookie has a limit.
const NEXT: usize = 1500;

pub struct Journey {
    begun_at: DateTime<Utc>,
    /// Who comes back has to have been asked who they are meanwhile.
    pub again: bool,
    /// Where to go on to, as it was asked for: not checked here.
    pub next: String,
    secret: Secret<String>,
}

impl Journey {
    pub fn new(random: &dyn Random, now: DateTime<Utc>, next: &str, again: bool) -> Self {
        let next = if next.len() <= NEXT { next.to_owned() } else { String::new() };
        Self { begun_at: now, again, next, secret: token(random, 32).into() }
    }

    /// For the cookie. One of another issuer does not open.
    pub fn seal(&self, keyring: &Keyring, issuer: &str) -> Option<Secret<String>> {
        let (at, again, next) =
            (self.begun_at.timestamp(), u8::from(self.again), URL_SAFE_NO_PAD.encode(self.next.as_bytes()));
        let said = format!("{}.{at}.{again}.{}.{next}", keyring.current(), self.secret.expose());
        let code = code(keyring, keyring.current(), issuer, &said)?;
        Some(format!("{said}.{code}").into())
    }

    pub fn open(cookie: &str, keyring: &Keyring, issuer: &str) -> Option<Self> {
        let (said, given) = cookie.rsplit_once('.')?;
        let [key, at, again, secret, next] = said.split('.').collect::<Vec<_>>().try_into().ok()?;
        if !same(&code(keyring, key, issuer, said)?, given) {
            return None;
        }
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(next).ok()?).ok()?;
        let begun_at = DateTime::from_timestamp(at.parse().ok()?, 0)?;
        Some(Self { begun_at, again: again == "1", next, secret: Secret::new(secret.to_owned()) })
    }

    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        now >= self.ends_at()
    }

    pub fn ends_at(&self) -> DateTime<Utc> {
        self.begun_at + Duration::minutes(MINUTES)
    }

    pub fn state(&self) -> String {
        self.derived("state")
    }

    pub fn is_state(&self, given: &str) -> bool {
        same(&self.state(), given)
    }

    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    pub fn verifier(&self) -> String {
        self.derived("verifier")
    }

    /// What is shown of the verifier at first (RFC 7636, S256).
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(token_hash(self.verifier().as_bytes()))
    }

    /// By which its one return is written down.
    pub fn key(&self) -> Vec<u8> {
        token_hash(self.derived("return").as_bytes()).to_vec()
    }

    /// Whether this moment, by the provider's clock, is since it began.
    pub fn is_since(&self, moment: DateTime<Utc>) -> bool {
        moment >= self.begun_at - Duration::minutes(1)
    }

    fn derived(&self, what: &str) -> String {
        URL_SAFE_NO_PAD.encode(token_hash(format!("{what} of {}", self.secret.expose()).as_bytes()))
    }
}

fn code(keyring: &Keyring, key: &str, issuer: &str, said: &str) -> Option<String> {
    let code = keyring.code(key, format!("sign-in provider\n{issuer}\n{said}").as_bytes())?;
    Some(URL_SAFE_NO_PAD.encode(code))
}

/// Compared by their hashes, so that the time tells nothing of what was right.
fn same(ours: &str, given: &str) -> bool {
    token_hash(ours.as_bytes()) == token_hash(given.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{SeededRandom, SystemRandom};

    const ISSUER: &str = "https://id.example";

    fn keyring(seed: u64) -> Keyring {
        Keyring::parse(Keyring::generate("k1", &SeededRandom::new(seed)).expose()).unwrap()
    }

    fn noon() -> DateTime<Utc> {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_was_sealed_opens_unchanged_for_its_issuer_alone() {
        let ring = keyring(1);
        let journey = Journey::new(&SystemRandom, noon(), "/w/lakeside/leads?view=mine&x=ä", true);
        let cookie = journey.seal(&ring, ISSUER).unwrap();
        let opened = Journey::open(cookie.expose(), &ring, ISSUER).unwrap();
        assert_eq!((opened.next.as_str(), opened.again), ("/w/lakeside/leads?view=mine&x=ä", true));
        assert_eq!((opened.state(), opened.nonce(), opened.key()), (journey.state(), journey.nonce(), journey.key()));
        assert!(Journey::open(cookie.expose(), &ring, "https://id.example/").is_none(), "another issuer");
        assert!(Journey::open(cookie.expose(), &keyring(2), ISSUER).is_none(), "another installation");
        for at in 0..cookie.expose().len() {
            let mut bent = cookie.expose().clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert!(bent == *cookie.expose() || Journey::open(&bent, &ring, ISSUER).is_none(), "{at}");
        }
        for other in ["", ".", "k1.1.0.x.", "k1.1.0.x..y", "a.b.c.d.e.f.g"] {
            assert!(Journey::open(other, &ring, ISSUER).is_none(), "{other}");
        }
    }

    #[test]
    fn ten_minutes_to_the_second_and_no_value_shows_another() {
        let journey = Journey::new(&SystemRandom, noon(), "/", false);
        assert!(!journey.is_over(noon() + Duration::seconds(599)));
        assert!(journey.is_over(noon() + Duration::seconds(600)));
        let values = [journey.state(), journey.nonce(), journey.verifier(), journey.challenge()];
        assert!(values.iter().all(|value| value.len() == 43), "256 bits each, and as long as RFC 7636 asks");
        for (at, value) in values.iter().enumerate() {
            assert!(values.iter().skip(at + 1).all(|other| other != value));
        }
        assert!(journey.is_state(&journey.state()) && !journey.is_state(&journey.nonce()) && !journey.is_state(""));
        assert!(Journey::new(&SystemRandom, noon(), &"x".repeat(2000), false).next.is_empty(), "too long for a cookie");
    }
}
