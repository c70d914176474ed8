//! Texts with expressions in them.

use crate::common::{names, values, with_env};
use nexus_expr::{EvalFaultKind, JsonValues, MAX_TEMPLATE, MAX_TEXT, Template};
use proptest::prelude::*;
use serde_json::json;

fn render(source: &str) -> String {
    let template = Template::parse(source).unwrap_or_else(|fault| panic!("{source}: {fault}"));
    let checked = template.check(&names()).unwrap_or_else(|faults| panic!("{source}: {faults:?}"));
    with_env(|env| checked.render(&JsonValues(&values()), env)).unwrap_or_else(|fault| panic!("{source}: {fault}"))
}

#[test]
fn values_stand_as_the_product_shows_them() {
    for (source, shown) in [
        ("", ""),
        ("no expressions, } and }} and { alone", "no expressions, } and }} and { alone"),
        ("{{a.text}}", "Grüße"),
        ("{{ a.n + 1 }}{{a.half}}", "82.5"),
        ("Pay {{a.kes}} by {{ a.day }}, {{a.at}}", "Pay KES 12.50 by 21 Nov 2026, 21 Nov 2026, 01:30"),
        ("[{{none.n}}{{none.text}}{{null}}]", "[]"),
        ("{{a.yes ? \"it's\" : 'no'}}", "it's"),
        ("{{'}}'}} {{'{{'}}", "}} {{"),
        ("{{lines.sku}}", "A, B, C"),
        ("é{{a.text}}é\n{{a.n}}", "éGrüßeé\n7"),
    ] {
        assert_eq!(render(source), shown);
    }
}

#[test]
fn faults_have_their_place_in_the_whole_text() {
    for (source, told) in [
        ("a {{", "line 1, column 5: the end stands where a value or a name should be"),
        ("a {{}}", "line 1, column 5: }} stands where a value or a name should be"),
        ("a\n {{ b", "line 2, column 6: the end stands where an operator or }} should be"),
        ("a {{b}", "line 1, column 6: } has no meaning here"),
        ("a {{b c}}", "line 1, column 7: c stands where an operator or }} should be"),
        ("a {{(b}}", "line 1, column 5: What is opened here is never closed; ) is missing"),
    ] {
        assert_eq!(Template::parse(source).unwrap_err().to_string(), told);
    }
    let template = Template::parse("{{a.n}}\n{{a.m}} {{lines}} {{x}}").unwrap();
    let told: Vec<String> = template.check(&names()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 2, column 5: all has no field m; did you mean n?",
            "line 2, column 11: This is a whole record of line; name the field to show",
            "line 2, column 21: There is no x here; did you mean a?",
        ]
    );
}

#[test]
fn reads_are_those_of_all_expressions() {
    let template = Template::parse("{{a.text}} {{a.n}} {{a.text}}").unwrap().check(&names()).unwrap();
    let fields: Vec<&str> = template.reads().iter().map(|read| read.field.as_str()).collect();
    assert_eq!(fields, ["n", "text"]);
}

#[test]
fn only_shown_values_are_escaped() {
    let template = Template::parse("<b>{{any.id}}</b>").unwrap().check(&names()).unwrap();
    let escape = |text: &str| text.replace('<', "&lt;");
    let values = json!({ "any": { "id": "<script>" } });
    let html = with_env(|env| template.render_with(&JsonValues(&values), env, &escape)).unwrap();
    assert_eq!(html, "<b>&lt;script></b>");
}

#[test]
fn bounds_hold() {
    let plain = "x".repeat(MAX_TEMPLATE);
    assert!(Template::parse(&plain).is_ok());
    assert!(Template::parse(&(plain + "x")).is_err());
    assert!(Template::parse(&format!("{{{{'{}'}}}}", "x".repeat(5000))).is_err());

    let fault = |source: &str, values: serde_json::Value| {
        let template = Template::parse(source).unwrap().check(&names()).unwrap();
        with_env(|env| template.render(&JsonValues(&values), env)).unwrap_err().kind
    };
    let long = json!({ "a": { "text": "x".repeat(MAX_TEXT) } });
    assert_eq!(fault("{{a.text}}!{{a.text}}", long), EvalFaultKind::TooLarge);
    assert_eq!(fault("{{any}}", json!({ "any": { "a": 1 } })), EvalFaultKind::Mismatch);
    // All expressions share one budget.
    let list = json!({ "a": { "list": vec![1; 9000] } });
    assert_eq!(fault(&"{{size(a.list)}}".repeat(50), list), EvalFaultKind::TooLong);
}

#[test]
fn json_is_the_source() {
    let template: Template = serde_json::from_str("\"a {{ b }}\"").unwrap();
    assert_eq!(serde_json::to_string(&template).unwrap(), "\"a {{ b }}\"");
    assert_eq!(template.to_string(), "a {{b}}");
}

proptest! {
    #[test]
    fn what_is_printed_is_the_same_text(parts in prop::collection::vec(prop::sample::select(vec![
        "{{a.n}}", "{{ 'x}}' + \"{{\" }}", "{{a ? [b] : -c}}", "plain", "é", "{", "}", "}}", "\n", "'", " ",
    ]), 0..20)) {
        let source = parts.concat();
        if let Ok(template) = Template::parse(&source) {
            prop_assert_eq!(Template::parse(&template.to_string()).unwrap(), template);
        }
    }

    #[test]
    fn any_text_is_a_template_or_refused_in_place(source in "(\\{\\{|\\}\\}|\\PC){0,60}") {
        if let Err(fault) = Template::parse(&source) {
            prop_assert!(source.get(fault.span.start..fault.span.end).is_some());
        }
    }
}
