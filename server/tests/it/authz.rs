//! Who may do what, against `authz.toml`: roles by permissions, operations by what they ask for, routes by their guard. Then the same over
//! HTTP: what a role is refused, and what its pages offer.

use crate::support::{Client, Server};
use domain::permission::{FIXED, ROLES};
use domain::schema::Entity;
use domain::{Grants, Reach, Realm, Verb};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testkit::TestTenant;

const AUTHZ: &str = include_str!("authz.toml");

struct Matrix {
    /// Permission, role, reach.
    cells: BTreeMap<String, BTreeMap<String, Option<Reach>>>,
    operations: BTreeMap<String, String>,
    routes: BTreeMap<String, String>,
}

fn matrix() -> Matrix {
    let table: toml::Table = AUTHZ.parse().unwrap();
    let roles: Vec<&str> = table["roles"].as_str().unwrap().split_whitespace().collect();
    let mut cells = BTreeMap::new();
    for (permission, line) in table["permissions"].as_table().unwrap() {
        let words: Vec<&str> = line.as_str().unwrap().split_whitespace().collect();
        assert_eq!(words.len(), roles.len(), "{permission} has a cell for each role");
        let reach = |word: &str| match word {
            "-" => None,
            word => Some(Reach::ALL.into_iter().find(|reach| reach.as_str() == word).unwrap()),
        };
        let row = roles.iter().map(|role| (*role).to_owned()).zip(words.into_iter().map(reach)).collect();
        cells.insert(permission.clone(), row);
    }
    let strings = |name: &str| {
        let rows = table[name].as_table().unwrap().iter();
        rows.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
    };
    let mut routes: BTreeMap<String, String> = strings("routes");
    // Of a build with that feature.
    if cfg!(feature = "oidc") {
        routes.extend(strings("routes_with_oidc"));
    }
    Matrix { cells, operations: strings("operations"), routes }
}

fn seeded(role: &str) -> Grants {
    let seed = ROLES.iter().find(|seed| seed.key == role).unwrap();
    Grants(seed.grants.iter().map(|(pattern, reach)| ((*pattern).to_owned(), *reach)).collect())
}

/// Every permission that there is: of entities in any industry, of fields, of operations.
fn universe(server: &Server) -> BTreeSet<String> {
    let library = &server.world.library;
    let slugs = library.industries().map(|pack| pack.slug.clone()).chain(["core".to_owned()]);
    let mut all: BTreeSet<String> = FIXED.iter().map(|fixed| fixed.key.to_owned()).collect();
    for slug in slugs {
        let catalog = library.catalog(&slug).unwrap();
        for entity in catalog.iter() {
            all.extend(Verb::ALL.map(|verb| entity.permission(verb)));
            let fields = entity.fields.iter();
            all.extend(fields.flat_map(|field| [&field.permissions.read, &field.permissions.write]).flatten().cloned());
        }
    }
    all
}

