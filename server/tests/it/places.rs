//! The places of a workspace: found by name in the palette's page, listed in the index of the settings, and offered to nobody who may not open them.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Where the lines of a page lead.
fn lines(page: &str) -> Vec<&str> {
    let links = page.split("<a href=\"").skip(1).filter_map(|rest| rest.split('>').next());
    links.filter(|link| link.contains("row-link")).filter_map(|link| link.split('"').next()).collect()
}

async fn found(client: &Client, words: &str) -> String {
    let (status, page) = client.page(&format!("/w/lakeside/go?q={}", app::page::encode(words))).await;
    assert_eq!(status, StatusCode::OK, "{words}");
    page
}

async fn run(client: &Client, operation: &str, input: &Value) -> Value {
    let path = format!("/w/lakeside/api/v1/operations/{operation}");
    let (status, answer) = client.write(Method::POST, &path, input).await;
    assert_eq!(status, StatusCode::OK, "{operation}: {answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn every_page_is_found_by_its_name_by_whoever_may_open_it() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    server.world.furnish(&lakeside).await;
    let (grace, _) = server.entered(&lakeside, "Grace", &["OWNER"]).await;
    let (rita, _) = server.entered(&lakeside, "Rita", &["SALES_REP"]).await;
    for (words, place, everybodys) in [
        ("ledger", "ledger", false),
        ("receivables", "ledger/receivables", false),
        ("workflows", "workflows", false),
        ("runs", "runs", false),
        ("roles", "settings/roles", false),
        ("audit trail", "settings/audit", false),
        ("company", "settings/company", true),
        ("locations", "settings/locations", true),
        ("api keys", "settings/keys", true),
        ("2fa", "settings/security", true),
        ("profile", "settings/profile", true),
        ("dark", "settings#appearance", true),
        ("send feedback", "feedback", true),
    ] {
        let href = format!("/w/lakeside/{place}");
        let (owner, rep) = (found(&grace, words).await, found(&rita, words).await);
        assert!(lines(&owner).contains(&href.as_str()), "{words}: {:?}", lines(&owner));
        assert_eq!(lines(&rep).contains(&href.as_str()), everybodys, "{words}: {:?}", lines(&rep));
        assert_eq!(grace.page(&href).await.0, StatusCode::OK, "{place}");
        if !everybodys {
            assert_eq!(rita.page(&href).await.0, StatusCode::FORBIDDEN, "{place}");
        }
    }
    server.end().await;
}

#[tokio::test]
async fn a_saved_view_is_found_by_its_name_where_its_list_may_be_seen() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.entered(&lakeside, "Grace", &["OWNER"]).await;
    let (rita, _) = server.entered(&lakeside, "Rita", &["SALES_REP"]).await;
    let view = async |entity: &str, label: &str, team: bool| {
        let made = run(&grace, "views.create", &json!({ "entity": entity, "label": label, "team": team })).await;
        made["id"].as_str().unwrap().to_owned()
    };
    let (team, own) = (view("lead", "Zebra team", true).await, view("lead", "Zebra mine", false).await);
    let closed = view("journal_entry", "Zebra books", true).await;
    let (owner, rep) = (found(&grace, "zebra").await, found(&rita, "zebra").await);
    let at = |id: &str| format!("/w/lakeside/leads?view={id}");
    assert!(owner.contains("Leads: Zebra team") && owner.contains("Zebra books"), "{owner}");
    assert_eq!(lines(&owner).iter().filter(|href| **href == at(&team) || **href == at(&own)).count(), 2);
    assert_eq!(lines(&rep).iter().filter(|href| **href == at(&team)).count(), 1, "{rep}");
    assert!(!rep.contains(&own) && !rep.contains("Zebra mine"), "another's view: {rep}");
    assert!(!rep.contains(&closed) && !rep.contains("Zebra books"), "a list that is not theirs to see: {rep}");
    // The same by the operation, which without an entity is of all lists.
    let labels = async |client: &Client| {
        let views = run(client, "views.list", &json!({})).await;
        let mut labels: Vec<String> =
            views.as_array().unwrap().iter().map(|view| view["label"].as_str().unwrap().to_owned()).collect();
        labels.sort();
        labels
    };
    for _ in 0..2 {
        assert_eq!(labels(&rita).await, ["Zebra team"]);
        assert_eq!(labels(&grace).await, ["Zebra books", "Zebra mine", "Zebra team"]);
    }
    // A view that goes is found no more.
    run(&grace, "views.delete", &json!({ "id": team, "version": 1 })).await;
    assert!(!found(&rita, "zebra").await.contains(&team));
    server.end().await;
}

#[tokio::test]
async fn the_settings_begin_with_an_index_that_is_searched_without_scripts() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.entered(&lakeside, "Grace", &["OWNER"]).await;
    let (rita, _) = server.entered(&lakeside, "Rita", &["SALES_REP"]).await;
    let (status, page) = grace.page("/w/lakeside/settings").await;
    assert_eq!(status, StatusCode::OK);
    // Every tab but its own is a line, with what it is for.
    let tabs: Vec<&str> =
        page.split("class=\"tab\" href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(tabs.len() > 10, "{tabs:?}");
    for tab in tabs.iter().filter(|tab| **tab != "/w/lakeside/settings") {
        assert!(lines(&page).contains(tab), "{tab}: {:?}", lines(&page));
        assert_eq!(grace.page(tab).await.0, StatusCode::OK, "{tab}");
    }
    assert!(page.contains("What each role may see and do.") && page.contains("method=\"get\""), "{page}");
    assert!(page.contains("Your account") && page.contains("Save appearance"), "what stood there stands there");
    // By name, by other words, by what it is for.
    for (words, place) in [("role", "settings/roles"), ("2fa", "settings/security"), ("receipts", "settings/company")] {
        let (_, page) = grace.page(&format!("/w/lakeside/settings?q={words}")).await;
        assert!(lines(&page).contains(&format!("/w/lakeside/{place}").as_str()), "{words}: {:?}", lines(&page));
        assert!(lines(&page).len() < 4 && !page.contains("Save appearance"), "{words}: {:?}", lines(&page));
    }
    let (status, page) = grace.page("/w/lakeside/settings?q=zebra").await;
    assert!(status == StatusCode::OK && page.contains("No setting is called") && lines(&page).is_empty(), "{page}");
    let (_, page) = rita.page("/w/lakeside/settings").await;
    for closed in ["settings/roles", "settings/audit", "settings/feedback"] {
        assert!(!page.contains(&format!("\"/w/lakeside/{closed}\"")), "{closed}: {page}");
    }
    server.end().await;
}
