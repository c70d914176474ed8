//! Files of records: fetched by those who may see the record and by nobody else, stored as what they are, and served as what can do nothing.

use crate::support::{Client, Server};
use integrations::{Clamd, ObjectFiles};
use platform::shelf::Shelf;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The body of a form with a file, as a browser makes it.
pub fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = format!(
        "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\ncontent-type: image/png\r\n\r\n",
        name.replace('"', "%22").replace(['\r', '\n'], "%0A")
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--cut--\r\n");
    body
}

pub async fn send(client: &Client, path: &str, kind: &str, body: Vec<u8>) -> Response {
    let request = client.request(Method::POST, path).header(header::ACCEPT, "text/html");
    client.send(request.header(header::CONTENT_TYPE, kind).body(body)).await
}

async fn upload(client: &Client, lead: &str, name: &str, content: &[u8]) -> Response {
    let path = format!("/w/lakeside/leads/{lead}/files");
    send(client, &path, "multipart/form-data; boundary=cut", form(name, content)).await
}

async fn run(client: &Client, slug: &str, operation: &str, input: Value) -> (StatusCode, Value) {
    client.write(Method::POST, &format!("/w/{slug}/api/v1/operations/{operation}"), &input).await
}

async fn listed(client: &Client, lead: &str) -> Vec<Value> {
    let (status, answer) = run(client, "lakeside", "files.list", json!({ "entity": "lead", "record": lead })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["data"].as_array().unwrap().clone()
}

async fn lead(client: &Client, values: Value) -> String {
    let (status, answer) = client.write(Method::POST, "/w/lakeside/api/v1/leads", &values).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["data"]["id"].as_str().unwrap().to_owned()
}

/// Every key under the folder, as the store has them.
pub fn keys(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                walk(&entry.path(), root, found);
            } else {
                found.push(entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found
}

/// A-12: each file of one workspace as everybody else, after it was taken away, and the keys of the store.
#[tokio::test]
async fn a_file_is_for_those_who_see_its_record() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let harbour = server.world.tenant("harbour", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let (viewer, _) = server.signed_in(&lakeside, "Vic", &["VIEWER"]).await;
    let (rep, _) = server.signed_in(&lakeside, "Rita", &["SALES_REP"]).await;
    let (neema, _) = server.signed_in(&harbour, "Neema", &["OWNER"]).await;
    let nobody = server.client();
    let record = lead(&grace, json!({ "name": "Amina" })).await;
    let other = lead(&grace, json!({ "name": "Brian" })).await;
    let contents: [(&str, &[u8]); 3] = [
        ("offer.pdf", b"%PDF-1.7\nCANARY-FILE"),
        ("photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRCANARY-FILE"),
        ("notes.txt", b"CANARY-FILE"),
    ];
    for (name, content) in contents {
        let answer = upload(&grace, &record, name, content).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name}: {}", answer.text().await.unwrap());
    }
    // Who may not change the record keeps nothing there.
    assert_eq!(upload(&viewer, &record, "a.txt", b"x").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(upload(&rep, &record, "a.txt", b"x").await.status(), StatusCode::NOT_FOUND);
    assert!(matches!(upload(&nobody, &record, "a.txt", b"x").await.status().as_u16(), 303 | 401));
    assert_eq!(upload(&neema, &record, "a.txt", b"x").await.status(), StatusCode::NOT_FOUND);
    let files = listed(&grace, &record).await;
    assert_eq!(files.len(), 3, "{files:?}");
    let (mut fetched, mut wrong) = (0, Vec::new());
    for file in &files {
        let id = file["id"].as_str().unwrap();
        let path = |slug: &str, lead: &str| format!("/w/{slug}/leads/{lead}/files/{id}");
        for client in [&grace, &viewer] {
            let answer = client.get(&path("lakeside", &record)).await;
            assert_eq!(answer.status(), StatusCode::OK, "{file}");
            assert!(answer.bytes().await.unwrap().ends_with(b"CANARY-FILE"));
        }
        for (who, client, path) in [
            ("nobody", &nobody, path("lakeside", &record)),
            ("another workspace, at our address", &neema, path("lakeside", &record)),
            ("another workspace, at its own", &neema, path("harbour", &record)),
            ("out of reach", &rep, path("lakeside", &record)),
            ("of another record", &grace, path("lakeside", &other)),
            ("of another entity", &grace, format!("/w/lakeside/customers/{record}/files/{id}")),
        ] {
            let answer = client.get(&path).await;
            let status = answer.status();
            let text = answer.text().await.unwrap();
            fetched += 1;
            if text.contains("CANARY") || !matches!(status.as_u16(), 401 | 403 | 404) {
                wrong.push(format!("{who}: {status}"));
            }
        }
        let take = json!({ "entity": "lead", "record": record, "id": id });
        assert_eq!(run(&neema, "harbour", "files.delete", take.clone()).await.0, StatusCode::NOT_FOUND);
        assert_eq!(run(&viewer, "lakeside", "files.delete", take.clone()).await.0, StatusCode::FORBIDDEN);
        assert_eq!(run(&grace, "lakeside", "files.delete", take.clone()).await.0, StatusCode::OK);
        fetched += 1;
        if grace.get(&path("lakeside", &record)).await.status() != StatusCode::NOT_FOUND {
            wrong.push("after it was taken away".to_owned());
        }
        assert_eq!(run(&grace, "lakeside", "files.restore", take).await.0, StatusCode::OK);
        assert_eq!(grace.get(&path("lakeside", &record)).await.status(), StatusCode::OK, "restored");
    }
    let prefix = lakeside.id.0.simple().to_string();
    let keys = keys(&server.files);
    let unprefixed = keys.iter().filter(|key| !key.starts_with(&format!("{prefix}/"))).count();
    println!(
        "bar=A-12 files={} fetched={fetched} wrong={} keys={} unprefixed={unprefixed} pass={}",
        files.len(),
        wrong.len(),
        keys.len(),
        i32::from(wrong.is_empty() && unprefixed == 0)
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((keys.len(), unprefixed), (3, 0), "{keys:?}");
    server.end().await;
}

/// What a file may be stored as and shown how.
struct Hostile {
    name: String,
    content: Vec<u8>,
    /// The type that it is to be stored under; none where it is to be refused.
    stored: Option<&'static str>,
}

fn hostile() -> Vec<Hostile> {
    let of = |name: &str, content: &[u8], stored: Option<&'static str>| Hostile {
        name: name.to_owned(),
        content: content.to_vec(),
        stored,
    };
    let elf = [&b"\x7fELF\x02\x01\x01"[..], &[0; 64]].concat();
    let exe = [&b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff"[..], &[0; 64]].concat();
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR<script>alert(1)</script>";
    let html = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>";
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
    let xml = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>";
    let zip = [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[0; 4096]].concat();
    let gzip = [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &[0; 4096]].concat();
    let gif = b"GIF89a/*\0\0\0\0*/=1;alert(1)//";
    let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0<?php system($_GET['c']); ?>";
    let text = b"name\n=cmd|' /C calc'!A0";
    let mut all = vec![
        of("empty.txt", b"", None),
        of("virus.exe", &exe, None),
        of("photo.png", &exe, None),
        of("offer.pdf", &elf, None),
        of("run.txt", b"#!/bin/sh\nrm -rf /\n", None),
        of("page.html", html, Some("text/plain")),
        of("photo.png", html, Some("text/plain")),
        of("page.pdf", html, Some("text/plain")),
        of("drawing.svg", svg, Some("text/plain")),
        of("photo.jpg", svg, Some("text/plain")),
        of("data.xml", xml, Some("text/plain")),
        of("sheet.csv", text, Some("text/plain")),
        of("polyglot.png", png, Some("image/png")),
        of("polyglot.html", png, Some("image/png")),
        of("polyglot.gif", gif, Some("image/gif")),
        of("script.js", gif, Some("image/gif")),
        of("shell.php", jpeg, Some("image/jpeg")),
        of("bomb.zip", &zip, Some("application/zip")),
        of("bomb.gz", &gzip, Some("application/gzip")),
        of("photo.png", &gzip, Some("application/gzip")),
        of("zeros", &[0; 100], Some("application/octet-stream")),
        of("noise.bin", &[0xfe, 0xed, 0x00, 0x01, 0x80], Some("application/octet-stream")),
    ];
    let names = [
        "../../../../etc/passwd",
        "..\\..\\windows\\system32\\config",
        "/etc/cron.d/x",
        "C:\\boot.ini",
        "....//....//x",
        "%2e%2e%2f%2e%2e%2fx",
        "a%00.png",
        "a\r\nset-cookie: x=1",
        "\u{202e}gnp.exe",
        ".htaccess",
        "..",
        "con",
        "aux.txt",
        "a;b=c.txt",
        "a\"; filename=\"b.html",
        "<img src=x onerror=alert(1)>.txt",
        "${jndi:ldap://x}.txt",
        "file:///etc/passwd",
        "-rf",
    ];
    all.extend(names.map(|name| of(name, b"hello", Some("text/plain"))));
    all.push(of(&format!("{}.txt", "x".repeat(5000)), b"hello", Some("text/plain")));
    all
}

/// E-10: what hostile files are stored as, where they lie, and how they come out again.
#[tokio::test]
async fn hostile_files_are_stored_as_what_they_are_and_do_nothing() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let record = lead(&grace, json!({ "name": "Amina" })).await;
    let hostile = hostile();
    let (mut stored, mut refused, mut wrong) = (0, 0, Vec::new());
    let mut seen = std::collections::HashSet::new();
    for file in &hostile {
        let before = listed(&grace, &record).await.len();
        let answer = upload(&grace, &record, &file.name, &file.content).await;
        let status = answer.status();
        let after = listed(&grace, &record).await;
        match file.stored {
            None => {
                refused += 1;
                if !status.is_client_error() || after.len() != before {
                    wrong.push(format!("{:?} was kept: {status}", file.name));
                }
            }
            Some(kind) => {
                stored += 1;
                if status != StatusCode::SEE_OTHER || after.len() != before + 1 {
                    wrong.push(format!("{:?}: {status}", file.name));
                    continue;
                }
                // The clock of a test stands still, so that the newest is the one that was not there.
                let newest = after.iter().find(|entry| seen.insert(entry["id"].to_string())).unwrap();
                check(&grace, &record, newest, kind, file, &mut wrong).await;
            }
        }
    }
    // A JSON body that names a file somewhere is no form with a file.
    let posed = json!({ "files": { "file": { "filepath": "/etc/passwd", "originalFilename": "a.txt" } }, "file": "/etc/passwd" });
    let before = listed(&grace, &record).await.len();
    for kind in ["application/json", "multipart/form-data", "multipart/form-data; boundary=cut", "text/plain"] {
        let path = format!("/w/lakeside/leads/{record}/files");
        let answer = send(&grace, &path, kind, posed.to_string().into_bytes()).await;
        if !answer.status().is_client_error() || answer.text().await.unwrap().contains("root:") {
            wrong.push(format!("JSON posed as {kind}"));
        }
    }
    let large = vec![b'x'; domain::records::FILE_BYTES + 1];
    let answer = upload(&grace, &record, "large.txt", &large).await;
    if answer.status() != StatusCode::PAYLOAD_TOO_LARGE {
        wrong.push(format!("too large: {}", answer.status()));
    }
    assert_eq!(listed(&grace, &record).await.len(), before, "none of these was kept");
    // Everything lies under generated names, none of which somebody chose.
    let keys = keys(&server.files);
    for key in &keys {
        let plain = key.len() == 65 && key.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'/');
        if !plain {
            wrong.push(format!("the key {key}"));
        }
    }
    println!(
        "bar=E-10 files={} stored={stored} refused={refused} keys={} wrong={} pass={}",
        hostile.len(),
        keys.len(),
        wrong.len(),
        i32::from(wrong.is_empty())
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(hostile.len() >= 40 && keys.len() == stored, "{} {}", hostile.len(), keys.len());
    server.end().await;
}

async fn check(client: &Client, record: &str, entry: &Value, kind: &str, file: &Hostile, wrong: &mut Vec<String>) {
    let id = entry["id"].as_str().unwrap();
    let answer = client.get(&format!("/w/lakeside/leads/{record}/files/{id}")).await;
    let header =
        |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (disposition, policy) = (header("content-disposition"), header("content-security-policy"));
    let raster = kind.starts_with("image/");
    let name = entry["name"].as_str().unwrap_or_default();
    for (right, what) in [
        (entry["mediaType"] == kind, format!("stored as {}", entry["mediaType"])),
        (header("content-type").starts_with(kind), format!("served as {}", header("content-type"))),
        (header("x-content-type-options") == "nosniff", "its type may be guessed".to_owned()),
        (policy.contains("sandbox") && policy.contains("default-src 'none'"), format!("policy {policy}")),
        (disposition.starts_with(if raster { "inline" } else { "attachment" }), format!("disposition {disposition}")),
        (answer.headers().get("set-cookie").is_none(), "a cookie was set".to_owned()),
        (!name.contains(['/', '\\', '\0', '\r', '\n', '\u{202e}', '"', '<']), format!("named {name:?}")),
        (!name.starts_with('.') && name.chars().count() <= 200 && !name.is_empty(), format!("named {name:?}")),
    ] {
        if !right {
            wrong.push(format!("{:?}: {what}", file.name));
        }
    }
    if answer.bytes().await.unwrap() != file.content {
        wrong.push(format!("{:?} came out changed", file.name));
    }
}

/// What every scanner has to find, put together here so that none finds this file.
fn eicar() -> Vec<u8> {
    let parts = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"];
    parts.concat().into_bytes()
}

/// A scanner that speaks as `clamd` does and knows one thing.
async fn clamd(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut command = [0; 10];
            stream.read_exact(&mut command).await.unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut content = Vec::new();
            loop {
                let length = stream.read_u32().await.unwrap() as usize;
                if length == 0 {
                    break;
                }
                let start = content.len();
                content.resize(start + length, 0);
                stream.read_exact(&mut content[start..]).await.unwrap();
            }
            let found = content.windows(eicar().len()).any(|window| window == eicar());
            let answer: &[u8] = if found { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" };
            stream.write_all(answer).await.unwrap();
        });
    }
}

