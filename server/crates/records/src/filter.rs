//! Filters compiled into conditions.
//!
//! Only leakproof comparisons are used (`= <> < <= > >=` on text, bigint, uuid, date, timestamptz, bool, and `= any`): under row security
//! nothing else becomes an index condition. Text is compared in its normal form, and "starts with" is a range.

use crate::project::known;
use crate::sql::{Argument, Bind, Sql};
use chrono::{DateTime, Days, Duration, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use domain::money::{Money, parse_scaled};
use domain::schema::filter::{MAX_DEPTH, MAX_TESTS};
use domain::schema::pointing::Pointed;
use domain::schema::value::{Rules, read};
use domain::schema::{Comparison, Entity, Field, FieldKind, Filter, Storage, Test, duration};
use domain::text::normal;
use domain::{Error, Result};
use platform::{Access, Ctx};
use serde_json::Value;
use uuid::Uuid;
use words::t;

/// What a filter may refer to beside the row.
pub struct Scope<'a> {
    pub access: &'a Access,
    pub entity: &'a Entity,
    /// Argument that holds the workspace.
    pub tenant: Argument,
    /// Rows as they were at a moment, of which no other table tells.
    pub past: bool,
    /// Today in the workspace's time zone.
    pub today: NaiveDate,
    pub zone: Tz,
}

impl<'a> Scope<'a> {
    pub fn of(ctx: &'a Ctx, entity: &'a Entity, tenant: Argument) -> Self {
        let (today, zone) = (ctx.today(), zone(&ctx.access.timezone));
        Self { access: &ctx.access, entity, tenant, past: false, today, zone }
    }
}

/// A zone nobody knows counts as UTC.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// Appends the condition that the filter means, on rows named `t`.
pub fn compile(sql: &mut Sql, scope: &Scope<'_>, filter: &Filter) -> Result<()> {
    let mut tests = 0;
    group(sql, scope, filter, 0, &mut tests)
}

fn group(sql: &mut Sql, scope: &Scope<'_>, filter: &Filter, depth: usize, tests: &mut usize) -> Result<()> {
    // The parser holds the same bounds; a filter that comes as JSON did not pass it.
    if depth > 2 * (MAX_DEPTH + 1) {
        return Err(refused(t!("Groups are nested deeper than {most}", most = MAX_DEPTH)));
    }
    let (filters, word) = match filter {
        Filter::All(filters) => (filters, " and "),
        Filter::Any(filters) => (filters, " or "),
        Filter::Test(test) => {
            *tests += 1;
            if *tests > MAX_TESTS {
                return Err(refused(t!("A filter holds at most {most} conditions", most = MAX_TESTS)));
            }
            return condition(sql, scope, test);
        }
    };
    if filters.is_empty() {
        // Nothing to hold is held by every row, nothing to choose from by none.
        sql.push(if matches!(filter, Filter::All(_)) { "true" } else { "false" });
        return Ok(());
    }
    sql.push("(");
    for (at, inner) in filters.iter().enumerate() {
        sql.push(if at == 0 { "" } else { word });
        group(sql, scope, inner, depth + 1, tests)?;
    }
    sql.push(")");
    Ok(())
}

fn condition(sql: &mut Sql, scope: &Scope<'_>, test: &Test) -> Result<()> {
    let field = known(scope.access, scope.entity, &test.field, "filter")?;
    let offered = Comparison::offered(field);
    if !offered.contains(&test.comparison) {
        let symbols: Vec<&str> = offered.iter().map(|comparison| comparison.symbol()).collect();
        return Err(refused(if symbols.is_empty() {
            t!("{field} cannot be filtered by", field = field.key)
        } else {
            t!("After {field} comes one of: {symbols}", field = field.key, symbols = symbols.join(", "))
        }));
    }
    if test.values.len() > MAX_TESTS {
        return Err(refused(t!("A list holds at most {most} values", most = MAX_TESTS)));
    }
    if test.values.iter().any(|value| value.contains('\0')) {
        return Err(refused(t!("The text holds a character that cannot be stored")));
    }
    let (column, _) = field.ordering();
    match test.comparison {
        _ if field.is_any_reference() => pointing(sql, field, test)?,
        Comparison::Empty | Comparison::NotEmpty => empty(sql, field, &column, test.comparison == Comparison::Empty),
        _ if matches!(field.kind, FieldKind::References { .. }) => among(sql, scope, field, &column, test)?,
        _ if field.is_many() => chosen(sql, scope, field, &column, test)?,
        _ if described(field) => words(sql, scope, field, &column, test)?,
        Comparison::In | Comparison::NotIn => list(sql, scope, field, &column, test)?,
        Comparison::StartsWith => starts_with(sql, &column, &prefix(field, only(test)?)),
        comparison => match &field.kind {
            FieldKind::Money { .. } => money(sql, field, comparison, only(test)?)?,
            FieldKind::Datetime => moment(sql, scope, &column, comparison, only(test)?)?,
            _ => {
                let value = operand(scope, field, only(test)?)?;
                compare(sql, field, &column, comparison, value);
            }
        },
    }
    // Words are printed, and a value that is unique is met by one row: there the plan is known without looking at the value.
    let one_row = field.unique && test.comparison == Comparison::Equals;
    if !described(field) && !one_row {
        sql.varies(&column);
    }
    Ok(())
}

