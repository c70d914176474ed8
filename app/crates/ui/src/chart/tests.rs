//! Every chart with nothing, with one, with many, with less than nothing and with what is no number: what is drawn stays in its box, and the table
//! says all of it.

use super::*;
use crate::Hue;
use leptos::prelude::*;

/// What may come as a figure.
const VALUES: [f64; 9] = [0.0, 1.0, -5.0, 0.000_1, 1e15, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

fn data(values: &[f64], linked: bool) -> Vec<Datum> {
    let datum = |(at, value): (usize, &f64)| {
        let datum = Datum::new(format!("Label {at}"), *value, format!("text {at}"));
        if linked { datum.href(format!("/rows/{at}")) } else { datum }
    };
    values.iter().enumerate().map(datum).collect()
}

fn html(view: impl FnOnce() -> AnyView) -> String {
    Owner::new().with(|| view().to_html()).replace("<!>", "")
}

/// Every chart of these figures, by name.
fn charts(values: &[f64], linked: bool) -> Vec<(&'static str, String)> {
    let data = || data(values, linked);
    let series = || vec![Series::new("One", data()), Series::new("Other", data())];
    let first = || data().into_iter().next().unwrap_or_default();
    let cohorts = || vec![Cohort { whole: first(), steps: data().into_iter().map(Some).chain([None]).collect() }];
    let steps = || values.iter().enumerate().map(|(at, _)| at.to_string()).chain(["more".to_owned()]).collect();
    vec![
        ("bar", html(|| view! { <BarChart title="T" data=data()/> }.into_any())),
        ("line", html(|| view! { <LineChart title="T" series=series()/> }.into_any())),
        (
            "plain line",
            html(|| view! { <LineChart title="T" series=vec![Series::new("One", data())] plain=true/> }.into_any()),
        ),
        ("area", html(|| view! { <LineChart title="T" series=vec![Series::new("One", data())]/> }.into_any())),
        ("stacked", html(|| view! { <StackedChart title="T" series=series()/> }.into_any())),
        ("donut", html(|| view! { <Donut title="T" data=data() total="all"/> }.into_any())),
        ("ranks", html(|| view! { <BarList title="T" data=data()/> }.into_any())),
        ("funnel", html(|| view! { <Funnel title="T" stages=data()/> }.into_any())),
        ("cohort", html(|| view! { <CohortGrid title="T" cohorts=cohorts() steps=steps()/> }.into_any())),
        ("gauge", html(|| view! { <Gauge title="T" part=first() whole=first()/> }.into_any())),
        ("sparkline", html(|| view! { <Sparkline values=values.to_vec()/> }.into_any())),
    ]
}

/// Attributes that hold a place or a size in the drawing.
fn places(html: &str) -> Vec<String> {
    let names = [" x=\"", " y=\"", " width=\"", " height=\"", " cx=\"", " cy=\"", " d=\"", " stroke-dasharray=\""];
    let values = names.iter().flat_map(|name| html.split(name).skip(1));
    values.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[test]
fn nothing_that_is_drawn_leaves_its_box() {
    let mut all: Vec<Vec<f64>> = vec![vec![], VALUES.to_vec(), (0..1_000).map(f64::from).collect()];
    all.extend(VALUES.iter().map(|value| vec![*value]));
    all.extend(VALUES.iter().map(|value| vec![*value, *value]));
    for values in &all {
        for linked in [false, true] {
            for (name, html) in charts(values, linked) {
                for place in places(&html) {
                    let small = &values[..values.len().min(3)];
                    assert!(!place.contains("NaN") && !place.contains("inf"), "{name} of {small:?}: {place}");
                    let number = place.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
                    assert!(
                        number.is_none_or(|number| (0.0..=100.0).contains(&number)),
                        "{name} of {small:?}: {place}"
                    );
                }
            }
        }
    }
}

#[test]
fn marks_are_bounded_and_the_table_has_every_figure() {
    let many: Vec<f64> = (0..1_000).map(f64::from).collect();
    for (name, html) in charts(&many, true) {
        assert!(html.matches("data-said=").count() <= 2 * MOST_MARKS, "{name}");
        if ["bar", "line", "plain line", "area", "stacked", "donut"].contains(&name) {
            assert!(html.contains("Show as table") && html.contains("<caption"), "{name}");
            for at in [0, 500, 999] {
                assert!(html.contains(&format!(">text {at}</a>")), "{name} lacks the figure {at}");
            }
        }
    }
}

#[test]
fn marks_and_figures_lead_to_the_same_rows() {
    for (name, html) in charts(&[3.0, 5.0], true) {
        // A sparkline is a decoration beside a figure, and that one leads to the rows.
        if name == "sparkline" {
            continue;
        }
        for at in [0, 1] {
            let links = html.matches(&format!("href=\"/rows/{at}\"")).count();
            let wanted = match name {
                // Lists and grids are their own table; a gauge here has its first figure twice.
                "ranks" | "funnel" => 1,
                "cohort" => 1 + usize::from(at == 0),
                "gauge" => {
                    if at == 0 {
                        3
                    } else {
                        0
                    }
                }
                "line" | "stacked" => 4,
                "donut" => 3,
                _ => 2,
            };
            assert_eq!(links, wanted, "{name} {at}: {html}");
        }
    }
}

#[test]
fn pictures_hold_no_links_and_groups_name_theirs() {
    for linked in [false, true] {
        for (name, html) in charts(&[3.0, 5.0], linked) {
            for picture in html.split("role=\"img\"").skip(1) {
                let inside = picture.split("</svg>").next().unwrap_or_default();
                assert!(!inside.contains("<a "), "{name}");
            }
            let tags = html.split("<a ").skip(1).filter_map(|link| link.split('>').next());
            for tag in tags.filter(|tag| tag.contains("chart-link")) {
                assert!(tag.contains("aria-label=\"Label"), "{name}: {tag}");
            }
            assert!(name == "sparkline" || html.contains("\"T"), "{name} has no name");
        }
    }
}

#[test]
fn shapes_are_as_large_as_their_figures() {
    let bar = html(|| view! { <BarChart title="T" data=data(&[5.0, 10.0, 0.0], false)/> }.into_any());
    assert!(
        bar.contains("y=\"50.00%\"") && bar.contains("height=\"50.00%\"") && bar.contains("height=\"0.00%\""),
        "{bar}"
    );
    // Layers stand on each other: 5 and 5 of 10.
    let series = vec![Series::new("One", data(&[5.0], false)), Series::new("Other", data(&[5.0], false))];
    let stacked = html(|| view! { <StackedChart title="T" series/> }.into_any());
    assert!(stacked.contains("y=\"50.00%\"") && stacked.contains("y=\"0.00%\""), "{stacked}");
    assert!(stacked.contains("Label 0, Other: text 0"));
    // A quarter of the ring, and the other three behind it.
    let donut = html(|| view! { <Donut title="T" data=data(&[1.0, 3.0], false) total="4"/> }.into_any());
    assert!(
        donut.contains("stroke-dasharray=\"25.00 75.00\"") && donut.contains("stroke-dashoffset=\"0.00\""),
        "{donut}"
    );
    assert!(donut.contains("25 %") && donut.contains("75 %"));
    let whole = html(|| view! { <Donut title="T" data=data(&[7.0], false) total="7"/> }.into_any());
    assert!(whole.contains("stroke-dasharray=\"100.00 0.00\""), "{whole}");
    let part = Datum::new("Won", 9.0, "9");
    let gauge = |whole: f64| {
        let (part, whole) = (part.clone(), Datum::new("Closed", whole, "20"));
        html(|| view! { <Gauge title="Won" part whole/> }.into_any())
    };
    assert!(gauge(20.0).contains("aria-label=\"Won: 45 %, 9 of 20\"") && gauge(20.0).contains("45.00 200"));
    assert!(gauge(0.0).contains("None yet"));
    let funnel = html(|| view! { <Funnel title="T" stages=data(&[10.0, 4.0], false)/> }.into_any());
    assert!(funnel.contains("40 %") && funnel.contains("width=\"40.00%\""), "{funnel}");
}

#[test]
fn a_line_of_one_point_is_a_point() {
    let line =
        html(|| view! { <LineChart title="T" series=vec![Series::new("One", data(&[5.0], false))]/> }.into_any());
    assert!(line.contains("cx=\"50.00%\"") && !line.contains("chart-line"), "{line}");
    let plain = html(|| {
        view! { <LineChart title="T" series=vec![Series::new("One", data(&[5.0, 6.0], false))] plain=true/> }.into_any()
    });
    assert!(plain.contains("chart-line") && !plain.contains("chart-area"), "{plain}");
}

#[test]
fn names_are_escaped() {
    let wild = vec![Datum::new("<b>\"x\"", 1.0, "<i>").href("/rows?a=\"><script>")];
    let series = vec![Series::new("<u>", wild.clone())];
    for html in [
        html(|| view! { <BarChart title="<h1>" data=wild.clone()/> }.into_any()),
        html(|| view! { <StackedChart title="<h1>" series/> }.into_any()),
        html(|| view! { <Donut title="<h1>" data=wild.clone() total="<s>" hues=vec![Hue::nth(3)]/> }.into_any()),
    ] {
        for raw in ["<b>", "<i>", "<u>", "<h1>", "<s>", "<script>"] {
            assert!(!html.contains(raw), "{raw} in {html}");
        }
    }
}
