//! Tests with texts and values that mean harm. Work is counted in tokens and steps, not timed, and runs on a small stack.

use crate::eval::steps_of;
use crate::parse::Parser;
use crate::{
    Env, EvalFaultKind, Expr, Fault, JsonValues, MAX_LENGTH, MAX_NODES, MAX_STEPS, MAX_TEXT, Names, Template, Type,
};
use serde_json::json;

/// Tokens that parsing took, and what came of it.
fn parse(source: &str) -> (usize, Result<(), Fault>) {
    match Parser::new(source, 0) {
        Err(fault) => (1, Err(fault)),
        Ok(mut parser) => {
            let parsed = parser.whole().map(|_| ());
            (parser.steps, parsed)
        }
    }
}

/// As much as the browser gives, for code that is not optimised here: deep recursion would not fit.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn hostile_texts_are_refused_with_little_work() {
    on_a_small_stack(|| {
        for pattern in [
            "(", "[", "!", "-", "a(", "min(", "a[", "a.", "a?", "a?a:", "a+", "a&&!", "a<(", "'", "\\", "9", "a in ",
            "}}", "\u{0}", "é",
        ] {
            for length in [MAX_LENGTH, 10_000, 1_000_000] {
                let source: String = pattern.chars().cycle().take(length).collect();
                let (tokens, parsed) = parse(&source);
                let fault = parsed.expect_err(pattern);
                assert!(tokens <= 2 * MAX_NODES, "{pattern}: {tokens} tokens of {length}");
                assert!(fault.message.len() < 200 || pattern == "9", "{}", fault.message);
            }
        }
        let deep = format!("{}1{}", "(".repeat(2000), ")".repeat(2000));
        assert!(parse(&deep).1.is_err());
        let chain = format!("a{}", ".b".repeat(2000));
        assert!(parse(&chain).1.unwrap_err().message.contains("deeper"));
    });
}

/// Nothing is read more than once, whatever it is.
#[test]
fn tokens_are_at_most_the_bytes() {
    for source in
        ["a&&".repeat(333) + "a", "1,".repeat(2000), "[".to_owned() + &"1,".repeat(900) + "1]", "-1+".repeat(60) + "1"]
    {
        assert!(parse(&source).0 <= source.len() + 1);
    }
}

/// The deepest that is allowed goes through every stage.
#[test]
fn the_deepest_expressions_fit_a_small_stack() {
    on_a_small_stack(|| {
        let nested =
            |open: &str, close: &str, levels: usize| format!("{}1 == 1{}", open.repeat(levels), close.repeat(levels));
        let sources = [
            nested("coalesce((", "))", 62),
            nested("!(", ")", 62),
            nested("true ? (", ") : false", 62),
            nested("false || (true && (", "))", 31),
            nested("[[", "][0]][0]", 15),
            vec!["1"; 64].join(" + "),
        ];
        for source in sources {
            let expr = Expr::parse(&source).unwrap_or_else(|fault| panic!("{source}: {fault}"));
            assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr);
            let checked = expr.check(&Names::new()).unwrap();
            let values = json!({});
            checked.clone().eval(&JsonValues(&values), &Env::utc(chrono::DateTime::UNIX_EPOCH)).unwrap();
        }
    });
}

#[test]
fn many_faults_are_cheap_to_tell() {
    let names = (0..200).fold(Names::new(), |names, i| names.with(&format!("customerReference{i}"), Type::Number));
    let long = "customerReferenc".repeat(250);
    assert_eq!(Expr::parse(&long).unwrap().check(&names).unwrap_err()[0].meant, None);
    let many = Template::parse(&"{{custmerReference1}}".repeat(3000)).unwrap();
    assert_eq!(many.check(&names).unwrap_err().len(), crate::MAX_FAULTS);
}

#[test]
fn hostile_values_meet_the_budget() {
    use EvalFaultKind::{TooLarge, TooLong};
    let names = Names::new().with("x", Type::Text).with("list", Type::list(Type::Text)).with("any", Type::Any);
    let values = json!({
        "x": "x".repeat(MAX_TEXT / 2),
        "list": vec!["some text"; 10_000],
        "any": { "long": "x".repeat(MAX_TEXT + 1), "many": vec![0; 10_001], "wide": vec![vec![0; 10_000]; 20] },
    });
    for (source, kind) in [
        ("x + x + x".to_owned(), TooLarge),
        (vec!["x"; 64].join(" + "), TooLarge),
        (format!("[{}]", vec!["x + x"; 200].join(",")), TooLong),
        (vec!["contains(upper(x), 'y')"; 100].join(" || "), TooLong),
        (vec!["'z' in list"; 50].join(" || "), TooLong),
        (vec!["list == list"; 50].join(" && "), TooLong),
        ("addWorkingDays(today(), 9223372036854775807)".to_owned(), TooLong),
        ("any.long".to_owned(), TooLarge),
        ("any.many".to_owned(), TooLarge),
        ("size(any.wide)".to_owned(), TooLong),
    ] {
        let checked = Expr::parse(&source).unwrap().check(&names).unwrap();
        let (steps, result) = steps_of(&checked, &JsonValues(&values), &Env::utc(chrono::DateTime::UNIX_EPOCH));
        assert_eq!(result.expect_err(&source[..20.min(source.len())]).kind, kind);
        // The last value may be paid for when it is there already.
        assert!(steps <= MAX_STEPS + 200_100, "{steps}");
    }
}

#[test]
fn a_week_without_working_days_ends() {
    use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let env = Env { weekend: &[Mon, Tue, Wed, Thu, Fri, Sat, Sun], ..Env::utc(chrono::DateTime::UNIX_EPOCH) };
    let checked = Expr::parse("addWorkingDays(today(), 1)").unwrap().check(&Names::new()).unwrap();
    assert_eq!(checked.eval(&JsonValues(&json!({})), &env).unwrap_err().kind, EvalFaultKind::TooLong);
}
