//! Approvals over HTTP: the page says which version of its record is decided about, and an order's lines are part of the order.

use crate::support::{Client, Server};
use domain::workflow::{SaveWorkflow, SetActive};
use domain::{Grants, Kind, Reach};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const API: &str = "/w/lakeside/api/v1";

async fn operation(client: &Client, name: &str, input: &Value) -> (StatusCode, Value) {
    client.write(Method::POST, &format!("{API}/operations/{name}"), input).await
}

async fn done(client: &Client, name: &str, input: &Value) -> Value {
    let (status, answer) = operation(client, name, input).await;
    assert!(status.is_success(), "{name}: {status} {answer}");
    answer["data"].clone()
}

fn lines(price: &str) -> Value {
    json!([{ "description": "Van", "quantity": "1", "unitPrice": price }])
}

/// Other lines for an order that was just read.
async fn priced(client: &Client, order: &str, price: &str) {
    let (_, read) = client.json(&format!("{API}/orders/{order}")).await;
    let save = json!({ "id": order, "version": read["data"]["version"], "lines": lines(price) });
    done(client, "sales.save_order_lines", &save).await;
}

/// The version that the forms of a page carry.
fn carried(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("name=\"version\" value=\"")?;
    rest.split('"').next().map(str::to_owned)
}

#[tokio::test]
async fn an_order_is_approved_with_the_lines_that_were_looked_at() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    server.world.furnish(&lakeside).await;
    let (grace, _) = server.entered(&lakeside, "Grace", &["OWNER"]).await;
    let (john, _) = server.entered(&lakeside, "John", &["MANAGER", "SALES_MANAGER"]).await;
    let (jane, _) = server.entered(&lakeside, "Jane", &["SALES_MANAGER"]).await;
    let customer = json!({ "entity": "customer", "values": { "name": "Lake Transport" } });
    let customer = done(&grace, "records.create", &customer).await;
    let make = json!({ "customer": customer["id"], "lines": lines("120.00") });
    let order = done(&grace, "sales.make_order", &make).await["order"]["id"].as_str().unwrap().to_owned();
    let (status, answer) =
        grace.write(Method::POST, &format!("{API}/orders/{order}/transitions/submit"), &json!({})).await;
    assert!(status.is_success(), "{answer}");
    let asked = done(&john, "workflow.list_approvals", &json!({})).await;
    let (id, seen) = (asked[0]["id"].as_str().unwrap().to_owned(), asked[0]["version"].to_string());
    let address = format!("/w/lakeside/approvals/{id}");
    let (_, page) = john.page(&address).await;
    assert_eq!(carried(&page).as_deref(), Some(seen.as_str()), "the page says what it is about");

    // John has the page open while the price is raised.
    priced(&grace, &order, "9000.00").await;
    let fields = [
        ("id", id.as_str()),
        ("decision", "reject"),
        ("version", seen.as_str()),
        ("reason", "Not at this price"),
        ("_key", "once"),
        ("_page", address.as_str()),
    ];
    let refused = john.form("/w/lakeside/do/workflow.decide_approval", &fields).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let page = refused.text().await.unwrap();
    assert!(page.contains("Grace changed this order since you looked: "), "{page}");
    assert!(page.contains("Not at this price"), "what was typed is kept");
    assert!(!page.contains("href=\"#reason\""), "nothing is wrong with the reason");
    let fresh = carried(&page);
    assert!(fresh.is_some() && fresh.as_deref() != Some(seen.as_str()), "the fresh page is about the order as it is");
    let (status, answer) =
        operation(&john, "workflow.decide_approval", &json!({ "id": id, "decision": "approve" })).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");

    // Who edits a colleague's order is not the one to approve it.
    priced(&john, &order, "10.00").await;
    let (_, read) = john.json(&format!("{API}/orders/{order}")).await;
    let decide = json!({ "id": id, "decision": "approve", "version": read["data"]["version"] });
    let (status, answer) = operation(&john, "workflow.decide_approval", &decide).await;
    let said = answer["message"].as_str().unwrap_or_default();
    assert_eq!((status, said.contains("You have changed this order")), (StatusCode::FORBIDDEN, true), "{answer}");
    // The page has no form for him any more: why, and what he typed, stand there all the same.
    let fresh = read["data"]["version"].to_string();
    let reject = async |key: &str| {
        let fields = [
            ("id", id.as_str()),
            ("decision", "reject"),
            ("version", fresh.as_str()),
            ("reason", "Still too dear"),
            ("_key", key),
            ("_page", address.as_str()),
        ];
        let refused = john.form("/w/lakeside/do/workflow.decide_approval", &fields).await;
        (refused.status(), refused.text().await.unwrap())
    };
    let (status, page) = reject("changed").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let kept = |page: &str| page.contains("That was not decided") && page.contains("Still too dear");
    assert!(page.contains("You have changed this order") && kept(&page), "{page}");
    let decided = done(&jane, "workflow.decide_approval", &decide).await;
    assert_eq!(decided["state"], "APPROVED");
    let (status, page) = reject("decided").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("nothing is left to decide") && kept(&page), "{page}");
    let (_, read) = grace.json(&format!("{API}/orders/{order}")).await;
    assert_eq!(read["data"]["status"], "approved");
    server.end().await;
}

