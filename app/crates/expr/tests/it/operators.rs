//! Every operator over every kind of value, and what null does to it.

use crate::common::{check, eval, table, try_eval};
use nexus_expr::{EvalFaultKind, Type};
use serde_json::json;

#[test]
fn numbers() {
    table(&[
        ("0.1 + 0.2 == 0.3", json!(true)),
        ("1 + 2 * 3 - 4 / 8", json!("6.5")),
        ("7 % 4", json!(3)),
        ("-7 % 4", json!(-3)),
        ("-a.n", json!(-7)),
        ("1 / 3", json!("0.333333333333333333")),
        ("a.half * 2 == 5", json!(true)),
        ("1.0 == 1", json!(true)),
        ("2 < 10 && 2 <= 2 && 3 > 2.9 && 3 >= 3 && 3 != 4", json!(true)),
        ("2 > 10 || 2 >= 2.1 || 3 < 3 || 4 <= 3 || 3 == 4", json!(false)),
    ]);
}

#[test]
fn money() {
    table(&[
        ("a.kes + a.kes", json!({ "amount": "25.00", "currency": "KES" })),
        ("a.kes - money(0.5, 'KES')", json!({ "amount": "12.00", "currency": "KES" })),
        ("money(0.1, 'KES') + money(0.2, 'KES') == money(0.3, 'KES')", json!(true)),
        ("a.kes * 2", json!({ "amount": "25.00", "currency": "KES" })),
        ("0.16 * a.kes", json!({ "amount": "2.00", "currency": "KES" })),
        ("a.kes / 3", json!({ "amount": "4.17", "currency": "KES" })),
        ("a.kes / 3 * 3 == a.kes", json!(false)),
        ("a.kes / money(5, 'KES')", json!("2.5")),
        ("-a.kes", json!({ "amount": "-12.50", "currency": "KES" })),
        ("a.kes > 12 && a.kes == 12.5 && 12 < a.kes", json!(true)),
        ("a.kes == a.eur", json!(false)),
        ("a.kes != a.eur", json!(true)),
        ("a.kes < money(13, 'KES')", json!(true)),
        ("a.kes.amount + 1", json!("13.5")),
        ("a.kes.currency", json!("KES")),
        ("(a.kes + a.kes).amount", json!(25)),
        ("(a.kes + a.kes).currency", json!("KES")),
        ("sum(a.empty) + a.kes", json!({ "amount": "12.50", "currency": "KES" })),
        ("money(7, 'JPY') / 2", json!({ "amount": "4", "currency": "JPY" })),
    ]);
    for source in ["a.kes + a.eur", "a.kes - a.eur", "a.kes < a.eur", "a.kes / a.eur", "max(a.kes, a.eur)"] {
        assert_eq!(try_eval(source).unwrap_err().kind, EvalFaultKind::Currencies, "{source}");
    }
}

#[test]
fn texts_and_options() {
    table(&[
        ("'a' + \"b\" + a.text", json!("abGrüße")),
        ("'a' < 'b' && 'B' < 'a' && 'a' != 'A'", json!(true)),
        ("a.status == ON_HOLD", json!(true)),
        ("a.status == on_hold", json!(true)),
        ("'On_Hold' == a.status", json!(true)),
        ("a.status != NEW", json!(true)),
        ("NEW in [a.status, a.other]", json!(true)),
        ("a.status in [NEW, WON]", json!(false)),
        ("a.status in [NEW, 'on_hold']", json!(true)),
        ("a.status == lower('ON_HOLD')", json!(true)),
        ("a.status == upper('on_hold')", json!(true)),
        ("a.status == a.other", json!(false)),
        ("(a.yes ? a.status : WON) == ON_HOLD", json!(true)),
        ("(a.yes ? NEW : a.status) == NEW", json!(true)),
        ("a.yes ? a.status : 'any text'", json!("on_hold")),
        ("coalesce(a.status, 'any text')", json!("on_hold")),
        ("a.status + '!'", json!("on_hold!")),
        ("a.customer == 'c-1'", json!(true)),
        ("a.customer", json!("c-1")),
        ("a.seller == 's-1' && a.customer != null", json!(true)),
    ]);
}

