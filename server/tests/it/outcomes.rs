//! What the pages of imports and of changes of many rows say of how they ended, over HTTP: what was done, what was not, and why.

use crate::support::{Client, Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const API: &str = "/w/lakeside/api/v1";

async fn done(client: &Client, name: &str, input: &Value) -> Value {
    let (status, answer) = client.write(Method::POST, &format!("{API}/operations/{name}"), input).await;
    assert!(status.is_success(), "{name}: {status} {answer}");
    answer["data"].clone()
}

async fn made(client: &Client, entity: &str, values: Value) -> String {
    let record = done(client, "records.create", &json!({ "entity": entity, "values": values })).await;
    record["id"].as_str().unwrap().to_owned()
}

/// An owner of a workspace that has its first rows.
async fn lakeside(server: &Server) -> Client {
    let tenant = server.world.tenant("lakeside", "core").await;
    server.world.furnish(&tenant).await;
    server.entered(&tenant, "Grace", &["OWNER"]).await.0
}

/// A form of the page with this address.
async fn sent(client: &Client, operation: &str, id: &str, page: &str) -> (StatusCode, String) {
    let fields = [("id", id), ("_page", page)];
    let answer = client.form(&format!("/w/lakeside/do/{operation}"), &fields).await;
    (answer.status(), answer.text().await.unwrap())
}

async fn page(client: &Client, path: &str) -> String {
    let (status, page) = client.page(path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {page}");
    page
}

/// A change of these rows, once it is done.
async fn changed(server: &Server, client: &Client, change: &Value) -> String {
    let bulk = done(client, "records.bulk", change).await;
    server.settle().await;
    bulk["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_way_back_of_many_rows_says_what_stayed_and_takes_no_credit_for_it() {
    let server = Server::new().await;
    let grace = lakeside(&server).await;
    let customer = made(&grace, "customer", json!({ "name": "Lake Transport" })).await;
    let lines = json!([{ "description": "Van", "quantity": "1", "unitPrice": "120.00" }]);
    let order = done(&grace, "sales.make_order", &json!({ "customer": customer, "lines": lines })).await;
    let id = order["order"]["id"].as_str().unwrap();
    let moved = json!({ "entity": "order", "action": "move", "to": "cancelled", "ids": [id] });
    let moved = changed(&server, &grace, &moved).await;
    let undone = done(&grace, "records.undo_bulk", &json!({ "id": moved })).await;
    assert_eq!((&undone["reverted"], &undone["kept"]), (&json!(0), &json!(1)), "{undone}");
    assert_eq!(undone["said"], "0 put back, 1 was kept; its reason is listed");
    let here = format!("/w/lakeside/bulk/{moved}");
    let shown = page(&grace, &here).await;
    assert!(shown.contains("Nothing was taken back") && !shown.contains("It was taken back"), "{shown}");
    assert!(shown.contains("1 order was kept; its reason is below."), "{shown}");
    assert!(shown.contains("The move set other things going") && !shown.contains("worked on them since"), "{shown}");
    // Whoever asks once more is told why not, though the page asks nothing any more.
    let (status, shown) = sent(&grace, "records.undo_bulk", &moved, &format!("{here}?undo=1")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(shown.contains("It was not taken back") && shown.contains("was taken back already"), "{shown}");

    let leads =
        [made(&grace, "lead", json!({ "name": "One" })).await, made(&grace, "lead", json!({ "name": "Two" })).await];
    let set = json!({ "entity": "lead", "action": "set", "values": { "city": "Kisumu" }, "ids": leads });
    let set = changed(&server, &grace, &set).await;
    let (status, answer) = grace
        .write(Method::PATCH, &format!("{API}/leads/{}", leads[0]), &json!({ "version": 2, "city": "Lamu" }))
        .await;
    assert!(status.is_success(), "{answer}");
    done(&grace, "records.undo_bulk", &json!({ "id": set })).await;
    let shown = page(&grace, &format!("/w/lakeside/bulk/{set}")).await;
    assert!(shown.contains("Not everything was taken back") && shown.contains("1 lead was kept;"), "{shown}");
    server.end().await;
}

/// Uploads rows of leads, told apart by their addresses, and brings them in.
async fn brought(server: &Server, client: &Client, rows: &str) -> String {
    let content = format!("Name,E-mail,City\n{rows}");
    let import = json!({ "entity": "lead", "fileName": "leads.csv", "content": content.as_bytes() });
    let import = done(client, "imports.create", &import).await;
    let mut mapping = import["mapping"].clone();
    (mapping["key"], mapping["existing"]) = (json!("email"), json!("update"));
    done(client, "imports.map", &json!({ "id": import["id"], "mapping": mapping })).await;
    done(client, "imports.start", &json!({ "id": import["id"] })).await;
    server.settle().await;
    import["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_import_that_was_undone_says_what_went_and_what_was_put_back() {
    let server = Server::new().await;
    let grace = lakeside(&server).await;
    for name in ["asha", "neema"] {
        made(&grace, "lead", json!({ "name": name, "email": format!("{name}@x.example") })).await;
    }
    let changed = "Asha,asha@x.example,Kisumu\nNeema,neema@x.example,Lamu\n";
    for (rows, said, unsaid) in [
        (
            changed.to_owned(),
            "2 leads changed by the import were put back to what they were before.",
            "made by the import",
        ),
        (
            format!("{changed}Zuri,zuri@x.example,Mombasa\n"),
            "1 lead made by the import of leads.csv was removed. 2 leads changed by the import were put back",
            "0 leads",
        ),
    ] {
        let import = brought(&server, &grace, &rows).await;
        let here = format!("/w/lakeside/imports/{import}");
        // The page of before is still open somewhere.
        let (status, shown) = sent(&grace, "imports.start", &import, &here).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(shown.contains("The import was not started") && shown.contains("is done already"), "{shown}");
        done(&grace, "imports.undo", &json!({ "id": import })).await;
        let shown = page(&grace, &here).await;
        assert!(shown.contains("This import was undone") && shown.contains(said) && !shown.contains(unsaid), "{shown}");
    }
    server.end().await;
}

#[tokio::test]
async fn an_import_that_failed_says_why_it_cannot_be_tried_again() {
    let server = Server::new().await;
    let grace = lakeside(&server).await;
    let import = brought(&server, &grace, "Asha,asha@x.example,Kisumu\n").await;
    // A field that its columns lead to is gone since.
    let broken = "update imports set status = 'failed', error = 'The worker was stopped', mapping = jsonb_set(mapping, '{columns,2}', '\"town\"')";
    let owner = server.world.owner().await;
    sqlx::query(broken).execute(&owner).await.unwrap();
    owner.close().await;
    let here = format!("/w/lakeside/imports/{import}");
    let shown = page(&grace, &here).await;
    assert!(shown.contains("The import stopped") && shown.contains("Try again"), "{shown}");
    let (status, shown) = sent(&grace, "imports.start", &import, &here).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{shown}");
    assert!(shown.contains("The import was not started") && shown.contains("town"), "{shown}");
    server.end().await;
}

#[tokio::test]
async fn the_way_to_an_import_is_for_those_who_bring_files_in() {
    let server = Server::new().await;
    let tenant = server.world.tenant("lakeside", "core").await;
    let (grace, _) = server.entered(&tenant, "Grace", &["OWNER"]).await;
    let (vera, _) = server.entered(&tenant, "Vera", &["VIEWER"]).await;
    let import = brought(&server, &grace, "Asha,asha@x.example,Kisumu\n").await;
    let (_, leads) = grace.json(&format!("{API}/leads")).await;
    let lead = format!("/w/lakeside/leads/{}", leads["data"][0]["id"].as_str().unwrap());
    let here = format!("/w/lakeside/imports/{import}");
    for (who, client, may) in [("an owner", &grace, true), ("a viewer", &vera, false)] {
        let shown = page(client, &lead).await;
        assert!(shown.contains("imported this lead"), "{who}: {shown}");
        assert_eq!((shown.contains(&here), client.page(&here).await.0.is_success()), (may, may), "{who}");
    }
    server.end().await;
}
