//! Lengths of time, as people write them and as they are shown.

use words::t;

/// Units with their seconds and the words that stand for them.
const UNITS: [(i64, &[&str]); 4] = [
    (86_400, &["d", "day", "days"]),
    (3_600, &["h", "hr", "hrs", "hour", "hours"]),
    (60, &["m", "min", "mins", "minute", "minutes"]),
    (1, &["s", "sec", "secs", "second", "seconds"]),
];
/// A hundred years and more: beyond that something else was meant.
const LONGEST: i64 = 1_000_000 * 3_600;

/// Seconds of `1h 30m`, `1.5 hours`, `90 min`, `1:30` (hours and minutes), `1:30:15` or `PT1H30M`. A day has 24 hours. A bare number is
/// refused: some systems mean hours by it and others minutes.
pub fn parse(text: &str) -> Result<i64, String> {
    let typed = text.trim();
    let lower = typed.to_lowercase();
    let unclear = || t!("{typed} is not a length of time; write it as 1h 30m, 90 min or 1:30", typed);
    let seconds = if lower.contains(':') {
        clock(&lower)
    } else {
        // ISO 8601 writes the same units behind a P, and a T before those of the day.
        let iso = lower.strip_prefix('p').map(|rest| rest.replacen('t', "", 1));
        units(iso.as_deref().unwrap_or(&lower))
    };
    match seconds {
        Some(seconds) if seconds > LONGEST => Err(t!("{typed} is too long", typed)),
        Some(seconds) => Ok(seconds),
        None if lower.parse::<f64>().is_ok() => {
            Err(t!("{typed} has no unit; write {typed}h for hours or {typed}m for minutes", typed))
        }
        None => Err(unclear()),
    }
}

/// Hours, minutes and, where there are three parts, seconds.
fn clock(text: &str) -> Option<i64> {
    let parts: Vec<i64> = text.split(':').map(|part| whole(part.trim())).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    (minutes < 60 && seconds < 60).then(|| hours.checked_mul(3_600)?.checked_add(minutes * 60 + seconds)).flatten()
}

fn units(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total: i64 = 0;
    let mut smaller_than = i64::MAX;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after.find(|letter: char| !letter.is_alphabetic()).unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        let (unit, _) = UNITS.iter().find(|(_, words)| words.contains(&word))?;
        // Each unit once, the longer first: anything else is a slip of the hand.
        if *unit >= smaller_than {
            return None;
        }
        smaller_than = *unit;
        total = total.checked_add(times(number, *unit)?)?;
        rest = after.trim_start_matches([' ', ',']);
    }
    Some(total)
}

/// `1.5` of a unit, where that is a whole number of seconds.
fn times(number: &str, unit: i64) -> Option<i64> {
    let (whole_part, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut seconds = whole(whole_part)?.checked_mul(unit)?;
    if !fraction.is_empty() {
        let scale = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let parts = whole(fraction)?.checked_mul(unit)?;
        if parts % scale != 0 {
            return None;
        }
        seconds = seconds.checked_add(parts / scale)?;
    }
    Some(seconds)
}

fn whole(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `1 h 30 min`, and `0 min` for nothing at all. Never days: working days are shorter than days. The same in every language, because forms and
/// files hand it back to be read.
pub fn show(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let left = seconds.unsigned_abs();
    let parts = [(left / 3_600, "h"), (left % 3_600 / 60, "min"), (left % 60, "s")];
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{} {unit}", crate::money::group_thousands(&number.to_string())))
        .collect();
    if said.is_empty() { "0 min".to_owned() } else { format!("{sign}{}", said.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("1h 30m", 5_400),
            ("1h30m", 5_400),
            ("1.5 hours", 5_400),
            ("90 min", 5_400),
            ("1:30", 5_400),
            ("1:30:15", 5_415),
            ("PT1H30M", 5_400),
            ("P1DT2H", 93_600),
            ("2 days, 4 h", 187_200),
            ("45s", 45),
            ("0 min", 0),
            ("1,200 h", -1),
        ] {
            assert_eq!(parse(text).unwrap_or(-1), seconds, "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for seconds in [0, 1, 59, 60, 3_599, 3_600, 5_415, 86_400, 360_000] {
            assert_eq!(parse(&show(seconds)), Ok(seconds), "{}", show(seconds));
        }
    }

    #[test]
    fn what_is_unclear_is_refused_in_words() {
        assert_eq!(parse("90").unwrap_err(), "90 has no unit; write 90h for hours or 90m for minutes");
        for text in
            ["", "h", "1x", "30m 1h", "1h 2h", "1:75", "1:2:3:4", "-1h", "1.0001 s", "99999999999999999999h", "P"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("9999999 h").unwrap_err(), "9999999 h is too long");
    }
}
