//! A world for tables of expressions: one value of every type, and nulls.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use nexus_expr::{Checked, Env, EvalFault, Expr, Fault, JsonValues, Names, Type, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

pub fn names() -> Names {
    Names::new()
        .with("a", Type::record("all"))
        .with("none", Type::record("all"))
        .with("any", Type::Any)
        .with("lines", Type::list(Type::record("line")))
        .with_record(
            "all",
            [
                ("yes", Type::Bool),
                ("n", Type::Number),
                ("half", Type::Number),
                ("kes", Type::Money),
                ("eur", Type::Money),
                ("text", Type::Text),
                ("status", Type::option(["new", "on_hold", "won"])),
                ("other", Type::option(["new", "lost"])),
                ("day", Type::Date),
                ("at", Type::Datetime),
                ("wait", Type::Duration),
                ("list", Type::list(Type::Number)),
                ("texts", Type::list(Type::Text)),
                ("empty", Type::list(Type::Money)),
                ("customer", Type::reference("customer")),
                ("seller", Type::reference("seller")),
            ],
        )
        .with_record("customer", [("name", Type::Text), ("limit", Type::Money)])
        .with_record("line", [("sku", Type::Text), ("amount", Type::Money), ("count", Type::Number)])
}

pub fn values() -> Json {
    json!({
        "a": {
            "yes": true, "n": 7, "half": "2.50", "text": "Grüße", "status": "on_hold", "other": "new",
            "kes": { "amount": "12.50", "currency": "KES" }, "eur": { "amount": "12.50", "currency": "EUR" },
            "day": "2026-11-21", "at": "2026-11-20T22:30:00Z", "wait": "90m", "list": [3, "1.5", null, 2],
            "texts": ["x", "y"], "empty": [], "customer": { "id": "c-1", "name": "Lakeside", "limit": null },
            "seller": "s-1",
        },
        "none": {},
        "any": {
            "n": 0.1, "date": "2026-11-22", "items": [{ "v": 1 }, { "v": 2 }], "id": "x",
            "price": { "amount": "5", "currency": "KES" },
        },
        "lines": [
            { "sku": "A", "amount": { "amount": "10.00", "currency": "KES" }, "count": 1 },
            { "sku": "B", "amount": { "amount": "2.50", "currency": "KES" }, "count": 2 },
            { "sku": "C", "amount": null, "count": null },
        ],
    })
}

/// Three hours ahead of UTC, as in Nairobi.
fn nairobi(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc() + TimeDelta::hours(3)
}

/// Saturday the 21st of November 2026, half past twelve in Nairobi; the Tuesday after is a holiday.
pub fn with_env<T>(run: impl FnOnce(&Env) -> T) -> T {
    let holidays = BTreeSet::from([NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()]);
    let now = "2026-11-21T09:30:00Z".parse().unwrap();
    run(&Env { holidays: &holidays, local: &nairobi, ..Env::utc(now) })
}

pub fn check(source: &str) -> Result<Checked, Vec<Fault>> {
    Expr::parse(source).unwrap_or_else(|fault| panic!("{source}: {fault}")).check(&names())
}

pub fn try_eval(source: &str) -> Result<Value, EvalFault> {
    let checked = check(source).unwrap_or_else(|faults| panic!("{source}: {faults:?}"));
    with_env(|env| checked.eval(&JsonValues(&values()), env))
}

pub fn eval(source: &str) -> Value {
    try_eval(source).unwrap_or_else(|fault| panic!("{source}: {fault}"))
}

/// Each source has the value, in its wire form.
pub fn table(rows: &[(&str, Json)]) {
    for (source, expected) in rows {
        assert_eq!(eval(source).to_json(), *expected, "{source}");
    }
}
