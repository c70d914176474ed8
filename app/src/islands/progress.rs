//! The page of a long job, asked for again every second until the job is over.

use super::dom::{address, attr, find, sleep, spawn, within};
use super::swap;
use crate::call;

const EVERY: i32 = 1_000;

pub fn attach() {
    if find("[data-import]").is_some() {
        spawn(watch());
    }
}

async fn watch() {
    let mut pause = EVERY;
    while find("[data-import]").is_some() {
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

/// While the job runs only the figures change, so that the focus stays where it is.
fn turn(page: &web_sys::Document) {
    let running = page.query_selector("[data-import]").ok().flatten();
    let same = |new: &web_sys::Element, old: &web_sys::Element| attr(new, "data-status") == attr(old, "data-status");
    match (running, find("[data-import]")) {
        (Some(new), Some(old)) if same(&new, &old) => {
            if let (Some(new), Some(old)) = (within(&new, ".progress"), within(&old, ".progress")) {
                let _ = old.replace_with_with_node_1(&new);
            }
        }
        _ => {
            swap::content(page);
        }
    }
}
