//! Lists of what was planted: tables, groups, boards, days, filters, searches and saved views.

use super::Seen;
use super::plant::{API, COUNT, Hall, PIECES, pair, payload, tag, told};
use app::page::encode;
use domain::schema::{Comparison, FieldKind, Filter, Test, ViewKind, pointing};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A condition as an address says it.
pub fn condition(field: &str, value: &str) -> String {
    let test = Test { field: field.to_owned(), comparison: Comparison::Equals, values: vec![value.to_owned()] };
    Filter::Test(test).print()
}

/// All columns, now and as they stood before every row was changed.
pub async fn tables(hall: &Hall, seen: &mut Seen, moment: &str) {
    let whole = format!("{PIECES}?view=all&filter=&limit=100&columns={}", hall.columns());
    let now = seen.page("list", &hall.amina, &whole).await;
    let past = seen.page("list of the past", &hall.amina, &format!("{whole}&as_of={}", encode(moment))).await;
    for row in &hall.rows {
        seen.shows("list", &now, &hall.holds(row));
        seen.shows("list of the past", &past, &hall.began(row));
    }
    let chooser = format!("{PIECES}?view=all&filter=&columns=name&choose=columns");
    seen.page("list with its columns", &hall.amina, &chooser).await;
}

/// The rows that were planted, without those that tried what each field takes: a column has room for them all.
const PLANTED: &str = "code%20is%20not%20empty";

/// By everything that makes groups: a table with its headings, and a board with its columns.
pub async fn grouped(hall: &Hall, seen: &mut Seen) {
    for field in hall.piece.fields.iter().filter(|field| field.is_grouping()) {
        let key = &field.key;
        let groups = format!("{PIECES}?view=all&filter={PLANTED}&columns=name,code&group={key}");
        let groups = seen.page("groups", &hall.amina, &groups).await;
        let board = format!("{PIECES}?view=stages&filter={PLANTED}&group={key}");
        let board = seen.page("board by a value", &hall.amina, &board).await;
        for row in &hall.rows {
            seen.shows("board by a value", &board, &hall.name(row));
            if hall.saying.contains(key) {
                seen.shows("groups", &groups, &hall.texts(key, row.now));
                seen.shows("board by a value", &board, &hall.texts(key, row.now));
            }
        }
    }
}

pub async fn boards(hall: &Hall, seen: &mut Seen, moment: &str) {
    for view in hall.piece.views.iter().filter(|view| view.kind == ViewKind::Board) {
        let board = format!("{PIECES}?view={}&filter={PLANTED}", view.key);
        let now = seen.page("board", &hall.amina, &board).await;
        let past = seen.page("board of the past", &hall.amina, &format!("{board}&as_of={}", encode(moment))).await;
        for row in &hall.rows {
            seen.shows("board", &now, &hall.name(row));
            seen.shows("board of the past", &past, &hall.texts(&hall.piece.title, row.first));
        }
    }
    // They tell names where they group by rows. Those of this industry do not, and are read all the same.
    for board in hall.catalog.dashboards() {
        seen.tally.page(&hall.amina, &format!("/w/exhibit/dashboards/{}", board.key)).await;
    }
    for page in ["", "/dashboards", "/settings/audit"] {
        seen.tally.page(&hall.amina, &format!("/w/exhibit{page}")).await;
    }
}

/// By every field that has days.
pub async fn dated(hall: &Hall, seen: &mut Seen) {
    let row = &hall.rows[0];
    let held = hall.read(&format!("/pieces/{}", row.id)).await;
    for field in hall.piece.dated() {
        let key = &field.key;
        let day = held[key].as_str().and_then(|moment| moment.get(..10));
        let day = day.unwrap_or_else(|| panic!("{key} has no day: {held}"));
        let calendar = format!("{PIECES}?view=calendar&filter=&date={key}&end=&on={day}");
        seen.page("calendar", &hall.amina, &format!("{calendar}&scale=month")).await;
        let agenda = seen.page("agenda", &hall.amina, &format!("{calendar}&scale=agenda")).await;
        seen.shows("agenda", &agenda, &hall.name(row));
        let timeline = format!("{PIECES}?view=timeline&filter=&group=maker&date={key}&end=&on={day}");
        let timeline = seen.page("timeline", &hall.amina, &timeline).await;
        seen.shows("timeline", &timeline, &hall.name(row));
        seen.shows("timeline", &timeline, &hall.texts("maker", row.now));
    }
}

/// A value as a condition names it.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(all) => literal(&all[0]),
        Value::Object(_) => pointing::written(value).unwrap(),
        one => one.as_str().unwrap().to_owned(),
    }
}

