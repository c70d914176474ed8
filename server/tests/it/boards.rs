//! Boards over HTTP whose columns are values of a field: who and what occurs, cards that are moved by one update and given back, and what a
//! viewer may not.

use crate::support::{Client, Server};
use platform::Caller;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const API: &str = "/w/lakeside/api/v1";
const BOARD: &str = "/w/lakeside/leads?view=board&filter=&group=owner";

async fn make(client: &Client, plural: &str, values: Value) -> Value {
    let (status, answer) = client.write(Method::POST, &format!("{API}/{plural}"), &values).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["data"].clone()
}

async fn read(client: &Client, id: &str) -> Value {
    let (status, answer) = client.json(&format!("{API}/leads/{id}")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["data"].clone()
}

fn member(caller: &Caller) -> String {
    caller.access.member.0.to_string()
}

fn id(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

/// Keys of the columns, in their order.
fn columns(page: &str) -> Vec<String> {
    page.split("data-column=\"").skip(1).filter_map(|part| part.split('"').next()).map(str::to_owned).collect()
}

/// What stands in the column of this key.
fn column<'a>(page: &'a str, key: &str) -> &'a str {
    let found = page.split_once(&format!("data-column=\"{key}\"")).map(|(_, rest)| rest);
    found.and_then(|rest| rest.split("data-column=\"").next()).unwrap_or_default()
}

/// The form of a card as its menu sends it: the row as it was read, given to somebody, or to nobody.
async fn give(client: &Client, row: &Value, to: &str) -> reqwest::Response {
    let (id, version, base) = (id(row), row["version"].to_string(), row["owner"].to_string());
    let fields = [
        ("entity", "lead"),
        ("id", &id),
        ("version", &version),
        ("base.owner", &base),
        ("values.owner", to),
        ("_undo", "1"),
        ("_done", "Lead moved"),
        ("_page", BOARD),
    ];
    client.form("/w/lakeside/do/records.update", &fields).await
}

#[tokio::test]
async fn a_board_by_owner_has_those_who_own_and_moves_cards_by_one_update() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, manager) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (_, john) = server.entered(&lakeside, "John", &["USER"]).await;
    let (vic, _) = server.entered(&lakeside, "Vic", &["VIEWER"]).await;
    let (amina_id, john_id) = (member(&manager), member(&john));
    let money = json!({ "amount": "10", "currency": "KES" });
    for name in ["First", "Second", "Third"] {
        make(&amina, "leads", json!({ "name": name, "owner": john_id, "value": money })).await;
    }
    make(&amina, "leads", json!({ "name": "Hers", "owner": amina_id })).await;
    let card = make(&amina, "leads", json!({ "name": "Nobodys", "owner": null })).await;
    let card = read(&amina, &id(&card)).await;

    // Who owns most comes first, and nobody last.
    let (status, page) = amina.page(BOARD).await;
    assert_eq!((status, columns(&page)), (StatusCode::OK, vec![john_id.clone(), amina_id.clone(), String::new()]));
    let johns = column(&page, &john_id);
    // All three are new, of which 5 in 100 are won.
    assert!(johns.contains("John") && johns.contains("KES 30") && johns.contains("KES 1.50 weighted"), "{johns}");
    assert_eq!(johns.matches("data-card").count(), 3);
    let nobodys = column(&page, "");
    assert!(nobodys.contains(">Nobody<") && nobodys.contains(">Nobodys<"), "{nobodys}");
    // Its card can be given to either, and to somebody who has no column yet.
    assert!(nobodys.contains("name=\"values.owner\"") && nobodys.contains(&format!("value=\"{john_id}\"")));
    assert!(nobodys.contains("Another owner") && nobodys.contains("data-handle"), "{nobodys}");
    assert!(page.contains("Skip to the board") && page.contains("id=\"board\""));

    // One update, one entry, and the way back beside the words.
    let history = async || {
        let (_, answer) = amina.json(&format!("{API}/leads/{}/timeline", id(&card))).await;
        answer["data"].as_array().unwrap().len()
    };
    let before = history().await;
    let answer = give(&amina, &card, &john_id).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], BOARD);
    let (_, page) = amina.page(BOARD).await;
    assert!(column(&page, &john_id).contains(">Nobodys<") && page.contains("Lead moved"), "{page}");
    let moved = read(&amina, &id(&card)).await;
    assert_eq!((moved["owner"].as_str(), history().await), (Some(john_id.as_str()), before + 1));
    // Who still sees the card where it was is told, and moves nothing.
    let late = give(&amina, &card, &amina_id).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert_eq!(read(&amina, &id(&card)).await["version"], moved["version"]);
    let request = page.split("undo?request=").nth(1).and_then(|rest| rest.get(..36)).unwrap_or_default();
    let undo = json!({ "request": request });
    let (status, undone) = amina.write(Method::POST, &format!("{API}/operations/audit.undo"), &undo).await;
    assert_eq!(status, StatusCode::OK, "{undone}");
    let back = read(&amina, &id(&card)).await;
    assert_eq!(back["owner"], Value::Null);
    // From somebody to nobody it is the same form.
    assert_eq!(give(&amina, &back, &john_id).await.status(), StatusCode::SEE_OTHER);
    let given = read(&amina, &id(&card)).await;
    assert_eq!(give(&amina, &given, "").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(read(&amina, &id(&card)).await["owner"], Value::Null);

    // Who may not change leads takes none, and reads why.
    let (status, page) = vic.page(BOARD).await;
    assert_eq!((status, columns(&page).len()), (StatusCode::OK, 3));
    assert!(!page.contains("data-handle") && !page.contains("values.owner"), "{page}");
    assert!(column(&page, &john_id).contains("Needs the permission crm.lead.update"));
    assert_eq!(give(&vic, &back, &john_id).await.status(), StatusCode::FORBIDDEN);
    server.end().await;
}

