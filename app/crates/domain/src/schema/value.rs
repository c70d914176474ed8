//! Values: reading what people, files and programs write, checking it against the field, and showing it.
//!
//! Canonical JSON forms: text, e-mail, phone, country, option and state are strings; integer is a number; decimal is a decimal string;
//! money is `{"amount": "12.50", "currency": "KES"}`; boolean; date is `2026-11-21`; datetime is RFC 3339 in UTC; reference and member are
//! UUID strings, and so is a file; several references are a list of them in the order of the ids; a reference to any of several entities is
//! `{"entity": "customer", "id": "..."}` (`pointing`); a percentage is a decimal string; a duration is a number of seconds; options are a list of strings; an address is an object
//! of its parts; a point is `{"lat": "-1.292100", "lon": "36.821900"}`; a checklist is an object of its ticks
//! (`checklist`). An empty value is `null`.

use super::choice::{Called, not_a_choice, read_choice, read_choices};
use super::place::{check_address, check_geo, check_url, short, show_address, show_geo};
use super::pointing::{check_pointing, read_pointing, show_pointing};
use super::{Field, FieldKind, MOST_REFERENCES, States, checklist, duration};
use crate::calendar::named;
use crate::money::{Money, ScaleError, group_thousands, parse_scaled, scaled};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;
use words::{t, tn};

/// What checking needs to know beside the field.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Today in the workspace's time zone.
    pub today: NaiveDate,
}

const EARLIEST_YEAR: i32 = 1900;
const LATEST_YEAR: i32 = 2100;

/// Reads one value as a person types it or a file holds it. `currency` is the other half of a money field. Empty text is `null`. References
/// and members are read as UUIDs here; names and addresses are looked up by whoever has a database.
pub fn read(field: &Field, states: Option<&States>, text: &str, currency: &str, rules: Rules) -> Result<Value, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(Value::Null);
    }
    match &field.kind {
        FieldKind::Text { .. }
        | FieldKind::LongText { .. }
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Country
        | FieldKind::Url
        | FieldKind::Address
        | FieldKind::Geo
        | FieldKind::Duration { .. } => check(field, &Value::String(trimmed.to_owned()), rules),
        FieldKind::Percentage { .. } => {
            check(field, &Value::String(trimmed.trim_end_matches('%').trim_end().to_owned()), rules)
        }
        FieldKind::Integer { .. } => match parse_scaled(trimmed, 0) {
            Ok(number) => check(field, &json!(number), rules),
            Err(_) => Err(t!("{text} is not a whole number", text = trimmed)),
        },
        FieldKind::Decimal { .. } => check(field, &Value::String(trimmed.to_owned()), rules),
        FieldKind::Money { .. } => {
            check(field, &json!({ "amount": trimmed, "currency": currency.trim().to_uppercase() }), rules)
        }
        FieldKind::Boolean => read_boolean(trimmed),
        FieldKind::Date { .. } => check(field, &Value::String(read_date(trimmed)?), rules),
        FieldKind::Datetime => check(field, &Value::String(trimmed.to_owned()), rules),
        FieldKind::Option { options } => read_choice(trimmed, options.iter().map(Called::choice)),
        FieldKind::Options { options } => {
            let choices: Vec<Called> = options.iter().map(Called::choice).collect();
            let chosen = read_choices(trimmed, &choices)?;
            check(field, &Value::Array(chosen), rules)
        }
        FieldKind::References { .. } => {
            let ids = trimmed.split([',', ';', '\n']).map(str::trim).filter(|id| !id.is_empty());
            check(field, &Value::Array(ids.map(|id| json!(id)).collect()), rules)
        }
        FieldKind::AnyReference { .. } => read_pointing(field, trimmed),
        FieldKind::State => {
            let states = states.map(|states| states.list.as_slice()).unwrap_or_default();
            read_choice(trimmed, states.iter().map(Called::state))
        }
        FieldKind::Reference { .. }
        | FieldKind::Member
        | FieldKind::File { .. }
        | FieldKind::Image { .. }
        | FieldKind::Number
        | FieldKind::Checklist => check(field, &Value::String(trimmed.to_owned()), rules),
    }
}

