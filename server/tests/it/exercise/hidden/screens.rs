//! Every screen of records, and everything beside one: what the owner of a workspace and somebody who sees less of it both come to.

use super::bait::{NOW, OTHER, hidden};
use super::eyes::Eyes;
use super::setting::Setting;
use crate::exercise::world::{API, PIECES, pair};
use app::page::encode;
use domain::schema::{Catalog, Field};
use reqwest::Method;
use serde_json::json;

/// What points at rows of an entity: the key of the field, the plural of those who have it, and the tab of a record that lists them.
fn pointing(catalog: &Catalog, target: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for entity in catalog.iter() {
        let points = |field: &&Field| (field.indexed || field.is_many()) && field.points_at(target);
        let fields: Vec<&Field> = entity.fields.iter().filter(points).collect();
        for field in &fields {
            let several = format!("{}.{}", entity.plural, field.key);
            let tab = if fields.len() > 1 { several } else { entity.plural.clone() };
            found.push((field.key.clone(), entity.plural.clone(), tab));
        }
    }
    found
}

pub async fn all(setting: &Setting, eyes: &mut Eyes<'_>) {
    lists(setting, eyes).await;
    searches(setting, eyes).await;
    records(setting, eyes).await;
    past(setting, eyes).await;
    two(setting, eyes).await;
    many(setting, eyes).await;
    files(setting, eyes).await;
    beside(setting, eyes).await;
    trail(setting, eyes).await;
    rest(setting, eyes).await;
    pointed(setting, eyes).await;
    others(setting, eyes).await;
}

async fn lists(setting: &Setting, eyes: &mut Eyes<'_>) {
    for query in ["", "?view=all&filter=", "?view=all&filter=&totals=1", "?view=all&filter=&choose=columns"] {
        eyes.page("list", &format!("{PIECES}{query}")).await;
    }
    eyes.page("list", &format!("{PIECES}?view=all&filter=&group=status&columns=name,number")).await;
    for view in ["stages", "colours"] {
        eyes.page("board", &format!("{PIECES}?view={view}&filter=")).await;
    }
    for view in ["calendar", "timeline"] {
        eyes.page("days", &format!("{PIECES}?view={view}&filter=&date=createdAt")).await;
    }
    eyes.page("trash", &format!("{PIECES}?trash=1")).await;
    eyes.page("trash", &format!("{PIECES}/{}", setting.rows.gone)).await;
    eyes.page("views", &format!("{PIECES}?view={}", setting.view)).await;
    eyes.page("views", &format!("{PIECES}/views")).await;
    eyes.call("views", "views.list", &json!({ "entity": "piece" }), true).await;
}

/// By what everybody may know, and by how the values of hidden fields begin.
async fn searches(setting: &Setting, eyes: &mut Eyes<'_>) {
    for words in ["ammonite"].into_iter().chain(setting.beginnings.iter().map(String::as_str)) {
        let asked = encode(words);
        eyes.page("search", &format!("{PIECES}?view=all&filter=&search={asked}")).await;
        eyes.page("palette", &format!("/w/exhibit/go?q={asked}")).await;
        eyes.call("search", "records.search", &json!({ "words": words, "limit": 40 }), true).await;
    }
}

async fn records(setting: &Setting, eyes: &mut Eyes<'_>) {
    let (one, other) = (&setting.rows.one, &setting.rows.other);
    for id in [one, other] {
        eyes.page("record", &format!("{PIECES}/{id}")).await;
        eyes.page("form: edit", &format!("{PIECES}/{id}/edit")).await;
    }
    for kind in ["changes", "notes", "files"] {
        eyes.page("history", &format!("{PIECES}/{one}?kind={kind}")).await;
    }
    for (_, plural, tab) in pointing(&setting.catalog, "piece") {
        eyes.page(&format!("tab of {plural}"), &format!("{PIECES}/{one}?tab={}", encode(&tab))).await;
    }
    eyes.page("form: new", &format!("{PIECES}/new")).await;
    // The first move whose gate asks for fields: what is missing is asked for on a page.
    let states = setting.world.piece.states.as_ref().unwrap();
    let step = states.from(&states.initial).find(|step| !step.gate.requires.is_empty()).unwrap();
    eyes.page("form: move", &format!("{PIECES}/{one}?move={}", step.to)).await;
}

