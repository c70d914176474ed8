//! The pages of the trash, of versions, of the past, of merging and of notes, without scripts.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const LEADS: &str = "/w/lakeside/api/v1/leads";

async fn lead(client: &Client, values: Value) -> Value {
    let (status, answer) = client.write(Method::POST, LEADS, &values).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["data"].clone()
}

async fn change(client: &Client, lead: &Value, values: Value) -> Value {
    let mut body = values;
    body["version"] = lead["version"].clone();
    let path = format!("{LEADS}/{}", id(lead));
    let (status, answer) = client.write(Method::PATCH, &path, &body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["data"].clone()
}

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

/// Sends a form and follows it to the page that it leads to.
async fn sent(client: &Client, operation: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = client.form(&format!("/w/lakeside/do/{operation}"), fields).await;
    if answer.status() != StatusCode::SEE_OTHER {
        return (answer.status(), answer.text().await.unwrap());
    }
    let next = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    client.page(&next).await
}

#[tokio::test]
async fn the_trash_says_who_and_when_and_why_not() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (peter, _) = server.signed_in(&tenant, "Peter", &["MANAGER"]).await;
    let gone = lead(&grace, json!({ "name": "Gone", "email": "gone@lake.example" })).await;
    let (_, page) = sent(
        &peter,
        "records.delete",
        &[
            ("entity", "lead"),
            ("id", id(&gone)),
            ("version", "1"),
            ("_next", "/w/lakeside/leads"),
            ("_done", "Gone moved to the trash"),
        ],
    )
    .await;
    assert!(page.contains("Gone moved to the trash"));
    let undo = page.split("href=\"/w/lakeside/undo?request=").nth(1).and_then(|rest| rest.split('"').next());
    let (status, page) =
        peter.page(&format!("/w/lakeside/undo?request={}", undo.expect("a way back").replace("&amp;", "&"))).await;
    assert!(status == StatusCode::OK && page.contains("Out of the trash"), "the toast leads to its undo");
    let (status, page) = grace.page("/w/lakeside/leads?trash=1").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Gone") && page.contains(" by <bdi>Peter</bdi>"), "who threw it away");
    lead(&grace, json!({ "name": "Other", "email": "gone@lake.example" })).await;
    let fields = [("entity", "lead"), ("id", id(&gone)), ("_page", "/w/lakeside/leads?trash=1")];
    let (status, page) = sent(&grace, "records.restore", &fields).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("Another lead already has this e-mail"), "{page}");
    server.end().await;
}

#[tokio::test]
async fn versions_and_the_past_are_shown_and_put_back() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let first = lead(&grace, json!({ "name": "First name", "city": "Kisumu" })).await;
    let then = server.world.services().clock.now().to_rfc3339();
    server.world.clock.advance(chrono::Duration::hours(1));
    let second = change(&grace, &first, json!({ "name": "Second name", "city": "Nairobi" })).await;
    server.world.clock.advance(chrono::Duration::hours(1));
    let path = format!("/w/lakeside/leads/{}", id(&first));

    let (status, page) = grace.page(&format!("{path}/versions")).await;
    assert_eq!(status, StatusCode::OK);
    for wanted in ["Version 2", "Version 1", "First name", "Second name", "Compare"] {
        assert!(page.contains(wanted), "{wanted}");
    }
    let (_, page) = grace.page(&format!("{path}/versions?version=1")).await;
    assert!(page.contains("Kisumu") && !page.contains("Nairobi") && page.contains("Put these values back"));
    let (_, page) = grace.page(&format!("{path}/versions?version=1&with=2")).await;
    assert!(page.contains("Kisumu") && page.contains("Nairobi"));
    let (status, _) = grace.page(&format!("{path}/versions?version=7")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);

    let moment = app::page::encode(&then);
    for page in [
        format!("{path}?as_of={moment}"),
        format!("/w/lakeside/leads?as_of={moment}"),
        format!("/w/lakeside/leads?view=board&as_of={moment}"),
    ] {
        let (status, text) = grace.page(&page).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(text.contains("First name") && !text.contains("Second name"), "{page}");
        assert!(
            text.contains("Nothing can be changed here")
                && !text.contains("records.update")
                && !text.contains("records.transition"),
            "{page}"
        );
    }
    let (status, page) = grace.page("/w/lakeside/leads?as_of=2999-01-01").await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("still to come"), "{status}");

    let (status, versions) = grace.json(&format!("{LEADS}/{}/versions", id(&first))).await;
    assert_eq!((status, versions["data"].as_array().unwrap().len()), (StatusCode::OK, 2));
    let (_, was) = grace.json(&format!("{LEADS}/{}?as_of={moment}", id(&first))).await;
    assert_eq!(was["data"]["name"], "First name");
    let (_, was) = grace.json(&format!("{LEADS}/{}?version=1", id(&first))).await;
    assert_eq!(was["data"]["city"], "Kisumu");
    let (_, list) = grace.json(&format!("{LEADS}?as_of={moment}")).await;
    assert_eq!((&list["data"][0]["name"], &list["pagination"]["total"]), (&json!("First name"), &json!(1)));

    let version = second["version"].to_string();
    let fields = [
        ("entity", "lead"),
        ("id", id(&first)),
        ("version", version.as_str()),
        ("oldVersion", "1"),
        ("_next", path.as_str()),
    ];
    let (status, page) = sent(&grace, "records.put_back", &fields).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("First name") && page.contains("Name, City put back"), "{page}");
    server.end().await;
}