/// Checks a JSON value against its field and answers its canonical form, or what is wrong in words for the person.
pub fn check(field: &Field, value: &Value, rules: Rules) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let checked = match &field.kind {
        FieldKind::Text { max } => check_text(value, *max, false),
        FieldKind::LongText { max } => check_text(value, *max, true),
        FieldKind::Email => check_email(text(value)?),
        FieldKind::Phone => check_phone(text(value)?),
        FieldKind::Country => check_country(text(value)?),
        FieldKind::Integer { min, max } => {
            let number = value.as_i64().ok_or_else(|| t!("{text} is not a whole number", text = value))?;
            within(number, *min, *max, 0)?;
            Ok(json!(number))
        }
        FieldKind::Decimal { scale, min, max } => check_decimal(value, *scale, *min, *max),
        FieldKind::Money { allow_negative } => check_money(value, *allow_negative),
        FieldKind::Boolean => value.as_bool().map(Value::Bool).ok_or_else(|| t!("Use true or false").to_owned()),
        FieldKind::Date { past } => check_date(text(value)?, *past, rules),
        FieldKind::Datetime => check_datetime(text(value)?),
        FieldKind::Option { options } => {
            let key = text(value)?;
            match options.iter().find(|choice| choice.key == key) {
                Some(_) => Ok(value.clone()),
                None => Err(not_a_choice(key, options.iter().map(|choice| choice.label.as_str()))),
            }
        }
        FieldKind::Reference { .. } | FieldKind::Member => {
            let id = text(value)?;
            Uuid::try_parse(id)
                .map(|id| Value::String(id.to_string()))
                .map_err(|_| t!("{id} is not a known record", id))
        }
        FieldKind::File { .. } | FieldKind::Image { .. } => {
            let id = text(value)?;
            let kept = Uuid::try_parse(id).map(|id| Value::String(id.to_string()));
            kept.map_err(|_| {
                t!("{id} is not a file that is kept here; a file is sent with the form, or by files.attach", id)
            })
        }
        FieldKind::State | FieldKind::Number => text(value).map(|text| Value::String(text.to_owned())),
        FieldKind::Checklist => checklist::check(value),
        FieldKind::Percentage { scale, min, max } => check_decimal(value, *scale, *min, *max),
        FieldKind::Duration { min, max } => check_duration(value, *min, *max),
        FieldKind::Options { options } => check_choices(value, options),
        FieldKind::References { .. } => check_references(value),
        FieldKind::AnyReference { .. } => check_pointing(field, value),
        FieldKind::Url => check_url(text(value)?),
        FieldKind::Address => check_address(value, check_country),
        FieldKind::Geo => check_geo(value),
    }?;
    shaped(field, &checked)?;
    Ok(checked)
}

/// The value of a field whose parts were given one by one, as by a form or the columns of a file. `part` answers what was written.
pub fn read_parts<'a>(field: &Field, part: impl Fn(&str) -> Option<&'a str>, rules: Rules) -> Result<Value, String> {
    match field.kind {
        FieldKind::Money { .. } => {
            let currency = part("currency").unwrap_or_default();
            read(field, None, part("amount").unwrap_or_default(), currency, rules)
        }
        _ => {
            let given = field.parts().iter().filter_map(|(key, _)| Some(((*key).to_owned(), json!(part(key)?))));
            check(field, &Value::Object(given.collect()), rules)
        }
    }
}

/// Whether a text meets the pattern of its field. The browser is told the words and leaves the check to the server.
#[cfg(not(target_arch = "wasm32"))]
fn shaped(field: &Field, value: &Value) -> Result<(), String> {
    let (Some(pattern), Value::String(text)) = (&field.pattern, value) else { return Ok(()) };
    // A description whose pattern cannot be read is refused at the start, so that the other case does not arise.
    let meets = pattern.compiled().is_ok_and(|regex| regex.is_match(text));
    if meets { Ok(()) } else { Err(t!("{text} does not fit; write it as {pattern}", text, pattern = pattern.says)) }
}

#[cfg(target_arch = "wasm32")]
fn shaped(_: &Field, _: &Value) -> Result<(), String> {
    Ok(())
}

