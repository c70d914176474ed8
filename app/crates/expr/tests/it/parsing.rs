//! What is an expression, how it binds, what its faults say, and that its canonical form means the same.

use nexus_expr::{Expr, MAX_DEPTH, MAX_LENGTH, MAX_NODES};
use proptest::prelude::*;

fn printed(source: &str) -> String {
    Expr::parse(source).unwrap_or_else(|fault| panic!("{source}: {fault}")).to_string()
}

#[test]
fn operators_bind_as_in_cel() {
    for (source, canonical) in [
        ("a||b&&c", "a || b && c"),
        ("(a || b) && c", "(a || b) && c"),
        ("(a && b) && (c && d)", "a && b && c && d"),
        ("((a)) == (b)", "a == b"),
        ("a + b * c - d", "a + b * c - d"),
        ("(a + b) * c", "(a + b) * c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("a * (b % c) / d", "a * (b % c) / d"),
        ("!(a == b) && !c", "!(a == b) && !c"),
        ("(a == b) == c", "(a == b) == c"),
        ("- -a", "--a"),
        ("-(a + 1.50).b", "-(a + 1.5).b"),
        ("(-a).b", "(-a).b"),
        ("a ? b : (c ? d : e)", "a ? b : c ? d : e"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("(a ? b : c) + 1", "(a ? b : c) + 1"),
        ("a.status in[NEW,WON]", "a.status in [NEW, WON]"),
        ("a['b'][0].c", "a['b'][0].c"),
        ("invoice.dueDate-TODAY()<=7", "invoice.dueDate - today() <= 7"),
        ("name.trim().startsWith(\"A\")", "startsWith(trim(name), 'A')"),
        ("a.in.true", "a.in.true"),
        ("[]", "[]"),
    ] {
        assert_eq!(printed(source), canonical);
        assert_eq!(printed(canonical), canonical);
    }
}

#[test]
fn faults_name_the_place_and_what_was_meant() {
    for (source, fault) in [
        ("", "line 1, column 1: the end stands where a value or a name should be"),
        ("a +", "line 1, column 4: the end stands where a value or a name should be"),
        ("a = 1", "line 1, column 3: = is not an operator here; did you mean ==?"),
        ("a and b", "line 1, column 3: and stands where an operator or the end should be; did you mean &&?"),
        ("a\n OR b", "line 2, column 2: OR stands where an operator or the end should be; did you mean ||?"),
        ("(a + b", "line 1, column 1: What is opened here is never closed; ) is missing"),
        ("a ? b", "line 1, column 6: A condition with ? needs : and what holds otherwise"),
        ("f(a)", "line 1, column 1: There is no function f"),
        ("adDays(a, 1)", "line 1, column 1: There is no function adDays; did you mean addDays?"),
        ("addDays(a)", "line 1, column 1: addDays takes 2 values, not 1"),
        ("today(1)", "line 1, column 1: today takes no values, not 1"),
        ("round(1, 2, 3)", "line 1, column 1: round takes 1 to 2 values, not 3"),
        ("has(1 + 2)", "line 1, column 1: has takes a path, as in has(order.customer.email)"),
        (
            "a < b < c",
            "line 1, column 7: Comparisons cannot be chained; join two of them with &&, as in a < b && b < c",
        ),
        ("a.1", "line 1, column 3: 1 stands where a name should be"),
        ("a, b", "line 1, column 2: , stands where an operator or the end should be"),
        ("'é' + 'x", "line 1, column 7: The text that begins here is never closed"),
        ("a }}", "line 1, column 3: }} stands where an operator or the end should be"),
        ("in", "line 1, column 1: in needs a value on its left, as in status in [NEW, WON]"),
    ] {
        assert_eq!(Expr::parse(source).unwrap_err().to_string(), fault, "{source}");
    }
}

#[test]
fn spans_are_bytes_of_the_source() {
    let fault = Expr::parse("'é' + größe").unwrap_err();
    assert_eq!(&"'é' + größe"[fault.span.start..fault.span.end], "ö");
    assert_eq!(fault.column, 9);
}

#[test]
fn json_is_the_source() {
    let expr: Expr = serde_json::from_str("\"a&&b\"").unwrap();
    assert_eq!(serde_json::to_string(&expr).unwrap(), "\"a&&b\"");
    let fault = serde_json::from_str::<Expr>("\"a &&\"").unwrap_err();
    assert!(fault.to_string().contains("line 1, column 5"), "{fault}");
}

#[test]
fn bounds_are_exact() {
    let chain = |links: usize| vec!["a"; links].join(" + ");
    assert!(Expr::parse(&chain(MAX_DEPTH)).is_ok());
    assert!(Expr::parse(&chain(MAX_DEPTH + 1)).is_err());
    assert!(Expr::parse(&("!".repeat(MAX_DEPTH - 1) + "a")).is_ok());
    assert!(Expr::parse(&("!".repeat(MAX_DEPTH) + "a")).is_err());
    let list = |items: usize| format!("[{}]", vec!["1"; items].join(","));
    assert!(Expr::parse(&list(MAX_NODES - 1)).is_ok());
    assert!(Expr::parse(&list(MAX_NODES)).is_err());
    assert!(Expr::parse(&format!("a{}", " ".repeat(MAX_LENGTH - 1))).is_ok());
    assert!(Expr::parse(&format!("a{}", " ".repeat(MAX_LENGTH))).is_err());
    let fault = Expr::parse(&"é".repeat(MAX_LENGTH)).unwrap_err();
    assert_eq!((fault.span.start, fault.column), (0, 1));
    let fault = Expr::parse(&format!("'{}'", "é".repeat(MAX_LENGTH))).unwrap_err();
    assert_eq!(fault.span.start, MAX_LENGTH - 1);
    // Joining many conditions is no depth.
    assert!(Expr::parse(&vec!["a == 1"; 200].join(" || ")).is_ok());
}

/// What is printed with spaces must not grow beyond the bound, nor must brackets that are needed exceed the nesting.
#[test]
fn what_barely_fits_still_fits_when_printed() {
    let tight = format!("[{}]", vec!["'aaaaaaa'in['b']"; 240].join(","));
    let deep = format!("{}a{}", "!(b==(".repeat(21), "))".repeat(21));
    for source in [&tight, &deep] {
        let expr = Expr::parse(source).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr);
    }
}

/// Sources of every form, with brackets and spaces where they are not needed.
fn sources() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z][a-zA-Z0-9]{0,5}".prop_filter("not a word of the language", |name| name != "in"),
        "(0|[1-9][0-9]{0,8})(\\.[0-9]{1,6})?",
        "'([a-zé\" ]|\\\\n|\\\\'|\\\\\\\\|\\\\u0001){0,8}'",
        "\"([a-zé' ]|\\\\t|\\\\\"){0,8}\"",
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("ACTIVE".to_owned()),
    ];
    leaf.prop_recursive(7, 60, 4, |inner| {
        let operator = prop::sample::select(vec![
            "&&", "||", "==", "!=", "<", "<=", ">", ">=", " in ", "+", "-", "*", "/", "%",
        ]);
        let own = inner.clone().prop_map(|source| format!("({source})"));
        prop_oneof![
            3 => (own.clone(), operator, own.clone()).prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
            1 => (own.clone(), own.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a} ? {b}:{c}")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a} && {b} || {c}")),
            1 => own.clone().prop_map(|source| format!("!{source}")),
            1 => own.clone().prop_map(|source| format!("-{source}")),
            1 => own.clone().prop_map(|source| format!("{source}.field")),
            1 => (own.clone(), inner.clone()).prop_map(|(base, index)| format!("{base}[{index}]")),
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            1 => prop::collection::vec(inner.clone(), 1..4).prop_map(|items| format!("coalesce({})", items.join(","))),
            1 => (own, inner).prop_map(|(base, argument)| format!("{base}.contains({argument})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn printing_and_parsing_are_inverse(source in sources()) {
        if let Ok(expr) = Expr::parse(&source) {
            let canonical = expr.to_string();
            let again = Expr::parse(&canonical);
            prop_assert!(again.as_ref() == Ok(&expr), "{} became {}", source, canonical);
            prop_assert_eq!(again.unwrap().to_string(), canonical);
        } else {
            // Only chained comparisons and excess of bounds are left to refuse.
            let fault = Expr::parse(&source).unwrap_err();
            prop_assert!(
                ["chained", "longer", "deeper", "parts"].iter().any(|word| fault.message.contains(word)),
                "{}: {}", source, fault
            );
        }
    }

    #[test]
    fn any_text_is_parsed_or_refused_in_place(source in "\\PC{0,200}") {
        if let Err(fault) = Expr::parse(&source) {
            prop_assert!(source.get(fault.span.start..fault.span.end).is_some(), "{:?}", fault);
        }
    }

    #[test]
    fn any_soup_of_tokens_is_parsed_or_refused(tokens in prop::collection::vec(prop::sample::select(vec![
        "a", "in", "null", "1", ".5", "'x'", "&&", "||", "!", "==", "<", "+", "-", "?", ":", ".", ",", "(", ")", "[", "]", "{{", "}}", "min(", " ",
    ]), 0..80)) {
        let source = tokens.concat();
        match Expr::parse(&source) {
            Ok(expr) => prop_assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr),
            Err(fault) => prop_assert!(source.get(fault.span.start..fault.span.end).is_some()),
        }
    }
}
