//! Lists over HTTP: saved views, sorts by several columns, groups of conditions and of rows, and the files that a list becomes.

use crate::authz::role;
use crate::support::{Client, Server};
use domain::{Grants, Reach};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};

const API: &str = "/w/lakeside/api/v1";

async fn run(client: &Client, operation: &str, input: &Value) -> (StatusCode, Value) {
    let (status, answer) = client.write(Method::POST, &format!("{API}/operations/{operation}"), input).await;
    (status, answer)
}

async fn lead(client: &Client, lead: Value) -> String {
    let (status, answer) = client.write(Method::POST, &format!("{API}/leads"), &lead).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["data"]["id"].as_str().unwrap().to_owned()
}

async fn views(client: &Client) -> Vec<Value> {
    let (status, answer) = run(client, "views.list", &json!({ "entity": "lead" })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["data"].as_array().unwrap().clone()
}

fn location(answer: &reqwest::Response) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

/// Names of the leads on a page, in its order.
fn names(page: &str) -> Vec<String> {
    let parts = page.split("aria-label=\"Choose ").skip(1);
    parts
        .map(|part| part.split('"').next().unwrap_or_default().to_owned())
        .filter(|name| name != "all rows on this page")
        .collect()
}

#[tokio::test]
async fn a_view_is_saved_opened_changed_and_reset_by_forms_and_links() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["VIEWER"]).await;
    for (name, city) in [("Near", "Nairobi"), ("Far", "Mombasa"), ("Middle", "Nairobi")] {
        lead(&amina, json!({ "name": name, "city": city })).await;
    }
    let (_, page) = amina.page("/w/lakeside/leads/views?filter=city%20%3D%20Nairobi&sort=name&columns=name,city").await;
    assert!(page.contains("Leads whose City is “Nairobi”; sorted by Name. Shown: Name, City."), "read out");
    let fields = [
        ("entity", "lead"),
        ("label", "Nairobi"),
        ("content.filter", "city = Nairobi"),
        ("content.sort", "name"),
        ("content.columns", "name,city"),
        ("pinned", "true"),
        ("_page", "/w/lakeside/leads/views"),
        ("_next", "/w/lakeside/leads?view={id}"),
    ];
    let answer = amina.form("/w/lakeside/do/views.create", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let opened = location(&answer);
    let (status, page) = amina.page(&opened).await;
    assert_eq!((status, names(&page)), (StatusCode::OK, vec!["Middle".to_owned(), "Near".to_owned()]));
    assert!(page.contains(">Nairobi</span>") && !page.contains(">Changed<"));
    let (_, page) = amina.page(&format!("{opened}&sort=-name")).await;
    assert_eq!(names(&page), ["Near", "Middle"]);
    assert!(page.contains(">Changed<") && page.contains("do/views.save") && page.contains("Back to Nairobi"));

    // It is hers alone.
    assert!(views(&john).await.is_empty());
    assert_eq!(john.page(&opened).await.0, StatusCode::NOT_FOUND);
    let id = views(&amina).await[0]["id"].as_str().unwrap().to_owned();
    for (operation, more) in
        [("views.save", json!({})), ("views.update", json!({ "label": "x" })), ("views.delete", json!({}))]
    {
        let mut input = json!({ "id": id, "version": 1 });
        input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        assert_eq!(run(&john, operation, &input).await.0, StatusCode::NOT_FOUND, "{operation}");
    }
    // A viewer keeps views of their own, and none of the team.
    let own = json!({ "entity": "lead", "label": "Mine", "content": { "filter": "city = Mombasa" } });
    assert_eq!(run(&john, "views.create", &own).await.0, StatusCode::OK);
    let team = json!({ "entity": "lead", "label": "Ours", "team": true });
    assert_eq!(run(&john, "views.create", &team).await.0, StatusCode::FORBIDDEN);
    // What no list could say is not kept.
    for content in [
        json!({ "filter": "stauts = new" }),
        json!({ "sort": "vlaue" }),
        json!({ "columns": "name,nmae" }),
        json!({ "kind": "pie" }),
    ] {
        let (status, answer) =
            run(&amina, "views.create", &json!({ "entity": "lead", "label": "No", "content": content })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    }

    // It becomes what the list opens with, and steps back when another does.
    let update = json!({ "id": id, "version": 1, "label": "Near by", "pinned": true, "standard": true });
    assert_eq!(run(&amina, "views.update", &update).await.0, StatusCode::OK);
    let answer = amina.get("/w/lakeside/leads").await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, format!("/w/lakeside/leads?view={id}")));
    assert_eq!(amina.page("/w/lakeside/leads?view=all").await.0, StatusCode::OK);
    let (_, second) = run(&amina, "views.create", &json!({ "entity": "lead", "label": "Second" })).await;
    let other = second["data"]["id"].as_str().unwrap().to_owned();
    let update = json!({ "id": other, "version": 1, "label": "Second", "standard": true });
    assert_eq!(run(&amina, "views.update", &update).await.0, StatusCode::OK);
    let standing: Vec<bool> = views(&amina).await.iter().map(|view| view["standard"].as_bool().unwrap()).collect();
    assert_eq!(standing, [false, true]);
    // Up by one, and gone.
    assert_eq!(run(&amina, "views.move", &json!({ "id": other, "up": true })).await.0, StatusCode::OK);
    assert_eq!(views(&amina).await[0]["id"], json!(other));
    assert_eq!(run(&amina, "views.delete", &json!({ "id": other, "version": 2 })).await.0, StatusCode::OK);
    assert_eq!(views(&amina).await.len(), 1);
    server.end().await;
}

