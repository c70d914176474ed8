//! The timeline of a record: activities and messages about it and workflow runs stand among its changes, for those who may read them, on as many pages
//! as it takes.

use crate::support::{Client, Server};
use chrono::Duration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const API: &str = "/w/lakeside/api/v1";

async fn post(client: &Client, path: &str, body: Value) -> String {
    let (status, answer) = client.write(Method::POST, path, &body).await;
    assert!(status.is_success(), "{path} {body}: {status} {answer}");
    let data = &answer["data"];
    [&data["id"], &data["message"]].into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
}

/// Sends a message of this subject about a lead.
async fn send(client: &Client, api: &str, lead: &str, subject: &str) -> String {
    let total = json!({ "amount": "12500.00", "currency": "KES" });
    let invoice = json!({ "invoiceNumber": "INV-1", "dueDate": "2026-12-20", "totalAmount": total });
    let message = json!({
        "template": "invoice_notification", "to": "accounts@kisumu-traders.example", "key": subject, "subject": subject,
        "record": { "entity": "lead", "id": lead },
        "values": { "customer": { "name": "Kisumu Traders" }, "invoice": invoice },
    });
    post(client, &format!("{api}/operations/messaging.send"), message).await
}

/// A workflow that people start for a lead, and that does nothing.
async fn workflow(client: &Client, name: &str) -> String {
    let steps = json!([{ "key": "look", "type": "branch", "input": { "if": "lead.name != ''", "else": "end" } }]);
    let trigger = json!({ "on": "by_hand", "entity": "lead" });
    let definition = json!({ "key": "look", "name": name, "trigger": trigger, "steps": steps });
    let id = post(client, &format!("{API}/operations/workflow.save"), json!({ "definition": definition })).await;
    let active = json!({ "id": id, "active": true });
    post(client, &format!("{API}/operations/workflow.set_active"), active).await;
    id
}

async fn shown(client: &Client, path: &str) -> String {
    let (status, page) = client.page(path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {page}");
    page
}

#[tokio::test]
async fn messages_and_runs_about_a_record_stand_in_its_timeline_for_those_who_may_read_them() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, owner) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (vera, _) = server.signed_in(&tenant, "Vera", &["VIEWER"]).await;
    let (sam, sales) = server.signed_in(&tenant, "Sam", &["SALES_REP"]).await;
    let (fay, _) = server.signed_in(&tenant, "Fay", &["FINANCE_MANAGER"]).await;
    let lead = json!({ "name": "Lake Hotel", "owner": sales.access.member.0 });
    let lead = post(&grace, &format!("{API}/leads"), lead).await;
    let about = post(&grace, &format!("{API}/leads"), json!({ "name": "Another" })).await;
    let path = format!("/w/lakeside/leads/{lead}");
    let page = shown(&grace, &path).await;
    assert!(!page.contains("?tab=messages") && page.contains("?kind=messages") && page.contains("?kind=runs"));

    let his = send(&grace, API, &lead, "THE-FIRST").await;
    let others = send(&grace, API, &lead, "THE-SECOND").await;
    send(&grace, API, &about, "OF-ANOTHER").await;
    let workflow = workflow(&grace, "Look-at-it").await;
    let started = json!({ "id": workflow, "record": lead });
    let run = post(&grace, &format!("{API}/operations/workflow.start"), started).await;
    server.settle().await;
    // What is about his record is his, unless somebody else looks after it.
    let database = server.world.owner().await;
    let given = "update messages set owner_id = $2 where id = $1::uuid";
    sqlx::query(given).bind(&others).bind(owner.access.member.0).execute(&database).await.unwrap();

    let (first, second) = (format!("/w/lakeside/messages/{his}\""), format!("/w/lakeside/messages/{others}\""));
    let ran = format!("/w/lakeside/runs/{run}\"");
    for (who, client, wanted) in [
        ("an owner", &grace, [true, true, true]),
        ("who reads all", &vera, [true, true, true]),
        ("who reads messages of theirs, and no runs", &sam, [true, false, false]),
        ("who reads neither", &fay, [false, false, false]),
    ] {
        let page = shown(client, &path).await;
        let found = [
            page.contains(&first) && page.contains("THE-FIRST"),
            page.contains(&second) || page.contains("THE-SECOND"),
            page.contains(&ran) || page.contains("Look-at-it"),
        ];
        assert_eq!(found, wanted, "{who}: {page}");
        assert!(page.contains("created this lead") && !page.contains("OF-ANOTHER"), "{who}");
        // So is what it can be narrowed to, and the tab.
        let [reads, _, runs] = wanted;
        assert_eq!((page.contains("kind=messages"), page.contains("kind=runs")), (reads, runs), "{who}");
        assert_eq!(page.contains("?tab=messages"), reads, "{who}");
        let alone = shown(client, &format!("{path}?kind=runs")).await;
        assert_eq!((alone.contains(&ran), alone.contains("created this lead")), (runs, !runs), "{who}");
        let alone = shown(client, &format!("{path}?kind=messages")).await;
        assert_eq!((alone.contains(&first), alone.contains("created this lead")), (reads, !reads), "{who}");
    }
    let page = shown(&grace, &path).await;
    for wanted in ["E-mail", "Outgoing", "accounts@kisumu-traders.example", "Not sent (sandbox)", "Completed"] {
        assert!(page.contains(wanted), "{wanted} is not in\n{page}");
    }
    let tab = shown(&grace, &format!("{path}?tab=messages")).await;
    assert!(tab.contains("THE-FIRST") && tab.contains("THE-SECOND") && !tab.contains("OF-ANOTHER"), "{tab}");

    // What is another workspace's stays there, also where it names this record.
    let other = server.world.tenant("hillside", "core").await;
    let (bob, _) = server.signed_in(&other, "Bob", &["OWNER"]).await;
    let theirs = post(&bob, "/w/hillside/api/v1/leads", json!({ "name": "Theirs" })).await;
    let message = send(&bob, "/w/hillside/api/v1", &theirs, "OF-THE-HILL").await;
    let named = "update messages set record_id = $2, record_id_norm = $2 where id = $1::uuid";
    sqlx::query(named).bind(&message).bind(&lead).execute(&database).await.unwrap();
    assert!(!shown(&grace, &path).await.contains("OF-THE-HILL"));
    for path in [path.clone(), format!("/w/hillside/leads/{lead}")] {
        let (status, page) = bob.page(&path).await;
        assert!(status == StatusCode::NOT_FOUND && !page.contains("THE-FIRST"), "{path}: {status} {page}");
    }
    database.close().await;
    server.end().await;
}

