//! An entity with two pipelines through everything: its form, its list, its board, moves inside and across, files, many rows at once, a merge,
//! its versions and its past.

use super::world::{API, Faults, World, between, operation, pair, place_of, read, send, shows, text, text_of, written};
use app::page::encode;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const LOANS: &str = "/w/exhibit/loans";

/// The rows of this part: one that is lent, one that is sold.
struct Rows {
    lent: String,
    sold: String,
}

pub async fn gone_through(world: &World) {
    let mut faults = Faults::default();
    let rows = made(world, &mut faults).await;
    listed(world, &mut faults, &rows).await;
    on_boards(world, &mut faults, &rows).await;
    closed(world, &mut faults, &rows).await;
    let moment = world.server.world.services().clock.now().to_rfc3339();
    world.server.world.clock.advance(chrono::Duration::minutes(10));
    across(world, &mut faults, &rows).await;
    remembered(world, &mut faults, &rows, &moment).await;
    many(world, &mut faults).await;
    in_files(world, &mut faults).await;
    merged(world, &mut faults).await;
    by_workflow(world, &mut faults).await;
    told(world, &mut faults).await;
    faults.none("pipelines", 60);
}

async fn row(world: &World, id: &str) -> Value {
    read(&world.grace, &format!("/loans/{id}")).await
}

async fn loan(world: &World, values: Value) -> String {
    text_of(&written(&world.grace, Method::POST, "/loans", &values).await, "id")
}

fn stands(row: &Value, pipeline: &str, status: &str) -> bool {
    row["pipeline"] == pipeline && row["status"] == status
}

/// A form of a loan, as a browser sends it.
fn form(of: &str, key: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let next = format!("{LOANS}/{{id}}");
    let own = [("entity", "loan"), ("_page", of), ("_key", key), ("_next", next.as_str())];
    own.iter().chain(more).map(|(name, value)| pair(name, value)).collect()
}

/// By the form, where the first pipeline is chosen unless the address or a person says another, and by REST.
async fn made(world: &World, faults: &mut Faults) -> Rows {
    let new = format!("{LOANS}/new");
    let (status, page) = world.grace.page(&new).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let select = between(&page, "name=\"values.pipeline\"", &["</select>"]).unwrap_or_default().to_owned();
    let first = select.contains("value=\"lending\" selected") && select.contains("value=\"selling\"");
    faults.unless(first && !select.contains("value=\"\""), "pipeline", "the form", &select);
    let (_, page) = world.grace.page(&format!("{new}?pipeline=selling")).await;
    let select = between(&page, "name=\"values.pipeline\"", &["</select>"]).unwrap_or_default();
    faults.unless(select.contains("value=\"selling\" selected"), "pipeline", "the form of a board", select);

    let wrong = form(&new, "loan-wrong", &[("values.name", "Vase"), ("values.pipeline", "gifts")]);
    let answer = send(&world.grace, "records.create", &wrong, &[]).await;
    let (status, page) = (answer.status(), answer.text().await.unwrap());
    let said = between(&page, "id=\"values.pipeline-error\"", &["</p>"]).map(text).unwrap_or_default();
    let right = status == StatusCode::UNPROCESSABLE_ENTITY && said.contains("is not one of the choices");
    faults.unless(right, "pipeline", "a wrong pipeline in the form", format!("{status} {said}"));

    let mut ids = Vec::new();
    for (name, code, pipeline, status) in
        [("Vase", "L1", "", "asked"), ("Bowl", "L2", "selling", "priced"), ("Jug", "L3", "Lending", "asked")]
    {
        let values = [("values.name", name), ("values.code", code), ("values.pipeline", pipeline)];
        let answer = send(&world.grace, "records.create", &form(&new, name, &values), &[]).await;
        // A choice that was emptied says nothing where one is needed.
        if pipeline.is_empty() {
            faults.unless(answer.status().is_client_error(), "pipeline", "an emptied choice", answer.status());
            ids.push(loan(world, json!({ "name": name, "code": code })).await);
        } else {
            assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name}");
            ids.push(place_of(&answer).rsplit('/').next().unwrap().to_owned());
        }
        let made = row(world, &ids[ids.len() - 1]).await;
        let wanted = if status == "priced" { "selling" } else { "lending" };
        faults.unless(stands(&made, wanted, status), "pipeline", "a new row", &made);
        faults.unless(made["forSale"] == (wanted == "selling"), "forSale", "a formula over it", &made["forSale"]);
    }
    let by_rest = row(world, &loan(world, json!({ "name": "Plate", "pipeline": "selling" })).await).await;
    faults.unless(stands(&by_rest, "selling", "priced"), "pipeline", "a row that REST makes", &by_rest);
    let (status, answer) =
        world.grace.write(Method::POST, &format!("{API}/loans"), &json!({ "name": "Cup", "pipeline": "gifts" })).await;
    faults.unless(status == StatusCode::BAD_REQUEST, "pipeline", "a wrong pipeline by REST", answer);
    let change = json!({ "pipeline": "selling", "version": 1 });
    let (status, answer) = world.grace.write(Method::PATCH, &format!("{API}/loans/{}", ids[0]), &change).await;
    let said = answer.to_string().contains("changes by a move into another one");
    faults.unless(status == StatusCode::BAD_REQUEST && said, "pipeline", "an edit", answer);
    let (_, edit) = world.grace.page(&format!("{LOANS}/{}/edit", ids[0])).await;
    faults.unless(!edit.contains("values.pipeline"), "pipeline", "the form of an edit", "it is there");
    Rows { lent: ids[0].clone(), sold: ids[1].clone() }
}

