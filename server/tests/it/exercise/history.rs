//! What a piece was: at a moment, in its versions, put back, merged and taken apart again, in the trash and out of it.

use super::lists;
use super::samples::upload;
use super::world::{
    API, Faults, PIECES, World, found, operation, pair, place_of, read, send, shows, text, text_of, written,
};
use app::page::encode;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Samples that differ from the first ones in every field.
const CHANGED: usize = 5;

/// Changes every field of a row, and holds what it was at the moment before against what it was.
pub async fn as_it_stood(world: &World, id: &str) {
    let mut faults = Faults::default();
    let before = world.read(id).await;
    let moment = world.server.world.services().clock.now().to_rfc3339();
    world.server.world.clock.advance(chrono::Duration::minutes(10));
    let mut change = world.values(CHANGED);
    change["version"] = before["version"].clone();
    for field in world.piece.fields.iter().filter(|field| field.is_upload()) {
        change[&field.key] = Value::Null;
    }
    let after = written(&world.grace, Method::PATCH, &format!("/pieces/{id}"), &change).await;
    world.hold(&mut faults, &after, CHANGED, true, "after every field was changed");
    for field in world.piece.editable() {
        faults.unless(after[&field.key] != before[&field.key], &field.key, "the samples", "they do not differ");
    }
    // By REST, whole and in a list that knows the filters of that moment.
    let at = encode(&moment);
    let was = read(&world.grace, &format!("/pieces/{id}?as_of={at}")).await;
    let code = encode("code = AB-123");
    let list = read(&world.grace, &format!("/pieces?filter={code}&as_of={at}")).await;
    for (step, was) in [("as it stood", &was), ("the list as it stood", &list[0])] {
        for field in &world.piece.fields {
            // Nobody wrote down what figures were.
            let wanted = if field.rollup.is_some() { &Value::Null } else { &before[&field.key] };
            let held = &was[&field.key];
            faults.unless(held == wanted, &field.key, step, format!("{held} is not {wanted}"));
        }
    }
    let now = found(&world.grace, &[("filter", "code = AB-123")]).await;
    faults.unless(now.as_ref().is_ok_and(Vec::is_empty), "code", "the list of now", format!("{now:?}"));
    // On its page.
    let (status, page) = world.grace.page(&format!("{PIECES}/{id}?as_of={at}")).await;
    let words = text(&page);
    let told = status == StatusCode::OK && words.contains("This is how it stood");
    faults.unless(told, "every field", "the page as it stood", status);
    shown_whole(world, &mut faults, &page, 0, "the page as it stood");
    faults.none("a row of the past", 150);
    lists::in_a_list(world, "AB-123", Some(&moment), 0, true, 40).await;
    lists::placed(world, &before, Some(&moment)).await;
    // Now it stands elsewhere.
    lists::placed(world, &after, None).await;
}

/// A page that shows a row whole says every value of these samples.
fn shown_whole(world: &World, faults: &mut Faults, page: &str, number: usize, step: &str) {
    for field in world.piece.fields.iter().filter(|field| field.rollup.is_none()) {
        let shown = match upload(field) {
            Some((name, _)) => vec![name.to_owned()],
            None => world.expected(field, number, false).map(|(_, shown)| shown).unwrap_or_default(),
        };
        faults.unless(shows(page, &shown), &field.key, step, format!("{shown:?}"));
        faults.unless(text(page).contains(&field.label), &field.key, step, &field.label);
    }
}

/// The versions of a row: listed, opened, compared, and the first one put back.
pub async fn versions(world: &World, id: &str) {
    let mut faults = Faults::default();
    let now = world.read(id).await;
    let last = now["version"].as_i64().unwrap();
    let listed = read(&world.grace, &format!("/pieces/{id}/versions")).await;
    let numbers: Vec<i64> = listed.as_array().unwrap().iter().filter_map(|one| one["version"].as_i64()).collect();
    let wanted: Vec<i64> = (1..=last).rev().collect();
    faults.unless(numbers == wanted, "every field", "the versions", format!("{numbers:?}"));
    let (status, page) = world.grace.page(&format!("{PIECES}/{id}/versions")).await;
    faults.unless(status == StatusCode::OK, "every field", "the page of the versions", status);
    let (_, first) = world.grace.page(&format!("{PIECES}/{id}/versions?version=1")).await;
    shown_whole(world, &mut faults, &first, 0, "the first version");
    let (_, both) = world.grace.page(&format!("{PIECES}/{id}/versions?version=1&with={last}")).await;
    let (list, compared) = (text(&page), text(&both));
    for field in world.piece.editable() {
        faults.unless(list.contains(&field.label), &field.key, "the page of the versions", &field.label);
        faults.unless(compared.contains(&field.label), &field.key, "two versions", &field.label);
        for number in [0, CHANGED] {
            let shown = world.expected(field, number, true).map(|(_, shown)| shown).unwrap_or_default();
            faults.unless(shows(&both, &shown), &field.key, "two versions", format!("{shown:?}"));
        }
    }
    let back = json!({ "entity": "piece", "id": id, "version": last, "oldVersion": 1 });
    let done = operation(&world.grace, "records.put_back", &back).await;
    faults.unless(done["kept"] == json!([]), "every field", "what was put back", &done["kept"]);
    let row = world.read(id).await;
    world.hold(&mut faults, &row, 0, true, "after the first version was put back");
    world.hold_files(&mut faults, &row, "after the first version was put back");
    faults.none("versions", 200);
}

