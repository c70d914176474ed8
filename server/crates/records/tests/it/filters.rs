//! Every comparison of every type, held against a plain evaluation over the rows as they are shown.

use crate::pages::fill;
use crate::world::{World, at};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::Kind;
use domain::money::{Money, parse_scaled};
use domain::records::Record;
use domain::schema::value::money;
use domain::schema::{Comparison, Entity, Field, FieldKind, Filter, Test, duration};
use domain::text::normal;
use proptest::prelude::{Just, Strategy, prop};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What a filter means, written a second time in the plainest way.
struct Meaning {
    entity: Arc<Entity>,
    me: String,
    today: NaiveDate,
}

#[derive(Debug, PartialEq, PartialOrd)]
enum Thing {
    Text(String),
    Number(i64),
    Day(NaiveDate),
}

impl Meaning {
    fn holds(&self, filter: &Filter, row: &Record) -> bool {
        match filter {
            Filter::All(filters) => filters.iter().all(|filter| self.holds(filter, row)),
            Filter::Any(filters) => filters.iter().any(|filter| self.holds(filter, row)),
            Filter::Test(test) => self.test(test, row),
        }
    }

    fn test(&self, test: &Test, row: &Record) -> bool {
        let field = self.entity.field(&test.field).unwrap();
        let value = &row.values[&test.field];
        match test.comparison {
            Comparison::Empty => value.is_null(),
            Comparison::NotEmpty => !value.is_null(),
            Comparison::In => test.values.iter().any(|operand| self.compare(field, value, Comparison::Equals, operand)),
            Comparison::NotIn => {
                !test.values.iter().any(|operand| self.compare(field, value, Comparison::Equals, operand))
            }
            Comparison::NotEquals => !self.compare(field, value, Comparison::Equals, &test.values[0]),
            Comparison::StartsWith => {
                let operand = &test.values[0];
                let text = value.as_str().unwrap_or_default();
                match field.kind {
                    FieldKind::Text { .. } | FieldKind::Email => normal(text).starts_with(&normal(operand)),
                    FieldKind::Number => text.starts_with(&operand.to_uppercase()),
                    _ => !value.is_null() && text.starts_with(operand.trim()),
                }
            }
            comparison => self.compare(field, value, comparison, &test.values[0]),
        }
    }

    fn compare(&self, field: &Field, value: &Value, comparison: Comparison, operand: &str) -> bool {
        if let FieldKind::Datetime = field.kind {
            return !value.is_null() && self.moment(value.as_str().unwrap(), comparison, operand);
        }
        if let FieldKind::Money { .. } = field.kind {
            let Some(held) = money(value) else { return false };
            let Some((amount, code)) = operand.split_once(' ') else {
                return ordered(held.minor(), comparison, parse_scaled(operand, 2).unwrap());
            };
            return held.currency() == code
                && ordered(held.minor(), comparison, Money::parse(amount, code).unwrap().minor());
        }
        if let FieldKind::Options { .. } = field.kind {
            return value.as_array().into_iter().flatten().any(|key| key.as_str() == Some(operand));
        }
        let folded = matches!(field.kind, FieldKind::Text { .. } | FieldKind::Email);
        if value.is_null() && !folded {
            return false;
        }
        ordered(self.thing(field, value, folded), comparison, self.wanted(field, operand))
    }

    fn thing(&self, field: &Field, value: &Value, folded: bool) -> Thing {
        match (&field.kind, value) {
            (FieldKind::Integer { .. } | FieldKind::Duration { .. }, _) => Thing::Number(value.as_i64().unwrap()),
            (FieldKind::Boolean, _) => Thing::Number(i64::from(value.as_bool().unwrap())),
            (FieldKind::Decimal { scale, .. } | FieldKind::Percentage { scale, .. }, _) => {
                Thing::Number(parse_scaled(value.as_str().unwrap(), *scale).unwrap())
            }
            (FieldKind::Date { .. }, _) => Thing::Day(value.as_str().unwrap().parse().unwrap()),
            _ if folded => Thing::Text(normal(value.as_str().unwrap_or_default())),
            _ => Thing::Text(value.as_str().unwrap().to_owned()),
        }
    }