/// B-01. Nothing is implied: each cell is written down, and each says what the server does.
#[tokio::test]
async fn every_cell_is_written_down() {
    let server = Server::new().await;
    let matrix = matrix();
    let all = universe(&server);
    let missing: Vec<&String> = all.iter().filter(|permission| !matrix.cells.contains_key(*permission)).collect();
    let gone: Vec<&String> = matrix.cells.keys().filter(|permission| !all.contains(*permission)).collect();
    assert!(missing.is_empty(), "permissions without a row in authz.toml: {missing:#?}");
    assert!(gone.is_empty(), "rows of authz.toml without a permission: {gone:#?}");
    let mut cells = 0;
    let mut wrong = Vec::new();
    for role in ROLES {
        let grants = seeded(role.key);
        for (permission, row) in &matrix.cells {
            let written = row.get(role.key).unwrap_or_else(|| panic!("{} has no column in authz.toml", role.key));
            cells += 1;
            if grants.reach(permission) != *written {
                wrong.push(format!("{} {permission}: {:?}, written {written:?}", role.key, grants.reach(permission)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("bar=B-01 n={cells} roles={} permissions={} implicit=0 pass=1", ROLES.len(), matrix.cells.len());
    server.end().await;
}

/// B-01. Every permission that the sources ask for by its name is one that a role can be given.
#[tokio::test]
async fn sources_ask_for_no_unknown_permission() {
    let server = Server::new().await;
    let all = universe(&server);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let mut folders = vec![root.join("app/crates/domain/src"), root.join("app/src"), root.join("server/src")];
    folders
        .extend(std::fs::read_dir(root.join("server/crates")).unwrap().map(|entry| entry.unwrap().path().join("src")));
    let mut asked = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap_or_default();
                for before in [" by \"", "Permission(\"", "require(\"", "allows(\"", "lacks(\"", "whole(ctx, \""] {
                    for (at, _) in text.match_indices(before) {
                        let word = text[at + before.len()..].split('"').next().unwrap_or_default();
                        let doc = text[..at].rsplit('\n').next().unwrap_or_default().trim_start().starts_with("//");
                        if domain::permission::is_pattern(word) && !doc {
                            asked.insert((word.to_owned(), path.strip_prefix(&root).unwrap().display().to_string()));
                        }
                    }
                }
            }
        }
    }
    assert!(asked.len() > 10, "only {} permissions were found in the sources", asked.len());
    let unknown: Vec<_> = asked.iter().filter(|(permission, _)| !all.contains(permission)).collect();
    assert!(unknown.is_empty(), "add them to domain::permission::FIXED and to authz.toml: {unknown:#?}");
    server.end().await;
}

/// Enough for every operation to be read, so that what is refused is refused for the permission.
pub fn anything() -> Value {
    let id = "0199a000-0000-7000-8000-000000000000";
    let money = r#"{ "amount": "1", "currency": "KES" }"#;
    let text = r#"{
        "entity": "lead", "id": ID, "ids": [ID], "verb": "read", "member": ID, "roles": ["USER"], "label": "x", "key": "x", "values": {}, "query": {},
        "version": 1, "name": "lose", "to": "lost", "limit": 10, "words": "x", "group": "all", "cards": 1, "lines": [], "fileName": "x.csv",
        "content": [], "mapping": { "header": true, "columns": {}, "existing": "skip" }, "workflow": ID, "active": true, "step": "x", "decision": "approve",
        "approve": true, "comment": "", "message": "x", "title": "x", "text": "x", "day": "2026-11-20", "date": "2026-11-20", "asOf": "2026-11-20",
        "from": "2026-11-01", "until": "2026-11-20", "account": ID, "amount": MONEY, "invoice": ID, "order": ID, "product": ID, "quantity": "1",
        "reason": "x", "kind": "correction", "template": "x", "language": "en", "format": "pdf", "lead": ID, "opportunity": ID, "record": ID
    }"#;
    serde_json::from_str(&text.replace("ID", &format!("\"{id}\"")).replace("MONEY", money)).unwrap()
}

/// What some operations read otherwise.
pub fn apart(operation: &str) -> Value {
    let id = "0199a000-0000-7000-8000-000000000000";
    match operation {
        "audit.give_feedback" => json!({ "change": id, "verdict": "right" }),
        "records.merge" | "records.preview_merge" => json!({ "kept": id, "merged": id }),
        "records.unmerge" => json!({ "merge": id }),
        "records.put_back" => json!({ "oldVersion": 1 }),
        "records.tick" => json!({ "item": "x", "done": true }),
        "notes.add" | "notes.edit" => json!({ "body": "x" }),
        "notes.pin" => json!({ "pinned": true }),
        "people.change_email" => json!({ "email": "a@b.example" }),
        "people.create_key" => json!({ "name": "x", "access": "read" }),
        "people.change_password" => json!({ "current": "x", "password": "x" }),
        "people.hand_over" => json!({ "from": id, "to": id }),
        "people.invite" => json!({ "login": "a@b.example" }),
        "people.rename_location" | "people.update_member" => json!({ "name": "x" }),
        "people.save_security" => json!({ "secondFactor": "nobody", "roles": {} }),
        "people.update_profile" => json!({ "name": "x", "language": "en" }),
        "documents.file" | "documents.html" => json!({ "kind": "invoice" }),
        "exports.start" => json!({ "format": "csv" }),
        "workflow.snooze_notification" => json!({ "until": "hour" }),
        "files.attach" => json!({ "field": "x", "name": "x", "content": [] }),
        "finance.ledger" => json!({ "to": "2026-11-20" }),
        "finance.post_ledger" => json!({ "counterAccount": "x", "account": "x", "description": "x" }),
        "finance.reverse_entry" => json!({ "entry": id }),
        "messaging.send" => {
            json!({ "channel": "email", "template": "x", "to": "a@b.example", "values": {}, "key": "x" })
        }
        "records.bulk" => json!({ "action": "set" }),
        "views.move" => json!({ "up": true }),
        "workflow.notify" => json!({ "to": { "role": "USER" } }),
        "workflow.save" => {
            let step = json!({ "key": "n", "type": "notify", "input": {} });
            json!({ "definition": { "key": "x", "name": "x", "trigger": { "on": "created", "entity": "lead" }, "steps": [step] } })
        }
        _ => json!({}),
    }
}

/// What an operation asks for, as it is written: a permission, or `member`.
pub fn needs(operation: &str) -> String {
    matrix().operations.remove(operation).unwrap_or_default()
}

/// B-01. Every operation asks for what is written: somebody without any grant is refused each, by the name of its permission.
#[tokio::test]
async fn every_operation_asks_for_what_is_written() {
    let server = Server::new().await;
    let matrix = matrix();
    let tenant = server.world.tenant("lakeside", "automotive").await;
    role(&server, &tenant, "NOTHING", &Grants::default()).await;
    let (nobody, _) = server.signed_in(&tenant, "Amina", &["NOTHING"]).await;
    let infos: Vec<_> =
        server.world.platform.registry().infos().filter(|info| info.realm == Realm::Workspace).collect();
    let names: BTreeSet<&str> = infos.iter().map(|info| info.name).collect();
    let gone: Vec<&String> = matrix.operations.keys().filter(|name| !names.contains(name.as_str())).collect();
    assert!(gone.is_empty(), "rows of authz.toml without an operation: {gone:#?}");
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for info in infos {
        let path = format!("/w/lakeside/api/v1/operations/{}", info.name);
        let mut input = anything();
        input.as_object_mut().unwrap().extend(apart(info.name).as_object().unwrap().clone());
        // Whoever has left is asked nothing any more.
        if info.name == "people.leave" {
            continue;
        }
        if info.name == "messaging.send" {
            input = apart(info.name);
        }
        let (status, body) = nobody.write(Method::POST, &path, &input).await;
        asked += 1;
        let unread = body["message"].as_str().unwrap_or_default().contains("input is not right");
        let found = match body["requiredPermission"].as_str() {
            Some(permission) if status == StatusCode::FORBIDDEN => permission.to_owned(),
            _ if unread => format!("(not read: {})", body["message"]),
            _ => "member".to_owned(),
        };
        if matrix.operations.get(info.name) != Some(&found) {
            wrong.push(format!("\"{}\" = \"{found}\"", info.name));
        }
    }
    assert!(wrong.is_empty(), "rows that authz.toml lacks or has otherwise:\n{}", wrong.join("\n"));
    println!("bar=B-01 n={asked} operations pass=1");
    server.end().await;
}

/// Whoever saves a workflow needs no less for what its steps run than whoever asks for the same operation.
#[test]
fn what_workflows_run_asks_for_what_is_written() {
    let operations = matrix().operations;
    let catalog = packs::Library::load().unwrap().catalog("automotive").unwrap();
    for name in workflow::runnable::names() {
        let needed = workflow::runnable::needs(name, &catalog, "lead").unwrap();
        let asked = &operations[name];
        assert!(needed.cover(asked, Reach::All), "{name} asks for {asked}, a step that runs it for {needed:?}");
    }
}

/// B-01. Every route has its guard written down.
#[tokio::test]
async fn every_route_has_a_row() {
    let server = Server::new().await;
    let matrix = matrix();
    let found: BTreeMap<String, String> = server
        .routes()
        .iter()
        .map(|route| (format!("{} {}", route.method, route.path), format!("{:?}", route.guard).to_lowercase()))
        .collect();
    let lines = |rows: &BTreeMap<String, String>, other: &BTreeMap<String, String>| -> Vec<String> {
        let differ = rows.iter().filter(|(route, guard)| other.get(*route) != Some(guard));
        differ.map(|(route, guard)| format!("\"{route}\" = \"{guard}\"")).collect()
    };
    let (missing, gone) = (lines(&found, &matrix.routes), lines(&matrix.routes, &found));
    assert!(missing.is_empty(), "routes without their row in authz.toml:\n{}", missing.join("\n"));
    assert!(gone.is_empty(), "rows of authz.toml without a route:\n{}", gone.join("\n"));
    println!("bar=B-01 n={} routes pass=1", found.len());
    server.end().await;
}

pub async fn role(server: &Server, tenant: &TestTenant, key: &str, grants: &Grants) {
    let owner = server.world.owner().await;
    sqlx::query("insert into roles (tenant_id, key, label, rank, grants) values ($1, $2, $2, null, $3)")
        .bind(tenant.id.0)
        .bind(key)
        .bind(sqlx::types::Json(grants))
        .execute(&owner)
        .await
        .unwrap();
    owner.close().await;
}

/// What the call of one cell answers: refused by the name of the permission, or not.
async fn refused(client: &Client, entity: &Entity, verb: Verb, id: &str) -> Option<String> {
    let base = format!("/w/lakeside/api/v1/{}", entity.plural);
    let operation = |name: &str| format!("/w/lakeside/api/v1/operations/{name}");
    let (status, body) = match verb {
        Verb::Read => client.json(&base).await,
        Verb::Create => client.write(Method::POST, &base, &json!({})).await,
        Verb::Update => client.write(Method::PATCH, &format!("{base}/{id}"), &json!({ "version": 1 })).await,
        Verb::Delete => {
            let input = json!({ "entity": entity.key, "id": id });
            client.write(Method::POST, &operation("records.delete"), &input).await
        }
        Verb::Import => client.write(Method::POST, &operation("imports.list"), &json!({ "entity": entity.key })).await,
        Verb::Export => {
            client.write(Method::POST, &operation("records.export"), &json!({ "entity": entity.key })).await
        }
    };
    (status == StatusCode::FORBIDDEN).then(|| body["requiredPermission"].as_str().unwrap_or("nothing").to_owned())
}

/// B-02. Each cell over HTTP: refused by its permission's name where it says `-`, let through to the record where it does not.
#[tokio::test]
async fn each_denied_cell_is_denied_over_http() {
    let server = Server::new().await;
    let matrix = matrix();
    let tenant = server.world.tenant("lakeside", "automotive").await;
    let catalog = server.world.library.catalog("automotive").unwrap();
    let never = "0199a000-0000-7000-8000-000000000000";
    let (mut cells, mut differences) = (0, Vec::new());
    for seed in ROLES {
        let (client, _) = server.signed_in(&tenant, seed.key, &[seed.key]).await;
        for entity in catalog.iter() {
            for verb in Verb::ALL {
                let permission = entity.permission(verb);
                let written = matrix.cells[&permission][seed.key];
                let answer = refused(&client, entity, verb, never).await;
                let wanted = written.is_none().then(|| permission.clone());
                cells += 1;
                if answer != wanted {
                    differences.push(format!("{} {permission}: {answer:?}, not {wanted:?}", seed.key));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    println!("bar=B-02 n={cells} differences=0 pass=1");
    server.end().await;
}

/// The control of a page that carries these words, and whether it can be used.
fn control(html: &str, words: &str) -> Option<bool> {
    let html = html.replace("<!>", "");
    let carried = [
        format!("<span>{words}</span>"),
        format!("{words}<span class=\"menu-hint\""),
        format!("class=\"menu-text\">{words}</span>"),
    ];
    let at = carried.iter().find_map(|text| html.find(text))?;
    let begins = ["<a ", "<button ", "<summary ", "<span aria-disabled=\"true\" class=\"menu-item\""];
    let start = begins.iter().filter_map(|tag| html[..at].rfind(tag)).max()?;
    Some(!html[start..at].contains("aria-disabled=\"true\""))
}

/// B-02. What a role sees enabled on lists and records is what it may do: drawn greyed with the permission's name, never left out.
#[tokio::test]
async fn pages_offer_what_the_role_may_do() {
    let server = Server::new().await;
    let matrix = matrix();
    let tenant = server.world.tenant("lakeside", "core").await;
    let catalog = server.world.library.catalog("core").unwrap();
    let (owner, _) = server.signed_in(&tenant, "Grace", &["OWNER"]).await;
    let keys = ["lead", "customer", "contact", "opportunity", "product"];
    let mut ids = BTreeMap::new();
    for key in keys {
        let entity = catalog.get(key).unwrap();
        let mut values = json!({ entity.title.clone(): "Lakeside", "sku": "L-1" });
        if key != "product" {
            values.as_object_mut().unwrap().remove("sku");
        }
        if key == "contact" || key == "opportunity" {
            values["customer"] = ids.get("customer").cloned().unwrap_or(Value::Null);
        }
        let (status, body) = owner.write(Method::POST, &format!("/w/lakeside/api/v1/{}", entity.plural), &values).await;
        assert_eq!(status, StatusCode::CREATED, "{key}: {body}");
        ids.insert(key, body["data"]["id"].clone());
    }
    let (mut controls, mut differences) = (0, Vec::new());
    for seed in ROLES {
        let (client, caller) = server.signed_in(&tenant, seed.key, &[seed.key]).await;
        for key in keys {
            let entity = catalog.get(key).unwrap();
            let cell = |verb: Verb| matrix.cells[&entity.permission(verb)][seed.key];
            let (status, list) = client.page(&format!("/w/lakeside/{}", entity.plural)).await;
            if cell(Verb::Read).is_none() {
                controls += 1;
                if status != StatusCode::NOT_FOUND || list.contains("Lakeside</") {
                    differences.push(format!("{} reads the list of {key}: {status}", seed.key));
                }
                continue;
            }
            let new = format!("New {}", entity.labels.one.to_lowercase());
            for (verb, words) in [(Verb::Import, "Import"), (Verb::Export, "Export"), (Verb::Create, new.as_str())] {
                controls += 1;
                if control(&list, words) != Some(cell(verb).is_some()) {
                    differences.push(format!("{} {key} {words}: {:?}", seed.key, control(&list, words)));
                }
            }
            // A record that is somebody else's, and one of their own where they may have one.
            let id = ids[key].as_str().unwrap();
            let base = format!("/w/lakeside/api/v1/{}/{id}", entity.plural);
            let mine = json!({ "version": version(&owner, &base).await, "owner": caller.access.member });
            for own in [false, true] {
                if own {
                    let (status, body) = owner.write(Method::PATCH, &base, &mine).await;
                    assert_eq!(status, 200, "{body}");
                }
                let (status, record) = client.page(&format!("/w/lakeside/{}/{id}", entity.plural)).await;
                let within = |reach: Option<Reach>| reach.is_some_and(|reach| own || reach == Reach::All);
                if !within(cell(Verb::Read)) {
                    controls += 1;
                    if status != StatusCode::NOT_FOUND {
                        differences.push(format!("{} {key} own={own}: {status}", seed.key));
                    }
                    continue;
                }
                for (verb, words) in [(Verb::Update, "Edit"), (Verb::Delete, "Move to the trash")] {
                    controls += 1;
                    if control(&record, words) != Some(within(cell(verb))) {
                        differences.push(format!(
                            "{} {key} own={own} {words}: {:?}",
                            seed.key,
                            control(&record, words)
                        ));
                    }
                }
                let named = format!("Needs the permission {}", entity.permission(Verb::Update));
                controls += 1;
                if cell(Verb::Update).is_none() != record.contains(&named) {
                    differences.push(format!("{} {key}: the page does not name {named}", seed.key));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    println!("bar=B-02 n={controls} controls differences=0 pass=1");
    server.end().await;
}

async fn version(client: &Client, path: &str) -> i64 {
    let (_, body) = client.json(path).await;
    body["data"]["version"].as_i64().unwrap()
}
