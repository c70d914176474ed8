//! What a browser is promised: headers on every answer, a nonce that is used once, no write from another site, no write by GET.

use crate::support::{Server, encoded};
use reqwest::{Method, StatusCode, header};
use std::collections::HashSet;

const BUSINESS: &[&str] =
    &["leads", "customers", "contacts", "opportunities", "activities", "tasks", DONE, "members", "imports"];
/// Refusals, sign-ins and exports are told as well.
const DONE: &str =
    "(select * from changes where outcome = 'done' and entity <> 'session' and operation not like '%.export')";

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    for path in [
        "/",
        "/sign-in",
        "/livez",
        "/readyz",
        "/health",
        "/nothing/here",
        "/w/lakeside",
        "/w/lakeside/leads",
        "/w/elsewhere/leads",
        "/w/lakeside/api/v1/leads",
        "/w/lakeside/api/v1/nothing",
        "/api/v1/leads",
        "/pkg/nothing.js",
        "/admin",
        "/admin/sign-in",
        "/w/lakeside/leads/not-an-id",
    ] {
        let answer = amina.send(amina.request(Method::GET, path).header(header::ACCEPT, "text/html")).await;
        let headers = answer.headers();
        for name in [
            "content-security-policy",
            "strict-transport-security",
            "x-content-type-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
            "cache-control",
            "x-request-id",
        ] {
            assert!(headers.contains_key(name), "{path} answers {} without {name}", answer.status());
        }
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            !policy.contains("unsafe-inline")
                && policy.contains("object-src 'none'")
                && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!headers.contains_key("server") && !headers.contains_key("x-powered-by"));
    }
    server.end().await;
}

#[tokio::test]
async fn a_nonce_is_used_once_and_fits_its_scripts() {
    let server = Server::new().await;
    let client = server.client();
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let answer = client.get("/sign-in").await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
        let page = answer.text().await.unwrap();
        for script in page.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "a script without the nonce: {tag}");
        }
        assert!(seen.insert(nonce));
    }
    server.end().await;
}

#[tokio::test]
async fn no_other_site_can_write() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["ADMIN"]).await;
    let before = server.world.fingerprint(BUSINESS).await;
    let body = encoded(&[("entity", "lead"), ("values.name", "Planted")]);
    let cases: [&[(&str, &str)]; 7] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[],
    ];
    let cookie = format!("nexus={}", amina.cookie("nexus").unwrap());
    for route in server.routes().iter().filter(|route| route.mutates) {
        let path = route
            .path
            .replace("{workspace}", "lakeside")
            .replace("{operation}", "records.create")
            .replace("{entity}", "leads")
            .replace("{id}", "0199a000-0000-7000-8000-000000000000")
            .replace("{name}", "qualify");
        let method: Method = route.method.parse().unwrap();
        for headers in cases {
            #[expect(clippy::disallowed_methods, reason = "a client without our defaults")]
            let mut request = reqwest::Client::new()
                .request(method.clone(), format!("{}{path}", server.base))
                .header(header::COOKIE, &cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone());
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            assert_eq!(
                request.send().await.unwrap().status(),
                StatusCode::FORBIDDEN,
                "{method} {path} with {headers:?}"
            );
        }
    }
    assert_eq!(server.world.fingerprint(BUSINESS).await, before);
    // The same form from a page of ours goes through.
    let answer = amina.form("/w/lakeside/do/records.create", &[("entity", "lead"), ("values.name", "Wanted")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_ne!(server.world.fingerprint(BUSINESS).await, before);
    server.end().await;
}

#[tokio::test]
async fn reading_never_changes_anything() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "automotive").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["OWNER"]).await;
    let answer = amina
        .form(
            "/w/lakeside/do/records.create",
            &[("entity", "lead"), ("values.name", "Wanted"), ("_next", "/w/lakeside/leads/{id}")],
        )
        .await;
    let id = answer.headers()[header::LOCATION].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let before = server.world.fingerprint(BUSINESS).await;
    let mut asked = 0;
    for route in server.routes().iter().filter(|route| !route.mutates) {
        for entity in ["leads", "customers", "tasks"] {
            let path = route.path.replace("{workspace}", "lakeside").replace("{entity}", entity).replace("{id}", &id);
            let answer = amina.send(amina.request(Method::GET, &path).header(header::ACCEPT, "text/html")).await;
            assert!(answer.status() != StatusCode::INTERNAL_SERVER_ERROR, "GET {path} answers 500");
            asked += 1;
        }
    }
    assert!(asked > 60);
    assert_eq!(server.world.fingerprint(BUSINESS).await, before);
    server.end().await;
}
