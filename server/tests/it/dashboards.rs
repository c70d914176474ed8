//! Dashboards as pages: every figure leads to exactly its rows, days that cannot be read are said, and nobody counts what is not theirs.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const API: &str = "/w/lakeside/api/v1";
const SALES: &str = "/w/lakeside/dashboards/sales";

async fn make(client: &Client, list: &str, row: Value) -> String {
    let (status, answer) = client.write(Method::POST, &format!("{API}/{list}"), &row).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["data"]["id"].as_str().unwrap().to_owned()
}

async fn run(client: &Client, operation: &str, input: Value) {
    let (status, answer) = client.write(Method::POST, &format!("{API}/operations/{operation}"), &input).await;
    assert!(status.is_success(), "{operation}: {status} {answer}");
}

/// A block of the page, by its title.
fn block<'p>(page: &'p str, title: &str) -> &'p str {
    let panels = page.split("<section ").find(|panel| panel.contains(&format!(">{title}<")));
    panels.unwrap_or_else(|| panic!("there is no block {title}: {page}"))
}

/// Every link of a part of the page with what it says: its own name for those who hear it, else its words.
fn links(part: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&amp;", "&"))
    };
    let found = part.split("<a").skip(1).filter_map(|link| {
        let (tag, rest) = link.split_once('>')?;
        let words = rest.split("</a>").next()?.rsplit('>').next()?.to_owned();
        Some((attribute(tag, "href")?, attribute(tag, "aria-label").unwrap_or(words)))
    });
    found.filter(|(href, _)| href.contains("?filter=")).collect()
}

/// The number at the end of what a link says: `Referral: 3`.
fn figure(said: &str) -> Option<i64> {
    said.rsplit([':', ' ']).next()?.replace(',', "").parse().ok()
}

/// How many rows a list has at the address that a link leads to.
async fn rows(client: &Client, href: &str) -> i64 {
    let below = href.strip_prefix("/w/lakeside/").unwrap_or_else(|| panic!("{href} leads elsewhere"));
    let (status, answer) = client.json(&format!("{API}/{below}&count=exact&limit=1")).await;
    assert_eq!(status, StatusCode::OK, "{href}: {answer}");
    answer["pagination"]["total"].as_i64().unwrap()
}

#[tokio::test]
async fn every_mark_and_every_figure_lead_to_exactly_their_rows() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    // The day is 20 November 2026. One enquiry lies before the year, one has no source, and more than there are colours for have others.
    let leads = [
        ("referral", "2026-01-05"),
        ("referral", "2026-11-20"),
        ("referral", "2025-12-31"),
        ("web_form", "2026-11-01"),
        ("walk_in", "2026-03-31"),
        ("partner", "2026-04-01"),
        ("", "2026-11-02"),
    ];
    for (at, (source, day)) in leads.into_iter().enumerate() {
        let source = if source.is_empty() { Value::Null } else { json!(source) };
        let lead = json!({ "name": format!("Lead {at}"), "company": "Lakeside", "source": source, "enquiredOn": day });
        let id = make(&amina, "leads", lead).await;
        if at % 2 == 0 {
            run(&amina, "records.transition", json!({ "entity": "lead", "id": id, "version": 1, "to": "qualified" }))
                .await;
        }
    }
    for (title, due) in [("Late", "2026-11-01"), ("Today", "2026-11-20"), ("Someday", "2026-12-24")] {
        make(&amina, "tasks", json!({ "title": title, "dueOn": due })).await;
    }
    let (status, page) = amina.page(SALES).await;
    assert_eq!(status, StatusCode::OK);
    let page = page.replace("<!>", "");
    let mut looked = 0;
    for (title, whole) in [("Where leads come from", 6), ("Leads by month and stage", 6), ("Open tasks by person", 3)] {
        let part = block(&page, title);
        let found = links(part);
        assert!(!found.is_empty(), "{title} leads nowhere: {part}");
        let mut counted = std::collections::BTreeMap::new();
        for (href, said) in &found {
            let rows = rows(&amina, href).await;
            // Of a list of bars the link is the name; its figure stands beside it.
            let figure = figure(said).or_else(|| {
                let beside = part.split(&format!(">{said}</a>")).nth(1)?.split("bar-text\">").nth(1)?;
                figure(beside.split('<').next()?)
            });
            assert_eq!(figure, Some(rows), "{title}: {said} at {href}");
            counted.insert(href.clone(), rows);
            looked += 1;
        }
        // Together they are all rows of the days, each once.
        assert_eq!(counted.values().sum::<i64>(), whole, "{title}: {counted:#?}");
    }
    assert!(looked > 20, "{looked}");
    // Tiles are one figure.
    let tile = block(&page, "Overdue tasks");
    assert_eq!(rows(&amina, &links(tile)[0].0).await, 1);
    assert!(tile.contains(">1<"), "{tile}");
    // Other days, other rows: by name and by their ends.
    for (query, whole) in [("?range=month", 3), ("?from=2025-12-31&to=2026-01-05", 2), ("?range=last_30_days", 3)] {
        let (status, page) = amina.page(&format!("{SALES}{query}")).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        let found = links(block(&page.replace("<!>", ""), "Where leads come from"));
        let hrefs: BTreeSet<String> = found.into_iter().map(|(href, _)| href).collect();
        let mut sum = 0;
        for href in &hrefs {
            sum += rows(&amina, href).await;
        }
        assert_eq!(sum, whole, "{query}");
    }
    let (_, page) = amina.page(&format!("{SALES}?from=2020-01-01&to=2020-01-31")).await;
    assert!(page.contains("No leads in these days"));
    server.end().await;
}

