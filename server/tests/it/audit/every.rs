//! G-01 over the whole registry: every operation that writes is done once by the owner of a workspace, and leaves an entry under the request that
//! did it, with who, from where and in which session. What is sent, and about what, is that of the matrix (`matrix/operations.toml`).

use crate::matrix::fixtures::Fixtures;
use crate::support::Server;
use domain::{MemberId, OperationKind, Realm};
use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use testkit::PASSWORD;
use uuid::Uuid;

const TABLE: &str = include_str!("../matrix/operations.toml");

/// What is sent in place of what the table says, where that would leave everything as it is.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "workflow.choose_notifications",
        r#"{ "kinds": { "mention": false, "assignment": true, "stage": true, "approval": true, "workflow": true, "failure": true } }"#,
    ),
    ("people.set_roles", r#"{ "member": "{id}", "roles": ["USER"] }"#),
    ("records.put_back", r#"{ "entity": "lead", "id": "{id}", "version": 2, "oldVersion": 1 }"#),
];

/// What is done to the object before, so that there is something to do.
const BEFORE: &[(&str, &str, &str)] = &[
    ("people.restore_member", "people.suspend_member", r#"{ "id": "{id}" }"#),
    (
        "records.put_back",
        "records.update",
        r#"{ "entity": "lead", "id": "{id}", "version": 1, "values": { "city": "Kisumu" } }"#,
    ),
];

/// What may succeed without an entry, with the reason.
const SILENT: &[(&str, &str)] = &[
    ("exports.cancel", "an export that is done stays as it is"),
    ("files.scan", "a file that is not held stays as it is"),
    ("finance.age_invoices", "a day more is no change to tell, and here no invoice became overdue"),
    ("finance.post_invoice", "the workflow that made the invoice may have posted it by then"),
    ("views.move", "a view that is the first already stays there"),
    ("views.save", "the view shows what it showed"),
    ("workflow.notify", "what was told, and to whom, stands in the notifications of those who were told"),
    ("workflow.read_notifications", "that somebody has looked at what they were told changes nothing for others"),
    ("workflow.snooze_notification", "that somebody puts off what they were told changes nothing for others"),
];

/// What may be refused here, with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("messaging.cancel", "the message may be sent by then"),
    ("workflow.decide_approval", "the matrix has somebody else asked than the one who does all this"),
    ("workflow.retry_run", "no run has failed"),
];

/// Entries of a request that name whoever did it, their address and their session.
const ENTRIES: &str = "\
select count(*) from changes
where request_id = $1 and outcome = 'done' and actor_id = $2 and session_id is not null and address = '127.0.0.1'";

fn listed(list: &[(&str, &str)], operation: &str) -> bool {
    list.iter().any(|(known, _)| *known == operation)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_leaves_an_entry() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "automotive").await;
    let mut fixtures = Fixtures::new(&server, &tenant, "Grace").await;
    // Somebody who stays when Grace leaves.
    server.signed_in(&tenant, "Neema", &["OWNER"]).await;
    let (grace, email) = (server.client(), "grace@lakeside.example");
    let answer = grace.form("/sign-in", &[("login", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "the owner who makes what is made here");
    let user = server.world.user("Grace", email).await;
    let owner = server.world.owner().await;
    let me: Uuid = sqlx::query_scalar("select id from members where tenant_id = $1 and user_id = $2")
        .bind(tenant.id.0)
        .bind(user.0)
        .fetch_one(&owner)
        .await
        .unwrap();
    let writes: BTreeSet<&str> = server
        .world
        .platform
        .registry()
        .infos()
        .filter(|info| info.realm == Realm::Workspace && info.kind == OperationKind::Write)
        .map(|info| info.name)
        .collect();
    for (name, _) in OTHERWISE.iter().chain(SILENT).chain(REFUSED) {
        assert!(writes.contains(name), "{name} is no operation that writes");
    }
    let rows: BTreeMap<String, toml::Table> = toml::from_str(TABLE).unwrap();
    let (mut told, mut silent, mut refused, mut calls) = (BTreeSet::new(), Vec::new(), Vec::new(), 0);
    // What ends the session, or the membership, comes last.
    for last in [false, true] {
        for (name, row) in &rows {
            let Some(operation) = writes.get(name.split('#').next().unwrap_or_default()).copied() else { continue };
            if row.get("last").and_then(toml::Value::as_bool).unwrap_or(false) != last {
                continue;
            }
            let object = match row.get("about").and_then(toml::Value::as_str) {
                None => String::new(),
                // Not the one by which all this is asked.
                Some("session") => {
                    let users = server.world.services().auth.users.clone();
                    let session = tower_sessions::Session::new(None, Arc::new(users.clone()), None);
                    users.begin(&session, user.0, None, Some("another")).await.unwrap().to_string()
                }
                Some(about) => fixtures.make(about, Some(MemberId(me))).await,
            };
            let (record, id) = object.split_once('/').unwrap_or((object.as_str(), object.as_str()));
            for (_, first, input) in BEFORE.iter().filter(|(of, ..)| of == name) {
                let path = format!("/w/lakeside/api/v1/operations/{first}");
                let input: Value = serde_json::from_str(&input.replace("{id}", id)).unwrap();
                let (status, answer) = grace.write(Method::POST, &path, &input).await;
                assert!(status.is_success(), "{first} before {name}: {answer}");
            }
            let sent = OTHERWISE.iter().find(|(known, _)| known == name).map(|(_, input)| *input);
            let input = sent.or_else(|| row.get("input").and_then(toml::Value::as_str)).unwrap();
            let input = input.replace("{record}", record).replace("{id}", id).replace("{me}", &me.to_string());
            calls += 1;
            let request = grace
                .request(Method::POST, &format!("/w/lakeside/api/v1/operations/{operation}"))
                .header(header::CONTENT_TYPE, "application/json")
                .body(input.replace("{key}", &format!("every{calls}")));
            let answer = grace.send(request).await;
            let (status, request) = (answer.status(), answer.headers()["x-request-id"].to_str().unwrap().to_owned());
            let text = answer.text().await.unwrap();
            if !status.is_success() {
                refused.push((operation, format!("{name}: {status} {}", text.chars().take(300).collect::<String>())));
                continue;
            }
            let entries: i64 = sqlx::query_scalar(ENTRIES)
                .bind(request.parse::<Uuid>().unwrap())
                .bind(me)
                .fetch_one(&owner)
                .await
                .unwrap();
            if entries > 0 {
                told.insert(operation);
            } else {
                silent.push((operation, format!("{name}: {}", text.chars().take(300).collect::<String>())));
            }
        }
    }
    println!(
        "bar=G-01 writes={} told={} calls={calls} silent={} refused={}",
        writes.len(),
        told.len(),
        silent.len(),
        refused.len()
    );
    // Only what is posted already is silent.
    for (_, says) in silent.iter().filter(|(operation, _)| *operation == "finance.post_invoice") {
        assert!(says.contains(r#""created":false"#), "done without an entry: {says}");
    }
    let unlisted = |found: &[(&str, String)], list: &[(&str, &str)]| -> Vec<String> {
        found.iter().filter(|(operation, _)| !listed(list, operation)).map(|(_, says)| says.clone()).collect()
    };
    let (silent, refused) = (unlisted(&silent, SILENT), unlisted(&refused, REFUSED));
    assert!(silent.is_empty(), "done without an entry:\n{}", silent.join("\n"));
    assert!(refused.is_empty(), "not done, so that nothing is known of an entry:\n{}", refused.join("\n"));
    let unknown: Vec<_> =
        writes.iter().filter(|name| !told.contains(*name) && !listed(SILENT, name) && !listed(REFUSED, name)).collect();
    assert!(unknown.is_empty(), "nobody tried {unknown:?}");
    owner.close().await;
    server.end().await;
}
