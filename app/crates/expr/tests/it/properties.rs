//! What must hold for every expression and every value.

use crate::common::{names, values, with_env};
use nexus_expr::{Decimal, EvalFaultKind, Expr, JsonValues, Names, Scope, Type, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Any mixture of operators, functions and names, most of it without sense.
fn mixtures() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a.yes",
        "a.n",
        "a.half",
        "a.kes",
        "a.eur",
        "a.text",
        "a.status",
        "a.day",
        "a.at",
        "a.wait",
        "a.list",
        "a.texts",
        "a.empty",
        "a.customer",
        "a.customer.name",
        "none.n",
        "none.kes",
        "none.day",
        "none.text",
        "any.n",
        "any.date",
        "any.items",
        "any.id",
        "any.price",
        "lines",
        "lines.amount",
        "lines[0]",
        "1",
        "0",
        "0.5",
        "2",
        "'x'",
        "9999999999999999999",
        "9223372036854775807",
        "null",
        "true",
        "WON",
        "'2026-11-21'",
        "[]",
        "today()",
        "now()",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let operator = prop::sample::select(vec![
            "&&", "||", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%",
        ]);
        let one = prop::sample::select(vec![
            "abs", "coalesce", "date", "duration", "lower", "max", "min", "number", "round", "size", "sum", "text", "trim", "upper",
        ]);
        let two = prop::sample::select(vec![
            "addDays", "addWorkingDays", "coalesce", "contains", "daysBetween", "endsWith", "max", "min", "money", "round", "startsWith",
        ]);
        prop_oneof![
            6 => (inner.clone(), operator, inner.clone()).prop_map(|(a, operator, b)| format!("({a}) {operator} ({b})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            1 => inner.clone().prop_map(|a| format!("({a}).amount")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            2 => (one, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            2 => (two, inner.clone(), inner).prop_map(|(name, a, b)| format!("{name}({a}, {b})")),
        ]
    })
}

/// Expressions of a wanted type, built so that they fit.
fn typed(ty: &'static str, depth: u32) -> BoxedStrategy<String> {
    let leaf: Vec<&str> = match ty {
        "number" => vec!["a.n", "a.half", "none.n", "3", "0.25", "a.kes.amount", "size(a.text)", "sum(lines.count)"],
        "money" => vec!["a.kes", "none.kes", "money(2, 'KES')", "sum(lines.amount)"],
        "text" => vec!["a.text", "'x'", "none.text", "a.customer.name"],
        "day" => vec!["a.day", "today()", "none.day", "date(a.at)"],
        _ => vec!["a.yes", "none.yes", "a.status == WON", "a.status in [NEW, ON_HOLD]", "true"],
    };
    let leaf = prop::sample::select(leaf).prop_map(str::to_owned).boxed();
    if depth == 0 {
        return leaf;
    }
    let part = |ty| typed(ty, depth - 1);
    let pair = |left, right, form: fn(String, String) -> String| {
        (part(left), part(right)).prop_map(move |(a, b)| form(a, b)).boxed()
    };
    let deeper = match ty {
        "number" => prop_oneof![
            pair("number", "number", |a, b| format!("({a} + {b})")),
            pair("number", "number", |a, b| format!("({a} * {b})")),
            pair("number", "number", |a, b| format!("({a} / {b})")),
            pair("money", "money", |a, b| format!("({a} / {b})")),
            pair("day", "day", |a, b| format!("({a} - {b})")),
            pair("number", "number", |a, b| format!("max({a}, -{b})")),
        ]
        .boxed(),
        "money" => prop_oneof![
            pair("money", "money", |a, b| format!("({a} - {b})")),
            pair("money", "number", |a, b| format!("({a} * {b})")),
            pair("bool", "money", |a, b| format!("({a} ? {b} : abs({b}))")),
        ]
        .boxed(),
        "text" => prop_oneof![
            pair("text", "number", |a, b| format!("({a} + text({b}))")),
            pair("text", "text", |a, b| format!("coalesce(upper({a}), {b})")),
        ]
        .boxed(),
        "day" => prop_oneof![
            pair("day", "day", |a, b| format!("min({a}, addDays({b}, 7))")),
            pair("day", "number", |a, b| format!("({a} + round({b}))")),
            pair("bool", "day", |a, b| format!("({a} ? addWorkingDays({b}, -3) : {b})")),
        ]
        .boxed(),
        _ => prop_oneof![
            pair("bool", "bool", |a, b| format!("({a} && !({b}))")),
            pair("number", "money", |a, b| format!("({a} <= {b})")),
            pair("day", "day", |a, b| format!("({a} > {b})")),
            pair("text", "text", |a, b| format!("({a} != {b} || contains({a}, {b}))")),
        ]
        .boxed(),
    };
    prop_oneof![1 => leaf, 3 => deeper].boxed()
}

fn expressions() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["number", "money", "text", "day", "bool"]).prop_flat_map(|ty| typed(ty, 4))
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,8}".prop_map(Json::from),
        Just(json!("2026-11-21")),
        Just(json!("+262142-12-31")),
        Just(json!("262142-01-01T00:00:00Z")),
        Just(json!("12.50")),
        Just(json!({ "amount": "1", "currency": "KES" })),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every root is unknown before it is there.