/// Fields whose values are words that a description or a standard lists.
fn described(field: &Field) -> bool {
    matches!(field.kind, FieldKind::State | FieldKind::Option { .. } | FieldKind::Options { .. } | FieldKind::Country)
}

fn words(sql: &mut Sql, scope: &Scope<'_>, field: &Field, column: &str, test: &Test) -> Result<()> {
    let negated = matches!(test.comparison, Comparison::NotEquals | Comparison::NotIn);
    if matches!(test.comparison, Comparison::Equals | Comparison::NotEquals) {
        only(test)?;
    }
    if test.values.is_empty() {
        return Err(no_list(test));
    }
    let or_null = negated && field.nullable_ordering();
    sql.push(if or_null { "(" } else { "" }).column("t", column).push(if negated { " not in (" } else { " in (" });
    for (at, text) in test.values.iter().enumerate() {
        sql.push(if at == 0 { "" } else { ", " }).word(&word(scope, field, text)?);
    }
    sql.push(")");
    if or_null {
        sql.push(" or ").column("t", column).push(" is null)");
    }
    Ok(())
}

/// Several choices at once: `=` and `in` ask for one of those named, `!=` and `not in` for none of them.
fn chosen(sql: &mut Sql, scope: &Scope<'_>, field: &Field, column: &str, test: &Test) -> Result<()> {
    let negated = matches!(test.comparison, Comparison::NotEquals | Comparison::NotIn);
    if matches!(test.comparison, Comparison::Equals | Comparison::NotEquals) {
        only(test)?;
    }
    if test.values.is_empty() {
        return Err(no_list(test));
    }
    let mut keys: Vec<String> = Vec::new();
    for text in &test.values {
        match read(field, None, text, "", Rules { today: scope.today }) {
            Ok(Value::Array(chosen)) => keys.extend(chosen.iter().filter_map(Value::as_str).map(str::to_owned)),
            Ok(_) => {
                return Err(no_value(field));
            }
            Err(message) => return Err(refused(message)),
        }
    }
    sql.push(if negated { "(" } else { "" }).column("t", column).push(" && array[");
    for (at, key) in keys.iter().enumerate() {
        sql.push(if at == 0 { "" } else { ", " }).word(key);
    }
    sql.push("]::text[]");
    if negated {
        sql.push(") is not true");
    }
    Ok(())
}

/// Several references: `=` and `in` ask for one of those named, `!=` and `not in` for none of them. Rows of the present are found by the table of
/// the links, whose keys are compared by what an index serves; those of the past by the list itself.
fn among(sql: &mut Sql, scope: &Scope<'_>, field: &Field, column: &str, test: &Test) -> Result<()> {
    let negated = matches!(test.comparison, Comparison::NotEquals | Comparison::NotIn);
    if matches!(test.comparison, Comparison::Equals | Comparison::NotEquals) {
        only(test)?;
    }
    if test.values.is_empty() {
        return Err(no_list(test));
    }
    let id = |text: &String| Uuid::try_parse(text.trim()).map_err(|_| no_id(field, text));
    let ids = Bind::ids(test.values.iter().map(id).collect::<Result<Vec<_>>>()?);
    sql.push(if negated { "not " } else { "" });
    match field.link_table(&scope.entity.table).filter(|_| !scope.past) {
        Some(links) => {
            sql.push("exists (select from ").name(&links).push(" k where k.tenant_id = ").again(scope.tenant);
            sql.push(" and k.from_id = t.id and k.to_id = any (");
            sql.bind(ids);
            sql.push("))");
        }
        None => {
            sql.push("coalesce(").column("t", column).push(" && ");
            sql.bind(ids);
            sql.push(", false)");
        }
    }
    Ok(())
}