#[tokio::test]
async fn a_board_reaches_as_far_as_who_looks_at_it() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (_, john) = server.entered(&lakeside, "John", &["USER"]).await;
    let (rita, rep) = server.entered(&lakeside, "Rita", &["SALES_REP"]).await;
    let elsewhere = server.world.tenant("elsewhere", "core").await;
    let (sam, stranger) = server.entered(&elsewhere, "Sam", &["MANAGER"]).await;
    make(&amina, "leads", json!({ "name": "Seen by few", "owner": member(&john) })).await;
    let hers = make(&amina, "leads", json!({ "name": "Of Rita", "owner": member(&rep) })).await;
    let hers = read(&rita, &id(&hers)).await;
    let (status, page) = rita.page(BOARD).await;
    assert_eq!((status, columns(&page)), (StatusCode::OK, vec![member(&rep), String::new()]));
    assert!(page.contains("Of Rita") && !page.contains("Seen by few"), "{page}");
    // What is hers she does not give away: her reach would not cover it any more.
    let answer = give(&rita, &hers, &member(&john)).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("It was not moved"));
    assert_eq!(read(&amina, &id(&hers)).await["owner"], json!(member(&rep)));
    // The other workspace has nothing of it, and nobody of it is given a card.
    assert_eq!(sam.page(BOARD).await.0, StatusCode::NOT_FOUND);
    let own = "/w/elsewhere/leads?view=board&filter=&group=owner";
    let (status, page) = sam.page(own).await;
    assert_eq!((status, columns(&page)), (StatusCode::OK, vec![String::new()]));
    let lead = json!({ "name": "Theirs" });
    let (status, _) = sam.write(Method::POST, "/w/elsewhere/api/v1/leads", &lead).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, page) = sam.page(own).await;
    assert_eq!(columns(&page), [member(&stranger), String::new()]);
    let answer = give(&amina, &hers, &member(&stranger)).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    server.end().await;
}