#[tokio::test]
async fn a_teams_view_is_never_overwritten_silently() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["USER"]).await;
    let team = json!({ "entity": "lead", "label": "Ours", "team": true, "pinned": true, "content": { "filter": "status = new" } });
    let (status, made) = run(&amina, "views.create", &team).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    let save = |filter: &str| {
        let page = format!("/w/lakeside/leads?view={id}&filter={}", app::page::encode(filter));
        let fields = vec![
            ("id".to_owned(), id.clone()),
            ("version".to_owned(), "1".to_owned()),
            ("content.filter".to_owned(), filter.to_owned()),
            ("_page".to_owned(), page),
        ];
        fields
    };
    let send = async |client: &Client, filter: &str| {
        let fields = save(filter);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        client.form("/w/lakeside/do/views.save", &fields).await
    };
    // Everybody opens it, not everybody changes it.
    let (_, page) = john.page(&format!("/w/lakeside/leads?view={id}&filter=")).await;
    assert!(page.contains(">Changed<") && page.contains("Save as") && !page.contains("do/views.save"));
    assert_eq!(send(&john, "status = won").await.status(), StatusCode::FORBIDDEN);
    // Two of them had it open. The second is told, and what the first saved stands.
    assert_eq!(send(&grace, "status = won").await.status(), StatusCode::SEE_OTHER);
    let late = send(&amina, "status = lost").await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = late.text().await.unwrap();
    assert!(page.contains("The view was not saved") && page.contains("Grace has changed the view Ours"));
    assert!(page.contains("Save it under another name"));
    let held = &views(&john).await[0];
    assert_eq!((&held["content"]["filter"], &held["version"]), (&json!("status = won"), &json!(2)));
    println!("bar=L-05 version={}", held["version"]);
    server.end().await;
}