#[test]
fn days_and_moments() {
    table(&[
        ("a.day - today()", json!(0)),
        ("a.day + 30", json!("2026-12-21")),
        ("1 + a.day", json!("2026-11-22")),
        ("a.day - 21", json!("2026-10-31")),
        ("a.day > '2026-11-20' && a.day <= '2026-11-21' && '2026-11-21' == a.day", json!(true)),
        // Half past one on the 21st in Nairobi.
        ("a.at == a.day && a.at >= today() && !(a.at > today())", json!(true)),
        ("a.day == a.at && today() <= a.at && !(today() < a.at) && today() in [a.at]", json!(true)),
        ("a.at - a.day", json!(0)),
        ("a.at < '2026-11-20T22:30:01Z' && a.at > '2026-11-20'", json!(true)),
        ("a.at + 1", json!("2026-11-21T22:30:00Z")),
        ("a.at - 0.5 * 2", json!("2026-11-19T22:30:00Z")),
        ("now() - a.at", json!("11h")),
        ("now() - a.at > duration('10h59m') && a.wait < duration('2h')", json!(true)),
        ("a.at + a.wait", json!("2026-11-21T00:00:00Z")),
        ("a.wait + a.at - duration('90m') == a.at", json!(true)),
        ("a.wait + a.wait - duration('1h')", json!("2h")),
        ("a.wait * 2 == 2 * a.wait && -a.wait < a.wait", json!(true)),
        ("a.wait / 7", json!("12m51s")),
        ("a.wait / duration('1h')", json!("1.5")),
    ]);
    for source in ["a.day + 0.5", "a.at + 1.5", "addDays(a.day, 0.1)"] {
        assert_eq!(try_eval(source).unwrap_err().kind, EvalFaultKind::Mismatch, "{source}");
    }
}

#[test]
fn logic_conditions_and_membership() {
    table(&[
        ("true && !false || false", json!(true)),
        ("false && 1 / 0 == 1", json!(false)),
        ("true || 1 / 0 == 1", json!(true)),
        ("a.yes ? 'y' : 'n'", json!("y")),
        ("false ? 1 / 0 : 2", json!(2)),
        ("2 in [1, 2, 3]", json!(true)),
        ("4 in a.list", json!(false)),
        ("1.50 in a.list", json!(true)),
        ("2 in []", json!(false)),
        ("'sku' in lines[0] && !('price' in lines[0])", json!(true)),
        ("[1, 2] == [1, 2.0] && [1, 2] != [2, 1]", json!(true)),
    ]);
}

#[test]
fn members_and_places() {
    table(&[
        ("lines.sku", json!(["A", "B", "C"])),
        ("lines[1].amount.amount", json!("2.5")),
        ("lines[1]['amount'] == money(2.5, 'KES')", json!(true)),
        ("a['status'] == ON_HOLD", json!(true)),
        ("a.customer.name", json!("Lakeside")),
        ("lines.amount.amount", json!([10, "2.5", null])),
        ("[lines[0], lines[1]].sku", json!(["A", "B"])),
        ("a.list[1]", json!("1.5")),
        ("a.list[9]", json!(null)),
        ("a.list[-1]", json!(null)),
        ("any.items.v", json!([1, 2])),
        ("any.items[1].v + 1", json!(3)),
        ("any['n']", json!("0.1")),
        ("any[a.texts[0]]", json!(null)),
        ("any.missing.further", json!(null)),
        ("any.price + a.kes", json!({ "amount": "17.50", "currency": "KES" })),
        ("any.date > today() && today() < any.date && any.date == '2026-11-22'", json!(true)),
        ("any.n == 'text' || any.date == 5 || any.items == 1", json!(false)),
    ]);
    assert_eq!(try_eval("a.list[0.5]").unwrap_err().kind, EvalFaultKind::Mismatch);
}