#[tokio::test]
async fn money_is_added_up_by_currency_and_a_funnel_holds_who_came_further() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let customer = make(&amina, "customers", json!({ "name": "Lakeside" })).await;
    for (at, (amount, currency, to)) in [
        ("1000.00", "KES", Some("won")),
        ("500.50", "KES", Some("won")),
        ("70.00", "EUR", Some("won")),
        ("900.00", "KES", Some("lost")),
        ("2000.00", "KES", Some("proposal")),
        ("100.00", "KES", None),
    ]
    .into_iter()
    .enumerate()
    {
        let value = json!({ "amount": amount, "currency": currency });
        let deal =
            json!({ "name": format!("Deal {at}"), "customer": customer, "value": value, "closeOn": "2026-11-15" });
        let id = make(&amina, "opportunities", deal).await;
        if let Some(to) = to {
            let input = json!({ "entity": "opportunity", "id": id, "version": 1, "to": to });
            run(&amina, "records.transition", input).await;
        }
    }
    let (_, page) = amina.page(SALES).await;
    let page = page.replace("<!>", "");
    let won = block(&page, "Won by month");
    assert!(won.contains("Nov 2026: KES 1,500.50, EUR 70"), "{won}");
    let (href, _) = links(won).into_iter().find(|(_, said)| said.starts_with("Nov 2026")).unwrap();
    assert_eq!(rows(&amina, &href).await, 3);
    assert!(won.contains("Drawn by what is in KES"));
    // All five that were not lost have come to the first stage, those in a proposal and those won to the second.
    let funnel = block(&page, "How far opportunities have come");
    let mut reached = Vec::new();
    for (href, _) in links(funnel) {
        reached.push(rows(&amina, &href).await);
    }
    assert_eq!(reached, [5, 4, 3, 3]);
    assert!(funnel.contains("KES 3,600.50, EUR 70") && funnel.contains("KES 3,500.50, EUR 70"), "{funnel}");
    let gauge = block(&page, "Won of what was decided");
    assert!(gauge.contains("75 %") && gauge.contains("3 of 4"), "{gauge}");
    let counts: BTreeSet<String> = links(gauge).into_iter().map(|(href, _)| href).collect();
    let mut found = Vec::new();
    for href in counts {
        found.push(rows(&amina, &href).await);
    }
    found.sort_unstable();
    assert_eq!(found, [3, 4]);
    let open = block(&page, "Open pipeline");
    assert!(open.contains("KES 2,100") && open.contains("2 opportunities"), "{open}");
    server.end().await;
}

#[tokio::test]
async fn days_that_cannot_be_read_are_said_and_what_was_typed_stays() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    for (query, words) in [
        ("from=soon", "soon is not a day"),
        ("from=2026-02-31&to=2026-03-01", "2026-02-31 is not a day"),
        ("to=2026-03-01", "Say from which day on"),
        ("from=2026-03-02&to=2026-03-01", "2026-03-01 is before 2026-03-02"),
        ("from=1990-01-01&to=2026-03-01", "At most five years"),
        ("from=0001-01-01", "is outside the years"),
        ("range=yaer", "did you mean year?"),
        ("from=%22%3E%3Cscript%3E", "is not a day"),
    ] {
        let (status, page) = amina.page(&format!("{SALES}?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.contains(words) && page.contains("name=\"from\""), "{query}: {words}");
    }
    let (_, page) = amina.page(&format!("{SALES}?from=2026-03-02&to=2026-03-01")).await;
    assert!(page.contains("value=\"2026-03-02\"") && page.contains("value=\"2026-03-01\""));
    for query in ["from=&to=", "range=", "from=2100-12-01&to=2100-12-31", "from=1900-01-01&to=1900-01-01"] {
        let (status, _) = amina.page(&format!("{SALES}?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{query}");
    }
    let (status, _) = amina.page("/w/lakeside/dashboards/slaes").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test]