/// A row of one of several entities: each of them has its own column, so that a test of several rows is one for each entity that is named.
fn pointing(sql: &mut Sql, field: &Field, test: &Test) -> Result<()> {
    let negated = matches!(test.comparison, Comparison::NotEquals | Comparison::NotIn | Comparison::Empty);
    let named = match test.comparison {
        Comparison::Equals | Comparison::NotEquals => vec![only(test)?.to_owned()],
        Comparison::Empty | Comparison::NotEmpty => field.entities().iter().map(|key| format!("{key}:*")).collect(),
        _ => test.values.clone(),
    };
    if named.is_empty() {
        return Err(no_list(test));
    }
    let named =
        named.iter().map(|text| field.read_pointer(text).map_err(refused)).collect::<Result<Vec<Pointed<'_>>>>()?;
    sql.push("((");
    let mut first = true;
    for entity in field.entities() {
        let rows: Vec<Option<Uuid>> =
            named.iter().filter(|pointed| pointed.entity == entity).map(|pointed| pointed.id).collect();
        if rows.is_empty() {
            continue;
        }
        sql.push(if first { "" } else { " or " }).column("t", &field.column_to(entity));
        first = false;
        if rows.contains(&None) {
            sql.push(" is not null");
        } else {
            sql.push(" = any (");
            sql.bind(Bind::ids(rows.into_iter().flatten()));
            sql.push(")");
        }
    }
    // A row that points at nothing points at none of them.
    sql.push(if negated { ") is not true)" } else { "))" });
    Ok(())
}

fn no_id(field: &Field, text: &str) -> Error {
    refused(t!("{text} is not an id that {field} can be compared with", text, field = field.key))
}

/// The word as the description has it, whether its key or its label was written.
fn word(scope: &Scope<'_>, field: &Field, text: &str) -> Result<String> {
    match read(field, scope.entity.states.as_ref(), text, "", Rules { today: scope.today }) {
        Ok(Value::String(key)) => Ok(key),
        Ok(_) => Err(no_value(field)),
        Err(message) => Err(refused(message)),
    }
}

fn no_list(test: &Test) -> Error {
    let symbol = test.comparison.symbol();
    refused(t!("{field} {symbol} takes a list such as (a, b)", field = test.field, symbol))
}

fn no_value(field: &Field) -> Error {
    refused(t!("{field} has no value to compare with; write {field} is empty", field = field.key))
}

fn refused(message: impl Into<String>) -> Error {
    Error::field("filter", message)
}

fn only(test: &Test) -> Result<&str> {
    match test.values.as_slice() {
        [value] => Ok(value),
        _ => {
            let symbol = test.comparison.symbol();
            Err(refused(t!("{field} {symbol} takes one value", field = test.field, symbol)))
        }
    }
}

/// Normalised text is never null: empty is the empty string.
fn empty(sql: &mut Sql, field: &Field, column: &str, wanted: bool) {
    let normalised = matches!(field.storage(), Storage::Normalised { .. });
    sql.column("t", column).push(match (normalised, wanted) {
        (true, true) => " = ''",
        (true, false) => " > ''",
        (false, true) => " is null",
        (false, false) => " is not null",
    });
}

fn compare(sql: &mut Sql, field: &Field, column: &str, comparison: Comparison, value: Bind) {
    if comparison == Comparison::NotEquals {
        // A row without a value has another one than the given.
        if field.nullable_ordering() {
            sql.push("(").column("t", column).push(" <> ");
            sql.bind(value);
            sql.push(" or ").column("t", column).push(" is null)");
        } else {
            sql.column("t", column).push(" <> ");
            sql.bind(value);
        }
        return;
    }
    sql.column("t", column).push(operator(comparison));
    sql.bind(value);
}

const fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
        _ => " = ",
    }
}

fn list(sql: &mut Sql, scope: &Scope<'_>, field: &Field, column: &str, test: &Test) -> Result<()> {
    let values = test.values.iter().map(|value| operand(scope, field, value)).collect::<Result<Vec<_>>>()?;
    let Some(mut all) = values.first().map(Bind::list) else {
        return Err(no_list(test));
    };
    for value in values {
        all.append(value)?;
    }
    if test.comparison == Comparison::In {
        sql.column("t", column).push(" = any (");
        sql.bind(all);
        sql.push(")");
    } else {
        let nullable = field.nullable_ordering();
        sql.push(if nullable { "(" } else { "" }).column("t", column).push(" <> all (");
        sql.bind(all);
        sql.push(")");
        if nullable {
            sql.push(" or ").column("t", column).push(" is null)");
        }
    }
    Ok(())
}