fn check_duration(value: &Value, min: Option<i64>, max: Option<i64>) -> Result<Value, String> {
    let seconds = match value {
        Value::String(text) if text.trim().is_empty() => return Ok(Value::Null),
        Value::String(text) => duration::parse(text)?,
        other => other.as_i64().ok_or_else(|| t!("{text} is not a whole number of seconds", text = other))?,
    };
    let min = min.unwrap_or(0);
    if seconds < min {
        return Err(below(&duration::show(seconds), &duration::show(min)));
    }
    if let Some(max) = max.filter(|max| seconds > *max) {
        return Err(above(&duration::show(seconds), &duration::show(max)));
    }
    Ok(json!(seconds))
}

/// Each choice once, in the order of the description, so that two lists of the same choices are equal.
fn check_choices(value: &Value, options: &[super::Choice]) -> Result<Value, String> {
    let Value::Array(given) = value else {
        return Err(t!("{value} should be a list of choices", value));
    };
    for one in given {
        let key = text(one)?;
        if options.iter().all(|choice| choice.key != key) {
            return Err(not_a_choice(key, options.iter().map(|choice| choice.label.as_str())));
        }
    }
    let chosen = |choice: &&super::Choice| given.iter().any(|one| one.as_str() == Some(&choice.key));
    let kept: Vec<Value> = options.iter().filter(chosen).map(|choice| json!(choice.key)).collect();
    Ok(if kept.is_empty() { Value::Null } else { Value::Array(kept) })
}

/// Each id once, in the order of the ids, so that two lists of the same rows are equal.
fn check_references(value: &Value) -> Result<Value, String> {
    let Value::Array(given) = value else {
        return Err(t!("{value} should be a list of records", value));
    };
    if given.len() > MOST_REFERENCES {
        let count = given.len();
        return Err(t!("{count} records are too many; at most {most} fit", count, most = MOST_REFERENCES));
    }
    let mut ids = BTreeSet::new();
    for one in given {
        let id = text(one)?;
        ids.insert(Uuid::try_parse(id).map_err(|_| t!("{id} is not a known record", id))?);
    }
    Ok(if ids.is_empty() { Value::Null } else { ids.into_iter().map(|id| json!(id.to_string())).collect() })
}

fn text(value: &Value) -> Result<&str, String> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(t!("The text holds a character that cannot be stored").to_owned())
        }
        Value::String(text) => Ok(text),
        other => Err(t!("{value} should be text", value = other)),
    }
}