#[tokio::test]
async fn a_teams_view_tells_nothing_of_what_its_reader_may_not_know() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let granted = ["inventory.product.read", "people.member.read", "records.view.update"];
    let planner = Grants(granted.map(|key| (key.to_owned(), Reach::All)).into());
    role(&server, &lakeside, "PLANNER", &planner).await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["USER"]).await;
    let (peter, _) = server.signed_in(&lakeside, "Peter", &["PLANNER"]).await;
    let content = json!({ "filter": "cost is not empty", "sort": "-cost", "columns": "name,cost" });
    let team = json!({ "entity": "product", "label": "Dear", "team": true, "pinned": true, "content": content });
    let (status, made) = run(&amina, "views.create", &team).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let id = made["data"]["id"].as_str().unwrap();
    let update = json!({ "id": id, "version": 1, "label": "Dear", "team": true, "pinned": true, "standard": true });
    assert_eq!(run(&amina, "views.update", &update).await.0, StatusCode::OK);

    // The list still opens with it, without what John may not know; it says so, and not what it is.
    let there = format!("/w/lakeside/products?view={id}");
    for client in [&amina, &john] {
        let answer = client.get("/w/lakeside/products").await;
        assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, there.clone()));
    }
    let (status, page) = john.page(&there).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("or not yours to see") && !page.contains("cost is not empty"), "{page}");
    let (status, page) = amina.page(&there).await;
    assert!(status == StatusCode::OK && !page.contains("or not yours to see"));
    let list = json!({ "entity": "product" });
    let (_, seen) = run(&john, "views.list", &list).await;
    assert!(seen["data"][0]["masked"] == json!(true) && !seen.to_string().contains("cost"), "{seen}");
    let (_, whole) = run(&amina, "views.list", &list).await;
    let whole = &whole["data"][0];
    assert_eq!((&whole["content"]["sort"], &whole["masked"]), (&json!("-cost"), &json!(false)));

    // Who may change the team's views does not lose of them what they do not see.
    let save = json!({ "id": id, "version": 2, "content": { "columns": "name" } });
    let (status, refused) = run(&peter, "views.save", &save).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    let (_, still) = run(&amina, "views.list", &list).await;
    assert_eq!(still["data"][0]["content"]["filter"], json!("cost is not empty"));

    // Nobody is asked whether they meant what they may not know.
    for (client, asked) in [(&amina, true), (&john, false)] {
        let input = json!({ "entity": "product", "label": "No", "content": { "filter": "cosst is not empty" } });
        let (status, refused) = run(client, "views.create", &input).await;
        assert_eq!((status, refused.to_string().contains("mean cost")), (StatusCode::BAD_REQUEST, asked), "{refused}");
        for path in ["/w/lakeside/products?columns=cosst", "/w/lakeside/api/v1/products?filter=cosst%20is%20empty"] {
            let (status, text) = client.page(path).await;
            assert!(status.is_client_error() && text.contains("mean cost") == asked, "{path}: {status} {text}");
        }
    }
    // What cannot be read is cleared, where a view has a filter of its own too.
    let (_, page) = amina.page(&format!("{there}&filter=cosst%20is%20empty")).await;
    assert!(page.contains("&amp;filter=\" class=\"link\">Clear it"), "{page}");
    server.end().await;
}

#[tokio::test]
async fn the_page_sorts_by_several_columns_groups_and_adds_up() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let money = |amount: &str| json!({ "amount": amount, "currency": "KES" });
    for (name, city, value) in [("B", "Nairobi", "10"), ("A", "Nairobi", "20"), ("C", "Mombasa", "5")] {
        lead(&amina, json!({ "name": name, "city": city, "value": money(value) })).await;
    }
    let (_, page) = amina.page("/w/lakeside/leads?sort=city,-name&columns=name,city,value").await;
    assert_eq!(names(&page), ["C", "B", "A"]);
    assert!(page.contains("sort-rank") && page.contains("Then by Value"));
    // Columns as they were asked for, and no others.
    let heads: Vec<&str> = page
        .split("class=\"sort\"")
        .skip(1)
        .filter_map(|part| part.split("<span>").nth(1)?.split('<').next())
        .collect();
    assert_eq!(heads, ["Name", "City", "Value"]);
    let (_, page) = amina.page("/w/lakeside/leads?columns=name&choose=columns").await;
    assert!(page.contains("Show these columns") && page.contains("id=\"column-city\""));
    let (status, page) = amina.page("/w/lakeside/leads?columns=name,ctiy").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("did you mean city"));
    // Groups of conditions, made and taken apart by links.
    let either = app::page::encode("city = Mombasa or name = A");
    let (_, page) = amina.page(&format!("/w/lakeside/leads?filter={either}&sort=name")).await;
    assert_eq!(names(&page), ["A", "C"]);
    assert!(page.contains("class=\"filter-group\"") && page.contains("City is “Mombasa” or Name is “A”"));
    let (_, page) = amina.page(&format!("/w/lakeside/leads?filter={either}&add.to=0&add.join=or")).await;
    assert!(page.contains("Fields of the condition"));
    let add = format!("/w/lakeside/leads?filter={either}&add.to=0&add.join=or&add.field=name&add.op=%3D&add.value=B");
    let answer = amina.get(&add).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(location(&answer).contains(&app::page::encode("city = Mombasa or name = A or name = B")));
    // Groups of rows: counted, added up, folded by links.
    let (_, page) = amina.page("/w/lakeside/leads?filter=&group=status&columns=name,value").await;
    assert!(page.contains("data-group=\"new\"") && page.contains("KES 35") && page.contains("3 leads by stage"));
    assert_eq!(names(&page).len(), 3);
    let (_, page) = amina.page("/w/lakeside/leads?filter=&group=status&open=").await;
    assert!(page.contains("data-group=\"new\"") && names(&page).is_empty());
    assert_eq!(amina.page("/w/lakeside/leads?group=name").await.0, StatusCode::BAD_REQUEST);
    let (_, page) = amina.page("/w/lakeside/leads?filter=&columns=name,value&limit=1").await;
    assert!(page.contains("Add up value") && !page.contains("KES 35"));
    let (_, page) = amina.page("/w/lakeside/leads?filter=&columns=name,value&limit=1&totals=1").await;
    assert!(page.contains("All pages together") && page.contains("KES 35"));
    server.end().await;
}

