//! Columns that are to hold so many cards and no more: what is said of them before a card comes and once there are too many. None is kept out.

use super::world::{PIECES, World, between, text_of, written};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The head, the cards and the foot of a column.
fn column<'a>(page: &'a str, key: &str) -> &'a str {
    between(page, &format!("data-column=\"{key}\""), &["data-column="]).unwrap_or_default()
}

/// Whether the head says this much, and whether it is pointed out.
fn head(page: &str, key: &str, said: &str, over: bool) {
    let column = column(page, key);
    let (head, _) = column.split_once("board-cards").unwrap_or((column, ""));
    assert!(head.contains(said), "{key} is to say {said}: {head}");
    let pointed_out = head.contains("over the limit") && head.contains("is-over");
    assert_eq!(pointed_out, over, "{key}: {head}");
}

pub async fn held(world: &World) {
    let make = async |name: &str| written(&world.grace, Method::POST, "/pieces", &json!({ "name": name })).await;
    let page = async |view: &str| {
        let filter = if view.contains("filter=") { "" } else { "&filter=" };
        let (status, page) = world.grace.page(&format!("{PIECES}?view={view}{filter}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    };
    let step = async |row: &Value, name: &str| {
        let path = format!("/pieces/{}/transitions/{name}", text_of(row, "id"));
        written(&world.grace, Method::POST, &path, &json!({})).await
    };
    let paint = async |row: &Value| {
        let red = json!({ "version": row["version"], "colour": "red" });
        written(&world.grace, Method::PATCH, &format!("/pieces/{}", text_of(row, "id")), &red).await
    };

    // Two may be drafted at once.
    let first = make("First").await;
    let third = make("Third").await;
    step(&third, "drop").await;
    let board = page("stages").await;
    head(&board, "drafted", "1 of 2", false);
    assert!(!board.contains("Full:"), "there is a place left");
    let second = make("Second").await;
    let board = page("stages").await;
    head(&board, "drafted", "2 of 2", false);
    head(&board, "dropped", ">1<", false);
    // Before a card comes, its menu says so; it comes all the same.
    assert!(column(&board, "dropped").contains("Full: 2 of 2"), "{board}");
    assert!(!column(&board, "drafted").contains("Full:"), "it leads elsewhere");
    step(&third, "redraft").await;
    let board = page("stages").await;
    head(&board, "drafted", "3 of 2", true);
    // Whatever a filter leaves of them on the board.
    let board = page("stages&filter=name%20%3D%20First").await;
    head(&board, "drafted", "1 match; 3 of 2 in all", true);
    assert!(column(&board, "drafted").contains(">First<") && !board.contains(">Second<"), "{board}");

    // A choice has a limit as a state has.
    paint(&first).await;
    let board = page("colours").await;
    head(&board, "red", "1 of 1", false);
    assert!(column(&board, "green").contains("Full: 1 of 1"), "{board}");
    paint(&second).await;
    head(&page("colours").await, "red", "2 of 1", true);
}
