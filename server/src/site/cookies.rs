//! The small cookies that are not the session: look, and the words that a write leaves for the next page.

use axum::http::{HeaderMap, HeaderValue, header};
use std::borrow::Cow;

pub const LOOK: &str = "nexus_look";
pub const FLASH: &str = "nexus_flash";
pub const LANGUAGE: &str = "nexus_language";

/// The name under which a cookie travels. Over https browsers hold `__Host-` to Secure, Path=/ and this very host, so that no site beside this
/// one, and nobody on a line without TLS, can put one of ours there.
fn named(name: &str, secure: bool) -> Cow<'_, str> {
    if secure && !name.starts_with("__") { format!("__Host-{name}").into() } else { name.into() }
}

pub fn read<'a>(headers: &'a HeaderMap, name: &str, secure: bool) -> Option<&'a str> {
    let name = named(name, secure);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name.as_ref())
        .map(|(_, value)| value)
}

/// A cookie of ours. `seconds` of zero removes it.
pub fn set(name: &str, value: &str, seconds: u32, secure: bool) -> Option<HeaderValue> {
    let name = named(name, secure);
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// One that goes to the paths below one path alone, and with no request that another site began. `__Host-` demands the whole host, so over https
/// its name says Secure and no more; without a Domain it stays on this host all the same.
pub fn set_below(path: &str, name: &str, value: &str, seconds: i64, secure: bool) -> Option<HeaderValue> {
    let name = below(name, secure);
    let secure = if secure { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&line).ok()
}

/// The name under which [`set_below`] lets it travel.
pub fn below(name: &str, secure: bool) -> Cow<'_, str> {
    if secure { format!("__Secure-{name}").into() } else { name.into() }
}

/// Flash words travel percent-encoded and cut short: they come from a form of ours, but a cookie is the visitor's to write.
pub fn flash(words: &str, secure: bool) -> Option<HeaderValue> {
    flash_with(words, None, secure)
}

/// With the request that the page offers to take back.
pub fn flash_with(words: &str, undo: Option<uuid::Uuid>, secure: bool) -> Option<HeaderValue> {
    let short: String = words.chars().take(200).collect();
    let undo = undo.map(|request| format!("\n{request}")).unwrap_or_default();
    set(FLASH, &app::page::encode(&(short + &undo)), 60, secure)
}

pub fn read_flash(headers: &HeaderMap, secure: bool) -> Option<String> {
    let words = decode(read(headers, FLASH, secure)?)?;
    (!words.is_empty()).then_some(words)
}

/// Percent-decoding; `None` where the text is not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The parameters of a query string, decoded, in order.
pub fn query_pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .filter_map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            Some((decode(key)?, decode(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C-01: every small cookie is as shielded as the session's.
    #[test]
    fn over_https_every_cookie_is_bound_to_this_host() {
        for name in [LOOK, FLASH, LANGUAGE, "nexus_device", "__Host-nexus_half"] {
            let line = set(name, "value", 60, true).unwrap();
            let line = line.to_str().unwrap();
            let bare = name.trim_start_matches("__Host-");
            assert!(line.starts_with(&format!("__Host-{bare}=value; Path=/; ")), "{line}");
            for part in ["; HttpOnly", "; SameSite=Lax", "; Secure"] {
                assert!(line.contains(part) && !line.contains("Domain"), "{line}");
            }
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, format!("{bare}=planted; __Host-{bare}=ours").parse().unwrap());
            assert_eq!(read(&headers, name, true), Some("ours"));
        }
        let line = set_below("/api/admin/auth", "nexus-staff_refresh", "value", 60, true).unwrap();
        let right =
            "__Secure-nexus-staff_refresh=value; Path=/api/admin/auth; Max-Age=60; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(line.to_str().unwrap(), right);
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "nexus-staff_refresh=planted".parse().unwrap());
        assert_eq!(read(&headers, &below("nexus-staff_refresh", true), true), None);
        assert!(set(LOOK, "value", 60, false).unwrap().to_str().unwrap().starts_with("nexus_look=value;"));
    }
}
