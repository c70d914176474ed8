//! The document of the API: it is the routes, no more and no less, and it is true of what the server answers.

use crate::support::Server;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const BELOW: &str = "/w/{workspace}/api/v1";

/// The route that a path of the document is answered by: words stand before placeholders, as they do in the router.
fn route_of<'a>(routes: &'a [String], path: &str) -> Option<&'a String> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |route: &&String| {
        let own: Vec<&str> = route.split('/').collect();
        own.len() == parts.len() && own.iter().zip(&parts).all(|(own, part)| own.starts_with('{') || own == part)
    };
    routes.iter().filter(fits).min_by_key(|route| route.matches('{').count())
}

#[tokio::test]
async fn the_document_is_the_routes() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (status, document) = owner.json("/w/lakeside/api/v1/openapi.json").await;
    assert_eq!((status, &document["openapi"]), (StatusCode::OK, &json!("3.1.0")));

    let mounted: Vec<(String, String)> = server
        .routes()
        .into_iter()
        .filter_map(|route| Some((route.method, route.path.strip_prefix(BELOW)?.to_owned())))
        .collect();
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            let routes: Vec<String> =
                mounted.iter().filter(|(own, _)| *own == method).map(|(_, path)| path.clone()).collect();
            let route = route_of(&routes, path).unwrap_or_else(|| panic!("there is no route for {method} {path}"));
            found.insert((method, route.clone()));
        }
    }
    let missing: Vec<_> = mounted.iter().filter(|route| !found.contains(*route)).collect();
    assert!(missing.is_empty(), "not in the document: {missing:?}");
    println!("bar=E-04 routes={} paths={}", found.len(), document["paths"].as_object().unwrap().len());

    // Every operation and every entity has its own path.
    let (_, operations) = owner.json("/w/lakeside/api/v1/operations").await;
    for operation in operations["data"].as_array().unwrap() {
        let path = format!("/operations/{}", operation["name"].as_str().unwrap());
        assert!(document["paths"][&path]["post"].is_object(), "{path}");
    }
    for entity in server.world.library.catalog("automotive").unwrap().iter() {
        for path in [format!("/{}", entity.plural), format!("/{}/{{id}}", entity.plural)] {
            assert!(document["paths"][&path]["get"].is_object(), "{path}");
        }
    }
    // What may be done to many rows, one by one.
    let actions = document["components"]["schemas"]["BulkActionInput"].to_string();
    for action in ["set", "add", "remove", "move", "delete", "restore"] {
        assert!(actions.contains(&format!("\"{action}\"")), "{action}: {actions}");
    }
    // What is referred to is there.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference} is not in the document");
    }
    server.end().await;
}

/// Another industry's entities, and fields that the reader may not know, are not there.
#[tokio::test]
async fn the_document_is_for_whoever_asks() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let plain = server.world.tenant("plain", "core").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (viewer, _) = server.signed_in(&lakeside, "Peter", &["VIEWER"]).await;
    let (other, _) = server.signed_in(&plain, "Neema", &["OWNER"]).await;
    let product = "/components/schemas/ProductRecord/properties";
    let document = async |client: &crate::support::Client| client.json("/api/v1/openapi.json").await.1;
    let (full, seen, elsewhere) = (document(&owner).await, document(&viewer).await, document(&other).await);
    assert!(full.pointer(product).unwrap().get("cost").is_some());
    assert!(seen.pointer(product).unwrap().get("cost").is_none() && !seen.to_string().contains("read_cost"));
    assert!(full["paths"]["/dealers"].is_object() && elsewhere["paths"]["/dealers"].is_null());
    assert!(elsewhere["paths"]["/leads"].is_object());
    // Made once for each of them: whoever asks second is not given what somebody else may see.
    assert_eq!((document(&owner).await, document(&viewer).await), (full, seen));
    let (status, _) = server.client().json("/api/v1/openapi.json").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    server.end().await;
}

/// The smallest bodies that the document allows are taken, and what it does not allow is refused.
#[tokio::test]
async fn writes_are_held_to_the_document() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let (owner, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let base = "/w/lakeside/api/v1";
    let (_, document) = owner.json(&format!("{base}/openapi.json")).await;
    let new = &document["components"]["schemas"]["LeadNew"];
    assert_eq!((&new["additionalProperties"], &new["required"]), (&json!(false), &json!(["name"])));
    let money =
        |amount: Value, currency: &str| json!({ "name": "x", "value": { "amount": amount, "currency": currency } });
    for (body, right) in [
        (json!({ "name": "x" }), StatusCode::CREATED),
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({ "name": "x", "id": "y" }), StatusCode::BAD_REQUEST),
        (money(json!("1.50"), "KES"), StatusCode::CREATED),
        (money(json!(1), "KES"), StatusCode::CREATED),
        (money(json!("1.5"), "JPY"), StatusCode::BAD_REQUEST),
        (json!({ "name": "x", "value": { "amount": "1", "currency": "KES", "tax": "1" } }), StatusCode::BAD_REQUEST),
    ] {
        let (status, answer) = owner.write(Method::POST, &format!("{base}/leads"), &body).await;
        assert_eq!(status, right, "{body}: {answer}");
    }
    for wrong in ["limit=", "limit=501", "count=many", "trash=perhaps", "sort=", "status=nowhere", "color=red"] {
        for path in ["leads", "leads/export"] {
            let (status, answer) = owner.json(&format!("{base}/{path}?{wrong}")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}?{wrong}: {answer}");
        }
    }
    let (status, answer) = owner.json(&format!("{base}/audit/logs?to=")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    for name in ["audit.list", "records.list"] {
        let path = format!("{base}/operations/{name}");
        for (query, right) in [(json!({}), StatusCode::OK), (json!([null]), StatusCode::BAD_REQUEST)] {
            let (status, answer) = owner.write(Method::POST, &path, &json!({ "entity": "lead", "query": query })).await;
            assert_eq!(status, right, "{name} {query}: {answer}");
        }
    }
    server.end().await;
}