/// A row that holds nothing takes everything from one that is the same, and gives it back.
pub async fn merged(world: &World, id: &str) {
    let mut faults = Faults::default();
    let kept = written(&world.grace, Method::POST, "/pieces", &json!({ "name": "Copy", "origin": "DE" })).await;
    let kept = text_of(&kept, "id");
    let (lacking, whole) = (world.read(&kept).await, world.read(id).await);
    let two = json!({ "entity": "piece", "kept": kept, "merged": id });
    let plan = operation(&world.grace, "records.preview_merge", &two).await;
    let differing = plan["fields"].as_array().unwrap();
    let (status, page) = world.grace.page(&format!("{PIECES}/{kept}/merge?with={id}")).await;
    let words = text(&page);
    faults.unless(status == StatusCode::OK && plan["refused"].is_null(), "every field", "the plan", &plan);
    for field in world.piece.editable() {
        let differs = lacking[&field.key] != whole[&field.key];
        let planned = differing.iter().any(|key| *key == *field.key);
        faults.unless(planned == differs, &field.key, "the plan of a merge", differs);
        faults.unless(!differs || words.contains(&field.label), &field.key, "the page of a merge", &field.label);
    }
    let moves = plan["moves"].as_array().unwrap().iter().any(|one| one["what"] == "Parts" && one["count"] == 3);
    faults.unless(moves, "parts", "the plan of a merge", &plan["moves"]);
    // One field is chosen; the others go by who has a value.
    let chosen = json!({ "entity": "piece", "kept": kept, "merged": id, "take": { "origin": "merged" } });
    let done = operation(&world.grace, "records.merge", &chosen).await;
    let one = world.read(&kept).await;
    for field in world.piece.editable() {
        let own = !lacking[&field.key].is_null() && field.key != "origin";
        let wanted = if own { &lacking[&field.key] } else { &whole[&field.key] };
        let held = &one[&field.key];
        faults.unless(held == wanted, &field.key, "after a merge", format!("{held} is not {wanted}"));
    }
    for field in world.piece.fields.iter().filter(|field| field.is_computed()) {
        let (wanted, held) = (&whole[&field.key], &one[&field.key]);
        faults.unless(held == wanted, &field.key, "after a merge", format!("{held} is not {wanted}"));
    }
    let gone = world.read(id).await;
    faults.unless(gone["deletedAt"].is_string(), "every field", "the row that was merged", "it is not in the trash");
    let back = json!({ "entity": "piece", "merge": done["merge"] });
    let undone = operation(&world.grace, "records.unmerge", &back).await;
    faults.unless(undone["kept"] == json!([]), "every field", "a merge that is taken back", &undone["kept"]);
    world.same(&mut faults, &whole, &world.read(id).await, true, "after a merge was taken back");
    world.same(&mut faults, &lacking, &world.read(&kept).await, true, "the row that was kept");
    faults.none("a merge", 150);
    // It stood in for the test of a merge, and is out of the way of the others.
    written(&world.grace, Method::DELETE, &format!("/pieces/{kept}"), &json!({})).await;
}

/// Into the trash by the page, found there and nowhere else, and out of it as it was.
pub async fn thrown_away(world: &World, id: &str) {
    let mut faults = Faults::default();
    let before = world.read(id).await;
    lists::searched(world, &before, true).await;
    let (status, page) = world.grace.page(&format!("{PIECES}/{id}?delete=1")).await;
    faults.unless(status == StatusCode::OK && page.contains("records.delete"), "every field", "the question", status);
    let version = before["version"].to_string();
    let fields = [
        pair("entity", "piece"),
        pair("id", id),
        pair("version", &version),
        pair("_key", "thrown"),
        pair("_page", &format!("{PIECES}/{id}")),
        pair("_next", PIECES),
    ];
    let answer = send(&world.grace, "records.delete", &fields, &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(place_of(&answer), PIECES);
    lists::searched(world, &before, false).await;
    let id_of = |ids: Vec<String>| ids.iter().any(|other| other == id);
    let living = found(&world.grace, &[]).await.map(id_of);
    faults.unless(matches!(living, Ok(false)), "every field", "the list", format!("{living:?}"));
    let trash = found(&world.grace, &[("trash", "true")]).await.map(id_of);
    faults.unless(matches!(trash, Ok(true)), "every field", "the trash", format!("{trash:?}"));
    let (_, list) = world.grace.page(&format!("{PIECES}?trash=1")).await;
    faults.unless(list.contains(&format!("data-id=\"{id}\"")), "every field", "the page of the trash", "the row");
    // What lies there is changed by nobody.
    let (status, answer) =
        world.grace.write(Method::PATCH, &format!("{API}/pieces/{id}"), &json!({ "name": "Changed" })).await;
    faults.unless(status.is_client_error(), "name", "a change in the trash", answer);
    let (_, page) = world.grace.page(&format!("{PIECES}/{id}")).await;
    faults.unless(
        text(&page).contains("trash"),
        "every field",
        "the page of what is in the trash",
        "it does not say so",
    );
    written(&world.grace, Method::POST, &format!("/pieces/{id}/restore"), &json!({})).await;
    world.same(&mut faults, &before, &world.read(id).await, true, "after it was restored");
    faults.none("the trash", 40);
    lists::searched(world, &before, true).await;
}
