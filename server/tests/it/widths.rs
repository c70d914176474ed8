//! How wide the columns of a list are: in its address, in a saved view, by the chooser without scripts. And how dense its rows are, which is no part
//! of a list.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const API: &str = "/w/lakeside/api/v1";
const LEADS: &str = "/w/lakeside/leads";

async fn run(client: &Client, operation: &str, input: &Value) -> (StatusCode, Value) {
    client.write(Method::POST, &format!("{API}/operations/{operation}"), input).await
}

async fn made(client: &Client, operation: &str, input: &Value) -> Value {
    let (status, answer) = run(client, operation, input).await;
    assert_eq!(status, StatusCode::OK, "{operation}: {answer}");
    answer["data"].clone()
}

async fn list(client: &Client, path: &str) -> String {
    let (status, page) = client.page(path).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    page
}

/// The edge of a column's head, up to its key.
fn edge<'a>(page: &'a str, key: &str) -> &'a str {
    let (before, _) = page.split_once(&format!("data-edge=\"{key}\"")).unwrap_or_else(|| panic!("no edge of {key}"));
    &before[before.rfind('<').unwrap()..]
}

async fn a_lead(client: &Client) {
    let lead = json!({ "name": "Zawadi", "city": "Nairobi" });
    let (status, answer) = client.write(Method::POST, &format!("{API}/leads"), &lead).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
}

#[tokio::test]
async fn a_width_is_part_of_the_address_and_of_a_saved_view() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    a_lead(&amina).await;
    let page = list(&amina, &format!("{LEADS}?view=everything&columns=name:280,city,value:80")).await;
    assert!(page.contains("<th class=\"is-lead w-col-280\"") && page.contains("is-numeric w-col-80"), "{page}");
    for (key, width) in [("name", "280"), ("city", "0"), ("value", "80")] {
        let edge = edge(&page, key);
        assert!(edge.contains("role=\"separator\"") && edge.contains(&format!("aria-valuenow=\"{width}\"")), "{edge}");
        assert_eq!(edge.contains("aria-valuetext=\"Automatic\""), width == "0", "{edge}");
    }
    assert!(page.contains("aria-label=\"Width of City\"") && page.contains(">Changed<"));
    // The policy of pages forbids styles in them.
    assert!(!page.contains(" style=\""), "{page}");
    // Groups are tables of the same columns.
    let page = list(&amina, &format!("{LEADS}?view=everything&columns=name:280,city&group=status")).await;
    assert!(page.contains("<th class=\"is-lead w-col-280\"") && edge(&page, "name").contains("\"280\""));
    for width in ["60", "85", "660", "wide"] {
        let (status, page) = amina.page(&format!("{LEADS}?columns=name:{width},city")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{width}");
        assert!(page.contains("The columns cannot be read") && page.contains("80 to 640 pixels wide"), "{page}");
        // What the address says is there to be mended, all of it.
        assert!(page.contains(&format!("value=\"name:{width},city\"")), "{page}");
    }

    let content = json!({ "columns": "name:280,city" });
    let view = json!({ "entity": "lead", "label": "Wide", "pinned": true, "content": content });
    let made = made(&amina, "views.create", &view).await;
    let (id, columns) = (made["id"].as_str().unwrap(), &made["content"]["columns"]);
    assert_eq!(columns, "name:280,city");
    let there = format!("{LEADS}?view={id}");
    let page = list(&amina, &there).await;
    assert!(page.contains("is-lead w-col-280") && !page.contains(">Changed<"));
    for (columns, changed) in [("name:280,city", false), ("name:300,city", true), ("name,city", true)] {
        let page = list(&amina, &format!("{there}&columns={columns}")).await;
        assert_eq!(page.contains(">Changed<"), changed, "{columns}");
        assert!(!changed || page.contains(&format!("name=\"content.columns\" value=\"{columns}\"")), "{page}");
    }
    let save = json!({ "id": id, "version": 1, "content": { "columns": "name:85" } });
    let (status, refused) = run(&amina, "views.save", &save).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    assert!(refused.to_string().contains("80 to 640 pixels wide"), "{refused}");
    let save = json!({ "id": id, "version": 1, "content": { "columns": "name:320,city:100" } });
    assert_eq!(self::made(&amina, "views.save", &save).await["content"]["columns"], "name:320,city:100");
    // As views were kept before there were widths, and as nobody can keep them.
    let owner = server.world.owner().await;
    for columns in ["name,city", "name:85,city"] {
        let content = json!({ "columns": columns });
        sqlx::query("update saved_views set content = $1").bind(content).execute(&owner).await.unwrap();
        let page = list(&amina, &there).await;
        assert!(edge(&page, "name").contains("\"Automatic\"") && !page.contains(">Changed<"), "{columns}");
    }
    owner.close().await;
    server.end().await;
}