/// What an address asks for comes back as text: values, words, names of rows, and what cannot be read.
pub async fn filtered(hall: &Hall, seen: &mut Seen) {
    let plain = format!("{PIECES}?view=all&columns=name,code");
    for row in &hall.rows {
        let name = hall.name(row);
        let path = format!("{plain}&filter={}", encode(&condition(&hall.piece.title, &name[0])));
        let page = seen.page("filter", &hall.amina, &path).await;
        seen.shows("filter", &page, &name);
    }
    let row = &hall.rows[0];
    for field in hall.pointing() {
        let said = hall.said(field, row.now).unwrap();
        let path = format!("{plain}&filter={}", encode(&condition(&field.key, &literal(&said.value))));
        let page = seen.page("filter by a row", &hall.amina, &path).await;
        seen.shows("filter by a row", &page, &said.texts[..1]);
        // A name that nobody has.
        let nobody = told("nobody", 0);
        if field.kind != FieldKind::Member {
            let line = format!("{plain}&filter=&add.field={}&add.op=%3D&add.value={}", field.key, encode(&nobody));
            let page = seen.refused("filter that finds no row", &hall.amina, &line, StatusCode::BAD_REQUEST).await;
            seen.shows("filter that finds no row", &page, &[nobody]);
        }
    }
    for n in 0..COUNT {
        let words = told("words", n);
        let path = format!("{plain}&filter=&search={}", encode(&words));
        let page = seen.page("search of a list", &hall.amina, &path).await;
        seen.shows("search of a list", &page, std::slice::from_ref(&words));
        let path = format!("{plain}&filter={}", encode(&words));
        let page = seen.refused("filter that cannot be read", &hall.amina, &path, StatusCode::BAD_REQUEST).await;
        seen.shows("filter that cannot be read", &page, &[words]);
    }
    let word = payload(0);
    for asked in ["view=all&columns", "view=all&sort", "view=all&group", "view=calendar&date", "view=calendar&on"] {
        let path = format!("{PIECES}?{asked}={}", encode(word));
        let page = seen.refused("address that cannot be read", &hall.amina, &path, StatusCode::BAD_REQUEST).await;
        seen.shows("address that cannot be read", &page, &[word.to_owned()]);
    }
}

/// What the palette finds, and what it does not.
pub async fn searched(hall: &Hall, seen: &mut Seen) {
    for row in &hall.rows {
        let words = tag(&hall.piece.title, row.now);
        let page = seen.page("search", &hall.amina, &format!("/w/exhibit/go?q={words}")).await;
        seen.shows("search", &page, &hall.name(row));
    }
    for n in 0..3 {
        let words = told("nowhere", n);
        let path = format!("/w/exhibit/go?q={}", encode(&words));
        let page = seen.page("search that finds nothing", &hall.amina, &path).await;
        seen.shows("search that finds nothing", &page, &[words]);
    }
}

/// Two of the team, made by Grace, and two of Amina's own.
async fn kept(hall: &Hall, filter: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..4 {
        let (client, team) = if n < 2 { (&hall.grace, true) } else { (&hall.amina, false) };
        let content = json!({ "filter": filter, "sort": "name", "columns": "name,code" });
        let label = told("view", n);
        let view = json!({ "entity": "piece", "label": label, "content": content, "team": team, "pinned": true });
        let (status, made) = client.write(Method::POST, &format!("{API}/operations/views.create"), &view).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        ids.push(made["data"]["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Saved views: among the tabs, in their own list, while one is named, and where two save at once.
pub async fn views(hall: &Hall, seen: &mut Seen) {
    let filter = condition(&hall.piece.title, &told("filter", 0));
    let ids = kept(hall, &filter).await;
    let labels: Vec<String> = (0..4).map(|n| told("view", n)).collect();
    let tabs = seen.page("tabs of a list", &hall.amina, &format!("{PIECES}?view=all&filter=")).await;
    seen.shows("tabs of a list", &tabs, &labels);
    let all = seen.page("saved views", &hall.amina, &format!("{PIECES}/views")).await;
    seen.shows("saved views", &all, &labels);
    seen.shows("saved views", &all, &[told("actor", 0)]);
    let edit = seen.page("saved view that is named", &hall.amina, &format!("{PIECES}/views?edit={}", ids[2])).await;
    seen.shows("saved view that is named", &edit, &labels[2..3]);
    let open = format!("{PIECES}?view={}&sort=-name", ids[3]);
    let open = seen.page("saved view that is changed", &hall.amina, &open).await;
    seen.shows("saved view that is changed", &open, &[labels[3].clone(), told("filter", 0)]);
    let keep = format!("{PIECES}/views?filter={}&sort=name", encode(&filter));
    let page = seen.page("list that becomes a view", &hall.amina, &keep).await;
    seen.shows("list that becomes a view", &page, &[told("filter", 0)]);

    let long = format!("{} {}", told("label", 0), "x".repeat(80));
    let fields = [pair("entity", "piece"), pair("label", &long), pair("_key", "long"), pair("_page", &keep)];
    let answer = hall.form("views.create", &fields).await;
    let page = seen.taken("saved view that is refused", "POST", answer, StatusCode::UNPROCESSABLE_ENTITY).await;
    seen.shows("saved view that is refused", &page, &[long]);
    let save = json!({ "id": ids[0], "version": 1, "content": { "filter": "code is empty" } });
    hall.run("views.save", &save).await;
    let late = [
        pair("id", &ids[0]),
        pair("version", "1"),
        pair("content.filter", &filter),
        pair("_page", &format!("{PIECES}?view={}&filter={}", ids[0], encode(&filter))),
    ];
    let answer = hall.form("views.save", &late).await;
    let page = seen.taken("saved view that two saved", "POST", answer, StatusCode::CONFLICT).await;
    seen.shows("saved view that two saved", &page, &[format!("the view {}", labels[0])]);
}