fn open_names() -> Names {
    ["a", "none", "any", "lines", "WON"].into_iter().fold(Names::new(), |names, root| names.with(root, Type::Any))
}

fn is_of(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Null, _) | (_, Type::Any) => true,
        (Value::Bool(_), Type::Bool) | (Value::Number(_), Type::Number) | (Value::Money { .. }, Type::Money) => true,
        // The sum of nothing.
        (Value::Number(zero), Type::Money) => zero.is_zero(),
        (Value::Text(_), Type::Text) | (Value::Date(_), Type::Date) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mixtures_are_refused_or_evaluated(source in mixtures()) {
        if let Ok(expr) = Expr::parse(&source) {
            for scope in [names(), open_names()] {
                if let Ok(checked) = expr.check(&scope) {
                    let _ = with_env(|env| checked.eval(&JsonValues(&values()), env));
                }
            }
        }
    }

    #[test]
    fn values_of_any_form_are_refused_or_evaluated(source in mixtures(), n in any_json(), kes in any_json(), day in any_json(), any in any_json()) {
        let values = json!({ "a": { "n": n, "half": n, "kes": kes, "day": day, "at": day, "list": any, "yes": n, "text": kes, "wait": day }, "any": any, "none": kes, "lines": any });
        if let Ok(expr) = Expr::parse(&source) {
            for scope in [names(), open_names()] {
                if let Ok(checked) = expr.check(&scope) {
                    let _ = with_env(|env| checked.eval(&JsonValues(&values), env).map(|value| (value.to_json(), value.show(env))));
                }
            }
        }
    }

    #[test]
    fn what_fits_has_the_type_that_was_told(source in expressions()) {
        let Ok(expr) = Expr::parse(&source) else { return Ok(()) };
        let checked = expr.check(&names()).map_err(|faults| TestCaseError::fail(format!("{source}: {faults:?}")))?;
        let again = Expr::parse(&expr.to_string()).unwrap().check(&names()).unwrap();
        match with_env(|env| (checked.eval(&JsonValues(&values()), env), again.eval(&JsonValues(&values()), env))) {
            (Ok(value), same) => {
                prop_assert!(is_of(&value, checked.ty()), "{} is {:?}, not {:?}", source, value, checked.ty());
                prop_assert_eq!(Ok(value), same);
            }
            (Err(fault), _) => prop_assert!(
                matches!(fault.kind, EvalFaultKind::Overflow | EvalFaultKind::DivisionByZero),
                "{}: {:?}", source, fault
            ),
        }
    }

    /// Sums, differences and products of hundredths, against whole numbers of 128 bits.
    #[test]
    fn arithmetic_agrees_with_whole_numbers((source, hundredths) in arithmetic()) {
        let Ok(expr) = Expr::parse(&source) else { return Ok(()) };
        let value = expr.check(&Names::new()).unwrap();
        let value = with_env(|env| value.eval(&JsonValues(&json!({})), env));
        let sign = if hundredths < 0 { "-" } else { "" };
        let digits = format!("{:03}", hundredths.unsigned_abs());
        let (whole, cents) = digits.split_at(digits.len() - 2);
        match Decimal::parse(&format!("{sign}{whole}.{cents}")) {
            Ok(expected) => prop_assert_eq!(value, Ok(Value::Number(expected)), "{}", source),
            Err(_) => prop_assert_eq!(value.unwrap_err().kind, EvalFaultKind::Overflow),
        }
    }

    #[test]
    fn wire_forms_read_back(number in any::<i64>(), cents in any::<i32>(), days in 0i64..3_000_000, seconds in 0i64..200_000_000_000) {
        let start = chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
        let date = start + chrono::TimeDelta::days(days);
        let at = start.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::TimeDelta::seconds(seconds);
        let amount = Decimal::from(i64::from(cents)).checked_div(Decimal::from(100)).unwrap();
        for (value, ty) in [
            (Value::Number(Decimal::from(number)), Type::Number),
            (Value::Number(amount), Type::Number),
            (Value::Money { amount, currency: "KES" }, Type::Money),
            (Value::Date(date), Type::Date),
            (Value::Datetime(at), Type::Datetime),
            (Value::Duration(i64::from(cents)), Type::Duration),
        ] {
            prop_assert_eq!(Value::from_json(&value.to_json(), &ty), Ok(value.clone()));
            let list = Value::List(vec![value, Value::Null]);
            prop_assert_eq!(Value::from_json(&list.to_json(), &Type::list(ty)), Ok(list));
        }
    }
}

fn arithmetic() -> impl Strategy<Value = (String, i128)> {
    let leaf = (0u32..100_000_000).prop_map(|cents| (format!("{}.{:02}", cents / 100, cents % 100), i128::from(cents)));
    leaf.prop_recursive(5, 30, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| (format!("({a} + {b})"), x.saturating_add(y))),
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| (format!("({a} - {b})"), x.saturating_sub(y))),
            (inner.clone(), 0i128..1000).prop_map(|((a, x), k)| (format!("({a} * {k})"), x.saturating_mul(k))),
            inner.prop_map(|(a, x)| (format!("-{a}"), -x)),
        ]
    })
}

/// The scope of the tables is the one that the generators speak of.
#[test]
fn generated_names_are_known() {
    assert!(names().root("a").is_some() && names().root("WON").is_none());
}
