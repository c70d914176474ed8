//! L-08: a form is done once, however often it is sent: by both clicks of a double click, after Back, and when the answer is loaded anew.

use crate::support::{Client, Server};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::json;

const CREATE: &str = "/w/lakeside/do/records.create";

fn location(answer: &Response) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

fn lead<'a>(name: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("entity", "lead"), ("values.name", name), ("_key", key), ("_next", "/w/lakeside/leads/{id}")]
}

async fn leads(client: &Client) -> u64 {
    client.json("/w/lakeside/api/v1/leads").await.1["pagination"]["total"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sent_at_once_it_is_done_once_and_every_click_gets_its_answer() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    for round in 0..5 {
        let key = format!("round-{round}");
        let clicks: Vec<_> = (0..8)
            .map(|_| {
                let (amina, key) = (amina.clone(), key.clone());
                tokio::spawn(async move { amina.form(CREATE, &lead("Once", &key)).await })
            })
            .collect();
        let mut places = Vec::new();
        for click in clicks {
            let answer = click.await.unwrap();
            assert_eq!(answer.status(), StatusCode::SEE_OTHER, "nobody is told to wait and press again");
            places.push(location(&answer));
        }
        assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
        assert_eq!(leads(&amina).await, round + 1);
    }
    server.end().await;
}

#[tokio::test]
async fn a_page_that_the_browser_kept_says_that_it_was_sent() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let first = amina.form(CREATE, &lead("Kept", "kept")).await;
    // Whatever of it is the form's own may differ.
    let mut again = lead("Kept", "kept");
    again.push(("_page", "/w/lakeside/leads/new?back=/w/lakeside"));
    assert_eq!(location(&amina.form(CREATE, &again).await), location(&first));
    let mut other = lead("Something else", "kept");
    other.push(("_page", "/w/lakeside/leads/new"));
    let other = amina.form(CREATE, &other).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = other.text().await.unwrap();
    assert!(page.contains("This form was sent before, with other values") && !page.contains("idempotency"), "{page}");
    assert_eq!(leads(&amina).await, 1);
    server.end().await;
}