#[tokio::test]
async fn the_most_frequent_have_columns_and_what_is_beyond_is_said() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let board = "/w/lakeside/tasks?view=board&filter=&group=lead";
    // What has no row at all has a column for nothing.
    let (status, page) = amina.page(board).await;
    assert_eq!((status, columns(&page)), (StatusCode::OK, vec![String::new()]));
    assert!(column(&page, "").contains(">No lead<"), "{page}");
    let mut leads = Vec::new();
    for at in 0..22 {
        let lead = id(&make(&amina, "leads", json!({ "name": format!("Lead {at}") })).await);
        make(&amina, "tasks", json!({ "title": format!("Task {at}"), "lead": lead })).await;
        leads.push(lead);
    }
    for at in 0..11 {
        make(&amina, "tasks", json!({ "title": format!("More {at}"), "lead": leads[7] })).await;
    }
    let (status, page) = amina.page(board).await;
    assert_eq!((status, columns(&page).len()), (StatusCode::OK, 21));
    assert_eq!(columns(&page)[0], leads[7]);
    assert!(page.contains("Beside the 20 most frequent there are 2 more without a column, with 2 tasks."), "{page}");
    assert!(page.contains("add.field=lead") && page.contains("Filter by lead"));
    let first = column(&page, &leads[7]);
    assert!(first.contains(">Lead 7<") && first.contains("Show 2 more"), "{first}");
    assert_eq!(first.matches("data-card").count(), 10);
    let (_, page) = amina.page(&format!("{board}&open={}", leads[7])).await;
    let first = column(&page, &leads[7]);
    assert!(!first.contains("Show 2 more"), "{first}");
    assert_eq!(first.matches("data-card").count(), 12);
    // Narrowed as the list is.
    let one = app::page::encode(&format!("lead = {}", leads[3]));
    let (_, page) = amina.page(&format!("/w/lakeside/tasks?view=board&group=lead&filter={one}")).await;
    assert_eq!(columns(&page), [leads[3].clone(), String::new()]);
    server.end().await;
}

#[tokio::test]
async fn a_view_that_asks_for_columns_gets_them_or_is_told_why_not() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, manager) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    make(&amina, "leads", json!({ "name": "Hers" })).await;
    let view = async |group: &str| {
        let view = json!({ "entity": "lead", "label": group, "content": { "kind": "board", "group": group } });
        let (status, made) = amina.write(Method::POST, &format!("{API}/operations/views.create"), &view).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        amina.page(&format!("/w/lakeside/leads?view={}", id(&made["data"]))).await
    };
    let (status, page) = view("owner").await;
    assert_eq!((status, columns(&page)), (StatusCode::OK, vec![member(&manager), String::new()]));
    assert!(!page.contains(">Changed<"), "{page}");
    // A choice has its columns, with cards or without.
    let (status, page) = view("source").await;
    assert!(status == StatusCode::OK && columns(&page).len() > 3 && column(&page, "").contains(">Hers<"), "{page}");
    let (status, page) = view("name").await;
    assert_eq!((status, columns(&page).len()), (StatusCode::BAD_REQUEST, 0));
    assert!(page.contains("Leads cannot be grouped by name"), "{page}");
    for (group, words) in [("city", "Leads cannot be grouped by city"), ("ownr", "Leads cannot be grouped by ownr")] {
        let (status, page) = amina.page(&format!("/w/lakeside/leads?view=board&group={group}")).await;
        assert!(status == StatusCode::BAD_REQUEST && page.contains(words), "{page}");
    }
    // The board of the description is by states, and another field makes another board of it.
    let (_, page) = amina.page("/w/lakeside/leads?view=board").await;
    assert!(columns(&page).contains(&"new".to_owned()) && !page.contains(">Changed<"), "{page}");
    let (_, page) = amina.page(BOARD).await;
    assert!(page.contains(">Changed<") && page.contains("Columns by"), "{page}");
    server.end().await;
}

