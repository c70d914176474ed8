//! Hidden fields that are asked for by their names: who may read them is answered, and to everybody else there are none of that name.

use super::bait::hidden;
use super::eyes::Eyes;
use super::setting::Setting;
use crate::exercise::samples::wrong;
use crate::exercise::world::{API, PIECES, day_of, pair};
use app::page::encode;
use domain::schema::FieldKind;
use reqwest::Method;
use serde_json::{Map, Value, json};

/// What rows are placed, grouped, added up and told apart by, and what is fetched by itself.
pub async fn placed(setting: &Setting, eyes: &mut Eyes<'_>, allowed: bool) {
    let one = &setting.rows.one;
    let row = setting.world.read(one).await;
    for field in hidden(&setting.world.piece) {
        let (key, held) = (&field.key, &row[&field.key]);
        if field.is_dated() {
            let day = day_of(field, held).unwrap();
            for view in ["calendar", "timeline"] {
                let path = format!("{PIECES}?view={view}&filter=&date={key}&end=&on={day}");
                eyes.ask(&format!("days by {key}"), &path, allowed).await;
            }
        }
        if field.is_grouping() {
            eyes.ask("board", &format!("{PIECES}?view=stages&filter=&group={key}"), allowed).await;
        }
        if field.adds_up() {
            let sum = json!({ "entity": "piece", "group": "all", "measure": key });
            eyes.call("figures", "records.summarise", &sum, allowed).await;
        }
        if field.is_upload() {
            let file = held.as_str().unwrap();
            eyes.ask("file", &format!("{PIECES}/{one}/files/{file}"), allowed).await;
        }
        // Whether there is one like it is no answer either: nobody looks alike by a field that is not there.
        if field.indexed && matches!(field.kind, FieldKind::Email | FieldKind::Phone) {
            let values = Value::Object(Map::from_iter([(key.clone(), held.clone())]));
            let alike = json!({ "entity": "piece", "values": values });
            eyes.call(&format!("duplicates of {key}"), "records.alike", &alike, true).await;
        }
    }
}

/// Each way of naming each field is refused, and refused as one that is not there.
pub async fn by_name(setting: &Setting, eyes: &mut Eyes<'_>) {
    let piece = setting.world.piece.clone();
    for field in hidden(&piece) {
        let key = &field.key;
        let filter = encode(&format!("{key} is not empty"));
        let path = format!("{PIECES}?view=all&columns=name,{key}&sort={key}&group={key}&filter={filter}");
        let page = eyes.ask("list by name", &path, false).await;
        for part in ["columns", "order", "groups", "filter"] {
            let refused = page.contains(&format!("The {part} cannot be read"));
            eyes.unless(refused, "list by name", key, &format!("the {part} are read"));
        }
        let path = format!("{API}/pieces?fields=name,{key}&sort={key}&filter={filter}");
        let answer: Value = serde_json::from_str(&eyes.ask("rest by name", &path, false).await).unwrap_or_default();
        for part in ["fields", "sort", "filter"] {
            let refused = answer["details"][part].is_string();
            eyes.unless(refused, "rest by name", key, &format!("{part} is read: {answer}"));
        }
    }
    let keys: Vec<&str> = hidden(&piece).map(|field| field.key.as_str()).collect();
    let all = keys.join(",");
    eyes.ask("export by name", &format!("{PIECES}/export.csv?fields=name,{all}"), false).await;
    eyes.ask("export by name", &format!("{API}/pieces/export?format=json&fields=name,{all}"), false).await;
    let unique = hidden(&piece).find(|field| field.unique).unwrap();
    let filter = encode(&format!("{} is not empty", unique.key));
    eyes.page("bulk page", &format!("{PIECES}/bulk?all=true&filter={filter}")).await;
    filled_in(setting, eyes).await;
}

/// Something in every hidden field: a form with what is wrong in each, a change over REST, a file.
async fn filled_in(setting: &Setting, eyes: &mut Eyes<'_>) {
    let (piece, other) = (setting.world.piece.clone(), &setting.rows.other);
    let mut fields = vec![
        pair("entity", "piece"),
        pair("values.name", "Named ammonite"),
        pair("_page", &format!("{PIECES}/new")),
        pair("_key", "named"),
    ];
    for field in hidden(&piece).filter(|field| !field.read_only && !field.is_upload()) {
        let wrong = wrong(field).unwrap();
        fields.push((format!("values.{}{}", field.key, wrong.part), wrong.typed));
    }
    eyes.post("named in a form", "records.create", &fields).await;
    let mut values: Map<String, Value> = hidden(&piece).map(|field| (field.key.clone(), Value::Null)).collect();
    values.insert("version".to_owned(), setting.world.read(other).await["version"].clone());
    let change = Value::Object(values);
    eyes.write("named over rest", Method::PATCH, &format!("/pieces/{other}"), &change, false).await;
    let file = json!({ "entity": "piece", "fileName": "named.csv", "content": b"Name,Other\r\nNamed,1".as_slice() });
    let file = eyes.call("named in a file", "imports.create", &file, true).await;
    for field in hidden(&piece).filter(|field| !field.read_only && !field.is_upload()).take(3) {
        let target = field.targets()[0].0.clone();
        let mapping = json!({ "header": true, "columns": { "0": "name", "1": target } });
        let mapped = json!({ "id": file["id"], "mapping": mapping });
        eyes.call("named in a file", "imports.map", &mapped, false).await;
    }
}