/// What the island of the form asks for when a field is left, which anybody may ask for; the form itself is as it was.
#[tokio::test]
async fn what_looks_alike_is_said_while_it_is_typed() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (rita, _) = server.signed_in(&tenant, "Rita", &["SALES_REP"]).await;
    let values = json!({ "name": "Amina Otieno", "phone": "+254 711 000 111", "company": "Lake Motors", "email": "amina@lake.example" });
    let first = lead(&grace, values).await;
    let warned = async |client: &Client, query: &str| {
        let (status, page) = client.page(&format!("/w/lakeside/leads/new?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        assert!(page.contains("data-alike=\"values.email values.phone values.name+values.company\""), "{query}");
        let region =
            page.split("data-region=\"alike\"").nth(1).map(|rest| rest.split("data-said").next().unwrap().to_owned());
        assert_eq!(region.is_some(), page.contains("There may be such a lead already"), "{query}");
        region
    };
    for (query, same) in [
        ("values.phone=0254711%20000-111", None),
        ("values.phone=%28254%29711%20000-111", Some("same phone")),
        ("values.email=Amina%40lake.example", Some("same e-mail")),
        ("values.name=amina%20otieno&values.company=LAKE%20motors", Some("same name and company")),
        ("values.name=Amina%20Otieno", None),
        ("values.phone=711", None),
        ("values.email=amina", None),
        ("values.phone=%22%3E%3Cscript%3E", None),
    ] {
        let asked = warned(&grace, &format!("_look=1&{query}")).await;
        let way = format!("/w/lakeside/leads/{}", id(&first));
        let shown =
            asked.as_deref().map(|region| same.is_some_and(|same| region.contains(same) && region.contains(&way)));
        assert_eq!(shown, same.map(|_| true), "{query}: {asked:?}");
        assert!(warned(&grace, query).await.is_none(), "nobody asked: {query}");
        // The lead is Grace's, and out of Rita's reach.
        assert!(warned(&rita, &format!("_look=1&{query}")).await.is_none(), "{query}");
    }
    server.end().await;
}

