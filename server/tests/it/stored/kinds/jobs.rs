//! What works through many rows: a change of several at once, and an import from its upload to its undoing.

use super::Seen;
use super::lists::condition;
use super::plant::{COUNT, Hall, PIECES, pair, payload, tag, told};
use super::sheets::Cells;
use crate::support::{csv, in_parts};
use app::page::encode;
use domain::schema::Field;
use domain::{Grants, Reach};
use reqwest::{Method, StatusCode, header};
use serde_json::json;

/// Chosen by box and by filter, refused, done, and taken back but for what somebody has changed since.
pub async fn bulk(hall: &Hall, seen: &mut Seen) {
    let (one, other) = (&hall.rows[0], &hall.rows[1]);
    let chosen = format!("{PIECES}/bulk?row={}&row={}", one.id, other.id);
    for field in hall.pointing() {
        let page = seen.page("change of many rows", &hall.grace, &format!("{chosen}&field={}", field.key)).await;
        let offered: Vec<String> = (0..COUNT).flat_map(|n| hall.texts(&field.key, n)).collect();
        seen.shows("change of many rows", &page, &offered);
    }
    let name = hall.name(one);
    let all = format!("{PIECES}/bulk?all=true&filter={}", encode(&condition(&hall.piece.title, &name[0])));
    let page = seen.page("change of all that match", &hall.grace, &all).await;
    seen.shows("change of all that match", &page, &[tag(&hall.piece.title, one.now)]);
    let fields = [
        pair("entity", "piece"),
        pair("action", "set"),
        pair("ids[0]", &one.id),
        pair("values.origin", &told("origin", 0)),
        pair("_page", &chosen),
    ];
    let answer = hall.form("records.bulk", &fields).await;
    let page = seen.taken("change that is refused", "POST", answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    seen.shows("change that is refused", &page, &[told("origin", 0)]);

    let values = json!({ "story": told("bulk", 0) });
    let both = json!({ "entity": "piece", "action": "set", "ids": [one.id, other.id], "values": values });
    let id = hall.run("records.bulk", &both).await["id"].clone();
    hall.server.settle().await;
    let page = format!("/w/exhibit/bulk/{}", id.as_str().unwrap());
    for question in ["", "?undo=1"] {
        seen.tally.page(&hall.grace, &format!("{page}{question}")).await;
    }
    hall.touch(0, json!({ "story": told("since", 0) })).await;
    hall.run("records.undo_bulk", &json!({ "id": id })).await;
    let page = seen.page("rows that a change keeps", &hall.grace, &page).await;
    seen.shows("rows that a change keeps", &page, &name);
}

/// A cell as it is, behind quotes: not even what begins a formula is defused.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// The file: headings that are payloads, a row that comes in, and rows in which nothing is what it should be.
fn file(hall: &Hall, targets: &[String]) -> String {
    let at = |key: &str| targets.iter().position(|target| target == key).unwrap();
    let head: Vec<String> = (0..targets.len()).map(|at| told("head", at)).collect();
    let mut good = vec![String::new(); targets.len()];
    good[at(&hall.piece.title)] = told("brought", 0);
    good[at("story")] = told("brought", 1);
    let mut rows = vec![head, good];
    for n in 0..COUNT {
        rows.push((0..targets.len()).map(|at| payload(at + n).to_owned()).collect());
    }
    // Blanks before the sign, which a spreadsheet takes for none.
    "\t=1+1 pwn".clone_into(&mut rows[2][at("story")]);
    "\r=1+1 pwn".clone_into(&mut rows[3][at("story")]);
    let line = |row: &Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
    rows.iter().map(line).collect::<Vec<_>>().join("\r\n")
}

/// Uploaded, mapped, looked at, run, taken home and undone.
pub async fn import(hall: &Hall, seen: &mut Seen, cells: &mut Cells) {
    let everything = Grants([("*.*.*".to_owned(), Reach::All)].into());
    let importable = hall.piece.importable(&everything);
    let targets: Vec<String> = importable.flat_map(Field::targets).map(|(target, _)| target).collect();
    let text = file(hall, &targets);
    let sent = [("file".to_owned(), format!("{}.csv", told("file", 0)), text.as_bytes())];
    let upload = format!("{PIECES}/import");
    let answer = in_parts(&hall.grace, &upload, &[pair("_key", "import")], &sent).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let here = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let id = here.rsplit('/').next().unwrap();
    let name = [told("file", 0)];
    let page = seen.page("columns of an import", &hall.amina, &here).await;
    let heads: Vec<String> = (0..targets.len()).map(|at| told("head", at)).collect();
    seen.shows("columns of an import", &page, &heads);
    seen.shows("columns of an import", &page, &[name[0].clone(), told("brought", 0), payload(1).to_owned()]);

    let mut fields = vec![pair("id", id), pair("mapping.header", "true"), pair("mapping.existing", "skip")];
    fields.extend([pair("mapping.currency", "KES"), pair("_page", &here)]);
    // First into a field that is none.
    let wrong = [fields.clone(), vec![pair("mapping.columns.0", &told("target", 0))]].concat();
    let answer = hall.form("imports.map", &wrong).await;
    let page = seen.taken("columns that are refused", "POST", answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    seen.shows("columns that are refused", &page, &[told("target", 0), told("head", 0)]);
    let columns = targets.iter().enumerate();
    fields.extend(columns.map(|(at, target)| pair(&format!("mapping.columns.{at}"), target)));
    let answer = hall.form("imports.map", &fields).await;
    let status = answer.status();
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", super::decoded(&answer.text().await.unwrap()));
    let page = seen.page("preview of an import", &hall.amina, &here).await;
    seen.shows("preview of an import", &page, &[told("brought", 0), told("brought", 1)]);
    let wrong: Vec<String> = (0..COUNT).map(|n| payload(n).to_owned()).collect();
    seen.shows("preview of an import", &page, &wrong);

    hall.run("imports.start", &json!({ "id": id })).await;
    hall.server.settle().await;
    let page = seen.page("import", &hall.amina, &here).await;
    seen.shows("import", &page, &wrong);
    seen.shows("import", &page, &name);
    let path = format!("{here}/errors.csv");
    let refused = seen.page("refused rows", &hall.amina, &path).await;
    let rows = csv(&refused);
    // The headings, and a line for each row that was refused.
    assert_eq!(rows.len(), COUNT + 1, "{refused}");
    cells.look(&path, &rows);
    seen.shows("refused rows", &rows.concat().join("\n"), &[heads, wrong].concat());
    let page = seen.page("imports of before", &hall.amina, &upload).await;
    seen.shows("imports of before", &page, &name);
    let page = seen.page("undoing of an import", &hall.amina, &format!("{here}?undo=1")).await;
    seen.shows("undoing of an import", &page, &name);

    // What came in is changed by somebody, so that it stays and is named.
    let brought = encode(&condition(&hall.piece.title, &told("brought", 0)));
    let made = hall.read(&format!("/pieces?filter={brought}")).await;
    let change = json!({ "version": made[0]["version"], "story": told("since", 1) });
    let made = format!("/pieces/{}", made[0]["id"].as_str().unwrap());
    hall.write(Method::PATCH, &made, &change).await;
    hall.run("imports.undo", &json!({ "id": id })).await;
    let page = seen.page("import that was undone", &hall.amina, &here).await;
    seen.shows("import that was undone", &page, &[name[0].clone(), told("brought", 0)]);
}
