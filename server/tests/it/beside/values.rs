//! Files as values of fields, over HTTP: sent by the form, refused with what was typed kept, served by the permission of the field, and gone with
//! their value.

use super::files::{form as parts_of_a_file, send};
use crate::support::{Client, Server};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use testkit::TestTenant;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRCANARY-LOGO";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0CANARY-LOGO";

/// A form as a browser sends one that may hold files: what is typed, then the box of each file, then what stands behind it.
fn body(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    let (before, after) = fields.split_at(fields.len() / 2);
    let part = |body: &mut Vec<u8>, head: &str, content: &[u8]| {
        body.extend_from_slice(format!("--cut\r\ncontent-disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    for (name, value) in before {
        part(&mut body, &format!("name=\"{name}\""), value.as_bytes());
    }
    let (name, content) = file.unwrap_or_default();
    part(&mut body, &format!("name=\"_file.logo\"; filename=\"{name}\""), content);
    for (name, value) in after {
        part(&mut body, &format!("name=\"{name}\""), value.as_bytes());
    }
    body.extend_from_slice(b"--cut--\r\n");
    body
}

async fn post(client: &Client, operation: &str, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Response {
    let path = format!("/w/lakeside/do/{operation}");
    send(client, &path, "multipart/form-data; boundary=cut", body(fields, file)).await
}

fn place(answer: &Response) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

async fn dealer(client: &Client, id: &str) -> Value {
    let (status, answer) = client.json(&format!("/w/lakeside/api/v1/dealers/{id}")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["data"].clone()
}

async fn attach(client: &Client, name: &str, content: &[u8]) -> (StatusCode, Value) {
    let input = json!({ "entity": "dealer", "field": "logo", "name": name, "content": content });
    client.write(Method::POST, "/w/lakeside/api/v1/operations/files.attach", &input).await
}

/// Makes a dealer with a logo by the form, and answers its id.
async fn with_logo(client: &Client, name: &str) -> String {
    let key = format!("{name}-new");
    let fields = [
        ("entity", "dealer"),
        ("_key", key.as_str()),
        ("values.name", name),
        ("values.tier", "gold"),
        ("_next", "/w/lakeside/dealers/{id}"),
    ];
    let answer = post(client, "records.create", &fields, Some(("lake.png", PNG))).await;
    let status = answer.status();
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    // A double click is answered alike, and keeps nothing twice.
    let again = post(client, "records.create", &fields, Some(("lake.png", PNG))).await;
    assert_eq!(place(&again), place(&answer));
    place(&answer).rsplit('/').next().unwrap().to_owned()
}

async fn world() -> (Server, TestTenant, Client) {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    (server, lakeside, grace)
}

#[tokio::test]
async fn a_picture_comes_with_the_form_and_is_shown() {
    let (server, _, grace) = world().await;
    let id = with_logo(&grace, "Lake Motors").await;
    let read = dealer(&grace, &id).await;
    let logo = read["logo"].as_str().unwrap();
    assert_eq!(read["_labels"]["logo"], "lake.png");
    let address = format!("/w/lakeside/dealers/{id}/files/{logo}");
    let answer = grace.get(&address).await;
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &header::HeaderValue::from_static("image/png"))
    );
    for page in [format!("/w/lakeside/dealers/{id}"), "/w/lakeside/dealers?columns=name,logo".to_owned()] {
        let (status, page) = grace.page(&page).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(&format!("src=\"{address}\"")) && page.contains("alt=\"Logo: lake.png\""), "{page}");
    }
    // It is a value, and no file beside the record.
    let input = json!({ "entity": "dealer", "record": id });
    let (_, beside) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/files.list", &input).await;
    assert_eq!(beside["data"], json!([]));
    let input = json!({ "entity": "dealer", "record": id, "id": logo });
    let (status, said) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/files.delete", &input).await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    let csv = grace.get("/w/lakeside/api/v1/dealers/export?fields=name,logo").await;
    assert_eq!(csv.status(), StatusCode::OK);
    assert!(csv.text().await.unwrap().contains("Lake Motors,lake.png"));
    server.end().await;
}

#[tokio::test]
async fn what_was_typed_stays_when_a_file_is_refused() {
    let (server, _, grace) = world().await;
    let large = [PNG, &vec![0; 2_100_000]].concat();
    let beyond = [PNG, &vec![0; domain::records::FILE_BYTES + 10]].concat();
    let fields = [
        ("entity", "dealer"),
        ("_page", "/w/lakeside/dealers/new"),
        ("values.name", "Typed before"),
        ("values.tier", "gold"),
        ("values.city", "Typed behind"),
        ("_next", "/w/lakeside/dealers/{id}"),
    ];
    let cases: [(&str, &[u8], u16, &str); 5] = [
        ("large.png", &large, 413, "The file is too large. Logo is PNG, JPEG or WebP, up to 2 MB"),
        ("beyond.png", &beyond, 413, "The file is too large. Logo is PNG, JPEG or WebP, up to 2 MB"),
        ("offer.pdf", b"%PDF-1.7\n", 422, "The file is PDF. Logo is PNG, JPEG or WebP, up to 2 MB"),
        (
            "drawing.png",
            b"<svg onload='alert(1)'/>",
            422,
            "The file is plain text. Logo is PNG, JPEG or WebP, up to 2 MB",
        ),
        ("empty.png", b"", 422, "The file is empty. Choose another"),
    ];
    for (name, content, status, says) in cases {
        let answer = post(&grace, "records.create", &fields, Some((name, content))).await;
        assert_eq!(answer.status().as_u16(), status, "{name}");
        let page = answer.text().await.unwrap();
        for part in [says, "value=\"Typed before\"", "value=\"Typed behind\"", "enctype=\"multipart/form-data\""] {
            assert!(page.contains(part), "{name} lacks {part}: {page}");
        }
    }
    // The other way round: the file is kept while something else is mended.
    let mut wrong = fields.to_vec();
    wrong.push(("values.country", "XX"));
    let answer = post(&grace, "records.create", &wrong, Some(("lake.png", PNG))).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("There is ") && page.contains("lake.png"), "{page}");
    let held = page.split("name=\"values.logo\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mut mended = fields.to_vec();
    mended.push(("values.logo", held));
    let answer = post(&grace, "records.create", &mended, None).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    server.end().await;
}

#[tokio::test]
async fn a_file_is_changed_taken_out_and_put_back() {
    let (server, _, grace) = world().await;
    let id = with_logo(&grace, "Lake Motors").await;
    let first = dealer(&grace, &id).await;
    let (logo, version) = (first["logo"].as_str().unwrap(), first["version"].to_string());
    let edit =
        |version: &str| vec![("entity", "dealer".to_owned()), ("id", id.clone()), ("version", version.to_owned())];
    let change = edit(&version);
    let mut fields: Vec<(&str, &str)> = change.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("values.logo", logo));
    let answer = post(&grace, "records.update", &fields, Some(("other.jpg", JPEG))).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    let second = dealer(&grace, &id).await;
    assert_eq!(second["_labels"]["logo"], "other.jpg");
    let version = second["version"].to_string();
    let change = edit(&version);
    let mut fields: Vec<(&str, &str)> = change.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([("values.logo", second["logo"].as_str().unwrap()), ("_without.logo", "on")]);
    let answer = post(&grace, "records.update", &fields, None).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    let third = dealer(&grace, &id).await;
    assert_eq!(third["logo"], Value::Null);
    // What it was is still there, by its name and to be fetched.
    let input = json!({ "entity": "dealer", "id": id, "version": 1 });
    let (_, past) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/records.past", &input).await;
    assert_eq!(
        (&past["data"]["logo"], &past["data"]["_labels"]["logo"]),
        (&first["logo"], &json!("lake.png")),
        "{past}"
    );
    assert_eq!(grace.get(&format!("/w/lakeside/dealers/{id}/files/{logo}")).await.status(), StatusCode::OK);
    let back = json!({ "entity": "dealer", "id": id, "version": third["version"], "oldVersion": 1 });
    let (status, said) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/records.put_back", &back).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(dealer(&grace, &id).await["logo"], first["logo"]);
    let timeline = json!({ "entity": "dealer", "id": id, "limit": 50 });
    let (_, told) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/records.timeline", &timeline).await;
    assert!(told.to_string().contains("other.jpg"), "{told}");
    server.end().await;
}

