//! Tokens that fit and tokens that do not, signed by keys made for the test.

use super::*;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use serde_json::json;

const NOW: i64 = 1_795_000_000;

enum Pen {
    Curve(EcdsaKeyPair, &'static str, usize),
    Ed(Ed25519KeyPair),
}

impl Pen {
    fn new(alg: &str) -> Self {
        let random = SystemRandom::new();
        let (way, width, crv) = match alg {
            "ES256" => (&ECDSA_P256_SHA256_FIXED_SIGNING, 32, "P-256"),
            "ES384" => (&ECDSA_P384_SHA384_FIXED_SIGNING, 48, "P-384"),
            _ => {
                let key = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                return Self::Ed(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap());
            }
        };
        let key = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
        Self::Curve(EcdsaKeyPair::from_pkcs8(way, key.as_ref(), &random).unwrap(), crv, width)
    }

    fn public(&self) -> Vec<u8> {
        match self {
            Self::Curve(pair, ..) => pair.public_key().as_ref().to_vec(),
            Self::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    fn jwk(&self, id: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = self.public();
        match self {
            Self::Curve(_, crv, width) => {
                let (x, y) = public[1..].split_at(*width);
                json!({ "kty": "EC", "crv": crv, "kid": id, "use": "sig", "x": text(x), "y": text(y) })
            }
            Self::Ed(_) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": text(&public) }),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Curve(pair, ..) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.sign(message.as_bytes())))
    }
}

fn message(header: &Value, claims: &Value) -> String {
    [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}

fn keys(set: &[Value]) -> Vec<Key> {
    read_keys(json!({ "keys": set }).to_string().as_bytes()).unwrap()
}

fn fitting() -> Value {
    json!({
        "iss": "https://id.example", "sub": "248289761001", "aud": "nexus", "exp": NOW + 300, "iat": NOW, "nonce": "n-0S6", "auth_time": NOW - 20,
        "amr": ["pwd", "mfa"], "email": " Amina@acme.example ", "email_verified": true, "name": "Amina"
    })
}

fn check(token: &str, keys: &[Key]) -> Result<Told, Fault> {
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    verify(token, keys, &Wanted { issuer: "https://id.example", client: "nexus", nonce: "n-0S6", now })
}

#[test]
fn a_token_that_fits_is_read() {
    for alg in ["ES256", "ES384", "EdDSA"] {
        let pen = Pen::new(alg);
        let set = keys(&[pen.jwk("now")]);
        let told = check(&pen.token(&json!({ "alg": alg, "kid": "now", "typ": "JWT" }), &fitting()), &set).unwrap();
        assert_eq!((told.subject.as_str(), told.email.as_deref()), ("248289761001", Some("Amina@acme.example")));
        assert_eq!((told.verified, told.strong, told.name.as_deref()), (true, true, Some("Amina")));
        assert_eq!(told.proved_at.map(|at| at.timestamp()), Some(NOW - 20));
        // Without a name, any of the keys may be meant.
        assert!(check(&pen.token(&json!({ "alg": alg }), &fitting()), &set).is_ok(), "{alg}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let pen = Pen::new("ES256");
    let set = keys(&[pen.jwk("now")]);
    let with = |name: &str, value: Value| {
        let mut claims = fitting();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        check(&pen.token(&json!({ "alg": "ES256", "kid": "now" }), &claims), &set)
    };
    for (name, value, fault) in [
        ("iss", json!("https://id.example/"), Fault::Issuer),
        ("iss", json!("https://evil.example"), Fault::Issuer),
        ("iss", Value::Null, Fault::Form),
        ("aud", json!("another"), Fault::Audience),
        ("aud", json!([]), Fault::Audience),
        ("aud", json!(["nexus", "another"]), Fault::Audience),
        ("azp", json!("another"), Fault::Audience),
        ("exp", json!(NOW - 60), Fault::Expired),
        ("exp", json!("never"), Fault::Form),
        ("exp", json!(-1e300), Fault::Form),
        ("exp", Value::Null, Fault::Form),
        ("iat", json!(NOW + 61), Fault::Future),
        ("iat", Value::Null, Fault::Form),
        ("nbf", json!(NOW + 61), Fault::Future),
        ("nonce", json!("another"), Fault::Nonce),
        ("nonce", Value::Null, Fault::Nonce),
        ("sub", json!(""), Fault::Form),
        ("sub", json!("x".repeat(256)), Fault::Form),
        ("sub", json!("a\0b"), Fault::Form),
        ("sub", json!(7), Fault::Form),
    ] {
        assert_eq!(with(name, value.clone()), Err(fault), "{name} {value}");
    }
    for (name, value) in [
        ("aud", json!(["nexus"])),
        ("azp", json!("nexus")),
        ("exp", json!(NOW - 59)),
        ("exp", json!(NOW as f64 + 0.5)),
        ("iat", json!(NOW + 60)),
        ("nbf", json!(NOW)),
    ] {
        assert!(with(name, value.clone()).is_ok(), "{name} {value}");
    }
    // What is said of the person may be odd, and then counts as not said.
    for (value, verified) in
        [(json!("true"), true), (json!("True"), false), (json!(1), false), (json!(false), false), (Value::Null, false)]
    {
        assert_eq!(with("email_verified", value.clone()).unwrap().verified, verified, "{value}");
    }
    assert_eq!(with("email", json!(["a@acme.example"])).unwrap().email, None);
    for amr in [json!("mfa"), json!(["pwd"]), json!({ "mfa": true }), Value::Null] {
        assert!(!with("amr", amr.clone()).unwrap().strong, "{amr}");
    }
}

#[test]
fn only_a_signature_by_a_published_key_counts() {
    let (pen, thief, other) = (Pen::new("ES256"), Pen::new("ES256"), Pen::new("ES384"));
    let set = keys(&[pen.jwk("now"), other.jwk("other")]);
    let (header, claims) = (json!({ "alg": "ES256", "kid": "now" }), fitting());
    let whole = pen.token(&header, &claims);
    assert!(check(&whole, &set).is_ok());
    let cut = |token: &str| token.rsplit_once('.').unwrap().0.to_owned();

    // Nothing, and what a public key would be the secret of.
    for alg in ["none", "None", "", "HS256", "HS512", "RS1", "ES256K"] {
        let header = json!({ "alg": alg, "kid": "now" });
        let message = message(&header, &claims);
        for secret in [pen.public(), pen.jwk("now").to_string().into_bytes()] {
            let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(code.as_ref()));
            assert_eq!(check(&token, &set), Err(Fault::Algorithm), "{alg}");
        }
        assert_eq!(check(&format!("{message}."), &set), Err(Fault::Algorithm), "{alg}");
    }
    assert_eq!(check(&format!("{}.", cut(&whole)), &set), Err(Fault::Signature));
    assert_eq!(check(&cut(&whole), &set), Err(Fault::Form));

    // Another's signature, under a name that is known, unknown or missing, and with its key beside it.
    assert_eq!(check(&thief.token(&header, &claims), &set), Err(Fault::Signature));
    let theirs =
        json!({ "alg": "ES256", "kid": "theirs", "jwk": thief.jwk("theirs"), "jku": "https://evil.example/keys" });
    assert_eq!(check(&thief.token(&theirs, &claims), &set), Err(Fault::UnknownKey));
    let beside = json!({ "alg": "ES256", "kid": "now", "jwk": thief.jwk("now") });
    assert_eq!(check(&thief.token(&beside, &claims), &set), Err(Fault::Signature));
    assert_eq!(check(&thief.token(&json!({ "alg": "ES256" }), &claims), &set), Err(Fault::UnknownKey));

    // The right key, said to be used in another way, or for another kind of token.
    for (alg, kid) in [("ES384", "now"), ("ES256", "other"), ("RS256", "now"), ("EdDSA", "now")] {
        assert_eq!(
            check(&pen.token(&json!({ "alg": alg, "kid": kid }), &claims), &set),
            Err(Fault::Signature),
            "{alg}"
        );
    }
    for more in [json!({ "crit": ["exp"] }), json!({ "typ": "at+jwt" }), json!({ "typ": "logout+jwt" })] {
        let mut header = header.clone();
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(check(&pen.token(&header, &claims), &set), Err(Fault::Form), "{more}");
    }

    // A letter changed anywhere.
    for at in 0..whole.len() {
        let mut bent = whole.clone().into_bytes();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        let bent = String::from_utf8(bent).unwrap();
        assert!(bent == whole || check(&bent, &set).is_err(), "{at}");
    }
    for odd in ["", ".", "..", "...", "a.b.c", &format!("{whole}.x"), &format!("{whole}="), &format!(" {whole}")] {
        assert!(check(odd, &set).is_err(), "{odd}");
    }
}

#[test]
fn a_set_gives_the_keys_that_can_check_a_signature() {
    let pen = Pen::new("ES256");
    let mut for_another_use = pen.jwk("sealing");
    for_another_use["use"] = json!("enc");
    let mut for_another_way = pen.jwk("other way");
    for_another_way["alg"] = json!("ES384");
    let mut short = pen.jwk("short");
    short["x"] = json!("AAAA");
    let odd = [
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "symmetric" }),
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "curve", "x": "AA", "y": "AA" }),
        json!({ "kty": "RSA", "kid": "empty", "n": "", "e": "AQAB" }),
        json!("nothing"),
        short,
        for_another_use,
    ];
    assert!(keys(&odd).is_empty());
    assert!(read_keys(b"[]").is_none() && read_keys(b"<html>").is_none());
    let set = keys(&[for_another_way, pen.jwk("now")]);
    assert_eq!(set.len(), 2);
    assert!(check(&pen.token(&json!({ "alg": "ES256", "kid": "now" }), &fitting()), &set).is_ok());
    let refused = check(&pen.token(&json!({ "alg": "ES256", "kid": "other way" }), &fitting()), &set);
    assert_eq!(refused, Err(Fault::Signature), "a key says how it is used");
}