/// A column, a filter, an order and groups of the list.
async fn listed(world: &World, faults: &mut Faults, rows: &Rows) {
    let (status, page) = world.grace.page(&format!("{LOANS}?view=all&filter={}", encode("code = L2"))).await;
    let cell = between(&page, "data-field=\"pipeline\"", &["</td>"]).unwrap_or_default();
    let shown = status == StatusCode::OK && shows(cell, &["Selling".to_owned()]);
    faults.unless(shown, "pipeline", "a column of the list", text(cell));
    for (filter, wanted) in [
        ("pipeline = selling and code is not empty", vec!["Bowl"]),
        ("pipeline != selling", vec!["Jug", "Vase"]),
        ("pipeline in (lending, selling) and status = priced", vec!["Bowl", "Plate"]),
    ] {
        let found = read(&world.grace, &format!("/loans?sort=name&filter={}", encode(filter))).await;
        let names: Vec<&str> = found.as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
        faults.unless(names == wanted, "pipeline", filter, format!("{names:?}"));
    }
    let (status, _) = world.grace.json(&format!("{API}/loans?filter={}", encode("pipeline = gifts"))).await;
    faults.unless(status == StatusCode::BAD_REQUEST, "pipeline", "a filter by no pipeline", status);
    let sorted = read(&world.grace, "/loans?sort=-pipeline,name").await;
    let first = sorted[0]["name"].as_str().unwrap_or_default();
    faults.unless(first == "Bowl", "pipeline", "an order", first);
    let (_, page) = world.grace.page(&format!("{LOANS}?view=all&group=pipeline&open=selling")).await;
    let section = between(&page, "data-group=\"selling\"", &["data-group="]).unwrap_or_default();
    let there = section.contains(&rows.sold) && !section.contains(&rows.lent);
    faults.unless(there, "pipeline", "a group", text(section));
}