async fn nobody_counts_what_is_not_theirs() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let harbour = server.world.tenant("harbour", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["SALES_REP"]).await;
    let (neema, _) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    crate::authz::role(&server, &lakeside, "NOBODY", &domain::Grants::default()).await;
    let (nobody, _) = server.signed_in(&lakeside, "Noor", &["NOBODY"]).await;
    for name in ["One", "Two", "Three"] {
        let lead = json!({ "name": name, "source": "referral", "enquiredOn": "2026-11-10" });
        make(&amina, "leads", lead).await;
    }
    make(&john, "leads", json!({ "name": "Own", "source": "referral", "enquiredOn": "2026-11-10" })).await;
    let referrals = async |client: &Client, slug: &str| -> Option<i64> {
        let (status, page) = client.page(&format!("/w/{slug}/dashboards/sales")).await;
        assert_eq!(status, StatusCode::OK);
        let page = page.replace("<!>", "");
        let bar = page.split(">Referral</a>").nth(1)?.split("bar-text\">").nth(1)?;
        figure(bar.split('<').next()?)
    };
    assert_eq!(referrals(&amina, "lakeside").await, Some(4));
    // Whoever reads only what is theirs counts only that, and another workspace nothing.
    assert_eq!(referrals(&john, "lakeside").await, Some(1));
    assert_eq!(referrals(&neema, "harbour").await, None);
    let (status, _) = neema.page(SALES).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // Without the right to read anything there is nothing: no block, no place in the rail, no page in the list.
    let (status, page) = nobody.page(SALES).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Nothing here is yours to see") && !page.contains("Where leads come from"));
    let (_, page) = nobody.page("/w/lakeside").await;
    assert!(!page.contains("/w/lakeside/dashboards"));
    let (status, page) = nobody.page("/w/lakeside/dashboards").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("No dashboards for you") && !page.contains("dashboards/sales"));
    // The others find it in the rail, in the list and by its name.
    for path in ["", "/dashboards", "/go?q=dashboard"] {
        let (_, page) = amina.page(&format!("/w/lakeside{path}")).await;
        assert!(page.contains("/w/lakeside/dashboards"), "{path}");
    }
    let (_, page) = amina.page("/w/lakeside/go?q=sales%20dash").await;
    assert!(page.contains("href=\"/w/lakeside/dashboards/sales\""));
    server.end().await;
}

/// An industry has the core's, and its own.
#[tokio::test]
async fn every_dashboard_of_every_industry_is_drawn_with_nothing_and_with_something() {
    let server = Server::new().await;
    for (slug, industry) in [("plain", "core"), ("motors", "automotive"), ("rooms", "home-showrooms")] {
        let tenant = server.world.tenant(slug, industry).await;
        server.world.furnish(&tenant).await;
        // A project begins with a consultant.
        let roles = if industry == "home-showrooms" { &["OWNER", "CONSULTANT"][..] } else { &["OWNER"] };
        let (owner, _) = server.signed_in(&tenant, &format!("Grace{slug}"), roles).await;
        let catalog = server.world.library.catalog(industry).unwrap();
        assert!(catalog.dashboard("sales").is_some());
        assert_eq!(catalog.dashboard("projects").is_some(), industry == "home-showrooms");
        let write = async |list: &str, row: Value| {
            let (status, answer) = owner.write(Method::POST, &format!("/w/{slug}/api/v1/{list}"), &row).await;
            assert_eq!(status, StatusCode::CREATED, "{answer}");
            answer["data"]["id"].clone()
        };
        for filled in [false, true] {
            if filled {
                let customer = write("customers", json!({ "name": "Somebody" })).await;
                write("tasks", json!({ "title": "Call", "dueOn": "2026-11-01" })).await;
                if industry == "home-showrooms" {
                    let project =
                        json!({ "name": "Kitchen", "client": customer, "room": "kitchen", "signedOn": "2026-11-19" });
                    write("projects", project).await;
                }
            }
            for board in catalog.dashboards() {
                for range in ["", "?range=week", "?from=2026-11-01&to=2026-11-20", "?from=2022-01-01&to=2026-11-20"] {
                    let (status, page) = owner.page(&format!("/w/{slug}/dashboards/{}{range}", board.key)).await;
                    assert_eq!(status, StatusCode::OK, "{industry} {} {range}", board.key);
                    for block in &board.blocks {
                        assert!(page.contains(&block.title), "{industry} {}: {} is missing", board.key, block.title);
                    }
                    assert!(!page.contains("NaN"), "{industry} {} {range}", board.key);
                }
            }
        }
    }
    server.end().await;
}