/// All pages of a timeline, from the newest on.
async fn pages(client: &Client, first: &str) -> Vec<String> {
    let mut found = vec![shown(client, first).await];
    while let Some(rest) = found.last().and_then(|page| page.split("class=\"timeline-older\"").nth(1)) {
        let href = rest.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a way on");
        let next = href.replace("&amp;", "&");
        assert!(found.len() < 9, "{next} leads nowhere");
        found.push(shown(client, &next).await);
    }
    found
}

#[tokio::test]
async fn a_long_timeline_shows_each_message_and_run_once() {
    const MANY: usize = 47;
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let lead = post(&grace, &format!("{API}/leads"), json!({ "name": "Lake Hotel" })).await;
    let workflow = workflow(&grace, "Look-at-it").await;
    let path = format!("/w/lakeside/leads/{lead}");
    let mut runs = Vec::new();
    for number in 0..MANY {
        // Three of one second, so that a page ends between two of one.
        if number % 3 == 0 {
            server.world.clock.advance(Duration::seconds(1));
        }
        send(&grace, API, &lead, &format!("NO-{number:02}")).await;
        let started = json!({ "id": workflow, "record": lead });
        runs.push(post(&grace, &format!("{API}/operations/workflow.start"), started).await);
    }
    for (kind, messages, with_runs) in [("", true, true), ("?kind=messages", true, false), ("?kind=runs", false, true)]
    {
        let pages = pages(&grace, &format!("{path}{kind}")).await;
        assert_eq!(pages.len(), 2, "{kind}");
        let times = |text: &str| pages.iter().map(|page| page.matches(text).count()).sum::<usize>();
        for (number, run) in runs.iter().enumerate() {
            assert_eq!(times(&format!(">NO-{number:02}<")), usize::from(messages), "{kind}: message {number}");
            assert_eq!(times(&format!("/runs/{run}\"")), usize::from(with_runs), "{kind}: run {number}");
        }
        assert_eq!(times("created this lead"), usize::from(kind.is_empty()), "{kind}");
        // The newest come first.
        let first: BTreeSet<usize> =
            (0..MANY).filter(|number| pages[0].contains(&format!(">NO-{number:02}<"))).collect();
        assert!(!messages || first == (9..MANY).collect::<BTreeSet<_>>(), "{kind}: {first:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_long_timeline_shows_each_activity_once() {
    const MANY: usize = 60;
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.entered(&tenant, "Grace", &["OWNER"]).await;
    let lead = post(&grace, &format!("{API}/leads"), json!({ "name": "Lake Hotel" })).await;
    let path = format!("/w/lakeside/leads/{lead}");
    for number in 0..MANY {
        let mut call = json!({ "subject": format!("CALL-{number:02}"), "kind": "call", "lead": lead });
        // Three of one moment, so that a page ends between two of one. Some have no moment of their own: they stand where they were written down.
        if number % 20 != 0 {
            call["happenedOn"] = json!(format!("2026-05-{:02}T09:30:00Z", 1 + number / 3));
        }
        post(&grace, &format!("{API}/activities"), call).await;
    }
    for kind in ["", "?kind=activities"] {
        let pages = pages(&grace, &format!("{path}{kind}")).await;
        assert_eq!(pages.len(), 2, "{kind}");
        for number in 0..MANY {
            let times: Vec<usize> =
                pages.iter().map(|page| page.matches(&format!(">CALL-{number:02}<")).count()).collect();
            assert_eq!(times.iter().sum::<usize>(), 1, "{kind}: call {number} of {times:?}");
            let newest = number % 20 == 0 || number > 30;
            assert!(!newest || times[0] == 1, "{kind}: call {number} is one of the newest");
        }
    }

    // As many of one moment as a file may have brought in: none of them is left between two pages.
    let other = post(&grace, &format!("{API}/leads"), json!({ "name": "Lake Garage" })).await;
    for number in 0..45 {
        let subject = format!("ALIKE-{number:02}");
        let call = json!({ "subject": subject, "kind": "call", "lead": other, "happenedOn": "2026-05-04T09:30:00Z" });
        post(&grace, &format!("{API}/activities"), call).await;
    }
    let pages = pages(&grace, &format!("/w/lakeside/leads/{other}?kind=activities")).await;
    let shown = (0..45).filter(|number| pages[0].contains(&format!(">ALIKE-{number:02}<"))).count();
    assert_eq!((pages.len(), shown), (1, 45));
    server.end().await;
}