fn check_text(value: &Value, max: u32, lines: bool) -> Result<Value, String> {
    let given = text(value)?;
    let clean = given.trim();
    if clean.is_empty() {
        return Ok(Value::Null);
    }
    let length = clean.chars().count();
    if length > max as usize {
        return Err(t!("{length} characters are too many; at most {most} fit", length, most = max));
    }
    if !lines && clean.contains(['\n', '\r']) {
        return Ok(Value::String(clean.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    Ok(Value::String(clean.to_owned()))
}

fn check_email(given: &str) -> Result<Value, String> {
    let email = given.trim();
    if email.is_empty() {
        return Ok(Value::Null);
    }
    let problem = |why: &str| Err(t!("{email} is not an e-mail address: {why}", email, why));
    let Some((local, domain)) = email.rsplit_once('@') else { return problem(t!("it has no @")) };
    if local.is_empty() || local.len() > 64 || email.len() > 254 {
        return problem(t!("the part before the @ is missing or too long"));
    }
    if local.contains(|c: char| c.is_whitespace() || c.is_control() || "@,;:<>()[]\\\"".contains(c)) {
        return problem(t!("the part before the @ holds a character that is not allowed"));
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let valid = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if labels.len() < 2 || !labels.iter().all(valid) {
        return problem(t!("the part after the @ is not a domain"));
    }
    Ok(Value::String(email.to_owned()))
}

fn check_phone(given: &str) -> Result<Value, String> {
    let phone = given.trim();
    if phone.is_empty() {
        return Ok(Value::Null);
    }
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let allowed = |c: char| c.is_ascii_digit() || " +-().,/x#*ext".contains(c.to_ascii_lowercase());
    if phone.chars().count() > 40 || !(3..=25).contains(&digits) || !phone.chars().all(allowed) {
        return Err(t!("{phone} is not a phone number; write digits, and + ( ) - where you like", phone));
    }
    Ok(Value::String(phone.to_owned()))
}

/// ISO 3166-1 alpha-2, in alphabetical order.
#[rustfmt::skip]
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH \
GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB \
LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM \
PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

fn check_country(given: &str) -> Result<Value, String> {
    let code = given.trim().to_uppercase();
    if code.is_empty() {
        return Ok(Value::Null);
    }
    if code.len() == 2 && COUNTRIES.split(' ').any(|known| known == code) {
        return Ok(Value::String(code));
    }
    Err(t!("{text} is not a country code; use two letters such as KE or DE", text = given))
}

fn within(number: i64, min: Option<i64>, max: Option<i64>, scale: u32) -> Result<(), String> {
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(below(&scaled(number, scale), &scaled(min, scale)));
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(above(&scaled(number, scale), &scaled(max, scale)));
    }
    Ok(())
}

fn below(given: &str, least: &str) -> String {
    t!("{given} is below the least allowed, {least}", given, least)
}

fn above(given: &str, most: &str) -> String {
    t!("{given} is above the most allowed, {most}", given, most)
}

fn check_decimal(value: &Value, scale: u32, min: Option<i64>, max: Option<i64>) -> Result<Value, String> {
    let given = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => return Err(t!("{text} is not a number", text = other)),
    };
    let number = parse_scaled(&given, scale).map_err(|problem| match problem {
        ScaleError::NotANumber => t!("{text} is not a number", text = given),
        ScaleError::TooManyDecimals => t!("{text} has more than {scale} decimals", text = given, scale),
        ScaleError::TooLarge => t!("{text} is too large", text = given),
    })?;
    within(number, min, max, scale)?;
    Ok(Value::String(scaled(number, scale)))
}

fn check_money(value: &Value, allow_negative: bool) -> Result<Value, String> {
    if let Some(other) =
        value.as_object().and_then(|members| members.keys().find(|key| !matches!(key.as_str(), "amount" | "currency")))
    {
        return Err(t!("Money is written as an amount and a currency; {other} is neither", other));
    }
    let amount = match value.get("amount") {
        Some(Value::String(amount)) => amount.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(t!("Money is written as an amount and a currency").to_owned()),
    };
    if amount.trim().is_empty() {
        return Ok(Value::Null);
    }
    let currency = value.get("currency").and_then(Value::as_str).unwrap_or_default();
    if currency.is_empty() {
        return Err(t!("The amount has no currency; choose one such as KES or EUR").to_owned());
    }
    let money = Money::parse(&amount, currency).map_err(|problem| problem.to_string())?;
    if money.minor() < 0 && !allow_negative {
        return Err(t!("{amount} is negative; the amount must be zero or more", amount = money.amount()));
    }
    Ok(json!({ "amount": money.amount(), "currency": currency }))
}

/// Money of a canonical value.
pub fn money(value: &Value) -> Option<Money> {
    Money::parse(value.get("amount")?.as_str()?, value.get("currency")?.as_str()?).ok()
}

fn read_boolean(given: &str) -> Result<Value, String> {
    match given.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "on" | "ja" | "oui" | "ndiyo" => Ok(Value::Bool(true)),
        "false" | "no" | "n" | "0" | "off" | "nein" | "non" | "hapana" => Ok(Value::Bool(false)),
        _ => Err(t!("{text} is neither yes nor no", text = given)),
    }
}

/// Accepts the year first (`2026-11-21`, `2026/11/21`) and the day first with dots (`21.11.2026`). `11/12/2026` is refused: it has two
/// meanings.
fn read_date(given: &str) -> Result<String, String> {
    let day = given.split(['T', ' ']).next().unwrap_or(given);
    for format in ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y"] {
        if let Ok(date) = NaiveDate::parse_from_str(day, format) {
            return Ok(date.to_string());
        }
    }
    let shaped = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    Err(if shaped {
        t!("{text} is a day that does not exist", text = given)
    } else {
        t!("{text} is not a date; write it as 2026-11-21", text = given)
    })
}

