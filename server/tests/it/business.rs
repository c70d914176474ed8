//! Paths that the requirements name beside the generic ones: stock, the PDF of an invoice, a payment, and the industry's own paths.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const API: &str = "/w/lakeside/api/v1";

async fn made(client: &Client, path: &str, body: Value) -> Value {
    let (status, answer) = client.write(Method::POST, &format!("{API}{path}"), &body).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer["data"].clone()
}

/// An order that has shipped, with its posted invoice.
async fn invoiced(client: &Client, manager: &Client, product: &Value) -> String {
    let customer = made(client, "/customers", json!({ "name": "Lake Transport" })).await;
    let order = json!({ "customer": customer["id"], "lines": [{ "product": product, "quantity": "2" }] });
    let order = made(client, "/operations/sales.make_order", order).await;
    let id = order["order"]["id"].as_str().unwrap().to_owned();
    let step = async |step: &str| made(client, &format!("/orders/{id}/transitions/{step}"), json!({})).await;
    step("submit").await;
    let asked = made(manager, "/operations/workflow.list_approvals", json!({})).await;
    let decision = json!({ "id": asked[0]["id"], "decision": "approve" });
    made(manager, "/operations/workflow.decide_approval", decision).await;
    step("pick").await;
    step("ship").await;
    let invoice = made(client, "/operations/sales.create_invoice", json!({ "order": id })).await;
    made(client, "/operations/finance.post_invoice", json!({ "invoice": invoice["invoice"] })).await;
    invoice["invoice"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn stock_invoices_and_payments_have_their_paths() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    server.world.furnish(&lakeside).await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["SALES_MANAGER"]).await;
    let values = json!({ "name": "Brake pad", "sku": "BP-1", "price": { "amount": "100", "currency": "KES" } });
    let product = made(&grace, "/products", values).await["id"].clone();
    made(&grace, "/products", json!({ "name": "Service", "sku": "S-1", "stocked": false })).await;
    let (status, answer) = grace.json(&format!("{API}/inventory")).await;
    assert_eq!((status, answer["data"].as_array().map(Vec::len)), (StatusCode::OK, Some(1)), "{answer}");
    let adjust = json!({ "product": product, "by": "5", "reason": "Delivered" });
    let level = made(&grace, "/inventory/adjust", adjust).await;
    assert_eq!(level["onHand"], "5.000");
    let counted = json!({ "product": product, "counted": "4", "reason": "Counted" });
    let (status, answer) = grace.write(Method::PUT, &format!("{API}/inventory"), &counted).await;
    assert_eq!((status, answer["data"]["available"].as_str()), (StatusCode::OK, Some("4.000")));
    let (_, answer) = grace.json(&format!("{API}/inventory?filter=quantity > 10")).await;
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(0));

    // An invoice comes of an order, and in no other way.
    let by_hand = json!({ "customer": "00000000-0000-7000-8000-000000000001" });
    let (status, answer) = grace.write(Method::POST, &format!("{API}/invoices"), &by_hand).await;
    assert_eq!(
        (status, answer["message"].as_str().is_some_and(|said| said.contains("by hand"))),
        (StatusCode::CONFLICT, true),
        "{answer}"
    );
    let style = grace.get("/document.css").await;
    assert_eq!(style.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert!(style.text().await.unwrap().contains(".doc-"));

    let invoice = invoiced(&grace, &john, &product).await;
    let file = grace.get(&format!("{API}/invoices/{invoice}/pdf")).await;
    assert_eq!(file.headers()[header::CONTENT_TYPE], "application/pdf");
    assert_eq!(file.headers()[header::CONTENT_DISPOSITION], "inline; filename=\"invoice-INV-000001.pdf\"");
    assert!(file.bytes().await.unwrap().starts_with(b"%PDF-"));
    let pay = format!("{API}/invoices/{invoice}/pay");
    let (status, answer) = grace.write(Method::POST, &pay, &json!({ "amount": "500" })).await;
    assert_eq!((status, answer["details"]["amount"].as_str().is_some()), (StatusCode::BAD_REQUEST, true), "{answer}");
    let (status, answer) = grace.write(Method::POST, &pay, &json!({ "amount": "50", "method": "cash" })).await;
    assert_eq!((status, answer["data"]["open"]["amount"].as_str()), (StatusCode::CREATED, Some("150.00")), "{answer}");
    // Sent twice under one key it is one payment.
    for replayed in [false, true] {
        let request =
            grace.request(Method::POST, &pay).header("idempotency-key", "second").json(&json!({ "amount": "100" }));
        let answer = grace.send(request).await;
        assert_eq!(answer.headers().contains_key("idempotent-replayed"), replayed);
    }
    let (_, answer) = grace.json(&format!("{API}/invoices/{invoice}")).await;
    assert_eq!(
        (&answer["data"]["openAmount"]["amount"], &answer["data"]["status"]),
        (&json!("50.00"), &json!("partially_paid"))
    );
    // Requirement 61: what stands is the due date and what it is for.
    let put = json!({ "dueDate": "2026-12-01", "version": answer["data"]["version"] });
    let (status, _) = grace.write(Method::PATCH, &format!("{API}/invoices/{invoice}"), &put).await;
    assert_eq!(status, StatusCode::OK);
    let (status, answer) = grace.write(Method::POST, &format!("{API}/invoices"), &json!({})).await;
    assert_eq!(
        (status, answer["message"].as_str()),
        (StatusCode::CONFLICT, Some("Invoices are made from orders. They cannot be made by hand"))
    );

    // Requirement 60: what is deleted is cancelled, and stays; what has shipped cannot be.
    let customer = made(&grace, "/customers", json!({ "name": "Hill Transport" })).await;
    let order = json!({ "customer": customer["id"], "lines": [{ "product": product, "quantity": "1" }] });
    let order = made(&grace, "/operations/sales.make_order", order).await["order"].clone();
    let path = format!("{API}/orders/{}", order["id"].as_str().unwrap());
    let version = json!({ "version": order["version"] });
    let (status, answer) = grace.write(Method::DELETE, &path, &version).await;
    assert_eq!((status, answer["data"]["status"].as_str()), (StatusCode::OK, Some("cancelled")), "{answer}");
    assert_eq!(grace.json(&path).await.0, StatusCode::OK);
    let (status, answer) = grace.write(Method::DELETE, &path, &json!({ "version": answer["data"]["version"] })).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");

    // Requirements 58 to 66: under the industry's name, and under no other's.
    let (status, answer) = grace.json("/api/automotive/orders").await;
    assert_eq!((status, answer["data"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)));
    let (status, _) = grace.json("/api/automotive/inventory").await;
    assert_eq!(status, StatusCode::OK);
    for elsewhere in ["/api/banking/orders", "/api/core/orders", "/api/nothing/invoices"] {
        assert_eq!(grace.json(elsewhere).await.0, StatusCode::NOT_FOUND, "{elsewhere}");
    }
    server.end().await;
}
