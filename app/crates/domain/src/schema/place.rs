//! Values that say where something is: postal addresses, points on the earth, addresses of the web.

use super::field::{ADDRESS, LONGEST_URL};
use crate::money::{ScaleError, parse_scaled, scaled};
use serde_json::{Map, Value, json};
use words::t;

/// Decimals of a degree that are kept.
pub const DEGREE_SCALE: u32 = 6;
const ADDRESS_PART: usize = 200;

/// A postal address in its canonical form: every part a text or absent, and `null` where all are empty. `country` is checked by the caller.
pub fn check_address(value: &Value, country: impl Fn(&str) -> Result<Value, String>) -> Result<Value, String> {
    let Value::Object(given) = value else {
        let parts: Vec<&str> = ADDRESS.iter().map(|(part, _)| *part).collect();
        return Err(t!("An address is written in its parts: {parts}", parts = parts.join(", ")));
    };
    if let Some(other) = given.keys().find(|key| ADDRESS.iter().all(|(part, _)| part != key)) {
        return Err(t!("{other} is no part of an address; it has street, postcode, city, region and country", other));
    }
    let mut clean = Map::new();
    for (part, label) in ADDRESS {
        let label = words::say(label);
        let text = match given.get(part) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.trim(),
            Some(other) => return Err(t!("{label}: {other} should be text", label, other)),
        };
        if text.is_empty() {
            continue;
        }
        if text.contains('\0') {
            return Err(t!("{label} holds a character that cannot be stored", label));
        }
        let length = text.chars().count();
        if length > ADDRESS_PART {
            return Err(t!(
                "{label}: {length} characters are too many; at most {most} fit",
                label,
                length,
                most = ADDRESS_PART
            ));
        }
        let kept = match part {
            "country" => country(text).map_err(|problem| format!("{label}: {problem}"))?,
            // Only a street may take several lines.
            "street" => json!(text.replace("\r\n", "\n")),
            _ => json!(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        };
        clean.insert(part.to_owned(), kept);
    }
    Ok(if clean.is_empty() { Value::Null } else { Value::Object(clean) })
}

