//! One record and what stands beside it: its page and forms, its versions and its past, notes, files, who is there, refusals, the trash and the merge.

use super::Seen;
use super::plant::{COUNT, Hall, PIECES, Row, content, pair, payload, tag, told};
use crate::support::Client;
use crate::support::in_parts;
use app::page::encode;
use domain::records::NOTE_LENGTH;
use domain::schema::{Field, pointing};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// The page of every row, its form, its versions and what it was.
pub async fn pages(hall: &Hall, seen: &mut Seen, moment: &str) {
    for row in &hall.rows {
        let here = format!("{PIECES}/{}", row.id);
        let (began, holds) = (hall.began(row), hall.holds(row));
        let changed = [hall.words(row.first), hall.words(row.now)].concat();
        let past = format!("?as_of={}", encode(moment));
        for (screen, page, texts) in [
            ("record", "", &holds),
            ("form of a record", "/edit", &holds),
            ("versions", "/versions", &changed),
            ("version", "/versions?version=1", &began),
            ("two versions", "/versions?version=1&with=2", &changed),
            ("record of the past", past.as_str(), &began),
        ] {
            let page = seen.page(screen, &hall.amina, &format!("{here}{page}")).await;
            seen.shows(screen, &page, texts);
        }
    }
}

/// Where a row is that a field points at.
fn target(hall: &Hall, field: &Field, value: &Value) -> Option<String> {
    let (entity, id) = match value {
        Value::Array(all) => (field.target()?.as_str(), all.first()?.as_str()?),
        Value::Object(_) => pointing::parts(value)?,
        one => (field.target()?.as_str(), one.as_str()?),
    };
    Some(format!("/w/exhibit/{}/{id}", hall.catalog.get(entity)?.plural))
}

/// Each field by itself in the place of its value, what points at the row and what it points at, and what the page asks.
pub async fn parts(hall: &Hall, seen: &mut Seen) {
    let row = &hall.rows[0];
    let here = format!("{PIECES}/{}", row.id);
    for key in &hall.saying {
        let page = seen.page("field in its place", &hall.amina, &format!("{here}?edit={key}")).await;
        let number = if hall.is_upload(key) { row.first } else { row.now };
        seen.shows("field in its place", &page, &hall.texts(key, number));
        let field = hall.piece.field(key).unwrap();
        let said = hall.said(field, number).unwrap();
        if let Some(there) = target(hall, field, &said.value) {
            let page = seen.page("what points here", &hall.amina, &format!("{there}?tab=pieces.{key}")).await;
            seen.shows("what points here", &page, &hall.name(row));
            seen.shows("what points here", &page, &said.texts[..1]);
        }
    }
    let part = json!({ "name": told("part", 0), "piece": row.id });
    hall.write(Method::POST, "/parts", &part).await;
    let page = seen.page("parts of a record", &hall.amina, &format!("{here}?tab=parts")).await;
    seen.shows("parts of a record", &page, &[told("part", 0)]);
    let page = seen.page("list of the parts", &hall.amina, "/w/exhibit/parts?view=all&filter=").await;
    seen.shows("list of the parts", &page, &[vec![told("part", 0)], hall.name(row)].concat());
    for (screen, page) in [("question", "?delete=1"), ("who can see it", "/access"), ("why it is so", "/why")] {
        let page = seen.page(screen, &hall.amina, &format!("{here}{page}")).await;
        seen.shows(screen, &page, &hall.name(row));
    }
    // A link fills in what it likes, and every form offers what there is to point at.
    let new = format!("{PIECES}/new?name={0}&story={0}", encode(&told("new", 0)));
    let new = seen.page("form of a new record", &hall.amina, &new).await;
    seen.shows("form of a new record", &new, &[told("new", 0)]);
    for field in hall.pointing() {
        let offered: Vec<String> = (0..COUNT).flat_map(|n| hall.texts(&field.key, n)).collect();
        seen.shows("form of a new record", &new, &offered);
    }
    let entries = hall.read(&format!("/pieces/{}/timeline?limit=5", row.id)).await;
    let undo = format!("/w/exhibit/undo?change={}", entries[0]["id"].as_str().unwrap());
    let undo = seen.page("undo", &hall.amina, &undo).await;
    seen.shows("undo", &undo, &hall.name(row));
}

