//! Several references over HTTP: ticked in a form without scripts, shown and linked, found by a filter, exported by name, refused in words.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

async fn made(client: &Client, entity: &str, values: Value) -> String {
    let (status, answer) = client.write(Method::POST, &format!("/w/lakeside/api/v1/{entity}"), &values).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["data"]["id"].as_str().unwrap().to_owned()
}

async fn participants(client: &Client, id: &str) -> Vec<String> {
    let (_, answer) = client.json(&format!("/w/lakeside/api/v1/opportunities/{id}")).await;
    let ids = answer["data"]["participants"].as_array().cloned().unwrap_or_default();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn several_are_ticked_shown_found_and_exported() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let customer = made(&grace, "customers", json!({ "name": "Lake" })).await;
    let amina = made(&grace, "contacts", json!({ "name": "Amina <b>" })).await;
    let brian = made(&grace, "contacts", json!({ "name": "Brian" })).await;
    let (status, page) = grace.page("/w/lakeside/opportunities/new").await;
    assert_eq!(status, StatusCode::OK);
    for id in [&amina, &brian] {
        assert!(page.contains(&format!("name=\"values.participants\" value=\"{id}\"")), "{page}");
    }
    let fields = [
        ("entity", "opportunity"),
        ("values.name", "Fleet"),
        ("values.customer", customer.as_str()),
        ("values.participants", ""),
        ("values.participants", amina.as_str()),
        ("values.participants", brian.as_str()),
        ("_next", "/w/lakeside/opportunities/{id}"),
    ];
    let answer = grace.form("/w/lakeside/do/records.create", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    let place = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let id = place.rsplit('/').next().unwrap();
    assert_eq!(participants(&grace, id).await.len(), 2);
    for page in [place.clone(), "/w/lakeside/opportunities?columns=name,participants".to_owned()] {
        let (_, page) = grace.page(&page).await;
        assert!(page.contains(&format!("/w/lakeside/contacts/{amina}")) && page.contains("Amina &lt;b&gt;"), "{page}");
    }
    // From the other side, and by a filter in words.
    let (_, page) = grace.page(&format!("/w/lakeside/contacts/{brian}?tab=opportunities.participants")).await;
    assert!(page.contains("Opportunities (Participants)") && page.contains("Fleet"), "{page}");
    let filter = app::page::encode(&format!("participants includes {brian}"));
    let (_, page) = grace.page(&format!("/w/lakeside/opportunities?filter={filter}")).await;
    assert!(page.contains("Fleet") && page.contains("includes") && page.contains("Brian"), "{page}");
    let filter = app::page::encode(&format!("participants not includes {brian}"));
    let (_, list) = grace.json(&format!("/w/lakeside/api/v1/opportunities?filter={filter}")).await;
    assert_eq!(list["pagination"]["total"], 0, "{list}");
    let csv = grace.get("/w/lakeside/opportunities/export.csv?fields=name,participants").await;
    assert_eq!(csv.status(), StatusCode::OK);
    let csv = csv.text().await.unwrap();
    assert!(csv.contains("\"Amina <b>; Brian\"") || csv.contains("\"Brian; Amina <b>\""), "{csv}");
    // What has no tick is taken out; a form that does not carry the field leaves it.
    let edit = [
        ("entity", "opportunity"),
        ("id", id),
        ("version", "1"),
        ("values.participants", ""),
        ("values.participants", brian.as_str()),
    ];
    assert_eq!(grace.form("/w/lakeside/do/records.update", &edit).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(participants(&grace, id).await, [brian.as_str()]);
    let edit = [("entity", "opportunity"), ("id", id), ("version", "2"), ("values.name", "Fleet 2")];
    assert_eq!(grace.form("/w/lakeside/do/records.update", &edit).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(participants(&grace, id).await, [brian.as_str()]);
    // Nonsense is refused, and what was ticked stays ticked.
    let wrong = [
        ("entity", "opportunity"),
        ("_page", "/w/lakeside/opportunities/new"),
        ("values.name", "Wrong"),
        ("values.customer", customer.as_str()),
        ("values.participants", ""),
        ("values.participants", amina.as_str()),
        ("values.participants", "0199a000-0000-7000-8000-000000000000"),
    ];
    let answer = grace.form("/w/lakeside/do/records.create", &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Participants points at something that does not exist"), "{page}");
    let tick = page
        .split(&format!("name=\"values.participants\" value=\"{amina}\""))
        .nth(1)
        .and_then(|rest| rest.split('>').next())
        .unwrap();
    assert!(tick.contains("checked"), "{tick}");
    server.end().await;
}