fn columns(page: &str) -> Vec<&str> {
    page.split("data-column=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// One pipeline at a time, chosen by links, and kept by a view.
async fn on_boards(world: &World, faults: &mut Faults, rows: &Rows) {
    const LENDING: [&str; 4] = ["asked", "lent", "returned", "refused"];
    const SELLING: [&str; 3] = ["priced", "bought", "kept"];
    let board = format!("{LOANS}?view=steps");
    let (status, page) = world.grace.page(&board).await;
    faults.unless(
        status == StatusCode::OK && columns(&page) == LENDING,
        "pipeline",
        "the board",
        columns(&page).join(" "),
    );
    let card = |page: &str, id: &str| page.contains(&format!("data-id=\"{id}\""));
    faults.unless(
        card(&page, &rows.lent) && !card(&page, &rows.sold),
        "pipeline",
        "the cards",
        "of the first pipeline",
    );
    let link = page.contains("pipeline=selling") && text(&page).contains("Move to another pipeline");
    faults.unless(link, "pipeline", "the way to the other", "no link, or no item in the menus of cards");
    let (_, page) = world.grace.page(&format!("{board}&pipeline=selling")).await;
    faults.unless(columns(&page) == SELLING, "pipeline", "the other board", columns(&page).join(" "));
    faults.unless(
        card(&page, &rows.sold) && !card(&page, &rows.lent),
        "pipeline",
        "the cards",
        "of the other pipeline",
    );
    faults.unless(page.contains("/loans/new?pipeline=selling"), "pipeline", "the button for a new one", "its address");
    let (status, page) = world.grace.page(&format!("{board}&pipeline=sellin")).await;
    let said = text(&page).contains("Loans have no pipeline sellin; did you mean selling?");
    faults.unless(status.is_client_error() && said, "pipeline", "a pipeline that is none", status);

    let view = |pipeline: &str| json!({ "entity": "loan", "label": "To sell", "content": { "kind": "board", "pipeline": pipeline } });
    let kept = operation(&world.grace, "views.create", &view("selling")).await;
    let (_, page) = world.grace.page(&format!("{LOANS}?view={}", text_of(&kept, "id"))).await;
    faults.unless(columns(&page) == SELLING, "pipeline", "a view that was kept", columns(&page).join(" "));
    let path = format!("{API}/operations/views.create");
    let (status, answer) = world.grace.write(Method::POST, &path, &view("gifts")).await;
    faults.unless(status.is_client_error(), "pipeline", "a view of no pipeline", answer);
}

/// Moves stay in their pipeline.
async fn closed(world: &World, faults: &mut Faults, rows: &Rows) {
    let path = format!("{API}/operations/records.transition");
    for (id, to, words) in [
        (&rows.lent, "bought", "Bought is a state of Selling, and this loan is in Lending"),
        (&rows.lent, "kept", "Kept is a state of Selling"),
        (&rows.sold, "refused", "Refused is a state of Lending"),
    ] {
        let input = json!({ "entity": "loan", "id": id, "version": null, "to": to });
        let (status, answer) = world.grace.write(Method::POST, &path, &input).await;
        let right = status == StatusCode::CONFLICT && answer.to_string().contains(words);
        faults.unless(right, to, "a move into another pipeline", answer);
    }
    let (status, answer) =
        world.grace.write(Method::POST, &format!("{API}/loans/{}/transitions/keep", rows.lent), &json!({})).await;
    faults.unless(status == StatusCode::CONFLICT, "keep", "a move of another pipeline by its name", answer);
}

/// The move into another pipeline: by the page, for an owner of the role that waits there, and taken back.
async fn across(world: &World, faults: &mut Faults, rows: &Rows) {
    let id = &rows.lent;
    let here = format!("{LOANS}/{id}");
    let (_, page) = world.grace.page(&here).await;
    let words = text(&page);
    faults.unless(words.contains("Pipeline: Lending"), "pipeline", "the head of the record", "its pipeline");
    let offered = words.contains("Move to another pipeline") && words.contains("Selling: Priced");
    faults.unless(offered && page.contains("name=\"pipeline\""), "pipeline", "the menu of the record", "the other one");

    // Mia does not hold the role: the page asks for somebody who does.
    let version = row(world, id).await["version"].to_string();
    let mia = world.known.members[1].id.as_str();
    let handed = json!({ "owner": mia, "version": 1 });
    written(&world.grace, Method::PATCH, &format!("/loans/{id}"), &handed).await;
    let (_, asking) = world.grace.page(&format!("{here}?move=priced")).await;
    let asks = asking.contains("values.owner") && between(&asking, "name=\"pipeline\"", &[">"]).is_some();
    faults.unless(asks, "pipeline", "the page that asks for an owner", "the owner, or the pipeline");
    let stale =
        form(&here, "loan-stale", &[("id", id.as_str()), ("version", version.as_str()), ("pipeline", "selling")]);
    let answer = send(&world.grace, "records.transition", &stale, &[]).await;
    faults.unless(answer.status().is_client_error(), "pipeline", "a stale move", answer.status());
    let wrong = form(&here, "loan-owner", &[("id", id.as_str()), ("version", "2"), ("pipeline", "selling")]);
    let answer = send(&world.grace, "records.transition", &wrong, &[]).await;
    let (status, page) = (answer.status(), answer.text().await.unwrap());
    let said = text(&page).contains("Priced is for an owner with the role");
    faults.unless(status == StatusCode::CONFLICT && said, "pipeline", "an owner without the role", status);

    let grace = world.known.members[0].id.as_str();
    let go = [("id", id.as_str()), ("version", "2"), ("pipeline", "selling"), ("values.owner", grace)];
    let answer = send(&world.grace, "records.transition", &form(&here, "loan-go", &go), &[]).await;
    faults.unless(answer.status() == StatusCode::SEE_OTHER, "pipeline", "the move", answer.status());
    let moved = row(world, id).await;
    let right = stands(&moved, "selling", "priced") && moved["version"] == 3 && moved["forSale"] == true;
    faults.unless(right, "pipeline", "after the move", &moved);
    let versions = read(&world.grace, &format!("/loans/{id}/versions")).await;
    let change = versions[0]["change"]["id"].clone();
    let done = operation(&world.grace, "audit.undo", &json!({ "change": change, "alone": true })).await;
    let back = row(world, id).await;
    faults.unless(
        done["done"] == 1 && stands(&back, "lending", "asked"),
        "pipeline",
        "a move that is taken back",
        &done,
    );
    // There again, into a later state, which asks what its own move asks.
    let path = format!("{API}/operations/records.transition");
    let later =
        json!({ "entity": "loan", "id": id, "version": back["version"], "to": "bought", "pipeline": "selling" });
    let (status, answer) = world.grace.write(Method::POST, &path, &later).await;
    let right = status == StatusCode::CONFLICT && answer.to_string().contains("Move to Bought needs Fee");
    faults.unless(right, "pipeline", "a later state", answer);
    let mut into = later.clone();
    into["to"] = Value::Null;
    into["values"] = json!({ "owner": grace });
    written(&world.grace, Method::POST, "/operations/records.transition", &into).await;
    faults.unless(
        stands(&row(world, id).await, "selling", "priced"),
        "pipeline",
        "the same move once more",
        "it is not there",
    );
}

/// As the row stood before, in its versions, and in what can be put back.
async fn remembered(world: &World, faults: &mut Faults, rows: &Rows, moment: &str) {
    let (id, at) = (&rows.lent, encode(moment));
    let was = read(&world.grace, &format!("/loans/{id}?as_of={at}")).await;
    faults.unless(stands(&was, "lending", "asked"), "pipeline", "as it stood", &was);
    let filter = encode("pipeline = lending and code = L1");
    for (past, wanted) in [(format!("&as_of={at}"), 1), (String::new(), 0)] {
        let found = read(&world.grace, &format!("/loans?filter={filter}{past}")).await;
        faults.unless(found.as_array().map(Vec::len) == Some(wanted), "pipeline", "a list, then and now", &found);
    }
    let (_, page) = world.grace.page(&format!("{LOANS}?view=steps&as_of={at}")).await;
    faults.unless(page.contains(&format!("data-id=\"{id}\"")), "pipeline", "the board as it stood", "the card");
    let now = row(world, id).await;
    let back = json!({ "entity": "loan", "id": id, "version": now["version"], "oldVersion": 1 });
    let done = operation(&world.grace, "records.put_back", &back).await;
    let said = done["kept"].to_string().contains("Pipeline was Lending: a move leads there");
    faults.unless(said, "pipeline", "a version that is put back", &done["kept"]);
    let last = now["version"].as_i64().unwrap();
    let (_, page) = world.grace.page(&format!("{LOANS}/{id}/versions?version=1&with={last}")).await;
    let words = text(&page);
    let told = ["Pipeline", "Lending", "Selling"].iter().all(|word| words.contains(word));
    faults.unless(told, "pipeline", "two versions", "both pipelines");
}

async fn ended(world: &World, name: &str, id: &Value) -> Value {
    for _ in 0..400 {
        let job = operation(&world.grace, name, &json!({ "id": id })).await;
        if !matches!(job["status"].as_str(), Some("queued" | "running")) {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{name} does not end");
}

/// Many rows at once: those of another pipeline are refused, and stay where they are when the rest goes back.
async fn many(world: &World, faults: &mut Faults) {
    let fee = json!({ "amount": "5.00", "currency": "KES" });
    let one = loan(world, json!({ "name": "One", "fee": fee })).await;
    let other = loan(world, json!({ "name": "Other", "fee": fee, "pipeline": "selling" })).await;
    let (_, page) = world.grace.page(&format!("{LOANS}/bulk?row={one}&row={other}")).await;
    let named = text(&page).contains("Lending: Lent out") && text(&page).contains("Selling: Bought");
    faults.unless(named, "pipeline", "the page of a change of many", "the states with their pipelines");
    let input = json!({ "entity": "loan", "action": "move", "ids": [one, other], "to": "lent" });
    let begun = operation(&world.grace, "records.bulk", &input).await;
    let done = ended(world, "records.get_bulk", &begun["id"]).await;
    faults.unless(done["changed"] == 1 && done["refused"] == 1, "pipeline", "many rows", &done);
    let refused = operation(&world.grace, "records.bulk_rows", &json!({ "id": begun["id"] })).await;
    let said = refused.to_string().contains("Lent out is a state of Lending, and this loan is in Selling");
    faults.unless(said, "pipeline", "the reason of a row", &refused);
    let undone = operation(&world.grace, "records.undo_bulk", &json!({ "id": begun["id"] })).await;
    faults.unless(undone["reverted"] == 1 && undone["kept"] == 0, "pipeline", "many rows taken back", &undone);
    let (one, other) = (row(world, &one).await, row(world, &other).await);
    faults.unless(
        stands(&one, "lending", "asked") && stands(&other, "selling", "priced"),
        "pipeline",
        "after that",
        &one,
    );
}

/// Out by its label, in by its label or its key, and not changed by a file.
async fn in_files(world: &World, faults: &mut Faults) {
    let filter = encode("code is not empty");
    // The last one was more than five minutes ago.
    let confirmed = world.grace.form("/confirm", &[("_password", testkit::PASSWORD), ("next", LOANS)]).await;
    assert_eq!(confirmed.status(), StatusCode::SEE_OTHER);
    let answer = world.grace.get(&format!("{LOANS}/export.csv?filter={filter}")).await;
    let status = answer.status();
    let file = answer.text().await.unwrap();
    assert!(status.is_success(), "{status} {file}");
    faults.unless(file.contains("Pipeline") && file.contains("Selling"), "pipeline", "the file of rows", &file);
    let import = async |name: &str, content: &str| {
        let input = json!({ "entity": "loan", "fileName": name, "content": content.as_bytes() });
        let import = operation(&world.grace, "imports.create", &input).await;
        let mut mapping = import["mapping"].clone();
        mapping["key"] = json!("code");
        mapping["existing"] = json!("update");
        operation(&world.grace, "imports.map", &json!({ "id": import["id"], "mapping": mapping })).await;
        operation(&world.grace, "imports.start", &json!({ "id": import["id"] })).await;
        ended(world, "imports.get", &import["id"]).await
    };
    let same = import("same.csv", &file).await;
    faults.unless(same["unchanged"] == 3 && same["refused"] == 0, "pipeline", "what was exported", &same);
    let rows = "Name,Code,Pipeline,Step\nA,F1,Selling,\nB,F2,lending,Brought back\nC,F3,Lending,Bought\nD,F4,Gifts,\nBowl,L2,Lending,\nE,F5,,\n";
    let done = import("new.csv", rows).await;
    faults.unless(done["created"] == 3 && done["refused"] == 3, "pipeline", "a file", &done);
    let problems = operation(&world.grace, "imports.problems", &json!({ "id": done["id"] })).await;
    for (row, words) in [
        (3, "Bought is no state of Lending"),
        (4, "is not one of the choices"),
        (5, "The row is in Selling; into Lending it is moved by its own page"),
    ] {
        let of = problems.as_array().unwrap().iter().find(|problem| problem["row"] == row);
        let right = of.is_some_and(|problem| problem["reason"].as_str().is_some_and(|reason| reason.contains(words)));
        faults.unless(right, "pipeline", "a row of a file", format!("{of:?}"));
    }
    for (code, pipeline, status) in
        [("F1", "selling", "priced"), ("F2", "lending", "returned"), ("F5", "lending", "asked")]
    {
        let found = read(&world.grace, &format!("/loans?filter={}", encode(&format!("code = {code}")))).await;
        faults.unless(stands(&found[0], pipeline, status), "pipeline", "a row that was brought in", &found);
    }
}

/// The one that stays is where it was, whatever it takes.
async fn merged(world: &World, faults: &mut Faults) {
    let fee = json!({ "amount": "9.00", "currency": "KES" });
    let kept = loan(world, json!({ "name": "Kept" })).await;
    let gone = loan(world, json!({ "name": "Gone", "fee": fee, "pipeline": "selling" })).await;
    let two = json!({ "entity": "loan", "kept": kept, "merged": gone });
    let plan = operation(&world.grace, "records.preview_merge", &two).await;
    let offered = plan["fields"].as_array().unwrap().iter().any(|key| key == "pipeline");
    faults.unless(!offered, "pipeline", "the plan of a merge", &plan["fields"]);
    let done = operation(&world.grace, "records.merge", &two).await;
    let one = row(world, &kept).await;
    faults.unless(stands(&one, "lending", "asked") && one["fee"] == fee, "pipeline", "after a merge", &one);
    operation(&world.grace, "records.unmerge", &json!({ "entity": "loan", "merge": done["merge"] })).await;
    let back = row(world, &gone).await;
    faults.unless(stands(&back, "selling", "priced") && back["deletedAt"].is_null(), "pipeline", "two again", &back);
}

/// A workflow waits for a state of one pipeline, and takes the row into the other.
async fn by_workflow(world: &World, faults: &mut Faults) {
    let definition = |pipeline: &str, waits: &str| {
        json!({
            "key": "sell_what_came_back", "name": "Sell what came back",
            "trigger": { "on": "transitioned", "entity": "loan", "when": format!("loan.pipeline == {waits} && loan.status == RETURNED") },
            "steps": [{ "key": "sell", "type": "transition", "input": { "to": "priced", "pipeline": pipeline } }],
        })
    };
    let path = format!("{API}/operations/workflow.save");
    for (pipeline, waits, words) in [
        ("sellin", "LENDING", "sellin is not a pipeline of Loans; did you mean selling?"),
        ("selling", "GIFTS", "GIFTS"),
    ] {
        let wrong = json!({ "id": null, "version": null, "definition": definition(pipeline, waits) });
        let (status, answer) = world.grace.write(Method::POST, &path, &wrong).await;
        let right = status.is_client_error() && answer.to_string().contains(words);
        faults.unless(right, "pipeline", "a workflow that cannot run", answer);
    }
    let right = json!({ "id": null, "version": null, "definition": definition("selling", "LENDING") });
    let saved = operation(&world.grace, "workflow.save", &right).await;
    operation(&world.grace, "workflow.set_active", &json!({ "id": saved["id"], "active": true })).await;
    let fee = json!({ "amount": "5.00", "currency": "KES" });
    let id = loan(world, json!({ "name": "Comes back", "fee": fee })).await;
    for step in ["lend", "take_back"] {
        written(&world.grace, Method::POST, &format!("/loans/{id}/transitions/{step}"), &json!({})).await;
    }
    let mut now = row(world, &id).await;
    for _ in 0..200 {
        if stands(&now, "selling", "priced") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        now = row(world, &id).await;
    }
    faults.unless(stands(&now, "selling", "priced"), "pipeline", "what a workflow moves", &now);
}

/// What the document of the API says: a new row may name its pipeline, a change may not.
async fn told(world: &World, faults: &mut Faults) {
    let (_, document) = world.grace.json(&format!("{API}/openapi.json")).await;
    let schemas = &document["components"]["schemas"];
    let of = |name: &str| schemas[name]["properties"]["pipeline"].clone();
    let new = of("LoanNew");
    let keys = new.to_string();
    faults.unless(keys.contains("lending") && keys.contains("selling"), "pipeline", "the document of the API", &new);
    faults.unless(new["default"] == "lending", "pipeline", "its default", &new);
    faults.unless(of("LoanChange").is_null(), "pipeline", "a change in the document", of("LoanChange"));
    faults.unless(of("LoanRecord")["readOnly"] == true, "pipeline", "a row in the document", of("LoanRecord"));
}
