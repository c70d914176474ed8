//! The people of the campaign. They make orders, approve and ship them, and ask again, under the same key, whenever no answer came.

use crate::support::Client;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const API: &str = "/w/lakeside/api/v1";
/// Longest time without an answer.
const PATIENCE: Duration = Duration::from_secs(45);
const AGAIN: Duration = Duration::from_millis(40);

/// One write that happens once, however often the server is gone before it has answered.
pub async fn insist(client: &Client, path: &str, body: &Value, key: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let request = client.request(Method::POST, &format!("{API}{path}")).header("idempotency-key", key).json(body);
        let said = match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                match answer.text().await {
                    Ok(text) if status.is_success() => {
                        let answer: Value = serde_json::from_str(&text).unwrap();
                        return answer["data"].clone();
                    }
                    // The first try may be under way still: its transaction holds the key, or the row.
                    Ok(text) if status.is_server_error() || status.as_u16() == 409 || status.as_u16() == 429 => {
                        format!("{status} {text}")
                    }
                    Ok(text) => panic!("{path} {body}: {status} {text}"),
                    Err(error) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        assert!(Instant::now() < until, "{path} under {key}: no answer but {said}");
        tokio::time::sleep(AGAIN).await;
    }
}

/// An order that only needs to be shipped: for `quantity` of the product, to a customer of its own.
pub async fn picked(sales: &Client, product: &Value, number: usize, quantity: u32) -> String {
    let customer = json!({ "name": format!("Customer {number}"), "email": address(number) });
    let customer = insist(sales, "/customers", &customer, &format!("customer-{number}")).await;
    let lines = json!([{ "product": product, "quantity": quantity.to_string() }]);
    let order = json!({ "customer": customer["id"], "lines": lines });
    let order = insist(sales, "/operations/sales.make_order", &order, &format!("order-{number}")).await;
    let id = order["order"]["id"].as_str().unwrap().to_owned();
    step(sales, &id, "submit").await;
    // Possible once the sales manager has agreed; until then it is refused.
    step(sales, &id, "pick").await;
    id
}

pub async fn step(client: &Client, order: &str, step: &str) {
    insist(client, &format!("/orders/{order}/transitions/{step}"), &json!({}), &format!("{step}-{order}")).await;
}

/// Where the customer of an order gets its invoice.
pub fn address(number: usize) -> String {
    format!("c{number}@kill.example")
}

/// Agrees to whatever is asked, until told to stop.
pub fn agree(manager: Client, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            let asked = manager.request(Method::POST, &format!("{API}/operations/workflow.list_approvals"));
            let asked = match asked.json(&json!({})).send().await {
                Ok(answer) => answer.json::<Value>().await.unwrap_or_default(),
                Err(_) => Value::Null,
            };
            for approval in asked["data"].as_array().into_iter().flatten() {
                let id = approval["id"].as_str().unwrap();
                let decision = json!({ "id": id, "decision": "approve" });
                let request = manager
                    .request(Method::POST, &format!("{API}/operations/workflow.decide_approval"))
                    .header("idempotency-key", format!("decide-{id}"))
                    .json(&decision);
                // Not heard of: it is in the list again, or it is done.
                let _ = request.send().await;
            }
            tokio::time::sleep(AGAIN).await;
        }
    })
}