fn check_date(given: &str, past: bool, rules: Rules) -> Result<Value, String> {
    let given = given.trim();
    if given.is_empty() {
        return Ok(Value::Null);
    }
    let date: NaiveDate = read_date(given)?.parse().map_err(|_| t!("{text} is not a date", text = given))?;
    if past && date > rules.today {
        return Err(t!("{date} is in the future; it can be {today} at the latest", date, today = rules.today));
    }
    if !(EARLIEST_YEAR..=LATEST_YEAR).contains(&date.year()) {
        let (first, last) = (EARLIEST_YEAR, LATEST_YEAR);
        return Err(t!("{date} is outside the years {first} to {last}", date, first, last));
    }
    Ok(Value::String(date.to_string()))
}

fn check_datetime(given: &str) -> Result<Value, String> {
    let given = given.trim();
    if given.is_empty() {
        return Ok(Value::Null);
    }
    let moment = DateTime::parse_from_rfc3339(given)
        .map(|moment| moment.with_timezone(&Utc))
        .or_else(|_| chrono::NaiveDateTime::parse_from_str(given, "%Y-%m-%dT%H:%M").map(|moment| moment.and_utc()))
        .map_err(|_| t!("{text} is not a moment; write it as 2026-11-21T09:30:00Z", text = given))?;
    Ok(Value::String(moment.to_rfc3339_opts(SecondsFormat::Secs, true)))
}

/// The value for people. `label` is the title of a referenced row or member, where there is one.
pub fn show(field: &Field, states: Option<&States>, value: &Value, label: Option<&str>) -> String {
    match (&field.kind, value) {
        (_, Value::Null) => String::new(),
        (FieldKind::Money { .. }, _) => money(value).map(|money| money.display()).unwrap_or_default(),
        (FieldKind::Option { options }, Value::String(key)) => {
            options.iter().find(|choice| choice.key == *key).map_or_else(|| key.clone(), |choice| choice.label.clone())
        }
        (FieldKind::State, Value::String(key)) => {
            states.and_then(|states| states.get(key)).map_or_else(|| key.clone(), |state| state.label.clone())
        }
        (FieldKind::Reference { .. } | FieldKind::Member, Value::String(id)) => label.unwrap_or(id).to_owned(),
        (FieldKind::References { .. }, Value::Array(ids)) => match (label, ids.len()) {
            (Some(label), _) => label.to_owned(),
            (None, count) => tn!(count, "{count} record", "{count} records"),
        },
        (FieldKind::AnyReference { .. }, value) => show_pointing(value, label),
        (FieldKind::File { .. } | FieldKind::Image { .. }, Value::String(_)) => {
            label.unwrap_or_else(|| t!("A file")).to_owned()
        }
        (FieldKind::Checklist, ticks) => checklist::show(states, ticks),
        (FieldKind::Boolean, Value::Bool(yes)) => if *yes { t!("Yes") } else { t!("No") }.to_owned(),
        (FieldKind::Integer { .. }, Value::Number(number)) => group_thousands(&number.to_string()),
        (FieldKind::Percentage { .. }, Value::String(share)) => format!("{}%", short(share)),
        (FieldKind::Duration { .. }, Value::Number(seconds)) => duration::show(seconds.as_i64().unwrap_or_default()),
        (FieldKind::Options { options }, Value::Array(keys)) => {
            let label = |key: &Value| {
                let key = key.as_str().unwrap_or_default();
                options.iter().find(|choice| choice.key == key).map_or(key, |choice| &choice.label).to_owned()
            };
            keys.iter().map(label).collect::<Vec<_>>().join(", ")
        }
        (FieldKind::Address, Value::Object(_)) => show_address(value),
        (FieldKind::Geo, Value::Object(_)) => show_geo(value),
        (FieldKind::Date { .. }, Value::String(text)) => show_date(text),
        (FieldKind::Datetime, Value::String(text)) => show_moment(text),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// `2026-11-21` as `21 Nov 2026`.
pub fn show_date(text: &str) -> String {
    let Ok(date) = text.parse::<NaiveDate>() else { return text.to_owned() };
    named(date, "%-d %b %Y")
}

/// RFC 3339 as `21 Nov 2026, 09:30`, in UTC.
pub fn show_moment(text: &str) -> String {
    let Ok(moment) = DateTime::parse_from_rfc3339(text) else { return text.to_owned() };
    let moment = moment.with_timezone(&Utc);
    format!("{}, {}", named(moment.date_naive(), "%-d %b %Y"), moment.format("%H:%M"))
}