#[tokio::test]
async fn what_looks_alike_is_asked_about_once_and_merged() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let first = lead(&grace, json!({ "name": "Amina Otieno", "phone": "+254711000111" })).await;
    let fields = [
        ("entity", "lead"),
        ("values.name", "A. Otieno"),
        ("values.phone", "+254 711 000 111"),
        ("_page", "/w/lakeside/leads/new"),
        ("_next", "/w/lakeside/leads/{id}"),
    ];
    let mut asked = fields.to_vec();
    asked.extend([("_alike", "ask"), ("_key", "alike-1")]);
    let (status, page) = sent(&grace, "records.create", &asked).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        page.contains("There may be such a lead already")
            && page.contains(&format!("/w/lakeside/leads/{}", id(&first))),
        "the way there"
    );
    assert!(
        page.contains("value=\"A. Otieno\"") && !page.contains("name=\"_alike\""),
        "what was typed, and nothing asks again"
    );
    let (status, page) = sent(&grace, "records.create", &fields).await;
    assert!(status == StatusCode::OK && page.contains("A. Otieno"), "{status}");
    let (_, list) = grace.json(&format!("{LEADS}?filter={}", app::page::encode("name = \"A. Otieno\""))).await;
    let second = list["data"][0].clone();
    // An edit that does not touch what records are told apart by asks nothing.
    let version = second["version"].to_string();
    let edit = [
        ("entity", "lead"),
        ("id", id(&second)),
        ("version", version.as_str()),
        ("values.city", "Kisumu"),
        ("_alike", "ask"),
        ("_key", "e1"),
    ];
    assert_eq!(sent(&grace, "records.update", &edit).await.0, StatusCode::OK);

    let path = format!("/w/lakeside/leads/{}/merge", id(&first));
    let (status, page) = grace.page(&path).await;
    assert!(status == StatusCode::OK && page.contains("A. Otieno") && page.contains("Same phone"));
    let (status, page) = grace.page(&format!("{path}?with={}", id(&second))).await;
    assert!(
        status == StatusCode::OK
            && page.contains("take.name")
            && page.contains("Kisumu")
            && page.contains("Merge them")
    );
    let next = format!("/w/lakeside/leads/{}", id(&first));
    let merge = [
        ("entity", "lead"),
        ("kept", id(&first)),
        ("merged", id(&second)),
        ("take.name", "merged"),
        ("take.city", "merged"),
        ("_page", path.as_str()),
        ("_next", next.as_str()),
    ];
    let (status, page) = sent(&grace, "records.merge", &merge).await;
    assert!(status == StatusCode::OK && page.contains("A. Otieno") && page.contains("Kisumu"), "{status}");
    let (_, page) = grace.page(&path).await;
    let merge =
        page.split("name=\"merge\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let (status, page) =
        sent(&grace, "records.unmerge", &[("entity", "lead"), ("merge", &merge), ("_next", &next)]).await;
    assert!(status == StatusCode::OK && page.contains("Both are as they were before the merge"), "{page}");
    let (_, again) = grace.json(&format!("{LEADS}/{}", id(&second))).await;
    assert_eq!((&again["data"]["name"], &again["data"]["deletedAt"]), (&json!("A. Otieno"), &Value::Null));
    // Without the permission to delete there is no such page.
    let (rep, _) = server.signed_in(&tenant, "Rita", &["SALES_REP"]).await;
    assert_eq!(rep.page(&path).await.0, StatusCode::FORBIDDEN);
    server.end().await;
}