#[tokio::test]
async fn a_width_tells_nothing_of_a_column_that_is_not_for_its_reader() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["USER"]).await;
    let content = json!({ "columns": "name:280,cost:200" });
    let view = json!({ "entity": "product", "label": "Dear", "team": true, "content": content });
    made(&amina, "views.create", &view).await;
    for (client, columns, masked) in [(&amina, "name:280,cost:200", false), (&john, "name:280", true)] {
        let seen = made(client, "views.list", &json!({ "entity": "product" })).await;
        assert_eq!((&seen[0]["content"]["columns"], &seen[0]["masked"]), (&json!(columns), &json!(masked)));
    }
    let (status, page) = john.page("/w/lakeside/products?columns=name,cost:200").await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("The columns cannot be read"), "{page}");
    server.end().await;
}

#[tokio::test]
async fn the_chooser_gives_widths_without_scripts() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    a_lead(&amina).await;
    let page = list(&amina, &format!("{LEADS}?view=everything&columns=name:280,city&choose=columns")).await;
    for words in ["Automatic", "Narrow", "Medium", "Wide", "280 pixels"] {
        assert!(page.contains(&format!(">{words}<")), "{words}: {page}");
    }
    assert!(page.contains("value=\"city:120\"") && page.contains("id=\"width-name\""), "{page}");
    // Another order is an order of the same widths.
    assert!(page.contains("columns=city%2Cname%3A280"), "{page}");
    // As the form goes out: boxes that are ticked, and a width for each column that there is.
    let sent = "columns=name&columns=city&width=&width=city:200&width=value:320&choose=columns";
    let answer = amina.get(&format!("{LEADS}?view=everything&{sent}")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let there = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(there, format!("{LEADS}?view=everything&choose=columns&columns=name%2Ccity%3A200"));
    let page = list(&amina, &there).await;
    assert!(edge(&page, "city").contains("aria-valuenow=\"200\"") && edge(&page, "name").contains("\"Automatic\""));
    let (status, page) = amina.page(&format!("{LEADS}?columns=name&width=name:85")).await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("80 to 640 pixels wide"), "{page}");
    server.end().await;
}

/// One chooses it for a screen and a pair of eyes, not for a list: no view brings it along, and none takes it away.
#[tokio::test]
async fn density_is_of_the_browser_and_of_no_list() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["MANAGER"]).await;
    let (john, _) = server.signed_in(&lakeside, "John", &["USER"]).await;
    let view = json!({ "entity": "lead", "label": "Ours", "team": true, "content": { "columns": "name:280,city" } });
    let made = made(&amina, "views.create", &view).await;
    let saved = format!("{LEADS}?view={}", made["id"].as_str().unwrap());
    let prefer = async |name: &str, value: &str| {
        let answer = amina.form("/preferences", &[(name, value), ("_next", LEADS)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name}={value}");
    };
    prefer("density", "compact").await;
    // Another preference leaves it as it is, and so does what nobody can prefer.
    prefer("theme", "dark").await;
    for path in [LEADS, &saved, &format!("{saved}&sort=name"), &format!("{LEADS}?density=comfortable")] {
        assert!(list(&amina, path).await.contains("data-density=\"compact\""), "{path}");
        assert!(list(&john, path).await.contains("data-density=\"regular\""), "{path}");
    }
    assert!(!made["content"].to_string().contains("density"), "{made}");
    prefer("density", "comfortable").await;
    assert!(list(&amina, &saved).await.contains("data-density=\"comfortable\""));
    server.end().await;
}
