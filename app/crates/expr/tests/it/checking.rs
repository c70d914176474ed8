//! What checking refuses, in which words and where, and which fields it says are read.

use crate::common::{check, names, values, with_env};
use nexus_expr::{EvalFaultKind, Expr, JsonValues, MAX_FAULTS, Names, Read, Type, Value};

fn faults(source: &str) -> Vec<String> {
    check(source).map(|_| ()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn unknown_names_and_keys_say_what_was_meant() {
    for (source, told) in [
        ("a.hlaf", "line 1, column 3: all has no field hlaf; did you mean half?"),
        ("a.customer.nam", "line 1, column 12: customer has no field nam; did you mean name?"),
        ("lines.amout", "line 1, column 7: line has no field amout; did you mean amount?"),
        ("a['hlaf']", "line 1, column 4: all has no field hlaf; did you mean half?"),
        ("lnes", "line 1, column 1: There is no lnes here; did you mean lines?"),
        ("TRUE", "line 1, column 1: There is no TRUE here; did you mean true?"),
        ("any.status == ACTIVE", "line 1, column 15: There is no ACTIVE here; did you mean 'ACTIVE'?"),
        ("a.status == ON_HLD", "line 1, column 13: ON_HLD is not one of new, on_hold, won; did you mean ON_HOLD?"),
        ("a.status == 'on hld'", "line 1, column 13: on hld is not one of new, on_hold, won; did you mean 'on_hold'?"),
        ("wonn == a.status", "line 1, column 1: wonn is not one of new, on_hold, won; did you mean won?"),
        ("a.status in [NEW, LOST]", "line 1, column 19: LOST is not one of new, on_hold, won"),
        ("a.n.amount", "line 1, column 5: There is no amount in a number"),
        ("a.kes.amnt", "line 1, column 7: There is no amnt in an amount of money"),
    ] {
        assert_eq!(faults(source), [told], "{source}");
    }
}

#[test]
fn sides_that_do_not_go_together() {
    for (source, told) in [
        ("a.day == 7", "line 1, column 1: A date cannot be compared with a number"),
        ("a.yes < true", "line 1, column 1: True or false has no order; compare with == or !="),
        ("a.status > NEW", "line 1, column 1: An option has no order; compare with == or !="),
        ("a.n < null", "line 1, column 1: Nothing has no order; compare with == or !="),
        ("a.text < a.status", "line 1, column 1: An option has no order; compare with == or !="),
        ("a.customer == a.seller", "line 1, column 1: A record of customer cannot be compared with a record of seller"),
        ("a == a", "line 1, column 1: A record of all cannot be compared with a record of all"),
        (
            "a.day > 'soon'",
            "line 1, column 9: 'soon' is not a date; write it as '2026-11-21' or '2026-11-21T09:30:00Z'",
        ),
        (
            "a.day > '2026-02-30'",
            "line 1, column 9: '2026-02-30' is not a date; write it as '2026-11-21' or '2026-11-21T09:30:00Z'",
        ),
        (
            "a.kes + 1",
            "line 1, column 1: An amount of money and a number do not go together with +; an amount needs its currency, as in money(10, 'KES')",
        ),
        (
            "a.text + 1",
            "line 1, column 1: A text and a number do not go together with +; show values as texts with text(...)",
        ),
        (
            "a.day + a.wait",
            "line 1, column 1: A date and a duration do not go together with +; days are added to a date as a number",
        ),
        ("a.kes * a.kes", "line 1, column 1: An amount of money and an amount of money do not go together with *"),
        ("1 - a.day", "line 1, column 1: A number and a date do not go together with -"),
        ("-a.text", "line 1, column 1: A text has no negative"),
        ("a.n && true", "line 1, column 1: This is a number, where true or false is needed"),
        ("!a.text", "line 1, column 2: This is a text, where true or false is needed"),
        ("a.n ? 1 : 2", "line 1, column 1: This is a number, where true or false is needed"),
        (
            "a.yes ? 1 : 'x'",
            "line 1, column 13: Both results of a condition are of one type; this is a text beside a number",
        ),
        ("[1, 'x']", "line 1, column 5: The items of a list are of one type; this is a text beside a number"),
        ("1 in a.texts", "line 1, column 1: A number is never in a list whose items are a text"),
        ("'x' in a.text", "line 1, column 1: in asks a list; of a text ask contains(text, part)"),
        ("1 in a.n", "line 1, column 6: in asks a list, not a number"),
        ("a.list['x']", "line 1, column 8: A place in a list is a number, not a text"),
        ("a.text[0]", "line 1, column 1: A text has no places; only lists have"),
    ] {
        assert_eq!(faults(source), [told], "{source}");
    }
}

#[test]
fn every_slip_is_told_once_and_up_to_a_bound() {
    assert_eq!(faults("a.x + 1 > 2 && b.y == 'z' || a.n").len(), 3);
    let many = vec!["a.x"; 200].join(" == 1 || ") + " == 1";
    assert_eq!(faults(&many).len(), MAX_FAULTS);
}

#[test]
fn what_is_wanted_is_demanded() {
    let check =
        |source: &str, wanted: &Type| Expr::parse(source).unwrap().check_as(&names(), wanted).map(|c| c.ty().clone());
    assert_eq!(check("a.n > 1", &Type::Bool), Ok(Type::Bool));
    let faults = check("a.n", &Type::Bool).unwrap_err();
    assert_eq!(faults[0].to_string(), "line 1, column 1: This is a number, but true or false is wanted here");
    let option = Type::option(["new", "won"]);
    for source in ["WON", "'Won'", "a.yes ? NEW : WON", "coalesce(WON, NEW)", "null", "any.status"] {
        assert!(check(source, &option).is_ok(), "{source}");
    }
    for source in ["LOST", "'lost'", "a.status", "a.text"] {
        assert!(check(source, &option).is_err(), "{source}");
    }
    assert_eq!(check("'2026-11-21'", &Type::Date), Ok(Type::Date));
    // What is not known is held to it later.
    assert_eq!(check("any.total", &Type::Money), Ok(Type::Money));
}

#[test]
fn what_is_not_known_is_read_as_and_held_to_what_is_wanted() {
    use EvalFaultKind::{Data, Mismatch};
    let eval = |source: &str, wanted: &Type| {
        let checked = Expr::parse(source).unwrap().check_as(&names(), wanted).unwrap();
        with_env(|env| checked.eval(&JsonValues(&values()), env)).map_err(|fault| fault.kind)
    };
    assert!(matches!(eval("any.date", &Type::Date), Ok(Value::Date(_))));
    assert!(matches!(eval("any.items.v", &Type::list(Type::Number)), Ok(Value::List(_))));
    assert_eq!(eval("any.id", &Type::Number), Err(Data));
    assert_eq!(eval("coalesce(any.missing, any.id)", &Type::Number), Err(Mismatch));
    assert_eq!(eval("any.missing", &Type::Number), Ok(Value::Null));
}

fn reads(source: &str, scope: &Names) -> Vec<String> {
    let shown =
        |read: &Read| format!("{} {}.{}", read.path.join("."), read.record.as_deref().unwrap_or("-"), read.field);
    Expr::parse(source).unwrap().check(scope).unwrap().reads().iter().map(shown).collect()
}

#[test]
fn reads_are_listed_with_the_references_on_their_way() {
    let names = names();
    for (source, expected) in [
        ("1 + 2", vec![]),
        ("a.n > a.half || a.n > 5", vec!["a.half all.half", "a.n all.n"]),
        ("a.customer.name", vec!["a.customer all.customer", "a.customer.name customer.name"]),
        ("sum(lines.amount)", vec!["lines.amount line.amount"]),
        ("lines[0].count", vec!["lines -.lines", "lines.count line.count"]),
        ("has(a.seller)", vec!["a.seller all.seller"]),
        ("any.deep.value == 1", vec!["any.deep.value -.value"]),
        ("a.kes.amount > 1", vec!["a.kes all.kes", "a.kes.amount -.amount"]),
        ("a.status == NEW", vec!["a.status all.status"]),
    ] {
        assert_eq!(reads(source, &names), expected, "{source}");
    }
    assert_eq!(reads("n > 1 && a.n < 5", &names.about("a")), ["a.n all.n"]);
}