#[tokio::test]
async fn the_way_to_the_run_is_for_those_who_may_see_runs() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (jane, _) = server.entered(&lakeside, "Jane", &["SALES_MANAGER"]).await;
    let input = json!({ "title": "A van for the lake", "roles": ["SALES_MANAGER"] });
    let steps = json!([{ "key": "ask", "type": "approval", "input": input }]);
    let trigger = json!({ "on": "by_hand", "entity": "lead" });
    let definition = json!({ "key": "ask", "name": "Ask", "trigger": trigger, "steps": steps });
    let workflow = done(&grace, "workflow.save", &json!({ "definition": definition })).await;
    done(&grace, "workflow.set_active", &json!({ "id": workflow["id"], "active": true })).await;
    let lead = done(&grace, "records.create", &json!({ "entity": "lead", "values": { "name": "Lake Hotel" } })).await;
    let run = done(&grace, "workflow.start", &json!({ "id": workflow["id"], "record": lead["id"] })).await;
    server.settle().await;
    let asked = done(&jane, "workflow.list_approvals", &json!({})).await;
    let address = format!("/w/lakeside/approvals/{}", asked[0]["id"].as_str().unwrap());
    let href = format!("/w/lakeside/runs/{}\"", run["id"].as_str().unwrap());
    for (who, client, sees) in [("who reads runs", &grace, true), ("who is asked alone", &jane, false)] {
        let (status, page) = client.page(&address).await;
        assert_eq!(status, StatusCode::OK, "{who}: {page}");
        assert!(page.contains("May decide"), "{who}: {page}");
        assert_eq!((page.contains(&href), page.contains("See the run")), (sees, sees), "{who}");
    }
    server.end().await;
}

/// To turn an order down is for those who approve it. Automation is not asked whether it is one of them, so whoever has it do so is.
#[tokio::test]
async fn no_order_is_rejected_by_a_workflow_of_somebody_who_does_not_approve_it() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    server.world.furnish(&lakeside).await;
    let everything = Grants([("*.*.*".to_owned(), Reach::All)].into());
    crate::authz::role(&server, &lakeside, "MIGHTY", &everything).await;
    let (grace, owner) = server.entered(&lakeside, "Grace", &["OWNER"]).await;
    let (max, mighty) = server.entered(&lakeside, "Max", &["MIGHTY"]).await;
    let both = server.world.member(&lakeside, "Both", &["MIGHTY", "SALES_MANAGER"]).await;
    let customer = json!({ "entity": "customer", "values": { "name": "Lake Transport" } });
    let customer = done(&grace, "records.create", &customer).await;
    let submitted = async || {
        let make = json!({ "customer": customer["id"], "lines": lines("120.00") });
        let order = done(&grace, "sales.make_order", &make).await["order"]["id"].as_str().unwrap().to_owned();
        let submit = format!("{API}/orders/{order}/transitions/submit");
        let (status, answer) = grace.write(Method::POST, &submit, &json!({})).await;
        assert!(status.is_success(), "{answer}");
        order
    };
    let order = submitted().await;
    let by_hand = format!("{API}/orders/{order}/transitions/reject");
    assert_eq!(max.write(Method::POST, &by_hand, &json!({})).await.0, StatusCode::FORBIDDEN);

    let moves = |key: &str, to: &str| {
        let trigger = json!({ "on": "transitioned", "entity": "order", "when": "order.status == 'SUBMITTED'" });
        let steps = json!([{ "key": "turn", "type": "transition", "input": { "to": to } }]);
        let definition = json!({ "key": key, "name": key, "trigger": trigger, "steps": steps });
        let definition = serde_json::from_value(definition).expect("the shape of a definition");
        SaveWorkflow { id: None, version: None, definition }
    };
    let refused = |error: domain::Error| {
        let told = (error.kind, error.fields.len(), error.fields[0].field.as_str());
        assert_eq!(told, (Kind::Forbidden, 1, "steps.turn.type"), "{error:?}");
        assert!(error.message.contains("moves to Rejected, which needs the role SALES_MANAGER"), "{error:?}");
    };
    for who in [&mighty, &owner] {
        for to in ["rejected", "Rejected", "{{order.number}}"] {
            refused(server.world.run(who, moves("turned_down", to)).await.expect_err(to));
        }
    }
    // Where an approval is looked for, and where none is, nobody is asked for a role.
    for to in ["approved", "picking"] {
        server.world.run(&mighty, moves(to, to)).await.unwrap_or_else(|error| panic!("{to}: {error:?}"));
    }
    let saved = server.world.run(&both, moves("turned_down", "rejected")).await.unwrap();
    refused(server.world.run(&mighty, SetActive { id: saved.id, active: true }).await.unwrap_err());
    server.world.run(&both, SetActive { id: saved.id, active: true }).await.expect("it is switched on");
    let order = submitted().await;
    server.settle().await;
    let (_, read) = grace.json(&format!("{API}/orders/{order}")).await;
    assert_eq!(read["data"]["status"], "rejected", "{read}");
    server.end().await;
}
