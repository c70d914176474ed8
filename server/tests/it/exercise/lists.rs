//! Lists of pieces: columns, every comparison of every field, orders, groups; then boards, calendars, the timeline, and
//! what search finds.

use super::samples::{upload, wrong};
use super::world::{Faults, PIECES, World, between, day_of, found, literal, operation, shows, text};
use app::page::encode;
use domain::schema::{Comparison, FieldKind, ViewKind};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The rows of the test: one of all samples, one of others, and one that holds its name alone.
pub struct Rows {
    pub full: String,
    pub other: String,
    pub bare: String,
}

fn keys(world: &World) -> String {
    let keys: Vec<&str> = world.piece.fields.iter().map(|field| field.key.as_str()).collect();
    keys.join(",")
}

/// The cell of a field in a list of one row.
fn cell<'a>(page: &'a str, key: &str) -> Option<&'a str> {
    between(page, &format!("data-field=\"{key}\""), &["</td>", "</th>"])
}

/// A row in a list that shows every field, now or at a moment.
pub async fn in_a_list(world: &World, code: &str, as_of: Option<&str>, number: usize, parts: bool, least: usize) {
    let mut faults = Faults::default();
    let filter = encode(&format!("code = {code}"));
    let past = as_of.map(|at| format!("&as_of={}", encode(at))).unwrap_or_default();
    let path = format!("{PIECES}?view=all&filter={filter}&columns={}{past}", keys(world));
    let (status, page) = world.grace.page(&path).await;
    assert_eq!(status, StatusCode::OK, "{}", text(&page));
    for field in &world.piece.fields {
        let Some(html) = cell(&page, &field.key) else {
            faults.unless(false, &field.key, "a column of the list", "it is not there");
            continue;
        };
        // Only the row that was made by the form has files.
        let shown = match upload(field).filter(|_| number == 0) {
            Some((name, _)) => vec![name.to_owned()],
            None => world.expected(field, number, parts).map(|(_, shown)| shown).unwrap_or_default(),
        };
        // Nobody wrote down what figures were.
        let unknown = as_of.is_some() && field.rollup.is_some();
        faults.unless(unknown || shows(html, &shown), &field.key, "a column of the list", text(html));
    }
    faults.none("a list of all columns", least);
}

/// Whether a row that holds the value is met by the comparison with it, and one that holds nothing.
const fn met(comparison: Comparison) -> (bool, bool) {
    match comparison {
        Comparison::Equals
        | Comparison::In
        | Comparison::StartsWith
        | Comparison::LessOrEqual
        | Comparison::GreaterOrEqual
        | Comparison::NotEmpty => (true, false),
        Comparison::NotEquals | Comparison::NotIn | Comparison::Empty => (false, true),
        Comparison::Less | Comparison::Greater => (false, false),
    }
}