#[tokio::test]
async fn the_same_from_a_page_drawn_anew_is_asked_about_once() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let (ben, _) = server.signed_in(&tenant, "Ben", &["USER"]).await;
    let page = ("_page", "/w/lakeside/leads/new");
    let ask = |name, key| [lead(name, key), vec![page, ("_alike", "ask")]].concat();
    for (name, key) in [("Alike", "one"), ("Alike too", "two")] {
        assert_eq!(amina.form(CREATE, &ask(name, key)).await.status(), StatusCode::SEE_OTHER);
    }
    let asked = amina.form(CREATE, &ask("Alike", "three")).await;
    assert_eq!(asked.status(), StatusCode::CONFLICT);
    let drawn = asked.text().await.unwrap();
    assert!(drawn.contains("You sent the same a few minutes ago") && drawn.contains("value=\"Alike\""), "{drawn}");
    assert!(!drawn.contains("_alike"), "the form that was asked about is done when it is sent again");
    assert_eq!(leads(&amina).await, 2);
    // The first one, sent again, is answered as it was; another person's is another thing; and so is what is meant once more.
    assert_eq!(amina.form(CREATE, &ask("Alike", "one")).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(leads(&amina).await, 2);
    assert_eq!(ben.form(CREATE, &ask("Alike", "three")).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(amina.form(CREATE, &lead("Alike", "three")).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(leads(&amina).await, 4);
    server.world.clock.advance(chrono::Duration::hours(1));
    assert_eq!(amina.form(CREATE, &ask("Alike too", "four")).await.status(), StatusCode::SEE_OTHER);
    server.end().await;
}

/// The form over the timeline of a record, as its page has it, sent a while after the page was opened.
async fn call(server: &Server, client: &Client, record: &str, subject: &str) -> Response {
    let (_, page) = client.page(record).await;
    let form =
        page.split("id=\"composer\"").nth(1).and_then(|rest| rest.split("</form>").next()).expect("the composer");
    let hidden = form.split("<input type=\"hidden\" name=\"").skip(1).filter_map(|input| {
        let (name, rest) = input.split_once("\" value=\"")?;
        Some((name.to_owned(), rest.split('"').next()?.replace("&amp;", "&")))
    });
    let mut fields: Vec<(String, String)> = hidden.collect();
    fields.extend([("values.subject", subject), ("values.kind", "call")].map(|(n, v)| (n.to_owned(), v.to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    server.world.clock.advance(chrono::Duration::minutes(5));
    client.form(CREATE, &fields).await
}

#[tokio::test]
async fn a_call_happened_when_it_was_written_down_and_not_when_its_page_was_opened() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.entered(&tenant, "Amina", &["USER"]).await;
    let lake = json!({ "name": "Lake Transport" });
    let (_, made) = amina.write(Method::POST, "/w/lakeside/api/v1/customers", &lake).await;
    let record = format!("/w/lakeside/customers/{}", made["data"]["id"].as_str().unwrap());
    let calls = async || amina.json("/w/lakeside/api/v1/activities").await.1["data"].as_array().cloned().unwrap();
    assert_eq!(call(&server, &amina, &record, "Price agreed").await.status(), StatusCode::SEE_OTHER);
    let first = calls().await.pop().unwrap();
    assert!(first["happenedOn"].is_string() && first["happenedOn"] == first["createdAt"], "{first}");
    // Back, and sent once more from the page as it is drawn now.
    let again = call(&server, &amina, &record, "Price agreed").await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let page = again.text().await.unwrap();
    assert!(page.contains("You sent the same a few minutes ago") && page.contains("value=\"Price agreed\""), "{page}");
    assert_eq!(calls().await.len(), 1);
    // Another call in the same words is another call.
    server.world.clock.advance(chrono::Duration::minutes(10));
    assert_eq!(call(&server, &amina, &record, "Price agreed").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(calls().await.len(), 2);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_uploaded_once() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let (_, page) = amina.page("/w/lakeside/leads/import").await;
    let (form, _) = page.split_once("name=\"file\"").unwrap();
    let key = form.rsplit("name=\"_key\" value=\"").next().unwrap().split('"').next().unwrap().to_owned();
    let upload = |amina: Client, key: String| async move {
        let part =
            |head: &str, body: &str| format!("--cut\r\ncontent-disposition: form-data; {head}\r\n\r\n{body}\r\n");
        let file = part("name=\"file\"; filename=\"leads.csv\"", "Name,E-mail\nOne,one@example.com\n");
        let body = format!("{}{file}--cut--\r\n", part("name=\"_key\"", &key));
        let request = amina.request(Method::POST, "/w/lakeside/leads/import");
        let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut").body(body);
        amina.send(request).await
    };
    let clicks: Vec<_> = (0..4).map(|_| tokio::spawn(upload(amina.clone(), key.clone()))).collect();
    let mut places = Vec::new();
    for click in clicks {
        let answer = click.await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        places.push(location(&answer));
    }
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    let list = json!({ "entity": "lead" });
    let imports = || amina.write(Method::POST, "/w/lakeside/api/v1/operations/imports.list", &list);
    assert_eq!(imports().await.1["data"].as_array().map(Vec::len), Some(1));
    // The same file chosen once more is another import.
    assert_eq!(upload(amina.clone(), "another".to_owned()).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(imports().await.1["data"].as_array().map(Vec::len), Some(2));
    server.end().await;
}

/// The answer to a form stands where only forms are taken. Its page says where it is itself, which islands go by, and whoever asks for the address of
/// the answer is led to a page.
#[tokio::test]
async fn the_answer_to_a_form_says_where_its_page_is() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (amina, _) = server.signed_in(&tenant, "Amina", &["USER"]).await;
    let place = "/w/lakeside/leads/new?back=%2Fw%2Flakeside%2Fleads";
    let said = format!("data-address=\"{place}\"");
    let (status, page) = amina.page(place).await;
    assert!(status == StatusCode::OK && page.contains(&said), "{status} {page}");
    let refused = amina.form(CREATE, &[("entity", "lead"), ("values.name", ""), ("_page", place)]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text().await.unwrap();
    assert!(page.contains(&said), "{page}");
    for (path, near) in [
        (CREATE, "/w/lakeside"),
        ("/w/lakeside/do/nothing", "/w/lakeside"),
        ("/w/lakeside/account/password", "/w/lakeside"),
        ("/w/lakeside/leads/7/files", "/w/lakeside/leads/7"),
        ("/second-factor/codes", "/"),
        ("/sign-out", "/"),
        ("/admin/sign-out", "/admin"),
    ] {
        let asked = amina.request(Method::GET, path).header(header::ACCEPT, "text/html");
        let answer = amina.send(asked).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(location(&answer), near, "{path}");
        assert_eq!(amina.get(path).await.status(), StatusCode::METHOD_NOT_ALLOWED, "a program at {path}");
    }
    let asked =
        amina.request(Method::GET, "/w/lakeside/api/v1/operations/records.get").header(header::ACCEPT, "text/html");
    assert_eq!(amina.send(asked).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    server.end().await;
}