/// A range instead of a pattern: indexable under row security, and `%` and `_` mean themselves.
pub fn starts_with(sql: &mut Sql, column: &str, prefix: &str) {
    if prefix.is_empty() {
        sql.push("true");
        return;
    }
    sql.push("(").column("t", column).push(" >= ");
    sql.bind(Bind::text(prefix));
    if let Some(end) = after(prefix) {
        sql.push(" and ").column("t", column).push(" < ");
        sql.bind(Bind::text(end));
    }
    sql.push(")");
}

/// The least text greater than every text that starts so, in byte order. None where there is no such text.
pub fn after(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        // The code points between the two ranges of characters stand for nothing in UTF-8.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

fn prefix(field: &Field, value: &str) -> String {
    match (&field.kind, field.storage()) {
        (_, Storage::Normalised { .. }) => normal(value),
        (FieldKind::Number, _) => value.trim().to_uppercase(),
        _ => value.trim().to_owned(),
    }
}

/// One value of a test, in the type of the column it is compared with.
fn operand(scope: &Scope<'_>, field: &Field, text: &str) -> Result<Bind> {
    let text = text.trim();
    if matches!(field.storage(), Storage::Normalised { .. }) {
        return Ok(Bind::text(normal(text)));
    }
    if text.is_empty() {
        return Err(no_value(field));
    }
    match &field.kind {
        FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Email | FieldKind::Phone | FieldKind::Url => {
            Ok(Bind::text(text))
        }
        FieldKind::Number => Ok(Bind::text(text.to_uppercase())),
        FieldKind::Integer { .. } => scaled(text, 0),
        FieldKind::Decimal { scale, .. } => scaled(text, *scale),
        FieldKind::Percentage { scale, .. } => scaled(text.trim_end_matches('%').trim_end(), *scale),
        FieldKind::Duration { .. } => match text.parse() {
            // As the API writes it.
            Ok(seconds) => Ok(Bind::Int(Some(seconds))),
            Err(_) => duration::parse(text).map(|seconds| Bind::Int(Some(seconds))).map_err(refused),
        },
        FieldKind::Date { .. } => match day(scope.today, text) {
            Some(day) => Ok(Bind::Date(Some(day))),
            None => Ok(Bind::Date(Some(written_day(text)?))),
        },
        FieldKind::Member if text == "me" => Ok(Bind::Id(Some(scope.access.member.0))),
        FieldKind::Member | FieldKind::Reference { .. } => match Uuid::try_parse(text) {
            Ok(id) => Ok(Bind::Id(Some(id))),
            Err(_) => Err(no_id(field, text)),
        },
        FieldKind::Boolean => match read(field, None, text, "", Rules { today: scope.today }) {
            Ok(Value::Bool(yes)) => Ok(Bind::Bool(Some(yes))),
            _ => Err(refused(t!("{text} is neither yes nor no", text))),
        },
        FieldKind::Country
        | FieldKind::Option { .. }
        | FieldKind::Options { .. }
        | FieldKind::References { .. }
        | FieldKind::AnyReference { .. }
        | FieldKind::Address
        | FieldKind::Geo
        | FieldKind::State
        | FieldKind::Money { .. }
        | FieldKind::Checklist
        | FieldKind::File { .. }
        | FieldKind::Image { .. }
        | FieldKind::Datetime => Err(refused(t!("{field} cannot be compared so", field = field.key))),
    }
}

fn scaled(text: &str, decimals: u32) -> Result<Bind> {
    match parse_scaled(text, decimals) {
        Ok(number) => Ok(Bind::Int(Some(number))),
        Err(_) if decimals == 0 => Err(refused(t!("{text} is not a whole number", text))),
        Err(_) => Err(refused(t!("{text} is not a number with at most {scale} decimals", text, scale = decimals))),
    }
}

/// `today`, `today-30`, `today+7`.
fn day(today: NaiveDate, text: &str) -> Option<NaiveDate> {
    let rest = text.strip_prefix("today")?;
    if rest.is_empty() {
        return Some(today);
    }
    let days: i32 = rest.parse().ok().filter(|_| rest.starts_with(['+', '-']))?;
    let distance = Days::new(u64::from(days.unsigned_abs()));
    if days < 0 { today.checked_sub_days(distance) } else { today.checked_add_days(distance) }
}

fn written_day(text: &str) -> Result<NaiveDate> {
    // The rules of input (not after today, only certain years) do not bind what is merely compared.
    text.parse().map_err(|_| refused(t!("{text} is not a date; write it as 2026-11-21, or today-30", text)))
}

/// `5000` counts minor units at two decimals whatever the currency; `5000 KES` also asks for the currency.
fn money(sql: &mut Sql, field: &Field, comparison: Comparison, text: &str) -> Result<()> {
    let Storage::Money { minor, currency } = field.storage() else { return Err(Error::internal()) };
    let text = text.trim();
    let Some((amount, code)) = text.rsplit_once(' ') else {
        let value = scaled(text, 2)?;
        compare(sql, field, &minor, comparison, value);
        return Ok(());
    };
    let amount = Money::parse(amount, &code.to_uppercase()).map_err(|problem| refused(problem.to_string()))?;
    sql.push("(").column("t", &currency).push(" = ");
    sql.bind(Bind::text(amount.currency()));
    sql.push(" and ");
    compare(sql, field, &minor, comparison, Bind::Int(Some(amount.minor())));
    sql.push(")");
    Ok(())
}

/// A moment is shown to the second and compared to the second; a day means all of it, from midnight to midnight in the workspace's zone.
fn moment(sql: &mut Sql, scope: &Scope<'_>, column: &str, comparison: Comparison, text: &str) -> Result<()> {
    let (from, until) = span(scope, text.trim())?;
    let mut bound = |operator: &'static str, at: DateTime<Utc>| {
        sql.column("t", column).push(operator);
        sql.bind(Bind::Moment(Some(at)));
    };
    match comparison {
        Comparison::Less => bound(" < ", from),
        Comparison::GreaterOrEqual => bound(" >= ", from),
        Comparison::LessOrEqual => bound(" < ", until),
        Comparison::Greater => bound(" >= ", until),
        _ => {
            bound(" >= ", from);
            sql.push(" and ");
            sql.column("t", column).push(" < ");
            sql.bind(Bind::Moment(Some(until)));
        }
    }
    Ok(())
}

