//! The small cookies that are not the session: look, and the words that a write leaves for the next page.

use axum::http::{HeaderMap, HeaderValue, header};

pub const LOOK: &str = "nexus_look";
pub const FLASH: &str = "nexus_flash";

pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A cookie of ours. `seconds` of zero removes it.
pub fn set(name: &str, value: &str, seconds: u32, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")).ok()
}

/// Flash words travel percent-encoded and cut short: they come from a form of ours, but a cookie is the visitor's to write.
pub fn flash(words: &str, secure: bool) -> Option<HeaderValue> {
    let short: String = words.chars().take(200).collect();
    set(FLASH, &app::page::encode(&short), 60, secure)
}

pub fn read_flash(headers: &HeaderMap) -> Option<String> {
    let words = decode(read(headers, FLASH)?)?;
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