async fn past(setting: &Setting, eyes: &mut Eyes<'_>) {
    let one = &setting.rows.one;
    let at = encode(&setting.rows.moment);
    eyes.page("versions", &format!("{PIECES}/{one}/versions")).await;
    eyes.page("versions", &format!("{PIECES}/{one}/versions?version=1")).await;
    eyes.page("versions", &format!("{PIECES}/{one}/versions?version=1&with=2")).await;
    eyes.page("versions", &format!("{API}/pieces/{one}/versions")).await;
    eyes.page("versions", &format!("{API}/pieces/{one}?version=1")).await;
    eyes.page("as it stood", &format!("{PIECES}/{one}?as_of={at}")).await;
    eyes.page("as it stood", &format!("{PIECES}?view=all&filter=&as_of={at}")).await;
    eyes.page("as it stood", &format!("{PIECES}?view=stages&filter=&as_of={at}")).await;
    eyes.page("as it stood", &format!("{API}/pieces?as_of={at}")).await;
    eyes.page("as it stood", &format!("{API}/pieces/{one}?as_of={at}")).await;
    eyes.page("undo", &format!("/w/exhibit/undo?change={}", setting.rows.change)).await;
    eyes.call("undo", "audit.preview_undo", &json!({ "change": setting.rows.change }), true).await;
}

/// Two rows that are to be one, and two people who change the same row.
async fn two(setting: &Setting, eyes: &mut Eyes<'_>) {
    let (one, other) = (&setting.rows.one, &setting.rows.other);
    for query in [String::new(), "?search=ammonite".to_owned(), format!("?with={other}")] {
        eyes.page("merge", &format!("{PIECES}/{one}/merge{query}")).await;
    }
    let plan = json!({ "entity": "piece", "kept": one, "merged": other });
    eyes.call("merge", "records.preview_merge", &plan, true).await;
    let mut fields = vec![
        pair("entity", "piece"),
        pair("id", other),
        pair("version", "1"),
        pair("values.name", "Another ammonite"),
        pair("_page", &format!("{PIECES}/{other}/edit")),
        pair("_key", &format!("stale-{}", eyes.who)),
    ];
    if eyes.who == "owner" {
        fields.push(pair("values.story", "Something else."));
    }
    eyes.post("conflict", "records.update", &fields).await;
    let stale = json!({ "version": 1, "name": "Another ammonite" });
    eyes.write("conflict", Method::PATCH, &format!("/pieces/{other}"), &stale, false).await;
}

async fn many(setting: &Setting, eyes: &mut Eyes<'_>) {
    let (one, other) = (&setting.rows.one, &setting.rows.other);
    eyes.page("bulk page", &format!("{PIECES}/bulk?row={one}&row={other}")).await;
    eyes.page("bulk page", &format!("{PIECES}/bulk?all=true")).await;
}

/// What goes out, and what came in: a file of one's own that names every field, and the owner's.
async fn files(setting: &Setting, eyes: &mut Eyes<'_>) {
    for ending in ["csv", "xlsx", "json"] {
        eyes.page("export", &format!("{PIECES}/export.{ending}?filter=")).await;
        eyes.page("export", &format!("{API}/pieces/export?format={ending}")).await;
    }
    let cells = vec!["1"; setting.header.split(',').count()].join(",");
    let text = format!("{}\r\n{cells}", setting.header);
    let own = json!({ "entity": "piece", "fileName": "own.csv", "content": text.as_bytes() });
    let own = eyes.call("import mapping", "imports.create", &own, true).await;
    let id = own["id"].as_str().unwrap_or_default();
    eyes.page("import mapping", &format!("/w/exhibit/imports/{id}")).await;
    let import = &setting.import;
    eyes.page("import of the owner", &format!("/w/exhibit/imports/{import}")).await;
    eyes.page("import of the owner", &format!("/w/exhibit/imports/{import}/errors.csv")).await;
    eyes.page("import of the owner", &format!("{PIECES}/import")).await;
    for name in ["imports.get", "imports.problems"] {
        eyes.call("import of the owner", name, &json!({ "id": import }), true).await;
    }
    eyes.call("import of the owner", "imports.list", &json!({ "entity": "piece" }), true).await;
}