/// Every comparison that a field offers finds what it has to and nothing else; what it does not offer, or cannot read,
/// is refused.
pub async fn filtered(world: &World, rows: &Rows) {
    let mut faults = Faults::default();
    let (full, bare) = (world.read(&rows.full).await, world.read(&rows.bare).await);
    for field in &world.piece.fields {
        let key = &field.key;
        let offered = Comparison::offered(field);
        if offered.is_empty() {
            let answer = found(&world.grace, &[("filter", &format!("{key} is empty"))]).await;
            let refused = answer.as_ref().is_err_and(|(status, _)| *status == StatusCode::BAD_REQUEST);
            faults.unless(refused, key, "a filter that it does not offer", format!("{answer:?}"));
            continue;
        }
        let Some(value) = literal(&full[key]) else {
            faults.unless(false, key, "a filter", "the row has no value to ask for");
            continue;
        };
        for comparison in offered {
            let symbol = comparison.symbol();
            let filter = match comparison {
                Comparison::Empty | Comparison::NotEmpty => format!("{key} {symbol}"),
                Comparison::In | Comparison::NotIn => format!("{key} {symbol} (\"{value}\")"),
                _ => format!("{key} {symbol} \"{value}\""),
            };
            let (holds, lacks) = met(*comparison);
            match found(&world.grace, &[("filter", &filter)]).await {
                Ok(ids) => {
                    faults.unless(ids.contains(&rows.full) == holds, key, &filter, "the row that holds the value");
                    let empty = bare[key].is_null();
                    let right = !empty || ids.contains(&rows.bare) == lacks;
                    faults.unless(right, key, &filter, "the row that holds nothing");
                }
                Err(refused) => faults.unless(false, key, &filter, format!("{refused:?}")),
            }
        }
        // The page says it too, and leaves the others out.
        let filter = match offered.contains(&Comparison::Equals) {
            true => format!("{key} = \"{value}\""),
            false => format!("{key} is not empty"),
        };
        let (status, page) = world.grace.page(&format!("{PIECES}?view=all&filter={}", encode(&filter))).await;
        let there = page.contains(&format!("data-id=\"{}\"", rows.full));
        faults.unless(status == StatusCode::OK && there, key, "the list of a filter", status);
        let out = !bare[key].is_null() || !page.contains(&format!("data-id=\"{}\"", rows.bare));
        faults.unless(out, key, "the list of a filter", "a row that holds nothing");
        let words = matches!(
            field.kind,
            FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Email | FieldKind::Phone | FieldKind::Url
        );
        if let (false, Some((cell, _))) = (words, wrong(field).and_then(|wrong| wrong.cell)) {
            let answer = found(&world.grace, &[("filter", &format!("{key} = \"{cell}\""))]).await;
            let refused = answer.as_ref().is_err_and(|(status, _)| *status == StatusCode::BAD_REQUEST);
            faults.unless(refused, key, "a filter that cannot be read", format!("{answer:?}"));
        }
    }
    faults.none("filters", 250);
}

/// By every field that has an order, both ways round.
pub async fn sorted(world: &World, rows: &Rows) {
    let mut faults = Faults::default();
    let (full, other) = (world.read(&rows.full).await, world.read(&rows.other).await);
    for field in &world.piece.fields {
        let key = &field.key;
        let mut orders = Vec::new();
        for sort in [key.clone(), format!("-{key}")] {
            let answer = found(&world.grace, &[("sort", &sort)]).await;
            faults.unless(answer.is_ok() == field.is_sorting(), key, "an order", format!("{answer:?}"));
            let wanted = if field.is_sorting() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            let (status, _) = world.grace.page(&format!("{PIECES}?view=all&sort={sort}")).await;
            faults.unless(status == wanted, key, "the list in an order", status);
            let mut ids = answer.unwrap_or_default();
            ids.retain(|id| *id == rows.full || *id == rows.other);
            orders.push(ids);
        }
        if field.is_sorting() && full[key] != other[key] {
            let turned: Vec<&String> = orders[1].iter().rev().collect();
            let right = orders[0].len() == 2 && orders[0].iter().collect::<Vec<_>>() == turned;
            faults.unless(right, key, "the other way round", format!("{orders:?}"));
        }
    }
    faults.none("orders", 150);
}

/// In groups by every field that makes some: that of a value, and that of rows without one.
pub async fn grouped(world: &World, rows: &Rows) {
    let mut faults = Faults::default();
    for id in [&rows.full, &rows.bare] {
        let row = world.read(id).await;
        for field in &world.piece.fields {
            let group = literal(&row[&field.key]).unwrap_or_else(|| "-".to_owned());
            let path = format!("{PIECES}?view=all&filter=&columns=name,price&group={}&open={group}", field.key);
            let (status, page) = world.grace.page(&path).await;
            if !field.is_grouping() {
                faults.unless(status == StatusCode::BAD_REQUEST, &field.key, "groups that it does not make", status);
                continue;
            }
            let step = format!("the group {group}");
            faults.unless(status == StatusCode::OK, &field.key, &step, format!("{status} {}", said(&page)));
            let section = between(&page, &format!("data-group=\"{group}\""), &["data-group="]).unwrap_or_default();
            let there = section.contains(&format!("data-id=\"{id}\""));
            faults.unless(there, &field.key, &step, text(section));
        }
    }
    faults.none("groups", 80);
}

/// What a page says that cannot show what it was asked for.
fn said(page: &str) -> String {
    text(between(page, "class=\"notice", &["</form>", "</section>"]).unwrap_or_default())
}

