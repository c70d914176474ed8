//! The ID token: what a provider says of whoever signed in there, and how it is held to (OpenID Connect Core 3.1.3.7; RFC 7515, 7517, 7518).
//!
//! Keys come from the set that the provider publishes and from nowhere else: of what a token says about its key only the name is read, and that
//! chooses among known ones. How a signature is checked follows from the kind of the key. Nothing here can check an HMAC, and nothing takes a token
//! without a signature, so that no token can ask for either.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::{Number, Value};

/// Seconds by which the clocks may differ.
const LEEWAY: i64 = 60;
/// Keys of a set that are looked at.
const MOST_KEYS: usize = 64;
/// What a way of confirming with more than one factor is called among `amr` (RFC 8176).
const MFA: &str = "mfa";

/// A public key of the provider.
pub struct Key {
    id: Option<String>,
    /// The one way to sign that it is meant for, where it says so.
    alg: Option<String>,
    public: Public,
}

enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Curve(&'static dyn VerificationAlgorithm, &'static str, Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that can check a signature; others are left out. `None` for what is no set.
pub fn read_keys(set: &[u8]) -> Option<Vec<Key>> {
    let set: Set = serde_json::from_slice(set).ok()?;
    Some(set.keys.into_iter().take(MOST_KEYS).filter_map(read_key).collect())
}

fn read_key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Public::Rsa { n: number(&jwk.n?)?, e: number(&jwk.e?)? },
        ("EC", Some("P-256")) => Public::Curve(&ECDSA_P256_SHA256_FIXED, "ES256", point(&jwk.x?, &jwk.y?, 32)?),
        ("EC", Some("P-384")) => Public::Curve(&ECDSA_P384_SHA384_FIXED, "ES384", point(&jwk.x?, &jwk.y?, 48)?),
        ("OKP", Some("Ed25519")) => Public::Curve(&ED25519, "EdDSA", bytes(&jwk.x?).filter(|x| x.len() == 32)?),
        _ => return None,
    };
    Some(Key { id: jwk.kid, alg: jwk.alg, public })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Big-endian, without the zeros in front that some write.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[first..].to_vec())
}

fn point(x: &str, y: &str, width: usize) -> Option<Vec<u8>> {
    let (x, y) = (bytes(x)?, bytes(y)?);
    (x.len() == width && y.len() == width).then(|| [&[4], x.as_slice(), &y].concat())
}

impl Key {
    /// Whether it may check what says to be signed in this way. The list of ways is this one.
    fn is_for(&self, alg: &str) -> bool {
        let kind = match &self.public {
            Public::Rsa { .. } => matches!(alg, "RS256" | "PS256"),
            Public::Curve(_, own, _) => alg == *own,
        };
        kind && self.alg.as_deref().is_none_or(|own| own == alg)
    }

    fn signed(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        let checked = match &self.public {
            Public::Rsa { n, e } => {
                let way = if alg == "PS256" { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
                RsaPublicKeyComponents { n, e }.verify(way, message, signature)
            }
            Public::Curve(way, _, point) => UnparsedPublicKey::new(*way, point).verify(message, signature),
        };
        checked.is_ok()
    }
}

/// What a token has to fit.
pub struct Wanted<'a> {
    pub issuer: &'a str,
    pub client: &'a str,
    pub nonce: &'a str,
    pub now: DateTime<Utc>,
}

/// Why a token is not taken. For the log; whoever signs in hears less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is no signed token of the usual form")]
    Form,
    #[error("it is signed in a way that is not taken")]
    Algorithm,
    #[error("no published key is the one that it names")]
    UnknownKey,
    #[error("its signature does not hold")]
    Signature,
    #[error("it is from another issuer")]
    Issuer,
    #[error("it is for another client")]
    Audience,
    #[error("it has expired, or the clocks differ")]
    Expired,
    #[error("it is from the future, so the clocks differ")]
    Future,
    #[error("it answers another sign-in")]
    Nonce,
}

/// What a token that holds says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub subject: String,
    pub email: Option<String>,
    pub verified: bool,
    pub name: Option<String>,
    /// When the person last proved there who they are, where the provider says so.
    pub proved_at: Option<DateTime<Utc>>,
    /// By more than one factor.
    pub strong: bool,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: Number,
    iat: Number,
    nbf: Option<Number>,
    nonce: Option<String>,
    auth_time: Option<Number>,
    #[serde(default)]
    amr: Value,
    #[serde(flatten)]
    person: Person,
}