/// In one line: `Moi Avenue 4, 00100 Nairobi, KE`.
pub fn show_address(value: &Value) -> String {
    let part = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let street = part("street").lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ");
    let town = format!("{} {}", part("postcode"), part("city"));
    [street.as_str(), town.trim(), part("region"), part("country")]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// A point of `{"lat": -1.2921, "lon": 36.8219}`, or of `-1.2921, 36.8219`.
pub fn check_geo(value: &Value) -> Result<Value, String> {
    let (lat, lon) = match value {
        Value::String(text) => {
            let mut parts = text.split([',', ';']).map(|part| part.trim().to_owned());
            match (parts.next(), parts.next(), parts.next()) {
                (Some(lat), Some(lon), None) => (lat, lon),
                _ => {
                    return Err(t!("{text} is not a point; write latitude, longitude, such as -1.2921, 36.8219", text));
                }
            }
        }
        Value::Object(parts) => {
            if let Some(other) = parts.keys().find(|key| !matches!(key.as_str(), "lat" | "lon")) {
                return Err(t!("{other} is no part of a point; it is written as lat and lon, in degrees", other));
            }
            let degree = |key: &str| match parts.get(key) {
                Some(Value::String(text)) => Ok(text.clone()),
                Some(Value::Number(number)) => Ok(number.to_string()),
                _ => Err(t!("The point has no {key}; it is written as lat and lon, in degrees", key)),
            };
            (degree("lat")?, degree("lon")?)
        }
        other => return Err(t!("{other} is not a point; it is written as lat and lon, in degrees", other)),
    };
    let lat = degree(&lat, t!("latitude"), 90)?;
    let lon = degree(&lon, t!("longitude"), 180)?;
    Ok(geo(lat, lon))
}

/// The canonical form of a point in millionths of a degree.
pub fn geo(lat: i64, lon: i64) -> Value {
    json!({ "lat": scaled(lat, DEGREE_SCALE), "lon": scaled(lon, DEGREE_SCALE) })
}

/// Millionths of a degree of a canonical point.
pub fn micro_degrees(value: &Value) -> Option<(i64, i64)> {
    let of = |key: &str| parse_scaled(value.get(key)?.as_str()?, DEGREE_SCALE).ok();
    Some((of("lat")?, of("lon")?))
}

fn degree(text: &str, name: &str, most: i64) -> Result<i64, String> {
    let micro = parse_scaled(text.trim(), DEGREE_SCALE).map_err(|problem| match problem {
        ScaleError::TooManyDecimals => {
            t!("The {name} {text} has more than {scale} decimals", name, text, scale = DEGREE_SCALE)
        }
        _ => t!("{text} is not a {name} in degrees", text, name),
    })?;
    let most_micro = most * 1_000_000;
    if (-most_micro..=most_micro).contains(&micro) {
        Ok(micro)
    } else {
        Err(t!("The {name} {text} is outside -{most} to {most} degrees", name, text, most))
    }
}

/// Without zeros that say nothing: `-1.2921, 36.8219`.
pub fn show_geo(value: &Value) -> String {
    let of = |key: &str| value.get(key).and_then(Value::as_str).map(short).unwrap_or_default();
    format!("{}, {}", of("lat"), of("lon"))
}

/// A decimal without zeros at its end.
pub fn short(decimal: &str) -> String {
    match decimal.split_once('.') {
        Some((whole, fraction)) => {
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
        }
        None => decimal.to_owned(),
    }
}

/// An address of the web. One that people write without its scheme gets https; other schemes are refused, because a link that somebody
/// typed must never run anything.
pub fn check_url(given: &str) -> Result<Value, String> {
    let typed = given.trim();
    if typed.is_empty() {
        return Ok(Value::Null);
    }
    let not = |why: &str| Err(t!("{typed} is not an address of the web: {why}", typed, why));
    let url = match typed.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = scheme.to_lowercase();
            if !matches!(scheme.as_str(), "http" | "https") {
                return not(t!("it begins with http:// or https://"));
            }
            format!("{scheme}://{rest}")
        }
        None => format!("https://{typed}"),
    };
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if url.chars().any(|letter| letter.is_whitespace() || letter.is_control() || "\"<>\\^`{|}".contains(letter)) {
        return not(t!("it holds a character that is not allowed there"));
    }
    if authority.contains('@') {
        return not(t!("a name or password does not belong in it"));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let named = host.split('.').count() >= 2 && host.split('.').all(|label| !label.is_empty()) || host == "localhost";
    if !(named || (host.starts_with('[') && host.ends_with(']')))
        || port.is_some_and(|port| port.parse::<u16>().is_err())
    {
        return not(t!("it names no site, such as example.com"));
    }
    let length = url.chars().count();
    if length > LONGEST_URL as usize {
        return Err(t!("{length} characters are too many; at most {most} fit", length, most = LONGEST_URL));
    }
    Ok(Value::String(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_web_lead_to_sites_only() {
        for (typed, kept) in [
            ("example.com", "https://example.com"),
            ("HTTP://example.com/a?b#c", "http://example.com/a?b#c"),
            ("https://例え.jp:8443/x", "https://例え.jp:8443/x"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]/", "http://[::1]/"),
        ] {
            assert_eq!(check_url(typed), Ok(json!(kept)), "{typed}");
        }
        for typed in [
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "data:text/html,x",
            "ftp://example.com",
            "https://",
            "https://a b.com",
            "https://user:secret@example.com",
            "word",
            "https://example.com:port",
            "https://exa\"mple.com",
            "https://a..b",
        ] {
            assert!(check_url(typed).is_err(), "{typed}");
        }
        assert!(check_url(&format!("example.com/{}", "a".repeat(2_048))).is_err());
    }

    #[test]
    fn points_are_exact_and_on_the_earth() {
        let nairobi = json!({ "lat": "-1.292100", "lon": "36.821900" });
        assert_eq!(check_geo(&json!("-1.2921, 36.8219")), Ok(nairobi.clone()));
        assert_eq!(check_geo(&json!({ "lat": -1.2921, "lon": "36.8219" })), Ok(nairobi.clone()));
        assert_eq!(check_geo(&nairobi), Ok(nairobi.clone()));
        assert_eq!(micro_degrees(&nairobi), Some((-1_292_100, 36_821_900)));
        assert_eq!(show_geo(&nairobi), "-1.2921, 36.8219");
        for wrong in [
            json!("91, 0"),
            json!("0, 181"),
            json!("0"),
            json!("0, 0, 0"),
            json!("0.1234567, 0"),
            json!({ "lat": 1 }),
            json!(4),
        ] {
            assert!(check_geo(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_keep_their_parts_and_no_others() {
        let country = |code: &str| if code == "KE" { Ok(json!("KE")) } else { Err("no".to_owned()) };
        let given = json!({ "street": " Moi Avenue 4\r\nFloor 2 ", "city": "Nairobi ", "postcode": "00100", "region": "", "country": "KE" });
        let kept = check_address(&given, country).unwrap();
        assert_eq!(
            kept,
            json!({ "street": "Moi Avenue 4\nFloor 2", "city": "Nairobi", "postcode": "00100", "country": "KE" })
        );
        assert_eq!(show_address(&kept), "Moi Avenue 4, Floor 2, 00100 Nairobi, KE");
        assert_eq!(check_address(&json!({ "city": " " }), country), Ok(Value::Null));
        for wrong in [
            json!("Moi Avenue"),
            json!({ "town": "x" }),
            json!({ "city": 4 }),
            json!({ "country": "XX" }),
            json!({ "city": "\0" }),
        ] {
            assert!(check_address(&wrong, country).is_err(), "{wrong}");
        }
    }
}
