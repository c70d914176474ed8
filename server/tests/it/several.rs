//! Several references over HTTP: ticked in a form without scripts, shown and linked, found by a filter, exported by name, refused in words.

use crate::support::{Client, Server, encoded};
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

/// A change of many rows asks what becomes of several values, in a form that needs no script: in the place of a row's own, beside them, or out of them.
#[tokio::test]
async fn values_are_added_to_many_rows_by_a_form_and_taken_out() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let customer = made(&grace, "customers", json!({ "name": "Lake" })).await;
    let amina = made(&grace, "contacts", json!({ "name": "Amina" })).await;
    let brian = made(&grace, "contacts", json!({ "name": "Brian" })).await;
    let mut deals = Vec::new();
    for participants in [json!([]), json!([brian])] {
        let deal = json!({ "name": "Deal", "customer": customer, "participants": participants });
        deals.push(made(&grace, "opportunities", deal).await);
    }
    let chosen = format!("/w/lakeside/opportunities/bulk?row={}&row={}", deals[0], deals[1]);
    let (_, page) = grace.page(&format!("{chosen}&field=participants")).await;
    for action in ["set", "add", "remove"] {
        assert!(page.contains(&format!("name=\"action\" value=\"{action}\"")), "{action}: {page}");
    }
    let (_, page) = grace.page(&format!("{chosen}&field=nextStep")).await;
    assert!(!page.contains("value=\"add\"") && page.contains("name=\"values.nextStep\""), "one value is set: {page}");
    let sent = async |action: &str, id: &str| {
        let fields = [
            ("entity", "opportunity"),
            ("action", action),
            ("ids[0]", deals[0].as_str()),
            ("ids[1]", deals[1].as_str()),
            ("values.participants", ""),
            ("values.participants", id),
            ("_page", chosen.as_str()),
            ("_next", "/w/lakeside/bulk/{id}"),
        ];
        grace.form("/w/lakeside/do/records.bulk", &fields).await
    };
    let done = async |action: &str, id: &str| {
        let answer = sent(action, id).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
        let place = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        for _ in 0..200 {
            let (_, page) = grace.page(&place).await;
            if !page.contains("data-import") {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("it never ended");
    };
    let page = done("add", &amina).await;
    assert!(
        page.contains("Add to Participants of 2 opportunities") && page.contains("2 opportunities changed."),
        "{page}"
    );
    assert_eq!(participants(&grace, &deals[0]).await, [amina.as_str()]);
    assert_eq!(participants(&grace, &deals[1]).await.len(), 2);
    let page = done("remove", &brian).await;
    assert!(page.contains("Take out of Participants of 2 opportunities"), "{page}");
    assert!(page.contains("1 opportunity changed."), "the other has had nothing to take out: {page}");
    assert_eq!(participants(&grace, &deals[1]).await, [amina.as_str()]);
    // Refused, what was chosen stays chosen.
    let answer = sent("add", "").await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Say which values of Participants are meant"), "{page}");
    let choice = page.split("name=\"action\" value=\"add\"").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
    assert!(choice.contains("checked"), "{choice}");
    // Sent to its own page to look something up, as without scripts, it is about the same rows.
    let asked = "entity=opportunity&action=remove&values.participants=&find.participants=Bri";
    let found = format!("/w/lakeside/opportunities/bulk?{asked}&ids%5B0%5D={}", deals[0]);
    let (status, page) = grace.page(&found).await;
    assert!(status == StatusCode::OK && page.contains(&format!("name=\"ids\" value=\"{}\"", deals[0])), "{page}");
    assert!(page.contains("name=\"find.participants\""), "{page}");
    // So it is with as many rows as can be named: all that the form says has room in an address.
    let more: String = (1..1000).map(|number| format!("&row={}", uuid::Uuid::from_u128(number))).collect();
    let chosen = format!("/w/lakeside/opportunities/bulk?row={}{more}&field=participants", deals[0]);
    let (_, page) = grace.page(&chosen).await;
    let form = page.split("<form ").find(|form| form.contains("name=\"values.participants\"")).unwrap();
    let hidden = form.split("<input type=\"hidden\" name=\"").skip(1).filter_map(|input| {
        let (name, rest) = input.split_once("\" value=\"")?;
        Some((name, rest.split('"').next()?.replace("&amp;", "&")))
    });
    let hidden: Vec<(&str, String)> = hidden.collect();
    let sent: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(sent.iter().any(|(name, _)| *name == "_page") && sent.iter().any(|(name, _)| *name == "ids"), "{form}");
    let sent = encoded(&[&sent[..], &[("find.participants", "Bri")]].concat());
    assert!(sent.len() < 48 * 1024, "{} bytes", sent.len());
    let (status, page) = grace.page(&format!("/w/lakeside/opportunities/bulk?{sent}")).await;
    assert!(status == StatusCode::OK && page.contains("name=\"find.participants\""), "{status}: {page}");
    assert!(page.contains("1 opportunity") && page.matches(&deals[0]).count() > 0, "{page}");
    // And a form that is refused brings its rows back to the page by itself.
    let fields = [
        ("entity", "opportunity"),
        ("action", "add"),
        ("ids", deals[0].as_str()),
        ("values.participants", ""),
        ("_page", "/w/lakeside/opportunities/bulk?field=participants"),
    ];
    let answer = grace.form("/w/lakeside/do/records.bulk", &fields).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("1 opportunity") && page.contains("Say which values of Participants are meant"), "{page}");
    server.end().await;
}
