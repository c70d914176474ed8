//! The page of a message over HTTP: it shows what went out without letting it do anything, and its forms work without scripts.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>";

fn invoice(key: &str) -> Value {
    json!({
        "template": "invoice_notification", "to": "accounts@kisumu-traders.example", "key": key,
        "values": {
            "customer": { "name": HOSTILE },
            "invoice": {
                "invoiceNumber": "INV-000123", "dueDate": "2026-12-20", "totalAmount": { "amount": "12500.00", "currency": "KES" },
            },
        },
    })
}

async fn queue(client: &Client, key: &str) -> String {
    let (status, queued) =
        client.write(Method::POST, "/w/lakeside/api/v1/operations/messaging.send", &invoice(key)).await;
    assert_eq!(status, StatusCode::OK, "{queued}");
    queued["data"]["message"].as_str().unwrap().to_owned()
}

/// The page once its message is in this state.
async fn until(client: &Client, path: &str, words: &str) -> String {
    let mut page = String::new();
    for _ in 0..200 {
        let (status, drawn) = client.page(path).await;
        assert_eq!(status, StatusCode::OK, "{drawn}");
        if drawn.contains(words) {
            return drawn;
        }
        page = drawn;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{words} is not in\n{page}")
}

#[tokio::test]
async fn a_message_is_shown_in_a_frame_where_nothing_runs() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["MANAGER"]).await;
    let id = queue(&amina, "shown").await;
    let path = format!("/w/lakeside/messages/{id}");
    let page = until(&amina, &path, "No mail server is configured, so it is shown here").await;
    for wanted in ["<iframe", "sandbox", "content.html", "Deliveries", "Shown only", "Resend", "INV-000123"] {
        assert!(page.contains(wanted), "{wanted} is not in\n{page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
    let content = amina.get(&format!("{path}/content.html")).await;
    let headers = content.headers().clone();
    assert_eq!(headers[header::X_FRAME_OPTIONS], "SAMEORIGIN");
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("; sandbox;"), "{policy}");
    let html = content.text().await.unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script") && !html.contains("<img"), "{html}");
    let other = server.world.tenant("hillside", "core").await;
    let (bob, _) = server.signed_in(&other, "Bob", &["OWNER"]).await;
    for theirs in [format!("/w/hillside/messages/{id}"), format!("/w/hillside/messages/{id}/content.html"), path] {
        assert_eq!(bob.page(&theirs).await.0, StatusCode::NOT_FOUND, "{theirs}");
    }
    server.end().await;
}

#[tokio::test]
async fn the_outbox_resends_and_cancels_by_plain_forms() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["MANAGER"]).await;
    let id = queue(&amina, "outbox").await;
    let path = format!("/w/lakeside/messages/{id}");
    until(&amina, &path, "Shown only").await;
    let (status, list) = amina.page("/w/lakeside/messages").await;
    assert_eq!(status, StatusCode::OK);
    assert!(list.contains("INV-000123") && list.contains("Not sent (sandbox)"), "{list}");
    assert!(!list.contains("/messages/new"), "messages are not made by hand");
    let fields = [("id", id.as_str()), ("_page", &path), ("_next", "/w/lakeside/messages/{message}"), ("_key", "once")];
    let first = amina.form("/w/lakeside/do/messaging.resend", &fields).await;
    let again = amina.form("/w/lakeside/do/messaging.resend", &fields).await;
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    assert_eq!(first.headers()[header::LOCATION], again.headers()[header::LOCATION], "a form is sent once");
    let next = first.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert!(next != path && next.starts_with("/w/lakeside/messages/"), "{next}");
    until(&amina, &next, "An earlier message").await;
    let refused = amina.form("/w/lakeside/do/messaging.cancel", &[("id", &id), ("_page", &path), ("_key", "no")]).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(refused.text().await.unwrap().contains("there is nothing left to cancel"));
    // What any record answers, this one does too.
    for generic in ["?tab=history", "?delete=1"] {
        assert_eq!(amina.page(&format!("{path}{generic}")).await.0, StatusCode::OK, "{generic}");
    }
    server.end().await;
}
