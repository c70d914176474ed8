//! Files of rows: out as CSV, workbook and JSON, in again without a change, and in with one bad cell of every kind.

use super::samples::wrong;
use super::world::{API, Faults, PIECES, World, operation, read};
use crate::support::csv;
use app::page::encode;
use domain::schema::Field;
use domain::{Grants, Reach};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};

/// The rows that have a code, by which an import knows them again.
const CODED: &str = "code is not empty";

fn written(rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>| row.iter().map(|cell| api::csv_cell(cell)).collect::<Vec<_>>().join(",");
    rows.iter().map(line).collect::<Vec<_>>().join("\r\n")
}

/// Fields that a file of rows has columns of, where none are named.
fn exported(world: &World) -> impl Iterator<Item = &Field> {
    world.piece.fields.iter().filter(|field| !matches!(field.key.as_str(), "createdBy" | "updatedBy"))
}

fn headings<'a>(fields: impl Iterator<Item = &'a Field>) -> Vec<String> {
    fields.flat_map(Field::targets).map(|(_, heading)| heading).collect()
}

async fn file(world: &World, ending: &str) -> Vec<u8> {
    let path = format!("{PIECES}/export.{ending}?filter={}", encode(CODED));
    let answer = world.grace.get(&path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

/// Each file has every field of every row.
pub async fn taken_out(world: &World) {
    let mut faults = Faults::default();
    let listed = read(&world.grace, &format!("/pieces?filter={}", encode(CODED))).await;
    let listed = listed.as_array().unwrap();
    let rows: Value = serde_json::from_slice(&file(world, "json").await).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!((rows.len(), listed.len()), (2, 2));
    for row in listed {
        let sent = rows.iter().find(|sent| sent["id"] == row["id"]).unwrap();
        for field in exported(world) {
            let (is, was) = (&sent[&field.key], &row[&field.key]);
            faults.unless(is == was, &field.key, "the JSON file", format!("{is} is not {was}"));
        }
    }
    let wanted = headings(exported(world));
    let csv = csv(&String::from_utf8(file(world, "csv").await).unwrap());
    assert_eq!(csv[0], wanted, "the headings of the CSV file");
    assert_eq!(csv.len(), 3, "{csv:?}");
    let line = csv.iter().find(|row| row.contains(&"AB-123".to_owned())).unwrap();
    for field in exported(world) {
        let at = wanted.iter().position(|heading| *heading == field.targets()[0].1).unwrap();
        let full = listed.iter().find(|row| row["code"] == "AB-123").unwrap();
        let empty = line[at].is_empty();
        faults.unless(empty == full[&field.key].is_null(), &field.key, "its cell of the CSV file", &line[at]);
    }
    let mut book = zip::ZipArchive::new(Cursor::new(file(world, "xlsx").await)).unwrap();
    let mut sheet = String::new();
    book.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    for heading in &wanted {
        faults.unless(sheet.contains(&format!(">{heading}<")), heading, "the workbook", "its heading");
    }
    faults.unless(sheet.matches("<row ").count() == 3, "every field", "the workbook", "its rows");
    faults.unless(!sheet.contains("<f>"), "every field", "the workbook", "something computes");
    faults.none("files of rows", 120);
}

/// An import that was uploaded: what it is, with the mapping that was proposed.
pub async fn uploaded(world: &World, name: &str, text: &str) -> Value {
    let input = json!({ "entity": "piece", "fileName": name, "content": text.as_bytes() });
    operation(&world.grace, "imports.create", &input).await
}

pub async fn run(world: &World, id: &Value) -> Value {
    operation(&world.grace, "imports.start", &json!({ "id": id })).await;
    for _ in 0..400 {
        let import = operation(&world.grace, "imports.get", &json!({ "id": id })).await;
        if !matches!(import["status"].as_str(), Some("queued" | "running")) {
            return import;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the import does not end");
}

/// Whoever owns a workspace may everything.
fn everything() -> Grants {
    Grants([("*.*.*".to_owned(), Reach::All)].into())
}

/// What was exported comes in again: every column finds its field, and nothing is changed.
pub async fn brought_back(world: &World) {
    let mut faults = Faults::default();
    let before = read(&world.grace, &format!("/pieces?sort=number&filter={}", encode(CODED))).await;
    let text = String::from_utf8(file(world, "csv").await).unwrap();
    let import = uploaded(world, "pieces.csv", &text).await;
    let grants = everything();
    let columns = import["mapping"]["columns"].as_object().unwrap();
    for field in world.piece.importable(&grants) {
        for (target, _) in field.targets() {
            faults.unless(columns.values().any(|held| *held == *target), &field.key, "the proposed mapping", &target);
        }
    }
    for target in columns.values() {
        let key = target.as_str().unwrap().split('.').next().unwrap();
        let open = world.piece.importable(&grants).any(|field| field.key == key);
        faults.unless(open, key, "the proposed mapping", "no import fills it");
    }
    let mut mapping = import["mapping"].clone();
    mapping["key"] = json!("code");
    mapping["existing"] = json!("update");
    operation(&world.grace, "imports.map", &json!({ "id": import["id"], "mapping": mapping })).await;
    let preview = operation(&world.grace, "imports.preview", &json!({ "id": import["id"] })).await;
    for problem in preview["problems"].as_array().unwrap() {
        faults.unless(false, problem["column"].as_str().unwrap_or("a row"), "what was exported", problem);
    }
    let right = preview["unchanged"] == 2 && preview["wouldCreate"] == 0 && preview["wouldUpdate"] == 0;
    faults.unless(right, "every field", "the preview of what was exported", &preview);
    let done = run(world, &import["id"]).await;
    faults.unless(done["status"] == "done" && done["unchanged"] == 2, "every field", "what was exported", &done);
    let after = read(&world.grace, &format!("/pieces?sort=number&filter={}", encode(CODED))).await;
    for (was, is) in before.as_array().unwrap().iter().zip(after.as_array().unwrap()) {
        world.same(&mut faults, was, is, false, "after it came in again");
    }
    faults.none("the import of what was exported", 80);
}

/// One row for each field, with one cell that cannot be read: refused with its row, its column and the reason, before
/// anything is written and afterwards, on the screen and in the file to mend.
pub async fn refused(world: &World) {
    let mut faults = Faults::default();
    let grants = everything();
    let fields: Vec<&Field> = world.piece.importable(&grants).collect();
    let header = headings(fields.iter().copied());
    let targets: Vec<String> = fields.iter().flat_map(|field| field.targets()).map(|(target, _)| target).collect();
    let (mut rows, mut wanted) = (vec![header.clone()], Vec::new());
    for field in &fields {
        let wrong = wrong(field).unwrap();
        let Some((cell, says)) = wrong.cell else { continue };
        // An amount goes by the name of its field.
        let part = if wrong.part == ".amount" { "" } else { wrong.part };
        let target = format!("{}{part}", field.key);
        let at = targets.iter().position(|known| *known == target).unwrap();
        let name = targets.iter().position(|known| *known == world.piece.title).unwrap();
        let mut row = vec![String::new(); header.len()];
        "Refused".clone_into(&mut row[name]);
        row[at] = cell;
        rows.push(row);
        wanted.push((field.key.clone(), field.targets()[0].1.clone(), says));
    }
    let import = uploaded(world, "wrong.csv", &written(&rows)).await;
    let mapped = json!({ "id": import["id"], "mapping": import["mapping"] });
    operation(&world.grace, "imports.map", &mapped).await;
    let preview = operation(&world.grace, "imports.preview", &json!({ "id": import["id"] })).await;
    let all = json!(wanted.len());
    faults.unless(preview["refused"] == all && preview["wouldCreate"] == 0, "every field", "the preview", &preview);
    let done = run(world, &import["id"]).await;
    faults.unless(done["status"] == "done" && done["refused"] == all, "every field", "the import", &done);
    let listed = operation(&world.grace, "imports.problems", &json!({ "id": import["id"] })).await;
    let path = format!("/w/exhibit/imports/{}/errors.csv", import["id"].as_str().unwrap());
    let answer = world.grace.get(&path).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mend = csv(&answer.text().await.unwrap());
    for (row, (key, column, says)) in (1_i64..).zip(&wanted) {
        for (step, problems) in [("the preview of a bad cell", &preview["problems"]), ("a bad cell", &listed)] {
            let of: Vec<&Value> = problems.as_array().unwrap().iter().filter(|problem| problem["row"] == row).collect();
            let right = of.len() == 1
                && of[0]["column"] == **column
                && of[0]["reason"].as_str().is_some_and(|reason| reason.contains(*says));
            faults.unless(right, key, step, format!("{of:?}"));
        }
        let tail = |line: &Vec<String>| line[line.len().saturating_sub(3)..].to_vec();
        let line = mend.iter().map(tail).find(|tail| tail.first() == Some(&row.to_string())).unwrap_or_default();
        let right = line.len() == 3 && line[1] == *column && line[2].contains(*says);
        faults.unless(right, key, "the file to mend", format!("{line:?}"));
    }
    let (_, left) = world.grace.json(&format!("{API}/pieces?filter={}", encode("name = Refused"))).await;
    faults.unless(left["pagination"]["total"] == 0, "every field", "refused rows", &left["pagination"]);
    faults.none("bad cells of a file", 70);
}