/// What is said of the person, here or at the endpoint for it.
#[derive(Deserialize)]
pub struct Person {
    #[serde(default)]
    email: Value,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    name: Value,
}

impl Person {
    /// Address, whether the provider vouches for it, and name.
    pub fn read(&self) -> (Option<String>, bool, Option<String>) {
        let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        // Some write the word in place of the value.
        let verified = self.email_verified == Value::Bool(true) || self.email_verified.as_str() == Some("true");
        (text(&self.email), verified, text(&self.name))
    }
}

/// Reads a token and holds it to what is wanted, signature first: nothing that it says is looked at before.
pub fn verify(token: &str, keys: &[Key], wanted: &Wanted<'_>) -> Result<Told, Fault> {
    let (message, signature) = token.rsplit_once('.').ok_or(Fault::Form)?;
    let (header, payload) = message.split_once('.').ok_or(Fault::Form)?;
    let header: Header = part(header)?;
    let signature = bytes(signature).ok_or(Fault::Form)?;
    // A token of another kind is signed with the same keys; one that demands what is not understood may not be taken.
    if header.crit.is_some() || header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(Fault::Form);
    }
    if !matches!(header.alg.as_str(), "RS256" | "PS256" | "ES256" | "ES384" | "EdDSA") {
        return Err(Fault::Algorithm);
    }
    let named = |key: &&Key| header.kid.is_none() || key.id == header.kid;
    if !keys.iter().any(|key| named(&key)) {
        return Err(Fault::UnknownKey);
    }
    let mut fitting = keys.iter().filter(named).filter(|key| key.is_for(&header.alg));
    if !fitting.any(|key| key.signed(&header.alg, message.as_bytes(), &signature)) {
        // Without a name it may be by a key that was published since.
        return Err(if header.kid.is_some() { Fault::Signature } else { Fault::UnknownKey });
    }
    claims(part(payload)?, wanted)
}

fn part<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, Fault> {
    bytes(part).and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(Fault::Form)
}

fn claims(claims: Claims, wanted: &Wanted<'_>) -> Result<Told, Fault> {
    let now = wanted.now.timestamp();
    let moment = |number: &Number| seconds(number).ok_or(Fault::Form);
    if claims.iss != wanted.issuer {
        return Err(Fault::Issuer);
    }
    // One that is for several says which of them asked.
    let (ours, several) = match &claims.aud {
        Audience::One(one) => (one == wanted.client, false),
        Audience::Many(many) => (many.iter().any(|one| one == wanted.client), many.len() > 1),
    };
    let asked = claims.azp.as_deref().map_or(!several, |azp| azp == wanted.client);
    if !ours || !asked {
        return Err(Fault::Audience);
    }
    if moment(&claims.exp)? <= now - LEEWAY {
        return Err(Fault::Expired);
    }
    let early = claims.nbf.as_ref().map(moment).transpose()?.is_some_and(|begins| begins > now + LEEWAY);
    if early || moment(&claims.iat)? > now + LEEWAY {
        return Err(Fault::Future);
    }
    if claims.nonce.as_deref() != Some(wanted.nonce) {
        return Err(Fault::Nonce);
    }
    if claims.sub.is_empty() || claims.sub.chars().count() > 255 || claims.sub.contains('\0') {
        return Err(Fault::Form);
    }
    let proved_at = claims.auth_time.as_ref().map(moment).transpose()?;
    let strong = claims.amr.as_array().is_some_and(|ways| ways.iter().any(|way| way.as_str() == Some(MFA)));
    let (email, verified, name) = claims.person.read();
    let proved_at = proved_at.and_then(|at| DateTime::from_timestamp(at, 0));
    Ok(Told { subject: claims.sub, email, verified, name, proved_at, strong })
}

/// Seconds since 1970; a fraction is cut.
fn seconds(number: &Number) -> Option<i64> {
    let float = || number.as_f64().filter(|float| float.abs() < 1e11).map(|float| float as i64);
    number.as_i64().or_else(float)
}

#[cfg(test)]
mod tests;