    fn wanted(&self, field: &Field, operand: &str) -> Thing {
        match &field.kind {
            FieldKind::Integer { .. } => Thing::Number(parse_scaled(operand, 0).unwrap()),
            FieldKind::Duration { .. } => Thing::Number(operand.parse().or_else(|_| duration::parse(operand)).unwrap()),
            FieldKind::Boolean => Thing::Number(i64::from(operand == "true")),
            FieldKind::Decimal { scale, .. } | FieldKind::Percentage { scale, .. } => {
                Thing::Number(parse_scaled(operand.trim_end_matches('%'), *scale).unwrap())
            }
            FieldKind::Date { .. } => Thing::Day(self.day(operand).unwrap()),
            FieldKind::Text { .. } | FieldKind::Email => Thing::Text(normal(operand)),
            FieldKind::Member if operand == "me" => Thing::Text(self.me.clone()),
            _ => Thing::Text(operand.to_owned()),
        }
    }

    fn day(&self, operand: &str) -> Option<NaiveDate> {
        match operand.strip_prefix("today") {
            Some("") => Some(self.today),
            Some(days) => Some(self.today + Duration::days(days.parse().unwrap())),
            None => operand.parse().ok(),
        }
    }

    /// The workspace is in Nairobi: three hours ahead, always.
    fn moment(&self, held: &str, comparison: Comparison, operand: &str) -> bool {
        let held: DateTime<Utc> = held.parse().unwrap();
        match self.day(operand) {
            Some(day) => ordered((held + Duration::hours(3)).date_naive(), comparison, day),
            None => ordered(held, comparison, operand.parse().unwrap()),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "reads like the comparison that it is")]
fn ordered<T: PartialOrd>(held: T, comparison: Comparison, wanted: T) -> bool {
    match comparison {
        Comparison::Equals => held == wanted,
        Comparison::Less => held < wanted,
        Comparison::LessOrEqual => held <= wanted,
        Comparison::Greater => held > wanted,
        Comparison::GreaterOrEqual => held >= wanted,
        other => panic!("{other:?}"),
    }
}

/// Operands worth trying: what the rows hold, what is near it, and what means something special.
fn operands(field: &Field, rows: &[Record]) -> Vec<String> {
    let mut out: BTreeSet<String> = BTreeSet::new();
    for value in rows.iter().map(|row| &row.values[&field.key]).filter(|value| !value.is_null()).take(12) {
        match (&field.kind, value) {
            (FieldKind::Money { .. }, _) => {
                let held = money(value).unwrap();
                out.insert(format!("{} {}", held.amount(), held.currency()));
                out.insert(domain::money::scaled(held.minor(), 2));
            }
            (FieldKind::Options { .. }, Value::Array(keys)) => {
                out.extend(keys.iter().map(|key| key.as_str().unwrap().to_owned()));
            }
            (
                FieldKind::Text { .. } | FieldKind::Email | FieldKind::Phone | FieldKind::Url | FieldKind::Number,
                Value::String(text),
            ) => {
                out.insert(text.clone());
                out.insert(text.chars().take(3).collect());
            }
            (_, Value::String(text)) => {
                out.insert(text.clone());
            }
            (_, other) => {
                out.insert(other.to_string());
            }
        }
    }
    let more: &[&str] = match field.kind {
        FieldKind::Text { .. } => &["LAKE", "  lake  view ", "ä", "Ä", "lake%", "l_ke", "%", "zz", "'"],
        FieldKind::Integer { .. } => &["-4", "0", "99999999999"],
        FieldKind::Decimal { .. } => &["0", "1.2", "-0.001"],
        FieldKind::Percentage { .. } => &["0", "2.5%", "-1", "99.99"],
        FieldKind::Duration { .. } => &["0 min", "1h", "1h 30m", "90 min", "2:00", "1"],
        FieldKind::Url => &["https://s1", "http", "https://s2.example.com/1", "%"],
        FieldKind::Money { .. } => &["0", "0 EUR", "-2 KES", "0.01", "4938 JPY", "12.345 KWD", "1 USD"],
        FieldKind::Date { .. } => &["today", "today-3", "today+2", "1999-01-01"],
        FieldKind::Datetime => &["today", "today-1", "2026-11-19", "2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z"],
        FieldKind::Member => &["me"],
        FieldKind::State => &["draft", "gone"],
        _ => &[],
    };
    out.extend(more.iter().map(|&operand| operand.to_owned()));
    out.into_iter().collect()
}

#[tokio::test]
async fn every_comparison_means_what_it_says() {
    let world = World::new().await;
    fill(&world, 90).await;
    let user = &world.here.user;
    let rows = world.all(user, "sample", None).await.unwrap();
    let entity = world.sample();
    let meaning =
        Meaning { entity: entity.clone(), me: user.access.member.to_string(), today: "2026-11-21".parse().unwrap() };
    assert_eq!(world.open(user).await.today(), meaning.today, "the clock was moved past midnight in Nairobi");
    let mut tests: Vec<Test> = Vec::new();
    for field in entity.fields.iter().filter(|field| !Comparison::offered(field).is_empty() && field.is_open()) {
        let operands = operands(field, &rows);
        for comparison in Comparison::offered(field) {
            let test = |values: Vec<String>| Test { field: field.key.clone(), comparison: *comparison, values };
            match comparison {
                Comparison::Empty | Comparison::NotEmpty => tests.push(test(Vec::new())),
                Comparison::In | Comparison::NotIn => {
                    tests.extend(operands.chunks(3).map(|chunk| test(chunk.to_vec())));
                }
                _ => tests.extend(operands.iter().map(|operand| test(vec![operand.clone()]))),
            }
        }
    }
    assert!(tests.len() > 400, "{}", tests.len());
    let (mut some, mut none) = (0, 0);
    for test in &tests {
        let (found, expected) = compared(&world, &meaning, &rows, &Filter::Test(test.clone())).await;
        assert_eq!(found, expected, "{test:?}");
        *(if found.is_empty() { &mut none } else { &mut some }) += 1;
    }
    assert!(some > 200 && none > 20, "{some} {none}");
    // And in groups, by chance.
    let mut runner = TestRunner::deterministic();
    let one = prop::sample::select(tests).prop_map(Filter::Test);
    let groups = one.prop_recursive(3, 12, 3, |inner| {
        let many = prop::collection::vec(inner, 1..4);
        (many, Just(())).prop_flat_map(|(filters, ())| {
            prop::bool::ANY
                .prop_map(move |all| if all { Filter::All(filters.clone()) } else { Filter::Any(filters.clone()) })
        })
    });
    for _ in 0..200 {
        let filter = groups.new_tree(&mut runner).unwrap().current();
        let (found, expected) = compared(&world, &meaning, &rows, &filter).await;
        assert_eq!(found, expected, "{}", filter.print());
    }
    world.end().await;
}

async fn compared(
    world: &World,
    meaning: &Meaning,
    rows: &[Record],
    filter: &Filter,
) -> (BTreeSet<Uuid>, BTreeSet<Uuid>) {
    let found = world
        .all(&world.here.user, "sample", Some(filter.clone()))
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", filter.print()));
    let expected = rows.iter().filter(|row| meaning.holds(filter, row)).map(|row| row.id).collect();
    (found.iter().map(|row| row.id).collect(), expected)
}

#[tokio::test]
async fn a_filter_that_makes_no_sense_is_refused_with_words() {
    let world = World::new().await;
    let test = |field: &str, comparison, values: &[&str]| {
        Filter::Test(Test {
            field: field.to_owned(),
            comparison,
            values: values.iter().map(|&value| value.to_owned()).collect(),
        })
    };
    let mut deep = test("name", Comparison::Equals, &["x"]);
    for _ in 0..40 {
        deep = Filter::All(vec![deep]);
    }
    let wrong = [
        test("nmae", Comparison::Equals, &["x"]),
        test("note", Comparison::Equals, &["x"]),
        test("tenant_id", Comparison::Equals, &["x"]),
        test("name", Comparison::Less, &["x"]),
        test("name", Comparison::Equals, &[]),
        test("name", Comparison::Equals, &["a", "b"]),
        test("name", Comparison::In, &[]),
        test("name", Comparison::Equals, &["a\0b"]),
        test("colour", Comparison::Equals, &["purple"]),
        test("status", Comparison::Equals, &["drfat"]),
        test("pieces", Comparison::Equals, &["1.5"]),
        test("pieces", Comparison::Equals, &["99999999999999999999"]),
        test("weight", Comparison::Equals, &["1.2345"]),
        test("price", Comparison::Equals, &["1.234"]),
        test("price", Comparison::Equals, &["1 ZZZ"]),
        test("price", Comparison::Equals, &["1.5 JPY"]),
        test("day", Comparison::Equals, &["11/12/2026"]),
        test("day", Comparison::Equals, &[""]),
        test("moment", Comparison::Equals, &["now"]),
        test("lead", Comparison::Equals, &["x"]),
        test("lead", Comparison::Equals, &["me"]),
        test("fragile", Comparison::Equals, &["perhaps"]),
        test("name", Comparison::In, &["x"; 101]),
        Filter::All(vec![test("name", Comparison::Equals, &["x"]); 101]),
        deep,
    ];
    for filter in wrong {
        let error = world.all(&world.here.user, "sample", Some(filter.clone())).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{filter:?}");
        assert!(!at(&error, "filter").is_empty());
    }
    world.end().await;
}