/// E-10: with a scanner nothing is served before it was looked at, and what it finds something in is not kept.
#[tokio::test]
async fn a_scanner_sees_a_file_before_anybody_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder: PathBuf = std::env::temp_dir().join(format!("nexus-it-scanned-{}", std::process::id()));
    let store = Arc::new(ObjectFiles::local(&folder).unwrap());
    let shelf = Shelf { store, scanner: Some(Arc::new(Clamd::new(address.to_string()))) };
    let server = Server::with_shelf(shelf).await;
    let lakeside = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.signed_in(&lakeside, "Grace", &["OWNER"]).await;
    let record = lead(&grace, json!({ "name": "Amina" })).await;
    // Nobody answers at that address: the file is held.
    assert_eq!(upload(&grace, &record, "held.txt", b"hello").await.status(), StatusCode::SEE_OTHER);
    let held = listed(&grace, &record).await.remove(0);
    assert_eq!(held["state"], "held");
    let path = |file: &Value| format!("/w/lakeside/leads/{record}/files/{}", file["id"].as_str().unwrap());
    assert_eq!(grace.get(&path(&held)).await.status(), StatusCode::FORBIDDEN, "not before it was scanned");
    let again = json!({ "entity": "lead", "record": record, "id": held["id"] });
    assert_eq!(run(&grace, "lakeside", "files.scan", again.clone()).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let scanner = tokio::spawn(clamd(TcpListener::bind(address).await.unwrap()));
    assert_eq!(run(&grace, "lakeside", "files.scan", again).await.1["data"]["state"], "ready");
    assert_eq!(grace.get(&path(&held)).await.status(), StatusCode::OK);
    let kept = keys(&folder).len();
    let mut large = vec![b'x'; 200_000];
    large.extend(eicar());
    for content in [eicar(), large] {
        assert_eq!(upload(&grace, &record, "virus.txt", &content).await.status(), StatusCode::SEE_OTHER);
    }
    let files = listed(&grace, &record).await;
    let refused: Vec<&Value> = files.iter().filter(|file| file["state"] == "refused").collect();
    assert_eq!(refused.len(), 2, "{files:?}");
    for file in refused {
        assert_eq!(grace.get(&path(file)).await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(keys(&folder).len(), kept, "what was refused lies nowhere");
    let (status, page) = grace.page(&format!("/w/lakeside/leads/{record}?kind=files")).await;
    assert!(status == StatusCode::OK && page.contains("Something harmful was found in it"));
    scanner.abort();
    let _ = std::fs::remove_dir_all(&folder);
    server.end().await;
}