/// The rules of null, as the crate's page states them.
#[test]
fn null() {
    table(&[
        ("null == null && none.n == null && none.n == none.kes", json!(true)),
        ("none.n != null || none.n == 0 || none.text == '' || none.status == NEW", json!(false)),
        ("none.status != NEW", json!(true)),
        ("none.n < 1 || none.n >= 1 || 1 > none.n || none.n <= none.n", json!(false)),
        ("none.day - today() <= 7", json!(false)),
        ("none.n + 1", json!(null)),
        ("1 - none.n", json!(null)),
        ("none.kes * 2", json!(null)),
        ("1 / none.n", json!(null)),
        ("none.n % 2", json!(null)),
        ("-none.n", json!(null)),
        ("'a' + none.text", json!(null)),
        ("none.day + 1", json!(null)),
        ("none.yes && true", json!(false)),
        ("none.yes || true", json!(true)),
        ("none.yes || none.yes", json!(false)),
        ("!none.yes", json!(true)),
        ("none.yes ? 1 : 2", json!(2)),
        ("none.n in [1, 2]", json!(false)),
        ("none.n in [1, null]", json!(true)),
        ("1 in none.list", json!(false)),
        ("none.customer.name", json!(null)),
        ("none.list[0]", json!(null)),
        ("a.list[none.n]", json!(null)),
        ("a.customer.limit > 5", json!(false)),
    ]);
    assert_eq!(check("none.yes").unwrap().ty(), &Type::Bool);
}

#[test]
fn overflow_and_division_by_zero_are_faults() {
    use EvalFaultKind::{DivisionByZero, Overflow};
    for (source, kind) in [
        ("1 / 0", DivisionByZero),
        ("1 % (a.n - 7)", DivisionByZero),
        ("a.kes / 0", DivisionByZero),
        ("a.wait / duration('0s')", DivisionByZero),
        ("9999999999999999999 + 1", Overflow),
        ("9999999999999999999 * 10", Overflow),
        ("-9999999999999999999 - 1", Overflow),
        ("1 / 0.000000000000000001 * 100", Overflow),
        ("addDays('9999-12-31', 1)", Overflow),
        ("addDays('0001-01-01', -1)", Overflow),
        ("a.at + 3000000", Overflow),
        ("a.day + 9999999999", Overflow),
        ("a.day - 9223372036854775807", Overflow),
        ("a.at + 9223372036854775807", Overflow),
        ("a.wait * 9999999999999999", Overflow),
        ("round(9999999999999999999.5, 0)", Overflow),
        ("money(9999999999999999999, 'KES') + money(1, 'KES')", Overflow),
    ] {
        assert_eq!(try_eval(source).unwrap_err().kind, kind, "{source}");
    }
    let fault = try_eval("a.n + 1 / (a.n - 7)").unwrap_err();
    assert_eq!((fault.span.start, fault.span.end, fault.to_string().as_str()), (6, 18, "Division by zero"));
}

#[test]
fn what_has_no_type_is_checked_when_it_is_there() {
    use EvalFaultKind::{Data, Mismatch};
    for (source, kind) in [
        ("any.id + 1", Mismatch),
        ("any.n + a.kes", Mismatch),
        ("any.id < 5", Mismatch),
        ("any.id && true", Mismatch),
        ("!any.n", Mismatch),
        ("-any.id", Mismatch),
        ("any.n ? 1 : 2", Mismatch),
        ("1 in any.id", Mismatch),
        ("any.n[0]", Mismatch),
        ("upper(any.n)", Mismatch),
        ("sum(any.n)", Mismatch),
        ("sum(any.items)", Mismatch),
        ("min(any.id, any.n)", Mismatch),
        ("any.date - today()", Mismatch),
        ("any.id.further", Data),
    ] {
        assert_eq!(try_eval(source).unwrap_err().kind, kind, "{source}");
    }
    assert_eq!(eval("date(any.date) - today()").to_json(), json!(1));
}