async fn beside(setting: &Setting, eyes: &mut Eyes<'_>) {
    let (one, moment) = (&setting.rows.one, &setting.rows.moment);
    for name in ["notes.list", "files.list"] {
        eyes.call("notes", name, &json!({ "entity": "piece", "record": one }), true).await;
    }
    eyes.page("notifications", "/w/exhibit/notifications").await;
    eyes.page("who", &format!("{PIECES}/{one}/access")).await;
    eyes.call("who", "records.access", &json!({ "entity": "piece", "id": one }), true).await;
    eyes.page("why", &format!("{PIECES}/{one}/why")).await;
    eyes.stream("stream", "piece", one, moment).await;
}

async fn trail(setting: &Setting, eyes: &mut Eyes<'_>) {
    let one = &setting.rows.one;
    eyes.page("audit page", &format!("/w/exhibit/settings/audit?record={one}")).await;
    eyes.page("audit file", &format!("/w/exhibit/settings/audit.csv?record={one}")).await;
    eyes.page("audit logs", &format!("{API}/audit/logs?record={one}&limit=500")).await;
    eyes.page("audit of exports", &format!("{API}/audit/logs?operation=records.export&limit=500")).await;
    eyes.page("audit of views", &format!("{API}/audit/logs?entity=saved_view&limit=500")).await;
    eyes.page("audit of files", &format!("{API}/audit/logs?entity=file&limit=500")).await;
}

async fn rest(setting: &Setting, eyes: &mut Eyes<'_>) {
    let (one, other) = (&setting.rows.one, &setting.rows.other);
    for path in ["?limit=500".to_owned(), format!("/{one}"), format!("/{other}")] {
        eyes.page("rest", &format!("{API}/pieces{path}")).await;
    }
    eyes.page("trash", &format!("{API}/pieces?trash=true")).await;
    eyes.page("history", &format!("{API}/pieces/{one}/timeline")).await;
    eyes.page("document", &format!("{API}/openapi.json")).await;
    let board = json!({ "entity": "piece", "measure": null, "cards": 10 });
    eyes.call("board", "records.board", &board, true).await;
    let groups = json!({ "entity": "piece", "group": { "field": "status" }, "measure": null });
    eyes.call("figures", "records.summarise", &groups, true).await;
    // A change that changes nothing answers with the row.
    let row = setting.world.read(other).await;
    let same = json!({ "version": row["version"], "name": row["name"] });
    eyes.write("rest", Method::PATCH, &format!("/pieces/{other}"), &same, true).await;
}

/// The pages of rows that hidden fields point at: they list those who point there.
async fn pointed(setting: &Setting, eyes: &mut Eyes<'_>) {
    for target in setting.targets.iter().filter(|target| [NOW, OTHER].contains(&target.number)) {
        let plural = &setting.catalog.get(&target.entity).unwrap().plural;
        let pointing = pointing(&setting.catalog, &target.entity);
        let (_, _, tab) = pointing.iter().find(|(key, of, _)| *key == target.field && of == "pieces").unwrap();
        let path = format!("/w/exhibit/{plural}/{}?tab={}", target.id, encode(tab));
        eyes.page(&format!("target of {}", target.field), &path).await;
    }
}

/// What else the pack describes.
async fn others(setting: &Setting, eyes: &mut Eyes<'_>) {
    for (key, ids) in [("part", &setting.rows.parts), ("loan", &setting.rows.loans)] {
        let entity = setting.catalog.get(key).unwrap();
        let plural = &entity.plural;
        let (list, page) = (format!("{key} list"), format!("{key} page"));
        eyes.page(&list, &format!("/w/exhibit/{plural}?view=all&filter=&totals=1")).await;
        eyes.page(&list, &format!("{API}/{plural}")).await;
        eyes.page(&list, &format!("/w/exhibit/{plural}/export.csv")).await;
        for id in ids {
            eyes.page(&page, &format!("/w/exhibit/{plural}/{id}")).await;
        }
        eyes.page(&page, &format!("/w/exhibit/{plural}/{}/edit", ids[0])).await;
    }
    eyes.page("loan list", "/w/exhibit/loans?view=steps").await;
}

/// All columns at once, for somebody who may see them.
pub async fn whole(setting: &Setting, eyes: &mut Eyes<'_>) {
    let keys: Vec<&str> = hidden(&setting.world.piece).map(|field| field.key.as_str()).collect();
    eyes.page("list", &format!("{PIECES}?view=all&filter=&columns=name,{}", keys.join(","))).await;
}
