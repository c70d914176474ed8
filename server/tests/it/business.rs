//! Paths that the requirements name beside the generic ones: stock, the PDF of an invoice, a payment, and the industry's own paths.

use crate::authz::role;
use crate::support::{Client, Server};
use domain::documents::{DocumentHtml, DocumentKind};
use domain::{Grants, Reach};
use platform::{Caller, auth};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const API: &str = "/w/lakeside/api/v1";

async fn made(client: &Client, path: &str, body: Value) -> Value {
    let (status, answer) = client.write(Method::POST, &format!("{API}{path}"), &body).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer["data"].clone()
}

/// An order of this customer that has shipped, with its posted invoice.
async fn invoiced(client: &Client, manager: &Client, product: &Value, customer: Value) -> String {
    let customer = made(client, "/customers", customer).await;
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

    let invoice = invoiced(&grace, &john, &product, json!({ "name": "Lake Transport" })).await;
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

/// B-05. What a reader may not know of the customer or of other records is not on the document that they draw; on the one that goes to the
/// customer it is. No description of the build closes a field of customers, so that this one does.
#[tokio::test]
async fn a_document_says_nothing_that_its_reader_may_not_know() {
    let mut files = testkit::pack_files();
    files.retain(|name, _| !name.starts_with("exercise/"));
    let described = files.get_mut("_core/entities/customer.toml").unwrap();
    for key in ["taxNumber", "phone"] {
        let field = format!("key = \"{key}\"\n");
        let guarded =
            described.replace(&field, &format!("{field}permissions = {{ read = \"crm.customer.read_more\" }}\n"));
        assert_ne!(*described, guarded);
        *described = guarded;
    }
    let server = Server::of(packs::Library::from_files(&files).unwrap()).await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    server.world.furnish(&lakeside).await;
    let (grace, owner) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["SALES_MANAGER"]).await;
    let product = json!({ "name": "Brake pad", "sku": "BP-1", "price": { "amount": "100", "currency": "KES" } });
    let product = made(&grace, "/products", product).await["id"].clone();
    made(&grace, "/inventory/adjust", json!({ "product": product, "by": "5", "reason": "Delivered" })).await;
    let customer = json!({
        "name": "Lake Transport", "city": "Naivasha", "email": "lake@transport.example",
        "taxNumber": "P051234567X", "phone": "+254 57 202 4410",
    });
    let invoice = invoiced(&grace, &john, &product, customer).await;
    let paid = made(&grace, &format!("/invoices/{invoice}/pay"), json!({ "amount": "50", "method": "cash" })).await;
    let invoice = Uuid::parse_str(&invoice).unwrap();
    let payment = Uuid::parse_str(paid["payment"].as_str().unwrap()).unwrap();

    let holding = async |name: &str, grants: &[(&str, Reach)]| {
        let key = name.to_uppercase();
        let grants = Grants(grants.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect());
        role(&server, &lakeside, &key, &grants).await;
        server.world.member(&lakeside, name, &[&key]).await
    };
    let drawn = async |caller: &Caller, kind: DocumentKind, id: Uuid| {
        server.world.run(caller, DocumentHtml { kind, id, language: None }).await.unwrap().html
    };
    let lacks = |html: &str, words: &[&str]| {
        for word in words {
            assert!(!html.contains(word), "{word} is in {html}");
        }
    };
    let has = |html: &str, words: &[&str]| {
        for word in words {
            assert!(html.contains(word), "{word} is not in {html}");
        }
    };

    let access = auth::automation(&server.world.services().pools, lakeside.id).await.unwrap();
    let automation = Caller { access: Arc::new(access), session: None, origin: server.world.platform.origin(None) };
    let fay = server.world.member(&lakeside, "Fay", &["FINANCE_MANAGER"]).await;
    let open = ["Lake Transport", "Naivasha", "lake@transport.example", "INV-000001"];
    for (kind, id) in [(DocumentKind::Invoice, invoice), (DocumentKind::Receipt, payment)] {
        for caller in [&owner, &automation] {
            let html = drawn(caller, kind, id).await;
            has(&html, &open);
            has(&html, &["Tax ID P051234567X", "+254 57 202 4410"]);
        }
        let html = drawn(&fay, kind, id).await;
        has(&html, &open);
        lacks(&html, &["Tax ID", "P051234567X", "+254 57 202 4410"]);
    }
    has(&drawn(&fay, DocumentKind::Receipt, payment).await, &["Invoice number", "200.00", "150.00"]);

    // Whoever may not read customers sees nobody named, nor a label for them.
    let clerk = holding("Clerk", &[("finance.invoice.read", Reach::All)]).await;
    let html = drawn(&clerk, DocumentKind::Invoice, invoice).await;
    has(&html, &["INV-000001", "200.00"]);
    lacks(&html, &["Bill to", "Lake Transport", "Naivasha", "lake@transport.example", "P051234567X", "+254"]);
    // Customers that are others' are out of the reach of who has their own.
    let grants = [("finance.invoice.read", Reach::All), ("crm.customer.read", Reach::Own)];
    let html = drawn(&holding("Rep", &grants).await, DocumentKind::Invoice, invoice).await;
    lacks(&html, &["Bill to", "Lake Transport", "Naivasha", "lake@transport.example", "P051234567X", "+254"]);

    // Of what was paid the sum alone is there for who may not read invoices, or not these.
    let customers = ("crm.customer.read", Reach::All);
    let teller = holding("Teller", &[("finance.payment.read", Reach::All), customers]).await;
    let grants = [("finance.payment.read", Reach::All), ("finance.invoice.read", Reach::Own), customers];
    let keeper = holding("Keeper", &grants).await;
    for caller in [&teller, &keeper] {
        let html = drawn(caller, DocumentKind::Receipt, payment).await;
        has(&html, &["PAY-", "Lake Transport", "Invoices paid", "50.00"]);
        lacks(&html, &["INV-000001", "Invoice number", "Invoice total", "Balance due", "200.00", "150.00"]);
    }
    server.end().await;
}