/// by naming the id of a file nobody comes to it.
#[tokio::test]
async fn by_naming_its_id_nobody_comes_to_a_file() {
    let (server, lakeside, grace) = world().await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let (neema, _) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    let (viewer, _) = server.signed_in(&lakeside, "Vic", &["VIEWER"]).await;
    let (ben, _) = server.signed_in(&lakeside, "Ben", &["ADMIN"]).await;
    let id = with_logo(&grace, "Lake Motors").await;
    let logo = dealer(&grace, &id).await["logo"].as_str().unwrap().to_owned();
    let other = with_logo(&grace, "Hill Motors").await;
    let address = |slug: &str, record: &str| format!("/w/{slug}/dealers/{record}/files/{logo}");
    for (who, client, path) in [
        ("another workspace, at our address", &neema, address("lakeside", &id)),
        ("another workspace, at its own", &neema, address("harbour", &id)),
        ("of another record", &grace, address("lakeside", &other)),
        ("of another entity", &grace, format!("/w/lakeside/customers/{id}/files/{logo}")),
    ] {
        let answer = client.get(&path).await;
        assert!(matches!(answer.status().as_u16(), 403 | 404), "{who}: {}", answer.status());
        assert!(!answer.text().await.unwrap().contains("CANARY"), "{who}");
    }
    assert_eq!(viewer.get(&address("lakeside", &id)).await.status(), StatusCode::OK);
    assert_eq!(attach(&viewer, "a.png", PNG).await.0, StatusCode::FORBIDDEN);
    // Neither the file of another record nor one that somebody else sent is a value.
    let (_, sent) = attach(&ben, "ben.png", PNG).await;
    for stolen in
        [logo.as_str(), sent["data"]["id"].as_str().unwrap(), "0199a000-0000-7000-8000-000000000000", "logo.png"]
    {
        let values = json!({ "name": "Thief", "tier": "gold", "logo": stolen });
        let (status, said) = grace.write(Method::POST, "/w/lakeside/api/v1/dealers", &values).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{stolen}: {said}");
    }
    // One's own is, once.
    let (_, sent) = attach(&grace, "own.png", PNG).await;
    let values = json!({ "name": "Own", "tier": "gold", "logo": sent["data"]["id"] });
    let (status, made) = grace.write(Method::POST, "/w/lakeside/api/v1/dealers", &values).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let values = json!({ "name": "Twice", "tier": "gold", "logo": sent["data"]["id"] });
    let (status, said) = grace.write(Method::POST, "/w/lakeside/api/v1/dealers", &values).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
    // A field that holds no file takes none.
    let input = json!({ "entity": "dealer", "field": "logos", "name": "a.png", "content": PNG });
    let (status, said) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/files.attach", &input).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(said.to_string().contains("did you mean logo?"), "{said}");
    server.end().await;
}

