//! Durations as texts: `90m`, `1d12h`, `-30s`. Days are 24 hours.

/// The longest duration, in seconds: more than between any two moments that can be held.
pub(crate) const MAX_SECONDS: i64 = 1_000_000_000_000;

const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Seconds, from whole numbers with the units d, h, m and s, the larger first.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut units = UNITS.iter();
    let mut seconds: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let letter = rest[digits..].chars().next()?;
        let (_, size) = units.find(|(unit, _)| *unit == letter)?;
        let count: i64 = rest[..digits].parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(*size)?)?;
        rest = &rest[digits + 1..];
    }
    (seconds <= MAX_SECONDS).then_some(sign * seconds)
}

/// The inverse of `parse`.
pub(crate) fn show(seconds: i64) -> String {
    let mut out = if seconds < 0 { "-".to_owned() } else { String::new() };
    let mut left = seconds.unsigned_abs();
    for (unit, size) in UNITS {
        let size = size.unsigned_abs();
        if left >= size {
            out.push_str(&format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if seconds == 0 { "0s".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows() {
        for (text, seconds, shown) in [
            ("90m", 5400, "1h30m"),
            ("1d12h", 129_600, "1d12h"),
            ("-30s", -30, "-30s"),
            ("0s", 0, "0s"),
            ("48h", 172_800, "2d"),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
            assert_eq!(show(seconds), shown);
            assert_eq!(parse(shown), Some(seconds));
        }
        for text in ["", "-", "5", "h", "1h1d", "1h1h", "1.5h", "1 h", "1w", "99999999999999999999s", "20000000d", "1é"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