#[tokio::test]
async fn notes_are_written_shown_and_taken_away() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (peter, caller) = server.signed_in(&tenant, "Peter", &["USER"]).await;
    let (viewer, _) = server.signed_in(&tenant, "Vic", &["VIEWER"]).await;
    let first = lead(&grace, json!({ "name": "Amina" })).await;
    let path = format!("/w/lakeside/leads/{}", id(&first));
    let body =
        "**Call** @Peter at [the site](https://lake.example), not [x](javascript:alert(1)) <script>alert(2)</script>";
    let of = [("entity", "lead"), ("record", id(&first)), ("_page", path.as_str())];
    let with = |more: &[(&'static str, &str)]| -> Vec<(String, String)> {
        of.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let send = async |client: &Client, operation: &str, more: &[(&'static str, &str)]| {
        let fields = with(more);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        sent(client, operation, &fields).await
    };
    let (status, page) = send(&grace, "notes.add", &[("body", body)]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<strong>Call</strong> <b class=\"mention\">@Peter</b>"), "{page}");
    assert!(
        page.contains("href=\"https://lake.example\"")
            && !page.contains("javascript:alert(1)\"")
            && !page.contains("<script>alert(2)")
    );
    let owner = server.world.owner().await;
    let mentions: Vec<uuid::Uuid> =
        sqlx::query_scalar("select member_id from mentions").fetch_all(&owner).await.unwrap();
    assert_eq!(mentions, [caller.access.member.0]);
    let list = json!({ "entity": "lead", "record": id(&first) });
    let notes = async |client: &Client| {
        client.write(Method::POST, "/w/lakeside/api/v1/operations/notes.list", &list).await.1["data"].clone()
    };
    let note = notes(&grace).await[0].clone();
    let note_id = id(&note).to_owned();
    // Nobody rewrites what somebody else wrote, and a viewer writes nothing.
    assert_eq!(
        send(&peter, "notes.edit", &[("id", &note_id), ("version", "1"), ("body", "Mine")]).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(send(&viewer, "notes.add", &[("body", "x")]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(send(&grace, "notes.add", &[("body", "  ")]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, page) = send(&grace, "notes.edit", &[("id", &note_id), ("version", "1"), ("body", "Called")]).await;
    assert!(status == StatusCode::OK && page.contains("<p>Called</p>") && page.contains("edited"));
    assert_eq!(
        send(&grace, "notes.edit", &[("id", &note_id), ("version", "1"), ("body", "Late")]).await.0,
        StatusCode::CONFLICT
    );
    let left: i64 = sqlx::query_scalar("select count(*) from mentions").fetch_one(&owner).await.unwrap();
    assert_eq!(left, 0, "who is no longer mentioned is no longer kept");
    owner.close().await;
    let (_, page) = send(&peter, "notes.pin", &[("id", &note_id), ("pinned", "true")]).await;
    assert!(page.contains("Pinned"));
    // The stream narrowed to one kind.
    for (kind, there) in [("notes", true), ("changes", false), ("files", false), ("activities", false)] {
        let (_, page) = grace.page(&format!("{path}?kind={kind}")).await;
        assert_eq!(page.contains("<p>Called</p>"), there, "{kind}");
        assert_eq!(page.contains("created this lead"), kind == "changes", "{kind}");
    }
    let (_, page) = send(&grace, "notes.delete", &[("id", &note_id)]).await;
    assert!(!page.contains("<p>Called</p>") && page.contains("took a note away"));
    assert!(notes(&peter).await.as_array().unwrap().is_empty(), "others see it no more");
    let (_, page) = send(&grace, "notes.restore", &[("id", &note_id)]).await;
    assert!(page.contains("<p>Called</p>"));
    server.end().await;
}

/// Who may delete only what is theirs takes away what others wrote on their own records, and nothing beside a colleague's.
#[tokio::test]
async fn notes_of_others_are_taken_away_by_who_may_delete_the_record() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let (peter, _) = server.signed_in(&tenant, "Peter", &["USER"]).await;
    let (viewer, _) = server.signed_in(&tenant, "Vic", &["VIEWER"]).await;
    let run = async |client: &Client, operation: &str, input: Value| {
        client.write(Method::POST, &format!("/w/lakeside/api/v1/operations/{operation}"), &input).await
    };
    let (hers, his) = (lead(&grace, json!({ "name": "Amina" })).await, lead(&peter, json!({ "name": "Brian" })).await);
    for (record, may) in [(&hers, false), (&his, true)] {
        let of = json!({ "entity": "lead", "record": id(record) });
        let (status, note) =
            run(&grace, "notes.add", json!({ "entity": "lead", "record": id(record), "body": "Called" })).await;
        assert_eq!(status, StatusCode::OK, "{note}");
        let take = json!({ "entity": "lead", "record": id(record), "id": id(&note["data"]) });
        let (_, listed) = run(&peter, "notes.list", of.clone()).await;
        assert_eq!(listed["data"][0]["mayDelete"], json!(may), "{listed}");
        let (_, listed) = run(&viewer, "notes.list", of.clone()).await;
        assert_eq!(listed["data"][0]["mayDelete"], json!(false), "{listed}");
        let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
        let (status, answer) = run(&peter, "notes.delete", take.clone()).await;
        assert_eq!(status, expected, "{answer}");
        let (_, listed) = run(&viewer, "notes.list", of).await;
        assert_eq!(listed["data"].as_array().unwrap().is_empty(), may, "{listed}");
        // Nor does he bring back what she took away herself.
        assert_eq!(run(&grace, "notes.delete", take.clone()).await.0, StatusCode::OK);
        assert_eq!(run(&peter, "notes.restore", take).await.0, expected);
    }
    // One's own goes wherever it stands.
    let (_, own) = run(&peter, "notes.add", json!({ "entity": "lead", "record": id(&hers), "body": "Mine" })).await;
    let take = json!({ "entity": "lead", "record": id(&hers), "id": id(&own["data"]) });
    assert_eq!(run(&peter, "notes.delete", take).await.0, StatusCode::OK);
    server.end().await;
}