#[tokio::test]
async fn a_list_becomes_files_in_which_nothing_computes() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let evil = "=HYPERLINK(\"http://x\")";
    let first =
        lead(&amina, json!({ "name": evil, "city": "Nairobi", "value": { "amount": "1250.50", "currency": "KES" } }))
            .await;
    for at in 0..3 {
        lead(&amina, json!({ "name": format!("Lead {at}"), "city": "Nairobi", "enquiredOn": "2026-11-20" })).await;
    }
    lead(&amina, json!({ "name": "Elsewhere", "city": "Mombasa" })).await;
    let query = "filter=city%20%3D%20Nairobi&sort=-name&fields=name,value,enquiredOn";
    let get = async |path: String| {
        let answer = amina.get(&path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        (kind, answer.bytes().await.unwrap().to_vec())
    };
    let (kind, csv) = get(format!("/w/lakeside/leads/export.csv?{query}")).await;
    let csv = String::from_utf8(csv).unwrap();
    assert!(kind.starts_with("text/csv") && csv.lines().count() == 5, "{csv}");
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\",1250.50,KES,"), "{csv}");
    assert!(csv.lines().nth(1).unwrap().starts_with("Lead 2,,,2026-11-20"));

    let (kind, json) = get(format!("/w/lakeside/leads/export.json?{query}")).await;
    let rows: Vec<Value> = serde_json::from_slice(&json).unwrap();
    assert!(kind.starts_with("application/json") && rows.len() == 4);
    assert_eq!((&rows[0]["name"], &rows[3]["name"]), (&json!("Lead 2"), &json!(evil)));

    let (kind, book) = get(format!("/w/lakeside/leads/export.xlsx?{query}")).await;
    assert!(kind.contains("spreadsheetml"));
    let mut book = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut sheet = String::new();
    book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    assert!(!sheet.contains("<f>") && sheet.contains("=HYPERLINK("), "{sheet}");
    assert!(sheet.contains("<v>1250.5</v>") && sheet.matches("<row ").count() == 5, "{sheet}");
    println!("bar=D-12 formulas={}", sheet.matches("<f>").count());

    // Ticked rows alone, whatever else there is; and none at all is no file of everything.
    let (_, json) = get(format!("/w/lakeside/leads/export.json?row={first}")).await;
    let rows: Vec<Value> = serde_json::from_slice(&json).unwrap();
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &json!(first)));
    let answer = amina.get("/w/lakeside/leads/export.json?row=none").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let (_, empty) = get("/w/lakeside/leads/export.json?filter=city%20%3D%20Nowhere".to_owned()).await;
    assert_eq!(empty, b"[]");
    let (_, api) = get(format!("{API}/leads/export?format=xlsx&fields=name")).await;
    assert!(api.starts_with(b"PK"));
    // Each file is in the trail.
    let owner = server.world.owner().await;
    let told: i64 =
        sqlx::query_scalar("select count(*) from changes where operation = 'records.export' and outcome = 'done'")
            .fetch_one(&owner)
            .await
            .unwrap();
    assert_eq!(told, 6);
    owner.close().await;
    server.end().await;
}

