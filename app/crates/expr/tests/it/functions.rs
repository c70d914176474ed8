//! Every function: what it answers, for null too, and what it refuses.

use crate::common::{check, table, try_eval};
use nexus_expr::EvalFaultKind;
use serde_json::json;

#[test]
fn days() {
    table(&[
        ("today()", json!("2026-11-21")),
        ("TODAY()", json!("2026-11-21")),
        ("now()", json!("2026-11-21T09:30:00Z")),
        ("date(now())", json!("2026-11-21")),
        // Half past one on the 21st in Nairobi.
        ("date(a.at)", json!("2026-11-21")),
        ("addDays(today(), 30)", json!("2026-12-21")),
        ("addDays('2024-02-28', 1)", json!("2024-02-29")),
        ("addDays(today(), -21)", json!("2026-10-31")),
        ("addDays(a.at, 1)", json!("2026-11-21T22:30:00Z")),
        ("addDays(none.day, 1)", json!(null)),
        ("addDays(today(), none.n)", json!(null)),
        // From Saturday: Monday, then Wednesday, since Tuesday is a holiday.
        ("addWorkingDays(today(), 1)", json!("2026-11-23")),
        ("addWorkingDays(today(), 2)", json!("2026-11-25")),
        ("addWorkingDays(today(), 0)", json!("2026-11-21")),
        ("addWorkingDays(today(), -1)", json!("2026-11-20")),
        ("addWorkingDays('2026-11-20', 4)", json!("2026-11-27")),
        ("addWorkingDays(none.day, 4)", json!(null)),
        ("daysBetween('2026-11-21', '2026-12-24')", json!(33)),
        ("daysBetween('2026-12-24', today())", json!(-33)),
        ("daysBetween(a.at, a.day)", json!(0)),
        ("daysBetween(none.day, today())", json!(null)),
        ("duration('1d') == duration('24h')", json!(true)),
    ]);
    for source in ["date(a.text)", "duration(a.text)", "addWorkingDays(today(), 1.5)"] {
        assert_eq!(try_eval(source).unwrap_err().kind, EvalFaultKind::Mismatch, "{source}");
    }
}

#[test]
fn texts() {
    table(&[
        ("lower('ÄB') + upper('ß') + trim('  x\\n')", json!("äbSSx")),
        ("lower(none.text)", json!(null)),
        ("upper(a.status)", json!("ON_HOLD")),
        ("contains(a.text, 'üß') && a.text.contains('Gr')", json!(true)),
        ("contains(none.text, '') || contains('a', none.text)", json!(false)),
        ("startsWith(a.text, 'Gr') && endsWith(a.text, 'ße')", json!(true)),
        ("startsWith(a.text, 'gr') || endsWith(none.text, '')", json!(false)),
        ("size(a.text)", json!(5)),
        ("size(a.list) + size([]) + size(lines[0])", json!(7)),
        ("size(none.text)", json!(null)),
    ]);
}

#[test]
fn texts_for_people() {
    table(&[
        ("text(a.n) + text(a.half)", json!("72.5")),
        ("text(a.kes)", json!("KES 12.50")),
        ("text(money(1234567, 'KES') + money(0.005, 'KES'))", json!("KES 1,234,567.01")),
        ("text(a.kes * 8)", json!("KES 100")),
        ("text(a.day)", json!("21 Nov 2026")),
        ("text(a.at)", json!("21 Nov 2026, 01:30")),
        ("text(a.wait)", json!("1h30m")),
        ("text(a.yes) + text(1 > 2)", json!("YesNo")),
        ("text(a.status)", json!("on_hold")),
        ("text(a.list)", json!("3, 1.5, , 2")),
        ("text(none.day)", json!(null)),
    ]);
}

#[test]
fn numbers() {
    table(&[
        ("round(2.5)", json!(3)),
        ("round(-2.5)", json!(-3)),
        ("round(1.005, 2)", json!("1.01")),
        ("round(1.0049, 2)", json!(1)),
        ("round(a.kes / 3, 2) * 3", json!({ "amount": "12.51", "currency": "KES" })),
        ("round(none.n, 2)", json!(null)),
        ("abs(-3) + abs(3)", json!(6)),
        ("abs(-a.kes) == a.kes && abs(-a.wait) == a.wait", json!(true)),
        ("number('12.50') + number(' 1 ')", json!("13.5")),
        ("number(a.kes)", json!("12.5")),
        ("number(none.text)", json!(null)),
        ("money(a.n, 'KES')", json!({ "amount": "7.00", "currency": "KES" })),
        ("money(none.n, 'KES')", json!(null)),
    ]);
    for source in ["number('12,50')", "number('')", "money(1, a.text)", "round(1, 19)", "round(1, -1)", "round(1, 0.5)"]
    {
        assert_eq!(try_eval(source).unwrap_err().kind, EvalFaultKind::Mismatch, "{source}");
    }
}

#[test]
fn lists() {
    table(&[
        ("sum(lines.amount)", json!({ "amount": "12.50", "currency": "KES" })),
        ("sum(lines.count)", json!(3)),
        ("sum(a.list)", json!("6.5")),
        ("sum([1, 2, a.n])", json!(10)),
        ("sum([])", json!(0)),
        ("sum([null])", json!(0)),
        ("sum(none.list)", json!(null)),
        ("sum([a.wait, a.wait])", json!("3h")),
        ("min(3, 1, 2)", json!(1)),
        ("max(a.list)", json!(3)),
        ("max(lines.amount)", json!({ "amount": "10.00", "currency": "KES" })),
        ("min(a.day, '2026-01-01')", json!("2026-01-01")),
        ("max('a', 'b')", json!("b")),
        ("min(none.n, 4)", json!(4)),
        ("min(none.n)", json!(null)),
        ("max([])", json!(null)),
        ("contains(a.texts, 'x') && !contains(a.texts, 'z')", json!(true)),
        ("contains(none.texts, 'x')", json!(false)),
    ]);
}

#[test]
fn presence() {
    table(&[
        ("has(a.n) && has(a.customer.name) && has(lines[0].sku)", json!(true)),
        ("has(none.n) || has(a.customer.limit) || has(lines[9]) || has(any.missing)", json!(false)),
        ("coalesce(none.n, none.half, 3, 4)", json!(3)),
        ("coalesce(none.status, WON)", json!("won")),
        ("coalesce(none.n, none.n)", json!(null)),
        ("coalesce(1, 1 / 0)", json!(1)),
        ("a.n.coalesce(1)", json!(7)),
    ]);
}

#[test]
fn wrong_arguments_are_told_when_checked() {
    for source in [
        "addDays(a.n, 1)",
        "addDays(a.day, 'x')",
        "addDays('tomorrow', 1)",
        "addWorkingDays(a.text, 1)",
        "daysBetween(a.day, 1)",
        "date(a.n)",
        "duration('1 hour')",
        "lower(a.n)",
        "startsWith(a.text, 1)",
        "contains(a.n, 'x')",
        "contains(a.list, 'x')",
        "size(a.n)",
        "round(a.text)",
        "round(a.n, 'x')",
        "abs(a.day)",
        "min(1, 'x')",
        "min(a.yes)",
        "max(a.status, a.other)",
        "sum(a.n)",
        "sum(lines)",
        "sum(lines.sku)",
        "coalesce(1, 'x')",
        "number(a.day)",
        "money('x', 'KES')",
        "money(1, 'ZZZ')",
        "text(lines[0])",
    ] {
        assert_eq!(check(source).map(|_| ()).unwrap_err().len(), 1, "{source}");
    }
}