fn span(scope: &Scope<'_>, text: &str) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let whole = day(scope.today, text).or_else(|| text.parse().ok());
    if let Some(day) = whole {
        let next = day.succ_opt().unwrap_or(day);
        return Ok((midnight(scope.zone, day), midnight(scope.zone, next)));
    }
    let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.with_timezone(&Utc)).map_err(|_| {
        refused(t!("{text} is neither a day nor a moment; write 2026-11-21, today-30 or 2026-11-21T09:30:00Z", text))
    })?;
    let second = DateTime::from_timestamp(moment.timestamp(), 0).unwrap_or(moment);
    Ok((second, second + Duration::seconds(1)))
}

/// Where clocks skip midnight, the day begins when they go on.
fn midnight(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let start = day.and_time(chrono::NaiveTime::MIN);
    let local = zone.from_local_datetime(&start).earliest();
    let local = local.or_else(|| zone.from_local_datetime(&(start + Duration::hours(1))).earliest());
    local.map_or_else(|| start.and_utc(), |moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_beyond_everything_that_starts_so() {
        assert_eq!(after("lak").as_deref(), Some("lal"));
        assert_eq!(after("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after("\u{10ffff}"), None);
        for prefix in ["a", "az", "%", "_", "ö", "\u{7f}", "\u{d7ff}", "\u{ffff}"] {
            let end = after(prefix).unwrap();
            assert!(prefix < end.as_str() && format!("{prefix}\u{10ffff}").as_bytes() < end.as_bytes(), "{prefix}");
        }
    }

    #[test]
    fn days_count_from_today() {
        let today: NaiveDate = "2026-11-21".parse().unwrap();
        let of = |text| day(today, text).map(|day| day.to_string());
        assert_eq!(of("today").as_deref(), Some("2026-11-21"));
        assert_eq!(of("today-21").as_deref(), Some("2026-10-31"));
        assert_eq!(of("today+10").as_deref(), Some("2026-12-01"));
        assert_eq!(of("today10"), None);
        assert_eq!(of("today-99999999999"), None);
        assert_eq!(of("today-2147483648"), None);
        assert_eq!(of("tomorrow"), None);
    }

    #[test]
    fn a_day_begins_where_the_workspace_is_even_when_midnight_is_skipped() {
        let day: NaiveDate = "2026-03-29".parse().unwrap();
        assert_eq!(midnight(zone("Africa/Nairobi"), day).to_string(), "2026-03-28 21:00:00 UTC");
        // Beirut goes from 23:59:59 to 01:00 on that day.
        assert_eq!(midnight(zone("Asia/Beirut"), day).to_string(), "2026-03-28 22:00:00 UTC");
        assert_eq!(midnight(zone("Middle/Earth"), day).to_string(), "2026-03-29 00:00:00 UTC");
    }
}
