//! The page of a long job, asked for again every second until the job is over.

use super::dom::{address, announce, attr, find, set, sleep, spawn, text, within};
use super::{chosen, swap};
use crate::call;
use web_sys::{Document, Element};

const EVERY: i32 = 1_000;
/// Where the page says that the job is not over.
const OPEN: &str = "[data-import]";
/// What came of it, in few words.
const ENDING: &str = "#main :is(.notice-title, .empty-title)";

pub fn attach() {
    chosen::begun();
    if find(OPEN).is_some() {
        spawn(watch());
    }
}

async fn watch() {
    let mut pause = EVERY;
    while find(OPEN).is_some() {
        sleep(pause).await;
        match call::fragment(&address()).await {
            Some(answer) if answer.ok => {
                pause = EVERY;
                turn(&answer.page);
            }
            // The server may be on its way up again.
            _ => pause = (pause * 2).min(30_000),
        }
    }
}

/// While the job waits or runs only the figures change, so that the focus stays where it is. Its end is another page, which is said.
fn turn(page: &Document) {
    let open = page.query_selector(OPEN).ok().flatten();
    // Taking the rows back is work of its own.
    let back = |of: &Element| attr(of, "data-status") == "undoing";
    match (open, find(OPEN)) {
        (Some(new), Some(old)) if back(&new) == back(&old) => {
            set(&old, "data-status", &attr(&new, "data-status"));
            if let (Some(new), Some(old)) = (within(&new, ".progress"), within(&old, ".progress")) {
                let _ = old.replace_with_with_node_1(&new);
            }
            kept(page);
        }
        _ => {
            if swap::content(page)
                && let Some(ending) = find(ENDING)
            {
                announce(&text(&ending));
            }
        }
    }
}

/// The rows that stay as they are, as far as that is known: drawn anew where there are more.
fn kept(page: &Document) {
    const KEPT: &str = "[data-region=kept]";
    let new = page.query_selector(KEPT).ok().flatten();
    let more = new.zip(find(KEPT)).is_some_and(|(new, old)| text(&new) != text(&old));
    if more {
        swap::keeping(|| {
            swap::region(page, "kept");
        });
    }
}