/// The part of a page that is the column or the day of this key.
fn column<'a>(page: &'a str, key: &str) -> &'a str {
    between(page, &format!("data-column=\"{key}\""), &["data-column="]).unwrap_or_default()
}

/// On every board of the description and, by every day, in every calendar and on the timeline. `row` is what the row
/// holds, or held.
pub async fn placed(world: &World, row: &Value, as_of: Option<&str>) {
    let mut faults = Faults::default();
    let card = format!("data-id=\"{}\"", row["id"].as_str().unwrap());
    let past = as_of.map(|at| format!("&as_of={}", encode(at))).unwrap_or_default();
    for view in world.piece.views.iter().filter(|view| view.kind == ViewKind::Board) {
        let group = view.group.as_deref().unwrap_or("status");
        let (status, page) = world.grace.page(&format!("{PIECES}?view={}&filter={past}", view.key)).await;
        faults.unless(status == StatusCode::OK, &view.key, "the board", status);
        let held = literal(&row[group]).unwrap_or_default();
        faults.unless(column(&page, &held).contains(&card), &view.key, "the column of the card", &held);
        faults.unless(page.matches(&card).count() == 1, &view.key, "the cards", "it stands once");
    }
    // And in columns of whatever makes some.
    for field in world.piece.fields.iter().filter(|field| field.is_grouping()) {
        let query = format!("view=stages&filter=&group={}{past}", field.key);
        let (status, page) = world.grace.page(&format!("{PIECES}?{query}")).await;
        faults.unless(status == StatusCode::OK, &field.key, "the board by it", format!("{status} {}", said(&page)));
        let held = literal(&row[&field.key]).unwrap_or_default();
        faults.unless(column(&page, &held).contains(&card), &field.key, "its column of the card", &held);
        faults.unless(page.matches(&card).count() == 1, &field.key, "the cards by it", "it stands once");
    }
    for field in world.piece.dated() {
        let Some(day) = day_of(field, &row[&field.key]) else {
            faults.unless(false, &field.key, "the calendar", "the row has no day");
            continue;
        };
        for scale in ["month", "week", "agenda", "day"] {
            let query = format!("view=calendar&filter=&date={}&end=&scale={scale}&on={day}{past}", field.key);
            let (status, page) = world.grace.page(&format!("{PIECES}?{query}")).await;
            faults.unless(status == StatusCode::OK, &field.key, scale, status);
            faults.unless(column(&page, &day).contains(&card), &field.key, scale, format!("it is not on {day}"));
        }
        let query = format!("view=timeline&filter=&group=&date={}&end=&on={day}{past}", field.key);
        let (status, page) = world.grace.page(&format!("{PIECES}?{query}")).await;
        let title = format!(">{}<", row["name"].as_str().unwrap());
        faults.unless(status == StatusCode::OK && page.contains(&title), &field.key, "the timeline", status);
    }
    faults.none("boards and days", 40);
}

/// By what every field says that search knows: in the search of everything, in the list, and on the page of the search.
/// The words of a row that is not there any more find it nowhere.
pub async fn searched(world: &World, row: &Value, there: bool) {
    let mut faults = Faults::default();
    world.server.settle().await;
    let id = row["id"].as_str().unwrap();
    for field in world.piece.fields.iter().filter(|field| field.search.is_some()) {
        let words = row[&field.key].as_str().unwrap();
        let hits = operation(&world.grace, "records.search", &json!({ "words": words, "limit": 40 })).await;
        let hit = hits.as_array().into_iter().flatten().any(|hit| hit["id"] == id && hit["entity"] == "piece");
        faults.unless(hit == there, &field.key, "search", format!("{words}: {hits}"));
        let list = found(&world.grace, &[("search", words)]).await;
        let only = list.as_ref().is_ok_and(|ids| ids.iter().map(String::as_str).eq(there.then_some(id)));
        faults.unless(only, &field.key, "the search of a list", format!("{words}: {list:?}"));
        let (status, page) = world.grace.page(&format!("/w/exhibit/go?q={}", encode(words))).await;
        let linked = page.contains(&format!("href=\"{PIECES}/{id}\""));
        faults.unless(status == StatusCode::OK && linked == there, &field.key, "the page of the search", status);
    }
    faults.none("search", 15);
}