/// B-05: the permission of a field holds for the content of its files too. No description of the build asks for one, so that this one does.
#[tokio::test]
async fn a_field_that_may_not_be_read_shows_no_file() {
    let mut files = testkit::pack_files();
    files.retain(|name, _| !name.starts_with("exercise/"));
    let described = files.get_mut("automotive/entities/dealer.toml").unwrap();
    let guarded =
        described.replace("key = \"logo\"\n", "key = \"logo\"\npermissions = { read = \"automotive.dealer.logo\" }\n");
    assert_ne!(*described, guarded);
    *described = guarded;
    let server = Server::of(packs::Library::from_files(&files).unwrap()).await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (viewer, _) = server.entered(&lakeside, "Vic", &["VIEWER"]).await;
    let id = with_logo(&grace, "Lake Motors").await;
    let logo = dealer(&grace, &id).await["logo"].as_str().unwrap().to_owned();
    let address = format!("/w/lakeside/dealers/{id}/files/{logo}");
    assert_eq!(grace.get(&address).await.status(), StatusCode::OK);
    // The house is there for him, without its picture and without the picture's name; whoever sends him the address sends him nothing.
    let read = dealer(&viewer, &id).await;
    assert!(read["name"] == "Lake Motors" && read["logo"].is_null() && read["_labels"]["logo"].is_null(), "{read}");
    let (status, page) = viewer.page(&format!("/w/lakeside/dealers/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!page.contains(&logo) && !page.contains("lake.png"), "{page}");
    let answer = viewer.get(&address).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(!answer.text().await.unwrap().contains("CANARY"));
    server.end().await;
}

#[tokio::test]
async fn a_merge_takes_the_picture_along_and_gives_it_back() {
    let (server, _, grace) = world().await;
    let merged = with_logo(&grace, "Lake Motors").await;
    let values = json!({ "name": "Lake Motors Ltd", "tier": "gold" });
    let (_, made) = grace.write(Method::POST, "/w/lakeside/api/v1/dealers", &values).await;
    let kept = made["data"]["id"].as_str().unwrap().to_owned();
    let logo = dealer(&grace, &merged).await["logo"].clone();
    let input = json!({ "entity": "dealer", "kept": kept, "merged": merged, "take": {} });
    let (status, done) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/records.merge", &input).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    assert_eq!(dealer(&grace, &kept).await["logo"], logo);
    let at = |record: &str| format!("/w/lakeside/dealers/{record}/files/{}", logo.as_str().unwrap());
    assert_eq!(grace.get(&at(&kept)).await.status(), StatusCode::OK);
    let input = json!({ "entity": "dealer", "merge": done["data"]["merge"] });
    let (status, said) = grace.write(Method::POST, "/w/lakeside/api/v1/operations/records.unmerge", &input).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(dealer(&grace, &kept).await["logo"], Value::Null);
    assert_eq!(grace.get(&at(&merged)).await.status(), StatusCode::OK);
    assert_eq!(grace.get(&at(&kept)).await.status(), StatusCode::NOT_FOUND);
    server.end().await;
}

#[tokio::test]
async fn a_form_that_is_no_form_keeps_nothing() {
    let (server, _, grace) = world().await;
    for kind in ["multipart/form-data", "multipart/form-data; boundary=other"] {
        let sent = send(&grace, "/w/lakeside/do/records.create", kind, parts_of_a_file("a.png", PNG)).await;
        assert!(sent.status().is_client_error(), "{kind}: {}", sent.status());
    }
    // A file for a field that takes none, and for an entity that is none.
    for fields in [vec![("entity", "lead"), ("values.name", "A")], vec![("entity", "ghost"), ("values.name", "A")]] {
        let answer = post(&grace, "records.create", &fields, Some(("a.png", PNG))).await;
        assert!(answer.status().is_client_error(), "{}", answer.status());
    }
    let (_, list) = grace.json("/w/lakeside/api/v1/leads").await;
    assert_eq!(list["pagination"]["total"], 0, "{list}");
    server.end().await;
}
