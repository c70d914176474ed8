//! A workspace whose pieces hold canaries in every field that nobody may see: as they are, as they were, in the trash, in an import, in a view. And
//! somebody who may do everything with them but hold the permission of a field.

use super::bait::{Bait, GONE, NOW, OTHER, OWN, PARTS, PAST, TITLES, Target, hidden, word};
use super::closed;
use super::search::Canary;
use crate::authz::role;
use crate::exercise::pack;
use crate::exercise::sheets::{run, uploaded};
use crate::exercise::world::{PIECES, World, operation, read, text_of, written};
use crate::support::Client;
use app::page::encode;
use domain::audit::READ;
use domain::schema::{Catalog, Entity, Field, FieldKind};
use domain::{Grants, Reach};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

pub struct Setting {
    pub world: World,
    pub catalog: Arc<Catalog>,
    /// A manager who reads the audit trail as well.
    pub reader: Client,
    pub canaries: Vec<Canary>,
    /// Rows that hidden fields point at.
    pub targets: Vec<Target>,
    pub rows: Rows,
    /// How what stands in hidden fields begins, as somebody might search for it.
    pub beginnings: Vec<String>,
    /// The first line of a file that names every hidden field.
    pub header: String,
    /// What the owner brought in, and a view that they share.
    pub import: String,
    pub view: String,
}

/// Ids of the rows.
pub struct Rows {
    pub one: String,
    pub other: String,
    /// Lies in the trash.
    pub gone: String,
    pub parts: Vec<String>,
    pub loans: Vec<String>,
    /// When they were not yet what they are.
    pub moment: String,
    /// A change of one of them that touched what everybody sees and what nobody does.
    pub change: String,
}

impl Setting {
    pub async fn new() -> Self {
        let library = closed::library();
        let catalog = library.catalog(pack::INDUSTRY).unwrap();
        let world = World::of(library).await;
        role(&world.server, &world.tenant, "AUDITOR", &Grants([(READ.to_owned(), Reach::All)].into())).await;
        let (reader, _) = world.server.signed_in(&world.tenant, "Nadia", &["MANAGER", "AUDITOR"]).await;
        let piece = world.piece.clone();
        let mut bait = Bait::new(&world, &catalog);
        let rows = Rows::made(&mut bait).await;
        let (header, import) = brought(&mut bait).await;
        let one = world.read(&rows.one).await;
        bait.learn_places();
        bait.learn_offers();
        bait.learn_sums([&one, &world.read(&rows.other).await]);
        suspended(&world, &bait.keepers).await;
        let found = hidden(&piece).filter(|field| field.search.is_some());
        let beginnings = found.map(|field| beginning(&piece, field, &one)).collect();
        let view = shared(&world, &rows).await;
        let Bait { canaries, targets, .. } = bait;
        Self { world, catalog, reader, canaries, targets, rows, beginnings, header, import, view }
    }
}

impl Rows {
    async fn made(bait: &mut Bait<'_>) -> Self {
        let (world, catalog) = (bait.world, bait.catalog);
        let [piece, part, loan] = OWN.map(|key| catalog.get(key).unwrap().clone());
        let one = bait.row(&piece, TITLES[0], PAST, None).await;
        bait.learn(&piece, &world.read(&one).await, PAST);
        let other = bait.row(&piece, TITLES[1], OTHER, None).await;
        let gone = bait.row(&piece, "Third ammonite", GONE, None).await;
        bait.learn(&piece, &world.read(&gone).await, GONE);
        let mut parts = Vec::new();
        for (number, at) in [(PAST, &one), (OTHER, &other)] {
            let id = bait.row(&part, PARTS[number], number, Some(at.as_str())).await;
            bait.learn(&part, &read(&world.grace, &format!("/parts/{id}")).await, number);
            parts.push(id);
        }
        let mut loans = Vec::new();
        for (number, title) in [(PAST, "Lent trilobite"), (OTHER, "Sold trilobite")] {
            let id = bait.row(&loan, title, number, None).await;
            bait.learn(&loan, &read(&world.grace, &format!("/loans/{id}")).await, number);
            loans.push(id);
        }
        bait.stamped(&piece, &one, NOW).await;
        bait.stamped(&piece, &other, OTHER).await;
        let moment = world.server.world.services().clock.now().to_rfc3339();
        world.server.world.clock.advance(chrono::Duration::minutes(1));
        let values = bait.values(&piece, NOW).await;
        changed(world, &one, values).await;
        let [first, second] = TITLES.map(|title| (piece.title.clone(), json!(format!("{title}, cleaned"))));
        changed(world, &other, Map::from_iter([second])).await;
        let story = hidden(&piece).find(|field| matches!(field.kind, FieldKind::LongText { .. })).unwrap();
        let told = json!(format!("{} once more.", word(&piece, story, NOW)));
        changed(world, &one, Map::from_iter([first, (story.key.clone(), told)])).await;
        let happened = read(&world.grace, &format!("/pieces/{one}/timeline")).await;
        let change = text_of(&happened[0], "id");
        written(&world.grace, Method::DELETE, &format!("/pieces/{gone}"), &json!({})).await;
        ticked(world, &one).await;
        let note = json!({ "entity": "piece", "record": one, "body": "@Nadia, have a look." });
        operation(&world.grace, "notes.add", &note).await;
        bait.learn(&piece, &world.read(&one).await, NOW);
        bait.learn(&piece, &world.read(&other).await, OTHER);
        Self { one, other, gone, parts, loans, moment, change }
    }
}