#[tokio::test]
async fn many_rows_are_changed_from_the_list_and_taken_back() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["MANAGER"]).await;
    let mut ids = Vec::new();
    for at in 0..3 {
        ids.push(lead(&amina, json!({ "name": format!("Lead {at}"), "city": "Nairobi" })).await);
    }
    let (_, page) = amina.page("/w/lakeside/leads").await;
    assert!(page.contains("form=\"bulk\"") && page.contains("All 3 leads"));
    // Where a tab keeps its ticks; and those of several pages are a list by themselves, of which all that match are others.
    assert!(page.contains("data-shelf=\"nexus.chosen lakeside lead ") && page.contains("data-see="), "{page}");
    let (_, page) = amina.page(&format!("/w/lakeside/leads?filter=&row={}&row={}", ids[0], ids[1])).await;
    let shown = names(&page);
    assert!(shown.len() == 2 && !shown.contains(&"Lead 2".to_owned()), "{shown:?}");
    assert!(page.contains("Only chosen rows") && !page.contains("name=\"all\"") && !page.contains(">Changed<"));
    // Its forms stay with those rows, and without them the list is what it was before.
    let (_, page) = amina.page("/w/lakeside/leads?filter=city%20%3D%20Nairobi").await;
    let see = page.split("data-see=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace("&amp;", "&");
    let there = format!("{see}&row={}&row={}&choose=columns&add.field=city", ids[0], ids[1]);
    let (_, page) = amina.page(&there).await;
    for form in ["filter-line chooser\"", "\"filter-line\"", "\"toolbar-search\""] {
        let sent = page.split(form).nth(1).and_then(|rest| rest.split("</form>").next()).unwrap_or_default();
        assert!(sent.contains(&format!("name=\"row\" value=\"{}\"", ids[0])), "{form}: {sent}");
    }
    let back = "href=\"/w/lakeside/leads?choose=columns&amp;add.field=city&amp;filter=city%20%3D%20Nairobi\"";
    assert!(names(&page).len() == 2 && page.contains(back), "{page}");
    // Boxes of groups belong to a form as well.
    let (_, page) = amina.page("/w/lakeside/leads?group=status").await;
    assert!(page.contains("id=\"bulk\"") && page.contains("All 3 leads"));
    let chosen = format!("/w/lakeside/leads/bulk?row={}&row={}", ids[0], ids[1]);
    let (_, page) = amina.page(&format!("{chosen}&field=city")).await;
    assert!(page.contains("2 leads") && page.contains("name=\"values.city\"") && page.contains("do/records.bulk"));
    let (_, page) = amina.page("/w/lakeside/leads/bulk").await;
    assert!(page.contains("No row is chosen"));
    let fields = [
        ("entity", "lead"),
        ("action", "set"),
        ("ids[0]", ids[0].as_str()),
        ("ids[1]", ids[1].as_str()),
        ("values.city", "Kisumu"),
        ("_page", chosen.as_str()),
        ("_next", "/w/lakeside/bulk/{id}"),
    ];
    let answer = amina.form("/w/lakeside/do/records.bulk", &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    let place = location(&answer);
    let mut page = String::new();
    for _ in 0..200 {
        page = amina.page(&place).await.1;
        if !page.contains("data-import") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(page.contains("Set City of 2 leads") && page.contains("2 leads changed."), "{page}");
    assert_eq!(john.page(&place).await.0, StatusCode::NOT_FOUND);
    let (_, confirm) = amina.page(&format!("{place}?undo=1")).await;
    assert!(confirm.contains("Take this change back?"));
    assert!(confirm.contains("As things are, 2 rows would be taken back. None would stay."), "{confirm}");
    let id = place.rsplit('/').next().unwrap();
    let answer = amina.form("/w/lakeside/do/records.undo_bulk", &[("id", id), ("_page", &place)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let (_, lead) = amina.json(&format!("{API}/leads/{}", ids[0])).await;
    assert_eq!(lead["data"]["city"], json!("Nairobi"));
    // A required field is not emptied for all, and the page says so with what was typed.
    let fields = [
        ("entity", "lead"),
        ("action", "set"),
        ("ids[0]", ids[0].as_str()),
        ("values.name", ""),
        ("_page", "/w/lakeside/leads/bulk?field=name"),
    ];
    let answer = amina.form("/w/lakeside/do/records.bulk", &fields).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Nothing was changed"), "{page}");
    // It says where it can be loaded anew, which names the rows; its forms name none beside those that they send.
    let place = |page: &str| {
        let (_, rest) = page.split_once("data-address=\"")?;
        rest.split('"').next().map(str::to_owned)
    };
    let named = format!("/w/lakeside/leads/bulk?field=name&amp;ids={}", ids[0]);
    assert_eq!(place(&page).as_deref(), Some(named.as_str()));
    assert!(page.contains("name=\"_page\" value=\"/w/lakeside/leads/bulk?field=name\""), "{page}");
    let (status, again) = amina.page(&named.replace("&amp;", "&")).await;
    assert!(status == StatusCode::OK && again.contains("1 lead<"), "{again}");
    // Of more than fit into an address it says none.
    let many = format!("{}{}", ids[0], format!(",{}", ids[1]).repeat(110));
    let fields = fields.map(|(name, value)| if name == "ids[0]" { ("ids", many.as_str()) } else { (name, value) });
    let page = amina.form("/w/lakeside/do/records.bulk", &fields).await.text().await.unwrap();
    assert!(page.contains("Nothing was changed"), "{page}");
    assert_eq!(place(&page).as_deref(), Some(""));
    server.end().await;
}

/// Views are kept while the workspace's number stands, so whatever changes them, by whichever statement, is seen with the very next request: by their
/// owner and by everybody else.
#[tokio::test]
async fn what_is_kept_of_views_ends_with_whatever_changes_them() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.entered(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.entered(&lakeside, "John", &["USER"]).await;
    let owner = server.world.owner().await;
    let labels = async |client: &Client| {
        let (_, page) = client.page("/w/lakeside/leads").await;
        let label = |name: &str| page.contains(&format!("<span>{name}</span></a>"));
        let tabs: Vec<&str> = ["Big ones", "Far ones"].into_iter().filter(|name| label(name)).collect();
        let listed: Vec<String> =
            views(client).await.iter().map(|view| view["label"].as_str().unwrap().to_owned()).collect();
        assert_eq!(tabs, listed, "page and API");
        listed
    };
    // The second is answered from what the first has kept.
    for _ in 0..2 {
        assert_eq!((labels(&amina).await.len(), labels(&john).await.len()), (0, 0));
    }
    let view = json!({ "entity": "lead", "label": "Big ones", "team": true, "pinned": true, "content": { "filter": "city = Nairobi", "sort": "name" } });
    let (status, made) = run(&amina, "views.create", &view).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    for _ in 0..2 {
        assert_eq!(
            (labels(&amina).await, labels(&john).await),
            (vec!["Big ones".to_owned()], vec!["Big ones".to_owned()])
        );
    }
    for (statement, seen) in [
        ("update saved_views set label = 'Far ones'", Some("Far ones")),
        ("update members set name = 'Amina Otieno' where name = 'Amina'", Some("Far ones")),
        ("delete from saved_views", None),
    ] {
        sqlx::query(statement).execute(&owner).await.unwrap();
        for _ in 0..2 {
            assert_eq!(labels(&john).await.first().map(String::as_str), seen, "{statement}");
        }
        if statement.contains("members") {
            assert_eq!(views(&john).await[0]["owner"], "Amina Otieno");
        }
    }
    owner.close().await;
    server.end().await;
}
