//! R74: everybody sends feedback from the page that they are on; who may read the trail reads it.

use crate::support::Server;
use reqwest::{Method, StatusCode, header};
use serde_json::json;

const FORM: &str = "/w/lakeside/do/audit.send_feedback";

#[tokio::test]
async fn everybody_sends_feedback_and_some_read_it() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let harbour = server.world.tenant("harbour", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (vera, _) = server.signed_in(&tenant, "Vera", &["VIEWER"]).await;
    let (foreign, _) = server.signed_in(&harbour, "Faraji", &["OWNER"]).await;

    // Every page leads to the form, which knows where it was opened.
    let (_, list) = vera.page("/w/lakeside/leads?view=everything").await;
    let href = "/w/lakeside/feedback?from=%2Fw%2Flakeside%2Fleads%3Fview%3Deverything";
    assert!(list.contains(href) && list.contains("Send feedback"), "{list}");
    let (status, form) = vera.page(href).await;
    assert_eq!(status, StatusCode::OK);
    assert!(form.contains("name=\"page\" value=\"/w/lakeside/leads?view=everything\""), "{form}");
    for elsewhere in ["https%3A%2F%2Fevil.example", "%2Fw%2Fharbour", "javascript%3Aalert(1)", "%2Fw%2Flakeside.evil"] {
        let (_, form) = vera.page(&format!("/w/lakeside/feedback?from={elsewhere}")).await;
        assert!(form.contains("name=\"page\" value=\"\""), "{elsewhere}: {form}");
    }

    // What is wrong is said, and what was typed stays.
    let page = ("_page", href);
    let refused = vera.form(FORM, &[("kind", "problem"), ("text", "  "), ("page", "/w/lakeside/leads"), page]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("Say what you mean"));
    let long = format!("Typed for a while {}", "x".repeat(2000));
    let refused = vera.form(FORM, &[("kind", "problem"), ("text", &long), page]).await;
    let refused = refused.text().await.unwrap();
    assert!(refused.contains("Typed for a while") && refused.contains("2000 characters at most"), "{refused}");

    // Twice the same click is one entry, and leads back to where it was opened.
    let typed = [
        ("kind", "problem"),
        ("text", "The <b>list</b>\nis slow"),
        ("page", "/w/lakeside/leads?view=everything"),
        page,
        ("_next", "/w/lakeside/leads?view=everything"),
        ("_key", "feedback-once"),
    ];
    for _ in 0..2 {
        let sent = vera.form(FORM, &typed).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        assert_eq!(sent.headers()[header::LOCATION], "/w/lakeside/leads?view=everything");
    }
    let run = "/w/lakeside/api/v1/operations";
    for outside in ["/w/harbour", "https://evil.example/w/lakeside", "javascript:alert(1)", "/w/lakeside/../../x y"] {
        let input = json!({ "kind": "idea", "text": "Look here", "page": outside });
        let (status, answer) = vera.write(Method::POST, &format!("{run}/audit.send_feedback"), &input).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{outside}: {answer}");
    }

    // Read by who may read the trail, as text, with who, from where, and what reviewers said beside it.
    let (_, logs) = grace.json("/w/lakeside/api/v1/audit/logs?entity=feedback&outcome=done").await;
    let entry = logs["data"][0]["id"].as_str().unwrap().to_owned();
    let said = json!({ "change": entry, "verdict": "unexpected", "note": "Look into it" });
    assert_eq!(grace.write(Method::POST, "/w/lakeside/api/v1/audit/feedback", &said).await.0, StatusCode::CREATED);
    let (status, listed) = grace.write(Method::POST, &format!("{run}/audit.list_feedback"), &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    let entries = listed["data"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "one of each: {listed}");
    let sent = entries.iter().find(|entry| entry["kind"] == "problem").unwrap();
    assert_eq!((sent["name"].as_str(), sent["text"].as_str()), (Some("Vera"), Some("The <b>list</b>\nis slow")));
    let verdict = entries.iter().find(|entry| entry["kind"] == "unexpected").unwrap();
    assert_eq!((verdict["change"].as_str(), verdict["text"].as_str()), (Some(entry.as_str()), Some("Look into it")));
    let (status, page) = grace.page("/w/lakeside/settings/feedback").await;
    assert_eq!(status, StatusCode::OK);
    let link = "href=\"/w/lakeside/leads?view=everything\"";
    for wanted in ["Vera", "&lt;b&gt;list&lt;/b&gt;", "Something is wrong", "Look into it", link] {
        assert!(page.contains(wanted), "{wanted} is not in {page}");
    }
    assert_eq!(vera.page("/w/lakeside/settings/feedback").await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        vera.write(Method::POST, &format!("{run}/audit.list_feedback"), &json!({})).await.0,
        StatusCode::FORBIDDEN
    );
    let (_, theirs) = foreign.write(Method::POST, "/w/harbour/api/v1/operations/audit.list_feedback", &json!({})).await;
    assert_eq!(theirs["data"]["entries"], json!([]), "another workspace's is not there");
    server.end().await;
}