#[tokio::test]
async fn cards_say_how_their_rows_stand_whatever_makes_the_columns() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (_, john) = server.entered(&lakeside, "John", &["USER"]).await;
    let john = member(&john);
    make(&amina, "leads", json!({ "name": "Left alone", "owner": john })).await;
    let money = json!({ "amount": "10", "currency": "KES" });
    let won = make(&amina, "leads", json!({ "name": "Long won", "owner": john, "value": money })).await;
    let win = format!("{API}/leads/{}/transitions/win", id(&won));
    let (status, answer) = amina.write(Method::POST, &win, &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");

    // Stages with days and a checklist.
    let bowman = server.world.tenant("bowman", "home-showrooms").await;
    server.world.furnish(&bowman).await;
    let (ann, consultant) = server.entered(&bowman, "Ann", &["CONSULTANT"]).await;
    let own = async |plural: &str, values: Value| {
        let (status, answer) = ann.write(Method::POST, &format!("/w/bowman/api/v1/{plural}"), &values).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["data"].clone()
    };
    let client = own("customers", json!({ "name": "Baobab Homes" })).await;
    own("projects", json!({ "name": "Bathroom, 5 Mill Lane", "client": id(&client) })).await;
    for group in ["owner", "client"] {
        let (status, page) = ann.page(&format!("/w/bowman/projects?view=board&filter=&group={group}")).await;
        let key = if group == "owner" { member(&consultant) } else { id(&client) };
        let card = column(&page, &key);
        assert_eq!((status, card.matches("data-card").count()), (StatusCode::OK, 1), "{page}");
        assert!(card.contains("2 days left") && card.contains("0 of 2 done"), "{card}");
    }

    // How many are to stand in a stage is held against all that do, whatever a filter leaves, and told to those who see all of them. What was lost takes
    // no place, and nothing is kept to it in the past.
    let project = own("projects", json!({ "name": "Kitchen, 6 Mill Lane", "client": id(&client) })).await;
    let lost = own("projects", json!({ "name": "Kitchen, 7 Mill Lane", "client": id(&client) })).await;
    let database = server.world.owner().await;
    let designed =
        "update showroom_projects set status = 'design_in_progress', project_status = $2 where id = $1::uuid";
    for (row, stands) in [(&project, "active"), (&lost, "lost")] {
        sqlx::query(designed).bind(id(row)).bind(stands).execute(&database).await.unwrap();
    }
    database.close().await;
    let (rep, _) = server.entered(&bowman, "Rep", &["SALES_REP"]).await;
    let now = platform::clock::Clock::now(server.world.clock.as_ref());
    let past = format!("&as_of={}", app::page::encode(&now.to_rfc3339()));
    let past_of_all = format!("{past}&filter=");
    for (client, more, said) in [
        (&ann, "", "1 of 6"),
        (&ann, "&filter=", "2 match; 1 of 6 counted"),
        (&ann, "&filter=owner%20is%20empty", "0 match; 1 of 6 in all"),
        (&ann, past.as_str(), ">1<"),
        (&ann, past_of_all.as_str(), ">2<"),
        (&rep, "", ">0<"),
        (&rep, "&filter=owner%20is%20empty", ">0<"),
    ] {
        let (status, page) = client.page(&format!("/w/bowman/projects?view=board{more}")).await;
        let (head, _) = column(&page, "design_in_progress").split_once("board-cards").unwrap_or_default();
        assert_eq!(status, StatusCode::OK, "{page}");
        assert!(head.contains(said), "{said}: {head}");
        for word in ["match", "of 6"] {
            assert_eq!(head.contains(word), said.contains(word), "{said}: {head}");
        }
    }

    // What is still open ages, and what has ended does not; nor is it weighed any more.
    server.world.clock.advance(chrono::Duration::days(3));
    let (grace, _) = server.entered(&lakeside, "Grace", &["MANAGER"]).await;
    let (status, page) = grace.page(BOARD).await;
    let johns = column(&page, &john);
    assert_eq!((status, johns.matches("data-card").count()), (StatusCode::OK, 2), "{page}");
    let (_, alone) = johns.split_once(">Left alone<").unwrap();
    assert!(alone.contains("Nothing has changed for 3 days"), "{johns}");
    assert_eq!(johns.matches("Nothing has changed for").count(), 1, "{johns}");
    assert!(johns.contains("KES 10") && !johns.contains("weighted"), "{johns}");
    server.end().await;
}