async fn changed(world: &World, id: &str, mut values: Map<String, Value>) {
    values.insert("version".to_owned(), world.read(id).await["version"].clone());
    written(&world.grace, Method::PATCH, &format!("/pieces/{id}"), &Value::Object(values)).await;
}

/// All that is to be done before the first state is left, so that only fields could still be asked for.
async fn ticked(world: &World, id: &str) {
    let states = world.piece.states.as_ref().unwrap();
    for item in &states.get(&states.initial).unwrap().checklist {
        let version = world.read(id).await["version"].clone();
        let tick = json!({ "entity": "piece", "id": id, "version": version, "item": item.key, "done": true });
        operation(&world.grace, "records.tick", &tick).await;
    }
}

/// A file of the owner's that was refused: its first line, and the import.
async fn brought(bait: &mut Bait<'_>) -> (String, String) {
    let world = bait.world;
    let piece = world.piece.clone();
    let everything = Grants([("*.*.*".to_owned(), Reach::All)].into());
    let fields: Vec<&Field> = piece.importable(&everything).filter(|field| !field.is_open()).collect();
    let label = |field: &Field| field.targets()[0].1.clone();
    let title = piece.field(&piece.title).unwrap();
    let header: Vec<String> = [title].into_iter().chain(fields.iter().copied()).map(label).collect();
    let cells: Vec<String> = fields.iter().map(|field| word(&piece, field, PAST)).collect();
    let header = header.join(",");
    let import = uploaded(world, "pieces.csv", &format!("{header}\r\nImported,{}", cells.join(","))).await;
    let mapping = json!({ "id": import["id"], "mapping": import["mapping"] });
    operation(&world.grace, "imports.map", &mapping).await;
    let done = run(world, &import["id"]).await;
    assert_eq!(done["refused"], 1, "{done}");
    bait.learn_import(&fields);
    (header, text_of(&import, "id"))
}

/// A view of the team that is made by hidden fields, and a file that went out by one.
async fn shared(world: &World, rows: &Rows) -> String {
    let piece = &world.piece;
    let unique = hidden(piece).find(|field| field.unique).unwrap();
    let money = hidden(piece).find(|field| field.is_sorting() && field.adds_up()).unwrap();
    let held = text_of(&world.read(&rows.other).await, &unique.key);
    let filter = format!("{} = \"{held}\"", unique.key);
    let content = json!({
        "filter": filter, "sort": format!("-{}", money.key), "columns": format!("{},{}", piece.title, money.key),
    });
    let view = json!({ "entity": "piece", "label": "Ours", "content": content, "team": true, "pinned": true });
    let view = operation(&world.grace, "views.create", &view).await;
    let file = world.grace.get(&format!("{PIECES}/export.csv?filter={}", encode(&filter))).await;
    assert_eq!(file.status(), StatusCode::OK);
    text_of(&view, "id")
}

/// Members who are offered by no list any more stand in the fields that hold them and nowhere else.
async fn suspended(world: &World, keepers: &[Uuid]) {
    let owner = world.server.world.owner().await;
    let suspended = sqlx::query("update members set status = 'SUSPENDED' where id = any ($1)").bind(keepers.to_vec());
    assert!(suspended.execute(&owner).await.unwrap().rows_affected() >= 4);
    owner.close().await;
}

/// All of what a row holds but its end.
fn beginning(piece: &Entity, field: &Field, row: &Value) -> String {
    let mut held = match &field.kind {
        FieldKind::Phone => text_of(row, &field.key)[..12].to_owned(),
        _ if field.pattern.is_some() => text_of(row, &field.key),
        _ => word(piece, field, NOW),
    };
    held.pop();
    held
}