/// Written in Markdown, told to whom they name, opened by who wrote them, and refused where they are too long.
pub async fn notes(hall: &Hall, seen: &mut Seen) {
    let row = &hall.rows[0];
    let here = format!("{PIECES}/{}", row.id);
    let of = json!({ "entity": "piece", "record": row.id });
    let written = async |body: String| {
        let mut note = of.clone();
        note["body"] = json!(body);
        hall.run("notes.add", &note).await["id"].as_str().unwrap().to_owned()
    };
    let mut ids = Vec::new();
    for n in 0..COUNT {
        ids.push(written(told("note", n)).await);
    }
    let keeper = hall.texts("keeper", 2);
    let link = format!("[{}](https://pwn.example/\"onclick=\"pwn)", tag("link", 0));
    written(format!("@Amina and @{}: {}\n\n- {link}", keeper[0], tag("mention", 0))).await;
    let page = seen.page("notes", &hall.amina, &format!("{here}?kind=notes")).await;
    // A link that leads nowhere is left out of its text, so that the tags are asked for and not the payloads.
    let mut tags: Vec<String> = (0..COUNT).map(|n| tag("note", n)).collect();
    tags.extend([tag("mention", 0), tag("link", 0), told("actor", 0)]);
    seen.shows("notes", &page, &tags);
    seen.shows("notes", &page, &keeper);
    let page = seen.page("note that is written anew", &hall.grace, &format!("{here}?note={}", ids[3])).await;
    seen.shows("note that is written anew", &page, &[told("note", 3)]);
    hall.server.settle().await;
    let page = seen.page("notifications", &hall.amina, "/w/exhibit/notifications").await;
    seen.shows("notifications", &page, &[hall.name(row), vec![told("actor", 0)]].concat());
    let long = format!("{} {}", told("long", 0), "x".repeat(NOTE_LENGTH));
    let fields = [
        pair("entity", "piece"),
        pair("record", &row.id),
        pair("body", &long),
        pair("_page", &format!("{here}?kind=notes")),
    ];
    let answer = hall.form("notes.add", &fields).await;
    let page = seen.taken("note that is refused", "POST", answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    seen.shows("note that is refused", &page, &[told("long", 0)]);
}

/// Files beside the record, under hostile names, and one that was taken away.
pub async fn files(hall: &Hall, seen: &mut Seen) {
    let row = &hall.rows[0];
    let here = format!("{PIECES}/{}", row.id);
    let field = hall.piece.fields.iter().find(|field| field.is_upload()).unwrap();
    for n in 0..COUNT {
        let file = [("file".to_owned(), format!("{}.pdf", told("beside", n)), content(field))];
        let answer = in_parts(&hall.grace, &format!("{here}/files"), &[], &file).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", told("beside", n));
    }
    // Names lose what no name of a file has, and keep their tags.
    let tags: Vec<String> = (0..COUNT).map(|n| tag("beside", n)).collect();
    let page = seen.page("files", &hall.amina, &format!("{here}?kind=files")).await;
    seen.shows("files", &page, &tags);
    let of = json!({ "entity": "piece", "record": row.id });
    let listed = hall.run("files.list", &of).await;
    for file in listed.as_array().unwrap() {
        seen.tally.page(&hall.amina, &format!("{here}/files/{}", file["id"].as_str().unwrap())).await;
    }
    let mut gone = of;
    gone["id"] = listed[0]["id"].clone();
    hall.run("files.delete", &gone).await;
    let page = seen.page("file that was taken away", &hall.grace, &format!("{here}?kind=files")).await;
    seen.shows("file that was taken away", &page, &tags);
}

async fn stream(client: &Client, id: &str) -> Response {
    let path = format!("/w/exhibit/stream?entity=piece&record={id}");
    let answer = client.send(client.request(Method::GET, &path).header(header::ACCEPT, "text/event-stream")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    answer
}

/// Who else has the record open is told by name: one line of JSON in one event, which nothing in a name ends.
pub async fn present(hall: &Hall, seen: &mut Seen) {
    let id = &hall.rows[0].id;
    let there = stream(&hall.grace, id).await;
    let mut heard = stream(&hall.amina, id).await;
    let mut text = String::new();
    let event = loop {
        let found = text.split_inclusive("\n\n").find(|event| event.contains("event: here") && event.ends_with("\n\n"));
        if let Some(event) = found {
            break event.to_owned();
        }
        let more = tokio::time::timeout(Duration::from_secs(10), heard.chunk()).await;
        let Ok(Ok(Some(more))) = more else { panic!("nobody is here: {text}") };
        text.push_str(&String::from_utf8_lossy(&more));
    };
    drop(there);
    let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data.len(), 1, "{event}");
    let said: Value = serde_json::from_str(data[0]).unwrap();
    assert_eq!(said, json!({ "names": [told("actor", 0)] }));
    seen.counted("who is there", &event);
}

/// Forms that are refused come back with what was typed and sent, and say what there is already.
pub async fn refused(hall: &Hall, seen: &mut Seen) {
    let n = 20 * COUNT;
    let mut fields = vec![pair("entity", "piece"), pair("_page", &format!("{PIECES}/new")), pair("_key", "refused")];
    fields.extend(hall.typed(n));
    fields.push(pair("values.origin", payload(0)));
    let uploads: Vec<&Field> = hall.piece.editable().filter(|field| field.is_upload()).collect();
    let sent = |field: &&Field| (format!("_file.{}", field.key), told(&field.key, n), content(field));
    let files: Vec<(String, String, &[u8])> = uploads.iter().map(sent).collect();
    let answer = in_parts(&hall.grace, "/w/exhibit/do/records.create", &fields, &files).await;
    let page = seen.taken("form that is refused", "POST", answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    seen.shows("form that is refused", &page, &hall.words(n));
    seen.shows("form that is refused", &page, &[payload(0).to_owned()]);
    let names: Vec<String> = uploads.iter().map(|field| tag(&field.key, n)).collect();
    seen.shows("form that is refused", &page, &names);

    let row = &hall.rows[4];
    let fields = [
        pair("entity", "piece"),
        pair("values.name", &told("alike", 0)),
        pair("values.email", &hall.texts("email", row.now)[0]),
        pair("_alike", "ask"),
        pair("_key", "alike"),
        pair("_page", &format!("{PIECES}/new")),
    ];
    let answer = hall.form("records.create", &fields).await;
    let page = seen.taken("form that looks like another record", "POST", answer, StatusCode::CONFLICT).await;
    seen.shows("form that looks like another record", &page, &[told("alike", 0)]);
    seen.shows("form that looks like another record", &page, &hall.name(row));
}

/// Two saved the same version: what was, what is and what was typed stand beside each other.
pub async fn conflict(hall: &mut Hall, seen: &mut Seen) {
    let (at, was) = (2, hall.rows[2].now);
    let (theirs, yours) = (was + 2 * COUNT + 1, was + 4 * COUNT + 2);
    let id = hall.rows[at].id.clone();
    let version = hall.read(&format!("/pieces/{id}")).await["version"].to_string();
    hall.change(at, theirs).await;
    let mut fields = vec![pair("entity", "piece"), pair("id", &id), pair("version", &version), pair("_key", "late")];
    fields.push(pair("_page", &format!("{PIECES}/{id}/edit")));
    fields.extend(hall.typed(yours));
    let answer = hall.form("records.update", &fields).await;
    let page = seen.taken("two who saved at once", "POST", answer, StatusCode::CONFLICT).await;
    for n in [was, theirs, yours] {
        seen.shows("two who saved at once", &page, &hall.words(n));
    }
    seen.shows("two who saved at once", &page, &[told("actor", 0)]);
}

pub async fn thrown_away(hall: &Hall, seen: &mut Seen) {
    let row = &hall.rows[7];
    hall.write(Method::DELETE, &format!("/pieces/{}", row.id), &json!({})).await;
    let list = format!("{PIECES}?view=all&trash=1&limit=100&columns={}", hall.columns());
    let list = seen.page("trash", &hall.amina, &list).await;
    seen.shows("trash", &list, &hall.holds(row));
    seen.shows("trash", &list, &[told("actor", 0)]);
    let page = seen.page("record in the trash", &hall.amina, &format!("{PIECES}/{}", row.id)).await;
    seen.shows("record in the trash", &page, &hall.holds(row));
    hall.write(Method::POST, &format!("/pieces/{}/restore", row.id), &json!({})).await;
    let page = seen.page("record out of the trash", &hall.amina, &format!("{PIECES}/{}", row.id)).await;
    seen.shows("record out of the trash", &page, &hall.holds(row));
}

/// Two that are the same: found, compared, made one, and two again.
pub async fn merged(hall: &Hall, seen: &mut Seen) {
    let (kept, gone) = (&hall.rows[8], &hall.rows[9]);
    let here = format!("{PIECES}/{}", kept.id);
    hall.touch(9, json!({ "email": hall.texts("email", kept.now)[0] })).await;
    hall.server.settle().await;
    let page = seen.page("records that look the same", &hall.amina, &format!("{here}/merge")).await;
    seen.shows("records that look the same", &page, &[hall.name(kept), hall.name(gone)].concat());
    let found = format!("{here}/merge?search={}", tag(&hall.piece.title, gone.now));
    let page = seen.page("search for another record", &hall.amina, &found).await;
    seen.shows("search for another record", &page, &hall.name(gone));
    let own = |at: &Row| -> Vec<String> {
        let email = hall.texts("email", at.now);
        hall.holds(at).into_iter().filter(|text| !email.contains(text)).collect()
    };
    let page = seen.page("choices of a merge", &hall.amina, &format!("{here}/merge?with={}", gone.id)).await;
    seen.shows("choices of a merge", &page, &[own(kept), own(gone)].concat());
    let two = json!({ "entity": "piece", "kept": kept.id, "merged": gone.id, "take": { "story": "merged" } });
    let merge = hall.run("records.merge", &two).await["merge"].clone();
    let page = seen.page("merged record", &hall.amina, &here).await;
    seen.shows("merged record", &page, &[hall.name(kept), hall.texts("story", gone.now)].concat());
    let page = seen.page("way back of a merge", &hall.amina, &format!("{here}/merge")).await;
    seen.shows("way back of a merge", &page, &hall.name(kept));
    let page = seen.page("record that was merged", &hall.amina, &format!("{PIECES}/{}", gone.id)).await;
    seen.shows("record that was merged", &page, &hall.name(gone));
    hall.run("records.unmerge", &json!({ "entity": "piece", "merge": merge })).await;
    let page = seen.page("record after its merge", &hall.amina, &here).await;
    seen.shows("record after its merge", &page, &hall.holds(kept));
}
