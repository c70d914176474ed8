//! The form of a piece: every control, every refusal at its field, and a piece that is made of all of it; then its
//! page, and what is closed to whoever lacks the permission of a field.

use super::samples::{sample, upload, wrong};
use super::world::{API, Faults, PIECES, World, between, found, pair, place_of, send, shows, text};
use domain::schema::{Field, FieldKind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const NEW: &str = "/w/exhibit/pieces/new";

/// Names of the controls that a form has for a field.
fn controls(field: &Field) -> Vec<String> {
    if field.is_upload() {
        return vec![format!("_file.{}", field.key)];
    }
    let whole = format!("values.{}", field.key);
    if field.parts().is_empty() {
        return vec![whole];
    }
    field.parts().iter().map(|(part, _)| format!("{whole}.{part}")).collect()
}

/// Id of the control that a fault of the field is said at.
fn control(field: &Field) -> String {
    let part = field.parts().first().map(|(part, _)| format!(".{part}")).unwrap_or_default();
    format!("values.{}{part}", field.key)
}

fn named(page: &str, name: &str) -> bool {
    page.contains(&format!("name=\"{name}\""))
}

/// A control for each field that a person fills in, and none for the others.
pub async fn shown(world: &World) {
    let mut faults = Faults::default();
    let (status, page) = world.grace.page(NEW).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let words = text(&page);
    for field in &world.piece.fields {
        let open = !field.read_only;
        for name in controls(field) {
            faults.unless(named(&page, &name) == open, &field.key, "the form", &name);
        }
        faults.unless(!open || words.contains(&field.label), &field.key, "the label in the form", &field.label);
    }
    faults.none("the form", 60);
}

/// What is typed for a new row, with its name and whatever else has to be.
fn begun(world: &World, key: &str) -> Vec<(String, String)> {
    let mut fields = vec![pair("entity", "piece"), pair("_page", NEW), pair("_key", key)];
    let title = world.piece.field(&world.piece.title).unwrap();
    if title.key != key {
        fields.push(pair(&format!("values.{}", title.key), "Refused"));
    }
    fields
}

/// Each wrong value comes back with what was typed and a message at its field, and makes nothing.
pub async fn refused(world: &World) {
    let mut faults = Faults::default();
    for field in world.piece.editable() {
        let wrong = wrong(field).unwrap_or_else(|| panic!("there is nothing wrong to type into {}", field.key));
        let mut fields = begun(world, &field.key);
        let file = [(field.key.as_str(), "words.txt", b"just words".as_slice())];
        if !field.is_upload() {
            fields.push((format!("values.{}{}", field.key, wrong.part), wrong.typed.clone()));
            if matches!(field.kind, FieldKind::Money { .. }) {
                fields.push((format!("values.{}.currency", field.key), "KES".to_owned()));
            }
        }
        let files = if field.is_upload() { file.as_slice() } else { &[] };
        let answer = send(&world.grace, "records.create", &fields, files).await;
        let (status, page) = (answer.status(), answer.text().await.unwrap());
        faults.unless(status == StatusCode::UNPROCESSABLE_ENTITY, &field.key, "a wrong value", status);
        let control = control(field);
        let said = between(&page, &format!("id=\"{control}-error\""), &["</p>"]).map(text).unwrap_or_default();
        faults.unless(said.contains(wrong.says), &field.key, "the message at the field", &said);
        let list =
            page.contains(&format!("href=\"#{control}\"")) && text(&page).contains(&format!("{}: ", field.label));
        faults.unless(list, &field.key, "the message above the form", &control);
        let kept = [format!("\"{}\"", wrong.typed), format!(">{}<", wrong.typed)];
        let there =
            kept.iter().any(|kept| page.contains(kept)) || (wrong.typed.len() > 100 && page.contains(&wrong.typed));
        faults.unless(!wrong.kept || there, &field.key, "what was typed", &wrong.typed);
        let others =
            begun(world, &field.key).iter().all(|(_, typed)| typed != "Refused") || page.contains("\"Refused\"");
        faults.unless(others, &field.key, "what was typed beside it", "the name is gone");
    }
    let made = found(&world.grace, &[]).await.map(|rows| rows.len());
    faults.unless(matches!(made, Ok(0)), "every field", "a refused form", format!("{made:?} rows were made"));
    faults.none("wrong values in the form", 100);
}

/// A piece of all samples, by the form; its id.
pub async fn made(world: &World) -> String {
    let mut faults = Faults::default();
    let next = format!("{PIECES}/{{id}}");
    let mut fields = vec![pair("entity", "piece"), pair("_page", NEW), pair("_key", "made"), pair("_next", &next)];
    let mut files = Vec::new();
    for field in world.piece.editable() {
        let sample = sample(field, 0, &world.known).unwrap();
        fields.extend(sample.typed.into_iter().map(|(part, text)| (format!("values.{}{part}", field.key), text)));
        files.extend(upload(field).map(|(name, content)| (field.key.as_str(), name, content)));
    }
    let answer = send(&world.grace, "records.create", &fields, &files).await;
    let status = answer.status();
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", text(&answer.text().await.unwrap()));
    let id = place_of(&answer).rsplit('/').next().unwrap().to_owned();
    let row = world.read(&id).await;
    world.hold(&mut faults, &row, 0, false, "as REST answers what was typed");
    world.hold_files(&mut faults, &row, "as REST answers what was sent");
    faults.unless(row["status"] == "drafted", "status", "a new row", &row["status"]);
    // The same e-mail and telephone once more is asked about, and made where it is meant.
    let alike = [begun(world, "alike"), vec![pair("values.email", "vase@example.com"), pair("_alike", "ask")]].concat();
    let asked = send(&world.grace, "records.create", &alike, &[]).await;
    let (status, page) = (asked.status(), asked.text().await.unwrap());
    let asks = status == StatusCode::CONFLICT && text(&page).contains("There may be such a piece already");
    faults.unless(asks, "email", "a duplicate in the form", status);
    // What is unique is refused by the number of the row that has it.
    let taken = [begun(world, "taken"), vec![pair("values.code", "AB-123")]].concat();
    let refused = send(&world.grace, "records.create", &taken, &[]).await;
    let (status, page) = (refused.status(), refused.text().await.unwrap());
    let said = text(&page).contains("Another piece already has this code") && page.contains("\"AB-123\"");
    faults.unless(status == StatusCode::CONFLICT && said, "code", "a value that is taken", status);
    faults.none("the form that is sent", 30);
    id
}

/// The page of the row: each field with its value.
pub async fn on_its_page(world: &World, id: &str) {
    let mut faults = Faults::default();
    let (status, page) = world.grace.page(&format!("{PIECES}/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    let row = world.read(id).await;
    for field in &world.piece.fields {
        // These stand in the head of the page and beside it; what nobody fills in and nothing has filled is left out.
        let apart = matches!(field.kind, FieldKind::Number | FieldKind::State | FieldKind::Checklist);
        let nothing = field.read_only && row[&field.key].is_null();
        let there = between(&page, &format!("data-field=\"{}\"", field.key), &["</dd>"]);
        faults.unless(there.is_some() != (apart || nothing), &field.key, "the page of the record", "its place");
        let shown = match upload(field) {
            Some((name, _)) => vec![name.to_owned()],
            None => world.expected(field, 0, true).map(|(_, shown)| shown).unwrap_or_default(),
        };
        let html = there.unwrap_or_default();
        faults.unless(shown.is_empty() || shows(html, &shown), &field.key, "the page of the record", text(html));
    }
    let states = world.piece.states.as_ref().unwrap();
    let head = text(&page);
    let state = states.get("drafted").unwrap();
    faults.unless(head.contains(&state.label), "status", "the page of the record", "its state");
    for item in &state.checklist {
        faults.unless(head.contains(&item.label), "checklist", "the page of the record", &item.label);
    }
    faults.unless(head.contains(row["number"].as_str().unwrap()), "number", "the page of the record", "its number");
    faults.none("the page of the record", 40);
}

/// Fields with a permission of their own, for somebody without it.
pub async fn closed(world: &World, id: &str) {
    let mut faults = Faults::default();
    let mia = &world.mia;
    let known = world.piece.fields.iter().filter(|field| field.permissions.read.is_none());
    let columns: Vec<&str> = known.map(|field| field.key.as_str()).collect();
    let row = super::world::read(mia, &format!("/pieces/{id}")).await;
    let (_, form) = mia.page(NEW).await;
    let (_, record) = mia.page(&format!("{PIECES}/{id}")).await;
    let (_, list) = mia.page(&format!("{PIECES}?view=all&columns={}", columns.join(","))).await;
    let (exported, file) = mia.json(&format!("{API}/pieces/export?format=json")).await;
    faults.unless(exported == StatusCode::OK, "every field", "an export without a field's permission", &file);
    for field in &world.piece.fields {
        let (read, write) = (field.permissions.read.is_some(), field.permissions.write.is_some());
        if !read && !write {
            continue;
        }
        let step = "without the permission of the field";
        faults.unless(controls(field).iter().all(|name| !named(&form, name)), &field.key, step, "the form has it");
        faults.unless(row.get(&field.key).is_none() == read, &field.key, step, &row[&field.key]);
        let mark = format!("data-field=\"{}\"", field.key);
        faults.unless(record.contains(&mark) != read, &field.key, step, "the page of the record");
        faults.unless(list.contains(&mark) != read, &field.key, step, "the list");
        if read {
            let (status, page) = mia.page(&format!("{PIECES}?view=all&columns=name,{}", field.key)).await;
            faults.unless(
                status.is_client_error() && !page.contains(&mark),
                &field.key,
                step,
                "the list that names it",
            );
        }
        let cells = file.as_array().into_iter().flatten();
        let sent = cells.filter(|row| row.get(&field.key).is_some_and(|value| !value.is_null())).count();
        faults.unless((sent == 0) == read, &field.key, step, format!("{sent} rows of the file have it"));
        let filter = format!("{} is not empty", field.key);
        for query in [("filter", filter.as_str()), ("sort", field.key.as_str()), ("fields", field.key.as_str())] {
            let answer = found(mia, &[query]).await;
            faults.unless(answer.is_err() == read, &field.key, step, query.0);
        }
        if field.is_grouping() {
            let (status, page) = mia.page(&format!("{PIECES}?view=stages&filter=&group={}", field.key)).await;
            let wanted = if read { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            faults.unless(status == wanted, &field.key, "the board by it", status);
            let mark = match &field.permissions.write {
                Some(permission) if !read => format!("Needs the permission {permission}"),
                _ => format!("has no field {}", field.key),
            };
            faults.unless(page.contains(&mark), &field.key, "the board by it", "it does not say why");
            let held = page.contains("data-handle") || page.contains(&format!("\"values.{}\"", field.key));
            faults.unless(!held, &field.key, "the board by it", "cards can be taken");
        }
        let value = sample(field, 1, &world.known).unwrap().value;
        let change = json!({ "version": row["version"], field.key.as_str(): value });
        let (status, answer) = mia.write(Method::PATCH, &format!("{API}/pieces/{id}"), &change).await;
        let refused = matches!(status, StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST);
        faults.unless(refused, &field.key, step, answer);
    }
    let after = world.read(id).await;
    faults.unless(after["version"] == row["version"], "every field", "a refused change", &after["version"]);
    faults.none("fields that are not everybody's", 20);
}

/// What REST makes of the same kinds, in its own forms: a row of other samples, and one that holds its name alone.
pub async fn by_rest(world: &World) -> (String, String) {
    let mut faults = Faults::default();
    let other = super::world::written(&world.grace, Method::POST, "/pieces", &world.values(1)).await;
    world.hold(&mut faults, &other, 1, false, "as REST answers what it was sent");
    let bare = super::world::written(&world.grace, Method::POST, "/pieces", &json!({ "name": "Bare" })).await;
    for field in world.piece.editable() {
        let wanted = match field.key.as_str() {
            "name" => json!("Bare"),
            "owner" => json!(world.known.members[0].id),
            _ => field.default.clone().unwrap_or(Value::Null),
        };
        faults.unless(bare[&field.key] == wanted, &field.key, "a row of a name alone", &bare[&field.key]);
    }
    faults.none("rows that REST makes", 50);
    (super::world::text_of(&other, "id"), super::world::text_of(&bare, "id"))
}
